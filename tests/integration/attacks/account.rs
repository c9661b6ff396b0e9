//! A run and its functions share one budget: their usage is added up, a run
//! that exceeds the budget ends, and everything it held is released.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use connector_host::{
    Connection, Connector, Failure, FailureKind, Files, Functions, HostOptions, Limits, Retries,
};
use connector_tests::HANG;
use connector_tests::puppet::{self, Echo, steps};
use serde_json::{Value, json};
use tempfile::TempDir;

const TOKEN: &str = "sk-9f2Kq7Zr1Lw8Xc4V";

struct Bench {
    echo: Echo,
    connector: Connector,
    connection: Connection,
    folder: TempDir,
}

impl Bench {
    fn new() -> Self {
        let (echo, connector) = (Echo::start(), puppet::load(&json!({})));
        let connection = puppet::connection(&connector, &echo.base_url(), TOKEN);
        Self { echo, connector, connection, folder: TempDir::new().unwrap() }
    }

    /// A run that may call its own action and a closure.
    fn act(&self, script: &Value, limits: &Limits) -> Result<Value, Failure> {
        let files = Files::new(self.folder.path());
        let functions = Functions::new()
            .with("large", "Returns 1 MiB of text.", json!({ "type": "object" }), |_| {
                Ok(json!("x".repeat(1 << 20)))
            })
            .with_actions(&self.connector, &self.connection, &files);
        let mut input = steps(script);
        input["functions"] = json!(["puppet/v1/act", "large"]);
        let run = self.connector.run("act", input).connection(&self.connection);
        let run = run.files(&files).functions(&functions).limits(limits.clone());
        run.start().map(|outcome| outcome.output)
    }

    /// Asserts that a run fails because it exceeds a limit, and that the next
    /// run is unaffected. Returns the failure.
    #[track_caller]
    fn assert_exceeds(&self, script: &Value, limits: &Limits, words: &str) -> Failure {
        let failure = self.act(script, limits).unwrap_err();
        assert!(failure.message.contains(words), "{failure:?}");
        let honest = json!([{ "send": { "path": "body", "body": "good" } }, { "text": {} }]);
        assert_eq!(self.act(&honest, limits).unwrap()[1], "good");
        failure
    }
}

/// Steps that call the connector's own action as a function.
fn calls(script: &Value, times: usize) -> Value {
    let call = json!({ "name": "puppet/v1/act", "arguments": { "steps": script.to_string() } });
    json!([{ "call": vec![call; times] }])
}

fn within(change: impl FnOnce(&mut Limits)) -> Limits {
    let mut limits = Limits { time: HANG, ..Limits::default() };
    change(&mut limits);
    limits
}

#[test]
fn a_run_and_its_functions_share_the_request_limit() {
    let bench = Bench::new();
    let limits = within(|limits| limits.requests = 10);
    let send = json!([{ "send": { "path": "body", "body": "a" } }, { "drop": {} }]);
    let often = json!([{ "repeat": { "times": 20, "steps": send } }]);
    bench.assert_exceeds(&often, &limits, "more than 10 requests");
    let before = bench.echo.requests();
    bench.assert_exceeds(&calls(&send, 20), &limits, "more than 10 requests");
    assert_eq!(bench.echo.requests() - before, 10 + 1);
}

#[test]
fn a_run_and_its_functions_share_the_limit_on_open_responses() {
    let bench = Bench::new();
    let limits = within(|limits| limits.open = 8);
    let send = json!({ "send": { "path": "body", "body": "a" } });
    let hoard = json!([{ "repeat": { "times": 20, "steps": [send] } }]);
    bench.assert_exceeds(&hoard, &limits, "more than 8 responses and files open");
    let three = json!([send, send, send, { "allocate": { "bytes": 1 } }]);
    let first = json!([send, send, send, send, send, send, calls(&three, 1)[0]]);
    bench.assert_exceeds(&first, &limits, "more than 8 responses and files open");
}

#[test]
fn a_run_and_its_functions_share_the_limit_on_held_bytes() {
    let bench = Bench::new();
    let limits = within(|limits| limits.held_bytes = 8 << 20);
    let large = json!([{ "call": vec![json!({ "name": "large", "arguments": {} }); 20] }]);
    bench.assert_exceeds(&large, &limits, "of the host's memory");
    let names = vec!["puppet/v1/act"; 1_000];
    let small = within(|limits| limits.held_bytes = 100_000);
    bench.assert_exceeds(
        &json!([{ "describe": { "names": names } }]),
        &small,
        "of the host's memory",
    );
    // Half an event in each of several responses.
    let text = "x".repeat(1 << 20);
    let send = json!({ "send": { "path": "file", "body": text } });
    let unfinished = json!({ "read": { "max": 1 } });
    let hoard = json!([{ "repeat": { "times": 40, "steps": [send, unfinished] } }]);
    // Unread data stays with the server; only what was read counts.
    assert!(bench.act(&hoard, &limits).is_ok());
}

/// A response that was read to its end holds no memory, even if the guest keeps
/// its handle.
#[test]
fn delivered_data_is_no_longer_held() {
    let bench = Bench::new();
    let limits = within(|limits| limits.held_bytes = 8 << 20);
    let text = "x".repeat(1 << 20);
    for (path, read) in [
        ("body", json!({ "text": {} })),
        ("json", json!({ "json": {} })),
        ("json", json!({ "json": { "path": ["nothing"] } })),
        ("event", json!({ "event": {} })),
        ("file", json!({ "readAll": { "max": 100_000 } })),
    ] {
        let steps = json!([{ "send": { "path": path, "body": text } }, read]);
        let often = json!([{ "repeat": { "times": 12, "steps": steps } }]);
        assert!(bench.act(&often, &limits).is_ok(), "{path} {read}");
    }
}

#[test]
fn a_run_and_its_functions_share_the_limit_on_log_messages() {
    let bench = Bench::new();
    let log = json!([{ "repeat": { "times": 500, "steps": [{ "log": { "text": "a" } }] } }]);
    // Further messages are dropped; the run does not fail.
    assert!(bench.act(&calls(&log, 5), &within(|_| ())).is_ok());
}

#[test]
fn files_of_functions_are_removed_when_the_run_fails() {
    let bench = Bench::new();
    let limits = within(|_| ());
    let make = json!([{ "create": { "bytes": 10 } }]);
    let mut steps = calls(&make, 3);
    steps.as_array_mut().unwrap().push(json!({ "fail": {} }));
    assert!(bench.act(&steps, &limits).is_err());
    assert_eq!(std::fs::read_dir(&bench.folder).unwrap().count(), 0);
    assert!(bench.act(&calls(&make, 3), &limits).is_ok());
    assert_eq!(std::fs::read_dir(&bench.folder).unwrap().count(), 3);
    let many = json!([{ "repeat": { "times": 600, "steps": [{ "create": { "bytes": 1 } }] } }]);
    let seen = bench.act(&calls(&many, 2), &limits).unwrap().to_string();
    assert!(seen.contains("a run may store at most 1000 files"), "{seen}");
}

/// A run that fails also reports that a request of its functions may have been
/// charged.
#[test]
fn a_request_of_a_function_counts_as_sent_by_the_run() {
    let bench = Bench::new();
    let send = json!([{ "send": { "path": "body", "body": "a" } }]);
    let mut steps = calls(&send, 1);
    steps.as_array_mut().unwrap().push(json!({ "fail": {} }));
    let failure = bench.act(&steps, &within(|_| ())).unwrap_err();
    assert!(failure.request_sent && !failure.repeatable, "{failure:?}");
    let failure = bench.act(&json!([{ "fail": {} }]), &within(|_| ())).unwrap_err();
    assert!(!failure.request_sent, "{failure:?}");
}

/// The caller's retry limits also apply to functions: a request that could be
/// charged twice is not repeated.
#[test]
fn requests_of_functions_obey_the_runs_retry_limits() {
    let (echo, connector) = (Echo::start(), puppet::load(&json!({})));
    let connection = puppet::connection(&connector, &echo.base_url(), TOKEN);
    let files = Files::new("nowhere");
    let functions = Functions::new().with_actions(&connector, &connection, &files);
    let unavailable = json!([{ "send": { "path": "later" } }, { "text": {} }]);
    for attempts in [1, 2] {
        let before = echo.requests();
        let mut input = steps(&calls(&unavailable, 1));
        input["functions"] = json!(["puppet/v1/act"]);
        let pause = Duration::from_millis(1);
        let retries = Retries { attempts, pause, longest: pause, ..Retries::default() };
        let run = connector.run("act", input).connection(&connection).retries(retries);
        run.files(&files).functions(&functions).start().unwrap();
        assert_eq!(echo.requests() - before, attempts as usize);
    }
}

/// Well-behaved functions that run concurrently take no capacity from other
/// runs.
#[test]
fn functions_take_no_capacity_from_other_runs() {
    let options = HostOptions { concurrent_runs: 4, ..HostOptions::default() };
    let host = connector_host::Host::new(options).unwrap();
    let connector = host.load(&puppet::puppet(&json!({}))).unwrap();
    let echo = Echo::start();
    let connection = puppet::connection(&connector, &echo.base_url(), TOKEN);
    let files = Files::new("nowhere");
    let functions = Functions::new().with_actions(&connector, &connection, &files);
    let send = json!([{ "send": { "path": "body", "body": "a" } }, { "text": {} }]);
    let mut input = steps(&calls(&send, 8));
    input["functions"] = json!(["puppet/v1/act"]);
    let (connector, input) = (Arc::new(connector), Arc::new(input));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..20 {
                    let run = connector.run("act", (*input).clone()).connection(&connection);
                    let seen = run.files(&files).functions(&functions).start().unwrap();
                    let seen = seen.output.to_string();
                    assert!(!seen.contains("failure"), "{seen}");
                }
            });
        }
    });
}

/// The time limit of a run includes its functions.
#[test]
fn an_endless_function_ends_with_its_run() {
    let bench = Bench::new();
    let limits = within(|limits| limits.time = Duration::from_millis(500));
    let failure = bench.act(&calls(&json!([{ "loop": {} }]), 8), &limits).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Timeout, "{failure:?}");
}
