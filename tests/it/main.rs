//! The one integration-test binary.
mod api;
mod cli;
mod engine;
mod library;
mod media;
mod protocol;
mod rooms;
mod support;
mod ws;
