//! The grid on which the packets of a sound stream lie, found from some of their times. Pure.
//!
//! Sound that is copied is cut between packets. Every packet has its own place on an absolute grid of the codec's
//! frame size, whatever the container's clock rounds to, so that segments fit together without a tick between them.
use serde::{Deserialize, Serialize};

use crate::media::cuts::cut_sound;
use crate::media::ticks;

/// Copied sound may lie so far from where the file has it: less than anybody sees on lips.
const SHIFT_MAX_MS: i64 = 25;
/// Sound may begin so long after the picture: the start is filled up.
const LATE_MAX_MS: i64 = 150;
/// Sound may end so long before the picture: the end is filled up. Less than the shortest segment, so that each has
/// packets of its own.
const SHORT_MAX_MS: i64 = 400;
/// The same where the codec has packets of silence.
const SHORT_QUIET_MAX_MS: i64 = 10_000;
/// Times may be this part of a frame off the grid, besides what the container's clock rounds.
const JITTER_PART: i64 = 8;
/// Fewer packets than this show no grid.
const PACKETS_MIN: usize = 4;

/// Where the packets of a sound stream are: packet `n` starts at `n * frame + phase`, in samples of content time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoundGrid {
    /// Samples per second as decoded; also the time scale.
    pub sample_rate: u32,
    /// Samples in a packet.
    pub frame: u32,
    /// How far the packets lie behind the multiples of a frame; at most half a frame either way.
    pub phase: i64,
}

/// What was seen of a stream, in content time: samples, rounded as the container's clock rounds them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoundSurvey {
    /// Samples per second as decoded.
    pub sample_rate: u32,
    /// Samples that a packet of this codec can have.
    pub frames: Vec<u32>,
    /// Whether silence can be made without an encoder.
    pub quiet: bool,
    /// Samples in one unit of the container's clock, rounded up.
    pub clock: i64,
    /// Times of packets that follow each other, from several places of the file.
    pub windows: Vec<Vec<i64>>,
    /// Time of the first packet.
    pub first: i64,
    /// Time of the last packet.
    pub last: i64,
}

/// Why a sound stream cannot be copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SoundRefusal {
    /// No player takes this codec in segments.
    Codec,
    /// The packets lie on no grid.
    Uneven,
    /// The packets lie too far from the grid's beginning.
    OffGrid,
    /// The sound begins after the film.
    StartsLate,
    /// The sound ends before the film.
    EndsEarly,
}

/// How a copied sound stream is cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoundCopy {
    /// Where its packets lie.
    pub grid: SoundGrid,
    /// Cuts in samples, all multiples of a frame.
    pub cuts: Vec<i64>,
}

impl SoundGrid {
    /// The place of a packet at this time.
    pub fn place(self, time: i64) -> i64 {
        let frame = i64::from(self.frame.max(1));
        (2 * (time - self.phase) + frame).div_euclid(2 * frame)
    }
}

/// Cuts a surveyed stream for a film of this length, in ticks of a time scale.
pub fn cut(survey: &SoundSurvey, (end, timescale): (i64, u32)) -> Result<SoundCopy, SoundRefusal> {
    let grid = fit(survey)?;
    let rate = i64::from(grid.sample_rate);
    let frame = i64::from(grid.frame);
    if grid.phase.abs() * 1000 > SHIFT_MAX_MS * rate {
        return Err(SoundRefusal::OffGrid);
    }
    if grid.place(survey.first) * frame * 1000 > LATE_MAX_MS * rate {
        return Err(SoundRefusal::StartsLate);
    }
    let end = ticks::rescale_up(end, timescale, grid.sample_rate);
    let own = (grid.place(survey.last) + 1) * frame;
    let short_max = if survey.quiet { SHORT_QUIET_MAX_MS } else { SHORT_MAX_MS };
    if end - own > short_max * rate / 1000 {
        return Err(SoundRefusal::EndsEarly);
    }
    Ok(SoundCopy { grid, cuts: cut_sound(end, grid.sample_rate, frame) })
}

/// The grid that all packets lie on.
fn fit(survey: &SoundSurvey) -> Result<SoundGrid, SoundRefusal> {
    let frame = frame_of(survey).ok_or(SoundRefusal::Uneven)?;
    let size = i64::from(frame);
    let times = || survey.windows.iter().flatten().copied();
    let base = times().next().ok_or(SoundRefusal::Uneven)?;
    let off = |time: i64| {
        let rest = (time - base).rem_euclid(size);
        if 2 * rest > size { rest - size } else { rest }
    };
    let (low, high) = (times().map(off).min().unwrap_or(0), times().map(off).max().unwrap_or(0));
    if high - low > 2 * (survey.clock + size / JITTER_PART) {
        return Err(SoundRefusal::Uneven);
    }
    // Rounding spreads the times evenly around the truth.
    let begin = base + (low + high).div_euclid(2);
    let rest = begin.rem_euclid(size);
    let phase = if 2 * rest > size { rest - size } else { rest };
    Ok(SoundGrid { sample_rate: survey.sample_rate, frame, phase })
}

/// The codec's frame size that the typical distance of packets fits.
fn frame_of(survey: &SoundSurvey) -> Option<u32> {
    let pairs = survey.windows.iter().flat_map(|window| window.windows(2));
    let mut steps: Vec<i64> = pairs.map(|pair| pair[1] - pair[0]).collect();
    if steps.len() + 1 < PACKETS_MIN {
        return None;
    }
    steps.sort_unstable();
    let typical = steps[steps.len() / 2];
    let nearest = survey.frames.iter().copied().min_by_key(|frame| (i64::from(*frame) - typical).abs())?;
    let off = (i64::from(nearest) - typical).abs();
    (nearest > 0 && off <= survey.clock + i64::from(nearest) / JITTER_PART).then_some(nearest)
}

#[cfg(test)]
#[path = "sound_tests.rs"]
mod tests;
