//! `/api/openapi.json`.
use axum::Router;
use axum::http::header;
use axum::routing::get;
use utoipa::openapi::OpenApi;

pub(in crate::http) fn router<S: Clone + Send + Sync + 'static>(document: &OpenApi) -> Router<S> {
    let text = bytes::Bytes::from(document.to_json().unwrap_or_default());
    Router::new()
        .route("/api/openapi.json", get(move || async move { ([(header::CONTENT_TYPE, "application/json")], text) }))
}
