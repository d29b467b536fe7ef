use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use tokio::io::AsyncReadExt;

use crate::media::cache::BYTES_DEFAULT_MAX;
use crate::media::cache::{Cache, FOLDER, LOCK, MEMORY_ENTRY_MAX, SEAL_BYTES, SegmentKey, Stored, default_bytes};
use crate::media::identity::FileIdentity;
use crate::media::rendition::RenditionId;

const ROOM: u64 = 3 * (100 + SEAL_BYTES as u64);

fn key(index: u32) -> SegmentKey {
    let identity = FileIdentity { size: 1, mtime_ms: 2, edges: [3; 16] };
    SegmentKey { identity, profile: "vcopy".to_owned(), index }
}

fn body(byte: u8) -> [Bytes; 2] {
    [Bytes::from(vec![byte; 60]), Bytes::from(vec![byte + 1; 40])]
}

impl Cache {
    fn on_disk(&self, key: &SegmentKey) -> bool {
        crate::media::sync::lock(&self.disk).contains(&key.to_string())
    }

    fn find_on_disk(&self, key: &SegmentKey) {
        assert!(crate::media::sync::lock(&self.disk).touch(&key.to_string()).is_some());
    }
}

fn open(dir: &Path) -> Cache {
    Cache::open(dir, "v1", ROOM)
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            found.extend(files(&entry.path()));
        } else if entry.file_name() != LOCK {
            found.push(entry.path());
        }
    }
    found
}

#[tokio::test]
async fn what_is_put_in_comes_out_also_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let cache = open(dir.path());
    assert_eq!(cache.read(&key(1)), None);
    cache.put(&key(1), &body(7));
    let whole = Bytes::from(body(7).concat());
    assert_eq!(cache.read(&key(1)), Some(whole.clone()));
    drop(cache);
    let again = open(dir.path());
    assert!(again.contains(&key(1)));
    let Some(Stored::Whole(found)) = again.find(&key(1)).await else { panic!("not found") };
    assert_eq!(found, whole);
    assert_eq!(again.bytes(), ROOM / 3);
}

#[tokio::test]
async fn a_large_segment_is_sent_from_its_file_once_its_seal_was_seen() {
    let dir = tempfile::tempdir().unwrap();
    let large = vec![7; MEMORY_ENTRY_MAX as usize + 1];
    let again = || Cache::open(dir.path(), "v1", 2 * MEMORY_ENTRY_MAX);
    again().put(&key(1), &[Bytes::from(large.clone())]);
    let cache = again();
    for _ in 0..2 {
        let Some(Stored::File(file, length)) = cache.find(&key(1)).await else { panic!("not a file") };
        let mut content = Vec::new();
        file.take(length).read_to_end(&mut content).await.unwrap();
        assert!(content == large);
    }
    drop(cache);
    let path = &files(dir.path())[0];
    let mut damaged = fs::read(path).unwrap();
    damaged[5] = 8;
    fs::write(path, damaged).unwrap();
    assert!(again().find(&key(1)).await.is_none());
    assert!(files(dir.path()).is_empty());
}

#[test]
fn the_least_recently_used_goes_when_the_budget_is_spent() {
    let dir = tempfile::tempdir().unwrap();
    let cache = open(dir.path());
    for index in 10..13 {
        cache.put(&key(index), &body(7));
    }
    cache.find_on_disk(&key(10));
    cache.put(&key(13), &body(7));
    let there: Vec<bool> = (10..14).map(|index| cache.on_disk(&key(index))).collect();
    assert_eq!(there, [true, false, true, true]);
    assert_eq!(files(dir.path()).len(), 3);
    assert_eq!(cache.bytes(), ROOM);
    cache.put(&key(19), &[Bytes::from(vec![0; ROOM as usize])]);
    assert!(!cache.on_disk(&key(19)) && cache.on_disk(&key(13)), "what can never fit evicts nothing");
}

#[test]
fn what_a_room_needs_stays_and_a_budget_full_of_it_is_not_broken() {
    let dir = tempfile::tempdir().unwrap();
    let cache = open(dir.path());
    cache.pin(&key(0).identity, vec![(RenditionId::VideoCopy, 10..13)]);
    for index in 10..14 {
        cache.put(&key(index), &body(7));
    }
    let there: Vec<bool> = (10..14).map(|index| cache.on_disk(&key(index))).collect();
    assert_eq!(there, [true, true, true, false]);
    assert!(cache.read(&key(13)).is_some(), "memory has what the disk has no room for");
    cache.pin_only(&[]);
    cache.put(&key(14), &body(7));
    assert!(!cache.on_disk(&key(10)) && cache.on_disk(&key(14)));
}

#[test]
fn what_is_the_default_depends_on_the_space_that_is_free() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = default_bytes(dir.path());
    assert!(bytes > 0 && bytes <= BYTES_DEFAULT_MAX);
    assert_eq!(default_bytes(&dir.path().join("not there")), BYTES_DEFAULT_MAX);
}

#[test]
fn putting_twice_counts_once() {
    let dir = tempfile::tempdir().unwrap();
    let cache = open(dir.path());
    cache.put(&key(0), &body(7));
    cache.put(&key(0), &body(7));
    assert_eq!(cache.bytes(), ROOM / 3);
}

#[test]
fn half_written_files_and_other_versions_are_removed_at_the_start_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let older = Cache::open(dir.path(), "v0", ROOM);
    older.put(&key(0), &body(7));
    let old = files(dir.path());
    drop(older);
    // Whoever keeps things of their own here keeps them.
    let others = ["poster.jpg", "segments/mywork/take1.mov", &format!("{FOLDER}/notes/mine.txt")];
    for other in others.map(|other| dir.path().join(other)) {
        fs::create_dir_all(other.parent().unwrap()).unwrap();
        fs::write(other, b"not the cache's").unwrap();
    }
    let cache = open(dir.path());
    assert!(!old[0].exists());
    cache.put(&key(0), &body(7));
    drop(cache);
    let kept = files(dir.path());
    assert_eq!(kept.len(), others.len() + 1, "{kept:?}");
    let segment = kept.iter().find(|path| path.extension().is_some_and(|extension| extension == "m4s")).unwrap();
    let half = segment.with_extension("5.tmp");
    fs::write(&half, b"half").unwrap();
    assert!(open(dir.path()).contains(&key(0)));
    assert_eq!(files(dir.path()), kept);
}

#[test]
fn a_folder_that_another_process_works_in_is_left_alone_until_that_one_ends() {
    let dir = tempfile::tempdir().unwrap();
    let first = open(dir.path());
    first.put(&key(0), &body(7));
    // A later version would remove the first one's files.
    let second = Cache::open(dir.path(), "v2", ROOM);
    second.put(&key(1), &body(7));
    assert!(!second.on_disk(&key(1)) && second.contains(&key(1)));
    assert!(first.read(&key(0)).is_some());
    drop(first);
    second.put(&key(1), &body(7));
    assert!(second.on_disk(&key(1)));
}

#[test]
fn a_damaged_file_is_no_hit() {
    let dir = tempfile::tempdir().unwrap();
    for damage in [&b""[..], b"short", &[7; 116]] {
        open(dir.path()).put(&key(0), &body(7));
        fs::write(&files(dir.path())[0], damage).unwrap();
        let cache = open(dir.path());
        assert_eq!(cache.read(&key(0)), None);
        assert!(!cache.contains(&key(0)));
    }
}

#[test]
fn an_unusable_folder_leaves_a_cache_in_memory() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, b"").unwrap();
    let cache = open(&file);
    cache.put(&key(0), &body(7));
    assert_eq!(cache.read(&key(0)), Some(body(7).concat().into()));
    assert_eq!(cache.bytes(), 0);
}

#[test]
fn a_cache_of_no_bytes_keeps_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let cache = Cache::open(dir.path(), "v1", 0);
    cache.put(&key(0), &body(7));
    assert!(!cache.keeps() && cache.read(&key(0)).is_none());
}

#[test]
fn a_disk_that_takes_nothing_any_more_is_no_loss_to_those_who_watch() {
    let dir = tempfile::tempdir().unwrap();
    let cache = Cache::open(dir.path(), "v1", 1 << 20);
    cache.put(&key(5), &body(7));
    // A file where the next folder has to be: every write fails from here on.
    let profile = files(dir.path())[0].parent().unwrap().with_file_name("v720");
    fs::write(profile, b"").unwrap();
    let key = |index| SegmentKey { profile: if index < 10 { "vcopy" } else { "v720" }.to_owned(), ..key(index) };
    for index in 10..40 {
        cache.put(&key(index), &body(7));
    }
    assert!((10..40).all(|index| !cache.on_disk(&key(index))));
    assert!((10..40).all(|index| cache.read(&key(index)).is_some()));
    assert!(cache.read(&key(5)).is_some(), "what is on the disk is still read");
}

#[test]
fn a_cache_recovers_when_writing_works_again() {
    let dir = tempfile::tempdir().unwrap();
    let blocked = dir.path().join("blocked");
    fs::write(&blocked, b"").unwrap();
    let cache = open(&blocked);
    fs::remove_file(&blocked).unwrap();
    cache.put(&key(0), &body(7));
    assert!(cache.on_disk(&key(0)));
}
