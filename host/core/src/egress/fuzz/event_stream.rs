//! Server-sent events, compared with a second parser that has the whole stream and
//! follows the standard's text line by line.

use fuzzing::{cut, mutated, try_all};
use proptest::collection::vec;
use proptest::prelude::{Strategy, any};
use proptest::prop_oneof;
use proptest::sample::{Index, select};

use crate::egress::event_stream::{EventStream, ServerSentEvent};

const SEEDS: &[&[u8]] = &[
    b"data: a\n\ndata: b\n\n",
    b"event: done\r\nid: 1\r\ndata: {\"a\":1}\r\ndata: 2\r\n\r\n",
    b"\xef\xbb\xbfdata: a\r\rdata: b\r\r",
    b": comment\ndata\ndata:\n\n",
    b"event: x\n\ndata: \xff\xf0\x9f\x98\x80\n\n",
    b"data: [DONE]",
    b"{\n \"a\": 1\n}\ndata: [DONE]\n\n",
];

const WORDS: &[&[u8]] = &[
    b"\n",
    b"\r",
    b"\r\n",
    b"\n\n",
    b"data",
    b"data: ",
    b"data:",
    b"event: ",
    b"event",
    b": ",
    b":",
    b" ",
    b"\xef\xbb\xbf",
    b"\xc3",
    b"\xa4",
    b"\0",
    b"id: 1",
    b"{",
    b"<a>",
];

/// Streams of valid lines and of arbitrary bytes.
fn streams() -> impl Strategy<Value = Vec<u8>> {
    let words = vec(select(WORDS), 0..40).prop_map(|words| words.concat());
    prop_oneof![3 => words, 3 => mutated(SEEDS, WORDS), 1 => vec(any::<u8>(), 0..60)]
}

#[test]
fn events_do_not_depend_on_how_a_stream_is_split() {
    let inputs = (streams(), vec(any::<Index>(), 0..8));
    try_all(file!(), 30_000, &inputs, |(stream, places)| {
        let expected = reference(&stream);
        assert_eq!(read(std::slice::from_ref(&stream)), expected);
        assert_eq!(read(&cut(&stream, &places)), expected);
        let bytes: Vec<Vec<u8>> = stream.iter().map(|byte| vec![*byte]).collect();
        assert_eq!(read(&bytes), expected);
    });
}

fn read(pieces: &[Vec<u8>]) -> Vec<ServerSentEvent> {
    let mut stream = EventStream::default();
    let mut events = Vec::new();
    for piece in pieces {
        let mut rest = piece.as_slice();
        while !rest.is_empty() {
            let (read, event) = stream.read(rest);
            assert!(0 < read && (event.is_some() || read == rest.len()));
            events.extend(event);
            rest = &rest[read..];
        }
    }
    events.extend(std::iter::from_fn(|| stream.end()));
    events
}

/// Decodes the stream, splits it into lines, then interprets them, as the standard
/// does, except that the last event needs no empty line after it.
fn reference(stream: &[u8]) -> Vec<ServerSentEvent> {
    let text = String::from_utf8_lossy(stream);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let text = text.replace("\r\n", "\n").replace('\r', "\n") + "\n\n";
    let (mut events, mut name, mut data) = (Vec::new(), String::new(), Vec::new());
    let mut is_bare = false;
    for line in text.split('\n') {
        // Text that begins like JSON or markup is an event, up to a line of data
        // or an empty one.
        let is_data = line == "data" || line.starts_with("data:");
        let begins_bare = data.is_empty() && line.starts_with(['{', '[', '<']);
        if begins_bare || is_bare && !is_data && !line.is_empty() {
            is_bare = true;
            data.push(line.to_owned());
            continue;
        }
        if line.is_empty() || std::mem::take(&mut is_bare) {
            let name = std::mem::take(&mut name);
            let lines: Vec<String> = std::mem::take(&mut data);
            if !lines.is_empty() {
                let name = if name.is_empty() { "message".to_owned() } else { name };
                events.push(ServerSentEvent { name, data: lines.join("\n") });
            }
            is_bare = false;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => name = value.to_owned(),
            "data" => data.push(value.to_owned()),
            _ => {}
        }
    }
    events
}
