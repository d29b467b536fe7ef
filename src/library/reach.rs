//! Looks at files with a deadline. A dead network folder answers nothing, not even an error, and keeps the thread that
//! asked; so only a few threads at a time ask below each folder, and nobody waits for them for long.
use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::fs::File;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long a folder may take to say whether a file is there; a disk that has to spin up takes a few seconds.
pub(super) const LOOK_MAX: Duration = Duration::from_secs(8);
/// Looks below one folder at the same time. A dead folder keeps so many of the threads that read files, and no more.
const LOOKS_AT_ONCE: usize = 4;

pub(super) struct Reach {
    limit: Duration,
    roots: Vec<(PathBuf, Arc<Semaphore>)>,
    /// For files that a link leads to.
    elsewhere: Arc<Semaphore>,
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Reach {
    pub(super) fn new(roots: &[PathBuf], limit: Duration, tracker: TaskTracker, stop: CancellationToken) -> Self {
        let places = || Arc::new(Semaphore::new(LOOKS_AT_ONCE));
        let roots = roots.iter().map(|root| (root.clone(), places())).collect();
        Self { limit, roots, elsewhere: places(), tracker, stop }
    }

    /// What the system says of a file, or that it says nothing in time.
    pub(super) async fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        let asked = path.to_path_buf();
        self.look(path, async { tokio::fs::metadata(asked).await }).await
    }

    /// What a blocking question below a folder is answered, in time.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        path: &Path,
        question: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        #[expect(clippy::disallowed_methods, reason = "as `tokio::fs` does it, and bounded by the places")]
        let asked = async { tokio::task::spawn_blocking(question).await.map_err(io::Error::other)? };
        self.look(path, asked).await
    }

    /// Opens a file for reading, in time or not at all.
    pub(super) async fn open(&self, path: &Path) -> io::Result<(File, Metadata)> {
        let asked = path.to_path_buf();
        let open = async {
            let file = File::open(asked).await?;
            let metadata = file.metadata().await?;
            Ok((file, metadata))
        };
        self.look(path, open).await
    }

    async fn look<T: Send + 'static>(
        &self,
        path: &Path,
        ask: impl Future<Output = io::Result<T>> + Send + 'static,
    ) -> io::Result<T> {
        let root = self.roots.iter().find(|(root, _)| path.starts_with(root));
        let places = Arc::clone(root.map_or(&self.elsewhere, |(_, places)| places));
        let asking = async {
            let place = places.acquire_owned().await.map_err(io::Error::other)?;
            // A task of its own: the place is free again when the system has answered, not when we have given up.
            let asking = self.stop.clone().run_until_cancelled_owned(async move {
                let answer = ask.await;
                drop(place);
                answer
            });
            let answer = self.tracker.spawn(asking).await.map_err(io::Error::other)?;
            answer.unwrap_or_else(|| Err(io::ErrorKind::Interrupted.into()))
        };
        tokio::time::timeout(self.limit, asking).await?
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_dead_folder_is_given_up_and_keeps_few_threads_and_no_other_folder() {
        let limit = Duration::from_millis(100);
        let roots = ["/dead".into(), "/well".into()];
        let reach = Reach::new(&roots, limit, TaskTracker::new(), CancellationToken::new());
        let (started, recovery) = (Arc::new(AtomicUsize::new(0)), CancellationToken::new());
        let looks = (0..3 * LOOKS_AT_ONCE).map(|_| {
            let (started, recovery) = (Arc::clone(&started), recovery.clone());
            reach.look(Path::new("/dead/film.mp4"), async move {
                started.fetch_add(1, Ordering::SeqCst);
                recovery.cancelled().await;
                Ok(())
            })
        });
        for outcome in futures_util::future::join_all(looks).await {
            assert_eq!(outcome.unwrap_err().kind(), io::ErrorKind::TimedOut);
        }
        assert_eq!(started.load(Ordering::SeqCst), LOOKS_AT_ONCE);
        assert!(reach.look(Path::new("/well/film.mp4"), async { Ok(7) }).await.is_ok());
        recovery.cancel();
        assert!(reach.look(Path::new("/dead/film.mp4"), async { Ok(7) }).await.is_ok());
    }
}
