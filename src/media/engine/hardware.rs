//! H.264 encoders in graphics hardware. They are loaded at run time from the machine's drivers; without a driver there
//! are none. Their bytes are their own affair: not the same on two machines, nor promised to be on one. Their streams
//! carry parameter sets in band, so that software can go on in the middle of one.
use std::ffi::{CStr, c_int, c_void};
use std::ptr;

use ffmpeg_next::ffi;

use crate::media::engine::av::{Frame, Packet, check, out_of_memory};
use crate::media::engine::codec::{Answer, Codec};
use crate::media::engine::codec_string::h264_level;
use crate::media::engine::encode::{Encode, H264Settings, basics, drain};
use crate::media::engine::filter::{Graph, Target};
use crate::media::engine::{Cancel, EngineError, trial};
use crate::media::track::{FrameGrid, Preset};

/// Longer than any segment: the first picture is the only keyframe.
const KEY_INTERVAL: c_int = 1200;
/// Surfaces that one encoder holds.
const SURFACES: c_int = 16;
const TRIAL_SIZE: (u32, u32) = (1280, 720);
const TRIAL_BIT_RATE: u32 = 3_000_000;

/// A kind of encoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hardware {
    /// Of the Mac.
    VideoToolbox,
    /// NVIDIA's.
    Nvenc,
    /// Intel's own way to its encoder, where FFmpeg has it.
    Qsv,
    /// Intel's and AMD's on Linux.
    Vaapi,
}

impl Hardware {
    /// All kinds, in the order in which they are tried.
    pub const ALL: [Self; 4] = [Self::VideoToolbox, Self::Nvenc, Self::Qsv, Self::Vaapi];

    /// A short name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::VideoToolbox => "videotoolbox",
            Self::Nvenc => "nvenc",
            Self::Qsv => "qsv",
            Self::Vaapi => "vaapi",
        }
    }

    /// The kind of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    const fn encoder(self) -> &'static CStr {
        match self {
            Self::VideoToolbox => c"h264_videotoolbox",
            Self::Nvenc => c"h264_nvenc",
            Self::Qsv => c"h264_qsv",
            Self::Vaapi => c"h264_vaapi",
        }
    }

    /// One picture in, one packet out; quality first, the rate limit for peaks.
    const fn options(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::VideoToolbox => &[("realtime", "1"), ("allow_sw", "0"), ("profile", "high")],
            Self::Nvenc => &[
                ("preset", "p4"),
                ("tune", "ll"),
                ("rc", "vbr"),
                ("delay", "0"),
                ("zerolatency", "1"),
                ("profile", "high"),
            ],
            Self::Qsv => &[("preset", "faster"), ("async_depth", "1"), ("look_ahead", "0"), ("profile", "high")],
            Self::Vaapi => &[("rc_mode", "VBR"), ("async_depth", "1"), ("profile", "high")],
        }
    }
}

/// An open encoder.
pub(super) struct HardwareEncoder {
    codec: Codec,
    surfaces: Option<Surfaces>,
}

impl HardwareEncoder {
    pub(super) fn open(kind: Hardware, settings: &H264Settings) -> Result<Self, EngineError> {
        // SAFETY: a lookup in static tables.
        let name = unsafe { ffi::avcodec_find_encoder_by_name(kind.encoder().as_ptr()) };
        if name.is_null() {
            return Err(EngineError::Unsupported(format!("no encoder {}", kind.name())));
        }
        let mut codec = Codec::new(name)?;
        basics(&mut codec, settings);
        let surfaces = match kind {
            Hardware::Vaapi => Some(Surfaces::open(settings.width, settings.height)?),
            _ => None,
        };
        let context = codec.get_mut();
        context.profile = ffi::AV_PROFILE_H264_HIGH as c_int;
        context.level = c_int::from(h264_level(settings.width, settings.height, settings.grid));
        context.gop_size = KEY_INTERVAL;
        context.bit_rate = i64::from(settings.max_bit_rate) / 3 * 2;
        if let Some(surfaces) = &surfaces {
            context.pix_fmt = ffi::AVPixelFormat::AV_PIX_FMT_VAAPI;
            // SAFETY: a valid reference; the codec frees the one it is given.
            context.hw_frames_ctx = unsafe { ffi::av_buffer_ref(surfaces.frames) };
        }
        codec.open(name, kind.options())?;
        Ok(Self { codec, surfaces })
    }
}

impl Encode for HardwareEncoder {
    fn encode(&mut self, picture: &Frame) -> Result<Vec<Packet>, EngineError> {
        match &self.surfaces {
            Some(surfaces) => self.codec.send_frame(Some(&surfaces.upload(picture)?))?,
            None => self.codec.send_frame(Some(picture))?,
        }
        let mut packets = Vec::new();
        while let Some(packet) = self.codec.receive_packet()? {
            packets.push(packet);
        }
        Ok(packets)
    }

    fn finish(&mut self) -> Result<Vec<Packet>, EngineError> {
        drain(&mut self.codec)
    }
}

/// Pictures in the memory of the graphics hardware, for encoders that read no other.
struct Surfaces {
    device: *mut ffi::AVBufferRef,
    frames: *mut ffi::AVBufferRef,
}

// SAFETY: reference counts are atomic; used by one thread at a time.
unsafe impl Send for Surfaces {}

impl Surfaces {
    fn open(width: u32, height: u32) -> Result<Self, EngineError> {
        let mut this = Self { device: ptr::null_mut(), frames: ptr::null_mut() };
        // SAFETY: out parameter; the frame context is allocated by libav, checked, and filled in before its start.
        unsafe {
            let kind = ffi::AVHWDeviceType::AV_HWDEVICE_TYPE_VAAPI;
            let code = ffi::av_hwdevice_ctx_create(&raw mut this.device, kind, ptr::null(), ptr::null_mut(), 0);
            check(code, "graphics device")?;
            this.frames = ffi::av_hwframe_ctx_alloc(this.device);
            let frames = this.frames.as_ref().ok_or_else(out_of_memory)?;
            // libav's buffers are aligned for whatever they hold.
            let context = &mut *frames.data.cast::<c_void>().cast::<ffi::AVHWFramesContext>();
            context.format = ffi::AVPixelFormat::AV_PIX_FMT_VAAPI;
            context.sw_format = ffi::AVPixelFormat::AV_PIX_FMT_NV12;
            context.width = width as c_int;
            context.height = height as c_int;
            context.initial_pool_size = SURFACES;
            check(ffi::av_hwframe_ctx_init(this.frames), "graphics memory")?;
        }
        Ok(this)
    }

    fn upload(&self, picture: &Frame) -> Result<Frame, EngineError> {
        let surface = Frame::new()?;
        // SAFETY: valid frames and context.
        unsafe {
            check(ffi::av_hwframe_get_buffer(self.frames, surface.as_ptr(), 0), "graphics memory")?;
            check(ffi::av_hwframe_transfer_data(surface.as_ptr(), picture.as_ptr(), 0), "upload")?;
            check(ffi::av_frame_copy_props(surface.as_ptr(), picture.as_ptr()), "upload")?;
        }
        Ok(surface)
    }
}

impl Drop for Surfaces {
    fn drop(&mut self) {
        // SAFETY: owned here; null is allowed.
        unsafe {
            ffi::av_buffer_unref(&raw mut self.frames);
            ffi::av_buffer_unref(&raw mut self.device);
        }
    }
}

/// Whether this machine has a working encoder of that kind: pictures go through the filters and the encoder, and what
/// comes out is decoded again. A driver may hang or crash in here.
pub(super) fn works(kind: Hardware, cancel: &Cancel) -> Result<(), EngineError> {
    let (width, height) = TRIAL_SIZE;
    let grid = FrameGrid::Constant { timescale: 24_000, frame_ticks: 1000 };
    let (preset, max_bit_rate) = (Preset::Ultrafast, TRIAL_BIT_RATE);
    let settings =
        H264Settings { width, height, grid, preset, max_bit_rate, span: 24_000, key_interval: None, in_band: true };
    let mut encoder = HardwareEncoder::open(kind, &settings)?;
    let target =
        Target { width, height, rotation: 0, deinterlace: false, hdr: false, format: "nv12", full_range: false };
    let mut packets = Vec::new();
    let mut shown = 0;
    for n in 0..trial::FRAMES / 2 {
        cancel.check()?;
        let mut picture = trial::picture(n as usize)?;
        picture.get_mut().pts = i64::from(n) * 1000;
        let mut graph = Graph::new(&picture, (1, 24_000), &target)?;
        graph.send(Some(&picture))?;
        graph.send(None)?;
        while let (Answer::Ready, filtered) = graph.receive()? {
            packets.extend(encoder.encode(&filtered)?);
            shown += 1;
        }
    }
    packets.extend(encoder.finish()?);
    let decoded = count(&packets)?;
    let first_is_key = packets.first().is_some_and(Packet::is_key);
    if decoded == shown && packets.len() == shown && first_is_key {
        Ok(())
    } else {
        Err(EngineError::Internal(format!("{shown} pictures in, {} packets, {decoded} pictures out", packets.len())))
    }
}

/// Pictures in an H.264 stream that carries its parameter sets.
fn count(packets: &[Packet]) -> Result<usize, EngineError> {
    // SAFETY: a lookup in static tables.
    let codec = unsafe { ffi::avcodec_find_decoder(ffi::AVCodecID::AV_CODEC_ID_H264) };
    let mut decoder = Codec::new(codec)?;
    decoder.open(codec, &[])?;
    let mut pictures = 0;
    for packet in packets.iter().map(Some).chain([None]) {
        let _ = decoder.send_packet(packet);
        let mut frame = Frame::new()?;
        while matches!(decoder.receive_frame(&mut frame), Ok(Answer::Ready)) {
            pictures += 1;
            frame = Frame::new()?;
        }
    }
    Ok(pictures)
}
