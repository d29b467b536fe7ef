//! The room socket over real connections: a small server in this process, clients as a browser would be.
mod conversation;
mod door;
mod party;
mod silence;
