//! Whether the process that began something still lives.
//!
//! Each store that begins runs is an *instance* with a random id, and holds a
//! lock on a file of that name. The operating system lets go of the lock when
//! the process ends, also if it was killed or the machine lost power. So an
//! instance lives if its file is there and locked. Ids of processes would not
//! do: they are used again.
//!
//! Files are made, and those of others removed, under the database's write
//! lock, so that none is taken for a dead one's between its making and its
//! locking.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::PathBuf;

use super::error::StoreError;
use super::folder::PrivateFolder;

/// What the names of the files begin with.
const FILE: &str = "instance-";

/// A living instance, for as long as it is not dropped.
#[derive(Debug)]
pub(super) struct Instance {
    id: String,
    path: PathBuf,
    /// Holds the lock.
    _file: File,
}

impl Instance {
    /// Makes one, and removes the files of those that are no more.
    pub(super) fn begin(folder: &PrivateFolder) -> Result<Self, StoreError> {
        for name in folder.names(FILE) {
            if !is_locked(folder, &name) {
                // One that stays is removed the next time.
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
        // The lock goes with it; a file without one is as good as none.
        let _ = fs::remove_file(&self.path);
    }
}

/// Whether the instance with this id lives.
pub(super) fn lives(folder: &PrivateFolder, id: &str) -> bool {
    is_locked(folder, &file_name(id))
}

fn file_name(id: &str) -> String {
    format!("{FILE}{id}")
}

/// A shared lock: two that ask at the same time do not take each other for
/// the instance.
fn is_locked(folder: &PrivateFolder, name: &str) -> bool {
    match File::open(folder.path_of(name)).map(|file| file.try_lock_shared()) {
        Ok(Ok(())) => false,
        Ok(Err(TryLockError::WouldBlock)) => true,
        // Where nothing can be known, nothing is given up for lost.
        Ok(Err(TryLockError::Error(_))) => true,
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_lives_until_it_is_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let folder = PrivateFolder::open(&dir.path().join("store")).unwrap();
        let (one, two) = (Instance::begin(&folder).unwrap(), Instance::begin(&folder).unwrap());
        assert!(lives(&folder, one.id()) && lives(&folder, two.id()));
        let id = one.id().to_owned();
        drop(one);
        assert!(!lives(&folder, &id) && lives(&folder, two.id()));
        assert!(!lives(&folder, "nobody"));
    }

    #[test]
    fn what_a_killed_process_left_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let folder = PrivateFolder::open(&dir.path().join("store")).unwrap();
        folder.create(&file_name("left")).unwrap();
        assert!(!lives(&folder, "left"));
        let one = Instance::begin(&folder).unwrap();
        assert_eq!(folder.names(FILE), [file_name(one.id())]);
    }
}
