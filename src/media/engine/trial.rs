//! Encodes a few made-up pictures, to see how fast this machine is at it. The caller holds the watch.
use ffmpeg_next::ffi;

use crate::media::engine::av::Frame;
use crate::media::engine::encode::{H264Encoder, H264Settings};
use crate::media::engine::{Cancel, EngineError};
use crate::media::track::{FrameGrid, Preset};

/// Pictures encoded: two seconds of film.
pub(super) const FRAMES: u32 = 48;
const WIDTH: usize = 1920;
const HEIGHT: usize = 1080;
const RATE: u32 = 24_000;
const MAX_BIT_RATE: u32 = 6_000_000;
/// Different pictures; they are shown to and fro.
const DRAWN: usize = 6;
/// Pixels by which the picture moves from one to the next.
const STEP: usize = 5;

pub(super) fn encode(preset: Preset, cancel: &Cancel) -> Result<u32, EngineError> {
    let mut drawn = Vec::new();
    for n in 0..DRAWN {
        drawn.push(picture(n)?);
    }
    let grid = FrameGrid::Constant { timescale: RATE, frame_ticks: 1000 };
    let settings = H264Settings {
        width: WIDTH as u32,
        height: HEIGHT as u32,
        grid,
        preset,
        max_bit_rate: MAX_BIT_RATE,
        span: i64::from(FRAMES) * 1000,
        key_interval: None,
        in_band: false,
    };
    let mut encoder = H264Encoder::open(&settings)?;
    for n in 0..FRAMES {
        cancel.check()?;
        let at = n as usize % (2 * DRAWN - 2);
        let at = if at < DRAWN { at } else { 2 * DRAWN - 2 - at };
        encoder.encode(&drawn[at], i64::from(n) * 1000)?;
    }
    encoder.finish()?;
    Ok(FRAMES)
}

/// Waves that move, with some grain: neither flat nor noise.
pub(super) fn picture(n: usize) -> Result<Frame, EngineError> {
    let mut frame = Frame::picture(ffi::AVPixelFormat::AV_PIX_FMT_YUV420P, WIDTH as u32, HEIGHT as u32)?;
    let mut grain: u32 = 0x9e37_79b9 ^ n as u32;
    for plane in 0..3 {
        let (width, height) = if plane == 0 { (WIDTH, HEIGHT) } else { (WIDTH / 2, HEIGHT / 2) };
        for y in 0..height {
            let row = frame.row_mut(plane, y, width);
            for (x, pixel) in row.iter_mut().enumerate() {
                grain = grain.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let (u, v) = ((x + n * STEP) & 0xff, (y + n * STEP / 2) & 0x7f);
                let wave = usize::midpoint(u * v / 96, u ^ v);
                *pixel = (wave as u8 / 2 + 32).wrapping_add((grain >> 29) as u8);
            }
        }
    }
    Ok(frame)
}
