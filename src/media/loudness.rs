//! One constant gain for the converted sound of a title, from how loud it is.
//!
//! Surround mixed to stereo without clipping is quiet, and films are mastered quietly on top. The gain is measured on
//! stretches of the whole title, so that it is the same everywhere in it; it is remembered with the cache.
use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use crate::media::identity::FileIdentity;
use crate::media::plan::Presentation;
use crate::media::rendition::GAIN_DB_MAX;
use crate::media::sync::lock;

/// As loud as converted sound should be, in hundredths of LUFS.
const TARGET: i32 = -1800;
/// Peaks may be lifted so far beyond full scale, in hundredths of a decibel: they are bent there, not cut.
const OVER_MAX: i32 = 300;
/// Sound quieter than this is not meant to be heard; in hundredths of LUFS.
const QUIET_MIN: i32 = -6000;
/// Length of a stretch that is listened to.
const STRETCH_MS: i64 = 12_000;
/// Stretches listened to, spread over the title.
const STRETCHES_MAX: i64 = 20;
/// Titles whose loudness is held in memory and on disk.
const TITLES_MAX: usize = 4096;
/// Raised when the same sound would be measured differently.
const MEASURE_VERSION: u32 = 1;
const FOLDER: &str = "loudness";

/// How loud a sound stream is after the mix to stereo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Loudness {
    /// Integrated loudness by EBU R 128, in hundredths of LUFS.
    pub(crate) integrated: i32,
    /// The highest sample, in hundredths of a decibel below full scale (0).
    pub(crate) peak: i32,
}

impl Loudness {
    /// Whole decibels by which this sound is made louder. Never quieter: what is loud was meant so.
    pub(crate) fn gain_db(self) -> u32 {
        if self.integrated < QUIET_MIN {
            return 0;
        }
        let wanted = (TARGET - self.integrated).min(OVER_MAX - self.peak);
        (wanted / 100).clamp(0, GAIN_DB_MAX as i32).unsigned_abs()
    }
}

/// What was heard of every sound stream of a title, in file order; nothing of those that need no gain.
pub(crate) type Heard = Vec<Option<Loudness>>;

/// Stretches of content time, in ms, that stand for a title of this length.
pub(crate) fn stretches(duration_ms: i64) -> Vec<(i64, i64)> {
    let duration = duration_ms.max(1);
    let count = (duration / STRETCH_MS).clamp(1, STRETCHES_MAX);
    let step = duration / count;
    (0..count).map(|n| (n * step, n * step + STRETCH_MS.min(step).max(1))).collect()
}

/// Sound streams whose loudness matters: those that some client gets converted.
pub(crate) fn wanted(film: &Presentation) -> Vec<bool> {
    let everybody_copies = |codec: &str, copied: bool| copied && codec == "aac";
    film.source
        .info
        .audio()
        .zip(&film.audio)
        .map(|((stream, _), plan)| stream.codec != "unknown" && !everybody_copies(&stream.codec, plan.copy.is_ok()))
        .collect()
}

/// The presentation with the gains that follow from what was heard.
pub(crate) fn with_gains(film: &Presentation, heard: &Heard) -> Presentation {
    let mut film = film.clone();
    for (audio, heard) in film.audio.iter_mut().zip(heard) {
        audio.gain_db = heard.map_or(0, Loudness::gain_db);
    }
    film
}

/// What is known of titles, and which are being listened to.
pub(crate) struct Titles {
    folder: Option<PathBuf>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    known: HashMap<FileIdentity, Heard>,
    underway: HashSet<FileIdentity>,
}

impl Titles {
    /// Keeps what is heard below `dir`, or in memory alone.
    pub(crate) fn new(dir: Option<&Path>) -> Self {
        Self { folder: dir.map(|dir| dir.join(FOLDER)), state: Mutex::default() }
    }

    /// What is known already.
    pub(crate) fn known(&self, identity: &FileIdentity) -> Option<Heard> {
        lock(&self.state).known.get(identity).cloned()
    }

    /// Whether the caller is the one to listen to this title.
    pub(crate) fn begin(&self, identity: FileIdentity) -> bool {
        let mut state = lock(&self.state);
        !state.known.contains_key(&identity) && state.underway.len() < TITLES_MAX && state.underway.insert(identity)
    }

    /// Nobody listens any more.
    pub(crate) fn end(&self, identity: &FileIdentity) {
        lock(&self.state).underway.remove(identity);
    }

    /// Remembers what was heard.
    pub(crate) fn learn(&self, identity: FileIdentity, heard: Heard) {
        let mut state = lock(&self.state);
        if state.known.len() >= TITLES_MAX {
            state.known.clear();
        }
        state.known.insert(identity, heard);
    }

    /// What an earlier run heard. Blocks on the disk.
    pub(crate) fn load(&self, identity: &FileIdentity) -> Option<Heard> {
        let text = fs::read(self.path(identity)?).ok()?;
        let (version, heard): (u32, Heard) = serde_json::from_slice(&text).ok()?;
        (version == MEASURE_VERSION).then_some(heard)
    }

    /// Writes down what was heard. Blocks on the disk; without one it is heard again next time.
    pub(crate) fn save(&self, identity: &FileIdentity, heard: &Heard) {
        let Some((path, folder)) = self.path(identity).zip(self.folder.as_deref()) else { return };
        if let Err(error) = write(folder, &path, heard) {
            tracing::debug!(%error, "the loudness of a title is not kept");
        }
    }

    fn path(&self, identity: &FileIdentity) -> Option<PathBuf> {
        self.folder.as_ref().map(|folder| folder.join(format!("{identity}.json")))
    }
}

fn write(folder: &Path, path: &Path, heard: &Heard) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    if fs::read_dir(folder)?.take(TITLES_MAX + 1).count() > TITLES_MAX {
        for old in fs::read_dir(folder)?.flatten().take(TITLES_MAX / 2) {
            let _ = fs::remove_file(old.path());
        }
    }
    let temp = path.with_extension("tmp");
    fs::write(&temp, serde_json::to_vec(&(MEASURE_VERSION, heard))?)?;
    fs::rename(temp, path)
}

#[cfg(test)]
#[path = "loudness_tests.rs"]
mod tests;
