//! Connections that are refused, reset or closed at every stage.

use connector_host::FailureKind::Network;
use openai_sandbox::Step::{self, Read, ReadHead, ReadRequest, Reset, Write};

use super::answers::{good, good_chunked};
use super::calls::{ALL, Ask, Call, Image, STREAMED, Speech, Transcription, Upload};
use super::matrix::{Expected, Row, check, fails, works};

/// The provider may have processed the request, so only harmless calls are
/// retried.
fn broken() -> Expected {
    fails(Network).retried_if_harmless()
}

#[test]
fn a_refused_connection_is_retried() {
    check(vec![Row::refused("refused", fails(Network).unsent().retried())]);
}

/// The reset may arrive before or after the first byte is sent.
#[test]
fn a_connection_reset_at_once_is_retried_if_nothing_was_sent() {
    let row = Row::new("reset on accept", |_| vec![Reset], fails(Network).retried_if_early());
    let upload = Row::new("reset on accept", |_| vec![Reset], fails(Network).retried_if_early());
    check(vec![row, upload.only(&[Upload])]);
}

#[test]
fn a_connection_that_breaks_before_the_response_counts_as_sent() {
    let ask = |name, steps: &'static [Step]| Row::new(name, |_| steps.to_vec(), broken());
    check(vec![
        ask("closed on accept", &[]),
        ask("reset in the request's head", &[Read(1), Reset]),
        ask("closed after the request's head", &[ReadHead]),
        ask("reset after the request", &[ReadRequest, Reset]),
        ask("closed after the request", &[ReadRequest]),
    ]);
}

#[test]
fn a_broken_upload_is_not_sent_twice() {
    let upload = |name, steps: &'static [Step]| {
        Row::new(name, |_| steps.to_vec(), fails(Network)).only(&[Upload])
    };
    check(vec![
        upload("reset in the head", &[Read(1), Reset]),
        upload("reset inside the body", &[Read(1 << 20), Reset]),
        upload("reset at the end of the body", &[Read(8_000_000), Reset]),
        upload("closed after the request", &[ReadRequest]),
    ]);
}

/// A provider that sends this, then closes or resets the connection.
fn cut(
    name: &str,
    answer: impl Fn(Call) -> Vec<u8> + Copy + Send + Sync + 'static,
    closed: Expected,
) -> [Row; 2] {
    let play = move |call| vec![ReadRequest, Write(answer(call))];
    let reset = move |call| [play(call), vec![Reset]].concat();
    [
        Row::new(format!("closed {name}"), play, closed),
        Row::new(format!("reset {name}"), reset, fails(Network).retried_if_harmless_and_early()),
    ]
}

#[test]
fn a_response_cut_off_in_its_head_fails() {
    let status = cut("inside the status line", |_| b"HTTP/1.1 20".to_vec(), broken());
    let inside = |call| good(call).0.as_bytes()[..40].to_vec();
    let header = cut("inside a header", inside, broken());
    let headers = cut("after the headers", |call| good(call).0.into_bytes(), broken());
    check([status, header, headers].into_iter().flatten().collect());
}

/// A good response in chunks, without the last one.
fn without_last(call: Call) -> Vec<u8> {
    let mut whole = good_chunked(call);
    whole.truncate(whole.len() - b"0\r\n\r\n".len());
    whole
}

/// The response has begun, so the provider has done its part, and nothing is
/// retried.
#[test]
fn a_response_cut_off_in_its_body_fails_and_is_not_retried() {
    let known = |call: Call, part: usize| {
        let (head, body) = good(call);
        let sent = &body[..body.len() * part / 4];
        format!("{head}Content-Length: {}\r\n\r\n{sent}", body.len()).into_bytes()
    };
    let once = fails(Network);
    let rows = [
        cut("after the head", move |call| known(call, 0), once),
        cut("inside the body", move |call| known(call, 2), once),
    ];
    check(rows.into_iter().flatten().collect());
}

#[test]
fn a_chunked_response_without_its_last_chunk_fails() {
    let once = fails(Network);
    let rows = [
        cut("inside a chunk size", |call| [&without_last(call)[..], b"1"].concat(), once),
        cut("inside a chunk", |call| [&without_last(call)[..], b"9\r\n    "].concat(), once),
        cut("before the last chunk", without_last, once),
    ];
    let unstreamed: Vec<Call> = ALL.iter().copied().filter(|call| !call.is_streamed()).collect();
    check(rows.into_iter().flatten().map(|row| row.only(&unstreamed)).collect());
    // A stream marks its own end.
    let done = |call| vec![ReadRequest, Write(without_last(call))];
    check(vec![Row::new("before the last chunk", done, works()).only(STREAMED)]);
}

/// The size of the last chunk has arrived, so the body is complete.
#[test]
fn a_chunked_response_without_its_final_line_break_is_complete() {
    let last = |call| vec![ReadRequest, Write([&without_last(call)[..], b"0\r\n"].concat())];
    check(vec![Row::new("closed inside the last chunk", last, works())]);
}

/// Without a length, a close ends the body, and a reset does not.
#[test]
fn a_body_without_a_length_ends_with_a_close_but_not_with_a_reset() {
    let whole = |call: Call| {
        let (head, body) = good(call);
        vec![ReadRequest, Write(format!("{head}\r\n{body}").into_bytes())]
    };
    let reset = move |call| [whole(call), vec![Reset]].concat();
    let only = [Ask, Image, Speech, Transcription];
    check(vec![
        Row::new("closed", whole, works()).only(&only),
        Row::new("reset", reset, fails(Network)).only(&only),
    ]);
}
