//! The files that inputs refer to and that runs create.
//!
//! A client refers to a file by the `url` of an earlier result, by a `data:` URL
//! with its content (RFC 2397), or by a `file:` URL in a folder that is allowed
//! by `--input-dir`. No other file can be read, because a model may be tricked
//! into asking for any file.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cap_std::ambient_authority;
use cap_std::fs::Dir;
use connector_host::{
    Failure, FailureKind, FileEntry, FileStore, Files, Property, PropertyType, StoredFile,
    read_json,
};
use data_url::DataUrl;
use rmcp::model::{Resource, ResourceContents};
use serde_json::{Value, json};
use url::Url;

/// The prefix of the URIs of files. The file's id follows.
pub const PREFIX: &str = "connector://files/";
/// The maximum number of files in a list. The latest ones are kept.
const MAX_LISTED: usize = 1_000;
/// The maximum size of a resource in bytes. It is sent as one message.
const MAX_READ: u64 = 32 << 20;

/// The files of a server.
pub struct ServerFiles {
    store: FileStore,
    files: Files,
    input_dirs: Vec<InputDir>,
    listed: Mutex<VecDeque<FileEntry>>,
}

impl ServerFiles {
    /// Allows inputs to refer to files in the store and in the folders.
    pub fn new(store: FileStore, files: Files, input_dirs: Vec<InputDir>) -> Self {
        Self { store, files, input_dirs, listed: Mutex::default() }
    }

    /// The files as runs see them.
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// Replaces the files in an input with handles, and grants them to the
    /// call's files. Blocks.
    ///
    /// # Errors
    /// `invalid-input` with the property.
    pub fn resolve(
        &self,
        properties: &[Property],
        input: &mut Value,
        files: &Files,
    ) -> Result<(), Failure> {
        FileResolver { server_files: self, files }.members(properties, input, "")
    }

    fn store_data_url(&self, url: &str, name: &str) -> Result<FileEntry, String> {
        let wrong = |_| "invalid data: URL".to_owned();
        let data = DataUrl::process(url).map_err(|error| wrong(format!("{error:?}")))?;
        let (content, _) = data.decode_to_vec().map_err(|error| wrong(format!("{error:?}")))?;
        let kind = data.mime_type();
        let kind = format!("{}/{}", kind.type_, kind.subtype);
        let stored = self.create(name, &kind, &content);
        stored
            .map(|file| file.entry)
            .map_err(|error| format!("cannot store the file: {}", error.kind()))
    }

    fn find(&self, uri: &str) -> Option<StoredFile> {
        self.store.find(uri.strip_prefix(PREFIX)?)
    }

    /// Stores a file that no run created.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn create(&self, name: &str, kind: &str, content: &[u8]) -> io::Result<StoredFile> {
        let mut file = self.store.create(name, kind)?;
        file.write_all(content)?;
        file.keep()
    }

    /// Returns the stored files in an output, without duplicates.
    pub fn named_in(&self, output: &Value) -> Vec<StoredFile> {
        let mut found = Vec::new();
        self.collect(output, &mut found);
        found
    }

    fn collect(&self, value: &Value, found: &mut Vec<StoredFile>) {
        match value {
            Value::Object(members) => {
                let url = members.get("url").and_then(Value::as_str);
                let is_new = |url: &&str| found.iter().all(|file| file.entry.url != **url);
                found.extend(url.filter(is_new).and_then(|url| self.find(url)));
                members.values().for_each(|member| self.collect(member, found));
            }
            Value::Array(items) => items.iter().for_each(|item| self.collect(item, found)),
            _ => {}
        }
    }

    /// Adds a file to the list.
    pub fn add_to_list(&self, file: StoredFile) {
        let mut listed = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
        listed.push_back(file.entry);
        if listed.len() > MAX_LISTED {
            listed.pop_front();
        }
    }

    /// Returns the listed files that still exist, latest first.
    pub fn list(&self) -> Vec<Resource> {
        let listed = self.listed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let existing =
            listed.iter().rev().filter_map(|entry| Some((entry, self.find(&entry.url)?)));
        existing.map(|(entry, file)| resource(entry, file.size)).collect()
    }

    /// Returns the content of a file, if it exists. Blocks.
    ///
    /// # Errors
    /// If it cannot be read, or is too large for a message.
    pub fn read(&self, uri: &str) -> Result<Option<ResourceContents>, String> {
        let Some(file) = self.find(uri) else { return Ok(None) };
        if file.size > MAX_READ {
            return Err(format!(
                "the file is too large to be read as a resource: {} bytes; the maximum is \
                 {MAX_READ}",
                file.size
            ));
        }
        let unreadable = |error: io::Error| format!("cannot read the file: {}", error.kind());
        let bytes = fs::read(&file.path).map_err(unreadable)?;
        let kind = file.entry.mime_type;
        let is_text = kind.starts_with("text/") || kind == "application/json";
        let contents = match String::from_utf8(bytes) {
            Ok(text) if is_text => ResourceContents::text(text, uri),
            Ok(text) => ResourceContents::blob(STANDARD.encode(text), uri),
            Err(error) => ResourceContents::blob(STANDARD.encode(error.as_bytes()), uri),
        };
        Ok(Some(contents.with_mime_type(kind)))
    }
}

/// Resolves the files in the input of one call.
struct FileResolver<'a> {
    server_files: &'a ServerFiles,
    files: &'a Files,
}

impl FileResolver<'_> {
    fn members(
        &self,
        properties: &[Property],
        value: &mut Value,
        parent: &str,
    ) -> Result<(), Failure> {
        let Value::Object(members) = value else { return Ok(()) };
        for property in properties {
            let path = match parent {
                "" => property.name.clone(),
                parent => format!("{parent}.{}", property.name),
            };
            if let Some(value) = members.get_mut(&property.name) {
                self.value(property, value, &path)?;
            }
        }
        Ok(())
    }

    fn value(&self, property: &Property, value: &mut Value, path: &str) -> Result<(), Failure> {
        read_container(property, value);
        if property.kind == PropertyType::FileEntry {
            return self.file(value).map_err(|message| {
                let message = format!("{path}: {message}");
                let failure = Failure::new(FailureKind::InvalidInput, message);
                Failure { property: Some(path.to_owned()), ..failure }
            });
        }
        if let Value::Array(items) = value {
            for (at, item) in items.iter_mut().enumerate() {
                for child in &property.children {
                    self.value(child, item, &format!("{path}[{at}]"))?;
                }
            }
        }
        if let (Value::Object(members), Some(values)) = (&mut *value, &property.values) {
            for (name, member) in members {
                self.value(values, member, &format!("{path}.{name}"))?;
            }
        }
        match property.kind {
            PropertyType::Object => self.members(&property.children, value, path),
            _ => Ok(()),
        }
    }

    /// Replaces a file, given as a handle or as a bare URL.
    fn file(&self, value: &mut Value) -> Result<(), String> {
        let url = value.as_str().or_else(|| value.get("url")?.as_str());
        let Some(url) = url.map(str::to_owned) else { return Ok(()) };
        let entry = match url.split_once(':') {
            Some(("data", _)) => {
                let name = value.get("name").and_then(Value::as_str).unwrap_or_default();
                self.server_files.store_data_url(&url, name)?
            }
            Some(("file", _)) => self.local(&url)?,
            _ => match self.server_files.find(&url) {
                Some(file) => file.entry,
                None => return Err(format!("file `{}` not found", short(&url))),
            },
        };
        *value = json!(entry);
        Ok(())
    }

    fn local(&self, url: &str) -> Result<FileEntry, String> {
        let path = Url::parse(url).ok().and_then(|url| url.to_file_path().ok());
        let path = path.ok_or_else(|| format!("invalid file: URL `{}`", short(url)))?;
        let open = self.server_files.input_dirs.iter().find_map(|dir| dir.file(&path));
        let granted = open.and_then(|file| self.files.grant_open(file, &path).ok());
        // The same message whether or not the file exists.
        granted.ok_or_else(|| {
            format!("{} is not inside a folder allowed by --input-dir", path.display())
        })
    }
}

/// A folder with files that inputs may refer to.
pub struct InputDir {
    /// The path as given, and the canonical path.
    paths: [PathBuf; 2],
    dir: Dir,
}

impl InputDir {
    /// Opens a folder.
    ///
    /// # Errors
    /// If it does not exist or cannot be opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        let real = fs::canonicalize(path)?;
        let dir = Dir::open_ambient_dir(&real, ambient_authority())?;
        Ok(Self { paths: [path.to_owned(), real], dir })
    }

    /// Opens a file in it. Symbolic links cannot escape the folder, because each
    /// segment of the path is opened relative to the one before.
    fn file(&self, path: &Path) -> Option<File> {
        let below = self.paths.iter().find_map(|folder| path.strip_prefix(folder).ok())?;
        let is_file = self.dir.metadata(below).is_ok_and(|metadata| metadata.is_file());
        let file = is_file.then(|| self.dir.open(below).ok()).flatten()?;
        Some(file.into_std())
    }
}

/// Parses a list, an object or a handle that a client sent as a string of JSON,
/// as some do. A run would parse it, but only after files have been replaced.
fn read_container(property: &Property, value: &mut Value) {
    let is_container = matches!(
        property.kind,
        PropertyType::Array | PropertyType::Object | PropertyType::FileEntry
    );
    let json = value.as_str().filter(|text| is_container && text.trim().starts_with(['[', '{']));
    if let Some(json) = json.and_then(|text| read_json(text.as_bytes()).ok()) {
        *value = json;
    }
}

/// A file as a resource.
pub fn resource(entry: &FileEntry, size: u64) -> Resource {
    Resource::new(entry.url.clone(), entry.name.clone())
        .with_mime_type(entry.mime_type.clone())
        .with_size(size)
}

fn short(url: &str) -> String {
    url.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_files_are_listed() {
        let dir = tempfile::tempdir().unwrap();
        let store = FileStore::new(dir.path(), PREFIX);
        let server_files = ServerFiles::new(store.clone(), store.files(), Vec::new());
        let file =
            |at: usize| server_files.create(&format!("{at}.txt"), "text/plain", b"a").unwrap();
        for at in 0..=MAX_LISTED {
            server_files.add_to_list(file(at));
        }
        let listed = server_files.list();
        assert_eq!(listed.len(), MAX_LISTED);
        let names =
            [listed.first().unwrap(), listed.last().unwrap()].map(|resource| resource.name.clone());
        assert_eq!(names, [format!("{MAX_LISTED}.txt"), "1.txt".to_owned()]);
    }
}
