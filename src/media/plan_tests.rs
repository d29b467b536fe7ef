use crate::media::info::MediaInfo;
use crate::media::plan::{CopyRefusal, Presentation, plan};
use crate::media::rendition::RenditionId;
use crate::media::samples;
use crate::media::track::{FrameGrid, Preset, SegmentJob, VideoIndex};

fn present(info: MediaInfo, index: Option<&VideoIndex>) -> Presentation {
    plan(&samples::source(info), index)
}

fn ms_index(keyframes: &[i64], end: i64, frame_rate: Option<(u32, u32)>) -> VideoIndex {
    VideoIndex {
        time_base: (1, 1000),
        start_pts: 0,
        end_pts: end,
        held_until: end,
        keyframes: keyframes.to_vec(),
        complete: true,
        frame_rate,
        open_gop: false,
        ..VideoIndex::default()
    }
}

#[test]
fn cuts_lie_on_the_frame_grid_though_the_container_counts_in_milliseconds() {
    // 23.976 fps: frames 0, 48 and 96 are at 0, 2002 and 4004 ms; 144 frames end at 6006 ms.
    let film = present(samples::mkv_h264_ac3(), Some(&ms_index(&[0, 2002, 4004], 6006, Some((24000, 1001)))));
    let video = film.video.unwrap();
    assert_eq!(video.grid, FrameGrid::Constant { timescale: 24000, frame_ticks: 1001 });
    assert_eq!(video.copy, Ok(vec![0, 48 * 1001, 96 * 1001, 144 * 1001]));
    assert_eq!(video.cuts, video.copy.unwrap());
}

#[test]
fn close_keyframes_are_merged_and_a_tiny_tail_joins_its_neighbour() {
    let film = present(samples::mkv_h264_ac3(), Some(&ms_index(&[0, 40, 80, 3000, 3100, 9000, 11_000], 11_400, None)));
    let ticks = |ms: &[i64]| ms.iter().map(|ms| ms * 90).collect::<Vec<_>>();
    let video = film.video.unwrap();
    assert_eq!(video.copy, Ok(ticks(&[0, 3000, 9000, 11_400])));
    assert_eq!(video.cuts.len(), 1 + 2 + 3 + 1);
}

#[test]
fn what_cannot_be_copied_says_why_and_is_cut_evenly() {
    let refusal = |index: VideoIndex| present(samples::mkv_h264_ac3(), Some(&index)).video.unwrap();
    let rare = refusal(ms_index(&[0, 13_000], 20_000, Some((25, 1))));
    assert_eq!(rare.copy, Err(CopyRefusal::KeyframesTooRare));
    assert_eq!(rare.cuts, (0..=10).map(|n| n * 2000).collect::<Vec<_>>());
    assert_eq!(refusal(ms_index(&[0], 20_000, None)).copy, Err(CopyRefusal::KeyframesTooRare));
    assert_eq!(refusal(ms_index(&[500], 4000, None)).copy, Err(CopyRefusal::StartsMidGroup));
    assert_eq!(refusal(ms_index(&[-500, 2000], 4000, None)).copy, Err(CopyRefusal::StartsMidGroup));
    let open = VideoIndex { open_gop: true, ..ms_index(&[0], 4000, None) };
    assert_eq!(refusal(open).copy, Err(CopyRefusal::OpenGop));
    let partial = VideoIndex { complete: false, ..ms_index(&[0], 4000, None) };
    assert_eq!(refusal(partial).copy, Err(CopyRefusal::IndexIncomplete));
}

#[test]
fn a_single_frame_is_a_film_of_one_segment() {
    let film = present(samples::mkv_h264_ac3(), Some(&ms_index(&[0], 40, Some((25, 1)))));
    let video = film.video.as_ref().unwrap();
    assert_eq!(video.copy.as_deref(), Ok(&[0, 40][..]));
    assert_eq!(video.cuts, [0, 40]);
    assert_eq!(film.duration_ms, 40);
    assert_eq!(film.audio[0].cuts, [0, 2048]);
}

#[test]
fn an_index_without_an_end_falls_back_to_the_probed_duration() {
    let info = MediaInfo { duration_ms: 10_000, ..samples::mkv_h264_ac3() };
    let film = present(info, Some(&VideoIndex { complete: false, ..ms_index(&[], 0, Some((25, 1))) }));
    assert_eq!(film.video.unwrap().cuts, [0, 2000, 4000, 6000, 8000, 10_000]);
}

#[test]
fn sound_covers_the_picture_in_whole_frames() {
    let film = present(samples::mkv_h264_ac3(), Some(&ms_index(&[0, 2000, 4000, 6000, 8000], 10_000, Some((25, 1)))));
    let cuts = &film.audio[0].cuts;
    assert!(cuts.iter().all(|cut| cut % 1024 == 0));
    let end = cuts[cuts.len() - 1];
    assert!((480_000..480_000 + 1024).contains(&end));
    assert!(cuts[1] < 60_000, "the first one is short");
}

#[test]
fn sound_alone_lasts_as_long_as_the_file_says() {
    let film = present(samples::audio_only("flac", "flac"), None);
    assert!(film.video.is_none());
    assert_eq!(film.duration_ms, film.source.info.duration_ms);
    assert!(film.track(RenditionId::Audio(0), Preset::Ultrafast).is_some());
    assert!(film.track(RenditionId::Audio(1), Preset::Ultrafast).is_none());
    assert!(film.track(RenditionId::VideoCopy, Preset::Ultrafast).is_none());
}

#[test]
fn other_sample_rates_become_48000() {
    let mut info = samples::audio_only("mp3", "mp3");
    for (rate, planned) in [(22_050, 48_000), (44_100, 44_100), (0, 48_000), (96_000, 48_000)] {
        info.streams[0].audio.as_mut().unwrap().sample_rate = rate;
        assert_eq!(present(info.clone(), None).audio[0].sample_rate, planned);
    }
}

#[test]
fn a_track_knows_its_segments_by_number_and_by_time() {
    let film = present(samples::mkv_h264_ac3(), Some(&ms_index(&[0, 2000, 4000, 6000, 8000], 10_000, Some((25, 1)))));
    let track = film.track(RenditionId::VideoCopy, Preset::Ultrafast).unwrap();
    assert_eq!(track.segments(), 5);
    assert_eq!(track.job(4), Some(SegmentJob { index: 4, start: 8000, end: 10_000 }));
    assert_eq!(track.job(5), None);
    assert_eq!(track.covering(0, 1), 0..1);
    assert_eq!(track.covering(1999, 4000), 0..2);
    assert_eq!(track.covering(2000, 4001), 1..3);
    assert_eq!(track.covering(9999, 60_000), 4..5);
    assert!(track.covering(10_000, 12_000).is_empty());
}

#[test]
fn the_last_picture_stands_until_the_sound_has_ended() {
    let rate = Some((25, 1));
    let index = |held_until| VideoIndex { held_until, ..ms_index(&[0, 4000], 6000, rate) };
    let film = present(samples::mkv_h264_ac3(), Some(&index(9000)));
    assert_eq!(film.duration_ms, 9000);
    let video = film.video.clone().unwrap();
    assert_eq!(video.copy, Ok(vec![0, 4000, 9000]));
    assert_eq!(video.end(), 9000);
    assert!(film.audio[0].cuts.last().unwrap() >= &(9 * 48_000));
    let video = present(samples::mkv_h264_ac3(), Some(&index(60_000))).video.unwrap();
    assert_eq!(video.copy, Err(CopyRefusal::SoundGoesOn));
    assert_eq!(video.end(), 60_000);
}
