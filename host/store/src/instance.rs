//! Whether the process that began a run is still alive.
//!
//! Each store that begins runs is an *instance* with a random id, and holds a
//! lock on a file of that name. The operating system releases the lock when the
//! process ends, even if it is killed or the machine loses power. An instance is
//! therefore alive if its file exists and is locked. Process ids would not work,
//! because they are reused.
//!
//! Files are created and removed under the database's write lock. Otherwise a
//! file could be mistaken for a dead instance's after it is created and before
//! it is locked.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::PathBuf;

use super::error::StoreError;
use super::folder::PrivateFolder;

/// The prefix of the file names.
const FILE: &str = "instance-";

/// An instance, alive until it is dropped.
#[derive(Debug)]
pub(super) struct Instance {
    id: String,
    path: PathBuf,
    /// Holds the lock.
    _file: File,
}

impl Instance {
    /// Creates an instance, and removes the files of dead ones.
    pub(super) fn begin(folder: &PrivateFolder) -> Result<Self, StoreError> {
        for name in folder.names(FILE) {
            if !is_locked(folder, &name) {
                // If this fails, the next instance tries again.
                let _ = fs::remove_file(folder.path_of(&name));
            }
        }
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(StoreError::Randomness)?;
        let id: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let path = folder.path_of(&file_name(&id));
        let locked = folder.create(&file_name(&id)).and_then(|file| match file.try_lock() {
            Ok(()) => Ok(file),
            Err(error) => Err(io::Error::from(error)),
        });
        match locked {
            Ok(file) => Ok(Self { id, path, _file: file }),
            Err(error) => Err(StoreError::File { path, error }),
        }
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // If this fails, the file remains without a lock, which also marks the instance as dead.
        let _ = fs::remove_file(&self.path);
    }
}

/// Whether the instance with this id is alive.
pub(super) fn is_alive(folder: &PrivateFolder, id: &str) -> bool {
    is_locked(folder, &file_name(id))
}

fn file_name(id: &str) -> String {
    format!("{FILE}{id}")
}

/// Tries a shared lock, so that two processes that check at the same time do not
/// mistake each other for the instance.
fn is_locked(folder: &PrivateFolder, name: &str) -> bool {
    match File::open(folder.path_of(name)).map(|file| file.try_lock_shared()) {
        Ok(Ok(())) => false,
        Ok(Err(TryLockError::WouldBlock)) => true,
        // If the lock cannot be checked, assume that the instance is alive.
        Ok(Err(TryLockError::Error(_))) => true,
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_is_alive_until_it_is_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let folder = PrivateFolder::open(&dir.path().join("store")).unwrap();
        let (one, two) = (Instance::begin(&folder).unwrap(), Instance::begin(&folder).unwrap());
        assert!(is_alive(&folder, one.id()) && is_alive(&folder, two.id()));
        let id = one.id().to_owned();
        drop(one);
        assert!(!is_alive(&folder, &id) && is_alive(&folder, two.id()));
        assert!(!is_alive(&folder, "nobody"));
    }

    #[test]
    fn the_file_of_a_killed_process_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let folder = PrivateFolder::open(&dir.path().join("store")).unwrap();
        folder.create(&file_name("left")).unwrap();
        assert!(!is_alive(&folder, "left"));
        let one = Instance::begin(&folder).unwrap();
        assert_eq!(folder.names(FILE), [file_name(one.id())]);
    }
}
