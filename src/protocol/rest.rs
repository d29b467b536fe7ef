//! Bodies of the REST API (`/api/v1/...`).
//!
//! Errors are RFC 9457 [`Problem`]s with a stable `code`. Unknown request fields are ignored. Times are milliseconds.
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::model::{DisplayName, MediaId, MediaTime, RoomCode, SessionId};

/// Why a request failed, RFC 9457 (`application/problem+json`).
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema, PartialEq, Eq)]
pub struct Problem {
    /// A URI that names the kind of problem.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind of problem in a few words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What went wrong this time, one sentence for people.
    pub detail: String,
    /// Stable name of the kind of problem, for programs.
    #[schema(example = "room_not_found")]
    pub code: String,
    /// The request, as the server's log names it.
    pub instance: String,
}

/// Asks for a guest session.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema, PartialEq, Eq)]
pub struct GuestRequest {
    /// What others will see.
    pub name: DisplayName,
    /// The room the guest was invited to; the token is good for this room only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomCode>,
}

/// A session. Browsers also get it as the cookie `wp_session`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema, PartialEq, Eq)]
pub struct Session {
    /// Goes into `Authorization: Bearer ...` and into the socket's `hello`.
    pub access_token: String,
    /// Seconds until the token expires.
    pub expires_in: u64,
    /// Who this is.
    pub user: User,
}

/// Somebody who is signed in, if only with a name.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema, PartialEq, Eq)]
pub struct User {
    /// Stays the same for the life of the session.
    pub id: SessionId,
    /// What others see.
    pub name: DisplayName,
    /// What they may do.
    pub role: UserRole,
}

/// What somebody may do.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum UserRole {
    /// Came by link.
    Guest,
    /// Opened the set-up link that the server showed on its own screen.
    Host,
}

/// Exchanges the token of the set-up link for a host session.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema, PartialEq, Eq)]
pub struct SetupRequest {
    /// The part of the link after `#setup=`.
    pub token: String,
    /// What others will see; `Host` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<DisplayName>,
}

/// The server, as anybody may know it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema, PartialEq, Eq)]
pub struct ServerInfo {
    /// What this server is called.
    pub name: String,
    /// Version of the executable.
    pub version: String,
    /// Nobody has claimed this server yet.
    pub setup_needed: bool,
    /// Where phones in the same network reach it.
    pub lan: Vec<String>,
}

/// A title in the library.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema, PartialEq, Eq)]
pub struct MediaItem {
    /// The title's id.
    pub id: MediaId,
    /// What it is called.
    pub title: String,
    /// How long it is; 0 when unknown.
    pub duration_ms: MediaTime,
    /// Whether it can be watched.
    pub playable: bool,
    /// Why it cannot be watched, one sentence.
    pub reason: Option<String>,
    /// A frame from the film; absent when there is none to be had.
    pub poster_url: Option<String>,
    /// When it came into the library, in ms since the Unix epoch.
    pub added_at_ms: i64,
}

/// One page of titles.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema, PartialEq, Eq)]
pub struct MediaPage {
    /// In order of title.
    pub items: Vec<MediaItem>,
    /// Goes into `cursor` for the next page; null on the last.
    pub next: Option<String>,
}

/// A title with what is in its file.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema, PartialEq)]
pub struct MediaDetail {
    /// What the list shows.
    #[serde(flatten)]
    pub item: MediaItem,
    /// Name of the file, cleaned for display.
    pub file_name: String,
    /// Bytes.
    pub size: u64,
    /// The demuxer's name for the container, such as `matroska`; absent when the file cannot be probed.
    pub container: Option<String>,
    /// All streams in file order.
    pub streams: Vec<MediaStream>,
    /// Chapter marks.
    pub chapters: Vec<MediaChapter>,
}

/// One stream of a file.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema, PartialEq)]
pub struct MediaStream {
    /// Position in the file.
    pub index: u32,
    /// `video`, `audio`, `subtitle`, `attachment` or `other`.
    pub kind: String,
    /// Short name, such as `h264`.
    pub codec: String,
    /// Profile in words, such as `Main 10`.
    pub profile: Option<String>,
    /// Language tag as the file has it.
    pub language: Option<String>,
    /// Title as the file has it.
    pub title: Option<String>,
    /// The file's choice among its kind.
    pub default: bool,
    /// Only the foreign-language parts.
    pub forced: bool,
    /// Pixels across.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Pixels down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// Frames per second, when constant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fps: Option<f64>,
    /// Bits per colour component.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bit_depth: Option<u8>,
    /// PQ or HLG.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hdr: Option<bool>,
    /// Sound channels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channels: Option<u32>,
    /// Samples per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample_rate: Option<u32>,
}

/// A chapter mark.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema, PartialEq, Eq)]
pub struct MediaChapter {
    /// Where it starts.
    pub start_ms: MediaTime,
    /// Where it ends.
    pub end_ms: MediaTime,
    /// What it is called.
    pub title: String,
}

/// What a client is able to play, as a query: `?v=h264,hevc&a=aac,opus&c=mp4`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CapsQuery {
    /// Video codecs, comma separated. Absent: what every browser plays.
    #[serde(default)]
    pub v: Option<String>,
    /// Sound codecs, comma separated.
    #[serde(default)]
    pub a: Option<String>,
    /// Containers for direct play, comma separated.
    #[serde(default)]
    pub c: Option<String>,
    /// 0 when the client has no Media Source Extensions.
    #[serde(default)]
    pub mse: Option<u8>,
}

/// How a title reaches this client.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum PlaybackMode {
    /// The file as it is.
    Direct,
    /// The film's own picture in another container, sound perhaps converted.
    Remux,
    /// Picture converted.
    Transcode,
}

/// What this client gets to play, with addresses ready to fetch.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema, PartialEq, Eq)]
pub struct Playback {
    /// How the title reaches this client.
    pub mode: PlaybackMode,
    /// The same in a sentence for people.
    pub reason: String,
    /// HLS master playlist.
    pub master_url: String,
    /// The file itself; only when this client can play it as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direct_url: Option<String>,
    /// HLS master playlist for players other than browsers, such as VLC, mpv and television apps.
    pub compat_url: String,
    /// Seconds until that one expires: longer than the others, because such players cannot ask for a fresh one.
    pub compat_expires_in: u64,
    /// DASH manifest of the same segments.
    pub dash_url: String,
    /// `WebVTT` that says which part of which picture shows the film when; absent for a title without a picture. The
    /// answer is 202 while they are being made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thumbnails_url: Option<String>,
    /// How long the title is.
    pub duration_ms: MediaTime,
    /// Chapter marks, in order.
    pub chapters: Vec<MediaChapter>,
    /// Seconds until the addresses expire.
    pub expires_in: u64,
    /// How long to wait before playing, in ms, so that it does not stop in the middle: this machine converts the film more
    /// slowly than it plays. What it makes in the meantime is kept. Null when there is no need to wait.
    pub wait_ms: Option<u64>,
    /// Sound tracks to choose from.
    pub audio: Vec<PlaybackAudio>,
    /// Subtitles to choose from.
    pub subtitles: Vec<PlaybackSubtitle>,
    /// Fonts that came with the film; some may turn out to be none.
    pub fonts: Vec<String>,
    /// What the viewer should know beforehand, in sentences.
    pub notes: Vec<String>,
}

/// A sound track to choose.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema, PartialEq, Eq)]
pub struct PlaybackAudio {
    /// Which of the film's sound tracks, counted from 0; in the HLS playlist they stand in this order.
    pub index: u32,
    /// Channels that this client gets: 2 when the sound is converted.
    pub channels: u32,
    /// Whether it gets the file's own sound, not a conversion.
    pub copied: bool,
    /// Language tag as the file has it.
    pub language: Option<String>,
    /// Words for a menu.
    pub label: String,
    /// The file's choice.
    pub default: bool,
}

/// A subtitle track to choose.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema, PartialEq, Eq)]
pub struct PlaybackSubtitle {
    /// Names the track among those of this title.
    pub id: String,
    /// How it is drawn.
    pub kind: SubtitleKind,
    /// Language tag, as the file or its name has it.
    pub language: Option<String>,
    /// Words for a menu.
    pub label: String,
    /// The file's choice.
    pub default: bool,
    /// Only the foreign-language parts.
    pub forced: bool,
    /// Lies beside the film, not in it.
    pub external: bool,
    /// Folder of what there is to fetch. With `window_ms`: `{n}.vtt` for text, `{n}.ass` and `head.ass` too for ASS,
    /// `{n}.json` for bitmap. Without: `all.vtt`, and `all.ass` for ASS.
    pub url: String,
    /// Length of the windows by which the track is fetched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window_ms: Option<u32>,
}

/// How subtitles are drawn.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum SubtitleKind {
    /// As text, from `WebVTT`.
    Text,
    /// As an ASS script; also to be had as text.
    Ass,
    /// As pictures.
    Bitmap,
}

/// Asks for a new room.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema, PartialEq, Eq)]
pub struct CreateRoom {
    /// What to call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<DisplayName>,
    /// The title to put on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_id: Option<MediaId>,
}

/// Changes a room; what is absent stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema, PartialEq, Eq)]
pub struct UpdateRoom {
    /// The title to put on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_id: Option<MediaId>,
}

/// A room.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema, PartialEq, Eq)]
pub struct Room {
    /// The share code.
    pub code: RoomCode,
    /// What it is called.
    pub name: DisplayName,
    /// The link to share: a phone in the same network can open it.
    pub url: String,
    /// The same link as a QR code, SVG.
    pub qr_url: String,
    /// How many are in it.
    pub members: u32,
    /// What is on.
    pub media: Option<RoomTitle>,
    /// When it was made, in ms since the Unix epoch.
    pub created_at_ms: i64,
}

/// The title a room watches.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema, PartialEq, Eq)]
pub struct RoomTitle {
    /// The title's id.
    pub id: MediaId,
    /// What it is called.
    pub title: String,
    /// How long it is.
    pub duration_ms: MediaTime,
}

/// All rooms.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema, PartialEq, Eq)]
pub struct RoomList {
    /// Newest first.
    pub items: Vec<Room>,
}

/// How far the scan of the folders is.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema, PartialEq, Eq)]
pub struct LibraryStatus {
    /// A scan is under way.
    pub running: bool,
    /// Films seen so far.
    pub seen: u32,
    /// Of these, looked into in this scan; the others had not changed.
    pub probed: u32,
    /// Of those looked into, playable.
    pub playable: u32,
    /// Of those looked into, not playable.
    pub failed: u32,
    /// Files and folders that could not be read.
    pub unreadable: u32,
    /// Name of the file being looked into.
    pub current: Option<String>,
    /// Folders that are not there at the moment.
    pub offline: Vec<String>,
}
