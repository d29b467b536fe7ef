//! Finished segments on disk, under a byte budget. Content-addressed: a key names everything the bytes depend on.
//!
//! Never fails a viewer: whatever goes wrong here means that a segment is made again.
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::SystemTime;

use aws_lc_rs::digest;
use bytes::Bytes;

use crate::media::identity::FileIdentity;
use crate::media::sync::lock;

/// Bytes of hash after the content of a file; a torn write after a power cut does not pass.
const SEAL_BYTES: usize = 16;
/// Where segments live below the cache folder; everything else in it is left alone. A name that nobody gives to what
/// is theirs: the cache folder may be one that people use.
const FOLDER: &str = "watchparty-segments";
/// Begins the name of each version's folder; the rest is a hash. Folders with other names are not ours to remove.
const VERSION_PREFIX: &str = "made-by-";
const VERSION_BYTES: usize = 16;
/// Of the hash by which a segment's bytes are named to those who have them.
const TAG_BYTES: usize = 12;
/// Locked by the process that works in the folder.
const LOCK: &str = "lock";
const EXTENSION: &str = "m4s";

/// Names one segment. The planner's and engine's versions are in the cache's folder name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SegmentKey {
    pub(crate) identity: FileIdentity,
    /// The rendition with everything that shapes its bytes.
    pub(crate) profile: String,
    pub(crate) index: u32,
}

impl fmt::Display for SegmentKey {
    /// The path below the cache's folder.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}.{EXTENSION}", self.identity, self.profile, self.index)
    }
}

/// The disk cache. All calls block on the disk unless they say otherwise.
#[derive(Debug)]
pub(crate) struct Cache {
    root: PathBuf,
    folder: PathBuf,
    /// Held while the folder is ours. Two processes in one folder would remove each other's files.
    claim: Mutex<Option<fs::File>>,
    bytes_max: u64,
    state: Mutex<State>,
    next_temp: AtomicU64,
    broken: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    entries: HashMap<String, Entry>,
    by_use: BTreeMap<u64, String>,
    bytes: u64,
    uses: u64,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    bytes: u64,
    used: u64,
}

impl State {
    fn touch(&mut self, path: &str) -> bool {
        let Some(entry) = self.entries.get_mut(path) else { return false };
        self.uses += 1;
        if let Some(path) = self.by_use.remove(&entry.used) {
            self.by_use.insert(self.uses, path);
        }
        entry.used = self.uses;
        true
    }

    fn insert(&mut self, path: String, bytes: u64) {
        self.forget(&path);
        self.uses += 1;
        self.bytes += bytes;
        self.by_use.insert(self.uses, path.clone());
        self.entries.insert(path, Entry { bytes, used: self.uses });
    }

    fn forget(&mut self, path: &str) {
        if let Some(entry) = self.entries.remove(path) {
            self.by_use.remove(&entry.used);
            self.bytes -= entry.bytes;
        }
    }

    /// Takes out the least recently used until `needed` more bytes fit.
    fn make_room(&mut self, needed: u64, bytes_max: u64) -> Vec<String> {
        let mut out = Vec::new();
        while self.bytes + needed > bytes_max {
            let Some((_, path)) = self.by_use.pop_first() else { break };
            self.forget_popped(&path);
            out.push(path);
        }
        out
    }

    fn forget_popped(&mut self, path: &str) {
        if let Some(entry) = self.entries.remove(path) {
            self.bytes -= entry.bytes;
        }
    }
}

impl Cache {
    /// Opens the cache below `dir`. Files of other versions and half-written ones are removed. An unusable folder, or
    /// one that another process works in, makes a cache that keeps nothing until that has changed.
    pub(crate) fn open(dir: &Path, version: &str, bytes_max: u64) -> Self {
        let root = dir.join(FOLDER);
        let cache = Self {
            folder: root.join(version_folder(version)),
            root,
            claim: Mutex::default(),
            bytes_max,
            state: Mutex::default(),
            next_temp: AtomicU64::new(0),
            broken: AtomicBool::new(false),
        };
        if let Err(error) = cache.claim() {
            cache.report("open", &error);
        }
        cache
    }

    /// Makes the folder ours, unless it is already, and takes over what is in it.
    fn claim(&self) -> io::Result<()> {
        let mut claim = lock(&self.claim);
        if claim.is_none() {
            fs::create_dir_all(&self.folder)?;
            let file = fs::File::options().create(true).truncate(false).write(true).open(self.root.join(LOCK))?;
            file.try_lock()?;
            self.adopt()?;
            *claim = Some(file);
        }
        Ok(())
    }

    fn adopt(&self) -> io::Result<()> {
        for other in fs::read_dir(&self.root)?.flatten().map(|other| other.path()) {
            if other != self.folder && is_version_folder(&other) {
                let _ = fs::remove_dir_all(other);
            }
        }
        let mut found: Vec<(SystemTime, String, u64)> = Vec::new();
        for film in folders(&self.folder)? {
            for profile in folders(&film)? {
                for file in fs::read_dir(&profile)?.flatten() {
                    let path = file.path();
                    let relative = path.strip_prefix(&self.folder).ok().and_then(Path::to_str).map(str::to_owned);
                    let finished = path.extension().is_some_and(|extension| extension == EXTENSION);
                    match (relative, file.metadata()) {
                        (Some(relative), Ok(metadata)) if finished => {
                            let time = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                            found.push((time, relative, metadata.len()));
                        }
                        _ => drop(fs::remove_file(&path)),
                    }
                }
            }
        }
        found.sort_unstable();
        let mut state = lock(&self.state);
        for (_, path, bytes) in found {
            state.insert(path, bytes);
        }
        let surplus = state.make_room(0, self.bytes_max);
        drop(state);
        self.remove(&surplus);
        Ok(())
    }

    /// Whether a segment is there, as far as memory knows; does not touch the disk.
    pub(crate) fn contains(&self, key: &SegmentKey) -> bool {
        lock(&self.state).entries.contains_key(&key.to_string())
    }

    /// A short name for the bytes of a segment, different for other makers.
    pub(crate) fn tag(&self, key: &SegmentKey) -> String {
        let mut hash = digest::Context::new(&digest::SHA256);
        hash.update(self.folder.as_os_str().as_encoded_bytes());
        hash.update(key.to_string().as_bytes());
        hex(&hash.finish().as_ref()[..TAG_BYTES])
    }

    /// Whether what is put in is kept; false after a disk error, until a write succeeds.
    pub(crate) fn keeps(&self) -> bool {
        self.bytes_max > 0 && !self.broken.load(Ordering::Relaxed)
    }

    /// Bytes on disk.
    pub(crate) fn bytes(&self) -> u64 {
        lock(&self.state).bytes
    }

    /// Reads a segment.
    pub(crate) fn read(&self, key: &SegmentKey) -> Option<Bytes> {
        let path = self.hit(key)?;
        self.opened(&path, fs::read(self.folder.join(&path)))
    }

    /// Reads a segment without blocking the caller's thread.
    pub(crate) async fn read_async(&self, key: &SegmentKey) -> Option<Bytes> {
        let path = self.hit(key)?;
        let content = tokio::fs::read(self.folder.join(&path)).await;
        self.opened(&path, content)
    }

    fn hit(&self, key: &SegmentKey) -> Option<String> {
        let path = key.to_string();
        lock(&self.state).touch(&path).then_some(path)
    }

    fn opened(&self, path: &str, content: io::Result<Vec<u8>>) -> Option<Bytes> {
        let unsealed = content.ok().and_then(unseal);
        if unsealed.is_none() {
            lock(&self.state).forget(path);
            let _ = fs::remove_file(self.folder.join(path));
        }
        unsealed
    }

    /// Keeps a finished segment.
    pub(crate) fn put(&self, key: &SegmentKey, fragments: &[Bytes]) {
        let bytes = fragments.iter().map(|fragment| fragment.len() as u64).sum::<u64>() + SEAL_BYTES as u64;
        if bytes > self.bytes_max {
            return;
        }
        let path = key.to_string();
        let evicted = lock(&self.state).make_room(bytes, self.bytes_max);
        self.remove(&evicted);
        match self.write(&path, fragments) {
            Ok(()) => {
                lock(&self.state).insert(path, bytes);
                self.broken.store(false, Ordering::Relaxed);
            }
            Err(error) => self.report("write", &error),
        }
    }

    fn write(&self, path: &str, fragments: &[Bytes]) -> io::Result<()> {
        self.claim()?;
        let target = self.folder.join(path);
        let temp = target.with_extension(format!("{}.tmp", self.next_temp.fetch_add(1, Ordering::Relaxed)));
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        let written = (|| {
            let mut file = fs::File::create(&temp)?;
            let mut hash = digest::Context::new(&digest::SHA256);
            for fragment in fragments {
                hash.update(fragment);
                file.write_all(fragment)?;
            }
            file.write_all(&hash.finish().as_ref()[..SEAL_BYTES])?;
            drop(file);
            fs::rename(&temp, &target)
        })();
        if written.is_err() {
            let _ = fs::remove_file(&temp);
        }
        written
    }

    fn remove(&self, paths: &[String]) {
        for path in paths {
            let path = self.folder.join(path);
            let _ = fs::remove_file(&path);
            // Succeeds only for a folder that has become empty.
            let _ = path.parent().map(fs::remove_dir);
        }
    }

    fn report(&self, what: &str, error: &io::Error) {
        if !self.broken.swap(true, Ordering::Relaxed) {
            tracing::warn!(%error, what, "segments are not cached: the cache folder cannot be used");
        }
    }
}

fn folders(path: &Path) -> io::Result<Vec<PathBuf>> {
    Ok(fs::read_dir(path)?.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect())
}

fn version_folder(version: &str) -> String {
    let hash = digest::digest(&digest::SHA256, version.as_bytes());
    VERSION_PREFIX.to_owned() + &hex(&hash.as_ref()[..VERSION_BYTES])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn is_version_folder(path: &Path) -> bool {
    let hash = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_prefix(VERSION_PREFIX));
    hash.is_some_and(|hash| hash.len() == 2 * VERSION_BYTES && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn unseal(mut content: Vec<u8>) -> Option<Bytes> {
    let at = content.len().checked_sub(SEAL_BYTES)?;
    let hash = digest::digest(&digest::SHA256, &content[..at]);
    if content[at..] != hash.as_ref()[..SEAL_BYTES] {
        return None;
    }
    content.truncate(at);
    Some(content.into())
}

#[cfg(test)]
#[path = "cache_tests.rs"]
mod tests;
