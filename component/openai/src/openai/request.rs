//! Sending requests and taking answers.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use super::error::{self, Head};
use super::stream::Stream;
use crate::allocator::free_text;
use crate::bindings::workflow::connector::events::Event;
use crate::bindings::workflow::connector::{events, files, http, types};
use crate::failure::{Failure, FailureKind, Result};
use crate::json::Json;

/// A `GET` of `path`.
pub fn get(path: &str) -> http::Request<'static> {
    http::Request {
        method: http::Method::Get,
        path: path.into(),
        query: Vec::new(),
        headers: Vec::new(),
        body: http::Body::None,
    }
}

/// A `POST` of a JSON body to `path`.
pub fn post(path: &str, body: Json) -> http::Request<'static> {
    http::Request { method: http::Method::Post, body: http::Body::Json(body.text()), ..get(path) }
}

/// Stands in JSON where a file belongs. JSON text never holds this character
/// itself (RFC 8259 §7).
pub const FILE: char = '\0';

/// A `POST` of a JSON body to `path`. Where [`FILE`] stands in the body, the
/// host puts the next file as base64.
pub fn post_with_files<'a>(path: &str, body: &str, files: &'a [files::File]) -> http::Request<'a> {
    let mut files = files.iter();
    let mut pieces = Vec::new();
    for text in body.split(FILE) {
        if !pieces.is_empty() {
            pieces.extend(files.next().map(http::JsonPiece::File));
        }
        pieces.push(http::JsonPiece::Text(text.into()));
    }
    http::Request {
        method: http::Method::Post,
        body: http::Body::JsonWithFiles(pieces),
        ..get(path)
    }
}

/// Frees a request of [`post_with_files`].
pub fn free_request(request: http::Request) {
    if let http::Body::JsonWithFiles(pieces) = request.body {
        for piece in pieces {
            if let http::JsonPiece::Text(text) = piece {
                free_text(text);
            }
        }
    }
}

/// Sends a request. `blame` finds the property that an error's `param` means.
pub fn send(request: &http::Request, blame: &dyn Fn(&str) -> Option<String>) -> Result<Answer> {
    let response = http::send(request)?;
    let status = response.status();
    if (200..300).contains(&status) {
        let request_id = response.header("x-request-id");
        return Ok(Answer { response, status, request_id });
    }
    let head = Head {
        status,
        request_id: response.header("x-request-id"),
        retry_after: response.header("retry-after"),
        retry_after_ms: response.header("retry-after-ms"),
        location: response.header("location"),
    };
    // That a body cannot be read matters less than the status.
    let body = response.text().unwrap_or_default();
    Err(error::read(&head, &body, blame))
}

/// An answer with a 2xx status, its body still to come.
pub struct Answer {
    /// The provider's id of the request.
    pub request_id: Option<String>,
    status: u16,
    response: http::Response,
}

impl Answer {
    /// The body as JSON text, with embedded files stored.
    pub fn json(&self, embedded: Option<&http::EmbeddedFiles>) -> Result<String> {
        self.response.json(embedded).map_err(|failure| {
            let is_other = failure.kind == FailureKind::InvalidOutput;
            self.told(match &failure.detail {
                Some(body) if is_other && error::is_blank_or_page(body) => error::not_json(body),
                _ => failure.into(),
            })
        })
    }

    /// The body as JSON text, also if the server answers with a stream of
    /// events that nobody asked for, of which `collect` makes the text.
    pub fn json_or_events(
        &self,
        blame: &dyn Fn(&str) -> Option<String>,
        collect: fn(&mut Stream) -> Result<String>,
    ) -> Result<String> {
        self.json(None).or_else(|failure| match failure.kind {
            FailureKind::InvalidOutput => self.collect(None, blame, collect).map_err(|other| {
                // Without a detail there was no event.
                match other.kind {
                    FailureKind::InvalidOutput if other.detail.is_none() => failure,
                    _ => other,
                }
            }),
            _ => Err(failure),
        })
    }

    /// Whether the body has this media type.
    pub fn has_type(&self, media_type: &str) -> bool {
        let own = self.response.header("content-type").unwrap_or_default();
        own.to_ascii_lowercase().starts_with(media_type)
    }

    /// The body, a stream of events, as the JSON text that `collect` makes of
    /// it. Embedded files are stored; `blame` is as for [`send`].
    pub fn collect(
        &self,
        embedded: Option<&http::EmbeddedFiles>,
        blame: &dyn Fn(&str) -> Option<String>,
        collect: fn(&mut Stream) -> Result<String>,
    ) -> Result<String> {
        let mut data = || {
            let Some(event) = self.response.next_event(embedded)? else { return Ok(None) };
            if event.name == "error" {
                return Err(error::inside(&event.data, blame));
            }
            free_text(event.name);
            Ok(Some(event.data))
        };
        let is_heard = events::streaming();
        let mut tell = |event| {
            if is_heard {
                events::emit(&event).map_err(Failure::stopped)?;
            }
            if let Event::TextDelta(delta) = event {
                free_text(delta.text);
            }
            Ok(())
        };
        let mut stream = Stream { data: &mut data, tell: &mut tell, blame };
        collect(&mut stream).map_err(|failure| self.told(failure))
    }

    /// The body as text.
    pub fn text(&self) -> Result<String> {
        self.response.text().map_err(|failure| self.told(failure.into()))
    }

    /// The body as a stored file.
    pub fn save(&self, name: &str, mime_type: &str) -> Result<types::FileEntry> {
        self.response.save(name, mime_type).map_err(|failure| self.told(failure.into()))
    }

    /// A failure after this answer began, with what is known of it.
    pub fn told(&self, failure: Box<Failure>) -> Box<Failure> {
        failure.answered(self.status, self.request_id.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_post_carries_json() {
        let request = post("/chat/completions", Json::raw(r#"{"a":1}"#));
        assert_eq!(request.path, "/chat/completions");
        assert!(matches!(request.method, http::Method::Post));
        assert!(matches!(request.body, http::Body::Json(text) if text == r#"{"a":1}"#));
    }
}
