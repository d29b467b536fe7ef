use std::path::Path;

use watchparty::media::engine::{Head, init_segment};
use watchparty::media::track::{Preset, SegmentJob, TrackSpec};

use crate::support::boxes::{find, fragments};
use crate::support::films::{self, decoded, film, limit, open, segment};

/// Makes segments in order with one head and backwards with fresh ones; checks bytes, times and decoding.
pub(super) fn check(label: &str, path: &Path, spec: &TrackSpec, jobs: &[SegmentJob]) {
    let (source, _) = open(path);
    let init = init_segment(&source, spec, &limit()).unwrap_or_else(|error| panic!("{label}: {error}"));
    assert!(find(&init, &["moov", "mvex", "trex"]).is_some() && find(&init, &["moov", "trak", "edts"]).is_none());
    let mut warm = Head::open(&source, spec, &limit()).expect("head");
    let mut parts = vec![init.to_vec()];
    for (n, job) in jobs.iter().enumerate() {
        let (bytes, stats) = segment(&mut warm, job).unwrap_or_else(|error| panic!("{label} {job:?}: {error}"));
        assert_eq!(stats.sought, n == 0, "{label}: a head goes on where it stands");
        assert_eq!(warm.position(), Some(job.end));
        check_times(label, job, &bytes);
        parts.push(bytes);
    }
    for (n, job) in jobs.iter().enumerate().rev() {
        let mut cold = Head::open(&source, spec, &limit()).expect("head");
        let (bytes, _) = segment(&mut cold, job).expect("segment");
        if bytes != parts[n + 1] {
            difference(&bytes, &parts[n + 1]);
        }
        assert!(
            bytes == parts[n + 1],
            "{label}: segment {n} depends on history ({} and {} bytes)",
            bytes.len(),
            parts[n + 1].len()
        );
    }
    let picture = matches!(spec, TrackSpec::VideoCopy { .. } | TrackSpec::VideoH264 { .. });
    let kind = if picture { "v" } else { "a" };
    let all: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    assert!(!decoded(label, &all, kind).is_empty(), "{label}");
}

/// Shows where two versions of a segment part.
fn difference(cold: &[u8], warm: &[u8]) {
    let samples = |bytes: &[u8]| fragments(bytes).into_iter().flat_map(|fragment| fragment.samples).collect::<Vec<_>>();
    let (cold, warm) = (samples(cold), samples(warm));
    eprintln!("samples: cold {}, warm {}", cold.len(), warm.len());
    for (n, pair) in cold.iter().zip(&warm).enumerate().filter(|(_, pair)| pair.0 != pair.1).take(5) {
        eprintln!("sample {n}: cold {:?}, warm {:?}", pair.0, pair.1);
    }
}

fn check_times(label: &str, job: &SegmentJob, bytes: &[u8]) {
    let fragments = fragments(bytes);
    let mut at = job.start;
    for fragment in &fragments {
        assert_eq!(fragment.tfdt as i64, at, "{label} {job:?}");
        at += fragment.duration();
    }
    assert_eq!(at, job.end, "{label} {job:?}");
    assert!(fragments[0].samples[0].sync, "{label}: the first sample starts afresh");
    assert!(fragments.windows(2).all(|pair| pair[1].sequence == pair[0].sequence + 1));
    let mut time = job.start;
    let mut shown: Vec<i64> = Vec::new();
    for sample in fragments.iter().flat_map(|fragment| &fragment.samples) {
        shown.push(time + i64::from(sample.offset));
        time += i64::from(sample.duration);
    }
    assert!(shown.iter().all(|shown| (job.start..job.end).contains(shown)), "{label} {job:?}: shown outside");
}

fn three<T: Clone>(jobs: &[T]) -> Vec<T> {
    let middle = (jobs.len() / 2).saturating_sub(1);
    jobs.iter().skip(middle).take(3).cloned().collect()
}

fn transcoded(name: &str) {
    let Some(path) = film(name) else { return };
    let (source, index) = open(&path);
    let spec = films::transcode(&source, &index, 240, Preset::Ultrafast);
    check(name, &path, &spec, &three(&films::encode_jobs(&index)));
}

fn copied(name: &str) {
    let Some(path) = film(name) else { return };
    let (source, index) = open(&path);
    assert!(!index.open_gop, "{name}");
    check(
        name,
        &path,
        &films::copy(&source, &index),
        &films::copy_jobs(&index).into_iter().take(4).collect::<Vec<_>>(),
    );
}

fn heard(name: &str) {
    let Some(path) = film(name) else { return };
    let (source, index) = open(&path);
    let Some(spec) = films::sound(&source, &index) else { panic!("{name} has no sound") };
    let TrackSpec::AudioAac { sample_rate, .. } = spec else { unreachable!() };
    let jobs = films::sound_jobs(&index, sample_rate);
    check(&format!("{name}-a"), &path, &spec, &three(&jobs));
}

macro_rules! each {
    ($check:ident: $($test:ident $name:literal,)*) => { $(#[test] fn $test() { $check($name); })* };
}

each! { transcoded:
    transcodes_mp4_purely "bbb_480p_30s_aac51.mp4",
    transcodes_hevc_in_ts_purely "hevc_aac51.ts",
    transcodes_hevc_10_bit_purely "hevc_main10.mp4",
    transcodes_xvid_with_b_frames_purely "xvid_bframes_mp3.avi",
    transcodes_vp8_purely "vp8_vorbis_30s.webm",
    transcodes_interlaced_camera_film_purely "avchd_1080i_ac3.mts",
    transcodes_ts_that_starts_late_purely "bipbop_60s_timecode.ts",
    transcodes_anamorphic_purely "sar_2x1_anamorphic.mp4",
    transcodes_variable_rate_purely "vfr_count_24s.mp4",
    transcodes_mkv_purely "chapters_clock_aac51.mkv",
    transcodes_rotated_phone_film_purely "iphone_hevc_rot90.mov",
    transcodes_hlg_purely "hevc_hlg_dovi_editlist_rot.mp4",
    transcodes_hdr10_av1_purely "av1_hdr10_portrait.mp4",
    transcodes_high_10_purely "h264_high10.mp4",
    transcodes_raw_h264_purely "tears_of_steel.h264",
    transcodes_mpeg2_422_purely "mpeg2_422_mp2.mpg",
    transcodes_theora_purely "counter_300s_theora.ogv",
    transcodes_wmv_purely "wmv2_wmav2_52s.wmv",
    transcodes_webm_without_cues_purely "no_cues.webm",
    transcodes_h264_in_avi_purely "h264_aac_in_avi.avi",
    transcodes_flv_purely "sorenson_mp3.flv",
    transcodes_prores_purely "prores_422_aac.mov",
}

each! { copied:
    copies_mp4_purely "bbb_480p_30s_aac51.mp4",
    copies_a_long_mp4_purely "bbb_full_10min_216p.mp4",
    copies_mp4_with_its_index_last_purely "sintel_trailer_720p.mp4",
    copies_ts_purely "bipbop_60s_timecode.ts",
    copies_mkv_purely "chapters_clock_aac51.mkv",
    copies_flv_purely "bbb_h264_aac.flv",
    copies_hevc_from_ts_purely "hevc_aac51.ts",
    copies_vp9_purely "vp9_in_mp4_47s.mp4",
    copies_av1_purely "av1_15s_timecode.mp4",
    copies_av1_from_webm_purely "av1_20s.webm",
    copies_av1_from_mkv_purely "av1_5s.mkv",
    copies_vp9_from_webm_purely "vp9_opus_portrait.webm",
}

each! { heard:
    hears_aac_surround_purely "bbb_480p_30s_aac51.mp4",
    hears_he_aac_purely "bbb_full_10min_216p.mp4",
    hears_he_aac_surround_in_mkv_purely "chapters_clock_aac51.mkv",
    hears_mp3_in_avi_purely "xvid_bframes_mp3.avi",
    hears_vorbis_purely "vp8_vorbis_30s.webm",
    hears_ac3_in_ts_purely "avchd_1080i_ac3.mts",
    hears_eac3_purely "dolby_eac3_51_voices.ts",
    hears_aac_in_ts_purely "bipbop_60s_timecode.ts",
    hears_wma_purely "wmv2_wmav2_52s.wmv",
    hears_a_track_that_ends_early_purely "shorter_audio.mp4",
    hears_dts_purely "dts.mkv",
    hears_dts_hd_purely "dts_hd_ma.mkv",
    hears_half_rate_ac3_purely "ac3_raw_22s.ac3",
    hears_mp3_purely "music_mp3_47s.mp3",
    hears_flac_purely "flac_picture.flac",
    hears_opus_surround_purely "opus_71.opus",
}
