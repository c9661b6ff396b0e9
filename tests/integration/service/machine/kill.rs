//! A service that is killed at random times, a hundred times.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::thread;

use connector_tests::{CANARY, sandbox};
use ureq::http::Request;

use super::super::{agent, get};
use super::*;

const KILLS: u64 = 100;
/// The maximum lifetime of a service, in milliseconds: a few requests.
const MAX_LIFETIME: u64 = 40;

/// What callers received, and which requests got no response.
#[derive(Default)]
struct Received {
    /// The outcome by key, if it arrived.
    outcomes: BTreeMap<String, Option<String>>,
    /// The paths of files, and the content of each.
    files: BTreeMap<String, Vec<u8>>,
    connections: Vec<String>,
}

/// Returns the response, unless the service was killed before it was complete.
fn try_send(
    service: &Service,
    path: &str,
    headers: &[(&str, &str)],
    body: Vec<u8>,
) -> Option<Answer> {
    let mut request = Request::builder().method("POST").uri(format!("{}{path}", service.url()));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (head, mut body) = agent().run(request.body(body).unwrap()).ok()?.into_parts();
    let text = body.read_to_string().ok()?;
    Some(Answer { status: head.status.as_u16(), head: head.headers, text })
}

/// The content of an upload follows from its name, so that unreported uploads
/// can be checked too.
fn content_of(name: &str) -> Vec<u8> {
    let number: usize = name.trim_end_matches(".bin").parse().unwrap();
    (0..10_000 + number * 37 % 200_000).map(|at| (at * (number | 1) % 251) as u8).collect()
}

fn keyed(sandbox: &Sandbox, key: &str) -> Value {
    let mut body = question(sandbox);
    body["input"]["messages"][0]["content"] = json!(format!("[{key}]"));
    body
}

/// Sends requests until the service is gone.
fn send_until_killed(
    service: &Service,
    sandbox: &Sandbox,
    received: &Mutex<Received>,
    worker: u64,
    round: u64,
) {
    for number in 0.. {
        let id = (round * 10 + worker) * 1000 + number;
        let whole = match worker {
            0 => {
                let key = format!("key-{id}");
                received.lock().unwrap().outcomes.insert(key.clone(), None);
                let headers = [JSON, ("idempotency-key", key.as_str())];
                let body = keyed(sandbox, &key).to_string().into_bytes();
                try_send(service, &run_of("ask"), &headers, body).map(|answer| {
                    let text = answer.expect(200).text;
                    received.lock().unwrap().outcomes.insert(key, Some(text));
                })
            }
            1 => {
                let name = format!("{id}.bin");
                let path = format!("{API}/files?name={name}");
                try_send(service, &path, &[], content_of(&name)).map(|answer| {
                    let url = answer.expect(201).json()["url"].as_str().unwrap().to_owned();
                    received.lock().unwrap().files.insert(url, content_of(&name));
                })
            }
            2 => {
                let body = json!({
                    "input": { "input": "Hi", "voice": "alloy", "responseFormat": "wav" },
                    "connection": { "token": CANARY, "baseUrl": sandbox.base_url() },
                });
                let body = body.to_string().into_bytes();
                try_send(service, &run_of("createSpeech"), &[JSON], body)
                    .map(|answer| drop(answer.expect(200)))
            }
            _ => {
                let values = inline(sandbox);
                let name = format!("c{id}");
                let new = json!({ "name": name, "component": "openai/v1", "values": values });
                let body = new.to_string().into_bytes();
                try_send(service, &format!("{API}/connections"), &[JSON], body).map(|answer| {
                    let id = answer.expect(201).json()["id"].as_str().unwrap().to_owned();
                    received.lock().unwrap().connections.push(id);
                })
            }
        };
        if whole.is_none() {
            return;
        }
    }
}

/// Every file that can be fetched is complete, whether it was reported or not.
fn assert_files_are_whole(service: &Service, speech: &[u8]) {
    for id in service.files().iter().filter(|name| name.starts_with("file_")) {
        let path = format!("{API}/files/{id}");
        let mut fetched = send(service, "GET", &path, &[], "");
        assert_eq!(fetched.status(), 200, "{id}");
        let called = fetched.headers()["content-disposition"].to_str().unwrap().to_owned();
        let name = called.rsplit("''").next().unwrap().replace("%2E", ".");
        let content = fetched.body_mut().read_to_vec().unwrap();
        match name.as_str() {
            "speech.wav" => assert!(content == speech, "{id} is incomplete"),
            name => assert!(content == content_of(name), "{id} ({name}) is incomplete"),
        }
        assert_eq!(answer(send(service, "DELETE", &path, &[], "")).status, 204);
    }
}

#[test]
fn responses_sent_before_a_kill_remain_valid() {
    let (mut service, sandbox) = (Service::start(), sandbox());
    let input = json!({ "input": "Hi", "voice": "alloy", "responseFormat": "wav" });
    let body = json!({ "input": input, "connection": inline(&sandbox) });
    let made = post(&service, &run_of("createSpeech"), &body).expect(200).json();
    let mut speech = send(&service, "GET", made["output"]["url"].as_str().unwrap(), &[], "");
    let speech = speech.body_mut().read_to_vec().unwrap();
    let (mut outcomes, mut files, mut connections) = (BTreeMap::new(), 0, 0);
    for round in 0..KILLS {
        let received = Mutex::new(Received::default());
        thread::scope(|scope| {
            for worker in 0..4 {
                let (service, sandbox, received) = (&service, &sandbox, &received);
                scope.spawn(move || send_until_killed(service, sandbox, received, worker, round));
            }
            // At a time unrelated to anything the service does.
            thread::sleep(Duration::from_micros(round * 7919 % (MAX_LIFETIME * 1000)));
            service.kill();
        });
        service.restart();
        let received = received.into_inner().unwrap();
        for (url, content) in &received.files {
            let mut fetched = send(&service, "GET", url, &[], "");
            assert!(fetched.body_mut().read_to_vec().unwrap() == *content, "{url} has changed");
        }
        assert_files_are_whole(&service, &speech);
        for id in &received.connections {
            get(&service, &format!("{API}/connections/{id}")).expect(200);
        }
        files += received.files.len();
        connections += received.connections.len();
        for (key, outcome) in received.outcomes {
            let again = ask_with_key(&service, &key, &keyed(&sandbox, &key));
            match &outcome {
                Some(outcome) => assert_eq!(*outcome, again.expect(200).text, "{key}"),
                None => assert!(matches!(again.status, 200 | 409), "{key}: {}", again.text),
            }
            let asked = format!("[{key}]");
            let requests = sandbox.requests();
            let bodies = requests.iter().filter_map(|request| request.json());
            let paid = bodies.filter(|body| body["messages"][0]["content"] == asked).count();
            assert!(paid <= 1, "{key} was charged twice");
            outcomes.insert(key, outcome);
        }
        sandbox.clear();
    }
    // None of the later kills lost a stored outcome.
    for (key, outcome) in &outcomes {
        if let Some(outcome) = outcome {
            let again = ask_with_key(&service, key, &keyed(&sandbox, key)).expect(200);
            assert_eq!(again.text, *outcome, "{key}");
        }
    }
    assert!(sandbox.requests().is_empty(), "an outcome was charged again");
    let answered = outcomes.values().flatten().count();
    let figures = format!("{answered} outcomes, {files} files, {connections} connections");
    let unanswered = outcomes.len() - answered;
    assert!(answered.min(files).min(connections).min(unanswered) > 0, "{figures}, {unanswered}");
}
