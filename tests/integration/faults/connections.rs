//! Connections that are refused, reset or closed, at every stage.

use connector_host::FailureKind::Network;
use openai_sandbox::Step::{self, Read, ReadHead, ReadRequest, Reset, Write};

use super::answers::{good, good_chunked};
use super::calls::{ALL, Ask, Call, Image, STREAMED, Speech, Transcription, Upload};
use super::matrix::{Expected, Row, check, fails, works};

/// The provider may have processed the request: only what changes nothing is
/// asked again.
fn broken() -> Expected {
    fails(Network).again_if_harmless()
}

#[test]
fn a_connection_that_is_refused_is_tried_again() {
    check(vec![Row::refused("refused", fails(Network).unsent().again())]);
}

/// It may or may not be there before the first byte is sent.
#[test]
fn a_connection_that_is_reset_at_once_is_tried_again_if_nothing_was_sent() {
    let row = Row::new("reset at accept", |_| vec![Reset], fails(Network).again_if_early());
    let upload = Row::new("reset at accept", |_| vec![Reset], fails(Network).again_if_early());
    check(vec![row, upload.only(&[Upload])]);
}

#[test]
fn a_connection_that_breaks_before_the_answer_may_have_been_a_request() {
    let ask = |name, steps: &'static [Step]| Row::new(name, |_| steps.to_vec(), broken());
    check(vec![
        ask("closed at accept", &[]),
        ask("reset inside the request's head", &[Read(1), Reset]),
        ask("closed behind the request's head", &[ReadHead]),
        ask("reset behind the request", &[ReadRequest, Reset]),
        ask("closed behind the request", &[ReadRequest]),
    ]);
}

#[test]
fn a_long_upload_that_breaks_is_not_sent_twice() {
    let upload = |name, steps: &'static [Step]| {
        Row::new(name, |_| steps.to_vec(), fails(Network)).only(&[Upload])
    };
    check(vec![
        upload("reset in the head", &[Read(1), Reset]),
        upload("reset inside the body", &[Read(1 << 20), Reset]),
        upload("reset at the end of the body", &[Read(8_000_000), Reset]),
        upload("closed behind the request", &[ReadRequest]),
    ]);
}

/// A provider that sends this, and then closes the connection or resets it.
fn cut(
    name: &str,
    answer: impl Fn(Call) -> Vec<u8> + Copy + Send + Sync + 'static,
    closed: Expected,
) -> [Row; 2] {
    let play = move |call| vec![ReadRequest, Write(answer(call))];
    let reset = move |call| [play(call), vec![Reset]].concat();
    [
        Row::new(format!("closed {name}"), play, closed),
        Row::new(format!("reset {name}"), reset, fails(Network).again_if_harmless_and_early()),
    ]
}

#[test]
fn an_answer_that_breaks_off_in_its_head_is_none() {
    let status = cut("inside the status line", |_| b"HTTP/1.1 20".to_vec(), broken());
    let inside = |call| good(call).0.as_bytes()[..40].to_vec();
    let header = cut("inside a header", inside, broken());
    let headers = cut("behind the headers", |call| good(call).0.into_bytes(), broken());
    check([status, header, headers].into_iter().flatten().collect());
}

/// A good answer in chunks, without the last one.
fn without_last(call: Call) -> Vec<u8> {
    let mut whole = good_chunked(call);
    whole.truncate(whole.len() - b"0\r\n\r\n".len());
    whole
}

/// It has begun: the provider has done its part, so nothing is asked again.
#[test]
fn an_answer_that_breaks_off_in_its_body_is_none_and_is_not_asked_for_again() {
    let known = |call: Call, part: usize| {
        let (head, body) = good(call);
        let sent = &body[..body.len() * part / 4];
        format!("{head}Content-Length: {}\r\n\r\n{sent}", body.len()).into_bytes()
    };
    let once = fails(Network);
    let rows = [
        cut("behind the head", move |call| known(call, 0), once),
        cut("inside the body", move |call| known(call, 2), once),
    ];
    check(rows.into_iter().flatten().collect());
}

#[test]
fn chunks_without_the_last_are_no_answer() {
    let once = fails(Network);
    let rows = [
        cut("inside a chunk size", |call| [&without_last(call)[..], b"1"].concat(), once),
        cut("inside a chunk", |call| [&without_last(call)[..], b"9\r\n    "].concat(), once),
        cut("in front of the last chunk", without_last, once),
    ];
    let unstreamed: Vec<Call> = ALL.iter().copied().filter(|call| !call.is_streamed()).collect();
    check(rows.into_iter().flatten().map(|row| row.only(&unstreamed)).collect());
    // A stream says itself that it is over.
    let done = |call| vec![ReadRequest, Write(without_last(call))];
    check(vec![Row::new("in front of the last chunk", done, works()).only(STREAMED)]);
}

/// The size of the last chunk is there: all has arrived.
#[test]
fn an_answer_without_its_last_line_end_is_whole() {
    let last = |call| vec![ReadRequest, Write([&without_last(call)[..], b"0\r\n"].concat())];
    check(vec![Row::new("closed inside the last chunk", last, works())]);
}

/// Without a length a close is the end of the body, and a reset is not.
#[test]
fn a_body_without_a_length_ends_with_a_close_and_not_with_a_reset() {
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
