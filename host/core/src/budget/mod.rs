//! What a run may use, what it has used, and what stops it.

mod account;
mod cancellation;
mod limits;

#[cfg(test)]
pub(crate) use account::MAX_FILES;
pub(crate) use account::{Account, CountedFile, Exceeded, Held, MAX_INSTANCES, Open};
pub(crate) use cancellation::Stopped;
pub use cancellation::{CancelOnDrop, Cancellation};
pub use limits::Limits;
