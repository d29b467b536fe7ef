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
/// A rung is offered when it is made at least this fast: a second film may start, and seeks do not wait.
const SPEED_COMFORTABLE: f64 = 2.0;
/// Where nothing is made that fast, small rungs are offered that are made at least this fast.
const SPEED_ENOUGH: f64 = 1.3;
/// The best-looking preset is taken only where it leaves this much room.
const SPEED_VERYFAST: f64 = 2.2;
/// All films together may take this much of the machine.
const SHARE_MAX: f64 = 0.8;
/// However busy, a film gets this much of the machine: every queue comes to its turn.
const SHARE_MIN: f64 = 0.05;
/// The rung offered below the best one, for weak viewers and links.
const RUNG_WEAK: u32 = 480;
/// Weight of a new measurement.
const EWMA_WEIGHT: f64 = 0.15;
/// Segments measured before the measurement counts.
const SAMPLES_MIN: u32 = 8;
/// A measurement counts once it has moved this far from what counted before: offers do not flicker.
const DEAD_BAND: f64 = 0.15;
/// A machine is taken to be at most so many times slower or faster than the one expectations are for.
const FACTOR_MAX: f64 = 16.0;
/// Seconds of processor time that one core of the machine of the expectations needs for
/// [`crate::media::engine::trial`]: ultrafast, superfast, veryfast.
const TRIAL_S: [f64; 3] = [0.85, 1.0, 1.5];
/// Waiting is said to be this much longer than computed: a stop in the middle is worse.
const WAIT_MARGIN: f64 = 1.1;
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
    /// A codec of before 2010 with 8 bits: quick to decode.
    pub light: bool,
}

impl Load {
    /// Of a probed film.
    pub fn of(info: &MediaInfo) -> Self {
        let Some((stream, video)) = info.video() else { return Self::default() };
        let fps = if video.fps_den > 0 { f64::from(video.fps_num) / f64::from(video.fps_den) } else { 0.0 };
        let light = video.bit_depth <= 8 && !matches!(stream.codec.as_str(), "hevc" | "av1" | "vp9");
        Self { fps, pixels: u64::from(video.width) * u64::from(video.height), hdr: video.hdr, light }
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

/// A segment that was made.
#[derive(Clone, Copy, Debug)]
pub struct Made {
    /// Which rung.
    pub rung: u32,
    /// With which preset.
    pub preset: Preset,
    /// Of what film.
    pub load: Load,
    /// Seconds of film.
    pub media_s: f64,
    /// Seconds it took.
    pub wall_s: f64,
    /// How many were made at the same time, this one included.
    pub sharing: usize,
}

/// What this machine has shown it can do. Every segment of every rung says how the machine compares with what was
/// expected of it, so a rung that was dropped in a busy hour returns when others show that the hour is over.
#[derive(Clone, Debug)]
pub struct Ladder {
    /// Cores of this machine over those of the one that expectations are for.
    cores: f64,
    /// Times the speed of the machine that the expectations are for, before any film.
    machine: f64,
    /// The same by segments: of films that are light to decode, and of others.
    measured: [Measured; 2],
    fixed: Option<Preset>,
    /// Whether hardware encodes; the rest is as it was.
    hardware: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Measured {
    average: f64,
    samples: u32,
    /// What counts; follows the average in steps.
    factor: Option<f64>,
}

impl Ladder {
    /// Starts from expectations for this number of cores.
    pub fn new(cores: usize) -> Self {
        let cores = cores.clamp(1, CORES_USEFUL) as f64 / EXPECTED_CORES;
        Self { cores, machine: cores, measured: Default::default(), fixed: None, hardware: false }
    }

    /// The same, with one preset whatever is measured.
    pub fn fixed(cores: usize, preset: Preset) -> Self {
        Self { fixed: Some(preset), ..Self::new(cores) }
    }

    /// Takes in how many seconds of processor time each preset took in the trial. Processor time: what else the machine
    /// did in that minute says nothing about next week.
    pub fn calibrate(&mut self, seconds: [f64; 3]) {
        let ratios = TRIAL_S.iter().zip(seconds).map(|(reference, seconds)| reference / seconds);
        let factor = ratios.sum::<f64>() / TRIAL_S.len() as f64 * self.cores;
        if factor.is_finite() && factor > 0.0 {
            self.machine = factor.clamp(1.0 / FACTOR_MAX, FACTOR_MAX);
        }
    }

    /// From now on hardware encodes, or it does not any more. What was measured until now was the other.
    pub fn set_hardware(&mut self, hardware: bool) {
        if self.hardware != hardware {
            self.hardware = hardware;
            self.measured = Default::default();
        }
    }

    /// Takes in a segment.
    pub fn record(&mut self, made: &Made) {
        let Made { rung, preset, load, media_s, wall_s, sharing } = *made;
        if self.fixed.is_some() || !RUNGS.contains(&rung) || !(media_s > 0.0 && wall_s > 0.0) {
            return;
        }
        let base = self.base_speed(rung, preset);
        let speed = media_s / wall_s * sharing.max(1) as f64;
        let factor = (speed * load.weight(rung, base) / base).clamp(1.0 / FACTOR_MAX, FACTOR_MAX);
        let measured = &mut self.measured[usize::from(load.light)];
        measured.average =
            if measured.samples == 0 { factor } else { measured.average + EWMA_WEIGHT * (factor - measured.average) };
        measured.samples = measured.samples.saturating_add(1);
        let far = |counts: f64| (measured.average / counts - 1.0).abs() > DEAD_BAND;
        if measured.samples >= SAMPLES_MIN && measured.factor.is_none_or(far) {
            measured.factor = Some(measured.average);
        }
    }

    /// The preset for the next segment of a rung, when other films take `others` of the machine. May change from one
    /// segment to the next: all presets share one init segment, and none is part of a segment's name.
    pub fn preset(&self, rung: u32, load: Load, others: f64) -> Preset {
        if let Some(preset) = self.fixed {
            return preset;
        }
        let fits = |preset: Preset, least: f64| {
            let speed = self.speed(rung, preset, load);
            speed >= least && 1.0 / speed <= SHARE_MAX - others
        };
        if fits(Preset::Veryfast, SPEED_VERYFAST) {
            Preset::Veryfast
        } else if fits(Preset::Superfast, SPEED_ENOUGH) {
            Preset::Superfast
        } else {
            Preset::Ultrafast
        }
    }

    /// The rungs this machine sustains for a film of this load while other films take `others` of it, best first;
    /// never empty.
    pub fn sustained(&self, load: Load, others: f64) -> Vec<u32> {
        let room = SHARE_MAX - others;
        let holding = |highest: u32, preset: Preset, least: f64| {
            let holds = |rung: &u32| {
                let speed = self.speed(*rung, preset, load);
                *rung <= highest && speed >= least && 1.0 / speed <= room
            };
            RUNGS.into_iter().filter(holds).collect::<Vec<u32>>()
        };
        let mut rungs = holding(RUNGS[0], Preset::Superfast, SPEED_COMFORTABLE);
        if rungs.is_empty() {
            // Small ones only, or a slower machine would be asked for more than a faster one.
            rungs = holding(RUNG_WEAK, Preset::Ultrafast, SPEED_ENOUGH);
        }
        if rungs.is_empty() {
            rungs.extend(RUNGS.last());
        }
        rungs
    }

    /// The rungs to offer for a film of this size, best first: the best one, or the one that its viewers take already,
    /// so that one encode serves them all; and one for weak viewers, if the machine can make both.
    pub fn offer(&self, size: (u32, u32), load: Load, others: f64, in_use: Option<u32>) -> Vec<u32> {
        let sustained = self.sustained(load, others);
        let first = choose(size, &in_use.into_iter().chain(sustained).collect::<Vec<_>>());
        let weak = RUNGS.into_iter().find(|&rung| rung < first && rung <= RUNG_WEAK);
        let both = |weak: &u32| self.share(first, load) + self.share(*weak, load) + others <= SHARE_MAX;
        [first].into_iter().chain(weak.filter(both)).collect()
    }

    /// The best sustained rung for a film of this size.
    pub fn best(&self, size: (u32, u32), load: Load) -> u32 {
        choose(size, &self.sustained(load, 0.0))
    }

    /// How much of the machine a film takes that is converted to a rung.
    pub fn share(&self, rung: u32, load: Load) -> f64 {
        1.0 / self.speed(rung, self.preset(rung, load, 0.0), load).max(f64::MIN_POSITIVE)
    }

    /// How many seconds to wait before a film can be played to its end without a stop, when `prepared_s` of its
    /// `remaining_s` are there already. 0 when the machine is fast enough.
    pub fn wait_s(&self, rung: u32, load: Load, others: f64, remaining_s: f64, prepared_s: f64) -> f64 {
        // All of it must be there when the end is played.
        let needed = self.making_s(rung, load, others, (remaining_s - prepared_s).max(0.0));
        ((needed - remaining_s) * WAIT_MARGIN).max(0.0)
    }

    /// How many seconds it takes to make so many seconds of a film ahead of its viewers.
    pub fn making_s(&self, rung: u32, load: Load, others: f64, seconds: f64) -> f64 {
        let speed = self.speed(rung, Preset::Ultrafast, load) * (1.0 - others).max(SHARE_MIN);
        seconds / speed.max(f64::MIN_POSITIVE)
    }

    /// With an encoder in hardware all sizes are about as much work as the smallest: decoding.
    fn base_speed(&self, rung: u32, preset: Preset) -> f64 {
        let smallest = (RUNGS[RUNGS.len() - 1], Preset::Ultrafast);
        let (rung, preset) = if self.hardware { smallest } else { (rung, preset) };
        base_speed(rung, preset)
    }

    fn speed(&self, rung: u32, preset: Preset, load: Load) -> f64 {
        let factor = self.measured[usize::from(load.light)].factor.unwrap_or(self.machine);
        let base = self.base_speed(rung, preset);
        base * factor / load.weight(rung, base)
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

/// Those of `rungs` (best first) that a film of this size has a use for: the one that [`choose`] takes, and smaller ones.
pub fn offered(size: (u32, u32), rungs: &[u32]) -> Vec<u32> {
    let first = choose(size, rungs);
    [first].into_iter().chain(rungs.iter().copied().filter(|&rung| rung < first)).collect()
}

/// Whether a rung is less to show or to carry than the film itself.
pub fn is_less(size: (u32, u32), rung: u32, source_bit_rate: u64) -> bool {
    rung < top_rung(size) || u64::from(max_bit_rate(rung, source_bit_rate)) < source_bit_rate / 4 * 3
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
