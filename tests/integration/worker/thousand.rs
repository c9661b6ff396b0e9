//! A thousand runs, and three workers that are killed at random.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use openai_sandbox::Fault;

use super::*;

const RUNS: usize = 1_000;
const WORKERS: usize = 3;
/// The slots of each worker.
const SLOTS: usize = 8;
const ARGUMENTS: [&str; 4] = ["--runs", "8", "--deliveries", "100"];
/// How long the provider takes to respond.
const ANSWER: Duration = Duration::from_millis(100);
/// The maximum time between two kills, in milliseconds.
const MAX_KILL_INTERVAL: u64 = 600;

/// A number from 0 to `max`, from a generator seeded with the current time.
fn random_number(state: &mut u64, max: u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) % (max + 1)
}

#[test]
fn a_thousand_runs_each_end_once_despite_killed_workers() {
    let fleet = fleet();
    let mut workers: Vec<_> = (0..WORKERS).map(|_| fleet.worker(&ARGUMENTS)).collect();
    let caller = fleet.caller();
    (0..2 * RUNS).for_each(|_| fleet.sandbox.script(Fault::Delay(ANSWER)));
    let mut seed = std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos() as u64;
    let started = Instant::now();
    for run in 0..RUNS {
        caller.publish(&format!("run-{run}"), &ask(&format!("[{run}]")));
    }
    let mut kills = 0;
    let deadline = Instant::now() + Duration::from_secs(300);
    while caller.replies().len() < RUNS {
        assert!(Instant::now() < deadline, "{} have ended", caller.replies().len());
        thread::sleep(Duration::from_millis(random_number(&mut seed, MAX_KILL_INTERVAL)));
        let one = random_number(&mut seed, WORKERS as u64 - 1) as usize;
        let next = fleet.worker(&ARGUMENTS);
        std::mem::replace(&mut workers[one], next).kill();
        kills += 1;
    }
    let took = started.elapsed();
    caller.wait_until_done();

    // Every outcome is correct and was published exactly once.
    let replies = caller.replies();
    assert_eq!(replies.len(), RUNS, "an outcome was published twice");
    let replies: BTreeMap<_, _> = replies.into_iter().collect();
    assert_eq!(replies.len(), RUNS);
    assert_eq!(caller.messages("KV_connector-outcomes"), RUNS as u64);
    assert_eq!(caller.messages("connector-dead"), 0);

    // Each repeated request belongs to a run whose worker was killed during it,
    // and the run's outcome reports it.
    let (mut paid, mut repeated) = (0, 0);
    for run in 0..RUNS {
        let reply = &replies[&format!("run-{run}")];
        assert_answers(reply, &format!("[{run}]"));
        let asked = fleet.asked(&format!("[{run}]"));
        let again = reply["repeated"] == true;
        let deliveries = reply["deliveries"].as_u64().unwrap();
        assert!(asked == 1 || again, "run {run} made {asked} requests: {reply}");
        assert!((1..=deliveries).contains(&(asked as u64)), "{asked} requests: {reply}");
        paid += asked;
        repeated += usize::from(again);
    }
    let duplicates = paid - RUNS;
    println!(
        "{RUNS} runs by {WORKERS} workers in {took:.1?}: {kills} kills, {repeated} runs started \
         more than once, {duplicates} requests repeated"
    );
    assert_eq!(fleet.sandbox.requests().len(), paid);
    assert!(duplicates <= kills * SLOTS, "{duplicates} after {kills} kills");
    // Some worker was killed during a run.
    assert!(repeated > 0 && kills > 3, "{repeated} repeated after {kills} kills");
}
