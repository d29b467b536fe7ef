//! Every number that bounds a room, and the bucket that bounds a member's pace.
use std::time::Duration;

use crate::clock::Instant;

/// Longest chat message, in characters.
pub const CHAT_CHARS_MAX: usize = 1000;
/// Text of all kept lines together, in bytes: a newcomer gets it in one message.
pub(crate) const HISTORY_BYTES_MAX: usize = 64 * 1024;
/// Members named in one list; the total is told besides.
pub const MEMBERS_LISTED_MAX: usize = 200;
/// Members named as not ready in one state.
pub const WAITING_LISTED_MAX: usize = 32;
/// In rooms with more members, comings and goings are not worth a chat line.
pub(crate) const NOTICE_MEMBERS_MAX: usize = 50;
/// Lists of members go out at most this often.
pub(crate) const MEMBERS_INTERVAL: Duration = Duration::from_millis(250);
/// Reports alone (no coming, no going) are told this often in a small room...
pub(crate) const STATS_INTERVAL: Duration = Duration::from_secs(1);
/// ... and this often in one with more than [`NOTICE_MEMBERS_MAX`] members, where a list costs members squared.
pub(crate) const STATS_INTERVAL_LARGE: Duration = Duration::from_secs(10);

/// Bounds of one room.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Members, present and kept.
    pub members_max: usize,
    /// Chat lines kept.
    pub history_max: usize,
    /// How long a broken connection keeps its place.
    pub offline_kept: Duration,
    /// How long a room without members stays.
    pub empty_kept: Duration,
    /// Longest wait for members to get ready.
    pub barrier_max: Duration,
    /// The same for a title that never played: its first bytes take longer.
    pub first_barrier_max: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            members_max: 10_000,
            history_max: 200,
            offline_kept: Duration::from_secs(30),
            empty_kept: Duration::from_mins(10),
            barrier_max: Duration::from_secs(3),
            first_barrier_max: Duration::from_secs(8),
        }
    }
}

/// How many, and how fast they come back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Pace {
    /// At once.
    pub(crate) burst: u32,
    /// Back every second.
    pub(crate) per_second: u32,
}

/// Play, pause, load.
pub(crate) const COMMAND_PACE: Pace = Pace { burst: 8, per_second: 2 };
/// Seeks; a dragged slider sends four a second.
pub(crate) const SEEK_PACE: Pace = Pace { burst: 8, per_second: 4 };
/// Chat lines.
pub(crate) const CHAT_PACE: Pace = Pace { burst: 5, per_second: 1 };

const MICROS: u64 = 1_000_000;

/// A token bucket in whole millionths of a token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TokenBucket {
    level: u64,
    full: u64,
    per_second: u64,
    filled_at: Instant,
}

impl TokenBucket {
    /// A full bucket.
    pub fn new(burst: u32, per_second: u32, now: Instant) -> Self {
        let full = u64::from(burst) * MICROS;
        Self { level: full, full, per_second: u64::from(per_second), filled_at: now }
    }

    pub(crate) fn paced(pace: Pace, now: Instant) -> Self {
        Self::new(pace.burst, pace.per_second, now)
    }

    /// Takes one token if there is one.
    pub fn take(&mut self, now: Instant) -> bool {
        let micros = u64::try_from(now.since(self.filled_at).as_micros()).unwrap_or(u64::MAX);
        self.level = self.level.saturating_add(micros.saturating_mul(self.per_second)).min(self.full);
        self.filled_at = self.filled_at.max(now);
        if self.level < MICROS {
            return false;
        }
        self.level -= MICROS;
        true
    }
}
