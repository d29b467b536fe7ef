//! `/api/v1/media...`: the library, a title, its poster, and what this client gets to play.
use std::fmt::Write as _;

use axum::Json;
use axum::extract::{FromRef, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::{Auth, STREAM_LIFE_S, elsewhere_life_s};
use crate::http::extract::{InPath, InQuery, Visitor};
use crate::http::limits::{PAGE_DEFAULT, POSTER_FRESH_S};
use crate::http::problem::Problem;
use crate::http::routes::subtitles;
use crate::library::{Library, LibraryError, Title};
use crate::media::language;
use crate::media::{Chapter, StreamInfo, StreamKind};
use crate::media::{ClientCaps, Decision, Media, MediaError, MediaInfo, Mode, RenditionId};
use crate::model::{MediaId, MediaTime};
use crate::protocol::rest;
use crate::protocol::rest::{
    CapsQuery, MediaChapter, MediaDetail, MediaItem, MediaPage, MediaStream, Playback, PlaybackAudio, PlaybackMode,
};

pub(in crate::http) fn router<S>() -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
    Library: FromRef<S>,
{
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(show)).routes(routes!(poster))
}

/// Waits for the engine to look through the film.
pub(in crate::http) fn slow_router<S>() -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
    Auth: FromRef<S>,
    Library: FromRef<S>,
    Media: FromRef<S>,
{
    OpenApiRouter::new().routes(routes!(playback))
}

/// What a client can play, as JSON, for those that would rather not put it into the address.
const CAPABILITIES: &str = "x-watchparty-capabilities";

/// Which part of the list.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Titles on the page, at most 200.
    limit: Option<u32>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Only titles that contain this.
    q: Option<String>,
}

/// Titles in order.
#[utoipa::path(get, path = "/api/v1/media", tag = "media", params(ListQuery),
    responses((status = 200, body = MediaPage), (status = 400, body = rest::Problem)))]
async fn list(State(library): State<Library>, InQuery(query): InQuery<ListQuery>) -> Result<Json<MediaPage>, Problem> {
    let limit = query.limit.unwrap_or(PAGE_DEFAULT);
    let page = library.page(query.q.as_deref(), query.cursor.as_deref(), limit).await?;
    Ok(Json(MediaPage { items: page.items.iter().map(item).collect(), next: page.next }))
}

/// A title with what is in its file.
#[utoipa::path(get, path = "/api/v1/media/{id}", tag = "media", params(("id" = MediaId, Path)),
    responses((status = 200, body = MediaDetail), (status = 404, body = rest::Problem)))]
async fn show(State(library): State<Library>, InPath(id): InPath<String>) -> Result<Json<MediaDetail>, Problem> {
    let title = library.title(media_id(&id)?).await?.ok_or(LibraryError::Unknown)?;
    let info = title.info.as_deref();
    Ok(Json(MediaDetail {
        item: item(&title),
        file_name: title.file_name.clone(),
        size: title.identity.size,
        container: info.map(|info| info.container.clone()),
        streams: info.map(|info| info.streams.iter().map(stream).collect()).unwrap_or_default(),
        chapters: info.map(|info| info.chapters.iter().map(chapter).collect()).unwrap_or_default(),
    }))
}

/// What this client gets, with signed addresses.
#[utoipa::path(get, path = "/api/v1/media/{id}/playback", tag = "media", 
    params(("id" = MediaId, Path), CapsQuery,
           ("X-Watchparty-Capabilities" = Option<String>, Header,
            description = "The same as JSON, read when there is no query: \
                           `{\"video\":[\"hevc\"],\"audio\":[\"opus\"],\"containers\":[\"webm\"],\"mse\":true}`")),
    responses((status = 200, body = Playback), (status = 400, body = rest::Problem), (status = 404, body = rest::Problem), (status = 410, body = rest::Problem),
              (status = 422, body = rest::Problem)))]
async fn playback(
    State(library): State<Library>,
    State(media): State<Media>,
    State(auth): State<Auth>,
    Visitor(visitor): Visitor,
    uri: Uri,
    headers: HeaderMap,
    InPath(id): InPath<String>,
) -> Result<Response, Problem> {
    let id = media_id(&id)?;
    let caps = caps_of(&uri, &headers)?;
    let source = library.source(id).await?;
    let (film, beside) = tokio::join!(media.presentation(&source), library.sidecars(&source));
    let film = film?;
    let decision = media.offer(&film, &caps).map_err(MediaError::from)?;
    let wait_ms = media.wait(&film, &decision).map(|wait| wait.as_millis() as u64);
    let session = visitor.map_or_else(|| auth.anonymous_session(), |claims| claims.session);
    let base = format!("/stream/{}", auth.sign_stream(session, id));
    let duration = MediaTime::from_ms(film.duration_ms);
    let compat_expires_in = elsewhere_life_s(duration);
    let elsewhere = auth.sign_stream_for(session, id, compat_expires_in);
    let answer = Playback {
        mode: match decision.mode {
            Mode::Direct => PlaybackMode::Direct,
            Mode::Remux => PlaybackMode::Remux,
            Mode::Transcode => PlaybackMode::Transcode,
        },
        reason: decision.reason.clone(),
        master_url: format!("{base}/hls/master.{}.m3u8", caps.to_key()),
        direct_url: decision.direct.then(|| format!("{base}/direct")),
        compat_url: format!("/stream/{elsewhere}/compat/master.m3u8"),
        compat_expires_in,
        dash_url: format!("{base}/dash/manifest.{}.mpd", caps.to_key()),
        thumbnails_url: film.video.is_some().then(|| format!("{base}/thumbs/index.vtt")),
        duration_ms: duration,
        chapters: source.info.chapters.iter().map(chapter).collect(),
        expires_in: STREAM_LIFE_S,
        wait_ms,
        audio: sound_tracks(&source.info, &decision),
        subtitles: subtitles::tracks(&base, &source, &beside),
        fonts: subtitles::fonts(&base, &source, &beside),
        notes: media.notes(&film),
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response())
}

/// A frame of the film.
#[utoipa::path(get, path = "/api/v1/media/{id}/poster", tag = "media", params(("id" = MediaId, Path)),
    responses((status = 200, content_type = "image/jpeg", body = Vec<u8>), (status = 404, body = rest::Problem)))]
async fn poster(
    State(library): State<Library>,
    headers: HeaderMap,
    InPath(id): InPath<String>,
) -> Result<Response, Problem> {
    let id = media_id(&id)?;
    let title = library.title(id).await?.ok_or(LibraryError::Unknown)?;
    let etag = format!("\"{}\"", title.identity);
    let fresh = [(header::CACHE_CONTROL, format!("private, max-age={POSTER_FRESH_S}")), (header::ETAG, etag.clone())];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|tag| tag.as_bytes() == etag.as_bytes()) {
        return Ok((StatusCode::NOT_MODIFIED, fresh).into_response());
    }
    let bytes = match library.poster(id).await {
        Err(LibraryError::NotPlayable(_)) => Err(LibraryError::NoPoster),
        other => other,
    }?;
    let mut response = (fresh, bytes).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("image/jpeg"));
    Ok(response)
}

/// From the query or, without one, from the header.
fn caps_of(uri: &Uri, headers: &HeaderMap) -> Result<ClientCaps, Problem> {
    match (uri.query(), headers.get(CAPABILITIES)) {
        (None | Some(""), Some(json)) => ClientCaps::from_json(json.as_bytes()).map_err(|error| {
            let detail = format!("The header {CAPABILITIES} is not understood: {error}");
            Problem::new(StatusCode::BAD_REQUEST, "invalid_capabilities", detail)
        }),
        (query, _) => Ok(ClientCaps::from_query(query.unwrap_or_default())),
    }
}

fn media_id(text: &str) -> Result<MediaId, Problem> {
    text.parse().map_err(|_| LibraryError::Unknown.into())
}

fn item(title: &Title) -> MediaItem {
    let picture = title.playable && title.info.as_ref().is_some_and(|info| info.video().is_some());
    MediaItem {
        id: title.id,
        title: title.title.clone(),
        duration_ms: MediaTime::from_ms(title.duration_ms),
        playable: title.playable,
        reason: title.reason.clone(),
        poster_url: picture.then(|| format!("/api/v1/media/{}/poster", title.id)),
        added_at_ms: title.added_at_ms,
    }
}

fn stream(stream: &StreamInfo) -> MediaStream {
    let (video, audio) = (stream.video.as_ref(), stream.audio.as_ref());
    let kind = match stream.kind {
        StreamKind::Video => "video",
        StreamKind::Audio => "audio",
        StreamKind::Subtitle => "subtitle",
        StreamKind::Attachment => "attachment",
        StreamKind::Other => "other",
    };
    MediaStream {
        index: stream.index,
        kind: kind.to_owned(),
        codec: stream.codec.clone(),
        profile: stream.profile.clone(),
        language: stream.language.clone(),
        title: stream.title.clone(),
        default: stream.default,
        forced: stream.forced,
        width: video.map(|video| video.width),
        height: video.map(|video| video.height),
        fps: video.filter(|video| video.fps_den > 0).map(|video| f64::from(video.fps_num) / f64::from(video.fps_den)),
        bit_depth: video.map(|video| video.bit_depth),
        hdr: video.map(|video| video.hdr),
        channels: audio.map(|audio| audio.channels),
        sample_rate: audio.map(|audio| audio.sample_rate),
    }
}

fn chapter(chapter: &Chapter) -> MediaChapter {
    MediaChapter {
        start_ms: MediaTime::from_ms(chapter.start_ms),
        end_ms: MediaTime::from_ms(chapter.end_ms),
        title: chapter.title.clone(),
    }
}

fn sound_tracks(info: &MediaInfo, decision: &Decision) -> Vec<PlaybackAudio> {
    let track = |(nth, (stream, audio)): (usize, (&StreamInfo, &crate::media::AudioInfo))| {
        let language = stream.language.as_deref().map(|tag| language::name(tag).unwrap_or_else(|| tag.to_owned()));
        let mut label = stream.title.clone().or(language).unwrap_or_else(|| format!("Track {}", nth + 1));
        let _ = write!(label, " ({}, {})", stream.codec.to_uppercase(), audio.layout);
        let index = nth as u32;
        let copied = decision.direct || decision.renditions.contains(&RenditionId::AudioCopy(index));
        let channels = if copied { audio.channels } else { 2 };
        let (language, default) = (stream.language.as_deref().map(subtitles::short), stream.default);
        PlaybackAudio { index, channels, copied, language, label, default }
    };
    info.audio().enumerate().map(track).collect()
}
