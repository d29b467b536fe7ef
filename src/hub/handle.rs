//! The way into a room from outside its task.
use std::sync::Arc;

use aws_lc_rs::rand;
use tokio::sync::{mpsc, oneshot, watch};

use crate::hub::outbox::Outbox;
use crate::hub::sessions::{Pass, Sessions};
use crate::hub::task::Mail;
use crate::hub::{HubError, RoomMedia, RoomSummary};
use crate::model::{DisplayName, MemberId, SessionId};
use crate::rooms::{Input, Join, Resume, ResumeKey};

/// Somebody at the door of a room.
#[derive(Clone, Debug)]
pub struct Knock {
    /// Their name.
    pub name: DisplayName,
    /// The session they come with; the connection ends with it.
    pub session: SessionId,
    /// Who they were, if they were here before.
    pub resume: Option<Resume>,
}

/// Talks to one room.
#[derive(Clone)]
pub struct RoomHandle {
    pub(crate) mailbox: mpsc::Sender<Mail>,
    pub(crate) summary: watch::Receiver<RoomSummary>,
    pub(crate) sessions: Arc<Sessions>,
}

impl RoomHandle {
    /// The room as lists show it; up to date with everything that was sent before.
    pub async fn summary(&self) -> RoomSummary {
        let (reply, answer) = oneshot::channel();
        let sent = self.mailbox.send(Mail::Flush(reply)).await;
        if sent.is_ok() {
            // A closed room answers nothing; its last summary is all there is to say.
            let _ = answer.await;
        }
        self.last_summary()
    }

    pub(crate) fn last_summary(&self) -> RoomSummary {
        self.summary.borrow().clone()
    }

    /// Puts a title on the screen, paused at its start.
    pub async fn load(&self, media: RoomMedia) -> Result<(), HubError> {
        let (reply, answer) = oneshot::channel();
        self.mailbox.send(Mail::Load(media, reply)).await.map_err(|_| HubError::Closed)?;
        answer.await.map_err(|_| HubError::Closed)
    }

    /// Lets somebody in. Their welcome, the state and all that follows arrive in the seat's outbox.
    pub async fn join(&self, knock: Knock) -> Result<Seat, HubError> {
        let mut key = [0; 16];
        rand::fill(&mut key).map_err(|_| HubError::Entropy)?;
        let join = Join { name: knock.name, resume: knock.resume, key: ResumeKey(key) };
        let outbox = Arc::new(Outbox::default());
        let (reply, answer) = oneshot::channel();
        let mail = Mail::Join { join, outbox: Arc::clone(&outbox), reply };
        self.mailbox.send(mail).await.map_err(|_| HubError::Closed)?;
        let (member, connection) = answer.await.map_err(|_| HubError::Closed)??;
        let pass = self.sessions.enter(knock.session, &outbox);
        Ok(Seat { member, connection, outbox, _pass: pass, mailbox: self.mailbox.clone(), given_back: false })
    }

    pub(crate) async fn close(&self) -> bool {
        self.mailbox.send(Mail::Close).await.is_ok()
    }
}

/// One connection's place in a room, given back by [`Seat::leave`], [`Seat::disconnected`] or, if all else fails, drop.
pub struct Seat {
    member: MemberId,
    connection: u64,
    outbox: Arc<Outbox>,
    _pass: Pass,
    mailbox: mpsc::Sender<Mail>,
    given_back: bool,
}

impl Seat {
    /// Who sits here.
    pub fn member(&self) -> MemberId {
        self.member
    }

    /// What has to be told here.
    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// Passes on what this member did. Waits when the room has a lot to do; does nothing when the room is over or the
    /// member sits elsewhere by now.
    pub async fn send(&self, input: Input) {
        let mail = Mail::Input { member: self.member, connection: self.connection, input };
        // A closed room tells its members through their outboxes.
        let _ = self.mailbox.send(mail).await;
    }

    /// The connection broke; the place is kept for a while.
    pub async fn disconnected(self) {
        self.hang_up(false).await;
    }

    /// The member said goodbye.
    pub async fn leave(self) {
        self.hang_up(true).await;
    }

    async fn hang_up(mut self, goodbye: bool) {
        let mail = Mail::HangUp { member: self.member, connection: self.connection, goodbye };
        let _ = self.mailbox.send(mail).await;
        self.given_back = true;
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if !self.given_back {
            let mail = Mail::HangUp { member: self.member, connection: self.connection, goodbye: false };
            let _ = self.mailbox.try_send(mail);
        }
    }
}
