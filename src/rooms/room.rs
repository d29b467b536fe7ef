//! The room itself: takes inputs in order, runs its timers, queues what has to be said.
use std::collections::VecDeque;

use crate::clock::Instant;
use crate::model::{DisplayName, MediaTime, MemberId, RoomCode};
use crate::rooms::chat::History;
use crate::rooms::event::{Event, Input, Join, JoinError, MemberView, Output, RoomInfo, RoomMedia, State};
use crate::rooms::limits::{Limits, MEMBERS_INTERVAL};
use crate::rooms::members::Members;
use crate::rooms::playback::Playback;

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
    pub(crate) info: RoomInfo,
    pub(crate) limits: Limits,
    pub(crate) made_at: Instant,
    pub(crate) made_unix_ms: i64,
    pub(crate) now: Instant,
    pub(crate) play: Playback,
    pub(crate) members: Members,
    pub(crate) history: History,
    pub(crate) outputs: VecDeque<Output>,
    /// When the list of members (and of those waited for) is told next.
    pub(crate) members_due: Option<Instant>,
    pub(crate) members_told: Instant,
    pub(crate) waiting_changed: bool,
    pub(crate) empty_until: Option<Instant>,
    pub(crate) closed: bool,
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
}
