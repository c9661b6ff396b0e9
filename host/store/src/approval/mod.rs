//! Which components are approved, and for what.
//!
//! What a component says of itself (its address, where its connection leads,
//! the environment variables it would read) is a request. It is granted by a
//! lock file that whoever built the components wrote beside them (`lock`), or
//! by the user of this machine (`trust`). Nothing is granted for a name.

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

/// A component that somebody approved.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Whether it is this file that was approved, whatever its content.
    is_this_file: bool,
    /// The SHA-256 of its content, in hexadecimal.
    sha256: String,
    request: Request,
}

/// What is known of a component.
#[derive(Debug)]
pub enum Approval {
    /// Exactly this component was approved.
    Approved,
    /// Another content of this file was, which asked for the same.
    Rebuilt,
    /// Another content of this file was, which asked for other things: these.
    Changed(Box<Request>),
    /// Nothing.
    Unknown,
}

impl Approval {
    /// What the entries say of a component that was loaded.
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

/// What lock files and the user have approved that may concern a file.
///
/// # Errors
/// If one of them cannot be used, with why.
pub fn entries(file: &Path, data_dir: Option<&Path>) -> Result<Vec<Entry>, String> {
    let locked = Lock::beside(file)?.map(|lock| lock.entries(file)).unwrap_or_default();
    let trusted = Trusted::read(data_dir)?.entries(file);
    Ok(locked.into_iter().chain(trusted).collect())
}
