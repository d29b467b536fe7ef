//! What an engine thread does next, and what is worth making ahead of a room. Pure.
use std::ops::Range;

use crate::media::plan::Track;

/// What a room has just seen and is about to see stays in the cache, for who comes late and for small seeks back.
const PINNED_BEHIND_MS: i64 = 60_000;
const PINNED_AHEAD_MS: i64 = 120_000;
/// How far ahead of a playing room segments are made; then the machine rests.
const READ_AHEAD_MS: i64 = 45_000;
/// How far ahead of a room segments are made whose film is converted more slowly than it plays.
const PREPARE_MS: i64 = 6 * 3600 * 1000;
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
    /// Posters, probes, scans and measurements.
    Background,
    /// What a room will need much later, because this machine is slower than the film.
    Prepare,
}

impl Priority {
    /// Whether a job of this priority may make a running one stand still. Only what a room needs now is worth keeping
    /// the memory of two.
    const fn overtakes(self, running: Self) -> bool {
        matches!(self, Self::Waited | Self::RoomNext) && (self as u8) < running as u8
    }
}

/// How far ahead of a room segments are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Nobody plays: the next few.
    Standing,
    /// As long as it takes to get over a busy moment.
    Playing,
    /// The rest of the film, as far as there is room to keep it, in ms: it plays faster than it can be made.
    Preparing(i64),
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

    /// Whether threads of this role take such a job.
    pub(crate) fn takes(self, ticket: &Ticket) -> bool {
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

/// The position of the job that a thread of this role should do before it goes on with a running one.
/// `idle` are the roles of threads with nothing to do: what they take is left to them.
///
/// Conversions do not stand still for slow disks: who waits for the segment below could not have it until the disk has
/// answered.
pub(crate) fn overtaking<'a>(
    role: Role,
    (kind, running): (Kind, Priority),
    idle: &[Role],
    tickets: impl Iterator<Item = &'a Ticket>,
) -> Option<usize> {
    let open = tickets.enumerate().filter(|(_, ticket)| {
        ticket.priority.overtakes(running)
            && (ticket.kind != Kind::Slow || kind == Kind::Slow)
            && role.takes(ticket)
            && !idle.iter().any(|idle| idle.takes(ticket))
    });
    open.min_by_key(|(_, ticket)| (ticket.priority, ticket.number)).map(|(at, _)| at)
}

/// The job to give up when the queue is full and one of `priority` arrives: the least wanted, latest one, if it is
/// wanted less.
pub(crate) fn give_up<'a>(priority: Priority, tickets: impl Iterator<Item = &'a Ticket>) -> Option<usize> {
    let least = tickets.enumerate().max_by_key(|(_, ticket)| (ticket.priority, ticket.number))?;
    (least.1.priority > priority).then_some(least.0)
}

/// Segments of a track that a room at `position_ms` needs, nearest first.
pub(crate) fn ahead(
    track: &Track<'_>,
    position_ms: i64,
    depth: Depth,
) -> impl Iterator<Item = (u32, Priority)> + use<> {
    let near: Range<u32> = track.covering(position_ms, position_ms.saturating_add(READ_AHEAD_MS));
    let standing = near.start.saturating_add(STANDING_SEGMENTS);
    let end = match depth {
        Depth::Standing => near.end.min(standing),
        Depth::Playing => near.end,
        Depth::Preparing(room_ms) => {
            track.covering(position_ms, position_ms.saturating_add(room_ms.min(PREPARE_MS))).end.max(near.end)
        }
    };
    (near.start..end).map(move |n| {
        let priority = match n {
            n if n < standing => Priority::RoomNext,
            n if n < near.end => Priority::ReadAhead,
            _ => Priority::Prepare,
        };
        (n, priority)
    })
}

/// Segments that the cache shall not let go of while a room is at `position_ms`: among them those
/// that were prepared, or preparing the last ones would throw out the next ones.
pub(crate) fn needed(track: &Track<'_>, position_ms: i64, depth: Depth) -> Range<u32> {
    let ahead_ms = match depth {
        Depth::Preparing(room_ms) => room_ms.clamp(PINNED_AHEAD_MS, PREPARE_MS),
        Depth::Standing | Depth::Playing => PINNED_AHEAD_MS,
    };
    track.covering(position_ms - PINNED_BEHIND_MS, position_ms.saturating_add(ahead_ms))
}

#[cfg(test)]
#[path = "schedule_tests.rs"]
mod tests;
