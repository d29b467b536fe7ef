//! How a caller stops work, by a flag, a deadline, or both, and how it makes work stand still for something more
//! urgent. Looked at between packets and pictures; the flag and the deadline inside every read, too.
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::{Instant, SharedClock};
use crate::media::engine::EngineError;

/// Does what is more urgent, on the thread that calls it, and says how long that took.
pub type StandStill = Arc<dyn Fn() -> Duration + Send + Sync>;

/// Stops engine work. Clones share the flag.
#[derive(Clone, Default)]
pub struct Cancel {
    flag: Arc<AtomicBool>,
    deadline: Option<(SharedClock, Instant)>,
    stand_still: Option<StandStill>,
    /// Microseconds that the work stood still; the deadline does not count them.
    stood_us: Arc<AtomicU64>,
}

impl Cancel {
    /// Stops only when told to.
    pub fn never() -> Self {
        Self::default()
    }

    /// Stops when told to, or when `limit` has passed.
    pub fn with_deadline(clock: SharedClock, limit: Duration) -> Self {
        let at = clock.now() + limit;
        Self { deadline: Some((clock, at)), ..Self::default() }
    }

    /// The same, with `limit` from now on. The flag is shared.
    #[must_use]
    pub fn within(&self, clock: SharedClock, limit: Duration) -> Self {
        let at = clock.now() + limit;
        Self { deadline: Some((clock, at)), ..self.clone() }
    }

    /// The same, for work that is on a thread now and lets more urgent work pass.
    #[must_use]
    pub fn with_stand_still(&self, stand_still: StandStill) -> Self {
        Self { stand_still: Some(stand_still), ..self.clone() }
    }

    /// How long the work stood still.
    pub fn stood_still(&self) -> Duration {
        Duration::from_micros(self.stood_us.load(Ordering::Relaxed))
    }

    /// The same, with half of the time that is left.
    pub(super) fn half(&self) -> Self {
        let deadline = self.deadline.as_ref().map(|(clock, at)| {
            let now = clock.now();
            (Arc::clone(clock), now + at.since(now) / 2)
        });
        Self { deadline, ..self.clone() }
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
        self.deadline.as_ref().is_some_and(|(clock, at)| clock.now() >= *at + self.stood_still())
    }

    /// An error once the work should stop. Lets more urgent work pass: call it where standing still harms nobody.
    pub fn check(&self) -> Result<(), EngineError> {
        if let Some(stand_still) = &self.stand_still {
            let stood = u64::try_from(stand_still().as_micros()).unwrap_or(u64::MAX);
            self.stood_us.fetch_add(stood, Ordering::Relaxed);
        }
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
