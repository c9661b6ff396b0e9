//! Responses that violate HTTP: lengths, chunks, heads.

use std::time::Duration;

use connector_host::FailureKind::{
    InvalidOutput, Network, NotFound, Refused, Timeout, TooLarge, Unavailable,
};
use connector_host::Limits;
use openai_sandbox::Step::{Flood, ReadRequest, Write};

use super::answers::{chunk, good, good_chunked, good_whole, good_with, whole};
use super::calls::{Call, Image, ImageStreamed, STREAMED, Speech};
use super::limits;
use super::matrix::{Expected, Row, check, fails, works};

/// The response cannot be parsed.
fn unreadable() -> Expected {
    fails(Network).retried_if_harmless()
}

#[test]
fn every_valid_framing_works() {
    check(vec![
        Row::answer("a length", good_whole, works()),
        Row::answer("chunks", good_chunked, works()),
        Row::answer("until the connection closes", |call| good_with(call, ""), works()),
        Row::answer(
            "two lengths that agree",
            |call| {
                let length = good(call).1.len();
                good_with(
                    call,
                    &format!("Content-Length: {length}\r\nContent-Length: {length}\r\n"),
                )
            },
            works(),
        ),
        Row::answer(
            "chunks with extensions and a trailer",
            |call| {
                let (head, body) = good(call);
                let length = body.len();
                format!(
                    "{head}Transfer-Encoding: chunked\r\n\r\n{length:x};a=b\r\n{body}\r\n\
                     0\r\nX-Trailer: 1\r\n\r\n"
                )
                .into_bytes()
            },
            works(),
        ),
        Row::answer(
            "an HTTP/1.0 response",
            |call| {
                let (head, body) = good(call);
                format!("{}\r\n{body}", head.replace("HTTP/1.1", "HTTP/1.0")).into_bytes()
            },
            works(),
        ),
        Row::answer(
            "a second, unrequested response",
            |call| [good_whole(call), good_whole(call)].concat(),
            works(),
        ),
    ]);
}

#[test]
fn a_wrong_length_fails() {
    let length = |name: &str, headers: fn(usize) -> String, expected| {
        Row::answer(name, move |call| good_with(call, &headers(good(call).1.len())), expected)
    };
    check(vec![
        length(
            "one byte too large",
            |length| format!("Content-Length: {}\r\n", length + 1),
            fails(Network),
        )
        // A stream marks its own end.
        .except(STREAMED, works()),
        length("negative", |_| "Content-Length: -1\r\n".to_owned(), unreadable()),
        length("not a number", |_| "Content-Length: many\r\n".to_owned(), unreadable()),
        length("2^64", |_| "Content-Length: 18446744073709551616\r\n".to_owned(), unreadable()),
        length(
            "2^64-1",
            |_| "Content-Length: 18446744073709551615\r\n".to_owned(),
            // The body is not even read.
            fails(TooLarge),
        )
        .except(STREAMED, works()),
        length(
            "two that differ",
            |length| format!("Content-Length: {length}\r\nContent-Length: {}\r\n", length + 1),
            unreadable(),
        ),
    ]);
}

/// Bytes after the announced end are ignored.
#[test]
fn a_length_that_is_too_small_truncates_the_response() {
    let cut =
        |call: Call| good_with(call, &format!("Content-Length: {}\r\n", good(call).1.len() / 2));
    check(vec![
        Row::answer("half", cut, fails(InvalidOutput)).except(&[Speech], works()),
        Row::answer(
            "nothing",
            |call| good_with(call, "Content-Length: 0\r\n"),
            fails(InvalidOutput),
        ),
    ]);
}

/// RFC 9112 §6.3: the chunks take precedence, or the response is rejected.
#[test]
fn a_length_next_to_chunks_is_ignored_or_rejected() {
    let both = |call: Call| {
        let answer = String::from_utf8(good_chunked(call)).unwrap();
        answer.replace("Transfer-Encoding", "Content-Length: 3\r\nTransfer-Encoding").into_bytes()
    };
    check(vec![Row::answer("both", both, works())]);
}

#[test]
fn malformed_chunks_fail() {
    let chunks = |name: &str, body: &'static [u8]| {
        let answer = move |call| {
            let (head, _) = good(call);
            [format!("{head}Transfer-Encoding: chunked\r\n\r\n").as_bytes(), body].concat()
        };
        Row::answer(name, answer, fails(Network))
    };
    check(vec![
        chunks("no size", b"\r\nabc\r\n0\r\n\r\n"),
        chunks("a size that is not a number", b"xyz\r\nabc\r\n0\r\n\r\n"),
        chunks("a negative size", b"-3\r\nabc\r\n0\r\n\r\n"),
        chunks("a size of 2^64", b"10000000000000000\r\nabc\r\n0\r\n\r\n"),
        chunks("an absurd size", b"FFFFFFFFFFFFFFFF\r\nabc\r\n0\r\n\r\n"),
        chunks("an endless size", &[b'1'; 10_000]),
        chunks("a chunk that is longer than its size", b"3\r\nabcdef\r\n0\r\n\r\n"),
        chunks("a chunk that is shorter than its size", b"9\r\nabc\r\n0\r\n\r\n"),
        chunks("no chunks at all", b"{\"data\": []}\r\n"),
    ]);
}

#[test]
fn endless_responses_are_too_large() {
    let flood = |name: &str, head: fn(Call) -> String, flood: &'static [u8], expected| {
        let steps = move |call| {
            let head = head(call).into_bytes();
            vec![ReadRequest, Write(head), Flood(flood.repeat(4096 / flood.len()))]
        };
        Row::new(name, steps, expected)
    };
    let body = |call| format!("{}\r\n", good(call).0);
    let chunks = |call| format!("{}Transfer-Encoding: chunked\r\n\r\n", good(call).0);
    check(vec![
        flood("a body", body, b" ", fails(TooLarge)),
        flood("a body of chunks", chunks, b"4\r\n    \r\n", fails(TooLarge)),
        flood("a body of events", body, b"data: {}\n\n", fails(TooLarge))
            .except(&[Image], fails(InvalidOutput)),
        flood("a status line", |_| "HTTP/1.1 200 ".to_owned(), b"OK", fails(TooLarge)),
        flood("a header", |_| "HTTP/1.1 200 OK\r\nX: ".to_owned(), b"x", fails(TooLarge)),
        flood("headers", |_| "HTTP/1.1 200 OK\r\n".to_owned(), b"X: x\r\n", unreadable()),
    ]);
    let limits = Limits { first_byte: Duration::from_millis(500), ..limits() };
    let interim = |_| vec![ReadRequest, Flood(b"HTTP/1.1 103 Early Hints\r\n\r\n".repeat(100))];
    let row = Row::new("interim responses", interim, fails(Timeout)).only_actions();
    check(vec![row.within(limits)]);
}

/// A base64 image is held in memory, so it is limited even if files may be
/// larger.
#[test]
fn an_endless_image_is_too_large() {
    let limits = Limits { file_bytes: 1 << 40, ..limits() };
    let endless = |begin: &'static str| {
        move |call| {
            let begin = format!("{}\r\n{begin}", good(call).0);
            vec![ReadRequest, Write(begin.into_bytes()), Flood(vec![b'A'; 64 << 10])]
        }
    };
    check(vec![
        Row::new("in JSON", endless("{\"data\":[{\"b64_json\":\""), fails(TooLarge))
            .only(&[Image])
            .within(limits.clone()),
        Row::new("in an event", endless("data: {\"b64_json\":\""), fails(TooLarge))
            .only(&[ImageStreamed])
            .within(limits),
    ]);
}

#[test]
fn heads_are_limited_in_size() {
    let headers = |call: Call, headers: String| {
        let (head, body) = good(call);
        format!("{head}{headers}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
    };
    check(vec![
        Row::answer("60 headers", move |call| headers(call, "X: 1\r\n".repeat(60)), works()),
        Row::answer(
            "10,000 headers",
            move |call| headers(call, "X: 1\r\n".repeat(10_000)),
            unreadable(),
        ),
        Row::answer(
            "a header of 1 MiB",
            move |call| headers(call, format!("X: {}\r\n", "x".repeat(1 << 20))),
            fails(TooLarge),
        ),
        Row::answer(
            "a header of 8 KiB",
            move |call| headers(call, format!("X: {}\r\n", "x".repeat(8 << 10))),
            works(),
        ),
    ]);
}

#[test]
fn an_invalid_head_fails() {
    let bytes =
        |name: &str, bytes: &'static [u8]| Row::answer(name, |_| bytes.to_vec(), unreadable());
    check(vec![
        bytes("only a line break", b"\r\n"),
        bytes("a body without a head, as in HTTP/0.9", b"{\"data\": []}"),
        bytes("headers without a status line", b"Content-Length: 2\r\n\r\n{}"),
        bytes("another protocol", b"SSH-2.0-OpenSSH_9.2\r\n"),
        bytes("the HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        bytes("an HTTP/2 settings frame", b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64"),
        bytes("an HTTP/2 response", b"HTTP/2 200 OK\r\nContent-Length: 2\r\n\r\n{}"),
        bytes("a TLS alert", b"\x15\x03\x01\0\x02\x02\x50"),
        bytes("random bytes", b"\xff\xfe\0\x01\x80garbage\0\0\r\n\r\n"),
        bytes("a status without digits", b"HTTP/1.1 OK\r\n\r\n"),
        bytes("a two-digit status", b"HTTP/1.1 20 OK\r\n\r\n"),
        bytes("a four-digit status", b"HTTP/1.1 2000 OK\r\n\r\n"),
        bytes("a header without a colon", b"HTTP/1.1 200 OK\r\nX\r\n\r\n"),
        bytes("a header with a zero byte", b"HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n"),
        bytes("a name with a space", b"HTTP/1.1 200 OK\r\nContent Length: 2\r\n\r\n{}"),
    ]);
}

#[test]
fn an_unusual_status_is_a_failure_with_that_status() {
    let status = |code: &'static str, expected| {
        Row::answer(format!("status {code}"), move |_| whole(code, &[], b""), expected)
    };
    check(vec![
        status("101 Switching Protocols", fails(Refused)),
        status("204 No Content", fails(InvalidOutput)),
        status("205 Reset Content", fails(InvalidOutput)),
        status("304 Not Modified", fails(Refused)),
        status("404 Not Found", fails(NotFound)),
        status("418 I'm a teapot", fails(Refused)),
        status("501 Not Implemented", fails(Unavailable)),
        status("600 Odd", fails(Unavailable)),
        status("999 Odd", fails(Unavailable)),
    ]);
}

#[test]
fn interim_responses_are_skipped() {
    let interim = |name: &str, interim: &'static str| {
        let answer = move |call| [interim.as_bytes(), &good_whole(call)].concat();
        Row::answer(name, answer, works())
    };
    check(vec![
        interim("100", "HTTP/1.1 100 Continue\r\n\r\n"),
        interim("102", "HTTP/1.1 102 Processing\r\n\r\n"),
        interim("103", "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n"),
        interim("many", "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"),
    ]);
    let alone = |_| b"HTTP/1.1 100 Continue\r\n\r\n".to_vec();
    check(vec![Row::answer("100 alone", alone, unreadable())]);
}

/// The gzip encoding of
/// `{"choices":[{"message":{"content":"a"}}],"text":"a","data":[{"id":"m","url":"https://a.example"}]}`:
/// a valid response for every call if it were unpacked.
const GZIP: &[u8] =
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x25\x8a\x3b\x0a\xc0\x20\x10\x05\xef\xf2\
    \x6a\x89\xbd\x57\x09\x16\x8b\x2e\x51\xf0\x47\xdc\x80\x20\xde\x3d\x92\x74\x33\xc3\
    \x4c\xb8\x50\xa3\xe3\x0e\x73\x4e\x64\xee\x9d\x2e\x86\x99\x70\xb5\x08\x17\x81\x01\
    \x61\x2d\xab\x20\x3c\x7e\x53\xf0\x24\xf4\xfd\xd1\xef\x92\x77\x79\xee\xb4\x29\x88\
    \xb4\x6e\xb4\xa6\x83\x07\xe5\x96\x18\xcb\xae\x17\x10\x57\xb0\x7c\x62\x00\x00\x00";

/// Compressed data could grow past every limit.
#[test]
fn nothing_is_decompressed() {
    let packed = |name: &'static str| {
        let header = format!("Content-Encoding: {name}");
        let answer = move |_| whole("200 OK", &[&header], GZIP);
        Row::answer(name, answer, fails(InvalidOutput))
    };
    let unlabelled = |_| whole("200 OK", &["Content-Type: application/gzip"], GZIP);
    check(vec![
        packed("gzip"),
        packed("x-gzip"),
        packed("deflate"),
        packed("br"),
        packed("gzip, identity"),
        packed("x-unheard-of"),
        Row::answer("not labeled", unlabelled, fails(InvalidOutput)),
    ]);
    let plain = |call: Call| {
        let media_type = format!("Content-Type: {}", call.good().0);
        whole("200 OK", &["Content-Encoding: identity", &media_type], good(call).1.as_bytes())
    };
    check(vec![Row::answer("identity", plain, works())]);
}

/// At no point could a prefix of this response be taken for the whole.
#[test]
fn a_stream_may_arrive_in_chunks_of_one_byte() {
    let answer = |call: Call| {
        let (head, body) = good(call);
        let mut answer = format!("{head}Transfer-Encoding: chunked\r\n\r\n").into_bytes();
        body.bytes().for_each(|byte| answer.extend(chunk(&[byte])));
        [&answer[..], b"0\r\n\r\n"].concat()
    };
    check(vec![Row::answer("chunks of a byte", answer, works())]);
}
