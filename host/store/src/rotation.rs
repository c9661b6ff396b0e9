//! Changing the key.

use super::error::StoreError;
use super::key::{self, KeySource};
use super::{Store, connections, runs, schema};

impl Store {
    /// Re-encrypts everything with another key, and returns the number of
    /// connections. [`KeySource::Folder`] creates a new key file.
    ///
    /// This is a single transaction: if the process is killed, either the old or
    /// the new key is in use, and its file exists. Other processes load the new
    /// key with their next transaction, unless they were given the old one.
    ///
    /// # Errors
    /// If a connection or an outcome cannot be decrypted. In that case nothing changes.
    pub fn rotate_key(&self, new: KeySource) -> Result<usize, StoreError> {
        let mut state = self.lock();
        let (count, key) = self.transaction_in(&mut state, |transaction, old| {
            // Left behind by killed processes.
            key::remove_other_files(&self.folder, &old.id())?;
            let key = new.make(&self.folder)?;
            let count = connections::reseal(transaction, old, &key)?;
            runs::reseal(transaction, old, &key)?;
            schema::set_key_id(transaction, &key.id())?;
            Ok((count, key))
        })?;
        let old = std::mem::replace(&mut state.key, key);
        state.source = new;
        // The rest is cleanup and may fail: the next rotation removes the old
        // file, and SQLite overwrites its log eventually.
        if old.id() != state.key.id() {
            key::remove_file(&self.folder, &old.id());
        }
        if let Err(error) = state.database.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)") {
            tracing::warn!(%error, "cannot truncate the database's log");
        }
        Ok(count)
    }
}
