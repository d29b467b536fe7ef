//! What holds for the cuts of any film, however odd its index is.
use std::path::PathBuf;
use std::sync::Arc;

use proptest::prelude::*;
use watchparty::media::plan::{Presentation, plan};
use watchparty::media::track::{FrameGrid, Preset, VideoIndex};
use watchparty::media::{
    AudioInfo, ClientCaps, FileIdentity, MediaInfo, RenditionId, Source, StreamInfo, StreamKind, VideoInfo, decide,
    playlist,
};

fn stream(index: u32, kind: StreamKind, codec: &str) -> StreamInfo {
    StreamInfo {
        index,
        kind,
        codec: codec.to_owned(),
        profile: None,
        language: None,
        title: None,
        default: true,
        forced: false,
        attached_picture: false,
        video: None,
        audio: None,
    }
}

fn source(duration_ms: i64, size: (u32, u32), sample_rate: u32) -> Source {
    let video = VideoInfo {
        width: size.0,
        height: size.1,
        fps_num: 0,
        fps_den: 0,
        pixel_format: "yuv420p".to_owned(),
        bit_depth: 8,
        chroma: "4:2:0".to_owned(),
        hdr: false,
        hlg: false,
        dolby_vision: None,
        rotation: 0,
        sar_num: 1,
        sar_den: 1,
        interlaced: false,
        level: 40,
        codec_string: "avc1.640028".to_owned(),
    };
    let audio = AudioInfo { sample_rate, channels: 2, layout: "stereo".to_owned(), codec_string: String::new() };
    let info = MediaInfo {
        container: "matroska,webm".to_owned(),
        duration_ms,
        size: 1,
        bit_rate: 0,
        streams: vec![
            StreamInfo { video: Some(video), ..stream(0, StreamKind::Video, "h264") },
            StreamInfo { audio: Some(audio), ..stream(1, StreamKind::Audio, "ac3") },
        ],
        chapters: Vec::new(),
        tags_title: None,
        ..MediaInfo::default()
    };
    let identity = FileIdentity { size: 1, mtime_ms: 2, edges: [3; 16] };
    Source { path: PathBuf::from("film"), identity, info: Arc::new(info) }
}

prop_compose! {
    /// Indexes as containers give them: rounded clocks, odd starts, keyframes in clusters and far apart.
    fn indexes()(
        time_base in prop_oneof![Just((1, 1000)), Just((1, 90_000)), Just((1, 24_000)), Just((1001, 24_000))],
        start_pts in -100_000_i64..10_000_000,
        gaps in prop::collection::vec(0_i64..400_000, 0..60),
        tail in -5_i64..200_000,
        held in prop_oneof![Just(0_i64), -5..2_000_000_i64],
        complete in any::<bool>(),
        open_gop in prop::bool::weighted(0.1),
        even in any::<bool>(),
        frame_rate in prop::option::of(prop_oneof![
            Just((24_000, 1001)), Just((25, 1)), Just((60, 1)), Just((30_000, 1001)), Just((8, 1)), Just((1, 3)),
            Just((0, 0)), (0_u32..=u32::MAX, 0_u32..=u32::MAX),
        ]),
    ) -> VideoIndex {
        let mut pts = start_pts;
        let mut keyframes = vec![pts];
        for gap in gaps {
            pts += gap;
            keyframes.push(pts);
        }
        keyframes.dedup();
        let end_pts = pts + tail;
        VideoIndex {
            time_base,
            start_pts,
            end_pts,
            held_until: end_pts + held,
            keyframes,
            complete,
            frame_rate,
            open_gop,
            even,
            ..VideoIndex::default()
        }
    }
}

fn grows(cuts: &[i64]) -> bool {
    cuts.len() >= 2 && cuts[0] == 0 && cuts.windows(2).all(|pair| pair[0] < pair[1])
}

fn promised_micros(playlist: &str) -> i64 {
    let lengths = playlist.lines().filter_map(|line| line.strip_prefix("#EXTINF:"));
    lengths.map(|length| length.trim_end_matches(',').replace('.', "").parse::<i64>().unwrap()).sum()
}

fn renditions(film: &Presentation) -> Vec<RenditionId> {
    [1080, 720, 480, 360]
        .map(RenditionId::Video)
        .into_iter()
        .chain([RenditionId::VideoCopy, RenditionId::Audio(0)])
        .filter(|id| film.track(*id, Preset::Ultrafast).is_some())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn cuts_grow_strictly_lie_on_the_grid_and_every_playlist_promises_the_same_film(
        index in indexes(),
        duration_ms in 0_i64..40_000_000,
        sample_rate in prop_oneof![Just(44_100), Just(48_000), Just(22_050), 0_u32..400_000],
    ) {
        let film = plan(&source(duration_ms, (1920, 1080), sample_rate), Some(&index));
        let video = film.video.as_ref().unwrap();
        prop_assert!(grows(&video.cuts));
        if let FrameGrid::Constant { timescale, frame_ticks } = video.grid {
            prop_assert!(timescale >= 1000 && frame_ticks > 0);
            prop_assert!(video.cuts.iter().all(|cut| cut % i64::from(frame_ticks) == 0));
        }
        if let Ok(copy) = &video.copy {
            prop_assert!(grows(copy));
            prop_assert!(index.even || copy.iter().all(|cut| video.cuts.contains(cut)), "converted cuts contain the copied ones");
        }
        let audio = &film.audio[0];
        prop_assert!(grows(&audio.cuts) && audio.cuts.iter().all(|cut| cut % 1024 == 0));
        let end_s = video.end() as f64 / f64::from(video.grid.timescale());
        let sound_s = audio.cuts[audio.cuts.len() - 1] as f64 / f64::from(audio.sample_rate);
        prop_assert!(sound_s + 1e-6 >= end_s && sound_s < end_s + 1025.0 / f64::from(audio.sample_rate));
        for id in renditions(&film) {
            let text = playlist::rendition(&film, &id).unwrap();
            let end = if id.is_sound() { sound_s } else { end_s };
            prop_assert!((promised_micros(&text) as f64 / 1e6 - end).abs() < 1e-6, "{id}");
            let track = film.track(id, Preset::Ultrafast).unwrap();
            prop_assert_eq!(text.matches(".m4s").count(), track.segments() as usize);
            let target: i64 = text.split("TARGETDURATION:").nth(1).unwrap().lines().next().unwrap().parse().unwrap();
            let longest = track.cuts.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap();
            prop_assert!(longest <= target * i64::from(track.timescale) + i64::from(track.timescale) / 1_000_000 + 1);
        }
    }

    #[test]
    fn a_plan_is_a_function_of_its_file(index in indexes(), duration_ms in 0_i64..40_000_000) {
        let source = source(duration_ms, (640, 360), 48_000);
        prop_assert_eq!(plan(&source, Some(&index)), plan(&source, Some(&index)));
    }

    #[test]
    fn every_film_that_is_playable_has_a_way_to_be_played(
        index in indexes(),
        size in (1_u32..8000, 1_u32..8000),
        rungs in prop::sample::subsequence(vec![1080, 720, 480, 360], 0..=4),
        key in "[a-z0-9.-]{0,30}",
    ) {
        let film = plan(&source(10_000, size, 48_000), Some(&index));
        let caps = ClientCaps::from_key(&key).unwrap_or_default();
        let decision = decide(&film, &caps, &rungs).unwrap();
        prop_assert!(!decision.renditions.is_empty());
        for id in &decision.renditions {
            prop_assert!(playlist::rendition(&film, id).is_some(), "{}", id);
            prop_assert_eq!(id.to_string().parse::<RenditionId>(), Ok(*id));
        }
        let master = playlist::master(&film, &decision);
        let pictures = decision.renditions.iter().filter(|id| !matches!(id, RenditionId::Audio(_))).count();
        prop_assert_eq!(master.matches("EXT-X-STREAM-INF").count(), pictures);
    }
}
