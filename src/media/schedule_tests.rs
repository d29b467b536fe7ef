use crate::media::plan::Track;
use crate::media::schedule::{Depth, Kind, Priority, Role, Ticket, ahead, give_up, needed, overtaking, pick};
use crate::media::track::TrackSpec;

fn ticket(kind: Kind, priority: Priority, number: u64) -> Ticket {
    Ticket { kind, priority, number }
}

#[test]
fn who_waits_goes_first_and_among_equals_who_came_first() {
    let queue = [
        ticket(Kind::Heavy, Priority::ReadAhead, 0),
        ticket(Kind::Heavy, Priority::Waited, 2),
        ticket(Kind::Heavy, Priority::Waited, 1),
    ];
    assert_eq!(pick(Role::Heavy, queue.iter()), Some(2));
}

#[test]
fn preparing_a_film_for_later_comes_after_everything_else() {
    let order = [Priority::Waited, Priority::RoomNext, Priority::ReadAhead, Priority::Background, Priority::Prepare];
    assert!(order.is_sorted());
    let queue: Vec<Ticket> = (0..5).rev().map(|n| ticket(Kind::Heavy, order[n], n as u64)).collect();
    assert_eq!(pick(Role::Heavy, queue.iter()), Some(4));
}

#[test]
fn there_is_always_a_thread_that_no_conversion_and_no_slow_disk_can_hold() {
    for threads in 0..9 {
        let roles = Role::all(threads);
        assert_eq!(roles.iter().filter(|role| **role == Role::Quick).count(), 1);
        assert!(roles.contains(&Role::Heavy) && roles.contains(&Role::Light));
    }
    let queue = [ticket(Kind::Heavy, Priority::Waited, 0), ticket(Kind::Slow, Priority::Waited, 1)];
    assert_eq!(pick(Role::Quick, queue.iter()), None);
    assert_eq!(pick(Role::Light, queue.iter()), Some(1));
}

#[test]
fn only_what_a_room_needs_now_makes_running_work_stand_still() {
    let waited = [ticket(Kind::Heavy, Priority::Waited, 0)];
    let over = |running, queue: &[Ticket]| overtaking(Role::Heavy, (Kind::Heavy, running), &[], queue.iter());
    for running in [Priority::RoomNext, Priority::ReadAhead, Priority::Background, Priority::Prepare] {
        assert_eq!(over(running, &waited), Some(0));
    }
    assert_eq!(over(Priority::Waited, &waited), None, "among equals who came first goes on");
    assert_eq!(over(Priority::ReadAhead, &[ticket(Kind::Heavy, Priority::RoomNext, 0)]), Some(0));
    assert_eq!(over(Priority::Prepare, &[ticket(Kind::Heavy, Priority::ReadAhead, 0)]), None);
    assert_eq!(
        overtaking(Role::Light, (Kind::Slow, Priority::Background), &[], waited.iter()),
        None,
        "not for this thread"
    );
}

#[test]
fn no_conversion_stands_still_for_a_slow_disk() {
    let slow = [ticket(Kind::Slow, Priority::Waited, 0)];
    let over = |role, kind| overtaking(role, (kind, Priority::Background), &[], slow.iter());
    assert_eq!(over(Role::Heavy, Kind::Heavy), None);
    assert_eq!((over(Role::Light, Kind::Slow), over(Role::Light, Kind::Quick)), (Some(0), None));
    let quick = [ticket(Kind::Quick, Priority::Waited, 0)];
    assert_eq!(overtaking(Role::Heavy, (Kind::Heavy, Priority::ReadAhead), &[], quick.iter()), Some(0));
}

#[test]
fn nothing_stands_still_for_a_job_that_an_idle_thread_takes() {
    let queue = [ticket(Kind::Heavy, Priority::Waited, 0)];
    let over = |idle: &[Role]| overtaking(Role::Heavy, (Kind::Heavy, Priority::ReadAhead), idle, queue.iter());
    assert_eq!((over(&[Role::Light]), over(&[Role::Heavy])), (Some(0), None));
}

#[test]
fn a_full_queue_gives_up_what_is_wanted_least_but_nothing_for_an_equal() {
    let queue = [
        ticket(Kind::Quick, Priority::ReadAhead, 0),
        ticket(Kind::Quick, Priority::ReadAhead, 1),
        ticket(Kind::Quick, Priority::Waited, 2),
    ];
    assert_eq!(give_up(Priority::Waited, queue.iter()), Some(1));
    assert_eq!(give_up(Priority::ReadAhead, queue.iter()), None);
}

#[test]
fn a_standing_room_gets_three_segments_a_playing_one_three_quarters_of_a_minute_a_slow_one_the_rest() {
    let cuts: Vec<i64> = (0..100).map(|n| n * 2000).collect();
    let track = Track { spec: TrackSpec::AudioSilent { sample_rate: 1000 }, cuts: &cuts, timescale: 1000 };
    let segments = |position, depth| ahead(&track, position, depth).map(|(n, _)| n).collect::<Vec<_>>();
    assert_eq!(segments(5000, Depth::Standing), [2, 3, 4]);
    assert_eq!(segments(4000, Depth::Playing), (2..25).collect::<Vec<_>>());
    assert_eq!(segments(4000, Depth::Preparing(i64::MAX)), (2..99).collect::<Vec<_>>());
    assert_eq!(segments(197_000, Depth::Playing), [98]);
    assert!(segments(500_000, Depth::Preparing(i64::MAX)).is_empty());
    let next = |depth| ahead(&track, 0, depth).filter(|(_, priority)| *priority == Priority::RoomNext).count();
    assert_eq!((next(Depth::Playing), next(Depth::Preparing(i64::MAX))), (3, 3));
}

#[test]
fn no_more_is_prepared_than_there_is_room_for_and_that_is_kept() {
    let cuts: Vec<i64> = (0..500).map(|n| n * 2000).collect();
    let track = Track { spec: TrackSpec::AudioSilent { sample_rate: 1000 }, cuts: &cuts, timescale: 1000 };
    let prepared = |room| ahead(&track, 4000, Depth::Preparing(room)).map(|(n, _)| n).last();
    assert_eq!((prepared(200_000), prepared(0)), (Some(101), Some(24)), "what is needed soon is made all the same");
    let kept = needed(&track, 4000, Depth::Preparing(200_000));
    assert!((2..102).all(|n| kept.contains(&n)));
    assert_eq!(needed(&track, 4000, Depth::Playing).end, 62);
}
