//! The scan: a thread walks, tasks probe, the database is told. A file that has not changed is not looked into again.
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::StreamExt;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::SharedClock;
use crate::library::naming;
use crate::library::walk;
use crate::library::walk::Sight;
use crate::media::decide;
use crate::media::{FileIdentity, Media, MediaInfo, ProbeError};
use crate::model::MediaId;
use crate::store::{KnownFile, Store, StoreError, TitleRow};

/// Files looked into at the same time.
const PROBES_AT_ONCE: usize = 2;
/// Found files that may wait to be looked into; the walk pauses beyond.
const FOUND_MAX: usize = 64;
/// Unreadable paths that are named in the log, per scan.
const UNREADABLE_LOGGED_MAX: u32 = 20;

/// No file has this modification time.
const NEVER: i64 = -1;

/// How far a scan is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScanStatus {
    /// A scan is under way.
    pub running: bool,
    /// Films seen so far.
    pub seen: u32,
    /// Of these, looked into; the others had not changed.
    pub probed: u32,
    /// Of those looked into, playable.
    pub playable: u32,
    /// Of those looked into, not playable.
    pub failed: u32,
    /// Files and folders that could not be read.
    pub unreadable: u32,
    /// Name of a file being looked into.
    pub current: Option<String>,
    /// Folders that were not there.
    pub offline: Vec<String>,
}

#[derive(Clone)]
pub(super) struct Scanner {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    media: Media,
    roots: Vec<PathBuf>,
    clock: SharedClock,
    tracker: TaskTracker,
    stop: CancellationToken,
    status: Mutex<ScanStatus>,
    running: AtomicBool,
    /// Asked for while a scan was under way: run once more.
    again: AtomicBool,
}

/// From the walking thread.
enum Found {
    /// A new or changed file.
    File(Box<NewFile>),
    /// A file that is as it was, but was missing, or belonged to another folder of those that are scanned.
    Back { id: MediaId, root: PathBuf },
    /// A folder was walked to its end; these of its files were not seen.
    RootDone(Vec<MediaId>),
}

struct NewFile {
    root: PathBuf,
    path: PathBuf,
    size: u64,
    mtime_ms: i64,
}

/// What a probe found, or why there is nothing to play.
struct Finding {
    info: Option<MediaInfo>,
    identity: FileIdentity,
    reason: Option<String>,
}

/// Folders without those that lie within another, so that no file is found twice.
pub(super) fn without_nested(mut roots: Vec<PathBuf>) -> Vec<PathBuf> {
    for root in &mut roots {
        if let Ok(real) = root.canonicalize() {
            *root = real;
        }
    }
    roots.sort();
    roots.dedup_by(|later, earlier| later.starts_with(earlier));
    roots
}

impl Scanner {
    pub(super) fn new(
        store: Store,
        media: Media,
        roots: Vec<PathBuf>,
        clock: SharedClock,
        tracker: TaskTracker,
        stop: CancellationToken,
    ) -> Self {
        let inner = Inner {
            store,
            media,
            roots,
            clock,
            tracker,
            stop,
            status: Mutex::default(),
            running: AtomicBool::new(false),
            again: AtomicBool::new(false),
        };
        Self { inner: Arc::new(inner) }
    }

    pub(super) fn start(&self) {
        if self.inner.running.swap(true, Ordering::SeqCst) {
            self.inner.again.store(true, Ordering::SeqCst);
            return;
        }
        self.update(|status| *status = ScanStatus { running: true, ..ScanStatus::default() });
        let scanner = self.clone();
        self.inner.tracker.spawn(async move {
            let stop = scanner.inner.stop.clone();
            let outcome = stop.run_until_cancelled(scanner.run()).await;
            if let Some(Err(error)) = outcome {
                tracing::error!(%error, "the scan ended early");
            }
            scanner.update(|status| {
                status.running = false;
                status.current = None;
            });
            scanner.inner.running.store(false, Ordering::SeqCst);
            if scanner.inner.again.swap(false, Ordering::SeqCst) && !stop.is_cancelled() {
                scanner.start();
            }
        });
    }

    pub(super) fn status(&self) -> ScanStatus {
        self.inner.status.lock().map(|status| status.clone()).unwrap_or_default()
    }

    fn update(&self, change: impl FnOnce(&mut ScanStatus)) {
        if let Ok(mut status) = self.inner.status.lock() {
            change(&mut status);
        }
    }

    async fn run(&self) -> Result<(), StoreError> {
        let inner = &self.inner;
        inner.store.activate_roots(inner.roots.clone()).await?;
        let known = inner.store.known_files().await?;
        let (tell, found) = mpsc::channel(FOUND_MAX);
        let walker = self.clone();
        let thread = std::thread::Builder::new().name("library-walk".into()).spawn(move || walker.walk(&known, &tell));
        if let Err(error) = thread {
            tracing::error!(%error, "no thread for the scan");
            return Ok(());
        }
        // Not joined: a dead network folder can hold the thread for as long as it likes, and it ends with the channel.
        let stream = futures_util::stream::unfold(found, |mut found| async move {
            let next = found.recv().await?;
            Some((next, found))
        });
        stream
            .for_each_concurrent(PROBES_AT_ONCE, |found| async move {
                if let Err(error) = self.take(found).await {
                    tracing::error!(%error, "a title could not be stored");
                }
            })
            .await;
        Ok(())
    }

    async fn take(&self, found: Found) -> Result<(), StoreError> {
        match found {
            Found::File(file) => self.look_into(*file).await,
            Found::Back { id, root } => self.inner.store.mark_found(id, root).await,
            Found::RootDone(gone) if gone.is_empty() => Ok(()),
            Found::RootDone(gone) => self.inner.store.mark_missing(gone).await,
        }
    }

    async fn look_into(&self, file: NewFile) -> Result<(), StoreError> {
        self.update(|status| status.current = Some(naming::display_name(&file.path)));
        let finding = self.probe(&file).await;
        if self.inner.stop.is_cancelled() {
            // The probe was cut short; what it said is not about the file.
            return Ok(());
        }
        let playable = finding.reason.is_none();
        self.update(|status| {
            status.probed += 1;
            if playable { status.playable += 1 } else { status.failed += 1 }
        });
        let row = row_of(file, finding, self.inner.clock.unix_ms());
        self.inner.store.upsert_titles(vec![row]).await
    }

    async fn probe(&self, file: &NewFile) -> Finding {
        match self.inner.media.probe(&file.path).await {
            Ok((info, identity)) => {
                let reason = decide::playable(&info).err().map(|reason| reason.to_string());
                Finding { info: Some(info), identity, reason }
            }
            Err(error) => {
                // What says nothing about the bytes is remembered with an impossible date: the next scan tries again.
                let passing = matches!(
                    error,
                    ProbeError::Open { .. }
                        | ProbeError::Cancelled
                        | ProbeError::DeadlineExceeded
                        | ProbeError::Internal(_)
                );
                let mtime_ms = if passing { NEVER } else { file.mtime_ms };
                let identity = FileIdentity { size: file.size, mtime_ms, edges: [0; 16] };
                Finding { info: None, identity, reason: Some(error.to_string()) }
            }
        }
    }

    /// On the walking thread.
    fn walk(&self, known: &[KnownFile], tell: &mpsc::Sender<Found>) {
        let mut known: HashMap<&Path, &KnownFile> = known.iter().map(|file| (file.path.as_path(), file)).collect();
        let mut seen = HashSet::new();
        for root in &self.inner.roots {
            // A folder that is not there, or has become empty as an unmounted one does, proves nothing about its files.
            let there = std::fs::read_dir(root).is_ok_and(|mut entries| entries.next().is_some());
            let had_files = known.values().any(|file| file.root == *root);
            if !there && (had_files || !root.is_dir()) {
                tracing::warn!(root = %root.display(), "the folder is empty or not there; its films are kept in mind");
                self.update(|status| status.offline.push(root.display().to_string()));
                continue;
            }
            let mut complete = true;
            walk::walk(root, |sight| match self.see(root, sight, &mut known, &mut seen) {
                _ if self.inner.stop.is_cancelled() => {
                    complete = false;
                    false
                }
                Ok(None) => true,
                Ok(Some(found)) => {
                    let sent = tell.blocking_send(found).is_ok();
                    complete &= sent;
                    sent
                }
                Err(()) => {
                    complete = false;
                    true
                }
            });
            // After an error below the root nobody knows which files are behind it: mark nothing as gone.
            if complete {
                let gone = known.values().filter(|file| !file.missing && file.root == *root);
                let gone = gone.map(|file| file.id).collect();
                drop(tell.blocking_send(Found::RootDone(gone)));
            }
        }
    }

    /// What is to be done about a sight; an error if something could not be looked at.
    fn see(
        &self,
        root: &Path,
        sight: Sight,
        known: &mut HashMap<&Path, &KnownFile>,
        seen: &mut HashSet<PathBuf>,
    ) -> Result<Option<Found>, ()> {
        let film = match sight {
            Sight::Film(film) => film,
            Sight::Unreadable(what) => {
                let mut count = 0;
                self.update(|status| {
                    status.unreadable += 1;
                    count = status.unreadable;
                });
                if count <= UNREADABLE_LOGGED_MAX {
                    tracing::warn!(what, "cannot be read");
                }
                return Err(());
            }
        };
        if !seen.insert(film.path.clone()) {
            // The same file behind a link.
            return Ok(None);
        }
        self.update(|status| status.seen += 1);
        if let Some(before) = known.remove(film.path.as_path()) {
            let identity = FileIdentity { size: before.size, mtime_ms: before.mtime_ms, edges: [0; 16] };
            if identity.looks_unchanged(&film.metadata) {
                // The folders may have been chosen anew, and a title is shown with the folder it belongs to.
                let back = before.missing || before.root != root;
                return Ok(back.then(|| Found::Back { id: before.id, root: root.to_path_buf() }));
            }
        }
        let (size, mtime_ms) = FileIdentity::quick(&film.metadata);
        Ok(Some(Found::File(Box::new(NewFile { root: root.to_path_buf(), path: film.path, size, mtime_ms }))))
    }
}

fn row_of(file: NewFile, finding: Finding, now_ms: i64) -> TitleRow {
    let Finding { info, identity, reason } = finding;
    let title = naming::title_of(&file.path);
    let search = format!("{} {}", title, naming::display_name(&file.path)).to_lowercase();
    TitleRow {
        id: MediaId::from_uuid(uuid::Uuid::now_v7()),
        root: file.root,
        path: file.path,
        size: identity.size,
        mtime_ms: identity.mtime_ms,
        edges: identity.edges,
        sort_key: naming::sort_key(&title),
        search,
        title,
        duration_ms: info.as_ref().map_or(0, |info| info.duration_ms),
        playable: reason.is_none(),
        reason,
        info: info.and_then(|info| serde_json::to_string(&info).ok()),
        added_at_ms: now_ms,
    }
}
