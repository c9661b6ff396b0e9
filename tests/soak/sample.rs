//! What a process takes of the machine, over time.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use connector_tests::process::{Figures, Process};

const OFTEN: Duration = Duration::from_millis(500);
/// How long things may take to be given back: connections and threads are kept
/// for 15 seconds for whoever comes next.
const SETTLING: Duration = Duration::from_secs(60);

/// More than at the start there may be at the end, in KiB: the allocator keeps
/// what it once had, for each thread, and 64 large answers at once are rare
/// enough to happen first after the start. A leak of 1 KiB a run is more.
const MEMORY: u64 = 48 << 10;
/// A few that were just opened, or not yet closed.
const DESCRIPTORS: u64 = 8;
const THREADS: u64 = 4;

/// Looks at a process until it is dropped.
pub struct Sampler {
    name: &'static str,
    process: Process,
    start: Mutex<Option<Figures>>,
    peak: Arc<Mutex<Figures>>,
}

impl Sampler {
    pub fn start(name: &'static str, process: Process) -> Self {
        let peak = Arc::new(Mutex::new(process.figures()));
        let sampled = Arc::clone(&peak);
        thread::spawn(move || {
            loop {
                thread::sleep(OFTEN);
                let Some(now) = process.try_figures() else { return };
                let mut peak = sampled.lock().unwrap();
                peak.memory = peak.memory.max(now.memory);
                peak.descriptors = peak.descriptors.max(now.descriptors);
                peak.threads = peak.threads.max(now.threads);
            }
        });
        Self { name, process, start: Mutex::new(None), peak }
    }

    /// Takes the figures that the last ones are compared with, when nothing
    /// goes on.
    pub fn rest(&self) {
        let deadline = Instant::now() + SETTLING;
        let mut before = self.process.figures();
        // Until connections and threads are given back.
        while Instant::now() < deadline {
            thread::sleep(Duration::from_secs(20));
            let now = self.process.figures();
            if (now.descriptors, now.threads) == (before.descriptors, before.threads) {
                break;
            }
            before = now;
        }
        *self.start.lock().unwrap() = Some(self.process.figures());
    }

    fn is_back(&self) -> bool {
        let Some(start) = *self.start.lock().unwrap() else { return false };
        let now = self.process.figures();
        now.memory <= start.memory + MEMORY
            && now.descriptors <= start.descriptors + DESCRIPTORS
            && now.threads <= start.threads + THREADS
    }

    /// What is wrong if it does not come back to where it was.
    pub fn compare(&self) -> Option<String> {
        let deadline = Instant::now() + SETTLING;
        while !self.is_back() {
            if deadline < Instant::now() {
                return Some(format!("{}: it does not give back what it took", self.name));
            }
            thread::sleep(OFTEN);
        }
        None
    }
}

/// The figures as a table.
pub fn print(samplers: &[Sampler]) {
    println!("\n{:<10} {:<14} {:>10} {:>10} {:>10}", "", "", "start", "peak", "end");
    for sampler in samplers {
        let Some(start) = *sampler.start.lock().unwrap() else { continue };
        let (peak, end) = (*sampler.peak.lock().unwrap(), sampler.process.figures());
        let row = |what: &str, figure: fn(&Figures) -> u64| {
            let [start, peak, end] = [&start, &peak, &end].map(figure);
            println!("{:<10} {what:<14} {start:>10} {peak:>10} {end:>10}", sampler.name);
        };
        row("memory, MiB", |figures| figures.memory >> 10);
        row("open files", |figures| figures.descriptors);
        row("threads", |figures| figures.threads);
    }
}
