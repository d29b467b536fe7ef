//! Whether frames keep to a constant rate, and to which.
use crate::media::engine::av::pair;
use crate::media::engine::demux::Reader;

/// Rates that films really have.
const RATES: [(u32, u32); 16] = [
    (24_000, 1001),
    (24, 1),
    (25, 1),
    (30_000, 1001),
    (30, 1),
    (48, 1),
    (50, 1),
    (60_000, 1001),
    (60, 1),
    (12, 1),
    (15, 1),
    (10, 1),
    (8, 1),
    (48_000, 1001),
    (120_000, 1001),
    (120, 1),
];
/// How far a timestamp may lie from its place on the frame grid, in frames.
const GRID_TOLERANCE: f64 = 0.4;

/// The usual distance of frames; 1 when there is no telling.
pub(super) fn typical_step(times: &mut [i64]) -> i64 {
    times.sort_unstable();
    let mut steps: Vec<i64> = times.windows(2).map(|pair| pair[1] - pair[0]).filter(|step| *step > 0).collect();
    steps.sort_unstable();
    steps.get(steps.len() / 2).copied().unwrap_or(1)
}

/// The rate, if all seen times keep to its grid and no two share a place. `step` is the usual distance of frames.
pub(super) fn constant_rate(
    reader: &Reader,
    stream: usize,
    mut times: Vec<i64>,
    step: i64,
    span: std::ops::Range<i64>,
) -> Option<(u32, u32)> {
    times.sort_unstable();
    times.dedup();
    let stream = reader.input().stream(stream)?;
    let (num, den) = reader.time_base();
    let tick = f64::from(num) / f64::from(den.max(1));
    let measured = 1.0 / (step as f64 * tick);
    let mut candidates: Vec<(u32, u32)> = [stream.avg_frame_rate, stream.r_frame_rate]
        .map(pair)
        .into_iter()
        .filter(|(num, den)| *num > 0 && *den > 0)
        .flat_map(|(num, den)| {
            let exact = (num as u32, den as u32);
            [nearest(f64::from(num) / f64::from(den)), Some(exact)]
        })
        .chain([nearest(measured)])
        .flatten()
        .collect();
    candidates.dedup();
    candidates.into_iter().find(|rate| {
        let fps = f64::from(rate.0) / f64::from(rate.1);
        let frames = (span.end - span.start) as f64 * tick * fps;
        let places: Vec<f64> = times.iter().map(|time| (time - span.start) as f64 * tick * fps).collect();
        fps <= 120.0
            && frames >= 1.0
            && fps <= 1.5 * measured
            && places.iter().all(|place| (place - place.round()).abs() <= GRID_TOLERANCE)
            && places.windows(2).all(|pair| pair[1].round() > pair[0].round())
    })
}

fn nearest(fps: f64) -> Option<(u32, u32)> {
    RATES.into_iter().find(|rate| {
        let known = f64::from(rate.0) / f64::from(rate.1);
        (fps / known - 1.0).abs() < 4e-4
    })
}
