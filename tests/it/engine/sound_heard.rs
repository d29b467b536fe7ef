//! What is heard: the source's sound at its time and speed, every channel of a surround track where it belongs, no
//! seam between segments, and one gain.
use std::path::Path;

use watchparty::media::RenditionId;
use watchparty::media::engine::{Head, init_segment};
use watchparty::media::plan::Presentation;
use watchparty::media::track::Preset;

use crate::engine::sound::present;
use crate::support::films::{decoded, ffmpeg, film, limit, made, open, scratch, segment};

const RATE: usize = 48_000;
/// Samples per second of envelopes.
const COARSE: usize = 8000;
const ENVELOPE_STEP: usize = COARSE / 50;

/// A whole rendition from single segments, each with a head of its own.
fn rendition(film: &Presentation, id: RenditionId) -> Vec<u8> {
    let track = film.track(id, Preset::Ultrafast).unwrap_or_else(|| panic!("{id}: {:?}", film.audio));
    let mut bytes = init_segment(&film.source, &track.spec, &limit()).expect("init").to_vec();
    for job in (0..track.segments()).filter_map(|n| track.job(n)) {
        let mut head = Head::open(&film.source, &track.spec, &limit()).expect("head");
        bytes.extend(segment(&mut head, &job).expect("segment").0);
    }
    bytes
}

/// Left and right of a converted track.
fn stereo(film: &Presentation, id: RenditionId) -> (Vec<f32>, Vec<f32>) {
    let label = format!("heard-{}-{id}", film.source.identity);
    let samples = decoded(&label, &[&rendition(film, id)], "a");
    let side = |at: usize| {
        samples.chunks_exact(8).map(|pair| f32::from_le_bytes(pair[at..at + 4].try_into().expect("four"))).collect()
    };
    (side(0), side(4))
}

/// How loud a file is over time, coarsely.
fn envelope(path: &Path, label: &str) -> Vec<f32> {
    let out = scratch().join(format!("envelope-{}-{label}.raw", std::process::id()));
    let (input, output) = (path.to_str().expect("plain name"), out.to_str().expect("plain name"));
    let filter = "aresample=async=1:first_pts=0";
    ffmpeg(&["-i", input, "-map", "0:a:0", "-af", filter, "-ac", "1", "-ar", "8000", "-f", "f32le", output]);
    let samples: Vec<f32> = std::fs::read(out)
        .expect("samples")
        .chunks_exact(4)
        .map(|bytes| f32::from_le_bytes(bytes.try_into().expect("four")))
        .collect();
    samples.chunks(ENVELOPE_STEP).map(|part| part.iter().map(|sample| sample.abs()).sum()).collect()
}

/// Correlation of two envelopes, the second moved by `lag` steps.
fn correlation(a: &[f32], b: &[f32], lag: isize) -> f32 {
    let pairs: Vec<(f32, f32)> =
        (0..a.len()).filter_map(|n| Some((a[n], *b.get(usize::try_from(n as isize + lag).ok()?)?))).collect();
    let count = pairs.len().max(1) as f32;
    let (mean_a, mean_b) =
        (pairs.iter().map(|pair| pair.0).sum::<f32>() / count, pairs.iter().map(|pair| pair.1).sum::<f32>() / count);
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (a, b) in pairs {
        ab += (a - mean_a) * (b - mean_b);
        aa += (a - mean_a).powi(2);
        bb += (b - mean_b).powi(2);
    }
    ab / (aa * bb).sqrt().max(f32::MIN_POSITIVE)
}

/// Converted and copied, the sound is the source's: same time, same speed, from beginning to end.
fn sounds_like_the_source(name: &str) {
    let Some(path) = film(name) else { return };
    let (source, index) = open(&path);
    let film = present(&source, &index);
    let original = envelope(&path, &format!("{name}-source"));
    for id in [RenditionId::Audio(0), RenditionId::AudioCopy(0)] {
        let made = scratch().join(format!("like-{}-{name}-{id}.mp4", std::process::id()));
        std::fs::write(&made, rendition(&film, id)).expect("write");
        let heard = envelope(&made, &format!("{name}-{id}"));
        let best = (-10..=10).map(|lag| (correlation(&original, &heard, lag), lag));
        let (alike, lag) = best.max_by(|a, b| a.0.total_cmp(&b.0)).expect("lags");
        assert!(alike > 0.9 && lag.abs() <= 2, "{name} {id}: alike {alike} at {lag} steps of 20 ms");
        let (ours, theirs) = (heard.len() as f32 / 50.0, original.len() as f32 / 50.0);
        assert!((ours - theirs).abs() < 0.6, "{name} {id}: {ours} s instead of {theirs} s");
    }
}

macro_rules! each {
    ($($test:ident $name:literal,)*) => { $(#[test] fn $test() { sounds_like_the_source($name); })* };
}

each! {
    aac_surround_sounds_like_the_source "bbb_480p_30s_aac51.mp4",
    he_aac_surround_has_the_right_speed "heaac_51_800x600_8fps.mp4",
    he_aac_in_mkv_has_the_right_speed "chapters_clock_aac51.mkv",
    half_rate_aac_in_ts_has_the_right_speed "bipbop_60s_timecode.ts",
    mono_at_8_khz_has_the_right_speed "two_video_two_audio_two_subs.mp4",
    opus_sounds_like_the_source "opus_in_mp4_47s.mp4",
    flac_sounds_like_the_source "flac_picture.flac",
    eac3_sounds_like_the_source "dolby_eac3_51_voices.ts",
    aac_without_a_picture_sounds_like_the_source "piano_112s.m4a",
}

/// Strength of a tone.
fn tone(samples: &[f32], hertz: f64) -> f64 {
    let step = std::f64::consts::TAU * hertz / RATE as f64;
    let (mut real, mut imaginary) = (0.0, 0.0);
    for (n, sample) in samples.iter().enumerate() {
        let angle = step * n as f64;
        real += f64::from(*sample) * angle.cos();
        imaginary += f64::from(*sample) * angle.sin();
    }
    2.0 * (real.powi(2) + imaginary.powi(2)).sqrt() / samples.len() as f64
}

/// A film whose channels each carry a tone of their own.
fn tones(name: &str, layout: &str, hertz: &[u32], encode: &[&str]) -> Presentation {
    let voices = hertz.iter().map(|hertz| format!("0.5*sin({hertz}*2*PI*t)")).collect::<Vec<_>>().join("|");
    let voices = format!("aevalsrc={voices}:s=48000:d=4:c={layout}");
    let picture = ["-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=4", "-f", "lavfi", "-i"];
    let path = made(name, &[&picture[..], &[&voices, "-c:v", "libx264", "-strict", "-2"], encode].concat());
    let (source, index) = open(&path);
    present(&source, &index)
}

#[test]
fn every_channel_of_5_1_is_heard_where_it_belongs_and_the_low_one_is_left_out() {
    // Left, right, centre, low, left behind, right behind.
    let hertz = [300, 400, 500, 80, 700, 900];
    let cases: [(&str, &[&str]); 3] = [
        ("tones-ac3.mkv", &["-c:a", "ac3", "-b:a", "640k"]),
        ("tones-dts.mkv", &["-c:a", "dca"]),
        ("tones-flac.mkv", &["-c:a", "flac"]),
    ];
    for (name, encode) in cases {
        let film = tones(name, "5.1(side)", &hertz, encode);
        let (left, right) = stereo(&film, RenditionId::Audio(0));
        let (left, right) = (&left[RATE..3 * RATE], &right[RATE..3 * RATE]);
        let front = tone(left, 300.0);
        assert!(front > 0.15, "{name}: {front}");
        let near = |value: f64, part: f64, what: &str| {
            let ratio = value / front;
            assert!((ratio - part).abs() < 0.06, "{name}: {what} is {ratio} of the front, not {part}");
        };
        let half = std::f64::consts::FRAC_1_SQRT_2;
        near(tone(right, 400.0), 1.0, "the other front");
        near(tone(left, 500.0), half, "the centre on the left");
        near(tone(right, 500.0), half, "the centre on the right");
        near(tone(left, 700.0), half, "the left behind");
        near(tone(right, 900.0), half, "the right behind");
        for (side, hertz, what) in [
            (left, 80.0, "low"),
            (right, 80.0, "low"),
            (left, 400.0, "right"),
            (right, 300.0, "left"),
            (left, 900.0, "right behind"),
            (right, 700.0, "left behind"),
        ] {
            assert!(tone(side, hertz) < 0.01, "{name}: {what} where it does not belong");
        }
    }
}

#[test]
fn the_sides_and_backs_of_7_1_are_all_heard() {
    let hertz = [300, 400, 500, 80, 700, 900, 1100, 1300];
    let film = tones("tones-71.mkv", "7.1", &hertz, &["-c:a", "flac"]);
    let (left, right) = stereo(&film, RenditionId::Audio(0));
    let (left, right) = (&left[RATE..3 * RATE], &right[RATE..3 * RATE]);
    for (side, hertz) in [(left, 700.0), (right, 900.0), (left, 1100.0), (right, 1300.0), (left, 500.0), (right, 500.0)]
    {
        let ratio = tone(side, hertz) / tone(left, 300.0);
        assert!((ratio - std::f64::consts::FRAC_1_SQRT_2).abs() < 0.06, "{hertz} Hz: {ratio}");
    }
    assert!(tone(left, 80.0) < 0.01);
}

#[test]
fn a_gain_doubles_what_is_quiet_and_never_cuts_off_what_is_loud() {
    let film = tones("tones-gain.mkv", "stereo", &[440, 550], &["-c:a", "flac"]);
    let (plain, _) = stereo(&film, RenditionId::Audio(0));
    let (middle, _) = stereo(&film, RenditionId::AudioLoud { nth: 0, gain_db: 2 });
    let ratio = tone(&middle[RATE..3 * RATE], 440.0) / tone(&plain[RATE..3 * RATE], 440.0);
    assert!((ratio - 1.259).abs() < 0.01, "{ratio}");
    let (loud, _) = stereo(&film, RenditionId::AudioLoud { nth: 0, gain_db: 12 });
    let peak = loud[RATE..3 * RATE].iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
    assert!((0.85..1.05).contains(&peak), "{peak}");
}

/// How much louder the sound is than what differs from the original, in decibels.
fn clarity(original: &[f32], made: &[f32]) -> f64 {
    let power = |samples: &mut dyn Iterator<Item = f32>| samples.map(|sample| f64::from(sample).powi(2)).sum::<f64>();
    let noise = power(&mut original.iter().zip(made).map(|(original, made)| original - made));
    10.0 * (power(&mut original.iter().copied()) / noise.max(1e-12)).log10()
}

#[test]
fn boundaries_are_as_clear_as_the_rest() {
    let voices =
        "0.2*sin(2*PI*(200+40*sin(2*PI*0.7*t))*t)+0.15*sin(1230*2*PI*t)+0.1*sin(3110*2*PI*t)*(0.5+0.5*sin(7*t))";
    let source = format!("aevalsrc={voices}|{voices}:s=48000:d=30:c=stereo");
    let picture = ["-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=30", "-f", "lavfi", "-i"];
    let path = made("music.mkv", &[&picture[..], &[&source, "-c:v", "libx264", "-c:a", "flac"]].concat());
    let (source, index) = open(&path);
    let film = present(&source, &index);
    let (made, _) = stereo(&film, RenditionId::Audio(0));
    let input = path.to_str().expect("plain name");
    let raw = ffmpeg(&["-i", input, "-map", "0:a", "-af", "pan=mono|c0=c0", "-f", "f32le", "-"]).stdout;
    let original: Vec<f32> =
        raw.chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().expect("four"))).collect();
    let clear = |at: usize| clarity(&original[at - 1024..at + 1024], &made[at - 1024..at + 1024]);
    let cuts: Vec<usize> = film.audio[0].cuts.iter().map(|cut| *cut as usize).collect();
    let inner = &cuts[1..cuts.len() - 1];
    let inside: Vec<f64> = inner.iter().map(|cut| clear(cut - 20 * 1024)).collect();
    let at_cuts: Vec<f64> = inner.iter().map(|cut| clear(*cut)).collect();
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    assert!(mean(&at_cuts) > mean(&inside) - 2.0, "at cuts {at_cuts:.1?}, inside {inside:.1?}");
    let worst = at_cuts.iter().copied().fold(f64::MAX, f64::min);
    let usual = inside.iter().copied().fold(f64::MAX, f64::min);
    assert!(worst > usual - 4.0 && worst > 18.0, "at cuts {at_cuts:.1?}, inside {inside:.1?}");
}
