//! The files that runs may read, and where runs store files.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tempfile::NamedTempFile;
use url::Url;

use crate::contract::file_entry::DEFAULT_NAME;
use crate::contract::text::excerpt;
use crate::contract::{Failure, FailureKind, FileEntry, PropertyTable};
use crate::input;

use super::content::Content;
use super::opened::OpenFile;
use super::store::{Arriving, FileStore};

/// The files that runs may read, and where runs store files. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Files {
    pub(super) place: Place,
    /// The files that inputs may name, by `url`.
    granted: Arc<Mutex<HashMap<String, Content>>>,
}

/// Where runs store their files.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// In a folder. Handles have `file:` URLs.
    Folder(PathBuf),
    /// In a store. Handles contain IDs.
    Store(FileStore),
}

impl Files {
    /// Stores the files of runs in `dir`, which is created when needed. Inputs may
    /// name files for which [`grant`](Self::grant) returned handles.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self::in_place(Place::Folder(dir.into()))
    }

    /// Stores the files of runs in the store. Inputs may name all of its files.
    pub(crate) fn stored(store: FileStore) -> Self {
        Self::in_place(Place::Store(store))
    }

    fn in_place(place: Place) -> Self {
        Self { place, granted: Arc::default() }
    }

    /// The same place for new files, without any granted files. For a call that may
    /// read the files that it names itself, but not files named in other calls.
    pub fn for_call(&self) -> Self {
        Self::in_place(self.place.clone())
    }

    /// Returns a handle to a local file, for use in inputs. The file is opened now,
    /// and runs read the opened file.
    ///
    /// # Errors
    /// If the file cannot be opened.
    pub fn grant(&self, path: impl AsRef<Path>) -> io::Result<FileEntry> {
        let path = path.as_ref();
        let content = Content::open(path)?;
        self.grant_content(path, &fs::canonicalize(path)?, content)
    }

    /// Returns a handle to an open file. `path` is the path that was used to
    /// open it.
    ///
    /// # Errors
    /// If it is not a regular file, or if its path is not absolute.
    pub fn grant_open(&self, file: File, path: &Path) -> io::Result<FileEntry> {
        self.grant_content(path, path, Content::of(file)?)
    }

    /// Grants the files that an input for these properties names with `file:` URLs.
    /// Use this only in programs whose inputs come from the person who runs them,
    /// such as a command-line tool, never in a service. Values that a connector
    /// fills in later are ignored.
    ///
    /// A file that cannot be opened is not granted. A run that names it fails, and
    /// the failure contains the path of the property.
    pub fn grant_named_in(&self, properties: &PropertyTable, input: &Value) {
        for url in input::file_urls(properties.as_slice(), input) {
            let _ = self.grant_url(&url);
        }
    }

    pub(super) fn grant_url(&self, url: &str) -> Option<()> {
        let content = Content::open(&local_path(url)?).ok()?;
        self.granted().insert(url.to_owned(), content);
        Some(())
    }

    fn grant_content(&self, named: &Path, real: &Path, content: Content) -> io::Result<FileEntry> {
        let name = named.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let entry = FileEntry::named(&name, &file_url(real)?);
        self.granted().insert(entry.url.clone(), content);
        Ok(entry)
    }

    fn granted(&self) -> MutexGuard<'_, HashMap<String, Content>> {
        self.granted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Checks that files can be stored, without leaving anything behind. Call this
    /// before making a request that is billed and whose response must be stored.
    ///
    /// # Errors
    /// `internal`, with the reason.
    pub fn check_writable(&self) -> Result<(), Failure> {
        let tried = self.place.begin().and_then(|_| try_out(self.place.dir()));
        tried.map_err(|error| self.place.unwritable(&error))
    }

    /// Opens a file that an input names.
    pub(crate) fn open(&self, entry: &FileEntry) -> Result<OpenFile, String> {
        if let Place::Store(store) = &self.place
            && store.owns(&entry.url)
        {
            let missing = || format!("no such file: `{}`", excerpt(&entry.url));
            let file = store.find_by_url(&entry.url).ok_or_else(missing)?;
            let content = Content::open(&file.path).map_err(|_| missing())?;
            // The input may have given only the `url`, which does not contain the name.
            let entry = if entry.name == DEFAULT_NAME { file.entry } else { entry.clone() };
            return Ok(OpenFile { entry, content, _open: None });
        }
        let path = local_path(&entry.url).ok_or_else(|| {
            format!("its `url` must be a `file:` URL (got `{}`)", excerpt(&entry.url))
        })?;
        let granted = |url: &str| self.granted().get(url).cloned();
        // The input may name a granted file by another path.
        let elsewhere = || granted(&file_url(&fs::canonicalize(&path).ok()?).ok()?);
        let content = granted(&entry.url).or_else(elsewhere).ok_or_else(|| {
            format!("{} is not among the files this run may read", path.display())
        })?;
        let content = content
            .measured()
            .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
        Ok(OpenFile { entry: entry.clone(), content, _open: None })
    }
}

impl FileStore {
    /// Lets runs read from the store and write to it.
    pub fn files(&self) -> Files {
        Files::stored(self.clone())
    }
}

impl Place {
    pub(super) fn dir(&self) -> &Path {
        match self {
            Self::Folder(dir) => dir,
            Self::Store(store) => store.dir(),
        }
    }

    /// Starts counting a new file, if files are counted here.
    pub(super) fn begin(&self) -> io::Result<Option<Arriving>> {
        match self {
            Self::Folder(_) => Ok(None),
            Self::Store(store) => store.begin().map(Some),
        }
    }

    pub(super) fn unwritable(&self, error: &io::Error) -> Failure {
        // A service does not reveal where it keeps its files.
        let shown = match self {
            Self::Folder(dir) => dir.display().to_string(),
            Self::Store(_) => "the file store".to_owned(),
        };
        let reason = match error.kind() {
            // The folder cannot be created, because there is a file at its path.
            io::ErrorKind::AlreadyExists => io::ErrorKind::NotADirectory,
            other => other,
        };
        Failure::new(FailureKind::Internal, format!("cannot write to {shown}: {reason}"))
    }
}

/// The prefix of the names of unfinished files.
pub(super) const PART: &str = ".part-";

/// Writes a file to a folder and removes it. If the folder does not exist yet, this
/// tries the nearest parent that does, to see whether the folder can be created.
fn try_out(dir: &Path) -> io::Result<()> {
    match fs::symlink_metadata(dir) {
        Ok(_) => {
            let mut file = NamedTempFile::with_prefix_in(PART, dir)?;
            // A full disk has room for a file name, but not for a block of content.
            file.write_all(&[0; 4096])
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => match dir.parent() {
            Some(parent) if parent.as_os_str().is_empty() => try_out(Path::new(".")),
            Some(parent) => try_out(parent),
            None => Err(error),
        },
        Err(error) => Err(error),
    }
}

fn local_path(url: &str) -> Option<PathBuf> {
    Url::parse(url).ok().filter(|url| url.scheme() == "file")?.to_file_path().ok()
}

pub(super) fn file_url(path: &Path) -> io::Result<String> {
    Url::from_file_path(path)
        .map(String::from)
        .map_err(|()| io::Error::new(io::ErrorKind::InvalidInput, "not an absolute path"))
}
