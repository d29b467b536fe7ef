//! Containers, their indexes and their codecs.
use watchparty::media::{ClientCaps, Mode, decide};

use crate::matrix::oracle::{Copy, Expect, Heard, Seen, check};
use crate::matrix::recipe::{FRAME_S, FRAMES_LONG, Film, H264, encoded, film, long_base, plain};

/// The long film, converted only.
fn long(copy: Copy, mode: Mode) -> Expect {
    Expect { seconds: f64::from(FRAMES_LONG) * FRAME_S, copy, mode: Some(mode), ..Expect::base() }
}

/// Keyframes at the start and nowhere else.
pub(super) fn one_keyframe() -> Film {
    film(
        "one-keyframe.mkv",
        &format!("-i {} {H264} -x264-params keyint=infinite:scenecut=0 -c:a aac -b:a 128k", long_base()),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn case_01_a_plain_mp4_is_played_as_it_is() {
    check(&plain(), &Expect { mode: Some(Mode::Direct), ..Expect::base() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_02_an_mp4_with_its_index_at_the_end_is_played_as_it_is() {
    let film = film("moov-last.mp4", &format!("-i {} -c copy", plain()));
    check(&film, &Expect { mode: Some(Mode::Direct), ..Expect::base() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_03_a_film_with_one_keyframe_is_converted() {
    check(&one_keyframe(), &long(Copy::Refused, Mode::Transcode)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_04_keyframes_in_clusters_make_no_tiny_segments() {
    let film = film(
        "clusters.mkv",
        &format!(
            "-i {} {H264} -force_key_frames 0,0.04,0.08,7.1,7.2,15 -x264-params scenecut=0:keyint=9999 \
             -c:a aac -b:a 128k",
            long_base()
        ),
    );
    let checked = check(&film, &long(Copy::Offered, Mode::Remux)).await;
    let video = checked.film.video.as_ref().unwrap();
    let lengths = |cuts: &[i64]| -> Vec<f64> {
        let scale = f64::from(video.grid.timescale());
        cuts.windows(2).map(|pair| (pair[1] - pair[0]) as f64 / scale).collect()
    };
    let copied = lengths(video.copy.as_ref().unwrap());
    assert_eq!(copied.len(), 3, "{copied:?}");
    assert!(lengths(&video.cuts).iter().all(|length| *length > 0.5), "{:?}", lengths(&video.cuts));
}

#[tokio::test(flavor = "multi_thread")]
async fn case_05_open_groups_of_h264_start_clean_or_are_converted() {
    let film = encoded(
        "open.mkv",
        "-c:v libx264 -preset veryfast -crf 18 -pix_fmt yuv420p -c:a aac -b:a 128k \
         -x264-params open-gop=1:keyint=48:bframes=3:b-pyramid=normal",
    );
    check(&film, &Expect { copy: Copy::Any, ..Expect::base() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_06_ten_bit_hevc_with_open_groups_and_surround_is_converted_with_its_sound() {
    let film = encoded(
        "hevc10-open.mkv",
        "-c:v libx265 -preset ultrafast -crf 18 -pix_fmt yuv420p10le -c:a eac3 \
         -x265-params open-gop=1:keyint=48:log-level=error",
    );
    check(&film, &Expect::converted()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_30_a_streamed_mkv_without_index_and_length_plays() {
    let film = film("streamed.mkv", &format!("-i {} -c copy -f matroska -seekable 0", plain()));
    check(&film, &Expect { copy: Copy::Any, ..Expect::base() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_31_a_fragmented_mp4_plays() {
    let film =
        film("fragmented.mp4", &format!("-i {} -c copy -movflags frag_keyframe+empty_moov+default_base_moof", plain()));
    check(&film, &Expect { copy: Copy::Any, ..Expect::base() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_33_xvid_with_b_frames_in_avi_is_converted() {
    let film = encoded("xvid.avi", "-c:v mpeg4 -vtag XVID -bf 2 -q:v 2 -c:a libmp3lame -b:a 128k");
    check(&film, &Expect::converted()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_34a_windows_media_is_converted() {
    let film = encoded("windows.wmv", "-c:v wmv2 -b:v 2M -c:a wmav2 -b:a 128k");
    // The encoder leaves out the first 43 ms of sound.
    let heard = Heard::Beeps { to: f64::MAX, late_s: 0.0, tolerance_s: 0.05 };
    check(&film, &Expect { heard, ..Expect::converted() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_34b_theora_is_converted() {
    let film = encoded("theora.ogv", "-c:v libtheora -q:v 9 -c:a libvorbis");
    check(&film, &Expect::converted()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_34c_webm_with_vp9_is_played_as_it_is_by_who_can() {
    let film = encoded("vp9.webm", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 1M -g 48 -c:a libopus");
    let checked = check(&film, &Expect::converted()).await;
    let caps = ClientCaps::from_query("v=h264,vp9&a=aac,opus&c=mp4,webm");
    assert_eq!(decide(&checked.film, &caps, &[360]).unwrap().mode, Mode::Direct);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_34d_av1_in_mkv_is_converted_for_who_cannot() {
    let film = encoded("av1.mkv", "-c:v libsvtav1 -preset 12 -crf 25 -g 48 -c:a libopus");
    check(&film, &Expect::converted()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_32_films_without_sound_and_sound_without_a_film_play() {
    let mute = film("mute.mp4", &format!("-i {} -c copy -an", plain()));
    check(&mute, &Expect { heard: Heard::Nothing, mode: Some(Mode::Direct), ..Expect::base() }).await;
    let blind = encoded("blind.flac", "-vn -c:a flac");
    check(&blind, &Expect { seen: Seen::Nothing, mode: Some(Mode::Remux), ..Expect::base() }).await;
}
