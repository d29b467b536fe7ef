//! A simulated evening: browsers that press buttons, a network that delays, reorders and breaks, and one room.
//! Everything follows from the seed. What must hold at every moment is checked at every moment.
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use watchparty::clock::Instant;
use watchparty::model::{MediaTime, MemberId};
use watchparty::rooms::{
    Command, Event, Input, Intent, Limits, Output, PlayerStatus, REMEMBERED_MAX, Resume, ResumeKey, Room, Stat, State,
};

use crate::rooms::table::{FILM_MS, film, join_as, setup};

/// splitmix64: small, good enough, the same everywhere.
#[derive(Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.roll() % end.max(1)
    }

    fn chance(&mut self, per_mille: u64) -> bool {
        self.below(1000) < per_mille
    }
}

/// Keeps the newest state, as a client does.
pub(crate) fn newest(best: &mut Option<State>, state: &State) {
    if best.as_ref().is_none_or(|best| (best.epoch, best.rev) < (state.epoch, state.rev)) {
        *best = Some(state.clone());
    }
}

/// One modelled browser.
#[derive(Default)]
pub(crate) struct Browser {
    /// Number of the open connection.
    link: Option<u64>,
    identity: Option<(MemberId, ResumeKey)>,
    last_chat: u64,
    pub(crate) best: Option<State>,
    unanswered: Vec<Command>,
    commands: u64,
    delay_us: u64,
    jitter_us: u64,
    never_ready: bool,
}

enum Item {
    Act(usize),
    Connect(usize),
    Up {
        browser: usize,
        link: u64,
        up: Up,
    },
    Down {
        browser: usize,
        link: u64,
        event: Event,
    },
    /// The server notices that a connection is gone.
    Noticed {
        browser: usize,
        link: u64,
    },
}

#[derive(Clone)]
enum Up {
    Hello(Option<Resume>),
    Command(Command),
    Ready(u32, u64),
    Stat(Stat),
    Chat(String),
}

pub(crate) struct World {
    pub(crate) room: Room,
    pub(crate) now: Instant,
    pub(crate) browsers: Vec<Browser>,
    /// Every state the room was ever in, by revision.
    pub(crate) states: BTreeMap<u64, State>,
    dice: Dice,
    queue: BTreeMap<(Instant, u64), Item>,
    queued: u64,
    links: u64,
    /// What the hub would know: which connection a member has.
    seats: BTreeMap<MemberId, (usize, u64)>,
    asked: BTreeMap<(MemberId, String), Intent>,
    acked: BTreeMap<(MemberId, String), u64>,
    loss_per_mille: u64,
    reorders: bool,
    quiet: bool,
    /// A hash of everything the room said.
    pub(crate) trace: u64,
}

impl World {
    pub(crate) fn new(seed: u64, browsers: usize) -> Self {
        let mut dice = Dice::new(seed);
        let now = Instant::from_ms(1_000 + dice.below(1_000_000));
        let (loss_per_mille, reorders) = (dice.below(12), dice.chance(500));
        let mut world = Self {
            room: Room::new(setup(Limits::default()), now),
            now,
            browsers: Vec::new(),
            states: BTreeMap::new(),
            dice,
            queue: BTreeMap::new(),
            queued: 0,
            links: 0,
            seats: BTreeMap::new(),
            asked: BTreeMap::new(),
            acked: BTreeMap::new(),
            loss_per_mille,
            reorders,
            quiet: false,
            trace: 0xcbf2_9ce4_8422_2325,
        };
        world.states.insert(0, world.room.state());
        world.room.handle(now, Input::Load(film(1)));
        world.drain();
        for _ in 0..browsers {
            world.arrive();
        }
        world
    }

    /// A new browser comes.
    pub(crate) fn arrive(&mut self) -> usize {
        let number = self.browsers.len();
        let browser = Browser {
            delay_us: 200 + self.dice.below(60_000),
            jitter_us: self.dice.below(80_000),
            never_ready: self.dice.chance(80),
            ..Browser::default()
        };
        self.browsers.push(browser);
        self.later(0, 2_000, Item::Connect(number));
        self.later(3_000, 5_000, Item::Act(number));
        number
    }

    fn later(&mut self, ms: u64, more_ms: u64, item: Item) {
        let at = self.now + Duration::from_millis(ms + self.dice.below(more_ms));
        self.enqueue(at, item);
    }

    fn enqueue(&mut self, at: Instant, item: Item) {
        self.queued += 1;
        self.queue.insert((at, self.queued), item);
    }

    /// Runs for a time.
    pub(crate) fn run(&mut self, duration: Duration) {
        let end = self.now + duration;
        let mut at_this_moment = 0;
        loop {
            let item_at = self.queue.first_key_value().map(|((at, _), _)| *at);
            let timer_at = self.room.poll_timeout();
            let Some(next) = item_at.into_iter().chain(timer_at).min().filter(|next| *next <= end) else { break };
            at_this_moment = if next > self.now { 0 } else { at_this_moment + 1 };
            assert!(at_this_moment < 10_000, "time stands still at {:?}", self.now);
            self.now = self.now.max(next);
            if timer_at.is_some_and(|timer| timer <= self.now) {
                self.room.handle_timeout(self.now);
            } else if let Some((_, item)) = self.queue.pop_first() {
                self.happen(item);
            }
            self.drain();
            self.check();
        }
        self.now = end;
    }

    /// The network heals, nobody presses anything any more.
    pub(crate) fn calm_down(&mut self) {
        self.quiet = true;
        self.loss_per_mille = 0;
    }

    fn happen(&mut self, item: Item) {
        match item {
            Item::Act(browser) => self.act(browser),
            Item::Connect(browser) => self.connect(browser),
            Item::Up { browser, link, up } => self.arrived_up(browser, link, up),
            Item::Down { browser, link, event } => {
                if self.browsers[browser].link == Some(link) {
                    self.arrived_down(browser, event);
                }
            }
            Item::Noticed { browser, link } => {
                let member = self.seats.iter().find(|(_, seat)| **seat == (browser, link)).map(|(member, _)| *member);
                if let Some(member) = member {
                    self.seats.remove(&member);
                    self.room.handle(self.now, Input::Disconnected(member));
                }
            }
        }
    }

    /// When a message of this browser arrives; nothing when it breaks the connection instead.
    fn travel(&mut self, browser: usize) -> Option<Instant> {
        if self.dice.chance(self.loss_per_mille) {
            self.cut(browser);
            return None;
        }
        let Browser { delay_us, jitter_us, .. } = self.browsers[browser];
        let jitter = if self.reorders { self.dice.below(jitter_us) } else { 0 };
        Some(self.now + Duration::from_micros(delay_us + jitter))
    }

    fn up(&mut self, browser: usize, up: Up) {
        let Some(link) = self.browsers[browser].link else { return };
        if let Some(at) = self.travel(browser) {
            self.enqueue(at, Item::Up { browser, link, up });
        }
    }

    fn cut(&mut self, browser: usize) {
        if let Some(link) = self.browsers[browser].link.take() {
            self.later(0, 12_000, Item::Noticed { browser, link });
            let long_away = self.dice.chance(150);
            self.later(100, if long_away { 60_000 } else { 5_000 }, Item::Connect(browser));
        }
    }

    fn connect(&mut self, browser: usize) {
        if self.browsers[browser].link.is_some() {
            return;
        }
        self.links += 1;
        self.browsers[browser].link = Some(self.links);
        let last_chat = self.browsers[browser].last_chat;
        let resume = self.browsers[browser].identity.map(|(member, key)| Resume { member, key, last_chat });
        self.up(browser, Up::Hello(resume));
        for command in self.browsers[browser].unanswered.clone() {
            self.up(browser, Up::Command(command));
        }
    }

    fn act(&mut self, number: usize) {
        if self.quiet {
            return;
        }
        self.later(200, 6_000, Item::Act(number));
        let target = MediaTime::from_ms(self.dice.below(FILM_MS.unsigned_abs() * 11 / 10) as i64 - 10_000);
        let intent = match self.dice.below(100) {
            0..20 => Intent::Play,
            20..35 => Intent::Pause,
            35..45 => Intent::Seek(target),
            45..55 => Intent::SeekBy(MediaTime::from_ms(self.dice.below(60_000) as i64 - 30_000)),
            55..57 => Intent::Load(film(u128::from(self.dice.below(3)) + 1)),
            57..70 => return self.up(number, Up::Chat(format!("{}", self.queued))),
            70..73 => return self.cut(number),
            _ => {
                let player = match self.dice.below(8) {
                    0 => PlayerStatus::Buffering,
                    1 => PlayerStatus::Away,
                    2 => PlayerStatus::Blocked,
                    _ => PlayerStatus::InSync,
                };
                let rtt = Duration::from_micros(self.browsers[number].delay_us * 2);
                return self.up(number, Up::Stat(Stat { player, rtt, ..Stat::default() }));
            }
        };
        let browser = &mut self.browsers[number];
        let Some(best) = &browser.best else { return };
        browser.commands += 1;
        let command = Command { id: format!("{}", browser.commands), base: (best.epoch, best.rev), intent };
        browser.unanswered.push(command.clone());
        self.up(number, Up::Command(command));
    }

    fn arrived_up(&mut self, browser: usize, link: u64, up: Up) {
        if let Up::Hello(resume) = up {
            let join = join_as(&format!("Browser {browser}"), resume, u8::try_from(link % 256).unwrap_or(0));
            let member = self.room.join(self.now, &join).expect("the room is large enough");
            self.seats.insert(member, (browser, link));
            return;
        }
        let seat = self.seats.iter().find(|(_, seat)| **seat == (browser, link));
        let Some(member) = seat.map(|(member, _)| *member) else {
            // Messages may overtake each other, but nothing overtakes the hello of its own connection.
            if self.browsers[browser].link == Some(link) {
                self.later(5, 1, Item::Up { browser, link, up });
            }
            return;
        };
        let input = match up {
            Up::Hello(_) => return,
            Up::Command(command) => {
                self.asked.insert((member, command.id.clone()), command.intent.clone());
                Input::Command(member, command)
            }
            Up::Ready(epoch, rev) => Input::Ready { member, epoch, rev },
            Up::Stat(report) => Input::Stat(member, report),
            Up::Chat(text) => Input::Chat { member, id: text.clone(), text },
        };
        self.room.handle(self.now, input);
    }

    fn arrived_down(&mut self, number: usize, event: Event) {
        let browser = &mut self.browsers[number];
        match event {
            Event::Welcome { you, key, chat, .. } => {
                if browser.identity.is_some_and(|(earlier, _)| earlier != you) {
                    browser.unanswered.clear();
                }
                browser.identity = Some((you, key));
                browser.last_chat = chat.last().map_or(browser.last_chat, |line| line.id);
            }
            Event::State(state) => {
                let before = browser.best.as_ref().map(|best| best.rev);
                newest(&mut browser.best, &state);
                let prepares = !state.playing && before < Some(state.rev) && !browser.never_ready;
                if prepares {
                    let at = 20 + self.dice.below(1_500);
                    let (link, ready) = (self.browsers[number].link, Up::Ready(state.epoch, state.rev));
                    if let Some(link) = link {
                        self.later(at, 50, Item::Up { browser: number, link, up: ready });
                    }
                }
            }
            Event::Ack { id, .. } | Event::Nack { id, .. } => browser.unanswered.retain(|command| command.id != id),
            Event::Chat(line) => browser.last_chat = browser.last_chat.max(line.id),
            Event::Members { .. } => {}
        }
    }

    fn drain(&mut self) {
        while let Some(output) = self.room.poll_output() {
            self.trace_output(&output);
            match output {
                Output::Send(member, event) => {
                    self.check_answer(member, &event);
                    if let Some(seat) = self.seats.get(&member) {
                        self.down(*seat, event);
                    }
                }
                Output::Broadcast(event) => {
                    if let Event::State(state) = &event {
                        self.check_state(state);
                    }
                    for seat in self.seats.values().copied().collect::<Vec<_>>() {
                        self.down(seat, event.clone());
                    }
                }
                Output::Playhead(_) => {}
                Output::Close => assert_eq!(self.room.sizes().members, 0, "closed over people's heads"),
            }
        }
    }

    fn down(&mut self, (browser, link): (usize, u64), event: Event) {
        if self.browsers[browser].link == Some(link)
            && let Some(at) = self.travel(browser)
        {
            self.enqueue(at, Item::Down { browser, link, event });
        }
    }

    fn trace_output(&mut self, output: &Output) {
        let mut text = String::new();
        write!(text, "{:?} {output:?}", self.now).expect("writing to a string");
        for byte in text.bytes() {
            self.trace = (self.trace ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    /// (epoch, rev) only rise, and a wait has a deadline no farther than the limits allow.
    fn check_state(&mut self, state: &State) {
        let last = self.states.last_key_value().map(|(rev, _)| *rev);
        assert!(last < Some(state.rev), "rev {} after {last:?}", state.rev);
        if let Some(waiting) = &state.waiting {
            assert!(waiting.deadline <= self.now + Limits::default().first_barrier_max);
            assert!(!state.playing);
        }
        assert!((0..=FILM_MS).contains(&state.p0.as_ms()));
        self.states.insert(state.rev, state.clone());
    }

    /// What was accepted is in the revision that was named, and stays the answer however often it is asked.
    fn check_answer(&mut self, member: MemberId, event: &Event) {
        let Event::Ack { id, rev } = event else { return };
        let key = (member, id.clone());
        assert_eq!(*self.acked.entry(key.clone()).or_insert(*rev), *rev, "done twice: {key:?}");
        let state = self.states.get(rev).unwrap_or_else(|| panic!("acked a revision nobody was told: {rev}"));
        let holds = match &self.asked[&key] {
            Intent::Play => state.playing || state.waiting.is_some(),
            Intent::Pause => !state.playing && state.waiting.is_none(),
            Intent::Seek(target) => state.p0 == target.clamp_to(MediaTime::from_ms(FILM_MS)),
            Intent::Load(media) => state.media.as_ref() == Some(media),
            _ => true,
        };
        assert!(holds, "{:?} is not in {state:?}", self.asked[&key]);
    }

    /// What holds after every single event.
    fn check(&self) {
        let state = self.room.state();
        if let Some(waiting) = &state.waiting {
            assert!(self.now <= waiting.deadline, "waits beyond its deadline");
        }
        let sizes = self.room.sizes();
        assert!(sizes.chat_lines <= Limits::default().history_max && sizes.remembered <= REMEMBERED_MAX);
        assert!(sizes.members <= self.browsers.len() * 3, "places are not given up");
        let members = self.room.members();
        let hosts = members.iter().filter(|member| member.host).count();
        assert_eq!(hosts, usize::from(!members.is_empty()), "host");
        let ids: BTreeSet<MemberId> = members.iter().map(|member| member.id).collect();
        assert_eq!(ids.len(), members.len());
    }
}
