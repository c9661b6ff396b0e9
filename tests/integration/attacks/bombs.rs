//! The memory that a connector makes a service hold stays within the limits,
//! whatever the connector does, and is released afterwards. These tests run the
//! built command.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use connector_tests::puppet::{self, Echo, lock, put};
use connector_tests::service::{Service, Setup};
use connector_tests::{HANG, command, ran};
use rustix::process::Resource;
use serde_json::{Value, json};
use tempfile::TempDir;

const TOKEN: &str = "sk-9f2Kq7Zr1Lw8Xc4V";
const AT_ONCE: usize = 8;

/// The memory that the limits allow one run, in MiB: what the host holds for it
/// (192), 64 for each of five guest instances, and data in transit between two
/// of them.
const PER_RUN: u64 = 192 + 5 * 64 + 64;

/// The memory the allocator may keep for later runs, in MiB.
const KEPT: u64 = 32;

struct Bench {
    service: Service,
    echo: Echo,
    _components: TempDir,
}

impl Bench {
    fn new(args: &[&str]) -> Self {
        let components = TempDir::new().unwrap();
        put(components.path(), "puppet.wasm", &json!({}));
        lock(components.path());
        let setup = Setup { args, components: Some(components.path()), ..Setup::default() };
        Self { service: Service::set_up(&setup), echo: Echo::start(), _components: components }
    }

    /// The bytes of a request for a run.
    fn request(&self, steps: &Value, accept: &str) -> Vec<u8> {
        let mut input = puppet::steps(steps);
        input["functions"] = json!(["puppet/v1/act"]);
        let connection = json!({ "token": TOKEN, "baseUrl": self.echo.base_url() });
        let body = json!({ "input": input, "connection": connection }).to_string();
        self.post("components/puppet/v1/actions/act/run", &body, accept)
    }

    fn post(&self, path: &str, body: &str, accept: &str) -> Vec<u8> {
        let host = self.service.url().strip_prefix("http://").unwrap();
        format!(
            "POST /api/v1/{path} HTTP/1.1\r\nhost: {host}\r\naccept: {accept}\r\n\
             content-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.service.url().strip_prefix("http://").unwrap());
        let stream = stream.unwrap();
        stream.set_read_timeout(Some(HANG)).unwrap();
        stream
    }

    /// The response to a request.
    fn answer(&self, request: &[u8]) -> String {
        let mut stream = self.connect();
        stream.write_all(request).unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Asserts that an ordinary run succeeds.
    #[track_caller]
    fn assert_serves(&self) {
        let honest = json!([{ "send": { "path": "body", "body": "good" } }, { "text": {} }]);
        let answer = self.answer(&self.request(&honest, "application/json"));
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("good"), "{answer}");
    }

    fn memory(&self) -> u64 {
        self.service.process().figures().own_memory >> 10
    }
}

/// Starts eight concurrent runs and an ordinary one alongside them, and measures
/// the service's memory meanwhile.
#[track_caller]
fn bomb(name: &str, steps: &Value, reads: bool) {
    let bench = Bench::new(&[]);
    bench.assert_serves();
    let before = bench.memory();
    let accept = if reads { "application/json" } else { "text/event-stream" };
    let request = bench.request(steps, accept);
    let mut peak = before;
    thread::scope(|scope| {
        let runs: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                scope.spawn(|| {
                    if reads {
                        return bench.answer(&request);
                    }
                    // A caller that sends a request but does not read the
                    // response.
                    let mut stream = bench.connect();
                    stream.write_all(&request).unwrap();
                    thread::sleep(Duration::from_secs(4));
                    String::new()
                })
            })
            .collect();
        let mut served = false;
        while runs.iter().any(|run| !run.is_finished()) {
            peak = peak.max(bench.memory());
            if !served {
                bench.assert_serves();
                served = true;
            }
            thread::sleep(Duration::from_millis(5));
        }
        for run in runs {
            let answer = run.join().unwrap();
            // No connection breaks, and no response reports an internal error
            // of the host.
            assert!(!reads || answer.starts_with("HTTP/1.1 "), "{name}: {answer}");
        }
    });
    let promised = before + AT_ONCE as u64 * PER_RUN;
    println!("{name}: {before} MiB before, peak {peak} MiB, limit {promised} MiB");
    assert!(peak < promised, "{name}: peak {peak} MiB, limit {promised} MiB");
    let deadline = Instant::now() + HANG;
    while bench.memory() > before + KEPT {
        assert!(Instant::now() < deadline, "{name}: {} MiB still in use", bench.memory());
        thread::sleep(Duration::from_millis(50));
    }
    println!("{name}: {} MiB afterwards", bench.memory());
    bench.assert_serves();
}

#[test]
fn repeated_lookups_of_functions() {
    let names = vec!["puppet/v1/act"; 1_000];
    let describe = json!([{ "describe": { "names": names } }]);
    bomb("lookups", &json!([{ "repeat": { "times": 50, "steps": describe } }]), true);
}

#[test]
fn large_results_of_many_calls() {
    let large = json!([{ "large": { "bytes": 20 << 20 } }]).to_string();
    let call = json!({ "name": "puppet/v1/act", "arguments": { "steps": large } });
    bomb("results", &json!([{ "call": vec![call; 100] }]), true);
}

#[test]
fn endless_events() {
    let half = json!([{ "send": { "path": "half" } }, { "event": {} }]);
    bomb("events", &json!([{ "repeat": { "times": 60, "steps": half } }]), true);
}

#[test]
fn responses_opened_but_not_read() {
    let half = json!([{ "send": { "path": "half" } }, { "read": { "max": 1 } }]);
    bomb("answers", &json!([{ "repeat": { "times": 60, "steps": half } }]), true);
}

#[test]
fn unread_events() {
    let large = json!([{ "delta": { "bytes": 4 << 20 } }, { "result": { "bytes": 4 << 20 } }]);
    bomb("unread", &json!([{ "repeat": { "times": 500, "steps": large } }]), false);
}

#[test]
fn arguments_with_many_small_values() {
    bomb("arguments", &json!([{ "callZeros": { "count": 8 << 20 } }]), true);
}

/// A body of many small values.
#[test]
fn bodies_with_many_small_values_are_limited() {
    let bench = Bench::new(&[]);
    bench.assert_serves();
    let before = bench.memory();
    let members: Vec<String> = (0..600_000).map(|at| format!("\"{at:x}\":0")).collect();
    // Member names count too.
    let fewer = members[..150_000].join(",");
    let body = format!("{{\"input\":{{}},\"connection\":{{{fewer}}}}}");
    let path = "components/puppet/v1/actions/act/run";
    let refused = bench.answer(&bench.post(path, &body, "application/json"));
    assert!(refused.contains("too many values"), "{refused}");
    let members = members.join(",");
    let bodies = [
        format!("{{\"input\":{{}},\"connection\":{{{members}}}}}"),
        format!("{{\"input\":{{\"x\":[{}0]}}}}", "0,".repeat(3_000_000)),
    ];
    for body in bodies {
        assert!(body.len() < 8 << 20);
        let request = bench.post(path, &body, "application/json");
        let mut peak = before;
        thread::scope(|scope| {
            let runs: Vec<_> =
                (0..AT_ONCE).map(|_| scope.spawn(|| bench.answer(&request))).collect();
            while runs.iter().any(|run| !run.is_finished()) {
                peak = peak.max(bench.memory());
                thread::sleep(Duration::from_millis(2));
            }
        });
        let promised = before + AT_ONCE as u64 * 16 * (body.len() as u64 >> 20);
        println!("bodies: {before} MiB before, peak {peak} MiB, limit {promised} MiB");
        assert!(peak < promised, "peak {peak} MiB, limit {promised} MiB");
        bench.assert_serves();
    }
}

/// Two runs that open as much as they are allowed to, and a hundred ordinary ones.
#[test]
fn two_greedy_runs_leave_file_descriptors_for_others() {
    let bench = Bench::new(&[]);
    bench.service.process().limit(Resource::Nofile, Some(1024));
    let hoard = json!([
        { "repeat": { "times": 64, "steps": [{ "send": { "path": "half" } }, { "read": { "max": 1 } }] } },
        { "repeat": { "times": 200, "steps": [{ "send": { "path": "slow" } }] } },
    ]);
    let request = bench.request(&hoard, "application/json");
    thread::scope(|scope| {
        let hoarding: Vec<_> = (0..2).map(|_| scope.spawn(|| bench.answer(&request))).collect();
        for _ in 0..100 {
            bench.assert_serves();
        }
        for run in hoarding {
            let answer = run.join().unwrap();
            assert!(answer.contains("responses and files open"), "{answer}");
        }
    });
}

/// A component that takes forever to compile.
#[test]
fn a_component_that_takes_too_long_to_compile_is_rejected() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("slow.wasm");
    let inspected = |wasm: Vec<u8>| {
        std::fs::write(&file, wasm).unwrap();
        let mut inspect = command(None);
        let inspect = inspect.env("XDG_CACHE_HOME", folder.path());
        ran(inspect.arg("inspect").arg(&file))
    };
    for (wasm, words) in [
        (slow(1, 2_000, 1_600), "too many blocks and variables"),
        (slow(1, 20_000, 1), "more than 10000 variables"),
        (slow(1, 1, 40_000), "more than 100000 blocks"),
    ] {
        let refused = inspected(wasm);
        assert_eq!(refused.status, 1, "{refused:?}");
        assert!(refused.stderr.contains(words), "{words} is not in {refused:?}");
    }
    // Each function is within the limits, but all of them together take too
    // long.
    let started = Instant::now();
    let given_up = inspected(slow(100, 400, 1_600));
    println!("given up after {:?}: {}", started.elapsed(), given_up.stderr);
    assert_eq!(given_up.status, 2, "{given_up:?}");
    assert!(given_up.stderr.contains(": compilation exceeded"), "{given_up:?}");
}

/// A component with many functions. Each changes many variables in many blocks
/// and can jump from any block to any other.
fn slow(functions: usize, locals: usize, blocks: usize) -> Vec<u8> {
    let depths: Vec<String> = (0..blocks).map(|depth| depth.to_string()).collect();
    let mut body = format!(
        "(loop {} (br_table {} 0 (local.get 0))",
        "(block ".repeat(blocks),
        depths.join(" ")
    );
    for at in 0..blocks {
        let (to, from, of) = (at % locals, (at * 5 + 1) % locals, (at * 3) % locals);
        body += &format!(
            ") (local.set {to} (i32.add (local.get {from}) (i32.const {at}))) \
             (br_if {} (local.get {of}))",
            blocks - at - 1
        );
    }
    let function = format!("(func (local {}) {body} (br 0)))", "i32 ".repeat(locals));
    let text = format!("(component (core module {}))", function.repeat(functions));
    wat::parse_str(text).unwrap()
}

/// The JavaScript connector, the largest one known.
#[test]
fn the_largest_connector_compiles() {
    let folder = TempDir::new().unwrap();
    let greeter: &Path = &connector_tests::test_component("greeter");
    let mut inspect = command(None);
    let inspected = ran(inspect.env("XDG_CACHE_HOME", folder.path()).arg("inspect").arg(greeter));
    assert_eq!(inspected.status, 0, "{inspected:?}");
}
