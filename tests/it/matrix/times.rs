//! Clocks of files: late, early, jumping, wrapping, variable, hidden.
use watchparty::media::Mode;

use crate::matrix::containers::one_keyframe;
use crate::matrix::oracle::{BEEP_TOLERANCE_S, Copy, Expect, Heard, Seen, check};
use crate::matrix::recipe::{BEEP_S, FRAME_S, FRAMES, FRAMES_LONG, Film, encoded, film, joined, plain};

/// Where two takes are joined, clocks of picture and sound may part by a frame of each.
const SEAM_S: f64 = 0.1;

fn ts(more: &str) -> Film {
    film("plain.ts", &format!("-i {} -c copy {more}", plain()))
}

/// A packet of AAC, which is also what an encoder's first packet delays all sound by.
const DELAY_S: f64 = 1024.0 / 48_000.0;

/// As whole as the base film, whether it can be copied or not.
fn whole() -> Expect {
    Expect { copy: Copy::Any, ..Expect::base() }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_11_a_variable_frame_rate_is_kept() {
    let film = encoded(
        "variable.mkv",
        "-vf select='not(between(mod(n,60),10,30)+between(mod(n,7),2,3))' -fps_mode vfr -c:v libx264 -preset veryfast \
         -crf 18 -g 24 -pix_fmt yuv420p -c:a aac -b:a 128k",
    );
    let seen = Seen::Holding { tolerance_s: FRAME_S * 0.55 };
    check(&film, &Expect { mode: Some(Mode::Remux), slack_s: 2.0 * FRAME_S, seen, ..Expect::base() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_12_a_stream_that_starts_after_an_hour_starts_at_zero() {
    check(&ts("-output_ts_offset 3600 -muxdelay 0"), &whole()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_13_sound_from_before_the_picture_is_left_out() {
    let plain = plain();
    let film = film(
        "early.mkv",
        &format!("-i {plain} -itsoffset -0.5 -i {plain} -map 0:v -map 1:a -c copy -avoid_negative_ts disabled"),
    );
    // The sound ends in its last beep.
    let heard = Heard::Beeps { to: 9.5, late_s: -0.5, tolerance_s: BEEP_TOLERANCE_S };
    check(&film, &Expect { heard, ..Expect::base() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_14_sound_that_starts_late_begins_with_silence() {
    let plain = plain();
    let film = film("late.mkv", &format!("-i {plain} -itsoffset 3 -t 10 -i {plain} -map 0:v -map 1:a -c copy"));
    check(&film, &Expect { heard: Heard::late(3.0), ..Expect::base() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_15_sound_half_as_long_ends_in_silence() {
    let plain = plain();
    let film = film("half.mkv", &format!("-i {plain} -t 4.9 -i {plain} -map 0:v -map 1:a -c copy"));
    let heard = Heard::Beeps { to: 5.0, late_s: 0.0, tolerance_s: BEEP_TOLERANCE_S };
    check(&film, &Expect { heard, ..Expect::base() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_16_an_avi_that_says_no_times_plays_in_order() {
    let film = film("timeless.avi", &format!("-i {} -c:v copy -c:a libmp3lame -b:a 128k", plain()));
    check(&film, &Expect { mode: Some(Mode::Transcode), copy: Copy::Refused, ..Expect::base() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_17_a_clock_that_starts_again_goes_on() {
    let once = ts("-muxdelay 0");
    let film = joined("twice.ts", &once, &once);
    let expect = Expect {
        seconds: 2.0 * f64::from(FRAMES) * FRAME_S,
        slack_s: SEAM_S,
        seen: Seen::Twice { tolerance_s: SEAM_S },
        heard: Heard::Beeps { to: f64::MAX, late_s: 0.0, tolerance_s: SEAM_S },
        ..whole()
    };
    check(&film, &expect).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_18_a_clock_that_wraps_goes_on() {
    check(&ts("-output_ts_offset 95440 -muxdelay 0"), &whole()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_36_what_an_edit_list_hides_stays_hidden() {
    let film = film("edited.mp4", &format!("-ss 5.3 -i {} -c copy", one_keyframe()));
    // The frame that is there at 5.3 s is where the edit begins.
    let first = 127;
    let start = f64::from(first) * FRAME_S;
    let expect = Expect {
        seconds: f64::from(FRAMES_LONG - first) * FRAME_S,
        seen: Seen::Counting { first, tolerance_s: FRAME_S * 0.55 },
        // In the film that is cut here the encoder's delay of one packet is heard: its beeps are late already.
        heard: Heard::Beeps { to: f64::MAX, late_s: 6.0 * BEEP_S + DELAY_S - start, tolerance_s: DELAY_S },
        ..whole()
    };
    check(&film, &expect).await;
}
