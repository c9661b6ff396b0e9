//! Waiting, and cleaning up after a run that is stopped.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Instant;

use connector_host::Cancellation;

use super::*;

const WAIT: &str = "(import \"workflow:connector/lifecycle@0.1.0\" \"wait\" \
                    (func $wait (param i64 i32)))";
const CLEAN_UP: &str = "(import \"workflow:connector/lifecycle@0.1.0\" \"clean-up\" \
                        (func $clean-up (result i64)))";

/// A guest that waits, and returns the resulting failure if the run must end.
/// The `result` of `wait` is two bytes.
fn waiting(milliseconds: u64) -> Guest {
    Guest::good()
        .with(WAIT)
        .with(&format!(
            "(func $run (type $call)
           (call $wait (i64.const {milliseconds}) (global.get $waited))
           (select (global.get $stopped) (global.get $outcome)
             (i32.load8_u (global.get $waited))))"
        ))
        .value("waited", "lifecycle.wait", json!("ok"))
        .value(
            "stopped",
            "actions.run",
            json!({ "err": { "kind": "cancelled", "message": "stopped" } }),
        )
}

#[test]
fn a_run_waits() {
    let connector = load(&waiting(120));
    let started = Instant::now();
    act(&connector).unwrap();
    assert!(started.elapsed() >= Duration::from_millis(120));
}

#[test]
fn waiting_ends_when_the_run_is_cancelled() {
    let connector = load(&waiting(u64::MAX));
    let limits = Limits { time: Duration::from_millis(80), ..Limits::default() };
    let failure = act_within(&connector, limits).unwrap_err();
    assert_eq!(failure.message, "stopped");

    let cancellation = Cancellation::new();
    let run = connector.run("act", json!({})).cancellation(&cancellation);
    let failure = thread::scope(|scope| {
        let run = scope.spawn(|| run.start());
        thread::sleep(Duration::from_millis(50));
        cancellation.cancel();
        run.join().unwrap().unwrap_err()
    });
    assert_eq!(failure.kind, FailureKind::Cancelled);
}

/// A guest that waits forever, and sends its request only during clean-up.
fn cleaning_up() -> Guest {
    sending(json!({ "method": "delete", "path": "/jobs/1", "body": "none" }))
        .with(WAIT)
        .with(CLEAN_UP)
        .with(
            "(func $run (type $call)
               (call $wait (i64.const -1) (global.get $waited))
               (if (i64.eqz (call $clean-up)) (then (unreachable)))
               (if (i64.ne (call $clean-up) (i64.const 0)) (then (unreachable)))
               (call $send-request)
               (select (global.get $answer) (global.get $outcome)
                 (i32.load8_u (global.get $answer))))",
        )
        .value("waited", "lifecycle.wait", json!("ok"))
}

/// Answers one request after a delay.
fn slow(server: &TcpListener, after: Duration) -> thread::JoinHandle<String> {
    let serving = server.try_clone().unwrap();
    thread::spawn(move || {
        let (mut stream, _) = serving.accept().unwrap();
        let mut head = [0; 512];
        let length = stream.read(&mut head).unwrap();
        thread::sleep(after);
        let _ = stream.write_all(b"HTTP/1.1 200 X\r\ncontent-length: 2\r\n\r\n{}");
        String::from_utf8_lossy(&head[..length]).into_owned()
    })
}

#[test]
fn a_cancelled_run_can_cancel_its_job_at_the_provider() {
    let server = listener();
    let served = slow(&server, Duration::ZERO);
    let connector = load(&cleaning_up());
    let cancellation = Cancellation::new();
    let connection = connection(&connector, &server);
    let run = connector.run("act", json!({})).connection(&connection).cancellation(&cancellation);
    let failure = thread::scope(|scope| {
        let run = scope.spawn(|| run.start());
        thread::sleep(Duration::from_millis(50));
        cancellation.cancel();
        run.join().unwrap()
    });
    assert!(served.join().unwrap().starts_with("DELETE /v1/jobs/1 "));
    // Its result no longer counts: the run was cancelled.
    assert_eq!(failure.unwrap_err().kind, FailureKind::Cancelled);
}

#[test]
fn clean_up_has_its_own_time_limit() {
    let server = listener();
    let served = slow(&server, Duration::from_secs(3));
    let connector = load(&cleaning_up());
    let limits = Limits {
        time: Duration::from_millis(50),
        clean_up: Duration::from_millis(200),
        ..Limits::default()
    };
    let started = Instant::now();
    let connection = connection(&connector, &server);
    let failure =
        connector.run("act", json!({})).connection(&connection).limits(limits).start().unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    assert_eq!(failure.kind, FailureKind::Timeout);
    assert!(served.join().unwrap().starts_with("DELETE "));
}

#[test]
fn a_run_that_was_not_stopped_cannot_start_clean_up() {
    let guest = Guest::good().with(CLEAN_UP).with(
        "(func $run (type $call)
           (if (i64.ne (call $clean-up) (i64.const 0)) (then (unreachable)))
           (global.get $outcome))",
    );
    act(&load(&guest)).unwrap();
}
