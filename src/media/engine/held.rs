//! How long the last picture stands: until the sound has ended too.
use crate::media::engine::demux::Reader;
use crate::media::engine::timeline::{rescale, seconds_to_pts};
use crate::media::engine::{Cancel, EngineError};
use crate::media::info::Source;
use crate::media::track::{DURATION_MAX_MS, VideoIndex};

/// Sound that goes on for less than this behind the picture is the rest of its last frame.
const HELD_MIN_MS: i64 = 250;

/// When sound and picture have both ended, in the picture's own time; never later than the file says.
pub(super) fn held_until(source: &Source, index: &VideoIndex, cancel: &Cancel) -> Result<i64, EngineError> {
    let said = Some(source.info.duration_ms).filter(|said| (1..=DURATION_MAX_MS).contains(said));
    let Some(picture) = index.span_ms() else { return Ok(index.end_pts) };
    if said.is_some_and(|said| said - picture < HELD_MIN_MS) {
        return Ok(index.end_pts);
    }
    let ms = |ms: i64| seconds_to_pts(ms as f64 / 1000.0, index.time_base);
    let mut end = index.end_pts;
    for (stream, _) in source.info.audio() {
        end = end.max(sound_end(source, stream.index, index, cancel)?);
    }
    let limit = index.start_pts.saturating_add(ms(said.unwrap_or(DURATION_MAX_MS)));
    let end = end.min(limit);
    Ok(if end - index.end_pts < ms(HELD_MIN_MS) { index.end_pts } else { end })
}

/// Reads a sound track from where the picture ends.
fn sound_end(source: &Source, stream: u32, index: &VideoIndex, cancel: &Cancel) -> Result<i64, EngineError> {
    let mut reader = Reader::open(source, stream, cancel)?;
    let time_base = reader.time_base();
    reader.seek_any(rescale(index.end_pts, index.time_base, time_base), cancel)?;
    let mut end = i64::MIN;
    while let Some(packet) = reader.next(cancel)? {
        if let Some(at) = packet.pts().or(packet.dts()) {
            end = end.max(at.saturating_add(packet.duration()));
        }
    }
    Ok(if end == i64::MIN { end } else { rescale(end, time_base, index.time_base) })
}
