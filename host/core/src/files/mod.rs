//! Files of runs: handles in JSON, content on disk.

mod content;
mod granted;
mod input;
mod opened;
mod run;
mod store;
#[cfg(test)]
mod tests;

pub(crate) use content::{Content, ContentReader};
pub use granted::Files;
pub(crate) use input::open_files;
pub use opened::OpenFile;
pub(crate) use run::{RunFiles, SharedFiles};
pub use store::{FileStore, NewStoredFile, StoredFile};
