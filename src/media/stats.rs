//! Counters of the media service, for metrics.
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) segments_made: Counter,
    pub(crate) segments_failed: Counter,
    pub(crate) segments_cancelled: Counter,
    pub(crate) bytes_made: Counter,
    pub(crate) cache_hits: Counter,
    pub(crate) cache_misses: Counter,
}

#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What the media service did since it started, and what it is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Segments made by the engine.
    pub segments_made: u64,
    /// Segments the engine could not make.
    pub segments_failed: u64,
    /// Segments stopped because nobody wanted them any more.
    pub segments_cancelled: u64,
    /// Bytes of the segments made.
    pub bytes_made: u64,
    /// Requests for a segment answered from the cache.
    pub cache_hits: u64,
    /// Requests for a segment that had to be made or was being made.
    pub cache_misses: u64,
    /// Bytes in the cache now.
    pub cache_bytes: u64,
    /// Jobs waiting for an engine thread now.
    pub queued: u64,
    /// Segments in the making now.
    pub in_flight: u64,
}
