//! Rooms as running tasks, joined without a socket.
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use watchparty::clock::SystemClock;
use watchparty::hub::{Closing, Hub, HubError, Knock, ROOMS_MAX, Seat};
use watchparty::model::{DisplayName, SessionId};
use watchparty::rooms::Input;
use watchparty::ws::translate;

const PATIENCE: Duration = Duration::from_secs(5);

struct Running {
    hub: Hub,
    tracker: TaskTracker,
    stop: CancellationToken,
}

fn hub() -> Running {
    let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
    let hub = Hub::new(Arc::new(SystemClock), tracker.clone(), stop.clone(), translate::encode);
    Running { hub, tracker, stop }
}

fn knock(name: &str) -> Knock {
    let session = SessionId::from_uuid(uuid::Uuid::new_v4());
    Knock { name: DisplayName::new(name).expect("a name"), session, resume: None }
}

/// Reads until a text is heard.
async fn hear(seat: &Seat, text: &str) {
    let heard = async {
        loop {
            let batch = seat.outbox().next().await.expect("a seat that is not let go");
            if batch.iter().any(|message| String::from_utf8_lossy(message).contains(text)) {
                return;
            }
        }
    };
    timeout(PATIENCE, heard).await.unwrap_or_else(|_| panic!("{text} was not heard"));
}

#[tokio::test]
async fn a_reader_that_never_reads_is_let_go_and_nobody_else_notices() {
    let running = hub();
    let room = running.hub.create(None, None, None).unwrap().code;
    let room = running.hub.room(&room).unwrap();
    let sleeper = room.join(knock("Sleeper")).await.unwrap();
    let mut talkers = Vec::new();
    for number in 0..16 {
        let talker = room.join(knock(&format!("Talker {number}"))).await.unwrap();
        for line in 0..5 {
            let (id, text) = (line.to_string(), format!("{number} says {line}"));
            talker.send(Input::Chat { member: talker.member(), id, text }).await;
            hear(&talker, &format!("{number} says {line}")).await;
        }
        talkers.push(talker);
        // Everybody else reads along.
        for other in &talkers[..number] {
            hear(other, &format!("{number} says 4")).await;
        }
    }
    assert_eq!(timeout(PATIENCE, sleeper.outbox().closed()).await, Ok(Closing::Slow));
    sleeper.disconnected().await;
    assert_eq!(room.summary().await.members, 16);
}

#[tokio::test]
async fn a_seat_that_is_dropped_is_given_back() {
    let running = hub();
    let room = running.hub.create(None, None, None).unwrap().code;
    let room = running.hub.room(&room).unwrap();
    drop(room.join(knock("Ann")).await.unwrap());
    assert_eq!(room.summary().await.members, 0);
}

#[tokio::test]
async fn there_are_only_so_many_rooms_and_each_has_its_own_code() {
    let running = hub();
    for _ in 0..ROOMS_MAX {
        running.hub.create(None, None, None).unwrap();
    }
    assert_eq!(running.hub.create(None, None, None).unwrap_err(), HubError::Full);
    assert_eq!(running.hub.list().len(), ROOMS_MAX);
    let first = running.hub.list()[0].code.clone();
    assert!(running.hub.close(&first).await);
    running.hub.create(None, None, None).unwrap();
}

#[tokio::test]
async fn stopping_ends_every_room() {
    let running = hub();
    let room = running.hub.create(None, None, None).unwrap().code;
    let room = running.hub.room(&room).unwrap();
    let seat = room.join(knock("Ann")).await.unwrap();
    running.stop.cancel();
    assert_eq!(timeout(PATIENCE, seat.outbox().closed()).await, Ok(Closing::GoingAway));
    running.tracker.close();
    timeout(PATIENCE, running.tracker.wait()).await.unwrap();
    assert!(running.hub.list().is_empty());
    assert_eq!(running.hub.create(None, None, None).unwrap_err(), HubError::Full);
    assert!(matches!(room.join(knock("Bob")).await, Err(HubError::Closed)));
    assert_eq!(room.summary().await.members, 1);
}
