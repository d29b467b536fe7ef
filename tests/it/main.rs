//! The one integration-test binary. Each module is a boundary: pure cores in simulation, services in process,
//! the real executable with real films.
mod tidy;
