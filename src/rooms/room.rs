//! The room itself: takes inputs in order, runs its timers, queues what has to be said.
use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use crate::clock::Instant;
use crate::model::{DisplayName, MediaTime, MemberId, RoomCode};
use crate::rooms::barrier::Barrier;
use crate::rooms::chat::{self, History};
use crate::rooms::event::{
    Cause, Command, Event, Input, Intent, Join, JoinError, MemberView, Output, PlayerStatus, RoomInfo, RoomMedia, Stat,
    State, Why,
};
use crate::rooms::lead::{PAUSE_LEAD_MAX, lead};
use crate::rooms::limits::{Limits, MEMBERS_INTERVAL, NOTICE_MEMBERS_MAX, STATS_INTERVAL, STATS_INTERVAL_LARGE};
use crate::rooms::members::Members;
use crate::rooms::playback::{Class, Playback};

/// What a room is made with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Setup {
    /// The share code.
    pub code: RoomCode,
    /// What its maker called it.
    pub name: DisplayName,
    /// Larger than that of any earlier life of the same room.
    pub epoch: u32,
    /// What a calendar clock says at the moment of making, in ms since the Unix epoch; only chat lines show it.
    pub unix_ms: i64,
    /// Its bounds.
    pub limits: Limits,
}

/// How much a room remembers; all of it is bounded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sizes {
    /// Members, present and kept.
    pub members: usize,
    /// Members present.
    pub online: usize,
    /// Chat lines.
    pub chat_lines: usize,
    /// The longest list of remembered ids of any member.
    pub remembered: usize,
}

/// One room. See the module's words for how it is driven.
#[derive(Debug)]
pub struct Room {
    info: RoomInfo,
    limits: Limits,
    made_at: Instant,
    made_unix_ms: i64,
    now: Instant,
    play: Playback,
    members: Members,
    history: History,
    outputs: VecDeque<Output>,
    /// When the list of members (and of those waited for) is told next.
    members_due: Option<Instant>,
    members_told: Instant,
    waiting_changed: bool,
    empty_until: Option<Instant>,
    closed: bool,
}

impl Room {
    /// An empty room.
    pub fn new(setup: Setup, now: Instant) -> Self {
        Self {
            info: RoomInfo { code: setup.code, name: setup.name },
            limits: setup.limits,
            made_at: now,
            made_unix_ms: setup.unix_ms,
            now,
            play: Playback::new(setup.epoch, now),
            members: Members::new(),
            history: History::new(setup.limits.history_max),
            outputs: VecDeque::new(),
            members_due: None,
            members_told: now - MEMBERS_INTERVAL,
            waiting_changed: false,
            empty_until: Some(now + setup.limits.empty_kept),
            closed: false,
        }
    }

    /// Lets somebody in, or back in. The member's welcome and state are queued.
    pub fn join(&mut self, now: Instant, join: &Join) -> Result<MemberId, JoinError> {
        self.handle_timeout(now);
        let back = join.resume.and_then(|resume| Some((self.members.resume(&resume)?, resume.last_chat)));
        let (you, last_chat) = match back {
            Some(back) => back,
            None => (self.members.add(self.now, join, &self.limits)?, 0),
        };
        self.empty_until = None;
        let key = self.members.get(you).map_or(join.key, |member| member.key);
        let chat = self.history.after(last_chat);
        let welcome = Event::Welcome { you, key, room: self.info.clone(), chat };
        self.outputs.push_back(Output::Send(you, welcome));
        self.outputs.push_back(Output::Send(you, Event::State(self.play.state())));
        if back.is_none() {
            self.notice(&format!("{} joined", join.name.as_str()));
        }
        self.members_changed(MEMBERS_INTERVAL);
        Ok(you)
    }

    /// Takes one input.
    pub fn handle(&mut self, now: Instant, input: Input) {
        self.handle_timeout(now);
        match input {
            Input::Command(member, command) => self.command(member, command),
            Input::Load(media) => self.load(None, media),
            Input::Ready { member, epoch, rev } => self.ready(member, epoch, rev),
            Input::Stat(member, stat) => self.stat(member, stat),
            Input::Chat { member, id, text } => self.chat(member, id, &text),
            Input::Disconnected(member) => self.disconnected(member),
            Input::Reconnected(member) => {
                if self.members.set_online(member) {
                    self.members_changed(MEMBERS_INTERVAL);
                }
            }
            Input::Leave(member) => self.gone(member),
        }
    }

    /// Does what is due. Calling it early or late is harmless.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.now = self.now.max(now);
        if let Some(end) = self.play.ends_at().filter(|end| *end <= self.now) {
            self.play.end(end);
            self.announce();
        }
        self.start_if_over();
        while let Some(member) = self.members.expired(self.now) {
            self.gone(member);
        }
        if self.members_due.is_some_and(|due| due <= self.now) {
            self.tell_members();
        }
        if self.empty_until.is_some_and(|until| until <= self.now) && !self.closed {
            self.closed = true;
            self.outputs.push_back(Output::Close);
        }
    }

    /// The next thing to be done for the outside.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Self::handle_timeout`] has something to do.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let barrier = self.play.barrier.as_ref().map(|barrier| barrier.deadline);
        let empty = self.empty_until.filter(|_| !self.closed);
        let due = [barrier, self.play.ends_at(), self.members.next_expiry(), self.members_due, empty];
        due.into_iter().flatten().min()
    }

    /// The state vector.
    pub fn state(&self) -> State {
        self.play.state()
    }

    /// The title on the screen.
    pub fn media(&self) -> Option<&RoomMedia> {
        self.play.media()
    }

    /// The members as they are told.
    pub fn members(&self) -> Vec<MemberView> {
        self.members.view()
    }

    /// How many members are present.
    pub fn online(&self) -> usize {
        self.members.online_count()
    }

    /// The room as its members see it.
    pub fn info(&self) -> &RoomInfo {
        &self.info
    }

    /// Where the room is.
    pub fn position(&self, at: Instant) -> MediaTime {
        self.play.position(at)
    }

    /// How much is remembered.
    pub fn sizes(&self) -> Sizes {
        Sizes {
            members: self.members.len(),
            online: self.members.online_count(),
            chat_lines: self.history.len(),
            remembered: self.members.values().map(|m| m.commands.len().max(m.said.len())).max().unwrap_or(0),
        }
    }

    fn command(&mut self, by: MemberId, command: Command) {
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

    fn execute(&mut self, by: MemberId, base: (u32, u64), intent: Intent) -> Result<u64, Why> {
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
    fn go(&mut self, by: MemberId) {
        if self.play.is_going() {
            return;
        }
        if self.play.position(self.now) >= self.play.duration() {
            self.play.move_to(MediaTime::ZERO);
        }
        self.set_going(by, Cause::Play);
    }

    fn pause(&mut self, by: MemberId) {
        if self.play.is_going() {
            let t0 = self.now + self.lead().min(PAUSE_LEAD_MAX);
            self.play.pause(t0, Some(by));
            self.announce();
        }
    }

    fn seek(&mut self, by: MemberId, base: (u32, u64), target: MediaTime) -> Result<(), Why> {
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

    fn load(&mut self, by: Option<MemberId>, media: RoomMedia) {
        self.play.load(self.now, by, media);
        self.play.claim(Class::Load);
        self.announce();
    }

    /// Starts at a common moment: at once when the position is prepared, else when those who vote are ready.
    fn set_going(&mut self, by: MemberId, cause: Cause) {
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

    fn ready(&mut self, member: MemberId, epoch: u32, rev: u64) {
        if !self.play.is_current(epoch, rev) {
            return;
        }
        if let Some(member) = self.members.get_mut(member) {
            member.ready = Some(rev);
        }
        self.release(member);
    }

    /// The barrier need not wait for this member any more.
    fn release(&mut self, member: MemberId) {
        if self.play.barrier.as_mut().is_some_and(|barrier| barrier.release(member)) {
            self.waiting_changed = true;
            self.start_if_over();
            self.members_changed(MEMBERS_INTERVAL);
        }
    }

    fn start_if_over(&mut self) {
        if self.play.barrier.as_ref().is_some_and(|barrier| barrier.is_over(self.now)) {
            self.play.start(self.now + self.lead(), None, Cause::Start);
            self.announce();
        }
    }

    fn stat(&mut self, id: MemberId, stat: Stat) {
        let Some(member) = self.members.get_mut(id) else { return };
        let same_player = member.stat.player == stat.player;
        member.stat = stat;
        member.started |= matches!(stat.player, PlayerStatus::InSync | PlayerStatus::CatchingUp);
        if !member.votes() {
            self.release(id);
        }
        let large = self.members.len() > NOTICE_MEMBERS_MAX;
        self.members_changed(match (large, same_player) {
            (true, _) => STATS_INTERVAL_LARGE,
            (false, true) => STATS_INTERVAL,
            (false, false) => MEMBERS_INTERVAL,
        });
    }

    fn chat(&mut self, from: MemberId, id: String, text: &str) {
        let Some(member) = self.members.get_mut(from) else { return };
        if member.said.find(&id).is_some() {
            return;
        }
        let checked = chat::clean(text).ok_or(Why::Invalid);
        let checked = checked.and_then(|text| member.may_chat(self.now).then_some(text).ok_or(Why::SlowDown));
        match checked {
            Ok(text) => {
                let name = String::from(member.name.clone());
                member.said.remember(id, ());
                self.say(Some(from), name, text);
            }
            Err(why) => {
                let nack = Event::Nack { id, why, state: self.play.state() };
                self.outputs.push_back(Output::Send(from, nack));
            }
        }
    }

    fn say(&mut self, from: Option<MemberId>, name: String, text: String) {
        let since = self.now.since(self.made_at).as_millis();
        let at_ms = self.made_unix_ms.saturating_add(i64::try_from(since).unwrap_or(i64::MAX));
        let line = self.history.add(from, name, text, at_ms);
        self.outputs.push_back(Output::Broadcast(Event::Chat(line)));
    }

    fn notice(&mut self, text: &str) {
        if self.members.len() <= NOTICE_MEMBERS_MAX {
            self.say(None, String::new(), text.to_owned());
        }
    }

    fn disconnected(&mut self, member: MemberId) {
        if self.members.set_offline(member, self.now + self.limits.offline_kept) {
            self.release(member);
            self.members_changed(MEMBERS_INTERVAL);
        }
    }

    fn gone(&mut self, id: MemberId) {
        let Some(member) = self.members.remove(id) else { return };
        self.release(id);
        self.notice(&format!("{} left", member.name.as_str()));
        self.members_changed(MEMBERS_INTERVAL);
        if self.members.len() == 0 {
            self.empty_until = Some(self.now + self.limits.empty_kept);
        }
    }

    fn lead(&self) -> Duration {
        lead(self.members.online().map(|(_, member)| member))
    }

    fn announce(&mut self) {
        self.waiting_changed = false;
        self.outputs.push_back(Output::Broadcast(Event::State(self.play.state())));
        self.outputs.extend(self.play.playhead(self.now).map(Output::Playhead));
    }

    fn members_changed(&mut self, interval: Duration) {
        let due = self.now.max(self.members_told + interval);
        self.members_due = Some(self.members_due.map_or(due, |earlier| earlier.min(due)));
    }

    fn tell_members(&mut self) {
        self.members_due = None;
        self.members_told = self.now;
        let total = u32::try_from(self.members.len()).unwrap_or(u32::MAX);
        self.outputs.push_back(Output::Broadcast(Event::Members { members: self.members.view(), total }));
        if self.waiting_changed && self.play.barrier.is_some() {
            self.play.refresh();
            self.announce();
        }
    }
}
