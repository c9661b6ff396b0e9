//! Thousands of connections that ask for nothing.

use std::time::Instant;

use connector_tests::process::raise_open_files;
use tally::Kind;

use super::*;

/// As many as are tried.
const MANY: u64 = 10_000;
/// Files that this process keeps for its other tests.
const OTHERS: u64 = 1000;
/// The most that one of them may cost the service, in KiB. Measured: 6 to 8.
const EACH: u64 = 24;

pub fn idle_connections_keep_nobody_out_cost_little_and_are_closed() {
    // So many the machine lets both processes have; the service keeps a
    // quarter for runs.
    let allowed = raise_open_files();
    let count = MANY.min(allowed.saturating_sub(OTHERS)).min(allowed / 4 * 3);
    let service = Service::start();
    assert_serves(&service);
    let before = service.process().figures();
    let begun = Instant::now();
    let idle: Vec<TcpStream> = (0..count).map(|_| connect(&service)).collect();
    // Once one behind them is served, all of them were accepted.
    assert_serves(&service);
    let during = service.process().figures();
    let opened = begun.elapsed();
    for stream in idle {
        assert_eq!(rest(stream), "", "of {count}");
    }
    assert!(begun.elapsed() < MARGIN, "{count} were closed after {:?}", begun.elapsed());
    let each = during.memory.saturating_sub(before.memory) / count;
    assert!(each < EACH, "{each} KiB for each of {count}, opened within {opened:?}");
    assert!(0 < count, "this machine allows {allowed} open files");
    assert_serves(&service);
    let after = service.process().figures();
    assert!(after.descriptors < before.descriptors + 10, "of {count}: {before:?}, {after:?}");
    tally::add(Kind::Attack, count);
}
