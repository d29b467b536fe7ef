//! Subtitles and fonts: made on engine threads when somebody turns them on, never before, and remembered.
use std::fmt;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::media::engine::{self, Cancel, EngineError, Span};
use crate::media::error::MediaError;
use crate::media::identity::FileIdentity;
use crate::media::info::Source;
use crate::media::memo::{Asked, Memo};
use crate::media::plan::Presentation;
use crate::media::schedule::{Kind, Priority};
use crate::media::service::{Promise, Service};
use crate::media::subtitles::image::Pictures;
use crate::media::subtitles::track::{Sidecar, SidecarForm, WINDOW_MS};
use crate::media::subtitles::{self, TextFormat, ass, idx, image, vtt};
use crate::media::workers::{Job, Stop};

/// Windows remembered. One of text has a few kilobytes, one of pictures a few hundred.
const SUBTITLES_REMEMBERED: usize = 32;
/// Bytes of all of them together.
const SUBTITLES_BYTES_MAX: usize = 64 << 20;
/// Limit on the time of one window.
const WINDOW_LIMIT: Duration = Duration::from_secs(30);
/// Largest text beside a film.
const SIDECAR_BYTES_MAX: u64 = 16 << 20;

/// In which form subtitles are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SubtitleShape {
    /// Cues of a window, as `WebVTT`.
    Vtt,
    /// Lines of a window of an ASS stream.
    AssLines,
    /// What stands above the lines of an ASS stream; the same for all windows.
    AssHead,
    /// Pictures of a window, as JSON.
    Pictures,
    /// The file attached as this stream, if it is a font.
    Font,
}

/// A piece of an embedded track.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SubtitleAsk {
    /// Stream index in the file.
    pub stream: u32,
    /// In which form.
    pub shape: SubtitleShape,
    /// Which window of [`WINDOW_MS`].
    pub window: u32,
}

impl fmt::Display for SubtitleAsk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:?}-{}", self.stream, self.shape, self.window)
    }
}

/// What is made for those who read subtitles, by film.
pub(super) type Windows = Memo<(FileIdentity, SubtitleAsk), Bytes>;

pub(super) fn windows() -> Windows {
    Memo::with_budget(SUBTITLES_REMEMBERED, SUBTITLES_BYTES_MAX, Bytes::len)
}

impl Service {
    pub(crate) async fn subtitle(self: &Arc<Self>, film: &Presentation, ask: SubtitleAsk) -> Result<Bytes, MediaError> {
        let from_ms = i64::from(ask.window) * WINDOW_MS;
        if from_ms > film.duration_ms {
            return Err(MediaError::NotFound);
        }
        let span = Span { stream: ask.stream, origin: film.origin, from_ms, to_ms: from_ms + WINDOW_MS };
        let key = (film.source.identity, ask);
        let answer = match self.subtitles.ask(&key) {
            Asked::Ready(bytes) => return Ok(bytes),
            Asked::Pending(answer) => answer,
            Asked::Yours(answer) => {
                let (service, source) = (Arc::clone(self), film.source.clone());
                let mut promise = Promise { service, keep: Self::keep_subtitle, key, started: false, kept: false };
                let work = Box::new(move |cancel: &Cancel| {
                    promise.started = true;
                    promise.keep(&make(&source, ask.shape, span, cancel).map_err(MediaError::from));
                });
                // Behind whatever a picture or a sound waits for.
                let (kind, priority, stop) = (Kind::Slow, Priority::RoomNext, Stop::After(WINDOW_LIMIT));
                drop(self.workers.submit(Job { kind, priority, key: None, stop, work }));
                answer
            }
        };
        answer.await.map_err(|_| MediaError::Cancelled)?
    }

    fn keep_subtitle(&self, key: &(FileIdentity, SubtitleAsk), made: &Result<Bytes, MediaError>) {
        match key.1.shape {
            // Large, and kept by those who fetched it.
            SubtitleShape::Font => self.subtitles.tell(key, made),
            _ => self.subtitles.settle(key, made),
        }
    }

    /// A whole text beside a film: as a script when that is wanted and it is one, else as `WebVTT`.
    pub(crate) async fn sidecar(&self, film: &Source, beside: &Sidecar, as_script: bool) -> Result<Bytes, MediaError> {
        let SidecarForm::Text(format) = beside.form else { return Err(MediaError::NotFound) };
        if as_script && format != TextFormat::Ass {
            return Err(MediaError::NotFound);
        }
        let (path, language) = (beside.path.clone(), beside.language.clone());
        let fps =
            film.info.video().map_or(0.0, |(_, video)| f64::from(video.fps_num) / f64::from(video.fps_den.max(1)));
        let work = move |cancel: &Cancel| {
            let text = subtitles::decode(&read_text(&path)?, language.as_deref());
            if as_script {
                return Ok(Bytes::from(text));
            }
            let cues = subtitles::parse_until(format, &text, fps, &|| cancel.check().is_err());
            cancel.check()?;
            Ok(Bytes::from(vtt::write(&cues)))
        };
        let made: Result<Bytes, EngineError> = self.ask(Kind::Slow, Priority::RoomNext, WINDOW_LIMIT, work).await?;
        Ok(made?)
    }

    /// A window of the pictures of a `VobSub` pair beside a film, as JSON.
    pub(crate) async fn sidecar_pictures(&self, beside: &Sidecar, window: u32) -> Result<Bytes, MediaError> {
        let SidecarForm::VobSub { pictures, stream } = beside.form.clone() else { return Err(MediaError::NotFound) };
        let path = beside.path.clone();
        let from_ms = i64::from(window) * WINDOW_MS;
        let work = move |cancel: &Cancel| {
            let index = idx::parse(&subtitles::decode(&read_text(&path)?, None));
            let Some(stream) = index.streams.iter().find(|known| known.index == stream) else {
                return Err(EngineError::Damaged("the stream is gone".to_owned()));
            };
            let span = (from_ms, from_ms + WINDOW_MS);
            to_json(&engine::vobsub_pictures(&pictures, &index.head, stream, span, cancel)?)
        };
        Ok(self.ask(Kind::Slow, Priority::RoomNext, WINDOW_LIMIT, work).await??)
    }
}

fn to_json(pictures: &Pictures) -> Result<Bytes, EngineError> {
    image::to_json(pictures).map(Bytes::from).map_err(|error| EngineError::Internal(error.to_string()))
}

fn make(source: &Source, shape: SubtitleShape, span: Span, cancel: &Cancel) -> Result<Bytes, EngineError> {
    Ok(match shape {
        SubtitleShape::Vtt => vtt::write(&engine::subtitle_cues(source, span, cancel)?).into(),
        SubtitleShape::AssLines => ass::lines(&engine::subtitle_lines(source, span, cancel)?).into(),
        SubtitleShape::AssHead => engine::subtitle_head(source, span, cancel)?.into(),
        SubtitleShape::Font => engine::font(source, span.stream, cancel)?,
        SubtitleShape::Pictures => to_json(&engine::subtitle_pictures(source, span, cancel)?)?,
    })
}

fn read_text(path: &Path) -> Result<Vec<u8>, EngineError> {
    let unreadable = |source| EngineError::Open { source };
    let file = engine::open_text(path)?;
    let mut bytes = Vec::new();
    file.take(SIDECAR_BYTES_MAX).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}
