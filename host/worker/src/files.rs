//! A run's files: fetched from the Object Store into a folder of its own before
//! it begins, and what it made put there when it has ended.
//!
//! The folder is a [`FileStore`] whose ids are the names of objects, so that
//! what a run makes has its lasting `url` from the start.

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

/// What the `url` of each file in the Object Store begins with.
const SCHEME: &str = "nats://";
/// How much of a file is read at once.
const PIECE: usize = 64 << 10;
/// The longest wait for a piece of a file: its description may be there without
/// its content.
const SILENCE: Duration = Duration::from_secs(30);
/// The longest part of a URL that is repeated.
const EXCERPT: usize = 80;

/// The files of one run.
pub struct RunFiles {
    store: FileStore,
    /// What the `url` of each begins with.
    prefix: String,
    broker: Broker,
    /// The ids of those that need not be put: they came from there, or are
    /// there already.
    there: Mutex<HashSet<String>>,
    /// It goes with the run.
    folder: TempDir,
}

impl RunFiles {
    /// No files yet, in a new folder in this one.
    ///
    /// # Errors
    /// If there is no place for it.
    pub fn new(parent: &Path, broker: &Broker) -> Result<Self, Failure> {
        let folder = fs::create_dir_all(parent).and_then(|()| TempDir::new_in(parent));
        let folder = folder.map_err(|error| internal("no place for files", error))?;
        let prefix = format!("{SCHEME}{}/", broker.names.files());
        let store = FileStore::new(folder.path(), prefix.clone());
        Ok(Self { store, prefix, broker: broker.clone(), there: Mutex::default(), folder })
    }

    /// What the run reads from and writes to.
    pub fn files(&self) -> Files {
        self.store.files()
    }

    /// Fetches what the input names, and names it as the run knows it.
    ///
    /// # Errors
    /// If something is not there, or is larger than allowed, in bytes.
    pub async fn fetch(&self, input: &mut Map<String, Value>, most: u64) -> Result<(), Failure> {
        let mut named = Vec::new();
        members(input, "", &mut |path, entry| {
            let url = entry.get("url").and_then(Value::as_str).unwrap_or_default();
            if url.starts_with(SCHEME) {
                named.push((path.to_owned(), url.to_owned()));
            }
        });
        let mut fetched = Vec::new();
        for (path, url) in named {
            let entry = self.fetch_one(&url, most).await;
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

    /// Fetches a file; gives the `url` under which the run knows it, and its name.
    async fn fetch_one(&self, url: &str, most: u64) -> Result<(String, String), Failure> {
        let shown: String = url.escape_debug().take(EXCERPT).collect();
        let invalid = |message: String| Failure::new(FailureKind::InvalidInput, message);
        let name = url.strip_prefix(&self.prefix).filter(|name| !name.is_empty());
        let name = name.and_then(|name| percent_decode_str(name).decode_utf8().ok());
        let Some(name) = name else {
            let prefix = &self.prefix;
            return Err(invalid(format!("its `url` must begin with {prefix} (got `{shown}`)")));
        };
        let object = self.broker.files.get(name.as_ref()).await;
        let mut object = object.map_err(|error| match error.kind() {
            GetErrorKind::NotFound | GetErrorKind::InvalidName => {
                invalid(format!("there is no file `{shown}`"))
            }
            _ => unreachable(&error),
        })?;
        let too_large = || {
            let message = format!("`{shown}` is larger than {most} bytes");
            Failure::new(FailureKind::TooLarge, message)
        };
        if most < object.info.size as u64 {
            return Err(too_large());
        }
        let called = object.info.description.take().filter(|name| !name.is_empty());
        let called = called.unwrap_or_else(|| object.info.name.clone());
        let mut file = self
            .store
            .create(&called, "application/octet-stream")
            .map_err(|error| internal("no place for a file", error))?;
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        copy(&mut object, &mut file, most).await?.ok_or_else(too_large)?;
        let kept = file.keep().map_err(|error| internal("no place for a file", error))?;
        self.is_there(&kept.entry.url);
        Ok((kept.entry.url, kept.entry.name))
    }

    /// Puts what the run made, unless it is there.
    ///
    /// # Errors
    /// If that does not work; it can be done again.
    pub async fn put_all(&self) -> Result<(), Failure> {
        let entries = fs::read_dir(self.folder.path());
        let entries = entries.map_err(|error| internal("the run's files are lost", error))?;
        for entry in entries.filter_map(Result::ok) {
            if let Some(id) = entry.file_name().to_str() {
                self.put(id).await?;
            }
        }
        Ok(())
    }

    /// Puts one file that the run made, by the `url` it has.
    ///
    /// # Errors
    /// As for [`put_all`](Self::put_all).
    pub async fn put_url(&self, url: &str) -> Result<(), Failure> {
        self.put(url.strip_prefix(&self.prefix).unwrap_or_default()).await
    }

    async fn put(&self, id: &str) -> Result<(), Failure> {
        let Some(file) = self.store.find(id) else { return Ok(()) };
        if self.there.lock().unwrap_or_else(PoisonError::into_inner).contains(id) {
            return Ok(());
        }
        let opened = tokio::fs::File::open(&file.path).await;
        let mut content = opened.map_err(|error| internal("the run's files are lost", error))?;
        let object = self.broker.object(id, &file.entry.name);
        let put = self.broker.files.put(object, &mut content).await;
        put.map_err(|error| internal("the run's files cannot be kept", error))?;
        self.is_there(&file.entry.url);
        Ok(())
    }

    fn is_there(&self, url: &str) {
        let id = url.strip_prefix(&self.prefix).unwrap_or_default().to_owned();
        self.there.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
    }
}

/// Copies at most so many bytes; none if there are more.
async fn copy(
    object: &mut Object,
    file: &mut impl Write,
    most: usize,
) -> Result<Option<()>, Failure> {
    let mut left = most;
    let mut piece = vec![0; PIECE];
    loop {
        let read = timeout(SILENCE, object.read(&mut piece)).await.map_err(|_| {
            let silence = format!("nothing of a file came for {} seconds", SILENCE.as_secs());
            Failure::new(FailureKind::Timeout, silence)
        })?;
        let read = read.map_err(|error| unreachable(&error))?;
        if read == 0 {
            return Ok(Some(()));
        }
        let Some(rest) = left.checked_sub(read) else { return Ok(None) };
        left = rest;
        let written = file.write_all(piece.get(..read).unwrap_or_default());
        written.map_err(|error| internal("no place for a file", error))?;
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

/// Another delivery may find it.
fn unreachable(error: &dyn std::fmt::Display) -> Failure {
    let message = format!("the Object Store cannot be read: {error}");
    Failure { repeatable: true, ..Failure::new(FailureKind::Unavailable, message) }
}

/// Removes what runs of processes that were killed have left.
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
