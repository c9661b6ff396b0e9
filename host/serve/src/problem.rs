//! What a failure looks like over HTTP: problem details (RFC 9457) that carry
//! the failure record.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use connector_host::{Failure, FailureKind};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use connector_store::StoreError;

/// How long a caller is asked to wait when the queue is full, in seconds.
const BUSY_RETRY_AFTER: u64 = 1;

/// A problem, ready to be sent.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    /// The last part of its type.
    name: &'static str,
    detail: String,
    retry_after: Option<u64>,
    failure: Option<Box<Failure>>,
}

/// Problem details (RFC 9457).
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub struct Body<'a> {
    /// Such as `urn:connector:problem:not-found`.
    #[serde(rename = "type")]
    type_: String,
    /// The same in words.
    title: &'a str,
    /// The status of the answer.
    status: u16,
    /// What went wrong, in one sentence.
    detail: &'a str,
    /// The failure of a run, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<&'a Failure>,
}

impl Problem {
    /// A problem of the service itself.
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

    /// There is no such thing.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// A defect, or a fault of the machine.
    pub fn internal(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, detail)
    }

    /// Not now, but soon.
    pub fn busy(detail: &str) -> Self {
        let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, detail);
        Self { retry_after: Some(BUSY_RETRY_AFTER), ..problem }
    }

    /// Too many wait.
    pub fn too_many() -> Self {
        Self::busy("too many requests are waiting")
    }

    /// There is nowhere to put it.
    pub fn no_space() -> Self {
        Self::new(StatusCode::INSUFFICIENT_STORAGE, "the service's disk is full")
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Whether something may have reached the provider before it.
    pub fn was_sent(&self) -> bool {
        self.failure.as_ref().is_some_and(|failure| failure.request_sent)
    }

    /// What went wrong, in one sentence.
    pub fn detail(self) -> String {
        self.detail
    }

    /// The failure that it is about, or that it is where there is no HTTP.
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
    pub fn body(&self) -> Body<'_> {
        Body {
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
        "bad-request" => "The request cannot be read",
        "key-required" => "An API key is needed",
        "not-from-here" => "Requests from there are not served",
        "not-found" => "There is no such thing",
        "method-not-allowed" => "The method is not allowed",
        "conflict" => "It conflicts with what was before",
        "too-large" => "It is too large",
        "unsupported-media-type" => "The media type is not supported",
        "outside" => "The range is outside of the file",
        "busy" => "The service is busy",
        "no-space" => "There is no space left",
        "invalid-input" => "A value is missing or not allowed",
        "unauthorized" => "The credential is missing or was not accepted",
        "forbidden" => "The credential does not allow this",
        "rate-limited" => "Too many requests",
        "quota-exceeded" => "No credit is left",
        "refused" => "The provider declined",
        "unavailable" => "The provider is down or overloaded",
        "network" => "No connection to the provider",
        "timeout" => "It took too long",
        "cancelled" => "The run was cancelled",
        "invalid-output" => "The provider's answer is not what was asked for",
        _ => "Something in the service failed",
    }
}

/// The status of a failure of this kind.
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
        tracing::error!(%error, "the store");
        if let StoreError::Full(_) = error {
            return Self::no_space();
        }
        Self::internal("the store cannot be used; the service's log says why")
    }
}

/// The media type of a problem.
pub const PROBLEM: &str = "application/problem+json";

/// What the framework refuses by itself, in words for programmers, becomes a
/// problem like all others.
pub async fn typed(response: Response) -> Response {
    let status = response.status();
    let is_typed = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == PROBLEM);
    if is_typed || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    Problem::new(status, refusal(status)).into_response()
}

/// The sentence for a status that comes from the framework.
pub fn refusal(status: StatusCode) -> &'static str {
    match status {
        StatusCode::BAD_REQUEST => "the request is not what it should be, or broke off",
        StatusCode::PAYLOAD_TOO_LARGE => "the body is larger than this path takes",
        status if status.is_client_error() => "the request is not one that is served here",
        _ => "the service failed at this request",
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
        // RFC 9110 §11.6.1: which credential is missing. A provider's refusal
        // is not about this service's.
        if self.status == StatusCode::UNAUTHORIZED && self.failure.is_none() {
            const CHALLENGE: HeaderValue = HeaderValue::from_static("Bearer");
            headers.insert(header::WWW_AUTHENTICATE, CHALLENGE);
        }
        response
    }
}
