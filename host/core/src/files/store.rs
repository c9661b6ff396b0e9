//! Files that outlive a run and are identified by IDs. A service keeps them between
//! an upload and a run, and between a run and a download.
//!
//! Each file is in its own folder, whose name is the ID. So a file keeps its name,
//! files of the same name do not collide, and there is no index that could disagree
//! with the disk. The folders of an owner's files are in the owner's folder.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use crate::contract::FileEntry;
use crate::contract::file_entry::{DEFAULT_NAME, safe_name};
use crate::contract::media::{self, Kind, OCTET_STREAM};

/// The prefix of IDs. Unfinished files do not have it.
const ID: &str = "file_";
/// The number of hexadecimal digits after the prefix: 128 random bits, which cannot
/// be guessed.
const DIGITS: usize = 32;
/// The prefix of the owners' folders.
const OWNER: &str = "owner_";
/// The space that a file takes on disk in addition to its bytes: its folder and the
/// rest of its last block.
const FOLDER: u64 = 8 << 10;

/// A folder of files with IDs. Cheap to clone.
#[derive(Clone, Debug)]
pub struct FileStore {
    /// The folder that contains the owners' folders.
    root: PathBuf,
    dir: PathBuf,
    prefix: String,
    usage: Arc<Usage>,
}

/// The disk usage of a store and its limit, in bytes.
#[derive(Debug, Default)]
struct Usage {
    limit: Option<u64>,
    /// The usage of the stored files. `None` until it is measured.
    kept: Mutex<Option<u64>>,
    /// The usage of the files that are being written.
    arriving: AtomicU64,
    /// The usage of data that is stored elsewhere and counts toward the limit.
    others: AtomicU64,
}

/// The disk usage of a file that is being written.
#[derive(Debug)]
pub(crate) struct Arriving {
    usage: Arc<Usage>,
    bytes: u64,
}

/// A file of the store.
#[derive(Debug)]
#[non_exhaustive]
pub struct StoredFile {
    /// The handle of the file.
    pub entry: FileEntry,
    /// The path of the content.
    pub path: PathBuf,
    /// The size in bytes.
    pub size: u64,
}

/// A file that is being written. It is removed when this is dropped, unless it is
/// kept.
#[derive(Debug)]
pub struct NewStoredFile {
    temporary: NamedTempFile,
    store: FileStore,
    name: String,
    mime_type: String,
    arriving: Arriving,
}

impl FileStore {
    /// A store in `dir`, which is created when needed. A handle's `url` consists of
    /// `prefix` and the ID, such as `/api/v1/files/file_…`.
    pub fn new(dir: impl Into<PathBuf>, prefix: impl Into<String>) -> Self {
        let dir = dir.into();
        Self { root: dir.clone(), dir, prefix: prefix.into(), usage: Arc::default() }
    }

    /// The same store with a limit on its total size. Once the limit is reached, no
    /// more files can be created.
    #[must_use]
    pub fn limited(self, limit: u64) -> Self {
        let usage = Usage { limit: Some(limit), ..Usage::default() };
        Self { usage: Arc::new(usage), ..self }
    }

    /// The store of one owner, which does not contain the files of other owners.
    /// All owners share the limit.
    #[must_use]
    pub fn of_owner(&self, owner: &str) -> Self {
        let folder = format!("{OWNER}{:x}", Sha256::digest(owner));
        Self { dir: self.root.join(folder), ..self.clone() }
    }

    /// Creates a file. If the name has no extension, one is added according to the
    /// content.
    ///
    /// # Errors
    /// If the folder cannot be written to, or if the store is full.
    pub fn create(&self, name: &str, mime_type: &str) -> io::Result<NewStoredFile> {
        let arriving = self.begin()?;
        fs::create_dir_all(&self.dir)?;
        Ok(NewStoredFile {
            temporary: NamedTempFile::with_prefix_in(".part-", &self.dir)?,
            store: self.clone(),
            name: safe_name(name),
            mime_type: mime_type.to_owned(),
            arriving,
        })
    }

    /// Returns the file with this ID, if it exists.
    pub fn find(&self, id: &str) -> Option<StoredFile> {
        if !is_id(id) {
            return None;
        }
        let entry = fs::read_dir(self.dir.join(id)).ok()?.next()?.ok()?;
        let size = entry.metadata().ok().filter(fs::Metadata::is_file)?.len();
        let name = entry.file_name().into_string().ok()?;
        let named = FileEntry::named(&name, &format!("{}{id}", self.prefix));
        let kind = Kind::of(File::open(entry.path()).ok()?, &named.mime_type).ok()?;
        let mime_type = media::mime_type(kind, &named.extension, &named.mime_type).to_owned();
        Some(StoredFile { entry: FileEntry { mime_type, ..named }, path: entry.path(), size })
    }

    /// Returns the file that a handle's `url` names, if it exists.
    pub(crate) fn find_by_url(&self, url: &str) -> Option<StoredFile> {
        self.find(url.strip_prefix(&self.prefix)?)
    }

    /// Removes the file that a handle's `url` names, if it exists.
    pub(crate) fn remove_by_url(&self, url: &str) -> io::Result<()> {
        self.remove(url.strip_prefix(&self.prefix).unwrap_or_default()).map(drop)
    }

    /// Whether a handle's `url` belongs to this store.
    pub(crate) fn owns(&self, url: &str) -> bool {
        url.starts_with(&self.prefix)
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Removes a file. Returns whether it existed.
    ///
    /// # Errors
    /// If the file cannot be removed.
    pub fn remove(&self, id: &str) -> io::Result<bool> {
        if !is_id(id) {
            return Ok(false);
        }
        let folder = self.dir.join(id);
        let mut kept = self.usage.kept();
        let size = size_of(&folder);
        match fs::remove_dir_all(folder) {
            Ok(()) => {
                *kept = kept.map(|kept| kept.saturating_sub(size));
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The total disk usage in bytes, including folders and other data that counts
    /// toward the limit. Measures the files the first time and after files have
    /// expired.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn size(&self) -> io::Result<u64> {
        let mut kept = self.usage.kept();
        let size = match *kept {
            Some(size) => size,
            None => *kept.insert(measure(&self.root)?),
        };
        let Usage { arriving, others, .. } = &*self.usage;
        Ok(size + arriving.load(Ordering::Relaxed) + others.load(Ordering::Relaxed))
    }

    /// Checks that another file may be created.
    ///
    /// # Errors
    /// If the store is full, or if the folder cannot be read.
    pub fn check_space(&self) -> io::Result<()> {
        match self.usage.limit {
            Some(limit) if self.size()? >= limit => Err(io::ErrorKind::StorageFull.into()),
            _ => Ok(()),
        }
    }

    /// Sets the size of data that is stored elsewhere and counts toward the limit.
    pub fn set_others(&self, bytes: u64) {
        self.usage.others.store(bytes, Ordering::Relaxed);
    }

    /// Adds to the size of data that is stored elsewhere.
    pub fn add_others(&self, bytes: u64) {
        self.usage.others.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Starts counting a file that is being written.
    pub(crate) fn begin(&self) -> io::Result<Arriving> {
        self.check_space()?;
        let mut arriving = Arriving { usage: Arc::clone(&self.usage), bytes: 0 };
        arriving.add(FOLDER);
        Ok(arriving)
    }

    /// Removes everything older than `age`, including incomplete files that a crash
    /// left behind. Returns the number of removed files.
    ///
    /// # Errors
    /// If the folder cannot be read, or if something in it cannot be removed.
    pub fn expire(&self, age: Duration) -> io::Result<usize> {
        let removed = expire(&self.root, age);
        *self.usage.kept() = None;
        removed
    }

    /// Stores a file and assigns it an ID.
    pub(crate) fn keep(
        &self,
        temporary: NamedTempFile,
        name: &str,
        mime_type: &str,
    ) -> io::Result<StoredFile> {
        let size = temporary.as_file().metadata()?.len();
        let id = new_id()?;
        // The folder is complete before it gets its name, so nobody finds half a file.
        let folder = tempfile::Builder::new().prefix(".new-").tempdir_in(&self.dir)?;
        temporary.persist_noclobber(folder.path().join(name)).map_err(|error| error.error)?;
        let mut kept = self.usage.kept();
        fs::rename(folder.path(), self.dir.join(&id))?;
        *kept = kept.map(|kept| kept + FOLDER + size);
        drop(kept);
        // The folder was moved, so there is nothing to remove.
        let _ = folder.keep();
        let entry = FileEntry::named(name, &format!("{}{id}", self.prefix));
        let entry = FileEntry { mime_type: mime_type.to_owned(), ..entry };
        Ok(StoredFile { entry, path: self.dir.join(&id).join(name), size })
    }
}

/// Removes everything older than `age` from a folder and its owners' folders.
fn expire(dir: &Path, age: Duration) -> io::Result<usize> {
    let mut removed = 0;
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        if is_of_owner(&entry) {
            removed += expire(&entry.path(), age)?;
            continue;
        }
        let metadata = entry.metadata()?;
        let lived = SystemTime::now().duration_since(metadata.modified()?);
        if lived.is_ok_and(|lived| lived >= age) {
            if metadata.is_dir() {
                fs::remove_dir_all(entry.path())?;
            } else {
                fs::remove_file(entry.path())?;
            }
            removed += 1;
        }
    }
    Ok(removed)
}

/// The disk usage of the files in a folder and its owners' folders.
fn measure(dir: &Path) -> io::Result<u64> {
    let mut size = 0;
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        entries => entries?,
    };
    // Entries that are removed in the meantime do not count.
    for entry in entries.flatten() {
        if is_of_owner(&entry) {
            size += measure(&entry.path())?;
        } else if entry.file_name().to_str().is_some_and(is_id) {
            size += size_of(&entry.path());
        }
    }
    Ok(size)
}

/// The disk usage of a file, given its folder.
fn size_of(folder: &Path) -> u64 {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    FOLDER + files.filter_map(|file| Some(file.metadata().ok()?.len())).sum::<u64>()
}

fn is_of_owner(entry: &fs::DirEntry) -> bool {
    entry.file_name().to_str().is_some_and(|name| name.starts_with(OWNER))
}

impl Usage {
    fn kept(&self) -> MutexGuard<'_, Option<u64>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Arriving {
    pub(crate) fn add(&mut self, bytes: u64) {
        self.bytes += bytes;
        self.usage.arriving.fetch_add(bytes, Ordering::Relaxed);
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        self.usage.arriving.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl NewStoredFile {
    /// Stores the file and assigns it an ID.
    ///
    /// # Errors
    /// If the folder cannot be written to.
    pub fn keep(self) -> io::Result<StoredFile> {
        // Keeps the file counted as `arriving` until it is counted as `kept`.
        let Self { mut temporary, store, name, mime_type, arriving: _arriving } = self;
        let kind = Kind::of(&mut temporary, &mime_type)?;
        let (name, mime_type) = name_and_type(&name, &mime_type, kind);
        store.keep(temporary, &name, &mime_type)
    }
}

/// Determines the name and the media type of an uploaded file. Only the name is
/// stored, so its extension must match the media type.
fn name_and_type(name: &str, mime_type: &str, kind: Option<Kind>) -> (String, String) {
    let by_name = FileEntry::named(name, "");
    // The extension is more reliable than the media type that most clients send.
    let claimed = [by_name.mime_type.as_str(), mime_type]
        .into_iter()
        .find(|claimed| !claimed.is_empty() && *claimed != OCTET_STREAM)
        .unwrap_or(OCTET_STREAM);
    let claimed = match kind {
        None => claimed,
        kind => media::mime_type(kind, &by_name.extension, claimed),
    };
    let is_named = name != DEFAULT_NAME;
    let extension = match kind {
        _ if Path::new(name).extension().is_some() => None,
        // Text files may have names without an extension, such as `LICENSE`.
        Some(kind) if kind.is_text() && is_named => None,
        Some(kind) if !kind.is_text() => Some(kind.extension),
        _ if is_named => None,
        _ => media::usual_extension(claimed),
    };
    let name = extension.map_or(name.to_owned(), |extension| format!("{name}.{extension}"));
    (name, claimed.to_owned())
}

impl Write for NewStoredFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.temporary.write(bytes)?;
        self.arriving.add(written as u64);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.temporary.flush()
    }
}

/// Whether a string is an ID. Nothing else is used in a path.
fn is_id(id: &str) -> bool {
    id.strip_prefix(ID).is_some_and(|digits| {
        digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

fn new_id() -> io::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(format!("{ID}{:032x}", u128::from_be_bytes(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(dir: &tempfile::TempDir) -> FileStore {
        FileStore::new(dir.path().join("files"), "/files/")
    }

    fn stored(store: &FileStore, name: &str, content: &[u8]) -> StoredFile {
        let mut file = store.create(name, "audio/mpeg").unwrap();
        file.write_all(content).unwrap();
        file.keep().unwrap()
    }

    fn id(file: &StoredFile) -> &str {
        file.entry.url.strip_prefix("/files/").unwrap()
    }

    #[test]
    fn a_file_is_found_by_its_id() {
        let dir = tempfile::tempdir().unwrap();
        let store = store(&dir);
        let (one, two) = (stored(&store, "a.mp3", b"one"), stored(&store, "a.mp3", b"three"));
        assert_ne!(one.entry.url, two.entry.url);
        let found = store.find(id(&two)).unwrap();
        assert_eq!((found.entry, found.size), (two.entry.clone(), 5));
        assert_eq!(fs::read(found.path).unwrap(), b"three");
        assert_eq!(two.entry.name, "a.mp3");
        assert!(store.find_by_url(&two.entry.url).is_some());
        assert!(store.find_by_url("file:///etc/passwd").is_none());
    }

    #[test]
    fn finds_nothing_by_other_names() {
        let dir = tempfile::tempdir().unwrap();
        let store = store(&dir);
        stored(&store, "a.mp3", b"one");
        let unknown = format!("file_{}", "0".repeat(32));
        for id in ["", ".", "..", "../files", "file_", "file_..", &unknown, "/etc"] {
            assert!(store.find(id).is_none(), "{id}");
            assert!(!store.remove(id).unwrap(), "{id}");
        }
    }

    #[test]
    fn a_file_that_is_not_kept_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let store = store(&dir);
        let mut file = store.create("a.mp3", "audio/mpeg").unwrap();
        file.write_all(b"half").unwrap();
        drop(file);
        assert_eq!(fs::read_dir(dir.path().join("files")).unwrap().count(), 0);
    }

    #[test]
    fn removes_files_by_id_and_by_age() {
        let dir = tempfile::tempdir().unwrap();
        let store = store(&dir);
        assert_eq!(store.expire(Duration::ZERO).unwrap(), 0);
        let (one, two) = (stored(&store, "a.mp3", b"1"), stored(&store, "b.mp3", b"2"));
        assert!(store.remove(id(&one)).unwrap());
        assert!(store.find(id(&one)).is_none());
        assert_eq!(store.expire(Duration::from_secs(60)).unwrap(), 0);
        assert_eq!(store.expire(Duration::ZERO).unwrap(), 1);
        assert!(store.find(id(&two)).is_none());
    }

    #[test]
    fn only_its_owner_finds_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let all = store(&dir).limited(2 * FOLDER);
        let (one, two) = (all.of_owner("one"), all.of_owner("two"));
        let file = stored(&one, "a.mp3", b"1");
        assert!(one.find(id(&file)).is_some());
        for other in [&all, &two] {
            assert!(other.find(id(&file)).is_none());
            assert!(other.find_by_url(&file.entry.url).is_none());
            assert!(!other.remove(id(&file)).unwrap());
        }
        assert_eq!(two.size().unwrap(), FOLDER + 1);
        stored(&two, "b.mp3", b"2");
        assert_eq!(all.check_space().unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!(all.expire(Duration::ZERO).unwrap(), 2);
        assert!(one.find(id(&file)).is_none());
        assert_eq!(one.size().unwrap(), 0);
    }

    #[test]
    fn the_counted_usage_equals_the_measured_one() {
        let dir = tempfile::tempdir().unwrap();
        let store = store(&dir).limited(1 << 20);
        let counted = |expected: u64| assert_eq!(store.size().unwrap(), expected);
        counted(0);
        let one = stored(&store, "a.mp3", b"1234");
        counted(FOLDER + 4);
        let mut arriving = store.create("b.mp3", "audio/mpeg").unwrap();
        arriving.write_all(b"12").unwrap();
        counted(2 * FOLDER + 6);
        let two = arriving.keep().unwrap();
        counted(2 * FOLDER + 6);
        drop(store.create("c.mp3", "audio/mpeg").unwrap());
        store.expire(Duration::from_secs(60)).unwrap();
        counted(2 * FOLDER + 6);
        store.remove(id(&one)).unwrap();
        store.remove(id(&one)).unwrap();
        counted(FOLDER + 2);
        store.remove(id(&two)).unwrap();
        store.set_others(1 << 20);
        assert!(store.create("d.mp3", "audio/mpeg").is_err());
        assert!(store.files().check_writable().is_err());
    }

    #[test]
    fn a_name_stays_in_its_folder() {
        let dir = tempfile::tempdir().unwrap();
        let file = stored(&store(&dir), "../../evil.sh", b"x");
        assert_eq!(file.entry.name, "evil.sh");
        assert!(file.path.starts_with(dir.path().join("files")));
    }
}
