//! The API document. Paths come from the routers; the socket's messages are listed as components.
use utoipa::OpenApi;

use crate::protocol::{rest, ws};

/// The document without paths; the routers add theirs.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "watchparty",
        description = "REST API of a watchparty server. Errors are RFC 9457 problems. The room socket is \
                       `/api/v1/rooms/{code}/ws`: JSON text frames, `ClientMessage` up, `ServerMessage` down."
    ),
    components(schemas(
        ws::ClientMessage, ws::ServerMessage, rest::Problem, rest::GuestRequest, rest::Session, rest::SetupRequest,
        rest::ServerInfo, rest::MediaPage, rest::MediaDetail, rest::Playback, rest::CreateRoom, rest::UpdateRoom,
        rest::Room, rest::RoomList, rest::LibraryStatus
    ))
)]
pub(super) struct Document;
