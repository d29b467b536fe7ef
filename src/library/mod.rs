//! The catalogue: which films are in the folders, what they are called, whether they can be played.
//!
//! Scans in the background and never waits for a scan; a file that cannot be read is listed with the reason and stops
//! nothing; nothing is forgotten because a disk is unplugged. Knows no HTTP and no room. Called by `http`, `ws`, `app`.
mod artwork;
mod naming;
mod reach;
mod scan;
mod sidecars;
mod title;
mod walk;

use std::collections::HashMap;
use std::fs::Metadata;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::fs::File;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::SharedClock;
use crate::library::artwork::Artwork;
use crate::library::reach::{LOOK_MAX, Reach};
use crate::library::scan::Scanner;
use crate::media::subtitles::track::Sidecar;
use crate::media::{Media, Source};
use crate::model::MediaId;
use crate::store::{PageAfter, Store, StoreError, TitleRow};

pub use naming::{display_name, title_of};
pub use scan::ScanStatus;
pub use title::Title;
pub use walk::films_in;

/// Longest search text, in characters; what is beyond is cut off.
const QUERY_CHARS_MAX: usize = 200;
/// Most titles on a page.
pub const PAGE_MAX: u32 = 200;
/// Titles whose sources are kept at hand, so that a segment costs no query.
const SOURCES_MAX: usize = 512;

/// Why a title cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// There is no such title.
    #[error("there is no such title")]
    Unknown,
    /// The cursor is not one of ours.
    #[error("the cursor is not valid")]
    BadCursor,
    /// The file is not there (any more, or at the moment), or its folder does not answer.
    #[error("The file of this film is gone: it was moved, deleted, or its disk or network folder is not connected.")]
    Gone,
    /// The file has other bytes than when it was looked into.
    #[error("The file of this film has changed; it is being looked into again.")]
    Changed,
    /// The file cannot be played.
    #[error("{0}")]
    NotPlayable(String),
    /// No picture can be had from the film.
    #[error("there is no picture for this title")]
    NoPoster,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A part of a list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// In order.
    pub items: Vec<T>,
    /// Asks for the next part; `None` on the last.
    pub next: Option<String>,
}

/// The catalogue. Clones share it.
#[derive(Clone)]
pub struct Library {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    scanner: Scanner,
    artwork: Artwork,
    reach: Reach,
    sources: Mutex<HashMap<MediaId, Source>>,
}

/// What a library is built from.
pub struct LibraryConfig {
    /// Folders of films.
    pub roots: Vec<PathBuf>,
    /// Where posters are kept.
    pub cache_dir: PathBuf,
}

impl Library {
    /// Nothing is scanned until [`Self::start_scan`].
    pub fn new(
        store: Store,
        media: Media,
        config: LibraryConfig,
        clock: SharedClock,
        tracker: TaskTracker,
        stop: CancellationToken,
    ) -> Self {
        let artwork = Artwork::new(media.clone(), config.cache_dir.join("posters"));
        let roots = scan::without_nested(config.roots);
        let reach = Reach::new(&roots, LOOK_MAX, tracker.clone(), stop.clone());
        let scanner = Scanner::new(store.clone(), media, roots, clock, tracker, stop);
        Self { inner: Arc::new(Inner { store, scanner, artwork, reach, sources: Mutex::default() }) }
    }

    /// Scans all folders in the background; does nothing while a scan is under way.
    pub fn start_scan(&self) {
        self.inner.scanner.start();
    }

    /// How far the scan is.
    pub fn scan_status(&self) -> ScanStatus {
        self.inner.scanner.status()
    }

    /// Titles in order; those that contain `q`.
    pub async fn page(&self, q: Option<&str>, cursor: Option<&str>, limit: u32) -> Result<Page<Title>, LibraryError> {
        let words = q.map(|q| q.trim().chars().take(QUERY_CHARS_MAX).collect::<String>().to_lowercase());
        let after = cursor.map(parse_cursor).transpose()?;
        let limit = limit.clamp(1, PAGE_MAX);
        let words = words.filter(|words| !words.is_empty());
        let mut rows = self.inner.store.titles_page(words, after, limit + 1).await?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next = rows.last().filter(|_| more).map(write_cursor);
        Ok(Page { items: rows.into_iter().map(Title::from_row).collect(), next })
    }

    /// One title.
    pub async fn title(&self, id: MediaId) -> Result<Option<Title>, LibraryError> {
        Ok(self.inner.store.title(id).await?.map(Title::from_row))
    }

    /// The file of a title, after making sure that it is there and has the bytes that were looked into.
    pub async fn source(&self, id: MediaId) -> Result<Source, LibraryError> {
        let known = self.inner.sources.lock().ok().and_then(|sources| sources.get(&id).cloned());
        let source = match known {
            Some(source) => source,
            None => self.title(id).await?.ok_or(LibraryError::Unknown)?.into_source()?,
        };
        let metadata = self.inner.reach.metadata(&source.path).await.map_err(|_| LibraryError::Gone);
        let unchanged = metadata.and_then(|metadata| {
            let same = source.identity.looks_unchanged(&metadata);
            if same { Ok(()) } else { Err(LibraryError::Changed) }
        });
        if let Ok(mut sources) = self.inner.sources.lock() {
            if unchanged.is_err() {
                sources.remove(&id);
            } else if sources.len() < SOURCES_MAX {
                sources.insert(id, source.clone());
            } else {
                sources.clear();
            }
        }
        if matches!(unchanged, Err(LibraryError::Changed)) {
            self.start_scan();
        }
        unchanged.map(|()| source)
    }

    /// Subtitles beside a film. None when its folder does not answer: a film without them is better than no film.
    pub async fn sidecars(&self, source: &Source) -> Vec<Sidecar> {
        let path = source.path.clone();
        let found = self.inner.reach.ask(&source.path, move || sidecars::beside(&path)).await;
        found.unwrap_or_else(|error| {
            tracing::info!(%error, path = %source.path.display(), "no look at subtitles beside a film");
            Vec::new()
        })
    }

    /// Opens the file of a title to read it as it is; gives up on a folder that does not answer.
    pub async fn open(&self, source: &Source) -> Result<(File, Metadata), LibraryError> {
        let (file, metadata) = self.inner.reach.open(&source.path).await.map_err(|_| LibraryError::Gone)?;
        if source.identity.looks_unchanged(&metadata) { Ok((file, metadata)) } else { Err(LibraryError::Changed) }
    }

    /// A frame of the film, JPEG.
    pub async fn poster(&self, id: MediaId) -> Result<bytes::Bytes, LibraryError> {
        let source = self.source(id).await?;
        self.inner.artwork.poster(&source).await.ok_or(LibraryError::NoPoster)
    }
}

fn write_cursor(last: &TitleRow) -> String {
    URL_SAFE_NO_PAD.encode(format!("{}{}", last.id, last.sort_key))
}

fn parse_cursor(cursor: &str) -> Result<PageAfter, LibraryError> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| LibraryError::BadCursor)?;
    let text = String::from_utf8(bytes).map_err(|_| LibraryError::BadCursor)?;
    let (id, sort_key) = text.split_at_checked(32).ok_or(LibraryError::BadCursor)?;
    let id = id.parse().map_err(|_| LibraryError::BadCursor)?;
    Ok(PageAfter { sort_key: sort_key.to_owned(), id })
}
