//! The accept loop: hyper with a timer, so that half a request does not stay for ever, and a limit on connections.
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use crate::app::stall::Stalling;
use crate::http::Peer;

/// Connections at the same time, of all kinds.
const CONNECTIONS_MAX: usize = 10_000;
/// How long a request's head may take.
const HEAD_MAX: Duration = Duration::from_secs(10);
/// Largest request head, in bytes.
const HEAD_BYTES_MAX: usize = 32 * 1024;
/// Pause after a failed accept, such as when the process has no file handles left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Lets the process have as many files and sockets open as the system allows it; many systems start with 1024.
pub(super) fn raise_file_limit() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let limit = getrlimit(Resource::Nofile);
        let wanted = Rlimit { current: limit.maximum, maximum: limit.maximum };
        if let Err(error) = setrlimit(Resource::Nofile, wanted) {
            tracing::debug!(%error, "the limit of open files stays");
        }
    }
}

/// Accepts on all sockets until `stop`.
pub(super) fn start(sockets: Vec<TcpListener>, router: &Router, tracker: &TaskTracker, stop: &CancellationToken) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    for socket in sockets {
        let acceptor = Acceptor {
            router: router.clone(),
            tracker: tracker.clone(),
            stop: stop.clone(),
            places: Arc::clone(&places),
        };
        tracker.spawn(stop.clone().run_until_cancelled_owned(acceptor.run(socket)));
    }
}

struct Acceptor {
    router: Router,
    tracker: TaskTracker,
    stop: CancellationToken,
    places: Arc<Semaphore>,
}

impl Acceptor {
    async fn run(self, socket: TcpListener) {
        while let Ok(place) = Arc::clone(&self.places).acquire_owned().await {
            match socket.accept().await {
                Ok((stream, peer)) => {
                    let connection = converse(stream, Peer(peer.ip()), self.router.clone(), self.stop.clone(), place);
                    self.tracker.spawn(connection);
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

async fn converse(stream: TcpStream, peer: Peer, router: Router, stop: CancellationToken, place: OwnedSemaphorePermit) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no TCP_NODELAY");
    }
    let answer = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        router.clone().oneshot(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(Stalling::new(stream)), answer)
        .with_upgrades();
    tokio::pin!(connection);
    let outcome = tokio::select! {
        outcome = connection.as_mut() => outcome,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = outcome {
        // People close laptops; that is no news.
        tracing::debug!(%error, "a connection broke");
    }
    drop(place);
}
