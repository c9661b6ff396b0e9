//! How a host handles connectors that break the contract of `wit/`, by mistake
//! or on purpose. Each is rejected or contained, with a typed error, and the
//! host then runs the next one as usual.

mod answers;
mod authorizations;
mod bodies;
mod cache;
mod connectors;
mod descriptions;
mod features;
mod imports;
mod lifecycle;
mod limits;
mod loading;
mod results;
mod schemas;
mod state;
mod storing;
mod versions;

use std::net::TcpListener;
use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use connector_host::{
    Connection, ConnectionValues, Connector, Definition, Failure, FailureKind, FileEntry, Files,
    Host, HostOptions, Limits, LoadError, Outcome,
};
use connector_tests::guest::Guest;
use serde_json::{Value, json};

/// One host for all guests of all tests, so every test also shows that the
/// others did no lasting harm.
static HOST: LazyLock<Host> = LazyLock::new(|| without_cache(HostOptions::default()));

static GOOD: LazyLock<Connector> = LazyLock::new(|| load(&Guest::good()));

fn without_cache(options: HostOptions) -> Host {
    Host::new(HostOptions { cache_dir: None, ..options }).unwrap()
}

fn load(guest: &Guest) -> Connector {
    HOST.load(&guest.build()).unwrap()
}

fn act(connector: &Connector) -> Result<Outcome, Failure> {
    connector.run("act", json!({})).start()
}

fn act_within(connector: &Connector, limits: Limits) -> Result<Outcome, Failure> {
    connector.run("act", json!({})).limits(limits).start()
}

/// Returns the error of a component that must not load. The host then loads and
/// runs a good one.
fn refused(wasm: &[u8]) -> LoadError {
    let Err(error) = HOST.load(wasm) else { panic!("loaded an invalid component") };
    assert_serves(&load(&Guest::good()));
    error
}

/// The failure of a run that sent nothing. The host then runs a good connector.
fn contained(result: Result<Outcome, Failure>) -> Failure {
    let failure = result.unwrap_err();
    assert!(!failure.request_sent, "{failure:?}");
    assert_serves(&GOOD);
    failure
}

fn assert_serves(good: &Connector) {
    assert_eq!(act(good).unwrap().output, json!({ "good": true }));
}

#[track_caller]
fn assert_failure(failure: &Failure, kind: FailureKind, words: &str) {
    assert_eq!(failure.kind, kind, "{failure:?}");
    assert!(failure.message.contains(words), "{words:?} is not in {failure:?}");
}

/// A guest whose `run` consists of this body.
fn with_run_body(body: &str) -> Guest {
    Guest::good().with(&format!("(func $run (type $call) {body})"))
}

/// A guest that sends a request.
fn sending(request: Value) -> Guest {
    Guest::good()
        .with(include_str!("../guests/send.wat"))
        .value("request", "http.request", request)
        .value("answer", "actions.run", Value::Null)
}

/// A guest that opens a file.
fn opening(url: &str) -> Guest {
    let entry = json!({ "extension": "txt", "mime-type": "text/plain", "name": "f", "url": url });
    Guest::good()
        .with(include_str!("../guests/open.wat"))
        .value("entry", "types.file-entry", entry)
        .value("answer", "actions.run", Value::Null)
}

/// A file granted to a run, and the run's input.
fn granted(dir: &tempfile::TempDir, bytes: u64) -> (Files, FileEntry) {
    let path = dir.path().join("f.txt");
    std::fs::File::create(&path).unwrap().set_len(bytes).unwrap();
    let files = Files::new(dir.path());
    let entry = files.grant(path).unwrap();
    (files, entry)
}

/// The credential of [`connection`].
const TOKEN: &str = "t0ken-of-a-guest";

/// A connection to a server.
fn connection(connector: &Connector, server: &TcpListener) -> Connection {
    let base_url = format!("http://{}/v1", server.local_addr().unwrap());
    let values = ConnectionValues::new().set("token", TOKEN).set("baseUrl", base_url);
    connector.connection(values).unwrap()
}

fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

/// Memory of 32 MiB, three quarters of it for values.
const LARGE: &str = "(memory $memory 512)\n\n(global $free (mut i32) (i32.const 0x1800000))";

fn large() -> Guest {
    Guest::good().with(LARGE)
}

const LOOP: &str = "(loop $forever (br $forever)) unreachable";

#[test]
fn the_good_guest_runs() {
    let good = load(&Guest::good());
    assert_eq!(good.descriptor().name, "guest");
    assert_eq!(good.imports(), ["workflow:connector/types@0.1.0"]);
    assert_serves(&good);
    let values = ConnectionValues::new().set("token", "t");
    let connection = good.connection(values).unwrap();
    assert_eq!(good.test(&connection).unwrap(), "reached");
    assert_eq!(good.output_schema("act", json!({})).unwrap(), json!({}));
}
