//! What is seen and heard, by the marker and the beeps of the demo film.
use std::path::PathBuf;
use std::sync::OnceLock;

use watchparty::media::Source;
use watchparty::media::demo;
use watchparty::media::engine::{Cancel, EngineError, Head, init_segment};
use watchparty::media::track::{AAC_FRAME_SAMPLES, FrameGrid, Origin, Preset, SegmentJob, TrackSpec, VideoIndex};

use crate::support::films::{self, decoded, limit, made, open, scratch, segment};
use crate::support::{boxes, marker};

const SECONDS: u32 = 12;

fn demo_film() -> PathBuf {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        let path = scratch().join("demo.mp4");
        demo::write_clip(&path, SECONDS, &limit()).expect("demo film");
        path
    })
    .clone()
}

/// The frame numbers that segments show, in order.
fn shown(label: &str, source: &Source, spec: &TrackSpec, jobs: &[SegmentJob], width: usize, height: usize) -> Vec<u32> {
    let init = init_segment(source, spec, &limit()).expect("init");
    let mut head = Head::open(source, spec, &limit()).expect("head");
    let mut parts = vec![init.to_vec()];
    parts.extend(jobs.iter().map(|job| segment(&mut head, job).expect("segment").0));
    let pixels = decoded(label, &parts.iter().map(Vec::as_slice).collect::<Vec<_>>(), "v");
    pixels
        .chunks_exact(width * height)
        .map(|picture| marker::read(picture, width, height).expect("a marker").0)
        .collect()
}

fn numbers(from: u32, to: u32) -> Vec<u32> {
    (from..to).collect()
}

#[test]
fn the_demo_film_counts_its_frames_and_starts_at_once() {
    let (source, index) = open(&demo_film());
    assert_eq!(index.frame_rate, Some((24, 1)));
    assert_eq!(index.keyframes.len(), SECONDS as usize);
    assert!(index.complete && !index.open_gop);
    let (_, video) = source.info.video().expect("a picture");
    assert_eq!((video.width, video.height), (640, 360));
    assert!((i64::from(SECONDS) * 1000 - 30..=i64::from(SECONDS) * 1000 + 50).contains(&source.info.duration_ms));
    let head = std::fs::read(&source.path).expect("read");
    let position = |kind: &[u8]| head.windows(4).position(|window| window == kind).expect("box");
    assert!(position(b"moov") < position(b"mdat"), "the index comes first");
}

#[test]
fn a_copy_shows_every_frame_once() {
    let (source, index) = open(&demo_film());
    let frames = shown("demo-copy", &source, &films::copy(&source, &index), &films::copy_jobs(&index), 640, 360);
    assert_eq!(frames, numbers(0, SECONDS * 24));
}

#[test]
fn a_transcode_shows_every_frame_once_wherever_it_is_cut() {
    let (source, index) = open(&demo_film());
    let spec = films::transcode(&source, &index, 180, Preset::Veryfast);
    let FrameGrid::Constant { frame_ticks, .. } = films::grid(&index) else { panic!("constant rate") };
    let cut = |n: u32, from: u32, to: u32| SegmentJob {
        index: n,
        start: i64::from(from * frame_ticks),
        end: i64::from(to * frame_ticks),
    };
    let frames = shown("demo-cut", &source, &spec, &[cut(0, 29, 71), cut(1, 71, 100)], 320, 180);
    assert_eq!(frames, numbers(29, 100));
}

#[test]
fn frames_survive_b_frames_open_picture_groups_and_coarse_clocks() {
    let demo = demo_film();
    let demo = demo.to_str().expect("plain name");
    let cases: [(&str, &[&str]); 6] = [
        ("b.mkv", &["-c:v", "libx264", "-bf", "3", "-g", "60", "-crf", "18"]),
        (
            "open.mkv",
            &["-c:v", "libx264", "-bf", "3", "-x264-params", "open-gop=1:keyint=48:b-pyramid=normal", "-crf", "18"],
        ),
        ("b.ts", &["-c:v", "libx264", "-bf", "3", "-g", "60", "-crf", "18"]),
        (
            "hevc10.mkv",
            &[
                "-c:v",
                "libx265",
                "-preset",
                "ultrafast",
                "-pix_fmt",
                "yuv420p10le",
                "-x265-params",
                "keyint=100:open-gop=0:log-level=error",
            ],
        ),
        ("xvid.avi", &["-c:v", "mpeg4", "-bf", "2", "-q:v", "3"]),
        ("mpeg2.mpg", &["-c:v", "mpeg2video", "-bf", "2", "-q:v", "3"]),
    ];
    for (name, encode) in cases {
        let path = made(name, &[&["-i", demo, "-t", "8"][..], encode, &["-c:a", "ac3"]].concat());
        let (source, index) = open(&path);
        assert_eq!(index.frame_rate, Some((24, 1)), "{name}");
        // The encoders of the last two always make open groups.
        assert_eq!(index.open_gop, ["open.mkv", "xvid.avi", "mpeg2.mpg"].contains(&name), "{name}");
        let spec = films::transcode(&source, &index, 180, Preset::Ultrafast);
        let jobs = films::encode_jobs(&index);
        assert_eq!(jobs.last().map(|job| job.end), Some(8 * 24 * jobs[0].end / 48), "{name}");
        assert_eq!(shown(name, &source, &spec, &jobs[1..3], 320, 180), numbers(48, 144), "{name}");
        assert_eq!(shown(name, &source, &spec, &jobs, 320, 180), numbers(0, 192), "{name}");
    }
}

#[test]
fn a_copy_of_b_frames_shows_every_frame_in_order() {
    let demo = demo_film();
    for name in ["copy.mkv", "copy.ts", "copy.mp4"] {
        let path = made(
            name,
            &[
                "-i",
                demo.to_str().expect("plain name"),
                "-t",
                "8",
                "-c:v",
                "libx264",
                "-bf",
                "3",
                "-g",
                "50",
                "-crf",
                "18",
                "-c:a",
                "aac",
            ],
        );
        let (source, index) = open(&path);
        let frames = shown(name, &source, &films::copy(&source, &index), &films::copy_jobs(&index), 640, 360);
        assert_eq!(frames, numbers(0, 192), "{name}");
    }
}

#[test]
fn a_picture_that_lies_on_its_side_is_put_upright() {
    let demo = demo_film();
    // Stored turned by a quarter; the matrix says how to turn it back.
    let turned = made(
        "turned.mp4",
        &[
            "-i",
            demo.to_str().expect("plain name"),
            "-t",
            "2",
            "-vf",
            "transpose=cclock",
            "-c:v",
            "libx264",
            "-crf",
            "18",
            "-an",
        ],
    );
    let path =
        made("upright.mp4", &["-i", turned.to_str().expect("plain name"), "-c", "copy", "-metadata:s:v", "rotate=270"]);
    let (source, index) = open(&path);
    let (_, video) = source.info.video().expect("a picture");
    assert_eq!((video.rotation, video.width, video.height), (90, 360, 640));
    let spec = films::transcode(&source, &index, 180, Preset::Ultrafast);
    assert_eq!(shown("upright", &source, &spec, &films::encode_jobs(&index), 320, 180), numbers(0, 48));
}

#[test]
fn all_presets_share_one_init_segment() {
    let (source, index) = open(&demo_film());
    let init = |preset| init_segment(&source, &films::transcode(&source, &index, 360, preset), &limit()).expect("init");
    let ultrafast = init(Preset::Ultrafast);
    assert_eq!(ultrafast, init(Preset::Superfast));
    assert_eq!(ultrafast, init(Preset::Veryfast));
    let avcc = boxes::find(&ultrafast, &["moov", "trak", "mdia", "minf", "stbl", "stsd"]).expect("stsd");
    let at = avcc.windows(4).position(|window| window == b"avcC").expect("avcC") + 4;
    let spec = films::transcode(&source, &index, 360, Preset::Ultrafast);
    let said = watchparty::media::engine::encoded_codec_string(&spec).expect("encoded");
    assert_eq!(said, format!("avc1.{:02x}{:02x}{:02x}", avcc[at + 1], avcc[at + 2], avcc[at + 3]));
}

/// Left channel of the whole film from single segments.
fn heard(label: &str, source: &Source, index: &VideoIndex, rate: u32) -> Vec<f32> {
    let (stream, _) = source.info.audio().next().expect("sound");
    let spec =
        TrackSpec::AudioAac { stream: stream.index, origin: films::origin(index), sample_rate: rate, gain_db: 0 };
    let init = init_segment(source, &spec, &limit()).expect("init");
    let mut parts = vec![init.to_vec()];
    for job in films::sound_jobs(index, rate) {
        let mut head = Head::open(source, &spec, &limit()).expect("head");
        parts.push(segment(&mut head, &job).expect("segment").0);
    }
    let bytes = decoded(label, &parts.iter().map(Vec::as_slice).collect::<Vec<_>>(), "a");
    bytes.chunks_exact(8).map(|pair| f32::from_le_bytes(pair[..4].try_into().expect("four bytes"))).collect()
}

/// Where the beep of each second begins, in samples.
fn onsets(sound: &[f32], rate: u32) -> Vec<usize> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < sound.len() {
        if sound[at].abs() > 0.02 {
            found.push(at);
            at += rate as usize / 2;
        }
        at += 1;
    }
    found
}

#[test]
fn beeps_sound_at_their_second_whatever_the_container_and_rate() {
    let demo = demo_film();
    let demo = demo.to_str().expect("plain name");
    let cases: [(&str, u32, &[&str]); 5] = [
        ("beep.mp4", 48_000, &["-c:a", "copy"]),
        ("beep.mkv", 48_000, &["-c:a", "ac3"]),
        ("beep.ts", 44_100, &["-c:a", "mp2"]),
        ("beep44.mkv", 48_000, &["-c:a", "flac", "-ar", "44100"]),
        ("beep51.mkv", 48_000, &["-c:a", "flac", "-ac", "6"]),
    ];
    for (name, rate, encode) in cases {
        let path = made(name, &[&["-i", demo, "-c:v", "copy"][..], encode].concat());
        let (source, index) = open(&path);
        let sound = heard(name, &source, &index, rate);
        let onsets = onsets(&sound, rate);
        assert_eq!(onsets.len(), SECONDS as usize, "{name}: {onsets:?}");
        for (second, onset) in onsets.iter().enumerate() {
            let late = *onset as i64 - second as i64 * i64::from(rate);
            // The very first frame has no predecessor to overlap with: a decoder fades it in.
            let limit = if second == 0 { 1024 } else { 400 };
            assert!((-120..=limit).contains(&late), "{name}: beep {second} is {late} samples late");
        }
    }
}

#[test]
fn sound_has_no_seams_between_segments() {
    let path = made(
        "sine.mkv",
        &[
            "-f",
            "lavfi",
            "-i",
            "testsrc2=s=64x64:r=25:d=12",
            "-f",
            "lavfi",
            "-i",
            "sine=440:r=48000:d=12",
            "-c:v",
            "libx264",
            "-c:a",
            "aac",
            "-b:a",
            "256k",
        ],
    );
    let (source, index) = open(&path);
    let sound = heard("sine", &source, &index, 48_000);
    // A pure tone obeys s[n+1] + s[n-1] = 2 cos(w) s[n]; a seam does not.
    let twice = 2.0 * (std::f32::consts::TAU * 440.0 / 48_000.0).cos();
    let inside = &sound[48_000..sound.len() - 48_000];
    let worst = inside.windows(3).map(|window| (window[2] + window[0] - twice * window[1]).abs()).fold(0.0, f32::max);
    assert!(worst < 0.01, "a seam of {worst}");
}

#[test]
fn a_late_track_begins_with_silence_and_a_short_one_ends_with_it() {
    let path = made(
        "late.mkv",
        &[
            "-f",
            "lavfi",
            "-i",
            "testsrc2=s=64x64:r=25:d=10",
            "-itsoffset",
            "3",
            "-f",
            "lavfi",
            "-i",
            "sine=440:r=48000:d=4",
            "-map",
            "0:v",
            "-map",
            "1:a",
            "-c:v",
            "libx264",
            "-c:a",
            "aac",
        ],
    );
    let (source, index) = open(&path);
    let sound = heard("late", &source, &index, 48_000);
    let loud = |from: f64, to: f64| {
        sound[(from * 48_000.0) as usize..(to * 48_000.0) as usize]
            .iter()
            .fold(0.0_f32, |peak, value| peak.max(value.abs()))
    };
    assert!(loud(0.0, 2.9) < 0.001 && loud(3.1, 6.9) > 0.05 && loud(7.1, 9.9) < 0.001);
    assert!((sound.len() as f64 / 48_000.0 - 10.0).abs() < 0.05, "{}", sound.len());
}

#[test]
fn silence_is_made_for_a_film_without_sound() {
    let (source, _) = open(&demo_film());
    let spec = TrackSpec::AudioSilent { sample_rate: 48_000 };
    let mut head = Head::open(&source, &spec, &limit()).expect("head");
    let job = SegmentJob { index: 3, start: 94 * AAC_FRAME_SAMPLES, end: 188 * AAC_FRAME_SAMPLES - 100 };
    let fragments = boxes::fragments(&segment(&mut head, &job).expect("segment").0);
    assert_eq!(fragments[0].tfdt as i64, job.start);
    assert_eq!(fragments.iter().map(boxes::Fragment::duration).sum::<i64>(), job.end - job.start);
}

#[test]
fn a_cancelled_segment_stops_within_a_frame() {
    let (source, index) = open(&demo_film());
    let spec = films::transcode(&source, &index, 360, Preset::Ultrafast);
    let mut head = Head::open(&source, &spec, &limit()).expect("head");
    let job = SegmentJob { index: 0, start: 0, end: films::tick(&index, index.end_pts) };
    let cancel = Cancel::never();
    let mut fragments = 0;
    let result = head.segment(&job, &cancel, &mut |_| {
        fragments += 1;
        cancel.cancel();
    });
    assert!(matches!(result, Err(EngineError::Cancelled)), "{result:?}");
    assert_eq!((fragments, head.position()), (1, None));
    // The same head goes on with the next job.
    assert!(segment(&mut head, &SegmentJob { index: 0, start: 0, end: films::encode_jobs(&index)[0].end }).is_ok());
}

#[test]
fn a_replaced_file_is_noticed() {
    let path = scratch().join("replaced.mp4");
    std::fs::copy(demo_film(), &path).expect("copy");
    let (source, index) = open(&path);
    std::fs::write(&path, b"something else").expect("write");
    let spec = TrackSpec::VideoCopy {
        stream: 0,
        origin: Origin { pts: 0, time_base: index.time_base },
        grid: films::grid(&index),
    };
    assert!(matches!(Head::open(&source, &spec, &limit()), Err(EngineError::Changed)));
}
