//! watchparty: one executable that lets people watch any film in a folder together.
//!
//! `ARCHITECTURE.md` draws the rooms (the modules below) and says which may import which.
pub mod app;
pub mod auth;
pub mod cli;
pub mod clock;
pub mod config;
pub mod discovery;
pub mod http;
pub mod hub;
pub mod library;
pub mod media;
pub mod model;
pub mod protocol;
pub mod rooms;
pub mod store;
pub mod ws;
