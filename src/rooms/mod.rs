//! The sync core: one room as a plain value. Says what the room is, in what order, and when it changes by itself.
//!
//! A room is driven by four verbs: [`Room::handle`] (and [`Room::join`]) put something in, [`Room::poll_output`] takes
//! out what has to be said, [`Room::poll_timeout`] tells when to call [`Room::handle_timeout`]. Time and randomness come
//! in as arguments, so the same inputs give the same outputs and a test can run hours of a room in a blink.
//!
//! Never does I/O, never reads a clock, never knows a wire format, never holds a float. Driven by `hub` alone.
mod barrier;
mod chat;
mod event;
mod lead;
mod limits;
mod members;
mod people;
mod playback;
mod recent;
mod room;
mod steer;

pub use chat::ChatLine;
pub use event::{
    Cause, Command, Event, Input, Intent, Join, JoinError, MemberView, Output, PlayerStatus, Playhead, Resume,
    ResumeKey, RoomInfo, RoomMedia, Stat, State, Waiting, Why,
};
pub use lead::{LEAD_ALONE, LEAD_MAX, LEAD_MIN, PAUSE_LEAD_MAX};
pub use limits::{CHAT_CHARS_MAX, Limits, MEMBERS_LISTED_MAX, TokenBucket, WAITING_LISTED_MAX};
pub use recent::REMEMBERED_MAX;
pub use room::{Room, Setup, Sizes};
