//! The web UI, embedded in the executable.
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::Embed;

use crate::http::problem::Problem;

#[derive(Embed)]
#[folder = "$CARGO_MANIFEST_DIR/web/dist"]
struct Dist;

/// Names under this folder carry a hash of their content.
const HASHED: &str = "assets/";
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ASK_FIRST: HeaderValue = HeaderValue::from_static("no-cache");
/// Addresses that the page's own router knows; it shows everything else as "not found", and so does the status.
const HOME: &str = "/";
const ROOMS: &str = "/r/";
const TITLES: &str = "/m/";

/// Answers everything that no route takes.
pub(super) async fn page_or_asset(request: Request) -> Response {
    let path = request.uri().path();
    if path.starts_with("/api/") || path.starts_with("/stream/") {
        return Problem::of_status(StatusCode::NOT_FOUND).into_response();
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Problem::of_status(StatusCode::METHOD_NOT_ALLOWED).into_response();
    }
    let name = path.trim_start_matches('/');
    if !name.is_empty() && Dist::get(name).is_some() {
        return file(name, StatusCode::OK, &request);
    }
    let is_below = |folder: &str| {
        path.strip_prefix(folder)
            .map(|name| name.trim_end_matches('/'))
            .is_some_and(|name| !name.is_empty() && !name.contains('/'))
    };
    let page = path == HOME || is_below(ROOMS) || is_below(TITLES);
    file("index.html", if page { StatusCode::OK } else { StatusCode::NOT_FOUND }, &request)
}

fn file(name: &str, status: StatusCode, request: &Request) -> Response {
    let Some(file) = Dist::get(name) else {
        return Problem::of_status(StatusCode::NOT_FOUND).into_response();
    };
    let hash = file.metadata.sha256_hash();
    let etag = hash[..12].iter().fold(String::from("\""), |text, byte| format!("{text}{byte:02x}")) + "\"";
    let known = request.headers().get(header::IF_NONE_MATCH).is_some_and(|tag| {
        tag.to_str().is_ok_and(|tags| tags.split(',').any(|tag| tag.trim().trim_start_matches("W/") == etag))
    });
    let mut response = if known && status == StatusCode::OK {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        (status, Body::from(file.data)).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind_of(name)));
    headers.insert(header::CACHE_CONTROL, if name.starts_with(HASHED) { FOR_EVER } else { ASK_FIRST });
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        headers.insert(header::ETAG, etag);
    }
    response
}

fn kind_of(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
