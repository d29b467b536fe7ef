//! Quick measurements, run by hand on a release build: `cargo test --release --test it measure -- --ignored --nocapture`.
use std::path::Path;
use std::sync::Arc;

use watchparty::clock::{Clock, SystemClock};
use watchparty::media::Source;
use watchparty::media::demo;
use watchparty::media::engine;
use watchparty::media::engine::{Head, init_segment};
use watchparty::media::plan::plan;
use watchparty::media::track::{Preset, SegmentJob, TrackSpec};

use crate::support::films::{self, limit, made, open, scratch};

/// First fragment and whole segment, in ms, with a new head and with a warm one that has to seek.
fn latency(label: &str, source: &Source, spec: &TrackSpec, jobs: &[SegmentJob]) {
    let timed = |head: &mut Head, job: &SegmentJob| {
        let began = SystemClock.now();
        let mut first = None;
        let stats = head.segment(job, &limit(), &mut |_| {
            first.get_or_insert(SystemClock.now().since(began).as_millis());
        });
        let stats = stats.expect("segment");
        (first.unwrap_or_default(), SystemClock.now().since(began).as_millis(), stats.bytes)
    };
    let began = SystemClock.now();
    let mut head = Head::open(source, spec, &limit()).expect("head");
    let opened = SystemClock.now().since(began).as_millis();
    let middle = jobs.len() / 2;
    let cold = timed(&mut head, &jobs[middle]);
    let next = timed(&mut head, &jobs[middle + 1]);
    let back = timed(&mut head, &jobs[1]);
    let began = SystemClock.now();
    init_segment(source, spec, &limit()).expect("init");
    let init = SystemClock.now().since(began).as_millis();
    eprintln!(
        "{label}: open {opened} ms, init {init} ms; (first fragment ms, segment ms, bytes) cold {cold:?}, next {next:?}, seek {back:?}"
    );
}

fn measure(label: &str, path: &Path) {
    let began = SystemClock.now();
    let (source, index) = open(path);
    eprintln!("{label}: probe and index {} ms", SystemClock.now().since(began).as_millis());
    latency(&format!("{label} copy"), &source, &films::copy(&source, &index), &films::copy_jobs(&index));
    for (height, preset) in [(720, Preset::Ultrafast), (1080, Preset::Superfast)] {
        let spec = films::transcode(&source, &index, height, preset);
        latency(&format!("{label} to {height} {preset:?}"), &source, &spec, &films::encode_jobs(&index));
    }
    if let Some(spec) = films::sound(&source, &index) {
        latency(&format!("{label} sound"), &source, &spec, &films::sound_jobs(&index, 48_000));
    }
}

#[test]
#[ignore = "a measurement, not a check"]
fn latency_of_copy_and_of_hevc_10_bit() {
    let film = |name, encode: &[&str]| {
        made(
            name,
            &[
                &["-f", "lavfi", "-i", "testsrc2=s=1920x1080:r=24:d=30", "-f", "lavfi", "-i", "sine=440:r=48000:d=30"]
                    [..],
                encode,
                &["-c:a", "ac3"],
            ]
            .concat(),
        )
    };
    measure("h264 1080p", &film("measure.mkv", &["-c:v", "libx264", "-preset", "ultrafast", "-g", "96"]));
    measure(
        "hevc10 1080p",
        &film(
            "measure-hevc.mkv",
            &[
                "-c:v",
                "libx265",
                "-preset",
                "ultrafast",
                "-pix_fmt",
                "yuv420p10le",
                "-x265-params",
                "keyint=96:open-gop=0:log-level=error",
            ],
        ),
    );
}

#[test]
#[ignore = "a measurement, not a check"]
fn time_to_write_the_demo_film() {
    let began = SystemClock.now();
    demo::write_clip(&scratch().join("minute.mp4"), 60, &limit()).expect("demo film");
    eprintln!("60 s of demo film in {} ms", SystemClock.now().since(began).as_millis());
}
/// Two hours in four gigabytes, in each kind of container.
#[test]
#[ignore = "a measurement, not a check; writes four gigabytes at a time"]
fn plan_of_four_gigabytes() {
    let picture = "testsrc2=s=1280x720:r=24:d=60,noise=alls=30:allf=t";
    let inputs = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", "sine=440:r=48000:d=60"];
    let coded = ["-c:v", "libx264", "-preset", "superfast", "-b:v", "4500k", "-g", "96", "-c:a", "aac"];
    let minute = made("minute-of-noise.mkv", &[&inputs[..], &coded[..]].concat());
    let minute = minute.to_str().expect("plain name");
    for (name, form) in [
        ("four.mkv", &["-f", "matroska"][..]),
        ("four-without-cues.mkv", &["-f", "matroska", "-live", "1"]),
        ("four.mp4", &["-f", "mp4"]),
        ("four-index-first.mp4", &["-f", "mp4", "-movflags", "+faststart"]),
        ("four.ts", &["-f", "mpegts"]),
    ] {
        let path = scratch().join(name);
        let path_text = path.to_str().expect("plain name");
        films::ffmpeg(&[&["-stream_loop", "119", "-i", minute, "-c", "copy"][..], form, &[path_text]].concat());
        let timed = |what: &str, work: &dyn Fn() -> String| {
            // Other work on the machine counts for the one and not for the other.
            let cpu = || rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
            let cpu_ms = |at: rustix::time::Timespec| at.tv_sec * 1000 + at.tv_nsec / 1_000_000;
            let (began, spent) = (SystemClock.now(), cpu_ms(cpu()));
            let said = work();
            let took = SystemClock.now().since(began).as_millis();
            eprintln!("{name}: {what} {took} ms, {} ms of processor {said}", cpu_ms(cpu()) - spent);
        };
        let (info, identity) = engine::probe(&path, &limit()).expect("a film");
        let source = Source { path: path.clone(), identity, info: Arc::new(info) };
        eprintln!("{name}: {} bytes, {} ms", source.identity.size, source.info.duration_ms);
        for what in ["first plan", "again"] {
            timed(what, &|| {
                let index = engine::glance(&source, &limit()).expect("an index");
                format!("(complete {}, {} keyframes)", index.complete, index.keyframes.len())
            });
        }
        let index = engine::index(&source, &limit()).expect("an index");
        timed("everything", &|| {
            let whole = engine::index(&source, &limit()).expect("an index");
            format!("({} keyframes, {:?})", whole.keyframes.len(), whole.frame_rate)
        });
        timed("plan from it", &|| {
            format!("({} cuts)", plan(&source, Some(&index)).video.expect("a picture").cuts.len())
        });
        std::fs::remove_file(path).expect("remove");
    }
}

/// CPU seconds of this process, or of the programs it ran, so far.
fn cpu_s(children: bool) -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields: Vec<f64> =
        stat.rsplit(')').next().unwrap().split_whitespace().map(|field| field.parse().unwrap_or(0.0)).collect();
    // User and system time are fields 14 and 15, those of children 16 and 17; here without the first two. In 1/100 s.
    let at = if children { 13 } else { 11 };
    (fields[at] + fields[at + 1]) / 100.0
}

/// Every segment in order, as a playing room has them made.
fn cpu_of_engine(source: &Source, spec: &TrackSpec, jobs: &[SegmentJob]) -> f64 {
    let began = cpu_s(false);
    let mut head = Head::open(source, spec, &limit()).expect("head");
    for job in jobs {
        head.segment(job, &limit(), &mut |_| {}).expect("segment");
    }
    cpu_s(false) - began
}

/// The `ffmpeg` program with the same decoder threads, scaler, encoder, preset, rate and keyframe distance.
fn cpu_of_program(path: &Path, (width, height): (u32, u32), preset: Preset, max_bit_rate: u32) -> f64 {
    let began = cpu_s(true);
    let rate = max_bit_rate.to_string();
    let filters =
        format!("scale={width}:{height}:flags=bicubic:out_color_matrix=bt709:out_range=tv,format=yuv420p,setsar=1");
    let x264 = "cabac=1:8x8dct=1:ref=1:bframes=0:weightp=1:scenecut=0:open-gop=0:rc-lookahead=0:sync-lookahead=0:mbtree=0:\
                sliced-threads=1";
    let status = std::process::Command::new("ffmpeg")
        .args(["-nostdin", "-loglevel", "error", "-threads", "2", "-i"])
        .arg(path)
        .args(["-map", "0:V:0", "-vf", &filters, "-c:v", "libx264", "-preset", preset.as_str(), "-tune", "zerolatency"])
        .args(["-profile:v", "high", "-crf", "23", "-maxrate", &rate, "-bufsize", &rate, "-x264-params", x264])
        .args(["-g", "48", "-threads", "4", "-f", "null", "-"])
        .status();
    assert!(status.expect("the ffmpeg program").success());
    cpu_s(true) - began
}

#[test]
#[ignore = "a measurement; needs the ffmpeg program"]
fn a_transcode_takes_no_more_than_a_tenth_more_cpu_than_the_ffmpeg_program() {
    let mut worst: f64 = 0.0;
    for name in ["hevc_10s_frame_counter.mp4", "h264_mp2_1080p_10s.ts"] {
        let Some(path) = films::film(name) else { return };
        let (source, index) = open(&path);
        for (height, preset) in [(1080, Preset::Superfast), (720, Preset::Superfast), (480, Preset::Veryfast)] {
            let spec = films::transcode(&source, &index, height, preset);
            let TrackSpec::VideoH264 { width, height, max_bit_rate, .. } = spec else { panic!("a converted track") };
            let jobs = films::encode_jobs(&index);
            // The best of three: what else runs on the machine costs cache and turbo.
            let best = |run: &dyn Fn() -> f64| (0..3).map(|_| run()).fold(f64::MAX, f64::min);
            let ours = best(&|| cpu_of_engine(&source, &spec, &jobs));
            let theirs = best(&|| cpu_of_program(&path, (width, height), preset, max_bit_rate));
            eprintln!(
                "| {name} to {width}x{height} {} | {ours:.2} | {theirs:.2} | {:.2} |",
                preset.as_str(),
                ours / theirs
            );
            worst = worst.max(ours / theirs);
        }
    }
    assert!(worst <= 1.10, "{worst:.2}");
}

#[test]
#[ignore = "a measurement, not a check"]
fn processor_time_of_the_trial_by_which_machines_are_compared() {
    for preset in [Preset::Ultrafast, Preset::Superfast, Preset::Veryfast] {
        let (began, cpu) = (SystemClock.now(), cpu_s(false));
        let frames = engine::trial(preset, &limit()).expect("trial");
        let took = SystemClock.now().since(began).as_secs_f64();
        eprintln!("{}: {:.0} frames/s, {:.2} CPU-s", preset.as_str(), f64::from(frames) / took, cpu_s(false) - cpu);
    }
}
