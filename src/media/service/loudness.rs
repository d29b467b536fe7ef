//! Listens to titles in the background, a stretch at a time, when nothing else is to be done. A busy server does it
//! too, seldom enough that nobody waits for it.
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Instant;
use crate::media::engine::{Cancel, Ear, EngineError};
use crate::media::loudness::{Heard, stretches, wanted, with_gains};
use crate::media::plan::Presentation;
use crate::media::schedule::{Kind, Priority};
use crate::media::service::Service;
use crate::media::sync::lock;
use crate::media::workers::{Job, Stop};

/// Limit on listening to one stretch.
const STRETCH_LIMIT: Duration = Duration::from_secs(10);
/// Pause between two stretches while segments are being made.
const BUSY_PAUSE: Duration = Duration::from_secs(4);
/// Titles that wait to be listened to.
const TITLES_WAITING_MAX: usize = 32;
/// How often a stretch may take too long before the title is left for another time, and the pause after each.
const LATE_MAX: u32 = 5;
const LATE_PAUSE: Duration = Duration::from_mins(1);

/// Titles to listen to.
pub(super) struct Hearings {
    waiting: VecDeque<Hearing>,
    running: bool,
    last: Instant,
}

impl Hearings {
    pub(super) fn new(now: Instant) -> Self {
        Self { waiting: VecDeque::new(), running: false, last: now }
    }
}

/// Listening to one title.
struct Hearing {
    film: Arc<Presentation>,
    /// Whether an earlier run may have heard it.
    fresh: bool,
    wanted: Vec<bool>,
    heard: Heard,
    /// How often it took too long, and when it may be tried again.
    late: u32,
    not_before: Option<Instant>,
    /// The stream that is listened to now, and the stretches still to come, last first.
    ear: Option<(Ear, Vec<(i64, i64)>)>,
}

impl Hearing {
    fn new(film: &Arc<Presentation>) -> Self {
        Self {
            film: Arc::clone(film),
            fresh: true,
            wanted: wanted(film),
            heard: Vec::new(),
            late: 0,
            not_before: None,
            ear: None,
        }
    }

    fn is_complete(&self) -> bool {
        self.heard.len() >= self.wanted.len()
    }

    /// One stretch of one stream.
    fn step(&mut self, cancel: &Cancel) -> Result<(), EngineError> {
        let nth = self.heard.len();
        if !self.wanted.get(nth).copied().unwrap_or(false) {
            self.heard.push(None);
            return Ok(());
        }
        let (mut ear, mut rest) = if let Some(ear) = self.ear.take() {
            ear
        } else {
            let audio = &self.film.audio[nth];
            let ear = Ear::open(&self.film.source, audio.stream, self.film.origin, audio.sample_rate, cancel)?;
            (ear, stretches(self.film.duration_ms).into_iter().rev().collect())
        };
        if let Some(stretch) = rest.pop() {
            ear.listen(stretch, cancel)?;
        }
        if rest.is_empty() {
            self.heard.push(ear.heard()?);
        } else {
            self.ear = Some((ear, rest));
        }
        Ok(())
    }
}

/// A title whose turn it is. However its job ends, the next one gets a turn.
struct Turn {
    service: Arc<Service>,
    hearing: Option<Hearing>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        let now = self.service.now();
        let mut hearings = lock(&self.service.hearings);
        (hearings.running, hearings.last) = (false, now);
        match self.hearing.take() {
            Some(hearing) if hearing.late >= LATE_MAX => self.service.titles.end(&hearing.film.source.identity),
            Some(hearing) if hearing.not_before.is_some_and(|then| then > now) => hearings.waiting.push_back(hearing),
            Some(hearing) if !hearing.is_complete() => hearings.waiting.push_front(hearing),
            _ => {}
        }
    }
}

impl Service {
    /// Sees to it that the loudness of a film becomes known; the film as it is presented by what is known now.
    pub(super) fn with_loudness(&self, film: Arc<Presentation>) -> Arc<Presentation> {
        let identity = film.source.identity;
        if let Some(heard) = self.titles.known(&identity) {
            return Arc::new(with_gains(&film, &heard));
        }
        let mut hearings = lock(&self.hearings);
        let room = hearings.waiting.len() < TITLES_WAITING_MAX;
        if room && wanted(&film).contains(&true) && self.titles.begin(identity) {
            hearings.waiting.push_back(Hearing::new(&film));
        }
        film
    }

    /// Listens to the next stretch, if this is a time for it.
    pub(super) fn hear(self: &Arc<Self>, now: Instant) {
        let busy = self.flights.len() > 0 || self.workers.queued() > 0;
        let hearing = {
            let mut hearings = lock(&self.hearings);
            if hearings.running || (busy && now.since(hearings.last) < BUSY_PAUSE) {
                return;
            }
            let may = |hearing: &Hearing| hearing.not_before.is_none_or(|then| then <= now);
            let Some(next) = hearings.waiting.iter().position(may) else { return };
            let Some(hearing) = hearings.waiting.remove(next) else { return };
            hearings.running = true;
            hearing
        };
        let mut turn = Turn { service: Arc::clone(self), hearing: Some(hearing) };
        let work = Box::new(move |cancel: &Cancel| turn.run(cancel));
        let (kind, priority) = (Kind::Slow, Priority::Background);
        drop(self.workers.submit(Job { kind, priority, key: None, stop: Stop::After(STRETCH_LIMIT), work }));
    }

    fn learn(&self, film: &Presentation, heard: &Heard) {
        let identity = film.source.identity;
        self.titles.learn(identity, heard.clone());
        self.titles.end(&identity);
        if let Some(film) = self.plans.get(&identity) {
            self.plans.settle(&identity, &Ok(Arc::new(with_gains(&film, heard))));
        }
    }
}

impl Turn {
    fn run(&mut self, cancel: &Cancel) {
        let Some(hearing) = self.hearing.as_mut() else { return };
        let identity = hearing.film.source.identity;
        if std::mem::take(&mut hearing.fresh)
            && let Some(heard) = self.service.titles.load(&identity)
        {
            hearing.heard.clone_from(&heard);
            hearing.heard.resize(hearing.wanted.len(), None);
            return self.service.learn(&hearing.film, &heard);
        }
        match hearing.step(cancel) {
            Ok(()) => {}
            Err(EngineError::Cancelled) => return,
            // Says something of the disk, nothing of the sound.
            Err(EngineError::DeadlineExceeded) => {
                hearing.late += 1;
                hearing.not_before = Some(self.service.now() + LATE_PAUSE * hearing.late);
                return;
            }
            Err(error) => {
                // Sound that cannot be heard here is converted as it is.
                tracing::debug!(%error, "the loudness of a sound track stays unknown");
                hearing.ear = None;
                hearing.heard.push(None);
            }
        }
        if hearing.is_complete() {
            self.service.titles.save(&identity, &hearing.heard);
            self.service.learn(&hearing.film, &hearing.heard);
        }
    }
}
