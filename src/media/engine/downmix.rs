//! Decoded sound of any format and layout to two planes of `f32`, without touching its time.
use std::borrow::Cow;
use std::ffi::c_int;
use std::ptr::{self, NonNull};

use ffi::AVChannel as Channel;
use ffmpeg_next::ffi;

use crate::media::engine::EngineError;
use crate::media::engine::av::{Frame, check};
use crate::media::rendition::GAIN_DB_MAX;

/// -3 dB, for what is mixed in from the centre and the sides.
const MINUS_3_DB: f64 = std::f64::consts::FRAC_1_SQRT_2;
const CHANNELS_MAX: usize = 64;

/// Two planes of samples.
#[derive(Default, Clone)]
pub(super) struct Stereo {
    pub(super) left: Vec<f32>,
    pub(super) right: Vec<f32>,
}

/// Samples beyond this are bent towards the ceiling instead of cut off at full scale.
const KNEE: f32 = 0.7;
/// Below full scale: what an encoder makes of a peak may be a little higher.
const CEILING: f32 = 0.94;

/// The factor of so many decibels.
pub(super) fn gain(db: u32) -> f32 {
    10_f32.powf(db.min(GAIN_DB_MAX) as f32 / 20.0)
}

/// Samples louder by one factor. Each by itself, so that it does not matter where a segment begins.
pub(super) fn amplified(samples: &[f32], factor: f32) -> Cow<'_, [f32]> {
    if factor <= 1.0 {
        return Cow::Borrowed(samples);
    }
    Cow::Owned(samples.iter().map(|sample| bend(sample * factor)).collect())
}

impl Stereo {
    pub(super) fn silence(length: usize) -> Self {
        Self { left: vec![0.0; length], right: vec![0.0; length] }
    }

    /// Silences the first samples.
    pub(super) fn mute(&mut self, length: usize) {
        for plane in [&mut self.left, &mut self.right] {
            let length = length.min(plane.len());
            plane[..length].fill(0.0);
        }
    }
}

fn bend(sample: f32) -> f32 {
    let over = sample.abs() - KNEE;
    if over <= 0.0 {
        return sample;
    }
    let room = CEILING - KNEE;
    (KNEE + room * (over / (over + room))).copysign(sample)
}

/// A converter for one kind of input.
pub(super) struct Converter {
    context: NonNull<ffi::SwrContext>,
    kind: (c_int, c_int, u64, c_int),
}

// SAFETY: used by one thread at a time.
unsafe impl Send for Converter {}

fn kind(frame: &Frame) -> (c_int, c_int, u64, c_int) {
    let raw = frame.get();
    // SAFETY: the mask is plain data for native layouts and unused otherwise.
    let mask = if raw.ch_layout.order == ffi::AVChannelOrder::AV_CHANNEL_ORDER_NATIVE {
        unsafe { raw.ch_layout.u.mask }
    } else {
        0
    };
    (raw.format, raw.sample_rate, mask, raw.ch_layout.nb_channels)
}

impl Converter {
    /// Mixes frames like this one down to stereo at `rate`.
    pub(super) fn for_frame(frame: &Frame, rate: u32) -> Result<Self, EngineError> {
        let raw = frame.get();
        let matrix = matrix(frame)?;
        // SAFETY: layouts are copied by libav; the matrix is as large as input times output.
        unsafe {
            let mut stereo = std::mem::zeroed();
            ffi::av_channel_layout_default(&raw mut stereo, 2);
            let mut input = std::mem::zeroed();
            if raw.ch_layout.order == ffi::AVChannelOrder::AV_CHANNEL_ORDER_NATIVE {
                check(ffi::av_channel_layout_copy(&raw mut input, &raw const raw.ch_layout), "sound layout")?;
            } else {
                ffi::av_channel_layout_default(&raw mut input, raw.ch_layout.nb_channels);
            }
            let format = std::mem::transmute::<c_int, ffi::AVSampleFormat>(raw.format);
            let context = open(&stereo, rate as c_int, &input, format, raw.sample_rate);
            ffi::av_channel_layout_uninit(&raw mut input);
            let this = Self { context: context?, kind: kind(frame) };
            let inputs = raw.ch_layout.nb_channels;
            check(ffi::swr_set_matrix(this.context.as_ptr(), matrix.as_ptr(), inputs), "sound mix")?;
            check(ffi::swr_init(this.context.as_ptr()), "sound converter")?;
            Ok(this)
        }
    }

    /// Stereo at another rate; the first output sample lies exactly on the first input sample.
    pub(super) fn resampler(from: u32, to: u32) -> Result<Self, EngineError> {
        // SAFETY: as above.
        unsafe {
            let mut stereo = std::mem::zeroed();
            ffi::av_channel_layout_default(&raw mut stereo, 2);
            let planar = ffi::AVSampleFormat::AV_SAMPLE_FMT_FLTP;
            let context = open(&stereo, to as c_int, &stereo, planar, from as c_int)?;
            let this = Self { context, kind: (0, 0, 0, 0) };
            check(ffi::swr_init(this.context.as_ptr()), "resampler")?;
            Ok(this)
        }
    }

    pub(super) fn fits(&self, frame: &Frame) -> bool {
        self.kind == kind(frame)
    }

    /// Converts a decoded frame.
    pub(super) fn convert(&mut self, frame: &Frame, out: &mut Stereo) -> Result<(), EngineError> {
        let raw = frame.get();
        self.run(raw.extended_data.cast_const().cast(), raw.nb_samples, out)
    }

    /// Converts everything and what the filter still holds.
    pub(super) fn convert_all(&mut self, input: &Stereo, out: &mut Stereo) -> Result<(), EngineError> {
        let planes = [input.left.as_ptr().cast::<u8>(), input.right.as_ptr().cast::<u8>()];
        self.run(planes.as_ptr(), input.left.len() as c_int, out)?;
        self.run(ptr::null(), 0, out)
    }

    fn run(&mut self, input: *const *const u8, samples: c_int, out: &mut Stereo) -> Result<(), EngineError> {
        // SAFETY: the planes hold `samples` samples; the output has room for as many as libav may write.
        unsafe {
            let room = ffi::swr_get_out_samples(self.context.as_ptr(), samples).max(0) as usize;
            let at = out.left.len();
            out.left.resize(at + room, 0.0);
            out.right.resize(at + room, 0.0);
            let planes = [out.left.as_mut_ptr().add(at).cast::<u8>(), out.right.as_mut_ptr().add(at).cast::<u8>()];
            let made =
                ffi::swr_convert(self.context.as_ptr(), planes.as_ptr().cast(), room as c_int, input.cast(), samples);
            let length = at + made.max(0) as usize;
            out.left.truncate(length);
            out.right.truncate(length);
            check(made, "sound converter").map(|_| ())
        }
    }
}

impl Drop for Converter {
    fn drop(&mut self) {
        let mut context = self.context.as_ptr();
        // SAFETY: owned here.
        unsafe { ffi::swr_free(&raw mut context) };
    }
}

unsafe fn open(
    output: &ffi::AVChannelLayout,
    output_rate: c_int,
    input: &ffi::AVChannelLayout,
    format: ffi::AVSampleFormat,
    input_rate: c_int,
) -> Result<NonNull<ffi::SwrContext>, EngineError> {
    let mut context = ptr::null_mut();
    // SAFETY: layouts are borrowed for the call.
    let code = unsafe {
        ffi::swr_alloc_set_opts2(
            &raw mut context,
            output,
            ffi::AVSampleFormat::AV_SAMPLE_FMT_FLTP,
            output_rate,
            input,
            format,
            input_rate,
            0,
            ptr::null_mut(),
        )
    };
    check(code, "sound converter")?;
    NonNull::new(context).ok_or_else(|| EngineError::Internal("out of memory".to_owned()))
}

/// Rows for left and right, normalised so that full scale in every channel cannot clip.
fn matrix(frame: &Frame) -> Result<Vec<f64>, EngineError> {
    let raw = frame.get();
    let channels = raw.ch_layout.nb_channels.max(0) as usize;
    if channels == 0 || channels > CHANNELS_MAX {
        return Err(EngineError::Unsupported(format!("sound with {channels} channels")));
    }
    let weights: Vec<(f64, f64)> = (0..channels)
        .map(|index| {
            // SAFETY: the layout is valid and the index in range; an unordered layout answers "none".
            let channel = unsafe { ffi::av_channel_layout_channel_from_index(&raw const raw.ch_layout, index as u32) };
            weight(channel, index, channels)
        })
        .collect();
    let sum = |side: fn(&(f64, f64)) -> f64| weights.iter().map(side).sum::<f64>();
    let peak = sum(|weight| weight.0).max(sum(|weight| weight.1)).max(1.0);
    Ok(weights.iter().map(|weight| weight.0 / peak).chain(weights.iter().map(|weight| weight.1 / peak)).collect())
}

fn weight(channel: Channel, index: usize, channels: usize) -> (f64, f64) {
    match channel {
        _ if channels == 1 => (1.0, 1.0),
        Channel::AV_CHAN_FRONT_LEFT | Channel::AV_CHAN_FRONT_LEFT_OF_CENTER | Channel::AV_CHAN_STEREO_LEFT => {
            (1.0, 0.0)
        }
        Channel::AV_CHAN_FRONT_RIGHT | Channel::AV_CHAN_FRONT_RIGHT_OF_CENTER | Channel::AV_CHAN_STEREO_RIGHT => {
            (0.0, 1.0)
        }
        Channel::AV_CHAN_FRONT_CENTER => (MINUS_3_DB, MINUS_3_DB),
        Channel::AV_CHAN_BACK_LEFT | Channel::AV_CHAN_SIDE_LEFT | Channel::AV_CHAN_WIDE_LEFT => (MINUS_3_DB, 0.0),
        Channel::AV_CHAN_BACK_RIGHT | Channel::AV_CHAN_SIDE_RIGHT | Channel::AV_CHAN_WIDE_RIGHT => (0.0, MINUS_3_DB),
        Channel::AV_CHAN_LOW_FREQUENCY | Channel::AV_CHAN_LOW_FREQUENCY_2 => (0.0, 0.0),
        // Channels without a place: two of them are left and right.
        Channel::AV_CHAN_NONE if channels == 2 && index == 0 => (1.0, 0.0),
        Channel::AV_CHAN_NONE if channels == 2 => (0.0, 1.0),
        // The back centre, and whatever else there is above and below.
        _ => (0.5, 0.5),
    }
}
