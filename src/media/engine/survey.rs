//! Whether a file holds what its header promises: how long it really is, and that a picture can be decoded. Where only
//! the length is at stake it takes half of the caller's time at most; then the header is believed.
use std::sync::Arc;

use ffmpeg_next::ffi;

use crate::media::engine::av::{pair, timestamp};
use crate::media::engine::demux::Reader;
use crate::media::engine::poster::first_picture;
use crate::media::engine::timeline::{seconds_to_pts, to_ticks};
use crate::media::engine::{Cancel, EngineError, ProbeError, decode, index, open_source};
use crate::media::info::{MediaInfo, Source, StreamKind};
use crate::media::track::{DURATION_MAX_MS, Origin};

/// Where reading begins, before the end that the header promises.
const TAIL_SECONDS: f64 = 3.0;
/// A file that comes so close to its promised end is all there: headers round, and count subtitles.
const TAIL_MISSING_MS: i64 = 2000;
const TAIL_MISSING_PERCENT: i64 = 5;
/// Packets read at the end; when more come the end was not found, which proves nothing.
const TAIL_PACKETS: usize = 4096;
/// Less than this of a file that was cut off is nothing to watch.
const REST_MIN_MS: i64 = 1000;
/// Where a picture is looked for, in percent of the length.
const PLACES_PERCENT: [i64; 3] = [0, 30, 60];

/// Completes what the header says with what is there.
pub(super) fn survey(mut source: Source, cancel: &Cancel) -> Result<MediaInfo, ProbeError> {
    let said = Some(source.info.duration_ms).filter(|said| (1..=DURATION_MAX_MS).contains(said));
    let brief = cancel.half();
    let doubtful = said.is_some() && index::is_clock_doubtful(&source, &brief).unwrap_or(false);
    let cut = match said.map(|said| is_cut_off(&source, said, &brief)) {
        Some(Ok(cut)) => cut,
        Some(Err(EngineError::Cancelled)) => return Err(ProbeError::Cancelled),
        Some(Err(_)) | None => false,
    };
    if cut || doubtful || said.is_none() {
        let measured = match index::index(&source, &brief) {
            Ok(index) => index.span_ms().filter(|length| !cut || *length >= REST_MIN_MS),
            Err(EngineError::Cancelled) => return Err(ProbeError::Cancelled),
            Err(EngineError::DeadlineExceeded) => said,
            Err(_) => None,
        };
        let why = if cut { ProbeError::CutOff } else { ProbeError::NoLength };
        let info = Arc::make_mut(&mut source.info);
        info.duration_ms = measured.ok_or(why)?;
        info.cut_off = cut;
    }
    match has_picture(&source, cancel) {
        Ok(true) => Ok(Arc::unwrap_or_clone(source.info)),
        Err(EngineError::Cancelled) => Err(ProbeError::Cancelled),
        Err(EngineError::DeadlineExceeded) => Err(ProbeError::DeadlineExceeded),
        Err(EngineError::Unsupported(_)) => Err(ProbeError::UnknownPicture),
        Ok(false) | Err(_) if cut => Err(ProbeError::CutOff),
        Ok(false) | Err(_) => Err(ProbeError::NoPicture),
    }
}

/// Whether the data end well before the header says. Looks near the promised end only.
fn is_cut_off(source: &Source, said_ms: i64, cancel: &Cancel) -> Result<bool, EngineError> {
    let mut input = open_source(source, cancel)?;
    let film = |kind| matches!(kind, StreamKind::Video | StreamKind::Audio);
    let streams = &source.info.streams;
    let kept: Vec<usize> = streams
        .iter()
        .filter(|stream| film(stream.kind) && !stream.attached_picture)
        .map(|stream| stream.index as usize)
        .collect();
    input.keep_only(&kept);
    let reference = source.info.video().map(|(stream, _)| stream.index as usize).or(kept.first().copied());
    let Some(time_base) = reference.and_then(|index| input.stream(index)).map(|stream| pair(stream.time_base)) else {
        return Ok(false);
    };
    let start = Origin { pts: timestamp(input.get().start_time).unwrap_or(0), time_base: (1, ffi::AV_TIME_BASE) };
    let seconds = said_ms as f64 / 1000.0 - TAIL_SECONDS + start.pts as f64 / f64::from(ffi::AV_TIME_BASE);
    if !input.seek(reference.unwrap_or(0), seconds_to_pts(seconds.max(0.0), time_base)) {
        return Ok(false);
    }
    let enough = said_ms - TAIL_MISSING_MS.max(said_ms * TAIL_MISSING_PERCENT / 100);
    for _ in 0..TAIL_PACKETS {
        cancel.check()?;
        let Ok(packet) = input.read()? else { return Ok(true) };
        let base = input.stream(packet.stream()).map_or(time_base, |stream| pair(stream.time_base));
        let end = packet.pts().or(packet.dts()).map(|at| to_ticks(at + packet.duration(), base, &start, 1000));
        if end.is_some_and(|end| end >= enough) {
            return Ok(false);
        }
    }
    Ok(false)
}

/// Whether any picture can be decoded; true for a film without one.
fn has_picture(source: &Source, cancel: &Cancel) -> Result<bool, EngineError> {
    let Some((stream, _)) = source.info.video() else { return Ok(true) };
    let mut reader = Reader::open(source, stream.index, cancel)?;
    let time_base = reader.time_base();
    let mut decoder = decode::open(reader.parameters()?, time_base)?;
    let begin = reader.first_time().unwrap_or(0);
    for percent in PLACES_PERCENT {
        if percent > 0 {
            let seconds = source.info.duration_ms as f64 / 1000.0 * percent as f64 / 100.0;
            reader.seek_key(begin + seconds_to_pts(seconds, time_base), cancel)?;
            decoder.flush();
        }
        if first_picture(&mut reader, &mut decoder, cancel)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}
