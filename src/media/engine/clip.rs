//! Writes a whole clip from pictures and sound that our own code makes.
use std::fs::File;

use ffmpeg_next::ffi;

use crate::media::engine::av::{Frame, Packet};
use crate::media::engine::encode::{AacEncoder, H264Encoder, H264Settings};
use crate::media::engine::mux::FileMuxer;
use crate::media::engine::{Cancel, EngineError};
use crate::media::track::{AAC_FRAME_SAMPLES, FrameGrid, Preset};

/// Room kept for the index in front of the media: per second of film, and besides.
const INDEX_BYTES_PER_SECOND: u64 = 2048;
const INDEX_BYTES: u64 = 8192;
const MAX_BIT_RATE: u32 = 4_000_000;

/// Shape of a clip: H.264 and AAC at a constant frame rate.
#[derive(Clone, Copy)]
pub(in crate::media) struct ClipFormat {
    /// Pixels, even.
    pub(in crate::media) width: u32,
    /// Pixels, even.
    pub(in crate::media) height: u32,
    /// Frames per second, also the distance of keyframes.
    pub(in crate::media) fps: u32,
    /// Sound samples per second.
    pub(in crate::media) sample_rate: u32,
    /// Length.
    pub(in crate::media) seconds: u32,
}

/// A 4:2:0 picture to draw into.
pub(in crate::media) struct Picture<'a> {
    frame: &'a mut Frame,
}

impl Picture<'_> {
    /// One row of the luma plane (0) or a chroma plane (1, 2).
    pub(in crate::media) fn row(&mut self, plane: usize, y: u32) -> &mut [u8] {
        let width = self.frame.get().width.max(0) as usize;
        self.frame.row_mut(plane, y as usize, if plane == 0 { width } else { width.div_ceil(2) })
    }
}

/// Writes the clip into an open, empty file.
pub(in crate::media) fn write_clip(
    file: File,
    format: &ClipFormat,
    paint: &mut dyn FnMut(u32, &mut Picture<'_>),
    sound: &dyn Fn(u64) -> f32,
    cancel: &Cancel,
) -> Result<(), EngineError> {
    let settings = H264Settings {
        width: format.width,
        height: format.height,
        grid: FrameGrid::Constant { timescale: format.fps * 512, frame_ticks: 512 },
        preset: Preset::Superfast,
        max_bit_rate: MAX_BIT_RATE,
        span: i64::from(format.fps) * 512,
        in_band: false,
        key_interval: Some(format.fps),
    };
    let mut video = H264Encoder::open(&settings)?;
    let mut audio = AacEncoder::open(format.sample_rate)?;
    let index_bytes = INDEX_BYTES + u64::from(format.seconds) * INDEX_BYTES_PER_SECOND;
    let timescales = [format.fps * 512, format.sample_rate];
    let encoders = [(video.codec(), timescales[0]), (audio.codec(), timescales[1])];
    let mut muxer = FileMuxer::create(file, &encoders, index_bytes)?;
    let mut write = |stream: usize, packets: Vec<Packet>| -> Result<(), EngineError> {
        let duration = if stream == 0 { 512 } else { AAC_FRAME_SAMPLES };
        packets.iter().try_for_each(|packet| muxer.write(stream, packet, timescales[stream], duration))
    };
    let mut frame = Frame::picture(ffi::AVPixelFormat::AV_PIX_FMT_YUV420P, format.width, format.height)?;
    let samples = u64::from(format.seconds) * u64::from(format.sample_rate);
    let mut heard = 0_u64;
    for number in 0..format.fps * format.seconds {
        cancel.check()?;
        frame.make_writable()?;
        paint(number, &mut Picture { frame: &mut frame });
        write(0, video.encode(&frame, i64::from(number) * 512)?.into_iter().collect())?;
        let until = u64::from(number + 1) * u64::from(format.sample_rate) / u64::from(format.fps);
        while heard < until.min(samples) {
            let wave: Vec<f32> = (heard..heard + AAC_FRAME_SAMPLES as u64)
                .map(|at| if at < samples { sound(at) } else { 0.0 })
                .collect();
            write(1, audio.encode(&wave, &wave, heard as i64)?)?;
            heard += AAC_FRAME_SAMPLES as u64;
        }
    }
    write(0, video.finish()?)?;
    write(1, audio.finish()?)?;
    muxer.finish()
}
