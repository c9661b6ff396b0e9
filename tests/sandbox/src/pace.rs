//! Bodies that are sent in steps rather than at once.

use std::io;
use std::time::Duration;

use axum::body::Body;
use axum::body::Bytes;
use axum::http::HeaderValue;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use futures_util::stream;

/// One step of sending a body.
#[derive(Debug)]
pub(crate) enum Step {
    /// Sends these bytes as a chunk.
    Send(Bytes),
    /// Sends nothing for a while.
    Wait(Duration),
    /// Breaks the connection.
    Break,
}

/// A body that consists of these steps. Its length is unknown.
pub(crate) fn body(steps: Vec<Step>) -> Body {
    Body::from_stream(stream::unfold(steps.into_iter(), |mut steps| async {
        loop {
            match steps.next()? {
                Step::Send(bytes) => return Some((Ok(bytes), steps)),
                Step::Wait(pause) => tokio::time::sleep(pause).await,
                Step::Break => return Some((Err(io::Error::other("scripted")), steps)),
            }
        }
    }))
}

/// A body of chunks with a pause between them.
pub(crate) fn chunks(chunks: Vec<Bytes>, pause: Duration) -> Body {
    body(spaced(chunks.into_iter(), pause))
}

/// The steps that send chunks with a pause after each.
pub(crate) fn spaced(chunks: impl Iterator<Item = Bytes>, pause: Duration) -> Vec<Step> {
    // A timer takes a while even for a duration of zero.
    let wait = || (!pause.is_zero()).then_some(Step::Wait(pause));
    chunks.flat_map(|chunk| [Some(Step::Send(chunk)), wait()]).flatten().collect()
}

/// A response that consists of these server-sent events.
pub(crate) fn events(events: Vec<String>, pause: Duration) -> Response {
    let body = chunks(events.into_iter().map(Bytes::from).collect(), pause);
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// An event that consists of data only.
pub(crate) fn data(data: &serde_json::Value) -> String {
    format!("data: {data}\n\n")
}

/// An event named after the `type` of its data.
pub(crate) fn named(name: &str, data: &serde_json::Value) -> String {
    format!("event: {name}\ndata: {data}\n\n")
}
