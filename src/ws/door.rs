//! Before the upgrade: who may open a socket at all.
use axum::body::Body;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_TYPE, HOST, ORIGIN};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use crate::model::RoomCode;
use crate::protocol::ws::CLIENT_FRAME_BYTES_MAX;
use crate::ws::limits::{READ_BUFFER_BYTES, WRITE_BUFFER_BYTES, WRITE_BUFFER_BYTES_MAX};
use crate::ws::{Sockets, socket};

pub(crate) async fn knock(
    State(sockets): State<Sockets>,
    Path(code): Path<String>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    if !is_same_origin(&headers) {
        return problem(StatusCode::FORBIDDEN, "foreign_origin", "This page may not open a room's socket.");
    }
    let code = code.parse::<RoomCode>().ok();
    let room = code.and_then(|code| sockets.hub.room(&code).map(|room| (code, room)));
    let Ok(upgrade) = upgrade else {
        return match room {
            Some(_) => problem(StatusCode::UPGRADE_REQUIRED, "upgrade_required", "This address is a WebSocket."),
            None => problem(StatusCode::NOT_FOUND, "no_such_room", "There is no such room."),
        };
    };
    // A browser cannot read the status of a refused upgrade, so an unknown room is said with a close code.
    let tracker = sockets.tracker.clone();
    upgrade
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_write_buffer_size(WRITE_BUFFER_BYTES_MAX)
        .max_frame_size(CLIENT_FRAME_BYTES_MAX)
        .max_message_size(CLIENT_FRAME_BYTES_MAX)
        .on_upgrade(move |socket| tracker.track_future(socket::serve(sockets, room, socket)))
}

/// A page of another site could open a socket with this viewer's network access. Programs send no origin.
fn is_same_origin(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(ORIGIN) else { return true };
    let (Ok(origin), Some(Ok(host))) = (origin.to_str(), headers.get(HOST).map(|host| host.to_str())) else {
        return false;
    };
    origin.split_once("://").is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host))
}

fn problem(status: StatusCode, code: &str, detail: &str) -> Response {
    let title = status.canonical_reason().unwrap_or_default();
    let body = serde_json::json!({
        "type": "about:blank", "title": title, "status": status.as_u16(), "code": code, "detail": detail,
    });
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, axum::http::HeaderValue::from_static("application/problem+json"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(axum::http::HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn only_pages_of_this_server_may_open_a_socket() {
        assert!(is_same_origin(&headers(&[(HOST, "tv:8420")])));
        assert!(is_same_origin(&headers(&[(HOST, "tv:8420"), (ORIGIN, "http://TV:8420")])));
        for origin in ["http://evil.example", "null", "http://tv:8421", "http://tv:8420.evil.example"] {
            assert!(!is_same_origin(&headers(&[(HOST, "tv:8420"), (ORIGIN, origin)])), "{origin}");
        }
    }
}
