//! What every request passes: is it meant for us, may that page send it, which id has it, and headers on the way out.
use std::any::Any;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Extensions;
use axum::http::HeaderMap;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, Version, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::Instrument;

use crate::http::limits::COMPRESS_BYTES_MIN;
use crate::http::problem::Problem;
use crate::http::site::Site;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// For pages. `ws:` because not every browser counts the socket as `'self'`; `blob:` because players feed and decode
/// through blobs.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; \
    media-src 'self' blob:; connect-src 'self' ws: wss:; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; \
    font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// For everything that is no page, should somebody open it as one.
const OTHER_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; media-src 'self'; frame-ancestors 'none'";

/// For scripts: one that runs as a worker has its own policy. The one that draws subtitles compiles WebAssembly.
const SCRIPT_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; \
    worker-src 'self' blob:; frame-ancestors 'none'";

/// On every answer.
const HEADERS: &[(&str, &str)] = &[
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), microphone=(), geolocation=()"),
];

/// The outermost layer.
pub(super) async fn edge(State(site): State<Site>, request: Request, next: Next) -> Response {
    let id = uuid::Uuid::now_v7().simple().to_string();
    // Stream addresses carry a token: the log gets the kind of address only.
    let path = request.uri().path();
    let shown = if path.starts_with("/stream/") { "/stream/..." } else { path };
    let span = tracing::info_span!("request", id = %id, method = %request.method(), path = %shown);
    let wants_problem = is_api(path);
    let response = match refusal(&site, &request) {
        Some(problem) => problem.into_response(),
        None => next.run(request).instrument(span.clone()).await,
    };
    let mut response = in_our_words(response, wants_problem, &id);
    span.in_scope(|| tracing::debug!(status = response.status().as_u16(), "answered"));
    dress(response.headers_mut(), &id);
    response
}

/// The answer to a panic in a handler.
#[expect(clippy::needless_pass_by_value, reason = "the layer hands it over")]
pub(super) fn after_panic(panic: Box<dyn Any + Send + 'static>) -> Response {
    let what = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(panic = what.unwrap_or("unknown"), "a handler panicked");
    Problem::internal().into_response()
}

/// Text is compressed, films and pictures are not.
pub(super) fn worth_compressing(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    let text = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).is_some_and(|kind| {
        kind.starts_with("text/")
            || ["javascript", "json", "mpegurl", "dash+xml", "svg", "wasm", "manifest"]
                .iter()
                .any(|word| kind.contains(word))
    });
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    text && length.is_none_or(|length| length >= COMPRESS_BYTES_MIN)
}

fn is_api(path: &str) -> bool {
    path.starts_with("/api/") || path.starts_with("/stream/") || path == "/healthz" || path == "/readyz"
}

fn refusal(site: &Site, request: &Request) -> Option<Problem> {
    let headers = request.headers();
    if !site.answers_to(headers) {
        return Some(Problem::new(
            StatusCode::MISDIRECTED_REQUEST,
            "unknown_host",
            "This server does not go by that name; use its IP address, or start it with --public-url.",
        ));
    }
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let changes = !safe || headers.contains_key(header::UPGRADE);
    (changes && !site.same_origin(headers)).then(|| {
        Problem::new(StatusCode::FORBIDDEN, "foreign_origin", "Another site's page may not do this in your name.")
    })
}

/// Problems get their id; errors that say nothing in our words are said in them.
fn in_our_words(response: Response, wants_problem: bool, id: &str) -> Response {
    let status = response.status();
    let problem = match response.extensions().get::<Problem>() {
        Some(problem) => problem.clone(),
        None if wants_problem && (status.is_client_error() || status.is_server_error()) => Problem::of_status(status),
        None => return response,
    };
    let mut rendered = problem.render(id);
    // `Allow`, `Content-Range`, `Retry-After` and the like belong to the error.
    for (name, value) in response.headers() {
        let body = [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::CONTENT_ENCODING, header::CACHE_CONTROL];
        if !body.contains(name) {
            rendered.headers_mut().append(name, value.clone());
        }
    }
    let (parts, body) = rendered.into_parts();
    Response::from_parts(parts, Body::new(body))
}

fn dress(headers: &mut HeaderMap, id: &str) {
    for (name, value) in HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    let policy = match headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes) {
        Some(kind) if kind.starts_with(b"text/html") => PAGE_POLICY,
        Some(kind) if kind.starts_with(b"text/javascript") => SCRIPT_POLICY,
        _ => OTHER_POLICY,
    };
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
}
