//! Posters: a frame of the film, made once per file version and kept on disk.
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Mutex;

use bytes::Bytes;
use tokio::sync::Semaphore;

use crate::media::engine::EngineError;
use crate::media::{FileIdentity, Media, MediaError, Source};

/// Posters made at the same time; a page full of new films must not take the engine from those who watch.
const AT_ONCE: usize = 1;

pub(super) struct Artwork {
    media: Media,
    folder: PathBuf,
    turn: Semaphore,
    /// Files that have no picture; they are not asked again until the next start.
    hopeless: Mutex<HashSet<FileIdentity>>,
}

impl Artwork {
    pub(super) fn new(media: Media, folder: PathBuf) -> Self {
        Self { media, folder, turn: Semaphore::new(AT_ONCE), hopeless: Mutex::default() }
    }

    pub(super) async fn poster(&self, source: &Source) -> Option<Bytes> {
        let path = self.folder.join(format!("{}.jpg", source.identity));
        if let Ok(bytes) = tokio::fs::read(&path).await {
            return Some(bytes.into());
        }
        let _turn = self.turn.acquire().await.ok()?;
        // Somebody before us may have made it, or found that it cannot be made.
        if let Ok(bytes) = tokio::fs::read(&path).await {
            return Some(bytes.into());
        }
        if self.hopeless.lock().is_ok_and(|set| set.contains(&source.identity)) {
            return None;
        }
        match self.media.poster(source).await {
            Ok(bytes) => {
                if let Err(error) = self.keep(&path, &bytes).await {
                    tracing::warn!(%error, "a poster could not be kept");
                }
                Some(bytes)
            }
            Err(error) => {
                tracing::info!(%error, path = %source.path.display(), "no poster");
                if says_something_of_the_file(&error)
                    && let Ok(mut set) = self.hopeless.lock()
                {
                    set.insert(source.identity);
                }
                None
            }
        }
    }

    /// All of it or nothing: a file cut off by a crash would be a broken picture for ever.
    async fn keep(&self, path: &std::path::Path, bytes: &Bytes) -> std::io::Result<()> {
        tokio::fs::create_dir_all(&self.folder).await?;
        let temporary = path.with_extension("new");
        tokio::fs::write(&temporary, bytes).await?;
        tokio::fs::rename(&temporary, path).await
    }
}

/// Whether the same file would fail again; the others pass with the moment.
fn says_something_of_the_file(error: &MediaError) -> bool {
    match error {
        MediaError::NotFound | MediaError::Unplayable(_) | MediaError::PictureDamaged { .. } => true,
        MediaError::Engine(error) => {
            matches!(**error, EngineError::Unsupported(_) | EngineError::Protected | EngineError::Damaged(_))
        }
        MediaError::Busy | MediaError::Cancelled | MediaError::Crashed | MediaError::Changed | MediaError::Io(_) => {
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_moment_does_not_cost_a_film_its_poster() {
        for passing in [MediaError::Busy, MediaError::Cancelled, MediaError::Crashed, MediaError::Changed] {
            assert!(!says_something_of_the_file(&passing), "{passing:?}");
        }
        for (error, of_the_file) in [
            (EngineError::DeadlineExceeded, false),
            (EngineError::Internal("no memory".into()), false),
            (EngineError::Open { source: std::io::ErrorKind::TimedOut.into() }, false),
            (EngineError::Damaged("no frame".into()), true),
            (EngineError::Unsupported("a sound file".into()), true),
        ] {
            let error = MediaError::from(error);
            assert_eq!(says_something_of_the_file(&error), of_the_file, "{error:?}");
        }
    }
}
