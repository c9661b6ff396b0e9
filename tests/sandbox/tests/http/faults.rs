//! Scripted faults as a client sees them.

use std::time::Duration;
use std::time::Instant;

use openai_sandbox::Fault;
use serde_json::json;

use crate::client;

const MODELS: &str = "/v1/models";

#[test]
fn faults_apply_once_and_in_order() {
    let sandbox = client::start();
    sandbox.script(
        Fault::error(429, "rate_limit_exceeded", "Slow down.").with_header("retry-after", "7"),
    );
    sandbox.script(Fault::Delay(Duration::ZERO));
    sandbox.script(Fault::text(502, "Bad gateway"));

    let first = client::get(&sandbox, MODELS);
    assert_eq!((first.status, first.header("retry-after")), (429, Some("7")));
    assert_eq!(
        first.json(),
        json!({"error": {
            "message": "Slow down.", "type": "requests", "param": null,
            "code": "rate_limit_exceeded",
        }})
    );
    assert_eq!(client::get(&sandbox, MODELS).status, 200);
    let third = client::get(&sandbox, MODELS);
    assert_eq!((third.status, third.text()), (502, "Bad gateway"));
    assert_eq!(third.header("content-type"), Some("text/plain"));
    assert_eq!(client::get(&sandbox, MODELS).status, 200);

    let statuses: Vec<_> = sandbox.requests().iter().map(|request| request.status).collect();
    assert_eq!(statuses, [Some(429), Some(200), Some(502), Some(200)]);
}

#[test]
fn scripted_headers_may_be_repeated_and_replace_defaults() {
    let sandbox = client::start();
    let fault = Fault::Status {
        status: 503,
        headers: vec![
            ("x-request-id".to_owned(), "req_mine".to_owned()),
            ("set-cookie".to_owned(), "a=1".to_owned()),
            ("set-cookie".to_owned(), "b=2".to_owned()),
        ],
        body: vec![0xff, 0],
    };
    sandbox.script(fault);
    let answer = client::get(&sandbox, MODELS);
    assert_eq!(answer.header("x-request-id"), Some("req_mine"));
    let cookies = answer.headers.iter().filter(|(name, _)| name == "set-cookie").count();
    assert_eq!((cookies, answer.body.as_slice()), (2, &[0xff, 0][..]));
}

#[test]
fn a_delay_comes_before_the_head() {
    let sandbox = client::start();
    sandbox.script(Fault::Delay(Duration::from_millis(200)));
    let started = Instant::now();
    assert_eq!(client::get(&sandbox, MODELS).status, 200);
    assert!(started.elapsed() >= Duration::from_millis(200));
}

#[test]
fn a_hang_up_sends_nothing() {
    let sandbox = client::start();
    sandbox.script(Fault::HangUp);
    let request = client::write("GET /v1/models", &[("authorization", "Bearer k")], b"");
    assert!(client::exchange(&client::authority(&sandbox), &request).is_none());
    assert_eq!(sandbox.requests()[0].status, None);
    assert_eq!(client::get(&sandbox, MODELS).status, 200);
}

#[test]
fn a_cut_body_is_incomplete() {
    let sandbox = client::start();
    sandbox.script(Fault::CutBody { after: 10 });
    let plain = client::get(&sandbox, MODELS);
    assert_eq!((plain.status, plain.body.len(), plain.is_whole), (200, 10, false));

    sandbox.script(Fault::CutBody { after: 100 });
    let body = json!({
        "model": "gpt-4o", "stream": true, "messages": [{"role": "user", "content": "Hi"}],
    });
    let stream = client::post(&sandbox, "/v1/chat/completions", &body);
    assert_eq!(stream.header("transfer-encoding"), Some("chunked"));
    assert_eq!((stream.body.len(), stream.is_whole), (100, false));
}

#[test]
fn a_stalled_body_arrives_late_but_complete() {
    let sandbox = client::start();
    let pause = Duration::from_millis(200);
    sandbox.script(Fault::Stall { after: 10, pause });
    let started = Instant::now();
    let answer = client::get(&sandbox, MODELS);
    assert!(pause <= started.elapsed() && answer.is_whole);
    assert_eq!(answer.json(), client::get(&sandbox, MODELS).json());
}

#[test]
fn a_body_in_pieces_is_split_anywhere() {
    let sandbox = client::start();
    let body = json!({
        "model": "gpt-4o", "stream": true, "messages": [{"role": "user", "content": "Grüß Gött!"}],
    });
    let ask = || client::post(&sandbox, "/v1/chat/completions", &body);
    let whole = ask();
    for size in [1, 7] {
        sandbox.script(Fault::Pieces { size, pause: Duration::ZERO });
        let pieces = ask();
        assert!(pieces.is_whole && pieces.chunks.iter().all(|length| *length <= size));
        assert_eq!((pieces.chunks[0], pieces.text()), (size, whole.text()));
    }
}

#[test]
fn pieces_may_have_pauses() {
    let sandbox = client::start();
    let pause = Duration::from_millis(2);
    sandbox.script(Fault::Pieces { size: 10, pause });
    let started = Instant::now();
    let answer = client::get(&sandbox, MODELS);
    assert!(pause * (answer.body.len() as u32 / 10) <= started.elapsed());
    assert_eq!(answer.json()["object"], "list");
}

#[test]
fn the_key_is_echoed_if_scripted() {
    let sandbox = client::start();
    sandbox.script(Fault::EchoAuthorization { status: 401 });
    let answer = client::get(&sandbox, MODELS);
    assert_eq!(answer.status, 401);
    assert_eq!(answer.text().matches("Bearer sk-test").count(), 2);
}

#[test]
fn clearing_forgets_faults() {
    let sandbox = client::start();
    sandbox.script(Fault::HangUp);
    sandbox.clear();
    assert_eq!(client::get(&sandbox, MODELS).status, 200);
}
