//! Titles: one row a file in one of the folders.
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Row, named_params};

use crate::model::MediaId;
use crate::store::{Store, StoreError};

/// A title as it is stored. `info` is the library's business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TitleRow {
    /// Stays with the path.
    pub id: MediaId,
    /// The folder it was found under.
    pub root: PathBuf,
    /// Where it is.
    pub path: PathBuf,
    /// Bytes.
    pub size: u64,
    /// Modification time, in ms since the Unix epoch.
    pub mtime_ms: i64,
    /// Hash of both ends of the file.
    pub edges: [u8; 16],
    /// What it is called.
    pub title: String,
    /// What it is sorted by.
    pub sort_key: String,
    /// What is searched in, lower case.
    pub search: String,
    /// How long it is, in ms.
    pub duration_ms: i64,
    /// Whether it can be watched.
    pub playable: bool,
    /// Why not.
    pub reason: Option<String>,
    /// What the probe found, JSON.
    pub info: Option<String>,
    /// When it was first seen, in ms since the Unix epoch.
    pub added_at_ms: i64,
}

/// What a scan needs to know of a file it may have seen before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownFile {
    /// Its title.
    pub id: MediaId,
    /// The folder it was found under; the file may lie elsewhere, behind a link.
    pub root: PathBuf,
    /// Where it is.
    pub path: PathBuf,
    /// Bytes.
    pub size: u64,
    /// Modification time, in ms since the Unix epoch.
    pub mtime_ms: i64,
    /// Was not there the last time.
    pub missing: bool,
}

/// The last title of a page; the next one begins after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageAfter {
    /// Its sort key.
    pub sort_key: String,
    /// Its id.
    pub id: MediaId,
}

const COLUMNS: &str = "t.id, r.path, t.path, t.size, t.mtime_ms, t.edges, t.title, t.sort_key, t.search, \
                       t.duration_ms, t.playable, t.reason, t.info, t.added_at_ms";

impl Store {
    /// Titles that are there, in order; those that contain `words`, if given in lower case.
    pub async fn titles_page(
        &self,
        words: Option<String>,
        after: Option<PageAfter>,
        limit: u32,
    ) -> Result<Vec<TitleRow>, StoreError> {
        self.read(move |connection| {
            let (key, id) = after.map_or((None, None), |after| (Some(after.sort_key), Some(after.id.to_bytes())));
            let sql = format!(
                "SELECT {COLUMNS} FROM titles t JOIN roots r ON r.id = t.root_id
                 WHERE t.missing = 0 AND r.active = 1
                   AND (:words IS NULL OR instr(t.search, :words) > 0)
                   AND (:key IS NULL OR (t.sort_key, t.id) > (:key, :id))
                 ORDER BY t.sort_key, t.id LIMIT :limit"
            );
            connection
                .prepare_cached(&sql)?
                .query_map(named_params! {":words": words, ":key": key, ":id": id, ":limit": limit}, title_row)?
                .collect()
        })
        .await
    }

    /// One title, if it is there.
    pub async fn title(&self, id: MediaId) -> Result<Option<TitleRow>, StoreError> {
        self.read(move |connection| {
            let sql = format!(
                "SELECT {COLUMNS} FROM titles t JOIN roots r ON r.id = t.root_id
                 WHERE t.id = ?1 AND t.missing = 0 AND r.active = 1"
            );
            connection.prepare_cached(&sql)?.query_row([id.to_bytes()], title_row).optional()
        })
        .await
    }

    /// Makes these the folders whose titles are shown.
    pub async fn activate_roots(&self, roots: Vec<PathBuf>) -> Result<(), StoreError> {
        self.write(move |connection| {
            connection.execute("UPDATE roots SET active = 0", [])?;
            for root in &roots {
                connection.execute(
                    "INSERT INTO roots (path, active) VALUES (?1, 1) ON CONFLICT (path) DO UPDATE SET active = 1",
                    [path_bytes(root)],
                )?;
            }
            Ok(())
        })
        .await
    }

    /// All files ever seen, also missing ones and those of other folders.
    pub async fn known_files(&self) -> Result<Vec<KnownFile>, StoreError> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT t.id, r.path, t.path, t.size, t.mtime_ms, t.missing
                     FROM titles t JOIN roots r ON r.id = t.root_id",
                )?
                .query_map([], |row| {
                    Ok(KnownFile {
                        id: MediaId::from_bytes(row.get(0)?),
                        root: path_of(row.get(1)?),
                        path: path_of(row.get(2)?),
                        size: row.get::<_, i64>(3)? as u64,
                        mtime_ms: row.get(4)?,
                        missing: row.get(5)?,
                    })
                })?
                .collect()
        })
        .await
    }

    /// Stores titles; a path that is known keeps its id and its date.
    pub async fn upsert_titles(&self, rows: Vec<TitleRow>) -> Result<(), StoreError> {
        self.write(move |connection| rows.iter().try_for_each(|row| upsert(connection, row))).await
    }

    /// Hides titles whose files are gone.
    pub async fn mark_missing(&self, ids: Vec<MediaId>) -> Result<(), StoreError> {
        self.write(move |connection| {
            let mut statement = connection.prepare_cached("UPDATE titles SET missing = 1 WHERE id = ?1")?;
            ids.iter().try_for_each(|id| statement.execute([id.to_bytes()]).map(drop))
        })
        .await
    }

    /// Shows a title whose file was found as it was, with the folder it was found under.
    pub async fn mark_found(&self, id: MediaId, root: PathBuf) -> Result<(), StoreError> {
        self.write(move |connection| {
            connection
                .prepare_cached(
                    "UPDATE titles SET missing = 0, root_id = (SELECT id FROM roots WHERE path = ?2) WHERE id = ?1",
                )?
                .execute((id.to_bytes(), path_bytes(&root)))
                .map(drop)
        })
        .await
    }
}

fn upsert(connection: &Connection, row: &TitleRow) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO titles (id, root_id, path, size, mtime_ms, edges, title, sort_key, search, duration_ms,
                                 playable, reason, info, added_at_ms)
             VALUES (:id, (SELECT id FROM roots WHERE path = :root), :path, :size, :mtime_ms, :edges, :title,
                     :sort_key, :search, :duration_ms, :playable, :reason, :info, :added_at_ms)
             ON CONFLICT (path) DO UPDATE SET root_id = excluded.root_id, size = excluded.size,
                 mtime_ms = excluded.mtime_ms, edges = excluded.edges, title = excluded.title,
                 sort_key = excluded.sort_key, search = excluded.search, duration_ms = excluded.duration_ms,
                 playable = excluded.playable, reason = excluded.reason, info = excluded.info, missing = 0",
        )?
        .execute(named_params! {
            ":id": row.id.to_bytes(), ":root": path_bytes(&row.root), ":path": path_bytes(&row.path),
            ":size": row.size as i64, ":mtime_ms": row.mtime_ms, ":edges": row.edges, ":title": row.title,
            ":sort_key": row.sort_key, ":search": row.search, ":duration_ms": row.duration_ms,
            ":playable": row.playable, ":reason": row.reason, ":info": row.info, ":added_at_ms": row.added_at_ms,
        })?;
    Ok(())
}

fn title_row(row: &Row<'_>) -> rusqlite::Result<TitleRow> {
    Ok(TitleRow {
        id: MediaId::from_bytes(row.get(0)?),
        root: path_of(row.get(1)?),
        path: path_of(row.get(2)?),
        size: row.get::<_, i64>(3)? as u64,
        mtime_ms: row.get(4)?,
        edges: row.get(5)?,
        title: row.get(6)?,
        sort_key: row.get(7)?,
        search: row.get(8)?,
        duration_ms: row.get(9)?,
        playable: row.get(10)?,
        reason: row.get(11)?,
        info: row.get(12)?,
        added_at_ms: row.get(13)?,
    })
}

#[cfg(unix)]
fn path_bytes(path: &Path) -> Vec<u8> {
    std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()).to_vec()
}

#[cfg(unix)]
fn path_of(bytes: Vec<u8>) -> PathBuf {
    let name: std::ffi::OsString = std::os::unix::ffi::OsStringExt::from_vec(bytes);
    name.into()
}

#[cfg(not(unix))]
fn path_bytes(path: &Path) -> Vec<u8> {
    path.to_string_lossy().into_owned().into_bytes()
}

#[cfg(not(unix))]
fn path_of(bytes: Vec<u8>) -> PathBuf {
    String::from_utf8_lossy(&bytes).into_owned().into()
}
