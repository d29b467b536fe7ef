//! A server with nothing but the room socket, and people who connect to it.
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use watchparty::clock::{SharedClock, SystemClock};
use watchparty::http::{Site, SiteConfig, harden};
use watchparty::hub::{Hub, RoomMedia};
use watchparty::model::{DisplayName, MediaTime, RoomCode, SessionId};
use watchparty::ws::{Guest, Patience, Sockets, router, translate};

/// Nothing here takes this long; a test that waits longer has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// Where people outside reach the server, through somebody's proxy.
pub(crate) const PUBLIC_URL: &str = "https://party.example.org";

pub(crate) fn film() -> RoomMedia {
    let id = "0198c0de00007000800000000000cafe".parse().expect("an id");
    RoomMedia { id, title: "A film".into(), duration: MediaTime::from_ms(600_000) }
}

pub(crate) struct Party {
    pub(crate) address: SocketAddr,
    pub(crate) hub: Hub,
    pub(crate) room: RoomCode,
    pub(crate) stop: CancellationToken,
    pub(crate) tracker: TaskTracker,
}

impl Party {
    /// A running server with one room and a film on.
    pub(crate) async fn start() -> Self {
        Self::start_with(Patience::default()).await
    }

    pub(crate) async fn start_with(patience: Patience) -> Self {
        let clock: SharedClock = Arc::new(SystemClock);
        let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
        let hub = Hub::new(Arc::clone(&clock), tracker.clone(), stop.clone(), translate::encode);
        let room = hub.create(None, Some(film()), None).expect("a free room").code;
        let sockets = Sockets {
            hub: hub.clone(),
            clock,
            tracker: tracker.clone(),
            stop: stop.clone(),
            verify: Arc::new(verify),
            patience,
            find_title: Arc::new(|id| async move { Some(film()).filter(|film| film.id == id) }.boxed()),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound socket");
        let site = Site::new(SiteConfig { public_url: Some(PUBLIC_URL.into()), ..SiteConfig::default() });
        // As the server has it: what the edge changes or refuses is part of what clients get.
        let app: Router = harden(router().with_state(sockets), site);
        let stopped = stop.clone().cancelled_owned();
        tracker.spawn(async move { axum::serve(listener, app).with_graceful_shutdown(stopped).await });
        Self { address, hub, room, stop, tracker }
    }

    pub(crate) fn url(&self, room: &str) -> String {
        format!("ws://{}/api/v1/rooms/{room}/ws", self.address)
    }

    /// A connection that has not said anything yet.
    pub(crate) async fn connect(&self) -> Person {
        self.connect_to(self.room.as_str()).await
    }

    pub(crate) async fn connect_to(&self, room: &str) -> Person {
        let (socket, _) = connect_async(self.url(room)).await.expect("an upgrade");
        Person { socket, you: 0, key: String::new() }
    }

    /// Somebody who has been welcomed.
    pub(crate) async fn join(&self, name: &str) -> Person {
        self.join_with(json!({"t": "hello", "v": 1, "token": name})).await
    }

    pub(crate) async fn join_with(&self, hello: Value) -> Person {
        let mut person = self.connect().await;
        person.send(hello).await;
        let welcome = person.hear("welcome").await;
        person.you = welcome["you"].as_u64().expect("a member id");
        person.key = welcome["key"].as_str().map(String::from).expect("a secret");
        person
    }
}

/// Everybody of one name comes with one session.
pub(crate) fn session_of(name: &str) -> SessionId {
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(name.bytes()).for_each(|(byte, letter)| *byte = letter);
    SessionId::from_bytes(bytes)
}

/// A token is a name, or a name and the only room it is for.
fn verify(token: &str) -> Option<Guest> {
    let (name, room) = token.split_once('@').map_or((token, None), |(name, room)| (name, Some(room)));
    let room = room.map(|room| room.parse().expect("a code"));
    (name != "nobody").then(|| Guest { name: DisplayName::new(name).expect("a name"), session: session_of(name), room })
}

pub(crate) struct Person {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub(crate) you: u64,
    pub(crate) key: String,
}

impl Person {
    pub(crate) async fn send(&mut self, message: Value) {
        self.send_raw(Message::text(message.to_string())).await;
    }

    pub(crate) async fn send_raw(&mut self, message: Message) {
        timeout(PATIENCE, self.socket.send(message)).await.expect("room to write").expect("an open socket");
    }

    pub(crate) async fn command(&mut self, id: &str, kind: &str, more: Value) {
        let mut command = json!({"t": "cmd", "id": id, "kind": kind, "base": {"epoch": 1, "rev": 1_000_000}});
        for (key, value) in more.as_object().into_iter().flatten() {
            command[key] = value.clone();
        }
        self.send(command).await;
    }

    async fn next(&mut self) -> Option<Message> {
        timeout(PATIENCE, self.socket.next()).await.expect("something to hear").and_then(Result::ok)
    }

    /// The next message of a type; others are skipped.
    pub(crate) async fn hear(&mut self, kind: &str) -> Value {
        self.hear_that(|message| message["t"] == kind).await
    }

    /// The next message that fits; others are skipped.
    pub(crate) async fn hear_that(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self.next().await.expect("an open socket");
            let Ok(text) = message.to_text() else { continue };
            let Ok(message) = serde_json::from_str::<Value>(text) else { panic!("closed: {message:?}") };
            if fits(&message) {
                return message;
            }
        }
    }

    /// Hears until the end; answers with the close code, if there was one.
    pub(crate) async fn hear_the_end(&mut self) -> Option<u16> {
        loop {
            match self.next().await {
                Some(Message::Close(frame)) => return frame.map(|frame| frame.code.into()),
                Some(_) => {}
                None => return None,
            }
        }
    }

    pub(crate) async fn close(mut self, code: u16) {
        let frame = CloseFrame { code: CloseCode::from(code), reason: "".into() };
        self.socket.close(Some(frame)).await.expect("an open socket");
        self.hear_the_end().await;
    }
}
