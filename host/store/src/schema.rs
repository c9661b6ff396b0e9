//! The database's tables, and the migrations of older databases.

use rusqlite::{OptionalExtension, Transaction};

use super::error::Fault;

/// The migrations. The database's `user_version` is the number of those that it
/// has applied. A released migration never changes.
const MIGRATIONS: &[&str] = &[
    // 1: connections, and the id of the key that encrypts them.
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
    // 3: encrypted outcomes. Unencrypted ones are dropped.
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
    // 4: the origin and places that connections are bound to.
    "ALTER TABLE connections ADD COLUMN origin TEXT;
     ALTER TABLE connections ADD COLUMN secrets_in TEXT;",
];

/// Brings the database up to date.
pub(super) fn migrate(transaction: &Transaction<'_>) -> Result<(), Fault> {
    let version: u32 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let newest = MIGRATIONS.len() as u32;
    if version > newest {
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

/// The id of the key that encrypts the records.
pub(super) fn key_id(transaction: &Transaction<'_>) -> Result<Option<String>, Fault> {
    Ok(transaction.query_row("SELECT id FROM key", [], |row| row.get(0)).optional()?)
}

pub(super) fn set_key_id(transaction: &Transaction<'_>, id: &str) -> Result<(), Fault> {
    transaction.execute("INSERT OR REPLACE INTO key (one, id) VALUES (1, ?1)", [id])?;
    Ok(())
}
