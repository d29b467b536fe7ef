//! The room socket, `/api/v1/rooms/{code}/ws`: lets a person into a room and carries messages both ways.
//!
//! [`translate`] is the one place where the wire and the core meet. Holds no state of a room and decides nothing about it.
//! Merged by `app`, which says who a token belongs to and which titles there are.
mod door;
mod limits;
mod socket;
pub mod translate;

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRef;
use axum::routing::get;
use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::SharedClock;
use crate::hub::{Hub, RoomMedia};
use crate::model::{DisplayName, MediaId, RoomCode, SessionId};

pub use limits::Patience;

/// Where the socket is, for axum.
pub const PATH: &str = "/api/v1/rooms/{code}/ws";

/// Whom a token belongs to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Guest {
    /// What others see.
    pub name: DisplayName,
    /// Their session.
    pub session: SessionId,
    /// The only room the token is for, if it is bound to one.
    pub room: Option<RoomCode>,
}

/// Says whom a token belongs to; nothing for a token that is no good.
pub type Verify = Arc<dyn Fn(&str) -> Option<Guest> + Send + Sync>;

/// Finds a playable title.
pub type FindTitle = Arc<dyn Fn(MediaId) -> BoxFuture<'static, Option<RoomMedia>> + Send + Sync>;

/// What sockets need.
#[derive(Clone)]
pub struct Sockets {
    /// The rooms.
    pub hub: Hub,
    /// Server time, for probes.
    pub clock: SharedClock,
    /// Counts open sockets, so that shutting down can wait for them.
    pub tracker: TaskTracker,
    /// Ends sockets that are not in a room yet; the others end with their room.
    pub stop: CancellationToken,
    /// Who is who.
    pub verify: Verify,
    /// What can be watched.
    pub find_title: FindTitle,
    /// How long a socket may say nothing.
    pub patience: Patience,
}

/// The route of the socket.
pub fn router<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    Sockets: FromRef<S>,
{
    Router::new().route(PATH, get(door::knock))
}
