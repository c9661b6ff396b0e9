//! The key and its storage.
//!
//! A key's id is a hash of the key. The database stores the id of the key that
//! encrypts its records, and a key file has the id in its name. A wrong key is
//! therefore detected immediately, and the database and the folder stay
//! consistent even if a process is killed while it changes the key. Files are
//! created and removed only under the database's write lock.

use std::fmt;
use std::fs;
use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::error::StoreError;
use super::folder::PrivateFolder;

/// The environment variable with the key, an alternative to a key file.
pub const KEY_VARIABLE: &str = "CONNECTOR_STORE_KEY";

/// The prefix of the names of key files.
const FILE: &str = "key-";

/// A 256-bit key. Prints as `****`, and is overwritten when dropped.
#[derive(Clone)]
pub struct Key(Zeroizing<[u8; 32]>);

/// Where the key comes from.
#[derive(Clone, Debug)]
pub enum KeySource {
    /// A file in the store's folder, created with the store.
    Folder,
    /// The caller.
    Given(Key),
}

impl Key {
    fn generate() -> Result<Self, StoreError> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(bytes.as_mut_slice()).map_err(StoreError::Randomness)?;
        Ok(Self(bytes))
    }

    /// Parses 32 bytes in base64. Ignores surrounding whitespace.
    pub fn from_base64(text: &str) -> Option<Self> {
        let decoded = Zeroizing::new(STANDARD.decode(text.trim()).ok()?);
        let mut bytes = Zeroizing::new([0; 32]);
        if decoded.len() != bytes.len() {
            return None;
        }
        bytes.copy_from_slice(&decoded);
        Some(Self(bytes))
    }

    fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(self.0.as_slice()))
    }

    /// Reads the key from the environment variable. Returns `None` if it is not
    /// set.
    ///
    /// # Errors
    /// If the variable does not hold a key.
    pub fn from_environment(variable: &'static str) -> Result<Option<Self>, StoreError> {
        let Some(text) = std::env::var_os(variable).filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        let text = text.into_string().map(Zeroizing::new).unwrap_or_default();
        match Self::from_base64(&text) {
            Some(key) => Ok(Some(key)),
            None => Err(StoreError::InvalidKey(variable)),
        }
    }

    /// Identifies the key without revealing anything else about it.
    pub(super) fn id(&self) -> String {
        let digest = Sha256::new()
            .chain_update("connector store key\0")
            .chain_update(self.0.as_slice())
            .finalize();
        digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("****")
    }
}

impl KeySource {
    /// [`KEY_VARIABLE`] if it is set, otherwise the folder.
    ///
    /// # Errors
    /// If the variable does not hold a key.
    pub fn from_environment() -> Result<Self, StoreError> {
        Ok(Key::from_environment(KEY_VARIABLE)?.map_or(Self::Folder, Self::Given))
    }

    /// Loads the key with this id.
    pub(super) fn load(&self, folder: &PrivateFolder, id: &str) -> Result<Key, StoreError> {
        match self {
            Self::Given(key) if key.id() == id => Ok(key.clone()),
            Self::Given(_) => Err(StoreError::WrongKey { folder: folder.path().to_owned() }),
            Self::Folder => read_file(folder, id),
        }
    }

    /// Returns the key for a new store, or the new key for an existing one.
    pub(super) fn make(&self, folder: &PrivateFolder) -> Result<Key, StoreError> {
        match self {
            Self::Given(key) => Ok(key.clone()),
            Self::Folder => {
                let key = Key::generate()?;
                let path = folder.path_of(&file_name(&key.id()));
                write_file(folder, &key).map_err(|error| StoreError::File { path, error })?;
                Ok(key)
            }
        }
    }
}

/// Removes all key files except the one with this id.
pub(super) fn remove_other_files(folder: &PrivateFolder, id: &str) -> Result<(), StoreError> {
    for name in folder.names(FILE).into_iter().filter(|name| *name != file_name(id)) {
        let path = folder.path_of(&name);
        fs::remove_file(&path).map_err(|error| StoreError::File { path, error })?;
    }
    Ok(())
}

/// Removes the file of a key, if it exists.
pub(super) fn remove_file(folder: &PrivateFolder, id: &str) {
    match fs::remove_file(folder.path_of(&file_name(id))) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(%error, "cannot remove the old key file");
        }
        _ => {}
    }
}

fn file_name(id: &str) -> String {
    format!("{FILE}{id}")
}

fn read_file(folder: &PrivateFolder, id: &str) -> Result<Key, StoreError> {
    let name = file_name(id);
    let path = folder.path_of(&name);
    folder.check_file(&name)?;
    let text = match fs::read_to_string(&path).map(Zeroizing::new) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(StoreError::KeyMissing(path));
        }
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            return Err(StoreError::KeyDamaged(path));
        }
        Err(error) => return Err(StoreError::File { path, error }),
    };
    Key::from_base64(&text).filter(|key| key.id() == id).ok_or(StoreError::KeyDamaged(path))
}

/// Flushes the file, because the key must be on the disk before any record is
/// encrypted with it.
fn write_file(folder: &PrivateFolder, key: &Key) -> io::Result<()> {
    let mut file = folder.create(&file_name(&key.id()))?;
    file.write_all(key.to_base64().as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    folder.sync()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_as_asterisks() {
        let key = Key::generate().unwrap();
        assert_eq!(format!("{key:?} {:?}", KeySource::Given(key.clone())), "**** Given(****)");
        assert_eq!(key.id().len(), 16);
        assert_ne!(key.id(), Key::generate().unwrap().id());
    }

    #[test]
    fn a_key_is_32_bytes_in_base64() {
        let key = Key::generate().unwrap();
        let text = key.to_base64();
        assert_eq!(Key::from_base64(&format!(" {}\n", *text)).unwrap().bytes(), key.bytes());
        let short = STANDARD.encode([7; 31]);
        for invalid in ["", "key", &short, &text[1..], &format!("{0}{0}", *text)] {
            assert!(Key::from_base64(invalid).is_none(), "{invalid}");
        }
    }
}
