//! Exact conversion between a stream's own clock and a track's output ticks. Integers only.
use crate::media::track::{FrameGrid, Origin};

/// `floor(numerator / denominator + 1/2)`.
fn round_div(numerator: i128, denominator: i128) -> i128 {
    (2 * numerator + denominator).div_euclid(2 * denominator)
}

fn narrow(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(if value < 0 { i64::MIN / 4 } else { i64::MAX / 4 })
}

/// Content time as a fraction of seconds: exact, denominator positive.
fn content(pts: i64, time_base: (i32, i32), origin: &Origin) -> (i128, i128) {
    let (num, den) = (i128::from(time_base.0), i128::from(time_base.1.max(1)));
    let (origin_num, origin_den) = (i128::from(origin.time_base.0), i128::from(origin.time_base.1.max(1)));
    (i128::from(pts) * num * origin_den - i128::from(origin.pts) * origin_num * den, den * origin_den)
}

/// A stream time in output ticks, rounded to the nearest.
pub(super) fn to_ticks(pts: i64, time_base: (i32, i32), origin: &Origin, timescale: u32) -> i64 {
    let (num, den) = content(pts, time_base, origin);
    narrow(round_div(num * i128::from(timescale), den))
}

/// A stream time on the frame grid, in output ticks.
pub(super) fn on_grid(pts: i64, time_base: (i32, i32), origin: &Origin, grid: FrameGrid) -> i64 {
    match grid {
        FrameGrid::Constant { timescale, frame_ticks } => {
            let (num, den) = content(pts, time_base, origin);
            let ticks = i128::from(frame_ticks.max(1));
            narrow(round_div(num * i128::from(timescale), den * ticks) * ticks)
        }
        FrameGrid::Variable { timescale } => to_ticks(pts, time_base, origin, timescale),
    }
}

/// An output tick in a stream's own clock, rounded to the nearest.
pub(super) fn to_pts(tick: i64, time_base: (i32, i32), origin: &Origin, timescale: u32) -> i64 {
    let (num, den) = (i128::from(time_base.0.max(1)), i128::from(time_base.1.max(1)));
    let (origin_num, origin_den) = (i128::from(origin.time_base.0), i128::from(origin.time_base.1.max(1)));
    let scale = i128::from(timescale.max(1));
    let seconds = i128::from(tick) * origin_den + i128::from(origin.pts) * origin_num * scale;
    narrow(round_div(seconds * den, scale * origin_den * num))
}

/// A time of one clock in another, rounded to the nearest.
pub(super) fn rescale(pts: i64, from: (i32, i32), to: (i32, i32)) -> i64 {
    let numerator = i128::from(pts) * i128::from(from.0) * i128::from(to.1);
    narrow(round_div(numerator, i128::from(from.1.max(1)) * i128::from(to.0.max(1))))
}

/// `seconds` in units of a time base.
pub(super) fn seconds_to_pts(seconds: f64, time_base: (i32, i32)) -> i64 {
    (seconds * f64::from(time_base.1) / f64::from(time_base.0.max(1))) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: Origin = Origin { pts: 1_400, time_base: (1, 1000) };

    #[test]
    fn a_millisecond_clock_lands_on_the_frame_grid() {
        let grid = FrameGrid::Constant { timescale: 24_000, frame_ticks: 1001 };
        for frame in 0..100_000_i64 {
            let pts = 1_400 + (frame * 1001 * 1000 + 12_000) / 24_000;
            assert_eq!(on_grid(pts, (1, 1000), &ORIGIN, grid), frame * 1001);
        }
    }

    #[test]
    fn ticks_and_stream_time_convert_back_and_forth() {
        for tick in [-90_000, -1, 0, 1, 90_001, 1 << 40] {
            assert_eq!(to_ticks(to_pts(tick, (1, 90_000), &ORIGIN, 90_000), (1, 90_000), &ORIGIN, 90_000), tick);
        }
    }

    #[test]
    fn absurd_timestamps_do_not_overflow() {
        for pts in [i64::MIN + 1, i64::MAX] {
            let _ = to_ticks(pts, (i32::MAX, 1), &ORIGIN, 90_000);
            let _ = to_pts(pts, (1, i32::MAX), &ORIGIN, 1);
        }
    }
}
