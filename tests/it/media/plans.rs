//! Films whose container does not tell where things are, and films whose clock cannot be trusted.
use std::path::{Path, PathBuf};
use std::sync::Arc;

use watchparty::media::engine::Head;
use watchparty::media::track::{Preset, TrackSpec};
use watchparty::media::{ClientCaps, Mode, Presentation, RenditionId, decide};

use crate::media::harness::Rig;
use crate::media::streams::check_rendition;
use crate::support::films::{ffmpeg, limit, made, open, scratch, segment};
use crate::support::wait::wait_for;

const PICTURE: &str = "testsrc2=s=640x360:r=25:d=10";
const SOUND: &str = "sine=440:r=48000:d=10";

/// A rate that no picture here needs.
const UNLIMITED: u32 = 400_000_000;

/// Ten seconds with sound.
fn short(name: &str, more: &[&str]) -> PathBuf {
    let film = ["-f", "lavfi", "-i", PICTURE, "-f", "lavfi", "-i", SOUND, "-c:v", "libx264", "-g", "50"];
    made(name, &[&film[..], &["-preset", "veryfast", "-c:a", "aac"], more].concat())
}

/// More bytes than are read through before a film is presented.
fn large(name: &str) -> PathBuf {
    short(name, &["-muxrate", "36000000"])
}

fn joined(name: &str, parts: &[&Path]) -> PathBuf {
    let path = scratch().join(name);
    let bytes: Vec<u8> = parts.iter().flat_map(|part| std::fs::read(part).unwrap()).collect();
    std::fs::write(&path, bytes).unwrap();
    path
}

/// A converted segment, always with the same preset: what the service takes depends on how busy the machine is.
fn converted(film: &Presentation, head: &mut Option<Head>, n: u32) -> Vec<u8> {
    let mut track = film.track(RenditionId::Video(360), Preset::Ultrafast).unwrap();
    if let TrackSpec::VideoH264 { max_bit_rate, .. } = &mut track.spec {
        *max_bit_rate = UNLIMITED;
    }
    let head = head.get_or_insert_with(|| Head::open(&film.source, &track.spec, &limit()).unwrap());
    segment(head, &track.job(n).unwrap()).unwrap().0
}

async fn check_all(rig: &Rig, film: &Arc<Presentation>) {
    let decision = decide(film, &ClientCaps::default(), &[360]).unwrap();
    for id in decision.renditions.into_iter().chain([RenditionId::Video(360)]) {
        check_rendition(rig, film, id).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_film_without_an_index_is_converted_at_once_and_copied_later_on_the_same_timeline() {
    let path = large("large.ts");
    assert!(path.metadata().unwrap().len() > 32 << 20, "{} is too small for this", path.display());
    let rig = Rig::start();
    let source = rig.source(path).await;
    let early = rig.media.presentation(&source).await.unwrap();
    assert!(!early.settled);
    let first = decide(&early, &ClientCaps::default(), &[360]).unwrap();
    assert_eq!(first.mode, Mode::Transcode, "{}", first.reason);
    rig.fetch(&early, RenditionId::Video(360), 2).await.unwrap();

    let late = wait_for("the film to be read through", || async {
        Some(rig.media.presentation(&source).await.unwrap()).filter(|film| film.settled)
    })
    .await;
    let (before, after) = (early.video.as_ref().unwrap(), late.video.as_ref().unwrap());
    assert_eq!((early.duration_ms, early.origin), (late.duration_ms, late.origin));
    assert_eq!(early.audio[0].cuts, late.audio[0].cuts);
    assert!(early.audio[0].copy.is_err() && late.audio[0].copy.is_ok());
    assert_eq!((&before.cuts, before.grid, before.end()), (&after.cuts, after.grid, after.end()));
    assert_eq!(after.copy.as_ref().unwrap().last(), before.cuts.last());
    assert_eq!(decide(&late, &ClientCaps::default(), &[360]).unwrap().mode, Mode::Remux);
    check_all(&rig, &late).await;
    // Found by other means: still the same bytes.
    let mut warm = None;
    for n in 0..4 {
        let (before, after) = (converted(&early, &mut warm, n), converted(&late, &mut None, n));
        assert!(before == after, "segment {n}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_outlives_the_process_and_needs_no_look_into_the_file() {
    let path = short("kept.ts", &[]);
    let copy = joined("kept-and-gone.ts", &[&path]);
    let rig = Rig::start();
    let source = rig.source(copy.clone()).await;
    let film = rig.media.presentation(&source).await.unwrap();
    let rig = rig.restart().await;
    std::fs::remove_file(copy).unwrap();
    assert_eq!(rig.media.presentation(&source).await.unwrap(), film);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_film_whose_clock_starts_again_is_one_film() {
    let part = short("once.ts", &[]);
    let path = joined("twice.ts", &[&part, &part]);
    let rig = Rig::start();
    let source = rig.source(path).await;
    let film = rig.media.presentation(&source).await.unwrap();
    assert!((19_500..20_600).contains(&film.duration_ms), "{} ms", film.duration_ms);
    assert!((film.duration_ms - source.info.duration_ms).abs() < 100, "{} ms said", source.info.duration_ms);
    check_all(&rig, &film).await;
    assert_eq!(decide(&film, &ClientCaps::default(), &[360]).unwrap().mode, Mode::Remux);
    let timescale = film.video.as_ref().unwrap().grid.timescale();
    let frames = film.video.as_ref().unwrap().end() / i64::from(timescale) * 25;
    assert!(frames >= 475, "{frames}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_hour_that_is_missing_in_a_recording_is_not_waited_for() {
    let before = short("before.ts", &[]);
    let after = short("after.ts", &["-output_ts_offset", "3600", "-muxdelay", "0"]);
    let path = joined("gap.ts", &[&before, &after]);
    let rig = Rig::start();
    let film = rig.film(path).await;
    assert!((19_500..20_600).contains(&film.duration_ms), "{} ms", film.duration_ms);
    check_all(&rig, &film).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_wraps_does_not_end_the_film() {
    let path = short("wrap.ts", &["-output_ts_offset", "95438", "-muxdelay", "0"]);
    let rig = Rig::start();
    let film = rig.film(path).await;
    assert!((9_900..10_300).contains(&film.duration_ms), "{} ms", film.duration_ms);
    check_all(&rig, &film).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_changes_its_size_is_converted_to_one_size() {
    let small = short("small.ts", &[]);
    let big = short("big.ts", &["-s", "1280x720"]);
    let rig = Rig::start();
    let film = rig.film(joined("sizes.ts", &[&small, &big])).await;
    let decision = decide(&film, &ClientCaps::default(), &[360]).unwrap();
    assert_eq!(decision.mode, Mode::Transcode, "{}", decision.reason);
    check_rendition(&rig, &film, RenditionId::Video(360)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_mkv_from_a_pipe_is_entered_anywhere_once_it_was_read_through() {
    let whole = short("piped-from.mkv", &[]);
    let path = scratch().join("piped.mkv");
    let output = ffmpeg(&["-i", whole.to_str().unwrap(), "-c", "copy", "-f", "matroska", "-live", "1", "-"]);
    std::fs::write(&path, output.stdout).unwrap();
    let rig = Rig::start();
    let film = rig.film(path).await;
    assert!(film.source.info.map.as_ref().is_some_and(|map| map.points.len() >= 5));
    let id = RenditionId::VideoCopy;
    let last = film.track(id, Preset::Ultrafast).unwrap().segments() - 1;
    rig.fetch(&film, id, last).await.unwrap();
    check_all(&rig, &film).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_raw_stream_is_the_same_from_the_middle_as_from_the_beginning() {
    let whole = short("raw-from.mp4", &[]);
    let path = made("raw.h264", &["-i", whole.to_str().unwrap(), "-c:v", "copy", "-an", "-bsf:v", "h264_mp4toannexb"]);
    let rig = Rig::start();
    let film = rig.film(path).await;
    let count = film.track(RenditionId::Video(360), Preset::Ultrafast).unwrap().segments();
    assert!(count >= 4);
    let mut warm = None;
    let forwards: Vec<_> = (0..count).map(|n| converted(&film, &mut warm, n)).collect();
    for n in (0..count).rev() {
        assert!(converted(&film, &mut None, n) == forwards[n as usize], "segment {n}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_mp4_made_from_the_rounded_times_of_an_mkv_is_cut_to_the_tick() {
    let whole = short("rounded-from.mkv", &["-bf", "3"]);
    let path = made("rounded.mp4", &["-stream_loop", "2", "-i", whole.to_str().unwrap(), "-c", "copy"]);
    let (source, index) = open(&path);
    assert!(index.keyframes.len() >= 15, "{:?}", index.keyframes);
    let rig = Rig::start();
    let film = rig.media.presentation(&source).await.unwrap();
    check_rendition(&rig, &film, RenditionId::VideoCopy).await;
}
