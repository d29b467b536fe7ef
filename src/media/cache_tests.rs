use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use crate::media::cache::{Cache, SEAL_BYTES, SegmentKey};
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
    Cache::open(dir.to_owned(), "v1", ROOM)
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            found.extend(files(&entry.path()));
        } else {
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
    let cache = open(dir.path());
    cache.put(&key(0), &body(7));
    let kept = files(dir.path());
    let old = dir.path().join("segments/v0/film");
    fs::create_dir_all(&old).unwrap();
    fs::write(old.join("0.m4s"), b"old").unwrap();
    fs::write(kept[0].with_extension("5.tmp"), b"half").unwrap();
    fs::write(dir.path().join("poster.jpg"), b"not mine").unwrap();
    let _again = open(dir.path());
    let mut left = files(dir.path());
    left.sort();
    let mut expected = vec![dir.path().join("poster.jpg"), kept[0].clone()];
    expected.sort();
    assert_eq!(left, expected);
    assert!(!dir.path().join("segments/v0").exists());
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
