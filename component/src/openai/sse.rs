//! Server-sent events, as they arrive.
//!
//! Of the format (<https://html.spec.whatwg.org/multipage/server-sent-events.html>)
//! only the data of events matters here. Pieces of a stream may begin and end
//! anywhere, inside a character too.

use std::mem;

/// What is read of a stream so far.
#[derive(Debug, Default)]
pub struct Events {
    /// The line that has begun.
    line: Vec<u8>,
    /// The data of the event that has begun, with a line feed behind each line.
    data: Vec<u8>,
    /// Whether the last byte was a carriage return: a line feed behind it
    /// belongs to it.
    is_behind_return: bool,
    /// Whether the first line is over, in front of which a byte order mark may
    /// stand.
    has_begun: bool,
}

impl Events {
    /// Reads a further piece, and gives the data of the events that end in it.
    pub fn read(&mut self, piece: &[u8]) -> Vec<String> {
        let mut events = Vec::new();
        for byte in piece {
            let is_second_half = *byte == b'\n' && self.is_behind_return;
            self.is_behind_return = *byte == b'\r';
            match byte {
                b'\n' if is_second_half => {}
                b'\n' | b'\r' => events.extend(self.end_line()),
                byte => self.line.push(*byte),
            }
        }
        events
    }

    /// The data of an event that the end of the stream ends.
    pub fn end(&mut self) -> Option<String> {
        self.end_line().or_else(|| self.end_event())
    }

    /// Takes the line in; an empty one ends the event.
    fn end_line(&mut self) -> Option<String> {
        let line = mem::take(&mut self.line);
        let mark: &[u8] = if self.has_begun { b"" } else { b"\xef\xbb\xbf" };
        self.has_begun = true;
        let line = line.strip_prefix(mark).unwrap_or(&line);
        if line.is_empty() {
            return self.end_event();
        }
        // A line may also be a comment, begin with another field's name, or be
        // a field's name alone.
        let value = line.strip_prefix(b"data");
        let value = value
            .and_then(|rest| if rest.is_empty() { Some(rest) } else { rest.strip_prefix(b":") });
        if let Some(value) = value {
            self.data.extend_from_slice(value.strip_prefix(b" ").unwrap_or(value));
            self.data.push(b'\n');
        }
        None
    }

    /// The data of the event; none if it has none.
    fn end_event(&mut self) -> Option<String> {
        let data = mem::take(&mut self.data);
        let data = data.strip_suffix(b"\n")?;
        Some(String::from_utf8_lossy(data).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The events of a stream that arrives in these pieces.
    fn events(pieces: &[&[u8]]) -> Vec<String> {
        let mut events = Events::default();
        let mut read: Vec<_> = pieces.iter().flat_map(|piece| events.read(piece)).collect();
        read.extend(events.end());
        assert_eq!(events.end(), None);
        read
    }

    /// Reads a stream whole, byte by byte, and in two and three pieces at every
    /// position.
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
    fn a_stream_is_its_events() {
        check(
            "data: {\"a\":\"grün 😀\"}\n\ndata: b\n\ndata: [DONE]\n\n".as_bytes(),
            &["{\"a\":\"grün 😀\"}", "b", "[DONE]"],
        );
    }

    #[test]
    fn every_line_end_is_known() {
        for end in ["\n", "\r", "\r\n"] {
            let stream = ["data: a", "data: b", "", "", "data: c", "", ""].join(end);
            check(stream.as_bytes(), &["a\nb", "c"]);
        }
        check(b"data: a\r\n\rdata: b\n\r\n", &["a", "b"]);
    }

    #[test]
    fn only_data_counts() {
        check(b": a comment\n\nevent: x\nid: 1\nretry: 5\ndata: a\n:\ndatas: no\n\n", &["a"]);
        check(b"event: empty\n\ndata:a\n\n", &["a"]);
        check(b"DATA: a\n\n data: a\n\n", &[]);
        check(b"\n\n\n", &[]);
        check(b"", &[]);
    }

    #[test]
    fn one_blank_is_not_data() {
        check(b"data:  two\n\n", &[" two"]);
        check(b"data\n\n", &[""]);
        check(b"data:\ndata\ndata: \n\n", &["\n\n"]);
    }

    #[test]
    fn a_byte_order_mark_is_skipped_in_front_only() {
        check(b"\xef\xbb\xbfdata: a\n\n\xef\xbb\xbfdata: b\n\n", &["a"]);
        check(b"\xef\xbb\xbf\ndata: a\n\n", &["a"]);
    }

    #[test]
    fn the_last_event_needs_no_end() {
        check(b"data: a\n\ndata: b", &["a", "b"]);
        check(b"data: a\r\n", &["a"]);
        check(b"data: a\n\n: b", &["a"]);
    }

    #[test]
    fn other_bytes_are_replaced() {
        check(b"data: a\xffb\n\n", &["a\u{fffd}b"]);
    }
}
