//! The limits of a run, its usage, and its cancellation.

mod account;
mod cancellation;
mod limits;

#[cfg(test)]
pub(crate) use account::MAX_FILES;
pub(crate) use account::{Account, CountedFile, Exceeded, Held, MAX_INSTANCES, Open};
pub(crate) use cancellation::Stopped;
pub use cancellation::{CancelOnDrop, Cancellation};
pub use limits::Limits;
