//! The errors of the store. No message contains a secret.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use super::key::KEY_VARIABLE;

/// An error of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no home folder.
    #[error("could not find this user's data folder")]
    NoFolder,
    /// A file or the folder cannot be created, read or written.
    #[error("cannot use {}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        error: io::Error,
    },
    /// Others can access a private file or folder.
    #[error("{} is accessible to others (mode {mode:04o})", path.display())]
    OpenToOthers {
        /// The file or folder.
        path: PathBuf,
        /// Its mode.
        mode: u32,
        /// The required mode.
        needed: u32,
    },
    /// It belongs to another user, or is not a regular file.
    #[error("{} {what}", path.display())]
    Unsuitable {
        /// The file or folder.
        path: PathBuf,
        /// The reason, starting with a verb.
        what: &'static str,
    },
    /// The environment variable does not contain a valid key.
    #[error("invalid key in ${0}: expected 32 bytes in base64")]
    InvalidKey(&'static str),
    /// The given key is not the store's.
    #[error("the key in ${KEY_VARIABLE} is not the key of the store in {}", folder.display())]
    WrongKey {
        /// The store's folder.
        folder: PathBuf,
    },
    /// The key file is missing.
    #[error("the store's key file {} is missing", .0.display())]
    KeyMissing(PathBuf),
    /// The content of the key file does not match its name.
    #[error("the store's key file {} is damaged", .0.display())]
    KeyDamaged(PathBuf),
    /// The database is damaged.
    #[error("the database {} is damaged: {reason}", path.display())]
    Damaged {
        /// The database.
        path: PathBuf,
        /// The kind of damage.
        reason: String,
    },
    /// The schema is newer than this program.
    #[error("the database {} was created by a newer version of this program", .0.display())]
    Newer(PathBuf),
    /// The disk is full.
    #[error("no disk space left for the database {}", .0.display())]
    Full(PathBuf),
    /// Another process held the lock for too long.
    #[error("the database {} is locked by another process", .0.display())]
    Locked(PathBuf),
    /// Any other SQLite error.
    #[error("cannot use the database {}: {error}", path.display())]
    Database {
        /// The database.
        path: PathBuf,
        /// SQLite's error.
        error: rusqlite::Error,
    },
    /// The name of a connection is invalid.
    #[error("the connection's name {0}")]
    Name(&'static str),
    /// A connection of the component already has the name.
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
    /// A record was changed or replaced by another one.
    #[error("cannot decrypt the connection {id}: its record was damaged, renamed or moved")]
    Unreadable {
        /// The connection's id.
        id: String,
    },
    /// An outcome was changed or replaced by another one.
    #[error("cannot decrypt the outcome of the run with the key `{key}`: it is damaged")]
    OutcomeUnreadable {
        /// The idempotency key.
        key: String,
    },
    /// This store did not begin the run, or the run has ended.
    #[error("no run with the key `{key}` is in progress here")]
    NotRunning {
        /// The idempotency key.
        key: String,
    },
    /// The operating system returned no random numbers.
    #[error("cannot get random numbers from the operating system: {0}")]
    Randomness(getrandom::Error),
}

impl StoreError {
    /// Returns a suggestion for fixing it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoFolder => "choose a folder with --data-dir".to_owned(),
            Self::OpenToOthers { path, needed, .. } => {
                format!("`chmod {needed:o} {}` makes it private", path.display())
            }
            Self::Unsuitable { .. } => {
                "the store uses only regular files and folders that belong to the current user"
                    .to_owned()
            }
            Self::InvalidKey(_) => "`head -c 32 /dev/urandom | base64` generates a key".to_owned(),
            Self::WrongKey { .. } => format!(
                "set ${KEY_VARIABLE} to the key that the store was created with, or unset it if \
                 the key is in a file in the folder"
            ),
            Self::KeyMissing(_) | Self::KeyDamaged(_) => format!(
                "restore it from a backup, or set ${KEY_VARIABLE} if you keep the key elsewhere; \
                 without it the connections cannot be read"
            ),
            Self::Damaged { .. } => {
                "nothing was changed; restore it from a backup, or move the folder away and add \
                 the connections again"
                    .to_owned()
            }
            Self::Ambiguous { .. } => "use the connection's ID".to_owned(),
            Self::Unreadable { id } => format!(
                "nothing was changed; `connector connection remove {id}` removes it permanently"
            ),
            _ => return None,
        })
    }

    /// Whether the error is the caller's mistake rather than a system failure.
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

/// An error inside a transaction. [`Fault::at`] adds the path of the database.
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
                return StoreError::Damaged { path, reason: "the key ID is missing".to_owned() };
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
