//! Leniency for HTTP clients.
//!
//! The protocol requires a client to accept both JSON and server-sent events, and
//! the `rmcp` crate refuses others. Simple clients accept `*/*`, send no `Accept`
//! header, or accept only one of the two. They get what they accept.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Json, Response};
use serde_json::Value;

use super::MAX_MESSAGE;
use super::message::{Read, read, readable, too_long};

const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream";
const BOTH: HeaderValue = HeaderValue::from_static("application/json, text/event-stream");

/// Completes the `Accept` header, rejects bodies that are not messages, and sends
/// the response as JSON to a client that does not accept events.
pub async fn lenient(request: Request, next: Next) -> Response {
    let (mut parts, mut body) = request.into_parts();
    let accepts = |kind| accepts(&parts.headers, kind);
    let (json, events) = (accepts(JSON), accepts(EVENTS));
    if json || events {
        parts.headers.insert(header::ACCEPT, BOTH);
    }
    let is_post = parts.method == Method::POST;
    if is_post && is_json(&parts.headers) {
        let Ok(bytes) = to_bytes(body, MAX_MESSAGE).await else {
            return (StatusCode::PAYLOAD_TOO_LARGE, Json(too_long())).into_response();
        };
        let bytes = readable(bytes);
        // The body may have become shorter.
        parts.headers.remove(header::CONTENT_LENGTH);
        match read(&bytes) {
            Read::Message(_) => {}
            Read::Refused(answer) => {
                return (StatusCode::BAD_REQUEST, Json(answer)).into_response();
            }
            Read::Unknown => return StatusCode::ACCEPTED.into_response(),
        }
        body = Body::from(bytes);
    }
    let response = next.run(Request::from_parts(parts, body)).await;
    if is_post && json && !events { as_single_message(response).await } else { response }
}

/// Whether a client accepts a media type. Without an `Accept` header, it accepts any.
fn accepts(headers: &HeaderMap, kind: &str) -> bool {
    let mut values = headers.get_all(header::ACCEPT).iter().peekable();
    if values.peek().is_none() {
        return true;
    }
    let group = kind.split('/').next().unwrap_or_default();
    values.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).any(|range| {
        let mut parts = range.split(';').map(|part| part.trim().to_ascii_lowercase());
        let name = parts.next().unwrap_or_default();
        let is_refused = parts.any(|part| {
            let quality = part.strip_prefix("q=").and_then(|quality| quality.parse::<f32>().ok());
            quality == Some(0.0)
        });
        !is_refused && (name == "*/*" || name == kind || name == format!("{group}/*"))
    })
}

fn is_json(headers: &HeaderMap) -> bool {
    has_content_type(headers, JSON)
}

fn has_content_type(headers: &HeaderMap, kind: &str) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let name = value.and_then(|value| value.split(';').next());
    name.is_some_and(|name| name.trim().eq_ignore_ascii_case(kind))
}

/// Extracts the response message from a stream and drops its notifications.
async fn as_single_message(response: Response) -> Response {
    if !has_content_type(response.headers(), EVENTS) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let answer = match to_bytes(body, usize::MAX).await {
        Ok(bytes) => answer(&String::from_utf8_lossy(&bytes)),
        Err(_) => None,
    };
    let Some(answer) = answer else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(JSON));
    Response::from_parts(parts, Body::from(answer.to_string()))
}

/// Returns the response among server-sent events. Each event is a message on one
/// line.
fn answer(events: &str) -> Option<Value> {
    let messages = events.lines().filter_map(|line| {
        let data = line.strip_prefix("data:")?;
        serde_json::from_str::<Value>(data).ok()
    });
    let is_answer = |message: &Value| {
        message.get("id").is_some() && (message.get("result").or(message.get("error"))).is_some()
    };
    messages.rev().find(is_answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accept_headers_are_parsed() {
        for (accept, json, events) in [
            (None, true, true),
            (Some("*/*"), true, true),
            (Some("application/json"), true, false),
            (Some("Application/JSON;q=0.5"), true, false),
            (Some("text/event-stream"), false, true),
            (Some("text/*, application/*"), true, true),
            (Some("text/html, */*;q=0.1"), true, true),
            (Some("text/html"), false, false),
            (Some("application/json;q=0"), false, false),
        ] {
            let mut headers = HeaderMap::new();
            headers.extend(accept.map(|accept| (header::ACCEPT, accept.parse().unwrap())));
            assert_eq!(
                (accepts(&headers, JSON), accepts(&headers, EVENTS)),
                (json, events),
                "{accept:?}"
            );
        }
    }

    #[test]
    fn the_response_is_the_last_message_with_an_id() {
        let events = "data: \nid: 0\nretry: 3000\n\n\
                      data: {\"method\":\"notifications/progress\"}\n\n\
                      : alive\n\ndata: {\"id\":1,\"result\":{}}\n\n";
        assert_eq!(answer(events).unwrap()["id"], 1);
        assert_eq!(answer(": alive\n\n"), None);
    }
}
