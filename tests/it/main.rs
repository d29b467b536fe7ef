//! The one integration-test binary.
mod protocol;
mod rooms;
mod ws;
