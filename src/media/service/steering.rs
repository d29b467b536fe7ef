//! Makes ahead what rooms will need, so that play and seek find it there.
use std::sync::Arc;
use std::time::Duration;

use crate::media::cache::SegmentKey;
use crate::media::caps::ClientCaps;
use crate::media::decide::decide;
use crate::media::engine;
use crate::media::identity::FileIdentity;
use crate::media::info::Source;
use crate::media::ladder::Load;
use crate::media::memo::Asked;
use crate::media::plan::Presentation;
use crate::media::rendition::RenditionId;
use crate::media::schedule::{Priority, ahead};
use crate::media::service::Service;
use crate::media::sync::lock;

/// Rooms are looked after at most this often.
const STEER_EVERY: Duration = Duration::from_millis(500);

impl Service {
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
        let mut rungs = lock(&self.ladder).sustained(Load::of(&source.info));
        if let Some(rung) = self.films.rung_in_use(&source.identity, self.clock.now()) {
            rungs.retain(|other| *other != rung);
            rungs.insert(0, rung);
        }
        rungs
    }

    pub(super) fn look_after(self: &Arc<Self>) {
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
        self.hear(now);
        for identity in self.films.identities(now) {
            self.steer(&identity);
        }
    }
}
