//! What goes into a room and what comes out: plain data, integer time.
use std::time::Duration;

use crate::clock::Instant;
use crate::model::{DisplayName, MediaId, MediaTime, MemberId, RoomCode};
use crate::rooms::chat::ChatLine;

/// A room as its members see it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RoomInfo {
    /// The share code.
    pub code: RoomCode,
    /// What its maker called it.
    pub name: DisplayName,
}

/// The title a room watches.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RoomMedia {
    /// The title.
    pub id: MediaId,
    /// What it is called.
    pub title: String,
    /// How long it is.
    pub duration: MediaTime,
}

/// Secret that gives a member its place back.
#[derive(Clone, Copy)]
pub struct ResumeKey(pub [u8; 16]);

impl PartialEq for ResumeKey {
    /// Looks at every byte whatever the first ones are: the time taken must not tell how much of a guess was right.
    fn eq(&self, other: &Self) -> bool {
        self.0.iter().zip(other.0).fold(0, |difference, (mine, theirs)| difference | (mine ^ theirs)) == 0
    }
}

impl Eq for ResumeKey {}

impl std::fmt::Debug for ResumeKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ResumeKey(..)")
    }
}

/// Who this was before the connection broke.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Resume {
    /// The member it was.
    pub member: MemberId,
    /// The secret given to that member.
    pub key: ResumeKey,
    /// The last chat line seen.
    pub last_chat: u64,
}

/// Somebody at the door.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Join {
    /// Their name.
    pub name: DisplayName,
    /// Who they were, if they were here before.
    pub resume: Option<Resume>,
    /// Fresh random bytes: the secret of a new member.
    pub key: ResumeKey,
}

/// Why somebody could not come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// As many members as the limit allows.
    #[error("this room is full")]
    Full,
}

/// What happens to a room.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Input {
    /// A member asks for something.
    Command(MemberId, Command),
    /// The server itself puts a title on.
    Load(RoomMedia),
    /// A member's player can start at the position of this state.
    Ready {
        /// Who.
        member: MemberId,
        /// Epoch of the state.
        epoch: u32,
        /// Revision of the state.
        rev: u64,
    },
    /// A member's player reports; never moves the room.
    Stat(MemberId, Stat),
    /// A member says something.
    Chat {
        /// Who.
        member: MemberId,
        /// Chosen by the client; a repeat is ignored.
        id: String,
        /// What.
        text: String,
    },
    /// A member's connection broke or fell silent; the place is kept for a while.
    Disconnected(MemberId),
    /// A silent member's connection speaks again.
    Reconnected(MemberId),
    /// A member said goodbye.
    Leave(MemberId),
}

/// An intent with its sender's point of view.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Command {
    /// Chosen by the client; a repeat is answered but not done again.
    pub id: String,
    /// Epoch and revision of the state the person was looking at.
    pub base: (u32, u64),
    /// What they want.
    pub intent: Intent,
}

/// What a person asked for. There is no "toggle".
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Intent {
    /// Go on.
    Play,
    /// Stop.
    Pause,
    /// Go there.
    Seek(MediaTime),
    /// Go this far from where the room is.
    SeekBy(MediaTime),
    /// Put this title on, paused at its start.
    Load(RoomMedia),
    /// Put a title on that does not exist.
    LoadUnknown,
    /// Something that makes no sense, such as a seek without a position.
    Malformed,
}

/// Why a command was refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Why {
    /// Somebody else did the same kind of thing first.
    Stale,
    /// There is no title to do it to, or no such title.
    NoMedia,
    /// It makes no sense.
    Invalid,
    /// Too many in a short time.
    SlowDown,
}

/// What a member's player does.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum PlayerStatus {
    /// No film, or not joined yet.
    #[default]
    Idle,
    /// Cannot show the position yet.
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

/// A member's report about its player and its path to the server.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Stat {
    /// Player minus room position, in microseconds; positive is ahead.
    pub skew_us: Option<i64>,
    /// Smoothed round trip.
    pub rtt: Duration,
    /// Variation of the round trip.
    pub rtt_var: Duration,
    /// Media buffered ahead, in ms.
    pub buffer_ms: u32,
    /// What the player does.
    pub player: PlayerStatus,
}

/// What a room wants done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Output {
    /// Tell one member.
    Send(MemberId, Event),
    /// Tell every member.
    Broadcast(Event),
    /// The room moved; the media engine may want to know.
    Playhead(Playhead),
    /// Nobody came for long enough; the room is over.
    Close,
}

/// What members are told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// You are in.
    Welcome {
        /// The member.
        you: MemberId,
        /// Secret for coming back.
        key: ResumeKey,
        /// The room.
        room: RoomInfo,
        /// What was said, oldest first.
        chat: Vec<ChatLine>,
    },
    /// The state vector.
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
        /// Why.
        why: Why,
        /// The state as it is.
        state: State,
    },
    /// Who is here.
    Members {
        /// In order of joining, at most [`MEMBERS_LISTED_MAX`](crate::rooms::MEMBERS_LISTED_MAX).
        members: Vec<MemberView>,
        /// How many there are.
        total: u32,
    },
    /// Somebody said something.
    Chat(ChatLine),
}

/// The state vector: the position at `t` is `p0 + max(0, t - t0)` while playing, else `p0`, within the film.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct State {
    /// Changes when the room was rebuilt.
    pub epoch: u32,
    /// Rises with every change.
    pub rev: u64,
    /// The title on the screen.
    pub media: Option<RoomMedia>,
    /// Position at and before `t0`.
    pub p0: MediaTime,
    /// Whether the position moves from `t0` on.
    pub playing: bool,
    /// When the vector takes effect; may lie in the future.
    pub t0: Instant,
    /// Who caused it; absent for the server itself.
    pub by: Option<MemberId>,
    /// What caused it.
    pub cause: Cause,
    /// Set while the room waits for members to get ready.
    pub waiting: Option<Waiting>,
}

/// Why a state came to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
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
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Waiting {
    /// When the room goes on regardless.
    pub deadline: Instant,
    /// Who is not ready, at most [`WAITING_LISTED_MAX`](crate::rooms::WAITING_LISTED_MAX).
    pub members: Vec<MemberId>,
}

/// A member as others see them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MemberView {
    /// The member.
    pub id: MemberId,
    /// Their name.
    pub name: DisplayName,
    /// Whether they made the room, or inherited it.
    pub host: bool,
    /// False while their connection is broken and their place is kept.
    pub online: bool,
    /// Their player.
    pub stat: Stat,
}

/// Where a room is going.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Playhead {
    /// The title.
    pub media: MediaId,
    /// Where it is.
    pub position: MediaTime,
    /// Whether it moves, or will as soon as members are ready.
    pub playing: bool,
}
