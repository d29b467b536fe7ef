//! Any file, at once: odd films of every kind, generated, against one oracle; and what people do to a player.
//!
//! The films are made by the `ffmpeg` program and kept in the target folder, by their command.
mod containers;
mod fuzz;
mod odd;
mod oracle;
mod patterns;
mod pictures;
mod recipe;
mod sounds;
mod times;
