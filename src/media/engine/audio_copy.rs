//! Sound segments without re-encoding: the source's packets, each on its own place of the stream's grid.
//!
//! A place without a packet is filled with silence or with its neighbour, so that a segment is always whole; a second
//! packet on the same place is left out. What a segment holds depends on the packets in the file and nothing else.
use std::collections::BTreeMap;
use std::ops::Range;

use bytes::Bytes;

use crate::media::engine::audio_boxes::init;
use crate::media::engine::audio_config::{Parameters, entry, payload, silence};
use crate::media::engine::av::Packet;
use crate::media::engine::demux::Reader;
use crate::media::engine::fragment::{Fragmenter, Sample};
use crate::media::engine::head::Output;
use crate::media::engine::mux::extradata;
use crate::media::engine::timeline::{seconds_to_pts, to_pts, to_ticks};
use crate::media::engine::{Cancel, EngineError, decode};
use crate::media::info::Source;
use crate::media::sound::SoundGrid;
use crate::media::track::{Origin, SegmentJob};

/// Streams whose packets lie across the container's are entered so long before the wanted place: the first packet
/// after a seek may be half of one and have the wrong time.
const SETTLE_SECONDS: f64 = 2.0;
/// Holes up to so many packets are filled with a neighbour: it is heard less than a drop-out.
const REPEATED_MAX: i64 = 2;
/// Packets looked at to find one that tells the configuration.
const CONFIG_PACKETS: usize = 16;
/// Bytes of one segment.
const SEGMENT_BYTES_MAX: usize = 64 << 20;
const FRAGMENTS_PER_SECOND: i64 = 2;

pub(super) struct AudioCopyHead {
    reader: Reader,
    origin: Origin,
    grid: SoundGrid,
    codec: String,
    settle: f64,
}

impl AudioCopyHead {
    pub(super) fn open(
        source: &Source,
        stream: u32,
        origin: Origin,
        grid: SoundGrid,
        cancel: &Cancel,
    ) -> Result<Self, EngineError> {
        let reader = Reader::open(source, stream, cancel)?;
        let codec = decode::codec_name(reader.parameters()?.codec_id);
        let whole = ["mov", "matroska"].iter().any(|name| source.info.container.starts_with(name));
        let settle = if whole { 0.0 } else { SETTLE_SECONDS };
        Ok(Self { reader, origin, grid, codec, settle })
    }

    pub(super) fn segment(
        &mut self,
        job: &SegmentJob,
        warm: bool,
        cancel: &Cancel,
        output: &mut Output,
    ) -> Result<(), EngineError> {
        let frame = i64::from(self.grid.frame.max(1));
        if job.start % frame != 0 || job.end % frame != 0 {
            return Err(EngineError::Internal("copied sound is cut between packets".to_owned()));
        }
        self.reader.set_cancel(cancel);
        if !warm || self.is_past(job.end / frame, cancel)? {
            let time_base = self.reader.time_base();
            let at = to_pts(job.start + self.grid.phase, time_base, &self.origin, self.grid.sample_rate);
            // The container's clock rounds: half a frame of room.
            let room = seconds_to_pts(self.settle, time_base)
                + seconds_to_pts(frame as f64 / f64::from(self.grid.sample_rate) / 2.0, time_base);
            self.reader.seek_any(at.saturating_sub(room), cancel)?;
        }
        let places = self.collect(job.start / frame..job.end / frame, cancel)?;
        self.write(job, &places, output)
    }

    /// Whether what comes next is behind the segment that ends at `end`. There may be a hole here, or the reader was led
    /// astray: only a look at the file itself tells which.
    fn is_past(&mut self, end: i64, cancel: &Cancel) -> Result<bool, EngineError> {
        let time_base = self.reader.time_base();
        let until = to_pts(end * i64::from(self.grid.frame), time_base, &self.origin, self.grid.sample_rate);
        let Some(packet) = self.reader.next_steady(cancel, until)? else { return Ok(true) };
        let place = |time| self.grid.place(to_ticks(time, time_base, &self.origin, self.grid.sample_rate));
        let past = packet.pts().or(packet.dts()).is_some_and(|time| place(time) >= end);
        self.reader.unread_steady(packet);
        Ok(past)
    }

    /// The packets of the segment by their places.
    fn collect(&mut self, wanted: Range<i64>, cancel: &Cancel) -> Result<BTreeMap<i64, Packet>, EngineError> {
        let time_base = self.reader.time_base();
        let until = to_pts(wanted.end * i64::from(self.grid.frame), time_base, &self.origin, self.grid.sample_rate);
        let mut places = BTreeMap::new();
        let mut bytes = 0;
        while let Some(packet) = self.reader.next_steady(cancel, until)? {
            let Some(time) = packet.pts().or(packet.dts()) else { continue };
            let place = self.grid.place(to_ticks(time, time_base, &self.origin, self.grid.sample_rate));
            if place >= wanted.end {
                self.reader.unread_steady(packet);
                break;
            }
            if place < wanted.start || packet.data().is_empty() {
                continue;
            }
            bytes += packet.data().len();
            if bytes > SEGMENT_BYTES_MAX {
                return Err(EngineError::Unsupported("a sound segment is too large to be copied".to_owned()));
            }
            places.entry(place).or_insert(packet);
        }
        Ok(places)
    }

    fn write(&self, job: &SegmentJob, places: &BTreeMap<i64, Packet>, output: &mut Output) -> Result<(), EngineError> {
        let parameters = self.reader.parameters()?;
        let (extradata, channels) = (extradata(parameters), parameters.ch_layout.nb_channels.max(0) as u16);
        let data = |packet: &Packet| payload(&self.codec, extradata, packet.data()).to_vec();
        let half_second = i64::from(self.grid.sample_rate) / FRAGMENTS_PER_SECOND;
        let mut fragments = Fragmenter::new(job.index, job.start, half_second);
        let mut push = |data: Vec<u8>| {
            output.stats.samples += 1;
            output.fragment(fragments.push(Sample { duration: self.grid.frame, offset: 0, key: true, data }));
        };
        let frame = i64::from(self.grid.frame.max(1));
        let (mut next, rest) = (job.start / frame, job.end / frame);
        let mut before: Option<&Packet> = None;
        for (place, packet) in places.iter().map(|(place, packet)| (*place, Some(packet))).chain([(rest, None)]) {
            let hole = place - next;
            if hole > 0 {
                let near = before.or(packet).map(data);
                let quiet = silence(&self.codec, channels, near.as_deref().unwrap_or_default());
                let repeats = before.is_some() && hole <= REPEATED_MAX;
                let filling = if repeats { near.or(quiet) } else { quiet.or(near) };
                let none = || EngineError::Damaged(format!("no sound can be read in segment {}", job.index));
                let filling = filling.ok_or_else(none)?;
                (0..hole).for_each(|_| push(filling.clone()));
            }
            if let Some(packet) = packet {
                push(data(packet));
            }
            before = packet;
            next = place + 1;
        }
        output.fragment(fragments.finish());
        Ok(())
    }
}

/// `ftyp` and `moov` for a copied sound stream.
pub(super) fn init_segment(
    source: &Source,
    stream: u32,
    grid: SoundGrid,
    cancel: &Cancel,
) -> Result<Bytes, EngineError> {
    let mut reader = Reader::open(source, stream, cancel)?;
    for _ in 0..CONFIG_PACKETS {
        let Some(packet) = reader.next(cancel)? else { break };
        let parameters = reader.parameters()?;
        let codec = decode::codec_name(parameters.codec_id);
        let stream = Parameters {
            codec: &codec,
            extradata: extradata(parameters),
            sample_rate: grid.sample_rate,
            channels: parameters.ch_layout.nb_channels.max(0) as u16,
            frame: grid.frame,
        };
        if let Some(entry) = entry(&stream, packet.data()) {
            return Ok(init(&entry));
        }
    }
    Err(EngineError::Unsupported("no MP4 form for this sound".to_owned()))
}
