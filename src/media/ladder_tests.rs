use crate::media::ladder::{Ladder, Load, RUNGS, choose, fit, max_bit_rate};
use crate::media::track::Preset;

const FILM: Load = Load { fps: 24.0, pixels: 1920 * 1080, hdr: false };

#[test]
fn two_cores_begin_with_720_superfast_and_four_with_1080_veryfast() {
    let (two, four) = (Ladder::new(2), Ladder::new(4));
    assert_eq!(two.best((1920, 1080), FILM), 720);
    assert_eq!(two.preset(720), Preset::Superfast);
    assert_eq!(four.best((1920, 1080), FILM), 1080);
    assert_eq!(four.preset(1080), Preset::Veryfast);
}

#[test]
fn there_is_always_a_rung_even_on_one_core_and_at_240_frames_per_second() {
    assert_eq!(Ladder::new(0).sustained(Load { fps: 240.0, ..FILM }), [360]);
}

#[test]
fn a_rung_measured_too_slow_is_dropped_but_one_bad_segment_drops_nothing() {
    let mut ladder = Ladder::new(2);
    ladder.record(720, FILM, 2.0, 4.0);
    assert_eq!(ladder.best((1920, 1080), FILM), 720);
    for _ in 0..8 {
        ladder.record(720, FILM, 2.0, 4.0);
    }
    assert_eq!(ladder.best((1920, 1080), FILM), 480);
    ladder.record(720, FILM, f64::NAN, 0.0);
    ladder.record(7, FILM, 1.0, 1.0);
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
    assert_eq!((two.best((1920, 1080), FILM), two.best((1920, 1080), hdr)), (720, 360));
    assert_eq!((four.best((1920, 1080), FILM), four.best((1920, 1080), hdr)), (1080, 720));
    assert!(four.best((3840, 2160), four_k) < 1080);
}

#[test]
fn a_slow_hdr_film_does_not_lower_all_others() {
    let mut ladder = Ladder::new(4);
    let hdr = Load { hdr: true, ..FILM };
    for _ in 0..20 {
        ladder.record(1080, hdr, 2.0, 2.0);
    }
    assert_eq!(ladder.best((1920, 1080), FILM), 1080);
    assert_eq!(ladder.best((1920, 1080), hdr), 720);
}
