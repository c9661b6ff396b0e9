//! Persistent data: connections and run outcomes, encrypted, in one SQLite
//! database in a folder that only its owner can access. The command and the
//! service can use it at the same time.
//!
//! Every operation is one transaction that starts by taking SQLite's write
//! lock. The holder of the lock sees a consistent key and records, so another
//! process may change the key at any time ([`Store::rotate_key`]).
//!
//! Calls block while the disk writes. Async code should make them on a blocking
//! thread.

pub mod approval;
mod cipher;
mod connections;
mod error;
mod folder;
mod instance;
mod key;
mod rotation;
mod runs;
mod schema;
mod values;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection as Database, OpenFlags, Transaction, TransactionBehavior};

pub use connections::{Bound, ConnectionRecord, StoredConnection};
pub use error::StoreError;
pub use key::{KEY_VARIABLE, Key, KeySource};
pub use runs::Begun;
pub use values::ShownValues;

use error::Fault;
use folder::PrivateFolder;
use instance::Instance;

const DATABASE: &str = "store.sqlite";

/// The files that SQLite keeps next to the database. They hold parts of it.
const BESIDE_DATABASE: [&str; 2] = ["store.sqlite-wal", "store.sqlite-shm"];

/// The number of attempts to take the write lock, and the pause between them.
/// Transactions take milliseconds, but seconds on a slow disk. SQLite's own
/// pauses grow to 100 ms, so a process that writes continuously would starve
/// the others.
const ATTEMPTS: i32 = 10_000;
const PAUSE: Duration = Duration::from_millis(1);

/// The store. Share it in an [`Arc`](std::sync::Arc).
pub struct Store {
    folder: PrivateFolder,
    state: Mutex<State>,
    /// Shows other processes that this one is alive. Set by the first run.
    instance: Mutex<Option<Instance>>,
}

struct State {
    database: Database,
    source: KeySource,
    /// The key as of the last transaction.
    key: Key,
}

impl Store {
    /// Opens the store in a folder, and creates it if it does not exist.
    ///
    /// # Errors
    /// If others can access the folder or its files, if the key is not the one
    /// that the store was created with, or if the database cannot be used.
    /// Nothing is deleted or repaired.
    pub fn open(folder: &Path, source: KeySource) -> Result<Self, StoreError> {
        let folder = PrivateFolder::open(folder)?;
        folder.make_file(DATABASE)?;
        for name in BESIDE_DATABASE {
            folder.check_file(name)?;
        }
        let opened = open_database(&folder, &source);
        let (database, key) = opened.map_err(|fault| fault.at(&folder.path_of(DATABASE)))?;
        let state = Mutex::new(State { database, source, key });
        Ok(Self { folder, state, instance: Mutex::new(None) })
    }

    /// Opens the store in the given folder or, by default, in the user's data
    /// folder, with the key in [`KEY_VARIABLE`] if that is set.
    ///
    /// # Errors
    /// As for [`Store::open`], and if the variable does not hold a key.
    pub fn open_for_user(folder: Option<&Path>) -> Result<Self, StoreError> {
        Self::open(&folder_for_user(folder)?, KeySource::from_environment()?)
    }

    /// The folder, which only its owner can access.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Commits all of the work or none of it.
    fn transaction<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>, &Key) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        self.transaction_in(&mut self.lock(), work)
    }

    fn transaction_in<T>(
        &self,
        state: &mut State,
        work: impl FnOnce(&Transaction<'_>, &Key) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        let State { database, source, key } = state;
        let done = begin(database).and_then(|transaction| {
            let id = schema::key_id(&transaction)?.ok_or(Fault::NoKey)?;
            if id != key.id() {
                *key = source.load(&self.folder, &id)?;
            }
            let value = work(&transaction, key)?;
            transaction.commit()?;
            Ok(value)
        });
        done.map_err(|fault| fault.at(&self.folder.path_of(DATABASE)))
    }

    /// Ignores poisoning: a panic rolls its transaction back.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// The given folder, or the default one in the user's data folder.
///
/// # Errors
/// If there is no home folder.
pub fn folder_for_user(folder: Option<&Path>) -> Result<PathBuf, StoreError> {
    let default = || directories::ProjectDirs::from("", "", "connector");
    Ok(match folder {
        Some(folder) => folder.to_owned(),
        // The data folder also holds components, which are not secret.
        None => default().ok_or(StoreError::NoFolder)?.data_dir().join("store"),
    })
}

/// Whether the folder contains a store.
///
/// # Errors
/// If there is no home folder.
pub fn has_store(folder: Option<&Path>) -> Result<bool, StoreError> {
    Ok(folder_for_user(folder)?.join(DATABASE).exists())
}

/// Creates a folder that only its owner can access, if it does not exist.
///
/// # Errors
/// If others can access it.
pub fn private_folder(folder: &Path) -> Result<PathBuf, StoreError> {
    Ok(PrivateFolder::open(folder)?.path().to_owned())
}

/// Checks that others can neither read nor write a file.
///
/// # Errors
/// If they can.
pub fn check_private(folder: &Path, name: &str) -> Result<(), StoreError> {
    PrivateFolder::open(folder)?.check_file(name)
}

fn open_database(folder: &PrivateFolder, source: &KeySource) -> Result<(Database, Key), Fault> {
    // Without SQLITE_OPEN_CREATE, because the file exists, and without
    // SQLITE_OPEN_URI, because a path may contain `?` or `#`.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut database = Database::open_with_flags(folder.path_of(DATABASE), flags)?;
    database.busy_handler(Some(|attempt| {
        std::thread::sleep(PAUSE);
        attempt < ATTEMPTS
    }))?;
    // Commits survive a power failure, and deleted data is overwritten.
    database.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;
         PRAGMA secure_delete = ON;
         PRAGMA trusted_schema = OFF;",
    )?;
    let transaction = begin(&mut database)?;
    schema::migrate(&transaction)?;
    let key = match schema::key_id(&transaction)? {
        Some(id) => source.load(folder, &id)?,
        None => {
            let key = source.make(folder)?;
            schema::set_key_id(&transaction, &key.id())?;
            key
        }
    };
    transaction.commit()?;
    Ok((database, key))
}

fn begin(database: &mut Database) -> Result<Transaction<'_>, Fault> {
    Ok(database.transaction_with_behavior(TransactionBehavior::Immediate)?)
}

#[cfg(test)]
mod tests;
