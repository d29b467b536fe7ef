//! The one integration-test binary.
mod media;
mod protocol;
mod rooms;
mod ws;
