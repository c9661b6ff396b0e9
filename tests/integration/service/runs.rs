//! Running actions over HTTP.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use connector_tests::service::Service;
use connector_tests::{CANARY, FOREVER, HANG, sandbox};
use openai_sandbox::Fault;
use serde_json::{Value, json};

use super::{JSON, OPENAI, answer, events, get, inline, lines, post, post_with, question, send};

fn run_of(action: &str) -> String {
    format!("{OPENAI}/actions/{action}/run")
}

#[test]
fn a_run_responds_with_its_outcome() {
    let (service, sandbox) = (Service::start(), sandbox());
    let outcome = post(&service, &run_of("ask"), &question(&sandbox)).expect(200).json();
    assert!(outcome["output"].as_str().unwrap().contains("Hello!"), "{outcome}");
    assert_eq!(outcome["metadata"]["attempts"], 1);
    assert!(outcome["metadata"]["usage"]["totalTokens"].is_u64());
}

#[test]
fn events_arrive_as_they_happen_and_the_outcome_last() {
    let (service, sandbox) = (Service::start(), sandbox());
    let headers = [JSON, ("accept", "text/event-stream")];
    let body = question(&sandbox);
    let received = events(send(&service, "POST", &run_of("ask"), &headers, body.to_string()));
    let text: String = received
        .iter()
        .filter(|(name, _)| name == "delta")
        .map(|(_, data)| data["text"].as_str().unwrap())
        .collect();
    let (name, last) = received.last().unwrap();
    assert_eq!(name, "result");
    assert_eq!(last["output"], text);
    assert!(received.len() > 1);
    assert_eq!(last["output"], post(&service, &run_of("ask"), &body).json()["output"]);
}

#[test]
fn retries_are_sent_as_events() {
    let (service, sandbox) = (Service::start(), sandbox());
    sandbox.script(Fault::error(503, "overloaded", "Try again."));
    let headers = [JSON, ("accept", "text/event-stream")];
    let body = question(&sandbox).to_string();
    let received = events(send(&service, "POST", &run_of("ask"), &headers, body));
    assert_eq!(received[0].0, "attempt", "{received:?}");
    assert!(received[0].1["pauseMs"].is_u64());
    assert_eq!(received.last().unwrap().1["metadata"]["attempts"], 2);
}

#[test]
fn failures_are_problems_that_contain_their_record() {
    let (service, sandbox) = (Service::start(), sandbox());
    let with = |input: Value, connection: Value| {
        post(&service, &run_of("ask"), &json!({ "input": input, "connection": connection }))
    };
    let hello = || json!({ "messages": [{ "role": "user", "content": "Hi" }] });

    let wrong = with(json!({ "messages": [{ "role": "poet", "content": "" }] }), inline(&sandbox));
    assert_eq!(wrong.problem(422), "invalid-input");
    assert_eq!(wrong.json()["failure"]["property"], "messages[0].role");
    assert_eq!(wrong.json()["failure"]["requestSent"], false);

    let mut stranger = inline(&sandbox);
    stranger["token"] = json!("sk-wrong");
    let refused = with(hello(), stranger);
    assert_eq!(refused.problem(401), "unauthorized");
    assert_eq!(refused.header("www-authenticate"), None);
    assert!(!refused.text.contains("sk-wrong"));

    assert_eq!(with(hello(), json!({})).problem(401), "unauthorized");
    let nowhere = json!({ "token": "sk", "baseUrl": "http://127.0.0.1:1/v1" });
    assert_eq!(with(hello(), nowhere).problem(502), "network");

    for _ in 0..4 {
        sandbox.script(Fault::error(429, "rate_limit_exceeded", "Slow down."));
    }
    let limited = with(hello(), inline(&sandbox));
    assert_eq!(limited.problem(429), "rate-limited");
}

#[test]
fn rejects_an_unreadable_body() {
    let service = Service::start();
    let path = run_of("ask");
    let sent = |kind: &str, body: &str| {
        answer(send(&service, "POST", &path, &[("content-type", kind)], body))
    };
    assert_eq!(sent("application/json", "{").problem(400), "bad-request");
    assert_eq!(sent("text/plain", "{}").problem(415), "unsupported-media-type");
    assert_eq!(sent("application/json", r#"{"inputs":{}}"#).problem(422), "invalid-input");
    let deep = format!("{{\"input\":{{\"a\":{}{}}}}}", "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(sent("application/json", &deep).problem(400), "bad-request");
    let large = format!("{{\"input\":{{\"a\":\"{}\"}}}}", "a".repeat(9 << 20));
    assert_eq!(sent("application/json", &large).status, 413);
}

#[test]
fn answers_form_queries() {
    let (service, sandbox) = (Service::start(), sandbox());
    let connection = json!({ "connection": inline(&sandbox) });
    let tested = post(&service, &format!("{OPENAI}/connection/test"), &connection);
    assert!(tested.expect(200).json()["message"].as_str().unwrap().contains("models available"));
    let path = format!("{OPENAI}/actions/ask/options/model");
    let list = post(&service, &path, &connection).expect(200).json();
    assert_eq!(list["disabled"], false);
    assert!(!list["options"].as_array().unwrap().is_empty());
    let without = post(&service, &path, &json!({})).expect(200).json();
    assert_eq!(without["disabled"], true);
    assert!(without["placeholder"].is_string(), "{without}");
}

/// Form queries to a provider that does not respond delay neither runs nor the
/// store.
#[test]
fn form_queries_leave_threads_for_others() {
    let (service, sandbox) = (Service::start_with(&["--runs", "1"]), sandbox());
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let base_url = format!("http://{}/v1", silent.local_addr().unwrap());
    let body = json!({ "connection": { "token": CANARY, "baseUrl": base_url } }).to_string();
    let host = service.url().strip_prefix("http://").unwrap();
    let request = format!(
        "POST {OPENAI}/actions/ask/options/model HTTP/1.1\r\nhost: {host}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let ask = || {
        let mut stream = TcpStream::connect(host).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        stream
    };
    // 16 are asked, and 64 wait.
    let mut asked: Vec<TcpStream> = (0..101).map(|_| ask()).collect();
    for stream in &asked {
        stream.set_nonblocking(true).unwrap();
    }
    // The others are rejected, whichever they are.
    let begun = Instant::now();
    while asked.len() > 80 {
        assert!(begun.elapsed() < HANG, "{}", asked.len());
        asked.retain_mut(|stream| {
            let mut head = [0; 12];
            let has_response = stream.read_exact(&mut head).is_ok();
            assert!(!has_response || &head == b"HTTP/1.1 503", "{head:?}");
            !has_response
        });
        thread::sleep(Duration::from_millis(20));
    }
    post(&service, &run_of("ask"), &question(&sandbox)).expect(200);
    get(&service, "/api/v1/connections").expect(200);
    // The queries are still waiting, so nothing waited for them.
    for stream in &mut asked {
        let answered = stream.read(&mut [0; 12]);
        assert!(answered.is_err_and(|error| error.kind() == ErrorKind::WouldBlock));
    }
}

#[test]
fn a_query_stops_when_its_caller_disconnects() {
    let service = Service::start();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let base_url = format!("http://{}/v1", silent.local_addr().unwrap());
    let body = json!({ "connection": { "token": CANARY, "baseUrl": base_url } }).to_string();
    let host = service.url().strip_prefix("http://").unwrap();
    let mut caller = TcpStream::connect(host).unwrap();
    let request = format!(
        "POST {OPENAI}/connection/test HTTP/1.1\r\nhost: {host}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    caller.write_all(request.as_bytes()).unwrap();
    let (mut provider, _) = silent.accept().unwrap();
    assert_ne!(provider.read(&mut [0; 4096]).unwrap(), 0, "the query has not arrived");
    drop(caller);
    // Well before the query's own timeout, which the reader would see as an
    // error.
    provider.set_read_timeout(Some(Duration::from_secs(25))).unwrap();
    assert_eq!(provider.read(&mut [0; 4096]).unwrap(), 0, "the query continues");
}

#[test]
fn a_run_stops_when_its_caller_disconnects() {
    let (service, sandbox) = (Service::start(), sandbox());
    sandbox.script(Fault::Stall { after: 1_000, pause: FOREVER });
    let headers = [JSON, ("accept", "text/event-stream")];
    let body = question(&sandbox).to_string();
    let response = send(&service, "POST", &run_of("ask"), &headers, body);
    let mut received = lines(response.into_body().into_reader());
    assert_eq!(received.next().as_deref(), Some("event: delta"));
    drop(received);
    // The slot is free again: no run is active.
    let started = Instant::now();
    while get(&service, "/metrics").text.contains("connector_runs_in_progress 1") {
        assert!(started.elapsed() < HANG, "the run continues");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_full_queue_rejects_callers() {
    let sandbox = sandbox();
    let service = Service::start_with(&["--runs", "1", "--queue", "0"]);
    sandbox.script(Fault::Stall { after: 1_000, pause: FOREVER });
    let headers = [JSON, ("accept", "text/event-stream")];
    let body = question(&sandbox);
    let response = send(&service, "POST", &run_of("ask"), &headers, body.to_string());
    let mut received = lines(response.into_body().into_reader());
    assert_eq!(received.next().as_deref(), Some("event: delta"));
    let busy = post_with(&service, &run_of("ask"), &[], &body);
    assert_eq!(busy.problem(503), "busy");
    assert_eq!(busy.header("retry-after"), Some("1"));
    assert_eq!(get(&service, "/health/ready").status, 503);
    assert_eq!(get(&service, "/health/live").status, 200);
}

#[test]
fn runs_are_counted() {
    let (service, sandbox) = (Service::start(), sandbox());
    post(&service, &run_of("ask"), &question(&sandbox)).expect(200);
    post(&service, &run_of("ask"), &json!({})).expect(401);
    let text = get(&service, "/metrics").expect(200).text;
    for line in [
        r#"connector_runs_total{action="openai/v1/ask",outcome="done"} 1"#,
        r#"connector_runs_total{action="openai/v1/ask",outcome="failed"} 1"#,
        r#"connector_run_seconds_count{action="openai/v1/ask"} 2"#,
        "connector_runs_in_progress 0",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is missing from\n{text}");
    }
    assert!(text.contains(r#"connector_tokens_total{action="openai/v1/ask"}"#));
}

#[test]
fn a_request_has_an_id() {
    let service = Service::start();
    let own = get(&service, "/health/live");
    assert!(own.header("x-request-id").is_some());
    let given = answer(send(&service, "GET", "/health/live", &[("x-request-id", "mine-1")], ""));
    assert_eq!(given.header("x-request-id"), Some("mine-1"));
}

#[test]
fn the_callers_trace_context_is_passed_to_the_provider() {
    let (service, sandbox) = (Service::start(), sandbox());
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let sent = |given: &str| {
        sandbox.clear();
        post_with(&service, &run_of("ask"), &[("traceparent", given)], &question(&sandbox));
        let headers = sandbox.requests()[0].headers.clone();
        headers.into_iter().find_map(|(name, value)| (name == "traceparent").then_some(value))
    };
    assert_eq!(sent(trace).as_deref(), Some(trace));
    assert_eq!(sent("00-x-y-z"), None);
}
