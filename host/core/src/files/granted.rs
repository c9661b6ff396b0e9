//! Which files runs may read, and where they put theirs.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tempfile::NamedTempFile;
use url::Url;

use crate::contract::file_entry::NAMELESS;
use crate::contract::text::excerpt;
use crate::contract::{Failure, FailureKind, FileEntry, PropertyTable};
use crate::input;

use super::content::Content;
use super::opened::OpenFile;
use super::store::{Arriving, FileStore};

/// Which files runs may read, and where they put theirs. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Files {
    pub(super) place: Place,
    /// What inputs may name, by `url`.
    granted: Arc<Mutex<HashMap<String, Content>>>,
}

/// Where runs put their files.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// Into one folder, known by `file:` URLs.
    Folder(PathBuf),
    /// Into a store, known by ids.
    Store(FileStore),
}

impl Files {
    /// Files that runs make go to `dir`, which is created when it is needed.
    /// Inputs may name files that [`grant`](Self::grant) made handles for.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self::in_place(Place::Folder(dir.into()))
    }

    /// Files that runs make go to the store, and inputs may name all of its.
    pub(crate) fn stored(store: FileStore) -> Self {
        Self::in_place(Place::Store(store))
    }

    fn in_place(place: Place) -> Self {
        Self { place, granted: Arc::default() }
    }

    /// The same place for what runs make, and no files granted yet: for a call
    /// that may read what it names itself, and not what others have named.
    pub fn for_call(&self) -> Self {
        Self::in_place(self.place.clone())
    }

    /// A handle to a local file, for use in inputs. The file is opened now, and
    /// runs read what was opened.
    ///
    /// # Errors
    /// If there is no such file.
    pub fn grant(&self, path: impl AsRef<Path>) -> io::Result<FileEntry> {
        let path = path.as_ref();
        let content = Content::open(path)?;
        self.grant_content(path, &fs::canonicalize(path)?, content)
    }

    /// A handle to a file that is open. `path` is where it was found.
    ///
    /// # Errors
    /// If it is no file, or its path is not absolute.
    pub fn grant_open(&self, file: File, path: &Path) -> io::Result<FileEntry> {
        self.grant_content(path, path, Content::of(file)?)
    }

    /// Grants the files that an input for these properties names by their
    /// `file:` URLs. For programs
    /// whose inputs come from the person who runs them, such as a command line;
    /// never for a service. What a connector fills in later is not looked at.
    ///
    /// A file that cannot be opened is not granted; the run that names it says
    /// so, with the property.
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

    /// Checks that files can be stored, without leaving anything behind: before
    /// a request is paid for whose answer has nowhere to go.
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
            let missing = || format!("there is no file `{}`", excerpt(&entry.url));
            let file = store.find_by_url(&entry.url).ok_or_else(missing)?;
            let content = Content::open(&file.path).map_err(|_| missing())?;
            // The name is not in the `url`, which may be all that was given.
            let entry = if entry.name == NAMELESS { file.entry } else { entry.clone() };
            return Ok(OpenFile { entry, content, _open: None });
        }
        let path = local_path(&entry.url).ok_or_else(|| {
            format!("its `url` must be a file: URL (got `{}`)", excerpt(&entry.url))
        })?;
        let granted = |url: &str| self.granted().get(url).cloned();
        // The same file may be named in another way than it was granted.
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
    /// The store as what runs read from and write to.
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

    /// Begins to count a file, where files are counted.
    pub(super) fn begin(&self) -> io::Result<Option<Arriving>> {
        match self {
            Self::Folder(_) => Ok(None),
            Self::Store(store) => store.begin().map(Some),
        }
    }

    pub(super) fn unwritable(&self, error: &io::Error) -> Failure {
        // Where a service keeps its files is nobody's business.
        let shown = match self {
            Self::Folder(dir) => dir.display().to_string(),
            Self::Store(_) => "the file store".to_owned(),
        };
        let reason = match error.kind() {
            // A folder cannot be made where a file is.
            io::ErrorKind::AlreadyExists => io::ErrorKind::NotADirectory,
            other => other,
        };
        Failure::new(FailureKind::Internal, format!("cannot write to {shown}: {reason}"))
    }
}

/// What the names of unfinished files begin with.
pub(super) const PART: &str = ".part-";

/// Writes a file to a folder and removes it. For a folder that will be made
/// when it is needed, the nearest one above it shows whether that can be done.
fn try_out(dir: &Path) -> io::Result<()> {
    match fs::symlink_metadata(dir) {
        Ok(_) => {
            let mut file = NamedTempFile::with_prefix_in(PART, dir)?;
            // A full disk has room for the name of a file, but not for a block of it.
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
