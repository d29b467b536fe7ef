//! The one integration-test binary.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]
mod api;
mod cli;
mod engine;
mod hub;
mod library;
mod media;
mod protocol;
mod rooms;
mod support;
mod tidy;
mod ws;
