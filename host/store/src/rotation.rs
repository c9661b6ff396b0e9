//! Changing the key.

use super::error::StoreError;
use super::key::{self, KeySource};
use super::{Store, connections, runs, schema};

impl Store {
    /// Encrypts everything with another key, and says how many connections
    /// that were. [`KeySource::Folder`] makes a new key file.
    ///
    /// All of it is one transaction: when a process is killed meanwhile, the
    /// old key or the new one is in force, and its file is there. Other
    /// processes follow with their next transaction, unless they were given
    /// the key.
    ///
    /// # Errors
    /// If a connection or an outcome cannot be decrypted; then nothing is changed.
    pub fn rotate_key(&self, new: KeySource) -> Result<usize, StoreError> {
        let mut state = self.lock();
        let (count, key) = self.transaction_in(&mut state, |transaction, old| {
            // What processes left that were killed.
            key::remove_files_but(&self.folder, &old.id())?;
            let key = new.make(&self.folder)?;
            let count = connections::reseal(transaction, old, &key)?;
            runs::reseal(transaction, old, &key)?;
            schema::set_key_id(transaction, &key.id())?;
            Ok((count, key))
        })?;
        let old = std::mem::replace(&mut state.key, key);
        state.source = new;
        // The rest is tidying: a file that stays is removed the next time, and
        // what the log holds is overwritten sooner or later.
        if old.id() != state.key.id() {
            key::remove_file(&self.folder, &old.id());
        }
        if let Err(error) = state.database.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)") {
            tracing::warn!(%error, "cannot empty the database's log");
        }
        Ok(count)
    }
}
