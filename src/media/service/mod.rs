//! The media service: asks memory, then the disk, then the engine's threads. Probes, plans and init segments are
//! here; `plans` says how films are presented, `segments` makes media segments, `pictures` small pictures, `steering`
//! makes them before anybody asks, `loudness` listens to them when there is nothing else to do.
mod loudness;
mod machine;
mod pictures;
mod plans;
mod segments;
mod steering;
mod subtitles;

use std::collections::VecDeque;
use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;

use crate::clock::{Instant, SharedClock};
use crate::media::cache::Cache;
use crate::media::caps::ClientCaps;
use crate::media::damage::Damage;
use crate::media::engine::{self, Cancel, EngineError, ProbeError};
use crate::media::error::MediaError;
use crate::media::flight::Flights;
use crate::media::following::Films;
use crate::media::heads::Heads;
use crate::media::identity::FileIdentity;
use crate::media::info::MediaInfo;
use crate::media::ladder::Ladder;
use crate::media::loudness::Titles;
use crate::media::memo::{Asked, Memo};
use crate::media::plan::{PLAN_VERSION, Presentation};
use crate::media::rendition::RenditionId;
use crate::media::rest::Rest;
use crate::media::schedule::{Kind, Priority};
use crate::media::service::loudness::Hearings;
use crate::media::service::machine::Machine;
use crate::media::service::pictures::Pictures;
use crate::media::service::plans::Pass;
use crate::media::service::segments::profile;
use crate::media::service::subtitles::{Windows, windows};
use crate::media::stats::Counters;
use crate::media::track::Preset;
use crate::media::workers::{Job, Stop, Workers};
use crate::media::{MediaConfig, Stats, Tuning};
use crate::store::Store;

pub use pictures::Thumbs;
pub use subtitles::{SubtitleAsk, SubtitleShape};

/// Presentations remembered; each holds the cuts of one film.
const FILMS_REMEMBERED: usize = 64;
/// Init segments remembered, of about a kilobyte each.
const INITS_REMEMBERED: usize = 512;
/// Limits on the time of jobs, from their start.
const PROBE_LIMIT: Duration = Duration::from_secs(10);
/// The one on finding out how a film is cut, which every presentation waits for the first time.
pub const INDEX_LIMIT: Duration = Duration::from_mins(1);
const INIT_LIMIT: Duration = Duration::from_secs(10);

pub(crate) struct Service {
    clock: SharedClock,
    cache: Cache,
    flights: Flights,
    pub(crate) pictures: Pictures,
    heads: Heads,
    workers: Workers,
    plans: Memo<FileIdentity, Arc<Presentation>>,
    /// Films that are still to be read through.
    passes: Mutex<VecDeque<Pass>>,
    /// Where plans outlive the process.
    store: Option<Store>,
    inits: Memo<(FileIdentity, String), Bytes>,
    subtitles: Windows,
    pub(crate) ladder: Mutex<Ladder>,
    machine: Mutex<Machine>,
    pub(crate) films: Films,
    pub(crate) counters: Counters,
    pub(crate) damage: Damage,
    steered: Mutex<Instant>,
    titles: Titles,
    hearings: Mutex<Hearings>,
    /// What the viewer who asked last can play: a guess at the next one.
    caps: Mutex<ClientCaps>,
    /// When freed memory goes back to the system.
    rest: Mutex<Rest>,
}

impl Service {
    pub(crate) fn start(
        config: &MediaConfig,
        store: Option<Store>,
        clock: SharedClock,
    ) -> Result<Arc<Self>, MediaError> {
        engine::tame_memory();
        engine::install_log();
        let (ladder, machine) = match config.tuning {
            Tuning::Fixed(preset) => (Ladder::fixed(config.threads, preset), Machine::unknown()),
            Tuning::Measured => {
                let (machine, known) = Machine::look(&config.cache_dir, config.threads, clock.now());
                let mut ladder = Ladder::new(config.threads);
                if let Some(seconds) = known {
                    ladder.calibrate(seconds);
                }
                ladder.set_hardware(machine.hardware_is_known());
                (ladder, machine)
            }
        };
        let pictures_bytes = pictures::share(config.cache_bytes_max);
        let service = Arc::new(Self {
            cache: Cache::open(&config.cache_dir, &cache_version(), config.cache_bytes_max - pictures_bytes),
            flights: Flights::default(),
            pictures: Pictures::new(&config.cache_dir, pictures_bytes),
            heads: Heads::default(),
            workers: Workers::new(Arc::clone(&clock)),
            plans: Memo::new(FILMS_REMEMBERED),
            passes: Mutex::default(),
            store,
            inits: Memo::new(INITS_REMEMBERED),
            subtitles: windows(),
            ladder: Mutex::new(ladder),
            machine: Mutex::new(machine),
            films: Films::default(),
            counters: Counters::default(),
            damage: Damage::default(),
            steered: Mutex::new(clock.now()),
            titles: Titles::new((config.cache_bytes_max > 0).then_some(config.cache_dir.as_path())),
            hearings: Mutex::new(Hearings::new(clock.now())),
            caps: Mutex::default(),
            rest: Mutex::new(Rest::new(clock.now())),
            clock,
        });
        let weak = Arc::downgrade(&service);
        let tick: Arc<dyn Fn() + Send + Sync> = Arc::new(move || weak.upgrade().iter().for_each(Self::look_after));
        service.workers.spawn(config.threads, &tick)?;
        Ok(service)
    }

    pub(crate) async fn shutdown(&self) {
        self.flights.cancel_all();
        self.workers.stop();
        if !self.workers.ended().await {
            tracing::warn!("engine threads did not end in time");
        }
        self.heads.clear();
    }

    pub(crate) async fn probe(&self, path: &Path) -> Result<(MediaInfo, FileIdentity), ProbeError> {
        let path = path.to_owned();
        let probed =
            self.ask(Kind::Slow, Priority::Background, PROBE_LIMIT, move |cancel| engine::probe(&path, cancel)).await;
        match probed {
            Ok(answer) => answer,
            Err(MediaError::Crashed) => {
                Err(ProbeError::Internal(EngineError::Internal("the engine panicked on this file".to_owned())))
            }
            Err(_) => Err(ProbeError::Cancelled),
        }
    }

    /// Runs something on an engine thread and waits for its answer.
    async fn ask<T: Send + 'static>(
        &self,
        kind: Kind,
        priority: Priority,
        limit: Duration,
        make: impl FnOnce(&Cancel) -> T + Send + 'static,
    ) -> Result<T, MediaError> {
        let (sender, receiver) = oneshot::channel();
        let work = Box::new(move |cancel: &Cancel| {
            if !sender.is_closed() {
                let _ = sender.send(make(cancel));
            }
        });
        let job = Job { kind, priority, key: None, stop: Stop::After(limit), work };
        self.workers.submit(job).map_err(|_| MediaError::Busy)?;
        receiver.await.map_err(|_| MediaError::Crashed)
    }

    fn keep_init(&self, key: &(FileIdentity, String), made: &Result<Bytes, MediaError>) {
        self.inits.settle(key, made);
    }

    pub(crate) async fn init(self: &Arc<Self>, film: &Presentation, id: RenditionId) -> Result<Bytes, MediaError> {
        // One init segment for all speeds.
        let spec = film.track(id, Preset::Ultrafast).ok_or(MediaError::NotFound)?.spec;
        let key = (film.source.identity, profile(id, &spec));
        let answer = match self.inits.ask(&key) {
            Asked::Ready(init) => return Ok(init),
            Asked::Pending(answer) => answer,
            Asked::Yours(answer) => {
                let (service, source) = (Arc::clone(self), film.source.clone());
                let mut promise = Promise { service, keep: Self::keep_init, key, started: false, kept: false };
                let work = Box::new(move |cancel: &Cancel| {
                    promise.started = true;
                    promise.keep(&engine::init_segment(&source, &spec, cancel).map_err(MediaError::from));
                });
                let (kind, priority) = (Kind::Quick, Priority::Waited);
                drop(self.workers.submit(Job { kind, priority, key: None, stop: Stop::After(INIT_LIMIT), work }));
                answer
            }
        };
        answer.await.map_err(|_| MediaError::Cancelled)?
    }

    pub(crate) fn stats(&self) -> Stats {
        let counters = &self.counters;
        Stats {
            segments_made: counters.segments_made.get(),
            segments_failed: counters.segments_failed.get(),
            segments_cancelled: counters.segments_cancelled.get(),
            bytes_made: counters.bytes_made.get(),
            cache_hits: counters.cache_hits.get(),
            cache_misses: counters.cache_misses.get(),
            cache_bytes: self.cache.bytes(),
            queued: self.workers.queued() as u64,
            in_flight: self.flights.len() as u64,
        }
    }

    pub(crate) fn now(&self) -> Instant {
        self.clock.now()
    }
}

/// Names the makers of a segment: planner, libraries, and this very executable, whose engine a rebuild may change.
fn cache_version() -> String {
    let executable = std::env::current_exe().and_then(File::open).and_then(|mut file| FileIdentity::of(&mut file));
    let executable = executable.map_or_else(|_| env!("CARGO_PKG_VERSION").to_owned(), |identity| identity.to_string());
    format!("{PLAN_VERSION}-{}-{executable}", engine::libraries())
}

/// Sees to it that those who asked for something get an answer, also when its maker is dropped or panics.
struct Promise<K, V: Clone> {
    service: Arc<Service>,
    keep: fn(&Service, &K, &Result<V, MediaError>),
    key: K,
    started: bool,
    kept: bool,
}

impl<K, V: Clone> Promise<K, V> {
    fn keep(&mut self, made: &Result<V, MediaError>) {
        self.kept = true;
        (self.keep)(&self.service, &self.key, made);
    }
}

impl<K, V: Clone> Drop for Promise<K, V> {
    fn drop(&mut self) {
        if !self.kept {
            let why = if self.started { MediaError::Crashed } else { MediaError::Busy };
            (self.keep)(&self.service, &self.key, &Err(why));
        }
    }
}
