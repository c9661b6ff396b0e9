//! A parser for server-sent events.
//!
//! The format is defined in
//! <https://html.spec.whatwg.org/multipage/server-sent-events.html>. Only the name
//! and the data of an event are used, because the host never reconnects. As an
//! extension, text that begins like JSON or markup is treated as an event: some
//! servers label a plain response as a stream, and its content must not be lost.
//!
//! This is written by hand because the crates that parse such streams are
//! asynchronous, and none of them limits the memory of an event.
//!
//! Pieces of a stream may begin and end anywhere, even inside a character.

use std::mem;

use super::redact::Redactor;

/// An event of a stream.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct ServerSentEvent {
    /// The last `event` field, or `message` if there is none.
    pub name: String,
    /// The `data` fields, joined with line feeds.
    pub data: String,
}

/// The state of the parser.
#[derive(Debug, Default)]
pub(super) struct EventStream {
    /// Redacts each line before it is split, because a secret may contain a colon
    /// or begin like JSON.
    redactor: Redactor,
    had_secret: bool,
    /// The current line.
    line: Vec<u8>,
    /// The name of the current event.
    name: Vec<u8>,
    /// The data of the current event, with a line feed after each line.
    data: Vec<u8>,
    /// Whether the current event began with a line that is not a field.
    is_bare: bool,
    /// Whether the last byte was a carriage return. A line feed that follows it
    /// belongs to the same line ending.
    is_after_return: bool,
    /// Whether the first line, which may begin with a byte order mark, has ended.
    has_begun: bool,
}

impl EventStream {
    pub(super) fn new(redactor: Redactor) -> Self {
        Self { redactor, ..Self::default() }
    }

    /// Whether a line contained a secret.
    pub(super) fn had_secret(&self) -> bool {
        self.had_secret
    }

    /// Reads a piece up to the end of the first event that ends in it. Returns the
    /// number of bytes read and the event.
    pub(super) fn read(&mut self, piece: &[u8]) -> (usize, Option<ServerSentEvent>) {
        let mut read = 0;
        while let Some(rest) = piece.get(read..).filter(|rest| !rest.is_empty()) {
            if mem::take(&mut self.is_after_return) && rest.first() == Some(&b'\n') {
                read += 1;
                continue;
            }
            let Some(end) = memchr::memchr2(b'\n', b'\r', rest) else {
                self.line.extend_from_slice(rest);
                break;
            };
            let (line, rest) = rest.split_at(end);
            self.line.extend_from_slice(line);
            self.is_after_return = rest.first() == Some(&b'\r');
            read += end + 1;
            if let Some(event) = self.end_line() {
                return (read, Some(event));
            }
        }
        (piece.len(), None)
    }

    /// The size of the current, incomplete event in bytes.
    pub(super) fn held(&self) -> usize {
        self.line.len() + self.name.len() + self.data.len()
    }

    /// Returns the next event that is terminated by the end of the stream. The
    /// standard drops it, but some servers omit the last empty line.
    pub(super) fn end(&mut self) -> Option<ServerSentEvent> {
        self.end_line().or_else(|| self.end_event())
    }

    /// Processes the current line. An empty one ends the event.
    fn end_line(&mut self) -> Option<ServerSentEvent> {
        let mut line = mem::take(&mut self.line);
        self.had_secret |= self.redactor.redact_bytes(&mut line);
        let mark: &[u8] = if self.has_begun { b"" } else { b"\xef\xbb\xbf" };
        self.has_begun = true;
        let line = line.strip_prefix(mark).unwrap_or(&line);
        if line.is_empty() {
            return self.end_event();
        }
        // A line may consist of a field name only. A comment has an empty one.
        let colon = memchr::memchr(b':', line).unwrap_or(line.len());
        let (field, value) = line.split_at(colon);
        if self.is_bare && field != b"data" || self.begins_bare(line) {
            self.is_bare = true;
            self.add_data(line);
            return None;
        }
        let bare = if self.is_bare { self.end_event() } else { None };
        let value = value.strip_prefix(b":").unwrap_or(value);
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"event" => self.name = value.to_owned(),
            b"data" => self.add_data(value),
            _ => {}
        }
        bare
    }

    /// Whether a line begins an event without fields.
    fn begins_bare(&self, line: &[u8]) -> bool {
        self.data.is_empty() && matches!(line.first(), Some(b'{' | b'[' | b'<'))
    }

    fn add_data(&mut self, value: &[u8]) {
        self.data.extend_from_slice(value);
        self.data.push(b'\n');
    }

    /// The event, or `None` if it has no data.
    fn end_event(&mut self) -> Option<ServerSentEvent> {
        self.is_bare = false;
        let name = mem::take(&mut self.name);
        let mut data = mem::take(&mut self.data);
        data.pop()?;
        let name = if name.is_empty() { "message".to_owned() } else { text(name) };
        Some(ServerSentEvent { name, data: text(data) })
    }
}

/// Decodes UTF-8. Invalid bytes become U+FFFD.
fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::super::secret::Secret;
    use super::*;

    /// The names and data of the events in a stream that arrives in these pieces.
    fn named_events(pieces: &[&[u8]]) -> Vec<(String, String)> {
        let mut stream = EventStream::default();
        let mut events = Vec::new();
        for piece in pieces {
            let mut rest = *piece;
            while !rest.is_empty() {
                let (read, event) = stream.read(rest);
                assert!(event.is_some() || read == rest.len());
                events.extend(event);
                rest = &rest[read..];
            }
        }
        events.extend(std::iter::from_fn(|| stream.end()));
        events.into_iter().map(|event| (event.name, event.data)).collect()
    }

    fn events(pieces: &[&[u8]]) -> Vec<String> {
        named_events(pieces).into_iter().map(|(_, data)| data).collect()
    }

    /// Reads a stream as a whole, byte by byte, and cut into two and three pieces
    /// at every position.
    #[track_caller]
    fn check(stream: &[u8], expected: &[&str]) {
        assert_eq!(events(&[stream]), expected);
        assert_eq!(events(&stream.chunks(1).collect::<Vec<_>>()), expected);
        for first in 0..=stream.len() {
            for second in first..=stream.len() {
                let pieces = [&stream[..first], &stream[first..second], &stream[second..]];
                assert_eq!(events(&pieces), expected, "cut at {first} and {second}");
            }
        }
    }

    #[test]
    fn reads_the_events_of_a_stream() {
        check(
            "data: {\"a\":\"grün 😀\"}\n\ndata: b\n\ndata: [DONE]\n\n".as_bytes(),
            &["{\"a\":\"grün 😀\"}", "b", "[DONE]"],
        );
    }

    #[test]
    fn a_secret_is_removed_before_a_line_is_split() {
        for secret in
            ["data:bcdefghijklmnopqrstuvwx", "{bcdefghijklmnopqrstuvwx", "a:b:cdefghijklmnopq"]
        {
            let redactor = Redactor::new(&[Secret::new(secret).unwrap()]);
            let mut stream = EventStream::new(redactor);
            let line = format!("{secret}\n\n");
            let (read, event) = stream.read(line.as_bytes());
            assert_eq!((read, event), (line.len(), None), "{secret}");
            assert!(stream.had_secret());
        }
    }

    #[test]
    fn accepts_every_kind_of_line_ending() {
        for end in ["\n", "\r", "\r\n"] {
            let stream = ["data: a", "data: b", "", "", "data: c", "", ""].join(end);
            check(stream.as_bytes(), &["a\nb", "c"]);
        }
        check(b"data: a\r\n\rdata: b\n\r\n", &["a", "b"]);
    }

    #[test]
    fn ignores_everything_but_data() {
        check(b": a comment\n\nevent: x\nid: 1\nretry: 5\ndata: a\n:\ndatas: no\n\n", &["a"]);
        check(b"event: empty\n\ndata:a\n\n", &["a"]);
        check(b"DATA: a\n\n data: a\n\n", &[]);
        check(b"\n\n\n", &[]);
        check(b"", &[]);
    }

    #[test]
    fn json_and_markup_are_events() {
        check(b"{\"a\":1}", &["{\"a\":1}"]);
        check(b"{\n  \"a\": 1\n}\n\ndata: [DONE]\n\n", &["{\n  \"a\": 1\n}", "[DONE]"]);
        check(b"{\"a\":1}\ndata: [DONE]\n\n", &["{\"a\":1}", "[DONE]"]);
        check(b"[1]\ndata: b", &["[1]", "b"]);
        check(b"<html>\nevent: x\n</html>\n", &["<html>\nevent: x\n</html>"]);
        check(b"data: a\n{\"b\":1}\n\n", &["a"]);
    }

    #[test]
    fn one_leading_space_is_not_data() {
        check(b"data:  two\n\n", &[" two"]);
        check(b"data\n\n", &[""]);
        check(b"data:\ndata\ndata: \n\n", &["\n\n"]);
    }

    #[test]
    fn skips_a_byte_order_mark_only_at_the_start() {
        check(b"\xef\xbb\xbfdata: a\n\n\xef\xbb\xbfdata: b\n\n", &["a"]);
        check(b"\xef\xbb\xbf\ndata: a\n\n", &["a"]);
    }

    #[test]
    fn the_last_event_needs_no_empty_line() {
        check(b"data: a\n\ndata: b", &["a", "b"]);
        check(b"data: a\r\n", &["a"]);
        check(b"data: a\n\n: b", &["a"]);
    }

    #[test]
    fn replaces_invalid_bytes() {
        check(b"data: a\xffb\n\n", &["a\u{fffd}b"]);
    }

    #[test]
    fn reads_the_name_of_each_event() {
        let named = |stream: &str| named_events(&[stream.as_bytes()]);
        let event = |name: &str, data: &str| (name.to_owned(), data.to_owned());
        assert_eq!(
            named("event: a\ndata: 1\n\ndata: 2\n\nevent:b\nevent: c d\ndata: 3\n\n"),
            [event("a", "1"), event("message", "2"), event("c d", "3")]
        );
        // An event without data does not pass on its name. An empty name is ignored.
        assert_eq!(named("event: a\n\ndata: 1\n\n"), [event("message", "1")]);
        assert_eq!(named("event: a\nevent\ndata: 1\n\n"), [event("message", "1")]);
        assert_eq!(named("data: 1\nevent: a"), [event("a", "1")]);
        assert_eq!(named("Event: a\nevents: b\ndata: 1\n\n"), [event("message", "1")]);
    }

    #[test]
    fn does_not_read_past_the_end_of_an_event() {
        let mut stream = EventStream::default();
        let (read, event) = stream.read(b"data: a\n\ndata: b\n\n");
        assert_eq!((read, event.unwrap().data.as_str()), (9, "a"));
    }
}
