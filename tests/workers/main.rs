//! The cost of a run on a worker and in NATS. `make workers` prints the figures in
//! docs/workers.md.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a program for developers whose purpose is its output"
)]

use std::time::{Duration, Instant};

use connector_tests::nats::{Fleet, Nats, ask, until};
use connector_tests::sandbox_without_memory;
use openai_sandbox::Fault;

/// Enough runs that the time to start the worker does not matter.
const RUNS: usize = 10_000;
/// The slots of the measured worker.
const SLOTS: &str = "64";
/// The number of runs in flight for the memory figure.
const IN_FLIGHT: usize = 1_000;

fn main() {
    let fleet = Fleet::new(Nats::start(), sandbox_without_memory());
    // The first worker creates the queue.
    let mut first = fleet.worker(&[]);
    first.terminate();
    first.wait();
    throughput(&fleet);
    memory(&fleet);
}

fn throughput(fleet: &Fleet) {
    let caller = fleet.caller();
    let runs: Vec<_> = (0..RUNS).map(|run| (format!("run-{run}"), ask("Why is it?"))).collect();
    let published = Instant::now();
    caller.publish_all(&runs);
    let published = published.elapsed();
    let queued = caller.bytes("connector-runs");
    let server = fleet.nats.process();
    let server_before = server.cpu_time();
    let started = Instant::now();
    let worker = fleet.worker(&["--runs", SLOTS]);
    let process = worker.process();
    until("all have ended", || (caller.replies().len() == RUNS).then_some(()));
    let took = started.elapsed();
    let of_worker = process.cpu_time();
    let of_server = server.cpu_time() - server_before;
    caller.wait_until_done();
    let kept = caller.bytes("KV_connector-outcomes");
    let each = |time: Duration| time.as_micros() / RUNS as u128;
    println!("{RUNS} runs of Ask by one worker with {SLOTS} slots, provider on this machine");
    println!("published: {:.0} runs/s", RUNS as f64 / published.as_secs_f64());
    println!("completed: {:.0} runs/s", RUNS as f64 / took.as_secs_f64());
    println!("CPU time per run, worker: {} us", each(of_worker));
    println!("CPU time per run, NATS: {} us", each(of_server));
    println!("in NATS until the run ends: {} bytes", queued / RUNS as u64);
    println!("in NATS afterwards: {} bytes", kept / RUNS as u64);
}

fn memory(fleet: &Fleet) {
    let caller = fleet.caller();
    let worker = fleet.worker(&["--runs", "1000"]);
    let before = worker.process().figures();
    (0..IN_FLIGHT).for_each(|_| fleet.sandbox.script(Fault::Delay(Duration::from_secs(10))));
    let runs: Vec<_> = (0..IN_FLIGHT).map(|run| (format!("slow-{run}"), ask("And?"))).collect();
    caller.publish_all(&runs);
    until("all have started", || {
        (caller.messages("connector-begun") == IN_FLIGHT as u64).then_some(())
    });
    std::thread::sleep(Duration::from_secs(2));
    let within = worker.process().figures();
    let each = (within.memory - before.memory) / IN_FLIGHT as u64;
    println!("idle worker: {} MB", before.memory / 1024);
    println!("memory per run in flight (of {IN_FLIGHT}): {each} KB");
    println!("threads with {IN_FLIGHT} runs in flight: {}", within.threads);
    until("all have ended", || (caller.replies().len() == IN_FLIGHT).then_some(()));
}
