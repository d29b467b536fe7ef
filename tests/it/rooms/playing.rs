//! Where a room goes and when: one rule a sentence.
use std::time::Duration;

use watchparty::model::MediaTime;
use watchparty::rooms::{
    Cause, Command, Input, Intent, LEAD_ALONE, LEAD_MAX, LEAD_MIN, PAUSE_LEAD_MAX, PlayerStatus, Why,
};

use crate::rooms::table::{FILM_MS, Table, film, rev, why};

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
