//! Makes ahead what groups will need, so that play and seek find it there; and says what this machine can do for them.
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use crate::media::cache::SegmentKey;
use crate::media::caps::ClientCaps;
use crate::media::decide::{Decision, Unplayable, decide};
use crate::media::engine;
use crate::media::following::{View, Watched};
use crate::media::identity::FileIdentity;
use crate::media::info::Source;
use crate::media::ladder::{Load, max_bit_rate};
use crate::media::memo::Asked;
use crate::media::plan::{Presentation, display_size};
use crate::media::rendition::RenditionId;
use crate::media::schedule::{Depth, Priority, ahead, needed};
use crate::media::service::Service;
use crate::media::service::segments::Order;
use crate::media::sync::lock;
use crate::media::track::Preset;

/// Rooms are looked after at most this often.
const STEER_EVERY: Duration = Duration::from_millis(500);
/// Segments of a film that are on their way ahead of viewers at once.
const AHEAD_AT_ONCE: usize = 96;
/// The part of the cache, all groups together, that may be filled with what is wanted much later.
const PREPARED_PART: u64 = 2;
/// A wait shorter than this is not worth telling.
const WAIT_MIN_S: f64 = 10.0;

impl Service {
    /// Makes ahead what the groups at this film need, and lets go of what they do not need any more.
    pub(crate) fn steer(self: &Arc<Self>, identity: &FileIdentity) {
        let Some(watched) = self.films.watched(identity, self.clock.now()) else { return };
        if !self.cache.keeps() {
            return;
        }
        let film = match self.plans.ask(identity) {
            Asked::Ready(film) => film,
            Asked::Pending(_) => return,
            Asked::Yours(_) => return self.make_plan(&watched.source, Priority::RoomNext),
        };
        self.cache.pin(identity, self.pins(&film, &watched));
        let orders = self.wanted(&film, &watched);
        let keys: Vec<SegmentKey> = orders.iter().map(|(_, order)| order.key.clone()).collect();
        let missing = self.films.keep(identity, &keys);
        for (priority, order) in orders {
            if missing.contains(&order.key) {
                let key = order.key.clone();
                let waiter = self.launch(order, priority);
                self.films.hold(identity, key, waiter);
            } else {
                self.workers.promote(&order.key, priority);
            }
        }
    }

    /// What the cache shall not let go of while the groups are where they are.
    fn pins(&self, film: &Presentation, watched: &Watched) -> Vec<(RenditionId, Range<u32>)> {
        let mut pins = Vec::new();
        for view in &watched.views {
            let aims = self.aims(film, watched, view).into_iter();
            pins.extend(aims.filter_map(|(id, depth)| {
                let track = film.track(id, Preset::Ultrafast)?;
                Some((id, needed(&track, view.position_ms, depth)))
            }));
        }
        pins
    }

    /// What is not there yet of what the groups need, most urgent first.
    fn wanted(&self, film: &Arc<Presentation>, watched: &Watched) -> Vec<(Priority, Order)> {
        let mut all: BTreeMap<(RenditionId, u32), (Priority, u32)> = BTreeMap::new();
        for view in &watched.views {
            for (id, depth) in self.aims(film, watched, view) {
                let Some(track) = film.track(id, Preset::Ultrafast) else { continue };
                for (distance, (index, priority)) in (0..).zip(ahead(&track, view.position_ms, depth)) {
                    // Two groups may need the same segment: the more urgent one counts.
                    match all.entry((id, index)) {
                        Entry::Vacant(free) => drop(free.insert((priority, distance))),
                        Entry::Occupied(mut taken) => *taken.get_mut() = (*taken.get()).min((priority, distance)),
                    }
                }
            }
        }
        let mut all: Vec<_> = all.into_iter().map(|((id, index), urgency)| (urgency, id, index)).collect();
        all.sort_unstable();
        let orders =
            all.into_iter().filter_map(|((priority, _), id, index)| Some((priority, Self::order(film, id, index)?)));
        orders.filter(|(_, order)| !self.cache.contains(&order.key)).take(AHEAD_AT_ONCE).collect()
    }

    /// The renditions that are made ahead for a group, and how far.
    fn aims(&self, film: &Presentation, watched: &Watched, view: &View) -> Vec<(RenditionId, Depth)> {
        let in_use = !view.used.is_empty();
        let renditions = match &watched.offered {
            _ if in_use => view.used.clone(),
            Some(offered) => offered.clone(),
            None => self.likely(film),
        };
        let depth = if in_use && view.playing { Depth::Playing } else { Depth::Standing };
        let slow = |id: RenditionId| id.rung().is_some_and(|rung| self.wait_s(film, rung, view.position_ms, 0.0) > 0.0);
        renditions
            .into_iter()
            .map(|id| (id, if slow(id) { Depth::Preparing(self.room_ms(film, id)) } else { depth }))
            .collect()
    }

    /// What a browser like the last one would begin with, when nobody has asked yet.
    fn likely(&self, film: &Presentation) -> Vec<RenditionId> {
        let rungs = self.rungs_for(&film.source);
        let caps = lock(&self.caps).clone();
        let decision = self.decide(film, &caps, &rungs).ok().filter(|decision| !decision.direct);
        decision.map(|decision| decision.start(film)).unwrap_or_default()
    }

    fn decide(&self, film: &Presentation, caps: &ClientCaps, rungs: &[u32]) -> Result<Decision, Unplayable> {
        let decision = decide(film, caps, rungs)?;
        // Only players of our own are known to take parameter sets in band.
        Ok(if caps.mse && self.has_hardware() { decision.in_hardware() } else { decision })
    }

    pub(crate) fn offer(self: &Arc<Self>, film: &Presentation, caps: &ClientCaps) -> Result<Decision, Unplayable> {
        let decision = self.decide(film, caps, &self.rungs_for(&film.source))?;
        lock(&self.caps).clone_from(caps);
        let start = if decision.direct { Vec::new() } else { decision.start(film) };
        let identity = film.source.identity;
        self.films.offer(identity, &start, self.clock.now());
        self.steer(&identity);
        Ok(decision)
    }

    /// How long the first viewer of this decision should wait before playing.
    pub(crate) fn wait(&self, film: &Arc<Presentation>, decision: &Decision) -> Option<Duration> {
        let id = *decision.renditions.first().filter(|id| !decision.direct && id.is_converted_video())?;
        let watched = self.films.watched(&film.source.identity, self.clock.now());
        let place = |watched: Watched| watched.views.iter().map(|view| view.position_ms).min();
        let position_ms = watched.and_then(place).unwrap_or(0);
        let prepared_s = self.prepared_s(film, id, position_ms);
        let wait_s = self.wait_s(film, id.rung()?, position_ms, prepared_s);
        // When no more can be kept, there is nothing left to wait for.
        let room_s = (self.room_ms(film, id) as f64 / 1000.0 - prepared_s).max(0.0);
        let others = self.others(&film.source.identity);
        let making_s = lock(&self.ladder).making_s(id.rung()?, Load::of(&film.source.info), others, room_s);
        let wait_s = wait_s.min(making_s);
        (wait_s >= WAIT_MIN_S).then(|| Duration::from_secs_f64(wait_s))
    }

    /// How much of a rendition can be kept that was made long before it is wanted.
    fn room_ms(&self, film: &Presentation, id: RenditionId) -> i64 {
        let bit_rate = u64::from(max_bit_rate(id.rung().unwrap_or(0), film.source.info.bit_rate)).max(1);
        let bytes = self.cache.room() / PREPARED_PART / self.films.groups().max(1) as u64;
        i64::try_from(bytes.saturating_mul(8000) / bit_rate).unwrap_or(i64::MAX)
    }

    fn wait_s(&self, film: &Presentation, rung: u32, position_ms: i64, prepared_s: f64) -> f64 {
        let remaining_s = (film.duration_ms - position_ms).max(0) as f64 / 1000.0;
        let others = self.others(&film.source.identity);
        lock(&self.ladder).wait_s(rung, Load::of(&film.source.info), others, remaining_s, prepared_s)
    }

    /// Seconds of a rendition that are there already, from a place on without a gap.
    fn prepared_s(&self, film: &Arc<Presentation>, id: RenditionId, position_ms: i64) -> f64 {
        let Some(track) = film.track(id, Preset::Ultrafast) else { return 0.0 };
        let first = track.covering(position_ms, position_ms + 1).start;
        let orders = (first..track.segments()).map_while(|index| Self::order(film, id, index));
        orders.take_while(|order| self.cache.contains(&order.key)).map(|order| order.media_s).sum()
    }

    /// How much of the machine the films of other viewers take.
    pub(super) fn others(&self, identity: &FileIdentity) -> f64 {
        let elsewhere = self.films.converted_elsewhere(identity, self.clock.now());
        let ladder = lock(&self.ladder);
        elsewhere.into_iter().map(|(load, rung)| ladder.share(rung, load)).sum()
    }

    /// Sizes to offer for a film, best first. One that viewers already take comes first: one encode serves them all.
    pub(crate) fn rungs_for(&self, source: &Source) -> Vec<u32> {
        let Some((_, video)) = source.info.video() else { return Vec::new() };
        let (others, in_use) =
            (self.others(&source.identity), self.films.rung_in_use(&source.identity, self.clock.now()));
        lock(&self.ladder).offer(display_size(video), Load::of(&source.info), others, in_use)
    }

    pub(super) fn look_after(self: &Arc<Self>) {
        self.make_pictures();
        let now = self.clock.now();
        {
            let mut steered = lock(&self.steered);
            if now.since(*steered) < STEER_EVERY {
                return;
            }
            *steered = now;
        }
        let closed = self.heads.sweep(now);
        let rests = self.workers.is_idle() && lock(&self.rest).begins(self.workers.arrivals(), now);
        if closed > 0 || rests {
            engine::release_memory();
        }
        self.measure(now);
        self.hear(now);
        self.resume_scan();
        let identities = self.films.identities(now);
        self.cache.pin_only(&identities);
        for identity in identities {
            self.steer(&identity);
        }
    }
}
