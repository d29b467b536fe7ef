//! Helpers of the integration tests.
pub(crate) mod boxes;
pub(crate) mod films;
