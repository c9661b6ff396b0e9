//! Errors over HTTP: problem details (RFC 9457) with the failure record.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use connector_host::{Failure, FailureKind};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use connector_store::StoreError;

/// The `Retry-After` of a full queue, in seconds.
const BUSY_RETRY_AFTER: u64 = 1;

/// A problem, ready to be sent.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    /// The last segment of its type.
    name: &'static str,
    detail: String,
    retry_after: Option<u64>,
    failure: Option<Box<Failure>>,
}

/// Problem details (RFC 9457).
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub struct ProblemDetails<'a> {
    /// The type, such as `urn:connector:problem:not-found`.
    #[serde(rename = "type")]
    type_: String,
    /// A description of the type.
    title: &'a str,
    /// The HTTP status.
    status: u16,
    /// A description of this problem, in one sentence.
    detail: &'a str,
    /// The failure record, if a run failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<&'a Failure>,
}

impl Problem {
    /// Creates a problem of the service itself.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let name = match status {
            StatusCode::BAD_REQUEST => "bad-request",
            StatusCode::UNAUTHORIZED => "key-required",
            StatusCode::FORBIDDEN => "not-from-here",
            StatusCode::NOT_FOUND => "not-found",
            StatusCode::METHOD_NOT_ALLOWED => "method-not-allowed",
            StatusCode::CONFLICT => "conflict",
            StatusCode::PAYLOAD_TOO_LARGE => "too-large",
            StatusCode::UNSUPPORTED_MEDIA_TYPE => "unsupported-media-type",
            StatusCode::UNPROCESSABLE_ENTITY => "invalid-input",
            StatusCode::RANGE_NOT_SATISFIABLE => "outside",
            StatusCode::SERVICE_UNAVAILABLE => "busy",
            StatusCode::INSUFFICIENT_STORAGE => "no-space",
            _ => "internal",
        };
        Self { status, name, detail: detail.into(), retry_after: None, failure: None }
    }

    /// Something was not found.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// A bug, or an error of the operating system.
    pub fn internal(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, detail)
    }

    /// A temporary lack of resources.
    pub fn busy(detail: &str) -> Self {
        let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, detail);
        Self { retry_after: Some(BUSY_RETRY_AFTER), ..problem }
    }

    /// The queue is full.
    pub fn too_many() -> Self {
        Self::busy("too many requests are waiting")
    }

    /// The disk is full.
    pub fn no_space() -> Self {
        Self::new(StatusCode::INSUFFICIENT_STORAGE, "the service's disk is full")
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Whether a request may have reached the provider.
    pub fn was_sent(&self) -> bool {
        self.failure.as_ref().is_some_and(|failure| failure.request_sent)
    }

    /// The description, in one sentence.
    pub fn detail(self) -> String {
        self.detail
    }

    /// Converts the problem to a failure record, for use without HTTP.
    pub fn into_failure(self) -> Failure {
        let kind = match self.status {
            StatusCode::NOT_FOUND => FailureKind::NotFound,
            StatusCode::UNPROCESSABLE_ENTITY => FailureKind::InvalidInput,
            StatusCode::SERVICE_UNAVAILABLE => FailureKind::Unavailable,
            _ => FailureKind::Internal,
        };
        self.failure.map_or_else(|| Failure::new(kind, self.detail), |failure| *failure)
    }

    /// The body.
    pub fn body(&self) -> ProblemDetails<'_> {
        ProblemDetails {
            type_: format!("urn:connector:problem:{}", self.name),
            title: title(self.name),
            status: self.status.as_u16(),
            detail: &self.detail,
            failure: self.failure.as_deref(),
        }
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        json!(self.body())
    }
}

fn title(name: &str) -> &str {
    match name {
        "bad-request" => "Bad request",
        "key-required" => "API key required",
        "not-from-here" => "Forbidden",
        "not-found" => "Not found",
        "method-not-allowed" => "Method not allowed",
        "conflict" => "Conflict",
        "too-large" => "Too large",
        "unsupported-media-type" => "Unsupported media type",
        "outside" => "Range not satisfiable",
        "busy" => "The service is busy",
        "no-space" => "No space left",
        "invalid-input" => "Missing or invalid value",
        "unauthorized" => "Missing or rejected credential",
        "forbidden" => "The credential does not allow this",
        "rate-limited" => "Too many requests",
        "quota-exceeded" => "No credit left",
        "refused" => "The provider refused the request",
        "unavailable" => "The provider is down or overloaded",
        "network" => "Could not connect to the provider",
        "timeout" => "Timed out",
        "cancelled" => "The run was cancelled",
        "invalid-output" => "Unexpected response from the provider",
        _ => "Internal error",
    }
}

/// Returns the HTTP status for a kind of failure.
fn status(kind: FailureKind) -> StatusCode {
    match kind {
        FailureKind::InvalidInput | FailureKind::Refused => StatusCode::UNPROCESSABLE_ENTITY,
        FailureKind::Unauthorized => StatusCode::UNAUTHORIZED,
        FailureKind::Forbidden => StatusCode::FORBIDDEN,
        FailureKind::NotFound => StatusCode::NOT_FOUND,
        FailureKind::RateLimited | FailureKind::QuotaExceeded => StatusCode::TOO_MANY_REQUESTS,
        FailureKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        FailureKind::Unavailable | FailureKind::Cancelled => StatusCode::SERVICE_UNAVAILABLE,
        FailureKind::Network | FailureKind::InvalidOutput => StatusCode::BAD_GATEWAY,
        FailureKind::Timeout => StatusCode::GATEWAY_TIMEOUT,
        FailureKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        Self {
            status: status(failure.kind),
            name: failure.kind.name(),
            detail: failure.message.clone(),
            retry_after: failure.retry_after_ms.map(|pause| pause.div_ceil(1000)),
            failure: Some(Box::new(failure)),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the store failed");
        if let StoreError::Full(_) = error {
            return Self::no_space();
        }
        Self::internal("the store cannot be used; see the service's log")
    }
}

/// The media type of a problem.
pub const PROBLEM: &str = "application/problem+json";

/// Converts the framework's own error responses to problems.
pub async fn typed(response: Response) -> Response {
    let status = response.status();
    let is_typed = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == PROBLEM);
    if is_typed || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    Problem::new(status, refusal(status)).into_response()
}

/// Returns the description of an error of the framework.
pub fn refusal(status: StatusCode) -> &'static str {
    match status {
        StatusCode::BAD_REQUEST => "the request is malformed or incomplete",
        StatusCode::PAYLOAD_TOO_LARGE => "the body is too large for this path",
        status if status.is_client_error() => "the service does not support this request",
        _ => "the service failed to handle this request",
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = self.json().to_string();
        let mut response = (self.status, [(header::CONTENT_TYPE, PROBLEM)], body).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        // RFC 9110 §11.6.1. Not if the provider rejected the connection's credential.
        if self.status == StatusCode::UNAUTHORIZED && self.failure.is_none() {
            const CHALLENGE: HeaderValue = HeaderValue::from_static("Bearer");
            headers.insert(header::WWW_AUTHENTICATE, CHALLENGE);
        }
        response
    }
}
