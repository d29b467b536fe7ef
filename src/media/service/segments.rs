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
use crate::media::ladder::{Load, Made};
use crate::media::plan::Presentation;
use crate::media::rendition::RenditionId;
use crate::media::schedule::{Kind, Priority};
use crate::media::service::Service;
use crate::media::sync::lock;
use crate::media::ticks;
use crate::media::track::{Preset, SegmentJob, TrackSpec};
use crate::media::workers::{Job, Stop};

/// Limit on a segment from when a thread begins with it; how long it was queued does not count.
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
    pub(super) media_s: f64,
    position_ms: i64,
}

/// Everything outside of file, plan and cut that a segment's place among the others depends on.
///
/// The encoder's speed is not part of it. Segments of all speeds share init segment, cuts and times, and follow each
/// other in any mixture; at one speed the bytes are a pure function of the job. Which speed it was is up to whoever made
/// the segment first, and everybody gets that one.
pub(super) fn profile(id: RenditionId, spec: &TrackSpec) -> String {
    match spec {
        TrackSpec::VideoH264 { max_bit_rate, .. } => format!("{id}-{max_bit_rate}"),
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
        let order = Self::order(film, id, index).ok_or(MediaError::NotFound)?;
        let key = self.cache.tag(&order.key);
        self.films.note(&film.source, id, order.position_ms, self.clock.now());
        if let Some(stored) = self.cache.find(&order.key).await {
            self.counters.cache_hits.add(1);
            return Ok(SegmentBody::stored(key, stored));
        }
        self.counters.cache_misses.add(1);
        let mut waiter = self.launch(order, Priority::Waited);
        waiter.ready(FIRST_FRAGMENT_PATIENCE).await?;
        let len = waiter.len();
        let fragments = stream::unfold(waiter, |mut waiter| async { waiter.next().await.map(|next| (next, waiter)) });
        Ok(SegmentBody { key, len, fragments: Box::pin(fragments) })
    }

    pub(crate) fn segment_key(&self, film: &Arc<Presentation>, id: RenditionId, index: u32) -> Option<String> {
        Self::order(film, id, index).map(|order| self.cache.tag(&order.key))
    }

    /// The encoder's speed for the next segment.
    pub(super) fn preset(&self, source: &Source, id: RenditionId) -> Preset {
        let Some(rung) = id.rung() else { return Preset::Ultrafast };
        let others = self.others(&source.identity);
        lock(&self.ladder).preset(rung, Load::of(&source.info), others)
    }

    pub(super) fn order(film: &Arc<Presentation>, id: RenditionId, index: u32) -> Option<Order> {
        // The speed is chosen when the work begins.
        let track = film.track(id, Preset::Ultrafast)?;
        let job = track.job(index)?;
        let key = SegmentKey { identity: film.source.identity, profile: profile(id, &track.spec), index };
        let media_s = (job.end - job.start) as f64 / f64::from(track.timescale.max(1));
        let position_ms = ticks::to_micros(job.start, track.timescale) / 1000;
        Some(Order { source: film.source.clone(), id, spec: track.spec, job, key, media_s, position_ms })
    }

    /// Joins the making of a segment; the first to come queues it.
    pub(super) fn launch(self: &Arc<Self>, order: Order, priority: Priority) -> Waiter {
        let heavy = order.id.is_converted_video();
        let key = order.key.clone();
        let Joined { waiter, producer } = self.flights.join(&key, priority, heavy, Cancel::never);
        let Some(producer) = producer else {
            self.workers.promote(&key, priority);
            return waiter;
        };
        let stop = Stop::When(producer.cancel().clone(), SEGMENT_LIMIT);
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
        let (preset, sharing) = (self.preset(&order.source, order.id), self.workers.converting());
        match self.run_engine(order, preset, &producer, cancel) {
            Ok(()) => {
                let fragments = producer.fragments();
                self.cache.put(producer.key(), &fragments);
                self.counters.segments_made.add(1);
                self.counters.bytes_made.add(fragments.iter().map(|fragment| fragment.len() as u64).sum());
                if let Some(rung) = order.id.rung() {
                    let wall_s = self.clock.now().since(began).saturating_sub(cancel.stood_still()).as_secs_f64();
                    let (load, media_s) = (Load::of(&order.source.info), order.media_s);
                    lock(&self.ladder).record(&Made { rung, preset, load, media_s, wall_s, sharing });
                }
                producer.finish(Ok(()));
            }
            Err(error) => {
                let error = match error {
                    EngineError::NoPicture => self.damage.found(order.source.identity, order.position_ms),
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

    fn run_engine(
        &self,
        order: &Order,
        preset: Preset,
        producer: &Producer,
        cancel: &Cancel,
    ) -> Result<(), EngineError> {
        let identity = order.source.identity;
        let warm = self.heads.take(identity, &order.spec, order.job.start);
        let mut head = match warm {
            Some(head) => head,
            None => Head::open(&order.source, &order.spec, cancel)?,
        };
        head.set_encoder(preset, self.hardware(order.id));
        let made = head.segment(&order.job, cancel, &mut |fragment| producer.emit(fragment));
        let made = made.map(|stats| self.hardware_did(order.id, !stats.fell_back));
        // A cancelled head has only lost its place; one that failed is not trusted again.
        if matches!(made, Ok(()) | Err(EngineError::Cancelled)) {
            self.heads.put(identity, order.spec.clone(), head, self.clock.now());
        }
        made
    }
}
