//! Providers that are slow or silent. The wait has a limit at every stage.

use std::time::Duration;

use connector_host::FailureKind::{InvalidOutput, Timeout};
use connector_host::Limits;
use openai_sandbox::Step::{self, Drip, Hold, ReadHead, ReadRequest, Write};

use super::answers::{good, good_chunked, good_whole};
use super::calls::{Call, HARMLESS, STREAMED, Upload};
use super::limits;
use super::matrix::{Row, check, fails, works};

/// Limits on each wait, so that a silent provider is soon abandoned.
fn short() -> Limits {
    let time = Duration::from_millis(400);
    Limits { first_byte: time, silence: time, ..limits() }
}

/// A limit on the run's total time only.
fn short_run() -> Limits {
    let time = Duration::from_millis(600);
    Limits { time, ..limits() }
}

fn held(steps: &[Step]) -> Vec<Step> {
    [steps, &[Hold]].concat()
}

/// The first `part` quarters of a good chunked response.
fn partial(call: Call, part: usize) -> Vec<u8> {
    let mut answer = good_chunked(call);
    answer.truncate(answer.len() * part / 4);
    answer
}

/// The response up to the end of its first event, or half of a response without
/// events.
fn one_event(call: Call) -> Vec<u8> {
    let (head, body) = good(call);
    let end = body.find("\n\n").map_or(body.len() / 2, |at| at + 2);
    let length = body.len();
    format!("{head}Content-Length: {length}\r\n\r\n{}", &body[..end]).into_bytes()
}

fn stalls() -> Vec<Row> {
    let row = |name: &str, steps: fn(Call) -> Vec<Step>| Row::new(name, steps, fails(Timeout));
    vec![
        row("nothing is read", |_| held(&[])),
        row("nothing after the request's head", |_| held(&[ReadHead])),
        row("nothing after the request", |_| held(&[ReadRequest])),
        row("inside the head", |_| held(&[ReadRequest, Write(b"HTTP/1.1 200 OK\r\nX".to_vec())])),
        row("after the head", |call| {
            held(&[ReadRequest, Write(format!("{}\r\n", good(call).0).into_bytes())])
        }),
        row("inside the body", |call| held(&[ReadRequest, Write(partial(call, 3))])),
        row("between events", |call| held(&[ReadRequest, Write(one_event(call))])),
    ]
}

#[test]
fn a_silent_provider_is_abandoned_after_the_time_limit() {
    check(stalls().into_iter().map(|row| row.only_actions().within(short())).collect());
}

#[test]
fn a_run_ends_after_its_time_limit_whatever_the_provider_does() {
    check(stalls().into_iter().map(|row| row.only_actions().within(short_run())).collect());
}

/// A person waits for these queries, so they may take half a minute at most.
#[test]
fn form_queries_have_their_own_time_limit() {
    let stalls = stalls().into_iter().map(|row| row.only(HARMLESS));
    check(stalls.chain(drips().into_iter().map(|row| row.only(HARMLESS))).collect());
}

#[test]
fn a_long_upload_that_is_not_read_times_out() {
    let hold = |_| held(&[]);
    check(vec![
        Row::new("nothing is read", hold, fails(Timeout)).only(&[Upload]).within(short_run()),
    ]);
}

/// One byte per second: never silent, and never done.
const SECOND: Duration = Duration::from_secs(1);

fn drips() -> Vec<Row> {
    let row = |name: &str, steps: fn(Call) -> Vec<Step>| Row::new(name, steps, fails(Timeout));
    vec![
        row("a head, byte by byte", |call| vec![ReadRequest, Drip(good_whole(call), SECOND)]),
        row("a body, byte by byte", |call| {
            let (head, body) = good(call);
            // Longer than any limit.
            let body = " ".repeat(100) + &body;
            let head = format!("{head}Content-Length: {}\r\n\r\n", body.len());
            vec![ReadRequest, Write(head.into_bytes()), Drip(body.into_bytes(), SECOND)]
        }),
        row("comments, byte by byte", |_| {
            let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n".to_vec();
            vec![ReadRequest, Write(head), Drip(b":\n\n".repeat(100), SECOND)]
        }),
    ]
}

#[test]
fn a_provider_that_sends_a_byte_per_second_does_not_outlast_the_run() {
    let short = Limits { time: Duration::from_millis(1500), ..limits() };
    check(drips().into_iter().map(|row| row.only_actions().within(short.clone())).collect());
}

/// A slow but steady response is not cut off before the run's time is up.
#[test]
fn a_slow_but_steady_response_arrives() {
    let drip = |call| {
        let (head, body) = good(call);
        let head = format!("{head}Content-Length: {}\r\n\r\n", body.len());
        let pause = Duration::from_millis(4);
        vec![ReadRequest, Write(head.into_bytes()), Drip(body.into_bytes(), pause)]
    };
    check(vec![Row::new("byte by byte", drip, works())]);
}

/// Keep-alive comments do not prolong a run without an answer.
#[test]
fn a_stream_of_comments_without_an_answer_fails() {
    let comments = |_| {
        let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n".to_vec();
        vec![
            ReadRequest,
            Write(head),
            Drip(b": still there\n\n".repeat(3), Duration::from_millis(5)),
        ]
    };
    check(vec![Row::new("comments", comments, fails(InvalidOutput)).only(STREAMED)]);
}
