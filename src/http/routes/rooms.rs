//! `/api/v1/rooms...`: make, look at, change and end rooms. What happens in them goes through the socket.
use axum::Json;
use axum::extract::{FromRef, FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::{Auth, Claims, Role};
use crate::discovery;
use crate::http::extract::{Body, InPath, SignedIn, Visitor};
use crate::http::pace::{Pace, RoomPace};
use crate::http::problem::Problem;
use crate::http::routes::auth::cookie;
use crate::http::site::Site;
use crate::hub::{Hub, RoomHandle, RoomMedia, RoomSummary};
use crate::library::{Library, LibraryError};
use crate::model::{DisplayName, MediaId, MediaTime, RoomCode, SessionId};
use crate::protocol::rest;
use crate::protocol::rest::{CreateRoom, Room, RoomList, RoomTitle, UpdateRoom};

/// What somebody is called who made a room before saying who they are.
const MAKER_NAME: &str = "Guest";

pub(in crate::http) fn router<S>() -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
    Auth: FromRef<S>,
    Hub: FromRef<S>,
    Library: FromRef<S>,
    Pace: FromRef<S>,
    Site: FromRef<S>,
{
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(show, update, close)).routes(routes!(qr))
}

/// The rooms this session made, newest first; every room for the host. A code lets its holder in, so it is not told
/// to anybody else.
#[utoipa::path(get, path = "/api/v1/rooms", tag = "rooms", responses((status = 200, body = RoomList)))]
async fn list(
    State(hub): State<Hub>,
    State(site): State<Site>,
    Visitor(visitor): Visitor,
    headers: HeaderMap,
) -> Json<RoomList> {
    let mut rooms = hub.list();
    rooms.retain(|room| visitor.as_ref().is_some_and(|claims| is_in_charge(claims, room)));
    rooms.sort_by_key(|room| std::cmp::Reverse(room.created_at_ms));
    let base = site.share_base(&headers);
    Json(RoomList { items: rooms.into_iter().map(|room| translate(room, &base)).collect() })
}

/// Makes a room, with a title on the screen if one is named. Whoever has no session gets one, as a cookie, by which the
/// room stays theirs.
#[utoipa::path(post, path = "/api/v1/rooms", tag = "rooms", request_body = CreateRoom,
    responses((status = 201, body = Room), (status = 404, body = rest::Problem), (status = 422, body = rest::Problem),
              (status = 429, body = rest::Problem)))]
async fn create(
    State(hub): State<Hub>,
    State(library): State<Library>,
    State(site): State<Site>,
    _: RoomPace,
    maker: Maker,
    headers: HeaderMap,
    Body(ask): Body<CreateRoom>,
) -> Result<Response, Problem> {
    let media = match ask.media_id {
        Some(id) => Some(to_watch(&library, id).await?),
        None => None,
    };
    let room = translate(hub.create(ask.name, media, Some(maker.session))?, &site.share_base(&headers));
    let location = [(header::LOCATION, format!("/api/v1/rooms/{}", room.code))];
    let mut response = (StatusCode::CREATED, location, Json(room)).into_response();
    if let Some(cookie) = maker.cookie {
        response = ([(header::SET_COOKIE, cookie)], response).into_response();
    }
    Ok(response)
}

/// One room.
#[utoipa::path(get, path = "/api/v1/rooms/{code}", tag = "rooms", params(("code" = RoomCode, Path)),
    responses((status = 200, body = Room), (status = 404, body = rest::Problem)))]
async fn show(
    State(hub): State<Hub>,
    State(site): State<Site>,
    headers: HeaderMap,
    InPath(code): InPath<String>,
) -> Result<Json<Room>, Problem> {
    let (_, room) = find(&hub, &code)?;
    Ok(Json(translate(room.summary().await, &site.share_base(&headers))))
}

/// Puts another title on the screen, paused at its start. For the maker, the host, and those invited to this room.
#[utoipa::path(put, path = "/api/v1/rooms/{code}", tag = "rooms", params(("code" = RoomCode, Path)),
    request_body = UpdateRoom,
    responses((status = 200, body = Room), (status = 401, body = rest::Problem), (status = 403, body = rest::Problem),
              (status = 404, body = rest::Problem)))]
async fn update(
    State(hub): State<Hub>,
    State(library): State<Library>,
    State(site): State<Site>,
    SignedIn(claims): SignedIn,
    headers: HeaderMap,
    InPath(code): InPath<String>,
    Body(ask): Body<UpdateRoom>,
) -> Result<Json<Room>, Problem> {
    let (code, room) = find(&hub, &code)?;
    if claims.room.as_ref() != Some(&code) && !is_in_charge(&claims, &room.summary().await) {
        return Err(not_in_charge());
    }
    if let Some(id) = ask.media_id {
        room.load(to_watch(&library, id).await?).await?;
    }
    Ok(Json(translate(room.summary().await, &site.share_base(&headers))))
}

/// Ends a room and sends its members away. For its maker and the host.
#[utoipa::path(delete, path = "/api/v1/rooms/{code}", tag = "rooms", params(("code" = RoomCode, Path)),
    responses((status = 204), (status = 401, body = rest::Problem), (status = 403, body = rest::Problem),
              (status = 404, body = rest::Problem)))]
async fn close(
    State(hub): State<Hub>,
    SignedIn(claims): SignedIn,
    InPath(code): InPath<String>,
) -> Result<StatusCode, Problem> {
    let (code, room) = find(&hub, &code)?;
    if !is_in_charge(&claims, &room.summary().await) {
        return Err(not_in_charge());
    }
    if hub.close(&code).await { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::no_room()) }
}

/// The share link as a QR code.
#[utoipa::path(get, path = "/api/v1/rooms/{code}/qr.svg", tag = "rooms", params(("code" = RoomCode, Path)),
    responses((status = 200, content_type = "image/svg+xml", body = String), (status = 404, body = rest::Problem)))]
async fn qr(
    State(hub): State<Hub>,
    State(site): State<Site>,
    headers: HeaderMap,
    InPath(code): InPath<String>,
) -> Result<Response, Problem> {
    let (code, _) = find(&hub, &code)?;
    let svg = discovery::qr_svg(&share_link(&site.share_base(&headers), &code)).ok_or_else(Problem::internal)?;
    let headers = [(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "no-cache")];
    Ok((headers, svg).into_response())
}

/// A code that is no code and one that nobody has get the same answer.
fn find(hub: &Hub, code: &str) -> Result<(RoomCode, RoomHandle), Problem> {
    let code: RoomCode = code.parse().map_err(|_| Problem::no_room())?;
    let room = hub.room(&code).ok_or_else(Problem::no_room)?;
    Ok((code, room))
}

/// Whose a new room is: the session of whoever asks, or a new one for them to remember.
struct Maker {
    session: SessionId,
    cookie: Option<String>,
}

impl<S> FromRequestParts<S> for Maker
where
    Auth: FromRef<S>,
    Site: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        if let Visitor(Some(claims)) = Visitor::from_request_parts(parts, state).await? {
            return Ok(Self { session: claims.session, cookie: None });
        }
        let name = DisplayName::new(MAKER_NAME).map_err(|_| Problem::internal())?;
        let issued = Auth::from_ref(state).issue_guest(name, None);
        Ok(Self { session: issued.claims.session, cookie: Some(cookie(&issued, &Site::from_ref(state))) })
    }
}

fn is_in_charge(claims: &Claims, room: &RoomSummary) -> bool {
    claims.role == Role::Host || room.maker == Some(claims.session)
}

fn not_in_charge() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "not_your_room", "Only whoever made this room, or the host, may do this.")
}

async fn to_watch(library: &Library, id: MediaId) -> Result<RoomMedia, Problem> {
    let title = library.title(id).await?.ok_or(LibraryError::Unknown)?;
    if !title.playable {
        return Err(LibraryError::NotPlayable(title.reason.unwrap_or_default()).into());
    }
    Ok(RoomMedia { id, title: title.title, duration: MediaTime::from_ms(title.duration_ms) })
}

fn share_link(base: &str, code: &RoomCode) -> String {
    format!("{base}/r/{code}")
}

fn translate(room: RoomSummary, base: &str) -> Room {
    Room {
        url: share_link(base, &room.code),
        qr_url: format!("/api/v1/rooms/{}/qr.svg", room.code),
        code: room.code,
        name: room.name,
        members: room.members,
        media: room.media.map(|media| RoomTitle { id: media.id, title: media.title, duration_ms: media.duration }),
        created_at_ms: room.created_at_ms,
    }
}
