//! Where viewers of each film are, which renditions they take, and the segments held for them in advance.
//!
//! Knows films, not rooms: of several groups at one film, the one that moved last is followed.
use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::time::Duration;

use crate::clock::Instant;
use crate::media::cache::SegmentKey;
use crate::media::flight::Waiter;
use crate::media::identity::FileIdentity;
use crate::media::info::Source;
use crate::media::rendition::RenditionId;
use crate::media::sync::lock;

/// A rendition nobody asked for during this time is not made ahead any more.
const RENDITION_LIFE: Duration = Duration::from_mins(1);
/// A film nobody touched during this time is forgotten.
const FILM_LIFE: Duration = Duration::from_mins(10);
/// Films followed at most; the one touched least recently goes.
const FILMS_MAX: usize = 256;

/// Where a room is in its film.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Playhead {
    /// Content time, in ms.
    pub position_ms: i64,
    /// Whether it moves.
    pub playing: bool,
}

/// All films somebody watches.
#[derive(Default)]
pub(crate) struct Films {
    map: Mutex<HashMap<FileIdentity, Film>>,
}

struct Film {
    followed: Option<(Source, Playhead, Instant)>,
    used: BTreeMap<RenditionId, Instant>,
    /// Segments launched ahead. One that has landed stays as an empty mark, so that it is not launched twice.
    held: HashMap<SegmentKey, Option<Waiter>>,
    touched: Instant,
}

/// A film as it stands now.
pub(crate) struct View {
    pub(crate) source: Source,
    pub(crate) position_ms: i64,
    pub(crate) playing: bool,
    /// Renditions taken lately.
    pub(crate) used: Vec<RenditionId>,
}

impl Films {
    /// Notes where a room is.
    pub(crate) fn follow(&self, source: &Source, playhead: Playhead, now: Instant) {
        self.with(source.identity, now, |film| film.followed = Some((source.clone(), playhead, now)));
    }

    /// No room watches this film any more.
    pub(crate) fn leave(&self, identity: &FileIdentity) {
        let gone = lock(&self.map).remove(identity);
        drop(gone);
    }

    /// Notes that a viewer takes a rendition.
    pub(crate) fn note(&self, identity: FileIdentity, rendition: RenditionId, now: Instant) {
        self.with(identity, now, |film| film.used.insert(rendition, now));
    }

    fn with<T>(&self, identity: FileIdentity, now: Instant, change: impl FnOnce(&mut Film) -> T) {
        let mut map = lock(&self.map);
        let film = map.entry(identity).or_insert_with(|| Film {
            followed: None,
            used: BTreeMap::new(),
            held: HashMap::new(),
            touched: now,
        });
        film.touched = now;
        change(film);
        let oldest = (map.len() > FILMS_MAX).then(|| map.iter().min_by_key(|(_, film)| film.touched)).flatten();
        let oldest = oldest.map(|(identity, _)| *identity).and_then(|identity| map.remove(&identity));
        drop(map);
        // Letting go of segments takes another lock.
        drop(oldest);
    }

    /// The film as it stands, if a room watches it.
    pub(crate) fn view(&self, identity: &FileIdentity, now: Instant) -> Option<View> {
        let map = lock(&self.map);
        let film = map.get(identity)?;
        let (source, playhead, since) = film.followed.as_ref()?;
        let moved = if playhead.playing { now.since(*since).as_millis() as i64 } else { 0 };
        Some(View {
            source: source.clone(),
            position_ms: playhead.position_ms.saturating_add(moved),
            playing: playhead.playing,
            used: film.used(now).collect(),
        })
    }

    /// The converted size that viewers of a film take now.
    pub(crate) fn rung_in_use(&self, identity: &FileIdentity, now: Instant) -> Option<u32> {
        let map = lock(&self.map);
        map.get(identity)?.used(now).find_map(|id| match id {
            RenditionId::Video(rung) => Some(rung),
            _ => None,
        })
    }

    /// Lets go of held segments that are not wanted any more and says which of the wanted ones are not held yet.
    pub(crate) fn keep(&self, identity: &FileIdentity, wanted: &[SegmentKey]) -> Vec<SegmentKey> {
        let mut map = lock(&self.map);
        let Some(film) = map.get_mut(identity) else { return Vec::new() };
        let gone: Vec<_> = film.held.extract_if(|key, _| !wanted.contains(key)).collect();
        let landed: Vec<_> =
            film.held.values_mut().filter_map(|held| held.take_if(|waiter| waiter.has_landed())).collect();
        let missing = wanted.iter().filter(|key| !film.held.contains_key(*key)).cloned().collect();
        drop(map);
        drop((gone, landed));
        missing
    }

    /// Holds a segment in the making.
    pub(crate) fn hold(&self, identity: &FileIdentity, key: SegmentKey, waiter: Waiter) {
        let mut map = lock(&self.map);
        let released = match map.get_mut(identity) {
            Some(film) => film.held.insert(key, Some(waiter)).flatten(),
            None => Some(waiter),
        };
        drop(map);
        drop(released);
    }

    /// Films to look after; forgets those that nobody touched for long.
    pub(crate) fn identities(&self, now: Instant) -> Vec<FileIdentity> {
        let mut map = lock(&self.map);
        let gone: Vec<_> = map.extract_if(|_, film| now.since(film.touched) > FILM_LIFE).collect();
        let identities = map.iter().filter(|(_, film)| film.followed.is_some()).map(|(key, _)| *key).collect();
        drop(map);
        drop(gone);
        identities
    }
}

impl Film {
    fn used(&self, now: Instant) -> impl Iterator<Item = RenditionId> {
        self.used.iter().filter(move |(_, at)| now.since(**at) <= RENDITION_LIFE).map(|(id, _)| *id)
    }
}
