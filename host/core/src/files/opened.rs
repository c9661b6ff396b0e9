//! An open file of a run.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

use crate::budget::Open;
use crate::contract::FileEntry;
use crate::contract::media::Kind;

use super::content::Content;

/// An open file of a run: the resource `files.file`.
#[derive(Clone)]
pub struct OpenFile {
    pub(crate) entry: FileEntry,
    pub(crate) content: Content,
    /// Counts the file as open, if a guest has opened it.
    pub(crate) _open: Option<Arc<Open>>,
}

impl OpenFile {
    /// The kind of its content, if it is recognized.
    pub(crate) fn kind(&self) -> io::Result<Option<Kind>> {
        Kind::of(self.content.reader(), &self.entry.mime_type)
    }

    /// Reads up to `max` bytes from `offset`.
    pub(crate) fn read(&self, offset: u64, max: usize) -> io::Result<Vec<u8>> {
        let mut reader = self.content.reader();
        reader.seek(SeekFrom::Start(offset))?;
        let mut bytes = Vec::new();
        reader.take(max as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}
