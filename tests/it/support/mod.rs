//! Helpers of the integration tests.
pub(crate) mod boxes;
pub(crate) mod films;
pub(crate) mod marker;
pub(crate) mod server;
pub(crate) mod wait;
