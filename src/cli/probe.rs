//! `watchparty probe` and `watchparty scan`: what is in files, and what a plain browser would get of them.
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::app;
use crate::cli::table::{duration, table};
use crate::cli::{CliError, failed, say};
use crate::clock::SystemClock;
use crate::config::Settings;
use crate::library;
use crate::media::{ClientCaps, Media, MediaConfig, MediaInfo, Mode, Preset, Source, StreamInfo, Tuning, decide};

/// What a plain browser gets.
#[derive(Serialize)]
struct Verdict {
    mode: Option<Mode>,
    reason: String,
}

#[derive(Serialize)]
struct Report<'a> {
    info: &'a MediaInfo,
    playback: Verdict,
}

/// Looks into one file.
pub(super) fn probe(file: &Path, json: bool) -> Result<impl Future<Output = Result<(), CliError>>, CliError> {
    let file = file.to_path_buf();
    let engine = Engine::start(1)?;
    Ok(async move {
        let outcome = look(&engine.media, &file).await;
        engine.stop().await;
        let (info, playback) = outcome.map_err(CliError::Failed)?;
        let text = if json {
            serde_json::to_string_pretty(&Report { info: &info, playback }).map_err(|error| failed(&error))? + "\n"
        } else {
            describe(&info, &playback)
        };
        say(&text)
    })
}

/// Looks into all films of the folders.
pub(super) fn scan(settings: Settings) -> Result<impl Future<Output = Result<(), CliError>>, CliError> {
    let engine = Engine::start(app::engine_threads())?;
    Ok(async move {
        let mut rows = vec![["FILE", "LENGTH", "GETS", "WHY"].map(str::to_owned).to_vec()];
        for file in library::films_in(settings.dirs) {
            let name = library::display_name(&file);
            rows.push(match look(&engine.media, &file).await {
                Ok((info, verdict)) => {
                    let mode = verdict.mode.map_or_else(|| "-".to_owned(), |mode| format!("{mode:?}").to_lowercase());
                    vec![name, duration(info.duration_ms), mode, verdict.reason]
                }
                Err(reason) => vec![name, "-".to_owned(), "-".to_owned(), reason],
            });
        }
        engine.stop().await;
        say(&table(&rows))
    })
}

/// A media engine with a cache to throw away: the real one belongs to the server, which may be running.
struct Engine {
    media: Media,
    cache_dir: PathBuf,
}

impl Engine {
    fn start(threads: usize) -> Result<Self, CliError> {
        let cache_dir = std::env::temp_dir().join(format!("watchparty-probe-{}", std::process::id()));
        let config = MediaConfig {
            cache_dir: cache_dir.clone(),
            cache_bytes_max: 0,
            threads,
            tuning: Tuning::Fixed(Preset::Superfast),
        };
        let media = Media::start(&config, std::sync::Arc::new(SystemClock)).map_err(|error| failed(&error))?;
        Ok(Self { media, cache_dir })
    }

    async fn stop(self) {
        self.media.shutdown().await;
        drop(std::fs::remove_dir_all(&self.cache_dir));
    }
}

/// What is in a file and what a plain browser gets of it; a sentence when nothing can be said.
async fn look(media: &Media, path: &Path) -> Result<(MediaInfo, Verdict), String> {
    let (info, identity) = media.probe(path).await.map_err(|error| format!("{}: {error}", path.display()))?;
    let source = Source { path: path.to_path_buf(), identity, info: std::sync::Arc::new(info.clone()) };
    let decision = match media.whole_presentation(&source).await {
        Ok(film) => {
            decide(&film, &ClientCaps::default(), &media.heights_for(&source)).map_err(|error| error.to_string())
        }
        Err(error) => Err(error.to_string()),
    };
    let verdict = match decision {
        Ok(decision) => Verdict { mode: Some(decision.mode), reason: decision.reason },
        Err(reason) => Verdict { mode: None, reason },
    };
    Ok((info, verdict))
}

fn describe(info: &MediaInfo, verdict: &Verdict) -> String {
    let mut text = format!("{}, {}, {} MiB\n\n", info.container, duration(info.duration_ms), info.size / (1024 * 1024));
    text += &table(&info.streams.iter().map(stream).collect::<Vec<_>>());
    text + "\n" + &verdict.reason + "\n"
}

fn stream(stream: &StreamInfo) -> Vec<String> {
    let details = match (&stream.video, &stream.audio) {
        (Some(video), _) => format!("{}x{} {}", video.width, video.height, video.pixel_format),
        (_, Some(audio)) => format!("{} Hz {}", audio.sample_rate, audio.layout),
        _ => String::new(),
    };
    vec![
        format!("#{}", stream.index),
        format!("{:?}", stream.kind).to_lowercase(),
        stream.codec.clone(),
        details,
        stream.language.clone().unwrap_or_default(),
        stream.title.clone().unwrap_or_default(),
    ]
}
