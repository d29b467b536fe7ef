//! Arithmetic between time scales, in integers that cannot overflow.

/// `a / b` to the nearest, halves up. `b` must be positive.
pub(crate) fn div_round(a: i128, b: i128) -> i128 {
    (2 * a + b).div_euclid(2 * b)
}

/// Milliseconds as ticks, to the nearest.
pub(crate) fn from_ms(ms: i64, timescale: u32) -> i64 {
    div_round(i128::from(ms) * i128::from(timescale), 1000) as i64
}

/// Ticks as microseconds, to the nearest.
pub(crate) fn to_micros(ticks: i64, timescale: u32) -> i64 {
    div_round(i128::from(ticks) * 1_000_000, i128::from(timescale.max(1))) as i64
}

/// Ticks of one scale in another, rounded up.
pub(crate) fn rescale_up(ticks: i64, from: u32, to: u32) -> i64 {
    let (ticks, from, to) = (i128::from(ticks), i128::from(from.max(1)), i128::from(to));
    (ticks * to + from - 1).div_euclid(from) as i64
}
