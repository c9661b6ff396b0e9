//! Runs that exceed their limits: time, memory, stack.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use connector_host::Cancellation;
use connector_tests::HANG;
use connector_tests::guest::component;

use super::*;

const MIB: usize = 1 << 20;

fn short() -> Limits {
    Limits { time: Duration::from_millis(200), ..Limits::default() }
}

fn memory(bytes: usize) -> Limits {
    Limits { memory: bytes, ..Limits::default() }
}

#[test]
fn a_trap_is_reported_as_an_internal_failure() {
    let guest = with_run_body("(call $deep) unreachable").with("(func $deep unreachable)");
    let failure = contained(act(&load(&guest)));
    assert_failure(&failure, FailureKind::Internal, "the connector failed");
    assert_failure(&failure, FailureKind::Internal, "unreachable");
    // The location, with the function names from the author's debug information.
    assert_eq!(failure.detail.unwrap(), "in deep, called by run");
}

#[test]
fn limits_can_be_unbounded() {
    let forever = || Limits {
        time: Duration::MAX,
        first_byte: Duration::MAX,
        silence: Duration::MAX,
        ..Limits::default()
    };
    assert_eq!(act_within(&GOOD, forever()).unwrap().output, json!({ "good": true }));
    let (openai, sandbox) = (connector_tests::openai(), connector_tests::sandbox());
    let connection = connector_tests::connection(&openai, &sandbox);
    let input = json!({ "messages": [{ "role": "user", "content": "Hi" }], "model": "gpt-4.1" });
    let run = openai.run("ask", input).connection(&connection).limits(forever());
    assert!(run.start().unwrap().output.is_string());
}

#[test]
fn an_endless_run_is_stopped_wherever_it_hangs() {
    let post = "(func $post (param i32) (loop $forever (br $forever)))\n\n\
                (export \"cabi_post_workflow:connector/actions@0.1.0#run\" (func $post))";
    for (stage, guest) in [
        ("run", with_run_body(LOOP)),
        (
            "cabi_realloc",
            Guest::good()
                .with(&format!("(func $realloc (param i32 i32 i32 i32) (result i32) {LOOP})")),
        ),
        ("post-return", Guest::good().with(post)),
    ] {
        let connector = load(&guest);
        let started = Instant::now();
        let failure = contained(act_within(&connector, short()));
        assert_failure(&failure, FailureKind::Timeout, "exceeded its time limit");
        assert!(started.elapsed() < HANG, "{stage}: {:?}", started.elapsed());
    }
}

#[test]
fn endless_form_queries_are_stopped() {
    let query_timeout = Duration::from_millis(200);
    let host = without_cache(HostOptions { query_timeout, ..HostOptions::default() });
    let looping = |name: &str, signature: &str| {
        host.load(&Guest::good().with(&format!("(func ${name} {signature} {LOOP})")).build())
    };
    let connector = looping("test", "(param i32 i32) (result i32)").unwrap();
    let connection = connector.connection(ConnectionValues::new().set("token", TOKEN)).unwrap();
    assert_timed_out(connector.test(&connection).unwrap_err());
    let connector = looping("output-schema", "(type $call)").unwrap();
    assert_timed_out(connector.output_schema("act", json!({})).unwrap_err());
    let mut component = component();
    component["properties"][2] = json!({
        "name": "model", "type": "string", "control": "select", "choices": { "dynamic": [] },
    });
    let looping = "(func $options (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32) \
                   (loop $forever (br $forever)) unreachable)";
    let guest = Guest::good().with(looping).value("component", "describe.component", component);
    let connector = host.load(&guest.build()).unwrap();
    let connection = connector.connection(ConnectionValues::new().set("token", TOKEN)).unwrap();
    let choices = connector.options(&connection, "act", "model", &json!({}), None);
    assert_timed_out(choices.unwrap_err());
}

#[track_caller]
fn assert_timed_out(failure: Failure) {
    assert_failure(&failure, FailureKind::Timeout, "exceeded its time limit");
    assert_serves(&GOOD);
}

#[test]
fn endless_recursion_is_caught_on_the_smallest_stack() {
    let host = without_cache(HostOptions { max_stack: 64 << 10, ..HostOptions::default() });
    let guest = Guest::good().with(include_str!("../../guests/recurse.wat"));
    let connector = host.load(&guest.build()).unwrap();
    let failure = contained(act(&connector));
    assert_failure(&failure, FailureKind::Internal, "exceeded its stack limit");
}

#[test]
fn an_endless_run_can_be_cancelled() {
    let guest = Guest::good()
        .with(include_str!("../../guests/emit.wat"))
        .with(include_str!("../../guests/emit-and-loop.wat"));
    let connector = load(&guest);
    let cancellation = Cancellation::new();
    let (runs, running) = mpsc::channel();
    let ended = thread::scope(|scope| {
        let run = connector
            .run("act", json!({}))
            .cancellation(&cancellation)
            .on_event(move |_| runs.send(()).unwrap());
        let run = scope.spawn(|| run.start());
        running.recv().unwrap();
        cancellation.cancel();
        run.join().unwrap()
    });
    assert_failure(&contained(ended), FailureKind::Cancelled, "cancelled");
}

#[test]
fn a_run_cancelled_before_its_start_does_not_run() {
    let connector = load(&with_run_body(LOOP));
    let cancellation = Cancellation::new();
    cancellation.cancel();
    let run = connector.run("act", json!({})).cancellation(&cancellation);
    assert_failure(&contained(run.start()), FailureKind::Cancelled, "cancelled");
}

#[test]
fn memory_is_limited_and_a_guest_can_handle_failed_allocations() {
    let connector = load(&Guest::good().with(include_str!("../../guests/grow-memory.wat")));
    for _ in 0..3 {
        assert_serves_within(&connector, memory(8 * MIB));
    }
    // The guest itself fails if it got more than 8 MiB.
    let failure = contained(act_within(&connector, memory(9 * MIB)));
    assert_failure(&failure, FailureKind::TooLarge, "more than 9 MiB of memory");
}

fn assert_serves_within(connector: &Connector, limits: Limits) {
    assert_eq!(act_within(connector, limits).unwrap().output, json!({ "good": true }));
}

#[test]
fn the_memory_limit_of_the_host_overrides_that_of_the_run() {
    let connector = load(&Guest::good().with(include_str!("../../guests/need-memory.wat")));
    let failure = contained(act_within(&connector, memory(usize::MAX)));
    assert_failure(&failure, FailureKind::TooLarge, "more than 64 MiB of memory");
    assert_small();
}

#[test]
fn running_out_of_memory_is_reported_as_too_large() {
    let connector = load(&Guest::good().with(include_str!("../../guests/need-memory.wat")));
    let failure = contained(act_within(&connector, memory(8 * MIB)));
    assert_failure(&failure, FailureKind::TooLarge, "more than 8 MiB of memory");
}

#[test]
fn initial_memory_counts_toward_the_limit() {
    let connector = load(&Guest::good().with("(memory $memory 32)"));
    assert_serves_within(&connector, memory(2 * MIB));
    let failure = contained(act_within(&connector, memory(MIB)));
    assert_failure(&failure, FailureKind::TooLarge, "more than 1 MiB of memory");
}

#[test]
fn initial_memory_above_the_hosts_limit_is_rejected() {
    for pages in [1025, 65536] {
        let guest = Guest::good().with(&format!("(memory $memory {pages})"));
        match refused(&guest.build()) {
            LoadError::NotAComponent(reason) => assert!(reason.contains("memory"), "{reason}"),
            LoadError::Describe(failure) => {
                assert_failure(&failure, FailureKind::TooLarge, "more than 64 MiB of memory");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn tables_are_limited() {
    let connector = load(&Guest::good().with(include_str!("../../guests/grow-table.wat")));
    assert_serves(&connector);
    assert_small();
}

#[test]
fn an_initial_table_above_the_limit_is_rejected() {
    let error = refused(&Guest::good().with("(table 10000000 funcref)").build());
    assert!(error.to_string().contains("table"), "{error:?}");
}

#[test]
fn endless_recursion_does_not_crash_the_process() {
    let connector = load(&Guest::good().with(include_str!("../../guests/recurse.wat")));
    for _ in 0..3 {
        let failure = contained(act(&connector));
        assert_failure(&failure, FailureKind::Internal, "exceeded its stack limit");
    }
}

#[test]
fn endless_recursion_is_caught_on_a_thread_with_a_small_stack() {
    let connector = load(&Guest::good().with(include_str!("../../guests/recurse.wat")));
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(128 << 10).spawn_scoped(scope, || {
            for _ in 0..3 {
                let failure = connector.run("act", json!({})).start().unwrap_err();
                assert_failure(&failure, FailureKind::Internal, "exceeded its stack limit");
            }
        });
        thread.unwrap().join().unwrap();
    });
}

/// Asserts that the tests did not make the host use gigabytes of memory.
#[cfg(target_os = "linux")]
fn assert_small() {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kib: usize = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(kib < 1 << 20, "{peak} in memory");
}

#[cfg(not(target_os = "linux"))]
fn assert_small() {}
