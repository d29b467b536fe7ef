//! The API document. Paths come from the routers; the socket's messages are listed as components.
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::protocol::{rest, ws};

/// The document without paths; the routers add theirs.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "watchparty",
        description = "REST API of a watchparty server. Errors are RFC 9457 problems. The room socket is \
                       `/api/v1/rooms/{code}/ws`: JSON text frames, `ClientMessage` up, `ServerMessage` down."
    ),
    components(schemas(ws::ClientMessage, ws::ServerMessage, rest::Problem))
)]
struct Document;

pub(super) fn empty<S: Clone + Send + Sync + 'static>() -> OpenApiRouter<S> {
    OpenApiRouter::with_openapi(Document::openapi())
}
