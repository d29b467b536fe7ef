//! The built-in film, so that the first start always shows something that plays. Made by the media engine, once.
use std::path::PathBuf;
use std::time::Duration;

use crate::app::AppError;
use crate::clock::SharedClock;
use crate::config::Settings;
use crate::library::Library;
use crate::media::demo;
use crate::media::engine::Cancel;

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
pub(super) fn prepare(settings: &Settings, library: &Library, clock: SharedClock) {
    let path = folder(settings).join(FILE_NAME);
    if !settings.demo || path.exists() {
        return;
    }
    let library = library.clone();
    let cancel = Cancel::with_deadline(clock, MAKE_MAX);
    // The scan runs as a task, which a plain thread can only start with the runtime at hand.
    let runtime = tokio::runtime::Handle::current();
    let thread = std::thread::Builder::new().name("demo-film".into()).spawn(move || {
        match demo::write_clip(&path, SECONDS, &cancel) {
            Ok(()) => {
                tracing::info!("the built-in film is ready");
                let _inside = runtime.enter();
                library.start_scan();
            }
            Err(error) => tracing::error!(%error, "the built-in film could not be made"),
        }
    });
    if let Err(error) = thread {
        tracing::error!(%error, "no thread for the built-in film");
    }
}

fn folder(settings: &Settings) -> PathBuf {
    settings.data_dir.join("demo")
}
