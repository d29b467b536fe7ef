//! The room core, driven by hand and by simulated browsers.
mod lessons;
mod people;
mod playing;
mod sim;
mod sim_world;
mod table;
