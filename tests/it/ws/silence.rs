//! What becomes of those who say nothing.
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;
use watchparty::hub::{Knock, Seat};
use watchparty::model::DisplayName;
use watchparty::ws::Patience;

use crate::ws::party::{PATIENCE, Party, session_of};

/// Reads a seat until the first member's presence is as told.
async fn sees(observer: &Seat, online: bool) {
    let seen = async {
        loop {
            for message in observer.outbox().next().await.expect("a seat") {
                let message: Value = serde_json::from_slice(&message).expect("JSON");
                if message["t"] == "members" && message["members"][1]["online"] == online {
                    return;
                }
            }
        }
    };
    timeout(PATIENCE, seen).await.expect("a list of members that says so");
}

#[tokio::test]
async fn no_hello_in_time_ends_the_connection() {
    let patience = Patience { hello_within: Duration::from_millis(100), ..Patience::default() };
    let party = Party::start_with(patience).await;
    assert_eq!(party.connect().await.hear_the_end().await, Some(4401));
}

#[tokio::test]
async fn whoever_falls_silent_is_shown_offline_until_heard_again_and_let_go_in_the_end() {
    let patience = Patience {
        quiet_after: Duration::from_millis(300),
        silent_max: Duration::from_millis(1_500),
        ..Patience::default()
    };
    let party = Party::start_with(patience).await;
    let room = party.hub.room(&party.room).unwrap();
    let name = DisplayName::new("Observer").unwrap();
    let observer = room.join(Knock { name, session: session_of("observer"), resume: None }).await.unwrap();
    let mut ann = party.join("Ann").await;
    sees(&observer, true).await;
    sees(&observer, false).await;
    ann.send(json!({"t": "ping", "c0": 1})).await;
    ann.hear("pong").await;
    sees(&observer, true).await;
    assert_eq!(ann.hear_the_end().await, Some(1001));
    sees(&observer, false).await;
}
