//! The built-in film, so that the first start always shows something that plays. Made by the media engine, once.
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::app::AppError;
use crate::app::build::Built;
use crate::config::Settings;
use crate::media::demo;
use crate::media::engine::{Cancel, EngineError};

/// Its name is its title; Windows has no colons in names.
const FILE_NAME: &str = if cfg!(windows) { "Demo - counter and beep.mp4" } else { "Demo: counter and beep.mp4" };
/// How long it is.
const SECONDS: u32 = 60;
/// How long making it may take.
const MAKE_MAX: Duration = Duration::from_mins(5);

/// The folders of the library, with the built-in film's if it is wanted.
pub(super) fn roots(settings: &Settings) -> Result<Vec<PathBuf>, AppError> {
    let mut roots = settings.dirs.clone();
    if settings.demo {
        let folder = folder(settings);
        std::fs::create_dir_all(&folder).map_err(|source| AppError::Folder { path: folder.clone(), source })?;
        roots.push(folder);
    }
    Ok(roots)
}

/// Makes the film in the background if it is wanted and not there, then has it listed.
pub(super) fn prepare(settings: &Settings, built: &Built) {
    let path = folder(settings).join(FILE_NAME);
    if !settings.demo || path.exists() {
        return;
    }
    let cancel = Cancel::with_deadline(built.clock.clone(), MAKE_MAX);
    let (tell, mut made) = oneshot::channel();
    let told = cancel.clone();
    let thread = std::thread::Builder::new().name("demo-film".into()).spawn(move || {
        sweep(&path);
        // Nobody waits for it any more only after a panic over there.
        let _ = tell.send(demo::write_clip(&path, SECONDS, &told));
    });
    if let Err(error) = thread {
        tracing::error!(%error, "no thread for the built-in film");
    }
    let (library, stop) = (built.library.clone(), built.stop.clone());
    built.tracker.spawn(async move {
        let outcome = tokio::select! {
            outcome = &mut made => outcome,
            () = stop.cancelled() => {
                cancel.cancel();
                // It looks at that after every frame, and takes away what it has begun.
                made.await
            }
        };
        match outcome {
            Ok(Ok(())) => {
                tracing::info!("the built-in film is ready");
                library.start_scan();
            }
            Ok(Err(EngineError::Cancelled)) => {}
            Ok(Err(error)) => tracing::error!(%error, "the built-in film could not be made"),
            Err(_) => tracing::error!("the built-in film could not be made: its thread is gone"),
        }
    });
}

/// Takes away what starts that were killed have begun.
fn sweep(path: &Path) {
    let Some(entries) = path.parent().and_then(|folder| std::fs::read_dir(folder).ok()) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let ours = entry.file_name().to_str().is_some_and(|name| name.starts_with(FILE_NAME));
        if ours && path.extension().is_some_and(|extension| extension == "part") {
            drop(std::fs::remove_file(path));
        }
    }
}

fn folder(settings: &Settings) -> PathBuf {
    settings.data_dir.join("demo")
}
