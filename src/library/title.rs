//! A title, and its way into the database and back.
use std::path::PathBuf;
use std::sync::Arc;

use crate::library::LibraryError;
use crate::library::naming;
use crate::media::{FileIdentity, MediaInfo, Source};
use crate::model::MediaId;
use crate::store::TitleRow;

/// Something in the library.
#[derive(Clone, Debug)]
pub struct Title {
    /// Stays with the path.
    pub id: MediaId,
    /// What it is called.
    pub title: String,
    /// The file's name, cleaned for display.
    pub file_name: String,
    /// Where it is; never leaves the server.
    pub path: PathBuf,
    /// Which bytes it had when it was looked into.
    pub identity: FileIdentity,
    /// How long it is, in ms; 0 when unknown.
    pub duration_ms: i64,
    /// Whether it can be watched.
    pub playable: bool,
    /// Why not, one sentence.
    pub reason: Option<String>,
    /// What is in it, if it could be looked into.
    pub info: Option<Arc<MediaInfo>>,
    /// When it was first seen, in ms since the Unix epoch.
    pub added_at_ms: i64,
}

impl Title {
    pub(super) fn from_row(row: TitleRow) -> Self {
        // What an older version stored may not be readable any more; the next scan stores it anew.
        let info = row.info.as_deref().and_then(|json| serde_json::from_str(json).ok()).map(Arc::new);
        Self {
            id: row.id,
            title: row.title,
            file_name: naming::display_name(&row.path),
            path: row.path,
            identity: FileIdentity { size: row.size, mtime_ms: row.mtime_ms, edges: row.edges },
            duration_ms: row.duration_ms,
            playable: row.playable,
            reason: row.reason,
            info,
            added_at_ms: row.added_at_ms,
        }
    }

    pub(super) fn into_source(self) -> Result<Source, LibraryError> {
        match self.info {
            Some(info) if self.playable => Ok(Source { path: self.path, identity: self.identity, info }),
            _ => Err(LibraryError::NotPlayable(self.reason.unwrap_or_else(|| "This file cannot be played.".into()))),
        }
    }
}
