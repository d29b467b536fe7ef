//! What people in a room hear of each other, and what misbehaviour costs: only the one who misbehaves.
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use crate::ws::party::{PATIENCE, Party, film};

#[tokio::test]
async fn play_is_acknowledged_and_everybody_hears_the_same_start() {
    let party = Party::start().await;
    let (mut ann, mut bob) = (party.join("Ann").await, party.join("Bob").await);
    let rev = ann.hear("state").await["rev"].clone();
    for person in [&mut ann, &mut bob] {
        person.send(json!({"t": "ready", "epoch": 1, "rev": rev, "buffered_ms": 2000})).await;
        person.send(json!({"t": "ping", "c0": 1})).await;
        person.hear("pong").await;
    }
    ann.command("c1", "play", json!({})).await;
    let ack = ann.hear("ack").await;
    assert_eq!(ack["id"], "c1");
    let plays = |message: &Value| message["t"] == "state" && message["v"] == 1.0;
    let (hers, his) = (ann.hear_that(plays).await, bob.hear_that(plays).await);
    assert_eq!(hers, his);
    assert_eq!(hers["p0"], 0);
    bob.send(json!({"t": "ping", "c0": 2.5})).await;
    let pong = bob.hear("pong").await;
    assert_eq!(pong["c0"], 2.5);
    assert!(pong["s1"].as_f64() <= pong["s2"].as_f64());
    assert!(his["t0"].as_f64().unwrap() > pong["s1"].as_f64().unwrap() - PATIENCE.as_secs_f64() * 1000.0);
}

#[tokio::test]
async fn a_room_that_waits_says_for_whom_and_until_when() {
    let party = Party::start().await;
    let mut ann = party.join("Ann").await;
    ann.command("c1", "play", json!({})).await;
    let state = ann.hear_that(|message| message["t"] == "state" && !message["waiting"].is_null()).await;
    assert_eq!(state["waiting"]["members"], json!([ann.you]));
    ann.send(json!({"t": "ready", "epoch": 1, "rev": state["rev"]})).await;
    let state = ann.hear_that(|message| message["t"] == "state" && message["v"] == 1.0).await;
    assert_eq!(state["cause"], "start");
}

#[tokio::test]
async fn garbage_gets_an_error_and_the_room_lives_on() {
    let party = Party::start().await;
    let (mut ann, mut bob) = (party.join("Ann").await, party.join("Bob").await);
    for (garbage, code) in [
        (Message::text("{"), "bad_message"),
        (Message::text(r#"{"t":"dance"}"#), "unknown_type"),
        (Message::text(format!(r#"{{"t":"chat","id":"{}","text":"x"}}"#, "i".repeat(65))), "bad_message"),
        (Message::text(format!("{}{}", "[".repeat(5_000), "]".repeat(5_000))), "bad_message"),
        (Message::binary(vec![0, 159, 146, 150]), "binary"),
        (Message::text(r#"{"t":"hello","v":1,"token":"Ann"}"#), "bad_message"),
    ] {
        ann.send_raw(garbage).await;
        assert_eq!(ann.hear("error").await["code"], code);
    }
    ann.send(json!({"t": "chat", "id": "1", "text": "sorry"})).await;
    assert_eq!(bob.hear_that(|message| message["text"] == "sorry").await["from"], ann.you);
}

#[tokio::test]
async fn too_much_garbage_ends_the_connection_of_the_one_who_sends_it() {
    let party = Party::start().await;
    let (mut ann, mut bob) = (party.join("Ann").await, party.join("Bob").await);
    for _ in 0..20 {
        ann.send_raw(Message::text("?")).await;
    }
    assert_eq!(ann.hear_the_end().await, Some(4429));
    bob.command("c1", "play", json!({})).await;
    bob.hear("ack").await;
}

#[tokio::test]
async fn a_frame_too_large_ends_only_the_connection_it_came_from() {
    let party = Party::start().await;
    let (mut ann, mut bob) = (party.join("Ann").await, party.join("Bob").await);
    ann.send_raw(Message::text("x".repeat(16 * 1024 + 1))).await;
    let code = ann.hear_the_end().await;
    assert!(code.is_none_or(|code| code == 1009), "{code:?}");
    let gone = |message: &Value| message["t"] == "members" && message["members"][0]["online"] == false;
    bob.hear_that(gone).await;
    bob.command("c1", "play", json!({})).await;
    bob.hear("ack").await;
}

#[tokio::test]
async fn a_probe_is_answered_while_others_flood_the_chat() {
    let party = Party::start().await;
    let mut ann = party.join("Ann").await;
    let floods = 8;
    for number in 0..floods {
        let mut flooder = party.join(&format!("Flood {number}")).await;
        party.tracker.spawn(async move {
            for id in 0..50 {
                flooder.send(json!({"t": "chat", "id": id.to_string(), "text": "spam ".repeat(100)})).await;
            }
            flooder.hear_the_end().await
        });
    }
    for probe in 0..20 {
        ann.send(json!({"t": "ping", "c0": probe})).await;
        let answered = timeout(Duration::from_secs(1), ann.hear("pong")).await.expect("an answer in time");
        assert_eq!(answered["c0"], f64::from(probe));
    }
    party.stop.cancel();
}

#[tokio::test]
async fn a_refused_command_comes_with_the_state_as_it_is() {
    let party = Party::start().await;
    let mut ann = party.join("Ann").await;
    ann.command("c1", "seek", json!({})).await;
    let nack = ann.hear("nack").await;
    assert_eq!((&nack["id"], &nack["why"], &nack["state"]["rev"]), (&json!("c1"), &json!("invalid"), &json!(1)));
    ann.command("c2", "load", json!({"media": "00000000000000000000000000000000"})).await;
    assert_eq!(ann.hear("nack").await["why"], "no_media");
    ann.command("c3", "load", json!({"media": film().id})).await;
    assert_eq!(ann.hear("ack").await["id"], "c3");
}

#[tokio::test]
async fn a_goodbye_frees_the_place_at_once_and_a_reload_does_not() {
    let party = Party::start().await;
    let (mut ann, bob, cleo) = (party.join("Ann").await, party.join("Bob").await, party.join("Cleo").await);
    bob.close(1000).await;
    cleo.close(1001).await;
    let members = ann
        .hear_that(|message| {
            message["t"] == "members"
                && message["total"] == 2
                && !message["members"][1]["online"].as_bool().unwrap_or(true)
        })
        .await;
    assert_eq!(members["members"][1]["name"], "Cleo");
}

#[tokio::test]
async fn a_closed_room_sends_its_members_away() {
    let party = Party::start().await;
    let mut ann = party.join("Ann").await;
    assert!(party.hub.close(&party.room).await);
    assert_eq!(ann.hear_the_end().await, Some(4404));
    assert!(party.hub.room(&party.room).is_none() && !party.hub.close(&party.room).await);
}

#[tokio::test]
async fn shutting_down_ends_every_socket_and_every_task() {
    let party = Party::start().await;
    let (mut ann, mut silent) = (party.join("Ann").await, party.connect().await);
    party.stop.cancel();
    assert_eq!(ann.hear_the_end().await, Some(1001));
    assert_eq!(silent.hear_the_end().await, Some(1001));
    party.tracker.close();
    timeout(PATIENCE, party.tracker.wait()).await.expect("no task stays behind");
}

#[tokio::test]
async fn whoever_follows_the_hub_hears_where_rooms_go() {
    let party = Party::start().await;
    let mut moves = party.hub.follow();
    let mut ann = party.join("Ann").await;
    ann.command("c1", "seek", json!({"pos": 90_000})).await;
    let next = async {
        loop {
            let playhead = moves.recv().await.expect("a running hub");
            if playhead.position_ms == 90_000 {
                return playhead;
            }
        }
    };
    let playhead = timeout(PATIENCE, next).await.expect("a seek is told");
    assert_eq!((playhead.room, playhead.media, playhead.playing), (party.room.clone(), Some(film().id), false));
    let summary = &party.hub.list()[0];
    assert_eq!((summary.members, summary.media.as_ref()), (1, Some(&film())));
    assert!(party.hub.close(&party.room).await);
    let over = async { while moves.recv().await.expect("a running hub").media.is_some() {} };
    timeout(PATIENCE, over).await.expect("the end of a room is told");
}
