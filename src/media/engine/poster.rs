//! A picture that stands for the film.
use bytes::Bytes;
use ffmpeg_next::ffi;

use crate::media::engine::av::{Frame, Packet, pair, timestamp};
use crate::media::engine::codec::{Answer, Codec};
use crate::media::engine::demux::Reader;
use crate::media::engine::filter::{Graph, Target};
use crate::media::engine::{Cancel, EngineError, decode, open_source};
use crate::media::info::{Source, VideoInfo};

/// Pixels across, at most.
const WIDTH_MAX: u32 = 640;
/// Where in the film, in percent.
const PLACE_PERCENT: i64 = 10;
/// Keyframes tried before the brightest of them is taken.
const TRIES: usize = 10;
/// Seconds from one try to the next.
const STEP_SECONDS: i64 = 3;
/// Packets fed for one picture.
const PACKETS_MAX: usize = 400;
/// Mean brightness (of 255) and spread below which a picture counts as black.
const DARK: f64 = 28.0;
const FLAT: f64 = 6.0;
/// JPEG quality: 2 best, 31 worst.
const JPEG_QUALITY: i32 = 4;

pub(super) fn poster(source: &Source, cancel: &Cancel) -> Result<Bytes, EngineError> {
    // The picture that somebody chose for the film says more than any frame of it.
    let cover = from_cover(source, cancel);
    let picture = match (cover, source.info.video()) {
        (Ok(cover), _) => cover,
        (Err(_), Some((stream, video))) => from_film(source, stream.index, video, cancel)?,
        (Err(error), None) => return Err(error),
    };
    jpeg(&picture, JPEG_QUALITY)
}

/// Even size with square pixels, upright, not larger than the film.
fn target(width: u32, height: u32, sar: (u32, u32), rotation: i32, deinterlace: bool, hdr: bool) -> Target {
    let wide = f64::from(width) * f64::from(sar.0.max(1)) / f64::from(sar.1.max(1));
    let (wide, high) = if rotation % 180 == 0 { (wide, f64::from(height)) } else { (f64::from(height), wide) };
    let scale = (f64::from(WIDTH_MAX) / wide).min(f64::from(2 * WIDTH_MAX) / high).min(1.0);
    let even = |length: f64| ((length * scale / 2.0).round() as u32 * 2).max(2);
    Target { width: even(wide), height: even(high), rotation, deinterlace, hdr, format: "yuvj420p", full_range: true }
}

fn from_film(source: &Source, stream: u32, video: &VideoInfo, cancel: &Cancel) -> Result<Frame, EngineError> {
    let mut reader = Reader::open(source, stream, cancel)?;
    let (num, den) = reader.time_base();
    let mut decoder = decode::open(reader.parameters()?, (num, den))?;
    let seconds = |ms: i64| (i128::from(ms) * i128::from(den) / (1000 * i128::from(num.max(1)))) as i64;
    let begin = reader.input().stream(stream as usize).and_then(|stream| timestamp(stream.start_time)).unwrap_or(0);
    let target = target(video.width, video.height, (video.sar_num, video.sar_den), video.rotation, false, video.hdr);
    let mut best: Option<(f64, Frame)> = None;
    let mut at = begin + seconds(source.info.duration_ms * PLACE_PERCENT / 100);
    for attempt in 0..TRIES {
        cancel.check()?;
        decoder.flush();
        if attempt > 0 || source.info.duration_ms > 0 {
            reader.seek_key(at, cancel)?;
        }
        let Some(frame) = first_picture(&mut reader, &mut decoder, cancel)? else {
            // Nothing from here on; the beginning may be better.
            if best.is_some() || attempt > 0 && at <= begin {
                break;
            }
            at = begin;
            continue;
        };
        let scaled = scale(&frame, (num, den), &target)?;
        let (mean, spread) = brightness(&scaled);
        let good = mean >= DARK && spread >= FLAT;
        let score = mean.min(DARK) + spread;
        if good || best.as_ref().is_none_or(|(known, _)| score > *known) {
            best = Some((score, scaled));
        }
        if good {
            break;
        }
        at += seconds(STEP_SECONDS * 1000 * (1 + attempt as i64));
    }
    best.map(|(_, frame)| frame).ok_or_else(|| EngineError::Damaged("no picture can be decoded".to_owned()))
}

/// The first picture that can be decoded from where the reader stands.
pub(super) fn first_picture(
    reader: &mut Reader,
    decoder: &mut Codec,
    cancel: &Cancel,
) -> Result<Option<Frame>, EngineError> {
    let mut frame = Frame::new()?;
    for _ in 0..PACKETS_MAX {
        let packet = reader.next(cancel)?;
        let ended = packet.is_none();
        let _ = decoder.send_packet(packet.as_ref());
        if matches!(decoder.receive_frame(&mut frame), Ok(Answer::Ready)) {
            return Ok(Some(frame));
        }
        if ended {
            break;
        }
    }
    Ok(None)
}

fn from_cover(source: &Source, cancel: &Cancel) -> Result<Frame, EngineError> {
    let none = || EngineError::Unsupported("there is no picture".to_owned());
    let cover = source.info.streams.iter().find(|stream| stream.attached_picture).ok_or_else(none)?;
    let input = open_source(source, cancel)?;
    let (stream, parameters) =
        input.stream(cover.index as usize).zip(input.parameters(cover.index as usize)).ok_or_else(none)?;
    let mut decoder = decode::open(parameters, pair(stream.time_base))?;
    let packet = Packet::new()?;
    // SAFETY: the stream owns the attached packet; our packet takes a reference of its own.
    super::av::check(unsafe { ffi::av_packet_ref(packet.as_ptr(), &raw const stream.attached_pic) }, "cover")?;
    let _ = decoder.send_packet(Some(&packet));
    let _ = decoder.send_packet(None);
    let mut frame = Frame::new()?;
    match decoder.receive_frame(&mut frame) {
        Ok(Answer::Ready) => {
            let (width, height) = (frame.get().width.max(1) as u32, frame.get().height.max(1) as u32);
            scale(&frame, (1, 1000), &target(width, height, (1, 1), 0, false, false))
        }
        _ => Err(EngineError::Damaged("the cover cannot be decoded".to_owned())),
    }
}

pub(super) fn scale(frame: &Frame, time_base: (i32, i32), target: &Target) -> Result<Frame, EngineError> {
    let mut graph = Graph::new(frame, time_base, target)?;
    graph.send(Some(frame))?;
    graph.send(None)?;
    match graph.receive()? {
        (Answer::Ready, scaled) => Ok(scaled),
        _ => Err(EngineError::Internal("the filters gave no picture".to_owned())),
    }
}

/// Mean and standard deviation of the luma.
fn brightness(frame: &Frame) -> (f64, f64) {
    let (width, height) = (frame.get().width.max(1) as usize, frame.get().height.max(1) as usize);
    let (mut sum, mut squares) = (0_u64, 0_u64);
    for y in 0..height {
        for value in frame.row(0, y, width) {
            sum += u64::from(*value);
            squares += u64::from(*value) * u64::from(*value);
        }
    }
    let count = (width * height) as f64;
    let mean = sum as f64 / count;
    (mean, (squares as f64 / count - mean * mean).max(0.0).sqrt())
}

pub(super) fn jpeg(picture: &Frame, quality: i32) -> Result<Bytes, EngineError> {
    // SAFETY: a lookup in static tables.
    let encoder = unsafe { ffi::avcodec_find_encoder(ffi::AVCodecID::AV_CODEC_ID_MJPEG) };
    if encoder.is_null() {
        return Err(EngineError::Internal("no JPEG encoder".to_owned()));
    }
    let mut codec = Codec::new(encoder)?;
    let context = codec.get_mut();
    context.width = picture.get().width;
    context.height = picture.get().height;
    context.pix_fmt = ffi::AVPixelFormat::AV_PIX_FMT_YUVJ420P;
    context.color_range = ffi::AVColorRange::AVCOL_RANGE_JPEG;
    context.time_base = ffi::AVRational { num: 1, den: 1 };
    context.flags |= ffi::AV_CODEC_FLAG_QSCALE.cast_signed();
    context.global_quality = quality * ffi::FF_QP2LAMBDA;
    codec.open(encoder, &[])?;
    let mut picture = picture.share()?;
    let raw = picture.get_mut();
    raw.pts = 0;
    raw.pict_type = ffi::AVPictureType::AV_PICTURE_TYPE_NONE;
    raw.quality = quality * ffi::FF_QP2LAMBDA;
    codec.send_frame(Some(&picture))?;
    codec.send_frame(None)?;
    let packet = codec.receive_packet()?.ok_or_else(|| EngineError::Internal("no JPEG came out".to_owned()))?;
    Ok(Bytes::copy_from_slice(packet.data()))
}
