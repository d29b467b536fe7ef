//! `/stream/{token}/subs/...` and `/stream/{token}/fonts/...`: what a viewer fetches who has turned subtitles on.
use std::collections::HashSet;

use axum::Router;
use axum::body::Body;
use axum::extract::{FromRef, State};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;

use crate::auth::Auth;
use crate::http::extract::InPath;
use crate::http::problem::Problem;
use crate::http::routes::stream::granted;
use crate::library::Library;
use crate::media::language;
use crate::media::subtitles::TrackKind;
use crate::media::subtitles::track::{self, Sidecar, TrackId, WINDOW_MS};
use crate::media::{Media, MediaError, MediaInfo, Source, StreamKind, SubtitleAsk, SubtitleShape};
use crate::protocol::rest::{PlaybackSubtitle, SubtitleKind};

/// The film's own: the address is good for as long as the film is the same.
const OWN: HeaderValue = HeaderValue::from_static("private, max-age=7200, immutable");
/// Beside the film, where somebody may be at work on the translation.
const BESIDE: HeaderValue = HeaderValue::from_static("private, max-age=30");

/// Fonts of one film that are offered.
const FONTS_MAX: usize = 100;

pub(in crate::http) fn router<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    Auth: FromRef<S>,
    Library: FromRef<S>,
    Media: FromRef<S>,
{
    Router::new()
        .route("/stream/{token}/subs/{track}/{file}", get(subtitle))
        .route("/stream/{token}/fonts/{stream}", get(font))
}

async fn subtitle(
    State(auth): State<Auth>,
    State(library): State<Library>,
    State(media): State<Media>,
    InPath((token, track, name)): InPath<(String, String, String)>,
) -> Result<Response, Problem> {
    let source = granted(&auth, &library, &token).await?;
    let track: TrackId = track.parse().map_err(|_| MediaError::NotFound)?;
    let kind = kind_of(&name).ok_or(MediaError::NotFound)?;
    match track {
        TrackId::Stream(nth) => {
            let (_, stream, drawn) =
                track::embedded(&source.info).find(|(n, ..)| *n == nth).ok_or(MediaError::NotFound)?;
            let (shape, window) = shape_of(&name, drawn).ok_or(MediaError::NotFound)?;
            let ask = SubtitleAsk { stream: stream.index, shape, window };
            let film = media.presentation(&source).await?;
            Ok(answer(media.subtitle(&film, ask).await?, kind, OWN))
        }
        TrackId::Beside(nth) => {
            let found = library.sidecars(&source).await;
            let beside = found.get(nth as usize).ok_or(MediaError::NotFound)?;
            if beside.kind() == TrackKind::Bitmap {
                let (_, window) = shape_of(&name, TrackKind::Bitmap).ok_or(MediaError::NotFound)?;
                return Ok(answer(media.sidecar_pictures(beside, window).await?, kind, BESIDE));
            }
            let as_script = match name.as_str() {
                "all.vtt" => false,
                "all.ass" => true,
                _ => return Err(MediaError::NotFound.into()),
            };
            Ok(answer(media.sidecar(&source, beside, as_script).await?, kind, BESIDE))
        }
    }
}

async fn font(
    State(auth): State<Auth>,
    State(library): State<Library>,
    State(media): State<Media>,
    InPath((token, stream)): InPath<(String, u32)>,
) -> Result<Response, Problem> {
    let source = granted(&auth, &library, &token).await?;
    if !attached(&source.info).any(|index| index == stream) {
        return Err(MediaError::NotFound.into());
    }
    let film = media.presentation(&source).await?;
    let ask = SubtitleAsk { stream, shape: SubtitleShape::Font, window: 0 };
    Ok(answer(media.subtitle(&film, ask).await?, "application/octet-stream", OWN))
}

fn answer(bytes: Bytes, kind: &'static str, fresh: HeaderValue) -> Response {
    let mut response = Response::new(Body::from(bytes));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(header::CACHE_CONTROL, fresh);
    response
}

fn kind_of(name: &str) -> Option<&'static str> {
    Some(match name.rsplit_once('.')?.1 {
        "vtt" => "text/vtt; charset=utf-8",
        "ass" => "text/x-ssa; charset=utf-8",
        "json" => "application/json",
        _ => return None,
    })
}

/// What a name asks for of a track that is drawn in this way, and of which window.
fn shape_of(name: &str, drawn: TrackKind) -> Option<(SubtitleShape, u32)> {
    if name == "head.ass" {
        return (drawn == TrackKind::Ass).then_some((SubtitleShape::AssHead, 0));
    }
    let (number, kind) = name.split_once('.')?;
    let window: u32 = number.parse().ok().filter(|window: &u32| window.to_string() == number)?;
    let shape = match (kind, drawn) {
        ("vtt", TrackKind::Text | TrackKind::Ass) => SubtitleShape::Vtt,
        ("ass", TrackKind::Ass) => SubtitleShape::AssLines,
        ("json", TrackKind::Bitmap) => SubtitleShape::Pictures,
        _ => return None,
    };
    Some((shape, window))
}

fn attached(info: &MediaInfo) -> impl Iterator<Item = u32> {
    info.streams.iter().filter(|stream| stream.kind == StreamKind::Attachment).map(|stream| stream.index)
}

/// Fonts to offer below `base`: only where a script may ask for them.
pub(super) fn fonts(base: &str, source: &Source, beside: &[Sidecar]) -> Vec<String> {
    let scripted = track::embedded(&source.info).any(|(_, _, kind)| kind == TrackKind::Ass)
        || beside.iter().any(|sidecar| sidecar.kind() == TrackKind::Ass);
    attached(&source.info).filter(|_| scripted).take(FONTS_MAX).map(|index| format!("{base}/fonts/{index}")).collect()
}

/// The tracks to choose from: the film's own, then those beside it.
pub(super) fn tracks(base: &str, source: &Source, beside: &[Sidecar]) -> Vec<PlaybackSubtitle> {
    let own = track::embedded(&source.info).map(|(n, stream, kind)| {
        let id = TrackId::Stream(n);
        PlaybackSubtitle {
            id: id.to_string(),
            kind: wire(kind),
            language: stream.language.as_deref().map(short),
            label: label(stream.language.as_deref(), stream.title.as_deref(), stream.forced),
            default: stream.default,
            forced: stream.forced,
            external: false,
            url: format!("{base}/subs/{id}"),
            window_ms: Some(WINDOW_MS as u32),
        }
    });
    let beside = beside.iter().zip(0..).map(|(sidecar, n)| {
        let id = TrackId::Beside(n);
        PlaybackSubtitle {
            id: id.to_string(),
            kind: wire(sidecar.kind()),
            language: sidecar.language.clone(),
            label: label(sidecar.language.as_deref(), sidecar.title.as_deref(), sidecar.forced),
            default: sidecar.default,
            forced: sidecar.forced,
            external: true,
            url: format!("{base}/subs/{id}"),
            window_ms: (sidecar.kind() == TrackKind::Bitmap).then_some(WINDOW_MS as u32),
        }
    });
    told_apart(own.chain(beside).collect())
}

/// The two letters of a language, by which choices are remembered from film to film.
pub(super) fn short(tag: &str) -> String {
    language::code(tag).unwrap_or(tag).to_owned()
}

fn wire(kind: TrackKind) -> SubtitleKind {
    match kind {
        TrackKind::Text => SubtitleKind::Text,
        TrackKind::Ass => SubtitleKind::Ass,
        TrackKind::Bitmap => SubtitleKind::Bitmap,
    }
}

/// `English`, `English: Signs`, `English (forced)`.
fn label(language: Option<&str>, title: Option<&str>, forced: bool) -> String {
    let language = language.map(|tag| language::name(tag).unwrap_or_else(|| tag.to_owned()));
    let title = title.map(str::trim).filter(|title| !title.is_empty());
    let mut label = match (language, title) {
        (Some(language), Some(title)) if title.to_lowercase().contains(&language.to_lowercase()) => title.to_owned(),
        (Some(language), Some(title)) => format!("{language}: {title}"),
        (Some(language), None) => language,
        (None, Some(title)) => title.to_owned(),
        (None, None) => "Track".to_owned(),
    };
    if forced && !label.to_lowercase().contains("forced") {
        label.push_str(" (forced)");
    }
    label
}

/// Two tracks of the same name get numbers.
fn told_apart(mut tracks: Vec<PlaybackSubtitle>) -> Vec<PlaybackSubtitle> {
    let mut taken = HashSet::new();
    for track in &mut tracks {
        let plain = track.label.clone();
        let mut number = 1;
        while !taken.insert(track.label.clone()) {
            number += 1;
            track.label = format!("{plain} {number}");
        }
    }
    tracks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_says_the_language_once_and_what_else_there_is_to_say() {
        for (language, title, forced, expected) in [
            (Some("eng"), None, false, "English"),
            (Some("ger"), Some("Signs"), true, "German: Signs (forced)"),
            (Some("fre"), Some("French (Canada)"), false, "French (Canada)"),
            (Some("xyz"), None, false, "xyz"),
            (None, Some(" "), false, "Track"),
            (None, Some("Forced"), true, "Forced"),
        ] {
            assert_eq!(label(language, title, forced), expected);
        }
    }

    #[test]
    fn a_track_is_asked_for_only_in_forms_that_it_has() {
        assert_eq!(shape_of("3.vtt", TrackKind::Ass), Some((SubtitleShape::Vtt, 3)));
        assert_eq!(shape_of("0.json", TrackKind::Bitmap), Some((SubtitleShape::Pictures, 0)));
        for (name, kind) in [
            ("03.vtt", TrackKind::Text),
            ("0.ass", TrackKind::Text),
            ("0.vtt", TrackKind::Bitmap),
            ("head.ass", TrackKind::Text),
            ("-1.vtt", TrackKind::Text),
            ("0", TrackKind::Text),
        ] {
            assert_eq!(shape_of(name, kind), None, "{name}");
        }
    }
}
