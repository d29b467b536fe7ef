//! `/api/v1/server`: what anybody may know of this server.
use axum::Json;
use axum::extract::{FromRef, State};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Auth;
use crate::http::site::Site;
use crate::protocol::rest::ServerInfo;

pub(in crate::http) fn router<S>() -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
    Auth: FromRef<S>,
    Site: FromRef<S>,
{
    OpenApiRouter::new().routes(routes!(server))
}

/// Name, version and addresses.
#[utoipa::path(get, path = "/api/v1/server", tag = "server", responses((status = 200, body = ServerInfo)))]
async fn server(State(site): State<Site>, State(auth): State<Auth>) -> Json<ServerInfo> {
    Json(ServerInfo {
        name: site.name().to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        setup_needed: !auth.is_claimed(),
        lan: site.lan(),
    })
}
