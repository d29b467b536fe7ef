//! The last ids a member used, so that a message sent again after a broken connection is not done twice.
use std::collections::VecDeque;

/// Ids remembered per member.
pub const REMEMBERED_MAX: usize = 64;

/// A ring of ids with what became of each.
#[derive(Clone, Debug)]
pub(crate) struct Recent<T> {
    ring: VecDeque<(String, T)>,
}

impl<T: Copy> Recent<T> {
    pub(crate) fn new() -> Self {
        Self { ring: VecDeque::new() }
    }

    pub(crate) fn find(&self, id: &str) -> Option<T> {
        self.ring.iter().rev().find(|(known, _)| known == id).map(|(_, outcome)| *outcome)
    }

    pub(crate) fn remember(&mut self, id: String, outcome: T) {
        if self.ring.len() == REMEMBERED_MAX {
            self.ring.pop_front();
        }
        self.ring.push_back((id, outcome));
    }

    pub(crate) fn len(&self) -> usize {
        self.ring.len()
    }
}
