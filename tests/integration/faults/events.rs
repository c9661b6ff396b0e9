//! Event streams that are truncated, out of order, or contain something else.

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

/// A stream with this content.
fn stream(body: impl AsRef<[u8]>) -> Vec<u8> {
    whole("200 OK", &[STREAM], body.as_ref())
}

/// A provider whose stream has this content.
fn row(
    name: &str,
    body: impl Fn(Call) -> String + Send + Sync + 'static,
    expected: Expected,
) -> Row {
    Row::answer(name, move |call| stream(body(call)), expected).only(STREAMED)
}

/// The events of a good response, with `more` inserted after the first.
fn with(call: Call, more: &str) -> String {
    let mut events: Vec<String> = call.events().iter().map(|data| event(data)).collect();
    events.insert(1, more.to_owned());
    events.concat()
}

/// The first event of a good response.
fn first(call: Call) -> String {
    event(&call.events()[0])
}

#[test]
fn reads_every_valid_form_of_a_stream() {
    check(vec![
        row("without [DONE]", |call| good(call).1.replace("data: [DONE]\n\n", ""), works()),
        row("with two [DONE]", |call| good(call).1 + &event("[DONE]"), works()),
        row("with data after [DONE]", |call| good(call).1 + &event("oops"), works()),
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
        row(
            "with carriage returns and line feeds",
            |call| good(call).1.replace('\n', "\r\n"),
            works(),
        ),
        row("with bare carriage returns", |call| good(call).1.replace('\n', "\r"), works()),
        row("without spaces", |call| good(call).1.replace("data: ", "data:"), works()),
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
fn a_stream_without_an_answer_fails() {
    check(vec![
        row("nothing", |_| String::new(), fails(InvalidOutput)),
        row("comments only", |_| ": ping\n\n".repeat(100), fails(InvalidOutput)),
        row("[DONE] only", |_| event("[DONE]"), fails(InvalidOutput)),
        row(
            "events without blank lines",
            |call| good(call).1.replace("\n\n", "\n"),
            fails(InvalidOutput),
        ),
        row("only the first event", first, fails(InvalidOutput)),
        row("empty objects", |_| event("{}").repeat(3), fails(InvalidOutput)),
    ]);
}

#[test]
fn a_stream_with_other_content_fails() {
    let other = |name: &str, data: &'static str| {
        row(name, move |call| with(call, &event(data)), fails(InvalidOutput))
    };
    check(vec![
        other("truncated JSON", r#"{"cut":"#),
        other("plain text", "oops"),
        other("a JSON string", r#""oops""#),
        other("a list", "[1]"),
        other("null", "null"),
        other("a number that is too large", r#"{"n":1e999}"#),
        row("an HTML page", |_| "<html>Log in</html>".to_owned(), fails(InvalidOutput)),
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
fn an_error_in_a_stream_fails_the_run() {
    let error = |name: &str, error: &'static str, expected| {
        row(name, move |call| with(call, &event(error)), expected)
    };
    check(vec![
        error(
            "OpenAI's",
            r#"{"error":{"message":"No.","type":"server_error","param":null,"code":null}}"#,
            fails(Unavailable),
        ),
        error("a string", r#"{"error":"No."}"#, fails(Unavailable)),
        error("too many requests", r#"{"error":{"code":429}}"#, fails(RateLimited)),
        error(
            "an invalid request",
            r#"{"error":{"type":"invalid_request_error"}}"#,
            fails(Refused),
        ),
        error("null", r#"{"error":null}"#, works()),
    ]);
}

#[test]
fn an_endless_event_is_too_large() {
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
        endless("with the default limit", "data: {\"a\":\"").only(&[AskStreamed]).within(default),
    ]);
}

/// Some servers always respond in one piece, some always with a stream, and some
/// mislabel it. A chat response is read according to its content.
#[test]
fn a_response_in_the_other_format_is_read_if_possible() {
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
        row("JSON labeled as a stream", in_one_piece, fails(InvalidOutput))
            .except(&[AskStreamed, TranscriptionStreamed], works()),
        Row::answer(
            "a stream where JSON was requested",
            |_| stream(good(AskStreamed).1),
            fails(InvalidOutput),
        )
        .only(IN_JSON)
        .except(&[Ask], works()),
        Row::answer(
            "a stream labeled as JSON",
            |call| json("200 OK", &good(call).1),
            fails(InvalidOutput),
        )
        .only(STREAMED)
        .except(&[AskStreamed, TranscriptionStreamed], works()),
    ]);
}

/// A stream can be split anywhere, even inside a character.
#[test]
fn a_stream_may_be_split_anywhere() {
    let rows = [1, 2, 3, 7].map(|size| {
        let answer = move |call: Call| {
            let body = good(call).1;
            chunked(&[STREAM], &body.as_bytes().chunks(size).collect::<Vec<_>>())
        };
        Row::answer(format!("pieces of {size}"), answer, works()).only(STREAMED)
    });
    check(rows.into());
}

/// Runs a streamed Ask against these chunks, and returns its result and events.
fn ask(chunks: &[&str]) -> (End, Vec<Event>) {
    let server = RawServer::in_front_of(&PROVIDER).unwrap();
    let events: String = chunks.iter().map(|data| event(data)).collect();
    server.play(vec![ReadRequest, Write(stream(events + &event("[DONE]")))]).unwrap();
    let base_url = format!("http://{}/v1", server.address());
    let values = connection_values(&base_url);
    let connection = OPENAI.connection(values).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let observed = AskStreamed.make(&OPENAI, &connection, folder.path(), limits());
    (observed.end, observed.events)
}

fn text(chunks: &[&str]) -> String {
    match ask(chunks).0 {
        End::Success(output, _) => output.as_str().unwrap().to_owned(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn choices_are_assembled_in_any_order() {
    let first =
        r#"{"choices":[{"index":0,"delta":{"content":"a"}},{"index":1,"delta":{"content":"x"}}]}"#;
    let second =
        r#"{"choices":[{"index":1,"delta":{"content":"y"}},{"index":0,"delta":{"content":"b"}}]}"#;
    assert_eq!(text(&[first, second]), "ab");
    // Out of order, and one chunk without an index, which then belongs to the
    // first choice.
    let last = r#"{"choices":[{"index":7,"delta":{"content":"z"}}]}"#;
    let unnumbered = r#"{"choices":[{"delta":{"content":"c"}}]}"#;
    assert_eq!(text(&[last, first, unnumbered, second]), "acb");
    // An invalid index counts as the first.
    for odd in ["-1", "1.5", "null", "\"1\"", "18446744073709551615"] {
        let odd = format!(r#"{{"choices":[{{"index":{odd},"delta":{{"content":"d"}}}}]}}"#);
        assert_eq!(text(&[first, &odd]), "ad", "{odd}");
    }
}

#[test]
fn an_incomplete_call_to_an_unknown_function_fails() {
    let call = r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"a"}}]}}]}"#;
    let (end, events) = ask(&[call]);
    let End::Failure(failure) = end else { panic!("{end:?}") };
    assert_eq!((failure.kind, failure.request_sent), (InvalidOutput, true), "{failure:?}");
    assert!(events.is_empty(), "{events:?}");
}

/// Text that was emitted before the error stays emitted.
#[test]
fn text_before_an_error_is_emitted() {
    let first = r#"{"choices":[{"index":0,"delta":{"content":"half"}}]}"#;
    let (end, events) = ask(&[first, "oops"]);
    let End::Failure(failure) = end else { panic!("{end:?}") };
    assert_eq!(failure.kind, InvalidOutput);
    assert!(matches!(&events[..], [Event::TextDelta { text, .. }] if text == "half"), "{events:?}");
}
