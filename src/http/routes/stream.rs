//! `/stream/{token}/...`: playlists, segments and the file itself. The token says which title, and for how long.
use axum::Router;
use axum::body::Body;
use axum::extract::{FromRef, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::fs::File;

use crate::auth::{Auth, AuthError};
use crate::http::extract::InPath;
use crate::http::problem::Problem;
use crate::http::range;
use crate::http::range::Representation;
use crate::library::{Library, LibraryError};
use crate::media::playlist;
use crate::media::{ClientCaps, Media, MediaError, RenditionId, Source, decide};

const PLAYLIST: &str = "application/vnd.apple.mpegurl";
/// The address carries the session and an expiry, so what it names never changes while it is good.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("private, max-age=7200, immutable");

pub(in crate::http) fn router<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    Auth: FromRef<S>,
    Library: FromRef<S>,
    Media: FromRef<S>,
{
    Router::new()
        .route("/stream/{token}/direct", get(direct))
        .route("/stream/{token}/hls/{master}", get(master))
        .route("/stream/{token}/hls/{rendition}/{file}", get(part))
}

async fn master(
    State(auth): State<Auth>,
    State(library): State<Library>,
    State(media): State<Media>,
    InPath((token, name)): InPath<(String, String)>,
) -> Result<Response, Problem> {
    let source = granted(&auth, &library, &token).await?;
    let key = name.strip_prefix("master.").and_then(|name| name.strip_suffix(".m3u8"));
    let caps = key.and_then(ClientCaps::from_key).ok_or(MediaError::NotFound)?;
    let film = media.presentation(&source).await?;
    let decision = decide(&film, &caps, &media.heights_for(&source)).map_err(MediaError::from)?;
    Ok(text(playlist::master(&film, &decision)))
}

async fn part(
    State(auth): State<Auth>,
    State(library): State<Library>,
    State(media): State<Media>,
    method: Method,
    InPath((token, rendition, name)): InPath<(String, String, String)>,
) -> Result<Response, Problem> {
    let source = granted(&auth, &library, &token).await?;
    let rendition: RenditionId = rendition.parse().map_err(|_| MediaError::NotFound)?;
    let film = media.presentation(&source).await?;
    let mime = if rendition.is_sound() { "audio/mp4" } else { "video/mp4" };
    if name == "index.m3u8" {
        return Ok(text(playlist::rendition(&film, &rendition).ok_or(MediaError::NotFound)?));
    }
    if name == "init.mp4" {
        return Ok(bytes(Body::from(media.init(&film, &rendition).await?), mime));
    }
    let index = name.strip_suffix(".m4s").and_then(|n| n.parse().ok()).ok_or(MediaError::NotFound)?;
    if method == Method::HEAD {
        // Whoever only asks whether it is there shall not make anybody encode it.
        if !film.has_segment(rendition, index) {
            return Err(MediaError::NotFound.into());
        }
        return Ok(bytes(Body::empty(), mime));
    }
    let segment = media.segment(&film, &rendition, index).await?;
    let mut response = bytes(Body::from_stream(segment.fragments), mime);
    if let Some(len) = segment.len {
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(len));
    }
    Ok(response)
}

async fn direct(
    State(auth): State<Auth>,
    State(library): State<Library>,
    method: Method,
    headers: HeaderMap,
    InPath(token): InPath<String>,
) -> Result<Response, Problem> {
    let source = granted(&auth, &library, &token).await?;
    let file = File::open(&source.path).await.map_err(|_| LibraryError::Gone)?;
    let metadata = file.metadata().await.map_err(|_| LibraryError::Gone)?;
    if !source.identity.looks_unchanged(&metadata) {
        return Err(LibraryError::Changed.into());
    }
    let what = Representation {
        file,
        size: metadata.len(),
        etag: format!("\"{}\"", source.identity),
        content_type: content_type(&source),
    };
    Ok(range::serve(what, &method, &headers).await)
}

/// The title's file, if the token opens it and the file is still there.
pub(super) async fn granted(auth: &Auth, library: &Library, token: &str) -> Result<Source, Problem> {
    let grant = auth.verify_stream(token).map_err(|error| {
        let (code, detail) = match error {
            AuthError::Expired => ("stream_expired", "This address has expired; ask for the title's playback again."),
            AuthError::Revoked => ("session_ended", "The session this address belongs to has ended."),
            _ => ("stream_forbidden", "This address was not made by this server."),
        };
        Problem::new(StatusCode::FORBIDDEN, code, detail)
    })?;
    match library.source(grant.media).await {
        // It was there when the address was made.
        Err(LibraryError::Unknown) => Err(LibraryError::Gone.into()),
        other => Ok(other?),
    }
}

fn text(playlist: String) -> Response {
    ([(header::CONTENT_TYPE, PLAYLIST), (header::CACHE_CONTROL, "no-cache")], playlist).into_response()
}

fn bytes(body: Body, kind: &'static str) -> Response {
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(header::CACHE_CONTROL, IMMUTABLE);
    response
}

fn content_type(source: &Source) -> &'static str {
    let has_picture = source.info.video().is_some();
    match (source.info.container.as_str(), has_picture) {
        ("mp4" | "mov" | "mov,mp4,m4a,3gp,3g2,mj2", true) => "video/mp4",
        ("mp4" | "mov" | "mov,mp4,m4a,3gp,3g2,mj2", false) => "audio/mp4",
        (name, true) if name.contains("webm") => "video/webm",
        (name, false) if name.contains("webm") => "audio/webm",
        (name, true) if name.contains("matroska") => "video/x-matroska",
        ("ogg", true) => "video/ogg",
        ("ogg", false) => "audio/ogg",
        ("mp3", _) => "audio/mpeg",
        ("flac", _) => "audio/flac",
        ("wav", _) => "audio/wav",
        _ => "application/octet-stream",
    }
}
