//! Files in, segments out: probe, plan, playlists, and the engine that makes segments on its own threads.
//!
//! Knows files; knows no room, no user and no title. Pure parts ([`info`], [`track`]) decide; `engine` does, and is
//! the only place that touches libav. Called by `library` (probe, poster) and `http` (everything that streams).
pub mod demo;
pub mod engine;
pub mod identity;
pub mod info;
pub mod track;

pub use identity::FileIdentity;
pub use info::{AudioInfo, Chapter, MediaInfo, Source, StreamInfo, StreamKind, VideoInfo};
