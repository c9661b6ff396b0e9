//! The files of a run. Its input files are downloaded from the Object Store into
//! a temporary folder before it begins, and the files that it creates are
//! uploaded afterwards.
//!
//! The folder is a [`FileStore`] whose ids are the names of objects, so a new
//! file has its final `url` from the start.

use std::collections::HashSet;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_nats::jetstream::object_store::{GetErrorKind, Object};
use connector_host::{Failure, FailureKind, FileStore, Files};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};
use tempfile::TempDir;
use tokio::io::AsyncReadExt;
use tokio::time::timeout;

use super::broker::Broker;

/// The URL scheme of files in the Object Store.
const SCHEME: &str = "nats://";
/// How much of a file is read at a time.
const CHUNK: usize = 64 << 10;
/// The timeout for a chunk of a file. An object's metadata may exist without its
/// content.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How many characters of a URL an error repeats.
const EXCERPT: usize = 80;

/// The files of one run.
pub struct RunFiles {
    store: FileStore,
    /// The prefix of their URLs.
    prefix: String,
    broker: Broker,
    /// The ids of files that are already in the Object Store.
    stored: Mutex<HashSet<String>>,
    /// Deleted when dropped.
    folder: TempDir,
}

impl RunFiles {
    /// Creates a temporary folder.
    ///
    /// # Errors
    /// If it cannot be created.
    pub fn new(parent: &Path, broker: &Broker) -> Result<Self, Failure> {
        let folder = fs::create_dir_all(parent).and_then(|()| TempDir::new_in(parent));
        let folder = folder.map_err(|error| internal("cannot create a folder for files", error))?;
        let prefix = format!("{SCHEME}{}/", broker.names.files());
        let store = FileStore::new(folder.path(), prefix.clone());
        Ok(Self { store, prefix, broker: broker.clone(), stored: Mutex::default(), folder })
    }

    /// The files as the run sees them.
    pub fn files(&self) -> Files {
        self.store.files()
    }

    /// Downloads the files of an input, and replaces their URLs with local ones.
    ///
    /// # Errors
    /// If a file does not exist or is larger than `max` bytes.
    pub async fn fetch(&self, input: &mut Map<String, Value>, max: u64) -> Result<(), Failure> {
        let mut named = Vec::new();
        members(input, "", &mut |path, entry| {
            let url = entry.get("url").and_then(Value::as_str).unwrap_or_default();
            if url.starts_with(SCHEME) {
                named.push((path.to_owned(), url.to_owned()));
            }
        });
        let mut fetched = Vec::new();
        for (path, url) in named {
            let entry = self.fetch_one(&url, max).await;
            let entry = entry.map_err(|failure| Failure { property: Some(path), ..failure })?;
            fetched.push((url, entry));
        }
        members(input, "", &mut |_, entry| {
            let url = entry.get("url").and_then(Value::as_str);
            if let Some((_, (url, name))) =
                fetched.iter().find(|(from, _)| Some(from.as_str()) == url)
            {
                entry.insert("url".to_owned(), url.clone().into());
                if entry.get("name").is_none_or(|name| name.as_str().is_none_or(str::is_empty)) {
                    entry.insert("name".to_owned(), name.clone().into());
                }
            }
        });
        Ok(())
    }

    /// Downloads a file. Returns its local URL and its name.
    async fn fetch_one(&self, url: &str, max: u64) -> Result<(String, String), Failure> {
        let shown: String = url.escape_debug().take(EXCERPT).collect();
        let invalid = |message: String| Failure::new(FailureKind::InvalidInput, message);
        let name = url.strip_prefix(&self.prefix).filter(|name| !name.is_empty());
        let name = name.and_then(|name| percent_decode_str(name).decode_utf8().ok());
        let Some(name) = name else {
            let prefix = &self.prefix;
            return Err(invalid(format!("its `url` must start with {prefix} (got `{shown}`)")));
        };
        let object = self.broker.files.get(name.as_ref()).await;
        let mut object = object.map_err(|error| match error.kind() {
            GetErrorKind::NotFound | GetErrorKind::InvalidName => {
                invalid(format!("file `{shown}` not found"))
            }
            _ => unreachable(&error),
        })?;
        let too_large = || {
            let message = format!("`{shown}` is larger than {max} bytes");
            Failure::new(FailureKind::TooLarge, message)
        };
        if object.info.size as u64 > max {
            return Err(too_large());
        }
        let file_name = object.info.description.take().filter(|name| !name.is_empty());
        let file_name = file_name.unwrap_or_else(|| object.info.name.clone());
        let mut file = self
            .store
            .create(&file_name, "application/octet-stream")
            .map_err(|error| internal("cannot write a file", error))?;
        let max = usize::try_from(max).unwrap_or(usize::MAX);
        copy(&mut object, &mut file, max).await?.ok_or_else(too_large)?;
        let kept = file.keep().map_err(|error| internal("cannot write a file", error))?;
        self.mark_as_stored(&kept.entry.url);
        Ok((kept.entry.url, kept.entry.name))
    }

    /// Uploads the files that the run created, unless they are already stored.
    ///
    /// # Errors
    /// If a file cannot be uploaded. The upload can be retried.
    pub async fn put_all(&self) -> Result<(), Failure> {
        let entries = fs::read_dir(self.folder.path());
        let entries = entries.map_err(|error| internal("cannot read the run's files", error))?;
        for entry in entries.filter_map(Result::ok) {
            if let Some(id) = entry.file_name().to_str() {
                self.put(id).await?;
            }
        }
        Ok(())
    }

    /// Uploads one file that the run created, by its URL.
    ///
    /// # Errors
    /// As for [`put_all`](Self::put_all).
    pub async fn put_url(&self, url: &str) -> Result<(), Failure> {
        self.put(url.strip_prefix(&self.prefix).unwrap_or_default()).await
    }

    async fn put(&self, id: &str) -> Result<(), Failure> {
        let Some(file) = self.store.find(id) else { return Ok(()) };
        if self.stored.lock().unwrap_or_else(PoisonError::into_inner).contains(id) {
            return Ok(());
        }
        let opened = tokio::fs::File::open(&file.path).await;
        let mut content = opened.map_err(|error| internal("cannot read the run's files", error))?;
        let object = self.broker.object(id, &file.entry.name);
        let put = self.broker.files.put(object, &mut content).await;
        put.map_err(|error| internal("cannot store the run's files", error))?;
        self.mark_as_stored(&file.entry.url);
        Ok(())
    }

    fn mark_as_stored(&self, url: &str) {
        let id = url.strip_prefix(&self.prefix).unwrap_or_default().to_owned();
        self.stored.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
    }
}

/// Copies up to `max` bytes. Returns `None` if there are more.
async fn copy(
    object: &mut Object,
    file: &mut impl Write,
    max: usize,
) -> Result<Option<()>, Failure> {
    let mut left = max;
    let mut chunk = vec![0; CHUNK];
    loop {
        let read = timeout(TIMEOUT, object.read(&mut chunk)).await.map_err(|_| {
            let message = format!("received no file data for {} seconds", TIMEOUT.as_secs());
            Failure::new(FailureKind::Timeout, message)
        })?;
        let read = read.map_err(|error| unreachable(&error))?;
        if read == 0 {
            return Ok(Some(()));
        }
        let Some(rest) = left.checked_sub(read) else { return Ok(None) };
        left = rest;
        let written = file.write_all(chunk.get(..read).unwrap_or_default());
        written.map_err(|error| internal("cannot write a file", error))?;
    }
}

/// Visits every object in a value, with its path.
fn members(
    of: &mut Map<String, Value>,
    path: &str,
    visit: &mut impl FnMut(&str, &mut Map<String, Value>),
) {
    for (name, value) in of.iter_mut() {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        walk(value, &path, visit);
    }
}

fn walk(value: &mut Value, path: &str, visit: &mut impl FnMut(&str, &mut Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            visit(path, object);
            members(object, path, visit);
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                walk(item, &format!("{path}[{index}]"), visit);
            }
        }
        _ => {}
    }
}

fn internal(what: &str, error: impl std::fmt::Display) -> Failure {
    Failure::new(FailureKind::Internal, format!("{what}: {error}"))
}

/// A failure that is repeatable, because a later delivery may succeed.
fn unreachable(error: &dyn std::fmt::Display) -> Failure {
    let message = format!("cannot read from the Object Store: {error}");
    Failure { repeatable: true, ..Failure::new(FailureKind::Unavailable, message) }
}

/// Removes folders that killed processes left behind.
///
/// # Errors
/// If the folder cannot be read.
pub fn sweep(parent: &Path, age: Duration) -> io::Result<usize> {
    FileStore::new(parent, SCHEME).expire(age)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_object_is_visited_with_its_path() {
        let mut input = json!({ "file": { "url": "a" }, "list": [{ "in": [{ "url": "b" }] }, 1] });
        let Value::Object(input) = &mut input else { panic!("an object") };
        let mut seen = Vec::new();
        members(input, "", &mut |path, entry| {
            if entry.contains_key("url") {
                seen.push(path.to_owned());
            }
        });
        assert_eq!(seen, ["file", "list[0].in[0]"]);
    }
}
