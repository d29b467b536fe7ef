use crate::media::ladder::{Ladder, Load, Made, RUNGS, TRIAL_S, choose, fit, max_bit_rate};
use crate::media::track::Preset;

const FILM: Load = Load { fps: 24.0, pixels: 1920 * 1080, hdr: false, light: false };
const FULL_HD: (u32, u32) = (1920, 1080);

fn made(rung: u32, load: Load, speed: f64) -> Made {
    Made { rung, preset: Preset::Superfast, load, media_s: 2.0 * speed, wall_s: 2.0, sharing: 1 }
}

fn record(ladder: &mut Ladder, times: usize, made: &Made) {
    for _ in 0..times {
        ladder.record(made);
    }
}

#[test]
fn two_cores_begin_with_720_superfast_and_four_with_1080_veryfast() {
    let (two, four) = (Ladder::new(2), Ladder::new(4));
    assert_eq!(two.best(FULL_HD, FILM), 720);
    assert_eq!(two.preset(720, FILM, 0.0), Preset::Superfast);
    assert_eq!(four.best(FULL_HD, FILM), 1080);
    assert_eq!(four.preset(1080, FILM, 0.0), Preset::Veryfast);
}

#[test]
fn there_is_always_a_rung_even_on_one_core_and_at_240_frames_per_second() {
    assert_eq!(Ladder::new(0).sustained(Load { fps: 240.0, ..FILM }, 0.0), [360]);
    assert_eq!(Ladder::new(2).sustained(FILM, 5.0), [360]);
}

#[test]
fn a_slow_machine_gets_what_it_can_make_at_all_and_the_fastest_preset() {
    let mut slow = Ladder::new(2);
    let mut rungs = Vec::new();
    for factor in [1.2, 1.0, 0.8, 0.6, 0.43, 0.1] {
        slow.calibrate(TRIAL_S.map(|seconds| seconds / factor));
        rungs.push(slow.best(FULL_HD, FILM));
    }
    assert_eq!(rungs, [1080, 720, 720, 480, 360, 360]);
    assert_eq!(slow.preset(360, FILM, 0.0), Preset::Ultrafast);
    slow.calibrate([f64::NAN; 3]);
    assert_eq!(slow.best(FULL_HD, FILM), 360);
}

#[test]
fn a_rung_measured_too_slow_is_dropped_but_one_bad_segment_drops_nothing() {
    let mut ladder = Ladder::new(2);
    record(&mut ladder, 1, &made(720, FILM, 0.5));
    assert_eq!(ladder.best(FULL_HD, FILM), 720);
    record(&mut ladder, 20, &made(720, FILM, 1.8));
    assert_eq!(ladder.best(FULL_HD, FILM), 480);
    ladder.record(&Made { wall_s: 0.0, ..made(720, FILM, f64::NAN) });
    ladder.record(&made(7, FILM, 1.0));
}

#[test]
fn a_dropped_rung_returns_when_others_show_that_the_machine_is_fast_again() {
    let mut ladder = Ladder::new(2);
    record(&mut ladder, 20, &made(720, FILM, 1.8));
    assert_eq!(ladder.best(FULL_HD, FILM), 480);
    record(&mut ladder, 30, &made(480, FILM, 2.8));
    assert_eq!(ladder.best(FULL_HD, FILM), 720);
}

#[test]
fn small_swings_change_nothing() {
    let mut ladder = Ladder::new(2);
    record(&mut ladder, 20, &made(720, FILM, 2.2));
    for speed in [2.0, 2.4, 1.95, 2.3] {
        record(&mut ladder, 3, &made(720, FILM, speed));
        assert_eq!(ladder.best(FULL_HD, FILM), 720, "{speed}");
    }
}

#[test]
fn what_is_made_beside_others_counts_for_as_many() {
    let (mut alone, mut beside) = (Ladder::new(2), Ladder::new(2));
    record(&mut alone, 20, &made(720, FILM, 2.5));
    record(&mut beside, 20, &Made { sharing: 2, ..made(720, FILM, 1.25) });
    assert_eq!(alone.best(FULL_HD, FILM), beside.best(FULL_HD, FILM));
}

#[test]
fn all_films_together_take_no_more_than_four_fifths_of_the_machine() {
    for cores in 1..=8 {
        let ladder = Ladder::new(cores);
        let mut taken = 0.0;
        for _ in 0..6 {
            let rung = choose(FULL_HD, &ladder.sustained(FILM, taken));
            let preset = ladder.preset(rung, FILM, taken);
            let share = 1.0 / ladder.speed(rung, preset, FILM);
            let fits = taken + share <= 0.8;
            // What does not fit is the smallest there is, as fast as it can be made.
            assert!(fits || (rung == 360 && preset == Preset::Ultrafast), "{cores} cores: {rung} at {taken}");
            taken += share;
        }
    }
}

#[test]
fn viewers_of_one_film_share_its_rung_and_weak_ones_get_another_where_both_fit() {
    let (two, four) = (Ladder::new(2), Ladder::new(4));
    assert_eq!(four.offer(FULL_HD, FILM, 0.0, None), [1080, 480]);
    assert_eq!(four.offer(FULL_HD, FILM, 0.0, Some(720)), [720, 480]);
    assert_eq!(two.offer(FULL_HD, FILM, 0.0, None), [720, 480]);
    assert_eq!(two.offer(FULL_HD, FILM, 0.35, None).len(), 1);
    assert_eq!(four.offer((640, 360), FILM, 0.0, None), [360]);
}

#[test]
fn a_machine_slower_than_the_film_says_how_long_to_wait() {
    let mut ladder = Ladder::new(2);
    assert!(ladder.wait_s(360, FILM, 0.0, 6000.0, 0.0) <= 0.0);
    // Half as fast as the film plays: an hour of it must wait an hour, and a bit.
    ladder.calibrate(TRIAL_S.map(|seconds| seconds * 3.1 / 0.5));
    let wait = |prepared_s| ladder.wait_s(360, FILM, 0.0, 3600.0, prepared_s);
    assert!((wait(0.0) / 3600.0 - 1.1).abs() < 0.01, "{}", wait(0.0));
    assert!(wait(1000.0) < wait(0.0) && wait(1800.0) <= 0.0 && wait(9999.0) <= 0.0);
    assert!(ladder.wait_s(360, FILM, 0.5, 3600.0, 0.0) > wait(0.0));
}

#[test]
fn a_fixed_preset_stays_whatever_is_measured() {
    let mut ladder = Ladder::fixed(2, Preset::Superfast);
    record(&mut ladder, 50, &made(720, FILM, 0.1));
    assert_eq!((ladder.preset(720, FILM, 3.0), ladder.best(FULL_HD, FILM)), (Preset::Superfast, 720));
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

#[test]
fn hdr_and_4k_cost_height() {
    let hdr = Load { hdr: true, ..FILM };
    let four_k = Load { pixels: 3840 * 2160, ..FILM };
    let (two, four) = (Ladder::new(2), Ladder::new(4));
    assert!(two.best(FULL_HD, hdr) < two.best(FULL_HD, FILM));
    assert!(four.best(FULL_HD, hdr) < four.best(FULL_HD, FILM));
    assert!(four.best((3840, 2160), four_k) < 1080);
}

#[test]
fn a_slow_hdr_film_does_not_lower_all_others() {
    let mut ladder = Ladder::new(4);
    let hdr = Load { hdr: true, ..FILM };
    record(&mut ladder, 20, &made(1080, hdr, 1.9));
    assert_eq!(ladder.best(FULL_HD, FILM), 1080);
    assert_eq!(ladder.best(FULL_HD, hdr), 720);
}

#[test]
fn hardware_makes_large_rungs_affordable_until_it_fails() {
    let mut two = Ladder::new(2);
    two.set_hardware(true);
    assert_eq!(two.best(FULL_HD, FILM), 1080);
    two.set_hardware(false);
    assert_eq!(two.best(FULL_HD, FILM), 720);
}
