//! What outlives a process: connections and the outcomes of runs, encrypted, in
//! one SQLite database in a folder that belongs to the user alone. The command
//! line and the service share it, also at the same time.
//!
//! Every operation is one transaction that begins with SQLite's write lock.
//! Whoever holds it sees a key and records that fit together, so another
//! process may change the key at any time ([`Store::rotate_key`]).
//!
//! Calls block, for as long as a disk takes to write; where that matters, they
//! belong on a thread of their own.

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
pub use values::Shown;

use error::Fault;
use folder::PrivateFolder;
use instance::Instance;

const DATABASE: &str = "store.sqlite";

/// The files that SQLite puts beside it, with what they hold of it.
const BESIDE_DATABASE: [&str; 2] = ["store.sqlite-wal", "store.sqlite-shm"];

/// How often the write lock is asked for, and how long the pauses between are:
/// transactions take milliseconds, a disk may take seconds. SQLite's own pauses
/// grow to 100 ms, and a process that writes without end would starve the rest.
const ATTEMPTS: i32 = 10_000;
const PAUSE: Duration = Duration::from_millis(1);

/// The store. Cheap to share in an [`Arc`](std::sync::Arc).
pub struct Store {
    folder: PrivateFolder,
    state: Mutex<State>,
    /// What tells other processes that this one lives; from its first run on.
    instance: Mutex<Option<Instance>>,
}

struct State {
    database: Database,
    source: KeySource,
    /// The key as of the last transaction.
    key: Key,
}

impl Store {
    /// Opens the store in a folder, and makes it if there is none.
    ///
    /// # Errors
    /// If others may enter the folder or read its files, if the key is not the
    /// one that the store was made with, or if the database cannot be used.
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

    /// Opens the store in the folder, or else in the user's data folder, with
    /// the key in [`KEY_VARIABLE`] if that is set.
    ///
    /// # Errors
    /// As for [`Store::open`], and if the variable holds no key.
    pub fn open_for_user(folder: Option<&Path>) -> Result<Self, StoreError> {
        Self::open(&folder_for_user(folder)?, KeySource::from_environment()?)
    }

    /// The folder, which belongs to the user alone.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Does all of the work or none of it.
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

    /// A panic cannot leave anything half done: the transaction is rolled back.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// The folder, or else the one in the user's data folder.
///
/// # Errors
/// If there is no home folder.
pub fn folder_for_user(folder: Option<&Path>) -> Result<PathBuf, StoreError> {
    let default = || directories::ProjectDirs::from("", "", "connector");
    Ok(match folder {
        Some(folder) => folder.to_owned(),
        // A folder of its own: beside it are components, which are no secret.
        None => default().ok_or(StoreError::NoFolder)?.data_dir().join("store"),
    })
}

/// Whether there is a store in that folder.
///
/// # Errors
/// If there is no home folder.
pub fn has_store(folder: Option<&Path>) -> Result<bool, StoreError> {
    Ok(folder_for_user(folder)?.join(DATABASE).exists())
}

/// Makes a folder that belongs to the user alone.
///
/// # Errors
/// If others may enter it.
pub fn private_folder(folder: &Path) -> Result<PathBuf, StoreError> {
    Ok(PrivateFolder::open(folder)?.path().to_owned())
}

/// Refuses a file that others may read or write.
///
/// # Errors
/// If they may.
pub fn check_private(folder: &Path, name: &str) -> Result<(), StoreError> {
    PrivateFolder::open(folder)?.check_file(name)
}

fn open_database(folder: &PrivateFolder, source: &KeySource) -> Result<(Database, Key), Fault> {
    // The file is there. A URI would give characters of the path a meaning.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut database = Database::open_with_flags(folder.path_of(DATABASE), flags)?;
    database.busy_handler(Some(|attempt| {
        std::thread::sleep(PAUSE);
        attempt < ATTEMPTS
    }))?;
    // What is committed survives a loss of power, and what is removed is
    // overwritten.
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
