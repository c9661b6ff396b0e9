//! The requests that the sandbox received, as sent over the wire.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Mutex;

use axum::http::HeaderMap;
use serde_json::Value;

use crate::locked;

/// The maximum number of bytes kept from one part or one raw body.
const KEPT_BYTES: usize = 1024 * 1024;

/// A request that the sandbox received.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// The client's address: requests with the same address share a connection.
    pub peer: SocketAddr,
    /// The method, in upper case.
    pub method: String,
    /// The path, still percent-encoded.
    pub path: String,
    /// The query after the `?`, if there is one.
    pub query: Option<String>,
    /// Every header in order of arrival. Names are in lower case, and a name
    /// that was sent twice occurs twice.
    pub headers: Vec<(String, String)>,
    /// The body, parsed according to its content type.
    pub body: Body,
    /// The status of the response; `None` until it begins, or if the connection
    /// was closed without one.
    pub status: Option<u16>,
}

impl Recorded {
    /// The first value of a header. The name must be in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.header_values(name).next()
    }

    /// Every value of a header. The name must be in lower case.
    pub fn header_values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The body if it was JSON.
    pub fn json(&self) -> Option<&Value> {
        match &self.body {
            Body::Json(value) => Some(value),
            _ => None,
        }
    }

    /// The parts of the body if it was a form, otherwise none.
    pub fn parts(&self) -> &[Part] {
        match &self.body {
            Body::Multipart(parts) => parts,
            _ => &[],
        }
    }
}

/// A request's body.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// Empty.
    Empty,
    /// Valid `application/json`.
    Json(Value),
    /// Valid `multipart/form-data`.
    Multipart(Vec<Part>),
    /// Anything else, limited to the first MiB.
    Raw(Vec<u8>),
}

/// One part of a `multipart/form-data` body.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// The field's name.
    pub name: String,
    /// The file name, if the part is a file.
    pub filename: Option<String>,
    /// The content type of the part.
    pub content_type: Option<String>,
    /// The content; in a record, limited to the first MiB.
    pub bytes: Vec<u8>,
    /// The length of the complete content.
    pub len: usize,
}

impl Part {
    /// The content as text, if it is complete and valid UTF-8.
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok().filter(|text| text.len() == self.len)
    }
}

impl Body {
    /// A copy with long contents truncated.
    fn excerpt(&self) -> Body {
        match self {
            Body::Multipart(parts) => Body::Multipart(parts.iter().map(Part::excerpt).collect()),
            Body::Raw(bytes) => Body::Raw(head(bytes)),
            Body::Json(_) | Body::Empty => self.clone(),
        }
    }
}

impl Part {
    fn excerpt(&self) -> Part {
        Part {
            name: self.name.clone(),
            filename: self.filename.clone(),
            content_type: self.content_type.clone(),
            bytes: head(&self.bytes),
            len: self.len,
        }
    }
}

fn head(bytes: &[u8]) -> Vec<u8> {
    bytes.get(..KEPT_BYTES).unwrap_or(bytes).to_vec()
}

/// The latest requests, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    limit: usize,
    pages: Mutex<Pages>,
}

#[derive(Debug, Default)]
struct Pages {
    /// The number of the oldest request kept.
    first: u64,
    requests: VecDeque<Recorded>,
}

/// The number of a request in the journal.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry(u64);

impl Journal {
    /// A journal that keeps the latest `limit` requests.
    pub(crate) fn new(limit: usize) -> Journal {
        Journal { limit, pages: Mutex::default() }
    }

    /// Records a request; [`Journal::answered`] sets its status later.
    pub(crate) fn open(
        &self,
        peer: SocketAddr,
        request: &axum::http::request::Parts,
        body: &Body,
    ) -> Entry {
        let recorded = Recorded {
            peer,
            method: request.method.to_string(),
            path: request.uri.path().to_owned(),
            query: request.uri.query().map(str::to_owned),
            headers: header_list(&request.headers),
            body: body.excerpt(),
            status: None,
        };
        let mut pages = locked(&self.pages);
        pages.requests.push_back(recorded);
        let entry = Entry(pages.next() - 1);
        if self.limit < pages.requests.len() {
            pages.requests.pop_front();
            pages.first += 1;
        }
        entry
    }

    pub(crate) fn answered(&self, entry: Entry, status: u16) {
        let mut pages = locked(&self.pages);
        let Some(index) = entry.0.checked_sub(pages.first) else { return };
        if let Some(recorded) = pages.requests.get_mut(index as usize) {
            recorded.status = Some(status);
        }
    }

    pub(crate) fn requests(&self) -> Vec<Recorded> {
        locked(&self.pages).requests.iter().cloned().collect()
    }

    pub(crate) fn clear(&self) {
        let mut pages = locked(&self.pages);
        // Numbering continues, so that a request in progress cannot set its
        // status on a later one.
        pages.first = pages.next();
        pages.requests.clear();
    }
}

impl Pages {
    fn next(&self) -> u64 {
        self.first + self.requests.len() as u64
    }
}

fn header_list(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(journal: &Journal, path: &str) -> Entry {
        let (parts, ()) = axum::http::Request::get(path).body(()).unwrap().into_parts();
        journal.open(([127, 0, 0, 1], 1).into(), &parts, &Body::Empty)
    }

    #[test]
    fn the_oldest_requests_are_forgotten() {
        let journal = Journal::new(2);
        let entries: Vec<Entry> =
            ["/a", "/b", "/c"].iter().map(|path| open(&journal, path)).collect();
        for (entry, status) in entries.iter().zip([201, 202, 203]) {
            journal.answered(*entry, status);
        }
        let kept: Vec<_> =
            journal.requests().into_iter().map(|request| (request.path, request.status)).collect();
        assert_eq!(kept, [("/b".to_owned(), Some(202)), ("/c".to_owned(), Some(203))]);
    }

    #[test]
    fn a_late_status_does_not_reach_the_next_request() {
        let journal = Journal::new(10);
        let late = open(&journal, "/late");
        journal.clear();
        open(&journal, "/next");
        journal.answered(late, 200);
        assert_eq!(journal.requests()[0].status, None);
    }

    #[test]
    fn long_parts_are_truncated_but_their_length_is_kept() {
        let part = Part {
            name: "file".to_owned(),
            filename: None,
            content_type: None,
            bytes: vec![7; KEPT_BYTES + 5],
            len: KEPT_BYTES + 5,
        };
        let excerpt = part.excerpt();
        assert_eq!((excerpt.bytes.len(), excerpt.len), (KEPT_BYTES, KEPT_BYTES + 5));
        assert_eq!(excerpt.text(), None);
    }
}
