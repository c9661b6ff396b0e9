//! What went wrong (`wit/types.wit`, `failure`).

use std::fmt;
use std::ops::{Deref, DerefMut};

use crate::bindings::workflow::connector::lifecycle::StopReason;
use crate::bindings::workflow::connector::types;
use crate::http::Response;

pub use types::{FailureKind, Violation};

/// What may fail.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

/// The most of a provider's answer that a failure carries, in bytes.
const MAX_DETAIL: usize = 4096;

/// A failed call. It has the fields of the contract's record.
///
/// ```
/// use connector_sdk::{Failure, FailureKind};
///
/// let failure = Failure::invalid_input("size", "the size must be even");
/// assert_eq!(failure.kind, FailureKind::InvalidInput);
/// assert_eq!(failure.property.as_deref(), Some("size"));
/// ```
// A failure is large and rare: a pointer keeps results small.
#[derive(Clone)]
pub struct Failure(Box<types::Failure>);

impl Failure {
    /// A failure. The message is one sentence without a full stop.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self(Box::new(types::Failure {
            kind,
            message: message.into(),
            property: None,
            violations: Vec::new(),
            status: None,
            code: None,
            request_id: None,
            retry_after_ms: None,
            request_sent: false,
            detail: None,
        }))
    }

    /// The value of the property at the path `property` is not allowed; the
    /// input itself is not if the path is empty.
    pub fn invalid_input(property: impl Into<String>, message: impl Into<String>) -> Self {
        let property = property.into();
        let failure = Self::new(FailureKind::InvalidInput, message);
        if property.is_empty() { failure } else { failure.at(property) }
    }

    /// Several properties are at fault.
    pub fn invalid_properties(violations: Vec<Violation>) -> Self {
        let (property, message) = match violations.first() {
            Some(first) => (first.property.clone(), first.message.clone()),
            None => (String::new(), "the input is not allowed".to_owned()),
        };
        let mut failure = Self::invalid_input(property, message);
        failure.violations = violations;
        failure
    }

    /// The provider's answer is not what was asked for.
    pub fn invalid_output(message: impl Into<String>) -> Self {
        let mut failure = Self::new(FailureKind::InvalidOutput, message);
        failure.request_sent = true;
        failure
    }

    /// The provider understood the request and declined it.
    pub fn refused(message: impl Into<String>) -> Self {
        let mut failure = Self::new(FailureKind::Refused, message);
        failure.request_sent = true;
        failure
    }

    /// The thing asked for does not exist.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(FailureKind::NotFound, message)
    }

    /// A deadline passed.
    pub fn timeout(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Timeout, message)
    }

    /// A defect in the connector.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Internal, message)
    }

    /// The same failure, with the path of the property at fault.
    pub fn at(mut self, property: impl Into<String>) -> Self {
        self.property = Some(property.into());
        self
    }

    /// The same failure, its property being part of the member or item
    /// `place` of something larger.
    ///
    /// ```
    /// let failure = connector_sdk::Failure::invalid_input("role", "no such role");
    /// let failure = failure.inside("messages[0]");
    /// assert_eq!(failure.property.as_deref(), Some("messages[0].role"));
    /// ```
    pub fn inside(mut self, place: &str) -> Self {
        let inside = |path: &str| match path {
            "" => place.to_owned(),
            path if path.starts_with('[') => format!("{place}{path}"),
            path => format!("{place}.{path}"),
        };
        for violation in &mut self.violations {
            violation.property = inside(&violation.property);
        }
        let property = inside(self.property.as_deref().unwrap_or_default());
        self.at(property)
    }

    /// The same failure, with as much of the provider's answer as fits.
    pub fn with_detail(mut self, answer: &str) -> Self {
        self.detail = (!answer.is_empty()).then(|| shortened(answer, MAX_DETAIL));
        self
    }

    /// The same failure, with the provider's code for it.
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// The same failure after this response: with its status and its request
    /// id, unless the failure has others.
    pub fn answered_by(mut self, response: &Response) -> Self {
        self.status = self.status.or(Some(response.status()));
        self.request_id = self.request_id.take().or_else(|| response.request_id());
        self.request_sent = true;
        self
    }

    pub(crate) fn into_record(self) -> types::Failure {
        *self.0
    }
}

/// At most `max` bytes of a text, cut between characters.
pub(crate) fn shortened(text: &str, max: usize) -> String {
    match text.split_at_checked(text.floor_char_boundary(max)) {
        Some((start, rest)) if !rest.is_empty() => format!("{start}…"),
        _ => text.to_owned(),
    }
}

impl Deref for Failure {
    type Target = types::Failure;

    fn deref(&self) -> &types::Failure {
        &self.0
    }
}

impl DerefMut for Failure {
    fn deref_mut(&mut self) -> &mut types::Failure {
        &mut self.0
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// A failure of the host is handed on as it is.
impl From<types::Failure> for Failure {
    fn from(failure: types::Failure) -> Self {
        Self(Box::new(failure))
    }
}

impl From<StopReason> for Failure {
    fn from(reason: StopReason) -> Self {
        match reason {
            StopReason::Cancelled => Self::new(FailureKind::Cancelled, "the run was cancelled"),
            StopReason::Deadline => Self::timeout("the run's deadline passed"),
        }
    }
}

/// JSON that a connector reads comes from its provider.
impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::invalid_output(format!("the provider's answer is not as expected: {error}"))
    }
}
