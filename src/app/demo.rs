//! The built-in film, so that the first start always shows something that plays. Made by the media engine, once.
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::app::AppError;
use crate::app::build::Built;
use crate::config::Settings;
use crate::media::demo;
use crate::media::engine::{Cancel, EngineError};

/// Its name is its title; Windows has no colons in names.
const FILE_NAME: &str = if cfg!(windows) { "Demo - counter and beep.mp4" } else { "Demo: counter and beep.mp4" };
/// How long it is.
const SECONDS: u32 = 120;
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
    let (library, stop) = (built.library.clone(), built.stop.clone());
    let cancel = Cancel::with_deadline(built.clock.clone(), MAKE_MAX);
    built.tracker.spawn(async move {
        let told = cancel.clone();
        let mut making = tokio::task::spawn_blocking(move || {
            sweep(&path);
            demo::write_clip(&path, SECONDS, &told)
        });
        let made = tokio::select! {
            made = &mut making => made,
            () = stop.cancelled() => {
                cancel.cancel();
                // It looks at that after every frame, and takes away what it has begun.
                making.await
            }
        };
        match made {
            Ok(Ok(())) => {
                tracing::info!("the built-in film is ready");
                library.start_scan();
            }
            Ok(Err(EngineError::Cancelled)) => {}
            Ok(Err(error)) => tracing::error!(%error, "the built-in film could not be made"),
            Err(error) => tracing::error!(%error, "making the built-in film failed"),
        }
    });
}

/// Takes away what starts that were killed have begun.
fn sweep(path: &Path) {
    let Some(entries) = path.parent().and_then(|folder| std::fs::read_dir(folder).ok()) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        if name.to_str().is_some_and(|name| name.starts_with(FILE_NAME) && name.ends_with(".part")) {
            drop(std::fs::remove_file(entry.path()));
        }
    }
}

fn folder(settings: &Settings) -> PathBuf {
    settings.data_dir.join("demo")
}
