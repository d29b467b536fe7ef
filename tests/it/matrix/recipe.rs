//! Films made by command, once for all runs: the name of a film says which command made it.
//!
//! Commands run inside the folder of films, so one film names another without a path.
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use watchparty::media::demo;

use crate::support::films::limit;

/// Frames of the base film; its frame rate is 24000/1001.
pub(super) const FRAMES: u32 = 240;
/// Frames of the long one.
pub(super) const FRAMES_LONG: u32 = 384;
/// Seconds between two frames of them.
pub(super) const FRAME_S: f64 = 1001.0 / 24_000.0;
/// Seconds between two beeps: every 24th frame has one.
pub(super) const BEEP_S: f64 = 24.0 * FRAME_S;
/// Raised when the demo film looks different.
const EDITION: u32 = 1;

/// A generated film.
#[derive(Clone, Debug)]
pub(super) struct Film {
    pub(super) path: PathBuf,
    /// Its name in the folder of films.
    pub(super) name: String,
}

impl std::fmt::Display for Film {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("matrix");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// A film that `make` writes to the path it is given, unless it is there already.
fn kept(name: &str, key: &impl Hash, make: impl FnOnce(&Path)) -> Film {
    static PARTS: AtomicU32 = AtomicU32::new(0);
    let mut hasher = DefaultHasher::new();
    (EDITION, key).hash(&mut hasher);
    let (stem, extension) = name.rsplit_once('.').unwrap();
    let name = format!("{stem}-{:08x}.{extension}", hasher.finish() as u32);
    let path = folder().join(&name);
    if !path.exists() {
        let part = PARTS.fetch_add(1, Ordering::Relaxed);
        let part = folder().join(format!("part-{}-{part}-{name}", std::process::id()));
        make(&part);
        // Never replaced: another test may be playing it.
        let _ = std::fs::hard_link(&part, &path);
        std::fs::remove_file(part).unwrap();
    }
    Film { path, name }
}

/// A film made by `ffmpeg -y <arguments> <file>`; arguments are separated by blanks.
pub(super) fn film(name: &str, arguments: &str) -> Film {
    kept(name, &arguments, |part| {
        let output = Command::new("ffmpeg")
            .args(["-hide_banner", "-nostdin", "-loglevel", "error", "-y"])
            .args(arguments.split_whitespace())
            .arg(part)
            .current_dir(folder())
            .output()
            .unwrap();
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    })
}

/// A film made of the bytes of another.
pub(super) fn derived(name: &str, from: &Film, how: &str, change: impl FnOnce(Vec<u8>) -> Vec<u8>) -> Film {
    kept(name, &(&from.name, how), |part| std::fs::write(part, change(std::fs::read(&from.path).unwrap())).unwrap())
}

/// Two films one after the other, byte for byte.
pub(super) fn joined(name: &str, first: &Film, second: &Film) -> Film {
    kept(name, &(&first.name, &second.name), |part| {
        let mut bytes = std::fs::read(&first.path).unwrap();
        bytes.extend(std::fs::read(&second.path).unwrap());
        std::fs::write(part, bytes).unwrap();
    })
}

/// What all others are made of: every frame carries its number, every 24th comes with a beep. 320x180, 10.01 s.
pub(super) fn base() -> Film {
    counting(FRAMES)
}

/// The same, long enough that keyframes can be too far apart: 16.016 s.
pub(super) fn long_base() -> Film {
    counting(FRAMES_LONG)
}

fn counting(frames: u32) -> Film {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let seconds = frames / 24 + 1;
    let demo = kept("demo.mp4", &seconds, |part| demo::write_clip(part, seconds, &limit()).unwrap());
    film(
        "base.mkv",
        &format!(
            "-i {demo} -f lavfi -i aevalsrc='0.4*sin(6283.185*t)*lt(mod(t,{BEEP_S}),0.1)':s=48000:d={seconds} \
             -map 0:v -map 1:a -vf scale=320:180:flags=area,settb=1/24000,setpts=N*1001,trim=end_frame={frames} -r 24000/1001 \
             -c:v libx264 -preset ultrafast -qp 0 -g 24 -pix_fmt yuv420p -ac 2 -c:a pcm_s16le",
            seconds = f64::from(frames) * FRAME_S
        ),
    )
}

/// A text that a command reads.
pub(super) fn text(name: &str, content: &str) -> Film {
    kept(name, &content, |part| std::fs::write(part, content).unwrap())
}

/// The base film encoded; `-i base` stands before the arguments.
pub(super) fn encoded(name: &str, arguments: &str) -> Film {
    film(name, &format!("-i {} {arguments}", base()))
}

/// H.264 as most films have it, with a keyframe every two seconds.
pub(super) const H264: &str = "-c:v libx264 -preset veryfast -crf 18 -g 48 -pix_fmt yuv420p";

/// The plain film: H.264 and AAC in an MP4 with its index in front.
pub(super) fn plain() -> Film {
    encoded("plain.mp4", &format!("{H264} -c:a aac -b:a 128k -movflags +faststart"))
}
