//! Runs share no state.

use std::sync::{Arc, Barrier};
use std::thread;

use super::*;

#[test]
fn no_state_survives_a_run() {
    let connector = load(&Guest::good().with(include_str!("../../guests/count.wat")));
    for _ in 0..10 {
        assert_serves(&connector);
    }
}

/// Both leave marks in a global, in a table, in initial memory and in added
/// memory, and fail if they find any there.
#[test]
fn no_state_survives_when_two_connectors_alternate() {
    const THREADS: usize = 4;
    const RUNS: usize = 125;
    let marking = |name: &str| {
        load(&Guest::good().named(name).with(include_str!("../../guests/mark-everything.wat")))
    };
    let connectors = [marking("one"), marking("other")];
    thread::scope(|scope| {
        for connector in [&connectors; THREADS].into_iter().flatten() {
            scope.spawn(|| (0..RUNS).for_each(|_| assert_serves(connector)));
        }
    });
}

#[test]
fn a_hundred_traps_have_no_effect_on_later_runs() {
    let connector = load(&with_run_body("unreachable"));
    for _ in 0..100 {
        assert_failure(&act(&connector).unwrap_err(), FailureKind::Internal, "unreachable");
    }
    assert_serves(&GOOD);
}

#[test]
fn runs_execute_concurrently() {
    const RUNS: usize = 8;
    let guest = Guest::good()
        .with(include_str!("../../guests/emit.wat"))
        .with("(global $runs (mut i32) (i32.const 0))");
    let connector = load(&guest);
    // No run continues until all of them have started.
    let all_inside = Arc::new(Barrier::new(RUNS));
    thread::scope(|scope| {
        for _ in 0..RUNS {
            let all_inside = Arc::clone(&all_inside);
            let run = connector.run("act", json!({})).on_event(move |_| {
                all_inside.wait();
            });
            scope.spawn(move || assert_eq!(run.start().unwrap().output, json!({ "good": true })));
        }
    });
}

#[test]
fn a_caller_that_panics_in_its_event_handler_gets_a_failure() {
    let connector = load(&Guest::good().with(include_str!("../../guests/emit.wat")));
    let run = connector.run("act", json!({})).on_event(|_| panic!("the caller's own bug"));
    let failure = contained(run.start());
    assert_failure(&failure, FailureKind::Internal, "the host failed during the run");
}
