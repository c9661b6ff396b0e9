//! Retries: what is retried, what is not, how often, and that no pause exceeds
//! the time limit of the run.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use connector_host::{Cancellation, Event, Failure, FailureKind, Limits, Outcome, Retries};
use connector_tests::{FOREVER, HANG, connection, openai, sandbox};
use openai_sandbox::{Fault, Sandbox};
use serde_json::json;

/// Four attempts with almost no pause.
fn quick() -> Retries {
    let pause = Duration::from_millis(1);
    Retries { attempts: 4, pause, longest: pause, ..Retries::default() }
}

fn ask(sandbox: &Sandbox, limits: Limits) -> (Result<Outcome, Failure>, Vec<Event>) {
    let connector = openai();
    let events = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&events);
    let result = connector
        .run("ask", json!({"messages": [{"role": "user", "content": "Hi"}]}))
        .connection(&connection(&connector, sandbox))
        .limits(limits)
        .retries(quick())
        .on_event(move |event| heard.lock().unwrap().push(event))
        .start();
    let events = std::mem::take(&mut *events.lock().unwrap());
    (result, events)
}

fn script(sandbox: &Sandbox, fault: &Fault, times: usize) {
    (0..times).for_each(|_| sandbox.script(fault.clone()));
}

#[test]
fn retries_until_the_provider_recovers() {
    for status in [408, 409, 429, 500, 502, 503, 504, 529] {
        let sandbox = sandbox();
        script(&sandbox, &Fault::error(status, "overloaded", "Later."), 2);
        let (outcome, events) = ask(&sandbox, Limits::default());
        assert_eq!(outcome.unwrap().metadata["attempts"], 3, "{status}");
        assert_eq!(sandbox.requests().len(), 3, "{status}");
        let [Event::Retry { attempt: 1, reason, .. }, Event::Retry { attempt: 2, .. }] =
            events.as_slice()
        else {
            panic!("{status}: {events:?}");
        };
        assert_eq!(reason, &format!("HTTP {status}"));
    }
}

#[test]
fn gives_up_after_the_last_attempt() {
    let sandbox = sandbox();
    script(&sandbox, &Fault::error(503, "overloaded", "Later."), 10);
    let (outcome, events) = ask(&sandbox, Limits::default());
    let failure = outcome.unwrap_err();
    assert_eq!((failure.kind, failure.status), (FailureKind::Unavailable, Some(503)));
    assert_eq!((sandbox.requests().len(), events.len()), (4, 3));
}

#[test]
fn permanent_errors_are_not_retried() {
    for fault in [
        Fault::error(400, "bad", "Bad."),
        Fault::error(401, "invalid_api_key", "No."),
        Fault::error(404, "model_not_found", "None."),
        Fault::error(501, "never", "Never."),
        Fault::error(429, "insufficient_quota", "You exceeded your current quota."),
        // The request may have been processed and charged.
        Fault::HangUp,
        Fault::CutBody { after: 10 },
    ] {
        let sandbox = sandbox();
        script(&sandbox, &fault, 3);
        let (outcome, events) = ask(&sandbox, Limits::default());
        assert!(outcome.unwrap_err().request_sent, "{fault:?}");
        assert_eq!((sandbox.requests().len(), events.len()), (1, 0), "{fault:?}");
    }
}

/// The caller gets the complete message of an error that was not retried.
#[test]
fn distinguishes_an_exhausted_quota_from_a_rate_limit() {
    let sandbox = sandbox();
    sandbox.script(Fault::error(429, "insufficient_quota", "You exceeded your current quota."));
    let failure = ask(&sandbox, Limits::default()).0.unwrap_err();
    assert_eq!(failure.kind, FailureKind::QuotaExceeded);
    assert_eq!(failure.message, "You exceeded your current quota");
}

#[test]
fn a_harmless_request_is_retried_if_its_connection_breaks() {
    let (sandbox, connector) = (sandbox(), openai());
    sandbox.script(Fault::HangUp);
    connector.test(&connection(&connector, &sandbox)).unwrap();
    assert_eq!(sandbox.requests().len(), 2);
}

#[test]
fn waits_as_long_as_the_provider_requests() {
    let sandbox = sandbox();
    sandbox.script(Fault::error(429, "slow", "Slow.").with_header("retry-after-ms", "120"));
    let started = Instant::now();
    let (outcome, events) = ask(&sandbox, Limits::default());
    outcome.unwrap();
    assert!(started.elapsed() >= Duration::from_millis(120));
    assert!(matches!(events.as_slice(), [Event::Retry { pause_ms: 120, .. }]), "{events:?}");
}

#[test]
fn a_pause_longer_than_the_remaining_time_is_not_started() {
    let sandbox = sandbox();
    for header in ["3600", "Fri, 31 Dec 9999 23:59:59 GMT"] {
        sandbox.clear();
        sandbox.script(Fault::error(429, "slow", "Slow.").with_header("retry-after", header));
        let (result, events) = ask(&sandbox, Limits::default());
        let failure = result.unwrap_err();
        assert_eq!(failure.kind, FailureKind::RateLimited);
        assert!(failure.retry_after_ms.unwrap() >= 3_600_000, "{failure:?}");
        assert_eq!((sandbox.requests().len(), events.len()), (1, 0));
    }
}

#[test]
fn a_pause_ends_when_the_run_is_cancelled() {
    let (sandbox, connector) = (sandbox(), openai());
    sandbox.script(Fault::error(429, "slow", "Slow.").with_header("retry-after", "500"));
    let cancellation = Cancellation::new();
    let cancel = cancellation.clone();
    let started = Instant::now();
    let failure = connector
        .run("ask", json!({"messages": [{"role": "user", "content": "Hi"}]}))
        .connection(&connection(&connector, &sandbox))
        .cancellation(&cancellation)
        .on_event(move |event| {
            if let Event::Retry { .. } = event {
                let cancel = cancel.clone();
                std::thread::spawn(move || cancel.cancel());
            }
        })
        .start()
        .unwrap_err();
    assert_eq!((failure.kind, failure.request_sent), (FailureKind::Cancelled, true));
    assert!(started.elapsed() < HANG, "{:?}", started.elapsed());
}

#[test]
fn a_stalled_response_fails_but_a_slow_start_does_not() {
    let sandbox = sandbox();
    let limits = Limits { silence: Duration::from_secs(2), ..Limits::default() };
    sandbox.script(Fault::Delay(Duration::from_secs(5)));
    ask(&sandbox, limits.clone()).0.unwrap();

    sandbox.script(Fault::Stall { after: 10, pause: FOREVER });
    let failure = ask(&sandbox, limits).0.unwrap_err();
    assert_eq!((failure.kind, failure.request_sent), (FailureKind::Timeout, true), "{failure:?}");
    assert_eq!(failure.message, "the provider's response stalled");
}

#[test]
fn distinguishes_a_late_response_from_a_run_that_takes_too_long() {
    let (sandbox, short) = (sandbox(), Duration::from_secs(2));
    let request = format!("POST {}/chat/completions", sandbox.base_url());
    for (limits, message) in [
        (
            Limits { first_byte: short, ..Limits::default() },
            format!("no response to {request} within 2s"),
        ),
        (Limits { time: short, ..Limits::default() }, "the run exceeded its time limit".to_owned()),
    ] {
        sandbox.clear();
        sandbox.script(Fault::Delay(FOREVER));
        let failure = ask(&sandbox, limits).0.unwrap_err();
        let observed = (failure.kind, failure.request_sent, failure.message.as_str());
        assert_eq!(observed, (FailureKind::Timeout, true, message.as_str()));
        assert_eq!(sandbox.requests().len(), 1);
    }
    // Once the response has begun, it may take longer than that.
    sandbox.script(Fault::Stall { after: 10, pause: Duration::from_secs(8) });
    let limits = Limits { first_byte: Duration::from_secs(5), ..Limits::default() };
    ask(&sandbox, limits).0.unwrap();
}

#[test]
fn an_unprocessed_run_can_be_handed_back_before_a_long_pause() {
    let sandbox = sandbox();
    let limited = Fault::error(429, "rate_limit_exceeded", "Slow down.");
    let limited = limited.with_header("retry-after", "30");
    let connector = openai();
    let handed_back = |input: serde_json::Value| {
        let run = connector.run("ask", input).connection(&connection(&connector, &sandbox));
        let retries = Retries { hand_back: true, ..quick() };
        run.retries(retries).start().unwrap_err()
    };
    let hello = json!({"messages": [{"role": "user", "content": "Hi"}]});
    sandbox.script(limited);
    let failure = handed_back(hello.clone());
    assert_eq!(failure.kind, FailureKind::RateLimited);
    assert!(failure.repeatable && failure.request_sent);
    assert_eq!(failure.retry_after_ms, Some(30_000));
    assert_eq!(sandbox.requests().len(), 1);
    // A final failure, or a request that was never sent, is not repeatable.
    sandbox.script(Fault::error(400, "unsupported", "No."));
    assert!(!handed_back(hello).repeatable);
    assert!(!handed_back(json!({})).repeatable);
}
