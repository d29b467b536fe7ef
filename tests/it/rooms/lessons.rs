//! Failures that users of other watch parties reported, as rules this one keeps.
use std::time::Duration;

use watchparty::model::MediaTime;
use watchparty::rooms::{Cause, Input, Intent, LEAD_MAX, PlayerStatus};

use crate::rooms::table::{Table, rev};

/// A group stuck in "waiting" for ever because a joiner never reports ready.
#[test]
fn a_member_who_never_gets_ready_is_waited_for_only_until_the_deadline() {
    let mut table = Table::with_film();
    let (ann, _) = (table.join("Ann"), table.join("Mute"));
    table.ask(ann, Intent::Play);
    table.ready(ann);
    let deadline = table.state().waiting.expect("Mute is missing").deadline;
    assert_eq!(deadline.since(table.now), Duration::from_secs(8));
    table.pass(8_000);
    assert!(table.state().playing && table.state().cause == Cause::Start);
    table.pass(10_000);
    table.ask(ann, Intent::Seek(MediaTime::from_ms(60_000)));
    table.ready(ann);
    table.pass(3_000);
    assert!(table.state().playing);
}

/// A group stuck because nobody reports ready.
#[test]
fn even_when_nobody_gets_ready_the_wait_ends() {
    let mut table = Table::with_film();
    let (ann, _) = (table.join("Ann"), table.join("Bob"));
    table.ask(ann, Intent::Play);
    table.pass(8_000);
    assert!(table.state().playing);
}

/// Somebody opening the page stops the film for all.
#[test]
fn joining_never_stops_the_others() {
    let (mut table, _, _) = Table::playing();
    let before = table.state();
    let late = table.join("Late");
    table.reports(late, PlayerStatus::Buffering, 50);
    table.pass(5_000);
    assert_eq!(table.state(), before);
}

/// Somebody opening the page during a wait prolongs it.
#[test]
fn joining_during_a_wait_does_not_prolong_it() {
    let (mut table, ann, bob) = Table::playing();
    table.ask(ann, Intent::Seek(MediaTime::from_ms(60_000)));
    table.join("Late");
    table.ready(ann);
    table.ready(bob);
    assert!(table.state().playing);
}

/// A stall or a player rebuild is broadcast as a pause.
#[test]
fn a_members_stall_never_pauses_the_room() {
    let (mut table, ann, bob) = Table::playing();
    let before = table.state();
    for player in [PlayerStatus::Buffering, PlayerStatus::Idle, PlayerStatus::Blocked, PlayerStatus::Away] {
        table.reports(bob, player, 20);
        table.pass(1_000);
    }
    table.input(Input::Ready { member: ann, epoch: 1, rev: before.rev });
    assert_eq!(table.state(), before);
}

/// The frozen position of a buffering member drags healthy ones back.
#[test]
fn no_report_moves_the_position() {
    let (mut table, _, bob) = Table::playing();
    let before = table.position_ms();
    let behind = watchparty::rooms::Stat { skew_us: Some(-30_000_000), ..Default::default() };
    table.input(Input::Stat(bob, behind));
    table.pass(1_000);
    assert_eq!(table.position_ms(), before + 1_000);
}

/// A phone in the background holds everybody up.
#[test]
fn a_hidden_tab_or_a_refused_player_is_not_waited_for() {
    let (mut table, ann, bob) = Table::playing();
    table.reports(bob, PlayerStatus::Away, 20);
    table.ask(ann, Intent::Seek(MediaTime::from_ms(60_000)));
    assert_eq!(table.state().waiting.expect("Ann seeks too").members, [ann]);
    table.reports(ann, PlayerStatus::Blocked, 20);
    assert!(table.state().playing);
}

/// A lost connection leaves a zombie that the group waits for.
#[test]
fn a_broken_connection_is_not_waited_for() {
    let (mut table, ann, bob) = Table::playing();
    table.ask(ann, Intent::Seek(MediaTime::from_ms(60_000)));
    table.ready(ann);
    table.input(Input::Disconnected(bob));
    assert!(table.state().playing);
}

/// The room dies or starts from zero when the host or anyone leaves.
#[test]
fn the_film_goes_on_when_everybody_but_one_is_gone() {
    let (mut table, ann, bob) = Table::playing();
    let before = table.position_ms();
    table.input(Input::Leave(ann));
    table.pass(1_000);
    assert_eq!(table.position_ms(), before + 1_000);
    rev(&table.ask(bob, Intent::Pause));
}

/// A reload of the page by the only viewer starts the film from zero.
#[test]
fn a_room_that_is_empty_for_a_moment_is_where_it_would_have_been() {
    let (mut table, ann, bob) = Table::playing();
    let before = table.position_ms();
    table.input(Input::Leave(ann));
    table.input(Input::Leave(bob));
    table.pass(10_000);
    table.join("Ann");
    assert_eq!(table.position_ms(), before + 10_000);
}

/// With three or more people a forward seek is undone because the slowest watcher defines the position.
#[test]
fn a_seek_is_not_undone_by_whoever_is_still_at_the_old_place() {
    let (mut table, ann, bob) = Table::playing();
    let old = table.state().rev;
    table.ask(ann, Intent::Seek(MediaTime::from_ms(300_000)));
    table.input(Input::Ready { member: bob, epoch: 1, rev: old });
    table.ready(ann);
    table.pass(3_000);
    assert!(table.state().playing && table.position_ms() >= 300_000 - 1);
}

/// One bad link makes every command of everybody slow.
#[test]
fn one_bad_link_cannot_stretch_the_lead_without_end() {
    let (mut table, ann, bob) = Table::playing();
    table.reports(bob, PlayerStatus::InSync, 399);
    table.ask(ann, Intent::Pause);
    table.ask(ann, Intent::Play);
    assert!(table.state().t0.since(table.now) <= LEAD_MAX);
    table.reports(bob, PlayerStatus::InSync, 60_000);
    table.ask(ann, Intent::Pause);
    table.ask(ann, Intent::Play);
    assert!(table.state().t0.since(table.now) <= Duration::from_millis(330));
}

/// Permissions lost on reconnect: nobody can start the film.
#[test]
fn a_host_who_comes_back_in_time_is_still_host() {
    let (mut table, ann, _) = Table::playing();
    table.input(Input::Disconnected(ann));
    table.pass(25_000);
    table.input(Input::Reconnected(ann));
    table.pass(60_000);
    assert_eq!(table.host(), Some(ann));
}
