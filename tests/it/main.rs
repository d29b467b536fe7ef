//! The one integration-test binary.
mod api;
mod cli;
mod library;
mod media;
mod protocol;
mod rooms;
mod support;
mod ws;
