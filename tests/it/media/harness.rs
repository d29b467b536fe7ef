//! A media service on a folder of its own, and the test films.
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use tempfile::TempDir;
use watchparty::clock::SystemClock;
use watchparty::media::{Media, MediaConfig, MediaError, Presentation, Preset, RenditionId, Source, Tuning};
use watchparty::store::Store;

const CACHE_BYTES_MAX: u64 = 1 << 30;
const POLL: Duration = Duration::from_millis(10);
const PATIENCE: Duration = Duration::from_mins(1);

/// A service and the folder it keeps segments in.
pub(crate) struct Rig {
    pub(crate) media: Media,
    folder: Arc<TempDir>,
    store: Store,
}

impl Rig {
    pub(crate) fn start() -> Self {
        Self::on(Arc::new(tempfile::tempdir().unwrap()))
    }

    /// Ends this service and starts another one on the same folder.
    pub(crate) async fn restart(self) -> Self {
        let Self { media, folder, store } = self;
        media.shutdown().await;
        drop(media);
        store.close().await;
        Self::on(folder)
    }

    /// Where it keeps segments.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn on(folder: Arc<TempDir>) -> Self {
        let cache_dir = folder.path().to_owned();
        let config = MediaConfig {
            cache_dir,
            cache_bytes_max: CACHE_BYTES_MAX,
            threads: 2,
            tuning: Tuning::Fixed(Preset::Superfast),
        };
        let store = Store::open(&folder.path().join("plans.db")).unwrap();
        Self { media: Media::start_with(&config, store.clone(), Arc::new(SystemClock)).unwrap(), folder, store }
    }

    pub(crate) async fn source(&self, path: PathBuf) -> Source {
        let (info, identity) = self.media.probe(&path).await.unwrap();
        Source { path, identity, info: Arc::new(info) }
    }

    pub(crate) async fn film(&self, path: PathBuf) -> Arc<Presentation> {
        let source = self.source(path).await;
        self.media.presentation(&source).await.unwrap()
    }

    pub(crate) async fn fetch(&self, film: &Arc<Presentation>, id: RenditionId, n: u32) -> Result<Bytes, MediaError> {
        let mut body = self.media.segment(film, &id, n).await?;
        let mut bytes = Vec::new();
        while let Some(fragment) = body.fragments.next().await {
            bytes.extend_from_slice(&fragment?);
        }
        Ok(bytes.into())
    }

    /// Waits until something is true; fails the test when it does not come true.
    pub(crate) async fn until(&self, what: &str, fact: impl Fn(&Media) -> bool) {
        let poll = async {
            let mut interval = tokio::time::interval(POLL);
            while !fact(&self.media) {
                interval.tick().await;
            }
        };
        assert!(tokio::time::timeout(PATIENCE, poll).await.is_ok(), "{what}: {:?}", self.media.stats());
    }
}
