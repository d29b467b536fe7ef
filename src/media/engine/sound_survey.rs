//! Looks at the sound streams of a film in three places, to see whether their packets lie on a grid.
use crate::media::engine::audio_config::{Parameters, entry, frames, has_silence};
use crate::media::engine::av::Packet;
use crate::media::engine::demux::Reader;
use crate::media::engine::mux::extradata;
use crate::media::engine::timeline::{rescale, seconds_to_pts, to_ticks};
use crate::media::engine::{Cancel, EngineError, decode};
use crate::media::info::{AudioInfo, Source, StreamInfo};
use crate::media::sound::{SoundRefusal, SoundSurvey};
use crate::media::track::{Origin, VideoIndex};

/// Sound streams looked at; those behind are converted.
const STREAMS_MAX: usize = 8;
/// Packets that follow each other, in each place.
const WINDOW_PACKETS: usize = 12;
/// Packets read at the end; when more come the sound goes on behind the film, which is long enough.
const TAIL_PACKETS: usize = 4096;
/// Where reading for the end begins, before the end of the film.
const TAIL_SECONDS: f64 = 1.5;
/// AAC that browsers decode: low complexity, with the high band synthesised, and with stereo synthesised too.
const AAC_KINDS: [&str; 3] = ["mp4a.40.2", "mp4a.40.5", "mp4a.40.29"];

/// What is seen of every sound stream, in file order.
pub(super) fn survey(
    source: &Source,
    index: &VideoIndex,
    cancel: &Cancel,
) -> Result<Vec<Result<SoundSurvey, SoundRefusal>>, EngineError> {
    let mut seen = Vec::new();
    for (n, (stream, audio)) in source.info.audio().enumerate() {
        let copyable = n < STREAMS_MAX && is_copyable(stream, audio);
        seen.push(match copyable.then(|| look(source, stream.index, index, cancel)) {
            None => Err(SoundRefusal::Codec),
            Some(Ok(seen)) => seen,
            Some(Err(error @ (EngineError::Cancelled | EngineError::DeadlineExceeded))) => return Err(error),
            // Sound that cannot be read here may still be decoded.
            Some(Err(_)) => Err(SoundRefusal::Uneven),
        });
    }
    Ok(seen)
}

fn is_copyable(stream: &StreamInfo, audio: &AudioInfo) -> bool {
    match stream.codec.as_str() {
        "aac" => AAC_KINDS.contains(&audio.codec_string.as_str()),
        "opus" | "flac" | "ac3" | "eac3" => true,
        _ => false,
    }
}

fn look(
    source: &Source,
    stream: u32,
    index: &VideoIndex,
    cancel: &Cancel,
) -> Result<Result<SoundSurvey, SoundRefusal>, EngineError> {
    let mut reader = Reader::open(source, stream, cancel)?;
    if reader.is_counted() {
        return Ok(Err(SoundRefusal::Uneven));
    }
    let time_base = reader.time_base();
    let parameters = reader.parameters()?;
    let (codec, sample_rate) = (decode::codec_name(parameters.codec_id), parameters.sample_rate.max(1) as u32);
    let frames = frames(&codec, extradata(parameters));
    let quiet = has_silence(&codec, parameters.ch_layout.nb_channels.max(0) as u16, &frames);
    let origin = Origin { pts: index.start_pts, time_base: index.time_base };
    let times = Times { origin, time_base, sample_rate };
    let Some(first) = reader.next(cancel)? else { return Ok(Err(SoundRefusal::Uneven)) };
    if !has_entry(&reader, &first)? {
        return Ok(Err(SoundRefusal::Codec));
    }
    reader.unread(first);
    let head = times.read(&mut reader, WINDOW_PACKETS, cancel)?;
    let end = rescale(index.held_until.max(index.end_pts), index.time_base, time_base);
    let start = rescale(index.start_pts, index.time_base, time_base);
    reader.seek_any(start + (end - start) / 2, cancel)?;
    let middle = times.read_behind(&mut reader, WINDOW_PACKETS, cancel)?;
    reader.seek_any(end.saturating_sub(seconds_to_pts(TAIL_SECONDS, time_base)), cancel)?;
    let tail = times.read_behind(&mut reader, TAIL_PACKETS, cancel)?;
    let last = head.iter().chain(&middle).chain(&tail).max().copied();
    let (Some(first), Some(last)) = (head.iter().min().copied(), last) else {
        return Ok(Err(SoundRefusal::Uneven));
    };
    // One unit of the clock in samples.
    let clock = (i64::from(time_base.0) * i64::from(sample_rate)).div_euclid(i64::from(time_base.1.max(1))) + 1;
    Ok(Ok(SoundSurvey { sample_rate, frames, quiet, clock, windows: vec![head, middle, tail], first, last }))
}

/// Whether the stream has a form in MP4.
fn has_entry(reader: &Reader, packet: &Packet) -> Result<bool, EngineError> {
    let parameters = reader.parameters()?;
    let codec = decode::codec_name(parameters.codec_id);
    let (extradata, sample_rate) = (extradata(parameters), parameters.sample_rate.max(1) as u32);
    let channels = parameters.ch_layout.nb_channels.max(0) as u16;
    let stream = Parameters { codec: &codec, extradata, sample_rate, channels, frame: 1024 };
    Ok(entry(&stream, packet.data()).is_some())
}

struct Times {
    origin: Origin,
    time_base: (i32, i32),
    sample_rate: u32,
}

impl Times {
    fn read(&self, reader: &mut Reader, packets: usize, cancel: &Cancel) -> Result<Vec<i64>, EngineError> {
        let mut times = Vec::new();
        while times.len() < packets
            && let Some(packet) = reader.next(cancel)?
        {
            let Some(time) = packet.pts().or(packet.dts()) else { continue };
            times.push(to_ticks(time, self.time_base, &self.origin, self.sample_rate));
        }
        Ok(times)
    }

    /// Without the first packet: entered in the middle, some containers give it a wrong time.
    fn read_behind(&self, reader: &mut Reader, packets: usize, cancel: &Cancel) -> Result<Vec<i64>, EngineError> {
        reader.next(cancel)?;
        self.read(reader, packets, cancel)
    }
}
