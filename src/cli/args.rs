//! Verbs and flags. Every flag has an environment twin; what is not given stays visible as such to the layering.
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use clap::builder::{BoolishValueParser, Resettable};
use clap::{Arg, Args, Command, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::config::{ConfigError, Layer, LogFormat, Settings};

/// The environment twin of `--dir`; several folders are separated as in `PATH`.
const DIR_ENV: &str = "WATCHPARTY_DIR";
// Not doc comments: names in those need backticks, which a terminal shows.
const DIR_HELP: &str = "A folder of films; may be given several times. Without it only the built-in film is shown \
                        [env: WATCHPARTY_DIR, separated as in PATH]";
const NO_OPEN_HELP: &str = "Open no browser (the default; WATCHPARTY_OPEN=true opens one)";

/// Watch any film in a folder together: same frame, same sound, no accounts.
#[derive(Parser)]
#[command(name = "watchparty", version, args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) verb: Option<Verb>,
    #[command(flatten)]
    pub(super) serve: ServeFlags,
}

#[derive(Subcommand)]
pub(super) enum Verb {
    /// Serve films (also without a verb).
    Serve(ServeFlags),
    /// Look into all films of the folders and say what would happen to each.
    Scan(ServeFlags),
    /// Try an encoder in graphics hardware.
    #[command(hide = true)]
    TryEncoder {
        /// Its name.
        name: String,
    },
    /// Look into one file.
    Probe {
        /// The file.
        file: PathBuf,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print the API document.
    Openapi,
    /// Print where configuration, data and cache are.
    Paths(ServeFlags),
    /// Ask the running server whether it is well.
    Health(ServeFlags),
    /// Print whose work is built in, and under which licences.
    Licences,
    /// Print the version.
    Version {
        /// With the versions and licences of what is built in.
        #[arg(long)]
        verbose: bool,
    },
}

#[derive(Args, Default)]
pub(super) struct ServeFlags {
    /// Folders of films, as after --dir; what a folder dropped on the program becomes.
    #[arg(value_name = "FOLDER")]
    folders: Vec<PathBuf>,
    #[arg(long, value_name = "FOLDER", help = DIR_HELP)]
    dir: Vec<PathBuf>,
    /// Port to listen on; without it 8420, or the next free one.
    #[arg(long, env = "WATCHPARTY_PORT")]
    port: Option<u16>,
    /// Address to listen on; may be given several times.
    #[arg(long, value_name = "ADDRESS", env = "WATCHPARTY_BIND", value_delimiter = ',')]
    bind: Option<Vec<IpAddr>>,
    /// Where the database and keys are kept.
    #[arg(long, value_name = "FOLDER", env = "WATCHPARTY_DATA_DIR")]
    data_dir: Option<PathBuf>,
    /// Where what can be made again is kept.
    #[arg(long, value_name = "FOLDER", env = "WATCHPARTY_CACHE_DIR")]
    cache_dir: Option<PathBuf>,
    /// Disk space for the cache, in MiB.
    #[arg(long, value_name = "MIB", env = "WATCHPARTY_CACHE_MB")]
    cache_mb: Option<u64>,
    /// The address people outside use, when a proxy stands in front.
    #[arg(long, value_name = "URL", env = "WATCHPARTY_PUBLIC_URL")]
    public_url: Option<String>,
    /// Open a browser after the start.
    #[arg(long, overrides_with = "no_open")]
    open: bool,
    #[arg(long, overrides_with = "open", help = NO_OPEN_HELP)]
    no_open: bool,
    #[arg(long = "open-env", hide = true, env = "WATCHPARTY_OPEN", value_parser = BoolishValueParser::new())]
    open_env: Option<bool>,
    /// Format of the output: text or json.
    #[arg(long, value_name = "FORMAT", env = "WATCHPARTY_LOG_FORMAT", value_parser = log_format)]
    log_format: Option<LogFormat>,
    /// List the built-in film even when folders are given.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", env = "WATCHPARTY_DEMO",
          value_parser = BoolishValueParser::new())]
    demo: Option<bool>,
}

impl Arguments {
    /// Reads this process's arguments; ends it when they are wrong, or with help.
    pub(super) fn read() -> Self {
        let matches = ignore_empty(Self::command()).get_matches();
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }

    /// The word that stands where a verb could, and is no folder either.
    pub(super) fn stray_word(&self) -> Option<&Path> {
        let word = self.serve.folders.first()?;
        let plain = self.verb.is_none() && word.components().count() == 1;
        (plain && !word.exists()).then_some(word)
    }
}

/// A variable that is set to nothing is one that is not set: that is how compose files and units unset them.
fn ignore_empty(command: Command) -> Command {
    let without = |arg: Arg| {
        let value = arg.get_env().and_then(std::env::var_os);
        if value.is_some_and(|value| value.is_empty()) { arg.env(Resettable::Reset) } else { arg }
    };
    command.mut_args(without).mut_subcommands(ignore_empty)
}

impl ServeFlags {
    pub(super) fn into_settings(self) -> Result<Settings, ConfigError> {
        let given: Vec<PathBuf> = self.folders.into_iter().chain(self.dir).collect();
        let from_env = || {
            let value = std::env::var_os(DIR_ENV).filter(|value| !value.is_empty())?;
            Some(std::env::split_paths(&value).filter(|path| !path.as_os_str().is_empty()).collect())
        };
        Settings::load(Layer {
            dir: if given.is_empty() { from_env() } else { Some(given) },
            port: self.port,
            bind: self.bind,
            data_dir: self.data_dir,
            cache_dir: self.cache_dir,
            cache_mb: self.cache_mb,
            public_url: self.public_url,
            open: match (self.open, self.no_open) {
                (true, _) => Some(true),
                (_, true) => Some(false),
                _ => self.open_env,
            },
            log_format: self.log_format,
            demo: self.demo,
        })
    }
}

fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("it is either \"text\" or \"json\"".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
        let help = Arguments::command().render_long_help().to_string();
        assert!(help.contains(DIR_ENV) && !help.contains('`'), "{help}");
    }

    #[test]
    fn serve_is_what_happens_without_a_verb_and_a_folder_may_stand_alone() {
        let alone = Arguments::try_parse_from(["watchparty", "./movies"]).unwrap();
        assert!(alone.verb.is_none() && alone.serve.folders == [PathBuf::from("./movies")]);
        let verb = Arguments::try_parse_from(["watchparty", "serve", "--dir", "a:b", "--port", "0"]).unwrap();
        let Some(Verb::Serve(flags)) = verb.verb else { panic!("not serve") };
        assert_eq!((flags.dir, flags.port), (vec![PathBuf::from("a:b")], Some(0)));
    }
}
