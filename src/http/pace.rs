//! How fast one address may sign people in and make rooms, without which one machine could fill the server.
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{FromRef, FromRequestParts};
use axum::http::StatusCode;
use axum::http::request::Parts;

use crate::clock::{Instant, SharedClock};
use crate::http::problem::Problem;
use crate::rooms::TokenBucket;

/// Guests from one address at once: a hall full of people behind one router...
const GUESTS_BURST: u32 = 2000;
/// ... and every second.
const GUESTS_PER_SECOND: u32 = 100;
/// Rooms from one address at once...
const ROOMS_BURST: u32 = 240;
/// ... and every second.
const ROOMS_PER_SECOND: u32 = 2;
/// Addresses that are remembered; one more forgets the one that asked longest ago.
const PEERS_MAX: usize = 4096;

/// The address a request came from, put there by the accept loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

/// Passed by whoever may sign in now.
pub(super) struct GuestPace;

/// Passed by whoever may make a room now.
pub(super) struct RoomPace;

impl<S: Sync> FromRequestParts<S> for GuestPace
where
    Pace: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Pace::from_ref(state).guest(peer(parts)).map(|()| Self)
    }
}

impl<S: Sync> FromRequestParts<S> for RoomPace
where
    Pace: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Pace::from_ref(state).room(peer(parts)).map(|()| Self)
    }
}

/// Requests that came through no socket share one address.
fn peer(parts: &Parts) -> Peer {
    parts.extensions.get().copied().unwrap_or(Peer(IpAddr::V4(Ipv4Addr::UNSPECIFIED)))
}

/// What every address has left. Clones share it.
#[derive(Clone)]
pub struct Pace {
    inner: Arc<Inner>,
}

struct Inner {
    clock: SharedClock,
    guests: Mutex<Buckets>,
    rooms: Mutex<Buckets>,
}

impl Pace {
    /// Everybody has everything left.
    pub fn new(clock: SharedClock) -> Self {
        let buckets = |burst, per_second| Mutex::new(Buckets { burst, per_second, of: BTreeMap::new() });
        let guests = buckets(GUESTS_BURST, GUESTS_PER_SECOND);
        Self { inner: Arc::new(Inner { clock, guests, rooms: buckets(ROOMS_BURST, ROOMS_PER_SECOND) }) }
    }

    fn guest(&self, peer: Peer) -> Result<(), Problem> {
        self.take(&self.inner.guests, peer)
    }

    fn room(&self, peer: Peer) -> Result<(), Problem> {
        self.take(&self.inner.rooms, peer)
    }

    fn take(&self, buckets: &Mutex<Buckets>, peer: Peer) -> Result<(), Problem> {
        let now = self.inner.clock.now();
        let taken = buckets.lock().unwrap_or_else(PoisonError::into_inner).take(peer, now);
        if taken {
            return Ok(());
        }
        let detail = "Too much at once from your address; try again in a second.";
        Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "slow_down", detail))
    }
}

struct Buckets {
    burst: u32,
    per_second: u32,
    of: BTreeMap<IpAddr, (TokenBucket, Instant)>,
}

impl Buckets {
    fn take(&mut self, peer: Peer, now: Instant) -> bool {
        let address = network(peer.0);
        if self.of.len() >= PEERS_MAX && !self.of.contains_key(&address) {
            let stalest = self.of.iter().min_by_key(|(_, (_, asked))| *asked).map(|(address, _)| *address);
            stalest.map(|address| self.of.remove(&address));
        }
        let fresh = (TokenBucket::new(self.burst, self.per_second, now), now);
        let (bucket, asked) = self.of.entry(address).or_insert(fresh);
        *asked = now;
        bucket.take(now)
    }
}

/// One machine has as many IPv6 addresses as it likes in its /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
        four @ IpAddr::V4(_) => four,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::ManualClock;

    fn peer(text: &str) -> Peer {
        Peer(text.parse().unwrap())
    }

    #[test]
    fn one_address_that_asks_too_much_waits_and_others_do_not() {
        let clock = Arc::new(ManualClock::default());
        let pace = Pace::new(clock.clone());
        for _ in 0..ROOMS_BURST {
            pace.room(peer("10.0.0.1")).unwrap();
        }
        assert!(pace.room(peer("10.0.0.1")).is_err() && pace.room(peer("::ffff:10.0.0.1")).is_err());
        assert!(pace.room(peer("10.0.0.2")).is_ok() && pace.guest(peer("10.0.0.1")).is_ok());
        clock.advance(Duration::from_secs(1));
        assert!(pace.room(peer("10.0.0.1")).is_ok());
        assert_eq!(network("fe80::1".parse().unwrap()), network("fe80::2:1".parse().unwrap()));
    }

    #[test]
    fn many_addresses_take_no_more_memory_than_the_limit() {
        let pace = Pace::new(Arc::new(ManualClock::default()));
        for n in 0..10_000 {
            pace.guest(Peer(IpAddr::V4(Ipv4Addr::from_bits(n)))).unwrap();
        }
        assert_eq!(pace.inner.guests.lock().unwrap().of.len(), PEERS_MAX);
    }
}
