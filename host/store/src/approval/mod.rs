//! The approved components and their requests.
//!
//! What a component declares (its address, the origin of its provider, the
//! environment variables that it reads) is a request. It is approved by a lock
//! file that the builder of the components put next to them (`lock`), or by the
//! user of this machine (`trust`). A name alone approves nothing.

mod binding;
mod lock;
mod request;
mod trust;

use std::path::Path;

use connector_host::Connector;

pub use binding::{BindingError, binding, bound_connection, has_same_secrets};
pub use lock::{Lock, OPEN_TO_ALL, is_open_to_all};
pub use request::{Request, is_of_host, variable_of_host};
pub use trust::Trusted;

/// An approved component.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Whether it approves the file in question, whatever its content.
    is_this_file: bool,
    /// The SHA-256 of its content, in hexadecimal.
    sha256: String,
    request: Request,
}

/// Whether a component is approved.
#[derive(Debug)]
pub enum Approval {
    /// Exactly this component was approved.
    Approved,
    /// The file was approved with different content that made the same request.
    Rebuilt,
    /// The file was approved with different content that made this request.
    Changed(Box<Request>),
    /// The file was never approved.
    Unknown,
}

impl Approval {
    /// Looks up a loaded component in the entries.
    pub fn of(connector: &Connector, entries: &[Entry]) -> Self {
        let request = Request::of(connector);
        if entries.iter().any(|entry| entry.sha256 == connector.hash() && entry.request == request)
        {
            return Self::Approved;
        }
        let mut of_file = entries.iter().filter(|entry| entry.is_this_file).peekable();
        match of_file.peek().map(|entry| entry.request.clone()) {
            None => Self::Unknown,
            Some(_) if of_file.any(|entry| entry.request == request) => Self::Rebuilt,
            Some(before) => Self::Changed(Box::new(before)),
        }
    }
}

/// Returns the approvals that may apply to a file: the lock file's and the user's.
///
/// # Errors
/// If one of them cannot be used, with the reason.
pub fn entries(file: &Path, data_dir: Option<&Path>) -> Result<Vec<Entry>, String> {
    let locked = Lock::beside(file)?.map(|lock| lock.entries(file)).unwrap_or_default();
    let trusted = Trusted::read(data_dir)?.entries(file);
    Ok(locked.into_iter().chain(trusted).collect())
}
