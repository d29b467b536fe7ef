//! The outside contract over HTTP, against the real executable.
mod edge;
mod others;
mod rooms;
mod shapes;
mod socket;
mod streams;
