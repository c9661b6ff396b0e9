//! Many concurrent streamed Asks.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

use connector_tests::process::{Process, raise_open_files};
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};

use crate::clients::client;
use crate::provider::{Responses, age};

/// The number of buckets in which delays are counted, each [`STEP`] wide.
const STEPS: usize = 50_000;
const STEP: Duration = Duration::from_micros(100);
const POLL_INTERVAL: Duration = Duration::from_millis(50);

struct Delays {
    steps: Vec<AtomicU32>,
    received: AtomicU64,
}

impl Delays {
    fn new() -> Self {
        Self { steps: (0..STEPS).map(|_| AtomicU32::new(0)).collect(), received: AtomicU64::new(0) }
    }

    fn record(&self, token: &str) {
        // Two tokens that arrived together are the text of one event.
        for token in token.split_inclusive(' ') {
            let step = (age(token).as_micros() / STEP.as_micros()) as usize;
            self.steps.get(step.min(STEPS - 1)).unwrap().fetch_add(1, Ordering::Relaxed);
            self.received.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A quantile in milliseconds.
    fn quantile(&self, share: f64) -> f64 {
        let wanted = (self.received.load(Ordering::Relaxed) as f64 * share) as u64;
        let mut below = 0;
        let step = self.steps.iter().position(|step| {
            below += u64::from(step.load(Ordering::Relaxed));
            wanted < below
        });
        step.unwrap_or(STEPS) as f64 * STEP.as_secs_f64() * 1e3
    }
}

/// Measures this many concurrent streamed Asks.
pub fn flight(name: &str, origin: &str, asks: u32, responses: Responses) -> Value {
    raise_open_files();
    let client = client(name, &responses.base_url(origin), asks + 4);
    // Run one first, so that one-time setup is not measured.
    client.ask_streamed(Arc::new(|_| ()));
    let idle = Process::own().figures().own_memory;
    let delays = Arc::new(Delays::new());
    let ready = Barrier::new(asks as usize + 1);
    let complete = AtomicU32::new(0);
    let mut peak = 0;
    let cpu = clock_gettime(ClockId::ProcessCPUTime);
    let started = thread::scope(|scope| {
        let ask = || {
            scope.spawn(|| {
                ready.wait();
                let received = Arc::clone(&delays);
                let answer = client.ask_streamed(Arc::new(move |token| received.record(token)));
                if answer.split_ascii_whitespace().count() == responses.tokens as usize {
                    complete.fetch_add(1, Ordering::Relaxed);
                }
            })
        };
        let threads: Vec<_> = (0..asks).map(|_| ask()).collect();
        ready.wait();
        let started = Instant::now();
        while !threads.iter().all(ScopedJoinHandle::is_finished) {
            thread::sleep(POLL_INTERVAL);
            peak = peak.max(Process::own().figures().own_memory);
        }
        started
    });
    let took = started.elapsed();
    let used = clock_gettime(ClockId::ProcessCPUTime);
    let used = (used.tv_sec - cpu.tv_sec) as f64 * 1e6 + (used.tv_nsec - cpu.tv_nsec) as f64 / 1e3;
    json!({
        "lost": asks - complete.load(Ordering::Relaxed),
        "kilobytes": (peak.saturating_sub(idle)) as f64 * 1.024 / f64::from(asks),
        "p50": delays.quantile(0.5),
        "p99": delays.quantile(0.99),
        "seconds": took.as_secs_f64(),
        "cpu": used / f64::from(asks * responses.tokens),
    })
}
