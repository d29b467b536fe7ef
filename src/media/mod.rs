//! Files in, segments out: probe, plan, playlists, and the engine that makes segments on its own threads.
//!
//! Knows files; knows no room, no user and no title. The pure parts ([`plan`], [`decide`], [`playlist`], `ladder`)
//! say what is to be done; `engine` does it, and is the only place that touches libav; `flight`, `cache` and
//! `workers` see to it that it is done once, kept, and in the right order. Called by `library` (probe, poster) and
//! `http` (everything that streams).
pub mod caps;
pub mod decide;
pub mod error;
pub mod identity;
pub mod info;
pub mod ladder;
pub mod plan;
pub mod playlist;
pub mod rendition;
#[cfg(test)]
mod samples;
mod ticks;
pub mod track;

pub use caps::ClientCaps;
pub use decide::{Decision, Mode, Unplayable, decide, playable};
pub use error::MediaError;
pub use identity::FileIdentity;
pub use info::{AudioInfo, Chapter, MediaInfo, Source, StreamInfo, StreamKind, VideoInfo};
pub use plan::Presentation;
pub use rendition::RenditionId;
