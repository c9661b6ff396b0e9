//! What all endpoints of the API have in common: how a request looks, what an
//! error says.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::bindings::workflow::connector::http::{self, Body, Method, Request, Response};
use crate::bindings::workflow::connector::types::{Failure, FailureKind};

/// The version of the API that is spoken. Each request must name it.
const VERSION: (&str, &str) = ("anthropic-version", "2023-06-01");

/// A request that reads.
pub fn get(path: &str, query: &[(&str, &str)]) -> Request<'static> {
    let query = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Request { query: query.collect(), ..request(Method::Get, path, Body::None) }
}

/// A request that sends JSON.
pub fn post(path: &str, body: &impl Serialize) -> Result<Request<'static>, Failure> {
    let body = serde_json::to_string(body)
        .map_err(|error| failure(FailureKind::Internal, format!("no request: {error}")))?;
    Ok(request(Method::Post, path, Body::Json(body)))
}

fn request(method: Method, path: &str, body: Body<'static>) -> Request<'static> {
    let (name, value) = VERSION;
    Request {
        method,
        path: path.to_owned(),
        query: Vec::new(),
        headers: vec![(name.to_owned(), value.to_owned())],
        body,
    }
}

/// Sends a request. An answer that is an error is a failure.
pub fn send(request: Request<'static>) -> Result<Response, Failure> {
    let response = http::send(&request)?;
    match response.status() {
        200..300 => Ok(response),
        status => {
            let body = response.text()?;
            Err(Failure { request_id: request_id(&response), ..refusal(status, &body) })
        }
    }
}

/// The provider's id of the request.
pub fn request_id(response: &Response) -> Option<String> {
    response.header("request-id")
}

/// An answer's body.
pub fn read<T: DeserializeOwned>(response: &Response) -> Result<T, Failure> {
    let body = response.json(None)?;
    serde_json::from_str(&body).map_err(|error| {
        let message = format!("the provider's answer is not what the API describes: {error}");
        failure(FailureKind::InvalidOutput, message)
    })
}

/// The input that the host hands over.
pub fn parse<T: DeserializeOwned>(input: &str) -> Result<T, Failure> {
    serde_json::from_str(input).map_err(|error| {
        failure(FailureKind::InvalidInput, format!("the input is not what was described: {error}"))
    })
}

/// A failure without more than its kind and its message. The host adds whether
/// something was sent, and how long the provider asks to wait.
pub fn failure(kind: FailureKind, message: impl Into<String>) -> Failure {
    Failure {
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
    }
}

/// What an answer with the status of an error says.
fn refusal(status: u16, body: &str) -> Failure {
    let said = serde_json::from_str(body).unwrap_or(Value::Null);
    let told = explained(said.get("error"), kind_of_status(status));
    let (message, detail) = match told.message.as_str() {
        "" => {
            let message = format!("the provider answered with the status {status}");
            (message, (!body.is_empty()).then(|| body.to_owned()))
        }
        message => (message.to_owned(), None),
    };
    Failure { status: Some(status), message, detail, ..told }
}

/// What an `error` of the API says, in an answer or in the middle of a stream.
pub fn explained(error: Option<&Value>, otherwise: FailureKind) -> Failure {
    let text = |name: &str| error?.get(name)?.as_str();
    let code = text("type");
    let message = text("message").unwrap_or_default().trim_end_matches('.');
    let kind = match code {
        // The API has no error of its own for it.
        _ if message.contains("credit balance") => FailureKind::QuotaExceeded,
        Some("authentication_error") => FailureKind::Unauthorized,
        Some("billing_error") => FailureKind::QuotaExceeded,
        Some("permission_error") => FailureKind::Forbidden,
        Some("not_found_error") => FailureKind::NotFound,
        Some("request_too_large") => FailureKind::TooLarge,
        Some("rate_limit_error") => FailureKind::RateLimited,
        Some("api_error" | "overloaded_error" | "timeout_error") => FailureKind::Unavailable,
        _ => otherwise,
    };
    Failure { property: property(message), code: code.map(str::to_owned), ..failure(kind, message) }
}

fn kind_of_status(status: u16) -> FailureKind {
    match status {
        401 => FailureKind::Unauthorized,
        402 => FailureKind::QuotaExceeded,
        403 => FailureKind::Forbidden,
        404 => FailureKind::NotFound,
        413 => FailureKind::TooLarge,
        429 => FailureKind::RateLimited,
        500.. => FailureKind::Unavailable,
        _ => FailureKind::Refused,
    }
}

/// The property that a message begins with, as in `messages.0.content: …`.
fn property(message: &str) -> Option<String> {
    let (place, _) = message.split_once(": ")?;
    let mut steps = place.split('.');
    let mut path = match steps.next()? {
        "max_tokens" => "maxTokens",
        "stop_sequences" => "stopSequences",
        // That is where the schema goes.
        "tools" => return Some("responseSchema".to_owned()),
        name @ ("messages" | "model" | "system" | "temperature") => name,
        _ => return None,
    }
    .to_owned();
    for step in steps {
        match step.parse::<u32>() {
            Ok(index) => path += &format!("[{index}]"),
            Err(_) => path += &format!(".{step}"),
        }
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(kind: &str, message: &str) -> String {
        format!(r#"{{"type":"error","error":{{"type":"{kind}","message":"{message}"}}}}"#)
    }

    #[test]
    fn each_error_of_the_api_has_its_kind() {
        for (status, code, kind) in [
            (400, "invalid_request_error", FailureKind::Refused),
            (401, "authentication_error", FailureKind::Unauthorized),
            (402, "billing_error", FailureKind::QuotaExceeded),
            (403, "permission_error", FailureKind::Forbidden),
            (404, "not_found_error", FailureKind::NotFound),
            (413, "request_too_large", FailureKind::TooLarge),
            (429, "rate_limit_error", FailureKind::RateLimited),
            (500, "api_error", FailureKind::Unavailable),
            (504, "timeout_error", FailureKind::Unavailable),
            (529, "overloaded_error", FailureKind::Unavailable),
        ] {
            let failure = refusal(status, &error(code, "So it is."));
            assert_eq!(failure.kind, kind, "{code}");
            assert_eq!(failure.message, "So it is");
            assert_eq!((failure.status, failure.code.as_deref()), (Some(status), Some(code)));
            // And the status alone says the same.
            assert_eq!(refusal(status, "").kind, kind, "{status}");
        }
    }

    #[test]
    fn an_empty_account_is_not_a_refusal() {
        let message = "Your credit balance is too low to access the Anthropic API";
        let failure = refusal(400, &error("invalid_request_error", message));
        assert_eq!(failure.kind, FailureKind::QuotaExceeded);
    }

    #[test]
    fn an_answer_without_an_explanation_is_kept() {
        for body in ["<html>Bad Gateway</html>", "{}", r#"{"error":"no"}"#] {
            let failure = refusal(502, body);
            assert_eq!(failure.message, "the provider answered with the status 502");
            assert_eq!(failure.detail.as_deref(), Some(body));
        }
        assert_eq!(refusal(502, "").detail, None);
    }

    #[test]
    fn the_property_at_fault_is_named() {
        for (message, expected) in [
            ("max_tokens: 9 is too many", Some("maxTokens")),
            ("messages.0.content: is empty", Some("messages[0].content")),
            ("messages: at least one", Some("messages")),
            ("tools.0.custom.input_schema: no schema", Some("responseSchema")),
            ("thinking: no", None),
            ("temperature is high", None),
        ] {
            let failure = refusal(400, &error("invalid_request_error", message));
            assert_eq!(failure.property.as_deref(), expected, "{message}");
        }
    }
}
