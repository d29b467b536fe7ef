//! `/api/v1/auth/...`: guests, the set-up link, who am I, sign out.
use axum::Json;
use axum::extract::{FromRef, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::{Auth, Claims, Issued, Role};
use crate::http::extract::{Body, COOKIE, SignedIn, Visitor};
use crate::http::pace::{GuestPace, Pace};
use crate::http::problem::Problem;
use crate::http::site::Site;
use crate::hub::Hub;
use crate::model::DisplayName;
use crate::protocol::rest;
use crate::protocol::rest::{GuestRequest, Session, SetupRequest, User, UserRole};

/// What somebody is called who came by the set-up link and gave no name.
const HOST_NAME: &str = "Host";

pub(in crate::http) fn router<S>() -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
    Auth: FromRef<S>,
    Hub: FromRef<S>,
    Pace: FromRef<S>,
    Site: FromRef<S>,
{
    OpenApiRouter::new().routes(routes!(guest)).routes(routes!(setup)).routes(routes!(me)).routes(routes!(logout))
}

/// Signs somebody in with nothing but a name; with a session they have, under this name from now on.
#[utoipa::path(post, path = "/api/v1/auth/guest", tag = "auth", request_body = GuestRequest,
    responses((status = 200, body = Session), (status = 422, body = rest::Problem), (status = 429, body = rest::Problem)))]
async fn guest(
    State(auth): State<Auth>,
    State(site): State<Site>,
    _: GuestPace,
    visitor: Result<Visitor, Problem>,
    Body(ask): Body<GuestRequest>,
) -> Response {
    // Whoever has a session keeps it and what it may do: their rooms stay theirs, and a host stays host.
    let issued = match visitor {
        Ok(Visitor(Some(claims))) => auth.issue_again(&claims, ask.name, ask.room),
        // With a token that is no good they are somebody new.
        Ok(Visitor(None)) | Err(_) => auth.issue_guest(ask.name, ask.room),
    };
    session(issued, &site)
}

/// Makes whoever holds the set-up link the host, once.
#[utoipa::path(post, path = "/api/v1/auth/setup", tag = "auth", request_body = SetupRequest,
    responses((status = 200, body = Session), (status = 401, body = rest::Problem)))]
async fn setup(
    State(auth): State<Auth>,
    State(site): State<Site>,
    Body(ask): Body<SetupRequest>,
) -> Result<Response, Problem> {
    let name = ask.name.map_or_else(|| DisplayName::new(HOST_NAME), Ok).map_err(|_| Problem::internal())?;
    let issued = auth.claim(&ask.token, name).await.map_err(|_| {
        Problem::new(
            StatusCode::UNAUTHORIZED,
            "setup_used",
            "This set-up link was used already, or is of an earlier start.",
        )
    })?;
    Ok(session(issued, &site))
}

/// Who the token or cookie says this is.
#[utoipa::path(get, path = "/api/v1/auth/me", tag = "auth",
    responses((status = 200, body = User), (status = 401, body = rest::Problem)))]
async fn me(SignedIn(claims): SignedIn) -> Json<User> {
    Json(user(&claims))
}

/// Ends the session: its token, stream addresses and sockets are void from now on.
#[utoipa::path(post, path = "/api/v1/auth/logout", tag = "auth",
    responses((status = 204), (status = 401, body = rest::Problem)))]
async fn logout(
    State(auth): State<Auth>,
    State(hub): State<Hub>,
    SignedIn(claims): SignedIn,
) -> Result<Response, Problem> {
    let remembered = auth.revoke(claims.session).await;
    hub.end_session(claims.session);
    remembered?;
    let cookie = format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

fn session(issued: Issued, site: &Site) -> Response {
    let cookie = cookie(&issued, site);
    let body = Session { user: user(&issued.claims), access_token: issued.token, expires_in: issued.expires_in_s };
    let headers = [(header::SET_COOKIE, cookie), (header::CACHE_CONTROL, "no-store".to_owned())];
    (headers, Json(body)).into_response()
}

/// The header value by which a browser remembers a session.
pub(super) fn cookie(issued: &Issued, site: &Site) -> String {
    let secure = if site.is_https() { "; Secure" } else { "" };
    format!("{COOKIE}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age={}{secure}", issued.token, issued.expires_in_s)
}

fn user(claims: &Claims) -> User {
    let role = match claims.role {
        Role::Guest => UserRole::Guest,
        Role::Host => UserRole::Host,
    };
    User { id: claims.session, name: claims.name.clone(), role }
}
