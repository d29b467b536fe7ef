//! The media service, on plans made of thin air and on real files.
#![expect(clippy::unwrap_used, reason = "a test may fail; `clippy.toml` only knows tests inside the library")]
mod cuts;
mod damage;
pub(crate) mod harness;
mod loudness;
mod plans;
mod service;
mod streams;
mod subtitles;
