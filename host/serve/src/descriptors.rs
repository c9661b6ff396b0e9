//! How many connections the machine lets the service hold.
//!
//! Each connection is an open file of the process, and so are the sockets and
//! files of runs. If callers could take them all, no run would get its own.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// More would be too much memory: each may hold two buffers.
const MAX_CONNECTIONS: u64 = 16_384;
/// The bounds of what a run may have open.
const MIN_PER_RUN: u64 = 10;
const MAX_PER_RUN: u64 = 64;
/// Where the operating system has no limit.
const UNLIMITED: u64 = u64::MAX;

/// How many connections there may be at the same time. Asks the operating
/// system for as many open files as it allows.
pub fn connections() -> usize {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: maximum, maximum };
    let files = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => maximum,
        Err(_) => current,
    };
    usize::try_from(limit_for(files.unwrap_or(UNLIMITED))).unwrap_or(usize::MAX)
}

/// A quarter of the files is left to runs.
fn limit_for(files: u64) -> u64 {
    (files - files / 4).clamp(1, MAX_CONNECTIONS)
}

/// How many files each of so many runs may have open.
pub fn per_run(runs: usize) -> u32 {
    let files = getrlimit(Resource::Nofile).current.unwrap_or(UNLIMITED);
    share(files, runs as u64)
}

/// A run needs as many as it calls functions at the same time, and its own
/// answer; more than by default no run needs.
fn share(files: u64, runs: u64) -> u32 {
    let share = (files / 4 / runs.max(1)).clamp(MIN_PER_RUN, MAX_PER_RUN);
    u32::try_from(share).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_have_files_left() {
        for (files, connections) in
            [(0, 1), (1, 1), (64, 48), (1024, 768), (20_000, 15_000), (UNLIMITED, MAX_CONNECTIONS)]
        {
            assert_eq!(limit_for(files), connections, "{files}");
        }
        for (files, runs, share_of_one) in [(1024, 64, 10), (20_000, 64, 64), (8192, 64, 32)] {
            assert_eq!(share(files, runs), share_of_one, "{files} files, {runs} runs");
        }
    }
}
