//! The loop of one socket: `hello`, then messages both ways until somebody ends it.
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code};
use bytes::Bytes;
use futures_util::SinkExt as _;
use tokio::time::{sleep, timeout};

use crate::clock::Instant;
use crate::hub::{Closing, HubError, Knock, RoomHandle, Seat};
use crate::model::RoomCode;
use crate::protocol::ws::{ClientMessage, CommandKind, ServerMessage, VERSION, close};
use crate::rooms::{Input, TokenBucket};
use crate::ws::limits::{CLOSE_WITHIN, ERRORS_MAX, FIND_WITHIN, MESSAGES_BURST, MESSAGES_PER_SECOND, WRITE_WITHIN};
use crate::ws::{Sockets, translate};

/// How a socket ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// The client said goodbye and will not come back.
    Goodbye,
    /// The connection broke, or the client closed it to come back.
    Lost,
    /// This side ends it.
    Close(u16, &'static str),
}

impl From<Closing> for Ending {
    fn from(why: Closing) -> Self {
        match why {
            Closing::Slow => Self::Close(close::SLOW, "too slow"),
            Closing::Replaced => Self::Close(close::REPLACED, "connected elsewhere"),
            Closing::SignedOut => Self::Close(close::UNAUTHORIZED, "signed out"),
            Closing::RoomClosed => Self::Close(close::NO_SUCH_ROOM, "the room is closed"),
            Closing::GoingAway => Self::Close(close_code::AWAY, "the server goes down"),
        }
    }
}

/// What woke the loop.
enum Event {
    Frame(Option<Result<Message, axum::Error>>),
    Told(Result<Vec<Bytes>, Closing>),
    Silence,
}

/// Runs a socket to its end.
pub(crate) async fn serve(sockets: Sockets, room: Option<(RoomCode, RoomHandle)>, socket: WebSocket) {
    let now = sockets.clock.now();
    let tokens = TokenBucket::new(MESSAGES_BURST, MESSAGES_PER_SECOND, now);
    let mut line = Line { sockets, socket, tokens, errors: 0, heard: now, quiet: false };
    let ending = match room {
        Some((code, room)) => line.run(&code, &room).await,
        None => Ending::Close(close::NO_SUCH_ROOM, "there is no such room"),
    };
    line.end(ending).await;
}

struct Line {
    sockets: Sockets,
    socket: WebSocket,
    tokens: TokenBucket,
    /// Messages that were none.
    errors: u32,
    /// When the client was last heard.
    heard: Instant,
    /// The room believes this member is offline.
    quiet: bool,
}

impl Line {
    async fn run(&mut self, code: &RoomCode, room: &RoomHandle) -> Ending {
        let stop = self.sockets.stop.clone();
        let hello_within = self.sockets.patience.hello_within;
        let admitted = tokio::select! {
            admitted = timeout(hello_within, self.admit(code, room)) => admitted,
            () = stop.cancelled() => return Closing::GoingAway.into(),
        };
        let seat = match admitted {
            Ok(Ok(seat)) => seat,
            Ok(Err(ending)) => return ending,
            Err(_) => return Ending::Close(close::UNAUTHORIZED, "no hello in time"),
        };
        let ending = match self.converse(&seat).await {
            Ok(never) => match never {},
            Err(ending) => ending,
        };
        if ending == Ending::Goodbye {
            seat.leave().await;
        } else {
            seat.disconnected().await;
        }
        ending
    }

    /// Waits for a `hello` and finds its sender a seat.
    async fn admit(&mut self, code: &RoomCode, room: &RoomHandle) -> Result<Seat, Ending> {
        loop {
            let frame = self.socket.recv().await;
            let Some(text) = self.read(frame).await? else { continue };
            let (v, token, resume) = match translate::decode(&text) {
                Ok(ClientMessage::Hello { v, token, resume }) => (v, token, resume),
                Ok(_) => {
                    self.complain("hello_first", "Say hello first.").await?;
                    continue;
                }
                Err(bad) => {
                    self.complain(bad.code(), &bad.to_string()).await?;
                    continue;
                }
            };
            if v != VERSION {
                self.complain("unsupported_version", "Reload the page: this server speaks another version.").await?;
                return Err(Ending::Close(close::UNAUTHORIZED, "unsupported version"));
            }
            let guest = (self.sockets.verify)(&token);
            let Some(guest) = guest.filter(|guest| guest.room.as_ref().is_none_or(|only| only == code)) else {
                self.complain("unauthorized", "This invitation is not valid here, or not any more.").await?;
                return Err(Ending::Close(close::UNAUTHORIZED, "unauthorized"));
            };
            let knock =
                Knock { name: guest.name, session: guest.session, resume: resume.as_ref().and_then(translate::resume) };
            return match room.join(knock).await {
                // Whoever was signed out on the way in was not among the connections that ended then.
                Ok(seat) if (self.sockets.verify)(&token).is_none() => {
                    seat.leave().await;
                    Err(Closing::SignedOut.into())
                }
                Ok(seat) => Ok(seat),
                Err(HubError::Join(full)) => {
                    self.complain("room_full", &full.to_string()).await?;
                    Err(Ending::Close(close_code::AGAIN, "the room is full"))
                }
                Err(_) => Err(Closing::RoomClosed.into()),
            };
        }
    }

    async fn converse(&mut self, seat: &Seat) -> Result<std::convert::Infallible, Ending> {
        loop {
            let patience = self.patience();
            let event = tokio::select! {
                biased;
                frame = self.socket.recv() => Event::Frame(frame),
                told = seat.outbox().next() => Event::Told(told),
                () = sleep(patience) => Event::Silence,
            };
            match event {
                Event::Frame(frame) => {
                    if let Some(text) = self.read(frame).await? {
                        // Stamped before anything else is done with it.
                        let read_at = self.sockets.clock.now();
                        self.back(seat).await;
                        self.message(seat, &text, read_at).await?;
                    }
                }
                Event::Told(told) => self.tell(seat, told?).await?,
                Event::Silence => self.silence(seat).await?,
            }
        }
    }

    /// How long silence may go on before something has to be done about it.
    fn patience(&self) -> Duration {
        let patience = self.sockets.patience;
        let until = self.heard + if self.quiet { patience.silent_max } else { patience.quiet_after };
        until.since(self.sockets.clock.now())
    }

    async fn silence(&mut self, seat: &Seat) -> Result<(), Ending> {
        if self.quiet {
            return Err(Ending::Close(close_code::AWAY, "nothing heard for too long"));
        }
        self.quiet = true;
        seat.send(Input::Disconnected(seat.member())).await;
        Ok(())
    }

    async fn back(&mut self, seat: &Seat) {
        if std::mem::take(&mut self.quiet) {
            seat.send(Input::Reconnected(seat.member())).await;
        }
    }

    /// The text of a frame, if it has one; complains about what is no text and about too much of it.
    async fn read(&mut self, frame: Option<Result<Message, axum::Error>>) -> Result<Option<Utf8Bytes>, Ending> {
        let frame = match frame {
            Some(Ok(frame)) => frame,
            Some(Err(error)) => return Err(if is_too_big(&error) { TOO_BIG } else { Ending::Lost }),
            None => return Err(Ending::Lost),
        };
        self.heard = self.sockets.clock.now();
        match frame {
            Message::Text(text) if self.tokens.take(self.heard) => Ok(Some(text)),
            Message::Text(_) => self.complain("slow_down", "Too many messages.").await.map(|()| None),
            Message::Binary(_) => self.complain("binary", "Messages are text.").await.map(|()| None),
            Message::Ping(_) | Message::Pong(_) => Ok(None),
            Message::Close(Some(frame)) if frame.code == close_code::NORMAL => Err(Ending::Goodbye),
            Message::Close(_) => Err(Ending::Lost),
        }
    }

    async fn message(&mut self, seat: &Seat, text: &str, read_at: Instant) -> Result<(), Ending> {
        let member = seat.member();
        match translate::decode(text) {
            Ok(ClientMessage::Ping { c0 }) => return self.pong(seat, c0, read_at).await,
            Ok(ClientMessage::Cmd(command)) => {
                let title = match command.media.filter(|_| command.kind == CommandKind::Load) {
                    Some(id) => timeout(FIND_WITHIN, (self.sockets.find_title)(id)).await.ok().flatten(),
                    None => None,
                };
                seat.send(Input::Command(member, translate::command(command, title))).await;
            }
            Ok(ClientMessage::Chat { id, text }) => seat.send(Input::Chat { member, id, text }).await,
            Ok(ClientMessage::Ready { epoch, rev, .. }) => seat.send(Input::Ready { member, epoch, rev }).await,
            Ok(ClientMessage::Stat(report)) => seat.send(Input::Stat(member, translate::stat(report))).await,
            Ok(ClientMessage::Hello { .. }) => return self.complain("bad_message", "You are in already.").await,
            Err(bad) => return self.complain(bad.code(), &bad.to_string()).await,
        }
        Ok(())
    }

    /// Answers a clock probe past every queue: what waits would be measured as distance.
    async fn pong(&mut self, seat: &Seat, c0: f64, read_at: Instant) -> Result<(), Ending> {
        let s1 = read_at.as_ms_f64();
        let s2 = self.sockets.clock.now().as_ms_f64();
        self.tell(seat, vec![translate::text(&ServerMessage::Pong { c0, s1, s2 })]).await
    }

    /// Complains without leaving, unless there was too much to complain about.
    async fn complain(&mut self, code: &str, message: &str) -> Result<(), Ending> {
        self.errors += 1;
        let error = ServerMessage::Error { code: code.to_owned(), message: message.to_owned() };
        let frame = frame(translate::text(&error));
        match timeout(WRITE_WITHIN, self.socket.send(frame)).await {
            Ok(Ok(())) if self.errors < ERRORS_MAX => Ok(()),
            Ok(Ok(())) => Err(Ending::Close(close::FLOOD, "too many messages that are none")),
            Ok(Err(_)) | Err(_) => Err(Ending::Lost),
        }
    }

    /// Writes a batch with one flush, unless the member is let go meanwhile.
    async fn tell(&mut self, seat: &Seat, batch: Vec<Bytes>) -> Result<(), Ending> {
        let socket = &mut self.socket;
        let write = async {
            for message in batch {
                socket.feed(frame(message)).await?;
            }
            socket.flush().await
        };
        tokio::select! {
            biased;
            written = timeout(WRITE_WITHIN, write) => match written {
                Ok(Ok(())) => Ok(()),
                Ok(Err(_)) => Err(Ending::Lost),
                Err(_) => Err(Closing::Slow.into()),
            },
            why = seat.outbox().closed() => Err(why.into()),
        }
    }

    /// Says why, and waits a moment for the other side, lest the system drops what was not read yet.
    async fn end(mut self, ending: Ending) {
        let Ending::Close(code, reason) = ending else { return };
        let close = Message::Close(Some(CloseFrame { code, reason: Utf8Bytes::from_static(reason) }));
        let goodbye = async {
            if self.socket.send(close).await.is_ok() {
                while let Some(Ok(_)) = self.socket.recv().await {}
            }
        };
        // Whoever does not answer is gone all the same.
        let _ = timeout(CLOSE_WITHIN, goodbye).await;
    }
}

const TOO_BIG: Ending = Ending::Close(close_code::SIZE, "message too big");

fn is_too_big(error: &axum::Error) -> bool {
    error.to_string().contains("too long")
}

fn frame(text: Bytes) -> Message {
    // What this server writes is UTF-8; anything else would be dropped by the reader.
    Message::Text(Utf8Bytes::try_from(text).unwrap_or_default())
}
