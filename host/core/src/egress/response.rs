//! An incoming response: limited, redacted, streamed.

use std::collections::VecDeque;
use std::io::{self, BufRead as _, BufReader, Read};
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use serde::de::IgnoredAny;
use ureq::http;
use ureq::{BodyReader, Timeout};

use crate::budget::{Account, Exceeded, Held, Open, Stopped};
use crate::contract::{Failure, FailureKind, FileEntry};
use crate::files::RunFiles;

use super::embedded::{self, EmbeddedFiles, Stored};
use super::event_stream::{EventStream, ServerSentEvent};
use super::headers;
use super::progress::Progress;
use super::recording::{BodyRecorder, RecordedRequest, Recorder};
use super::redact::Redactor;
use super::socket;

/// The byte order mark, which some servers put at the start of a response.
const MARK: &[u8] = "\u{feff}".as_bytes();
/// How much of an unreadable response is kept for the failure.
const DETAIL: usize = 2 * 1024;
const CHUNK: usize = 32 * 1024;
/// How much of an error response is inspected before it is read.
const PEEKED: usize = 16 * 1024;
/// The size of one read from an event stream. A stream spends most of its time
/// waiting, with a buffer of this size. A stream that contains a file fills the
/// buffer, which then grows.
const MIN_AHEAD: usize = 1024;
const MAX_AHEAD: usize = 16 * 1024;

/// The maximum size of a body that is parsed, in bytes.
#[derive(Clone, Copy)]
pub(crate) struct ParseLimit {
    /// Of the whole body.
    pub whole: u64,
    /// Of the part that is in memory at the same time. Files that are already
    /// stored do not count. For an event stream, only one event counts.
    pub held: u64,
}

/// A response whose body has not been read yet.
pub struct Response {
    status: u16,
    headers: Vec<(String, String)>,
    /// The content coding, if the server used one although none was requested.
    coding: Option<String>,
    body: BodyReader<'static>,
    /// Whether the end of the body was reached.
    ended: bool,
    /// The maximum pause in the body.
    silence: Duration,
    declared: Option<u64>,
    read: u64,
    /// Bytes that have arrived and are not redacted.
    arrived: VecDeque<u8>,
    /// Redacted bytes that the caller has not read yet.
    ready: VecDeque<u8>,
    redactor: Redactor,
    /// Whether the data given to the connector contained a secret, and whether
    /// that was reported.
    had_secret: bool,
    is_reported: bool,
    events: EventStream,
    /// The size of the next read of the event stream.
    ahead: usize,
    /// The embedded files that were stored.
    stored: Stored,
    /// Where the body is recorded.
    recorded: Option<BodyRecorder>,
    account: Arc<Account>,
    /// The bytes of the response that are in memory.
    held: Held,
    _open: Open,
}

impl Response {
    pub(super) fn new(
        response: http::Response<ureq::Body>,
        redactor: Redactor,
        silence: Duration,
        account: &Arc<Account>,
    ) -> Result<Self, Failure> {
        let open = account.open()?;
        let held = account.hold(0)?;
        let (head, body) = response.into_parts();
        let declared = body.content_length();
        let mut headers = headers::visible(&head.headers);
        let mut had_secret = false;
        for (_, value) in &mut headers {
            had_secret |= redactor.redact(value);
        }
        Ok(Self {
            status: head.status.as_u16(),
            coding: coding(&headers),
            headers,
            body: body.into_reader(),
            ended: false,
            silence,
            declared,
            read: 0,
            arrived: VecDeque::new(),
            ready: VecDeque::new(),
            events: EventStream::new(redactor.clone()),
            redactor,
            had_secret,
            is_reported: false,
            ahead: MIN_AHEAD,
            stored: Stored::default(),
            recorded: None,
            account: Arc::clone(account),
            held,
            _open: open,
        })
    }

    /// Starts recording the response, including the bytes that have arrived.
    pub(super) fn record(&mut self, recorder: &Recorder, request: RecordedRequest) {
        let redactor = self.redactor.clone();
        let place = recorder.begin(request, self.status, &self.headers, redactor);
        place.received(self.arrived.make_contiguous());
        self.recorded = Some(place);
    }

    pub(crate) fn status(&self) -> u16 {
        self.status
    }

    /// Returns the start of the body, redacted, without consuming it. If the body
    /// is cut off there, reading it fails later.
    pub(super) fn peek(&mut self) -> Vec<u8> {
        let wanted = PEEKED + self.redactor.lag();
        while self.arrived.len() < wanted
            && let Ok(1..) = self.receive(wanted - self.arrived.len())
        {}
        self.redactor.front(self.arrived.make_contiguous(), PEEKED).bytes.into_owned()
    }

    /// The values of a header, joined as in RFC 9110 §5.2.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let values: Vec<&str> = self
            .headers
            .iter()
            .filter(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
            .collect();
        if values.is_empty() { None } else { Some(values.join(", ")) }
    }

    /// Whether the data given to the connector contained a secret. Returns `true`
    /// only once.
    pub(crate) fn take_had_secret(&mut self) -> bool {
        (self.had_secret || self.events.had_secret()) && !mem::replace(&mut self.is_reported, true)
    }

    /// The next bytes, or `None` at the end.
    pub(crate) fn read(&mut self, max: usize, limit: u64) -> Result<Option<Vec<u8>>, Failure> {
        self.check_coding()?;
        let mut chunk = vec![0; max.clamp(1, CHUNK)];
        let count = self.next(&mut chunk, limit)?;
        chunk.truncate(count);
        Ok(if count == 0 { None } else { Some(chunk) })
    }

    /// The rest as text, without a byte order mark. For a compressed error response,
    /// returns a message about the compression instead of failing, because the
    /// connector needs the response's status.
    pub(crate) fn text(&mut self, limit: u64) -> Result<String, Failure> {
        let bytes = self.rest(limit)?;
        let _held = self.account.hold(2 * bytes.len())?;
        self.redacted_text(&bytes)
    }

    fn redacted_text(&mut self, bytes: &[u8]) -> Result<String, Failure> {
        match self.coding.as_deref().or_else(|| undeclared_coding(bytes)) {
            Some(coding) if (200..300).contains(&self.status) => return Err(compressed(coding)),
            Some(coding) => return Ok(compressed(coding).message),
            None => {}
        }
        let bytes = bytes.strip_prefix(MARK).unwrap_or(bytes);
        let mut text = String::from_utf8_lossy(bytes).into_owned();
        self.had_secret |= self.redactor.redact(&mut text);
        Ok(text)
    }

    /// The rest as JSON. Stores the files that are embedded in it.
    pub(crate) fn json(
        &mut self,
        embedded: Option<EmbeddedFiles>,
        files: &mut RunFiles,
        limit: ParseLimit,
    ) -> Result<String, Failure> {
        self.check_coding()?;
        let Some(embedded) = embedded else {
            let bytes = self.rest(limit.held)?;
            let _held = self.account.hold(2 * bytes.len())?;
            let text = self.redacted_text(&bytes)?;
            let Err(error) = serde_json::from_str::<IgnoredAny>(&text) else { return Ok(text) };
            // The connector can still read it as something else.
            self.read = self.read.saturating_sub(bytes.len() as u64);
            self.arrived = bytes.into();
            return Err(not_json(&error, text.chars().take(DETAIL).collect()));
        };
        self.check_declared(limit.whole)?;
        let stored = mem::take(&mut self.stored);
        let redactor = self.redactor.clone();
        let mut source =
            Source { response: self, limit, stored: &stored, start: Vec::new(), failure: None };
        let mut reader = BufReader::with_capacity(CHUNK, &mut source);
        // If reading fails here, it fails in the parser too.
        if reader.fill_buf().is_ok_and(|start| start.starts_with(MARK)) {
            reader.consume(MARK.len());
        }
        let parsed = embedded::parse(reader, &embedded, files, &stored, &redactor);
        let Source { start, failure, .. } = source;
        self.release();
        self.had_secret |= stored.had_secret.get();
        if let Some(failure) = failure {
            return Err(failure);
        }
        if let Some(coding) = undeclared_coding(&start) {
            return Err(compressed(coding));
        }
        let start = || String::from_utf8_lossy(&start).into_owned();
        let mut text = parsed.map(|value| value.to_string()).map_err(|e| unparsed(e, start))?;
        // Parsing resolves escapes, which may have split a secret.
        self.had_secret |= self.redactor.redact(&mut text);
        Ok(text)
    }

    /// The next event of a `text/event-stream`, or `None` at its end. Stores the
    /// files that are embedded in JSON data.
    pub(crate) fn next_event(
        &mut self,
        embedded: Option<EmbeddedFiles>,
        files: &mut RunFiles,
        limit: ParseLimit,
    ) -> Result<Option<ServerSentEvent>, Failure> {
        let Some(mut event) = self.event(limit)? else { return Ok(None) };
        self.had_secret |= self.redactor.redact(&mut event.name);
        self.had_secret |= self.redactor.redact(&mut event.data);
        let is_json = |text| serde_json::from_str::<IgnoredAny>(text).is_ok();
        // Checked first, so that other data, such as `[DONE]`, does not leave a
        // file behind.
        let Some(embedded) = embedded.filter(|_| is_json(&event.data)) else {
            return Ok(Some(event));
        };
        let start = || event.data.chars().take(DETAIL).collect();
        let parsed =
            embedded::parse(event.data.as_bytes(), &embedded, files, &self.stored, &self.redactor);
        self.had_secret |= self.stored.had_secret.get();
        let mut data = parsed.map_err(|error| unparsed(error, start))?.to_string();
        self.had_secret |= self.redactor.redact(&mut data);
        Ok(Some(ServerSentEvent { data, ..event }))
    }

    /// The next event, unchanged except for redaction.
    fn event(&mut self, limit: ParseLimit) -> Result<Option<ServerSentEvent>, Failure> {
        self.check_coding()?;
        self.unread();
        loop {
            if self.arrived.is_empty() && !self.look_ahead()? {
                return Ok(self.events.end());
            }
            let next = self.arrived.make_contiguous();
            if let Some(coding) = undeclared_coding(next).filter(|_| self.read == 0) {
                return Err(compressed(coding));
            }
            let (count, event) = self.events.read(next);
            self.arrived.drain(..count);
            self.count(count, limit.whole)?;
            if event.is_some() {
                self.release();
                return Ok(event);
            }
            if self.events.held() as u64 > limit.held {
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
        self.check_declared(limit)?;
        self.check_coding()?;
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
            progress.show(done, self.declared);
        }
        if done == 0 {
            let failure =
                Failure::new(FailureKind::InvalidOutput, "the provider sent an empty file");
            return Err(failure.after_request(true));
        }
        file.name_by_content()
            .and_then(|()| file.keep(files))
            .map_err(|failure| failure.after_request(true))
    }

    /// Waits for up to `max` more bytes. Returns the number received, or 0 at the
    /// end.
    fn receive(&mut self, max: usize) -> io::Result<usize> {
        socket::expect_bytes(self.silence);
        if self.arrived.is_empty() {
            // A large buffer is not kept while waiting for a little data.
            self.arrived = VecDeque::new();
        }
        let mut chunk = vec![0; max.min(CHUNK)];
        let count = self.body.read(&mut chunk)?;
        self.ended = count == 0;
        if let (Some(place), Some(bytes)) = (&self.recorded, chunk.get(..count)) {
            place.received(bytes);
        }
        if self.arrived.is_empty() {
            chunk.truncate(count);
            self.arrived = chunk.into();
        } else {
            self.arrived.extend(chunk.iter().take(count));
        }
        self.hold(0).map_err(io::Error::other)?;
        Ok(count)
    }

    /// Updates the account after bytes were handed over.
    fn release(&mut self) {
        // Holding less never exceeds the limit.
        let _ = self.hold(0);
    }

    /// Accounts for the bytes in memory and `extra` additional ones.
    fn hold(&mut self, extra: usize) -> Result<(), Exceeded> {
        let bytes = self.arrived.capacity() + self.ready.capacity() + self.events.held();
        self.held.set(bytes + extra)
    }

    /// The rest of the body, not redacted.
    fn rest(&mut self, limit: u64) -> Result<Vec<u8>, Failure> {
        self.check_declared(limit)?;
        self.unread();
        while !self.ended {
            self.receive(CHUNK).map_err(broken)?;
            if self.read + self.arrived.len() as u64 > limit {
                return Err(too_large(limit));
            }
        }
        let bytes = Vec::from(mem::take(&mut self.arrived));
        self.release();
        self.count(bytes.len(), limit)?;
        Ok(bytes)
    }

    /// Puts back redacted bytes that were not read.
    fn unread(&mut self) {
        self.read = self.read.saturating_sub(self.ready.len() as u64);
        while let Some(byte) = self.ready.pop_back() {
            self.arrived.push_front(byte);
        }
    }

    /// Rejects a response that declares more than `limit` bytes, without reading
    /// it.
    fn check_declared(&self, limit: u64) -> Result<(), Failure> {
        match self.declared {
            Some(length) if length > limit => Err(too_large(limit)),
            _ => Ok(()),
        }
    }

    /// Reads the next redacted bytes. Returns 0 at the end.
    fn next(&mut self, into: &mut [u8], limit: u64) -> Result<usize, Failure> {
        while self.ready.is_empty() {
            let lag = if self.ended { 0 } else { self.redactor.lag() };
            let cutoff = self.arrived.len().saturating_sub(lag);
            if cutoff == 0 {
                if self.ended {
                    return Ok(0);
                }
                self.receive(CHUNK).map_err(broken)?;
                continue;
            }
            let front = self.redactor.front(self.arrived.make_contiguous(), cutoff);
            self.had_secret |= front.had_secret;
            let length = front.length;
            self.ready = front.bytes.into_owned().into();
            self.arrived.drain(..length);
            self.count(length, limit)?;
        }
        self.ready.read(into).map_err(broken)
    }

    /// Waits for the next bytes, to inspect them before they are read. Returns
    /// `false` at the end of the body.
    fn look_ahead(&mut self) -> Result<bool, Failure> {
        let count = self.receive(self.ahead).map_err(broken)?;
        self.ahead = if count == self.ahead { MAX_AHEAD.min(2 * count) } else { MIN_AHEAD };
        Ok(count != 0)
    }

    /// Counts bytes that are passed on.
    fn count(&mut self, count: usize, limit: u64) -> Result<(), Failure> {
        self.read += count as u64;
        if self.read > limit { Err(too_large(limit)) } else { Ok(()) }
    }

    /// Checks that the body is not compressed. Nothing is decompressed, because the
    /// content could exceed any limit.
    fn check_coding(&self) -> Result<(), Failure> {
        match &self.coding {
            None => Ok(()),
            Some(coding) => Err(compressed(coding)),
        }
    }
}

/// The coding that the headers declare for a body. None is ever requested:
/// requests carry no `Accept-Encoding`.
fn coding(headers: &[(String, String)]) -> Option<String> {
    let of = |name: &'static str, own: &'static [&'static str]| {
        headers
            .iter()
            .filter(move |(other, _)| other.eq_ignore_ascii_case(name))
            .flat_map(|(_, value)| value.split(','))
            .map(str::trim)
            .find(move |coding| {
                !coding.is_empty() && !own.iter().any(|own| own.eq_ignore_ascii_case(coding))
            })
            .map(move |coding| format!("`{name}: {coding}`"))
    };
    of("content-encoding", &["identity"])
        .or_else(|| of("transfer-encoding", &["chunked", "identity"]))
}

/// The coding of a body that begins with these bytes, if no header declares it.
/// No UTF-8 text begins like that.
fn undeclared_coding(start: &[u8]) -> Option<&'static str> {
    match start {
        [0x1f, 0x8b, ..] => Some("gzip, not declared in a header"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some("zstd, not declared in a header"),
        _ => None,
    }
}

fn compressed(coding: &str) -> Failure {
    let message =
        format!("the provider sent a compressed response ({coding}), which was not requested");
    Failure::new(FailureKind::InvalidOutput, message).after_request(true)
}

/// A reader of a response that keeps the start of the body and the failure.
struct Source<'a> {
    response: &'a mut Response,
    limit: ParseLimit,
    stored: &'a Stored,
    start: Vec<u8>,
    failure: Option<Failure>,
}

impl Source<'_> {
    fn next(&mut self, into: &mut [u8]) -> Result<usize, Failure> {
        let count = self.response.next(into, self.limit.whole)?;
        let held = self.response.read.saturating_sub(self.stored.text.get());
        if held > self.limit.held {
            return Err(too_large(self.limit.held));
        }
        self.response.hold(usize::try_from(held).unwrap_or(usize::MAX))?;
        Ok(count)
    }
}

impl Read for &mut Source<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.next(into) {
            Ok(count) => {
                let room = DETAIL.saturating_sub(self.start.len());
                self.start.extend(into.iter().take(count.min(room)));
                Ok(count)
            }
            Err(failure) => {
                self.failure = Some(failure);
                Err(io::Error::other("the response was cut off"))
            }
        }
    }
}

fn too_large(limit: u64) -> Failure {
    let message = format!("the provider's response is larger than {limit} bytes");
    Failure::new(FailureKind::TooLarge, message).after_request(true)
}

fn unparsed(error: embedded::Error, start: impl FnOnce() -> String) -> Failure {
    match error {
        embedded::Error::Failure(failure) => failure.after_request(true),
        embedded::Error::Json(error) => not_json(&error, start()),
    }
}

fn not_json(error: &serde_json::Error, start: String) -> Failure {
    let message = format!("the provider's response is not JSON: {error}");
    let failure =
        Failure { detail: Some(start), ..Failure::new(FailureKind::InvalidOutput, message) };
    failure.after_request(true)
}

fn broken(error: io::Error) -> Failure {
    let failure = match ureq::Error::from(error) {
        ureq::Error::Timeout(Timeout::PerRead) => {
            Failure::new(FailureKind::Timeout, "the provider's response stalled")
        }
        ureq::Error::Timeout(Timeout::Global) => Failure::from(Stopped::Deadline),
        ureq::Error::Timeout(_) => {
            Failure::new(FailureKind::Timeout, "the provider's response timed out")
        }
        error => {
            let message = format!("the provider's response was cut off: {}", super::short(&error));
            Failure::new(FailureKind::Network, message)
        }
    };
    failure.after_request(true)
}
