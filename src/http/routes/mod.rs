//! One file per resource; each gives a router that asks the state only for what it uses.
pub(super) mod auth;
pub(super) mod document;
pub(super) mod health;
pub(super) mod library;
pub(super) mod media;
pub(super) mod rooms;
pub(super) mod server;
pub(super) mod stream;
pub(super) mod subtitles;
