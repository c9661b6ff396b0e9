//! Error responses.
//!
//! Providers describe errors in different formats: `{"error": {"message",
//! "type", "param", "code"}}`, numeric codes, `{"error": "text"}`, `{"errors":
//! [{"message": …}]}`, `{"message": …}`, FastAPI's `{"detail": …}`, the JSON of
//! one error inside the text of another, plain text, XML and HTML. This module
//! reads all of them and keeps the response itself as the failure's detail.
//!
//! To handle an error that is specific to a provider, adjust the result of
//! [`ErrorResponse::failure`]:
//!
//! ```
//! use connector_sdk::{Connector, ErrorResponse, Failure, FailureKind};
//!
//! const CONNECTOR: Connector = Connector { errors, ..Connector::new("a", "A", "Does it.") };
//!
//! fn errors(response: &ErrorResponse) -> Failure {
//!     let mut failure = response.failure();
//!     if failure.code.as_deref() == Some("insufficient_balance") {
//!         failure.kind = FailureKind::QuotaExceeded;
//!     }
//!     failure
//! }
//! ```

use serde_json::{Map, Value};

use crate::failure::shortened;
use crate::http::Response;
use crate::property::property_path;
use crate::{Failure, FailureKind, call, json};

/// The maximum length of a message from the provider, in bytes. `detail` holds
/// the rest.
const MAX_MESSAGE: usize = 1000;

/// A response with a status other than 2xx.
#[derive(Debug)]
pub struct ErrorResponse<'a> {
    /// The status code.
    pub status: u16,
    /// The body.
    pub body: &'a str,
    pub(crate) response: Option<&'a Response>,
}

impl<'a> ErrorResponse<'a> {
    /// Creates a response that was part of another one, such as a line of a file.
    pub fn new(status: u16, body: &'a str) -> Self {
        Self { status, body, response: None }
    }

    /// Creates the response for an error inside a response that began
    /// successfully. It has the status that a separate error response would have.
    pub fn inside(body: &'a str) -> Self {
        Self::new(Explanation::of(body).status(), body)
    }

    /// Returns the values of a header.
    pub fn header(&self, name: &str) -> Option<String> {
        self.response?.header(name)
    }

    /// Returns the explanation in the body.
    pub fn explanation(&self) -> Explanation {
        Explanation::of(self.body)
    }

    /// Returns the failure. The kind depends on the status; the message, the
    /// code and the invalid property come from the body. The host adds the
    /// delay that the provider requests.
    pub fn failure(&self) -> Failure {
        self.failure_of(self.explanation())
    }

    /// Returns the failure for an explanation that the connector extracted from
    /// the body, for providers with their own error format. `param` is the
    /// provider's name of a parameter: `due_date` and `ticket.due_date` both
    /// refer to the property `dueDate`.
    ///
    /// ```
    /// use connector_sdk::prelude::*;
    /// use connector_sdk::errors::Explanation;
    ///
    /// /// Reads `{"fault": {"code", "text", "field"}}`.
    /// fn errors(response: &ErrorResponse) -> Failure {
    ///     #[derive(Deserialize)]
    ///     struct Body { fault: Fault }
    ///     #[derive(Deserialize)]
    ///     struct Fault { code: String, text: String, field: Option<String> }
    ///
    ///     match serde_json::from_str(response.body) {
    ///         Err(_) => response.failure(),
    ///         Ok(Body { fault }) => response.failure_of(Explanation {
    ///             message: Some(fault.text),
    ///             code: Some(fault.code),
    ///             param: fault.field,
    ///             ..Explanation::default()
    ///         }),
    ///     }
    /// }
    /// ```
    pub fn failure_of(&self, explanation: Explanation) -> Failure {
        let Explanation { message, code, type_, param, .. } = explanation;
        let words = message.as_deref().and_then(sentence);
        let property = param.as_deref().and_then(property);
        let message = match (words, param) {
            _ if (300..400).contains(&self.status) => self.redirection(),
            // A message such as "Extra inputs are not permitted" does not name
            // the parameter.
            (Some(words), Some(param)) if property.is_none() && !words.contains(&param) => {
                shortened(&format!("`{param}`: {words}"), MAX_MESSAGE)
            }
            (Some(words), _) => words,
            (None, _) => self.without_explanation(),
        };
        let mut failure = Failure::new(kind_of_status(self.status), message);
        failure.property = property;
        failure.code = code.or(type_);
        failure.status = Some(self.status);
        failure.request_sent = true;
        let body = self.body.trim_ascii();
        let detail = if body == failure.message { "" } else { body };
        failure.with_detail(detail)
    }

    /// Returns the message for a redirect, which is not followed.
    pub fn redirection(&self) -> String {
        let location = self.header("location");
        let target = location.map(|location| format!(" to {}", shortened(&location, 300)));
        format!(
            "the base URL redirects{}, but redirects are not followed: correct the base URL",
            target.unwrap_or_default()
        )
    }

    /// Returns the message for a response whose body contains no message.
    pub fn without_explanation(&self) -> String {
        format!("the provider returned status {} without an explanation", self.status)
    }
}

/// Returns the path of the running action's property that a provider's parameter
/// refers to: `messages[0].content` for `messages.0.content`, `maxTokens` for
/// `max_tokens`.
pub fn property(param: &str) -> Option<String> {
    property_path(call::action()?.properties, param)
}

/// Reads errors that belong to another action of the connector: [`property`]
/// searches that action's table.
pub fn of_action<T>(name: &str, read: impl FnOnce() -> T) -> T {
    call::with_action(name, read)
}

/// Returns the kind of failure for a status.
pub fn kind_of_status(status: u16) -> FailureKind {
    match status {
        401 => FailureKind::Unauthorized,
        402 => FailureKind::QuotaExceeded,
        403 => FailureKind::Forbidden,
        404 => FailureKind::NotFound,
        408 => FailureKind::Timeout,
        413 => FailureKind::TooLarge,
        429 => FailureKind::RateLimited,
        500.. => FailureKind::Unavailable,
        _ => FailureKind::Refused,
    }
}

/// Returns the failure for a response, as converted by the connector.
pub(crate) fn converted(response: &ErrorResponse) -> Failure {
    match call::connector() {
        Some(connector) => (connector.errors)(response),
        None => response.failure(),
    }
}

/// Returns the failure for an error inside a response that began successfully,
/// such as an event of a stream.
pub fn inside(body: &str) -> Failure {
    let mut failure = converted(&ErrorResponse::inside(body));
    failure.status = None;
    failure.request_sent = true;
    failure
}

/// Returns the failure for a response that is not what was requested. If it
/// contains an error, returns the failure for that error; otherwise, the message
/// is `message`.
pub fn instead(message: &str, answer: &str) -> Failure {
    let value = json::from_str(answer).unwrap_or(Value::Null);
    if is_error(&value) {
        return inside(answer);
    }
    // A message may be the reason even if it is not marked as an error.
    let words = value.is_object().then(|| Explanation::of_json(&value).message).flatten();
    let message = words.map_or_else(|| message.to_owned(), |words| format!("{message}: {words}"));
    Failure::invalid_output(message).with_detail(answer)
}

/// Returns whether JSON from a successful response is in fact an error.
pub fn is_error(value: &Value) -> bool {
    if let Value::Array(items) = value {
        return items.first().is_some_and(is_error);
    }
    let has = |name: &str, text: &str| value.get(name).is_some_and(|value| value == text);
    let is_given = |name: &str| value.get(name).is_some_and(is_set);
    is_given("error")
        || is_given("errors")
        || value.get("success") == Some(&Value::Bool(false))
        || has("object", "error")
        || has("type", "error")
        || value.get("choices").is_none()
            && value.get("message").is_some_and(Value::is_string)
            && is_given("code")
}

/// Returns whether a value is neither `null`, `false` nor empty.
pub(crate) fn is_set(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::String(text) => !text.is_empty(),
        _ => true,
    }
}

/// Returns whether a response is empty or a web page.
pub fn is_blank_or_page(body: &str) -> bool {
    matches!(body.trim_ascii().bytes().next(), None | Some(b'<'))
}

/// Returns the failure for a response that is not JSON.
pub fn not_json(body: &str) -> Failure {
    let body = body.trim_ascii();
    let message = match body.bytes().next() {
        None => "the provider's response is empty".to_owned(),
        Some(b'<') => {
            let hint = call::connector().map(|connector| connector.connection.base_url_hint);
            let hint = hint.map(|hint| format!("; {hint}")).unwrap_or_default();
            format!("the provider returned a web page instead of JSON{hint}")
        }
        Some(_) => "the provider's response is not JSON".to_owned(),
    };
    Failure::invalid_output(message).with_detail(body)
}

/// The statuses that correspond to error codes and types, ignoring case.
const STATUSES: &[(u16, &[&str])] = &[
    (
        400,
        &[
            "bad_request",
            "content_filter",
            "content_policy_violation",
            "context_length_exceeded",
            "invalid_argument",
            "invalid_request_error",
        ],
    ),
    (401, &["authentication_error", "invalid_api_key", "unauthenticated", "unauthorized"]),
    (402, &["billing_error"]),
    (403, &["forbidden", "permission_denied", "permission_error"]),
    (404, &["model_not_found", "not_found", "not_found_error"]),
    (408, &["deadline_exceeded", "request_timeout", "timeout", "timeout_error"]),
    (413, &["request_too_large"]),
    (429, &["rate_limit_error", "rate_limit_exceeded", "resource_exhausted", "too_many_requests"]),
];

/// A provider's explanation of an error.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Explanation {
    /// The message, without a full stop at the end.
    pub message: Option<String>,
    /// The error code.
    pub code: Option<String>,
    /// The error type.
    pub type_: Option<String>,
    /// The invalid parameter.
    pub param: Option<String>,
    /// The status in the body.
    pub status: Option<u16>,
}

/// Members that may contain the explanation of an error. They take precedence
/// over a message next to them.
const CONTAINERS: &[&str] = &["error", "errors", "detail", "message", "base_resp"];

/// Members that may be the message of an error, in order of preference.
const MESSAGES: &[&str] = &[
    "message",
    "msg",
    "error_description",
    "error_message",
    "errorMessage",
    "error_msg",
    "status_msg",
    "Message",
    "description",
    "reason",
    "title",
];

impl Explanation {
    /// Extracts the explanation from a body.
    pub fn of(body: &str) -> Self {
        let body = body.trim_ascii();
        match json::from_str(body) {
            Ok(value) => Self::of_json(&value),
            Err(_) if body.starts_with('<') => Self { message: markup(body), ..Self::default() },
            Err(_) if body.starts_with(['{', '[']) => Self::default(),
            Err(_) => Self { message: sentence(body), ..Self::default() },
        }
    }

    /// Extracts the explanation from JSON.
    pub fn of_json(value: &Value) -> Self {
        match value {
            Value::String(text) => Self::of_text(text),
            Value::Array(items) => {
                let mut found = items.iter().map(Self::of_json);
                found.find(|found| found.message.is_some()).unwrap_or_default()
            }
            Value::Object(members) => Self::of_object(members),
            _ => Self::default(),
        }
    }

    /// Extracts the explanation from a string. The string contains JSON if a
    /// server forwards an error from another server.
    fn of_text(text: &str) -> Self {
        match json::from_str(text) {
            Ok(value @ (Value::Object(_) | Value::Array(_))) => Self::of_json(&value),
            _ => Self { message: sentence(text), ..Self::default() },
        }
    }

    fn of_object(members: &Map<String, Value>) -> Self {
        let text = |name: &str| members.get(name)?.as_str().filter(|text| !text.is_empty());
        let words =
            MESSAGES.iter().find_map(|name| text(name)).map(Self::of_text).unwrap_or_default();
        let scalar = |name: &str| members.get(name).and_then(scalar);
        let status = ["status", "status_code", "statusCode"].iter().find_map(|name| {
            let status = members.get(*name)?.as_u64()?.try_into().ok()?;
            (400..600).contains(&status).then_some(status)
        });
        let own = Self {
            message: words.message,
            code: scalar("code").or(words.code),
            type_: scalar("type").or_else(|| text("status").map(str::to_owned)),
            param: scalar("param").or_else(|| location(members.get("loc")?)),
            status,
        };
        for name in CONTAINERS {
            let Some(held) = members.get(*name) else { continue };
            // Next to a message, `error` is only a title such as `Bad Request`.
            if *name == "error" && held.is_string() && own.message.is_some() {
                continue;
            }
            let mut inner = Self::of_json(held);
            if inner.message.is_none() && *name == "errors" {
                inner = Self::of_fields(held);
            }
            if inner.message.is_some() || *name == "error" && is_set(held) {
                return inner.or(own).with_source(members);
            }
        }
        own.with_source(members)
    }

    /// Extracts the explanation from messages by field, such as
    /// `{"size": ["is too large"]}`.
    fn of_fields(fields: &Value) -> Self {
        let words = |(name, value): (&String, &Value)| {
            let message = Some(Self::of_json(value).message?);
            Some(Self { message, param: Some(name.clone()), ..Self::default() })
        };
        fields.as_object().and_then(|fields| fields.iter().find_map(words)).unwrap_or_default()
    }

    /// Appends the message of the server behind the provider. OpenRouter's own
    /// message is just `Provider returned error`.
    fn with_source(self, members: &Map<String, Value>) -> Self {
        let source = members.get("metadata").and_then(|metadata| metadata.get("raw")?.as_str());
        match (&self.message, source.and_then(|source| Self::of_text(source).message)) {
            (Some(words), Some(source)) => {
                let message = shortened(&format!("{words}: {source}"), MAX_MESSAGE);
                Self { message: Some(message), ..self }
            }
            _ => self,
        }
    }

    /// Fills in missing members from the enclosing explanation.
    fn or(self, around: Self) -> Self {
        Self {
            message: self.message.or(around.message),
            code: self.code.or(around.code),
            type_: self.type_.or(around.type_),
            param: self.param.or(around.param),
            status: self.status.or(around.status),
        }
    }

    /// Returns the status that other servers use for this kind of error, or 500
    /// if it is unknown.
    pub fn status(&self) -> u16 {
        let words = [self.code.as_deref(), self.type_.as_deref()];
        words.into_iter().flatten().find_map(status_of_word).or(self.status).unwrap_or(500)
    }
}

/// Returns the status for a code or type such as `429`, `http_429` or
/// `rate_limit_error`.
fn status_of_word(word: &str) -> Option<u16> {
    let digits = word.get(word.len().saturating_sub(3)..)?;
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    match digits.parse() {
        Ok(status @ 400..=599) if word.len() == 3 || !is_number(word) => Some(status),
        _ => {
            let is_listed = |words: &[&str]| words.iter().any(|one| one.eq_ignore_ascii_case(word));
            STATUSES.iter().find(|(_, words)| is_listed(words)).map(|(status, _)| *status)
        }
    }
}

/// Returns a message without the full stop at its end, or `None` if it is empty.
fn sentence(text: &str) -> Option<String> {
    let text = text.trim();
    let text = text.strip_suffix('.').unwrap_or(text);
    (!text.is_empty()).then(|| shortened(text, MAX_MESSAGE))
}

/// Returns the message of an error in XML, or the title of a web page.
fn markup(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let words = |tag: &&str| {
        let start = lower.find(&format!("<{tag}>"))? + tag.len() + 2;
        sentence(text.get(start..)?.split('<').next()?)
    };
    ["message", "title", "h1"].iter().find_map(words)
}

/// Converts a string or number to text.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => (!text.is_empty()).then(|| text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Converts a location in FastAPI's format, such as
/// `["body", "messages", 0, "content"]`, to a path.
fn location(steps: &Value) -> Option<String> {
    let steps = steps.as_array()?.iter().map(|step| scalar(step).unwrap_or_default());
    let steps = steps.enumerate().filter(|(index, step)| *index > 0 || step != "body");
    let steps: Vec<_> = steps.map(|(_, step)| step).filter(|step| !step.is_empty()).collect();
    (!steps.is_empty()).then(|| steps.join("."))
}
