//! What an engine thread does next, and what is worth making ahead of a room. Pure.
use std::ops::Range;

use crate::media::plan::Track;

/// How far ahead of a playing room segments are made.
const READ_AHEAD_MS: i64 = 30_000;
/// What a room has just seen and is about to see stays in the cache, for who comes late and for small seeks back.
const PINNED_BEHIND_MS: i64 = 60_000;
const PINNED_AHEAD_MS: i64 = 120_000;
/// Segments made where a room stands still, so that play and the first second after a seek are instant.
const STANDING_SEGMENTS: u32 = 3;

/// Who wants a job; lower is sooner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Priority {
    /// Somebody waits for it.
    Waited,
    /// The next segments of a room.
    RoomNext,
    /// Later segments of a room.
    ReadAhead,
    /// Posters and probes.
    Background,
}

/// How long a job holds its thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Milliseconds: copied video, sound, init segments.
    Quick,
    /// Up to seconds, reading rather than computing: probe, index, poster.
    Slow,
    /// Converted video; the encoder uses several cores by itself.
    Heavy,
}

/// Which jobs a thread takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Quick ones only: sound must never wait behind a conversion or a slow disk.
    Quick,
    /// Everything but conversions.
    Light,
    /// Conversions, and whatever somebody waits for.
    Heavy,
}

/// A queued job as far as the choice goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    pub(crate) kind: Kind,
    pub(crate) priority: Priority,
    /// Order of arrival.
    pub(crate) number: u64,
}

impl Role {
    /// The roles of all threads, given how many cores the engine may use.
    pub(crate) fn all(threads: usize) -> Vec<Self> {
        let heavy = (threads / 2).max(1);
        [Self::Quick, Self::Light].into_iter().chain(std::iter::repeat_n(Self::Heavy, heavy)).collect()
    }

    fn takes(self, ticket: &Ticket) -> bool {
        match self {
            Self::Quick => ticket.kind == Kind::Quick,
            Self::Light => ticket.kind != Kind::Heavy,
            Self::Heavy => ticket.kind == Kind::Heavy || ticket.priority == Priority::Waited,
        }
    }
}

/// The position of the job that a thread of this role should take.
pub(crate) fn pick<'a>(role: Role, tickets: impl Iterator<Item = &'a Ticket>) -> Option<usize> {
    let open = tickets.enumerate().filter(|(_, ticket)| role.takes(ticket));
    open.min_by_key(|(_, ticket)| (ticket.priority, ticket.number)).map(|(at, _)| at)
}

/// The job to give up when the queue is full and one of `priority` arrives: the least wanted, latest one, if it is
/// wanted less.
pub(crate) fn give_up<'a>(priority: Priority, tickets: impl Iterator<Item = &'a Ticket>) -> Option<usize> {
    let least = tickets.enumerate().max_by_key(|(_, ticket)| (ticket.priority, ticket.number))?;
    (least.1.priority > priority).then_some(least.0)
}

/// Segments of a track that a room at `position_ms` needs soon, nearest first.
pub(crate) fn ahead(track: &Track<'_>, position_ms: i64, reads_on: bool) -> impl Iterator<Item = (u32, Priority)> {
    let near: Range<u32> = track.covering(position_ms, position_ms + READ_AHEAD_MS);
    let standing = near.start.saturating_add(STANDING_SEGMENTS);
    let end = if reads_on { near.end } else { near.end.min(standing) };
    (near.start..end).map(move |n| (n, if n < standing { Priority::RoomNext } else { Priority::ReadAhead }))
}

/// Segments that the cache shall not let go of while a room is at `position_ms`.
pub(crate) fn needed(track: &Track<'_>, position_ms: i64) -> Range<u32> {
    track.covering(position_ms - PINNED_BEHIND_MS, position_ms.saturating_add(PINNED_AHEAD_MS))
}

#[cfg(test)]
mod tests {
    use crate::media::plan::Track;
    use crate::media::schedule::{Kind, Priority, Role, Ticket, ahead, give_up, pick};
    use crate::media::track::TrackSpec;

    fn ticket(kind: Kind, priority: Priority, number: u64) -> Ticket {
        Ticket { kind, priority, number }
    }

    #[test]
    fn who_waits_goes_first_and_among_equals_who_came_first() {
        let queue = [
            ticket(Kind::Heavy, Priority::ReadAhead, 0),
            ticket(Kind::Heavy, Priority::Waited, 2),
            ticket(Kind::Heavy, Priority::Waited, 1),
        ];
        assert_eq!(pick(Role::Heavy, queue.iter()), Some(2));
    }

    #[test]
    fn there_is_always_a_thread_that_no_conversion_and_no_slow_disk_can_hold() {
        for threads in 0..9 {
            let roles = Role::all(threads);
            assert_eq!(roles.iter().filter(|role| **role == Role::Quick).count(), 1);
            assert!(roles.contains(&Role::Heavy) && roles.contains(&Role::Light));
        }
        let queue = [ticket(Kind::Heavy, Priority::Waited, 0), ticket(Kind::Slow, Priority::Waited, 1)];
        assert_eq!(pick(Role::Quick, queue.iter()), None);
        assert_eq!(pick(Role::Light, queue.iter()), Some(1));
    }

    #[test]
    fn a_full_queue_gives_up_what_is_wanted_least_but_nothing_for_an_equal() {
        let queue = [
            ticket(Kind::Quick, Priority::ReadAhead, 0),
            ticket(Kind::Quick, Priority::ReadAhead, 1),
            ticket(Kind::Quick, Priority::Waited, 2),
        ];
        assert_eq!(give_up(Priority::Waited, queue.iter()), Some(1));
        assert_eq!(give_up(Priority::ReadAhead, queue.iter()), None);
    }

    #[test]
    fn a_standing_room_gets_three_segments_and_a_playing_one_half_a_minute() {
        let cuts: Vec<i64> = (0..100).map(|n| n * 2000).collect();
        let track = Track { spec: TrackSpec::AudioSilent { sample_rate: 1000 }, cuts: &cuts, timescale: 1000 };
        let segments = |position, reads_on| ahead(&track, position, reads_on).map(|(n, _)| n).collect::<Vec<_>>();
        assert_eq!(segments(5000, false), [2, 3, 4]);
        assert_eq!(segments(4000, true), (2..17).collect::<Vec<_>>());
        assert_eq!(segments(197_000, true), [98]);
        assert!(segments(500_000, true).is_empty());
        assert_eq!(ahead(&track, 0, true).filter(|(_, priority)| *priority == Priority::RoomNext).count(), 3);
    }
}
