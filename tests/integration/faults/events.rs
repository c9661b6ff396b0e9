//! Streams of events that are cut, mixed up, or hold something else.

use connector_host::FailureKind::{InvalidOutput, RateLimited, Refused, TooLarge, Unavailable};
use connector_host::{Event, Limits};
use connector_tests::connection_values;
use openai_sandbox::RawServer;
use openai_sandbox::Step::{Flood, ReadRequest, Write};

use super::answers::{chunked, good, head, json, whole};
use super::calls::{
    Ask, AskStreamed, Call, End, IN_JSON, Image, ImageStreamed, STREAMED, Transcription,
    TranscriptionStreamed, event,
};
use super::matrix::{Expected, Row, check, fails, works};
use super::{OPENAI, PROVIDER, limits};

const STREAM: &str = "Content-Type: text/event-stream";

/// A stream of this text.
fn stream(body: impl AsRef<[u8]>) -> Vec<u8> {
    whole("200 OK", &[STREAM], body.as_ref())
}

/// A provider whose stream holds this text instead.
fn row(
    name: &str,
    body: impl Fn(Call) -> String + Send + Sync + 'static,
    expected: Expected,
) -> Row {
    Row::answer(name, move |call| stream(body(call)), expected).only(STREAMED)
}

/// The events of a good answer, with this behind the first.
fn with(call: Call, more: &str) -> String {
    let mut events: Vec<String> = call.events().iter().map(|data| event(data)).collect();
    events.insert(1, more.to_owned());
    events.concat()
}

/// The first event of a good answer.
fn first(call: Call) -> String {
    event(&call.events()[0])
}

#[test]
fn streams_are_read_as_they_are_meant() {
    check(vec![
        row("without [DONE]", |call| good(call).1.replace("data: [DONE]\n\n", ""), works()),
        row("with two [DONE]", |call| good(call).1 + &event("[DONE]"), works()),
        row("with data behind [DONE]", |call| good(call).1 + &event("oops"), works()),
        row("with comments", |call| with(call, ": ping\n\n"), works()),
        row(
            "with events of other kinds",
            |call| with(call, &event(r#"{"type":"new.kind"}"#)),
            works(),
        ),
        row(
            "with unknown fields",
            |call| good(call).1.replace(r#"{""#, r#"{"new":{"a":[1]},""#),
            works(),
        ),
        row("with events whose data is empty", |call| with(call, "data:\n\ndata: \n\n"), works()),
        row("with events without data", |call| with(call, "event: ping\n\n: x\n\n"), works()),
        row("with carriage returns", |call| good(call).1.replace('\n', "\r\n"), works()),
        row(
            "with lines of carriage returns alone",
            |call| good(call).1.replace('\n', "\r"),
            works(),
        ),
        row("without blanks", |call| good(call).1.replace("data: ", "data:"), works()),
        row("with a byte order mark", |call| format!("\u{feff}{}", good(call).1), works()),
        row("without the last blank line", |call| good(call).1.trim_end().to_owned(), works()),
        row(
            "with names, ids and delays",
            |call| good(call).1.replace("data:", "event: x\nid: 1\nretry: 1\ndata:"),
            works(),
        ),
    ]);
}

#[test]
fn a_stream_without_an_answer_is_none() {
    check(vec![
        row("nothing", |_| String::new(), fails(InvalidOutput)),
        row("comments only", |_| ": ping\n\n".repeat(100), fails(InvalidOutput)),
        row("[DONE] only", |_| event("[DONE]"), fails(InvalidOutput)),
        row(
            "events without blank lines",
            |call| good(call).1.replace("\n\n", "\n"),
            fails(InvalidOutput),
        ),
        row("a beginning", first, fails(InvalidOutput)),
        row("objects that say nothing", |_| event("{}").repeat(3), fails(InvalidOutput)),
    ]);
}

#[test]
fn a_stream_that_holds_something_else_is_a_failure() {
    let other = |name: &str, data: &'static str| {
        row(name, move |call| with(call, &event(data)), fails(InvalidOutput))
    };
    check(vec![
        other("half of a JSON text", r#"{"cut":"#),
        other("a text", "oops"),
        other("a JSON text", r#""oops""#),
        other("a list", "[1]"),
        other("null", "null"),
        other("a number too large for anybody", r#"{"n":1e999}"#),
        row("a page", |_| "<html>Log in</html>".to_owned(), fails(InvalidOutput)),
        row("deep nesting", |call| with(call, &event(&"[".repeat(10_000))), fails(InvalidOutput)),
        row(
            "deeper nesting in an object",
            |call| {
                let nested = format!("{{\"a\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
                with(call, &event(&nested))
            },
            fails(InvalidOutput),
        ),
    ]);
}

#[test]
fn an_error_in_a_stream_is_the_failure() {
    let error = |name: &str, error: &'static str, expected| {
        row(name, move |call| with(call, &event(error)), expected)
    };
    check(vec![
        error(
            "OpenAI's",
            r#"{"error":{"message":"No.","type":"server_error","param":null,"code":null}}"#,
            fails(Unavailable),
        ),
        error("a text", r#"{"error":"No."}"#, fails(Unavailable)),
        error("too many requests", r#"{"error":{"code":429}}"#, fails(RateLimited)),
        error("a wrong request", r#"{"error":{"type":"invalid_request_error"}}"#, fails(Refused)),
        error("none, in words", r#"{"error":null}"#, works()),
    ]);
}

#[test]
fn an_event_without_an_end_is_too_large() {
    let endless = |name: &str, begin: &'static str| {
        let steps = move |_| {
            let begin = format!("{}\r\n{begin}", head("200 OK", &[STREAM]));
            vec![ReadRequest, Write(begin.into_bytes()), Flood(vec![b'a'; 64 << 10])]
        };
        Row::new(name, steps, fails(TooLarge)).only(STREAMED)
    };
    let default = Limits { response_bytes: 32 << 20, ..limits() };
    check(vec![
        endless("in a field", "data: {\"a\":\""),
        endless("in a comment", ": "),
        endless("in a name", "event: "),
        endless("as large as by default", "data: {\"a\":\"").only(&[AskStreamed]).within(default),
    ]);
}

/// Some servers answer in one piece whatever is asked for, some with a stream,
/// and some label it wrongly. A chat is read as what it is.
#[test]
fn an_answer_of_the_other_kind_is_read_by_its_label() {
    let in_one_piece = |call: Call| {
        let other = match call {
            AskStreamed => Ask,
            ImageStreamed => Image,
            _ => Transcription,
        };
        other.good().1.concat()
    };
    check(vec![
        Row::answer("JSON", move |call| json("200 OK", &in_one_piece(call)), works())
            .only(STREAMED),
        row("JSON that calls itself a stream", in_one_piece, fails(InvalidOutput))
            .except(&[AskStreamed, TranscriptionStreamed], works()),
        Row::answer(
            "a stream where JSON was asked for",
            |_| stream(good(AskStreamed).1),
            fails(InvalidOutput),
        )
        .only(IN_JSON)
        .except(&[Ask], works()),
        Row::answer(
            "a stream that calls itself JSON",
            |call| json("200 OK", &good(call).1),
            fails(InvalidOutput),
        )
        .only(STREAMED)
        .except(&[AskStreamed, TranscriptionStreamed], works()),
    ]);
}

/// Pieces of a stream end anywhere, also inside a character.
#[test]
fn a_stream_in_pieces_is_the_same_stream() {
    let rows = [1, 2, 3, 7].map(|size| {
        let answer = move |call: Call| {
            let body = good(call).1;
            chunked(&[STREAM], &body.as_bytes().chunks(size).collect::<Vec<_>>())
        };
        Row::answer(format!("pieces of {size}"), answer, works()).only(STREAMED)
    });
    check(rows.into());
}

/// An answer of the chat's, and what comes of it.
fn said(chunks: &[&str]) -> (End, Vec<Event>) {
    let server = RawServer::in_front_of(&PROVIDER).unwrap();
    let events: String = chunks.iter().map(|data| event(data)).collect();
    server.play(vec![ReadRequest, Write(stream(events + &event("[DONE]")))]).unwrap();
    let base_url = format!("http://{}/v1", server.address());
    let values = connection_values(&base_url);
    let connection = OPENAI.connection(values).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let told = AskStreamed.make(&OPENAI, &connection, folder.path(), limits());
    (told.end, told.events)
}

fn text(chunks: &[&str]) -> String {
    match said(chunks).0 {
        End::Success(output, _) => output.as_str().unwrap().to_owned(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn choices_are_put_together_whatever_their_order() {
    let first =
        r#"{"choices":[{"index":0,"delta":{"content":"a"}},{"index":1,"delta":{"content":"x"}}]}"#;
    let second =
        r#"{"choices":[{"index":1,"delta":{"content":"y"}},{"index":0,"delta":{"content":"b"}}]}"#;
    assert_eq!(text(&[first, second]), "ab");
    // Out of order, and without an index, which then is the first.
    let last = r#"{"choices":[{"index":7,"delta":{"content":"z"}}]}"#;
    let unnumbered = r#"{"choices":[{"delta":{"content":"c"}}]}"#;
    assert_eq!(text(&[last, first, unnumbered, second]), "acb");
    // An index that is none is the first.
    for odd in ["-1", "1.5", "null", "\"1\"", "18446744073709551615"] {
        let odd = format!(r#"{{"choices":[{{"index":{odd},"delta":{{"content":"d"}}}}]}}"#);
        assert_eq!(text(&[first, &odd]), "ad", "{odd}");
    }
}

#[test]
fn calls_of_functions_that_were_not_offered_and_are_cut_are_no_answer() {
    let call = r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"a"}}]}}]}"#;
    let (end, events) = said(&[call]);
    let End::Failure(failure) = end else { panic!("{end:?}") };
    assert_eq!((failure.kind, failure.request_sent), (InvalidOutput, true), "{failure:?}");
    assert!(events.is_empty(), "{events:?}");
}

/// A delta that is told is part of the answer.
#[test]
fn what_was_said_before_an_error_is_told_and_kept_for_the_failure() {
    let first = r#"{"choices":[{"index":0,"delta":{"content":"half"}}]}"#;
    let (end, events) = said(&[first, "oops"]);
    let End::Failure(failure) = end else { panic!("{end:?}") };
    assert_eq!(failure.kind, InvalidOutput);
    assert!(matches!(&events[..], [Event::TextDelta { text, .. }] if text == "half"), "{events:?}");
}
