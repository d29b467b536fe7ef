//! The one integration-test binary. Each module is a boundary: pure cores in simulation, services in process,
//! the real executable with real films.
mod engine;
mod hub;
mod media;
mod protocol;
mod rooms;
mod support;
mod tidy;
mod ws;
