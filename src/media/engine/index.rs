//! Where the frames are: from the container's own index where it is dense, covering and proven by samples; otherwise
//! from one pass over the packets (`scan`), before which a large film can be presented already, by its ends alone.
use crate::media::cuts::peak_bit_rate;
use crate::media::engine::demux::Reader;
use crate::media::engine::frame_rate::{constant_rate, typical_step};
use crate::media::engine::held::held_until;
use crate::media::engine::scan::{Scan, Seen};
use crate::media::engine::timeline::seconds_to_pts;
use crate::media::engine::{Cancel, EngineError};
use crate::media::info::Source;
use crate::media::track::{DURATION_MAX_MS, VideoIndex};

/// A file up to this size is read as a whole when its container does not tell enough; larger ones are presented first.
const SCAN_AT_ONCE_BYTES: u64 = 32 << 20;
/// Places at which the clock of a file is read to see whether it runs steadily.
const CLOCKS: i64 = 16;
/// Between two of them it may run this many times as fast as on average, and by so much more, before it is doubted.
const CLOCK_RATIO_MAX: i64 = 8;
const CLOCK_SLACK_SECONDS: f64 = 30.0;
/// Reading begins so long before the promised end.
const TAIL_SECONDS: f64 = 4.0;
/// Packets read there at most.
const TAIL_PACKETS: usize = 20_000;
/// A container index with a wider gap between keyframes (or to either end) is not trusted.
const GAP_SECONDS: f64 = 15.0;
/// Keyframes whose packets are read to prove the index.
const PROOFS: usize = 24;
/// How far behind a listed keyframe it is looked for.
const ROOM_SECONDS: f64 = 0.5;
/// Packets read behind a keyframe to find pictures that come before it.
const LEADING_PACKETS: usize = 6;
/// Packets read at the start to see the frame rate.
const HEAD_PACKETS: usize = 120;

/// Everything, however long it takes.
pub(super) fn index(source: &Source, cancel: &Cancel) -> Result<VideoIndex, EngineError> {
    let glanced = glance(source, cancel)?;
    if glanced.complete {
        return Ok(glanced);
    }
    let mut scan = Scan::begin(source, Some(glanced), cancel)?;
    while !scan.go_on(u64::MAX, cancel)? {}
    scan.finish()
}

/// What can be said at once; not `complete` for a large file whose keyframes are yet to be found.
pub(super) fn glance(source: &Source, cancel: &Cancel) -> Result<VideoIndex, EngineError> {
    let stream = match (source.info.video(), source.info.audio().next()) {
        (Some((video, _)), _) => video.index,
        (None, Some((audio, _))) => return audio_span(source, audio.index, cancel),
        (None, None) => return Err(EngineError::Unsupported("no picture and no sound".to_owned())),
    };
    let mut reader = Reader::open(source, stream, cancel)?;
    if !reader.is_counted()
        && let Some(mut index) = from_container(&mut reader, stream as usize, cancel)?
    {
        index.held_until = held_until(source, &index, cancel)?;
        return Ok(index);
    }
    if source.identity.size > SCAN_AT_ONCE_BYTES
        && let Some(index) = from_ends(source, stream, cancel)?
    {
        return Ok(index);
    }
    let mut scan = Scan::begin(source, None, cancel)?;
    while !scan.go_on(u64::MAX, cancel)? {}
    let mut index = scan.finish()?;
    index.held_until = held_until(&source.with_map(index.map.as_ref()), &index, cancel)?;
    Ok(index)
}

/// Whether the clock of a file seems to jump somewhere. Looks at a few places only.
pub(super) fn is_clock_doubtful(source: &Source, cancel: &Cancel) -> Result<bool, EngineError> {
    let Some((stream, _)) = source.info.video() else { return Ok(false) };
    let mut reader = Reader::open(source, stream.index, cancel)?;
    Ok(!reader.is_counted() && reader.input().may_jump() && !is_steady(&mut reader, cancel)?)
}

fn is_steady(reader: &mut Reader, cancel: &Cancel) -> Result<bool, EngineError> {
    let size = reader.input().size() as i64;
    let mut clocks = Vec::new();
    for n in 0..CLOCKS {
        clocks.extend(reader.clock_at(size / CLOCKS * n, cancel)?);
    }
    let (Some(first), Some(last)) = (clocks.first(), clocks.last()) else { return Ok(false) };
    let average = (last - first) / (clocks.len() as i64 - 1).max(1);
    let most = average * CLOCK_RATIO_MAX + seconds_to_pts(CLOCK_SLACK_SECONDS, reader.time_base());
    Ok(clocks.windows(2).all(|pair| (0..=most).contains(&(pair[1] - pair[0]))))
}

/// A film by its ends: where it begins, where it ends and how fast its frames follow each other, without keyframes.
/// `None` when even that needs all of it.
fn from_ends(source: &Source, stream: u32, cancel: &Cancel) -> Result<Option<VideoIndex>, EngineError> {
    let said = source.info.duration_ms;
    if !(1..=DURATION_MAX_MS).contains(&said) {
        return Ok(None);
    }
    let mut reader = Reader::open(source, stream, cancel)?;
    let time_base = reader.time_base();
    let head = read_head(&mut reader, cancel)?;
    let Some(start) = head.start else { return Ok(None) };
    let (mut end, mut times) = (start + seconds_to_pts(said as f64 / 1000.0, time_base), head.times);
    let jumps = reader.input().may_jump() && !reader.is_counted();
    if jumps {
        if !is_steady(&mut reader, cancel)? {
            return Ok(None);
        }
        let Some(tail) = last_pictures(&mut reader, end, cancel)? else { return Ok(None) };
        end = tail.0;
        times.extend(tail.1);
    }
    if end <= start {
        return Ok(None);
    }
    let step = typical_step(&mut times);
    let frame_rate = constant_rate(&reader, stream as usize, times, step, start..end);
    let mut index = VideoIndex {
        time_base,
        start_pts: start,
        end_pts: end,
        held_until: end,
        frame_rate,
        even: true,
        ..VideoIndex::default()
    };
    if jumps {
        index.held_until = held_until(source, &index, cancel)?;
    }
    Ok(Some(index))
}

/// When the last picture ends, and when the last ones are, from near the promised end.
fn last_pictures(reader: &mut Reader, said: i64, cancel: &Cancel) -> Result<Option<(i64, Vec<i64>)>, EngineError> {
    reader.seek_any(said - seconds_to_pts(TAIL_SECONDS, reader.time_base()), cancel)?;
    let (mut times, mut end) = (Vec::new(), i64::MIN);
    for _ in 0..TAIL_PACKETS {
        let Some(packet) = reader.next(cancel)? else {
            let step = typical_step(&mut times);
            return Ok(times.last().map(|last| (end.max(last + step), times.clone())));
        };
        if let Some(time) = packet.pts().or(packet.dts()) {
            times.push(time);
            end = end.max(time.saturating_add(packet.duration()));
        }
    }
    Ok(None)
}

fn read_head(reader: &mut Reader, cancel: &Cancel) -> Result<Seen, EngineError> {
    let mut head = Seen::default();
    for _ in 0..HEAD_PACKETS {
        match reader.next(cancel)? {
            Some(packet) => head.add(&packet),
            None => break,
        }
    }
    Ok(head)
}

fn from_container(reader: &mut Reader, stream: usize, cancel: &Cancel) -> Result<Option<VideoIndex>, EngineError> {
    let time_base = reader.time_base();
    let head = read_head(reader, cancel)?;
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
    let mut head_times = head.times;
    let step = typical_step(&mut head_times);
    let Some(proof) = prove(reader, &listed, start, cancel)? else { return Ok(None) };
    let Some(tail) = read_tail(reader, *proof.keys.last().unwrap_or(&start), cancel)? else { return Ok(None) };
    if tail.long {
        return Ok(None);
    }
    let within = proof.keys.iter().copied().filter(|key| (start..tail.end).contains(key));
    let times = head_times.into_iter().chain(within).collect();
    let frame_rate = constant_rate(reader, stream, times, step, start..tail.end);
    let mut keyframes: Vec<i64> = proof.keys.into_iter().filter(|key| (start..tail.end).contains(key)).collect();
    keyframes.sort_unstable();
    keyframes.dedup();
    if keyframes.first().is_none_or(|first| first - start > gap) {
        return Ok(None);
    }
    let places = reader.input().key_places(stream);
    Ok(Some(VideoIndex {
        time_base,
        peak_bit_rate: peak_bit_rate(&places, time_base),
        start_pts: start,
        end_pts: tail.end,
        held_until: tail.end,
        keyframes,
        complete: true,
        frame_rate,
        open_gop: proof.leading || head.leading || reader.is_untimed(),
        changes: proof.changes,
        ..VideoIndex::default()
    }))
}

struct Proof {
    keys: Vec<i64>,
    leading: bool,
    changes: bool,
}

/// What is at a keyframe.
struct Key {
    time: i64,
    /// Earlier pictures follow it.
    leads: bool,
    /// The picture is coded in another way from here on.
    changes: bool,
}

/// Reads some of the listed keyframes. MP4 lists decoding times: where the delay to presentation is the same at all of
/// them it is applied to the rest; otherwise every keyframe is asked for.
fn prove(reader: &mut Reader, listed: &[i64], start: i64, cancel: &Cancel) -> Result<Option<Proof>, EngineError> {
    let stride = listed.len().div_ceil(PROOFS).max(1);
    let (mut leading, mut changes) = (false, false);
    let mut shifts = Vec::new();
    for nth in (0..listed.len()).step_by(stride).chain([listed.len() - 1]) {
        let Some(key) = read_key(reader, listed, nth, true, cancel)? else { return Ok(None) };
        // Nothing can lead the very first picture.
        leading |= key.leads && key.time > start;
        changes |= key.changes && key.time > start;
        shifts.push(key.time - listed[nth]);
    }
    shifts.sort_unstable();
    let keys = match (shifts.first(), shifts.last()) {
        (Some(least), Some(most)) if least == most => listed.iter().map(|key| key + least).collect(),
        _ => match read_keys(reader, listed, cancel)? {
            Some(keys) => keys,
            None => return Ok(None),
        },
    };
    Ok(Some(Proof { keys, leading, changes }))
}

/// When all of the listed keyframes are shown. MP4 has this in its tables, of which libav tells as it reads a packet;
/// what is in the packet does not matter, so that nothing need be fetched for it.
fn read_keys(reader: &Reader, listed: &[i64], cancel: &Cancel) -> Result<Option<Vec<i64>>, EngineError> {
    let tabled = reader.input().container().starts_with("mov");
    // Tables that are spread over the file must be fetched after all.
    for empty in if tabled { &[true, false][..] } else { &[false] } {
        let mut reader = reader.another(cancel)?;
        if *empty {
            reader.leave_empty();
        }
        let key = |nth| read_key(&mut reader, listed, nth, false, cancel).map(|key| key.map(|key| key.time));
        if let Some(keys) = (0..listed.len()).map(key).collect::<Result<Option<Vec<i64>>, _>>()? {
            return Ok(Some(keys));
        }
    }
    Ok(None)
}

/// What is at a listed keyframe.
fn read_key(
    reader: &mut Reader,
    listed: &[i64],
    nth: usize,
    look: bool,
    cancel: &Cancel,
) -> Result<Option<Key>, EngineError> {
    let at = listed[nth];
    // MP4 takes a place for a time of presentation and may land before the keyframe that has it as its decoding time.
    let room = listed.get(nth + 1).map_or(i64::MAX, |next| (next - at) / 2);
    reader.jump(at + room.min(seconds_to_pts(ROOM_SECONDS, reader.time_base())));
    let Some(key) = reader.next(cancel)? else { return Ok(None) };
    let same = [key.dts(), key.pts()].contains(&Some(at));
    let Some(time) = key.pts().filter(|_| key.is_key() && same) else { return Ok(None) };
    let mut leads = false;
    for _ in 0..if look { LEADING_PACKETS } else { 0 } {
        match reader.next(cancel)? {
            Some(packet) if packet.is_key() => break,
            Some(packet) => leads |= packet.pts().is_some_and(|pts| pts < time),
            None => break,
        }
    }
    Ok(Some(Key { time, leads, changes: key.changes_coding() }))
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
        ..VideoIndex::default()
    })
}
