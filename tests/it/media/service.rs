//! What the service promises beyond the bytes: once, kept, in time, and never for nobody.
use std::fmt::Write;
use std::path::PathBuf;

use futures_util::StreamExt;
use futures_util::future::join_all;
use watchparty::clock::{Clock, SystemClock};
use watchparty::media::track::{FrameGrid, Preset};
use watchparty::media::{ClientCaps, Group, MediaError, Playhead, RenditionId, Source};

use crate::media::harness::Rig;
use crate::support::films::{decoded, film as sample};

const TEN_BIT: &str = "hevc_10s_frame_counter.mp4";
const MKV: &str = "chapters_clock_aac51.mkv";

#[tokio::test(flavor = "multi_thread")]
async fn two_viewers_cost_one_encode_and_get_the_same_bytes() {
    let Some(path) = sample(TEN_BIT) else { return };
    let rig = Rig::start();
    let film = rig.film(path).await;
    let id = RenditionId::Video(360);
    let (one, two) = tokio::join!(rig.fetch(&film, id, 1), rig.fetch(&film, id, 1));
    assert_eq!(one.unwrap(), two.unwrap());
    assert_eq!(rig.media.stats().segments_made, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_fetch_and_the_next_process_find_the_segment_made() {
    let Some(path) = sample(MKV) else { return };
    let mut rig = Rig::start();
    let film = rig.film(path.clone()).await;
    let ids = [RenditionId::VideoCopy, RenditionId::Audio(0), RenditionId::Video(360)];
    let mut first = Vec::new();
    for id in ids {
        first.push(rig.fetch(&film, id, 1).await.unwrap());
        assert_eq!(rig.fetch(&film, id, 1).await.unwrap(), *first.last().unwrap());
    }
    assert_eq!((rig.media.stats().segments_made, rig.media.stats().cache_hits), (3, 3));
    rig = rig.restart().await;
    let film = rig.film(path).await;
    for (id, bytes) in ids.into_iter().zip(first) {
        assert_eq!(rig.fetch(&film, id, 1).await.unwrap(), bytes);
    }
    assert_eq!((rig.media.stats().segments_made, rig.media.stats().cache_hits), (0, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_order_of_requests_does_not_change_a_byte() {
    let Some(path) = sample(TEN_BIT) else { return };
    let id = RenditionId::Video(360);
    let mut runs = Vec::new();
    for order in [[0, 1, 2], [2, 0, 1]] {
        let rig = Rig::start();
        let film = rig.film(path.clone()).await;
        let mut bytes = [const { None }; 3];
        for n in order {
            bytes[n] = Some(rig.fetch(&film, id, n as u32).await.unwrap());
        }
        runs.push(bytes);
    }
    assert!(runs[0] == runs[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standing_room_is_made_ready_before_anybody_asks() {
    let Some(path) = sample(MKV) else { return };
    let rig = Rig::start();
    let source = rig.source(path).await;
    rig.media.follow(&source, Group(1), Playhead { position_ms: 0, playing: false });
    rig.until("three segments of picture and three of sound", |media| media.stats().segments_made >= 6).await;
    let film = rig.media.presentation(&source).await.unwrap();
    for id in rig.media.offer(&film, &ClientCaps::default()).unwrap().start(&film) {
        rig.fetch(&film, id, 0).await.unwrap();
    }
    let stats = rig.media.stats();
    assert_eq!((stats.segments_made, stats.cache_hits, stats.cache_misses), (6, 2, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_playing_room_is_read_ahead_for_what_its_viewers_take() {
    let Some(path) = sample(MKV) else { return };
    let rig = Rig::start();
    let source = rig.source(path).await;
    let film = rig.media.presentation(&source).await.unwrap();
    rig.fetch(&film, RenditionId::Audio(0), 0).await.unwrap();
    rig.media.follow(&source, Group(1), Playhead { position_ms: 0, playing: true });
    let segments = film.track(RenditionId::Audio(0), Preset::Ultrafast).unwrap().covering(0, 45_000);
    rig.until("three quarters of a minute of sound", |media| media.stats().segments_made >= u64::from(segments.end))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn work_nobody_waits_for_is_cancelled_and_leaves_nothing_in_the_cache() {
    let Some(path) = sample("h264_mp2_1080p_10s.ts") else { return };
    let rig = Rig::start();
    let film = rig.film(path).await;
    let body = rig.media.segment(&film, &RenditionId::Video(1080), 3).await.unwrap();
    drop(body);
    rig.until("the end of the work", |media| media.stats().in_flight == 0).await;
    rig.until("an account of it", |media| media.stats().segments_cancelled + media.stats().segments_made == 1).await;
    let stats = rig.media.stats();
    assert_eq!(stats.cache_bytes > 0, stats.segments_made == 1);
    assert!(rig.fetch(&film, RenditionId::Video(1080), 3).await.is_ok(), "it can be made afterwards");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_said_and_a_bad_file_harms_nobody() {
    let Some(path) = sample(MKV) else { return };
    let rig = Rig::start();
    let film = rig.film(path.clone()).await;
    for (id, n) in [(RenditionId::Audio(9), 0), (RenditionId::VideoCopy, 99_999), (RenditionId::Video(999), 0)] {
        assert!(matches!(rig.fetch(&film, id, n).await, Err(MediaError::NotFound)), "{id}");
    }
    assert!(rig.media.probe(&PathBuf::from("/nowhere/film.mkv")).await.is_err());
    for bad in ["not_a_movie.mp4", "cenc_encrypted.mp4"] {
        assert!(rig.media.probe(&sample(bad).unwrap()).await.is_err(), "{bad}");
    }
    let good = rig.source(path).await;
    let gone = Source { path: PathBuf::from("/nowhere/film.mkv"), ..good.clone() };
    let film = rig.media.presentation(&gone).await.unwrap();
    assert!(matches!(rig.fetch(&film, RenditionId::Audio(0), 0).await, Err(MediaError::Changed)));
    let film = rig.media.presentation(&good).await.unwrap();
    assert!(rig.fetch(&film, RenditionId::Audio(0), 0).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poster_is_a_picture() {
    let Some(path) = sample(TEN_BIT) else { return };
    let rig = Rig::start();
    let source = rig.source(path).await;
    let poster = rig.media.poster(&source).await.unwrap();
    assert_eq!(&poster[..2], &[0xff, 0xd8]);
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_ends_work_in_progress_and_tells_who_waits() {
    let Some(path) = sample("h264_mp2_1080p_10s.ts") else { return };
    let rig = Rig::start();
    let film = rig.film(path).await;
    let fetch = rig.fetch(&film, RenditionId::Video(1080), 3);
    let stop = async {
        rig.until("work in progress", |media| media.stats().in_flight == 1).await;
        rig.media.shutdown().await;
    };
    let (fetched, ()) = tokio::join!(fetch, stop);
    let stats = rig.media.stats();
    assert_eq!(fetched.is_ok(), stats.segments_made == 1);
    assert!(rig.fetch(&film, RenditionId::Audio(0), 0).await.is_err(), "nothing begins afterwards");
}

#[tokio::test(flavor = "multi_thread")]
async fn viewers_who_come_and_go_never_harm_those_who_stay() {
    let Some(path) = sample(TEN_BIT) else { return };
    let id = RenditionId::Video(360);
    let alone = Rig::start();
    let film = alone.film(path.clone()).await;
    let mut expected = Vec::new();
    for n in 0..4 {
        expected.push(alone.fetch(&film, id, n).await.unwrap());
    }
    let rig = Rig::start();
    let film = rig.film(path).await;
    let viewers = (0..60_u32).map(|viewer| {
        let (rig, film, expected) = (&rig, &film, &expected);
        async move {
            let n = viewer * 7 % 4;
            if viewer % 3 == 0 {
                // Leaves after the first bytes, or before.
                let body = rig.media.segment(film, &id, n);
                if viewer % 2 == 0 { drop(body.await) } else { drop(body) }
            } else {
                assert!(rig.fetch(film, id, n).await.unwrap() == expected[n as usize]);
            }
        }
    });
    join_all(viewers).await;
    assert_eq!(rig.media.stats().segments_failed, 0);
    assert_eq!(rig.media.stats().segments_made, 4, "{:?}", rig.media.stats());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures; prints a table"]
#[expect(clippy::print_stdout, reason = "the table is for people")]
async fn times_to_the_first_bytes() {
    let clock = SystemClock;
    for (name, id) in [
        ("sintel_trailer_720p.mp4", RenditionId::VideoCopy),
        ("sintel_trailer_720p.mp4", RenditionId::Audio(0)),
        (TEN_BIT, RenditionId::Video(360)),
        (TEN_BIT, RenditionId::Video(1080)),
        ("h264_mp2_1080p_10s.ts", RenditionId::Video(720)),
    ] {
        let Some(path) = sample(name) else { return };
        let rig = Rig::start();
        let source = rig.source(path).await;
        let began = clock.now();
        let film = rig.media.presentation(&source).await.unwrap();
        let planned = clock.now();
        let Ok(init) = rig.media.init(&film, &id).await else { continue };
        let opened = clock.now();
        let mut row = format!(
            "{name} {id}: plan {:?}, init {:?} ({} bytes)",
            planned.since(began),
            opened.since(planned),
            init.len()
        );
        for n in [1, 2, 1] {
            let began = clock.now();
            let mut body = rig.media.segment(&film, &id, n).await.unwrap();
            let first = clock.now().since(began);
            while body.fragments.next().await.is_some() {}
            let whole = clock.now().since(began);
            write!(row, "; segment {n} first {first:?} whole {whole:?}").unwrap();
        }
        println!("{row}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_jumps_takes_the_work_along() {
    let Some(path) = sample("counter_300s_theora.ogv") else { return };
    let rig = Rig::start();
    let source = rig.source(path).await;
    let film = rig.media.presentation(&source).await.unwrap();
    let id = RenditionId::Video(360);
    rig.fetch(&film, id, 0).await.unwrap();
    rig.media.follow(&source, Group(1), Playhead { position_ms: 0, playing: true });
    rig.until("reading ahead", |media| media.stats().segments_made >= 2).await;
    let before = rig.media.stats();
    rig.media.follow(&source, Group(1), Playhead { position_ms: 200_000, playing: false });
    rig.until("rest", |media| media.stats().in_flight == 0 && media.stats().queued == 0).await;
    let near = film.track(id, Preset::Ultrafast).unwrap().covering(200_000, 200_001).start;
    for n in near..near + 3 {
        rig.fetch(&film, id, n).await.unwrap();
    }
    let after = rig.media.stats();
    assert_eq!(after.cache_hits, before.cache_hits + 3);
    assert!(after.segments_made <= before.segments_made + 4, "what the room left behind was dropped: {after:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_rooms_at_one_film_are_each_read_ahead_where_they_are() {
    let Some(path) = sample("counter_300s_theora.ogv") else { return };
    let rig = Rig::start();
    let source = rig.source(path).await;
    let film = rig.media.presentation(&source).await.unwrap();
    let id = RenditionId::Video(360);
    let track = film.track(id, Preset::Ultrafast).unwrap();
    let places = [0, 200_000];
    for (room, position_ms) in (1..).zip(places) {
        rig.media.follow(&source, Group(room), Playhead { position_ms, playing: true });
        rig.fetch(&film, id, track.covering(position_ms, position_ms + 1).start).await.unwrap();
    }
    let wanted = places.map(|place| track.covering(place, place + 10_000));
    for (room, position_ms) in (1..).zip(places) {
        rig.media.follow(&source, Group(room), Playhead { position_ms, playing: true });
    }
    rig.until("rest", |media| media.stats().in_flight == 0 && media.stats().queued == 0).await;
    let enough: u64 = wanted.iter().map(|range| u64::from(range.end - range.start)).sum();
    let hits = rig.media.stats().cache_hits;
    for n in wanted.iter().cloned().flatten() {
        rig.fetch(&film, id, n).await.unwrap();
    }
    assert_eq!(rig.media.stats().cache_hits, hits + enough);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_is_served_in_the_middle_of_reading_ahead_and_bytes_stay_the_same() {
    let Some(path) = sample(TEN_BIT) else { return };
    let id = RenditionId::Video(720);
    let alone = Rig::start();
    let film = alone.film(path.clone()).await;
    let mut expected = Vec::new();
    for n in 0..5 {
        expected.push(alone.fetch(&film, id, n).await.unwrap());
    }
    let rig = Rig::start();
    let film = rig.film(path).await;
    // Somebody follows segment 0 in the making; another wants segment 4 at once, and both get what is theirs.
    let mut slow = rig.media.segment(&film, &id, 0).await.unwrap();
    let first = slow.fragments.next().await.unwrap().unwrap();
    rig.media.follow(&film.source, Group(1), Playhead { position_ms: 2500, playing: true });
    assert!(rig.fetch(&film, id, 4).await.unwrap() == expected[4]);
    let mut bytes = first.to_vec();
    while let Some(fragment) = slow.fragments.next().await {
        bytes.extend_from_slice(&fragment.unwrap());
    }
    assert!(bytes == expected[0]);
    for n in 1..4 {
        assert!(rig.fetch(&film, id, n).await.unwrap() == expected[n as usize]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_makes_the_first_segments_of_what_it_offers_in_a_room() {
    let Some(path) = sample("hevc_main10.mp4") else { return };
    let rig = Rig::start();
    let film = rig.film(path).await;
    rig.media.follow(&film.source, Group(1), Playhead { position_ms: 0, playing: false });
    let caps = ClientCaps::from_query("v=h264,hevc,hevc10&a=aac&c=mp3");
    let decision = rig.media.offer(&film, &caps).unwrap();
    assert_eq!(decision.renditions[0], RenditionId::VideoCopy);
    assert!(rig.media.wait(&film, &decision).is_none());
    rig.until("rest", |media| media.stats().in_flight == 0 && media.stats().queued == 0).await;
    let hits = rig.media.stats().cache_hits;
    rig.fetch(&film, RenditionId::VideoCopy, 0).await.unwrap();
    assert_eq!(rig.media.stats().cache_hits, hits + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rendition_for_hardware_is_made_by_software_where_there_is_none() {
    let Some(path) = sample(TEN_BIT) else { return };
    let rig = Rig::start();
    let film = rig.film(path).await;
    let id = RenditionId::Hardware(360);
    let init = rig.media.init(&film, &id).await.unwrap();
    assert!(init.windows(4).any(|name| name == b"avc3"), "parameter sets are in band");
    let mut parts = vec![init];
    for n in 0..2 {
        parts.push(rig.fetch(&film, id, n).await.unwrap());
    }
    let parts: Vec<&[u8]> = parts.iter().map(AsRef::as_ref).collect();
    let pixels = decoded("in-band", &parts, "v");
    let track = film.track(id, Preset::Ultrafast).unwrap();
    let FrameGrid::Constant { frame_ticks, .. } = film.video.as_ref().unwrap().grid else { panic!("constant rate") };
    assert_eq!(pixels.len() as i64, 640 * 360 * (track.cuts[2] / i64::from(frame_ticks)));
}
