//! Notices when work has ended for a while, once for each stretch of work. Pure.
use std::time::Duration;

use crate::clock::Instant;

/// How long nothing may have happened.
const QUIET: Duration = Duration::from_secs(5);

/// Watches a counter of work.
pub(crate) struct Rest {
    seen: u64,
    since: Instant,
    tidy: bool,
}

impl Rest {
    pub(crate) fn new(now: Instant) -> Self {
        Self { seen: 0, since: now, tidy: true }
    }

    /// True once after the counter has stood still for long enough.
    pub(crate) fn begins(&mut self, work: u64, now: Instant) -> bool {
        if work != self.seen {
            (self.seen, self.since, self.tidy) = (work, now, false);
        }
        let begins = !self.tidy && now.since(self.since) >= QUIET;
        self.tidy |= begins;
        begins
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::clock::{Clock, SystemClock};
    use crate::media::rest::{QUIET, Rest};

    #[test]
    fn rest_begins_once_after_each_stretch_of_work() {
        let start = SystemClock.now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut rest = Rest::new(start);
        assert!(!rest.begins(0, at(100)), "nothing was done");
        assert!(!rest.begins(7, at(101)));
        assert!(!rest.begins(8, at(101) + QUIET), "still at work");
        assert!(rest.begins(8, at(101) + QUIET + QUIET));
        assert!(!rest.begins(8, at(500)), "said already");
        assert!(!rest.begins(9, at(501)) && rest.begins(9, at(506)));
    }
}
