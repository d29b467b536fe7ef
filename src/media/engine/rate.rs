//! How good the pictures of a segment may be, so that all of it stays below a bit rate. Pure.
//!
//! x264 can do this itself, but with several threads what it makes then depends on which of them is ahead, and a segment
//! must come out the same each time. Here only the sizes of the pictures before count.

/// Constant quality, as long as the rate allows it.
const CRF: f64 = 23.0;
/// The worst there is.
const CRF_MAX: f64 = 51.0;
/// So much coarser halves a picture, about.
const HALF: f64 = 6.0;
/// The first picture may take this part of the segment's bits.
const FIRST_PART: f64 = 0.4;
/// Part of the rate that pictures get; the rest is for boxes, and for pictures that come out larger than foreseen.
const PICTURES_PART: f64 = 0.9;
/// Seconds in which what was overdrawn is saved again.
const HORIZON_SECONDS: f64 = 0.25;
/// Part of the rate that a picture gets however much was overdrawn.
const LEAST_PART: f64 = 0.1;
/// Steps by which quality returns, per picture.
const RETURN: f64 = 2.0;
/// Where the first picture was too large, the next is taken to be this part of it.
const SECOND_PART: f64 = 0.5;
/// The first picture is made so often at most.
const TRIES_MAX: u32 = 6;

/// The rate control of one segment.
pub(super) struct RateControl {
    bits_per_second: f64,
    ticks_per_second: f64,
    /// Length of the segment in seconds.
    span: f64,
    crf: f64,
    /// Time and bits of the last picture.
    last: Option<(i64, f64)>,
    /// Bits beyond the rate so far.
    debt: f64,
    tries: u32,
}

impl RateControl {
    /// For a segment of `span` ticks.
    pub(super) fn new(max_bit_rate: u32, span: i64, timescale: u32) -> Self {
        let ticks_per_second = f64::from(timescale.max(1));
        Self {
            bits_per_second: f64::from(max_bit_rate.max(1)) * PICTURES_PART,
            ticks_per_second,
            span: span.max(1) as f64 / ticks_per_second,
            crf: CRF,
            last: None,
            debt: 0.0,
            tries: 0,
        }
    }

    /// The quality of the picture at `pts`.
    pub(super) fn crf(&mut self, pts: i64) -> f64 {
        let Some((before, bits)) = self.last else { return self.crf };
        let step = (pts - before).max(1) as f64 / self.ticks_per_second;
        // What may be overdrawn shrinks to nothing until the end of the segment.
        let done = (pts as f64 / self.ticks_per_second / self.span).fract();
        let debt = self.debt - self.bits_per_second * step;
        let rest = self.bits_per_second * self.span * FIRST_PART * (1.0 - done) - debt;
        let due = step * (self.bits_per_second + rest / HORIZON_SECONDS).max(self.bits_per_second * LEAST_PART);
        let fitting = self.crf + HALF * (bits.max(1.0) / due).log2();
        self.crf = fitting.clamp((self.crf - RETURN).max(CRF), CRF_MAX);
        self.crf
    }

    /// Takes note of a picture; false when it is the first and must be made again, coarser.
    pub(super) fn accept(&mut self, pts: i64, bytes: usize) -> bool {
        let bits = bytes as f64 * 8.0;
        if let Some((before, _)) = self.last {
            let passed = self.bits_per_second * (pts - before).max(1) as f64 / self.ticks_per_second;
            // What was not used is not saved up: the rate holds for any stretch.
            self.debt = (self.debt - passed).max(-self.bits_per_second * HORIZON_SECONDS) + bits;
            self.last = Some((pts, bits));
            return true;
        }
        let most = self.bits_per_second * self.span * FIRST_PART;
        if bits > most && self.crf < CRF_MAX && self.tries < TRIES_MAX {
            self.tries += 1;
            self.crf = (self.crf + 1.0 + HALF * (bits / most).log2()).min(CRF_MAX);
            return false;
        }
        self.debt = bits;
        // Pictures that follow a calm one are much smaller.
        self.last = Some((pts, if self.tries > 0 { bits * SECOND_PART } else { 0.0 }));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: u32 = 1_000_000;
    const FRAMES: i64 = 48;

    /// Bits of a segment whose pictures have so many bits each at the best quality, and the worst quality met.
    fn run(first: f64, others: f64) -> (f64, f64) {
        let mut rate = RateControl::new(RATE, FRAMES, 24);
        let size = |best: f64, crf: f64| (best / 8.0 * 2.0_f64.powf((CRF - crf) / 7.0)) as usize;
        let (mut total, mut worst) = (0, CRF);
        for n in 0..FRAMES {
            loop {
                let crf = rate.crf(n);
                worst = worst.max(crf);
                let bytes = size(if n == 0 { first } else { others }, crf);
                if rate.accept(n, bytes) {
                    total += bytes * 8;
                    break;
                }
            }
        }
        (total as f64, worst)
    }

    #[test]
    fn what_fits_is_made_at_the_best_quality() {
        assert!(run(500_000.0, 20_000.0).1 <= CRF);
    }

    #[test]
    fn a_segment_never_takes_more_than_its_rate() {
        for (first, others) in [(500_000.0, 60_000.0), (4e6, 10_000.0), (4e6, 2e5), (8e6, 4e5), (100_000.0, 3e5)] {
            let (total, worst) = run(first, others);
            assert!(total <= 2.0 * f64::from(RATE), "{first} {others}: {total}");
            assert!(total >= f64::from(RATE), "{first} {others}: {total} bits, worst {worst}");
        }
    }
}
