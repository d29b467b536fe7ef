//! One server per data folder: an operating-system lock, and a note where the server is.
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::app::AppError;

/// The data folder, ours as long as this lives.
pub(super) struct DataFolder {
    path: PathBuf,
    _lock: File,
}

#[derive(Serialize, Deserialize)]
struct Running {
    pid: u32,
    url: String,
}

impl DataFolder {
    /// Makes the folder if need be and locks it.
    pub(super) fn claim(path: &Path) -> Result<Self, AppError> {
        let failed = |source| AppError::Folder { path: path.to_path_buf(), source };
        std::fs::create_dir_all(path).map_err(failed)?;
        let lock = File::options().create(true).truncate(false).write(true).open(path.join("lock")).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_path_buf(), _lock: lock }),
            Err(TryLockError::WouldBlock) => {
                Err(AppError::AlreadyRunning { path: path.to_path_buf(), at: running_url(path) })
            }
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// Notes where the server is, for `watchparty health` and for whoever starts a second one.
    pub(super) fn remember(&self, url: &str) {
        let note = Running { pid: std::process::id(), url: url.to_owned() };
        let text = serde_json::to_string(&note).unwrap_or_default();
        if let Err(error) = std::fs::write(self.note(), text) {
            tracing::warn!(%error, "the address could not be noted in the data folder");
        }
    }

    pub(super) fn forget(&self) {
        drop(std::fs::remove_file(self.note()));
    }

    fn note(&self) -> PathBuf {
        note_of(&self.path)
    }
}

/// Where the server that uses this data folder says it is.
pub fn running_url(data_dir: &Path) -> Option<String> {
    let text = std::fs::read_to_string(note_of(data_dir)).ok()?;
    serde_json::from_str::<Running>(&text).ok().map(|running| running.url)
}

fn note_of(data_dir: &Path) -> PathBuf {
    data_dir.join("running.json")
}
