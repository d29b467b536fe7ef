//! The one integration-test binary.
mod hub;
mod protocol;
mod rooms;
mod tidy;
mod ws;
