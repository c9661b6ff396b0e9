//! Files that the host stores (`wit/files.wit`). Files are passed by handle: a
//! connector reads the content only if it has to inspect it.

use serde::{Deserialize, Serialize};

use crate::bindings::workflow::connector::types;
use crate::{Result, host};

/// A handle to a file, as it appears in the JSON of inputs and outputs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FileEntry {
    /// The part of the name after the last dot, or `bin` if there is none.
    pub extension: String,
    /// The media type, such as `audio/mpeg`.
    pub mime_type: String,
    /// The file name, without a directory.
    pub name: String,
    /// Where the host stores the content.
    pub url: String,
}

impl FileEntry {
    /// Opens the file. It must be part of this run's input or have been stored
    /// by this run.
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
    /// Returns the handle, with the name, extension and media type.
    pub fn entry(&self) -> &FileEntry {
        &self.entry
    }

    /// Returns the size in bytes.
    pub fn size(&self) -> u64 {
        self.file.size()
    }

    /// Reads up to `max` bytes, starting at `offset`. Returns fewer at the end
    /// of the file and none past it.
    pub fn read(&self, offset: u64, max: u32) -> Result<Vec<u8>> {
        Ok(self.file.read(offset, max)?)
    }

    /// Returns a placeholder for the file's content in base64, for the body of a
    /// request. [`json_with_files`](crate::http::Request::json_with_files)
    /// replaces it with the content, which never enters the connector's memory.
    pub fn base64(&self) -> String {
        format!("\0{}\0", self.entry.url)
    }

    /// Returns the part of [`base64`](Self::base64) between the NUL characters,
    /// as escaped in JSON.
    pub(crate) fn base64_mark(&self) -> String {
        serde_json::json!(self.entry.url).to_string().trim_matches('"').to_owned()
    }

    /// Returns a `data:` URL with [`base64`](Self::base64).
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
