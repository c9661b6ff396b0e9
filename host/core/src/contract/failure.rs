//! The failure type that callers of a run see.

use schemars::JsonSchema;
use serde::Serialize;

/// A failed call (`failure` in `wit/types.wit`).
///
/// `message` is one sentence for people; `kind` and the other fields are for
/// programs. None of them ever contains the connection's credential.
#[derive(Clone, Debug, JsonSchema, PartialEq, Serialize, thiserror::Error)]
#[error("{message}")]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// The kind.
    pub kind: FailureKind,
    /// What went wrong and, for invalid input, what is allowed.
    pub message: String,
    /// The path of the property at fault, such as `messages[0].role`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub property: Option<String>,
    /// Everything that is wrong with an input, if there is more than one
    /// violation. `message` and `property` are those of the first. At most 100.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub violations: Vec<Violation>,
    /// The HTTP status, if the provider responded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The provider's own code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The provider's ID of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// How long the provider asks to wait before a retry, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// Whether a request may have reached the provider. If `false`, none has.
    pub request_sent: bool,
    /// Whether the same run may succeed later without being billed twice: requests
    /// were made, but the provider processed none of them.
    #[serde(skip)]
    pub repeatable: bool,
    /// The provider's response, unchanged, if the message does not contain it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// One of several violations in an input.
#[derive(Clone, Debug, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Violation {
    /// The path of the property.
    pub property: String,
    /// What is wrong and what is allowed.
    pub message: String,
}

/// Collects the violations of an input.
#[derive(Debug, Default)]
pub(crate) struct Violations(Vec<Violation>);

/// The kinds of failure (`failure-kind` in `wit/types.wit`).
#[derive(Clone, Copy, Debug, Eq, Hash, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// A property's value is missing or not allowed.
    InvalidInput,
    /// The credential is missing or was rejected.
    Unauthorized,
    /// The credential does not allow this.
    Forbidden,
    /// What was requested does not exist.
    NotFound,
    /// Too many requests.
    RateLimited,
    /// No credit left.
    QuotaExceeded,
    /// A request, a response or a file is larger than allowed.
    TooLarge,
    /// The provider refused the request.
    Refused,
    /// The provider is down or overloaded.
    Unavailable,
    /// The connection failed or was lost.
    Network,
    /// A deadline passed.
    Timeout,
    /// The caller stopped the run.
    Cancelled,
    /// The response is not what was requested.
    InvalidOutput,
    /// A defect in the connector or in the host.
    Internal,
}

impl Failure {
    /// Creates a failure of this kind. `request_sent` is `false`.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            property: None,
            violations: Vec::new(),
            status: None,
            code: None,
            request_id: None,
            retry_after_ms: None,
            request_sent: false,
            repeatable: false,
            detail: None,
        }
    }

    /// Creates a failure for a value that is missing or not allowed.
    pub fn invalid_input(property: impl Into<String>, message: impl Into<String>) -> Self {
        Self { property: Some(property.into()), ..Self::new(FailureKind::InvalidInput, message) }
    }

    /// Sets `request_sent` if `sent`; never resets it.
    pub(crate) fn after_request(mut self, sent: bool) -> Self {
        self.request_sent |= sent;
        self
    }
}

impl Violations {
    /// The maximum number of recorded violations, more than anyone would read.
    pub const MAX: usize = 100;

    /// Returns the checked value, or records the failure and returns `None`.
    pub fn take<T>(&mut self, checked: Result<T, Failure>) -> Option<T> {
        checked.map_err(|failure| self.add(failure)).ok()
    }

    /// Records what is wrong with a value.
    pub fn add(&mut self, failure: Failure) {
        let Failure { property, message, violations, .. } = failure;
        if violations.is_empty() {
            self.0.push(Violation { property: property.unwrap_or_default(), message });
        } else {
            self.0.extend(violations);
        }
        self.0.truncate(Self::MAX);
    }

    /// Returns the value if nothing is wrong.
    pub fn or<T>(self, value: T) -> Result<T, Failure> {
        let Some(first) = self.0.first().cloned() else { return Ok(value) };
        let violations = if self.0.len() > 1 { self.0 } else { Vec::new() };
        Err(Failure { violations, ..Failure::invalid_input(first.property, first.message) })
    }
}

impl FailureKind {
    /// The name in `wit/types.wit`, such as `invalid-input`.
    pub fn name(self) -> &'static str {
        match self {
            Self::InvalidInput => "invalid-input",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not-found",
            Self::RateLimited => "rate-limited",
            Self::QuotaExceeded => "quota-exceeded",
            Self::TooLarge => "too-large",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
            Self::Network => "network",
            Self::Timeout => "timeout",
            Self::Cancelled => "cancelled",
            Self::InvalidOutput => "invalid-output",
            Self::Internal => "internal",
        }
    }
}
