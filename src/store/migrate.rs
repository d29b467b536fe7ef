//! The schema, as numbered files under `assets/migrations`. They are never changed once released, only added to.
use std::path::Path;

use rusqlite::Connection;
use rusqlite_migration::{Error, M, MigrationDefinitionError, Migrations};

use crate::store::StoreError;

const STEPS: &[M<'static>] = &[
    M::up(include_str!("../../assets/migrations/0001_titles.sql")),
    M::up(include_str!("../../assets/migrations/0002_access.sql")),
    M::up(include_str!("../../assets/migrations/0003_plans.sql")),
];

pub(super) fn to_latest(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    Migrations::from_slice(STEPS).to_latest(connection).map_err(|error| match error {
        Error::MigrationDefinition(MigrationDefinitionError::DatabaseTooFarAhead) => {
            StoreError::Newer { path: path.to_path_buf() }
        }
        Error::RusqliteError { err, .. } => super::classify(path, &err),
        other => StoreError::Open { path: path.to_path_buf(), message: other.to_string() },
    })
}
