use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use crate::media::cache::{Cache, FOLDER, LOCK, SEAL_BYTES, SegmentKey};
use crate::media::identity::FileIdentity;

const ROOM: u64 = 3 * (100 + SEAL_BYTES as u64);

fn key(index: u32) -> SegmentKey {
    let identity = FileIdentity { size: 1, mtime_ms: 2, edges: [3; 16] };
    SegmentKey { identity, profile: "vcopy".to_owned(), index }
}

fn body(byte: u8) -> [Bytes; 2] {
    [Bytes::from(vec![byte; 60]), Bytes::from(vec![byte + 1; 40])]
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
    assert_eq!(again.read_async(&key(1)).await, Some(whole));
    assert_eq!(again.bytes(), ROOM / 3);
}

#[test]
fn the_least_recently_used_goes_when_the_budget_is_spent() {
    let dir = tempfile::tempdir().unwrap();
    let cache = open(dir.path());
    for index in 0..3 {
        cache.put(&key(index), &body(7));
    }
    cache.read(&key(0));
    cache.put(&key(3), &body(7));
    let there: Vec<bool> = (0..4).map(|index| cache.contains(&key(index))).collect();
    assert_eq!(there, [true, false, true, true]);
    assert_eq!(files(dir.path()).len(), 3);
    assert_eq!(cache.bytes(), ROOM);
    cache.put(&key(9), &[Bytes::from(vec![0; ROOM as usize])]);
    assert!(!cache.contains(&key(9)) && cache.contains(&key(3)), "what can never fit evicts nothing");
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
    assert!(!second.keeps() && !second.contains(&key(1)));
    assert!(first.read(&key(0)).is_some());
    drop(first);
    second.put(&key(1), &body(7));
    assert!(second.keeps() && second.contains(&key(1)));
}

#[test]
fn a_damaged_file_is_no_hit() {
    let dir = tempfile::tempdir().unwrap();
    let cache = open(dir.path());
    for damage in [&b""[..], b"short", &[7; 116]] {
        cache.put(&key(0), &body(7));
        fs::write(&files(dir.path())[0], damage).unwrap();
        assert_eq!(cache.read(&key(0)), None);
        assert!(!cache.contains(&key(0)));
    }
}

#[test]
fn an_unusable_folder_makes_a_cache_that_keeps_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, b"").unwrap();
    let cache = open(&file);
    assert!(!cache.keeps());
    cache.put(&key(0), &body(7));
    assert_eq!(cache.read(&key(0)), None);
}

#[test]
fn a_cache_recovers_when_writing_works_again() {
    let dir = tempfile::tempdir().unwrap();
    let blocked = dir.path().join("blocked");
    fs::write(&blocked, b"").unwrap();
    let cache = open(&blocked);
    fs::remove_file(&blocked).unwrap();
    cache.put(&key(0), &body(7));
    assert!(cache.keeps() && cache.contains(&key(0)));
}
