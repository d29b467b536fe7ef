//! How films are presented: from memory, from the database, or found out on an engine thread. A large file that does not
//! tell where its keyframes are is presented at once by its ends and read through afterwards, a little at a time.
use std::sync::Arc;
use std::time::Duration;

use crate::media::decide::playable;
use crate::media::engine::{self, Cancel, EngineError, Scan};
use crate::media::error::MediaError;
use crate::media::identity::FileIdentity;
use crate::media::info::Source;
use crate::media::memo::Asked;
use crate::media::plan::{PLAN_VERSION, Presentation, plan};
use crate::media::schedule::{Kind, Priority};
use crate::media::service::{INDEX_LIMIT, Promise, Service};
use crate::media::stored;
use crate::media::stored::Known;
use crate::media::sync::lock;
use crate::media::track::VideoIndex;
use crate::media::workers::{Job, Stop};

/// Bytes of picture read before the thread is free for others: a fraction of a second.
const SCAN_PART_BYTES: u64 = 32 << 20;
/// Limit on reading that much.
const SCAN_PART_LIMIT: Duration = Duration::from_mins(1);
/// Films whose pass was interrupted, remembered at most.
const PASSES_WAITING_MAX: usize = 32;
/// How often a pass begins anew because reading took too long.
const PASS_TRIES_MAX: u32 = 3;

/// Names the makers of a plan: the planner, and the libraries that read the file.
pub(super) fn plan_version() -> String {
    format!("{PLAN_VERSION}-{}", engine::libraries())
}

impl Service {
    pub(crate) async fn presentation(self: &Arc<Self>, source: &Source) -> Result<Arc<Presentation>, MediaError> {
        let known = match self.plans.get(&source.identity) {
            Some(film) => Some(film),
            None => self.stored(source).await,
        };
        let film = match known.map_or_else(|| self.plans.ask(&source.identity), Asked::Ready) {
            Asked::Ready(film) => film,
            Asked::Pending(answer) => answer.await.map_err(|_| MediaError::Cancelled)??,
            Asked::Yours(answer) => {
                self.make_plan(source, Priority::Waited);
                answer.await.map_err(|_| MediaError::Cancelled)??
            }
        };
        Ok(self.at_place(film, source))
    }

    /// The same, with everything that is to be known of the film: for those who have the time.
    pub(crate) async fn whole_presentation(self: &Arc<Self>, source: &Source) -> Result<Arc<Presentation>, MediaError> {
        let film = self.presentation(source).await?;
        if film.settled {
            return Ok(film);
        }
        let service = Arc::clone(self);
        let wanted = source.clone();
        let look = move |cancel: &Cancel| {
            let index = engine::index(&wanted, cancel)?;
            service.settle_plan(&wanted, index, cancel)
        };
        self.ask(Kind::Slow, Priority::Waited, INDEX_LIMIT, look).await?.map_err(|error: EngineError| error.into())
    }

    /// The same bytes may lie at another place: a film that was moved, or a copy of it.
    fn at_place(&self, film: Arc<Presentation>, source: &Source) -> Arc<Presentation> {
        if film.source.path == source.path {
            return film;
        }
        let mut film = (*film).clone();
        film.source.path.clone_from(&source.path);
        let film = Arc::new(film);
        self.plans.settle(&source.identity, &Ok(Arc::clone(&film)));
        film
    }

    async fn stored(&self, source: &Source) -> Option<Arc<Presentation>> {
        let body = self.store.as_ref()?.plan(key(&source.identity), plan_version()).await;
        let film = self.with_loudness(Arc::new(read(&body.ok()??)?.plan(source)));
        self.plans.settle(&source.identity, &Ok(Arc::clone(&film)));
        Some(film)
    }

    /// Remembers and stores a plan from an index that nothing can be added to.
    fn settle_plan(
        &self,
        source: &Source,
        index: VideoIndex,
        cancel: &Cancel,
    ) -> Result<Arc<Presentation>, EngineError> {
        let sounds = engine::sounds(&source.with_map(index.map.as_ref()), &index, cancel)?;
        let known = Known { index, sounds };
        if let Some(store) = &self.store {
            store.keep_plan(key(&source.identity), plan_version(), stored::to_bytes(&known));
        }
        let film = self.with_loudness(Arc::new(known.plan(source)));
        self.plans.settle(&source.identity, &Ok(Arc::clone(&film)));
        Ok(film)
    }

    pub(super) fn make_plan(self: &Arc<Self>, source: &Source, priority: Priority) {
        let (service, source) = (Arc::clone(self), source.clone());
        let mut promise = Promise {
            service: Arc::clone(&service),
            keep: Self::keep_plan,
            key: source.identity,
            started: false,
            kept: false,
        };
        let work = Box::new(move |cancel: &Cancel| {
            promise.started = true;
            let made = service.find_plan(&source, cancel);
            promise.keep(&made.as_ref().map(|(film, _)| Arc::clone(film)).map_err(Clone::clone));
            if let Ok((_, Some(index))) = made {
                service.scan(Pass { source, index, scan: None, tries: 0 });
            }
        });
        let job = Job { kind: Kind::Slow, priority, key: None, stop: Stop::After(INDEX_LIMIT), work };
        drop(self.workers.submit(job));
    }

    /// On an engine thread: the plan, and the index that a pass over the file must complete, if it must.
    fn find_plan(
        &self,
        source: &Source,
        cancel: &Cancel,
    ) -> Result<(Arc<Presentation>, Option<VideoIndex>), MediaError> {
        playable(&source.info)?;
        let body = self.store.as_ref().map(|store| store.plan_blocking(key(&source.identity), plan_version()));
        if let Some(known) = body.and_then(|body| read(&body.ok()??)) {
            return Ok((self.with_loudness(Arc::new(known.plan(source))), None));
        }
        let index = engine::glance(source, cancel)?;
        if index.complete {
            return Ok((self.settle_plan(source, index, cancel)?, None));
        }
        // The sound is looked at where a place in the file can be found.
        Ok((Arc::new(plan(source, Some(&index))), Some(index)))
    }

    fn keep_plan(&self, key: &FileIdentity, made: &Result<Arc<Presentation>, MediaError>) {
        if made.is_err() {
            // Or the next look at the rooms would try again, and again.
            self.films.leave(key);
        }
        self.plans.settle(key, made);
    }

    /// Queues the next part of a pass over a file.
    fn scan(self: &Arc<Self>, pass: Pass) {
        let mut part = Part { service: Arc::clone(self), pass: Some(pass) };
        let work = Box::new(move |cancel: &Cancel| part.work(cancel));
        let (kind, priority) = (Kind::Slow, Priority::Background);
        drop(self.workers.submit(Job { kind, priority, key: None, stop: Stop::After(SCAN_PART_LIMIT), work }));
    }

    /// Goes on with a pass whose part was crowded out or took too long, when there is room again.
    pub(super) fn resume_scan(self: &Arc<Self>) {
        if self.workers.queued() > 0 {
            return;
        }
        let pass = lock(&self.passes).pop_front();
        if let Some(pass) = pass {
            self.scan(pass);
        }
    }
}

/// A part that is queued or runs. Where it is dropped before its time, the pass waits to be gone on with.
struct Part {
    service: Arc<Service>,
    pass: Option<Pass>,
}

impl Part {
    fn work(&mut self, cancel: &Cancel) {
        let Some(mut pass) = self.pass.take() else { return };
        match pass.go_on(cancel) {
            Ok(None) => self.service.scan(pass),
            Ok(Some(index)) => {
                let keyframes = index.keyframes.len();
                match self.service.settle_plan(&pass.source, index, cancel) {
                    Ok(_) => tracing::debug!(keyframes, "a film was read through"),
                    Err(error) => tracing::warn!(%error, "the sound of a film could not be looked at"),
                }
            }
            Err(EngineError::Cancelled) => {}
            // The disk may be faster another time.
            Err(EngineError::DeadlineExceeded) if pass.tries < PASS_TRIES_MAX => {
                self.pass = Some(Pass { tries: pass.tries + 1, ..pass });
            }
            Err(error) => tracing::warn!(%error, "a film could not be read through; it is converted as it is"),
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if let Some(pass) = self.pass.take() {
            let mut passes = lock(&self.service.passes);
            if passes.len() < PASSES_WAITING_MAX {
                passes.push_back(pass);
            }
        }
    }
}

/// A pass over a file, done in parts.
pub(super) struct Pass {
    source: Source,
    index: VideoIndex,
    scan: Option<Scan>,
    /// How often it began anew.
    tries: u32,
}

impl Pass {
    fn go_on(&mut self, cancel: &Cancel) -> Result<Option<VideoIndex>, EngineError> {
        let mut scan = match self.scan.take() {
            Some(scan) => scan,
            None => Scan::begin(&self.source, Some(self.index.clone()), cancel)?,
        };
        if scan.go_on(SCAN_PART_BYTES, cancel)? {
            return scan.finish().map(Some);
        }
        self.scan = Some(scan);
        Ok(None)
    }
}

/// The identity as the database has it.
fn key(identity: &FileIdentity) -> Vec<u8> {
    [&identity.size.to_be_bytes()[..], &identity.mtime_ms.to_be_bytes(), &identity.edges].concat()
}

fn read(body: &[u8]) -> Option<Known> {
    let known = stored::from_bytes(body);
    if known.is_none() {
        tracing::warn!("a stored plan cannot be read; it is made again");
    }
    known
}
