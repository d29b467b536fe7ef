//! Limits of the edge, in one place.
use std::time::Duration;

use crate::media::INDEX_LIMIT;

/// Largest request body, in bytes.
pub(super) const BODY_BYTES_MAX: usize = 64 * 1024;
/// Longest a handler may take; streams are not meant.
pub(super) const HANDLER_MAX: Duration = Duration::from_secs(15);
/// Longest an answer may wait that needs to know how a film is cut: the engine's own limit, and some.
pub(super) const FILM_MAX: Duration = INDEX_LIMIT.saturating_add(Duration::from_secs(10));
/// Titles on a page when nobody says how many.
pub(super) const PAGE_DEFAULT: u32 = 50;
/// Bytes read from a film at once for direct play.
pub(super) const DIRECT_CHUNK_BYTES: usize = 128 * 1024;
/// Smallest text answer that is worth compressing, in bytes.
pub(super) const COMPRESS_BYTES_MIN: u64 = 512;
/// How long a browser may keep a poster without asking, in seconds. The address does not change with the file.
pub(super) const POSTER_FRESH_S: u32 = 60 * 60;
