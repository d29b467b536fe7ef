//! Packets of a subtitle stream for a span of the film. Reads what lies there and no more; a stream may be silent for
//! an hour, so another stream says how far reading has come.
use std::sync::Arc;

use crate::media::engine::av::{Packet, pair};
use crate::media::engine::io::Input;
use crate::media::engine::timeline::{to_pts, to_ticks};
use crate::media::engine::{Cancel, EngineError, open_source};
use crate::media::info::Source;
use crate::media::map::{Access, FileMap};
use crate::media::track::Origin;

/// What begins this long before the span and is still seen in it is found by reading from here.
const LEAD_MS: i64 = 10_000;
/// How far ahead of its place in the film a subtitle may be stored behind it.
const INTERLEAVE_MS: i64 = 2_000;
/// How long after the span the end of what is still shown is looked for.
const TRAIL_MS: i64 = 20_000;
/// Packets read for one that the index knows of.
const FETCH_PACKETS_MAX: u32 = 20_000;
/// Read errors in a row after which the file counts as ended.
const READ_ERRORS_MAX: u32 = 64;

/// What the taker of packets wants next.
pub(super) enum Go {
    /// What lies in the span.
    On,
    /// The next packet too, wherever it is: it ends what is shown.
    UntilNext,
}

/// An opened film of which one subtitle stream is read.
pub(super) struct Packets {
    input: Input,
    stream: usize,
    /// The stream that the container is sought by, and that tells how far reading is.
    clock: usize,
    origin: Origin,
    /// What was learned of a file that does not tell by itself where things are.
    map: Option<Arc<FileMap>>,
    cancel: Cancel,
}

impl Packets {
    pub(super) fn open(source: &Source, stream: u32, origin: Origin, cancel: &Cancel) -> Result<Self, EngineError> {
        let mut input = open_source(source, cancel)?;
        let stream = stream as usize;
        if input.stream(stream).is_none() {
            return Err(EngineError::Damaged("the stream is gone".to_owned()));
        }
        // MP4 reads only the samples that are asked for, and knows where they are.
        let alone = input.container().starts_with("mov");
        let other = source.info.video().map(|(video, _)| video.index);
        let other = other.or_else(|| source.info.audio().next().map(|(audio, _)| audio.index));
        let clock = other.map(|index| index as usize).filter(|index| !alone && input.stream(*index).is_some());
        let clock = clock.unwrap_or(stream);
        input.keep_only(&[stream, clock]);
        let map = source.info.map.clone();
        if let Some(map) = map.as_ref().filter(|map| map.access == Access::Entries && !alone) {
            input.learn_places(clock, &map.points);
        }
        Ok(Self { input, stream, clock, origin, map, cancel: cancel.clone() })
    }

    pub(super) fn input(&self) -> &Input {
        &self.input
    }

    fn time_base(&self, stream: usize) -> (i32, i32) {
        self.input.stream(stream).map_or((1, 1000), |stream| pair(stream.time_base))
    }

    fn ms(&self, stream: usize, pts: i64) -> i64 {
        to_ticks(pts, self.time_base(stream), &self.origin, 1000)
    }

    /// When a packet of the stream begins and how long it says it lasts, in ms.
    pub(super) fn times(&self, packet: &Packet) -> Option<(i64, i64)> {
        let start = packet.pts().or(packet.dts())?;
        let start_ms = self.ms(self.stream, start);
        Some((start_ms, self.ms(self.stream, start.saturating_add(packet.duration())) - start_ms))
    }

    /// Hands over the packets that may show something in `from_ms..to_ms`, in the order of the file.
    pub(super) fn read(
        &mut self,
        from_ms: i64,
        to_ms: i64,
        mut take: impl FnMut(&Self, &Packet) -> Result<Go, EngineError>,
    ) -> Result<(), EngineError> {
        let start_ms = from_ms - LEAD_MS;
        self.seek(self.clock, start_ms);
        if let Some(long_before) = self.last_before(start_ms)? {
            take(self, &long_before)?;
        }
        let (mut go, mut errors) = (Go::On, 0);
        loop {
            self.cancel.check()?;
            let packet = match self.input.read()? {
                Ok(packet) => self.on_axis(packet),
                Err(ffmpeg_next::ffi::AVERROR_EOF) => return Ok(()),
                Err(_) if errors < READ_ERRORS_MAX => {
                    errors += 1;
                    continue;
                }
                Err(_) => return Ok(()),
            };
            errors = 0;
            let Some(time) = packet.dts().or(packet.pts()) else { continue };
            let at_ms = self.ms(packet.stream(), time);
            if packet.stream() == self.stream {
                if at_ms >= to_ms && matches!(go, Go::On) {
                    return Ok(());
                }
                go = take(self, &packet)?;
            } else if at_ms > to_ms + if matches!(go, Go::On) { INTERLEAVE_MS } else { TRAIL_MS } {
                return Ok(());
            }
        }
    }

    /// Lays a packet onto the axis without jumps.
    fn on_axis(&self, mut packet: Packet) -> Packet {
        let map = self.map.as_ref().filter(|map| !map.stretches.is_empty());
        if let (Some(map), Some(time), Some(pos)) = (map, packet.dts().or(packet.pts()), packet.pos()) {
            packet.shift(map.shift(pos, time));
        }
        packet
    }

    fn seek(&mut self, stream: usize, ms: i64) -> bool {
        let at = to_pts(ms.max(0), self.time_base(stream), &self.origin, 1000);
        let map = self.map.as_ref().filter(|map| map.access == Access::Bytes && self.input.may_jump());
        if let Some(map) = map {
            let pos = map.point_before(at).map_or(0, |(_, pos)| pos);
            return self.input.seek_byte(pos);
        }
        self.input.seek(stream, at)
    }

    /// The last packet that begins before the place just sought, where the container's index knows of it. Leaves the
    /// reader at that place again.
    fn last_before(&mut self, ms: i64) -> Result<Option<Packet>, EngineError> {
        if self.clock == self.stream {
            return Ok(None);
        }
        let entries = self.input.index_entries(self.stream);
        let limit = to_pts(ms.max(0), self.time_base(self.stream), &self.origin, 1000);
        let Some(at) = entries.iter().map(|(at, _, _)| *at).filter(|at| *at < limit).max() else { return Ok(None) };
        let mut found = None;
        if self.input.seek(self.stream, at) {
            for _ in 0..FETCH_PACKETS_MAX {
                self.cancel.check()?;
                let Ok(packet) = self.input.read()? else { break };
                if packet.stream() == self.stream {
                    found = Some(packet).filter(|packet| packet.pts().is_some_and(|pts| pts < limit));
                    break;
                }
            }
        }
        self.seek(self.clock, ms);
        Ok(found)
    }
}
