use std::time::Duration;

use bytes::Bytes;

use crate::media::cache::SegmentKey;
use crate::media::engine::Cancel;
use crate::media::error::MediaError;
use crate::media::flight::{Flights, Joined, Producer, Waiter};
use crate::media::identity::FileIdentity;
use crate::media::schedule::Priority;

fn key() -> SegmentKey {
    let identity = FileIdentity { size: 1, mtime_ms: 2, edges: [3; 16] };
    SegmentKey { identity, profile: "v720".to_owned(), index: 0 }
}

fn start(flights: &Flights, disposable: bool) -> (Waiter, Producer) {
    let Joined { waiter, producer } = flights.join(&key(), Priority::ReadAhead, disposable, Cancel::never);
    let mut producer = producer.expect("nobody makes it yet");
    producer.start();
    (waiter, producer)
}

fn follow(flights: &Flights) -> Waiter {
    let Joined { waiter, producer } = flights.join(&key(), Priority::Waited, true, Cancel::never);
    assert!(producer.is_none(), "somebody makes it already");
    waiter
}

async fn all(mut waiter: Waiter) -> Result<Vec<u8>, MediaError> {
    let mut bytes = Vec::new();
    while let Some(fragment) = waiter.next().await {
        bytes.extend_from_slice(&fragment?);
    }
    Ok(bytes)
}

#[tokio::test]
async fn whoever_comes_late_gets_everything_from_the_start() {
    let flights = Flights::default();
    let (first, producer) = start(&flights, true);
    producer.emit(Bytes::from_static(b"ab"));
    let second = follow(&flights);
    producer.emit(Bytes::from_static(b"c"));
    let third = follow(&flights);
    let readers = async { tokio::join!(all(first), all(second), all(third)) };
    let maker = async {
        tokio::task::yield_now().await;
        producer.emit(Bytes::from_static(b"d"));
        producer.finish(Ok(()));
    };
    let ((first, second, third), ()) = tokio::join!(readers, maker);
    for bytes in [first, second, third] {
        assert_eq!(bytes.unwrap(), b"abcd");
    }
    assert_eq!(flights.len(), 0);
}

#[tokio::test]
async fn a_flight_nobody_waits_for_is_cancelled_and_the_next_asker_starts_anew() {
    let flights = Flights::default();
    let (first, old) = start(&flights, true);
    let second = follow(&flights);
    drop(first);
    assert!(!old.cancel().is_cancelled());
    drop(second);
    assert!(old.cancel().is_cancelled());
    let (waiter, new) = start(&flights, true);
    old.finish(Err(MediaError::Cancelled));
    new.emit(Bytes::from_static(b"x"));
    new.finish(Ok(()));
    assert_eq!(all(waiter).await.unwrap(), b"x");
}

#[test]
fn a_flight_is_as_urgent_as_the_most_urgent_of_its_waiters() {
    let flights = Flights::default();
    let (_first, _producer) = start(&flights, true);
    assert_eq!(flights.urgency(&key()), Some(Priority::ReadAhead));
    let _second = follow(&flights);
    assert_eq!(flights.urgency(&key()), Some(Priority::Waited));
}

#[tokio::test]
async fn a_cheap_flight_runs_to_its_end_without_anybody() {
    let flights = Flights::default();
    let (waiter, producer) = start(&flights, false);
    drop(waiter);
    assert!(!producer.cancel().is_cancelled());
    assert_eq!(flights.len(), 1);
    producer.finish(Ok(()));
    assert_eq!(flights.len(), 0);
}

#[tokio::test]
async fn a_maker_that_vanishes_is_told_to_all_once() {
    let flights = Flights::default();
    let (mut waiter, producer) = start(&flights, true);
    drop(producer);
    assert!(matches!(waiter.next().await, Some(Err(MediaError::Crashed))));
    assert!(waiter.next().await.is_none());
    let Joined { mut waiter, producer } = flights.join(&key(), Priority::Waited, true, Cancel::never);
    drop(producer);
    assert!(matches!(waiter.ready(Duration::ZERO).await, Err(MediaError::Busy)), "it never began");
}

#[tokio::test(start_paused = true)]
async fn readiness_is_the_first_fragment_an_error_or_the_end_of_patience() {
    let flights = Flights::default();
    let (mut waiter, producer) = start(&flights, true);
    assert!(waiter.ready(Duration::from_secs(5)).await.is_ok());
    producer.emit(Bytes::from_static(b"ab"));
    assert!(waiter.ready(Duration::from_secs(5)).await.is_ok());
    assert_eq!(waiter.len(), None);
    producer.finish(Ok(()));
    assert_eq!(waiter.len(), Some(2));
    assert!(waiter.has_landed());
}
