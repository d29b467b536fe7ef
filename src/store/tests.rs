use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use super::*;
use crate::model::MediaId;

fn row(name: &[u8], title: &str) -> TitleRow {
    TitleRow {
        id: MediaId::from_uuid(uuid::Uuid::new_v4()),
        root: "/films".into(),
        path: Path::new("/films").join(OsStr::from_bytes(name)),
        size: 7,
        mtime_ms: 8,
        edges: [9; 16],
        title: title.into(),
        sort_key: title.to_lowercase(),
        search: title.to_lowercase(),
        duration_ms: 10,
        playable: true,
        reason: None,
        info: None,
        added_at_ms: 11,
    }
}

async fn store_with(rows: Vec<TitleRow>) -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("t.db")).unwrap();
    store.activate_roots(vec!["/films".into()]).await.unwrap();
    store.upsert_titles(rows).await.unwrap();
    (dir, store)
}

#[tokio::test]
async fn a_name_that_is_no_text_comes_back_byte_for_byte() {
    let odd = row(b"a\xff\n'\"#%.mkv", "Odd");
    let (_dir, store) = store_with(vec![odd.clone()]).await;
    assert_eq!(store.title(odd.id).await.unwrap(), Some(odd));
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repeat() {
    let rows = (0..10).map(|n| row(format!("{n}").as_bytes(), &format!("Film {}", n / 3))).collect();
    let (_dir, store) = store_with(rows).await;
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = store.titles_page(None, after, 3).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(PageAfter { sort_key: last.sort_key.clone(), id: last.id });
        seen.extend(page.into_iter().map(|row| row.id));
    }
    let distinct: std::collections::BTreeSet<_> = seen.iter().collect();
    assert_eq!((seen.len(), distinct.len()), (10, 10));
}

#[tokio::test]
async fn search_finds_parts_of_words_in_any_script() {
    let (_dir, store) = store_with(vec![row(b"1", "Москва слезам не верит"), row(b"2", "Solaris")]).await;
    let found = store.titles_page(Some("слез".into()), None, 9).await.unwrap();
    assert_eq!(found.len(), 1);
    assert!(store.titles_page(Some("%".into()), None, 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_known_path_keeps_its_id_and_a_missing_file_is_hidden() {
    let first = row(b"1", "One");
    let (_dir, store) = store_with(vec![first.clone()]).await;
    store.upsert_titles(vec![TitleRow { title: "Uno".into(), ..row(b"1", "One") }]).await.unwrap();
    assert_eq!(store.title(first.id).await.unwrap().unwrap().title, "Uno");
    store.mark_missing(vec![first.id]).await.unwrap();
    assert_eq!(store.title(first.id).await.unwrap(), None);
    store.mark_found(first.id, "/films".into()).await.unwrap();
    store.activate_roots(vec!["/other".into()]).await.unwrap();
    assert!(store.titles_page(None, None, 9).await.unwrap().is_empty());
    store.mark_found(first.id, "/other".into()).await.unwrap();
    assert_eq!(store.titles_page(None, None, 9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_operation_that_fails_takes_no_other_along() {
    let (_dir, store) = store_with(vec![]).await;
    let stray = TitleRow { root: "/unknown".into(), ..row(b"2", "Stray") };
    let good = row(b"3", "Good");
    let (bad, fine) = tokio::join!(store.upsert_titles(vec![stray]), store.upsert_titles(vec![good]));
    assert!(bad.is_err() && fine.is_ok());
    store.check().await.unwrap();
}

#[tokio::test]
async fn what_was_written_is_there_after_a_restart() {
    let kept = row(b"1", "Kept");
    let (dir, store) = store_with(vec![kept.clone()]).await;
    store.close().await;
    assert!(matches!(store.check().await, Err(StoreError::Closed)));
    let again = Store::open(&dir.path().join("t.db")).unwrap();
    assert_eq!(again.title(kept.id).await.unwrap(), Some(kept));
}

#[tokio::test]
async fn closing_can_be_given_up_while_a_query_takes_long() {
    let (_dir, store) = store_with(vec![]).await;
    let (release, held) = std::sync::mpsc::sync_channel::<()>(1);
    let (begun, begins) = tokio::sync::oneshot::channel();
    let query = store.read(move |_| {
        let _ = begun.send(());
        // Ends by itself, lest the test hangs where it should fail.
        let _ = held.recv_timeout(Duration::from_secs(5));
        Ok(())
    });
    let closing = async {
        begins.await.unwrap();
        assert!(tokio::time::timeout(Duration::from_millis(50), store.close()).await.is_err());
        assert!(release.send(()).is_ok(), "closing held up the thread that it was called on");
    };
    let (answered, ()) = tokio::join!(query, closing);
    answered.unwrap();
    store.close().await;
}

#[test]
fn a_file_that_is_no_database_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.db");
    std::fs::write(&path, b"this is certainly no database, however long one looks at it").unwrap();
    assert!(matches!(Store::open(&path), Err(StoreError::Damaged { .. })));
    assert!(std::fs::read(&path).unwrap().starts_with(b"this is certainly"));
}

#[test]
fn a_database_of_a_later_version_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.db");
    drop(Store::open(&path).unwrap());
    let connection = Connection::open(&path).unwrap();
    connection.pragma_update(None, "user_version", 999).unwrap();
    drop(connection);
    assert!(matches!(Store::open(&path), Err(StoreError::Newer { .. })));
}

#[tokio::test]
async fn a_plan_is_kept_for_one_version_of_the_planner_and_replaced_by_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.db");
    let store = Store::open(&path).unwrap();
    let plan = |store: Store, version: &str| {
        let version = version.to_owned();
        async move { store.plan(vec![1; 32], version).await.unwrap() }
    };
    assert_eq!(plan(store.clone(), "3").await, None);
    store.keep_plan(vec![1; 32], "3".into(), vec![7]);
    // The writer works in order.
    store.check().await.unwrap();
    assert_eq!(plan(store.clone(), "3").await, Some(vec![7]));
    assert_eq!(plan(store.clone(), "4").await, None);
    store.keep_plan(vec![1; 32], "4".into(), vec![8]);
    store.close().await;
    let store = Store::open(&path).unwrap();
    assert_eq!((plan(store.clone(), "3").await, plan(store.clone(), "4").await), (None, Some(vec![8])));
    let other = std::thread::spawn(move || store.plan_blocking(vec![1; 32], "4".into()).unwrap());
    assert_eq!(other.join().unwrap(), Some(vec![8]));
}
