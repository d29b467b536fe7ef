//! Media segments: from the cache, from a flight under way, or from the engine.
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream;

use crate::media::SegmentBody;
use crate::media::cache::SegmentKey;
use crate::media::engine::{Cancel, EngineError, Head};
use crate::media::error::MediaError;
use crate::media::flight::{Joined, Producer, Waiter};
use crate::media::info::Source;
use crate::media::ladder::Load;
use crate::media::plan::Presentation;
use crate::media::rendition::RenditionId;
use crate::media::schedule::{Kind, Priority};
use crate::media::service::Service;
use crate::media::sync::lock;
use crate::media::ticks;
use crate::media::track::{Preset, SegmentJob, TrackSpec};
use crate::media::workers::{Job, Stop};

/// Limit on a segment from when it is first wanted.
const SEGMENT_LIMIT: Duration = Duration::from_mins(2);
/// How long an answer is held back to see whether the segment can be made at all.
const FIRST_FRAGMENT_PATIENCE: Duration = Duration::from_secs(5);

/// One segment to be made.
pub(super) struct Order {
    source: Source,
    id: RenditionId,
    spec: TrackSpec,
    pub(super) job: SegmentJob,
    pub(super) key: SegmentKey,
    /// Where the segment begins, in ms.
    start_ms: i64,
    media_s: f64,
}

/// Everything outside of file, plan and cut that shapes a segment's bytes.
pub(super) fn profile(id: RenditionId, spec: &TrackSpec) -> String {
    match spec {
        TrackSpec::VideoH264 { preset, max_bit_rate, .. } => format!("{id}-{}-{max_bit_rate}", preset.as_str()),
        _ => id.to_string(),
    }
}

impl Service {
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

    pub(super) fn preset(&self, id: RenditionId) -> Preset {
        match id {
            RenditionId::Video(rung) => lock(&self.ladder).preset(rung),
            _ => Preset::Ultrafast,
        }
    }

    pub(super) fn order(&self, film: &Arc<Presentation>, id: RenditionId, index: u32) -> Option<Order> {
        let track = film.track(id, self.preset(id))?;
        let job = track.job(index)?;
        let key = SegmentKey { identity: film.source.identity, profile: profile(id, &track.spec), index };
        let start_ms = ticks::to_micros(job.start, track.timescale) / 1000;
        let media_s = (job.end - job.start) as f64 / f64::from(track.timescale.max(1));
        Some(Order { source: film.source.clone(), id, spec: track.spec, job, key, start_ms, media_s })
    }

    /// Joins the making of a segment; the first to come queues it.
    pub(super) fn launch(self: &Arc<Self>, order: Order, priority: Priority) -> Waiter {
        let deadline = || Cancel::with_deadline(Arc::clone(&self.clock), SEGMENT_LIMIT);
        let heavy = order.id.is_converted_video();
        let key = order.key.clone();
        let Joined { waiter, producer } = self.flights.join(&key, priority, heavy, deadline);
        let Some(producer) = producer else {
            self.workers.promote(&key, priority);
            return waiter;
        };
        let stop = Stop::When(producer.cancel().clone());
        let service = Arc::clone(self);
        let work = Box::new(move |cancel: &Cancel| service.make_segment(&order, producer, cancel));
        let kind = if heavy { Kind::Heavy } else { Kind::Quick };
        drop(self.workers.submit(Job { kind, priority, key: Some(key.clone()), stop, work }));
        // Somebody more urgent may have joined before there was a job to promote.
        if let Some(urgency) = self.flights.urgency(&key).filter(|urgency| *urgency < priority) {
            self.workers.promote(&key, urgency);
        }
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
                    lock(&self.ladder).record(rung, Load::of(&order.source.info), order.media_s, wall);
                }
                producer.finish(Ok(()));
            }
            Err(error) => {
                let error = match error {
                    EngineError::NoPicture => self.damage.found(order.source.identity, order.start_ms),
                    error => MediaError::from(error),
                };
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
}
