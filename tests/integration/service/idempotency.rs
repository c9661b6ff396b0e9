//! Runs that are requested twice and charged once.

use std::time::Duration;

use connector_tests::service::Service;
use connector_tests::{FOREVER, sandbox};
use openai_sandbox::{Fault, Sandbox};
use serde_json::{Value, json};

use super::{Answer, JSON, OPENAI, events, post_with, question, send};

fn ask(service: &Service, key: &str, body: &Value) -> Answer {
    post_with(service, &format!("{OPENAI}/actions/ask/run"), &[("idempotency-key", key)], body)
}

fn charged(sandbox: &Sandbox) -> usize {
    sandbox.requests().len()
}

#[test]
fn the_same_key_and_body_get_the_first_outcome() {
    let (service, sandbox) = (Service::start(), sandbox());
    let body = question(&sandbox);
    let first = ask(&service, "k1", &body).expect(200);
    let second = ask(&service, "k1", &body).expect(200);
    assert_eq!(first.json(), second.json());
    assert_eq!(charged(&sandbox), 1);

    let mut other = body.clone();
    other["input"]["temperature"] = json!(1);
    assert_eq!(ask(&service, "k1", &other).problem(409), "conflict");
    ask(&service, "k2", &body).expect(200);
    assert_eq!(charged(&sandbox), 2);

    // As a stream, the response contains only the outcome.
    let headers = [JSON, ("accept", "text/event-stream"), ("idempotency-key", "k1")];
    let path = format!("{OPENAI}/actions/ask/run");
    let received = events(send(&service, "POST", &path, &headers, body.to_string()));
    assert_eq!(received, [("result".to_owned(), first.json())]);
}

#[test]
fn a_charged_failure_is_kept_and_any_other_is_not() {
    let (service, sandbox) = (Service::start(), sandbox());
    let body = question(&sandbox);
    sandbox.script(Fault::error(400, "unsupported", "No."));
    let refused = ask(&service, "k1", &body);
    assert_eq!(refused.problem(422), "refused");
    assert_eq!(ask(&service, "k1", &body).text, refused.text);
    assert_eq!(charged(&sandbox), 1);

    let wrong = json!({ "input": {}, "connection": body["connection"] });
    assert_eq!(ask(&service, "k2", &wrong).problem(422), "invalid-input");
    // Nothing was sent, so the key is free for the corrected request.
    ask(&service, "k2", &body).expect(200);
}

#[test]
fn concurrent_callers_share_one_run() {
    let (service, sandbox) = (Service::start(), sandbox());
    sandbox.script(Fault::Delay(Duration::from_millis(300)));
    let body = question(&sandbox);
    let answers: Vec<Value> = std::thread::scope(|scope| {
        let callers: Vec<_> =
            (0..4).map(|_| scope.spawn(|| ask(&service, "k1", &body).expect(200).json())).collect();
        callers.into_iter().map(|caller| caller.join().unwrap()).collect()
    });
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(charged(&sandbox), 1);
}

#[test]
fn a_caller_that_disconnected_gets_its_outcome_later() {
    let (service, sandbox) = (Service::start(), sandbox());
    sandbox.script(Fault::Delay(Duration::from_millis(500)));
    let body = question(&sandbox);
    let impatient = ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_millis(100)))
        .build()
        .new_agent();
    let url = format!("{}{OPENAI}/actions/ask/run", service.url());
    let request = impatient.post(url).header("idempotency-key", "k1");
    assert!(request.content_type("application/json").send(body.to_string()).is_err());
    ask(&service, "k1", &body).expect(200);
    assert_eq!(charged(&sandbox), 1);
}

#[test]
fn a_restart_during_a_run_loses_nothing_and_charges_once() {
    let sandbox = sandbox();
    let body = question(&sandbox);
    let mut service = Service::start();
    ask(&service, "before", &body).expect(200);
    sandbox.clear();

    // A service that is asked to stop lets the run finish and stores its
    // outcome.
    sandbox.script(Fault::Delay(Duration::from_millis(500)));
    let first = std::thread::scope(|scope| {
        let caller = scope.spawn(|| ask(&service, "middle", &body));
        while charged(&sandbox) == 0 {
            std::thread::sleep(Duration::from_millis(10));
        }
        service.terminate();
        caller.join().unwrap()
    });
    service.restart();
    let again = ask(&service, "middle", &body).expect(200);
    assert_eq!(again.json(), first.expect(200).json());
    assert_eq!(charged(&sandbox), 1);
    ask(&service, "before", &body).expect(200);
    assert_eq!(charged(&sandbox), 1);
}

#[test]
fn a_killed_run_is_not_repeated() {
    let sandbox = sandbox();
    let body = question(&sandbox);
    let mut service = Service::start();
    sandbox.script(Fault::Delay(FOREVER));
    std::thread::scope(|scope| {
        let caller = scope.spawn(|| {
            let url = format!("{}{OPENAI}/actions/ask/run", service.url());
            let request = ureq::post(url).header("idempotency-key", "k1");
            request.content_type("application/json").send(body.to_string()).is_err()
        });
        while charged(&sandbox) == 0 {
            std::thread::sleep(Duration::from_millis(10));
        }
        service.kill();
        assert!(caller.join().unwrap());
    });
    service.restart();
    let interrupted = ask(&service, "k1", &body);
    assert_eq!(interrupted.problem(409), "conflict");
    assert!(interrupted.text.contains("may have been charged"), "{}", interrupted.text);
    assert_eq!(charged(&sandbox), 1);
}
