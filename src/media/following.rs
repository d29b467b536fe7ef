//! Where viewers of each film are, which renditions they take, and the segments held for them in advance.
//!
//! Knows films and groups, not rooms: a group is whoever watches at one place together. Several groups at one film are
//! followed each by itself.
use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::time::Duration;

use crate::clock::Instant;
use crate::media::cache::SegmentKey;
use crate::media::flight::Waiter;
use crate::media::identity::FileIdentity;
use crate::media::info::Source;
use crate::media::ladder::Load;
use crate::media::rendition::RenditionId;
use crate::media::sync::lock;

/// A rendition nobody asked for during this time is not made ahead any more.
const RENDITION_LIFE: Duration = Duration::from_mins(1);
/// A film or a group nobody touched during this time is forgotten.
const FILM_LIFE: Duration = Duration::from_mins(10);
/// Films followed at most; the one touched least recently goes.
const FILMS_MAX: usize = 256;
/// Groups followed at one film at most; the one touched least recently goes.
const GROUPS_MAX: usize = 64;
/// Who asks for a segment that lies from this far behind a group's place ...
const BEHIND_MS: i64 = 10_000;
/// ... to this far ahead of it, where players fill their buffers, is of that group.
const AHEAD_MS: i64 = 60_000;

/// A segment that took too long is tried again: the machine may have been busy. After so many times it is left to those
/// who wait for it.
const LATE_MAX: u32 = 3;

/// Where a room is in its film.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Playhead {
    /// Content time, in ms.
    pub position_ms: i64,
    /// Whether it moves.
    pub playing: bool,
}

/// Names people who watch at one place together. Which room they are is for the caller to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Group(pub u64);

/// All films somebody watches.
#[derive(Default)]
pub(crate) struct Films {
    map: Mutex<HashMap<FileIdentity, Film>>,
}

#[derive(Default)]
struct Film {
    source: Option<Source>,
    groups: BTreeMap<Group, Place>,
    /// Renditions taken lately, by anybody.
    used: BTreeMap<RenditionId, Instant>,
    /// Renditions that viewers were told to take, and when any viewer was told anything.
    offered: (BTreeMap<RenditionId, Instant>, Option<Instant>),
    /// Segments launched ahead. One that has landed stays as an empty mark, so that it is not launched twice.
    held: HashMap<SegmentKey, Option<Waiter>>,
    /// How often segments took too long.
    late: HashMap<SegmentKey, u32>,
    touched: Option<Instant>,
}

/// A group in a film.
struct Place {
    playhead: Playhead,
    at: Instant,
    touched: Instant,
    used: BTreeMap<RenditionId, Instant>,
}

/// A group in a film as it stands now.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) position_ms: i64,
    pub(crate) playing: bool,
    /// Renditions taken lately.
    pub(crate) used: Vec<RenditionId>,
}

/// A film as it stands now.
pub(crate) struct Watched {
    pub(crate) source: Source,
    pub(crate) views: Vec<View>,
    /// What viewers were told to take lately; `None` when nobody asked.
    pub(crate) offered: Option<Vec<RenditionId>>,
}

impl Films {
    /// Notes where a group is. It is nowhere else.
    pub(crate) fn follow(&self, source: &Source, group: Group, playhead: Playhead, now: Instant) {
        let mut left = Vec::new();
        self.with(source.identity, now, |film| {
            film.source = Some(source.clone());
            let known = film.groups.remove(&group).map(|place| place.used);
            // Whoever asked before any group was told of belongs to the first one.
            let used =
                known.unwrap_or_else(|| if film.groups.is_empty() { film.used.clone() } else { BTreeMap::new() });
            film.groups.insert(group, Place { playhead, at: now, touched: now, used });
            if film.groups.len() > GROUPS_MAX {
                let oldest = film.groups.iter().min_by_key(|(_, place)| place.touched).map(|(group, _)| *group);
                oldest.map(|group| film.groups.remove(&group));
            }
        });
        for (identity, film) in lock(&self.map).iter_mut() {
            if *identity != source.identity && film.groups.remove(&group).is_some() && film.groups.is_empty() {
                left.extend(film.held.drain().filter_map(|(_, waiter)| waiter));
            }
        }
        // Letting go of segments takes another lock.
        drop(left);
    }

    /// A group is over. Who watched with it watches nothing.
    pub(crate) fn part(&self, group: Group) {
        let mut left = Vec::new();
        for film in lock(&self.map).values_mut() {
            if film.groups.remove(&group).is_some() && film.groups.is_empty() {
                left.extend(film.held.drain().filter_map(|(_, waiter)| waiter));
            }
        }
        // Letting go of segments takes another lock.
        drop(left);
    }

    /// How many groups there are at all films.
    pub(crate) fn groups(&self) -> usize {
        lock(&self.map).values().map(|film| film.groups.len()).sum()
    }

    /// Nobody watches this film any more.
    pub(crate) fn leave(&self, identity: &FileIdentity) {
        let gone = lock(&self.map).remove(identity);
        drop(gone);
    }

    /// Notes that a viewer takes a rendition at a place.
    pub(crate) fn note(&self, source: &Source, rendition: RenditionId, position_ms: i64, now: Instant) {
        self.with(source.identity, now, |film| {
            film.source.get_or_insert_with(|| source.clone());
            film.used.insert(rendition, now);
            let away = |place: &Place| {
                let ahead = position_ms.saturating_sub(place.position_ms(now));
                if (-BEHIND_MS..=AHEAD_MS).contains(&ahead) { 0 } else { ahead.unsigned_abs() }
            };
            let Some(nearest) = film.groups.values().map(away).min() else { return };
            for place in film.groups.values_mut().filter(|place| away(place) == nearest) {
                place.used.insert(rendition, now);
                place.touched = now;
            }
        });
    }

    /// Notes what a viewer was told to take; nothing for one who plays the file itself.
    pub(crate) fn offer(&self, identity: FileIdentity, renditions: &[RenditionId], now: Instant) {
        self.with(identity, now, |film| {
            film.offered.0.extend(renditions.iter().map(|id| (*id, now)));
            film.offered.1 = Some(now);
            // Whoever waits until enough of a film is there takes nothing and goes nowhere, but asks now and then.
            film.groups.values_mut().for_each(|place| place.touched = now);
        });
    }

    fn with<T>(&self, identity: FileIdentity, now: Instant, change: impl FnOnce(&mut Film) -> T) {
        let mut map = lock(&self.map);
        let film = map.entry(identity).or_default();
        film.touched = Some(now);
        change(film);
        let oldest = (map.len() > FILMS_MAX).then(|| map.iter().min_by_key(|(_, film)| film.touched)).flatten();
        let oldest = oldest.map(|(identity, _)| *identity).and_then(|identity| map.remove(&identity));
        drop(map);
        // Letting go of segments takes another lock.
        drop(oldest);
    }

    /// The film as it stands, if a group watches it.
    pub(crate) fn watched(&self, identity: &FileIdentity, now: Instant) -> Option<Watched> {
        let map = lock(&self.map);
        let film = map.get(identity)?;
        let views = film.groups.values().map(|place| place.view(now)).collect::<Vec<_>>();
        let source = film.source.clone().filter(|_| !views.is_empty())?;
        let lately = |at: &Instant| now.since(*at) <= RENDITION_LIFE;
        let offered = film.offered.1.filter(lately).map(|_| recent(&film.offered.0, now).collect());
        Some(Watched { source, views, offered })
    }

    /// The largest converted size that viewers of a film take now: one weak viewer is no reason to give others less.
    pub(crate) fn rung_in_use(&self, identity: &FileIdentity, now: Instant) -> Option<u32> {
        let map = lock(&self.map);
        recent(&map.get(identity)?.used, now).filter_map(RenditionId::rung).max()
    }

    /// What is converted for the viewers of all other films: how much work they are, and their sizes.
    pub(crate) fn converted_elsewhere(&self, identity: &FileIdentity, now: Instant) -> Vec<(Load, u32)> {
        let map = lock(&self.map);
        let others = map.iter().filter(|(other, _)| *other != identity);
        let loads = others.filter_map(|(_, film)| Some((Load::of(&film.source.as_ref()?.info), film)));
        loads
            .flat_map(|(load, film)| {
                recent(&film.used, now).filter_map(RenditionId::rung).map(move |rung| (load, rung))
            })
            .collect()
    }

    /// Lets go of held segments that are not wanted any more and says which of the wanted ones are not held yet.
    pub(crate) fn keep(&self, identity: &FileIdentity, wanted: &[SegmentKey]) -> Vec<SegmentKey> {
        let mut map = lock(&self.map);
        let Some(film) = map.get_mut(identity) else { return Vec::new() };
        film.late.retain(|key, _| wanted.contains(key));
        for (key, waiter) in film.held.iter().filter_map(|(key, held)| Some((key, held.as_ref()?))) {
            if waiter.ran_out_of_time() {
                *film.late.entry(key.clone()).or_default() += 1;
            }
        }
        let late = &film.late;
        let again = |key: &SegmentKey, waiter: &Waiter| {
            let tried = late.get(key).copied().unwrap_or(0);
            waiter.was_turned_away() || (waiter.ran_out_of_time() && tried < LATE_MAX)
        };
        // What the queue had no room for is tried again.
        let gone: Vec<_> = film
            .held
            .extract_if(|key, held| !wanted.contains(key) || held.as_ref().is_some_and(|held| again(key, held)))
            .collect();
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

    /// Films to look after; forgets those and the groups that nobody touched for long.
    pub(crate) fn identities(&self, now: Instant) -> Vec<FileIdentity> {
        let old = |touched: Instant| now.since(touched) > FILM_LIFE;
        let mut map = lock(&self.map);
        let gone: Vec<_> = map.extract_if(|_, film| film.touched.is_none_or(old)).collect();
        for film in map.values_mut() {
            film.groups.retain(|_, place| !old(place.touched));
        }
        let identities = map.iter().filter(|(_, film)| !film.groups.is_empty()).map(|(key, _)| *key).collect();
        drop(map);
        drop(gone);
        identities
    }
}

impl Place {
    fn position_ms(&self, now: Instant) -> i64 {
        // A room that nobody takes anything in may be empty or gone: its place is where it was said to be.
        let walks = self.playhead.playing && recent(&self.used, now).next().is_some();
        let moved = if walks { now.since(self.at).as_millis() as i64 } else { 0 };
        self.playhead.position_ms.saturating_add(moved)
    }

    fn view(&self, now: Instant) -> View {
        let used: Vec<_> = recent(&self.used, now).collect();
        View { position_ms: self.position_ms(now), playing: self.playhead.playing, used }
    }
}

fn recent(used: &BTreeMap<RenditionId, Instant>, now: Instant) -> impl Iterator<Item = RenditionId> {
    used.iter().filter(move |(_, at)| now.since(**at) <= RENDITION_LIFE).map(|(id, _)| *id)
}

#[cfg(test)]
#[path = "following_tests.rs"]
mod tests;
