//! How loud a sound stream is, as it is heard after the mix to stereo.
use ebur128::{EbuR128, Mode};

use crate::media::engine::audio_source::Track;
use crate::media::engine::{Cancel, EngineError};
use crate::media::info::Source;
use crate::media::loudness::Loudness;
use crate::media::track::Origin;

/// Samples of one stretch.
const STRETCH_SAMPLES_MAX: i64 = 48_000 * 60;
/// Hundredths, as loudness is kept.
const HUNDREDTHS: f64 = 100.0;

/// Listens to a stream, stretch by stretch.
pub(in crate::media) struct Ear {
    track: Track,
    sample_rate: u32,
    meter: EbuR128,
}

fn failed(error: ebur128::Error) -> EngineError {
    EngineError::Internal(format!("loudness: {error}"))
}

impl Ear {
    /// Opens the file for listening at the rate at which the sound is converted.
    pub(in crate::media) fn open(
        source: &Source,
        stream: u32,
        origin: Origin,
        sample_rate: u32,
        cancel: &Cancel,
    ) -> Result<Self, EngineError> {
        let track = Track::open(source, stream, origin, cancel)?;
        let meter = EbuR128::new(2, sample_rate, Mode::I | Mode::SAMPLE_PEAK | Mode::HISTOGRAM).map_err(failed)?;
        Ok(Self { track, sample_rate, meter })
    }

    /// Listens to a stretch of content time.
    pub(in crate::media) fn listen(
        &mut self,
        (from_ms, to_ms): (i64, i64),
        cancel: &Cancel,
    ) -> Result<(), EngineError> {
        let samples = |ms: i64| ms * i64::from(self.sample_rate) / 1000;
        let (from, to) = (samples(from_ms), samples(to_ms));
        if to <= from || to - from > STRETCH_SAMPLES_MAX {
            return Err(EngineError::Internal("a stretch of sound without a sensible length".to_owned()));
        }
        let (meter, mut heard) = (&mut self.meter, 0);
        self.track.sound((from, to), self.sample_rate, cancel, &mut |left, right| {
            meter.add_frames_planar_f32(&[&left[heard..], &right[heard..]]).map_err(failed)?;
            heard = left.len();
            Ok(())
        })
    }

    /// What was heard so far; nothing when all of it was silence.
    pub(in crate::media) fn heard(&self) -> Result<Option<Loudness>, EngineError> {
        let integrated = self.meter.loudness_global().map_err(failed)?;
        let peak = (0..2).map(|side| self.meter.sample_peak(side)).try_fold(0.0, |most: f64, peak| Ok(most.max(peak?)));
        let peak = 20.0 * peak.map_err(failed)?.log10();
        let sensible = integrated.is_finite() && peak.is_finite();
        Ok(sensible.then(|| Loudness {
            integrated: (integrated * HUNDREDTHS).round() as i32,
            peak: (peak * HUNDREDTHS).round() as i32,
        }))
    }
}
