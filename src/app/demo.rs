//! The built-in film, so that the first start always shows something that plays. Made by the media engine, once.
use std::path::{Path, PathBuf};

use crate::app::AppError;
use crate::config::Settings;
use crate::library::Library;
use crate::media::MediaError;
use crate::media::demo;

/// Its name is its title; Windows has no colons in names.
const FILE_NAME: &str = if cfg!(windows) { "Demo - counter and beep.mp4" } else { "Demo: counter and beep.mp4" };
/// Hidden, so that a scan passes it by.
const PARTIAL_NAME: &str = ".partial.mp4";
/// How long it is.
const SECONDS: u32 = 180;

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
pub(super) fn prepare(settings: &Settings, library: &Library) {
    let path = folder(settings).join(FILE_NAME);
    if !settings.demo || path.exists() {
        return;
    }
    let library = library.clone();
    // The scan runs as a task, which a plain thread can only start with the runtime at hand.
    let runtime = tokio::runtime::Handle::current();
    let thread = std::thread::Builder::new().name("demo-film".into()).spawn(move || match make(&path) {
        Ok(()) => {
            tracing::info!("the built-in film is ready");
            let _inside = runtime.enter();
            library.start_scan();
        }
        Err(error) => tracing::error!(%error, "the built-in film could not be made"),
    });
    if let Err(error) = thread {
        tracing::error!(%error, "no thread for the built-in film");
    }
}

fn make(path: &Path) -> Result<(), MediaError> {
    // Under another name until it is whole: half a film must never be listed, nor survive a crash.
    let partial = path.with_file_name(PARTIAL_NAME);
    demo::write_clip(&partial, SECONDS)?;
    std::fs::rename(&partial, path)?;
    Ok(())
}

fn folder(settings: &Settings) -> PathBuf {
    settings.data_dir.join("demo")
}
