//! The resources that a process uses over time.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use connector_tests::process::{Figures, Process};

const POLL_INTERVAL: Duration = Duration::from_millis(500);
/// How long resources may take to be released: idle connections and threads are
/// kept for 15 seconds.
const SETTLING: Duration = Duration::from_secs(60);

/// The allowed growth, in KiB. The allocator keeps memory for each thread, and
/// 64 concurrent large answers are so rare that they may first occur after the
/// initial figures are taken. A leak of 1 KiB per run exceeds this.
const MEMORY: u64 = 48 << 10;
/// The tolerance for descriptors that were just opened or not yet closed.
const DESCRIPTORS: u64 = 8;
const THREADS: u64 = 4;

/// Samples a process until it exits.
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
                thread::sleep(POLL_INTERVAL);
                let Some(now) = process.try_figures() else { return };
                let mut peak = sampled.lock().unwrap();
                peak.memory = peak.memory.max(now.memory);
                peak.descriptors = peak.descriptors.max(now.descriptors);
                peak.threads = peak.threads.max(now.threads);
            }
        });
        Self { name, process, start: Mutex::new(None), peak }
    }

    /// Waits until the process is idle, and takes the initial figures.
    pub fn wait_until_idle(&self) {
        let deadline = Instant::now() + SETTLING;
        let mut before = self.process.figures();
        // Until connections and threads are released.
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

    /// Compares the final figures with the initial ones; returns the problem,
    /// if any.
    pub fn compare(&self) -> Option<String> {
        let deadline = Instant::now() + SETTLING;
        while !self.is_back() {
            if Instant::now() > deadline {
                return Some(format!("{}: resources were not released", self.name));
            }
            thread::sleep(POLL_INTERVAL);
        }
        None
    }
}

/// Prints the figures as a table.
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
