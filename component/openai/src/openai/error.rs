//! Answers that are errors.
//!
//! OpenAI sends `{"error": {"message", "type", "param", "code"}}`. Servers
//! that speak its protocol differ: numeric codes, `{"error": "text"}`,
//! `{"errors": [{"message": …}]}`, `{"message": …}`, FastAPI's `{"detail": …}`,
//! one error's JSON inside another's text, plain text, XML, HTML. All of them
//! are read, and the answer itself is never lost.

use alloc::boxed::Box;
use alloc::string::String;

use super::models::has_any;
use super::parameters::is_empty;
use crate::failure::{Failure, FailureKind, shortened};
use crate::json::{Number, Value, decimal};

/// The longest message of a provider, in bytes; `detail` holds the rest.
const MESSAGE: usize = 1000;

/// What an answer says before its body.
#[derive(Debug, Clone, Default)]
pub struct Head {
    /// The status code.
    pub status: u16,
    /// `x-request-id`.
    pub request_id: Option<String>,
    /// `Retry-After`, as it came.
    pub retry_after: Option<String>,
    /// `retry-after-ms`, as it came.
    pub retry_after_ms: Option<String>,
    /// `Location`, as it came.
    pub location: Option<String>,
}

/// What is wrong when a server does not know a path.
pub const BASE_URL: &str = "check the base URL: it ends with the API's version, such as `/v1`, \
                            and not with an endpoint such as `/chat/completions`";

/// The failure that an answer with another status than 2xx means. `blame`
/// finds the property that a `param` means.
pub fn read(head: &Head, body: &str, blame: &dyn Fn(&str) -> Option<String>) -> Box<Failure> {
    let body = body.trim_ascii();
    let explanation = Explanation::of(body);
    let code = explanation.code.or(explanation.type_.clone());
    let kind = kind(head.status, code.as_deref(), explanation.type_.as_deref());
    let param = explanation.param.as_deref();
    let words = explanation.message.as_deref();
    // Not in a path, such as `/v1/models`.
    let names = |things: &[&str]| {
        let mut words = words.unwrap_or_default().split_whitespace();
        words.any(|word| !word.contains('/') && has_any(word, things))
    };
    let is_unknown_model = code.as_deref() == Some("model_not_found")
        || kind == FailureKind::NotFound && names(&["model"]);
    let property =
        param.and_then(blame).or_else(|| if is_unknown_model { blame("model") } else { None });
    let message = match (head.status, words, param) {
        (300..=399, ..) => redirected(head),
        (404 | 405, ..) if property.is_none() && !names(RESOURCES) => unknown_path(head, words),
        (status, None, _) => {
            let status = decimal(status.into());
            format!("the provider answered with the status {status} and no explanation")
        }
        // The words alone, such as "Extra inputs are not permitted", do not say
        // what they are about.
        (_, Some(words), Some(param)) if property.is_none() && !words.contains(param) => {
            shortened(&format!("`{param}`: {words}"), MESSAGE)
        }
        (_, Some(words), _) => words.into(),
    };
    let detail = if body == message { "" } else { body };

    let mut failure = Failure::new(kind, message).with_detail(detail);
    failure.property = property;
    failure.code = code;
    failure.retry_after_ms = retry_after_ms(head);
    failure.answered(head.status, head.request_id.as_deref())
}

/// What else than the path may be unknown, in the words of errors.
const RESOURCES: &[&str] = &["model", "deployment", "voice"];

/// The message of an answer that the path is unknown.
fn unknown_path(head: &Head, words: Option<&str>) -> String {
    let status = || format!("the server answered with the status {}", decimal(head.status.into()));
    format!("{}; {BASE_URL}", words.map_or_else(status, Into::into))
}

/// The failure that an error inside an answer means, which had begun well.
/// `blame` is as for [`read`].
pub fn inside(body: &str, blame: &dyn Fn(&str) -> Option<String>) -> Box<Failure> {
    // The status that the answer would have had.
    let status = Explanation::of(body).status();
    let mut failure = read(&Head { status, ..Head::default() }, body, blame);
    failure.status = None;
    failure
}

/// The failure that an answer means which is not the one that was asked for:
/// the error that stands in its place, else what `message` says.
pub fn instead(message: &str, answer: &str) -> Box<Failure> {
    let value = Value::parse(answer).unwrap_or(Value::Null);
    if is_error(&value) {
        return inside(answer, &|_| None);
    }
    // Words of the provider may be the reason, though it calls them no error.
    let words = value.as_object().and_then(|_| Explanation::of_json(&value).message);
    let message = words.map_or_else(|| message.into(), |words| format!("{message}: {words}"));
    Failure::invalid_output(message, answer)
}

/// Whether a JSON value with a status of success tells of an error.
pub fn is_error(value: &Value) -> bool {
    if let Value::List(items) = value {
        return items.first().is_some_and(is_error);
    }
    let says = |name: &str, text: &str| value.text(name) == Some(text);
    has_error(value)
        || value.get("errors").is_some_and(is_something)
        || value.get("success") == Some(&Value::Bool(false))
        || says("object", "error")
        || says("type", "error")
        || value.get("choices").is_none()
            && value.text("message").is_some()
            && value.get("code").is_some_and(is_something)
}

/// Whether an object has an `error`, which many have that is none.
pub fn has_error(value: &Value) -> bool {
    value.get("error").is_some_and(is_something)
}

fn is_something(value: &Value) -> bool {
    !is_empty(value) && !matches!(value, Value::Bool(false)) && value.as_str() != Some("")
}

/// Whether an answer is empty, or a web page.
pub fn is_blank_or_page(body: &str) -> bool {
    matches!(body.trim_ascii().bytes().next(), None | Some(b'<'))
}

/// The failure that an answer means which is not JSON: what came instead.
pub fn not_json(body: &str) -> Box<Failure> {
    let body = body.trim_ascii();
    let message = match body.bytes().next() {
        None => "the provider's answer is empty".into(),
        Some(b'<') => format!("the provider answered with a web page instead of JSON; {BASE_URL}"),
        Some(_) => "the provider's answer is not JSON".into(),
    };
    Failure::invalid_output(message, body)
}

/// Codes and types of errors that last until somebody pays.
pub const OUT_OF_CREDIT: &[&str] = &[
    "insufficient_quota",
    "billing_hard_limit_reached",
    "billing_not_active",
    "budget_exceeded",
    "exceeded_current_quota_error",
    "insufficient_balance",
    "insufficient_credits",
];

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
    (403, &["forbidden", "permission_denied", "permission_error"]),
    (404, &["model_not_found", "not_found", "not_found_error"]),
    (408, &["deadline_exceeded", "request_timeout", "timeout", "timeout_error"]),
    (429, &["rate_limit_error", "rate_limit_exceeded", "resource_exhausted", "too_many_requests"]),
];

fn is_one_of(word: &str, words: &[&str]) -> bool {
    words.iter().any(|other| other.eq_ignore_ascii_case(word))
}

fn kind(status: u16, code: Option<&str>, type_: Option<&str>) -> FailureKind {
    let is_out_of_credit =
        |word: Option<&str>| word.is_some_and(|word| is_one_of(word, OUT_OF_CREDIT));
    match status {
        402 => FailureKind::QuotaExceeded,
        400.. if is_out_of_credit(code) || is_out_of_credit(type_) => FailureKind::QuotaExceeded,
        401 => FailureKind::Unauthorized,
        403 => FailureKind::Forbidden,
        404 => FailureKind::NotFound,
        408 => FailureKind::Timeout,
        413 => FailureKind::TooLarge,
        429 => FailureKind::RateLimited,
        500.. => FailureKind::Unavailable,
        _ => FailureKind::Refused,
    }
}

fn redirected(head: &Head) -> String {
    let target = head.location.as_ref().map(|location| format!(" to {}", shortened(location, 300)));
    format!(
        "the base URL redirects{}, and redirects are not followed: correct the base URL",
        target.unwrap_or_default()
    )
}

/// How long the provider asks to wait. The date form of `Retry-After` needs
/// a clock, which the host has and a connector has not.
fn retry_after_ms(head: &Head) -> Option<u64> {
    let number = |text: &Option<String>| {
        Value::parse(text.as_ref()?)?.as_number().map(Number::as_f64).filter(|wait| 0.0 <= *wait)
    };
    let seconds = || number(&head.retry_after).map(|seconds| seconds * 1000.0);
    Some(number(&head.retry_after_ms).or_else(seconds)? as u64)
}

/// What the provider says about the error.
#[derive(Default)]
struct Explanation {
    message: Option<String>,
    code: Option<String>,
    type_: Option<String>,
    param: Option<String>,
    /// The status that a body repeats or stands in for.
    status: Option<u16>,
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
    fn of(body: &str) -> Self {
        match Value::parse(body) {
            Some(value) => Self::of_json(&value),
            None if body.starts_with('<') => Self { message: markup(body), ..Self::default() },
            None if body.starts_with(['{', '[']) => Self::default(),
            None => Self { message: sentence(body), ..Self::default() },
        }
    }

    fn of_json(value: &Value) -> Self {
        match value {
            Value::Text(text) => Self::of_text(text),
            Value::List(items) => {
                let mut found = items.iter().map(Self::of_json);
                found.find(|found| found.message.is_some()).unwrap_or_default()
            }
            Value::Object(members) => Self::of_object(value, members),
            _ => Self::default(),
        }
    }

    /// A text, which is JSON itself where a server hands on another one's
    /// error.
    fn of_text(text: &str) -> Self {
        match Value::parse(text) {
            Some(value @ (Value::Object(_) | Value::List(_))) => Self::of_json(&value),
            _ => Self { message: sentence(text), ..Self::default() },
        }
    }

    fn of_object(object: &Value, members: &[(String, Value)]) -> Self {
        let word = |name: &&str| object.text(name).filter(|text| !text.is_empty());
        let words = WORDS.iter().find_map(word).map(Self::of_text).unwrap_or_default();
        let scalar = |name: &str| object.get(name).and_then(scalar);
        let status = ["status", "status_code", "statusCode"].iter().find_map(|name| {
            let status = object.number(name)?.as_u64()?;
            (400..600).contains(&status).then_some(status as u16)
        });
        let own = Self {
            message: words.message,
            code: scalar("code").or(words.code),
            type_: scalar("type").or_else(|| object.text("status").map(Into::into)),
            param: scalar("param").or_else(|| location(object.get("loc")?)),
            status,
        };
        for name in HOLDERS {
            match object.get(name) {
                // Beside words it is a title, such as `Bad Request`.
                Some(Value::Text(_)) if *name == "error" && own.message.is_some() => {}
                Some(held) => {
                    let mut inner = Self::of_json(held);
                    if inner.message.is_none() && *name == "errors" {
                        inner = Self::of_fields(held);
                    }
                    if inner.message.is_some() || *name == "error" && is_something(held) {
                        return inner.or(own).with_source(members);
                    }
                }
                None => {}
            }
        }
        own.with_source(members)
    }

    /// Words for each field of a form: `{"size": ["is too large"]}`.
    fn of_fields(fields: &Value) -> Self {
        let words = |(name, value): &(String, Value)| {
            let words = Self::of_json(value).message?;
            Some(Self { message: Some(words), param: Some(name.clone()), ..Self::default() })
        };
        fields.as_object().unwrap_or_default().iter().find_map(words).unwrap_or_default()
    }

    /// The same, with what the server behind the provider said: OpenRouter's
    /// own words are no more than `Provider returned error`.
    fn with_source(self, members: &[(String, Value)]) -> Self {
        let metadata = members.iter().find(|(name, _)| name == "metadata");
        let source = metadata.and_then(|(_, metadata)| metadata.text("raw")).map(Self::of_text);
        match (&self.message, source.and_then(|source| source.message)) {
            (Some(words), Some(source)) => {
                Self { message: Some(shortened(&format!("{words}: {source}"), MESSAGE)), ..self }
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

    /// The status that an answer with this explanation has at other servers.
    fn status(&self) -> u16 {
        let words = [self.code.as_deref(), self.type_.as_deref()];
        let of_word = |word: &str| {
            let digits = word.get(word.len().saturating_sub(3)..)?;
            let number = Number::raw(digits).as_u64().filter(|_| is_number(digits));
            let listed = || STATUSES.iter().find(|(_, words)| is_one_of(word, words));
            match number {
                Some(status @ 400..=599) if !is_number(word) || word.len() == 3 => {
                    Some(status as u16)
                }
                _ => listed().map(|(status, _)| *status),
            }
        };
        words.into_iter().flatten().find_map(of_word).or(self.status).unwrap_or(500)
    }
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A message without the full stop at its end; none if there is no text.
fn sentence(text: &str) -> Option<String> {
    let text = text.trim();
    let text = text.strip_suffix('.').unwrap_or(text);
    (!text.is_empty()).then(|| shortened(text, MESSAGE))
}

/// The words of an error in XML, or the title of a web page.
fn markup(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let words = |tag: &&str| {
        let start = lower.find(&format!("<{tag}>"))? + tag.len() + 2;
        let rest = text.get(start..)?;
        sentence(rest.split('<').next()?)
    };
    ["message", "title", "h1"].iter().find_map(words)
}

/// A string or number as text.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => (!text.is_empty()).then(|| text.clone()),
        Value::Number(number) => Some(number.text().into()),
        _ => None,
    }
}

/// FastAPI's way to a value, `["body", "messages", 0, "content"]`, as a path.
fn location(steps: &Value) -> Option<String> {
    let mut path = String::new();
    for (index, step) in steps.as_array()?.iter().enumerate() {
        let step = scalar(step).unwrap_or_default();
        if step.is_empty() || index == 0 && step == "body" {
            continue;
        }
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(&step);
    }
    (!path.is_empty()).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(status: u16, body: &str) -> Box<Failure> {
        let head = Head { status, request_id: Some("req_1".into()), ..Head::default() };
        read(&head, body, &|param| Some(format!("<{param}>")))
    }

    #[test]
    fn openai_errors_are_read_whole() {
        let body = r#"{"error":{"message":"Incorrect API key provided: ****.","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}"#;
        assert_eq!(
            *failure(401, body),
            Failure {
                status: Some(401),
                code: Some("invalid_api_key".into()),
                request_id: Some("req_1".into()),
                request_sent: true,
                detail: Some(body.into()),
                ..*Failure::new(FailureKind::Unauthorized, "Incorrect API key provided: ****")
            }
        );
    }

    #[test]
    fn the_type_stands_in_for_an_absent_code() {
        let body = r#"{"error":{"message":"No","type":"server_error","param":null,"code":null}}"#;
        assert_eq!(failure(500, body).code.as_deref(), Some("server_error"));
    }

    #[test]
    fn numeric_codes_are_text() {
        let body = r#"{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}"#;
        let failure = failure(503, body);
        assert_eq!(failure.code.as_deref(), Some("503"));
        assert_eq!(failure.kind, FailureKind::Unavailable);
    }

    #[test]
    fn every_known_shape_has_its_message() {
        for body in [
            r#"{"error":{"message":"no such thing"}}"#,
            r#"{"error":"no such thing"}"#,
            r#"{"object":"error","message":"no such thing","code":400}"#,
            r#"{"detail":"no such thing"}"#,
            r#"{"detail":{"error":{"message":"no such thing"}}}"#,
            r#"{"detail":{"error":"no such thing"}}"#,
            r#"{"detail":[{"loc":["body","n"],"msg":"no such thing","type":"x"}]}"#,
            r#"[{"error":{"message":"no such thing."}}]"#,
            r#"{"result":null,"success":false,"errors":[{"message":"no such thing","code":5007}],"messages":[]}"#,
            r#"{"errors":["no such thing"]}"#,
            r#"{"errors":"no such thing"}"#,
            r#"{"error":{"message":{"error":{"message":"no such thing"}}}}"#,
            r#"{"error":{"message":"{\"error\":{\"message\":\"no such thing.\"}}","code":400}}"#,
            r#"{"error":{"errors":[{"message":"no such thing","domain":"global"}],"code":400}}"#,
            r#"{"error":"invalid_request","error_description":"no such thing"}"#,
            r#"{"statusCode":400,"error":"Bad Request","message":"no such thing"}"#,
            r#"{"type":"about:blank","title":"Bad Request","status":400,"detail":"no such thing"}"#,
            r#"{"title":"no such thing","status":400}"#,
            r#"{"base_resp":{"status_code":1004,"status_msg":"no such thing"}}"#,
            r#"{"detail":{"message":"no such thing","code":"x"}}"#,
            r#"{"error":null,"message":"","msg":"no such thing"}"#,
            r#"<?xml version="1.0"?><Error><Code>X</Code><Message>no such thing</Message></Error>"#,
            "<!doctype html><html><head><TITLE>no such thing</TITLE></head></html>",
            "\"no such thing\"",
            "no such thing\n",
        ] {
            assert_eq!(failure(400, body).message, "no such thing", "{body}");
        }
    }

    #[test]
    fn words_that_need_their_place_have_it() {
        let at = |body: &str, blame: &dyn Fn(&str) -> Option<String>| {
            read(&Head { status: 422, ..Head::default() }, body, blame).message
        };
        let body = r#"{"object":"error","message":{"detail":[{"type":"extra_forbidden","loc":["body","stream_options","include_usage"],"msg":"Extra inputs are not permitted"}]}}"#;
        let nobody = |_: &str| None;
        assert_eq!(
            at(body, &nobody),
            "`stream_options.include_usage`: Extra inputs are not permitted"
        );
        // The failure names the property.
        assert_eq!(at(body, &|_| Some("x".into())), "Extra inputs are not permitted");
        let fields = r#"{"title":"Invalid","errors":{"size":["is too large"]}}"#;
        assert_eq!(at(fields, &nobody), "`size`: is too large");
        let named = r#"{"error":{"message":"Unknown parameter: 'x'.","param":"x"}}"#;
        assert_eq!(at(named, &nobody), "Unknown parameter: 'x'");
    }

    #[test]
    fn what_the_server_behind_the_provider_said_is_told() {
        let body = r#"{"error":{"message":"Provider returned error","code":400,"metadata":{"raw":"{\"error\":{\"message\":\"Too long.\"}}","provider_name":"X"}}}"#;
        assert_eq!(failure(400, body).message, "Provider returned error: Too long");
    }

    #[test]
    fn an_unknown_path_is_about_the_base_url() {
        for body in [
            r#"{"detail":"Not Found"}"#,
            r#"{"error":{"message":"Invalid URL (POST /v1/models/chat)","type":"x"}}"#,
            "404 page not found",
            "",
        ] {
            let failure = read(&Head { status: 404, ..Head::default() }, body, &|_| None);
            assert_eq!(failure.kind, FailureKind::NotFound);
            assert!(failure.message.ends_with(&format!("; {BASE_URL}")), "{}", failure.message);
        }
        let failure = failure(404, r#"{"error":"model \"x\" not found, try pulling it first"}"#);
        assert_eq!(failure.message, "model \"x\" not found, try pulling it first");
        assert_eq!(failure.property.as_deref(), Some("<model>"));
    }

    #[test]
    fn what_came_instead_of_json_is_told() {
        assert!(not_json("<!doctype html>").message.contains("a web page instead of JSON"));
        assert_eq!(not_json(" ").message, "the provider's answer is empty");
        assert_eq!(not_json("über").message, "the provider's answer is not JSON");
    }

    #[test]
    fn an_answer_without_a_message_is_kept() {
        for body in ["<html>Bad gateway</html>", r#"{"error":{}}"#, "[]", r#"{"cut"#] {
            let failure = failure(502, body);
            let expected = "the provider answered with the status 502 and no explanation";
            assert_eq!(failure.message, expected);
            assert_eq!(failure.detail.as_deref(), Some(body));
        }
        assert_eq!(failure(502, "").detail, None);
        assert_eq!(failure(502, "overloaded").detail, None);
    }

    #[test]
    fn an_error_in_the_place_of_an_answer_is_told_from_an_answer_of_another_shape() {
        let error = instead("no answer", r#"{"error":{"message":"Slow down","code":429}}"#);
        assert_eq!((error.kind, error.message.as_str()), (FailureKind::RateLimited, "Slow down"));
        for other in ["{}", r#"{"error":null}"#, "[]", "<html>", ""] {
            let failure = instead("no answer", other);
            assert_eq!(failure.kind, FailureKind::InvalidOutput, "{other}");
            assert_eq!(failure.message, "no answer");
        }
    }

    #[test]
    fn an_error_inside_an_answer_has_the_kind_of_its_words() {
        for (error, kind) in [
            (r#"{"message":"x","type":"server_error","code":null}"#, FailureKind::Unavailable),
            (r#"{"message":"x"}"#, FailureKind::Unavailable),
            (r#"{"message":"x","code":"http_400"}"#, FailureKind::Refused),
            (r#"{"message":"x","code":429}"#, FailureKind::RateLimited),
            (r#"{"message":"x","code":"rate_limit_exceeded"}"#, FailureKind::RateLimited),
            (r#"{"message":"x","code":"RESOURCE_EXHAUSTED"}"#, FailureKind::RateLimited),
            (r#"{"message":"x","type":"insufficient_quota"}"#, FailureKind::QuotaExceeded),
            (r#"{"message":"x","code":"insufficient_quota"}"#, FailureKind::QuotaExceeded),
            (r#"{"message":"x","code":402}"#, FailureKind::QuotaExceeded),
            (r#"{"message":"x","code":"invalid_api_key"}"#, FailureKind::Unauthorized),
            (r#"{"message":"x","type":"permission_error"}"#, FailureKind::Forbidden),
            (r#"{"message":"x","type":"invalid_request_error"}"#, FailureKind::Refused),
            (r#"{"message":"x","code":5007}"#, FailureKind::Unavailable),
            (r#"{"message":"x","code":5007,"status":403}"#, FailureKind::Forbidden),
        ] {
            let failure = inside(&format!(r#"{{"error":{error}}}"#), &|_| None);
            assert_eq!(failure.kind, kind, "{error}");
            assert_eq!(failure.message, "x");
            assert_eq!(failure.status, None);
            assert!(failure.request_sent);
        }
    }

    #[test]
    fn statuses_have_kinds() {
        for (status, kind) in [
            (302, FailureKind::Refused),
            (400, FailureKind::Refused),
            (401, FailureKind::Unauthorized),
            (402, FailureKind::QuotaExceeded),
            (403, FailureKind::Forbidden),
            (404, FailureKind::NotFound),
            (408, FailureKind::Timeout),
            (409, FailureKind::Refused),
            (413, FailureKind::TooLarge),
            (418, FailureKind::Refused),
            (422, FailureKind::Refused),
            (429, FailureKind::RateLimited),
            (500, FailureKind::Unavailable),
            (529, FailureKind::Unavailable),
        ] {
            assert_eq!(failure(status, "").kind, kind, "{status}");
        }
    }

    #[test]
    fn no_credit_is_not_a_rate_limit() {
        for error in [
            r#"{"error":{"message":"You exceeded your quota","code":"insufficient_quota"}}"#,
            r#"{"error":{"message":"You exceeded your quota","type":"insufficient_quota","code":429}}"#,
        ] {
            assert_eq!(failure(429, error).kind, FailureKind::QuotaExceeded);
        }
        let limit = r#"{"error":{"message":"Limit","code":"billing_hard_limit_reached"}}"#;
        assert_eq!(failure(400, limit).kind, FailureKind::QuotaExceeded);
    }

    #[test]
    fn the_property_at_fault_is_named() {
        let param = r#"{"error":{"message":"Too high","param":"temperature"}}"#;
        assert_eq!(failure(400, param).property.as_deref(), Some("<temperature>"));
        let loc = r#"{"detail":[{"loc":["body","messages",0,"role"],"msg":"no"}]}"#;
        assert_eq!(failure(422, loc).property.as_deref(), Some("<messages.0.role>"));
        let model =
            r#"{"error":{"message":"No such model","param":null,"code":"model_not_found"}}"#;
        assert_eq!(failure(404, model).property.as_deref(), Some("<model>"));
    }

    #[test]
    fn a_redirect_is_about_the_base_url() {
        let location = Some("https://other.example/v1".into());
        let head = Head { status: 301, location, ..Head::default() };
        assert_eq!(
            read(&head, "", &|_| None).message,
            "the base URL redirects to https://other.example/v1, and redirects are not followed: \
             correct the base URL"
        );
    }

    #[test]
    fn the_wait_is_told_in_milliseconds() {
        let wait = |retry_after: &str, retry_after_ms: Option<&str>| {
            let head = Head {
                status: 429,
                retry_after: Some(retry_after.into()),
                retry_after_ms: retry_after_ms.map(Into::into),
                ..Head::default()
            };
            read(&head, "", &|_| None).retry_after_ms
        };
        assert_eq!(wait("20", None), Some(20_000));
        assert_eq!(wait("1", Some("480")), Some(480));
        assert_eq!(wait("0.5", None), Some(500));
        assert_eq!(wait("-1", None), None);
        assert_eq!(wait("NaN", None), None);
        assert_eq!(wait("Wed, 21 Oct 2026 07:28:00 GMT", None), None);
    }
}
