//! Waiting for members to get ready. There is no wait without a deadline.
use std::collections::BTreeSet;

use crate::clock::Instant;
use crate::model::MemberId;
use crate::rooms::event::Waiting;
use crate::rooms::limits::WAITING_LISTED_MAX;

/// Who is waited for, and until when. Those who come later are not waited for: joining never stops the others.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Barrier {
    pub(crate) deadline: Instant,
    missing: BTreeSet<MemberId>,
}

impl Barrier {
    pub(crate) fn new(deadline: Instant, missing: BTreeSet<MemberId>) -> Self {
        Self { deadline, missing }
    }

    /// The member is ready, or does not count any more. True when that changed something.
    pub(crate) fn release(&mut self, member: MemberId) -> bool {
        self.missing.remove(&member)
    }

    pub(crate) fn is_over(&self, now: Instant) -> bool {
        self.missing.is_empty() || now >= self.deadline
    }

    pub(crate) fn waiting(&self) -> Waiting {
        Waiting { deadline: self.deadline, members: self.missing.iter().copied().take(WAITING_LISTED_MAX).collect() }
    }
}
