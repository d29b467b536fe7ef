use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::clock::{ManualClock, SystemClock};
use crate::media::cache::SegmentKey;
use crate::media::engine::Cancel;
use crate::media::identity::FileIdentity;
use crate::media::schedule::{Kind, Priority};
use crate::media::workers::{Job, QUEUE_MAX, Stop, Work, Workers};

const PATIENCE: Duration = Duration::from_secs(10);

fn workers() -> Workers {
    Workers::new(Arc::new(SystemClock))
}

fn spawn(workers: &Workers) {
    let tick: Arc<dyn Fn() + Send + Sync> = Arc::new(|| {});
    workers.spawn(1, &tick).unwrap();
}

fn job(kind: Kind, priority: Priority, work: impl FnOnce(&Cancel) + Send + 'static) -> Job {
    let work: Work = Box::new(work);
    Job { kind, priority, key: None, stop: Stop::After(PATIENCE), work }
}

fn telling(kind: Kind, priority: Priority, told: &SyncSender<&'static str>, what: &'static str) -> Job {
    let told = told.clone();
    job(kind, priority, move |_| told.send(what).unwrap())
}

fn hear(ears: &Receiver<&'static str>) -> &'static str {
    ears.recv_timeout(PATIENCE).unwrap()
}

#[test]
fn a_panic_ends_the_job_and_not_the_thread() {
    let (told, ears) = sync_channel(8);
    let workers = workers();
    spawn(&workers);
    for kind in [Kind::Quick, Kind::Slow, Kind::Heavy] {
        for _ in 0..4 {
            assert!(workers.submit(job(kind, Priority::Waited, |_| panic!("as a broken file would"))).is_ok());
        }
        assert!(workers.submit(telling(kind, Priority::Waited, &told, "alive")).is_ok());
        assert_eq!(hear(&ears), "alive");
    }
}

#[test]
fn how_long_a_job_was_queued_does_not_count() {
    let (told, ears) = sync_channel(8);
    let clock = Arc::new(ManualClock::default());
    let workers = Workers::new(clock.clone());
    let work: Work = Box::new(move |cancel: &Cancel| told.send(cancel.is_cancelled()).unwrap());
    let stop = Stop::When(Cancel::never(), PATIENCE);
    assert!(workers.submit(Job { kind: Kind::Quick, priority: Priority::Waited, key: None, stop, work }).is_ok());
    clock.advance(PATIENCE * 2);
    spawn(&workers);
    assert!(!ears.recv_timeout(PATIENCE).unwrap());
}

#[test]
fn sound_does_not_wait_behind_a_conversion_and_a_slow_disk() {
    let (told, ears) = sync_channel(8);
    let workers = workers();
    spawn(&workers);
    let gate = Arc::new(Mutex::new(()));
    let closed = gate.lock().unwrap();
    for kind in [Kind::Heavy, Kind::Slow] {
        let (told, gate) = (told.clone(), Arc::clone(&gate));
        let busy = job(kind, Priority::Waited, move |_| {
            told.send("busy").unwrap();
            drop(gate.lock());
        });
        assert!(workers.submit(busy).is_ok());
        assert_eq!(hear(&ears), "busy");
    }
    assert!(workers.submit(telling(Kind::Quick, Priority::ReadAhead, &told, "sound")).is_ok());
    assert_eq!(hear(&ears), "sound");
    drop(closed);
}

#[test]
fn a_promoted_segment_overtakes() {
    let (told, ears) = sync_channel(8);
    let workers = workers();
    let identity = FileIdentity { size: 1, mtime_ms: 2, edges: [3; 16] };
    let key = SegmentKey { identity, profile: "v720".to_owned(), index: 7 };
    assert!(workers.submit(telling(Kind::Heavy, Priority::RoomNext, &told, "first")).is_ok());
    let late = Job { key: Some(key.clone()), ..telling(Kind::Heavy, Priority::ReadAhead, &told, "promoted") };
    assert!(workers.submit(late).is_ok());
    workers.promote(&key, Priority::Waited);
    workers.promote(&key, Priority::Background);
    // One thread only, so that order is order: light threads take no conversions, and there is one heavy one.
    spawn(&workers);
    assert_eq!((hear(&ears), hear(&ears)), ("promoted", "first"));
}

#[test]
fn the_queue_has_a_limit_and_prefers_who_waits() {
    let (told, ears) = sync_channel(8);
    let workers = workers();
    for _ in 0..QUEUE_MAX {
        assert!(workers.submit(job(Kind::Slow, Priority::Background, |_| {})).is_ok());
    }
    assert!(workers.submit(job(Kind::Slow, Priority::Background, |_| {})).is_err());
    assert!(workers.submit(telling(Kind::Slow, Priority::Waited, &told, "waited")).is_ok());
    assert_eq!(workers.queued(), QUEUE_MAX);
    spawn(&workers);
    assert_eq!(hear(&ears), "waited");
}

#[tokio::test]
async fn stopping_cancels_what_runs_drops_what_waits_and_ends_the_threads() {
    let (told, ears) = sync_channel(8);
    let workers = workers();
    spawn(&workers);
    let running = job(Kind::Heavy, Priority::Waited, {
        let told = told.clone();
        move |cancel| {
            told.send("running").unwrap();
            while !cancel.is_cancelled() {
                std::thread::yield_now();
            }
            told.send("cancelled").unwrap();
        }
    });
    assert!(workers.submit(running).is_ok());
    assert_eq!(hear(&ears), "running");
    workers.stop();
    assert!(workers.ended().await);
    assert_eq!(hear(&ears), "cancelled");
    assert!(workers.submit(job(Kind::Quick, Priority::Waited, |_| {})).is_err());
}

#[test]
fn a_segment_somebody_waits_for_passes_one_made_ahead_and_nothing_is_lost() {
    let (told, ears) = sync_channel(8);
    let workers = workers();
    spawn(&workers);
    let ahead = job(Kind::Heavy, Priority::ReadAhead, {
        let told = told.clone();
        move |cancel| {
            told.send("began").unwrap();
            while cancel.stood_still() == Duration::ZERO {
                cancel.check().unwrap();
                std::thread::yield_now();
            }
            told.send("went on").unwrap();
        }
    });
    assert!(workers.submit(ahead).is_ok());
    assert_eq!(hear(&ears), "began");
    // As urgent as the one that runs: does not pass.
    assert!(workers.submit(telling(Kind::Heavy, Priority::ReadAhead, &told, "later")).is_ok());
    let waited = job(Kind::Heavy, Priority::Waited, {
        let told = told.clone();
        move |cancel| {
            cancel.check().unwrap();
            // Something for the clock to see.
            std::thread::park_timeout(Duration::from_millis(2));
            told.send("waited for").unwrap();
        }
    });
    assert!(workers.submit(waited).is_ok());
    assert_eq!([hear(&ears), hear(&ears), hear(&ears)], ["waited for", "went on", "later"]);
}

#[test]
fn a_running_job_that_somebody_waits_for_now_lets_nobody_pass() {
    let (told, ears) = sync_channel(8);
    let (go, gate) = sync_channel::<()>(1);
    let workers = workers();
    spawn(&workers);
    let identity = FileIdentity { size: 1, mtime_ms: 2, edges: [3; 16] };
    let key = SegmentKey { identity, profile: "v720".to_owned(), index: 7 };
    let ahead = job(Kind::Heavy, Priority::ReadAhead, {
        let told = told.clone();
        move |cancel| {
            told.send("began").unwrap();
            gate.recv().unwrap();
            cancel.check().unwrap();
            told.send("first").unwrap();
        }
    });
    assert!(workers.submit(Job { key: Some(key.clone()), ..ahead }).is_ok());
    assert_eq!(hear(&ears), "began");
    workers.promote(&key, Priority::Waited);
    assert!(workers.submit(telling(Kind::Heavy, Priority::Waited, &told, "second")).is_ok());
    go.send(()).unwrap();
    assert_eq!([hear(&ears), hear(&ears)], ["first", "second"]);
}

#[test]
fn a_panic_of_the_one_that_passes_does_not_harm_the_one_that_stands_still() {
    let (told, ears) = sync_channel(8);
    let workers = workers();
    spawn(&workers);
    let ahead = job(Kind::Heavy, Priority::ReadAhead, {
        let told = told.clone();
        move |cancel| {
            told.send("began").unwrap();
            while cancel.stood_still() == Duration::ZERO {
                cancel.check().unwrap();
            }
            told.send("went on").unwrap();
        }
    });
    assert!(workers.submit(ahead).is_ok());
    assert_eq!(hear(&ears), "began");
    let broken = job(Kind::Heavy, Priority::Waited, |_| {
        std::thread::park_timeout(Duration::from_millis(2));
        panic!("as a broken file would")
    });
    assert!(workers.submit(broken).is_ok());
    assert_eq!(hear(&ears), "went on");
}
