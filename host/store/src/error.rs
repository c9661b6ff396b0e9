//! Why the store did not do what it was asked. No message holds a secret.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use super::key::KEY_VARIABLE;

/// Why the store failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no home folder.
    #[error("there is no folder of this user to keep connections in")]
    NoFolder,
    /// A file or the folder cannot be made, read or written.
    #[error("cannot use {}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// Others may read what must be private.
    #[error("{} is open to others (its mode is {mode:04o})", path.display())]
    OpenToOthers {
        /// The file or folder.
        path: PathBuf,
        /// Its mode.
        mode: u32,
        /// The mode that it must have.
        needed: u32,
    },
    /// It belongs to another user, or is no ordinary file.
    #[error("{} {what}", path.display())]
    NotOwn {
        /// The file or folder.
        path: PathBuf,
        /// What it is instead.
        what: &'static str,
    },
    /// The environment variable holds something else.
    #[error("${0} holds no key: a key is 32 bytes in base64")]
    NoKeyInVariable(&'static str),
    /// The key that was given is not the store's.
    #[error("the key in ${KEY_VARIABLE} is not the key of the store in {}", folder.display())]
    WrongKey {
        /// The store's folder.
        folder: PathBuf,
    },
    /// The key file is not there.
    #[error("the store's key file {} is missing", .0.display())]
    KeyMissing(PathBuf),
    /// The key file holds something else than its name says.
    #[error("the store's key file {} is damaged", .0.display())]
    KeyDamaged(PathBuf),
    /// The database is not as SQLite left it.
    #[error("the database {} is damaged: {reason}", path.display())]
    Damaged {
        /// The database.
        path: PathBuf,
        /// In which way.
        reason: String,
    },
    /// The schema is one of the future.
    #[error("the database {} is of a newer version of this program", .0.display())]
    Newer(PathBuf),
    /// The disk is full.
    #[error("there is no space left on the disk for the database {}", .0.display())]
    Full(PathBuf),
    /// Another process holds the lock for too long.
    #[error("another process keeps the database {} locked", .0.display())]
    Locked(PathBuf),
    /// Anything else that SQLite says.
    #[error("cannot use the database {}: {error}", path.display())]
    Database {
        /// The database.
        path: PathBuf,
        /// In SQLite's words.
        error: rusqlite::Error,
    },
    /// What was given is no name of a connection.
    #[error("the name of a connection {0}")]
    Name(&'static str),
    /// Names are unique for each component.
    #[error("a connection named `{name}` already exists for {component}")]
    NameTaken {
        /// The component.
        component: String,
        /// The name.
        name: String,
    },
    /// Connections of several components have the name.
    #[error("several connections are named `{name}`: {}", ids.join(", "))]
    Ambiguous {
        /// The name.
        name: String,
        /// Their ids.
        ids: Vec<String>,
    },
    /// A record was changed, or was another record's.
    #[error("the connection {id} cannot be decrypted: its record was damaged, renamed or moved")]
    Unreadable {
        /// The connection's id.
        id: String,
    },
    /// An outcome was changed, or was another key's.
    #[error("the outcome of the run with the key `{key}` cannot be decrypted: it is damaged")]
    OutcomeUnreadable {
        /// The idempotency key.
        key: String,
    },
    /// The run was not begun here, or has ended.
    #[error("no run with the key `{key}` is under way here")]
    NotRunning {
        /// The idempotency key.
        key: String,
    },
    /// The operating system gives no random numbers.
    #[error("there are no random numbers to be had: {0}")]
    Randomness(getrandom::Error),
}

impl StoreError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoFolder => "--data-dir names a folder".to_owned(),
            Self::OpenToOthers { path, needed, .. } => {
                format!("`chmod {needed:o} {}` makes it private", path.display())
            }
            Self::NotOwn { .. } => {
                "the store takes only files and folders of the user who runs it".to_owned()
            }
            Self::NoKeyInVariable(_) => "`head -c 32 /dev/urandom | base64` makes a key".to_owned(),
            Self::WrongKey { .. } => format!(
                "set ${KEY_VARIABLE} to the key that the store was made with; unset it if that is \
                 in a file in the folder"
            ),
            Self::KeyMissing(_) | Self::KeyDamaged(_) => format!(
                "restore it from a backup, or set ${KEY_VARIABLE} if the key is kept elsewhere; \
                 without it the connections cannot be read"
            ),
            Self::Damaged { .. } => {
                "nothing was changed; restore it from a backup, or move the folder away and add \
                 the connections again"
                    .to_owned()
            }
            Self::Ambiguous { .. } => "name the connection by its id".to_owned(),
            Self::Unreadable { id } => format!(
                "nothing was changed; `connector connection remove {id}` removes it for good"
            ),
            _ => return None,
        })
    }

    /// Whether it is the caller's to put right, not the machine's.
    pub fn is_usage(&self) -> bool {
        !matches!(
            self,
            Self::Damaged { .. }
                | Self::Full(_)
                | Self::Locked(_)
                | Self::Database { .. }
                | Self::Unreadable { .. }
                | Self::OutcomeUnreadable { .. }
                | Self::Randomness(_)
        )
    }
}

/// What ends a transaction early. [`Fault::at`] names the database.
pub(super) enum Fault {
    Sqlite(rusqlite::Error),
    Store(StoreError),
    NoKey,
    Newer,
}

impl Fault {
    pub(super) fn at(self, database: &Path) -> StoreError {
        let path = database.to_owned();
        let error = match self {
            Self::Store(error) => return error,
            Self::Newer => return StoreError::Newer(path),
            Self::NoKey => {
                return StoreError::Damaged { path, reason: "it names no key".to_owned() };
            }
            Self::Sqlite(error) => error,
        };
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                StoreError::Damaged { path, reason: error.to_string() }
            }
            Some(ErrorCode::DiskFull) => StoreError::Full(path),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Locked(path),
            _ => StoreError::Database { path, error },
        }
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
