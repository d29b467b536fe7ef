//! Finished segments on disk, under a byte budget, and the latest of them in memory. Content-addressed: a key names
//! everything the bytes depend on.
//!
//! Never fails a viewer: whatever goes wrong here means that a segment is made again. A disk that is full or gone
//! leaves the memory, which alone may then hold more.
mod lru;

use std::collections::HashSet;
use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::SystemTime;

use aws_lc_rs::digest;
use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use crate::media::cache::lru::{Lru, Pins};
use crate::media::identity::FileIdentity;
use crate::media::rendition::RenditionId;
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
/// Memory for what everybody in a room is about to ask for.
const MEMORY_BYTES: u64 = 64 << 20;
/// The same while the disk keeps nothing: a minute of a room and more.
const MEMORY_BYTES_ALONE: u64 = 256 << 20;
/// Larger segments are read from the file as they are sent.
const MEMORY_ENTRY_MAX: u64 = 8 << 20;
const HASH_BYTES_AT_ONCE: usize = 256 * 1024;
/// The cache when nobody says how large: at most this, and at most this part of the space that is free.
const BYTES_DEFAULT_MAX: u64 = 10 << 30;
const FREE_PART: u64 = 10;

/// Bytes for a cache below `dir` when nobody says how many. What we hold there already counts as free.
pub fn default_bytes(dir: &Path) -> u64 {
    let Ok(space) = rustix::fs::statvfs(dir) else { return BYTES_DEFAULT_MAX };
    let held: u64 = files_below(&dir.join(FOLDER)).iter().map(|(_, metadata)| metadata.len()).sum();
    ((space.f_bavail * space.f_frsize + held) / FREE_PART).min(BYTES_DEFAULT_MAX)
}

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

/// The cache. All calls block on the disk unless they say otherwise.
#[derive(Debug)]
pub(crate) struct Cache {
    root: PathBuf,
    folder: PathBuf,
    /// Held while the folder is ours. Two processes in one folder would remove each other's files.
    claim: Mutex<Option<fs::File>>,
    bytes_max: u64,
    disk: Mutex<Lru<OnDisk>>,
    /// What was made or read lately: everybody in a room wants the same within seconds.
    memory: Mutex<Lru<Bytes>>,
    pins: Mutex<Pins>,
    next_temp: AtomicU64,
    broken: AtomicBool,
}

/// What is known of a file.
#[derive(Debug, Clone, Copy)]
struct OnDisk {
    /// Length with the seal.
    bytes: u64,
    /// The seal is right, or we have written it ourselves.
    sound: bool,
}

/// A segment that is there.
#[derive(Debug)]
pub(crate) enum Stored {
    /// In memory.
    Whole(Bytes),
    /// A file and the length of the segment at its beginning.
    File(tokio::fs::File, u64),
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
            disk: Mutex::default(),
            memory: Mutex::default(),
            pins: Mutex::default(),
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
        for (path, metadata) in files_below(&self.folder) {
            let relative = path.strip_prefix(&self.folder).ok().and_then(Path::to_str).map(str::to_owned);
            match relative.filter(|_| path.extension().is_some_and(|extension| extension == EXTENSION)) {
                Some(relative) => {
                    let time = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                    found.push((time, relative, metadata.len()));
                }
                None => drop(fs::remove_file(&path)),
            }
        }
        found.sort_unstable();
        let mut disk = lock(&self.disk);
        for (_, path, bytes) in found {
            disk.insert(path, OnDisk { bytes, sound: false }, bytes);
        }
        drop(disk);
        self.shrink(self.bytes_max);
        Ok(())
    }

    /// Whether a segment is there, as far as memory knows; does not touch the disk.
    pub(crate) fn contains(&self, key: &SegmentKey) -> bool {
        let path = key.to_string();
        lock(&self.memory).contains(&path) || lock(&self.disk).contains(&path)
    }

    /// A short name for a segment, different for other makers.
    pub(crate) fn tag(&self, key: &SegmentKey) -> String {
        let mut hash = digest::Context::new(&digest::SHA256);
        hash.update(self.folder.as_os_str().as_encoded_bytes());
        hash.update(key.to_string().as_bytes());
        hex(&hash.finish().as_ref()[..TAG_BYTES])
    }

    /// Whether what is put in is kept for a while; without a usable disk memory holds less of it.
    pub(crate) fn keeps(&self) -> bool {
        self.bytes_max > 0
    }

    /// Bytes there are for what is kept, all in all.
    pub(crate) fn room(&self) -> u64 {
        if self.broken.load(Ordering::Relaxed) { self.bytes_max.min(MEMORY_BYTES_ALONE) } else { self.bytes_max }
    }

    /// Bytes on disk.
    pub(crate) fn bytes(&self) -> u64 {
        lock(&self.disk).bytes()
    }

    /// Keeps these segments of a film, by rendition, whatever else has to go; in place of those it kept before.
    pub(crate) fn pin(&self, film: &FileIdentity, pins: Vec<(RenditionId, Range<u32>)>) {
        let pins = pins.into_iter().map(|(id, range)| (id.to_string(), range)).collect();
        lock(&self.pins).set(film.to_string(), pins);
    }

    /// Keeps nothing in particular of all other films.
    pub(crate) fn pin_only(&self, films: &[FileIdentity]) {
        let films: HashSet<String> = films.iter().map(ToString::to_string).collect();
        lock(&self.pins).retain(|film| films.contains(film));
    }

    /// Reads a segment.
    pub(crate) fn read(&self, key: &SegmentKey) -> Option<Bytes> {
        let path = key.to_string();
        if let Some(bytes) = lock(&self.memory).touch(&path) {
            return Some(bytes.clone());
        }
        let known = *lock(&self.disk).touch(&path)?;
        let whole = fs::read(self.folder.join(&path)).ok().and_then(|content| unseal(content, known));
        self.looked(&path, whole.is_some());
        self.remember(path, whole.as_ref()?.clone());
        whole
    }

    /// Finds a segment without blocking the caller's thread.
    pub(crate) async fn find(&self, key: &SegmentKey) -> Option<Stored> {
        let path = key.to_string();
        if let Some(bytes) = lock(&self.memory).touch(&path) {
            return Some(Stored::Whole(bytes.clone()));
        }
        let known = *lock(&self.disk).touch(&path)?;
        let place = self.folder.join(&path);
        if known.bytes > MEMORY_ENTRY_MAX {
            let opened = open_sealed(&place, known).await;
            self.looked(&path, opened.is_some());
            return opened.map(|(file, length)| Stored::File(file, length));
        }
        let whole = tokio::fs::read(place).await.ok().and_then(|content| unseal(content, known));
        self.looked(&path, whole.is_some());
        self.remember(path, whole.as_ref()?.clone());
        whole.map(Stored::Whole)
    }

    /// Notes what a look at a file has shown.
    fn looked(&self, path: &str, sound: bool) {
        if sound {
            if let Some(known) = lock(&self.disk).touch(path) {
                known.sound = true;
            }
        } else {
            lock(&self.disk).forget(path);
            let _ = fs::remove_file(self.folder.join(path));
        }
    }

    fn remember(&self, path: String, whole: Bytes) {
        let bytes = whole.len() as u64;
        if bytes > MEMORY_ENTRY_MAX && !self.broken.load(Ordering::Relaxed) {
            return;
        }
        let bytes_max = if self.broken.load(Ordering::Relaxed) { MEMORY_BYTES_ALONE } else { MEMORY_BYTES };
        let mut memory = lock(&self.memory);
        memory.insert(path, whole, bytes);
        // Here a pin would only keep what lies on the disk as well; alone, memory has nothing to fall back on.
        memory.shrink(bytes_max, &Pins::default());
    }

    /// Keeps a finished segment.
    pub(crate) fn put(&self, key: &SegmentKey, fragments: &[Bytes]) {
        let bytes = fragments.iter().map(|fragment| fragment.len() as u64).sum::<u64>() + SEAL_BYTES as u64;
        if !self.keeps() {
            return;
        }
        let path = key.to_string();
        if bytes <= self.bytes_max {
            self.shrink(self.bytes_max - bytes);
            // With nothing left but what rooms need, the budget stands and this one is for memory alone.
            if self.bytes() + bytes <= self.bytes_max {
                self.store(&path, bytes, fragments);
            }
        }
        self.remember(path, whole(fragments));
    }

    fn store(&self, path: &str, bytes: u64, fragments: &[Bytes]) {
        let mut written = self.write(path, fragments);
        if written.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::StorageFull) {
            // Others have filled the disk: give back some of what we hold rather than nothing.
            self.shrink(self.bytes().saturating_sub(bytes.saturating_mul(2)));
            written = self.write(path, fragments);
        }
        match written {
            Ok(()) => {
                lock(&self.disk).insert(path.to_owned(), OnDisk { bytes, sound: true }, bytes);
                self.broken.store(false, Ordering::Relaxed);
            }
            Err(error) => self.report("write", &error),
        }
    }

    fn shrink(&self, bytes_max: u64) {
        let gone = {
            let pins = lock(&self.pins);
            lock(&self.disk).shrink(bytes_max, &pins)
        };
        self.remove(&gone);
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
            tracing::warn!(%error, what, "the cache folder cannot be used: only some segments are kept, in memory");
        }
    }
}

/// All files below a folder with what is known of them; of what cannot be read, nothing.
fn files_below(folder: &Path) -> Vec<(PathBuf, fs::Metadata)> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => folders.push(entry.path()),
                Ok(metadata) => files.push((entry.path(), metadata)),
                Err(_) => {}
            }
        }
    }
    files
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

fn whole(fragments: &[Bytes]) -> Bytes {
    match fragments {
        [one] => one.clone(),
        many => many.concat().into(),
    }
}

/// The content of a file without its seal, if it is as it was written.
fn unseal(mut content: Vec<u8>, known: OnDisk) -> Option<Bytes> {
    let at = content.len().checked_sub(SEAL_BYTES)?;
    let right = if known.sound {
        content.len() as u64 == known.bytes
    } else {
        content[at..] == digest::digest(&digest::SHA256, &content[..at]).as_ref()[..SEAL_BYTES]
    };
    content.truncate(at);
    right.then(|| content.into())
}

/// Opens a large file that is as it was written; reads it for that only once.
async fn open_sealed(path: &Path, known: OnDisk) -> Option<(tokio::fs::File, u64)> {
    let mut file = tokio::fs::File::open(path).await.ok()?;
    let length = file.metadata().await.ok()?.len().checked_sub(SEAL_BYTES as u64)?;
    if known.sound {
        return (length + SEAL_BYTES as u64 == known.bytes).then_some((file, length));
    }
    let mut hash = digest::Context::new(&digest::SHA256);
    let (mut left, mut buffer) = (length, vec![0; HASH_BYTES_AT_ONCE]);
    while left > 0 {
        let part = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        file.read_exact(&mut buffer[..part]).await.ok()?;
        hash.update(&buffer[..part]);
        left -= part as u64;
    }
    let mut seal = [0; SEAL_BYTES];
    file.read_exact(&mut seal).await.ok()?;
    file.rewind().await.ok()?;
    (seal == hash.finish().as_ref()[..SEAL_BYTES]).then_some((file, length))
}

#[cfg(test)]
mod tests;
