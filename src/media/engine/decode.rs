//! Opens decoders: only those on the list, bounded in threads and picture size.
use std::ffi::c_int;

use ffmpeg_next::ffi;

use crate::media::engine::EngineError;
use crate::media::engine::allowed;
use crate::media::engine::av::{check, text};
use crate::media::engine::codec::Codec;

/// Pixels of the largest picture that is decoded (8192 x 4320).
pub(super) const PIXELS_MAX: i64 = 35_389_440;
/// Threads of one video decoder.
const VIDEO_THREADS: c_int = 2;

/// A decoder for a stream's parameters.
pub(super) fn open(parameters: &ffi::AVCodecParameters, time_base: (i32, i32)) -> Result<Codec, EngineError> {
    // SAFETY: a lookup in libav's static tables.
    let codec = unsafe { ffi::avcodec_find_decoder(parameters.codec_id) };
    // SAFETY: null is checked; static strings.
    let name = if codec.is_null() { None } else { text(unsafe { (*codec).name }) };
    let Some(name) = name.filter(|name| allowed::decoder(name)) else {
        return Err(EngineError::Unsupported(format!("no decoder for {}", codec_name(parameters.codec_id))));
    };
    let mut decoder = Codec::new(codec)?;
    // SAFETY: both are valid; the parameters are copied.
    check(unsafe { ffi::avcodec_parameters_to_context(decoder.as_ptr(), parameters) }, "decoder parameters")?;
    let video = parameters.codec_type == ffi::AVMediaType::AVMEDIA_TYPE_VIDEO;
    let context = decoder.get_mut();
    context.pkt_timebase = ffi::AVRational { num: time_base.0, den: time_base.1 };
    context.max_pixels = PIXELS_MAX;
    context.thread_count = if video { VIDEO_THREADS } else { 1 };
    decoder
        .open(codec, &[])
        .map_err(|_| EngineError::Unsupported(format!("the {name} decoder refuses this stream")))?;
    Ok(decoder)
}

/// A codec's short name.
pub(super) fn codec_name(id: ffi::AVCodecID) -> String {
    if id == ffi::AVCodecID::AV_CODEC_ID_NONE {
        return "unknown".to_owned();
    }
    // SAFETY: static strings.
    text(unsafe { ffi::avcodec_get_name(id) }).unwrap_or_default()
}
