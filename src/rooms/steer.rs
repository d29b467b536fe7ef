//! Where the room goes: what people ask for, what is made of it, when it starts.
use std::collections::BTreeSet;
use std::time::Duration;

use crate::model::{MediaTime, MemberId};
use crate::rooms::barrier::Barrier;
use crate::rooms::event::{Cause, Command, Event, Intent, Output, RoomMedia, Why};
use crate::rooms::lead::{PAUSE_LEAD_MAX, lead};
use crate::rooms::limits::MEMBERS_INTERVAL;
use crate::rooms::playback::Class;
use crate::rooms::room::Room;

impl Room {
    pub(crate) fn command(&mut self, by: MemberId, command: Command) {
        let Command { id, base, intent } = command;
        let Some(member) = self.members.get_mut(by) else { return };
        let outcome = match member.commands.find(&id) {
            Some(outcome) => outcome,
            // Not remembered: the same command may be sent again when there is room for it.
            None if !member.may_command(self.now, &intent) => Err(Why::SlowDown),
            None => {
                let outcome = self.execute(by, base, intent);
                if let Some(member) = self.members.get_mut(by) {
                    member.commands.remember(id.clone(), outcome);
                }
                outcome
            }
        };
        let answer = match outcome {
            Ok(rev) => Event::Ack { id, rev },
            Err(why) => Event::Nack { id, why, state: self.play.state() },
        };
        self.outputs.push_back(Output::Send(by, answer));
    }

    pub(crate) fn execute(&mut self, by: MemberId, base: (u32, u64), intent: Intent) -> Result<u64, Why> {
        let needs_media = !matches!(intent, Intent::Load(_) | Intent::Malformed);
        if needs_media && self.play.media().is_none() {
            return Err(Why::NoMedia);
        }
        match intent {
            Intent::Play => self.go(by),
            Intent::Pause => self.pause(by),
            Intent::Seek(target) => self.seek(by, base, target)?,
            Intent::SeekBy(delta) => self.seek(by, base, self.play.position(self.now) + delta)?,
            Intent::Load(_) if self.play.is_stale(Class::Load, base, by) => return Err(Why::Stale),
            Intent::Load(media) => self.load(Some(by), media),
            Intent::LoadUnknown => return Err(Why::NoMedia),
            Intent::Malformed => return Err(Why::Invalid),
        }
        Ok(self.play.rev())
    }

    /// "Play", never "toggle": whoever presses it while the room is going agrees with it.
    pub(crate) fn go(&mut self, by: MemberId) {
        if self.play.is_going() {
            return;
        }
        if self.play.position(self.now) >= self.play.duration() {
            self.play.move_to(MediaTime::ZERO);
        }
        self.set_going(by, Cause::Play);
    }

    pub(crate) fn pause(&mut self, by: MemberId) {
        if self.play.is_going() {
            let t0 = self.now + self.lead().min(PAUSE_LEAD_MAX);
            self.play.pause(t0, Some(by));
            self.announce();
        }
    }

    pub(crate) fn seek(&mut self, by: MemberId, base: (u32, u64), target: MediaTime) -> Result<(), Why> {
        if self.play.is_stale(Class::Seek, base, by) {
            return Err(Why::Stale);
        }
        self.play.move_to(target);
        if self.play.is_going() {
            self.set_going(by, Cause::Seek);
        } else {
            self.play.stand(self.now, Some(by), Cause::Seek);
            self.announce();
        }
        self.play.claim(Class::Seek);
        Ok(())
    }

    pub(crate) fn load(&mut self, by: Option<MemberId>, media: RoomMedia) {
        self.play.load(self.now, by, media);
        self.play.claim(Class::Load);
        self.announce();
    }

    /// Starts at a common moment: at once when the position is prepared, else when those who vote are ready.
    pub(crate) fn set_going(&mut self, by: MemberId, cause: Cause) {
        let missing: BTreeSet<MemberId> = if self.play.is_unprepared() {
            let voters = self.members.online().filter(|(_, member)| member.votes());
            voters.filter(|(_, member)| !self.play.is_ready(member.ready)).map(|(id, _)| id).collect()
        } else {
            BTreeSet::new()
        };
        if missing.is_empty() {
            self.play.start(self.now + self.lead(), Some(by), cause);
        } else {
            let longest = if self.play.is_cold() { self.limits.first_barrier_max } else { self.limits.barrier_max };
            self.play.wait(self.now, Some(by), cause, Barrier::new(self.now + longest, missing));
        }
        self.announce();
    }

    pub(crate) fn ready(&mut self, member: MemberId, epoch: u32, rev: u64) {
        if !self.play.is_current(epoch, rev) {
            return;
        }
        if let Some(member) = self.members.get_mut(member) {
            member.ready = Some(rev);
        }
        self.release(member);
    }

    /// The barrier need not wait for this member any more.
    pub(crate) fn release(&mut self, member: MemberId) {
        if self.play.barrier.as_mut().is_some_and(|barrier| barrier.release(member)) {
            self.waiting_changed = true;
            self.start_if_over();
            self.members_changed(MEMBERS_INTERVAL);
        }
    }

    pub(crate) fn start_if_over(&mut self) {
        if self.play.barrier.as_ref().is_some_and(|barrier| barrier.is_over(self.now)) {
            self.play.start(self.now + self.lead(), None, Cause::Start);
            self.announce();
        }
    }

    pub(crate) fn lead(&self) -> Duration {
        lead(self.members.online().map(|(_, member)| member))
    }

    pub(crate) fn announce(&mut self) {
        self.waiting_changed = false;
        self.outputs.push_back(Output::Broadcast(Event::State(self.play.state())));
        self.outputs.extend(self.play.playhead(self.now).map(Output::Playhead));
    }
}
