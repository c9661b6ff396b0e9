//! Runs all actions for several minutes, through the library and through the service,
//! while the provider fails in every way and callers cancel. Every run must end
//! with an outcome or a typed failure, no unknown file may remain, and memory,
//! open files and threads must return to their initial level.
//!
//! `SOAK_MINUTES=10 soak`. The exit status is 1 if something leaked or failed.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

mod library;
mod load;
mod sample;
mod service;

use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use connector_tests::process::{Process, raise_open_files};
use connector_tests::sandbox_without_memory;

use library::Library;
use load::{Faults, Tally, Workers};
use sample::Sampler;
use service::Served;

/// The number of concurrent runs in the library, and in the service.
const AT_ONCE: usize = 64;
/// The time before the initial figures are taken. By then every thread has run
/// every action, and caches are full.
const WARM_UP: Duration = Duration::from_secs(45);

fn main() -> ExitCode {
    let minutes = std::env::var("SOAK_MINUTES").ok().and_then(|minutes| minutes.parse().ok());
    let time = Duration::from_secs(60 * minutes.unwrap_or(10));
    raise_open_files();
    let sandbox = sandbox_without_memory();
    let (library, served) = (Library::new(), Served::start(&sandbox));
    let samplers = [("library", Process::own()), ("service", served.process())]
        .map(|(name, process)| Sampler::start(name, process));
    let tally = Tally::default();
    let faults = Faults::new(&sandbox);
    let soak = |time: Duration| {
        let end = Instant::now() + time;
        // Idle sockets stay with a connection until its next request. A new
        // connection drops them.
        let connection = library.connection(&sandbox);
        thread::scope(|scope| {
            let workers = Workers::new(scope, end, AT_ONCE);
            workers.work(|random| tally.add("library", library.run(random, &connection, &faults)));
            workers.work(|random| tally.add("service", served.run(random, &faults)));
        });
        // Drop faults that were scripted for requests that were never made.
        sandbox.clear();
    };
    println!(
        "{AT_ONCE} concurrent runs each in the library and in the service, for {} seconds",
        time.as_secs()
    );
    soak(WARM_UP);
    samplers.iter().for_each(Sampler::wait_until_idle);
    soak(time);
    let mut wrong = tally.wrong();
    for sampler in &samplers {
        wrong.extend(sampler.compare());
    }
    wrong.extend(library.unknown_files());
    wrong.extend(served.unknown_files());
    tally.print();
    sample::print(&samplers);
    for what in &wrong {
        println!("WRONG: {what}");
    }
    if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
