//! Sessions that were ended, remembered until their tokens have expired. Nothing here walks through all of them.
use std::collections::{BTreeMap, BTreeSet};

use crate::model::SessionId;

/// Ended sessions that are remembered. Beyond it the one that expires soonest is good again, for what is left of it.
pub(super) const ENDED_MAX: usize = 100_000;

#[derive(Default)]
pub(super) struct Ended {
    until_ms: BTreeMap<SessionId, i64>,
    by_end: BTreeSet<(i64, SessionId)>,
}

impl Ended {
    pub(super) fn contains(&self, session: SessionId) -> bool {
        self.until_ms.contains_key(&session)
    }

    /// Remembers one; answers until when those lasted that were forgotten for it.
    pub(super) fn insert(&mut self, session: SessionId, until_ms: i64, now_ms: i64) -> i64 {
        if let Some(before) = self.until_ms.insert(session, until_ms) {
            self.by_end.remove(&(before, session));
        }
        self.by_end.insert((until_ms, session));
        let mut floor_ms = now_ms;
        while let Some(&(until_ms, first)) = self.by_end.first()
            && (until_ms <= now_ms || self.by_end.len() > ENDED_MAX)
        {
            floor_ms = floor_ms.max(until_ms);
            self.by_end.pop_first();
            self.until_ms.remove(&first);
        }
        floor_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(n: usize) -> SessionId {
        SessionId::from_uuid(uuid::Uuid::from_u128(n as u128))
    }

    #[test]
    fn what_has_expired_is_forgotten_and_the_rest_is_bounded() {
        let mut ended = Ended::default();
        ended.insert(session(0), 10, 0);
        ended.insert(session(0), 20, 0);
        assert_eq!(ended.insert(session(1), 30, 15), 15);
        assert!(ended.contains(session(0)));
        assert_eq!(ended.insert(session(2), 40, 20), 20);
        assert!(!ended.contains(session(0)) && ended.contains(session(1)));
        for n in 0..ENDED_MAX {
            ended.insert(session(10 + n), 100 + n as i64, 20);
        }
        assert!(!ended.contains(session(1)) && !ended.contains(session(2)) && ended.contains(session(10)));
        assert_eq!(ended.until_ms.len(), ENDED_MAX);
    }
}
