//! The two encoders: H.264 by x264 and AAC-LC. Opened anew for every segment, so that no state crosses a boundary.
use std::ffi::c_int;
use std::ptr;

use ffmpeg_next::ffi;

use crate::media::engine::EngineError;
use crate::media::engine::av::{Frame, Packet, check};
use crate::media::engine::codec::Codec;
use crate::media::engine::codec_string::h264_level;
use crate::media::engine::nal::Samples;
use crate::media::engine::rate::RateControl;
use crate::media::track::{AAC_FRAME_SAMPLES, FrameGrid, Preset};

/// Threads and slices of the H.264 encoder. Part of the output: the bytes depend on it.
const H264_THREADS: c_int = 4;
const AAC_BIT_RATE: i64 = 160_000;
/// Everything that ends up in SPS and PPS, so that all presets share one init segment; and no frame is delayed.
const X264_PINNED: &str = "stitchable=1:cabac=1:8x8dct=1:ref=1:bframes=0:weightp=1:scenecut=0:open-gop=0:rc-lookahead=0:\
sync-lookahead=0:mbtree=0:sliced-threads=1:force-cfr=0:constrained-intra=0:interlaced=0";

/// What an H.264 encoder is opened with.
#[derive(Clone)]
pub(super) struct H264Settings {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) grid: FrameGrid,
    pub(super) preset: Preset,
    pub(super) max_bit_rate: u32,
    /// Ticks over which the rate is kept: the length of a segment.
    pub(super) span: i64,
    /// Frames between keyframes; none but the first without.
    pub(super) key_interval: Option<u32>,
    /// Parameter sets come with every keyframe and not ahead of the stream; pictures are NV12.
    pub(super) in_band: bool,
}

/// An encoder of pictures that are stamped already.
pub(super) trait Encode: Send {
    /// One picture in; packets come out in the same order, at once or later.
    fn encode(&mut self, picture: &Frame) -> Result<Vec<Packet>, EngineError>;
    /// Ends the stream and returns what was held back.
    fn finish(&mut self) -> Result<Vec<Packet>, EngineError>;
}

/// What all H.264 encoders are told alike.
pub(super) fn basics(codec: &mut Codec, settings: &H264Settings) {
    let timescale = settings.grid.timescale() as c_int;
    let context = codec.get_mut();
    context.width = settings.width as c_int;
    context.height = settings.height as c_int;
    context.pix_fmt =
        if settings.in_band { ffi::AVPixelFormat::AV_PIX_FMT_NV12 } else { ffi::AVPixelFormat::AV_PIX_FMT_YUV420P };
    context.time_base = ffi::AVRational { num: 1, den: timescale };
    context.framerate = match settings.grid {
        FrameGrid::Constant { frame_ticks, .. } => ffi::AVRational { num: timescale, den: frame_ticks as c_int },
        FrameGrid::Variable { .. } => ffi::AVRational { num: 30, den: 1 },
    };
    context.sample_aspect_ratio = ffi::AVRational { num: 1, den: 1 };
    context.color_range = ffi::AVColorRange::AVCOL_RANGE_MPEG;
    context.color_primaries = ffi::AVColorPrimaries::AVCOL_PRI_BT709;
    context.color_trc = ffi::AVColorTransferCharacteristic::AVCOL_TRC_BT709;
    context.colorspace = ffi::AVColorSpace::AVCOL_SPC_BT709;
    if !settings.in_band {
        context.flags |= ffi::AV_CODEC_FLAG_GLOBAL_HEADER.cast_signed();
    }
    context.rc_max_rate = i64::from(settings.max_bit_rate);
    context.rc_buffer_size = settings.max_bit_rate.min(1 << 30) as c_int;
    context.max_b_frames = 0;
}

/// x264. Without its own rate limit, see [`RateControl`].
pub(super) struct H264Encoder {
    codec: Codec,
    settings: H264Settings,
    rate: RateControl,
}

fn find(name: &std::ffi::CStr) -> Result<*const ffi::AVCodec, EngineError> {
    // SAFETY: a lookup in static tables.
    let codec = unsafe { ffi::avcodec_find_encoder_by_name(name.as_ptr()) };
    if codec.is_null() {
        Err(EngineError::Internal(format!("no encoder {}", name.to_string_lossy())))
    } else {
        Ok(codec)
    }
}

impl H264Encoder {
    pub(super) fn open(settings: &H264Settings) -> Result<Self, EngineError> {
        let rate = RateControl::new(settings.max_bit_rate, settings.span, settings.grid.timescale());
        Ok(Self { codec: x264(settings)?, settings: settings.clone(), rate })
    }

    /// One picture, stamped. Nothing is held back.
    fn picture(&mut self, picture: &Frame) -> Result<Option<Packet>, EngineError> {
        let pts = picture.get().pts;
        loop {
            let crf = self.rate.crf(pts);
            // SAFETY: an open encoder has private data, which has this option; it counts from the next picture on.
            let set = unsafe { ffi::av_opt_set_double(self.codec.get().priv_data, c"crf".as_ptr(), crf, 0) };
            check(set, "quality")?;
            self.codec.send_frame(Some(picture))?;
            let packet = self.codec.receive_packet()?;
            let Some(bytes) = packet.as_ref().map(|packet| packet.data().len()) else { return Ok(None) };
            if self.rate.accept(pts, bytes) {
                return Ok(packet);
            }
            self.codec = x264(&self.settings)?;
        }
    }

    pub(super) fn codec(&self) -> &Codec {
        &self.codec
    }

    /// Encodes one picture, shown at `pts`.
    pub(super) fn encode(&mut self, picture: &Frame, pts: i64) -> Result<Option<Packet>, EngineError> {
        let mut picture = picture.share()?;
        picture.forget_source(pts);
        self.picture(&picture)
    }

    /// Ends the stream and returns what was held back.
    pub(super) fn finish(&mut self) -> Result<Vec<Packet>, EngineError> {
        drain(&mut self.codec)
    }

    /// How its packets become MP4 samples.
    pub(super) fn samples(&self) -> Samples {
        Samples::of("h264", codec_extradata(&self.codec))
    }
}

impl Encode for H264Encoder {
    fn encode(&mut self, picture: &Frame) -> Result<Vec<Packet>, EngineError> {
        Ok(self.picture(picture)?.into_iter().collect())
    }

    fn finish(&mut self) -> Result<Vec<Packet>, EngineError> {
        drain(&mut self.codec)
    }
}

fn x264(settings: &H264Settings) -> Result<Codec, EngineError> {
    let name = find(c"libx264")?;
    let mut codec = Codec::new(name)?;
    basics(&mut codec, settings);
    let context = codec.get_mut();
    (context.rc_max_rate, context.rc_buffer_size) = (0, 0);
    context.thread_count = H264_THREADS;
    context.gop_size = settings.key_interval.map_or(1 << 24, |frames| frames as c_int);
    let level = h264_level(settings.width, settings.height, settings.grid);
    let parameters = format!("{X264_PINNED}:level={}.{}", level / 10, level % 10);
    let options = [
        ("preset", settings.preset.as_str()),
        ("tune", "zerolatency"),
        ("profile", "high"),
        // Any: it is set for each picture.
        ("crf", "23"),
        ("x264-params", &*parameters),
    ];
    codec.open(name, &options)?;
    Ok(codec)
}

fn codec_extradata(codec: &Codec) -> &[u8] {
    let context = codec.get();
    if context.extradata.is_null() || context.extradata_size <= 0 {
        return &[];
    }
    // SAFETY: libav keeps `extradata_size` bytes with the context.
    unsafe { std::slice::from_raw_parts(context.extradata, context.extradata_size as usize) }
}

pub(super) fn drain(codec: &mut Codec) -> Result<Vec<Packet>, EngineError> {
    codec.send_frame(None)?;
    let mut packets = Vec::new();
    while let Some(packet) = codec.receive_packet()? {
        packets.push(packet);
    }
    Ok(packets)
}

/// The AAC encoder, stereo.
pub(super) struct AacEncoder {
    codec: Codec,
}

impl AacEncoder {
    pub(super) fn open(sample_rate: u32) -> Result<Self, EngineError> {
        let name = find(c"aac")?;
        let mut codec = Codec::new(name)?;
        let context = codec.get_mut();
        context.sample_rate = sample_rate as c_int;
        context.sample_fmt = ffi::AVSampleFormat::AV_SAMPLE_FMT_FLTP;
        context.bit_rate = AAC_BIT_RATE;
        context.time_base = ffi::AVRational { num: 1, den: sample_rate as c_int };
        context.flags |= ffi::AV_CODEC_FLAG_GLOBAL_HEADER.cast_signed();
        // SAFETY: valid context; the layout is filled in by libav.
        unsafe { ffi::av_channel_layout_default(&raw mut (*codec.as_ptr()).ch_layout, 2) };
        codec.open(name, &[])?;
        Ok(Self { codec })
    }

    pub(super) fn codec(&self) -> &Codec {
        &self.codec
    }

    /// Encodes one frame of 1024 samples for each side, the first of them at `pts`.
    pub(super) fn encode(&mut self, left: &[f32], right: &[f32], pts: i64) -> Result<Vec<Packet>, EngineError> {
        let mut frame = Frame::new()?;
        let context = self.codec.get();
        let (rate, format) = (context.sample_rate, context.sample_fmt);
        let raw = frame.get_mut();
        raw.format = format as c_int;
        raw.sample_rate = rate;
        raw.nb_samples = AAC_FRAME_SAMPLES as c_int;
        raw.pts = pts;
        // SAFETY: the layout is copied; the buffer has two planes of 1024 floats, aligned by libav, which are filled.
        unsafe {
            ffi::av_channel_layout_copy(&raw mut raw.ch_layout, &raw const context.ch_layout);
            check(ffi::av_frame_get_buffer(frame.as_ptr(), 0), "sound buffer")?;
            for (plane, samples) in [left, right].into_iter().enumerate() {
                let samples = &samples[..AAC_FRAME_SAMPLES as usize];
                ptr::copy_nonoverlapping(samples.as_ptr().cast::<u8>(), frame.get().data[plane], size_of_val(samples));
            }
        }
        self.codec.send_frame(Some(&frame))?;
        let mut packets = Vec::new();
        while let Some(packet) = self.codec.receive_packet()? {
            packets.push(packet);
        }
        Ok(packets)
    }

    /// Ends the stream and returns what was held back.
    pub(super) fn finish(&mut self) -> Result<Vec<Packet>, EngineError> {
        drain(&mut self.codec)
    }
}
