//! Sequential Asks and concurrent Asks.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};

use crate::clients::{Client, client};
use crate::quantiles::quantiles;

/// The number of consecutive Asks by one client: enough to warm the caches, and
/// few enough that other load on the machine affects all clients.
const BATCH: usize = 50;
const CLIENTS: [&str; 2] = ["library", "ureq"];

/// The time of an Ask by each client; the clients alternate.
pub fn one_after_another(base_url: &str, asks: usize, messages: usize) -> Value {
    let clients = CLIENTS.map(|name| (name, client(name, base_url, 4)));
    let mut taken = CLIENTS.map(|_| Vec::with_capacity(asks));
    for (_, client) in &clients {
        (0..BATCH).for_each(|_| drop(client.ask(messages)));
    }
    for _ in 0..asks.div_ceil(BATCH) {
        for ((_, client), taken) in clients.iter().zip(&mut taken) {
            for _ in 0..BATCH {
                let started = Instant::now();
                client.ask(messages);
                taken.push(started.elapsed());
            }
        }
    }
    let figures = clients.iter().zip(taken);
    figures.map(|((name, _), taken)| ((*name).to_owned(), quantiles(taken))).collect()
}

/// The CPU time per Ask in microseconds, with this many concurrent Asks.
pub fn at_once(name: &str, base_url: &str, asks: u32, at_once: u32) -> Value {
    let client = client(name, base_url, at_once);
    all(&*client, at_once * 4, at_once);
    let (cpu, started) = (cpu_time(), Instant::now());
    all(&*client, asks, at_once);
    let each = |time: Duration| time.as_secs_f64() * 1e6 / f64::from(asks);
    json!({ "cpu": each(cpu_time() - cpu), "time": each(started.elapsed()) })
}

fn all(client: &dyn Client, asks: u32, at_once: u32) {
    let left = AtomicU32::new(asks);
    thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                while left
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
                    .is_ok()
                {
                    client.ask(1);
                }
            });
        }
    });
}

/// The CPU time of this process, across all threads.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap())
}
