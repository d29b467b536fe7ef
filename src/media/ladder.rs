//! Which sizes this machine can convert to faster than they play, and how. Pure; fed with measured speeds.
use crate::media::info::MediaInfo;
use crate::media::track::Preset;

/// The rungs of the ladder: names of 16:9 boxes by their height, best first.
pub const RUNGS: [u32; 4] = [1080, 720, 480, 360];

/// Expected speed (times real time) per rung for an HEVC 10-bit 1080p24 source on two cores: ultrafast, superfast,
/// veryfast. Measured; 360 is dominated by decoding.
const EXPECTED: [(u32, [f64; 3]); 4] =
    [(1080, [2.4, 1.7, 1.45]), (720, [2.9, 2.5, 2.1]), (480, [3.0, 2.8, 2.6]), (360, [3.1, 2.9, 2.8])];
const EXPECTED_CORES: f64 = 2.0;
const EXPECTED_FPS: f64 = 24.0;
const EXPECTED_PIXELS: f64 = 1920.0 * 1080.0;
/// Seconds that decoding one second of such a source takes, on that machine; grows with the picture.
const DECODE_S: f64 = 0.31;
/// Seconds that turning a million HDR pixels into SDR takes. Done after scaling, so it grows with the rung.
const TONE_MAP_MEGAPIXEL_S: f64 = 0.0187;
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

/// What makes one film more work than another.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Load {
    /// Frames per second; 0 when unknown.
    pub fps: f64,
    /// Pixels of a frame in the file; 0 when unknown.
    pub pixels: u64,
    /// High dynamic range, to be mapped.
    pub hdr: bool,
}

impl Load {
    /// Of a probed film.
    pub fn of(info: &MediaInfo) -> Self {
        let Some((_, video)) = info.video() else { return Self::default() };
        let fps = if video.fps_den > 0 { f64::from(video.fps_num) / f64::from(video.fps_den) } else { 0.0 };
        Self { fps, pixels: u64::from(video.width) * u64::from(video.height), hdr: video.hdr }
    }

    /// How many times the work of the film that the expectations are for, at least once.
    fn weight(self, rung: u32, base_speed: f64) -> f64 {
        let base = 1.0 / base_speed.max(f64::MIN_POSITIVE);
        let decode = DECODE_S * (self.pixels as f64 / EXPECTED_PIXELS - 1.0).max(0.0);
        let (width, height) = rung_box(rung);
        let megapixels = f64::from(width) * f64::from(height) * EXPECTED_FPS / 1e6;
        let map = if self.hdr { TONE_MAP_MEGAPIXEL_S * megapixels } else { 0.0 };
        (base + decode + map) / base * self.fps.max(EXPECTED_FPS) / EXPECTED_FPS
    }
}

/// What this machine has shown it can do, for a film of no more work than expected.

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

    /// Takes in that `media_s` seconds of a film of this load were converted in `wall_s` seconds.
    pub fn record(&mut self, rung: u32, load: Load, media_s: f64, wall_s: f64) {
        let Some(at) = RUNGS.iter().position(|&known| known == rung) else { return };
        if !(media_s > 0.0 && wall_s > 0.0) {
            return;
        }
        let speed = media_s / wall_s * load.weight(rung, base_speed(rung, Preset::Superfast));
        let measured = &mut self.measured[at];
        measured.speed =
            if measured.samples == 0 { speed } else { measured.speed + EWMA_WEIGHT * (speed - measured.speed) };
        measured.samples = measured.samples.saturating_add(1);
    }

    /// The preset of a rung. Fixed for the life of the ladder: it is part of what a segment's bytes depend on.
    pub fn preset(&self, rung: u32) -> Preset {
        let presets = [Preset::Veryfast, Preset::Superfast];
        let fits = |preset: &Preset| self.expected(rung, *preset, Load::default()) >= SPEED_EXPECTED_MIN;
        presets.into_iter().find(fits).unwrap_or(Preset::Ultrafast)
    }

    /// The rungs this machine sustains for a film of this load, best first; never empty.
    pub fn sustained(&self, load: Load) -> Vec<u32> {
        let mut rungs: Vec<u32> = RUNGS.into_iter().filter(|&rung| self.is_sustained(rung, load)).collect();
        if rungs.is_empty() {
            rungs.extend(RUNGS.last());
        }
        rungs
    }

    /// The best sustained rung for a film of this size.
    pub fn best(&self, size: (u32, u32), load: Load) -> u32 {
        choose(size, &self.sustained(load))
    }

    fn is_sustained(&self, rung: u32, load: Load) -> bool {
        let measured = RUNGS.iter().position(|&known| known == rung).map(|at| self.measured[at]);
        match measured {
            Some(measured) if measured.samples >= SAMPLES_MIN => {
                measured.speed / load.weight(rung, base_speed(rung, Preset::Superfast)) >= SPEED_MEASURED_MIN
            }
            _ => self.expected(rung, Preset::Superfast, load) >= SPEED_EXPECTED_MIN,
        }
    }

    fn expected(&self, rung: u32, preset: Preset, load: Load) -> f64 {
        let base = base_speed(rung, preset);
        base * self.cores as f64 / EXPECTED_CORES / load.weight(rung, base)
    }
}

fn base_speed(rung: u32, preset: Preset) -> f64 {
    let column = match preset {
        Preset::Ultrafast => 0,
        Preset::Superfast => 1,
        Preset::Veryfast => 2,
    };
    EXPECTED.iter().find(|(known, _)| *known == rung).map_or(0.0, |(_, speeds)| speeds[column])
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
#[path = "ladder_tests.rs"]
mod tests;
