//! How a caller stops work: a flag, a deadline, or both. Looked at between packets and inside every read.
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::clock::{Instant, SharedClock};
use crate::media::engine::EngineError;

/// Stops engine work. Clones share the flag.
#[derive(Clone, Default)]
pub struct Cancel {
    flag: Arc<AtomicBool>,
    deadline: Option<(SharedClock, Instant)>,
}

impl Cancel {
    /// Stops only when told to.
    pub fn never() -> Self {
        Self::default()
    }

    /// Stops when told to, or when `limit` has passed.
    pub fn with_deadline(clock: SharedClock, limit: Duration) -> Self {
        let at = clock.now() + limit;
        Self { flag: Arc::default(), deadline: Some((clock, at)) }
    }

    /// The same, with half of the time that is left.
    pub(super) fn half(&self) -> Self {
        let deadline = self.deadline.as_ref().map(|(clock, at)| {
            let now = clock.now();
            (Arc::clone(clock), now + at.since(now) / 2)
        });
        Self { flag: Arc::clone(&self.flag), deadline }
    }

    /// Tells the work to stop.
    pub fn cancel(&self) {
        self.flag.store(true, Ordering::Relaxed);
    }

    /// Whether the work should stop, for either reason.
    pub fn is_cancelled(&self) -> bool {
        self.flag.load(Ordering::Relaxed) || self.is_late()
    }

    fn is_late(&self) -> bool {
        self.deadline.as_ref().is_some_and(|(clock, at)| clock.now() >= *at)
    }

    /// An error once the work should stop.
    pub fn check(&self) -> Result<(), EngineError> {
        if self.flag.load(Ordering::Relaxed) {
            Err(EngineError::Cancelled)
        } else if self.is_late() {
            Err(EngineError::DeadlineExceeded)
        } else {
            Ok(())
        }
    }
}

impl fmt::Debug for Cancel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cancel({})", self.is_cancelled())
    }
}
