//! The command's errors: a message, hints and an exit status.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use connector_host::{Failure, FailureKind, HostError, LoadError, RecordingError};
use connector_store::StoreError;
use serde_json::json;

use super::{check, print};

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The arguments or files are invalid.
    #[error("{message}")]
    Usage {
        /// The message.
        message: String,
        /// A suggestion for fixing it.
        hint: Option<String>,
    },
    /// A connector cannot be loaded.
    #[error("{}", load_message(path, error))]
    Load {
        /// Its file.
        path: PathBuf,
        /// The reason.
        error: LoadError,
    },
    /// A call failed.
    #[error("{failure}")]
    Failure {
        /// The failure.
        failure: Failure,
        /// Suggestions for fixing it.
        hints: Vec<String>,
    },
    /// The host cannot start.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The service cannot start.
    #[error("{0}")]
    Service(String),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A recording cannot be read or written.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// The errors or warnings have already been printed.
    #[error("there are errors or warnings")]
    Reported,
    /// Standard output cannot be written.
    #[error("cannot write to standard output: {0}")]
    Output(io::Error),
}

impl Error {
    /// Creates an error about the arguments.
    pub fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), hint: Some(hint.into()) }
    }

    /// Prints the error and returns the exit status.
    pub fn report(&self, as_json: bool) -> ExitCode {
        if matches!(self, Self::Reported) {
            // Already printed.
        } else if as_json {
            print::json_note(&self.record());
        } else {
            for message in self.messages() {
                print::note(format_args!("error: {}", print::plain(&message)));
            }
            for fact in self.facts() {
                print::note(print::plain(&fact));
            }
            for hint in self.hints() {
                print::note(format_args!("hint: {}", print::plain(&hint)));
            }
        }
        ExitCode::from(self.status())
    }

    /// Returns a message for each problem.
    pub fn messages(&self) -> Vec<String> {
        match self {
            Self::Load { path, error: LoadError::Description(errors) } => {
                errors.iter().map(|error| format!("{}: {error}", path.display())).collect()
            }
            Self::Failure { failure, .. } if failure.violations.is_empty() => {
                vec![about(failure.property.as_deref(), &failure.message)]
            }
            Self::Failure { failure, .. } => {
                let violations = failure.violations.iter();
                violations.map(|one| about(Some(&one.property), &one.message)).collect()
            }
            other => vec![other.to_string()],
        }
    }

    fn record(&self) -> serde_json::Value {
        match self {
            Self::Failure { failure, .. } => json!(failure),
            other => {
                let kind = if other.status() == 2 { "invalid-input" } else { "internal" };
                json!({ "kind": kind, "message": other.to_string(), "requestSent": false })
            }
        }
    }

    /// Returns additional information.
    fn facts(&self) -> Vec<String> {
        match self {
            Self::Failure { failure, .. }
            | Self::Load { error: LoadError::Describe(failure), .. } => facts(failure),
            _ => Vec::new(),
        }
    }

    /// Returns suggestions for fixing it.
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::Usage { hint, .. } => hint.iter().cloned().collect(),
            Self::Failure { failure, hints } => {
                failure_hints(failure).into_iter().chain(hints.iter().cloned()).collect()
            }
            Self::Load { error, .. } => check::hint(error).into_iter().collect(),
            Self::Store(error) => error.hint().into_iter().collect(),
            _ => Vec::new(),
        }
    }

    fn status(&self) -> u8 {
        match self {
            Self::Usage { .. } | Self::Recording(_) => 2,
            Self::Load {
                error: LoadError::Read { .. } | LoadError::NotWebAssembly | LoadError::CoreModule,
                ..
            } => 2,
            Self::Store(error) if error.is_usage() => 2,
            Self::Load { .. }
            | Self::Host(_)
            | Self::Service(_)
            | Self::Store(_)
            | Self::Reported
            | Self::Output(_) => 1,
            Self::Failure { failure, .. } => match failure.kind {
                FailureKind::Internal => 1,
                FailureKind::InvalidInput => 2,
                FailureKind::Unauthorized | FailureKind::Forbidden => 3,
                FailureKind::NotFound
                | FailureKind::Refused
                | FailureKind::TooLarge
                | FailureKind::InvalidOutput => 4,
                FailureKind::RateLimited | FailureKind::QuotaExceeded => 5,
                FailureKind::Network | FailureKind::Unavailable | FailureKind::Timeout => 6,
                FailureKind::Cancelled => 130,
            },
        }
    }
}

/// Adds the property to a message, unless the message already contains it.
fn about(property: Option<&str>, message: &str) -> String {
    match property.filter(|property| !message.contains(property)) {
        Some(property) => format!("`{property}`: {message}"),
        None => message.to_owned(),
    }
}

fn load_message(path: &Path, error: &LoadError) -> String {
    match error {
        // The message contains the path.
        LoadError::Read { .. } => error.to_string(),
        _ => format!("{}: {error}", path.display()),
    }
}

fn facts(failure: &Failure) -> Vec<String> {
    let detail = failure.detail.as_ref().map(|detail| match failure.kind {
        FailureKind::Internal => format!("details: {detail}"),
        _ => format!("provider response: {detail}"),
    });
    let id = failure.request_id.as_ref().map(|id| format!("provider request ID: {id}"));
    detail.into_iter().chain(id).collect()
}

/// Returns the hints that depend only on the failure.
fn failure_hints(failure: &Failure) -> Vec<String> {
    let mut hints = Vec::new();
    if let Some(wait) = failure.retry_after_ms {
        hints.push(format!("retry after {} s", wait as f64 / 1000.0));
    }
    if failure.kind == FailureKind::QuotaExceeded {
        hints.push("the account has no credit left; waiting will not help".to_owned());
    }
    let ended_early = matches!(failure.kind, FailureKind::Timeout | FailureKind::Network);
    if ended_early && failure.request_sent {
        hints.push("the request may have reached the provider".to_owned());
    }
    hints
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::Failure { failure, hints: Vec::new() }
    }
}
