//! Files of runs: handles in JSON, contents on disk.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tempfile::NamedTempFile;
use url::Url;

use crate::account::{Account, CountedFile, Open};
use crate::bindings::types as wit;
use crate::content::{Content, Identity};
use crate::failure::{Failure, FailureKind};
use crate::file_store::FileStore;
use crate::input;
use crate::media::{self, Kind, OCTET_STREAM};
use crate::table::PropertyTable;

/// A handle to a file, `wit/types.wit` record `file-entry`. In JSON
/// `{"extension", "mimeType", "name", "url"}`.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FileEntry {
    /// The text after the name's last dot, `bin` without one.
    pub extension: String,
    /// The media type, such as `audio/mpeg`.
    pub mime_type: String,
    /// The name, without any folder.
    pub name: String,
    /// Where the content is: a `file:` URL.
    pub url: String,
}

/// Which files runs may read, and where they put theirs. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Files {
    place: Place,
    /// What inputs may name, by `url`.
    granted: Arc<Mutex<HashMap<String, Content>>>,
}

/// Where runs put their files.
#[derive(Clone, Debug)]
enum Place {
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

    fn grant_url(&self, url: &str) -> Option<()> {
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
        try_out(self.place.dir()).map_err(|error| self.place.unwritable(&error))
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

impl Place {
    fn dir(&self) -> &Path {
        match self {
            Self::Folder(dir) => dir,
            Self::Store(store) => store.dir(),
        }
    }

    fn unwritable(&self, error: &io::Error) -> Failure {
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
const PART: &str = ".part-";

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

impl FileEntry {
    /// A handle whose extension and media type follow from the name.
    pub(crate) fn named(name: &str, url: &str) -> Self {
        let name = match name.trim() {
            "" => NAMELESS,
            name => name,
        };
        let extension = extension(name);
        let mime_type = mime_guess::from_ext(&extension).first_or_octet_stream();
        Self {
            mime_type: mime_type.essence_str().to_owned(),
            extension,
            name: name.to_owned(),
            url: url.to_owned(),
        }
    }

    /// A handle from JSON. Only `url` must be there; the rest follows from
    /// it. A text is the `url` alone.
    pub(crate) fn from_json(value: &Value) -> Option<Self> {
        let text =
            |key: &str| value.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        let url = value.as_str().filter(|url| !url.is_empty()).or_else(|| text("url"))?;
        let in_url = || {
            let parsed = Url::parse(url).ok()?;
            let last = parsed.path_segments()?.next_back()?.to_owned();
            let decoded = percent_encoding::percent_decode_str(&last).decode_utf8().ok()?;
            Some(decoded.into_owned()).filter(|name| !name.is_empty())
        };
        let name = text("name").map(str::to_owned).or_else(in_url).unwrap_or_default();
        let derived = Self::named(&name, url);
        Some(Self {
            extension: text("extension").map_or(derived.extension, str::to_lowercase),
            mime_type: text("mimeType").map_or(derived.mime_type, str::to_owned),
            ..derived
        })
    }

    /// The handle of a file with this content, for a property that takes files
    /// with these extensions, or any. A recognized content decides, and the
    /// name gets the extension that it asks for; of another one the extension
    /// must do, or the media type.
    ///
    /// # Errors
    /// What is taken, if the file is something else.
    pub(crate) fn accepted(self, kind: Option<Kind>, accept: &[String]) -> Result<Self, String> {
        if accept.is_empty() {
            let mime_type = media::mime_type(kind, &self.extension, &self.mime_type).to_owned();
            return Ok(Self { mime_type, ..self });
        }
        let fits = |extension: &str| {
            accept.iter().any(|accepted| accepted == extension) && media::may_have(extension, kind)
        };
        let extension = if fits(&self.extension) {
            Some(self.extension.as_str())
        } else {
            let claimed = || media::usual_extension(&self.mime_type).filter(|name| fits(name));
            kind.and_then(|kind| kind.extension_among(accept)).or_else(claimed)
        };
        let Some(extension) = extension.map(str::to_owned) else {
            let content = kind.map_or("not recognized", |kind| kind.mime_type);
            return Err(format!(
                "must be one of these kinds of file: {} (the content of `{}` is {content})",
                accept.join(", "),
                excerpt(&self.name)
            ));
        };
        let name = media::with_extension(&self.name, &extension);
        let mime_type = match kind.and_then(|kind| kind.mime_type_as(&extension)) {
            Some(mime_type) => mime_type.to_owned(),
            None if self.mime_type == OCTET_STREAM => Self::named(&name, "").mime_type,
            None => self.mime_type,
        };
        Ok(Self { extension, mime_type, name, url: self.url })
    }
}

/// What a file is called of which no name is known.
pub(crate) const NAMELESS: &str = "file";

fn extension(name: &str) -> String {
    match name.rsplit_once('.') {
        Some((_, extension)) if !extension.is_empty() => extension.to_lowercase(),
        _ => "bin".to_owned(),
    }
}

fn local_path(url: &str) -> Option<PathBuf> {
    Url::parse(url).ok().filter(|url| url.scheme() == "file")?.to_file_path().ok()
}

fn file_url(path: &Path) -> io::Result<String> {
    Url::from_file_path(path)
        .map(String::from)
        .map_err(|()| io::Error::new(io::ErrorKind::InvalidInput, "not an absolute path"))
}

fn excerpt(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// The files of one run: what its input names and what it stored itself. What
/// it stored is removed with this value, unless an event or the outcome named it.
pub(crate) struct RunFiles {
    files: Option<Files>,
    inputs: Vec<OpenFile>,
    stored: Vec<StoredByRun>,
    /// What was stored and neither an event nor the outcome has named yet.
    untold: Untold,
    account: Arc<Account>,
}

/// A file that a run stored.
#[derive(Clone)]
struct StoredByRun {
    entry: FileEntry,
    path: PathBuf,
    identity: Identity,
}

/// Stored files that are removed with this value. Those of a function's run go
/// to the run that called it, and stay if that succeeds.
#[derive(Default)]
pub(crate) struct Untold(Vec<(Place, StoredByRun)>);

impl RunFiles {
    pub(crate) fn new(files: Option<Files>, inputs: Vec<OpenFile>, account: Arc<Account>) -> Self {
        Self { files, inputs, stored: Vec::new(), untold: Untold::default(), account }
    }

    /// The caller was told of a file.
    pub(crate) fn told(&mut self, entry: &FileEntry) {
        self.untold.0.retain(|(_, untold)| untold.entry.url != entry.url);
        self.account.of_functions().0.retain(|(_, untold)| untold.entry.url != entry.url);
    }

    /// What the run stored stays: its outcome tells of it.
    pub(crate) fn stay(mut self) {
        self.untold.0.clear();
        self.account.of_functions().0.clear();
    }

    /// What the run stored stays if the run that called it succeeds.
    pub(crate) fn stay_with_caller(mut self) {
        self.account.of_functions().0.append(&mut self.untold.0);
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

    /// Begins a file. Until it is kept, only a temporary one exists, which
    /// is removed with the value.
    pub(crate) fn create(&self, name: &str, mime_type: &str) -> Result<NewFile, Failure> {
        let Some(files) = &self.files else {
            let message = "the run has nowhere to put files; give it `Files`";
            return Err(Failure::new(FailureKind::Internal, message));
        };
        let counted = self.account.file()?;
        let dir = files.place.dir();
        let begun = fs::create_dir_all(dir).and_then(|()| NamedTempFile::with_prefix_in(PART, dir));
        let temporary = begun.map_err(|error| files.place.unwritable(&error))?;
        Ok(NewFile {
            temporary,
            place: files.place.clone(),
            name: safe_name(name),
            mime_type: mime_type.to_owned(),
            counted,
        })
    }
}

impl StoredByRun {
    /// Opens it again, if it is still the same file.
    fn reopen(&self) -> io::Result<Content> {
        let content = Content::open(&self.path)?;
        match content.identity()? == self.identity {
            true => Ok(content),
            false => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

impl Drop for Untold {
    fn drop(&mut self) {
        for (place, file) in &self.0 {
            let removed = match place {
                Place::Store(store) => store.remove_by_url(&file.entry.url),
                Place::Folder(_) => fs::remove_file(&file.path),
            };
            if let Err(error) = removed {
                let file = file.path.display();
                tracing::warn!(%file, %error, "a file of a failed run is left");
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
}

impl NewFile {
    pub(crate) fn write_all(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.counted.add(bytes.len())?;
        self.temporary.write_all(bytes).map_err(|error| {
            // The error itself names the temporary file.
            let message = format!("cannot write {}: {}", self.name, error.kind());
            Failure::new(FailureKind::Internal, message)
        })
    }

    /// Corrects the name and the media type by the content, where that says
    /// what it is.
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
            self.name = format!("{stem}.{}", kind.map_or("bin", |kind| kind.extension));
        }
        self.mime_type = mime_type;
        Ok(())
    }

    /// Gives the file its place.
    pub(crate) fn keep(self, files: &mut RunFiles) -> Result<FileEntry, Failure> {
        let Self { temporary, place, name, mime_type, counted } = self;
        let file = match &place {
            Place::Folder(dir) => keep_in(dir, temporary, &name, mime_type)?,
            Place::Store(store) => {
                let unkept = |error: io::Error| {
                    let message = format!("cannot keep {name}: {}", error.kind());
                    Failure::new(FailureKind::Internal, message)
                };
                let identity = Identity::of(temporary.as_file()).map_err(unkept)?;
                let stored = store.keep(temporary, &name, &mime_type).map_err(unkept)?;
                StoredByRun { entry: stored.entry, path: stored.path, identity }
            }
        };
        counted.keep();
        let entry = file.entry.clone();
        files.untold.0.push((place, file.clone()));
        files.stored.push(file);
        Ok(entry)
    }
}

/// Gives the file its name in a folder, never that of another one:
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
        let message = format!("cannot keep a file in {}: {error}", dir.display());
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
    Err(unkept(dir, &"no name is free"))
}

/// Temporary files are made 0600; what a run leaves is an ordinary file.
#[cfg(unix)]
fn make_readable(file: &NamedTempFile) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.as_file().set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn make_readable(_: &NamedTempFile) -> io::Result<()> {
    Ok(())
}

/// The longest name in bytes. File systems take 255; what is left is for a
/// number that tells names apart.
const LONGEST_NAME: usize = 200;
/// The longest text behind a dot that says what a file is.
const LONGEST_EXTENSION: usize = 16;

/// A name that stays in its folder on every system: the last part of a path,
/// of letters, digits and `._- ` only, not hidden, not a device of Windows, and
/// no longer than file systems take. A long one is cut in front of its
/// extension, by which others know what the file is.
pub(crate) fn safe_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = last
        .chars()
        .filter(|c| !c.is_control())
        .map(|c| if c.is_alphanumeric() || "._- ".contains(c) { c } else { '_' })
        .collect();
    // Windows drops dots and blanks at the end.
    let plain = plain.trim_matches(['.', ' ']);
    let short = |extension: &str| !extension.is_empty() && extension.len() <= LONGEST_EXTENSION;
    let (stem, extension) = match plain.rsplit_once('.').filter(|(_, extension)| short(extension)) {
        Some((stem, extension)) => (stem, format!(".{extension}")),
        None => (plain, String::new()),
    };
    let end = stem.floor_char_boundary(LONGEST_NAME.saturating_sub(extension.len()));
    let cut = format!("{}{extension}", stem.get(..end).unwrap_or_default());
    match cut.trim_end_matches(['.', ' ']) {
        "" => NAMELESS.to_owned(),
        device if is_device(device) => format!("_{device}"),
        name => name.to_owned(),
    }
}

/// Whether Windows takes a name for a device, whatever stands behind its first
/// dot.
fn is_device(name: &str) -> bool {
    const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin_", "conout_"];
    let name = name.split('.').next().unwrap_or_default().trim_end().to_lowercase();
    let is_port = |kind: &str| {
        let number = name.strip_prefix(kind).unwrap_or_default();
        let mut digits = number.chars();
        let is_digit = |c: char| c.is_ascii_digit() || "¹²³".contains(c);
        digits.next().is_some_and(is_digit) && digits.next().is_none()
    };
    DEVICES.contains(&name.as_str()) || is_port("com") || is_port("lpt")
}

/// An open file of a run: the resource `files.file`.
#[derive(Clone)]
pub struct OpenFile {
    pub(crate) entry: FileEntry,
    pub(crate) content: Content,
    /// That a guest has opened it.
    pub(crate) _open: Option<Arc<Open>>,
}

impl OpenFile {
    /// What its content is.
    pub(crate) fn kind(&self) -> io::Result<Option<Kind>> {
        Kind::of(self.content.reader(), &self.entry.mime_type)
    }

    /// The bytes from `offset` on, at most `max` of them.
    pub(crate) fn read(&self, offset: u64, max: usize) -> io::Result<Vec<u8>> {
        let mut reader = self.content.reader();
        reader.seek(SeekFrom::Start(offset))?;
        let mut bytes = Vec::new();
        reader.take(max as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

impl From<FileEntry> for wit::FileEntry {
    fn from(entry: FileEntry) -> Self {
        Self {
            extension: entry.extension,
            mime_type: entry.mime_type,
            name: entry.name,
            url: entry.url,
        }
    }
}

impl From<wit::FileEntry> for FileEntry {
    fn from(entry: wit::FileEntry) -> Self {
        Self {
            extension: entry.extension,
            mime_type: entry.mime_type,
            name: entry.name,
            url: entry.url,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::MAX_FILES;
    use crate::run::Limits;

    fn files_of(files: &Files, file_bytes: u64) -> RunFiles {
        let account = Account::new(&Limits { file_bytes, ..Limits::default() });
        RunFiles::new(Some(files.clone()), Vec::new(), account)
    }

    #[test]
    fn a_name_stays_in_its_folder() {
        for (given, kept) in [
            ("speech.mp3", "speech.mp3"),
            ("../../etc/passwd", "passwd"),
            ("..", "file"),
            ("", "file"),
            ("/", "file"),
            ("C:\\Windows\\evil.exe", "evil.exe"),
            ("a\r\nb\0.mp3", "ab.mp3"),
            (".bashrc", "bashrc"),
            ("..%2f..%2fx", "%2f..%2fx".replace('%', "_").trim_start_matches('.')),
            ("name:stream", "name_stream"),
            ("Grüße 1.wav", "Grüße 1.wav"),
            ("talk. .wav", "talk. .wav"),
            ("notes. . ", "notes"),
            ("CON", "_CON"),
            ("nul.tar.gz", "_nul.tar.gz"),
            ("com1 .txt", "_com1 .txt"),
            ("LPT³.txt", "_LPT³.txt"),
            ("console.txt", "console.txt"),
        ] {
            assert_eq!(safe_name(given), kept, "{given:?}");
        }
    }

    #[test]
    fn a_long_name_is_cut_in_front_of_its_extension() {
        let dir = tempfile::tempdir().unwrap();
        let name = format!("{}.wav", "😀音".repeat(120));
        for _ in 0..2 {
            let mut run = files_of(&Files::new(dir.path()), 1_000);
            let mut file = run.create(&name, "audio/wav").unwrap();
            file.write_all(b"RIFF").unwrap();
            let entry = file.keep(&mut run).unwrap();
            assert!(entry.name.ends_with(".wav") && entry.name.len() <= 255, "{}", entry.name);
            run.stay();
        }
        assert_eq!(safe_name(&"a".repeat(300)), "a".repeat(LONGEST_NAME));
        assert_eq!(safe_name(&format!("a.{}", "b".repeat(300))).len(), LONGEST_NAME);
    }

    #[test]
    fn a_kept_file_takes_nobodys_name() {
        let dir = tempfile::tempdir().unwrap();
        let mut run = files_of(&Files::new(dir.path()), 1_000);
        let mut names = Vec::new();
        for content in ["one", "two", "three"] {
            let mut file = run.create("speech.mp3", "audio/mpeg").unwrap();
            file.write_all(content.as_bytes()).unwrap();
            names.push(file.keep(&mut run).unwrap().name);
        }
        run.stay();
        assert_eq!(names, ["speech.mp3", "speech-2.mp3", "speech-3.mp3"]);
        assert_eq!(fs::read_to_string(dir.path().join("speech-2.mp3")).unwrap(), "two");
    }

    #[test]
    fn a_run_stores_so_much_all_together() {
        let dir = tempfile::tempdir().unwrap();
        let mut run = files_of(&Files::new(dir.path()), 10);
        let mut first = run.create("a", "text/plain").unwrap();
        first.write_all(b"seven b").unwrap();
        first.keep(&mut run).unwrap();
        let mut second = run.create("b", "text/plain").unwrap();
        second.write_all(b"two").unwrap();
        let failure = second.write_all(b"!").unwrap_err();
        assert_eq!(failure.kind, FailureKind::TooLarge);
        assert_eq!(failure.message, "a run stores at most 10 bytes in files");
        // What was not kept does not count.
        drop(second);
        let mut third = run.create("c", "text/plain").unwrap();
        third.write_all(b"two").unwrap();
        third.keep(&mut run).unwrap();
        for count in 2..MAX_FILES {
            run.create(&format!("{count}"), "text/plain").unwrap().keep(&mut run).unwrap();
        }
        let Err(failure) = run.create("one more", "text/plain") else { panic!("it was made") };
        assert_eq!(failure.kind, FailureKind::TooLarge);
    }

    #[test]
    fn a_file_that_is_not_kept_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let run = files_of(&Files::new(dir.path()), 1_000);
        let mut file = run.create("speech.mp3", "audio/mpeg").unwrap();
        file.write_all(b"half").unwrap();
        drop(file);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_file_of_which_nobody_was_told_goes_with_its_run() {
        let dir = tempfile::tempdir().unwrap();
        let store = FileStore::new(dir.path().join("store"), "/files/");
        for files in [Files::new(dir.path().join("folder")), Files::stored(store)] {
            let run_of_two = |told: bool| {
                let mut run = files_of(&files, 1_000);
                let mut make = || {
                    let mut file = run.create("speech.mp3", "audio/mpeg").unwrap();
                    file.write_all(b"content").unwrap();
                    let entry = file.keep(&mut run).unwrap();
                    let path = run.stored.last().unwrap().path.clone();
                    (entry, path)
                };
                let (one, two) = (make(), make());
                if told {
                    run.told(&one.0);
                }
                (run, one.1, two.1)
            };
            let (run, one, two) = run_of_two(true);
            drop(run);
            assert!(one.exists() && !two.exists());
            let (run, one, two) = run_of_two(false);
            run.stay();
            assert!(one.exists() && two.exists());
        }
    }

    #[test]
    fn an_input_names_granted_files_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.wav");
        fs::write(&path, "RIFF").unwrap();
        let files = Files::new(dir.path());
        let entry = FileEntry::named("a.wav", &file_url(&path).unwrap());
        let refused = || files.open(&entry).err().unwrap();
        assert!(refused().contains("not among the files"));
        assert_eq!(files.grant(&path).unwrap(), entry);
        assert_eq!(files.open(&entry).ok().unwrap().content.size(), 4);
        let url = format!("file://{}/./a.wav", dir.path().display());
        assert!(files.open(&FileEntry::named("a.wav", &url)).is_ok());
        let call = files.for_call();
        assert!(call.open(&entry).is_err());
        call.grant_url(&url).unwrap();
        assert!(call.open(&FileEntry::named("a.wav", &url)).is_ok());
    }

    #[test]
    fn what_was_granted_is_read_whatever_takes_its_place() {
        let dir = tempfile::tempdir().unwrap();
        let [path, secret] = ["a.wav", "secret"].map(|name| dir.path().join(name));
        fs::write(&path, "RIFF").unwrap();
        fs::write(&secret, "secret").unwrap();
        let files = Files::new(dir.path().join("out"));
        let entry = files.grant(&path).unwrap();
        let mut run = files_of(&files, 1_000);
        let mut file = run.create("b.txt", "text/plain").unwrap();
        file.write_all(b"own").unwrap();
        let stored = file.keep(&mut run).unwrap();
        for path in [path, run.stored[0].path.clone()] {
            fs::remove_file(&path).unwrap();
            std::os::unix::fs::symlink(&secret, &path).unwrap();
        }
        assert_eq!(files.open(&entry).ok().unwrap().read(0, 100).unwrap(), b"RIFF");
        assert_eq!(run.open(&stored).err().unwrap().kind, FailureKind::NotFound);
    }

    #[test]
    fn a_handle_follows_from_its_url() {
        let entry = FileEntry::from_json(&serde_json::json!({"url": "file:///tmp/My%20Talk.MP3"}));
        let entry = entry.unwrap();
        assert_eq!(entry.name, "My Talk.MP3");
        assert_eq!(entry.extension, "mp3");
        assert_eq!(entry.mime_type, "audio/mpeg");
    }
}
