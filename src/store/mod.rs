//! The database: the only room that speaks SQL. Functions are named by intent and answer with plain rows.
//!
//! One writer thread commits in groups and answers after the commit; a few reader threads never write. Nothing outside
//! opens the file by its path: a plain open and close would drop SQLite's lock. Called by `library` and `auth`.
mod access;
mod migrate;
mod plans;
mod readers;
mod titles;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;
use rusqlite::OpenFlags;
use tokio_util::task::TaskTracker;

use crate::store::readers::Readers;
use crate::store::writer::Writer;

pub use titles::{KnownFile, PageAfter, TitleRow};

/// How long a connection waits for another one's lock, in ms.
const BUSY_TIMEOUT_MS: u32 = 5_000;
/// The write-ahead log is cut back to this after a checkpoint, in bytes.
const JOURNAL_BYTES_MAX: i64 = 64 * 1024 * 1024;
/// Databases up to this size are checked for damage at every start, in bytes.
const CHECK_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Page cache of one connection, in KiB.
const CACHE_KIB: i32 = 2048;

/// Why the database did not answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// Made by a later version of this program.
    #[error("the database {} was made by a newer version of watchparty; use that version, or restore a backup", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
    },
    /// Not a database, or one with holes.
    #[error("the database {} is damaged ({message}); nothing was changed: restore a backup, or move the file away to start afresh", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite found.
        message: String,
    },
    /// Cannot be opened or created.
    #[error("cannot open the database {}: {message}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        message: String,
    },
    /// A statement failed.
    #[error("the database refused: {0}")]
    Sql(Arc<rusqlite::Error>),
    /// The server is shutting down.
    #[error("the database is closed")]
    Closed,
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(Arc::new(error))
    }
}

/// Version of the SQLite that is built in.
pub fn sqlite_version() -> &'static str {
    rusqlite::version()
}

/// The database. Clones share it.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    writer: Writer,
    readers: Readers,
    /// A token for each thread that lives.
    threads: TaskTracker,
}

impl Store {
    /// Opens or makes the database and brings its schema up to date.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let size = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        let mut connection = connect(path, false).map_err(|error| classify(path, &error))?;
        if (1..=CHECK_BYTES_MAX).contains(&size) {
            check_pages(&connection, path)?;
        }
        migrate::to_latest(&mut connection, path)?;
        let threads = TaskTracker::new();
        let writer = Writer::start(connection, &threads);
        let readers = Readers::start(|| connect(path, true).map_err(|error| classify(path, &error)), &threads)?;
        Ok(Self { inner: Arc::new(Inner { writer, readers, threads }) })
    }

    /// Whether the database answers, the thread that writes too. Writes nothing: anybody may ask, as often as they like.
    pub async fn check(&self) -> Result<(), StoreError> {
        self.write(|connection| connection.query_row("SELECT 1", [], |row| row.get::<_, i64>(0))).await?;
        self.read(|connection| connection.query_row("SELECT count(*) FROM health", [], |row| row.get::<_, i64>(0)))
            .await?;
        Ok(())
    }

    /// Finishes what was asked, writes the log back into the database, and waits for the threads to end. Never blocks
    /// the caller's thread: a slow disk may hold them for longer than the caller has patience.
    pub async fn close(&self) {
        self.inner.readers.close();
        self.inner.threads.close();
        self.inner.writer.close().await;
        self.inner.threads.wait().await;
    }

    async fn write<T, F>(&self, operation: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        self.inner.writer.run(operation).await
    }

    async fn read<T, F>(&self, query: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        self.inner.readers.run(query).await
    }
}

fn connect(path: &Path, reader: bool) -> rusqlite::Result<Connection> {
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if !reader {
        flags |= OpenFlags::SQLITE_OPEN_CREATE;
    }
    let connection = Connection::open_with_flags(path, flags)?;
    connection.pragma_update(None, "busy_timeout", BUSY_TIMEOUT_MS)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "mmap_size", 0)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.pragma_update(None, "journal_size_limit", JOURNAL_BYTES_MAX)?;
    if reader {
        connection.pragma_update(None, "query_only", true)?;
    }
    Ok(connection)
}

fn check_pages(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let verdict = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0))
        .map_err(|error| classify(path, &error))?;
    if verdict == "ok" {
        return Ok(());
    }
    Err(StoreError::Damaged { path: path.to_path_buf(), message: verdict.replace('\n', " ") })
}

fn classify(path: &Path, error: &rusqlite::Error) -> StoreError {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    let (path, message) = (path.to_path_buf(), error.to_string());
    match error.sqlite_error_code() {
        Some(DatabaseCorrupt | NotADatabase) => StoreError::Damaged { path, message },
        _ => StoreError::Open { path, message },
    }
}

#[cfg(test)]
mod tests;
