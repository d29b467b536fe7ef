//! `/healthz`: the socket is open. `/readyz`: the parts behind it answer too.
use axum::Router;
use axum::extract::{FromRef, State};
use axum::http::StatusCode;
use axum::routing::get;

use crate::http::problem::Problem;
use crate::media::Media;
use crate::store::Store;

pub(in crate::http) fn router<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    Store: FromRef<S>,
    Media: FromRef<S>,
{
    Router::new().route("/healthz", get(|| async { "ok\n" })).route("/readyz", get(ready))
}

async fn ready(State(store): State<Store>, State(media): State<Media>) -> Result<&'static str, Problem> {
    if let Err(error) = store.check().await {
        tracing::error!(%error, "not ready");
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "database", "The database does not answer."));
    }
    if media.heights().is_empty() {
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "engine", "The media engine does not run."));
    }
    Ok("ready\n")
}
