//! Scripted faults: what the sandbox does instead of, or in addition to, a
//! proper response.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use axum::body::Body;
use axum::body::HttpBody;
use axum::http::HeaderMap;
use axum::http::HeaderName;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use serde_json::json;

use crate::locked;
use crate::pace;
use crate::pace::Step;

/// What happens to one request. A fault precedes every check, so it also
/// affects a request without a key.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// This response, whatever the request is.
    Status {
        /// The status.
        status: u16,
        /// Additional headers. They replace defaults such as the content type
        /// (`application/json`).
        headers: Vec<(String, String)>,
        /// The body, byte for byte.
        body: Vec<u8>,
    },
    /// A pause, then the proper response.
    Delay(Duration),
    /// The connection is closed without a response.
    HangUp,
    /// The proper response, but the connection is closed after this many bytes
    /// of its body. The head announces the full length, if it is known.
    CutBody {
        /// The number of body bytes that are sent.
        after: usize,
    },
    /// The proper response, but with a pause after this many bytes.
    Stall {
        /// The number of body bytes that are sent before the pause.
        after: usize,
        /// The length of the pause.
        pause: Duration,
    },
    /// The proper response, but its body is sent in pieces of this size, which
    /// may split events, escapes and characters.
    Pieces {
        /// The number of bytes in each piece; the last may be shorter.
        size: usize,
        /// The pause after each piece. Without one, pieces of a response that
        /// is not a stream arrive together.
        pause: Duration,
    },
    /// An error whose message and body repeat the `Authorization` header, as
    /// careless servers and proxies do.
    EchoAuthorization {
        /// The status.
        status: u16,
    },
}

impl Fault {
    /// A status with an error body in OpenAI's format.
    pub fn error(status: u16, code: &str, message: &str) -> Fault {
        let kind = match status {
            429 => "requests",
            500.. => "server_error",
            _ => "invalid_request_error",
        };
        let body = json!({"error": {
            "message": message, "type": kind, "param": null, "code": code,
        }});
        Fault::Status { status, headers: Vec::new(), body: body.to_string().into_bytes() }
    }

    /// A status with a text body, like that of a proxy.
    pub fn text(status: u16, body: &str) -> Fault {
        Fault::Status {
            status,
            headers: vec![("content-type".to_owned(), "text/plain".to_owned())],
            body: body.as_bytes().to_vec(),
        }
    }

    /// Adds a header to a [`Fault::Status`]; any other fault is returned
    /// unchanged, because it has no headers.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Fault {
        if let Fault::Status { headers, .. } = &mut self {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }
}

/// The queue of faults that wait for requests.
#[derive(Debug, Default)]
pub(crate) struct Script(Mutex<VecDeque<Fault>>);

impl Script {
    pub(crate) fn push(&self, fault: Fault) {
        locked(&self.0).push_back(fault);
    }

    pub(crate) fn next(&self) -> Option<Fault> {
        locked(&self.0).pop_front()
    }

    pub(crate) fn clear(&self) {
        locked(&self.0).clear();
    }
}

/// The response of [`Fault::Status`].
pub(crate) fn status(code: u16, headers: &[(String, String)], body: Vec<u8>) -> Response {
    let mut response = (status_code(code), body).into_response();
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    // The first header of a name replaces a default; later ones are added.
    let mut own = HeaderMap::new();
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) =
            (HeaderName::try_from(name.as_str()), HeaderValue::try_from(value.as_str()))
        {
            own.append(name, value);
        }
    }
    response.headers_mut().extend(own);
    response
}

/// The response of [`Fault::EchoAuthorization`].
pub(crate) fn echo_authorization(code: u16, headers: &HeaderMap) -> Response {
    let sent: Vec<_> = headers
        .get_all(header::AUTHORIZATION)
        .iter()
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .collect();
    let sent = sent.join(", ");
    let body = json!({
        "error": {
            "message": format!("Incorrect API key provided: {sent}."),
            "type": "invalid_request_error",
            "param": null,
            "code": "invalid_api_key",
        },
        "request": {"headers": {"authorization": sent}},
    });
    (status_code(code), axum::Json(body)).into_response()
}

/// Sends the first `after` bytes of a body, then breaks the connection.
pub(crate) async fn cut(response: Response, after: usize) -> Response {
    // The pause lets the bytes before the break leave the buffers.
    let flush = Duration::from_millis(20);
    resend(response, |bytes| {
        let head = bytes.slice(..after.min(bytes.len()));
        vec![Step::Send(head), Step::Wait(flush), Step::Break]
    })
    .await
}

/// Sends the first `after` bytes of a body, waits, and sends the rest.
pub(crate) async fn stall(response: Response, after: usize, pause: Duration) -> Response {
    resend(response, |mut bytes| {
        let head = bytes.split_to(after.min(bytes.len()));
        vec![Step::Send(head), Step::Wait(pause), Step::Send(bytes)]
    })
    .await
}

/// Sends a body in pieces of `size` bytes.
pub(crate) async fn shred(response: Response, size: usize, pause: Duration) -> Response {
    resend(response, |bytes| {
        let pieces = bytes.chunks(size.max(1)).map(|piece| bytes.slice_ref(piece));
        pace::spaced(pieces, pause)
    })
    .await
}

/// Replaces a body with steps made from its bytes; the `Content-Length` stays the same.
async fn resend(
    response: Response,
    steps: impl FnOnce(axum::body::Bytes) -> Vec<Step>,
) -> Response {
    let (mut head, body) = response.into_parts();
    if let Some(length) = body.size_hint().exact() {
        head.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    // The sandbox's own bodies are in memory and cannot fail.
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    Response::from_parts(head, pace::body(steps(bytes)))
}

/// A response for a connection that will not transmit it.
pub(crate) fn nothing() -> Response {
    Response::new(Body::empty())
}

fn status_code(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
