//! Before the upgrade. That the page is one of ours is checked at the edge, as for every request that changes something.
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::UPGRADE;
use axum::response::{IntoResponse, Response};

use crate::http::Problem;
use crate::model::RoomCode;
use crate::protocol::ws::CLIENT_FRAME_BYTES_MAX;
use crate::ws::limits::{READ_BUFFER_BYTES, WRITE_BUFFER_BYTES, WRITE_BUFFER_BYTES_MAX};
use crate::ws::{Sockets, socket};

pub(crate) async fn knock(
    State(sockets): State<Sockets>,
    Path(code): Path<String>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let code = code.parse::<RoomCode>().ok();
    let room = code.and_then(|code| sockets.hub.room(&code).map(|room| (code, room)));
    let Ok(upgrade) = upgrade else {
        return match room {
            Some(_) => ([(UPGRADE, "websocket")], upgrade_required()).into_response(),
            None => Problem::no_room().into_response(),
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

fn upgrade_required() -> Problem {
    Problem::new(StatusCode::UPGRADE_REQUIRED, "upgrade_required", "This address is a WebSocket.")
}
