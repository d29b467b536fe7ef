//! Helpers of the integration tests.
pub mod boxes;
pub mod films;
