//! The database's tables, and how older databases get them.

use rusqlite::{OptionalExtension, Transaction};

use super::error::Fault;

/// What makes each version of the one before. The database counts in its
/// `user_version` how many it has seen; a published one is never changed.
const MIGRATIONS: &[&str] = &[
    // 1: connections, and the id of the key that they are encrypted with.
    "CREATE TABLE key (
         one INTEGER PRIMARY KEY CHECK (one = 1),
         id TEXT NOT NULL
     ) STRICT;
     CREATE TABLE connections (
         id TEXT PRIMARY KEY,
         component TEXT NOT NULL,
         name TEXT NOT NULL,
         sealed BLOB NOT NULL,
         created_at TEXT NOT NULL,
         updated_at TEXT NOT NULL,
         UNIQUE (component, name)
     ) STRICT;",
    // 2: runs by idempotency key.
    "CREATE TABLE runs (
         key TEXT PRIMARY KEY,
         request BLOB NOT NULL,
         instance TEXT NOT NULL,
         begun_at INTEGER NOT NULL,
         finished_at INTEGER,
         outcome TEXT
     ) STRICT;
     CREATE INDEX finished_runs ON runs (finished_at);
     CREATE INDEX open_runs ON runs (instance) WHERE outcome IS NULL;",
    // 3: their outcomes, encrypted. Those that were not are not kept.
    "DROP TABLE runs;
     CREATE TABLE runs (
         key TEXT PRIMARY KEY,
         request BLOB NOT NULL,
         instance TEXT NOT NULL,
         begun_at INTEGER NOT NULL,
         finished_at INTEGER,
         outcome BLOB
     ) STRICT;
     CREATE INDEX finished_runs ON runs (finished_at);
     CREATE INDEX open_runs ON runs (instance) WHERE outcome IS NULL;",
    // 4: what connections are bound to.
    "ALTER TABLE connections ADD COLUMN origin TEXT;
     ALTER TABLE connections ADD COLUMN secrets_in TEXT;",
];

/// Brings the database up to date.
pub(super) fn migrate(transaction: &Transaction<'_>) -> Result<(), Fault> {
    let version: u32 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let newest = MIGRATIONS.len() as u32;
    if newest < version {
        return Err(Fault::Newer);
    }
    for migration in MIGRATIONS.iter().skip(version as usize) {
        transaction.execute_batch(migration)?;
    }
    if version < newest {
        transaction.pragma_update(None, "user_version", newest)?;
    }
    Ok(())
}

/// The id of the key that the records are encrypted with.
pub(super) fn key_id(transaction: &Transaction<'_>) -> Result<Option<String>, Fault> {
    Ok(transaction.query_row("SELECT id FROM key", [], |row| row.get(0)).optional()?)
}

pub(super) fn set_key_id(transaction: &Transaction<'_>, id: &str) -> Result<(), Fault> {
    transaction.execute("INSERT OR REPLACE INTO key (one, id) VALUES (1, ?1)", [id])?;
    Ok(())
}
