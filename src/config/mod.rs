//! What the server is told before it starts, as plain data: flag > environment > `config.toml` > default.
//!
//! [`Layer`] is one of the three sources with everything optional; [`Settings`] is the outcome. Reads one file, asks the
//! operating system for its folders, and nothing else. Called by `cli`, which owns the flags.
mod file;
mod settings;

use std::path::PathBuf;

pub use file::read_layer;
pub use settings::{Layer, LogFormat, Port, Settings};

/// Why the configuration cannot be used. Each is one sentence for the person who wrote it.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is there but cannot be read.
    #[error("cannot read the configuration file {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Not TOML.
    #[error("the configuration file {} is not valid TOML: {message}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Where and what.
        message: String,
    },
    /// A key that means nothing.
    #[error("the configuration file {} has an unknown key \"{key}\"; known keys are: {known}", path.display())]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// The key.
        key: String,
        /// What could have been meant.
        known: String,
    },
    /// A value of the wrong kind.
    #[error("the configuration file {} has an unusable value for \"{key}\": {message}", path.display())]
    BadValue {
        /// The file.
        path: PathBuf,
        /// The key.
        key: String,
        /// What is wrong.
        message: String,
    },
    /// A folder of films is not there.
    #[error("the folder {} does not exist or is not a folder", path.display())]
    NoSuchFolder {
        /// The folder.
        path: PathBuf,
    },
    /// The public address is not one.
    #[error("the public URL \"{url}\" must begin with http:// or https:// and name a host")]
    BadPublicUrl {
        /// As given.
        url: String,
    },
    /// The operating system names no home folder.
    #[error("this account has no home folder: say where to keep data with --data-dir")]
    NoHome,
}
