//! REST, streams and pages over HTTP: extract, call, answer.
//!
//! Knows services by their front doors, never how they store or encode. Routers are generic over the state; `app` owns it.
mod openapi;

/// The API document.
pub fn openapi() -> utoipa::openapi::OpenApi {
    use utoipa::OpenApi as _;
    openapi::Document::openapi()
}
