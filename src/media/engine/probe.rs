//! What is in a file, as plain data; and in one sentence why it is not a film.
use std::ffi::CStr;
use std::io::{Read, Seek};
use std::path::Path;
use std::sync::Arc;

use ffi::{AVColorTransferCharacteristic as Transfer, AVFieldOrder, AVMediaType};
use ffmpeg_next::ffi;

use crate::media::engine::av::{pair, text, timestamp};
use crate::media::engine::codec_string;
use crate::media::engine::decode::{PIXELS_MAX, codec_name};
use crate::media::engine::io::{Input, open_regular, tag};
use crate::media::engine::survey::survey;
use crate::media::engine::{Cancel, EngineError, ProbeError};
use crate::media::identity::FileIdentity;
use crate::media::info::{AudioInfo, Chapter, MediaInfo, Source, StreamInfo, StreamKind, VideoInfo};

/// Bytes looked at to tell text from film.
const TEXT_BYTES: u64 = 512;
/// Chapters kept.
const CHAPTERS_MAX: usize = 1000;
/// Frame rates above this are a clock, not a rate.
const FPS_MAX: i32 = 300;

pub(super) fn probe(path: &Path, cancel: &Cancel) -> Result<(MediaInfo, FileIdentity), ProbeError> {
    let unreadable = |source| ProbeError::Open { source };
    let mut file = open_regular(path).map_err(|error| not_opened(path, error))?;
    let identity = FileIdentity::of(&mut file).map_err(unreadable)?;
    if identity.size == 0 {
        return Err(ProbeError::Empty);
    }
    let mut start = Vec::new();
    (&file).take(TEXT_BYTES).read_to_end(&mut start).map_err(unreadable)?;
    file.rewind().map_err(unreadable)?;
    let input = Input::open(file, cancel).map_err(|error| match error {
        EngineError::Cancelled => ProbeError::Cancelled,
        EngineError::DeadlineExceeded => ProbeError::DeadlineExceeded,
        EngineError::Open { source } => ProbeError::Open { source },
        EngineError::Damaged(_) if is_text(&start) => ProbeError::Text,
        EngineError::Damaged(_) => ProbeError::NotAFilm,
        other => ProbeError::Internal(other),
    })?;
    let info = describe(&input, identity.size);
    refuse(&input, &info)?;
    drop(input);
    let source = Source { path: path.to_owned(), identity, info: Arc::new(info) };
    Ok((survey(source, cancel)?, identity))
}

fn not_opened(path: &Path, error: EngineError) -> ProbeError {
    match error {
        EngineError::Open { .. } if !path.is_file() || path.is_symlink() => match error {
            EngineError::Open { source } if source.kind() == std::io::ErrorKind::NotFound => {
                ProbeError::Open { source }
            }
            _ => ProbeError::NotAFile,
        },
        EngineError::Open { source } => ProbeError::Open { source },
        other => ProbeError::Internal(other),
    }
}

fn is_text(start: &[u8]) -> bool {
    let printable = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e | 0x80..);
    std::str::from_utf8(start).or_else(|error| std::str::from_utf8(&start[..error.valid_up_to()])).is_ok()
        && start.iter().all(printable)
}

fn refuse(input: &Input, info: &MediaInfo) -> Result<(), ProbeError> {
    if (0..input.streams()).any(|index| is_protected(input, index)) {
        return Err(ProbeError::Protected);
    }
    let too_large = |video: &VideoInfo| i64::from(video.width) * i64::from(video.height) > PIXELS_MAX;
    if info.video().is_some_and(|(_, video)| too_large(video)) {
        return Err(ProbeError::TooLarge);
    }
    if info.video().is_none() && info.audio().next().is_none() {
        return Err(ProbeError::NothingToPlay);
    }
    Ok(())
}

/// CENC marks the stream with encryption data or a sample entry of its own; DRM'd purchases use `drmi` and `drms`.
fn is_protected(input: &Input, index: usize) -> bool {
    let Some(parameters) = input.parameters(index) else { return false };
    let tags = [*b"encv", *b"enca", *b"drmi", *b"drms"].map(u32::from_le_bytes);
    let side_data = [
        ffi::AVPacketSideDataType::AV_PKT_DATA_ENCRYPTION_INIT_INFO,
        ffi::AVPacketSideDataType::AV_PKT_DATA_ENCRYPTION_INFO,
    ];
    let marked = side_data.into_iter().any(|kind| {
        // SAFETY: the list belongs to the parameters and is as long as it says.
        !unsafe { ffi::av_packet_side_data_get(parameters.coded_side_data, parameters.nb_coded_side_data, kind) }
            .is_null()
    });
    let key = input.stream(index).is_some_and(|stream| tag(stream.metadata, c"enc_key_id").is_some());
    marked || key || tags.contains(&parameters.codec_tag)
}

fn describe(input: &Input, size: u64) -> MediaInfo {
    let context = input.get();
    let mut streams: Vec<_> = (0..input.streams()).filter_map(|index| stream(input, index)).collect();
    set_aside(&mut streams, &programs(input));
    MediaInfo {
        container: input.container().split(',').next().unwrap_or_default().to_owned(),
        duration_ms: duration_ms(context),
        size,
        bit_rate: context.bit_rate.max(0) as u64,
        streams,
        chapters: chapters(input),
        tags_title: tag(context.metadata, c"title"),
        cut_off: false,
        map: None,
    }
}

/// The streams of each program of a broadcast.
fn programs(input: &Input) -> Vec<Vec<u32>> {
    let context = input.get();
    (0..context.nb_programs as usize)
        .map(|n| {
            // SAFETY: the index is in range; a program lives as long as the context and has as many entries as it says.
            unsafe {
                let program = &**context.programs.add(n);
                let count = program.nb_stream_indexes as usize;
                if count == 0 { Vec::new() } else { std::slice::from_raw_parts(program.stream_index, count).to_vec() }
            }
        })
        .collect()
}

/// Of several programs the one with the best picture is the film; the sound of another one has nothing to do with it.
fn set_aside(streams: &mut [StreamInfo], programs: &[Vec<u32>]) {
    let size =
        |stream: &StreamInfo| stream.video.as_ref().map_or(0, |video| u64::from(video.width) * u64::from(video.height));
    let best = |program: &Vec<u32>| streams.iter().filter(|stream| program.contains(&stream.index)).map(size).max();
    let Some(film) = programs.iter().rev().max_by_key(|program| best(program)).filter(|_| programs.len() > 1) else {
        return;
    };
    for stream in streams.iter_mut() {
        let elsewhere = programs.iter().any(|program| program.contains(&stream.index));
        if elsewhere && !film.contains(&stream.index) {
            (stream.kind, stream.video, stream.audio) = (StreamKind::Other, None, None);
        }
    }
}

/// What the file says; 0 when it does not, or when libav guesses from the rate of its bytes.
fn duration_ms(context: &ffi::AVFormatContext) -> i64 {
    let guess = context.duration_estimation_method == ffi::AVDurationEstimationMethod::AVFMT_DURATION_FROM_BITRATE;
    timestamp(context.duration).filter(|_| !guess).map_or(0, |duration| duration.max(0) / 1000)
}

fn chapters(input: &Input) -> Vec<Chapter> {
    let context = input.get();
    let origin = timestamp(context.start_time).unwrap_or(0) / 1000;
    (0..context.nb_chapters as usize)
        .take(CHAPTERS_MAX)
        .map(|n| {
            // SAFETY: the index is in range; chapters live as long as the context.
            let chapter = unsafe { &**context.chapters.add(n) };
            let ms = |at: i64| {
                let (num, den) = pair(chapter.time_base);
                (i128::from(at) * i128::from(num) * 1000 / i128::from(den.max(1))) as i64 - origin
            };
            let title = tag(chapter.metadata, c"title").unwrap_or_else(|| format!("Chapter {}", n + 1));
            Chapter { start_ms: ms(chapter.start).max(0), end_ms: ms(chapter.end).max(0), title }
        })
        .collect()
}

fn stream(input: &Input, index: usize) -> Option<StreamInfo> {
    let (stream, parameters) = (input.stream(index)?, input.parameters(index)?);
    let metadata = |key: &CStr| tag(stream.metadata, key);
    let attached_picture = stream.disposition & ffi::AV_DISPOSITION_ATTACHED_PIC != 0;
    let kind = match parameters.codec_type {
        AVMediaType::AVMEDIA_TYPE_VIDEO => StreamKind::Video,
        AVMediaType::AVMEDIA_TYPE_AUDIO => StreamKind::Audio,
        AVMediaType::AVMEDIA_TYPE_SUBTITLE => StreamKind::Subtitle,
        AVMediaType::AVMEDIA_TYPE_ATTACHMENT => StreamKind::Attachment,
        _ => StreamKind::Other,
    };
    // SAFETY: a lookup in static tables.
    let profile = text(unsafe { ffi::avcodec_profile_name(parameters.codec_id, parameters.profile) });
    Some(StreamInfo {
        index: index as u32,
        kind,
        codec: codec_name(parameters.codec_id),
        profile,
        language: metadata(c"language").filter(|language| language != "und"),
        title: metadata(c"title"),
        default: stream.disposition & ffi::AV_DISPOSITION_DEFAULT != 0,
        forced: stream.disposition & ffi::AV_DISPOSITION_FORCED != 0,
        attached_picture,
        video: (kind == StreamKind::Video && parameters.width > 0 && parameters.height > 0)
            .then(|| video(stream, parameters)),
        audio: (kind == StreamKind::Audio && parameters.sample_rate > 0 && parameters.ch_layout.nb_channels > 0)
            .then(|| audio(parameters)),
    })
}

fn video(stream: &ffi::AVStream, parameters: &ffi::AVCodecParameters) -> VideoInfo {
    let (fps_num, fps_den) = frame_rate(stream);
    let sar = [stream.sample_aspect_ratio, parameters.sample_aspect_ratio].map(pair);
    let (sar_num, sar_den) = sar.into_iter().find(|(num, den)| *num > 0 && *den > 0).unwrap_or((1, 1));
    let (pixel_format, bit_depth, chroma) = pixels(parameters.format);
    let progressive =
        matches!(parameters.field_order, AVFieldOrder::AV_FIELD_UNKNOWN | AVFieldOrder::AV_FIELD_PROGRESSIVE);
    VideoInfo {
        width: parameters.width.max(0) as u32,
        height: parameters.height.max(0) as u32,
        fps_num,
        fps_den,
        pixel_format,
        bit_depth,
        chroma,
        hdr: matches!(parameters.color_trc, Transfer::AVCOL_TRC_SMPTE2084 | Transfer::AVCOL_TRC_ARIB_STD_B67),
        hlg: parameters.color_trc == Transfer::AVCOL_TRC_ARIB_STD_B67,
        dolby_vision: dolby_vision(parameters),
        rotation: rotation(parameters),
        sar_num: sar_num as u32,
        sar_den: sar_den as u32,
        interlaced: !progressive,
        level: parameters.level,
        codec_string: codec_string::video(parameters),
    }
}

fn frame_rate(stream: &ffi::AVStream) -> (u32, u32) {
    [stream.avg_frame_rate, stream.r_frame_rate]
        .map(pair)
        .into_iter()
        .find(|(num, den)| *num > 0 && *den > 0 && num / den <= FPS_MAX)
        .map_or((0, 0), |(num, den)| (num as u32, den as u32))
}

fn pixels(format: i32) -> (String, u8, String) {
    // SAFETY: `format` came from libav as a pixel format; an unknown one has no descriptor.
    let descriptor =
        unsafe { ffi::av_pix_fmt_desc_get(std::mem::transmute::<i32, ffi::AVPixelFormat>(format)).as_ref() };
    let Some(descriptor) = descriptor else { return ("unknown".to_owned(), 8, "4:2:0".to_owned()) };
    let chroma = match (descriptor.nb_components, descriptor.log2_chroma_w, descriptor.log2_chroma_h) {
        _ if descriptor.flags & ffi::AV_PIX_FMT_FLAG_RGB as u64 != 0 => "rgb",
        (0..=2, _, _) => "gray",
        (_, 0, 0) => "4:4:4",
        (_, 1, 0) => "4:2:2",
        (_, 2, 0) => "4:1:1",
        (_, 2, 2) => "4:1:0",
        _ => "4:2:0",
    };
    (text(descriptor.name).unwrap_or_default(), descriptor.comp[0].depth.clamp(1, 32) as u8, chroma.to_owned())
}

/// The profile, from the configuration record of the container.
fn dolby_vision(parameters: &ffi::AVCodecParameters) -> Option<u8> {
    // SAFETY: the list belongs to the parameters; the record has as many bytes as it says.
    let record = unsafe {
        let side = ffi::av_packet_side_data_get(
            parameters.coded_side_data,
            parameters.nb_coded_side_data,
            ffi::AVPacketSideDataType::AV_PKT_DATA_DOVI_CONF,
        )
        .as_ref()?;
        std::slice::from_raw_parts(side.data, side.size)
    };
    // Two bytes of version stand before it.
    record.get(2).copied()
}

/// Clockwise degrees, a multiple of 90.
fn rotation(parameters: &ffi::AVCodecParameters) -> i32 {
    // SAFETY: the list belongs to the parameters; a display matrix has nine entries.
    let counter_clockwise = unsafe {
        let side = ffi::av_packet_side_data_get(
            parameters.coded_side_data,
            parameters.nb_coded_side_data,
            ffi::AVPacketSideDataType::AV_PKT_DATA_DISPLAYMATRIX,
        );
        match side.as_ref() {
            Some(side) if side.size >= 36 => ffi::av_display_rotation_get(side.data.cast()),
            _ => return 0,
        }
    };
    if counter_clockwise.is_nan() {
        return 0;
    }
    let quarter_turns = (-counter_clockwise / 90.0).round() as i32;
    quarter_turns.rem_euclid(4) * 90
}

fn audio(parameters: &ffi::AVCodecParameters) -> AudioInfo {
    let mut name = [0; 64];
    // SAFETY: the buffer is as long as said.
    let layout = unsafe {
        ffi::av_channel_layout_describe(&raw const parameters.ch_layout, name.as_mut_ptr(), name.len());
        text(name.as_ptr()).unwrap_or_default()
    };
    AudioInfo {
        sample_rate: parameters.sample_rate.max(0) as u32,
        channels: parameters.ch_layout.nb_channels.max(0) as u32,
        layout,
        codec_string: codec_string::audio(parameters),
    }
}
