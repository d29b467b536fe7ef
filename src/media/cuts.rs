//! Where tracks are cut, in their own ticks: copied video at keyframes, converted video also between them, sound on
//! AAC frames. Pure integer arithmetic.
use crate::media::plan::CopyRefusal;
use crate::media::ticks;
use crate::media::track::{AAC_FRAME_SAMPLES, FrameGrid, VideoIndex};

/// Segments aim at this length; short enough for a quick seek, long enough that the opening keyframe costs little.
const SEGMENT_MS: i64 = 2000;
/// A rest shorter than this joins its neighbour: a segment of a few frames helps nobody and wedges some players.
const SEGMENT_MIN_MS: i64 = 500;
/// Copied video is not offered when two keyframes are further apart: a player would wait for all of it.
const KEYFRAME_GAP_MAX_MS: i64 = 12_000;
/// Sound segments aim at this length; each costs a fixed warm-up, so they are longer than video ones.
const AUDIO_SEGMENT_MS: i64 = 4000;
/// The first sound segment is short so that it is never what a start waits for.
const AUDIO_FIRST_SEGMENT_MS: i64 = 1000;
/// Ticks per second for video without a constant frame rate.
const VARIABLE_TIMESCALE: u32 = 90_000;
/// Time scales below this lose precision in players.
const TIMESCALE_MIN: u32 = 1000;
/// A frame rate with a numerator above this is a guess of the container, not a rate.
const TIMESCALE_MAX: u32 = 1_000_000;

/// The output axis of a video stream: source timestamps in, ticks from content zero out.
pub(crate) struct Axis {
    pub(crate) grid: FrameGrid,
    start_pts: i64,
    time_base: (i64, i64),
}

impl Axis {
    pub(crate) fn new(index: &VideoIndex) -> Self {
        let time_base = (i64::from(index.time_base.0.max(1)), i64::from(index.time_base.1.max(1)));
        Self { grid: grid(index.frame_rate), start_pts: index.start_pts, time_base }
    }

    /// Shortest length a segment can have.
    pub(crate) fn frame(&self) -> i64 {
        match self.grid {
            FrameGrid::Constant { frame_ticks, .. } => i64::from(frame_ticks),
            FrameGrid::Variable { .. } => 1,
        }
    }

    /// The nearest point of the frame grid.
    pub(crate) fn snap(&self, ticks: i64) -> i64 {
        let frame = self.frame();
        (ticks + frame / 2).div_euclid(frame) * frame
    }

    /// A source timestamp in ticks, on the frame grid.
    pub(crate) fn ticks(&self, pts: i64) -> i64 {
        let scale = i128::from(self.grid.timescale()) * i128::from(self.time_base.0);
        let frame = i128::from(self.frame());
        let pts = i128::from(pts) - i128::from(self.start_pts);
        let frames = ticks::div_round(pts * scale, i128::from(self.time_base.1) * frame);
        i64::try_from(frames * frame).unwrap_or(if frames < 0 { i64::MIN } else { i64::MAX })
    }
}

fn grid(frame_rate: Option<(u32, u32)>) -> FrameGrid {
    let constant =
        frame_rate.filter(|&(num, den)| num > 0 && den > 0 && num <= TIMESCALE_MAX).and_then(|(num, den)| {
            let scale = TIMESCALE_MIN.div_ceil(num);
            Some(FrameGrid::Constant { timescale: num.checked_mul(scale)?, frame_ticks: den.checked_mul(scale)? })
        });
    constant.unwrap_or(FrameGrid::Variable { timescale: VARIABLE_TIMESCALE })
}

pub(crate) fn copy_cuts(index: &VideoIndex, axis: &Axis, end: i64) -> Result<Vec<i64>, CopyRefusal> {
    let ms = |ms| ticks::from_ms(ms, axis.grid.timescale());
    if !index.complete || index.keyframes.is_empty() {
        return Err(CopyRefusal::IndexIncomplete);
    }
    if index.changes {
        return Err(CopyRefusal::PictureChanges);
    }
    if index.open_gop {
        return Err(CopyRefusal::OpenGop);
    }
    let mut keys: Vec<i64> =
        index.keyframes.iter().map(|&pts| axis.ticks(pts)).filter(|key| (0..end).contains(key)).collect();
    keys.sort_unstable();
    keys.dedup();
    if keys.first() != Some(&0) {
        return Err(CopyRefusal::StartsMidGroup);
    }
    let too_long = |gap: i64| gap > ms(KEYFRAME_GAP_MAX_MS);
    let last = keys.last().copied().unwrap_or(0);
    let pictures_end = axis.ticks(index.end_pts).min(end);
    if too_long(pictures_end - last) || keys.windows(2).any(|pair| too_long(pair[1] - pair[0])) {
        return Err(CopyRefusal::KeyframesTooRare);
    }
    if too_long(end - last) {
        return Err(CopyRefusal::SoundGoesOn);
    }
    let mut cuts = vec![0];
    let mut last = 0;
    for key in keys {
        if key - last >= ms(SEGMENT_MS) {
            cuts.push(key);
            last = key;
        }
    }
    close(&mut cuts, end, ms(SEGMENT_MIN_MS));
    Ok(cuts)
}

/// Bits per second of the busiest stretch between keyframes that is as long as a copied segment, at least. `places` are
/// (time, first byte) of keyframes; what lies between two of them holds sound, too.
pub(crate) fn peak_bit_rate(places: &[(i64, i64)], time_base: (i32, i32)) -> u64 {
    let (num, den) = (i128::from(time_base.0.max(1)), i128::from(time_base.1.max(1)));
    let segment = i128::from(SEGMENT_MS) * den / (1000 * num);
    let mut places = places.to_vec();
    places.sort_unstable();
    let mut peak = 0;
    let mut last: Option<(i64, i64)> = None;
    for (time, byte) in places {
        let Some((from, first)) = last else {
            last = Some((time, byte));
            continue;
        };
        let (length, bytes) = (i128::from(time) - i128::from(from), i128::from(byte) - i128::from(first));
        if length > 0 && length >= segment {
            peak = peak.max(bytes * 8 * den / (length * num));
            last = Some((time, byte));
        }
    }
    u64::try_from(peak).unwrap_or(0)
}

/// Ends the list at `end`; a rest shorter than `min` joins the segment before it.
fn close(cuts: &mut Vec<i64>, end: i64, min: i64) {
    if cuts.len() > 1 && cuts.last().is_some_and(|last| end - last < min) {
        cuts.pop();
    }
    cuts.push(end);
}

/// Divides every interval evenly into pieces of about a segment, on the frame grid.
pub(crate) fn refine(cuts: &[i64], axis: &Axis) -> Vec<i64> {
    let frame = axis.frame();
    let segment = (ticks::from_ms(SEGMENT_MS, axis.grid.timescale()) / frame).max(1);
    let mut fine = vec![0];
    for pair in cuts.windows(2) {
        let frames = ((pair[1] - pair[0]) / frame).max(1);
        let pieces = ((frames + segment / 2) / segment).clamp(1, frames);
        let inner = (1..pieces).map(|n| (i128::from(frames) * i128::from(n) / i128::from(pieces)) as i64);
        fine.extend(inner.map(|n| pair[0] + n * frame));
        fine.push(pair[1]);
    }
    fine
}

pub(crate) fn audio_cuts(end: i64, sample_rate: u32) -> Vec<i64> {
    cut_sound(end, sample_rate, AAC_FRAME_SAMPLES)
}

/// Cuts sound of `end` samples between frames of `frame` samples.
pub(crate) fn cut_sound(end: i64, sample_rate: u32, frame: i64) -> Vec<i64> {
    let frame = frame.max(1);
    let frames_in = |ms| ticks::div_round(ticks::from_ms(ms, sample_rate).into(), frame.into()).max(1) as i64;
    let total = end.max(1).unsigned_abs().div_ceil(frame.unsigned_abs()) as i64;
    let mut cuts = vec![0];
    let mut next = frames_in(AUDIO_FIRST_SEGMENT_MS);
    while next < total {
        cuts.push(next);
        next += frames_in(AUDIO_SEGMENT_MS);
    }
    close(&mut cuts, total, frames_in(SEGMENT_MIN_MS));
    cuts.iter().map(|frames| frames * frame).collect()
}
