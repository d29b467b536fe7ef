//! What can go wrong between a caller and a room.
use crate::rooms::JoinError;

/// Why the hub could not do it.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum HubError {
    /// As many rooms as the limit allows, or the server is going down.
    #[error("there is no space for another room")]
    Full,
    /// The room ended.
    #[error("the room is closed")]
    Closed,
    /// The room would not let somebody in.
    #[error("nobody else can come in")]
    Join(#[from] JoinError),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    Entropy,
}
