//! The state vector: what is on, where it is, and since when. Knows the rules of moving it, not who may or must wait.
use std::time::Duration;

use crate::clock::Instant;
use crate::model::{MediaTime, MemberId};
use crate::rooms::barrier::Barrier;
use crate::rooms::event::{Cause, Playhead, RoomMedia, State};

/// Kinds of commands that two people must not do twice by accident.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Class {
    Seek,
    Load,
}

/// The last accepted command of a class.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Claim {
    rev: u64,
    by: Option<MemberId>,
}

#[derive(Debug)]
pub(crate) struct Playback {
    epoch: u32,
    rev: u64,
    media: Option<RoomMedia>,
    p0: MediaTime,
    playing: bool,
    t0: Instant,
    by: Option<MemberId>,
    cause: Cause,
    pub(crate) barrier: Option<Barrier>,
    /// The title has never played: its first bytes take longer.
    cold: bool,
    /// The position was set by a load or a seek and nobody has played from it yet.
    unprepared: bool,
    /// The revision that set the position; reports of being ready for an older one are stale.
    position_rev: u64,
    last_seek: Option<Claim>,
    last_load: Option<Claim>,
}

impl Playback {
    pub(crate) fn new(epoch: u32, now: Instant) -> Self {
        Self {
            epoch,
            rev: 0,
            media: None,
            p0: MediaTime::ZERO,
            playing: false,
            t0: now,
            by: None,
            cause: Cause::Created,
            barrier: None,
            cold: true,
            unprepared: false,
            position_rev: 0,
            last_seek: None,
            last_load: None,
        }
    }

    pub(crate) fn rev(&self) -> u64 {
        self.rev
    }

    pub(crate) fn media(&self) -> Option<&RoomMedia> {
        self.media.as_ref()
    }

    pub(crate) fn is_cold(&self) -> bool {
        self.cold
    }

    pub(crate) fn is_unprepared(&self) -> bool {
        self.unprepared
    }

    /// Whether the room plays, or will without anybody asking again.
    pub(crate) fn is_going(&self) -> bool {
        self.playing || self.barrier.is_some()
    }

    pub(crate) fn duration(&self) -> MediaTime {
        self.media.as_ref().map_or(MediaTime::ZERO, |media| media.duration)
    }

    pub(crate) fn position(&self, at: Instant) -> MediaTime {
        let moved = if self.playing { at.since(self.t0) } else { Duration::ZERO };
        let moved = MediaTime::from_ms(i64::try_from(moved.as_millis()).unwrap_or(i64::MAX));
        (self.p0 + moved).clamp_to(self.duration())
    }

    /// When the film will be over.
    pub(crate) fn ends_at(&self) -> Option<Instant> {
        let left = (self.duration() - self.p0).as_ms().max(0);
        self.playing.then(|| self.t0 + Duration::from_millis(left.unsigned_abs()))
    }

    /// Whether being ready at `rev` means being ready now.
    pub(crate) fn is_current(&self, epoch: u32, rev: u64) -> bool {
        epoch == self.epoch && (self.position_rev..=self.rev).contains(&rev)
    }

    pub(crate) fn is_ready(&self, ready: Option<u64>) -> bool {
        ready.is_some_and(|rev| self.is_current(self.epoch, rev))
    }

    /// Whether somebody who saw `base` would do again what another just did, or do it to another title.
    pub(crate) fn is_stale(&self, class: Class, base: (u32, u64), by: MemberId) -> bool {
        let older = |claim: Option<Claim>| claim.is_some_and(|claim| base < (self.epoch, claim.rev));
        let others = |claim: Option<Claim>| claim.filter(|claim| claim.by != Some(by));
        match class {
            Class::Seek => older(others(self.last_seek)) || older(self.last_load),
            Class::Load => older(others(self.last_load)),
        }
    }

    /// Remembers the change just made as the last of its class.
    pub(crate) fn claim(&mut self, class: Class) {
        let claim = Some(Claim { rev: self.rev, by: self.by });
        match class {
            Class::Seek => self.last_seek = claim,
            Class::Load => self.last_load = claim,
        }
    }

    /// Sets the position for the change that follows.
    pub(crate) fn move_to(&mut self, position: MediaTime) {
        self.p0 = position.clamp_to(self.duration());
        self.position_rev = self.rev + 1;
        self.unprepared = true;
    }

    pub(crate) fn load(&mut self, now: Instant, by: Option<MemberId>, media: RoomMedia) {
        self.media = Some(media);
        self.cold = true;
        self.move_to(MediaTime::ZERO);
        self.stand(now, by, Cause::Load);
    }

    /// Plays from where it stands, beginning at `t0`.
    pub(crate) fn start(&mut self, t0: Instant, by: Option<MemberId>, cause: Cause) {
        self.cold = false;
        self.unprepared = false;
        self.change(true, t0, by, cause, None);
    }

    /// Stands still until everybody is ready.
    pub(crate) fn wait(&mut self, now: Instant, by: Option<MemberId>, cause: Cause, barrier: Barrier) {
        self.change(false, now, by, cause, Some(barrier));
    }

    /// Stands still at the position of `t0`.
    pub(crate) fn pause(&mut self, t0: Instant, by: Option<MemberId>) {
        if self.playing {
            self.p0 = self.position(t0);
            self.position_rev = self.rev + 1;
        }
        self.stand(t0, by, Cause::Pause);
    }

    pub(crate) fn end(&mut self, at: Instant) {
        self.p0 = self.duration();
        self.position_rev = self.rev + 1;
        self.stand(at, None, Cause::End);
    }

    pub(crate) fn stand(&mut self, t0: Instant, by: Option<MemberId>, cause: Cause) {
        self.change(false, t0, by, cause, None);
    }

    /// The same vector with a shorter list of those who are waited for.
    pub(crate) fn refresh(&mut self) {
        self.rev += 1;
    }

    fn change(&mut self, playing: bool, t0: Instant, by: Option<MemberId>, cause: Cause, barrier: Option<Barrier>) {
        self.rev += 1;
        self.playing = playing;
        self.t0 = t0;
        self.by = by;
        self.cause = cause;
        self.barrier = barrier;
    }

    pub(crate) fn state(&self) -> State {
        State {
            epoch: self.epoch,
            rev: self.rev,
            media: self.media.clone(),
            p0: self.p0,
            playing: self.playing,
            t0: self.t0,
            by: self.by,
            cause: self.cause,
            waiting: self.barrier.as_ref().map(Barrier::waiting),
        }
    }

    pub(crate) fn playhead(&self, now: Instant) -> Option<Playhead> {
        let media = self.media.as_ref()?.id;
        Some(Playhead { media, position: self.position(now), playing: self.is_going() })
    }
}
