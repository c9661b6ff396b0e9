//! Files that the host keeps (`wit/files.wit`). Content moves by handle: a
//! connector reads bytes only if it needs to look at them.

use serde::{Deserialize, Serialize};

use crate::bindings::workflow::connector::types;
use crate::{Result, host};

/// A handle to a file, as it is in the JSON of inputs and outputs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FileEntry {
    /// The text after the last dot of the name, `bin` without one.
    pub extension: String,
    /// The media type, such as `audio/mpeg`.
    pub mime_type: String,
    /// The file's name, without any folder.
    pub name: String,
    /// Where the host finds the content.
    pub url: String,
}

impl FileEntry {
    /// Opens the file, which must be one of this run's input, or one that this
    /// run stored.
    pub fn open(&self) -> Result<File> {
        let file = host::open_file(self.clone())?;
        Ok(File { entry: file.entry().into(), file })
    }
}

/// Stores a file.
pub fn create(name: &str, mime_type: &str, bytes: &[u8]) -> Result<FileEntry> {
    Ok(host::create_file(name, mime_type, bytes)?.into())
}

/// An open file.
#[derive(Debug)]
pub struct File {
    entry: FileEntry,
    pub(crate) file: host::File,
}

impl File {
    /// Its name, extension and media type.
    pub fn entry(&self) -> &FileEntry {
        &self.entry
    }

    /// Its size in bytes.
    pub fn size(&self) -> u64 {
        self.file.size()
    }

    /// The bytes from `offset` on, at most `max` of them; fewer at the end,
    /// none behind it.
    pub fn read(&self, offset: u64, max: u32) -> Result<Vec<u8>> {
        Ok(self.file.read(offset, max)?)
    }

    /// A text that stands for the file's content in base64 in the body of a
    /// request. [`json_with_files`](crate::http::Request::json_with_files) puts
    /// the content in its place; it never enters the connector's memory.
    pub fn base64(&self) -> String {
        format!("\0{}\0", self.entry.url)
    }

    /// What JSON has of [`base64`](Self::base64) between the NUL characters.
    pub(crate) fn base64_mark(&self) -> String {
        serde_json::json!(self.entry.url).to_string().trim_matches('"').to_owned()
    }

    /// A `data:` URL with [`base64`](Self::base64).
    pub fn data_url(&self) -> String {
        format!("data:{};base64,{}", self.entry.mime_type, self.base64())
    }
}

impl From<types::FileEntry> for FileEntry {
    fn from(entry: types::FileEntry) -> Self {
        let types::FileEntry { extension, mime_type, name, url } = entry;
        Self { extension, mime_type, name, url }
    }
}

impl From<FileEntry> for types::FileEntry {
    fn from(entry: FileEntry) -> Self {
        let FileEntry { extension, mime_type, name, url } = entry;
        Self { extension, mime_type, name, url }
    }
}
