//! A provider that repeats the token wherever it can. Every cell checks that no
//! part of it leaks ([`super::matrix`]); here, there is a token to find.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use connector_host::FailureKind::{InvalidOutput, Refused, Unauthorized};
use connector_tests::CANARY;
use openai_sandbox::Step::{ReadRequest, Write};

use super::answers::{chunk, chunked, head, json, whole};
use super::calls::{ALL, AskStreamed, Call, STREAMED, Speech, event};
use super::matrix::{Row, check, fails, works};

/// The forms in which servers write the token.
fn forms() -> [(&'static str, String); 5] {
    let percent = CANARY.replace('/', "%2F").replace('+', "%2B").replace('=', "%3D");
    [
        ("plain", CANARY.to_owned()),
        ("with its scheme", format!("Bearer {CANARY}")),
        ("percent-encoded", percent),
        ("base64", STANDARD.encode(CANARY)),
        ("URL-safe base64", URL_SAFE_NO_PAD.encode(format!("Bearer {CANARY}"))),
    ]
}

#[test]
fn redacts_the_token_in_the_body_of_an_error() {
    let mut rows = Vec::new();
    for (form, text) in forms() {
        for (shape, body) in [
            ("an error", format!(r#"{{"error":{{"message":"No key {text}."}}}}"#)),
            (
                "a code",
                format!(r#"{{"error":{{"message":"No","code":"{text}","param":"{text}"}}}}"#),
            ),
            ("plain text", format!("{text} is not a key")),
        ] {
            let answer = move |_| whole("401 Unauthorized", &[], body.as_bytes());
            rows.push(Row::answer(format!("{form} in {shape}"), answer, fails(Unauthorized)));
        }
    }
    check(rows);
}

#[test]
fn redacts_the_token_in_headers_and_the_reason_phrase() {
    let mut rows = Vec::new();
    for (form, text) in forms() {
        for header in ["X-Request-Id", "Location", "Retry-After", "WWW-Authenticate", "Set-Cookie"]
        {
            let header = format!("{header}: {text}");
            let answer = move |_| whole("302 Found", &[&header], b"");
            rows.push(Row::answer(format!("{form} in a header"), answer, fails(Refused)));
        }
        let answer = move |_| whole(&format!("401 {text}"), &[], b"");
        rows.push(Row::answer(format!("{form} as the reason"), answer, fails(Unauthorized)));
    }
    check(rows);
}

/// Successful responses: outputs, files, events.
#[test]
fn redacts_the_token_in_a_successful_response() {
    let mut rows = Vec::new();
    for (form, text) in forms() {
        let answer = move |call: Call| {
            let (media_type, pieces) = call.good();
            let body = pieces.concat();
            let body = body
                .replace("Hello", &text)
                .replace("lo\"", &format!("{text}\""))
                .replace("recording", &text)
                .replace("\"id\":\"m\"", &format!("\"id\":\"{text}\""));
            whole("200 OK", &[&format!("Content-Type: {media_type}")], body.as_bytes())
        };
        rows.push(Row::answer(form, answer, works()));
    }
    check(rows);
}

/// Wherever the response is split.
#[test]
fn redacts_a_token_that_is_split_anywhere() {
    let mut rows = Vec::new();
    for at in 1..CANARY.len() {
        let answer = move |call: Call| {
            let (before, after) = match call {
                Speech => ("ID3 ", ""),
                _ => ("{\"error\":{\"message\":\"", "\"}}"),
            };
            let (first, second) = CANARY.split_at(at);
            (format!("{before}{first}"), format!("{second}{after}"))
        };
        // Two writes, so that they are probably also two reads.
        let steps = move |call| {
            let (first, second) = answer(call);
            let status = if call == Speech { "200 OK" } else { "401 No" };
            let head = format!("{}Transfer-Encoding: chunked\r\n\r\n", head(status, &[]));
            vec![
                ReadRequest,
                Write([head.as_bytes(), &chunk(first.as_bytes())].concat()),
                Write([&chunk(second.as_bytes())[..], b"0\r\n\r\n"].concat()),
            ]
        };
        rows.push(
            Row::new(format!("cut at {at}"), steps, fails(Unauthorized)).except(&[Speech], works()),
        );
    }
    check(rows);
}

/// Events are delivered before the response is complete.
#[test]
fn redacts_a_token_that_is_split_in_an_event() {
    let delta = |text: &str| {
        event(&format!(r#"{{"choices":[{{"index":0,"delta":{{"content":"{text}"}}}}]}}"#))
    };
    let rows = [1, 5, 16].map(|size| {
        let body = delta(CANARY) + &event("[DONE]");
        let answer = move |_| {
            let pieces: Vec<&[u8]> = body.as_bytes().chunks(size).collect();
            chunked(&["Content-Type: text/event-stream"], &pieces)
        };
        Row::answer(format!("pieces of {size}"), answer, works()).only(&[AskStreamed])
    });
    check(rows.into());
    let oops = |_| whole("200 OK", &["Content-Type: text/event-stream"], event(CANARY).as_bytes());
    check(vec![Row::answer("as data", oops, fails(InvalidOutput)).only(STREAMED)]);
}

/// A body that is not JSON is kept in the failure, and must be redacted too.
#[test]
fn redacts_the_token_in_an_unreadable_response() {
    let answer = |_| json("200 OK", &format!("not JSON: {CANARY}"));
    let only: Vec<Call> = ALL.iter().copied().filter(|call| *call != Speech).collect();
    check(vec![Row::answer("text", answer, fails(InvalidOutput)).only(&only)]);
}
