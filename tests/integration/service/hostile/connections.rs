//! Thousands of idle connections.

use std::time::Instant;

use connector_tests::process::raise_open_files;

use super::*;

/// How many connections the test tries to open.
const MANY: u64 = 10_000;
/// File descriptors that this process keeps for its other tests.
const OTHERS: u64 = 1000;
/// As many at once as fit in the operating system's queue.
const BATCH: u64 = 500;
/// The maximum memory per connection, in KiB. Measured: 11.
const MAX_EACH: u64 = 24;

pub fn idle_connections_cost_little_block_nobody_and_are_closed() {
    // As many as the machine allows for both processes; the service reserves a
    // quarter for runs.
    let allowed = raise_open_files();
    let count = MANY.min(allowed.saturating_sub(OTHERS)).min(allowed / 4 * 3);
    let service = Service::start();
    assert_serves(&service);
    let before = service.process().figures();
    let started = Instant::now();
    let mut idle = Vec::new();
    while (idle.len() as u64) < count {
        idle.extend((0..BATCH.min(count)).map(|_| connect(&service)));
        // Once a later connection is served, all of them were accepted.
        assert_serves(&service);
    }
    let during = service.process().figures();
    let (count, opened) = (idle.len() as u64, started.elapsed());
    for stream in idle {
        assert_eq!(rest(stream), "", "one of {count} connections");
    }
    assert!(started.elapsed() < HANG, "{count} were closed after {:?}", started.elapsed());
    // If opening the connections took longer than their lifetime, fewer are left.
    let held = during.descriptors.saturating_sub(before.descriptors);
    assert!(held > 0, "none of {count} is open; this machine allows {allowed} open files");
    let each = during.memory.saturating_sub(before.memory) / held;
    assert!(each < MAX_EACH, "{each} KiB for each of {held}, opened in {opened:?}");
    assert_serves(&service);
    let after = service.process().figures();
    assert!(after.descriptors < before.descriptors + 10, "{count}: {before:?}, {after:?}");
}
