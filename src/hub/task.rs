//! The task of one room: owns the core, feeds it mail and time, hands out what it says.
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot, watch};

use crate::clock::Instant;
use crate::hub::outbox::{Closing, Lane, Outbox};
use crate::hub::{Inner, MAILBOX_MAX, PlayheadMoved, RoomHandle, RoomMedia, RoomSummary};
use crate::model::{MemberId, RoomCode, SessionId};
use crate::rooms::{Event, Input, Join, JoinError, Output, Playhead, Room};

/// What arrives at a room.
pub(crate) enum Mail {
    /// Somebody wants in.
    Join { join: Join, outbox: Arc<Outbox>, reply: oneshot::Sender<Result<(MemberId, u64), JoinError>> },
    /// Somebody did something.
    Input { member: MemberId, connection: u64, input: Input },
    /// A connection ended: with a goodbye, or it broke.
    HangUp { member: MemberId, connection: u64, goodbye: bool },
    /// The server puts a title on.
    Load(RoomMedia, oneshot::Sender<()>),
    /// Answered when everything before it has been done.
    Flush(oneshot::Sender<()>),
    /// The room is over.
    Close,
}

struct Connection {
    /// Tells a member's present connection from an earlier one whose messages are still under way.
    number: u64,
    outbox: Arc<Outbox>,
}

struct RoomTask {
    hub: Arc<Inner>,
    code: RoomCode,
    room: Room,
    mailbox: mpsc::Receiver<Mail>,
    connections: BTreeMap<MemberId, Connection>,
    last_connection: u64,
    summary: watch::Sender<RoomSummary>,
    over: Option<Closing>,
}

/// A room about to run: the way in, and the task.
pub(crate) fn room(
    hub: Arc<Inner>,
    mut room: Room,
    media: Option<RoomMedia>,
    (created_at_ms, maker): (i64, Option<SessionId>),
) -> (RoomHandle, impl Future<Output = ()> + Send + 'static) {
    if let Some(media) = media {
        room.handle(hub.clock.now(), Input::Load(media));
    }
    let info = room.info().clone();
    let media = room.media().cloned();
    let first = RoomSummary { code: info.code.clone(), name: info.name, members: 0, media, created_at_ms, maker };
    let (mailbox, receiver) = mpsc::channel(MAILBOX_MAX);
    let (summary, summary_receiver) = watch::channel(first);
    let sessions = Arc::clone(&hub.sessions);
    let task = RoomTask {
        hub,
        code: info.code,
        room,
        mailbox: receiver,
        connections: BTreeMap::new(),
        last_connection: 0,
        summary,
        over: None,
    };
    (RoomHandle { mailbox, summary: summary_receiver, sessions }, task.run())
}

impl RoomTask {
    async fn run(mut self) {
        let stop = self.hub.stop.clone();
        self.drain();
        while self.over.is_none() {
            let due = self.room.poll_timeout();
            tokio::select! {
                biased;
                () = stop.cancelled() => self.over = Some(Closing::GoingAway),
                () = sleep_until(due, self.hub.clock.now()) => self.room.handle_timeout(self.hub.clock.now()),
                mail = self.mailbox.recv() => match mail {
                    Some(mail) => self.receive(mail),
                    None => self.over = Some(Closing::RoomClosed),
                },
            }
            self.drain();
        }
    }

    fn receive(&mut self, mail: Mail) {
        let now = self.hub.clock.now();
        match mail {
            Mail::Join { join, outbox, reply } => self.join(now, &join, outbox, reply),
            Mail::Input { member, connection, input } if self.is_present(member, connection) => {
                self.room.handle(now, input);
            }
            Mail::HangUp { member, connection, goodbye } if self.is_present(member, connection) => {
                self.connections.remove(&member);
                let input = if goodbye { Input::Leave(member) } else { Input::Disconnected(member) };
                self.room.handle(now, input);
            }
            // From an earlier connection of a member who has a newer one.
            Mail::Input { .. } | Mail::HangUp { .. } => {}
            Mail::Load(media, reply) => {
                self.room.handle(now, Input::Load(media));
                self.drain();
                // Whoever asked may have gone.
                let _ = reply.send(());
            }
            Mail::Flush(reply) => {
                let _ = reply.send(());
            }
            Mail::Close => self.over = Some(Closing::RoomClosed),
        }
    }

    fn is_present(&self, member: MemberId, connection: u64) -> bool {
        self.connections.get(&member).is_some_and(|present| present.number == connection)
    }

    fn join(
        &mut self,
        now: Instant,
        join: &Join,
        outbox: Arc<Outbox>,
        reply: oneshot::Sender<Result<(MemberId, u64), JoinError>>,
    ) {
        let joined = self.room.join(now, join);
        if let Ok(member) = joined {
            self.last_connection += 1;
            let connection = Connection { number: self.last_connection, outbox };
            if let Some(earlier) = self.connections.insert(member, connection) {
                earlier.outbox.close(Closing::Replaced);
            }
        }
        if reply.send(joined.map(|member| (member, self.last_connection))).is_err()
            && let Ok(member) = joined
        {
            // The connection ended while it waited at the door.
            self.room.handle(now, Input::Disconnected(member));
            self.connections.remove(&member);
        }
    }

    fn drain(&mut self) {
        while let Some(output) = self.room.poll_output() {
            match output {
                Output::Send(member, event) => {
                    if let Some(connection) = self.connections.get(&member) {
                        connection.outbox.push(lane(&event), (self.hub.encode)(&event));
                    }
                }
                Output::Broadcast(event) => {
                    let (lane, message) = (lane(&event), (self.hub.encode)(&event));
                    for connection in self.connections.values() {
                        connection.outbox.push(lane, message.clone());
                    }
                }
                Output::Playhead(playhead) => self.moved(&playhead),
                Output::Close => self.over = Some(Closing::RoomClosed),
            }
        }
        self.summarise();
    }

    fn moved(&self, playhead: &Playhead) {
        let Playhead { media, position, playing } = *playhead;
        let moved =
            PlayheadMoved { room: self.code.clone(), media: Some(media), position_ms: position.as_ms(), playing };
        // Nobody has to follow.
        let _ = self.hub.moved.send(moved);
    }

    fn summarise(&self) {
        let members = u32::try_from(self.room.online()).unwrap_or(u32::MAX);
        self.summary.send_if_modified(|summary| {
            if summary.members == members && summary.media.as_ref() == self.room.media() {
                return false;
            }
            summary.members = members;
            summary.media = self.room.media().cloned();
            true
        });
    }
}

impl Drop for RoomTask {
    /// However the task ends, a panic included: the room is off the list and nobody waits for it.
    fn drop(&mut self) {
        self.hub.forget(&self.code);
        let over = PlayheadMoved { room: self.code.clone(), media: None, position_ms: 0, playing: false };
        // Nobody has to follow.
        let _ = self.hub.moved.send(over);
        let why = self.over.unwrap_or(Closing::RoomClosed);
        for connection in self.connections.values() {
            connection.outbox.close(why);
        }
    }
}

fn lane(event: &Event) -> Lane {
    match event {
        Event::State(_) => Lane::State,
        Event::Members { .. } => Lane::Members,
        Event::Chat(_) => Lane::Chat,
        Event::Welcome { .. } | Event::Ack { .. } | Event::Nack { .. } => Lane::Answer,
    }
}

async fn sleep_until(due: Option<Instant>, now: Instant) {
    match due {
        Some(due) => tokio::time::sleep(due.since(now)).await,
        None => std::future::pending().await,
    }
}
