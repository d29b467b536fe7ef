//! The room core, driven by hand and by simulated browsers.
mod lessons;
mod rules;
mod sim;
mod sim_world;
mod table;
