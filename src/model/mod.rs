//! The vocabulary every room shares: ids, media time, names with limits.
//! Holds no behaviour beyond parsing and arithmetic; never does I/O, never reads a clock.
mod ids;
mod media_time;
mod name;

pub use ids::{MediaId, MemberId, ParseIdError, RoomCode, SessionId};
pub use media_time::MediaTime;
pub use name::{DisplayName, NameError};
