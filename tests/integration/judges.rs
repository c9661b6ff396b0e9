//! Independent servers judge the connector: LLMock judges its retries, llama.cpp
//! runs a real language model, and aimock has files and batches.
//!
//! Each server is started once, by the first test that needs it, and serves one
//! test at a time. LLMock's verdict covers every request it received, and a
//! model that answers two questions at once adds numbers in a different order,
//! which can change its answers.

mod aimock;
mod llama;
mod llmock;

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// Locks the server for this test. A failed test does not affect the next one,
/// because each resets the server.
fn shared<T>(server: &'static OnceLock<Mutex<T>>, start: fn() -> T) -> MutexGuard<'static, T> {
    let server = server.get_or_init(|| Mutex::new(start()));
    server.lock().unwrap_or_else(PoisonError::into_inner)
}
