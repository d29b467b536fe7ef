//! The one integration-test binary.
mod media;
