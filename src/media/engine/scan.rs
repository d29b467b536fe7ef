//! One pass over all packets of the picture: where its keyframes are, whether its clock jumps, whether it stays the same.
//! It can be done in parts, so that nobody has to wait for the thread that does it.
use std::sync::Arc;

use crate::media::cuts::peak_bit_rate;
use crate::media::engine::av::Packet;
use crate::media::engine::demux::Reader;
use crate::media::engine::frame_rate::{constant_rate, typical_step};
use crate::media::engine::mux;
use crate::media::engine::nal::Parameters;
use crate::media::engine::{Cancel, EngineError};
use crate::media::info::Source;
use crate::media::map::{Access, FileMap, POINTS_MAX};
use crate::media::track::VideoIndex;

/// Pictures of the longest film: a day of 120 each second. More are made up.
const PICTURES_MAX: usize = 24 * 3600 * 120;

/// Jumps of the clock in the most torn recording.
const JUMPS_MAX: usize = 100_000;

/// What the packets of a stretch say.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) first_key: Option<i64>,
    pub(super) start: Option<i64>,
    pub(super) end: i64,
    pub(super) keys: Vec<i64>,
    pub(super) times: Vec<i64>,
    pub(super) leading: bool,
    /// Some pictures do not say when they are shown; when they are decoded stood in for it.
    pub(super) guessed: bool,
}

impl Seen {
    pub(super) fn add(&mut self, packet: &Packet) {
        let Some(time) = packet.pts().or(packet.dts()) else { return };
        if packet.is_key() {
            if !packet.is_hidden() {
                self.keys.push(time);
            }
            self.first_key.get_or_insert(time);
        } else if self.first_key.is_none() {
            return;
        }
        // Pictures before the last keyframe in presentation order, behind it in decoding order.
        self.leading |= self.keys.len() > 1 && !packet.is_key() && self.keys.last().is_some_and(|key| time < *key);
        if packet.is_hidden() || self.keys.first().is_some_and(|key| self.keys.len() == 1 && time < *key) {
            return;
        }
        self.start = Some(self.start.map_or(time, |start| start.min(time)));
        self.end = self.end.max(time.saturating_add(packet.duration()));
        self.guessed |= packet.pts().is_none();
        self.times.push(time);
    }
}

/// The end, when pictures that did not say their time stand at that of another: each has a place of its own, at the end
/// if there is none before. (The last group of an MPEG program stream is often written so.)
fn with_late_ones(start: i64, end: i64, pictures: i64, typical: i64, times: &[i64]) -> i64 {
    let mut distinct = times.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    let late = pictures - distinct.len() as i64;
    let all = start.saturating_add(pictures.saturating_mul(typical));
    end.max(all.min(end.saturating_add(late.saturating_mul(typical))))
}

/// Time and byte of keyframes: of all, or, when they are too many, of every second, fourth and so on.
#[derive(Default)]
struct Points {
    list: Vec<(i64, i64)>,
    met: usize,
    halvings: u32,
}

impl Points {
    fn add(&mut self, time: i64, pos: i64) {
        if self.met.is_multiple_of(1 << self.halvings) {
            self.list.push((time, pos));
        }
        self.met += 1;
        if self.list.len() > 2 * POINTS_MAX {
            self.halvings += 1;
            let mut nth = 0_usize;
            self.list.retain(|_| {
                nth += 1;
                nth % 2 == 1
            });
        }
    }
}

/// A pass under way.
pub struct Scan {
    reader: Reader,
    stream: usize,
    seen: Seen,
    points: Points,
    parameters: Parameters,
    changes: bool,
    last_was_key: bool,
    /// How the film is presented already; its ends and its frame rate stay as they are.
    presented: Option<VideoIndex>,
}

impl Scan {
    /// Opens the file for a pass. `presented` is the index by which people may be watching it already.
    pub fn begin(source: &Source, presented: Option<VideoIndex>, cancel: &Cancel) -> Result<Self, EngineError> {
        let (stream, _) =
            source.info.video().ok_or_else(|| EngineError::Unsupported("the file has no picture".to_owned()))?;
        let stream = stream.index;
        let mut reader = Reader::open(source, stream, cancel)?;
        // Those who watch already see the file's own clock.
        if presented.is_none() {
            reader.learn();
        }
        let parameters = Parameters::of(&mux::sample_form(reader.parameters()?));
        Ok(Self {
            reader,
            stream: stream as usize,
            seen: Seen::default(),
            points: Points::default(),
            parameters,
            changes: false,
            last_was_key: false,
            presented,
        })
    }

    /// Reads on for about so many bytes of picture; true at the end.
    pub fn go_on(&mut self, bytes: u64, cancel: &Cancel) -> Result<bool, EngineError> {
        self.reader.set_cancel(cancel);
        // A slow disk makes a part small, not late: what was read is lost with a part that is.
        let brief = cancel.half();
        let mut read = 0;
        while read < bytes && (read == 0 || !brief.is_cancelled()) {
            let Some(packet) = self.reader.next(cancel)? else { return Ok(true) };
            read += packet.data().len() as u64;
            self.look_at(&packet);
            if self.seen.times.len().max(self.seen.keys.len()) > PICTURES_MAX || self.reader.jumps() > JUMPS_MAX {
                return Err(EngineError::Damaged("the file has more pictures than any film".to_owned()));
            }
        }
        Ok(false)
    }

    fn look_at(&mut self, packet: &Packet) {
        let key = packet.is_key();
        if key {
            self.changes |= packet.changes_coding() || self.parameters.change(packet.data());
            // Entered between two key packets, a stream without times would be taken for one packet further.
            let told_apart = !(self.reader.is_counted() && self.last_was_key);
            if let (Some(time), Some(pos), true) = (packet.pts().or(packet.dts()), packet.pos(), told_apart) {
                self.points.add(time, pos);
            }
        }
        self.last_was_key = key;
        self.seen.add(packet);
    }

    /// What was found.
    pub fn finish(mut self) -> Result<VideoIndex, EngineError> {
        let Some(start) = self.seen.start else {
            return Err(EngineError::Damaged("no picture can be decoded".to_owned()));
        };
        let untimed = self.reader.is_untimed();
        let stretches = self.reader.learned();
        let mut times = std::mem::take(&mut self.seen.times);
        let pictures = times.len() as i64;
        let typical = typical_step(&mut times);
        let last = times.last().copied().unwrap_or(start);
        let end = self.seen.end.max(last.saturating_add(if self.seen.end > last { 0 } else { typical })).max(start + 1);
        let end = if self.seen.guessed { with_late_ones(start, end, pictures, typical, &times) } else { end };
        let map = self.map(stretches);
        let rate = constant_rate(&self.reader, self.stream, times, typical, start..end);
        let found = VideoIndex {
            time_base: self.reader.time_base(),
            start_pts: start,
            end_pts: end,
            held_until: end,
            keyframes: std::mem::take(&mut self.seen.keys),
            complete: true,
            frame_rate: rate,
            open_gop: self.seen.leading || untimed || self.reader.is_torn(),
            changes: self.changes,
            even: false,
            peak_bit_rate: map.as_ref().map_or(0, |map| peak_bit_rate(&map.points, self.reader.time_base())),
            map,
        };
        let mut index = match self.presented.take() {
            None => found,
            // Frames that turn out not to keep to the rate by which the film is presented cannot be copied onto it.
            Some(presented) => VideoIndex {
                complete: true,
                keyframes: found.keyframes,
                open_gop: found.open_gop || (presented.frame_rate.is_some() && presented.frame_rate != rate),
                changes: found.changes,
                peak_bit_rate: found.peak_bit_rate,
                map: found.map,
                ..presented
            },
        };
        let span = index.start_pts..index.end_pts;
        index.keyframes.retain(|key| span.contains(key));
        index.keyframes.sort_unstable();
        index.keyframes.dedup();
        Ok(index)
    }

    fn map(&mut self, stretches: Vec<crate::media::map::Stretch>) -> Option<Arc<FileMap>> {
        let input = self.reader.input();
        let (access, mut points) = if input.may_jump() || self.reader.is_counted() {
            (Access::Bytes, std::mem::take(&mut self.points.list))
        } else if input.container().starts_with("matroska") {
            (Access::Entries, input.key_places(self.stream))
        } else {
            return None;
        };
        points.sort_unstable();
        points.dedup_by_key(|point| point.0);
        let mut map = FileMap { access, points, stretches };
        map.thin();
        (!map.points.is_empty()).then(|| Arc::new(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_too_many_keyframes_some_are_remembered_evenly() {
        let mut points = Points::default();
        for n in 0..1_000_000 {
            points.add(n, 100 * n);
        }
        assert!((POINTS_MAX..=2 * POINTS_MAX).contains(&points.list.len()), "{}", points.list.len());
        assert!(points.list.iter().zip(0..).all(|(point, n)| *point == (16 * n, 1600 * n)));
    }
}
