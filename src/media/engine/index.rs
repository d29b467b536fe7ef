//! Where the frames are: from the container's own index where it is dense, covering and proven by samples; otherwise
//! from one pass over the packets.
use crate::media::engine::av::{Packet, pair};
use crate::media::engine::demux::Reader;
use crate::media::engine::held::held_until;
use crate::media::engine::timeline::seconds_to_pts;
use crate::media::engine::{Cancel, EngineError};
use crate::media::info::Source;
use crate::media::track::VideoIndex;

/// A container index with a wider gap between keyframes (or to either end) is not trusted.
const GAP_SECONDS: f64 = 15.0;
/// Keyframes whose packets are read to prove the index.
const PROOFS: usize = 24;
/// Packets read behind a keyframe to find pictures that come before it.
const LEADING_PACKETS: usize = 6;
/// Packets read at the start to see the frame rate.
const HEAD_PACKETS: usize = 120;
/// Rates that films really have.
const RATES: [(u32, u32); 16] = [
    (24_000, 1001),
    (24, 1),
    (25, 1),
    (30_000, 1001),
    (30, 1),
    (48, 1),
    (50, 1),
    (60_000, 1001),
    (60, 1),
    (12, 1),
    (15, 1),
    (10, 1),
    (8, 1),
    (48_000, 1001),
    (120_000, 1001),
    (120, 1),
];
/// How far a timestamp may lie from its place on the frame grid, in frames.
const GRID_TOLERANCE: f64 = 0.4;

pub(super) fn index(source: &Source, cancel: &Cancel) -> Result<VideoIndex, EngineError> {
    let mut index = pictures(source, cancel)?;
    if source.info.video().is_some() {
        index.held_until = held_until(source, &index, cancel)?;
    }
    Ok(index)
}

fn pictures(source: &Source, cancel: &Cancel) -> Result<VideoIndex, EngineError> {
    let stream = match (source.info.video(), source.info.audio().next()) {
        (Some((video, _)), _) => video.index,
        (None, Some((audio, _))) => return audio_span(source, audio.index, cancel),
        (None, None) => return Err(EngineError::Unsupported("no picture and no sound".to_owned())),
    };
    let mut reader = Reader::open(source, stream, cancel)?;
    if !reader.is_counted()
        && let Some(index) = from_container(&mut reader, stream as usize, cancel)?
    {
        return Ok(index);
    }
    scan(Reader::open(source, stream, cancel)?, stream as usize, cancel)
}

/// What the packets of a stretch say.
#[derive(Default)]
struct Seen {
    first_key: Option<i64>,
    start: Option<i64>,
    end: i64,
    keys: Vec<i64>,
    times: Vec<i64>,
    leading: bool,
    /// Presentation minus decoding time of each key packet.
    delays: Vec<i64>,
}

impl Seen {
    fn add(&mut self, packet: &Packet) {
        let Some(time) = packet.pts().or(packet.dts()) else { return };
        if packet.is_key() {
            if !packet.is_hidden() {
                self.keys.push(time);
            }
            self.delays.push(time - packet.dts().unwrap_or(time));
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
        self.times.push(time);
    }
}

fn from_container(reader: &mut Reader, stream: usize, cancel: &Cancel) -> Result<Option<VideoIndex>, EngineError> {
    let time_base = reader.time_base();
    let mut head = Seen::default();
    for _ in 0..HEAD_PACKETS {
        match reader.next(cancel)? {
            Some(packet) => head.add(&packet),
            None => break,
        }
    }
    let (Some(start), Some(first_key)) = (head.start, head.first_key) else { return Ok(None) };
    // Matroska reads its cues on the first seek.
    reader.seek_key(first_key, cancel)?;
    let size = reader.input().size() as i64;
    let entries = reader.input().index_entries(stream);
    let sized = reader.input().container().starts_with("mov");
    let listed: Vec<i64> =
        entries.iter().filter(|entry| entry.1 && (!sized || entry.2 <= size)).map(|entry| entry.0).collect();
    let gap = seconds_to_pts(GAP_SECONDS, time_base);
    if listed.is_empty() || listed.windows(2).any(|pair| pair[1] - pair[0] > gap || pair[1] < pair[0]) {
        return Ok(None);
    }
    let Some(proof) = prove(reader, &listed, start, cancel)? else { return Ok(None) };
    let Some(tail) = read_tail(reader, *proof.keys.last().unwrap_or(&start), cancel)? else { return Ok(None) };
    let mut keyframes: Vec<i64> = proof.keys.into_iter().filter(|key| *key >= start && *key < tail.end).collect();
    keyframes.sort_unstable();
    keyframes.dedup();
    if keyframes.first().is_none_or(|first| first - start > gap) || tail.long {
        return Ok(None);
    }
    let mut times = head.times;
    let step = typical_step(&mut times);
    times.extend_from_slice(&keyframes);
    let frame_rate = constant_rate(reader, stream, times, step, start..tail.end);
    Ok(Some(VideoIndex {
        time_base,
        start_pts: start,
        end_pts: tail.end,
        held_until: tail.end,
        keyframes,
        complete: true,
        frame_rate,
        open_gop: proof.leading || head.leading,
    }))
}

struct Proof {
    keys: Vec<i64>,
    leading: bool,
}

/// Reads some of the listed keyframes. MP4 lists decoding times: where the delay to presentation is the same at all of
/// them it is applied to the rest, otherwise every keyframe is read.
fn prove(reader: &mut Reader, listed: &[i64], start: i64, cancel: &Cancel) -> Result<Option<Proof>, EngineError> {
    let step = listed.len().div_ceil(PROOFS).max(1);
    let mut leading = false;
    let mut shifts = Vec::new();
    for listed in listed.iter().step_by(step).chain(listed.last()) {
        let Some((time, leads)) = read_key(reader, *listed, true, cancel)? else { return Ok(None) };
        // Nothing can lead the very first picture.
        leading |= leads && time > start;
        shifts.push(time - listed);
    }
    if shifts.windows(2).all(|pair| pair[0] == pair[1]) {
        let shift = shifts.first().copied().unwrap_or(0);
        return Ok(Some(Proof { keys: listed.iter().map(|key| key + shift).collect(), leading }));
    }
    let mut keys = Vec::with_capacity(listed.len());
    for listed in listed {
        match read_key(reader, *listed, false, cancel)? {
            Some((time, _)) => keys.push(time),
            None => return Ok(None),
        }
    }
    Ok(Some(Proof { keys, leading }))
}

/// Presentation time of the key packet at a listed time, and whether earlier pictures follow it.
fn read_key(reader: &mut Reader, listed: i64, look: bool, cancel: &Cancel) -> Result<Option<(i64, bool)>, EngineError> {
    reader.jump(listed);
    let Some(key) = reader.next(cancel)? else { return Ok(None) };
    let same = [key.dts(), key.pts()].contains(&Some(listed));
    let Some(time) = key.pts().filter(|_| key.is_key() && same) else { return Ok(None) };
    let mut leads = false;
    for _ in 0..if look { LEADING_PACKETS } else { 0 } {
        match reader.next(cancel)? {
            Some(packet) if packet.is_key() => break,
            Some(packet) => leads |= packet.pts().is_some_and(|pts| pts < time),
            None => break,
        }
    }
    Ok(Some((time, leads)))
}

struct Tail {
    end: i64,
    long: bool,
}

/// Reads from the last keyframe to the end. `long` when the index stopped well before it.
fn read_tail(reader: &mut Reader, last_key: i64, cancel: &Cancel) -> Result<Option<Tail>, EngineError> {
    reader.seek_key(last_key, cancel)?;
    let mut seen = Seen::default();
    while let Some(packet) = reader.next(cancel)? {
        seen.add(&packet);
        if seen.end - last_key > seconds_to_pts(4.0 * GAP_SECONDS, reader.time_base()) {
            return Ok(Some(Tail { end: seen.end, long: true }));
        }
    }
    let typical = typical_step(&mut seen.times);
    let last = seen.times.iter().max().copied();
    let end = last.map_or(seen.end, |last| seen.end.max(last + if seen.end > last { 0 } else { typical }));
    let long = seen.keys.iter().any(|key| *key > last_key);
    Ok((!seen.times.is_empty()).then_some(Tail { end, long }))
}

/// The usual distance of frames; 1 when there is no telling.
fn typical_step(times: &mut [i64]) -> i64 {
    times.sort_unstable();
    let mut steps: Vec<i64> = times.windows(2).map(|pair| pair[1] - pair[0]).filter(|step| *step > 0).collect();
    steps.sort_unstable();
    steps.get(steps.len() / 2).copied().unwrap_or(1)
}

/// One pass over all packets.
fn scan(mut reader: Reader, stream: usize, cancel: &Cancel) -> Result<VideoIndex, EngineError> {
    let time_base = reader.time_base();
    let counted = reader.is_counted();
    let mut seen = Seen::default();
    while let Some(packet) = reader.next(cancel)? {
        seen.add(&packet);
    }
    let Some(start) = seen.start else {
        return Err(EngineError::Damaged("no picture can be decoded".to_owned()));
    };
    let typical = typical_step(&mut seen.times);
    let last = seen.times.last().copied().unwrap_or(start);
    let end = seen.end.max(last.saturating_add(if seen.end > last { 0 } else { typical }));
    let frame_rate = constant_rate(&reader, stream, seen.times, typical, start..end);
    let mut keyframes: Vec<i64> = seen.keys.into_iter().filter(|key| *key >= start).collect();
    keyframes.sort_unstable();
    keyframes.dedup();
    let end = end.max(start + 1);
    Ok(VideoIndex {
        time_base,
        start_pts: start,
        end_pts: end,
        held_until: end,
        keyframes,
        complete: true,
        frame_rate,
        open_gop: seen.leading || counted,
    })
}

/// The rate, if all seen times keep to its grid and no two share a place. `step` is the usual distance of frames.
fn constant_rate(
    reader: &Reader,
    stream: usize,
    mut times: Vec<i64>,
    step: i64,
    span: std::ops::Range<i64>,
) -> Option<(u32, u32)> {
    times.sort_unstable();
    times.dedup();
    let stream = reader.input().stream(stream)?;
    let (num, den) = reader.time_base();
    let tick = f64::from(num) / f64::from(den.max(1));
    let measured = 1.0 / (step as f64 * tick);
    let mut candidates: Vec<(u32, u32)> = [stream.avg_frame_rate, stream.r_frame_rate]
        .map(pair)
        .into_iter()
        .filter(|(num, den)| *num > 0 && *den > 0)
        .flat_map(|(num, den)| {
            let exact = (num as u32, den as u32);
            [nearest(f64::from(num) / f64::from(den)), Some(exact)]
        })
        .chain([nearest(measured)])
        .flatten()
        .collect();
    candidates.dedup();
    candidates.into_iter().find(|rate| {
        let fps = f64::from(rate.0) / f64::from(rate.1);
        let frames = (span.end - span.start) as f64 * tick * fps;
        let places: Vec<f64> = times.iter().map(|time| (time - span.start) as f64 * tick * fps).collect();
        fps <= 120.0
            && frames >= 1.0
            && fps <= 1.5 * measured
            && places.iter().all(|place| (place - place.round()).abs() <= GRID_TOLERANCE)
            && places.windows(2).all(|pair| pair[1].round() > pair[0].round())
    })
}

fn nearest(fps: f64) -> Option<(u32, u32)> {
    RATES.into_iter().find(|rate| {
        let known = f64::from(rate.0) / f64::from(rate.1);
        (fps / known - 1.0).abs() < 4e-4
    })
}

/// A file without video: where its sound begins and ends.
fn audio_span(source: &Source, stream: u32, cancel: &Cancel) -> Result<VideoIndex, EngineError> {
    let mut reader = Reader::open(source, stream, cancel)?;
    let time_base = reader.time_base();
    let mut seen = Seen::default();
    while let Some(packet) = reader.next(cancel)? {
        seen.add(&packet);
    }
    let Some(start) = seen.start else { return Err(EngineError::Damaged("no sound can be read".to_owned())) };
    let (start_pts, end_pts) = (start, seen.end.max(start + 1));
    Ok(VideoIndex {
        time_base,
        start_pts,
        end_pts,
        held_until: end_pts,
        keyframes: Vec::new(),
        complete: true,
        frame_rate: None,
        open_gop: false,
    })
}
