use std::time::Duration;

use crate::clock::{Clock, Instant, SystemClock};
use crate::media::cache::SegmentKey;
use crate::media::engine::{Cancel, EngineError};
use crate::media::flight::Flights;
use crate::media::following::{Films, Group, Playhead};
use crate::media::identity::FileIdentity;
use crate::media::info::Source;
use crate::media::rendition::RenditionId;
use crate::media::samples::{mkv_h264_ac3, source};
use crate::media::schedule::Priority;

const COPY: RenditionId = RenditionId::VideoCopy;
const SMALL: RenditionId = RenditionId::Video(480);

fn film() -> Source {
    source(mkv_h264_ac3())
}

fn other() -> Source {
    Source { identity: FileIdentity { size: 9, ..film().identity }, ..film() }
}

fn at(start: Instant, seconds: u64) -> Instant {
    start + Duration::from_secs(seconds)
}

fn playing(position_ms: i64) -> Playhead {
    Playhead { position_ms, playing: true }
}

#[test]
fn two_rooms_at_one_film_are_each_where_they_are_with_what_their_viewers_take() {
    let (films, start, film) = (Films::default(), SystemClock.now(), film());
    films.follow(&film, Group(1), playing(0), start);
    films.follow(&film, Group(2), playing(600_000), start);
    films.note(&film, COPY, 20_000, start);
    films.note(&film, SMALL, 610_000, start);
    let watched = films.watched(&film.identity, at(start, 5)).unwrap();
    let places: Vec<_> = watched.views.iter().map(|view| (view.position_ms, view.used.clone())).collect();
    assert_eq!(places, [(5000, vec![COPY]), (605_000, vec![SMALL])]);
}

#[test]
fn whoever_asks_where_no_room_is_belongs_to_the_nearest_one() {
    let (films, start, film) = (Films::default(), SystemClock.now(), film());
    films.follow(&film, Group(1), playing(0), start);
    films.follow(&film, Group(2), playing(600_000), start);
    films.note(&film, SMALL, 400_000, start);
    let watched = films.watched(&film.identity, start).unwrap();
    assert_eq!((watched.views[0].used.len(), watched.views[1].used.clone()), (0, vec![SMALL]));
}

#[test]
fn a_room_that_seeks_takes_its_renditions_along() {
    let (films, start, film) = (Films::default(), SystemClock.now(), film());
    films.follow(&film, Group(1), playing(0), start);
    films.note(&film, COPY, 0, start);
    films.follow(&film, Group(1), playing(900_000), at(start, 3));
    let watched = films.watched(&film.identity, at(start, 4)).unwrap();
    assert_eq!((watched.views[0].position_ms, watched.views[0].used.clone()), (901_000, vec![COPY]));
}

#[test]
fn a_room_is_at_one_film_at_a_time() {
    let (films, start) = (Films::default(), SystemClock.now());
    let (first, second) = (film(), other());
    assert_ne!(first.identity, second.identity);
    films.follow(&first, Group(1), playing(0), start);
    films.follow(&second, Group(1), playing(0), start);
    assert!(films.watched(&first.identity, start).is_none());
    assert_eq!(films.identities(start), [second.identity]);
}

#[test]
fn a_room_that_nobody_takes_anything_in_does_not_move_and_is_forgotten() {
    let (films, start, film) = (Films::default(), SystemClock.now(), film());
    films.follow(&film, Group(1), playing(0), start);
    assert_eq!(films.watched(&film.identity, at(start, 300)).unwrap().views[0].position_ms, 0);
    // Another room at the same film keeps the film, not the first room.
    films.follow(&film, Group(2), playing(0), at(start, 500));
    films.identities(at(start, 700));
    assert_eq!(films.watched(&film.identity, at(start, 700)).unwrap().views.len(), 1);
    films.identities(at(start, 5000));
    assert!(films.watched(&film.identity, at(start, 5000)).is_none());
}

#[test]
fn a_room_that_waits_until_enough_is_there_is_not_forgotten_and_one_that_is_over_is_at_once() {
    let (films, start, film) = (Films::default(), SystemClock.now(), film());
    films.follow(&film, Group(1), playing(0), start);
    for seconds in (0..3000).step_by(300) {
        films.offer(film.identity, &[SMALL], at(start, seconds));
        assert_eq!(films.identities(at(start, seconds)), [film.identity]);
    }
    films.part(Group(1));
    assert!(films.identities(at(start, 3000)).is_empty() && films.groups() == 0);
}

#[test]
fn one_weak_viewer_is_no_reason_to_give_others_less() {
    let (films, start, film) = (Films::default(), SystemClock.now(), film());
    films.note(&film, SMALL, 0, start);
    films.note(&film, RenditionId::Video(1080), 0, start);
    assert_eq!(films.rung_in_use(&film.identity, start), Some(1080));
}

#[test]
fn what_took_too_long_is_tried_again_but_not_for_ever() {
    let (films, flights, start, film) = (Films::default(), Flights::default(), SystemClock.now(), film());
    films.follow(&film, Group(1), playing(0), start);
    let key = SegmentKey { identity: film.identity, profile: "v480".to_owned(), index: 0 };
    let mut tried = 0;
    while films.keep(&film.identity, std::slice::from_ref(&key)) == [key.clone()] {
        tried += 1;
        let joined = flights.join(&key, Priority::Prepare, true, Cancel::never);
        joined.producer.unwrap().finish(Err(EngineError::DeadlineExceeded.into()));
        films.hold(&film.identity, key.clone(), joined.waiter);
        assert!(tried < 10);
    }
    assert_eq!(tried, 3);
}

#[test]
fn what_viewers_were_told_to_take_is_known_for_a_minute_and_so_is_that_they_need_nothing() {
    let (films, start, film) = (Films::default(), SystemClock.now(), film());
    films.follow(&film, Group(1), playing(0), start);
    let offered = |now| films.watched(&film.identity, now).unwrap().offered;
    assert_eq!(offered(start), None);
    films.offer(film.identity, &[], start);
    assert_eq!(offered(start), Some(vec![]));
    films.offer(film.identity, &[COPY], start);
    assert_eq!((offered(at(start, 30)), offered(at(start, 90))), (Some(vec![COPY]), None));
}

#[test]
fn other_films_count_with_what_is_converted_for_them() {
    let (films, start, film) = (Films::default(), SystemClock.now(), film());
    let other = other();
    films.note(&film, COPY, 0, start);
    films.note(&film, SMALL, 0, start);
    assert!(films.converted_elsewhere(&film.identity, start).is_empty());
    let elsewhere = films.converted_elsewhere(&other.identity, start);
    assert_eq!(elsewhere.iter().map(|(_, rung)| *rung).collect::<Vec<_>>(), [480]);
    assert!(films.converted_elsewhere(&other.identity, at(start, 90)).is_empty());
}
