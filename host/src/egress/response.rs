//! A response on its way in: capped, free of the credential, streamed.

use std::collections::VecDeque;
use std::io::{self, BufRead as _, BufReader, Read};
use std::mem;
use std::time::Duration;

use serde::de::IgnoredAny;
use ureq::http;
use ureq::{BodyReader, Timeout};

use crate::failure::{Failure, FailureKind};
use crate::files::{FileEntry, RunFiles};

use super::embedded::{self, EmbeddedFiles, Stored};
use super::event_stream::{EventStream, ServerSentEvent};
use super::headers;
use super::progress::Progress;
use super::redact::{Redacting, Redactor};
use super::socket;

/// The byte order mark, which some servers put in front of their answers.
const MARK: &[u8] = "\u{feff}".as_bytes();
/// How much of an answer that could not be read is kept for the failure.
const DETAIL: usize = 2 * 1024;
const CHUNK: usize = 64 * 1024;
/// How much of an error answer is looked at before it is read.
const PEEKED: usize = 16 * 1024;
/// How much is read of a stream of events at once, at least and at most. A
/// stream is waited for most of its time, with room for so much in memory; one
/// that brings a file fills it and is given more.
const LEAST_AHEAD: usize = 1024;
const MOST_AHEAD: usize = 16 * 1024;

/// How large a body may be that is parsed, in bytes.
#[derive(Clone, Copy)]
pub(crate) struct ParseLimit {
    /// All of it.
    pub whole: u64,
    /// What stands in memory at the same time: all but the files that are
    /// stored already; of events, one.
    pub held: u64,
}

/// A response, its body still to come.
pub struct Response {
    status: u16,
    headers: Vec<(String, String)>,
    body: Redacting<BodyReader<'static>>,
    /// The longest silence in it.
    silence: Duration,
    announced: Option<u64>,
    read: u64,
    /// What was looked at before it was read.
    peeked: VecDeque<u8>,
    events: EventStream,
    /// How much of it is read next.
    ahead: usize,
    /// What was embedded in it.
    stored: Stored,
}

impl Response {
    pub(super) fn new(
        response: http::Response<ureq::Body>,
        redactor: Redactor,
        silence: Duration,
    ) -> Self {
        let (head, body) = response.into_parts();
        let announced = body.content_length();
        Self {
            status: head.status.as_u16(),
            headers: headers::visible(&head.headers, &redactor),
            body: Redacting::new(body.into_reader(), redactor),
            silence,
            announced,
            read: 0,
            peeked: VecDeque::new(),
            events: EventStream::default(),
            ahead: LEAST_AHEAD,
            stored: Stored::default(),
        }
    }

    pub(crate) fn status(&self) -> u16 {
        self.status
    }

    /// How the body begins, without taking it. A body that breaks off there
    /// fails when it is read.
    pub(super) fn peek(&mut self) -> &[u8] {
        let mut chunk = vec![0; PEEKED - self.peeked.len()];
        while let Ok(count @ 1..) = self.receive(&mut chunk) {
            self.peeked.extend(chunk.iter().take(count));
            chunk.truncate(PEEKED - self.peeked.len());
        }
        self.peeked.make_contiguous()
    }

    /// The values of a header, joined as RFC 9110 §5.2 says.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let values: Vec<&str> = self
            .headers
            .iter()
            .filter(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
            .collect();
        if values.is_empty() { None } else { Some(values.join(", ")) }
    }

    /// The next bytes, none at the end.
    pub(crate) fn read(&mut self, max: usize, limit: u64) -> Result<Option<Vec<u8>>, Failure> {
        let mut chunk = vec![0; max.clamp(1, CHUNK)];
        let count = self.next(&mut chunk, limit)?;
        chunk.truncate(count);
        Ok(if count == 0 { None } else { Some(chunk) })
    }

    /// The rest as text, without a byte order mark.
    pub(crate) fn text(&mut self, limit: u64) -> Result<String, Failure> {
        self.check_announced(limit)?;
        let mut bytes = Vec::new();
        let mut chunk = vec![0; CHUNK];
        loop {
            let count = self.next(&mut chunk, limit)?;
            if count == 0 {
                break;
            }
            bytes.extend_from_slice(chunk.get(..count).unwrap_or_default());
        }
        let bytes = bytes.strip_prefix(MARK).map(<[u8]>::to_vec).unwrap_or(bytes);
        Ok(String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
    }

    /// The rest as JSON, with the files that are embedded in it stored.
    pub(crate) fn json(
        &mut self,
        embedded: Option<EmbeddedFiles>,
        files: &mut RunFiles,
        limit: ParseLimit,
    ) -> Result<String, Failure> {
        let Some(embedded) = embedded else {
            let text = self.text(limit.held)?;
            let Err(error) = serde_json::from_str::<IgnoredAny>(&text) else { return Ok(text) };
            let begun = text.chars().take(DETAIL).collect();
            // It may be something else, which the connector can still read.
            self.read = self.read.saturating_sub(text.len() as u64);
            self.peeked = text.into_bytes().into();
            return Err(not_json(&error, begun));
        };
        self.check_announced(limit.whole)?;
        let stored = mem::take(&mut self.stored);
        let mut source =
            Source { response: self, limit, stored: &stored, begun: Vec::new(), failure: None };
        let mut reader = BufReader::with_capacity(CHUNK, &mut source);
        // A failure to read is one for the parser, too.
        if reader.fill_buf().is_ok_and(|begun| begun.starts_with(MARK)) {
            reader.consume(MARK.len());
        }
        let parsed = embedded::parse(reader, &embedded, files, &stored);
        let Source { begun, failure, .. } = source;
        if let Some(failure) = failure {
            return Err(failure);
        }
        let begun = || String::from_utf8_lossy(&begun).into_owned();
        parsed.map(|value| value.to_string()).map_err(|error| unparsed(error, begun))
    }

    /// The next event of a `text/event-stream`, none at its end, with the
    /// files that are embedded in JSON data stored.
    pub(crate) fn next_event(
        &mut self,
        embedded: Option<EmbeddedFiles>,
        files: &mut RunFiles,
        limit: ParseLimit,
    ) -> Result<Option<ServerSentEvent>, Failure> {
        let Some(event) = self.event(limit)? else { return Ok(None) };
        let is_json = |text| serde_json::from_str::<IgnoredAny>(text).is_ok();
        // Looked at first: other data, such as `[DONE]`, leaves no file.
        let Some(embedded) = embedded.filter(|_| is_json(&event.data)) else {
            return Ok(Some(event));
        };
        let data = event.data.as_bytes();
        let begun = || event.data.chars().take(DETAIL).collect();
        let data = embedded::parse(data, &embedded, files, &self.stored)
            .map_err(|error| unparsed(error, begun))?;
        Ok(Some(ServerSentEvent { data: data.to_string(), ..event }))
    }

    /// The next event as it came.
    fn event(&mut self, limit: ParseLimit) -> Result<Option<ServerSentEvent>, Failure> {
        loop {
            if self.peeked.is_empty() && !self.look_ahead()? {
                return Ok(self.events.end());
            }
            let (count, event) = self.events.read(self.peeked.make_contiguous());
            self.peeked.drain(..count);
            self.count(count, limit.whole)?;
            if event.is_some() {
                return Ok(event);
            }
            if limit.held < self.events.held() as u64 {
                return Err(too_large(limit.held));
            }
        }
    }

    /// Stores the rest as a file.
    pub(crate) fn save(
        &mut self,
        name: &str,
        mime_type: &str,
        files: &mut RunFiles,
        limit: u64,
        mut progress: Progress,
    ) -> Result<FileEntry, Failure> {
        self.check_announced(limit)?;
        self.check_encoding()?;
        let mut file = files.create(name, mime_type).map_err(|f| f.after_request(true))?;
        let mut chunk = vec![0; CHUNK];
        let mut done = 0;
        loop {
            let count = self.next(&mut chunk, limit)?;
            if count == 0 {
                break;
            }
            file.write_all(chunk.get(..count).unwrap_or_default())
                .map_err(|failure| failure.after_request(true))?;
            done += count as u64;
            progress.show(done, self.announced);
        }
        if done == 0 {
            let failure =
                Failure::new(FailureKind::InvalidOutput, "the provider sent an empty file");
            return Err(failure.after_request(true));
        }
        file.keep(files).map_err(|failure| failure.after_request(true))
    }

    fn receive(&mut self, into: &mut [u8]) -> io::Result<usize> {
        socket::expect_bytes(self.silence);
        self.body.read(into)
    }

    /// An answer that says that it is too large is not read at all.
    fn check_announced(&self, limit: u64) -> Result<(), Failure> {
        match self.announced {
            Some(length) if limit < length => Err(too_large(limit)),
            _ => Ok(()),
        }
    }

    fn next(&mut self, chunk: &mut [u8], limit: u64) -> Result<usize, Failure> {
        let count = match self.peeked.is_empty() {
            true => self.receive(chunk).map_err(broken)?,
            false => self.peeked.read(chunk).map_err(broken)?,
        };
        self.count(count, limit)?;
        Ok(count)
    }

    /// Takes the next bytes in, to be looked at before they are read; waits
    /// for some. `false` at the end of the body.
    fn look_ahead(&mut self) -> Result<bool, Failure> {
        let mut chunk = Vec::from(mem::take(&mut self.peeked));
        chunk.resize(self.ahead, 0);
        // What was for a file is not kept while the next event is waited for.
        chunk.shrink_to_fit();
        let count = self.receive(&mut chunk).map_err(broken)?;
        self.ahead = match count == chunk.len() {
            true => MOST_AHEAD.min(2 * self.ahead),
            false => LEAST_AHEAD,
        };
        chunk.truncate(count);
        self.peeked = chunk.into();
        Ok(count != 0)
    }

    /// Counts bytes that are handed on.
    fn count(&mut self, count: usize, limit: u64) -> Result<(), Failure> {
        self.read += count as u64;
        if limit < self.read { Err(too_large(limit)) } else { Ok(()) }
    }

    /// Nothing is unpacked, and what is packed would be a file that nobody can
    /// read. Other content that is packed cannot be read here.
    fn check_encoding(&self) -> Result<(), Failure> {
        let encoding = self.header("content-encoding").unwrap_or_default();
        if encoding.is_empty() || encoding.eq_ignore_ascii_case("identity") {
            return Ok(());
        }
        let message =
            format!("the provider's answer is packed ({encoding}), which nobody asked for");
        Err(Failure::new(FailureKind::InvalidOutput, message).after_request(true))
    }
}

/// A response as a reader that remembers how it begins and why it failed.
struct Source<'a> {
    response: &'a mut Response,
    limit: ParseLimit,
    stored: &'a Stored,
    begun: Vec<u8>,
    failure: Option<Failure>,
}

impl Source<'_> {
    fn next(&mut self, into: &mut [u8]) -> Result<usize, Failure> {
        let count = self.response.next(into, self.limit.whole)?;
        match self.limit.held < self.response.read.saturating_sub(self.stored.text.get()) {
            true => Err(too_large(self.limit.held)),
            false => Ok(count),
        }
    }
}

impl Read for &mut Source<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.next(into) {
            Ok(count) => {
                let room = DETAIL.saturating_sub(self.begun.len());
                self.begun.extend(into.iter().take(count.min(room)));
                Ok(count)
            }
            Err(failure) => {
                self.failure = Some(failure);
                Err(io::Error::other("the answer broke off"))
            }
        }
    }
}

fn too_large(limit: u64) -> Failure {
    let message = format!("the provider's answer is larger than {limit} bytes");
    Failure::new(FailureKind::TooLarge, message).after_request(true)
}

fn unparsed(error: embedded::Error, begun: impl FnOnce() -> String) -> Failure {
    match error {
        embedded::Error::Failure(failure) => failure.after_request(true),
        embedded::Error::Json(error) => not_json(&error, begun()),
    }
}

fn not_json(error: &serde_json::Error, begun: String) -> Failure {
    let message = format!("the provider's answer is not JSON: {error}");
    let failure =
        Failure { detail: Some(begun), ..Failure::new(FailureKind::InvalidOutput, message) };
    failure.after_request(true)
}

fn broken(error: io::Error) -> Failure {
    let failure = match ureq::Error::from(error) {
        ureq::Error::Timeout(Timeout::PerRead) => {
            Failure::new(FailureKind::Timeout, "the provider's answer stopped for too long")
        }
        ureq::Error::Timeout(_) => {
            Failure::new(FailureKind::Timeout, "the provider's answer did not end in time")
        }
        error => {
            let message = format!("the provider's answer broke off: {}", super::short(&error));
            Failure::new(FailureKind::Network, message)
        }
    };
    failure.after_request(true)
}
