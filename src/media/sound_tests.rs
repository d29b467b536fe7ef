use proptest::prelude::*;

use crate::media::sound::{SoundGrid, SoundRefusal, SoundSurvey, cut};

/// Times of `count` packets from `from`, as a clock of `clock` samples rounds them.
fn window(grid: SoundGrid, from: i64, count: i64, clock: i64) -> Vec<i64> {
    let times = (from..from + count).map(|n| n * i64::from(grid.frame) + grid.phase);
    times.map(|time| (time + clock / 2).div_euclid(clock) * clock).collect()
}

fn survey(grid: SoundGrid, from: i64, end: i64, clock: i64) -> SoundSurvey {
    let windows =
        vec![window(grid, from, 12, clock), window(grid, end / 2, 12, clock), window(grid, end - 40, 40, clock)];
    SoundSurvey {
        sample_rate: grid.sample_rate,
        frames: vec![1024, 2048],
        quiet: false,
        clock,
        first: windows[0][0],
        last: windows[2][39],
        windows,
    }
}

const GRID: SoundGrid = SoundGrid { sample_rate: 48_000, frame: 1024, phase: 0 };
/// A thousand packets of a thousandth and a bit of a second.
const END: (i64, u32) = (1000 * 1024, 48_000);

proptest! {
    #[test]
    fn any_phase_is_found_through_any_rounding(phase in -512_i64..512, clock in 1_i64..96, long: bool) {
        let frame = if long { 2048 } else { 1024 };
        let grid = SoundGrid { frame, phase, ..GRID };
        let end = (1000 * i64::from(frame), 48_000);
        let copy = cut(&survey(grid, 0, 1000, clock), end).unwrap();
        prop_assert_eq!(copy.grid.frame, frame);
        let off = (copy.grid.phase - phase).rem_euclid(i64::from(frame));
        prop_assert!(off.min(i64::from(frame) - off) <= clock, "{:?}", copy.grid);
        for n in [0, 1, 500, 999] {
            let place = copy.grid.place(window(grid, n, 1, clock)[0]);
            prop_assert!((place - n).abs() <= 1);
            // What lies a packet further on lies a place further on.
            prop_assert_eq!(copy.grid.place(window(grid, n + 1, 1, clock)[0]), place + 1);
        }
        prop_assert!(copy.cuts.windows(2).all(|pair| pair[0] < pair[1]));
        prop_assert!(copy.cuts.iter().all(|cut| cut % i64::from(frame) == 0));
        prop_assert_eq!((copy.cuts[0], copy.cuts[copy.cuts.len() - 1]), (0, end.0));
    }
}

#[test]
fn sound_that_begins_late_or_ends_early_is_refused_unless_it_is_a_trifle() {
    assert!(cut(&survey(GRID, 5, 1000, 1), END).is_ok());
    assert_eq!(cut(&survey(GRID, 10, 1000, 1), END), Err(SoundRefusal::StartsLate));
    assert!(cut(&survey(GRID, -3, 990, 1), END).is_ok());
    assert_eq!(cut(&survey(GRID, 0, 900, 1), END), Err(SoundRefusal::EndsEarly));
    let quiet = SoundSurvey { quiet: true, ..survey(GRID, 0, 900, 1) };
    assert_eq!(cut(&quiet, END).unwrap().cuts.last(), Some(&END.0));
}

#[test]
fn packets_that_drift_or_jump_lie_on_no_grid() {
    let mut drifting = survey(GRID, 0, 1000, 1);
    drifting.windows[1].iter_mut().for_each(|time| *time += 400);
    assert_eq!(cut(&drifting, END), Err(SoundRefusal::Uneven));
    let mut odd = survey(GRID, 0, 1000, 1);
    odd.windows = vec![(0..40).map(|n| n * 1500).collect()];
    assert_eq!(cut(&odd, END), Err(SoundRefusal::Uneven));
    assert_eq!(cut(&SoundSurvey { windows: vec![vec![0, 1024]], ..odd }, END), Err(SoundRefusal::Uneven));
}

#[test]
fn large_frames_far_off_the_beginning_are_refused() {
    let grid = SoundGrid { frame: 4608, phase: 2000, ..GRID };
    let far = SoundSurvey { frames: vec![4608], ..survey(grid, 0, 1000, 1) };
    assert_eq!(cut(&far, END), Err(SoundRefusal::OffGrid));
}
