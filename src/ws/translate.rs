//! The one place where the wire and the core meet: text to inputs, events to text. Pure.
use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;

use crate::clock::Instant;
use crate::model::MediaTime;
use crate::protocol::ws as wire;
use crate::rooms as core;

/// Round trips beyond this are told as this.
const RTT_MAX_MS: f64 = 60_000.0;
/// Skews beyond this are told as this.
const SKEW_MAX_MS: f64 = 86_400_000.0;

/// Why a text is no message.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadMessage {
    /// Well formed, but of a type this server does not know; a newer client may send it.
    #[error("unknown message type \"{0}\"")]
    UnknownType(String),
    /// Anything else.
    #[error("not a message: {0}")]
    Malformed(String),
}

impl BadMessage {
    /// The stable code for `error`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownType(_) => "unknown_type",
            Self::Malformed(_) => "bad_message",
        }
    }
}

/// Hexadecimal digits of the secret for coming back.
const SECRET_DIGITS: usize = 32;
/// Types a client may send.
const CLIENT_TYPES: [&str; 6] = ["hello", "cmd", "ping", "chat", "ready", "stat"];
/// Characters of an unknown type that are repeated in the answer.
const ECHO_CHARS_MAX: usize = 32;

/// Reads a message.
pub fn decode(text: &str) -> Result<wire::ClientMessage, BadMessage> {
    #[derive(Deserialize)]
    struct Tag {
        t: String,
    }
    let message = serde_json::from_str(text).map_err(|error| match serde_json::from_str::<Tag>(text) {
        Ok(tag) if !CLIENT_TYPES.contains(&tag.t.as_str()) => {
            BadMessage::UnknownType(tag.t.chars().take(ECHO_CHARS_MAX).collect())
        }
        _ => BadMessage::Malformed(error.to_string()),
    })?;
    let id = match &message {
        wire::ClientMessage::Cmd(wire::Command { id, .. }) | wire::ClientMessage::Chat { id, .. } => id.len(),
        _ => 0,
    };
    if id > wire::ID_BYTES_MAX {
        return Err(BadMessage::Malformed(format!("an id has at most {} bytes", wire::ID_BYTES_MAX)));
    }
    Ok(message)
}

/// Writes a message.
pub fn text(message: &wire::ServerMessage) -> Bytes {
    // Plain data with text keys cannot fail to serialise; should it, an empty message is ignored by clients.
    serde_json::to_vec(message).map_or_else(|_| Bytes::from_static(b"{}"), Bytes::from)
}

/// Writes what the core says; handed to the hub.
pub fn encode(event: &core::Event) -> Bytes {
    text(&message(event))
}

/// What a person asked for, as the core understands it. `title` is what was found for a `load`.
pub fn command(command: wire::Command, title: Option<core::RoomMedia>) -> core::Command {
    let wire::Command { id, kind, base, pos, delta, media } = command;
    let intent = match kind {
        wire::CommandKind::Play => core::Intent::Play,
        wire::CommandKind::Pause => core::Intent::Pause,
        wire::CommandKind::Seek => pos.and_then(media_time).map_or(core::Intent::Malformed, core::Intent::Seek),
        wire::CommandKind::SeekBy => delta.and_then(media_time).map_or(core::Intent::Malformed, core::Intent::SeekBy),
        wire::CommandKind::Load => match (media, title) {
            (None, _) => core::Intent::Malformed,
            (Some(_), None) => core::Intent::LoadUnknown,
            (Some(_), Some(title)) => core::Intent::Load(title),
        },
    };
    core::Command { id, base: (base.epoch, base.rev), intent }
}

/// A report, with numbers no player has replaced by the nearest possible.
pub fn stat(stat: wire::MemberStat) -> core::Stat {
    core::Stat {
        skew_us: stat.skew_ms.map(|ms| (ms.clamp(-SKEW_MAX_MS, SKEW_MAX_MS) * 1000.0).round() as i64),
        rtt: duration(stat.rtt_ms),
        rtt_var: duration(stat.rtt_var_ms),
        buffer_ms: stat.buffer_ms,
        player: player(stat.player),
    }
}

/// Who somebody was; nothing when the secret is not even one.
pub fn resume(resume: &wire::Resume) -> Option<core::Resume> {
    let is_secret = resume.key.len() == SECRET_DIGITS && resume.key.bytes().all(|digit| digit.is_ascii_hexdigit());
    let key = u128::from_str_radix(&resume.key, 16).ok().filter(|_| is_secret)?;
    let key = core::ResumeKey(key.to_be_bytes());
    Some(core::Resume { member: resume.member, key, last_chat: resume.last_chat })
}

fn secret(key: core::ResumeKey) -> String {
    format!("{:01$x}", u128::from_be_bytes(key.0), SECRET_DIGITS)
}

/// Casting saturates, so a huge value becomes the end of the film.
fn media_time(ms: f64) -> Option<MediaTime> {
    ms.is_finite().then(|| MediaTime::from_ms(ms.round() as i64))
}

fn duration(ms: f64) -> Duration {
    let ms = if ms.is_finite() { ms.clamp(0.0, RTT_MAX_MS) } else { 0.0 };
    Duration::from_micros((ms * 1000.0).round() as u64)
}

fn millis(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1000.0
}

fn message(event: &core::Event) -> wire::ServerMessage {
    match event {
        core::Event::Welcome { you, key, room, chat } => wire::ServerMessage::Welcome {
            you: *you,
            key: secret(*key),
            room: wire::RoomInfo { code: room.code.clone(), name: room.name.clone() },
            chat: chat.iter().map(chat_line).collect(),
        },
        core::Event::State(vector) => wire::ServerMessage::State(state(vector)),
        core::Event::Ack { id, rev } => wire::ServerMessage::Ack { id: id.clone(), rev: *rev },
        core::Event::Nack { id, why, state: vector } => {
            let (why, sentence) = refusal(*why);
            let (why, message) = (why.to_owned(), sentence.to_owned());
            wire::ServerMessage::Nack { id: id.clone(), why, message, state: state(vector) }
        }
        core::Event::Members { members, total } => {
            wire::ServerMessage::Members { members: members.iter().map(member).collect(), total: *total }
        }
        core::Event::Chat(line) => wire::ServerMessage::Chat(chat_line(line)),
    }
}

fn refusal(why: core::Why) -> (&'static str, &'static str) {
    match why {
        core::Why::Stale => ("stale", "Somebody else was quicker."),
        core::Why::NoMedia => ("no_media", "There is no such film to play."),
        core::Why::Invalid => ("invalid", "That makes no sense to the server."),
        core::Why::SlowDown => ("slow_down", "That was a lot at once. Try again in a moment."),
    }
}

fn state(state: &core::State) -> wire::State {
    wire::State {
        epoch: state.epoch,
        rev: state.rev,
        media: state.media.as_ref().map(|media| wire::StateMedia {
            id: media.id,
            title: media.title.clone(),
            duration_ms: media.duration,
        }),
        p0: state.p0,
        v: if state.playing { 1.0 } else { 0.0 },
        t0: Instant::as_ms_f64(state.t0),
        by: state.by,
        cause: match state.cause {
            core::Cause::Created => wire::Cause::Created,
            core::Cause::Load => wire::Cause::Load,
            core::Cause::Play => wire::Cause::Play,
            core::Cause::Pause => wire::Cause::Pause,
            core::Cause::Seek => wire::Cause::Seek,
            core::Cause::Start => wire::Cause::Start,
            core::Cause::End => wire::Cause::End,
        },
        waiting: state
            .waiting
            .as_ref()
            .map(|waiting| wire::Waiting { deadline: waiting.deadline.as_ms_f64(), members: waiting.members.clone() }),
    }
}

fn member(member: &core::MemberView) -> wire::Member {
    let stat = member.stat;
    wire::Member {
        id: member.id,
        name: member.name.clone(),
        host: member.host,
        online: member.online,
        stat: wire::MemberStat {
            skew_ms: stat.skew_us.map(|us| us as f64 / 1000.0),
            rtt_ms: millis(stat.rtt),
            rtt_var_ms: millis(stat.rtt_var),
            buffer_ms: stat.buffer_ms,
            player: match stat.player {
                core::PlayerStatus::Idle => wire::PlayerStatus::Idle,
                core::PlayerStatus::Buffering => wire::PlayerStatus::Buffering,
                core::PlayerStatus::InSync => wire::PlayerStatus::InSync,
                core::PlayerStatus::CatchingUp => wire::PlayerStatus::CatchingUp,
                core::PlayerStatus::Away => wire::PlayerStatus::Away,
                core::PlayerStatus::Blocked => wire::PlayerStatus::Blocked,
            },
        },
    }
}

fn player(player: wire::PlayerStatus) -> core::PlayerStatus {
    match player {
        wire::PlayerStatus::Idle => core::PlayerStatus::Idle,
        wire::PlayerStatus::Buffering => core::PlayerStatus::Buffering,
        wire::PlayerStatus::InSync => core::PlayerStatus::InSync,
        wire::PlayerStatus::CatchingUp => core::PlayerStatus::CatchingUp,
        wire::PlayerStatus::Away => core::PlayerStatus::Away,
        wire::PlayerStatus::Blocked => core::PlayerStatus::Blocked,
    }
}

fn chat_line(line: &core::ChatLine) -> wire::ChatLine {
    let core::ChatLine { id, from, name, text, at_ms } = line.clone();
    wire::ChatLine { id, from, name, text, at_ms }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_message_is_told_apart_from_what_is_not_known() {
        assert_eq!(decode(r#"{"t":"dance"}"#), Err(BadMessage::UnknownType("dance".into())));
        for text in ["", "[]", "{}", r#"{"t":7}"#, r#"{"t":"ping"}"#, r#"{"t":"ping","c0":1e999}"#, "\u{0}"] {
            assert_eq!(decode(text).unwrap_err().code(), "bad_message", "{text}");
        }
    }

    #[test]
    fn impossible_positions_are_refused_and_huge_ones_are_the_end() {
        assert_eq!(media_time(f64::NAN), None);
        assert_eq!(media_time(f64::NEG_INFINITY), None);
        assert_eq!(media_time(1e300), Some(MediaTime::from_ms(i64::MAX)));
        assert_eq!(media_time(-5.4), Some(MediaTime::from_ms(-5)));
    }

    #[test]
    fn the_wire_and_the_core_agree_on_how_long_a_chat_message_is() {
        assert_eq!(wire::CHAT_CHARS_MAX, core::CHAT_CHARS_MAX);
    }

    #[test]
    fn a_secret_survives_the_way_there_and_back() {
        let key = core::ResumeKey([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 255]);
        let member = crate::model::MemberId(3);
        let back = resume(&wire::Resume { member, key: secret(key), last_chat: 9 });
        assert_eq!(back, Some(core::Resume { member, key, last_chat: 9 }));
        for key in ["", "zz", &"+f".repeat(16), &"ä".repeat(16)] {
            assert_eq!(resume(&wire::Resume { member, key: key.into(), last_chat: 0 }), None, "{key}");
        }
    }
}
