//! Pictures of every shape: turned, stretched, odd, interlaced, deep, wide of range, changing.
use std::process::Command;

use watchparty::media::{Mode, RenditionId};

use crate::matrix::oracle::{Checked, Copy, Expect, Heard, Seen, check};
use crate::matrix::recipe::{FRAME_S, FRAMES, Film, H264, encoded, film, joined, plain};
use crate::support::films::scratch;

const AAC: &str = "-c:a aac -b:a 128k";

/// What `ffprobe` says about the converted picture.
async fn told(checked: &Checked, name: &str) -> String {
    let id = RenditionId::Video(360);
    let init = checked.rig.media.init(&checked.film, &id).await.unwrap();
    let first = checked.rig.fetch(&checked.film, id, 0).await.unwrap();
    let path = scratch().join(format!("told-{name}.mp4"));
    std::fs::write(&path, [init, first].concat()).unwrap();
    let output = Command::new("ffprobe")
        .args([
            "-v",
            "error",
            "-show_entries",
            "stream=pix_fmt,color_transfer,color_primaries,color_space,width,height",
        ])
        .args(["-of", "default=nokey=0:noprint_wrappers=1"])
        .arg(path)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

async fn check_hdr(name: &str, transfer: &str, x265: &str) {
    let film = encoded(
        name,
        &format!(
            "-c:v libx265 -preset ultrafast -crf 18 -pix_fmt yuv420p10le -color_primaries bt2020 -color_trc {transfer} \
             -colorspace bt2020nc -x265-params \
             keyint=48:colorprim=bt2020:transfer={transfer}:colormatrix=bt2020nc{x265}:log-level=error {AAC}"
        ),
    );
    let checked = check(&film, &Expect::converted()).await;
    let told = told(&checked, name).await;
    for tag in ["pix_fmt=yuv420p\n", "color_transfer=bt709", "color_primaries=bt709", "color_space=bt709"] {
        assert!(told.contains(tag), "{name}: not {tag} but {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_07_hdr10_becomes_sdr() {
    check_hdr("hdr10.mkv", "smpte2084", ":hdr10=1:max-cll=1000,400").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_08_hlg_becomes_sdr() {
    check_hdr("hlg.mkv", "arib-std-b67", "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_09_interlaced_mpeg_2_is_deinterlaced() {
    // Two of the base film's moments in the two fields of a frame: only a deinterlacer makes the marker legible again.
    let film = encoded(
        "interlaced.ts",
        "-vf fps=60000/1001,scale=720:480:flags=area,tinterlace=interleave_top,fieldorder=tff,setsar=1 \
         -c:v mpeg2video -q:v 2 -flags +ilme+ildct -c:a mp2 -b:a 192k",
    );
    let tolerance_s = 1.5 * FRAME_S;
    let expect = Expect {
        slack_s: 0.1,
        copy: Copy::Refused,
        seen: Seen::Counting { first: 0, tolerance_s },
        size: (720, 480),
        ..Expect::converted()
    };
    let checked = check(&film, &expect).await;
    assert!(checked.decision.reason.contains("interlaced"), "{}", checked.decision.reason);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_10_telecined_mpeg_2_plays_at_an_even_pace() {
    let film =
        encoded("telecine.mpg", "-vf scale=720:480:flags=area,telecine,setsar=1 -c:v mpeg2video -q:v 2 -c:a ac3");
    let expect = Expect { slack_s: 0.1, seen: Seen::Pictures, size: (720, 480), ..Expect::converted() };
    let checked = check(&film, &expect).await;
    let video = checked.film.video.as_ref().unwrap();
    let frames = video.end() as f64 / f64::from(video.grid.timescale()) * 30_000.0 / 1001.0;
    assert!((frames - 300.0).abs() < 4.0, "{frames} frames");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_19_a_turned_picture_is_put_upright() {
    let turned = encoded("turned.mp4", &format!("-vf transpose=cclock {H264} {AAC}"));
    let film = film("upright.mp4", &format!("-i {turned} -c copy -metadata:s:v rotate=270"));
    check(&film, &Expect { copy: Copy::Any, seen: Seen::Pictures, ..Expect::base() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_20_anamorphic_pictures_get_their_width() {
    let film = encoded(
        "anamorphic.mpg",
        "-vf scale=720:576:flags=area,setsar=64/45 -c:v mpeg2video -q:v 2 -r 25 -c:a mp2 -b:a 192k",
    );
    let seen = Seen::Counting { first: 0, tolerance_s: 1.5 * FRAME_S };
    let checked = check(&film, &Expect { slack_s: 0.1, seen, size: (1024, 576), ..Expect::converted() }).await;
    let told = told(&checked, "anamorphic").await;
    assert!(told.contains("width=640") && told.contains("height=360"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_21_odd_sizes_and_full_colour_become_even_and_plain() {
    let film = encoded(
        "odd.mkv",
        &format!(
            "-vf scale=638:359:flags=area,setsar=1 -c:v libx264 -preset veryfast -crf 18 -g 48 -pix_fmt yuv444p {AAC}"
        ),
    );
    let checked = check(&film, &Expect { size: (638, 359), ..Expect::converted() }).await;
    let told = told(&checked, "odd").await;
    assert!(told.contains("pix_fmt=yuv420p\n"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_25_cover_art_is_not_the_film() {
    let film = film(
        "cover.mp4",
        &format!(
            "-i {} -f lavfi -i color=red:s=900x900:d=0.04 -map 0 -map 1 -c copy -c:v:1 mjpeg \
             -disposition:v:1 attached_pic",
            plain()
        ),
    );
    check(&film, &Expect { mode: Some(Mode::Direct), ..Expect::base() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_35_a_size_that_changes_in_the_middle_is_made_one() {
    let part = |name: &str, size: &str| -> Film {
        encoded(name, &format!("-vf scale={size}:flags=area,setsar=1 {H264} {AAC} -muxdelay 0"))
    };
    let film = joined("sizes.ts", &part("small.ts", "320:180"), &part("large.ts", "640:360"));
    let expect = Expect {
        seconds: 2.0 * f64::from(FRAMES) * FRAME_S,
        slack_s: 0.1,
        mode: Some(Mode::Transcode),
        copy: Copy::Refused,
        seen: Seen::Twice { tolerance_s: 0.1 },
        heard: Heard::Beeps { to: f64::MAX, late_s: 0.0, tolerance_s: 0.1 },
        ..Expect::base()
    };
    check(&film, &expect).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_37_ten_bit_h264_is_converted() {
    let film = encoded("hi10p.mkv", &format!("-c:v libx264 -preset veryfast -crf 18 -g 48 -pix_fmt yuv420p10le {AAC}"));
    check(&film, &Expect::converted()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_38_4k_hevc_is_made_smaller() {
    let film = encoded(
        "4k.mkv",
        &format!(
            "-t 2.002 -vf scale=3840:2160:flags=neighbor -c:v libx265 -preset ultrafast -crf 22 \
             -pix_fmt yuv420p10le -x265-params keyint=24:log-level=error {AAC}"
        ),
    );
    let expect = Expect { seconds: 48.0 * FRAME_S, slack_s: 0.1, size: (3840, 2160), ..Expect::converted() };
    check(&film, &expect).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_39_the_shortest_films_play() {
    let film = |name, frames: u32, mode| {
        let seconds = f64::from(frames) * FRAME_S;
        let film = encoded(
            name,
            &format!("{H264} -vf trim=end_frame={frames} -af atrim=end={seconds} {AAC} -movflags +faststart"),
        );
        (film, Expect { seconds, mode: Some(mode), slack_s: 0.05, ..Expect::base() })
    };
    let (short, expect) = film("short.mp4", 72, Mode::Direct);
    check(&short, &expect).await;
    let (one, expect) = film("one.mp4", 1, Mode::Direct);
    check(&one, &Expect { heard: Heard::Sounds, ..expect }).await;
}
