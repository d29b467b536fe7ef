//! Which sizes this machine can convert to faster than they play, and how. Pure; fed with measured speeds.
use crate::media::track::Preset;

/// The rungs of the ladder: names of 16:9 boxes by their height, best first.
pub const RUNGS: [u32; 4] = [1080, 720, 480, 360];

/// Expected speed (times real time) per rung for an HEVC 10-bit 1080p24 source on two cores: ultrafast, superfast,
/// veryfast. Measured; 360 is dominated by decoding.
const EXPECTED: [(u32, [f64; 3]); 4] =
    [(1080, [2.4, 1.7, 1.45]), (720, [2.9, 2.5, 2.1]), (480, [3.0, 2.8, 2.6]), (360, [3.1, 2.9, 2.8])];
const EXPECTED_CORES: f64 = 2.0;
const EXPECTED_FPS: f64 = 24.0;
/// More cores than this do not make one encode faster.
const CORES_USEFUL: usize = 8;
/// A rung or preset is chosen before any measurement only with this much room: a second film may start.
const SPEED_EXPECTED_MIN: f64 = 2.2;
/// A rung that was measured slower than this is not offered any more.
const SPEED_MEASURED_MIN: f64 = 1.1;
/// Weight of a new measurement.
const EWMA_WEIGHT: f64 = 0.15;
/// Segments measured before the measurement counts.
const SAMPLES_MIN: u32 = 8;
/// Rate limits in bits per second per rung.
const BIT_RATES: [(u32, u32); 4] = [(1080, 6_000_000), (720, 3_000_000), (480, 1_500_000), (360, 800_000)];
/// The limit never falls below this, however small the source.
const BIT_RATE_MIN: u32 = 400_000;

/// What this machine has shown it can do.
#[derive(Clone, Debug)]
pub struct Ladder {
    cores: usize,
    measured: [Measured; RUNGS.len()],
}

#[derive(Clone, Copy, Debug, Default)]
struct Measured {
    speed: f64,
    samples: u32,
}

impl Ladder {
    /// Starts from expectations for this number of cores.
    pub fn new(cores: usize) -> Self {
        Self { cores: cores.clamp(1, CORES_USEFUL), measured: Default::default() }
    }

    /// Takes in that `media_s` seconds of film were converted in `wall_s` seconds.
    pub fn record(&mut self, rung: u32, media_s: f64, wall_s: f64) {
        let Some(at) = RUNGS.iter().position(|&known| known == rung) else { return };
        if !(media_s > 0.0 && wall_s > 0.0) {
            return;
        }
        let (speed, measured) = (media_s / wall_s, &mut self.measured[at]);
        measured.speed =
            if measured.samples == 0 { speed } else { measured.speed + EWMA_WEIGHT * (speed - measured.speed) };
        measured.samples = measured.samples.saturating_add(1);
    }

    /// The preset of a rung. Fixed for the life of the ladder: it is part of what a segment's bytes depend on.
    pub fn preset(&self, rung: u32) -> Preset {
        let presets = [Preset::Veryfast, Preset::Superfast];
        let fits = |preset: &Preset| self.expected(rung, *preset, EXPECTED_FPS) >= SPEED_EXPECTED_MIN;
        presets.into_iter().find(fits).unwrap_or(Preset::Ultrafast)
    }

    /// The rungs this machine sustains for a film with this frame rate, best first; never empty.
    pub fn sustained(&self, fps: f64) -> Vec<u32> {
        let mut rungs: Vec<u32> = RUNGS.into_iter().filter(|&rung| self.is_sustained(rung, fps)).collect();
        if rungs.is_empty() {
            rungs.extend(RUNGS.last());
        }
        rungs
    }

    /// The best sustained rung for a film of this size.
    pub fn best(&self, size: (u32, u32), fps: f64) -> u32 {
        choose(size, &self.sustained(fps))
    }

    fn is_sustained(&self, rung: u32, fps: f64) -> bool {
        let measured = RUNGS.iter().position(|&known| known == rung).map(|at| self.measured[at]);
        match measured {
            Some(measured) if measured.samples >= SAMPLES_MIN => measured.speed >= SPEED_MEASURED_MIN,
            _ => self.expected(rung, Preset::Superfast, fps) >= SPEED_EXPECTED_MIN,
        }
    }

    fn expected(&self, rung: u32, preset: Preset, fps: f64) -> f64 {
        let column = match preset {
            Preset::Ultrafast => 0,
            Preset::Superfast => 1,
            Preset::Veryfast => 2,
        };
        let base = EXPECTED.iter().find(|(known, _)| *known == rung).map_or(0.0, |(_, speeds)| speeds[column]);
        base * self.cores as f64 / EXPECTED_CORES * EXPECTED_FPS / fps.max(EXPECTED_FPS)
    }
}

/// The first of `rungs` (best first) that does not enlarge the film; the lowest when all would.
pub fn choose(size: (u32, u32), rungs: &[u32]) -> u32 {
    let top = top_rung(size);
    let lowest = rungs.iter().copied().min().unwrap_or(RUNGS[RUNGS.len() - 1]);
    rungs.iter().copied().find(|&rung| rung <= top).unwrap_or(lowest.min(top))
}

/// Output size of a film of display size `size` in the box of a rung, even numbers, never enlarged. `None` for a rung
/// that this film has no use for, because a lower one already holds all of it.
pub fn fit(size: (u32, u32), rung: u32) -> Option<(u32, u32)> {
    if !RUNGS.contains(&rung) || rung > top_rung(size) {
        return None;
    }
    let (long, short) = sides(size);
    let (box_long, box_short) = rung_box(rung);
    // Fraction num/den <= 1 that makes both sides fit.
    let (num, den) = if u64::from(long) * u64::from(box_short) >= u64::from(short) * u64::from(box_long) {
        (box_long.min(long), long)
    } else {
        (box_short.min(short), short)
    };
    let scale = |side: u32| {
        // The nearest even number, but never above what is there.
        let half = (u64::from(side) * u64::from(num) + u64::from(den)) / (2 * u64::from(den));
        (half as u32 * 2).min(side & !1).max(2)
    };
    Some((scale(size.0), scale(size.1)))
}

/// Rate limit of a rung; a poor source is not inflated. `source_bit_rate` 0 means unknown.
pub fn max_bit_rate(rung: u32, source_bit_rate: u64) -> u32 {
    let limit = BIT_RATES.iter().find(|(known, _)| *known == rung).map_or(BIT_RATE_MIN, |(_, rate)| *rate);
    if source_bit_rate == 0 {
        return limit;
    }
    // Twice, because H.264 needs about that to look like HEVC or AV1.
    let source = u32::try_from(source_bit_rate.saturating_mul(2)).unwrap_or(u32::MAX);
    limit.min(source.max(BIT_RATE_MIN))
}

/// The smallest rung that holds the film whole, or the highest there is.
fn top_rung(size: (u32, u32)) -> u32 {
    let (long, short) = sides(size);
    let holds = |rung: &u32| {
        let (box_long, box_short) = rung_box(*rung);
        long <= box_long && short <= box_short
    };
    RUNGS.into_iter().rev().find(holds).unwrap_or(RUNGS[0])
}

fn sides((width, height): (u32, u32)) -> (u32, u32) {
    (width.max(height).max(1), width.min(height).max(1))
}

/// 16:9, the long side rounded up to even: 854 for 480.
fn rung_box(rung: u32) -> (u32, u32) {
    ((rung * 16).div_ceil(9).next_multiple_of(2), rung)
}

#[cfg(test)]
mod tests {
    use crate::media::ladder::{Ladder, RUNGS, choose, fit, max_bit_rate};
    use crate::media::track::Preset;

    #[test]
    fn two_cores_begin_with_720_superfast_and_four_with_1080_veryfast() {
        let (two, four) = (Ladder::new(2), Ladder::new(4));
        assert_eq!(two.best((1920, 1080), 24.0), 720);
        assert_eq!(two.preset(720), Preset::Superfast);
        assert_eq!(four.best((1920, 1080), 24.0), 1080);
        assert_eq!(four.preset(1080), Preset::Veryfast);
    }

    #[test]
    fn there_is_always_a_rung_even_on_one_core_and_at_240_frames_per_second() {
        assert_eq!(Ladder::new(0).sustained(240.0), [360]);
    }

    #[test]
    fn a_rung_measured_too_slow_is_dropped_but_one_bad_segment_drops_nothing() {
        let mut ladder = Ladder::new(2);
        ladder.record(720, 2.0, 4.0);
        assert_eq!(ladder.best((1920, 1080), 24.0), 720);
        for _ in 0..8 {
            ladder.record(720, 2.0, 4.0);
        }
        assert_eq!(ladder.best((1920, 1080), 24.0), 480);
        ladder.record(720, f64::NAN, 0.0);
        ladder.record(7, 1.0, 1.0);
    }

    #[test]
    fn a_film_is_never_enlarged_and_keeps_its_shape() {
        assert_eq!(fit((1920, 1080), 720), Some((1280, 720)));
        assert_eq!(fit((1920, 800), 720), Some((1280, 534)));
        assert_eq!(fit((3840, 2160), 1080), Some((1920, 1080)));
        assert_eq!(fit((1080, 1920), 480), Some((480, 854)));
        assert_eq!(fit((1024, 576), 720), Some((1024, 576)));
        assert_eq!(fit((854, 480), 480), Some((854, 480)));
        assert_eq!(fit((384, 216), 360), Some((384, 216)));
        assert_eq!(fit((639, 359), 360), Some((638, 358)));
        assert_eq!(fit((384, 216), 480), None);
        assert_eq!(fit((1, 1), 360), Some((2, 2)));
        assert_eq!(fit((u32::MAX, 1), 360), Some((640, 2)));
    }

    #[test]
    fn the_chosen_rung_is_one_the_film_has() {
        for size in [(1, 1), (384, 216), (854, 480), (1280, 720), (1920, 1080), (7680, 4320), (720, 1280)] {
            for first in 0..RUNGS.len() {
                assert!(fit(size, choose(size, &RUNGS[first..])).is_some(), "{size:?} {first}");
            }
            assert!(fit(size, choose(size, &[])).is_some());
        }
    }

    #[test]
    fn a_poor_source_is_not_inflated() {
        assert_eq!(max_bit_rate(720, 0), 3_000_000);
        assert_eq!(max_bit_rate(720, 1_000_000), 2_000_000);
        assert_eq!(max_bit_rate(720, 10_000), 400_000);
        assert_eq!(max_bit_rate(1080, u64::MAX), 6_000_000);
    }
}
