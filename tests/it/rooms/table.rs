//! A room on a table: a core, a clock that moves when told, and everything the core said.
use std::time::Duration;

use watchparty::clock::Instant;
use watchparty::model::{DisplayName, MediaId, MediaTime, MemberId, RoomCode};
use watchparty::rooms::{
    Command, Event, Input, Intent, Join, Limits, Output, PlayerStatus, Resume, ResumeKey, Room, RoomMedia, Setup, Stat,
    State,
};

/// Length of the film on the table.
pub(crate) const FILM_MS: i64 = 600_000;

pub(crate) fn film(number: u128) -> RoomMedia {
    let id: MediaId = format!("{number:032x}").parse().expect("32 digits are an id");
    RoomMedia { id, title: format!("Film {number}"), duration: MediaTime::from_ms(FILM_MS) }
}

pub(crate) fn setup(limits: Limits) -> Setup {
    let name = DisplayName::new("Friday").expect("a name");
    Setup { code: RoomCode::from_entropy([1; 5]), name, epoch: 1, unix_ms: 1_000_000, limits }
}

pub(crate) fn join_as(name: &str, resume: Option<Resume>, secret: u8) -> Join {
    Join { name: DisplayName::new(name).expect("a name"), resume, key: ResumeKey([secret; 16]) }
}

pub(crate) struct Table {
    pub(crate) room: Room,
    pub(crate) now: Instant,
    /// Everything said so far.
    pub(crate) said: Vec<Output>,
    ids: u32,
}

impl Table {
    /// An empty room.
    pub(crate) fn empty() -> Self {
        let now = Instant::from_ms(5_000_000);
        Self { room: Room::new(setup(Limits::default()), now), now, said: Vec::new(), ids: 0 }
    }

    /// A room with a film on, nobody in it.
    pub(crate) fn with_film() -> Self {
        let mut table = Self::empty();
        table.input(Input::Load(film(1)));
        table
    }

    /// Two members in sync, five seconds into the film.
    pub(crate) fn playing() -> (Self, MemberId, MemberId) {
        let mut table = Self::with_film();
        let (ann, bob) = (table.join("Ann"), table.join("Bob"));
        table.ready(ann);
        table.ready(bob);
        table.ask(ann, Intent::Play);
        let start = table.state().t0;
        table.until(start + Duration::from_secs(5));
        (table, ann, bob)
    }

    fn drain(&mut self) {
        while let Some(output) = self.room.poll_output() {
            self.said.push(output);
        }
    }

    pub(crate) fn input(&mut self, input: Input) {
        self.room.handle(self.now, input);
        self.drain();
    }

    pub(crate) fn join(&mut self, name: &str) -> MemberId {
        self.join_with(&join_as(name, None, u8::try_from(self.room.sizes().members).unwrap_or(0)))
    }

    pub(crate) fn join_with(&mut self, join: &Join) -> MemberId {
        let member = self.room.join(self.now, join).expect("a free place");
        self.drain();
        member
    }

    /// Lets time pass, running timers when they are due.
    pub(crate) fn pass(&mut self, ms: u64) {
        self.until(self.now + Duration::from_millis(ms));
    }

    pub(crate) fn until(&mut self, end: Instant) {
        while let Some(due) = self.room.poll_timeout().filter(|due| *due <= end) {
            assert!(due >= self.now || self.room.poll_timeout().is_some(), "a timer in the past never ends");
            self.now = self.now.max(due);
            self.room.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
    }

    /// A person's gesture on the newest state; answers with the core's answer.
    pub(crate) fn ask(&mut self, member: MemberId, intent: Intent) -> Event {
        let base = (self.state().epoch, self.state().rev);
        self.ask_on(member, base, intent)
    }

    /// The same on an older state.
    pub(crate) fn ask_on(&mut self, member: MemberId, base: (u32, u64), intent: Intent) -> Event {
        self.ids += 1;
        self.send(member, Command { id: format!("c{}", self.ids), base, intent })
    }

    pub(crate) fn send(&mut self, member: MemberId, command: Command) -> Event {
        self.input(Input::Command(member, command));
        let answer = self.said.iter().rev().find_map(|output| match output {
            Output::Send(to, event @ (Event::Ack { .. } | Event::Nack { .. })) if *to == member => Some(event.clone()),
            _ => None,
        });
        answer.expect("every command is answered")
    }

    /// The member's player can start at the newest state.
    pub(crate) fn ready(&mut self, member: MemberId) {
        let State { epoch, rev, .. } = self.state();
        self.input(Input::Ready { member, epoch, rev });
    }

    pub(crate) fn reports(&mut self, member: MemberId, player: PlayerStatus, rtt_ms: u64) {
        let stat = Stat { player, rtt: Duration::from_millis(rtt_ms), ..Stat::default() };
        self.input(Input::Stat(member, stat));
    }

    pub(crate) fn state(&self) -> State {
        self.room.state()
    }

    pub(crate) fn position_ms(&self) -> i64 {
        self.room.position(self.now).as_ms()
    }

    pub(crate) fn states_said(&self) -> usize {
        self.said.iter().filter(|output| matches!(output, Output::Broadcast(Event::State(_)))).count()
    }

    pub(crate) fn chat_said(&self) -> Vec<String> {
        let line = |output: &Output| match output {
            Output::Broadcast(Event::Chat(line)) => Some(line.text.clone()),
            _ => None,
        };
        self.said.iter().filter_map(line).collect()
    }

    pub(crate) fn host(&self) -> Option<MemberId> {
        self.room.members().into_iter().find(|member| member.host).map(|member| member.id)
    }

    pub(crate) fn secret_of(&self, member: MemberId) -> ResumeKey {
        let key = self.said.iter().find_map(|output| match output {
            Output::Send(_, Event::Welcome { you, key, .. }) if *you == member => Some(*key),
            _ => None,
        });
        key.expect("every member was welcomed")
    }
}

pub(crate) fn rev(answer: &Event) -> u64 {
    match answer {
        Event::Ack { rev, .. } => *rev,
        other => panic!("not accepted: {other:?}"),
    }
}

pub(crate) fn why(answer: &Event) -> watchparty::rooms::Why {
    match answer {
        Event::Nack { why, .. } => *why,
        other => panic!("not refused: {other:?}"),
    }
}
