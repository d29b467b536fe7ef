//! `/api/v1/library/...`: how far the scan is, and another one.
use axum::Json;
use axum::extract::{FromRef, State};
use axum::http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::library::{Library, ScanStatus};
use crate::protocol::rest::LibraryStatus;

pub(in crate::http) fn router<S>() -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
    Library: FromRef<S>,
{
    OpenApiRouter::new().routes(routes!(status)).routes(routes!(scan))
}

/// How far the scan of the folders is.
#[utoipa::path(get, path = "/api/v1/library/status", tag = "library", responses((status = 200, body = LibraryStatus)))]
async fn status(State(library): State<Library>) -> Json<LibraryStatus> {
    Json(translate(library.scan_status()))
}

/// Looks for new, changed and deleted films, in the background.
#[utoipa::path(post, path = "/api/v1/library/scan", tag = "library", responses((status = 202, body = LibraryStatus)))]
async fn scan(State(library): State<Library>) -> (StatusCode, Json<LibraryStatus>) {
    library.start_scan();
    (StatusCode::ACCEPTED, Json(translate(library.scan_status())))
}

fn translate(status: ScanStatus) -> LibraryStatus {
    LibraryStatus {
        running: status.running,
        seen: status.seen,
        probed: status.probed,
        playable: status.playable,
        failed: status.failed,
        unreadable: status.unreadable,
        current: status.current,
        offline: status.offline,
    }
}
