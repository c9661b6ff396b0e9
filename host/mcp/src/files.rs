//! Files: what inputs name, and what runs made.
//!
//! A client names a file by the `url` of an earlier answer, sends it in a
//! `data:` URL (RFC 2397), or names a `file:` URL below a folder that whoever
//! started the server allowed. A model may be talked into naming any file, so
//! no other is read.

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

/// What the URIs of files begin with; an id stands behind it.
pub const PREFIX: &str = "connector://files/";
/// How many files are listed, the latest ones.
const MAX_LISTED: usize = 1_000;
/// The largest file that is read as a resource, in bytes: it becomes one
/// message.
const LARGEST_READ: u64 = 32 << 20;

/// The files of a server.
pub struct Kept {
    store: FileStore,
    files: Files,
    input_dirs: Vec<InputDir>,
    told: Mutex<VecDeque<FileEntry>>,
}

impl Kept {
    /// Inputs may name files of the store and below the folders.
    pub fn new(store: FileStore, files: Files, input_dirs: Vec<InputDir>) -> Self {
        Self { store, files, input_dirs, told: Mutex::default() }
    }

    /// As runs see them.
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// Takes in what an input brings or names, and leaves handles in its
    /// place, granted in the files of the call. To be called where a file may be written.
    ///
    /// # Errors
    /// `invalid-input` with the property.
    pub fn take_in(
        &self,
        properties: &[Property],
        input: &mut Value,
        files: &Files,
    ) -> Result<(), Failure> {
        Call { kept: self, files }.members(properties, input, "")
    }

    fn brought(&self, url: &str, name: &str) -> Result<FileEntry, String> {
        let wrong = |_| "it is no valid data: URL".to_owned();
        let data = DataUrl::process(url).map_err(|error| wrong(format!("{error:?}")))?;
        let (content, _) = data.decode_to_vec().map_err(|error| wrong(format!("{error:?}")))?;
        let kind = data.mime_type();
        let kind = format!("{}/{}", kind.type_, kind.subtype);
        let kept = self.create(name, &kind, &content);
        kept.map(|file| file.entry).map_err(|error| format!("it cannot be kept: {}", error.kind()))
    }

    fn find(&self, uri: &str) -> Option<StoredFile> {
        self.store.find(uri.strip_prefix(PREFIX)?)
    }

    /// Keeps a file that is not a run's.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn create(&self, name: &str, kind: &str, content: &[u8]) -> io::Result<StoredFile> {
        let mut file = self.store.create(name, kind)?;
        file.write_all(content)?;
        file.keep()
    }

    /// The files of the store that an output names, each once.
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

    /// From now on a file is listed.
    pub fn tell(&self, file: StoredFile) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.push_back(file.entry);
        if told.len() > MAX_LISTED {
            told.pop_front();
        }
    }

    /// The files that were told of and are still there, the latest first.
    pub fn list(&self) -> Vec<Resource> {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let there = told.iter().rev().filter_map(|entry| Some((entry, self.find(&entry.url)?)));
        there.map(|(entry, file)| resource(entry, file.size)).collect()
    }

    /// A file's content, if there is one. To be called where a file may be
    /// read.
    ///
    /// # Errors
    /// If it cannot be told in one message.
    pub fn read(&self, uri: &str) -> Result<Option<ResourceContents>, String> {
        let Some(file) = self.find(uri) else { return Ok(None) };
        if LARGEST_READ < file.size {
            return Err(format!(
                "the file has {} bytes; as a resource at most {LARGEST_READ} are read",
                file.size
            ));
        }
        let unreadable = |error: io::Error| format!("it cannot be read: {}", error.kind());
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

/// The files of one call.
struct Call<'a> {
    kept: &'a Kept,
    files: &'a Files,
}

impl Call<'_> {
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
                for row in &property.children {
                    self.value(row, item, &format!("{path}[{at}]"))?;
                }
            }
        }
        if let (Value::Object(members), Some(row)) = (&mut *value, &property.values) {
            for (name, member) in members {
                self.value(row, member, &format!("{path}.{name}"))?;
            }
        }
        match property.kind {
            PropertyType::Object => self.members(&property.children, value, path),
            _ => Ok(()),
        }
    }

    /// A file as a client may give it: a handle, or its URL alone.
    fn file(&self, value: &mut Value) -> Result<(), String> {
        let url = value.as_str().or_else(|| value.get("url")?.as_str());
        let Some(url) = url.map(str::to_owned) else { return Ok(()) };
        let entry = match url.split_once(':') {
            Some(("data", _)) => {
                let name = value.get("name").and_then(Value::as_str).unwrap_or_default();
                self.kept.brought(&url, name)?
            }
            Some(("file", _)) => self.local(&url)?,
            _ => match self.kept.find(&url) {
                Some(file) => file.entry,
                None => return Err(format!("there is no file `{}`", short(&url))),
            },
        };
        *value = json!(entry);
        Ok(())
    }

    fn local(&self, url: &str) -> Result<FileEntry, String> {
        let path = Url::parse(url).ok().and_then(|url| url.to_file_path().ok());
        let path = path.ok_or_else(|| format!("`{}` is no file: URL", short(url)))?;
        let open = self.kept.input_dirs.iter().find_map(|dir| dir.file(&path));
        let granted = open.and_then(|file| self.files.grant_open(file, &path).ok());
        // The same words whether there is such a file or not.
        granted.ok_or_else(|| format!("{} is not below a folder of --input-dir", path.display()))
    }
}

/// A folder whose files inputs may name.
pub struct InputDir {
    /// As it was named, and where that is.
    paths: [PathBuf; 2],
    dir: Dir,
}

impl InputDir {
    /// Opens a folder.
    ///
    /// # Errors
    /// If there is none.
    pub fn open(path: &Path) -> io::Result<Self> {
        let real = fs::canonicalize(path)?;
        let dir = Dir::open_ambient_dir(&real, ambient_authority())?;
        Ok(Self { paths: [path.to_owned(), real], dir })
    }

    /// Opens a file below it. No link leads out of the folder: each part of the
    /// path is opened below the one in front of it.
    fn file(&self, path: &Path) -> Option<File> {
        let below = self.paths.iter().find_map(|folder| path.strip_prefix(folder).ok())?;
        let is_file = self.dir.metadata(below).is_ok_and(|metadata| metadata.is_file());
        let file = is_file.then(|| self.dir.open(below).ok()).flatten()?;
        Some(file.into_std())
    }
}

/// Some clients send a list, an object or a handle as a text of JSON. A run would
/// read it, but too late for the files that it names.
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
        let kept = Kept::new(store.clone(), store.files(), Vec::new());
        let file = |at: usize| kept.create(&format!("{at}.txt"), "text/plain", b"a").unwrap();
        for at in 0..=MAX_LISTED {
            kept.tell(file(at));
        }
        let listed = kept.list();
        assert_eq!(listed.len(), MAX_LISTED);
        let names = [listed.first().unwrap(), listed.last().unwrap()].map(|of| of.name.clone());
        assert_eq!(names, [format!("{MAX_LISTED}.txt"), "1.txt".to_owned()]);
    }
}
