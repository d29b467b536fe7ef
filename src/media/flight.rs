//! Single flight: a segment that several viewers want is made once, and all follow it while it grows.
//!
//! A flight that nobody waits for any more is cancelled if it is worth stopping; cheap ones run to their end.
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;

use crate::media::cache::SegmentKey;
use crate::media::engine::Cancel;
use crate::media::error::MediaError;
use crate::media::schedule::Priority;
use crate::media::sync::lock;

/// All segments in the making.
#[derive(Clone, Default)]
pub(crate) struct Flights {
    map: Arc<Mutex<HashMap<SegmentKey, Seat>>>,
}

struct Seat {
    flight: Arc<Flight>,
    waiters: usize,
    /// The most anybody wanted it.
    urgency: Priority,
}

struct Flight {
    key: SegmentKey,
    cancel: Cancel,
    /// Stop when the last waiter leaves.
    disposable: bool,
    progress: watch::Sender<Progress>,
}

#[derive(Default)]
struct Progress {
    fragments: Vec<Bytes>,
    outcome: Option<Result<(), MediaError>>,
}

/// What joining gives: a place to wait, and the duty to make the segment if nobody had it yet.
pub(crate) struct Joined {
    pub(crate) waiter: Waiter,
    pub(crate) producer: Option<Producer>,
}

impl Flights {
    /// Joins the flight of `key`, starting one if there is none.
    pub(crate) fn join(
        &self,
        key: &SegmentKey,
        urgency: Priority,
        disposable: bool,
        cancel: impl FnOnce() -> Cancel,
    ) -> Joined {
        let mut map = lock(&self.map);
        let (flight, is_new) = match map.entry(key.clone()) {
            Entry::Occupied(mut seat) => {
                let seat_now = seat.get_mut();
                seat_now.waiters += 1;
                seat_now.urgency = seat_now.urgency.min(urgency);
                (Arc::clone(&seat.get().flight), false)
            }
            Entry::Vacant(seat) => {
                let (progress, _) = watch::channel(Progress::default());
                let flight = Arc::new(Flight { key: key.clone(), cancel: cancel(), disposable, progress });
                seat.insert(Seat { flight: Arc::clone(&flight), waiters: 1, urgency });
                (flight, true)
            }
        };
        drop(map);
        let producer = is_new.then(|| Producer {
            flights: self.clone(),
            flight: Arc::clone(&flight),
            started: false,
            done: false,
        });
        let progress = flight.progress.subscribe();
        Joined { waiter: Waiter { flights: self.clone(), flight, progress, at: 0, failed: false }, producer }
    }

    /// How much a segment in the making is wanted.
    pub(crate) fn urgency(&self, key: &SegmentKey) -> Option<Priority> {
        lock(&self.map).get(key).map(|seat| seat.urgency)
    }

    /// Number of segments in the making.
    pub(crate) fn len(&self) -> usize {
        lock(&self.map).len()
    }

    /// Cancels everything.
    pub(crate) fn cancel_all(&self) {
        for seat in lock(&self.map).values() {
            seat.flight.cancel.cancel();
        }
    }

    fn leave(&self, flight: &Arc<Flight>) {
        let mut map = lock(&self.map);
        let Some(seat) = map.get_mut(&flight.key).filter(|seat| Arc::ptr_eq(&seat.flight, flight)) else { return };
        seat.waiters -= 1;
        if seat.waiters == 0 && flight.disposable {
            // Out of the map at once: who comes now starts anew instead of joining a dying flight.
            map.remove(&flight.key);
            flight.cancel.cancel();
        }
    }

    fn land(&self, flight: &Arc<Flight>, outcome: Result<(), MediaError>) {
        flight.progress.send_modify(|progress| progress.outcome = Some(outcome));
        let mut map = lock(&self.map);
        if map.get(&flight.key).is_some_and(|seat| Arc::ptr_eq(&seat.flight, flight)) {
            map.remove(&flight.key);
        }
    }
}

/// Makes the segment. Dropped without [`Producer::finish`], the flight fails.
pub(crate) struct Producer {
    flights: Flights,
    flight: Arc<Flight>,
    started: bool,
    done: bool,
}

impl Producer {
    pub(crate) fn key(&self) -> &SegmentKey {
        &self.flight.key
    }

    pub(crate) fn cancel(&self) -> &Cancel {
        &self.flight.cancel
    }

    /// Work begins; until then, being dropped means that the queue had no room.
    pub(crate) fn start(&mut self) {
        self.started = true;
    }

    /// Hands a fragment to everyone who waits.
    pub(crate) fn emit(&self, fragment: Bytes) {
        self.flight.progress.send_modify(|progress| progress.fragments.push(fragment));
    }

    /// Everything emitted so far.
    pub(crate) fn fragments(&self) -> Vec<Bytes> {
        self.flight.progress.borrow().fragments.clone()
    }

    /// Ends the flight. Put the segment into the cache before: who comes after looks there.
    pub(crate) fn finish(mut self, outcome: Result<(), MediaError>) {
        self.done = true;
        self.flights.land(&self.flight, outcome);
    }
}

impl Drop for Producer {
    fn drop(&mut self) {
        if !self.done {
            let why = match (self.flight.cancel.is_cancelled(), self.started) {
                (true, _) => MediaError::Cancelled,
                (false, true) => MediaError::Crashed,
                (false, false) => MediaError::Busy,
            };
            self.flights.land(&self.flight, Err(why));
        }
    }
}

/// Follows a segment from its first fragment. Dropping it tells that nobody waits here any more.
pub(crate) struct Waiter {
    flights: Flights,
    flight: Arc<Flight>,
    progress: watch::Receiver<Progress>,
    at: usize,
    failed: bool,
}

impl Waiter {
    /// The next fragment; `None` at the end, also after an error was told.
    pub(crate) async fn next(&mut self) -> Option<Result<Bytes, MediaError>> {
        loop {
            {
                let progress = self.progress.borrow_and_update();
                if self.failed {
                    return None;
                }
                if let Some(fragment) = progress.fragments.get(self.at) {
                    self.at += 1;
                    return Some(Ok(fragment.clone()));
                }
                match &progress.outcome {
                    Some(Ok(())) => return None,
                    Some(Err(error)) => {
                        self.failed = true;
                        return Some(Err(error.clone()));
                    }
                    None => {}
                }
            }
            if self.progress.changed().await.is_err() {
                return None;
            }
        }
    }

    /// Waits until there is something to send, an error to tell, or `patience` is over.
    pub(crate) async fn ready(&mut self, patience: Duration) -> Result<(), MediaError> {
        let started = self.progress.wait_for(|progress| !progress.fragments.is_empty() || progress.outcome.is_some());
        match tokio::time::timeout(patience, started).await {
            Ok(Ok(progress)) if progress.fragments.is_empty() => progress.outcome.clone().unwrap_or(Ok(())),
            _ => Ok(()),
        }
    }

    /// Whether there was no room for it, or it was stopped: it may be tried again.
    pub(crate) fn was_turned_away(&self) -> bool {
        matches!(self.progress.borrow().outcome, Some(Err(MediaError::Busy | MediaError::Cancelled)))
    }

    /// Whether there was not enough time to make it.
    pub(crate) fn ran_out_of_time(&self) -> bool {
        matches!(&self.progress.borrow().outcome, Some(Err(error)) if error.is_late())
    }

    /// Whether nothing more will come.
    pub(crate) fn has_landed(&self) -> bool {
        self.progress.borrow().outcome.is_some()
    }

    /// Length in bytes, once all of it is there.
    pub(crate) fn len(&self) -> Option<u64> {
        let progress = self.progress.borrow();
        let done = matches!(progress.outcome, Some(Ok(())));
        done.then(|| progress.fragments.iter().map(|fragment| fragment.len() as u64).sum())
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.flights.leave(&self.flight);
    }
}

#[cfg(test)]
#[path = "flight_tests.rs"]
mod tests;
