//! `watchparty probe` and `watchparty scan`: what is in files, and what clients would get of them, with the reasons.
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::app;
use crate::cli::table::{duration, table};
use crate::cli::{CliError, failed, say};
use crate::clock::SystemClock;
use crate::config::Settings;
use crate::library;
use crate::media::compat;
use crate::media::{
    ClientCaps, Decision, Media, MediaConfig, MediaInfo, Mode, Preset, Source, StreamInfo, Tuning, Unplayable, decide,
};

/// What a client gets.
#[derive(Clone, Serialize)]
struct Verdict {
    mode: Option<Mode>,
    reason: String,
}

/// What clients of one kind get.
#[derive(Serialize)]
struct Row {
    client: &'static str,
    #[serde(flatten)]
    verdict: Verdict,
    /// What they would be offered, best first.
    renditions: Vec<String>,
}

#[derive(Serialize)]
struct Report<'a> {
    info: &'a MediaInfo,
    /// What a plain browser gets.
    playback: Verdict,
    clients: Vec<Row>,
}

/// Kinds of clients as they usually come, in the words that they use of themselves. What a browser really says of
/// itself may differ: the decision is made by that.
const CLIENTS: [(&str, &str); 4] = [
    ("Chromium", "v=h264,av1,vp9&a=aac,opus,flac,mp3&c=mp4,webm"),
    ("Firefox", "v=h264,hevc,hevc10,av1,vp9&a=aac,opus,flac,mp3&c=mp4,webm"),
    ("Safari", "v=h264,hevc,hevc10,hdr&a=aac,ac3,eac3,flac,mp3&c=mp4"),
    ("plain browser", ""),
];
const OTHERS: &str = "VLC, mpv, TV";

/// Looks into one file.
pub(super) fn probe(file: &Path, json: bool) -> Result<impl Future<Output = Result<(), CliError>>, CliError> {
    let file = file.to_path_buf();
    let engine = Engine::start(1)?;
    Ok(async move {
        let outcome = look(&engine.media, &file).await;
        engine.stop().await;
        let (info, clients) = outcome.map_err(CliError::Failed)?;
        let playback = plain(&clients);
        let text = if json {
            let report = Report { info: &info, playback, clients };
            serde_json::to_string_pretty(&report).map_err(|error| failed(&error))? + "\n"
        } else {
            describe(&info, &clients)
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
                Ok((info, clients)) => {
                    let verdict = plain(&clients);
                    vec![name, duration(info.duration_ms), mode_name(&verdict), verdict.reason]
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

/// What is in a file and what clients get of it; a sentence when nothing can be said.
async fn look(media: &Media, path: &Path) -> Result<(MediaInfo, Vec<Row>), String> {
    let (info, identity) = media.probe(path).await.map_err(|error| format!("{}: {error}", path.display()))?;
    let source = Source { path: path.to_path_buf(), identity, info: std::sync::Arc::new(info.clone()) };
    let film = media.whole_presentation(&source).await.map_err(|error| error.to_string());
    let rungs = media.heights_for(&source);
    let row = |client, decision: Result<Decision, String>| match decision {
        Ok(Decision { mode, reason, renditions, .. }) => {
            let renditions = renditions.iter().map(ToString::to_string).collect();
            Row { client, verdict: Verdict { mode: Some(mode), reason }, renditions }
        }
        Err(reason) => Row { client, verdict: Verdict { mode: None, reason }, renditions: Vec::new() },
    };
    let said = |error: Unplayable| error.to_string();
    let film = film.as_ref().map_err(Clone::clone);
    let mut clients: Vec<Row> = CLIENTS
        .iter()
        .map(|(client, caps)| {
            let caps = ClientCaps::from_query(caps);
            row(client, film.clone().and_then(|film| decide(film, &caps, &rungs).map_err(said)))
        })
        .collect();
    clients.push(row(OTHERS, film.and_then(|film| compat::decision(film, &rungs).map_err(said))));
    Ok((info, clients))
}

/// What a plain browser gets.
fn plain(clients: &[Row]) -> Verdict {
    let nothing = || Verdict { mode: None, reason: String::new() };
    clients.iter().find(|row| row.client == "plain browser").map_or_else(nothing, |row| row.verdict.clone())
}

fn mode_name(verdict: &Verdict) -> String {
    verdict.mode.map_or_else(|| "-".to_owned(), |mode| format!("{mode:?}").to_lowercase())
}

fn describe(info: &MediaInfo, clients: &[Row]) -> String {
    let mut text = format!("{}, {}, {} MiB\n\n", info.container, duration(info.duration_ms), info.size / (1024 * 1024));
    text += &table(&info.streams.iter().map(stream).collect::<Vec<_>>());
    let mut rows = vec![["CLIENT", "GETS", "OFFERED", "WHY"].map(str::to_owned).to_vec()];
    rows.extend(clients.iter().map(|Row { client, verdict, renditions }| {
        let offered = if renditions.is_empty() { "-".to_owned() } else { renditions.join(" ") };
        vec![(*client).to_owned(), mode_name(verdict), offered, verdict.reason.clone()]
    }));
    text + "\n" + &table(&rows)
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
