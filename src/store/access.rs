//! Who has claimed the server, and which sessions were ended.
use rusqlite::OptionalExtension;

use crate::model::SessionId;
use crate::store::{Store, StoreError};

impl Store {
    /// Whether anybody ever claimed this server.
    pub async fn is_claimed(&self) -> Result<bool, StoreError> {
        self.read(|connection| {
            connection.query_row("SELECT 1 FROM claim", [], |_| Ok(())).optional().map(|row| row.is_some())
        })
        .await
    }

    /// Remembers that the server was claimed; the first time counts.
    pub async fn claim(&self, now_ms: i64) -> Result<(), StoreError> {
        self.write(move |connection| {
            connection.execute("INSERT OR IGNORE INTO claim (only, claimed_at_ms) VALUES (1, ?1)", [now_ms]).map(drop)
        })
        .await
    }

    /// Ended sessions whose tokens are good until after `now_ms`, those first that are good for longest.
    pub async fn ended_sessions(&self, now_ms: i64, limit: usize) -> Result<Vec<(SessionId, i64)>, StoreError> {
        self.read(move |connection| {
            connection
                .prepare_cached(
                    "SELECT session, until_ms FROM ended_sessions WHERE until_ms > ?1 ORDER BY until_ms DESC LIMIT ?2",
                )?
                .query_map((now_ms, limit as i64), |row| Ok((SessionId::from_bytes(row.get(0)?), row.get(1)?)))?
                .collect()
        })
        .await
    }

    /// Remembers an ended session, and forgets those that were to be remembered until `floor_ms` at most.
    pub async fn end_session(&self, session: SessionId, until_ms: i64, floor_ms: i64) -> Result<(), StoreError> {
        self.write(move |connection| {
            connection.execute("DELETE FROM ended_sessions WHERE until_ms <= ?1", [floor_ms])?;
            connection
                .execute(
                    "INSERT INTO ended_sessions (session, until_ms) VALUES (?1, ?2)
                     ON CONFLICT (session) DO UPDATE SET until_ms = max(until_ms, excluded.until_ms)",
                    (session.to_bytes(), until_ms),
                )
                .map(drop)
        })
        .await
    }
}
