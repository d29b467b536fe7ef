//! Test films and what is asked of the engine about them.
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tempfile::TempDir;
use watchparty::clock::SystemClock;
use watchparty::media::Source;
use watchparty::media::engine::{self, Cancel, EngineError, Head, SegmentStats};
use watchparty::media::track::{AAC_FRAME_SAMPLES, FrameGrid, Origin, Preset, SegmentJob, TrackSpec, VideoIndex};

/// Longest any one call may take in a test.
const LIMIT: Duration = Duration::from_mins(1);

/// The folder of real films. Nothing only when somebody says so: a missing folder fails, lest tests pass by not running.
pub(crate) fn folder() -> Option<PathBuf> {
    let given = std::env::var_os("WATCHPARTY_TEST_MEDIA");
    if given.as_ref().is_some_and(|given| given == "none") {
        return None;
    }
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/media");
    let folder = given.map_or_else(beside, PathBuf::from);
    assert!(
        folder.is_dir(),
        "no real films in {}: set WATCHPARTY_TEST_MEDIA to their folder, or to `none`",
        folder.display()
    );
    Some(folder)
}

/// A real film.
pub(crate) fn film(name: &str) -> Option<PathBuf> {
    let path = folder()?.join(name);
    assert!(path.exists(), "{} is not there", path.display());
    Some(path)
}

/// Stops a call that hangs.
pub(crate) fn limit() -> Cancel {
    engine::install_log();
    Cancel::with_deadline(Arc::new(SystemClock), LIMIT)
}

/// A folder that lives as long as the tests.
pub(crate) fn scratch() -> &'static Path {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    FOLDER.get_or_init(|| tempfile::tempdir().expect("a temporary folder")).path()
}

/// Runs the distribution's `ffmpeg` and checks that it worked.
pub(crate) fn ffmpeg(arguments: &[&str]) -> Output {
    let output = Command::new("ffmpeg")
        .args(["-hide_banner", "-nostdin", "-loglevel", "error", "-y"])
        .args(arguments)
        .output()
        .expect("the ffmpeg program");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

/// A film made once for all tests.
pub(crate) fn made(name: &str, arguments: &[&str]) -> PathBuf {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let path = scratch().join(name);
    if !path.exists() {
        let part = scratch().join(format!("part-{}-{name}", std::process::id()));
        ffmpeg(&[arguments, &[part.to_str().expect("plain name")]].concat());
        std::fs::rename(part, &path).expect("rename");
    }
    path
}

/// Probes and indexes.
pub(crate) fn open(path: &Path) -> (Source, VideoIndex) {
    let (info, identity) = engine::probe(path, &limit()).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let source = Source { path: path.to_owned(), identity, info: Arc::new(info) };
    let index = engine::index(&source, &limit()).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    (source, index)
}

/// The frame grid that suits an index.
pub(crate) fn grid(index: &VideoIndex) -> FrameGrid {
    match index.frame_rate {
        Some((num, den)) => {
            let factor = 1000_u32.div_ceil(num);
            FrameGrid::Constant { timescale: num * factor, frame_ticks: den * factor }
        }
        None => FrameGrid::Variable { timescale: 90_000 },
    }
}

pub(crate) fn origin(index: &VideoIndex) -> Origin {
    Origin { pts: index.start_pts, time_base: index.time_base }
}

/// Stream time in ticks of the grid, rounded as the engine does it.
pub(crate) fn tick(index: &VideoIndex, pts: i64) -> i64 {
    let seconds = i128::from(pts - index.start_pts) * i128::from(index.time_base.0);
    let (scale, step) = match grid(index) {
        FrameGrid::Constant { timescale, frame_ticks } => (i128::from(timescale), i128::from(frame_ticks)),
        FrameGrid::Variable { timescale } => (i128::from(timescale), 1),
    };
    let den = i128::from(index.time_base.1) * step;
    ((2 * seconds * scale + den).div_euclid(2 * den) * step) as i64
}

pub(crate) fn transcode(source: &Source, index: &VideoIndex, height: u32, preset: Preset) -> TrackSpec {
    let (stream, video) = source.info.video().expect("a picture");
    let wide = f64::from(video.width) * f64::from(video.sar_num) / f64::from(video.sar_den);
    let (wide, high) =
        if video.rotation % 180 == 0 { (wide, f64::from(video.height)) } else { (f64::from(video.height), wide) };
    let height = height.min(high as u32 / 2 * 2).max(2);
    let width = ((wide * f64::from(height) / high / 2.0).round() as u32 * 2).max(2);
    TrackSpec::VideoH264 {
        stream: stream.index,
        origin: origin(index),
        grid: grid(index),
        width,
        height,
        preset,
        max_bit_rate: 4_000_000,
        in_band: false,
    }
}

pub(crate) fn copy(source: &Source, index: &VideoIndex) -> TrackSpec {
    let (stream, _) = source.info.video().expect("a picture");
    TrackSpec::VideoCopy { stream: stream.index, origin: origin(index), grid: grid(index) }
}

pub(crate) fn sound(source: &Source, index: &VideoIndex) -> Option<TrackSpec> {
    let (stream, audio) = source.info.audio().next()?;
    let sample_rate = if audio.sample_rate == 44_100 { 44_100 } else { 48_000 };
    Some(TrackSpec::AudioAac { stream: stream.index, origin: origin(index), sample_rate, gain_db: 0 })
}

/// The whole film in copied picture groups of at least two seconds.
pub(crate) fn copy_jobs(index: &VideoIndex) -> Vec<SegmentJob> {
    let minimum = 2 * i64::from(grid(index).timescale());
    let end = tick(index, index.end_pts);
    let mut starts = vec![0];
    for key in &index.keyframes {
        let at = tick(index, *key);
        if at - starts.last().expect("one") >= minimum && end - at >= minimum / 4 {
            starts.push(at);
        }
    }
    jobs(&starts, end)
}

/// The whole film in pieces of two seconds, cut on the grid.
pub(crate) fn encode_jobs(index: &VideoIndex) -> Vec<SegmentJob> {
    let step = match grid(index) {
        FrameGrid::Constant { timescale, frame_ticks } => i64::from(2 * timescale / frame_ticks * frame_ticks),
        FrameGrid::Variable { timescale } => i64::from(2 * timescale),
    };
    let end = tick(index, index.end_pts).max(1);
    jobs(&(0..end).step_by(step as usize).collect::<Vec<_>>(), end)
}

/// The whole film's length in pieces of 94 frames of sound.
pub(crate) fn sound_jobs(index: &VideoIndex, sample_rate: u32) -> Vec<SegmentJob> {
    let seconds =
        (index.end_pts - index.start_pts) as f64 * f64::from(index.time_base.0) / f64::from(index.time_base.1);
    let end = ((seconds * f64::from(sample_rate)) as i64).max(1);
    jobs(&(0..end).step_by((94 * AAC_FRAME_SAMPLES) as usize).collect::<Vec<_>>(), end)
}

fn jobs(starts: &[i64], end: i64) -> Vec<SegmentJob> {
    let ends = starts.iter().skip(1).copied().chain([end]);
    starts
        .iter()
        .zip(ends)
        .enumerate()
        .map(|(n, (start, end))| SegmentJob { index: n as u32, start: *start, end })
        .collect()
}

/// One segment's bytes.
pub(crate) fn segment(head: &mut Head, job: &SegmentJob) -> Result<(Vec<u8>, SegmentStats), EngineError> {
    let mut bytes = Vec::new();
    let stats = head.segment(job, &limit(), &mut |fragment| bytes.extend_from_slice(&fragment))?;
    Ok((bytes, stats))
}

/// Frames that `ffmpeg` decodes from an init segment and what follows it, without an error.
pub(crate) fn decoded(label: &str, parts: &[&[u8]], kind: &str) -> Vec<u8> {
    let path = scratch().join(format!("decode-{}-{label}.mp4", std::process::id()));
    std::fs::write(&path, parts.concat()).expect("write");
    let format: &[&str] = if kind == "a" {
        &["-f", "f32le", "-"]
    } else {
        &["-pix_fmt", "gray", "-f", "rawvideo", "-fps_mode", "passthrough", "-enc_time_base", "1:90000", "-"]
    };
    let output = ffmpeg(
        &[&["-xerror", "-i", path.to_str().expect("plain name"), "-map", &format!("0:{kind}")], format].concat(),
    );
    assert!(output.stderr.is_empty(), "{label}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
