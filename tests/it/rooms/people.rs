//! Who is in a room, what they may do and how often: one rule a sentence.
use watchparty::model::{MediaTime, MemberId};
use watchparty::rooms::{Command, Event, Input, Intent, Join, JoinError, Limits, Output, Resume, ResumeKey, Room, Why};

use crate::rooms::table::{Table, join_as, rev, setup, why};

const fn ms(ms: i64) -> MediaTime {
    MediaTime::from_ms(ms)
}

#[test]
fn the_maker_is_host_and_stays_it_while_the_place_is_kept() {
    let (mut table, ann, bob) = Table::playing();
    table.input(Input::Disconnected(ann));
    table.pass(29_000);
    assert_eq!(table.host(), Some(ann));
    table.pass(2_000);
    assert_eq!(table.host(), Some(bob));
    assert!(table.state().playing);
}

#[test]
fn a_host_who_says_goodbye_is_followed_by_whoever_was_there_longest() {
    let (mut table, ann, bob) = Table::playing();
    let cleo = table.join("Cleo");
    table.input(Input::Leave(ann));
    assert_eq!(table.host(), Some(bob));
    table.input(Input::Leave(bob));
    assert_eq!(table.host(), Some(cleo));
}

#[test]
fn coming_back_with_the_secret_gives_the_place_back() {
    let (mut table, ann, _) = Table::playing();
    let resume = Resume { member: ann, key: table.secret_of(ann), last_chat: 1 };
    table.input(Input::Disconnected(ann));
    table.pass(20_000);
    assert_eq!(table.join_with(&join_as("Ann", Some(resume), 9)), ann);
    assert_eq!(table.secret_of(ann), resume.key);
    table.pass(60_000);
    assert_eq!(table.room.sizes().members, 2);
    assert_eq!(table.chat_said(), ["Ann joined", "Bob joined"]);
}

#[test]
fn a_report_of_being_ready_outlives_a_broken_connection() {
    let mut table = Table::with_film();
    let (ann, bob) = (table.join("Ann"), table.join("Bob"));
    table.ready(ann);
    table.ready(bob);
    table.input(Input::Disconnected(bob));
    let resume = Resume { member: bob, key: table.secret_of(bob), last_chat: 0 };
    table.join_with(&join_as("Bob", Some(resume), 9));
    table.ask(ann, Intent::Play);
    assert!(table.state().playing);
}

#[test]
fn coming_back_with_a_wrong_secret_makes_somebody_new() {
    let (mut table, ann, _) = Table::playing();
    let resume = Resume { member: ann, key: ResumeKey([77; 16]), last_chat: 0 };
    assert_ne!(table.join_with(&join_as("Eve", Some(resume), 9)), ann);
}

#[test]
fn coming_back_brings_only_what_was_missed_of_the_chat() {
    let mut table = Table::empty();
    let (ann, bob) = (table.join("Ann"), table.join("Bob"));
    table.input(Input::Disconnected(ann));
    table.input(Input::Chat { member: bob, id: "1".into(), text: "hello?".into() });
    let resume = Resume { member: ann, key: table.secret_of(ann), last_chat: 2 };
    table.said.clear();
    table.join_with(&join_as("Ann", Some(resume), 9));
    let Some(Output::Send(_, Event::Welcome { chat, .. })) = table.said.first() else { panic!("no welcome") };
    assert_eq!(chat.iter().map(|line| line.text.as_str()).collect::<Vec<_>>(), ["hello?"]);
}

#[test]
fn a_full_room_lets_nobody_in_but_those_who_come_back() {
    let limits = Limits { members_max: 1, ..Limits::default() };
    let mut table = Table::empty();
    table.room = Room::new(setup(limits), table.now);
    let ann = table.join("Ann");
    let bob: Join = join_as("Bob", None, 2);
    assert_eq!(table.room.join(table.now, &bob), Err(JoinError::Full));
    let resume = Resume { member: ann, key: table.secret_of(ann), last_chat: 0 };
    assert_eq!(table.join_with(&join_as("Ann", Some(resume), 3)), ann);
}

#[test]

fn too_many_commands_are_refused_until_time_has_passed() {
    let (mut table, ann, bob) = Table::playing();
    let answers: Vec<Event> = (0..9).map(|_| table.ask(ann, Intent::Pause)).collect();
    assert_eq!(why(&answers[8]), Why::SlowDown);
    rev(&table.ask(bob, Intent::Play));
    table.pass(500);
    rev(&table.ask(ann, Intent::Pause));
}

#[test]
fn a_refusal_for_haste_is_not_remembered() {
    let (mut table, ann, _) = Table::playing();
    for _ in 0..8 {
        table.ask(ann, Intent::Pause);
    }
    let command = Command { id: "again".into(), base: (1, 99), intent: Intent::Play };
    assert_eq!(why(&table.send(ann, command.clone())), Why::SlowDown);
    table.pass(1000);
    rev(&table.send(ann, command));
}

#[test]
fn a_dragged_slider_may_seek_four_times_a_second() {
    let (mut table, ann, _) = Table::playing();
    for step in 0..40 {
        rev(&table.ask(ann, Intent::Seek(ms(step * 1000))));
        table.pass(250);
    }
}

#[test]
fn chat_is_heard_once_by_everybody_and_not_in_floods() {
    let mut table = Table::empty();
    let ann = table.join("Ann");
    for id in ["1", "1", "2", "3", "4", "5", "6"] {
        table.input(Input::Chat { member: ann, id: id.into(), text: format!("line {id}") });
    }
    assert_eq!(table.chat_said()[1..], ["line 1", "line 2", "line 3", "line 4", "line 5"]);
    let last = table.said.last();
    assert!(matches!(last, Some(Output::Send(_, Event::Nack { why: Why::SlowDown, .. }))), "{last:?}");
    table.input(Input::Chat { member: ann, id: "7".into(), text: "\u{0}".into() });
    assert!(matches!(table.said.last(), Some(Output::Send(_, Event::Nack { why: Why::Invalid, .. }))));
}

#[test]
fn lists_of_members_go_out_at_most_four_times_a_second() {
    let mut table = Table::empty();
    for number in 0..100 {
        table.join(&format!("Guest {number}"));
        table.pass(10);
    }
    table.pass(1000);
    let lists = table.said.iter().filter(|output| matches!(output, Output::Broadcast(Event::Members { .. }))).count();
    assert!((2..=6).contains(&lists), "{lists}");
}

#[test]
fn a_room_without_members_closes_after_ten_minutes() {
    let mut table = Table::with_film();
    let ann = table.join("Ann");
    table.pass(3_600_000);
    table.input(Input::Disconnected(ann));
    table.pass(30_000 + 599_000);
    assert!(!table.said.contains(&Output::Close));
    table.pass(1_000);
    assert!(table.said.contains(&Output::Close));
    assert_eq!(table.room.poll_timeout(), None);
}

#[test]
fn a_room_nobody_entered_closes_too_and_somebody_coming_keeps_it() {
    let mut table = Table::with_film();
    table.pass(599_000);
    let ann = table.join("Ann");
    table.pass(7_200_000);
    assert!(!table.said.contains(&Output::Close));
    table.input(Input::Leave(ann));
    table.pass(600_000);
    assert!(table.said.contains(&Output::Close));
}

#[test]
fn the_playhead_is_told_with_every_move() {
    let (mut table, ann, _) = Table::playing();
    table.said.clear();
    table.ask(ann, Intent::Seek(ms(77_000)));
    let playhead = table.said.iter().find_map(|output| match output {
        Output::Playhead(playhead) => Some(playhead.clone()),
        _ => None,
    });
    let playhead = playhead.expect("a seek moves the playhead");
    assert_eq!((playhead.position, playhead.playing), (ms(77_000), true));
}

#[test]
fn a_stranger_changes_nothing() {
    let (mut table, _, _) = Table::playing();
    let before = table.state();
    let stranger = MemberId(999);
    let command = Command { id: "x".into(), base: (1, 99), intent: Intent::Pause };
    table.said.clear();
    table.input(Input::Command(stranger, command));
    table.input(Input::Chat { member: stranger, id: "1".into(), text: "boo".into() });
    table.input(Input::Ready { member: stranger, epoch: 1, rev: before.rev });
    table.input(Input::Leave(stranger));
    assert_eq!((table.state(), table.said.len()), (before, 0));
}
