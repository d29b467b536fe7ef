//! Where things lie in a file that does not tell by itself, learned by reading all of it once. Pure.
//!
//! Two kinds of knowledge: at which byte each keyframe begins, and where the file's own clock jumps or starts again, so
//! that one axis without jumps can be laid over it.
use serde::{Deserialize, Serialize};

/// Packets of other streams lie at most so far from where the picture's clock jumps, in bytes.
const MARGIN_BYTES: i64 = 1 << 20;
/// And never further than this part of the stretch between two jumps.
const MARGIN_PART: i64 = 8;
/// A packet so close to the other side of a jump belongs there, in units of the clock (90 kHz): two seconds.
const CLOSE: i64 = 180_000;
/// Keyframes remembered; of more every second one goes until they fit.
pub const POINTS_MAX: usize = 60_000;

/// How a place in the file is reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Access {
    /// The demuxer is given the entries that it should have found in the file.
    #[default]
    Entries,
    /// By the byte: the container can be entered anywhere.
    Bytes,
}

/// A stretch of the file with one clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// Its first byte.
    pub pos: i64,
    /// What its clock shows at its beginning.
    pub first: i64,
    /// What its clock shows at its end.
    pub last: i64,
    /// What is added to its clock.
    pub shift: i64,
}

/// What was learned of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileMap {
    /// How places are reached.
    pub access: Access,
    /// Keyframes of the film's picture: time on the axis without jumps, and byte.
    pub points: Vec<(i64, i64)>,
    /// Stretches with a clock of their own, in file order; none when the clock never jumps.
    pub stretches: Vec<Stretch>,
}

impl FileMap {
    /// The last known keyframe at or before a time.
    pub fn point_before(&self, time: i64) -> Option<(i64, i64)> {
        let after = self.points.partition_point(|(at, _)| *at <= time);
        after.checked_sub(1).map(|at| self.points[at])
    }

    /// What is to be added to the clock of a packet at a byte.
    pub fn shift(&self, pos: i64, time: i64) -> i64 {
        let at = self.stretches.partition_point(|stretch| stretch.pos <= pos).saturating_sub(1);
        let Some(own) = self.stretches.get(at) else { return 0 };
        let far = |edge: i64| time.saturating_sub(edge).saturating_abs() > CLOSE;
        // Streams are interleaved: around a jump, packets of the other side lie on this one.
        if let Some(next) = self.stretches.get(at + 1)
            && pos >= next.pos - self.margin(at)
            && far(own.last)
            && !far(next.first)
        {
            return next.shift;
        }
        if let Some(at) = at.checked_sub(1)
            && let Some(before) = self.stretches.get(at)
            && pos < own.pos + self.margin(at)
            && far(own.first)
            && !far(before.last)
        {
            return before.shift;
        }
        own.shift
    }

    /// How far from the end of a stretch packets of the other side may lie: little, where a stretch beside it is short.
    fn margin(&self, at: usize) -> i64 {
        let length = |at: usize| Some(self.stretches.get(at + 1)?.pos - self.stretches.get(at)?.pos);
        let lengths = [length(at), length(at + 1)].into_iter().flatten();
        lengths.map(|length| length / MARGIN_PART).fold(MARGIN_BYTES, i64::min)
    }

    /// Drops keyframes until they fit.
    pub fn thin(&mut self) {
        while self.points.len() > POINTS_MAX {
            let mut nth = 0_usize;
            self.points.retain(|_| {
                nth += 1;
                nth % 2 == 1
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::media::map::{FileMap, Stretch};

    const SECOND: i64 = 90_000;

    /// Twenty seconds, twice, a megabyte each.
    fn twice() -> FileMap {
        let stretches = vec![
            Stretch { pos: 0, first: 0, last: 20 * SECOND, shift: 0 },
            Stretch { pos: 1 << 20, first: 0, last: 20 * SECOND, shift: 20 * SECOND },
        ];
        FileMap { stretches, ..FileMap::default() }
    }

    #[test]
    fn each_side_of_a_jump_has_its_shift_and_stray_packets_that_of_their_side() {
        let map = twice();
        assert_eq!(map.shift(500_000, 10 * SECOND), 0);
        assert_eq!(map.shift(1_500_000, 10 * SECOND), 20 * SECOND);
        assert_eq!(map.shift(1_040_000, SECOND / 10), 20 * SECOND, "sound that was written before its picture");
        assert_eq!(map.shift(1_050_000, 20 * SECOND - 9000), 0, "sound that came late");
        assert_eq!(map.shift(1_100_000, 2 * SECOND + 1), 20 * SECOND);
        assert_eq!(
            map.shift(2_000_000, 19 * SECOND),
            20 * SECOND,
            "the end of the second half is not that of the first"
        );
        assert_eq!(map.shift(i64::MAX, i64::MIN), 20 * SECOND);
    }

    #[test]
    fn a_file_without_jumps_is_left_as_it_is() {
        assert_eq!(FileMap::default().shift(1 << 30, 77), 0);
    }

    #[test]
    fn the_keyframe_before_a_time_is_found() {
        let map = FileMap { points: vec![(0, 564), (50, 1000), (90, 2000)], ..FileMap::default() };
        assert_eq!(map.point_before(-1), None);
        assert_eq!(map.point_before(50), Some((50, 1000)));
        assert_eq!(map.point_before(89), Some((50, 1000)));
        assert_eq!(map.point_before(i64::MAX), Some((90, 2000)));
    }
}
