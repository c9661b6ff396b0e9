//! What servers say of the connector that know nothing of it: LLMock judges
//! how it tries again, and llama.cpp runs a real language model.
//!
//! Each is started once, by the first test that needs it, and serves one test
//! at a time: LLMock's verdict is on all that came in, and a model that
//! answers two questions at once makes its sums in another order.

mod llama;
mod llmock;

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// The server for this test alone. What a failed test did to it does not
/// matter: each begins anew.
fn shared<T>(server: &'static OnceLock<Mutex<T>>, start: fn() -> T) -> MutexGuard<'static, T> {
    let server = server.get_or_init(|| Mutex::new(start()));
    server.lock().unwrap_or_else(PoisonError::into_inner)
}
