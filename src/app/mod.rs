//! The composition root: builds the services, wires them to each other, listens, and takes everything down again.
//!
//! The only room that knows all others, and nobody but `cli` knows it. Owns every task through one tracker.
mod announce;
mod build;
mod demo;
mod listen;
mod lock;
mod serve;
mod stall;
mod state;

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::time::Duration;

use tokio::signal;

use crate::auth::AuthError;
use crate::config::{LogFormat, Settings};
use crate::http;
use crate::media::MediaError;
use crate::store::StoreError;

pub(crate) use build::engine_threads;
pub use lock::running_url;

/// How long open requests may take to end when the server stops. The media engine and the database end within the
/// rest of five seconds.
const DRAIN_MAX: Duration = Duration::from_millis(3_500);
/// How long the database may take to write everything down when the server stops.
const CLOSE_MAX: Duration = Duration::from_secs(1);

/// What is logged when nobody says otherwise.
const LOG_DEFAULT: &str = "warn,watchparty=info";

/// Why the server did not start, or did not go on. Each is one sentence.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The port that was asked for is taken.
    #[error("port {port} is in use by another program; choose another with --port")]
    PortInUse {
        /// The port.
        port: u16,
    },
    /// None of the ports is free.
    #[error("ports {from} to {to} are all in use; choose another with --port")]
    NoFreePort {
        /// First tried.
        from: u16,
        /// Last tried.
        to: u16,
    },
    /// The system does not allow it.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Where.
        address: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A folder of ours cannot be made or written.
    #[error("cannot use the folder {}: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Another server works on the same data.
    #[error("another watchparty already uses the data folder {}{}", path.display(), at.as_ref().map(|url| format!(" and is at {url}")).unwrap_or_default())]
    AlreadyRunning {
        /// The folder.
        path: PathBuf,
        /// Where the other one is.
        at: Option<String>,
    },
    /// No key.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// No database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No media engine.
    #[error("the media engine does not start: {0}")]
    Media(#[from] MediaError),
    /// No threads, no signals, no terminal.
    #[error("the system does not let the server run: {0}")]
    System(#[from] std::io::Error),
}

impl AppError {
    /// Whether the person can mend it by starting differently.
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::PortInUse { .. }
                | Self::NoFreePort { .. }
                | Self::Listen { .. }
                | Self::Folder { .. }
                | Self::AlreadyRunning { .. }
        )
    }
}

/// The API document.
pub fn openapi() -> utoipa::openapi::OpenApi {
    http::openapi::<state::AppState>()
}

/// Serves until a signal says stop.
pub async fn run(settings: Settings) -> Result<(), AppError> {
    serve::raise_file_limit();
    let folder = lock::DataFolder::claim(&settings.data_dir)?;
    let listening = listen::bind(&settings)?;
    let mut signals = Signals::new()?;
    let built = build::services(&settings, &listening).await?;
    serve::start(listening.sockets, &built.router, &built.tracker, &built.stop);
    let setup = built.auth.make_setup_token()?;
    folder.remember(&listening.url);
    announce::announce(&settings, &listening.url, listening.instead_of, &built.site, &setup);
    // Only now: whoever asks for the page must not wait for a scan, or for the built-in film.
    demo::prepare(&settings, &built);
    built.library.start_scan();

    signals.recv().await;
    tracing::info!("stopping; once more to stop at once");
    built.stop.cancel();
    built.tracker.close();
    let drained = tokio::time::timeout(DRAIN_MAX, built.tracker.wait());
    let ended = async { tokio::join!(drained, built.media.shutdown()) };
    tokio::select! {
        (drained, ()) = ended => if drained.is_err() {
            tracing::warn!(open = built.tracker.len(), "some requests did not end in time");
        },
        () = signals.recv() => return Ok(()),
    }
    if tokio::time::timeout(CLOSE_MAX, built.store.close()).await.is_err() {
        tracing::warn!("the database did not close in time; the next start reads its log");
    }
    folder.forget();
    Ok(())
}

/// Ctrl-C, or what a service manager sends.
struct Signals {
    #[cfg(unix)]
    terminate: signal::unix::Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            terminate: signal::unix::signal(signal::unix::SignalKind::terminate())?,
        })
    }

    async fn recv(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = signal::ctrl_c() => {}
            _ = self.terminate.recv() => {}
        }
        #[cfg(not(unix))]
        let _ = signal::ctrl_c().await;
    }
}

/// Starts logging to stderr. `WATCHPARTY_LOG` says how much, as in `watchparty=debug`.
pub fn start_log(format: LogFormat) {
    use tracing_subscriber::EnvFilter;
    let asked = std::env::var("WATCHPARTY_LOG").ok().filter(|asked| !asked.is_empty());
    let filter = asked.and_then(|asked| EnvFilter::try_new(asked).ok()).unwrap_or_else(|| EnvFilter::new(LOG_DEFAULT));
    let colour = std::io::stderr().is_terminal();
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colour).with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Json => log.json().try_init(),
        LogFormat::Text => log.compact().with_target(false).try_init(),
    };
    // A second start in one process, as in tests, keeps the first log.
    drop(started);
}
