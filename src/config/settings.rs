//! The settings and how the sources are laid over each other.
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::config::ConfigError;
use crate::config::read_layer;

/// The port when nobody says otherwise.
const PORT_DEFAULT: u16 = 8420;
/// How many ports after the default are tried when it is taken.
const PORT_NEIGHBOURS: u16 = 9;

/// Format of what the server says on stdout and stderr.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Which port to listen on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port {
    /// Somebody asked for exactly this one; 0 lets the system choose.
    Exactly(u16),
    /// The default, or the next free one.
    FirstFree {
        /// First to try.
        from: u16,
        /// Last to try.
        to: u16,
    },
}

/// One source of settings: the flags and environment, or the file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Layer {
    /// Folders of films.
    pub dir: Option<Vec<PathBuf>>,
    /// Port to listen on.
    pub port: Option<u16>,
    /// Addresses to listen on.
    pub bind: Option<Vec<IpAddr>>,
    /// Where the database and keys are kept.
    pub data_dir: Option<PathBuf>,
    /// Where what can be made again is kept.
    pub cache_dir: Option<PathBuf>,
    /// Disk space for the cache, in MiB.
    pub cache_mb: Option<u64>,
    /// The address people outside use.
    pub public_url: Option<String>,
    /// Open a browser after the start.
    pub open: Option<bool>,
    /// Format of the output.
    pub log_format: Option<LogFormat>,
    /// Show the built-in film even when folders are given.
    pub demo: Option<bool>,
}

/// What the server runs with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Folders of films, as given.
    pub dirs: Vec<PathBuf>,
    /// Whether the built-in film is in the library.
    pub demo: bool,
    /// Port to listen on.
    pub port: Port,
    /// Addresses to listen on.
    pub bind: Vec<IpAddr>,
    /// Where the database and keys are kept.
    pub data_dir: PathBuf,
    /// Where what can be made again is kept.
    pub cache_dir: PathBuf,
    /// Disk space for the cache, in bytes; without it, by the space that is free.
    pub cache_bytes_max: Option<u64>,
    /// The file that was or would be read.
    pub config_file: PathBuf,
    /// The address people outside use, without a slash at the end.
    pub public_url: Option<String>,
    /// Open a browser after the start.
    pub open: bool,
    /// Format of the output.
    pub log_format: LogFormat,
}

impl Layer {
    /// This layer where it says something, `below` elsewhere.
    #[must_use]
    fn over(self, below: Self) -> Self {
        Self {
            dir: self.dir.or(below.dir),
            port: self.port.or(below.port),
            bind: self.bind.or(below.bind),
            data_dir: self.data_dir.or(below.data_dir),
            cache_dir: self.cache_dir.or(below.cache_dir),
            cache_mb: self.cache_mb.or(below.cache_mb),
            public_url: self.public_url.or(below.public_url),
            open: self.open.or(below.open),
            log_format: self.log_format.or(below.log_format),
            demo: self.demo.or(below.demo),
        }
    }
}

impl Settings {
    /// Lays the flags over the file over the defaults.
    pub fn load(flags: Layer) -> Result<Self, ConfigError> {
        let home = Home::of(flags.data_dir.as_deref())?;
        let file = read_layer(&home.config_file)?;
        let all = flags.over(file);
        let data_dir = all.data_dir.clone().unwrap_or_else(|| home.data.clone());
        // One folder given by hand holds everything, so that a test or a stick leaves no traces elsewhere.
        let moved = all.data_dir.is_some();
        let cache_dir =
            all.cache_dir.clone().unwrap_or_else(|| if moved { data_dir.join("cache") } else { home.cache });
        // Never a folder that nobody named: what is served is seen by everybody in the network.
        let dirs = existing_folders(all.dir.as_deref().unwrap_or_default())?;
        Ok(Self {
            demo: all.demo.unwrap_or(all.dir.is_none()),
            dirs,
            port: all
                .port
                .map_or(Port::FirstFree { from: PORT_DEFAULT, to: PORT_DEFAULT + PORT_NEIGHBOURS }, Port::Exactly),
            bind: all.bind.unwrap_or_else(|| vec![Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()]),
            data_dir,
            cache_dir,
            cache_bytes_max: all.cache_mb.map(|mb| mb.saturating_mul(1024 * 1024)),
            config_file: home.config_file,
            public_url: all.public_url.map(|url| checked_url(&url)).transpose()?,
            open: all.open.unwrap_or(false),
            log_format: all.log_format.unwrap_or_default(),
        })
    }
}

/// Where this account keeps things.
struct Home {
    data: PathBuf,
    cache: PathBuf,
    config_file: PathBuf,
}

impl Home {
    fn of(data_dir: Option<&Path>) -> Result<Self, ConfigError> {
        if let Some(data) = data_dir {
            let config_file = data.join("config.toml");
            return Ok(Self { data: data.to_path_buf(), cache: data.join("cache"), config_file });
        }
        let dirs = directories::ProjectDirs::from("", "", "watchparty").ok_or(ConfigError::NoHome)?;
        Ok(Self {
            data: dirs.data_dir().to_path_buf(),
            cache: dirs.cache_dir().to_path_buf(),
            config_file: dirs.config_dir().join("config.toml"),
        })
    }
}

fn existing_folders(dirs: &[PathBuf]) -> Result<Vec<PathBuf>, ConfigError> {
    dirs.iter()
        .map(|dir| match std::path::absolute(dir) {
            Ok(path) if path.is_dir() => Ok(path),
            _ => Err(ConfigError::NoSuchFolder { path: dir.clone() }),
        })
        .collect()
}

fn checked_url(url: &str) -> Result<String, ConfigError> {
    let clean = url.trim().trim_end_matches('/');
    let host = clean.strip_prefix("http://").or_else(|| clean.strip_prefix("https://"));
    match host {
        Some(host) if !host.is_empty() && !host.contains([' ', '?', '#', '@']) => Ok(clean.to_owned()),
        _ => Err(ConfigError::BadPublicUrl { url: url.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(flags: Layer, file: &str) -> Result<Settings, ConfigError> {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("config.toml"), file).unwrap();
        Settings::load(Layer { data_dir: Some(home.path().to_path_buf()), ..flags })
    }

    #[test]
    fn a_flag_beats_the_file_and_the_file_beats_the_default() {
        let file = "port = 9000\nlog_format = \"json\"\ndir = []\n";
        let both = settings(Layer { port: Some(9001), ..Layer::default() }, file).unwrap();
        assert_eq!((both.port, both.log_format), (Port::Exactly(9001), LogFormat::Json));
        assert_eq!(settings(Layer::default(), file).unwrap().port, Port::Exactly(9000));
        let none = settings(Layer::default(), "").unwrap();
        assert_eq!(none.port, Port::FirstFree { from: 8420, to: 8429 });
        assert!(none.demo && none.dirs.is_empty(), "a folder that nobody named: {:?}", none.dirs);
    }

    #[test]
    fn an_unknown_key_is_named() {
        let error = settings(Layer::default(), "prot = 1\n").unwrap_err().to_string();
        assert!(error.contains("\"prot\"") && error.contains("port"), "{error}");
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_named() {
        let error = settings(Layer::default(), "port = \"many\"\n").unwrap_err().to_string();
        assert!(error.contains("\"port\""), "{error}");
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let flags = Layer { dir: Some(vec!["/no/such/folder".into()]), ..Layer::default() };
        assert!(settings(flags, "").unwrap_err().to_string().contains("/no/such/folder"));
    }

    #[test]
    fn the_sample_file_says_the_defaults() {
        let sample = include_str!("../../assets/config.sample.toml");
        let uncommented: Vec<&str> =
            sample.lines().filter_map(|line| line.strip_prefix("#").filter(|rest| !rest.starts_with(' '))).collect();
        let layer: Layer = toml::from_str(&uncommented.join("\n")).unwrap();
        assert_eq!(layer.port, Some(PORT_DEFAULT));
        assert_eq!(layer.cache_mb, Some(10 * 1024), "the most it takes by itself");
    }
}
