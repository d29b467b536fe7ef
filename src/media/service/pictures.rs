//! Pictures of a film: the poster, and the small ones for the bar by which one seeks.
//!
//! The small ones are made a few at a time while nothing else is to be done, one film after the other, and kept in
//! the cache folder.
use std::collections::{HashSet, VecDeque};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;

use crate::media::engine::{self, Cancel, EngineError, Thumbnails};
use crate::media::error::MediaError;
use crate::media::identity::FileIdentity;
use crate::media::info::Source;
use crate::media::plan::Presentation;
use crate::media::schedule::{Kind, Priority};
use crate::media::service::Service;
use crate::media::sheets::Sheets;
use crate::media::sync::lock;
use crate::media::workers::{Job, Stop};

const POSTER_LIMIT: Duration = Duration::from_secs(20);
/// The pictures of one visit to the engine, and the limit on its time.
const PICTURES_AT_ONCE: u32 = 8;
const WORK_LIMIT: Duration = Duration::from_secs(20);
/// Films waiting for theirs at most; more are refused until they are asked for again.
const FILMS_WAITING_MAX: usize = 16;
/// Films that have no pictures, remembered at most.
const HOPELESS_MAX: usize = 1024;
/// A name that nobody gives to what is theirs, with the version of what is in it.
const FOLDER: &str = "watchparty-thumbnails-1";
const INDEX: &str = "index.vtt";
/// Bytes for all films together, some megabytes each: at most this, and at most this part of the cache.
const BYTES_MAX: u64 = 512 << 20;
const CACHE_PART: u64 = 20;
/// The same for those that the disk does not keep.
const MEMORY_BYTES_MAX: usize = 32 << 20;

/// Bytes for the small pictures in a cache of this size.
pub(crate) fn share(cache_bytes_max: u64) -> u64 {
    (cache_bytes_max / CACHE_PART).min(BYTES_MAX)
}

/// The small pictures of films.
pub(crate) struct Pictures {
    folder: PathBuf,
    bytes_max: u64,
    /// Oldest first.
    memory: Mutex<Vec<Kept>>,
    state: Mutex<State>,
}

/// Those of one film that the disk does not keep.
struct Kept {
    identity: FileIdentity,
    index: String,
    sheets: Vec<Bytes>,
}

impl Kept {
    fn bytes(&self) -> usize {
        self.sheets.iter().map(Bytes::len).sum()
    }
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Arc<Presentation>>,
    /// Under way, between two visits to the engine.
    current: Option<Making>,
    /// The film of a visit that is queued or runs.
    visiting: Option<FileIdentity>,
    hopeless: HashSet<FileIdentity>,
}

struct Making {
    film: Arc<Presentation>,
    sheets: Sheets,
    /// Not yet opened at first.
    maker: Option<Thumbnails>,
}

impl Making {
    fn begin(film: Arc<Presentation>) -> Option<Self> {
        Some(Self { sheets: Sheets::of(&film)?, film, maker: None })
    }
}

/// How far the small pictures of a film are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Thumbs {
    /// Which to show when, as `WebVTT`.
    Ready(String),
    /// Not yet.
    Waiting,
    /// There will be none.
    Never,
}

impl Pictures {
    pub(crate) fn new(cache_dir: &Path, bytes_max: u64) -> Self {
        Self { folder: cache_dir.join(FOLDER), bytes_max, memory: Mutex::default(), state: Mutex::default() }
    }

    fn film(&self, identity: &FileIdentity) -> PathBuf {
        self.folder.join(identity.to_string())
    }

    /// One sheet, if it was made.
    pub(crate) async fn sheet(&self, identity: &FileIdentity, number: u32) -> Option<Bytes> {
        let held = self.in_memory(identity, |kept| kept.sheets.get(number as usize).cloned());
        if held.is_some() {
            return held;
        }
        tokio::fs::read(self.film(identity).join(format!("{number}.jpg"))).await.ok().map(Bytes::from)
    }

    async fn index(&self, identity: &FileIdentity) -> Option<String> {
        let held = self.in_memory(identity, |kept| Some(kept.index.clone()));
        if held.is_some() {
            return held;
        }
        tokio::fs::read_to_string(self.film(identity).join(INDEX)).await.ok()
    }

    fn in_memory<T>(&self, identity: &FileIdentity, what: impl Fn(&Kept) -> Option<T>) -> Option<T> {
        lock(&self.memory).iter().find(|kept| kept.identity == *identity).and_then(what)
    }

    fn wish(&self, film: &Arc<Presentation>) -> Thumbs {
        let identity = film.source.identity;
        let mut state = lock(&self.state);
        let same = |other: &Arc<Presentation>| other.source.identity == identity;
        if state.hopeless.contains(&identity) {
            return Thumbs::Never;
        }
        let current = state.current.as_ref().map(|making| making.film.source.identity);
        let known = [state.visiting, current].contains(&Some(identity));
        if !known && !state.waiting.iter().any(same) && state.waiting.len() < FILMS_WAITING_MAX {
            state.waiting.push_back(Arc::clone(film));
        }
        Thumbs::Waiting
    }

    fn give_up(&self, identity: FileIdentity) {
        let mut state = lock(&self.state);
        if state.hopeless.len() >= HOPELESS_MAX {
            state.hopeless.clear();
        }
        state.hopeless.insert(identity);
    }

    /// On disk if that keeps them, else in memory for as long as there is room.
    fn keep(&self, kept: Kept) {
        if kept.bytes() as u64 <= self.bytes_max {
            match self.write(&kept.identity, &kept.index, &kept.sheets) {
                Ok(()) => return,
                Err(error) => tracing::warn!(%error, "the small pictures of a film are kept in memory alone"),
            }
        }
        let mut memory = lock(&self.memory);
        memory.retain(|other| other.identity != kept.identity);
        memory.push(kept);
        while memory.len() > 1 && memory.iter().map(Kept::bytes).sum::<usize>() > MEMORY_BYTES_MAX {
            memory.remove(0);
        }
    }

    /// All of it or nothing: what is there under its name is complete.
    fn write(&self, identity: &FileIdentity, index: &str, pictures: &[Bytes]) -> io::Result<()> {
        let (target, new) = (self.film(identity), self.folder.join(format!("{identity}.new")));
        let _ = fs::remove_dir_all(&new);
        fs::create_dir_all(&new)?;
        for (number, picture) in pictures.iter().enumerate() {
            fs::write(new.join(format!("{number}.jpg")), picture)?;
        }
        fs::write(new.join(INDEX), index)?;
        let _ = fs::remove_dir_all(&target);
        fs::rename(&new, &target)?;
        self.tidy(&target);
        Ok(())
    }

    /// Lets go of the oldest when all together are too large.
    fn tidy(&self, newest: &Path) {
        let mut films: Vec<_> = (fs::read_dir(&self.folder).into_iter().flatten().flatten())
            .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
            .map(|(time, path)| (time, bytes_in(&path), path))
            .collect();
        films.sort_unstable();
        let mut bytes: u64 = films.iter().map(|(_, bytes, _)| bytes).sum();
        for (_, size, path) in films {
            if bytes <= self.bytes_max {
                return;
            }
            if path != newest && fs::remove_dir_all(&path).is_ok() {
                bytes -= size;
            }
        }
    }
}

fn bytes_in(folder: &Path) -> u64 {
    fs::read_dir(folder).into_iter().flatten().flatten().filter_map(|file| Some(file.metadata().ok()?.len())).sum()
}

impl Service {
    pub(crate) async fn poster(&self, source: &Source) -> Result<Bytes, MediaError> {
        let source = source.clone();
        let make = move |cancel: &Cancel| engine::poster(&source, cancel);
        Ok(self.ask(Kind::Slow, Priority::Background, POSTER_LIMIT, make).await??)
    }

    /// The small pictures of a film. Asking has them made.
    pub(crate) async fn thumbs(&self, film: &Arc<Presentation>) -> Thumbs {
        if film.video.is_none() {
            return Thumbs::Never;
        }
        match self.pictures.index(&film.source.identity).await {
            Some(index) => Thumbs::Ready(index),
            None => self.pictures.wish(film),
        }
    }

    /// Makes a few more, if nothing else is to be done.
    pub(super) fn make_pictures(self: &Arc<Self>) {
        if self.workers.queued() > 0 || self.flights.len() > 0 {
            return;
        }
        let making = {
            let mut state = lock(&self.pictures.state);
            if state.visiting.is_some() {
                return;
            }
            let current = state.current.take();
            let Some(making) = current.or_else(|| Making::begin(state.waiting.pop_front()?)) else { return };
            state.visiting = Some(making.film.source.identity);
            making
        };
        let mut visit = Visit { service: Arc::clone(self), making: Some(making) };
        let work = Box::new(move |cancel: &Cancel| visit.work(cancel));
        let (kind, priority) = (Kind::Slow, Priority::Background);
        drop(self.workers.submit(Job { kind, priority, key: None, stop: Stop::After(WORK_LIMIT), work }));
    }
}

/// A visit to the engine. Whatever becomes of it, the next one can begin.
struct Visit {
    service: Arc<Service>,
    making: Option<Making>,
}

impl Visit {
    fn work(&mut self, cancel: &Cancel) {
        let Some(mut making) = self.making.take() else { return };
        let identity = making.film.source.identity;
        let pictures = &self.service.pictures;
        match some_more(&mut making, cancel) {
            Ok(None) => self.making = Some(making),
            Ok(Some(sheets)) => pictures.keep(Kept { identity, index: making.sheets.index(), sheets }),
            // The server is stopping.
            Err(EngineError::Cancelled) => {}
            Err(error) => {
                tracing::info!(%error, path = %making.film.source.path.display(), "no small pictures");
                pictures.give_up(identity);
            }
        }
    }
}

fn some_more(making: &mut Making, cancel: &Cancel) -> Result<Option<Vec<Bytes>>, EngineError> {
    let film = &making.film;
    let mut maker = match making.maker.take() {
        Some(maker) => maker,
        None => Thumbnails::open(&film.source, film.origin, making.sheets, cancel)?,
    };
    let made = maker.work(PICTURES_AT_ONCE, cancel);
    making.maker = Some(maker);
    made
}

impl Drop for Visit {
    fn drop(&mut self) {
        let mut state = lock(&self.service.pictures.state);
        state.visiting = None;
        state.current = self.making.take();
    }
}

#[cfg(test)]
#[path = "pictures_tests.rs"]
mod tests;
