//! Rooms as running things: one task per room owns its core, its mailbox, its timers and its fan-out.
//!
//! The only driver of [`rooms`](crate::rooms). A room task never waits for a connection: what a connection has to be told
//! goes into its [`Outbox`], and a reader that does not keep up is let go. Never knows a wire format (the encoder is handed
//! in), never a socket, never a file. Called by `ws` (to join), `http` (to make, list, load and close) and `app`.
mod error;
mod handle;
mod outbox;
mod sessions;
mod task;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::rand;
use bytes::Bytes;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::SharedClock;
use crate::hub::sessions::Sessions;
use crate::model::{DisplayName, MediaId, RoomCode, SessionId};
use crate::rooms::{Event, Limits, Room, Setup};

pub use crate::rooms::RoomMedia;
pub use error::HubError;
pub use handle::{Knock, RoomHandle, Seat};
pub use outbox::{Closing, Outbox};
pub use sessions::CONNECTIONS_PER_SESSION_MAX;

/// Rooms at the same time.
pub const ROOMS_MAX: usize = 1000;
/// Messages a room keeps waiting; senders wait beyond that.
pub(crate) const MAILBOX_MAX: usize = 256;
/// Playhead moves kept for a slow follower.
const FOLLOW_MAX: usize = 64;
/// Rooms live in memory, so each is in its first life.
const FIRST_EPOCH: u32 = 1;
/// Draws before giving up on a free code; with 40 bits a second draw is already a rarity.
const CODE_DRAWS_MAX: usize = 8;
const DEFAULT_NAME: &str = "Movie night";

/// Turns what the core says into what goes over the wire; called once per message, whatever the number of readers.
pub type Encode = fn(&Event) -> Bytes;

/// A room as lists show it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RoomSummary {
    /// The share code.
    pub code: RoomCode,
    /// What its maker called it.
    pub name: DisplayName,
    /// Members present.
    pub members: u32,
    /// The title on the screen.
    pub media: Option<RoomMedia>,
    /// When it was made, in ms since the Unix epoch.
    pub created_at_ms: i64,
    /// Whose session made it.
    pub maker: Option<SessionId>,
}

/// A room went somewhere or is over; a hint for the media engine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlayheadMoved {
    /// Which room.
    pub room: RoomCode,
    /// The title; none when the room is over.
    pub media: Option<MediaId>,
    /// Where, in ms.
    pub position_ms: i64,
    /// Whether it moves on from there.
    pub playing: bool,
}

/// All rooms of this process.
#[derive(Clone)]
pub struct Hub {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) clock: SharedClock,
    pub(crate) encode: Encode,
    pub(crate) stop: CancellationToken,
    pub(crate) moved: broadcast::Sender<PlayheadMoved>,
    pub(crate) sessions: Arc<Sessions>,
    tracker: TaskTracker,
    rooms: Mutex<BTreeMap<RoomCode, RoomHandle>>,
}

impl Inner {
    /// A poisoned lock is taken all the same: every change under it is a single map operation.
    fn rooms(&self) -> MutexGuard<'_, BTreeMap<RoomCode, RoomHandle>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn forget(&self, code: &RoomCode) {
        self.rooms().remove(code);
    }
}

impl Hub {
    /// A hub without rooms. Room tasks run on `tracker` and end with `stop`.
    pub fn new(clock: SharedClock, tracker: TaskTracker, stop: CancellationToken, encode: Encode) -> Self {
        let (moved, _) = broadcast::channel(FOLLOW_MAX);
        let inner = Inner { clock, encode, stop, moved, sessions: Arc::default(), tracker, rooms: Mutex::default() };
        Self { inner: Arc::new(inner) }
    }

    /// Makes a room under a code nobody can guess, with `media` on the screen.
    pub fn create(
        &self,
        name: Option<DisplayName>,
        media: Option<RoomMedia>,
        maker: Option<SessionId>,
    ) -> Result<RoomSummary, HubError> {
        let name = name.map_or_else(|| DisplayName::new(DEFAULT_NAME), Ok).map_err(|_| HubError::Full)?;
        let mut rooms = self.inner.rooms();
        if rooms.len() >= ROOMS_MAX || self.inner.stop.is_cancelled() {
            return Err(HubError::Full);
        }
        let code = free_code(|code| rooms.contains_key(code))?;
        let now = self.inner.clock.now();
        let unix_ms = self.inner.clock.unix_ms();
        let setup = Setup { code: code.clone(), name, epoch: FIRST_EPOCH, unix_ms, limits: Limits::default() };
        let (handle, task) = task::room(Arc::clone(&self.inner), Room::new(setup, now), media, (unix_ms, maker));
        let summary = handle.last_summary();
        rooms.insert(code, handle);
        self.inner.tracker.spawn(task);
        Ok(summary)
    }

    /// The way into a room.
    pub fn room(&self, code: &RoomCode) -> Option<RoomHandle> {
        self.inner.rooms().get(code).cloned()
    }

    /// Every room, in order of code.
    pub fn list(&self) -> Vec<RoomSummary> {
        self.inner.rooms().values().map(RoomHandle::last_summary).collect()
    }

    /// Ends a room and sends its members away; false when there is no such room.
    pub async fn close(&self, code: &RoomCode) -> bool {
        let handle = self.inner.rooms().remove(code);
        match handle {
            Some(handle) => handle.close().await,
            None => false,
        }
    }

    /// Ends all connections of a session that was ended.
    pub fn end_session(&self, session: SessionId) {
        self.inner.sessions.end(session);
    }

    /// Where rooms go, from now on.
    pub fn follow(&self) -> broadcast::Receiver<PlayheadMoved> {
        self.inner.moved.subscribe()
    }
}

fn free_code(is_taken: impl Fn(&RoomCode) -> bool) -> Result<RoomCode, HubError> {
    for _ in 0..CODE_DRAWS_MAX {
        let mut bytes = [0; 5];
        rand::fill(&mut bytes).map_err(|_| HubError::Entropy)?;
        let code = RoomCode::from_entropy(bytes);
        if !is_taken(&code) {
            return Ok(code);
        }
    }
    Err(HubError::Full)
}
