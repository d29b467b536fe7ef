//! `/stream/{token}/...`: playlists, segments and the file itself. The token says which title, and for how long.
use axum::Router;
use axum::body::Body;
use axum::extract::{FromRef, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use futures_util::{StreamExt, stream};

use crate::auth::{Auth, AuthError};
use crate::http::etag;
use crate::http::extract::InPath;
use crate::http::problem::Problem;
use crate::http::range;
use crate::http::range::Representation;
use crate::library::{Library, LibraryError};
use crate::media::compat;
use crate::media::compat::Mover;
use crate::media::dash;
use crate::media::playlist;
use crate::media::{ClientCaps, Media, MediaError, RenditionId, SegmentBody, Source, Thumbs};

const PLAYLIST: &str = "application/vnd.apple.mpegurl";
const MANIFEST: &str = "application/dash+xml";
const VTT: &str = "text/vtt; charset=utf-8";
/// When to ask again for pictures that are being made, in seconds.
const THUMBS_RETRY_S: &str = "10";
/// The address carries the session and an expiry, so what it names never changes while it is good.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("private, max-age=7200, immutable");
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

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
        .route("/stream/{token}/dash/{manifest}", get(manifest))
        .route("/stream/{token}/compat/master.m3u8", get(compat_master))
        .route("/stream/{token}/thumbs/{file}", get(thumbs))
        .route("/stream/{token}/compat/{rendition}/{file}", get(compat_part))
}

async fn master(
    State(auth): State<Auth>,
    State(library): State<Library>,
    State(media): State<Media>,
    headers: HeaderMap,
    InPath((token, name)): InPath<(String, String)>,
) -> Result<Response, Problem> {
    let source = granted(&auth, &library, &token).await?;
    let key = name.strip_prefix("master.").and_then(|name| name.strip_suffix(".m3u8"));
    let caps = key.and_then(ClientCaps::from_key).ok_or(MediaError::NotFound)?;
    let film = media.presentation(&source).await?;
    let decision = media.offer(&film, &caps).map_err(MediaError::from)?;
    Ok(text(&headers, PLAYLIST, playlist::master(&film, &decision)))
}

async fn manifest(
    State(auth): State<Auth>,
    State(library): State<Library>,
    State(media): State<Media>,
    headers: HeaderMap,
    InPath((token, name)): InPath<(String, String)>,
) -> Result<Response, Problem> {
    let source = granted(&auth, &library, &token).await?;
    let key = name.strip_prefix("manifest.").and_then(|name| name.strip_suffix(".mpd"));
    let caps = key.and_then(ClientCaps::from_key).ok_or(MediaError::NotFound)?;
    let film = media.presentation(&source).await?;
    let decision = media.offer(&film, &caps).map_err(MediaError::from)?;
    Ok(text(&headers, MANIFEST, dash::manifest(&film, &decision)))
}

async fn compat_master(
    State(auth): State<Auth>,
    State(library): State<Library>,
    State(media): State<Media>,
    headers: HeaderMap,
    InPath(token): InPath<String>,
) -> Result<Response, Problem> {
    let source = granted(&auth, &library, &token).await?;
    let film = media.presentation(&source).await?;
    let decision = compat::decision(&film, &media.heights_for(&source)).map_err(MediaError::from)?;
    Ok(text(&headers, PLAYLIST, playlist::master(&film, &decision)))
}

/// For whom a segment is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Audience {
    Browsers,
    /// Players that need all times to be positive.
    Others,
}

/// What part of a rendition is asked for.
struct Wanted {
    rendition: String,
    name: String,
    audience: Audience,
}

async fn part(
    State(auth): State<Auth>,
    State(library): State<Library>,
    State(media): State<Media>,
    method: Method,
    headers: HeaderMap,
    InPath((token, rendition, name)): InPath<(String, String, String)>,
) -> Result<Response, Problem> {
    let source = granted(&auth, &library, &token).await?;
    let wanted = Wanted { rendition, name, audience: Audience::Browsers };
    deliver(&media, &source, &wanted, &method, &headers).await
}

async fn compat_part(
    State(auth): State<Auth>,
    State(library): State<Library>,
    State(media): State<Media>,
    method: Method,
    headers: HeaderMap,
    InPath((token, rendition, name)): InPath<(String, String, String)>,
) -> Result<Response, Problem> {
    let source = granted(&auth, &library, &token).await?;
    let wanted = Wanted { rendition, name, audience: Audience::Others };
    deliver(&media, &source, &wanted, &method, &headers).await
}

async fn deliver(
    media: &Media,
    source: &Source,
    wanted: &Wanted,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let rendition: RenditionId = wanted.rendition.parse().map_err(|_| MediaError::NotFound)?;
    let film = media.presentation(source).await?;
    let mime = if rendition.is_sound() { "audio/mp4" } else { "video/mp4" };
    let name = wanted.name.as_str();
    if name == "index.m3u8" {
        let playlist = playlist::rendition(&film, &rendition).ok_or(MediaError::NotFound)?;
        return Ok(text(headers, PLAYLIST, playlist));
    }
    if name == "init.mp4" {
        let init = media.init(&film, &rendition).await?;
        return Ok(whole(headers, mime, init));
    }
    let index = name.strip_suffix(".m4s").and_then(|n| n.parse().ok()).ok_or(MediaError::NotFound)?;
    let tag = |key: &str| match wanted.audience {
        // Weak: made again, a segment shows the same, perhaps in other bytes, for the encoder's speed may differ.
        Audience::Browsers => format!("W/\"{key}\""),
        Audience::Others => format!("W/\"{key}-c\""),
    };
    // Whoever has it, or only asks whether it is there, shall not make anybody encode it.
    let known = tag(&media.segment_key(&film, &rendition, index).ok_or(MediaError::NotFound)?);
    if etag::has(headers, &known) {
        return Ok(etag::not_modified(&known, IMMUTABLE));
    }
    if method == Method::HEAD {
        return Ok(etag::tagged(bytes(Body::empty(), mime), &known));
    }
    let segment = media.segment(&film, &rendition, index).await?;
    let (len, made) = (segment.len, tag(&segment.key));
    let body = match wanted.audience {
        Audience::Browsers => Body::from_stream(segment.fragments),
        Audience::Others => moved(segment, Mover::new(&film, rendition).ok_or(MediaError::NotFound)?),
    };
    let mut response = etag::tagged(bytes(body, mime), &made);
    if let Some(len) = len {
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(len));
    }
    Ok(response)
}

/// The segment as it goes to players other than browsers; as long as before.
fn moved(segment: SegmentBody, mut mover: Mover) -> Body {
    let parts = segment.fragments.flat_map(move |fragment| {
        let parts: Vec<Result<Bytes, axum::Error>> = match fragment.map(|fragment| mover.push(fragment)) {
            Ok(Ok(parts)) => parts.into_iter().map(Ok).collect(),
            Ok(Err(error)) => vec![Err(axum::Error::new(error))],
            Err(error) => vec![Err(axum::Error::new(error))],
        };
        stream::iter(parts)
    });
    Body::from_stream(parts)
}

/// The small pictures of the film; what is being made is answered as such, and is no error.
async fn thumbs(
    State(auth): State<Auth>,
    State(library): State<Library>,
    State(media): State<Media>,
    headers: HeaderMap,
    InPath((token, name)): InPath<(String, String)>,
) -> Result<Response, Problem> {
    let source = granted(&auth, &library, &token).await?;
    let none = || Problem::not_found("no_thumbnails", "There are no small pictures of this title.");
    if name == "index.vtt" {
        let film = media.presentation(&source).await?;
        return match media.thumbs(&film).await {
            Thumbs::Ready(index) => Ok(text(&headers, VTT, index)),
            Thumbs::Waiting => {
                let later = [(header::CACHE_CONTROL, "no-store"), (header::RETRY_AFTER, THUMBS_RETRY_S)];
                Ok((StatusCode::ACCEPTED, later).into_response())
            }
            Thumbs::Never => Err(none()),
        };
    }
    let number = name.strip_suffix(".jpg").and_then(|number| number.parse().ok()).ok_or_else(none)?;
    let sheet = media.thumbs_sheet(&source.identity, number).await.ok_or_else(none)?;
    Ok(whole(&headers, "image/jpeg", sheet))
}

async fn direct(
    State(auth): State<Auth>,
    State(library): State<Library>,
    method: Method,
    headers: HeaderMap,
    InPath(token): InPath<String>,
) -> Result<Response, Problem> {
    let source = granted(&auth, &library, &token).await?;
    let (file, metadata) = library.open(&source).await?;
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

/// A text that may be another one the next time.
fn text(headers: &HeaderMap, kind: &'static str, text: String) -> Response {
    let tag = etag::of_text(&text);
    if etag::has(headers, &tag) {
        return etag::not_modified(&tag, ASK_AGAIN);
    }
    etag::tagged(([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")], text).into_response(), &tag)
}

/// Bytes that are there already.
fn whole(headers: &HeaderMap, kind: &'static str, content: Bytes) -> Response {
    let tag = etag::of_bytes(&content);
    if etag::has(headers, &tag) {
        return etag::not_modified(&tag, IMMUTABLE);
    }
    etag::tagged(bytes(Body::from(content), kind), &tag)
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
