//! Sound of every kind comes out as stereo, at its time.
use watchparty::media::Mode;

use crate::matrix::oracle::{Expect, check};
use crate::matrix::recipe::{H264, base, encoded, film, plain};

#[tokio::test(flavor = "multi_thread")]
async fn case_22_the_centre_of_dts_surround_is_heard() {
    let film = encoded("dts.mkv", &format!("{H264} -af pan=5.1|FC=c0 -c:a dca -strict -2"));
    check(&film, &Expect { mode: Some(Mode::Remux), ..Expect::base() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_23_each_of_three_sound_tracks_is_offered_with_its_language() {
    let film = film(
        "three.mkv",
        &format!(
            "-i {} -i {} -map 0:v -map 1:a -map 1:a -map 1:a -c:v copy -c:a:0 flac -ar:a:0 44100 -c:a:1 libopus \
             -c:a:2 aac -metadata:s:a:0 language=eng -metadata:s:a:1 language=ger -metadata:s:a:2 language=fre",
            plain(),
            base()
        ),
    );
    let checked = check(&film, &Expect { mode: Some(Mode::Remux), ..Expect::base() }).await;
    let tracks: Vec<&str> = checked.master.lines().filter(|line| line.starts_with("#EXT-X-MEDIA:TYPE=AUDIO")).collect();
    for language in ["en", "de", "fr"] {
        let tagged = tracks.iter().filter(|track| track.contains(&format!("LANGUAGE=\"{language}\""))).count();
        assert!(tagged >= 1, "{language}: {tracks:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_41_sound_of_half_the_rate_plays_at_its_speed() {
    let film = encoded("half-rate.mkv", &format!("{H264} -c:a aac -ar 22050 -b:a 64k"));
    check(&film, &Expect { mode: Some(Mode::Remux), ..Expect::base() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_43_true_hd_is_heard() {
    let film = encoded("truehd.mkv", &format!("{H264} -c:a truehd -strict -2"));
    check(&film, &Expect { mode: Some(Mode::Remux), ..Expect::base() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_damaged_time_in_the_sound_takes_no_sound_away() {
    let stray = "-bsf:a setts=pts=if(eq(N\\,200)\\,PTS+5/TB\\,PTS)";
    let film = film("stray-sound.mkv", &format!("-i {} -c copy {stray}", plain()));
    check(&film, &Expect { mode: Some(Mode::Remux), ..Expect::base() }).await;
}
