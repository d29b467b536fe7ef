//! Plans of films, kept over restarts. What is in them is the media engine's business.
use rusqlite::{Connection, OptionalExtension};

use crate::store::{Store, StoreError};

/// Plans kept; the oldest go. Each is some tens of kilobytes.
const PLANS_MAX: i64 = 2_000;

impl Store {
    /// The plan of a file, if this version of the planner made one.
    pub async fn plan(&self, identity: Vec<u8>, version: String) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(move |connection| find(connection, &identity, &version)).await
    }

    /// The same for threads outside of the runtime.
    pub fn plan_blocking(&self, identity: Vec<u8>, version: String) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.readers.run_blocking(move |connection| find(connection, &identity, &version))
    }

    /// Keeps a plan. Returns at once: it can be made again, so nobody waits for the disk and nobody is told of a failure
    /// but the log.
    pub fn keep_plan(&self, identity: Vec<u8>, version: String, body: Vec<u8>) {
        self.inner.writer.run_later(move |connection| {
            connection
                .prepare_cached(
                    "INSERT INTO plans (identity, version, body, made)
                     VALUES (?1, ?2, ?3, (SELECT coalesce(max(made), 0) + 1 FROM plans))
                     ON CONFLICT (identity) DO UPDATE SET version = excluded.version, body = excluded.body,
                         made = excluded.made",
                )?
                .execute((identity, version, body))?;
            connection
                .prepare_cached("DELETE FROM plans WHERE made <= (SELECT max(made) FROM plans) - ?1")?
                .execute([PLANS_MAX])
                .map(drop)
        });
    }
}

fn find(connection: &Connection, identity: &[u8], version: &str) -> rusqlite::Result<Option<Vec<u8>>> {
    connection
        .prepare_cached("SELECT body FROM plans WHERE identity = ?1 AND version = ?2")?
        .query_row((identity, version), |row| row.get(0))
        .optional()
}
