//! Subtitles as a viewer asks for them: windows of real and made films, texts beside them in any alphabet, fonts.
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use watchparty::media::subtitles::track::{Sidecar, SidecarForm, WINDOW_MS, embedded};
use watchparty::media::subtitles::{Cue, TextFormat, parse};
use watchparty::media::{MediaError, Presentation, SubtitleAsk, SubtitleShape};

use crate::media::harness::Rig;
use crate::support::films::{ffmpeg, film, scratch};

/// The stream index of a film's n-th subtitle track.
fn stream(film: &Presentation, nth: u32) -> u32 {
    embedded(&film.source.info).find(|(n, ..)| *n == nth).expect("a subtitle track").1.index
}

async fn text(rig: &Rig, film: &Presentation, nth: u32, shape: SubtitleShape, window: u32) -> String {
    let ask = SubtitleAsk { stream: stream(film, nth), shape, window };
    String::from_utf8(rig.media.subtitle(film, ask).await.unwrap().to_vec()).unwrap()
}

async fn cues(rig: &Rig, film: &Presentation, nth: u32, window: u32) -> Vec<Cue> {
    parse(TextFormat::Vtt, &text(rig, film, nth, SubtitleShape::Vtt, window).await, 0.0)
}

fn srt(cues: &[(u32, u32)]) -> String {
    let time = |s: u32| format!("{:02}:{:02}:{:02},000", s / 3600, s / 60 % 60, s % 60);
    let cue = |(n, (from, to)): (usize, &(u32, u32))| {
        format!("{}\n{} --> {}\n<i>Cue</i> {from}\n\n", n + 1, time(*from), time(*to))
    };
    cues.iter().enumerate().map(cue).collect()
}

/// Four minutes of film with these cues.
fn subtitled(name: &str, codec: &str, more: &[&str]) -> (PathBuf, Vec<(u32, u32)>) {
    let path = scratch().join(name);
    let script = path.with_extension("cues.srt");
    let mut told: Vec<(u32, u32)> = (0..24).map(|n| (n * 10, n * 10 + 8)).collect();
    // Over the end of a window.
    told.push((55, 65));
    told.sort_unstable();
    fs::write(&script, srt(&told)).unwrap();
    let mut arguments = vec!["-f", "lavfi", "-i", "testsrc2=s=160x90:r=10:d=240", "-i", script.to_str().unwrap()];
    arguments.extend(["-map", "0", "-map", "1", "-c:v", "libx264", "-preset", "ultrafast", "-g", "20", "-c:s", codec]);
    arguments.extend(more);
    arguments.push(path.to_str().unwrap());
    ffmpeg(&arguments);
    (path, told)
}

/// Every window holds exactly the cues that are seen in it, whichever is asked for first.
async fn windows_are_right(name: &str, codec: &str, more: &[&str]) {
    let (path, told) = subtitled(name, codec, more);
    let rig = Rig::start();
    let film = rig.film(path).await;
    for window in [2, 0, 3, 1] {
        let (from, to) = (i64::from(window) * WINDOW_MS, i64::from(window + 1) * WINDOW_MS);
        let seen: Vec<_> = cues(&rig, &film, 0, window).await.into_iter().map(|cue| (cue.start_ms, cue.text)).collect();
        let expected: Vec<_> = told
            .iter()
            .map(|(start, end)| (i64::from(*start) * 1000, i64::from(*end) * 1000))
            .filter(|(start, end)| *start < to && *end > from)
            .map(|(start, _)| (start, format!("<i>Cue</i> {}", start / 1000)))
            .collect();
        assert_eq!(seen, expected, "{name} window {window}");
    }
    let beyond = SubtitleAsk { stream: stream(&film, 0), shape: SubtitleShape::Vtt, window: 5 };
    assert!(matches!(rig.media.subtitle(&film, beyond).await, Err(MediaError::NotFound)));
}

#[tokio::test]
async fn windows_of_a_matroska_film_hold_what_is_seen_in_them() {
    windows_are_right("windows.mkv", "srt", &[]).await;
}

#[tokio::test]
async fn windows_of_an_mp4_film_hold_what_is_seen_in_them() {
    // MP4 has no overlapping cues: ffmpeg's muxer writes them one after the other.
    let (path, _) = subtitled("windows.mp4", "mov_text", &[]);
    let rig = Rig::start();
    let film = rig.film(path).await;
    for (window, first, count) in [(3, 180_000, 6), (0, 0, 7), (2, 120_000, 6)] {
        let seen = cues(&rig, &film, 0, window).await;
        assert_eq!((seen[0].start_ms, seen.len()), (first, count), "window {window}");
        assert_eq!(seen[0].text, format!("<i>Cue</i> {}", first / 1000));
    }
}

#[tokio::test]
async fn cues_are_on_the_clock_of_the_picture_also_when_that_starts_late() {
    windows_are_right("late.mkv", "srt", &["-output_ts_offset", "100"]).await;
}

#[tokio::test]
async fn real_films_give_their_words() {
    let rig = Rig::start();
    for (name, nth, said) in [
        ("multi_sub_two_audio.mkv", 2, "Auf der rechten Seite"),
        ("multi_sub_two_audio.mkv", 6, "右にあるのは"),
        ("vp8_webvtt_track.webm", 0, "W3C HTML Accessibility"),
        ("ass_ac3.mkv", 0, "This is the first subtitle."),
        ("vtt_ac3.mkv", 0, "This is the first subtitle."),
        ("two_video_two_audio_two_subs.mp4", 0, ""),
        ("mov_text_sub.mp4", 0, ""),
    ] {
        let Some(path) = film(name) else { return };
        let film = rig.film(path).await;
        let seen = text(&rig, &film, nth, SubtitleShape::Vtt, 0).await;
        assert!(seen.starts_with("WEBVTT") && seen.contains(said), "{name}: {seen}");
        assert!(!said.is_empty() || !parse(TextFormat::Vtt, &seen, 0.0).is_empty(), "{name}: {seen}");
    }
}

#[tokio::test]
async fn a_script_keeps_its_styles_and_its_lines() {
    let Some(path) = film("ass_ac3.mkv") else { return };
    let rig = Rig::start();
    let film = rig.film(path).await;
    let head = text(&rig, &film, 0, SubtitleShape::AssHead, 0).await;
    assert!(head.contains("[V4+ Styles]") && head.contains("\nStyle: Default"), "{head}");
    let lines = text(&rig, &film, 0, SubtitleShape::AssLines, 0).await;
    assert!(lines.starts_with("Dialogue: ") && lines.contains("This is the first subtitle."), "{lines}");
}

#[tokio::test]
async fn pictures_come_with_their_place_and_their_time() {
    let rig = Rig::start();
    for (name, nth, plane, start, end) in [
        ("vobsub_pgs_5s.mkv", 0, (720, 576), 1000, 2979),
        ("vobsub_pgs_5s.mkv", 1, (852, 480), 955, 2955),
        ("dvb_subtitle.ts", 0, (320, 240), 0, 4900),
    ] {
        let Some(path) = film(name) else { return };
        let film = rig.film(path).await;
        let json = text(&rig, &film, nth, SubtitleShape::Pictures, 0).await;
        let window: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!((window["width"].as_i64(), window["height"].as_i64()), (Some(plane.0), Some(plane.1)), "{name}");
        let first = &window["cues"][0];
        // The origin is the picture's first frame, which lies between two milliseconds.
        let near = |found: &serde_json::Value, told: i64| found.as_i64().is_some_and(|ms| (ms - told).abs() <= 1);
        assert!(near(&first["start"], start) && near(&first["end"], end), "{name} {nth}: {first}");
        let part = &first["parts"][0];
        assert!(part["png"].as_str().unwrap().starts_with("iVBORw0KGgo"), "{name}: PNG");
        assert!(part["y"].as_i64().unwrap() > plane.1 / 2, "{name}: in the lower half");
    }
}

/// A text of the media folder as a subtitle of any film.
async fn beside(rig: &Rig, film: &Arc<Presentation>, path: &Path, format: TextFormat) -> String {
    let form = SidecarForm::Text(format);
    let sidecar = Sidecar { path: path.to_owned(), form, language: None, title: None, forced: false, default: false };
    String::from_utf8(rig.media.sidecar(&film.source, &sidecar, false).await.unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn texts_beside_a_film_are_read_in_every_form_and_alphabet() {
    let rig = Rig::start();
    let Some(path) = film("bbb_480p_30s_aac51.mp4") else { return };
    let playing = rig.film(path).await;
    for (name, format, said) in [
        ("sub_ru_cp1251.srt", TextFormat::Srt, "кадиллак"),
        ("sub_ru_utf16le.srt", TextFormat::Srt, "--> "),
        ("sub_zh_gb18030.srt", TextFormat::Srt, "的"),
        ("sub_en_utf8_bom.srt", TextFormat::Srt, "Yes, there is"),
        ("sub_counter.srt", TextFormat::Srt, "Cue"),
        ("elephantsdream_ar.vtt", TextFormat::Vtt, "إ"),
        ("sub_styles.ssa", TextFormat::Ass, "Hello, World!"),
        ("sub_karaoke.ass", TextFormat::Ass, "hodie"),
        ("sub_microdvd.sub", TextFormat::Frames, "Einstein"),
        ("sub_example.smi", TextFormat::Sami, "clock ticking"),
        ("sub_ebu_tt_d.ttml", TextFormat::Ttml, "-->"),
    ] {
        let Some(path) = film(name) else { return };
        let vtt = beside(&rig, &playing, &path, format).await;
        assert!(vtt.contains(said), "{name}: {}", vtt.chars().take(400).collect::<String>());
        assert!(!vtt.contains('\u{fffd}'), "{name}: letters were lost");
    }
}

#[tokio::test]
async fn pictures_beside_a_film_are_drawn_like_those_in_it() {
    let (Some(index), Some(pictures)) = (film("vobsub_example.idx"), film("vobsub_example.sub")) else { return };
    let form = SidecarForm::VobSub { pictures, stream: 0 };
    let sidecar = Sidecar { path: index, form, language: None, title: None, forced: false, default: false };
    let rig = Rig::start();
    let json = rig.media.sidecar_pictures(&sidecar, 0).await.unwrap();
    let window: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!((window["width"].as_i64(), window["height"].as_i64()), (Some(1920), Some(1080)));
    let starts: Vec<_> = window["cues"].as_array().unwrap().iter().map(|cue| cue["start"].as_i64().unwrap()).collect();
    assert_eq!(starts, [49_466, 52_636]);
    assert_eq!(window["cues"][0]["parts"][0]["w"].as_i64(), Some(422));
    let empty = rig.media.sidecar_pictures(&sidecar, 7).await.unwrap();
    assert!(empty.ends_with(b"\"cues\":[]}"), "{empty:?}");
}

#[tokio::test]
async fn an_attached_font_is_handed_out_and_what_only_looks_like_one_is_not() {
    let font =
        ["/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", "/usr/share/fonts/truetype/dejavu/DejaVuSerif-Bold.ttf"]
            .into_iter()
            .find(|path| Path::new(path).exists());
    let made = scratch().join("font.ttf");
    match font {
        Some(font) => fs::copy(font, &made).map(|_| ()).unwrap(),
        None => fs::write(&made, [b"\0\x01\0\0".as_slice(), &[7; 4000]].concat()).unwrap(),
    }
    let fake = scratch().join("fake.ttf");
    fs::write(&fake, "no font at all").unwrap();
    let path = scratch().join("fonts.mkv");
    let mime = "mimetype=application/x-truetype-font";
    ffmpeg(&[
        "-f",
        "lavfi",
        "-i",
        "testsrc2=s=160x90:r=10:d=2",
        "-c:v",
        "libx264",
        "-attach",
        made.to_str().unwrap(),
        "-attach",
        fake.to_str().unwrap(),
        "-metadata:s:t",
        mime,
        path.to_str().unwrap(),
    ]);
    let rig = Rig::start();
    let film = rig.film(path).await;
    let ask = |stream| SubtitleAsk { stream, shape: SubtitleShape::Font, window: 0 };
    assert_eq!(rig.media.subtitle(&film, ask(1)).await.unwrap(), fs::read(&made).unwrap());
    for stream in [0, 2, 9] {
        assert!(matches!(rig.media.subtitle(&film, ask(stream)).await, Err(MediaError::Engine(_))), "{stream}");
    }
}
