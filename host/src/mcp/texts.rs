//! Messages as the protocol's crate can read them: without a byte order mark,
//! and with U+FFFD for half of a surrogate pair, which programs write that cut a
//! text inside an emoji.

use std::borrow::Cow;

use axum::body::{Body, Bytes, HttpBody, to_bytes};
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use connector_host::{read_text, whole_surrogates};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWriteExt, BufReader, DuplexStream, duplex};

use super::LARGEST_MESSAGE;
use crate::service::Problem;

/// What waits between the client and the server, in bytes.
const BUFFER: usize = 64 << 10;

/// The lines that a client writes.
pub fn lines(input: impl AsyncRead + Send + Unpin + 'static) -> DuplexStream {
    let (mut writer, reader) = duplex(BUFFER);
    tokio::spawn(async move {
        let mut lines = BufReader::new(input).split(b'\n');
        while let Ok(Some(mut line)) = lines.next_segment().await {
            line = readable(line.into()).into();
            line.push(b'\n');
            if writer.write_all(&line).await.is_err() {
                break;
            }
        }
    });
    reader
}

/// The same request with such a body.
pub async fn body(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, LARGEST_MESSAGE).await else {
        let detail = "the message is too large, or broke off";
        return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail).into_response();
    };
    // It may be shorter now.
    parts.headers.remove(header::CONTENT_LENGTH);
    next.run(Request::from_parts(parts, Body::from(readable(bytes)))).await
}

/// What is no text stays as it is, for the protocol to refuse.
fn readable(message: Bytes) -> Bytes {
    let Ok(text) = read_text(&message) else { return message };
    match whole_surrogates(text) {
        Cow::Borrowed(text) if text.len() == message.len() => message,
        text => text.into_owned().into(),
    }
}
