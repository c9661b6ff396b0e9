//! Connections that are refused, reset or closed, at every stage.

use connector_host::FailureKind::Network;
use openai_sandbox::Step::{self, Read, ReadHead, ReadRequest, Reset, Write};

use super::answers::{chunk, good, good_chunked};
use super::calls::{ALL, Call, Speech, Transcription, Upload};
use super::matrix::{Expected, Row, check, fails};

/// The provider may have processed the request: only what changes nothing is
/// asked again.
fn broken() -> Expected {
    fails(Network).again_if_harmless()
}

#[test]
fn a_connection_that_is_refused_is_tried_again() {
    check(vec![Row::refused("refused", fails(Network).unsent().again())]);
}

#[test]
fn a_connection_that_breaks_before_the_answer_may_have_been_a_request() {
    let ask = |name, steps: &'static [Step]| Row::new(name, |_| steps.to_vec(), broken());
    check(vec![
        ask("reset at accept", &[Reset]),
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
        upload("reset at accept", &[Reset]),
        upload("reset in the head", &[Read(1), Reset]),
        upload("reset inside the body", &[Read(1 << 20), Reset]),
        upload("reset at the end of the body", &[Read(8_000_000), Reset]),
        upload("closed behind the request", &[ReadRequest]),
    ]);
}

/// The answer so far, and the end of the connection.
fn cut(name: &str, answer: impl Fn(Call) -> Vec<u8> + Copy + Send + Sync + 'static) -> [Row; 2] {
    let play = move |call| vec![ReadRequest, Write(answer(call))];
    [
        Row::new(format!("closed {name}"), play, broken()),
        Row::new(format!("reset {name}"), move |call| [play(call), vec![Reset]].concat(), broken()),
    ]
}

#[test]
fn an_answer_that_breaks_off_in_its_head_is_none() {
    let status = cut("inside the status line", |_| b"HTTP/1.1 20".to_vec());
    let header = cut("inside a header", |call| good(call).0[..40].as_bytes().to_vec());
    let headers = cut("behind the headers", |call| good(call).0.into_bytes());
    check([status, header, headers].into_iter().flatten().collect());
}

/// It has begun: the provider has done its part, so nothing is asked again.
#[test]
fn an_answer_that_breaks_off_in_its_body_is_none_and_is_not_asked_for_again() {
    let known = |call: Call, part: usize| {
        let (head, body) = good(call);
        let sent = &body[..body.len() * part / 4];
        format!("{head}Content-Length: {}\r\n\r\n{sent}", body.len()).into_bytes()
    };
    let without_last = |call| {
        let mut whole = good_chunked(call);
        whole.truncate(whole.len() - b"0\r\n\r\n".len());
        whole
    };
    let rows = [
        cut("behind the head", move |call| known(call, 0)),
        cut("inside the body", move |call| known(call, 2)),
        cut("inside a chunk size", move |call| [&without_last(call)[..], b"1"].concat()),
        cut("inside a chunk", move |call| {
            let more = chunk(b"and some more");
            [&without_last(call)[..], &more[..8]].concat()
        }),
        cut("in front of the last chunk", without_last),
        cut("inside the last chunk", move |call| [&without_last(call)[..], b"0\r\n"].concat()),
    ];
    let once = rows.into_iter().flatten().map(|row| row.except(ALL, fails(Network)));
    check(once.collect());
}

/// Without a length the end of the connection is the end of the body, and a
/// reset is not.
#[test]
fn a_body_without_a_length_ends_with_its_connection_and_not_with_a_reset() {
    let endless = |call: Call| {
        let (head, body) = good(call);
        vec![
            ReadRequest,
            Write(format!("{head}\r\n{}", &body[..body.len() / 2]).into_bytes()),
            Reset,
        ]
    };
    check(vec![Row::new("reset", endless, fails(Network)).only(&[Speech, Transcription])]);
}
