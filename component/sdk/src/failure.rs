//! Failures (`wit/types.wit`, `failure`).

use std::fmt;
use std::ops::{Deref, DerefMut};

use crate::bindings::workflow::connector::lifecycle::StopReason;
use crate::bindings::workflow::connector::types;
use crate::http::Response;

pub use types::{FailureKind, Violation};

/// A result whose error is a [`Failure`] by default.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

/// The maximum size of a failure's detail, in bytes.
const MAX_DETAIL: usize = 4096;

/// A failed call. It dereferences to the contract's record, so its fields are
/// accessible.
///
/// ```
/// use connector_sdk::{Failure, FailureKind};
///
/// let failure = Failure::invalid_input("size", "the size must be even");
/// assert_eq!(failure.kind, FailureKind::InvalidInput);
/// assert_eq!(failure.property.as_deref(), Some("size"));
/// ```
// Boxed because failures are large and rare, and results should stay small.
#[derive(Clone)]
pub struct Failure(Box<types::Failure>);

impl Failure {
    /// Creates a failure. The message is one sentence without a full stop.
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

    /// Creates the failure for an invalid value of the property at this path. An
    /// empty path means the input itself.
    pub fn invalid_input(property: impl Into<String>, message: impl Into<String>) -> Self {
        let property = property.into();
        let failure = Self::new(FailureKind::InvalidInput, message);
        if property.is_empty() { failure } else { failure.at(property) }
    }

    /// Creates the failure for several invalid properties.
    pub fn invalid_properties(violations: Vec<Violation>) -> Self {
        let (property, message) = match violations.first() {
            Some(first) => (first.property.clone(), first.message.clone()),
            None => (String::new(), "the input is invalid".to_owned()),
        };
        let mut failure = Self::invalid_input(property, message);
        failure.violations = violations;
        failure
    }

    /// Creates the failure for a response that is not what was requested.
    pub fn invalid_output(message: impl Into<String>) -> Self {
        let mut failure = Self::new(FailureKind::InvalidOutput, message);
        failure.request_sent = true;
        failure
    }

    /// Creates the failure for a request that the provider understood and
    /// declined.
    pub fn refused(message: impl Into<String>) -> Self {
        let mut failure = Self::new(FailureKind::Refused, message);
        failure.request_sent = true;
        failure
    }

    /// Creates the failure for a requested object that does not exist.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(FailureKind::NotFound, message)
    }

    /// Creates the failure for a deadline that passed.
    pub fn timeout(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Timeout, message)
    }

    /// Creates the failure for a defect in the connector.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Internal, message)
    }

    /// Sets the path of the invalid property.
    pub fn at(mut self, property: impl Into<String>) -> Self {
        self.property = Some(property.into());
        self
    }

    /// Prefixes the paths of the invalid properties with `place`, the path of
    /// the object that contains them.
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

    /// Sets the detail to as much of the provider's response as fits.
    pub fn with_detail(mut self, answer: &str) -> Self {
        self.detail = (!answer.is_empty()).then(|| shortened(answer, MAX_DETAIL));
        self
    }

    /// Sets the provider's error code.
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// Sets the status and the request ID from this response, unless they are
    /// already set.
    pub fn answered_by(mut self, response: &Response) -> Self {
        self.status = self.status.or(Some(response.status()));
        self.request_id = self.request_id.take().or_else(|| response.request_id());
        self.request_sent = true;
        self
    }

    /// Returns the name of the kind in the contract, such as `invalid-input`.
    pub fn kind_name(&self) -> &'static str {
        match self.kind {
            FailureKind::InvalidInput => "invalid-input",
            FailureKind::Unauthorized => "unauthorized",
            FailureKind::Forbidden => "forbidden",
            FailureKind::NotFound => "not-found",
            FailureKind::RateLimited => "rate-limited",
            FailureKind::QuotaExceeded => "quota-exceeded",
            FailureKind::TooLarge => "too-large",
            FailureKind::Refused => "refused",
            FailureKind::Unavailable => "unavailable",
            FailureKind::Network => "network",
            FailureKind::Timeout => "timeout",
            FailureKind::Cancelled => "cancelled",
            FailureKind::InvalidOutput => "invalid-output",
            FailureKind::Internal => "internal",
        }
    }

    pub(crate) fn into_record(self) -> types::Failure {
        *self.0
    }
}

/// Truncates a string that is longer than `max` bytes, at a character boundary, and
/// appends `…`.
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

/// A failure returned by the host stays unchanged.
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

/// The JSON that a connector parses comes from the provider.
impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::invalid_output(format!("unexpected response from the provider: {error}"))
    }
}
