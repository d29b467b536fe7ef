//! The media service: asks memory, then the disk, then the engine's threads; and makes ahead what rooms will need.
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use tokio::sync::oneshot;

use crate::clock::{Instant, SharedClock};
use crate::media::cache::{Cache, SegmentKey};
use crate::media::caps::ClientCaps;
use crate::media::decide::{decide, playable};
use crate::media::engine::{self, Cancel, EngineError, Head, ProbeError};
use crate::media::error::MediaError;
use crate::media::flight::{Flights, Joined, Producer, Waiter};
use crate::media::following::Films;
use crate::media::heads::Heads;
use crate::media::identity::FileIdentity;
use crate::media::info::{MediaInfo, Source};
use crate::media::ladder::Ladder;
use crate::media::memo::{Asked, Memo};
use crate::media::plan::{Presentation, plan};
use crate::media::rendition::RenditionId;
use crate::media::schedule::{Kind, Priority, ahead};
use crate::media::stats::Counters;
use crate::media::sync::lock;
use crate::media::track::{Preset, SegmentJob, TrackSpec};
use crate::media::workers::{Job, Stop, Workers};
use crate::media::{MediaConfig, SegmentBody};

/// Presentations remembered; each holds the cuts of one film.
const FILMS_REMEMBERED: usize = 64;
/// Init segments remembered, of about a kilobyte each.
const INITS_REMEMBERED: usize = 512;
/// Limits on the time of jobs, from their start.
const PROBE_LIMIT: Duration = Duration::from_secs(10);
const INDEX_LIMIT: Duration = Duration::from_mins(1);
const POSTER_LIMIT: Duration = Duration::from_secs(20);
const INIT_LIMIT: Duration = Duration::from_secs(10);
/// Limit on a segment from when it is first wanted.
const SEGMENT_LIMIT: Duration = Duration::from_mins(2);
/// How long an answer is held back to see whether the segment can be made at all.
const FIRST_FRAGMENT_PATIENCE: Duration = Duration::from_secs(5);
/// Rooms are looked after at most this often.
const STEER_EVERY: Duration = Duration::from_millis(500);

pub(crate) struct Service {
    clock: SharedClock,
    cache: Cache,
    flights: Flights,
    heads: Heads,
    workers: Workers,
    plans: Memo<FileIdentity, Arc<Presentation>>,
    inits: Memo<(FileIdentity, String), Bytes>,
    pub(crate) ladder: Mutex<Ladder>,
    pub(crate) films: Films,
    pub(crate) counters: Counters,
    steered: Mutex<Instant>,
}

impl Service {
    pub(crate) fn start(config: MediaConfig, clock: SharedClock) -> Result<Arc<Self>, MediaError> {
        engine::install_log();
        let service = Arc::new(Self {
            cache: Cache::open(config.cache_dir, &cache_version(), config.cache_bytes_max),
            flights: Flights::default(),
            heads: Heads::default(),
            workers: Workers::new(Arc::clone(&clock)),
            plans: Memo::new(FILMS_REMEMBERED),
            inits: Memo::new(INITS_REMEMBERED),
            ladder: Mutex::new(Ladder::new(config.threads)),
            films: Films::default(),
            counters: Counters::default(),
            steered: Mutex::new(clock.now()),
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

    pub(crate) async fn poster(&self, source: &Source) -> Result<Bytes, MediaError> {
        let source = source.clone();
        let make = move |cancel: &Cancel| engine::poster(&source, cancel);
        Ok(self.ask(Kind::Slow, Priority::Background, POSTER_LIMIT, make).await??)
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

    pub(crate) async fn presentation(self: &Arc<Self>, source: &Source) -> Result<Arc<Presentation>, MediaError> {
        let film = match self.plans.ask(&source.identity) {
            Asked::Ready(film) => film,
            Asked::Pending(answer) => answer.await.map_err(|_| MediaError::Cancelled)??,
            Asked::Yours(answer) => {
                self.make_plan(source, Priority::Waited);
                answer.await.map_err(|_| MediaError::Cancelled)??
            }
        };
        if film.source.path == source.path {
            return Ok(film);
        }
        // The same bytes at another place: a film that was moved, or a copy of it.
        let film = Arc::new(Presentation { source: source.clone(), ..(*film).clone() });
        self.plans.settle(&source.identity, &Ok(Arc::clone(&film)));
        Ok(film)
    }

    fn make_plan(self: &Arc<Self>, source: &Source, priority: Priority) {
        let (service, source) = (Arc::clone(self), source.clone());
        let mut promise = Promise { service, keep: Self::keep_plan, key: source.identity, started: false, kept: false };
        let work = Box::new(move |cancel: &Cancel| {
            promise.started = true;
            let made = playable(&source.info).map_err(MediaError::from).and_then(|()| {
                let index = engine::index(&source, cancel)?;
                Ok(Arc::new(plan(&source, Some(&index))))
            });
            promise.keep(&made);
        });
        let job = Job { kind: Kind::Slow, priority, key: None, stop: Stop::After(INDEX_LIMIT), work };
        drop(self.workers.submit(job));
    }

    fn keep_plan(&self, key: &FileIdentity, made: &Result<Arc<Presentation>, MediaError>) {
        if made.is_err() {
            // Or the next look at the rooms would try again, and again.
            self.films.leave(key);
        }
        self.plans.settle(key, made);
    }

    fn keep_init(&self, key: &(FileIdentity, String), made: &Result<Bytes, MediaError>) {
        self.inits.settle(key, made);
    }

    pub(crate) async fn init(self: &Arc<Self>, film: &Presentation, id: RenditionId) -> Result<Bytes, MediaError> {
        let preset = self.preset(id);
        let spec = film.track(id, preset).ok_or(MediaError::NotFound)?.spec;
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

    pub(crate) async fn segment(
        self: &Arc<Self>,
        film: &Arc<Presentation>,
        id: RenditionId,
        index: u32,
    ) -> Result<SegmentBody, MediaError> {
        let order = self.order(film, id, index).ok_or(MediaError::NotFound)?;
        self.films.note(film.source.identity, id, self.clock.now());
        if let Some(bytes) = self.cache.read_async(&order.key).await {
            self.counters.cache_hits.add(1);
            return Ok(SegmentBody::whole(bytes));
        }
        self.counters.cache_misses.add(1);
        let mut waiter = self.launch(order, Priority::Waited);
        waiter.ready(FIRST_FRAGMENT_PATIENCE).await?;
        let len = waiter.len();
        let fragments = stream::unfold(waiter, |mut waiter| async { waiter.next().await.map(|next| (next, waiter)) });
        Ok(SegmentBody { len, fragments: Box::pin(fragments) })
    }

    fn preset(&self, id: RenditionId) -> Preset {
        match id {
            RenditionId::Video(rung) => lock(&self.ladder).preset(rung),
            _ => Preset::Ultrafast,
        }
    }

    fn order(&self, film: &Arc<Presentation>, id: RenditionId, index: u32) -> Option<Order> {
        let track = film.track(id, self.preset(id))?;
        let job = track.job(index)?;
        let key = SegmentKey { identity: film.source.identity, profile: profile(id, &track.spec), index };
        let media_s = (job.end - job.start) as f64 / f64::from(track.timescale.max(1));
        Some(Order { source: film.source.clone(), id, spec: track.spec, job, key, media_s })
    }

    /// Joins the making of a segment; the first to come queues it.
    fn launch(self: &Arc<Self>, order: Order, priority: Priority) -> Waiter {
        let deadline = || Cancel::with_deadline(Arc::clone(&self.clock), SEGMENT_LIMIT);
        let heavy = order.id.is_converted_video();
        let key = order.key.clone();
        let Joined { waiter, producer } = self.flights.join(&key, heavy, deadline);
        let Some(producer) = producer else {
            self.workers.promote(&key, priority);
            return waiter;
        };
        let stop = Stop::When(producer.cancel().clone());
        let service = Arc::clone(self);
        let work = Box::new(move |cancel: &Cancel| service.make_segment(&order, producer, cancel));
        let kind = if heavy { Kind::Heavy } else { Kind::Quick };
        drop(self.workers.submit(Job { kind, priority, key: Some(key), stop, work }));
        waiter
    }

    /// On an engine thread: makes a segment, keeps it, tells everyone.
    fn make_segment(&self, order: &Order, mut producer: Producer, cancel: &Cancel) {
        if cancel.is_cancelled() {
            self.counters.segments_cancelled.add(1);
            return;
        }
        producer.start();
        // Another flight may have landed between the look into the cache and the start of this one.
        if let Some(bytes) = self.cache.read(producer.key()) {
            producer.emit(bytes);
            producer.finish(Ok(()));
            return;
        }
        let began = self.clock.now();
        match self.run_engine(order, &producer, cancel) {
            Ok(()) => {
                let fragments = producer.fragments();
                self.cache.put(producer.key(), &fragments);
                self.counters.segments_made.add(1);
                self.counters.bytes_made.add(fragments.iter().map(|fragment| fragment.len() as u64).sum());
                if let RenditionId::Video(rung) = order.id {
                    let wall = self.clock.now().since(began).as_secs_f64();
                    lock(&self.ladder).record(rung, order.media_s, wall);
                }
                producer.finish(Ok(()));
            }
            Err(error) => {
                let error = MediaError::from(error);
                match &error {
                    MediaError::Cancelled => self.counters.segments_cancelled.add(1),
                    error => {
                        self.counters.segments_failed.add(1);
                        tracing::warn!(%error, rendition = %order.id, index = order.job.index, "segment failed");
                    }
                }
                producer.finish(Err(error));
            }
        }
    }

    fn run_engine(&self, order: &Order, producer: &Producer, cancel: &Cancel) -> Result<(), EngineError> {
        let identity = order.source.identity;
        let warm = self.heads.take(identity, &order.spec, order.job.start);
        let mut head = match warm {
            Some(head) => head,
            None => Head::open(&order.source, &order.spec, cancel)?,
        };
        let made = head.segment(&order.job, cancel, &mut |fragment| producer.emit(fragment)).map(drop);
        // A cancelled head has only lost its place; one that failed is not trusted again.
        if matches!(made, Ok(()) | Err(EngineError::Cancelled)) {
            self.heads.put(identity, order.spec.clone(), head, self.clock.now());
        }
        made
    }

    /// Makes ahead what the room at this film needs, and lets go of what it does not need any more.
    pub(crate) fn steer(self: &Arc<Self>, identity: &FileIdentity) {
        let Some(view) = self.films.view(identity, self.clock.now()) else { return };
        if !self.cache.keeps() {
            return;
        }
        let film = match self.plans.ask(identity) {
            Asked::Ready(film) => film,
            Asked::Pending(_) => return,
            Asked::Yours(_) => return self.make_plan(&view.source, Priority::RoomNext),
        };
        let in_use = !view.used.is_empty();
        let renditions = if in_use { view.used } else { self.likely(&film) };
        let mut orders = Vec::new();
        for id in renditions {
            let Some(track) = film.track(id, self.preset(id)) else { continue };
            let segments = ahead(&track, view.position_ms, in_use && view.playing);
            orders.extend(segments.filter_map(|(index, priority)| Some((priority, self.order(&film, id, index)?))));
        }
        orders.sort_by_key(|(priority, order)| (*priority, order.job.index));
        let keys: Vec<SegmentKey> = orders.iter().map(|(_, order)| order.key.clone()).collect();
        let missing = self.films.keep(identity, &keys);
        for (priority, order) in orders {
            if !missing.contains(&order.key) {
                self.workers.promote(&order.key, priority);
            } else if !self.cache.contains(&order.key) {
                let key = order.key.clone();
                let waiter = self.launch(order, priority);
                self.films.hold(identity, key, waiter);
            }
        }
    }

    /// What a plain browser would take, when nobody has taken anything yet.
    fn likely(&self, film: &Presentation) -> Vec<RenditionId> {
        let rungs = self.rungs_for(&film.source);
        let decision = decide(film, &ClientCaps::default(), &rungs).ok().filter(|decision| !decision.direct);
        // One sound track: a start needs no other.
        decision.map(|decision| decision.renditions.into_iter().take(2).collect()).unwrap_or_default()
    }

    /// Sizes to offer for a film, best first. One that viewers already take comes first: one encode serves them all.
    pub(crate) fn rungs_for(&self, source: &Source) -> Vec<u32> {
        let video = source.info.video().map(|(_, video)| video);
        let fps = video
            .filter(|video| video.fps_den > 0)
            .map_or(0.0, |video| f64::from(video.fps_num) / f64::from(video.fps_den));
        let mut rungs = lock(&self.ladder).sustained(fps);
        if let Some(rung) = self.films.rung_in_use(&source.identity, self.clock.now()) {
            rungs.retain(|other| *other != rung);
            rungs.insert(0, rung);
        }
        rungs
    }

    fn look_after(self: &Arc<Self>) {
        let now = self.clock.now();
        {
            let mut steered = lock(&self.steered);
            if now.since(*steered) < STEER_EVERY {
                return;
            }
            *steered = now;
        }
        self.heads.sweep(now);
        for identity in self.films.identities(now) {
            self.steer(&identity);
        }
    }

    pub(crate) fn stats(&self) -> crate::media::Stats {
        let counters = &self.counters;
        crate::media::Stats {
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

/// One segment to be made.
struct Order {
    source: Source,
    id: RenditionId,
    spec: TrackSpec,
    job: SegmentJob,
    key: SegmentKey,
    media_s: f64,
}

/// Everything outside of file, plan and cut that shapes a segment's bytes.
fn profile(id: RenditionId, spec: &TrackSpec) -> String {
    match spec {
        TrackSpec::VideoH264 { preset, max_bit_rate, .. } => format!("{id}-{}-{max_bit_rate}", preset.as_str()),
        _ => id.to_string(),
    }
}

/// Names the makers of a segment: planner, engine, libraries.
fn cache_version() -> String {
    format!("p{}-e{}", crate::media::plan::PLAN_VERSION, env!("CARGO_PKG_VERSION"))
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
