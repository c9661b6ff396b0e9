//! The files of one run: those that its input names and those that it stores.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tempfile::NamedTempFile;

use crate::budget::{Account, CountedFile};
use crate::contract::file_entry::{extension, safe_name};
use crate::contract::media::{self, Kind};
use crate::contract::text::excerpt;
use crate::contract::{Failure, FailureKind, FileEntry};

use super::content::{Content, Identity};
use super::granted::{Files, PART, Place, file_url};
use super::opened::OpenFile;
use super::store::Arriving;

/// The files of one run: those that its input names and those that it stored. A
/// stored file is removed when this is dropped, unless it was reported in an event
/// or in the outcome.
pub(crate) struct RunFiles {
    files: Option<Files>,
    inputs: Vec<OpenFile>,
    pub(super) stored: Vec<StoredByRun>,
    /// Stored files that have not been reported yet, neither in an event nor in the
    /// outcome.
    unreported: Unreported,
    of_functions: SharedFiles,
    account: Arc<Account>,
}

/// A file that a run stored.
#[derive(Clone)]
pub(super) struct StoredByRun {
    entry: FileEntry,
    pub(super) path: PathBuf,
    identity: Identity,
}

/// Stored files that are removed when this is dropped. Those of a function's run
/// are passed to the calling run and kept if that run succeeds.
#[derive(Default)]
struct Unreported(Vec<(Place, StoredByRun)>);

/// The files that the runs of functions stored. They are kept if the calling run
/// succeeds.
#[derive(Clone, Default)]
pub(crate) struct SharedFiles(Arc<Mutex<Unreported>>);

impl SharedFiles {
    fn unreported(&self) -> MutexGuard<'_, Unreported> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RunFiles {
    pub(crate) fn new(
        files: Option<Files>,
        inputs: Vec<OpenFile>,
        of_functions: SharedFiles,
        account: Arc<Account>,
    ) -> Self {
        let unreported = Unreported::default();
        Self { files, inputs, stored: Vec::new(), unreported, of_functions, account }
    }

    /// The files that the runs of its functions store.
    pub(crate) fn of_functions(&self) -> SharedFiles {
        self.of_functions.clone()
    }

    /// Records that a file was reported in an event, so it is kept.
    pub(crate) fn reported(&mut self, entry: &FileEntry) {
        self.unreported.0.retain(|(_, file)| file.entry.url != entry.url);
        self.of_functions.unreported().0.retain(|(_, file)| file.entry.url != entry.url);
    }

    /// Keeps all files that the run stored, because its outcome reports them.
    pub(crate) fn keep_all(mut self) {
        self.unreported.0.clear();
        self.of_functions.unreported().0.clear();
    }

    /// Keeps the files that the run stored if the calling run succeeds.
    pub(crate) fn keep_with_caller(mut self) {
        self.of_functions.unreported().0.append(&mut self.unreported.0);
    }

    /// Opens a file of this run.
    pub(crate) fn open(&self, entry: &FileEntry) -> Result<OpenFile, Failure> {
        let missing = || {
            let message = format!("`{}` is not a file of this run", excerpt(&entry.url));
            Failure::new(FailureKind::NotFound, message)
        };
        let open = Some(Arc::new(self.account.open()?));
        let content = match self.inputs.iter().find(|file| file.entry.url == entry.url) {
            Some(file) => file.content.clone(),
            None => {
                let stored = self.stored.iter().find(|file| file.entry.url == entry.url);
                stored.and_then(|file| file.reopen().ok()).ok_or_else(missing)?
            }
        };
        Ok(OpenFile { entry: entry.clone(), content, _open: open })
    }

    /// Creates a file. Until it is kept, it is a temporary file that is removed when
    /// the value is dropped.
    pub(crate) fn create(&self, name: &str, mime_type: &str) -> Result<NewFile, Failure> {
        let Some(files) = &self.files else {
            let message = "the run has no place to store files; provide `Files`";
            return Err(Failure::new(FailureKind::Internal, message));
        };
        let counted = self.account.file()?;
        let arriving = files.place.begin().map_err(|error| files.place.unwritable(&error))?;
        let dir = files.place.dir();
        let file = fs::create_dir_all(dir).and_then(|()| NamedTempFile::with_prefix_in(PART, dir));
        let temporary = file.map_err(|error| files.place.unwritable(&error))?;
        Ok(NewFile {
            temporary,
            place: files.place.clone(),
            name: safe_name(name),
            mime_type: mime_type.to_owned(),
            counted,
            arriving,
        })
    }
}

impl StoredByRun {
    /// Opens the file again, if it is still the same one.
    fn reopen(&self) -> io::Result<Content> {
        let content = Content::open(&self.path)?;
        if content.identity()? == self.identity {
            Ok(content)
        } else {
            Err(io::ErrorKind::NotFound.into())
        }
    }
}

impl Drop for Unreported {
    fn drop(&mut self) {
        for (place, file) in &self.0 {
            let removed = match place {
                Place::Store(store) => store.remove_by_url(&file.entry.url),
                Place::Folder(_) => fs::remove_file(&file.path),
            };
            if let Err(error) = removed {
                let file = file.path.display();
                tracing::warn!(%file, %error, "cannot remove a file of a failed run");
            }
        }
    }
}

/// A file that is being written.
pub(crate) struct NewFile {
    temporary: NamedTempFile,
    place: Place,
    name: String,
    mime_type: String,
    counted: CountedFile,
    arriving: Option<Arriving>,
}

impl NewFile {
    pub(crate) fn write_all(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.counted.add(bytes.len())?;
        if let Some(arriving) = &mut self.arriving {
            arriving.add(bytes.len() as u64);
        }
        self.temporary.write_all(bytes).map_err(|error| {
            // The error itself names the temporary file.
            let message = format!("cannot write {}: {}", self.name, error.kind());
            Failure::new(FailureKind::Internal, message)
        })
    }

    /// Corrects the name and the media type, if the content is recognized.
    pub(crate) fn name_by_content(&mut self) -> Result<(), Failure> {
        let kind = Kind::of(&mut self.temporary, &self.mime_type).map_err(|error| {
            let message = format!("cannot read {}: {}", self.name, error.kind());
            Failure::new(FailureKind::Internal, message)
        })?;
        let extension = extension(&self.name);
        let mime_type = media::mime_type(kind, &extension, &self.mime_type).to_owned();
        let is_fitting = kind.is_some_and(|kind| kind.mime_type_as(&extension).is_some())
            || self.mime_type == mime_type && media::may_have(&extension, kind);
        if !is_fitting {
            let stem = self.name.rsplit_once('.').map_or(self.name.as_str(), |(stem, _)| stem);
            let name = format!("{stem}.{}", kind.map_or("bin", |kind| kind.extension));
            // The new extension may be that of a component.
            self.name = safe_name(&name);
        }
        self.mime_type = mime_type;
        Ok(())
    }

    /// Stores the file under its final name.
    pub(crate) fn keep(self, files: &mut RunFiles) -> Result<FileEntry, Failure> {
        let Self { temporary, place, name, mime_type, counted, arriving: _arriving } = self;
        let file = match &place {
            Place::Folder(dir) => keep_in(dir, temporary, &name, mime_type)?,
            Place::Store(store) => {
                let unkept = |error: io::Error| {
                    let message = format!("cannot store {name}: {}", error.kind());
                    Failure::new(FailureKind::Internal, message)
                };
                let identity = Identity::of(temporary.as_file()).map_err(unkept)?;
                let stored = store.keep(temporary, &name, &mime_type).map_err(unkept)?;
                StoredByRun { entry: stored.entry, path: stored.path, identity }
            }
        };
        counted.keep();
        let entry = file.entry.clone();
        files.unreported.0.push((place, file.clone()));
        files.stored.push(file);
        Ok(entry)
    }
}

/// Moves the file to a folder. Adds a number to its name if the name is taken:
/// `speech.mp3`, `speech-2.mp3`, …
fn keep_in(
    dir: &Path,
    mut temporary: NamedTempFile,
    name: &str,
    mime_type: String,
) -> Result<StoredByRun, Failure> {
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) => (stem, format!(".{extension}")),
        None => (name, String::new()),
    };
    let unkept = |dir: &Path, error: &dyn std::fmt::Display| {
        let message = format!("cannot store a file in {}: {error}", dir.display());
        Failure::new(FailureKind::Internal, message)
    };
    let identity = Identity::of(temporary.as_file()).map_err(|error| unkept(dir, &error))?;
    make_readable(&temporary).map_err(|error| unkept(dir, &error))?;
    for count in 1.. {
        let name = match count {
            1 => format!("{stem}{extension}"),
            _ => format!("{stem}-{count}{extension}"),
        };
        match temporary.persist_noclobber(dir.join(&name)) {
            Ok(_) => {
                let path = fs::canonicalize(dir.join(&name)).map_err(|e| unkept(dir, &e))?;
                let url = file_url(&path).map_err(|error| unkept(dir, &error))?;
                let entry = FileEntry { mime_type, ..FileEntry::named(&name, &url) };
                return Ok(StoredByRun { entry, path, identity });
            }
            Err(taken) if taken.error.kind() == io::ErrorKind::AlreadyExists => {
                temporary = taken.file;
            }
            Err(other) => return Err(unkept(dir, &other.error)),
        }
    }
    Err(unkept(dir, &"no free name"))
}

/// Makes the file readable for all users. Temporary files have mode 0600.
#[cfg(unix)]
fn make_readable(file: &NamedTempFile) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.as_file().set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn make_readable(_: &NamedTempFile) -> io::Result<()> {
    Ok(())
}
