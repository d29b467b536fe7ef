use std::fs;
use std::path::Path;

use bytes::Bytes;

use crate::media::identity::FileIdentity;
use crate::media::service::pictures::{Kept, MEMORY_BYTES_MAX, Pictures, bytes_in, share};

fn kept(nth: u8, bytes: usize) -> Kept {
    let identity = FileIdentity { size: 1, mtime_ms: 0, edges: [nth; 16] };
    Kept { identity, index: "WEBVTT".to_owned(), sheets: vec![Bytes::from(vec![nth; bytes])] }
}

#[tokio::test]
async fn what_the_disk_does_not_keep_is_shown_from_memory_and_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let pictures = Pictures::new(folder.path(), share(0));
    for nth in 0..5 {
        pictures.keep(kept(nth, MEMORY_BYTES_MAX / 3));
    }
    let seen = |nth| kept(nth, 0).identity;
    assert_eq!(pictures.index(&seen(4)).await.as_deref(), Some("WEBVTT"));
    assert_eq!(pictures.sheet(&seen(4), 0).await.map(|sheet| sheet[0]), Some(4));
    assert_eq!((pictures.sheet(&seen(4), 1).await, pictures.index(&seen(0)).await), (None, None));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "a cache of nothing writes nothing");
}

#[tokio::test]
async fn the_disk_keeps_no_more_than_its_share() {
    let folder = tempfile::tempdir().unwrap();
    let pictures = Pictures::new(folder.path(), 1000);
    for nth in 0..5 {
        pictures.keep(kept(nth, 400));
    }
    assert!(bytes_in_all(&pictures.folder) <= 1000);
    assert_eq!(pictures.sheet(&kept(4, 0).identity, 0).await.map(|sheet| sheet.len()), Some(400));
}

fn bytes_in_all(folder: &Path) -> u64 {
    fs::read_dir(folder).unwrap().flatten().map(|film| bytes_in(&film.path())).sum()
}
