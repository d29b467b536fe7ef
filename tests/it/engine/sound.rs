//! Copied sound: which streams lie on a grid, and that what is copied is the source, whole and in its place.

use watchparty::media::engine::sounds;
use watchparty::media::plan::{Presentation, plan};
use watchparty::media::sound::SoundRefusal;
use watchparty::media::track::{Preset, SegmentJob, VideoIndex};
use watchparty::media::{RenditionId, Source};

use crate::engine::segments::check;
use crate::support::films::{film, limit, open};

pub(super) fn present(source: &Source, index: &VideoIndex) -> Presentation {
    let surveys = sounds(source, index, &limit()).expect("survey");
    plan(source, Some(index)).with_sound(&surveys)
}

/// Every segment of the copied sound: warm and cold the same, joined to the tick, decoded without an error.
fn copies(name: &str, nth: u32) {
    let Some(path) = film(name) else { return };
    let (source, index) = open(&path);
    let film = present(&source, &index);
    let refusal = film.audio[nth as usize].copy.as_ref().err();
    let track =
        film.track(RenditionId::AudioCopy(nth), Preset::Ultrafast).unwrap_or_else(|| panic!("{name}: {refusal:?}"));
    let jobs: Vec<SegmentJob> = (0..track.segments().min(6)).filter_map(|n| track.job(n)).collect();
    check(&format!("{name}-copy{nth}"), &path, &track.spec, &jobs);
}

macro_rules! each {
    ($($test:ident $name:literal $nth:literal,)*) => { $(#[test] fn $test() { copies($name, $nth); })* };
}

each! {
    copies_aac_surround_from_mp4 "bbb_480p_30s_aac51.mp4" 0,
    copies_he_aac_from_mp4 "bbb_full_10min_216p.mp4" 0,
    copies_he_aac_surround_from_mkv "chapters_clock_aac51.mkv" 0,
    copies_aac_from_ts "bipbop_60s_timecode.ts" 0,
    copies_aac_surround_from_ts "hevc_aac51.ts" 0,
    copies_aac_from_flv "bbb_h264_aac.flv" 0,
    copies_aac_that_ends_early "shorter_audio.mp4" 0,
    copies_aac_behind_an_edit_list "hevc_hlg_dovi_editlist_rot.mp4" 0,
    copies_the_second_track "multi_sub_two_audio.mkv" 1,
    copies_aac_without_a_picture "piano_112s.m4a" 0,
    copies_ac3_from_a_camera "avchd_1080i_ac3.mts" 0,
    copies_eac3_from_ts "dolby_eac3_51_voices.ts" 0,
    copies_short_eac3_frames "eac3_raw.eac3" 0,
    copies_ac3_without_a_container "ac3_raw_22s.ac3" 0,
    copies_opus_from_mkv "opus_negative_start.mkv" 0,
    copies_opus_from_mp4 "opus_in_mp4_47s.mp4" 0,
    copies_opus_surround "opus_71.opus" 0,
    copies_flac "flac_picture.flac" 0,
}

#[test]
fn sound_that_lies_on_no_grid_is_not_copied() {
    for (name, refusal) in [
        ("fragmented_15s.mp4", SoundRefusal::Uneven),
        ("dts.mkv", SoundRefusal::Codec),
        ("vp8_vorbis_30s.webm", SoundRefusal::Codec),
    ] {
        let Some(path) = film(name) else { return };
        let (source, index) = open(&path);
        assert_eq!(present(&source, &index).audio[0].copy, Err(refusal), "{name}");
    }
}
