//! The content of a file. A file is opened once and then used through its
//! descriptor. So the content that was checked and recognized is the content that
//! is sent, whatever happens to the path in the meantime.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

/// An open file. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Content {
    file: Arc<File>,
    size: u64,
}

/// Identifies a file, even if another one has replaced it at its path.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Identity {
    device: u64,
    file: u64,
}

impl Identity {
    #[cfg(unix)]
    pub(crate) fn of(file: &File) -> io::Result<Self> {
        use std::os::unix::fs::MetadataExt;
        let metadata = file.metadata()?;
        Ok(Self { device: metadata.dev(), file: metadata.ino() })
    }

    #[cfg(not(unix))]
    pub(crate) fn of(_: &File) -> io::Result<Self> {
        Ok(Self { device: 0, file: 0 })
    }
}

/// Reads the content of a file, with its own position.
pub(crate) struct ContentReader {
    content: Content,
    position: u64,
}

impl Content {
    /// Opens a file. Follows symbolic links.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        // Checked first, because opening a pipe blocks until it has a writer.
        check_file(&fs::metadata(path)?)?;
        Self::of(File::open(path)?)
    }

    /// The content of an open file.
    pub(crate) fn of(file: File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        check_file(&metadata)?;
        Ok(Self { file: Arc::new(file), size: metadata.len() })
    }

    /// The same open file with its current size.
    pub(crate) fn measured(&self) -> io::Result<Self> {
        Ok(Self { file: Arc::clone(&self.file), size: self.file.metadata()?.len() })
    }

    /// The size when the file was last measured.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    pub(crate) fn identity(&self) -> io::Result<Identity> {
        Identity::of(&self.file)
    }

    pub(crate) fn reader(&self) -> ContentReader {
        ContentReader { content: self.clone(), position: 0 }
    }
}

fn check_file(metadata: &fs::Metadata) -> io::Result<()> {
    if metadata.is_file() {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "not a file"))
}

impl Read for ContentReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = read_at(&self.content.file, into, self.position)?;
        self.position += count as u64;
        Ok(count)
    }
}

#[cfg(unix)]
fn read_at(file: &File, into: &mut [u8], position: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, into, position)
}

#[cfg(windows)]
fn read_at(file: &File, into: &mut [u8], position: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, into, position)
}

impl Seek for ContentReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.content.size.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
