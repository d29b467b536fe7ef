//! The one integration-test binary. Each module is a boundary: pure cores in simulation, services in process,
//! the real executable with real films.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]
mod api;
mod cli;
mod engine;
mod hub;
mod library;
mod matrix;
mod media;
mod protocol;
mod rooms;
mod support;
mod tidy;
mod ws;
