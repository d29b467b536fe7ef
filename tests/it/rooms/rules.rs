//! The rules of a room, one sentence each.
use std::time::Duration;

use watchparty::model::{MediaTime, MemberId};
use watchparty::rooms::{
    Cause, Command, Event, Input, Intent, Join, JoinError, LEAD_ALONE, LEAD_MAX, LEAD_MIN, Limits, Output,
    PAUSE_LEAD_MAX, PlayerStatus, Resume, ResumeKey, Room, Why,
};

use crate::rooms::table::{FILM_MS, Table, film, join_as, rev, setup, why};

const fn ms(ms: i64) -> MediaTime {
    MediaTime::from_ms(ms)
}

#[test]
fn a_film_starts_for_everybody_at_a_moment_that_has_not_come_yet() {
    let mut table = Table::with_film();
    let (ann, bob) = (table.join("Ann"), table.join("Bob"));
    table.ready(ann);
    table.ready(bob);
    table.ask(ann, Intent::Play);
    let state = table.state();
    assert!(state.playing && state.p0 == MediaTime::ZERO && state.by == Some(ann));
    assert_eq!(state.t0, table.now + LEAD_MIN);
    table.pass(250);
    assert_eq!(table.position_ms(), 0);
    table.pass(1000);
    assert_eq!(table.position_ms(), 1000);
}

#[test]
fn somebody_alone_and_ready_does_not_wait() {
    let mut table = Table::with_film();
    let ann = table.join("Ann");
    table.ready(ann);
    table.ask(ann, Intent::Play);
    assert!(table.state().playing);
    assert_eq!(table.state().t0, table.now + LEAD_ALONE);
}

#[test]
fn somebody_alone_and_not_ready_starts_the_moment_they_are() {
    let mut table = Table::with_film();
    let ann = table.join("Ann");
    table.ask(ann, Intent::Play);
    assert!(!table.state().playing && table.state().waiting.is_some());
    table.pass(700);
    table.ready(ann);
    assert!(table.state().playing);
    assert_eq!(table.state().t0, table.now + LEAD_ALONE);
}

#[test]
fn the_lead_grows_with_the_farthest_member_but_not_without_end() {
    let mut table = Table::with_film();
    let (ann, bob) = (table.join("Ann"), table.join("Bob"));
    for member in [ann, bob] {
        table.reports(member, PlayerStatus::InSync, 150);
        table.ready(member);
    }
    table.ask(ann, Intent::Play);
    assert_eq!(table.state().t0.since(table.now), Duration::from_millis(2 * 150 + 10));
    let stat = watchparty::rooms::Stat {
        rtt: Duration::from_millis(300),
        rtt_var: Duration::from_secs(9),
        player: PlayerStatus::InSync,
        ..Default::default()
    };
    table.input(Input::Stat(bob, stat));
    table.pass(1000);
    table.ask(ann, Intent::Pause);
    table.ask(ann, Intent::Play);
    assert_eq!(table.state().t0.since(table.now), LEAD_MAX);
}

#[test]
fn a_member_beyond_the_cut_off_joins_late_on_their_own() {
    let mut table = Table::with_film();
    let (ann, bob) = (table.join("Ann"), table.join("Bob"));
    table.reports(ann, PlayerStatus::InSync, 1);
    table.reports(bob, PlayerStatus::InSync, 900);
    table.ready(ann);
    table.ready(bob);
    table.ask(ann, Intent::Play);
    assert_eq!(table.state().t0.since(table.now), LEAD_MIN);
}

#[test]
fn two_people_pressing_pause_both_mean_pause() {
    let (mut table, ann, bob) = Table::playing();
    let base = (1, table.state().rev);
    let first = rev(&table.ask_on(ann, base, Intent::Pause));
    let said = table.states_said();
    let second = rev(&table.ask_on(bob, base, Intent::Pause));
    assert_eq!(first, second);
    assert_eq!(table.states_said(), said);
    assert!(!table.state().playing && table.state().by == Some(ann));
}

#[test]
fn a_pause_stops_everybody_at_the_same_frame_a_moment_ahead() {
    let (mut table, ann, _) = Table::playing();
    let position = table.position_ms();
    table.ask(ann, Intent::Pause);
    let state = table.state();
    assert_eq!(state.t0, table.now + PAUSE_LEAD_MAX);
    assert_eq!(state.p0, ms(position + 120));
}

#[test]
fn play_after_pause_goes_on_from_there_without_waiting_for_reports() {
    let (mut table, ann, bob) = Table::playing();
    table.ask(ann, Intent::Pause);
    let stopped = table.state().p0;
    table.pass(60_000);
    table.ask(bob, Intent::Play);
    assert!(table.state().playing && table.state().p0 == stopped);
}

#[test]
fn a_pause_in_the_lead_before_a_start_stops_at_the_start() {
    let mut table = Table::with_film();
    let (ann, bob) = (table.join("Ann"), table.join("Bob"));
    table.ready(ann);
    table.ready(bob);
    table.ask(ann, Intent::Play);
    table.pass(50);
    table.ask(bob, Intent::Pause);
    assert_eq!(table.state().p0, MediaTime::ZERO);
    assert!(!table.state().playing);
}

#[test]
fn a_seek_while_paused_takes_effect_at_once() {
    let mut table = Table::with_film();
    let (ann, _) = (table.join("Ann"), table.join("Bob"));
    table.ask(ann, Intent::Seek(ms(30_000)));
    let state = table.state();
    assert!(!state.playing && state.waiting.is_none());
    assert_eq!((state.p0, state.t0, state.cause), (ms(30_000), table.now, Cause::Seek));
}

#[test]
fn a_seek_while_playing_waits_for_everybody_and_then_starts_together() {
    let (mut table, ann, bob) = Table::playing();
    table.ask(ann, Intent::Seek(ms(100_000)));
    let waiting = table.state().waiting.expect("nobody can be ready yet");
    assert_eq!(waiting.members, [ann, bob]);
    table.pass(80);
    table.ready(ann);
    assert!(!table.state().playing);
    table.pass(300);
    assert_eq!(table.state().waiting.expect("one is missing").members, [bob]);
    table.ready(bob);
    let state = table.state();
    assert!(state.playing && state.cause == Cause::Start && state.by.is_none());
    assert_eq!((state.p0, state.t0), (ms(100_000), table.now + LEAD_MIN));
}

#[test]
fn a_report_of_being_ready_for_an_earlier_position_is_stale() {
    let (mut table, ann, bob) = Table::playing();
    let old = table.state().rev;
    table.ask(ann, Intent::Seek(ms(100_000)));
    for member in [ann, bob] {
        table.input(Input::Ready { member, epoch: 1, rev: old });
        table.input(Input::Ready { member, epoch: 0, rev: old + 1 });
        table.input(Input::Ready { member, epoch: 1, rev: old + 99 });
    }
    assert!(!table.state().playing);
    assert_eq!(table.state().waiting.expect("still waiting").members.len(), 2);
}

#[test]
fn a_report_of_being_ready_before_play_was_pressed_counts() {
    let mut table = Table::with_film();
    let (ann, bob) = (table.join("Ann"), table.join("Bob"));
    table.ask(ann, Intent::Seek(ms(5_000)));
    table.ready(ann);
    table.ready(bob);
    table.ask(bob, Intent::Play);
    assert!(table.state().playing && table.state().cause == Cause::Play);
}

#[test]
fn a_pause_ends_a_wait_and_play_begins_a_new_one() {
    let (mut table, ann, bob) = Table::playing();
    table.ask(ann, Intent::Seek(ms(100_000)));
    table.ask(bob, Intent::Pause);
    assert!(table.state().waiting.is_none() && table.state().p0 == ms(100_000));
    table.pass(10_000);
    assert!(!table.state().playing);
    table.ask(bob, Intent::Play);
    assert!(table.state().waiting.is_some());
}

#[test]
fn two_people_seeking_at_once_do_not_seek_twice() {
    let (mut table, ann, bob) = Table::playing();
    let base = (1, table.state().rev);
    rev(&table.ask_on(ann, base, Intent::SeekBy(ms(10_000))));
    assert_eq!(why(&table.ask_on(bob, base, Intent::SeekBy(ms(10_000)))), Why::Stale);
    assert_eq!(table.state().by, Some(ann));
    rev(&table.ask(bob, Intent::SeekBy(ms(10_000))));
}

#[test]
fn one_person_may_seek_again_before_having_heard_of_the_first() {
    let (mut table, ann, _) = Table::playing();
    let base = (1, table.state().rev);
    rev(&table.ask_on(ann, base, Intent::Seek(ms(10_000))));
    rev(&table.ask_on(ann, base, Intent::Seek(ms(20_000))));
    assert_eq!(table.state().p0, ms(20_000));
}

#[test]
fn a_seek_meant_for_another_film_is_stale_whoever_sent_it() {
    let (mut table, ann, _) = Table::playing();
    let base = (1, table.state().rev);
    rev(&table.ask(ann, Intent::Load(film(2))));
    assert_eq!(why(&table.ask_on(ann, base, Intent::Seek(ms(10_000)))), Why::Stale);
}

#[test]
fn a_pause_on_a_stale_state_still_means_pause() {
    let (mut table, ann, bob) = Table::playing();
    let base = (1, table.state().rev);
    table.ask(ann, Intent::Seek(ms(10_000)));
    rev(&table.ask_on(bob, base, Intent::Pause));
    assert!(!table.state().playing && table.state().waiting.is_none());
}

#[test]
fn a_step_counts_from_where_the_room_is() {
    let (mut table, ann, _) = Table::playing();
    let position = table.position_ms();
    table.ask(ann, Intent::SeekBy(ms(-3_000)));
    assert_eq!(table.state().p0, ms(position - 3_000));
}

#[test]
fn positions_outside_the_film_are_its_ends() {
    let mut table = Table::with_film();
    let ann = table.join("Ann");
    for (target, position) in [(i64::MIN, 0), (-1, 0), (i64::MAX, FILM_MS)] {
        rev(&table.ask(ann, Intent::Seek(ms(target))));
        assert_eq!(table.state().p0, ms(position));
        rev(&table.ask(ann, Intent::SeekBy(ms(target))));
    }
}

#[test]
fn nonsense_is_refused_and_changes_nothing() {
    let mut table = Table::with_film();
    let ann = table.join("Ann");
    let before = table.state();
    assert_eq!(why(&table.ask(ann, Intent::Malformed)), Why::Invalid);
    assert_eq!(why(&table.ask(ann, Intent::LoadUnknown)), Why::NoMedia);
    assert_eq!(table.state(), before);
}

#[test]
fn without_a_film_there_is_nothing_to_play() {
    let mut table = Table::empty();
    let ann = table.join("Ann");
    for intent in [Intent::Play, Intent::Pause, Intent::Seek(ms(1))] {
        assert_eq!(why(&table.ask(ann, intent)), Why::NoMedia);
    }
    rev(&table.ask(ann, Intent::Load(film(1))));
    assert_eq!(table.state().cause, Cause::Load);
}

#[test]
fn a_command_sent_again_is_answered_but_not_done_again() {
    let (mut table, ann, _) = Table::playing();
    let command = Command { id: "same".into(), base: (1, table.state().rev), intent: Intent::SeekBy(ms(10_000)) };
    let first = rev(&table.send(ann, command.clone()));
    let state = table.state();
    assert_eq!(rev(&table.send(ann, command)), first);
    assert_eq!(table.state(), state);
}

#[test]
fn the_same_command_id_from_two_members_is_two_commands() {
    let (mut table, ann, bob) = Table::playing();
    let command = |intent| Command { id: "1".into(), base: (1, 99), intent };
    let first = rev(&table.send(ann, command(Intent::Pause)));
    assert!(rev(&table.send(bob, command(Intent::Play))) > first);
}

#[test]
fn a_film_ends_paused_at_its_end_and_play_begins_it_anew() {
    let (mut table, ann, bob) = Table::playing();
    table.pass(FILM_MS.unsigned_abs());
    let state = table.state();
    assert_eq!((state.playing, state.p0, state.cause, state.by), (false, ms(FILM_MS), Cause::End, None));
    table.ask(ann, Intent::Play);
    table.ready(ann);
    table.ready(bob);
    assert!(table.state().playing && table.state().p0 == MediaTime::ZERO);
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
