//! Responses that are errors.
//!
//! Providers differ in how they explain them: `{"error": {"message", "type",
//! "param", "code"}}`, numeric codes, `{"error": "text"}`, `{"errors":
//! [{"message": …}]}`, `{"message": …}`, FastAPI's `{"detail": …}`, one error's
//! JSON inside another's text, plain text, XML, HTML. All of them are read, and
//! the answer itself is never lost.
//!
//! A connector whose provider has an error of its own kind starts from
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

/// The longest message of a provider, in bytes; `detail` holds the rest.
const MAX_MESSAGE: usize = 1000;

/// A response with another status than 2xx.
#[derive(Debug)]
pub struct ErrorResponse<'a> {
    /// The status code.
    pub status: u16,
    /// The body.
    pub body: &'a str,
    pub(crate) response: Option<&'a Response>,
}

impl<'a> ErrorResponse<'a> {
    /// An error inside an answer that had begun well, with the status that an
    /// answer of its own would have had.
    pub fn inside(body: &'a str) -> Self {
        Self { status: Explanation::of(body).status(), body, response: None }
    }

    /// The values of a header.
    pub fn header(&self, name: &str) -> Option<String> {
        self.response?.header(name)
    }

    /// What the body explains.
    pub fn explanation(&self) -> Explanation {
        Explanation::of(self.body)
    }

    /// The failure: its kind by the status, its message, its code and the
    /// property at fault from the body. The host adds how long the provider
    /// asks to wait.
    pub fn failure(&self) -> Failure {
        self.failure_of(self.explanation())
    }

    /// The failure for a provider that explains errors in a format of its own,
    /// of which the connector has made an explanation. `param` is the
    /// provider's name for a parameter: `ticket.due_date` means the property
    /// `dueDate` too.
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
            // The words alone, such as "Extra inputs are not permitted", do not
            // say what they are about.
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

    /// The message of a redirect, which is not followed.
    pub fn redirection(&self) -> String {
        let location = self.header("location");
        let target = location.map(|location| format!(" to {}", shortened(&location, 300)));
        format!(
            "the base URL redirects{}, and redirects are not followed: correct the base URL",
            target.unwrap_or_default()
        )
    }

    /// The message of a response whose body has no words.
    pub fn without_explanation(&self) -> String {
        format!("the provider answered with the status {} and no explanation", self.status)
    }
}

/// The path of the property of the running action that a provider's parameter
/// means: `messages[0].content` for `messages.0.content`, `maxTokens` for
/// `max_tokens`.
pub fn property(param: &str) -> Option<String> {
    property_path(call::action()?.properties, param)
}

/// The kind of failure that a status means.
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

/// The failure of a response as the connector reads it.
pub(crate) fn connectors(response: &ErrorResponse) -> Failure {
    match call::connector() {
        Some(connector) => (connector.errors)(response),
        None => response.failure(),
    }
}

/// The failure of an error inside an answer that had begun well, such as an
/// event of a stream.
pub fn inside(body: &str) -> Failure {
    let mut failure = connectors(&ErrorResponse::inside(body));
    failure.status = None;
    failure.request_sent = true;
    failure
}

/// The failure of an answer that is not the one that was asked for: the error
/// in its place, or else `message`.
pub fn instead(message: &str, answer: &str) -> Failure {
    let value = json::from_str(answer).unwrap_or(Value::Null);
    if is_error(&value) {
        return inside(answer);
    }
    // Words of the provider may be the reason, though it calls them no error.
    let words = value.is_object().then(|| Explanation::of_json(&value).message).flatten();
    let message = words.map_or_else(|| message.to_owned(), |words| format!("{message}: {words}"));
    Failure::invalid_output(message).with_detail(answer)
}

/// Whether JSON with a status of success is an error.
pub fn is_error(value: &Value) -> bool {
    if let Value::Array(items) = value {
        return items.first().is_some_and(is_error);
    }
    let has = |name: &str, text: &str| value.get(name).is_some_and(|value| value == text);
    let is_given = |name: &str| value.get(name).is_some_and(is_something);
    is_given("error")
        || is_given("errors")
        || value.get("success") == Some(&Value::Bool(false))
        || has("object", "error")
        || has("type", "error")
        || value.get("choices").is_none()
            && value.get("message").is_some_and(Value::is_string)
            && is_given("code")
}

/// Whether a value is anything but `null`, `false` or empty.
pub(crate) fn is_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::String(text) => !text.is_empty(),
        _ => true,
    }
}

/// Whether an answer is empty, or a web page.
pub fn is_blank_or_page(body: &str) -> bool {
    matches!(body.trim_ascii().bytes().next(), None | Some(b'<'))
}

/// The failure of an answer that is not JSON: what came instead.
pub fn not_json(body: &str) -> Failure {
    let body = body.trim_ascii();
    let message = match body.bytes().next() {
        None => "the provider's answer is empty".to_owned(),
        Some(b'<') => {
            let hint = call::connector().map(|connector| connector.connection.base_url_hint);
            let hint = hint.map(|hint| format!("; {hint}")).unwrap_or_default();
            format!("the provider answered with a web page instead of JSON{hint}")
        }
        Some(_) => "the provider's answer is not JSON".to_owned(),
    };
    Failure::invalid_output(message).with_detail(body)
}

/// Statuses that go with codes and types of errors, in any case.
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

/// What a provider explains about an error.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Explanation {
    /// Its words, without the full stop at their end.
    pub message: Option<String>,
    /// Its code.
    pub code: Option<String>,
    /// The type of the error.
    pub type_: Option<String>,
    /// The parameter at fault.
    pub param: Option<String>,
    /// The status that the body repeats or stands in for.
    pub status: Option<u16>,
}

/// Members in which an error's explanation may be, each tried before the words
/// beside it.
const HOLDERS: &[&str] = &["error", "errors", "detail", "message", "base_resp"];

/// Members that are an error's words, the best ones first.
const WORDS: &[&str] = &[
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
    /// What a body explains.
    pub fn of(body: &str) -> Self {
        let body = body.trim_ascii();
        match json::from_str(body) {
            Ok(value) => Self::of_json(&value),
            Err(_) if body.starts_with('<') => Self { message: markup(body), ..Self::default() },
            Err(_) if body.starts_with(['{', '[']) => Self::default(),
            Err(_) => Self { message: sentence(body), ..Self::default() },
        }
    }

    /// What JSON explains.
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

    /// A text, which is JSON itself where a server hands on another one's
    /// error.
    fn of_text(text: &str) -> Self {
        match json::from_str(text) {
            Ok(value @ (Value::Object(_) | Value::Array(_))) => Self::of_json(&value),
            _ => Self { message: sentence(text), ..Self::default() },
        }
    }

    fn of_object(members: &Map<String, Value>) -> Self {
        let text = |name: &str| members.get(name)?.as_str().filter(|text| !text.is_empty());
        let words = WORDS.iter().find_map(|name| text(name)).map(Self::of_text).unwrap_or_default();
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
        for name in HOLDERS {
            let Some(held) = members.get(*name) else { continue };
            // Beside words it is a title, such as `Bad Request`.
            if *name == "error" && held.is_string() && own.message.is_some() {
                continue;
            }
            let mut inner = Self::of_json(held);
            if inner.message.is_none() && *name == "errors" {
                inner = Self::of_fields(held);
            }
            if inner.message.is_some() || *name == "error" && is_something(held) {
                return inner.or(own).with_source(members);
            }
        }
        own.with_source(members)
    }

    /// Words for each field of a form: `{"size": ["is too large"]}`.
    fn of_fields(fields: &Value) -> Self {
        let words = |(name, value): (&String, &Value)| {
            let message = Some(Self::of_json(value).message?);
            Some(Self { message, param: Some(name.clone()), ..Self::default() })
        };
        fields.as_object().and_then(|fields| fields.iter().find_map(words)).unwrap_or_default()
    }

    /// The same, with the words of the server behind the provider: OpenRouter's
    /// own are no more than `Provider returned error`.
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

    /// What is known of the error, and else what is known around it.
    fn or(self, around: Self) -> Self {
        Self {
            message: self.message.or(around.message),
            code: self.code.or(around.code),
            type_: self.type_.or(around.type_),
            param: self.param.or(around.param),
            status: self.status.or(around.status),
        }
    }

    /// The status that an answer with this explanation has at other servers;
    /// 500 if nothing is known.
    pub fn status(&self) -> u16 {
        let words = [self.code.as_deref(), self.type_.as_deref()];
        words.into_iter().flatten().find_map(status_of_word).or(self.status).unwrap_or(500)
    }
}

/// The status that a code or a type means: `429`, `http_429` or
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

/// A message without the full stop at its end; none if there is no text.
fn sentence(text: &str) -> Option<String> {
    let text = text.trim();
    let text = text.strip_suffix('.').unwrap_or(text);
    (!text.is_empty()).then(|| shortened(text, MAX_MESSAGE))
}

/// The words of an error in XML, or the title of a web page.
fn markup(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let words = |tag: &&str| {
        let start = lower.find(&format!("<{tag}>"))? + tag.len() + 2;
        sentence(text.get(start..)?.split('<').next()?)
    };
    ["message", "title", "h1"].iter().find_map(words)
}

/// A string or number as text.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => (!text.is_empty()).then(|| text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// FastAPI's way to a value, `["body", "messages", 0, "content"]`, as a path.
fn location(steps: &Value) -> Option<String> {
    let steps = steps.as_array()?.iter().map(|step| scalar(step).unwrap_or_default());
    let steps = steps.enumerate().filter(|(index, step)| *index > 0 || step != "body");
    let steps: Vec<_> = steps.map(|(_, step)| step).filter(|step| !step.is_empty()).collect();
    (!steps.is_empty()).then(|| steps.join("."))
}
