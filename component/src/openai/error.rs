//! Answers that are errors.
//!
//! OpenAI sends `{"error": {"message", "type", "param", "code"}}`. Servers
//! that speak its protocol differ: numeric codes, `{"error": "text"}`,
//! `{"message": …}`, FastAPI's `{"detail": …}`, plain text, HTML. All of them
//! are read, and the answer itself is never lost.

use alloc::boxed::Box;
use alloc::string::String;

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

/// The failure that an answer with another status than 2xx means. `blame`
/// finds the property that a `param` means.
pub fn read(head: &Head, body: &str, blame: &dyn Fn(&str) -> Option<String>) -> Box<Failure> {
    let body = body.trim_ascii();
    let explanation = Explanation::of(body);
    let code = explanation.code.or(explanation.type_.clone());
    let kind = kind(head.status, code.as_deref(), explanation.type_.as_deref());
    let param = explanation.param.as_deref();
    let property = param.and_then(blame).or_else(|| match code.as_deref() {
        Some("model_not_found") => blame("model"),
        _ => None,
    });
    let message = match head.status {
        300..=399 => redirected(head),
        status => explanation.message.unwrap_or_else(|| {
            let status = decimal(status.into());
            format!("the provider answered with the status {status} and no explanation")
        }),
    };
    let detail = if body == message { "" } else { body };

    let mut failure = Failure::new(kind, message).with_detail(detail);
    failure.property = property;
    failure.code = code;
    failure.retry_after_ms = retry_after_ms(head);
    failure.answered(head.status, head.request_id.as_deref())
}

/// The failure that an error inside an answer means, which had begun well.
/// `blame` is as for [`read`].
pub fn inside(body: &str, blame: &dyn Fn(&str) -> Option<String>) -> Box<Failure> {
    let explanation = Explanation::of(body);
    let code = explanation.code.or(explanation.type_.clone()).unwrap_or_default();
    // The status that the answer would have had.
    let status = match (Number::raw(&code).as_u64(), code.as_str(), explanation.type_.as_deref()) {
        (Some(status @ 400..=599), _, _) => status as u16,
        (_, "rate_limit_exceeded", _) => 429,
        (_, _, Some("invalid_request_error")) => 400,
        _ => 500,
    };
    let mut failure = read(&Head { status, ..Head::default() }, body, blame);
    failure.status = None;
    failure
}

/// The failure that an answer means which is not the one that was asked for:
/// the error that stands in its place, else what `message` says.
pub fn instead(message: &str, answer: &str) -> Box<Failure> {
    let value = Value::parse(answer).unwrap_or(Value::Null);
    match value.get("error") {
        None | Some(Value::Null) => Failure::invalid_output(message, answer),
        Some(_) => inside(answer, &|_| None),
    }
}

fn kind(status: u16, code: Option<&str>, type_: Option<&str>) -> FailureKind {
    let is_out_of_credit = |text| {
        matches!(text, "insufficient_quota" | "billing_hard_limit_reached" | "billing_not_active")
    };
    match status {
        402 => FailureKind::QuotaExceeded,
        400..=499 if code.is_some_and(is_out_of_credit) || type_.is_some_and(is_out_of_credit) => {
            FailureKind::QuotaExceeded
        }
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
}

impl Explanation {
    fn of(body: &str) -> Self {
        match Value::parse(body) {
            Some(value) => Self::of_json(&value),
            None if body.starts_with(['<', '{', '[']) => Self::default(),
            None => Self { message: sentence(body), ..Self::default() },
        }
    }

    fn of_json(value: &Value) -> Self {
        let inner = ["error", "detail"].iter().find_map(|name| value.get(name));
        match (inner, value) {
            (Some(inner), _) if *inner != Value::Null => Self::of_json(inner),
            (_, Value::Text(text)) => Self { message: sentence(text), ..Self::default() },
            (_, Value::List(items)) => items.first().map(Self::of_json).unwrap_or_default(),
            (_, value) => Self {
                message: ["message", "msg"].iter().find_map(|name| sentence(value.text(name)?)),
                code: value.get("code").and_then(scalar),
                type_: value.get("type").and_then(scalar),
                param: value.get("param").and_then(scalar).or_else(|| location(value.get("loc")?)),
            },
        }
    }
}

/// A message without the full stop at its end; none if there is no text.
fn sentence(text: &str) -> Option<String> {
    let text = text.trim_ascii();
    let text = text.strip_suffix('.').unwrap_or(text);
    (!text.is_empty()).then(|| shortened(text, MESSAGE))
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
            "\"no such thing\"",
            "no such thing\n",
        ] {
            assert_eq!(failure(400, body).message, "no such thing", "{body}");
        }
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
            (r#"{"message":"x","type":"insufficient_quota"}"#, FailureKind::Unavailable),
            (r#"{"message":"x","type":"invalid_request_error"}"#, FailureKind::Refused),
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
