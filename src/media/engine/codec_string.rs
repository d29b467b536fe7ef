//! RFC 6381 codec strings, as browsers and playlists want them.
use std::fmt::Write;

use ffi::AVCodecID as Id;
use ffmpeg_next::ffi;

use crate::media::engine::nal;
use crate::media::track::{FrameGrid, TrackSpec};

/// H.264 High profile levels: number, macroblocks per second, macroblocks per frame.
const LEVELS: [(u8, u64, u64); 8] = [
    (30, 40_500, 1_620),
    (31, 108_000, 3_600),
    (32, 216_000, 5_120),
    (40, 245_760, 8_192),
    (42, 522_240, 8_704),
    (50, 589_824, 22_080),
    (51, 983_040, 36_864),
    (52, 2_073_600, 36_864),
];
/// Assumed for a stream of variable rate.
const VARIABLE_FPS: u64 = 60;

/// The lowest level that holds a picture of this size at this rate.
pub(super) fn h264_level(width: u32, height: u32, grid: FrameGrid) -> u8 {
    let macroblocks = u64::from(width.div_ceil(16)) * u64::from(height.div_ceil(16));
    let fps = match grid {
        FrameGrid::Constant { timescale, frame_ticks } => u64::from(timescale).div_ceil(u64::from(frame_ticks.max(1))),
        FrameGrid::Variable { .. } => VARIABLE_FPS,
    };
    LEVELS
        .iter()
        .find(|(_, per_second, per_frame)| macroblocks <= *per_frame && macroblocks * fps <= *per_second)
        .map_or(52, |(level, ..)| *level)
}

/// The codec string of what a track encodes; `None` for a copy, whose string the probe knows.
pub fn encoded_codec_string(spec: &TrackSpec) -> Option<String> {
    match spec {
        TrackSpec::VideoCopy { .. } | TrackSpec::AudioCopy { .. } => None,
        TrackSpec::VideoH264 { width, height, grid, in_band, .. } => {
            let entry = if *in_band { "avc3" } else { "avc1" };
            Some(format!("{entry}.6400{:02x}", h264_level(*width, *height, *grid)))
        }
        TrackSpec::AudioAac { .. } | TrackSpec::AudioSilent { .. } => Some("mp4a.40.2".to_owned()),
    }
}

fn extradata(parameters: &ffi::AVCodecParameters) -> &[u8] {
    if parameters.extradata.is_null() || parameters.extradata_size <= 0 {
        return &[];
    }
    // SAFETY: libav keeps `extradata_size` bytes with the parameters.
    unsafe { std::slice::from_raw_parts(parameters.extradata, parameters.extradata_size as usize) }
}

pub(super) fn video(parameters: &ffi::AVCodecParameters) -> String {
    let extradata = extradata(parameters);
    match parameters.codec_id {
        Id::AV_CODEC_ID_H264 => h264(extradata),
        Id::AV_CODEC_ID_HEVC => hevc(extradata),
        Id::AV_CODEC_ID_AV1 => av1(parameters, extradata),
        Id::AV_CODEC_ID_VP9 => Some(vp9(parameters)),
        Id::AV_CODEC_ID_VP8 => Some("vp8".to_owned()),
        Id::AV_CODEC_ID_MPEG4 => Some("mp4v.20.9".to_owned()),
        Id::AV_CODEC_ID_THEORA => Some("theora".to_owned()),
        _ => None,
    }
    .unwrap_or_default()
}

fn h264(extradata: &[u8]) -> Option<String> {
    let bytes = if let [1, profile, flags, level, ..] = extradata {
        [*profile, *flags, *level]
    } else {
        let units = nal::units(extradata);
        let sps = units.iter().find(|unit| unit[0] & 0x1f == 7)?;
        [*sps.get(1)?, *sps.get(2)?, *sps.get(3)?]
    };
    Some(format!("avc1.{:02x}{:02x}{:02x}", bytes[0], bytes[1], bytes[2]))
}

/// From the general profile, tier and level: twelve bytes of `hvcC`, or of an SPS behind its first three.
fn hevc(extradata: &[u8]) -> Option<String> {
    let general: Vec<u8> = if extradata.first() == Some(&1) && extradata.len() > 13 {
        extradata[1..13].to_vec()
    } else {
        let units = nal::units(extradata);
        let sps = units.iter().find(|unit| (unit[0] >> 1) & 0x3f == 33)?;
        let plain = without_emulation(sps.get(3..)?);
        plain.get(..12)?.to_vec()
    };
    let space = ["", "A", "B", "C"][usize::from(general[0] >> 6)];
    let tier = if general[0] & 0x20 == 0 { 'L' } else { 'H' };
    let compatibility = u32::from_be_bytes([general[1], general[2], general[3], general[4]]).reverse_bits();
    let mut text = format!("hvc1.{space}{}.{compatibility:x}.{tier}{}", general[0] & 0x1f, general[11]);
    let constraints = &general[5..11];
    let used = constraints.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    for byte in &constraints[..used] {
        // Writing to a string cannot fail.
        let _ = write!(text, ".{byte:x}");
    }
    Some(text)
}

fn without_emulation(data: &[u8]) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::with_capacity(data.len());
    let mut zeros = 0;
    for byte in data {
        if zeros >= 2 && *byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if *byte == 0 { zeros + 1 } else { 0 };
        out.push(*byte);
    }
    out
}

fn depth(parameters: &ffi::AVCodecParameters) -> i32 {
    // SAFETY: the format came from libav; an unknown one has no descriptor.
    unsafe {
        ffi::av_pix_fmt_desc_get(std::mem::transmute::<i32, ffi::AVPixelFormat>(parameters.format))
            .as_ref()
            .map_or(8, |descriptor| descriptor.comp[0].depth)
    }
}

fn av1(parameters: &ffi::AVCodecParameters, extradata: &[u8]) -> Option<String> {
    if let [0x81, second, third, ..] = extradata {
        let tier = if third & 0x80 == 0 { 'M' } else { 'H' };
        let depth = match (third & 0x40 != 0, third & 0x20 != 0) {
            (false, _) => 8,
            (true, false) => 10,
            (true, true) => 12,
        };
        return Some(format!("av01.{}.{:02}{tier}.{depth:02}", second >> 5, second & 0x1f));
    }
    let (profile, level) = (parameters.profile, parameters.level);
    (profile >= 0 && level >= 0).then(|| format!("av01.{profile}.{level:02}M.{:02}", depth(parameters)))
}

fn vp9(parameters: &ffi::AVCodecParameters) -> String {
    let profile = parameters.profile.max(0);
    let level = if parameters.level > 0 { parameters.level } else { 40 };
    format!("vp09.{profile:02}.{level:02}.{:02}", depth(parameters))
}

pub(super) fn audio(parameters: &ffi::AVCodecParameters) -> String {
    match parameters.codec_id {
        Id::AV_CODEC_ID_AAC => match parameters.profile {
            profile @ 0..=28 => format!("mp4a.40.{}", profile + 1),
            _ => "mp4a.40.2".to_owned(),
        },
        Id::AV_CODEC_ID_MP3 => "mp4a.40.34".to_owned(),
        Id::AV_CODEC_ID_AC3 => "ac-3".to_owned(),
        Id::AV_CODEC_ID_EAC3 => "ec-3".to_owned(),
        Id::AV_CODEC_ID_OPUS => "opus".to_owned(),
        Id::AV_CODEC_ID_VORBIS => "vorbis".to_owned(),
        Id::AV_CODEC_ID_FLAC => "flac".to_owned(),
        Id::AV_CODEC_ID_ALAC => "alac".to_owned(),
        Id::AV_CODEC_ID_DTS => "dtsc".to_owned(),
        _ => String::new(),
    }
}
