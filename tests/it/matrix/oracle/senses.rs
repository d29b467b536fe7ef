//! What is seen and heard, by decoding with the `ffmpeg` program and reading markers and beeps.
use crate::matrix::oracle::segments::Made;
use crate::matrix::oracle::{BEEP_TOLERANCE_S, Expect, Heard, Seen};
use crate::matrix::recipe::{BEEP_S, FRAME_S, FRAMES};
use crate::support::films::{ffmpeg, scratch};
use crate::support::marker;

/// Pictures are looked at in this width.
const WIDTH: usize = 320;
/// Louder than this is a beep.
const LOUD: f32 = 0.05;
const BEEP_LENGTH_S: f64 = 0.1;
/// No film here has more.
const BEEPS_MAX: u32 = 100;
/// And what comes after so much silence begins one.
const SILENCE_S: f64 = 0.25;

/// Decodes an init segment with some segments; any complaint of the decoder fails, unless the film itself is damaged.
fn decode(made: &Made, segments: &[&[u8]], damaged: bool, format: &[&str]) -> Vec<u8> {
    let label = format!("{}-{}", made.label.replace(' ', "-"), segments.len());
    let path = scratch().join(format!("matrix-{label}.mp4"));
    std::fs::write(&path, [&[made.init.as_slice()], segments].concat().concat()).unwrap();
    let strict: &[&str] = if damaged { &[] } else { &["-xerror"] };
    let output = ffmpeg(&[strict, &["-i", path.to_str().unwrap()], format].concat());
    std::fs::remove_file(path).unwrap();
    assert!(damaged || output.stderr.is_empty(), "{label}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn pictures(made: &Made, segments: &[&[u8]], damaged: bool, height: usize) -> Vec<Vec<u8>> {
    let scale = format!("scale={WIDTH}:{height}:flags=area");
    let gray = [
        "-map",
        "0:v",
        "-vf",
        &scale,
        "-pix_fmt",
        "gray",
        "-f",
        "rawvideo",
        "-fps_mode",
        "passthrough",
        "-enc_time_base",
        "1:90000",
        "-",
    ];
    decode(made, segments, damaged, &gray).chunks_exact(WIDTH * height).map(<[u8]>::to_vec).collect()
}

/// As many pictures as samples; each shows the frame of its time.
pub(super) fn see(made: &Made, expect: &Expect) {
    let damaged = expect.damaged;
    let height = (WIDTH as u32 * expect.size.1 / expect.size.0 / 2 * 2) as usize;
    for n in some(made.segments.len()) {
        let alone = pictures(made, &[&made.segments[n]], damaged, height).len();
        let samples = Made::shown(&made.segments[n], &made.jobs[n]).len();
        assert!(alone == samples || damaged && alone > 0, "{} segment {n}: {alone} pictures of {samples}", made.label);
    }
    let all: Vec<&[u8]> = made.segments.iter().map(Vec::as_slice).collect();
    let seen = pictures(made, &all, damaged, height);
    let times: Vec<f64> = made
        .segments
        .iter()
        .zip(&made.jobs)
        .flat_map(|(segment, job)| Made::shown(segment, job))
        .map(|tick| made.seconds(tick))
        .collect();
    if damaged {
        return;
    }
    assert_eq!(seen.len(), times.len(), "{}: pictures", made.label);
    let (first, tolerance_s, period_s) = match expect.seen {
        Seen::Counting { first, tolerance_s } => (first, tolerance_s, f64::MAX),
        Seen::Holding { tolerance_s } => (0, tolerance_s, f64::MAX),
        Seen::Twice { tolerance_s } => (0, tolerance_s, f64::from(FRAMES) * FRAME_S),
        Seen::Pictures | Seen::Nothing => return,
    };
    let mut before = None;
    for (picture, time) in seen.iter().zip(times) {
        let Some((frame, _)) = marker::read(picture, WIDTH, height) else {
            panic!("{}: no number to be read at {time:.3} s", made.label)
        };
        let held = before.replace(frame) == Some(frame);
        if held && matches!(expect.seen, Seen::Holding { .. }) {
            continue;
        }
        let off = (f64::from(frame) - f64::from(first)) * FRAME_S - time;
        let off = off - (off / period_s).round() * period_s;
        assert!(off.abs() <= tolerance_s, "{}: frame {frame} is shown at {time:.3} s", made.label);
    }
}

/// Beeps at their times and nothing else.
pub(super) fn hear(made: &Made, expect: &Expect) {
    let rate = f64::from(made.timescale);
    let sound = |segments: &[&[u8]]| -> Vec<f32> {
        let floats = decode(made, segments, expect.damaged, &["-map", "0:a", "-ac", "1", "-f", "f32le", "-"]);
        floats.chunks_exact(4).map(|value| f32::from_le_bytes(value.try_into().unwrap())).collect()
    };
    for n in some(made.segments.len()) {
        assert!(!sound(&[&made.segments[n]]).is_empty(), "{} segment {n}", made.label);
    }
    let all: Vec<&[u8]> = made.segments.iter().map(Vec::as_slice).collect();
    let heard = sound(&all);
    let length = heard.len() as f64 / rate;
    assert!((length - expect.seconds).abs() <= expect.slack_s + BEEP_TOLERANCE_S, "{}: {length} s", made.label);
    let Heard::Beeps { to, late_s, tolerance_s } = expect.heard else { return };
    let end = expect.seconds.min(to);
    // What is left of one that began before is no beginning.
    let due: Vec<f64> = (0..BEEPS_MAX)
        .map(|n| f64::from(n) * BEEP_S + late_s)
        .take_while(|time| *time < end - BEEP_LENGTH_S)
        .filter(|time| *time > -BEEP_LENGTH_S)
        .map(|time| time.max(0.0))
        .collect();
    let beeps: Vec<f64> = onsets(&heard, rate).into_iter().filter(|beep| *beep < end - BEEP_LENGTH_S).collect();
    assert_eq!(beeps.len(), due.len(), "{}: beeps at {beeps:.3?}, due at {due:.3?}", made.label);
    for (beep, due) in beeps.iter().zip(&due) {
        assert!((beep - due).abs() <= tolerance_s, "{}: a beep at {beep:.4} s, due at {due:.4} s", made.label);
    }
}

/// Where a beep begins after silence, in seconds.
fn onsets(sound: &[f32], rate: f64) -> Vec<f64> {
    let mut found = Vec::new();
    let mut last = f64::MIN;
    for (at, _) in sound.iter().enumerate().filter(|(_, value)| value.abs() > LOUD) {
        let at = at as f64 / rate;
        if at - last > SILENCE_S {
            found.push(at);
        }
        last = at;
    }
    found
}

/// The first, one in the middle and the last.
fn some(count: usize) -> Vec<usize> {
    let mut some = vec![0, count / 2, count - 1];
    some.dedup();
    some
}
