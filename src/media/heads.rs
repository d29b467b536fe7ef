//! Open files with warm decoders, kept between the segments of a track.
use std::sync::Mutex;
use std::time::Duration;

use crate::clock::Instant;
use crate::media::engine::Head;
use crate::media::identity::FileIdentity;
use crate::media::sync::lock;
use crate::media::track::TrackSpec;

/// Heads kept while nobody uses them; each holds a file and a decoder's memory.
const IDLE_HEADS_MAX: usize = 6;
/// A head that nobody used for so long is closed.
const IDLE_HEAD_LIFE: Duration = Duration::from_mins(1);

/// Idle heads, least recently used first.
#[derive(Default)]
pub(crate) struct Heads {
    idle: Mutex<Vec<Idle>>,
}

struct Idle {
    identity: FileIdentity,
    spec: TrackSpec,
    head: Head,
    since: Instant,
}

impl Heads {
    /// A head of this track: best one that stands at `start`, else any.
    pub(crate) fn take(&self, identity: FileIdentity, spec: &TrackSpec, start: i64) -> Option<Head> {
        let mut idle = lock(&self.idle);
        let fits = |kept: &Idle| kept.identity == identity && kept.spec == *spec;
        let at = idle
            .iter()
            .position(|kept| fits(kept) && kept.head.position() == Some(start))
            .or_else(|| idle.iter().position(fits))?;
        Some(idle.remove(at).head)
    }

    /// Keeps a head for the next segment.
    pub(crate) fn put(&self, identity: FileIdentity, spec: TrackSpec, head: Head, now: Instant) {
        let mut idle = lock(&self.idle);
        idle.push(Idle { identity, spec, head, since: now });
        // Closing a file may block: only after the lock is gone.
        let surplus = (idle.len() > IDLE_HEADS_MAX).then(|| idle.remove(0));
        drop(idle);
        drop(surplus);
    }

    /// Closes heads that were idle for too long; says how many.
    pub(crate) fn sweep(&self, now: Instant) -> usize {
        let old: Vec<Idle> = lock(&self.idle).extract_if(.., |kept| now.since(kept.since) > IDLE_HEAD_LIFE).collect();
        old.len()
    }

    /// Closes all.
    pub(crate) fn clear(&self) {
        let all = std::mem::take(&mut *lock(&self.idle));
        drop(all);
    }
}
