//! Files in, segments out: probe, plan, playlists, and the engine that makes segments on its own threads.
//!
//! Knows files; knows no room, no user and no title. The pure parts ([`plan`], [`decide`], [`playlist`], [`ladder`],
//! `schedule`) say what is to be done; `engine` does it, and is the only place that touches libav; `flight`, `cache`
//! and `workers` see to it that it is done once, kept, and in the right order. Called by `library` (probe, poster)
//! and `http` (everything that streams).
use std::fmt;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, TryStreamExt, stream};
use tokio::io::AsyncReadExt;
use tokio_util::io::ReaderStream;

use crate::clock::SharedClock;
use crate::media::cache::Stored;
use crate::media::subtitles::track::Sidecar;
use crate::store::Store;

mod cache;
pub mod caps;
pub mod compat;
mod cuts;
mod damage;
pub mod dash;
pub mod decide;
pub mod demo;
pub mod engine;
pub mod error;
mod flight;
mod following;
mod heads;
pub mod identity;
pub mod info;
pub mod ladder;
pub mod language;
mod loudness;
pub mod map;
mod memo;
pub mod plan;
pub mod playlist;
pub mod rendition;
mod rest;
#[cfg(test)]
mod samples;
mod schedule;
mod service;
pub mod sheets;
pub mod sound;
mod sound_choice;
mod stats;
mod stored;
pub mod subtitles;
mod sync;
mod ticks;
pub mod track;
mod workers;

pub use cache::default_bytes as cache_bytes_default;
pub use caps::ClientCaps;
pub use decide::{Decision, Mode, Unplayable, decide, playable};
pub use engine::{ProbeError, about};
pub use error::MediaError;
pub use following::{Group, Playhead};
pub use identity::FileIdentity;
pub use info::{AudioInfo, Chapter, MediaInfo, Source, StreamInfo, StreamKind, VideoInfo};
pub use plan::Presentation;
pub use rendition::RenditionId;
pub use service::{INDEX_LIMIT, SubtitleAsk, SubtitleShape, Thumbs};
pub use stats::Stats;
pub use track::Preset;

/// Bytes of a large segment that are read at once while it is sent.
const READ_BYTES_AT_ONCE: usize = 256 * 1024;

/// The media service. Clones share it.
#[derive(Clone)]
pub struct Media {
    service: Arc<service::Service>,
}

/// What the media service needs to know.
#[derive(Clone, Debug)]
pub struct MediaConfig {
    /// Where segments are kept.
    pub cache_dir: PathBuf,
    /// How many bytes of them; 0 keeps none.
    pub cache_bytes_max: u64,
    /// Cores the engine may use.
    pub threads: usize,
    /// How the speed of this machine is found out.
    pub tuning: Tuning,
}

/// How the engine finds out what it can do in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tuning {
    /// By a short measurement at the first start, and by every segment it makes.
    #[default]
    Measured,
    /// Not at all: expectations for this number of cores, and this preset. The same job gives the same bytes.
    Fixed(Preset),
}

/// A segment's bytes, as far as they exist and as they come.
pub struct SegmentBody {
    /// Names what is in it: the same key, the same pictures or sound.
    pub key: String,
    /// Length, when all of it exists already.
    pub len: Option<u64>,
    /// Fragments in order. Dropping it says that nobody waits here any more.
    pub fragments: Pin<Box<dyn Stream<Item = Result<Bytes, MediaError>> + Send>>,
}

impl SegmentBody {
    fn stored(key: String, stored: Stored) -> Self {
        match stored {
            Stored::Whole(bytes) => {
                Self { key, len: Some(bytes.len() as u64), fragments: Box::pin(stream::iter([Ok(bytes)])) }
            }
            Stored::File(file, length) => {
                let chunks = ReaderStream::with_capacity(file.take(length), READ_BYTES_AT_ONCE);
                Self { key, len: Some(length), fragments: Box::pin(chunks.map_err(MediaError::from)) }
            }
        }
    }
}

impl fmt::Debug for SegmentBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SegmentBody").field("len", &self.len).finish_non_exhaustive()
    }
}

impl Media {
    /// Starts the engine's threads and takes over what is in the cache.
    pub fn start(config: &MediaConfig, clock: SharedClock) -> Result<Self, MediaError> {
        Ok(Self { service: service::Service::start(config, None, clock)? })
    }

    /// The same, with a database that keeps over restarts what it found out about films.
    pub fn start_with(config: &MediaConfig, store: Store, clock: SharedClock) -> Result<Self, MediaError> {
        Ok(Self { service: service::Service::start(config, Some(store), clock)? })
    }

    /// Looks into a file. Of low priority, with a deadline.
    pub async fn probe(&self, path: &Path) -> Result<(MediaInfo, FileIdentity), ProbeError> {
        self.service.probe(path).await
    }

    /// A picture that stands for the film: JPEG, at most 640 pixels wide.
    pub async fn poster(&self, source: &Source) -> Result<Bytes, MediaError> {
        self.service.poster(source).await
    }

    /// The small pictures of a film, for the bar by which one seeks. Asking has them made, when there is time.
    pub async fn thumbs(&self, film: &Arc<Presentation>) -> Thumbs {
        self.service.thumbs(film).await
    }

    /// One of the sheets that the small pictures are on.
    pub async fn thumbs_sheet(&self, identity: &FileIdentity, number: u32) -> Option<Bytes> {
        self.service.pictures.sheet(identity, number).await
    }

    /// How a film is presented. Remembered; made once, however many ask.
    pub async fn presentation(&self, source: &Source) -> Result<Arc<Presentation>, MediaError> {
        self.service.presentation(source).await
    }

    /// The same, once everything is known: a large film may be presented before its keyframes are found.
    pub async fn whole_presentation(&self, source: &Source) -> Result<Arc<Presentation>, MediaError> {
        self.service.whole_presentation(source).await
    }

    /// The init segment of a rendition.
    pub async fn init(&self, film: &Arc<Presentation>, rendition: &RenditionId) -> Result<Bytes, MediaError> {
        self.service.init(film, *rendition).await
    }

    /// Names what is in a segment; `None` when there is no such segment. Cheap, nothing is made.
    pub fn segment_key(&self, film: &Arc<Presentation>, rendition: &RenditionId, index: u32) -> Option<String> {
        self.service.segment_key(film, *rendition, index)
    }

    /// A segment of a rendition. Answers when the first bytes are there, or with the reason why they cannot be.
    pub async fn segment(
        &self,
        film: &Arc<Presentation>,
        rendition: &RenditionId,
        index: u32,
    ) -> Result<SegmentBody, MediaError> {
        self.service.segment(film, *rendition, index).await
    }

    /// A piece of an embedded subtitle track, or an attached font.
    pub async fn subtitle(&self, film: &Presentation, ask: SubtitleAsk) -> Result<Bytes, MediaError> {
        self.service.subtitle(film, ask).await
    }

    /// A whole text beside a film, as `WebVTT`, or as the ASS script it is.
    pub async fn sidecar(&self, film: &Source, beside: &Sidecar, as_script: bool) -> Result<Bytes, MediaError> {
        self.service.sidecar(film, beside, as_script).await
    }

    /// A window of the pictures of a `VobSub` pair beside a film, as JSON.
    pub async fn sidecar_pictures(&self, beside: &Sidecar, window: u32) -> Result<Bytes, MediaError> {
        self.service.sidecar_pictures(beside, window).await
    }

    /// Hints where a group is, so that its next segments are made before anybody asks. Cheap; never blocks.
    pub fn follow(&self, source: &Source, group: Group, playhead: Playhead) {
        self.service.films.follow(source, group, playhead, self.service.now());
        self.service.steer(&source.identity);
    }

    /// A group is over: nothing is made for it any more.
    pub fn part(&self, group: Group) {
        self.service.films.part(group);
    }

    /// Decides for one client, and begins to make what it will ask for first if a group watches the film.
    pub fn offer(&self, film: &Arc<Presentation>, caps: &ClientCaps) -> Result<Decision, Unplayable> {
        self.service.offer(film, caps)
    }

    /// How long to wait before the film plays to its end without a stop; nothing when this machine is fast enough for
    /// what was decided.
    pub fn wait(&self, film: &Arc<Presentation>, decision: &Decision) -> Option<Duration> {
        self.service.wait(film, decision)
    }

    /// Sizes this machine converts to faster than they play, best first.
    pub fn heights(&self) -> Vec<u32> {
        sync::lock(&self.service.ladder).sustained(ladder::Load::default(), 0.0)
    }

    /// Sizes to offer for one film, best first; a size that viewers of it already take comes first.
    pub fn heights_for(&self, source: &Source) -> Vec<u32> {
        self.service.rungs_for(source)
    }

    /// What a viewer should know about the film beforehand, in sentences.
    pub fn notes(&self, film: &Presentation) -> Vec<String> {
        let damage = self.service.damage.note(&film.source.identity);
        damage.into_iter().chain(film.notes()).collect()
    }

    /// What the service did and does.
    pub fn stats(&self) -> Stats {
        self.service.stats()
    }

    /// Cancels all work and waits for the threads to end, for at most three seconds.
    pub async fn shutdown(&self) {
        self.service.shutdown().await;
    }
}
