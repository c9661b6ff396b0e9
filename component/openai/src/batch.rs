//! Batches: many requests in one file, processed within a day at a lower
//! price.
//!
//! [`action`] defines which actions a batch can run: each builds its requests and
//! reads their responses as in a run. [`create`], [`get`], [`cancel`] and [`list`]
//! are the actions for batches; [`state`] is the batch that they return.
//! [`requests`] is the file to upload, and [`once`] creates only one batch for each
//! key. [`results`] reads the files of results, line by line ([`lines`]).

pub mod action;
mod cancel;
mod create;
mod get;
mod lines;
mod list;
mod once;
mod requests;
mod results;
mod state;
#[cfg(test)]
mod tests;

pub use self::cancel::CancelBatch;
pub use self::create::CreateBatch;
pub use self::get::GetBatch;
pub use self::list::ListBatches;

/// The maximum number of requests in a batch.
const MAX_REQUESTS: usize = 50_000;
