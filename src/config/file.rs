//! Reads `config.toml`, and says in one sentence what is wrong with it.
use std::io::ErrorKind;
use std::path::Path;

use crate::config::ConfigError;
use crate::config::Layer;

/// Every key a file may have.
const KNOWN: &[&str] =
    &["dir", "port", "bind", "data_dir", "cache_dir", "cache_mb", "public_url", "open", "log_format", "demo"];

/// The settings in a file; nothing if there is no file.
pub fn read_layer(path: &Path) -> Result<Layer, ConfigError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Layer::default()),
        Err(source) => return Err(ConfigError::Unreadable { path: path.to_path_buf(), source }),
    };
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| ConfigError::Syntax {
        path: path.to_path_buf(),
        message: one_line(&error),
    })?;
    if let Some(key) = table.keys().find(|key| !KNOWN.contains(&key.as_str())) {
        return Err(ConfigError::UnknownKey { path: path.to_path_buf(), key: key.clone(), known: KNOWN.join(", ") });
    }
    // Key by key, so that the sentence can name the one that is wrong.
    for (key, value) in &table {
        let alone = toml::Table::from_iter([(key.clone(), value.clone())]);
        if let Err(error) = alone.try_into::<Layer>() {
            return Err(ConfigError::BadValue {
                path: path.to_path_buf(),
                key: key.clone(),
                message: one_line(&error),
            });
        }
    }
    table
        .try_into()
        .map_err(|error: toml::de::Error| ConfigError::Syntax { path: path.to_path_buf(), message: one_line(&error) })
}

fn one_line(error: &toml::de::Error) -> String {
    error.message().split_whitespace().collect::<Vec<_>>().join(" ")
}
