//! Files of runs: handles in JSON, content on disk.

mod content;
mod granted;
mod of_input;
mod of_run;
mod opened;
mod store;
#[cfg(test)]
mod tests;

pub(crate) use content::{Content, ContentReader};
pub use granted::Files;
pub(crate) use of_input::open_files;
pub(crate) use of_run::{RunFiles, SharedFiles};
pub use opened::OpenFile;
pub use store::{FileStore, NewStoredFile, StoredFile};
