//! The command line: parse, call, exit code. 0 is success, 1 failure, 2 a wrong use or an unusable configuration.
//!
//! Every failure is one sentence on stderr, never a backtrace. Called by `main` only.
mod args;
mod health;
mod probe;
mod table;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::app;
use crate::app::AppError;
use crate::cli::args::{Arguments, Verb};
use crate::config::{ConfigError, Settings};
use crate::media;
use crate::media::engine::{Cancel, Hardware, try_hardware};
use crate::store;

/// Stack of the threads that serve; handlers are shallow, and there may be many cores.
const WORKER_STACK_BYTES: usize = 1024 * 1024;
/// Threads for file reads of direct play and the page.
const FILE_THREADS_MAX: usize = 16;
/// What the executable contains that others made; written by `make notices`.
const THIRD_PARTY: &str = include_str!("../../assets/THIRD-PARTY.txt");

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
enum CliError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    App(#[from] AppError),
    #[error("\"{}\" is neither a verb nor a folder; watchparty --help lists the verbs", .0.display())]
    NeitherVerbNorFolder(PathBuf),
    #[error("{0}")]
    Failed(String),
}

impl CliError {
    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Config(_) | Self::NeitherVerbNorFolder(_) => ExitCode::from(2),
            Self::App(error) if error.is_usage() => ExitCode::from(2),
            Self::App(_) | Self::Failed(_) => ExitCode::FAILURE,
        }
    }
}

/// Runs the command of this process's arguments.
pub fn main() -> ExitCode {
    let outcome = dispatch(Arguments::read());
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The only place that says why; stderr being closed leaves the exit code.
            let _ = writeln!(std::io::stderr(), "watchparty: {error}");
            error.exit_code()
        }
    }
}

fn dispatch(arguments: Arguments) -> Result<(), CliError> {
    if let Some(word) = arguments.stray_word() {
        return Err(CliError::NeitherVerbNorFolder(word.to_path_buf()));
    }
    match arguments.verb.unwrap_or(Verb::Serve(arguments.serve)) {
        Verb::Serve(flags) => serve(flags.into_settings()?),
        Verb::Scan(flags) => on_runtime(|| probe::scan(flags.into_settings()?)),
        Verb::Probe { file, json } => on_runtime(|| probe::probe(&file, json)),
        Verb::Openapi => say(&(app::openapi().to_pretty_json().map_err(|error| failed(&error))? + "\n")),
        Verb::Paths(flags) => say(&paths(&flags.into_settings()?)),
        Verb::Health(flags) => health::ask(&flags.into_settings()?).and_then(|answer| say(&answer)),
        Verb::TryEncoder { name } => try_encoder(&name),
        Verb::Licences => say(THIRD_PARTY),
        Verb::Version { verbose } => say(&version(verbose)),
    }
}

/// For the server, which runs this in a process of its own: a driver may crash.
fn try_encoder(name: &str) -> Result<(), CliError> {
    let kind = Hardware::named(name).ok_or_else(|| CliError::Failed(format!("there is no encoder {name}")))?;
    try_hardware(kind, &Cancel::never()).map_err(|error| failed(&error))
}

fn serve(settings: Settings) -> Result<(), CliError> {
    app::start_log(settings.log_format);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("server")
        .thread_stack_size(WORKER_STACK_BYTES)
        .max_blocking_threads(FILE_THREADS_MAX)
        .build()
        .map_err(AppError::from)?;
    let outcome = runtime.block_on(app::run(settings));
    // What did not end in time is not waited for: the drain is over.
    runtime.shutdown_background();
    Ok(outcome?)
}

fn on_runtime<F: Future<Output = Result<(), CliError>>>(
    command: impl FnOnce() -> Result<F, CliError>,
) -> Result<(), CliError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(AppError::from)?;
    let command = command()?;
    runtime.block_on(command)
}

fn paths(settings: &Settings) -> String {
    let lines = [
        ("config", settings.config_file.display().to_string()),
        ("data", settings.data_dir.display().to_string()),
        ("cache", settings.cache_dir.display().to_string()),
    ];
    let films = settings.dirs.iter().map(|dir| ("films", dir.display().to_string()));
    let rows: Vec<Vec<String>> =
        lines.into_iter().chain(films).map(|(what, path)| vec![what.to_owned(), path]).collect();
    table::table(&rows)
}

fn version(verbose: bool) -> String {
    let version = env!("CARGO_PKG_VERSION");
    if verbose {
        format!("watchparty {version}\n{}SQLite   {}\n", media::about(), store::sqlite_version())
    } else {
        format!("watchparty {version}\n")
    }
}

fn say(text: &str) -> Result<(), CliError> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        // `| head` has seen enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(|error| failed(&error)),
    }
}

fn failed(error: &dyn std::fmt::Display) -> CliError {
    CliError::Failed(error.to_string())
}
