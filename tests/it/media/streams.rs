//! Real films through the whole service: what the playlists promise is what the segments hold.
use std::sync::Arc;

use watchparty::media::track::Preset;
use watchparty::media::{ClientCaps, MediaError, Presentation, RenditionId, Source, decide, playlist};

use crate::media::harness::Rig;
use crate::support::boxes;
use crate::support::films::{film as sample, folder};

/// First decoding time of a segment and the tick after its last sample; fragments must join without a gap.
fn span(segment: &[u8]) -> (i64, i64) {
    let fragments = boxes::fragments(segment);
    let start = fragments[0].tfdt as i64;
    let end = fragments.iter().fold(start, |end, fragment| {
        assert_eq!(end, fragment.tfdt as i64, "fragments join");
        end + fragment.duration()
    });
    (start, end)
}

/// Every segment of a rendition: starts at its cut, lasts to the next one, to the tick.
pub(super) async fn check_rendition(rig: &Rig, film: &Arc<Presentation>, id: RenditionId) {
    let name = format!("{} {id}", film.source.path.display());
    let init = rig.media.init(film, &id).await.unwrap_or_else(|error| panic!("{name}: {error}"));
    let track = film.track(id, Preset::Ultrafast).unwrap();
    assert_eq!(boxes::timescale(&init), track.timescale, "{name}");
    for n in 0..track.segments() {
        let bytes = rig.fetch(film, id, n).await.unwrap_or_else(|error| panic!("{name} {n}: {error}"));
        let job = track.job(n).unwrap();
        assert_eq!(span(&bytes), (job.start, job.end), "{name} segment {n}");
    }
    assert!(matches!(rig.fetch(film, id, track.segments()).await, Err(MediaError::NotFound)), "{name}");
    let end = *track.cuts.last().unwrap() as f64 / f64::from(track.timescale);
    let text = playlist::rendition(film, &id).unwrap();
    let promised: f64 =
        text.lines().filter_map(|line| line.strip_prefix("#EXTINF:")?.strip_suffix(',')?.parse::<f64>().ok()).sum();
    assert!((promised - end).abs() < 1e-6, "{name}: {promised} {end}");
}

async fn check_film(name: &str) {
    let Some(path) = sample(name) else { return };
    let rig = Rig::start();
    let film = rig.film(path).await;
    let decision = decide(&film, &ClientCaps::default(), &[360]).unwrap();
    for id in &decision.renditions {
        check_rendition(&rig, &film, *id).await;
    }
    rig.media.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_mp4_with_aac_keeps_its_promises() {
    check_film("bbb_480p_30s_aac51.mp4").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_mkv_with_chapters_keeps_its_promises() {
    check_film("chapters_clock_aac51.mkv").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_mkv_with_two_sound_tracks_keeps_its_promises() {
    check_film("multi_sub_two_audio.mkv").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ten_bit_film_keeps_its_promises() {
    check_film("hevc_main10.mp4").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_film_of_variable_rate_keeps_its_promises() {
    check_film("vfr_count_24s.mp4").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_starts_an_hour_late_keeps_its_promises() {
    check_film("start_at_3600s.ts").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_avi_with_b_frames_keeps_its_promises() {
    check_film("xvid_bframes_mp3.avi").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_that_ends_early_keeps_its_promises() {
    check_film("shorter_audio.mp4").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_without_a_picture_keeps_its_promises() {
    check_film("piano_112s.m4a").await;
}

/// A sound container around pictures that no decoder accepts.
const UNDECODABLE: &str = "invalid_vp9.webm";

/// Every file of the collection: what it is decided to be, and the first, a middle and the last segment of each rendition.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes; prints a table"]
#[expect(clippy::print_stdout, reason = "the table is for people")]
async fn every_film_of_the_collection_keeps_its_promises() {
    let Some(folder) = folder() else { return };
    let rig = Rig::start();
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let mut broken = Vec::new();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match rig.media.probe(&path).await {
            Err(error) => println!("{name}: {error}"),
            Ok((info, identity)) => {
                let source = Source { path, identity, info: Arc::new(info) };
                broken.extend(check_ends(&rig, &source, &name).await);
            }
        }
    }
    broken.retain(|line| !line.starts_with(UNDECODABLE));
    assert!(broken.is_empty(), "{broken:#?}");
}

#[expect(clippy::print_stdout, reason = "the table is for people")]
async fn check_ends(rig: &Rig, source: &Source, name: &str) -> Vec<String> {
    let film = match rig.media.presentation(source).await {
        Ok(film) => film,
        Err(error) => {
            println!("{name}: {error}");
            return Vec::new();
        }
    };
    let decision = decide(&film, &ClientCaps::default(), &[360]).unwrap();
    let ids: Vec<String> = decision.renditions.iter().map(ToString::to_string).collect();
    println!("{name}: {} ms, {:?}, {}, {}", film.duration_ms, decision.mode, decision.reason, ids.join(" "));
    let mut broken = Vec::new();
    for id in decision.renditions {
        let track = film.track(id, Preset::Ultrafast).unwrap();
        let last = track.segments() - 1;
        for n in [0, last / 2, last] {
            let job = track.job(n).unwrap();
            match rig.fetch(&film, id, n).await {
                Ok(bytes) if span(&bytes) == (job.start, job.end) => {}
                Ok(bytes) => broken.push(format!("{name} {id} {n}: {:?} instead of {job:?}", span(&bytes))),
                Err(error) => broken.push(format!("{name} {id} {n}/{last}: {error}")),
            }
        }
    }
    broken
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_picture_stands_while_the_sound_goes_on() {
    for name in ["pgs_ac3.mkv", "vobsub_ac3.mkv"] {
        let Some(path) = sample(name) else { return };
        let rig = Rig::start();
        let film = rig.film(path).await;
        assert!((1000..=1240).contains(&film.duration_ms), "{name}: {} ms", film.duration_ms);
        for id in [RenditionId::VideoCopy, RenditionId::Video(360), RenditionId::Audio(0)] {
            check_rendition(&rig, &film, id).await;
        }
        rig.media.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_file_that_starts_at_its_own_zero_is_played_as_it_is() {
    let rig = Rig::start();
    let names = [("start_pts_10s.mp4", false), ("fragmented_15s.mp4", false), ("bbb_480p_30s_aac51.mp4", true)];
    for (name, direct) in names {
        let Some(path) = sample(name) else { return };
        let film = rig.film(path).await;
        let decision = decide(&film, &ClientCaps::default(), &[360]).unwrap();
        assert_eq!(decision.direct, direct, "{name}: {}", decision.reason);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn av1_and_vp9_reach_those_who_play_them_as_they_are() {
    for (name, codec) in [("av1_5s.mkv", "av1"), ("av1_20s.webm", "av1"), ("vp9_opus_portrait.webm", "vp9")] {
        let Some(path) = sample(name) else { return };
        let rig = Rig::start();
        let film = rig.film(path).await;
        let decision = decide(&film, &ClientCaps::from_query(&format!("v={codec}")), &[360]).unwrap();
        assert_eq!(decision.renditions[0], RenditionId::VideoCopy, "{name}: {}", decision.reason);
        let text = playlist::master(&film, &decision);
        assert!(text.contains("CODECS=\"av01.") || text.contains("CODECS=\"vp09."), "{name}: {text}");
        check_rendition(&rig, &film, RenditionId::VideoCopy).await;
        rig.media.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_copied_segment_takes_more_than_the_master_says() {
    for name in ["sintel_trailer_720p.mp4", "chapters_clock_aac51.mkv", "bbb_480p_30s_aac51.mp4"] {
        let Some(path) = sample(name) else { return };
        let rig = Rig::start();
        let film = rig.film(path).await;
        let caps = ClientCaps::default();
        let decision = rig.media.offer(&film, &caps).unwrap();
        let master = playlist::master(&film, &decision);
        let copied = master.lines().zip(master.lines().skip(1)).find(|(_, uri)| uri.starts_with("vcopy/")).unwrap().0;
        let promised = copied.split("BANDWIDTH=").nth(1).unwrap().split(',').next().unwrap().parse::<f64>().unwrap();
        let track = film.track(RenditionId::VideoCopy, Preset::Ultrafast).unwrap();
        let mut peak: f64 = 0.0;
        for n in 0..track.segments() {
            let job = track.job(n).unwrap();
            let seconds = (job.end - job.start) as f64 / f64::from(track.timescale);
            let bytes = rig.fetch(&film, RenditionId::VideoCopy, n).await.unwrap().len();
            peak = peak.max(bytes as f64 * 8.0 / seconds);
        }
        assert!(peak <= promised && promised < 3.0 * peak + 500_000.0, "{name}: {peak:.0} of {promised:.0}");
    }
}
