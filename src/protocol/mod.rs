//! What goes over the wire, as plain serde types: [`ws`] for the room socket, [`rest`] for the REST API.
//!
//! Knows nothing of rooms, media or storage; `ws::translate` and the `http` handlers are where wire and core meet.
//! The web client's types are generated from these.
pub mod rest;
pub mod ws;
