//! The room socket with everything real behind it: token, room, film, media engine.
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::support::films::folder;
use crate::support::server::Server;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn say(socket: &mut Socket, message: Value) {
    socket.send(Message::text(message.to_string())).await.unwrap();
}

/// The next message of a kind that satisfies a condition; others are passed by.
async fn hear(socket: &mut Socket, kind: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let listening = async {
        loop {
            let Message::Text(text) = socket.next().await.unwrap().unwrap() else { continue };
            let message: Value = serde_json::from_str(&text).unwrap();
            if message["t"] == kind && wanted(&message) {
                return message;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), listening).await.unwrap()
}

/// The code it is closed with.
async fn closed(socket: &mut Socket) -> u16 {
    let listening = async {
        loop {
            if let Message::Close(frame) = socket.next().await.unwrap().unwrap() {
                return u16::from(frame.unwrap().code);
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), listening).await.unwrap()
}

async fn enter(server: &Server, code: &str, name: &str) -> Socket {
    let ask = json!({"name": name, "room": code});
    let session: Value = server.post("/api/v1/auth/guest", &ask).await.json().await.unwrap();
    enter_with(server, code, &session["access_token"]).await
}

async fn enter_with(server: &Server, code: &str, token: &Value) -> Socket {
    let url = server.url(&format!("/api/v1/rooms/{code}/ws")).replace("http://", "ws://");
    let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
    say(&mut socket, json!({"t": "hello", "v": 1, "token": token})).await;
    socket
}

#[tokio::test]
async fn two_guests_watch_a_film_and_the_room_ends_with_the_server() {
    let Some(films) = folder() else { return };
    let dir = tempfile::tempdir().unwrap();
    std::fs::copy(films.join("sintel_trailer_720p.mp4"), dir.path().join("Film.mp4")).unwrap();
    let mut server = Server::with_films(&[dir.path()]);
    let titles = server.scanned(1).await;
    let ask = json!({"media_id": titles[0]["id"]});
    let room: Value = server.post("/api/v1/rooms", &ask).await.json().await.unwrap();
    let code = room["code"].as_str().unwrap();
    assert_eq!(room["media"]["title"], "Film");

    let mut ann = enter(&server, code, "Ann").await;
    hear(&mut ann, "welcome", |welcome| welcome["room"]["code"] == code).await;
    let state = hear(&mut ann, "state", |state| state["media"]["id"] == titles[0]["id"]).await;
    let mut bob = enter(&server, code, "Bob").await;
    hear(&mut ann, "members", |list| list["members"].as_array().unwrap().len() == 2).await;

    let base = json!({"epoch": state["epoch"], "rev": state["rev"]});
    say(&mut ann, json!({"t": "cmd", "id": "1", "kind": "play", "base": base})).await;
    hear(&mut ann, "ack", |ack| ack["id"] == "1").await;
    let plays = |state: &Value| state["v"] == 1.0;
    let (for_ann, for_bob) = tokio::join!(hear(&mut ann, "state", plays), hear(&mut bob, "state", plays));
    assert_eq!(for_ann, for_bob);
    assert_eq!(server.json(&format!("/api/v1/rooms/{code}")).await["members"], 2);

    let stopped = tokio::time::timeout(Duration::from_secs(5), server.stop()).await;
    assert_eq!(stopped.expect("open sockets held up the end"), Some(0));
}

#[tokio::test]
async fn a_token_for_another_room_does_not_open_this_one() {
    let empty = tempfile::tempdir().unwrap();
    let server = Server::with_films(&[empty.path()]);
    let room: Value = server.post("/api/v1/rooms", &json!({})).await.json().await.unwrap();
    let url = format!("/api/v1/rooms/{}/ws", room["code"].as_str().unwrap());
    let ask = json!({"name": "Eve", "room": "ZZZZZZZZ"});
    let session: Value = server.post("/api/v1/auth/guest", &ask).await.json().await.unwrap();
    let (mut socket, _) = tokio_tungstenite::connect_async(server.url(&url).replace("http://", "ws://")).await.unwrap();
    say(&mut socket, json!({"t": "hello", "v": 1, "token": session["access_token"]})).await;
    assert_eq!(closed(&mut socket).await, 4401);
}

#[tokio::test]
async fn whoever_signs_out_is_out_of_the_room_too_and_stays_out_after_a_restart() {
    let (empty, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut server = Server::on(data.path(), &[empty.path()], &[]);
    let room: Value = server.post("/api/v1/rooms", &json!({})).await.json().await.unwrap();
    let session: Value = server.post("/api/v1/auth/guest", &json!({"name": "Ann"})).await.json().await.unwrap();
    let mut ann = enter_with(&server, room["code"].as_str().unwrap(), &session["access_token"]).await;
    hear(&mut ann, "welcome", |_| true).await;
    let token = session["access_token"].as_str().unwrap();
    let logout = server.http.post(server.url("/api/v1/auth/logout")).bearer_auth(token).send().await.unwrap();
    assert_eq!(logout.status(), 204);
    assert_eq!(closed(&mut ann).await, 4401);
    assert_eq!(server.stop().await, Some(0));
    let server = Server::on(data.path(), &[empty.path()], &[]);
    let me = server.http.get(server.url("/api/v1/auth/me")).bearer_auth(token).send().await.unwrap();
    assert_eq!(me.status(), 401);
}
