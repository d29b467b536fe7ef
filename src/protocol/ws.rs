//! Messages of the room socket, `/api/v1/rooms/{CODE}/ws`: JSON text frames, tagged by `t`.
//!
//! The client's first message is `hello`; the server answers `welcome`, then `state`. Unknown fields are ignored,
//! an unknown `t` is answered with `error` and never with a close. Positions are content milliseconds, `t0` and the
//! probe stamps are milliseconds of the server's monotonic clock.
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::model::{DisplayName, MediaId, MediaTime, MemberId, RoomCode};

/// The protocol version a client says in `hello`.
pub const VERSION: u32 = 1;

/// Largest frame a client may send, in bytes.
pub const CLIENT_FRAME_BYTES_MAX: usize = 16 * 1024;

/// Longest id of a command or a chat message, in bytes.
pub const ID_BYTES_MAX: usize = 64;

/// Longest chat message, in characters.
pub const CHAT_CHARS_MAX: usize = 1000;

/// Close codes beyond those of RFC 6455.
pub mod close {
    /// No valid `hello` in time, or a token that is not for this room.
    pub const UNAUTHORIZED: u16 = 4401;
    /// There is no such room.
    pub const NO_SUCH_ROOM: u16 = 4404;
    /// The reader was too slow; reconnect and resume.
    pub const SLOW: u16 = 4408;
    /// The same member connected again; the newer socket wins.
    pub const REPLACED: u16 = 4409;
    /// Too many messages, or too many that are no messages.
    pub const FLOOD: u16 = 4429;
}

/// From the client.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema, PartialEq)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum ClientMessage {
    /// Must be first.
    Hello {
        /// Protocol version, [`VERSION`].
        v: u32,
        /// Access token of the guest or user.
        token: String,
        /// Who this was before the connection broke.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resume: Option<Resume>,
    },
    /// An intent: a person's gesture. Answered by `ack` or `nack` with the same `id`.
    Cmd(Command),
    /// A clock probe.
    Ping {
        /// The client's clock when sending, in its own milliseconds; comes back unchanged.
        c0: f64,
    },
    /// Says something to the room.
    Chat {
        /// Chosen by the client, unique on its connection; a repeat is ignored.
        id: String,
        /// What was said.
        text: String,
    },
    /// A report: this member's player can start at the position of (epoch, rev).
    Ready {
        /// Epoch of the state this is about.
        epoch: u32,
        /// Revision of the state this is about.
        rev: u64,
        /// Media buffered beyond the position, in ms.
        #[serde(default)]
        buffered_ms: u32,
    },
    /// A report about this member's player, at most once a second; never moves the room.
    Stat(MemberStat),
}

/// Lets a reconnecting member have its place back.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema, PartialEq)]
pub struct Resume {
    /// The member id of the earlier `welcome`.
    pub member: MemberId,
    /// Secret of the earlier `welcome`.
    pub key: String,
    /// The last chat id seen.
    #[serde(default)]
    pub last_chat: u64,
}

/// What a person asked the room to do.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema, PartialEq)]
pub struct Command {
    /// Chosen by the client; a repeat is answered but not done again.
    pub id: String,
    /// The verb.
    pub kind: CommandKind,
    /// The state the person was looking at.
    pub base: StateRef,
    /// For `seek`: the wanted position.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pos: Option<f64>,
    /// For `seek_by`: the wanted change, in ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delta: Option<f64>,
    /// For `load`: the title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media: Option<MediaId>,
}

/// Verbs of a command. There is no "toggle": two people who press pause both mean pause.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, ToSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum CommandKind {
    /// Go on.
    Play,
    /// Stop.
    Pause,
    /// Go to `pos`.
    Seek,
    /// Go `delta` from where the room is when the server reads this.
    SeekBy,
    /// Put the title `media` on the screen, paused at its start.
    Load,
}

/// Which state somebody saw.
#[derive(Debug, Clone, Copy, Default, Deserialize, Serialize, ToSchema, PartialEq, Eq, PartialOrd, Ord)]
pub struct StateRef {
    /// Changes when the room was rebuilt.
    pub epoch: u32,
    /// Rises with every change.
    pub rev: u64,
}

/// What a member's player does, as the member reports it.
#[derive(Debug, Clone, Copy, Default, Deserialize, Serialize, ToSchema, PartialEq)]
pub struct MemberStat {
    /// Player position minus room position, in ms; positive is ahead. Absent while unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skew_ms: Option<f64>,
    /// Smoothed round trip, in ms.
    pub rtt_ms: f64,
    /// Variation of the round trip, in ms.
    #[serde(default)]
    pub rtt_var_ms: f64,
    /// Media buffered ahead, in ms.
    #[serde(default)]
    pub buffer_ms: u32,
    /// What the player is doing.
    pub player: PlayerStatus,
}

/// What a player does.
#[derive(Debug, Clone, Copy, Default, Deserialize, Serialize, ToSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum PlayerStatus {
    /// No film, or not joined yet.
    #[default]
    Idle,
    /// Fetching or decoding; cannot show the position yet.
    Buffering,
    /// Follows the room.
    InSync,
    /// Plays but is still closing a gap.
    CatchingUp,
    /// In a hidden tab.
    Away,
    /// The browser refused to start, or the film failed.
    Blocked,
}

/// From the server.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema, PartialEq)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum ServerMessage {
    /// Answer to `hello`.
    Welcome {
        /// This member.
        you: MemberId,
        /// Secret for `resume`.
        key: String,
        /// The room.
        room: RoomInfo,
        /// The last messages, oldest first.
        chat: Vec<ChatLine>,
    },
    /// The room's state vector: position at `t` is `p0 + v * max(0, t - t0)`, within the film.
    State(State),
    /// A command was accepted.
    Ack {
        /// The command.
        id: String,
        /// The revision that holds its effect.
        rev: u64,
    },
    /// A command was refused.
    Nack {
        /// The command.
        id: String,
        /// A stable code: `stale`, `no_media`, `invalid`, `slow_down`.
        why: String,
        /// A sentence for the person.
        message: String,
        /// The state as it is.
        state: State,
    },
    /// Everybody in the room.
    Members {
        /// In order of joining; in a large room only the first.
        members: Vec<Member>,
        /// How many there are.
        #[serde(default)]
        total: u32,
    },
    /// Somebody said something.
    Chat(ChatLine),
    /// Answer to `ping`.
    Pong {
        /// As sent.
        c0: f64,
        /// Server clock when the probe was read, in ms.
        s1: f64,
        /// Server clock when this was written, in ms.
        s2: f64,
    },
    /// Something was wrong with a message; the connection goes on unless it is closed.
    Error {
        /// A stable code: `bad_message`, `unknown_type`, `binary`, `slow_down`, `hello_first`, `unauthorized`,
        /// `unsupported_version`, `room_full`.
        code: String,
        /// A sentence.
        message: String,
    },
}

/// A room as its members see it.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema, PartialEq, Eq)]
pub struct RoomInfo {
    /// The share code.
    pub code: RoomCode,
    /// What its maker called it.
    pub name: DisplayName,
}

/// The room's state vector. Clients order vectors by (epoch, rev) and ignore older ones.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema, PartialEq)]
pub struct State {
    /// Changes when the room was rebuilt.
    pub epoch: u32,
    /// Rises with every change.
    pub rev: u64,
    /// The title on the screen.
    pub media: Option<StateMedia>,
    /// Content position at and before `t0`.
    pub p0: MediaTime,
    /// Speed from `t0` on: 0 is paused.
    pub v: f64,
    /// When the vector takes effect, in ms of server time; may lie in the future.
    pub t0: f64,
    /// Who caused it; absent for the server itself.
    pub by: Option<MemberId>,
    /// What caused it.
    pub cause: Cause,
    /// Set while the room waits for members to get ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Waiting>,
}

/// The title a room watches.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema, PartialEq, Eq)]
pub struct StateMedia {
    /// The title.
    pub id: MediaId,
    /// What it is called.
    pub title: String,
    /// How long it is.
    pub duration_ms: MediaTime,
}

/// Why a state came to be.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, ToSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The room was made.
    Created,
    /// A title was put on.
    Load,
    /// Somebody pressed play.
    Play,
    /// Somebody pressed pause.
    Pause,
    /// Somebody moved.
    Seek,
    /// Everybody is ready, or the deadline passed.
    Start,
    /// The film ended.
    End,
}

/// A wait with its deadline.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema, PartialEq)]
pub struct Waiting {
    /// When the room goes on without those who are not ready, in ms of server time.
    pub deadline: f64,
    /// Who is not ready.
    pub members: Vec<MemberId>,
}

/// A member as others see them.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema, PartialEq)]
pub struct Member {
    /// The member.
    pub id: MemberId,
    /// Their name.
    pub name: DisplayName,
    /// Whether they made the room, or inherited it.
    pub host: bool,
    /// False while their connection is broken and their place is kept.
    pub online: bool,
    /// Their player.
    pub stat: MemberStat,
}

/// Something that was said, or a notice by the room.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema, PartialEq, Eq)]
pub struct ChatLine {
    /// Rises by one a line.
    pub id: u64,
    /// Who; absent for a notice.
    pub from: Option<MemberId>,
    /// Their name at the time.
    pub name: String,
    /// What was said; plain text.
    pub text: String,
    /// When, in ms since the Unix epoch.
    pub at_ms: i64,
}
