//! The one integration-test binary.
mod engine;
mod media;
mod support;
