//! Limits derived from the number of file descriptors.
//!
//! Each connection needs a file descriptor, and so do the sockets and files of
//! runs. If callers could use up all of them, no run could proceed.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Limits memory, because each connection may need two buffers.
const MAX_CONNECTIONS: u64 = 16_384;
/// The minimum and maximum of the limit on open files per run.
const MIN_PER_RUN: u64 = 10;
const MAX_PER_RUN: u64 = 64;
/// The value if the operating system sets no limit.
const UNLIMITED: u64 = u64::MAX;

/// Returns the maximum number of simultaneous connections. Raises the limit on
/// open files as far as the operating system allows.
pub fn connections() -> usize {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: maximum, maximum };
    let files = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => maximum,
        Err(_) => current,
    };
    usize::try_from(limit_for(files.unwrap_or(UNLIMITED))).unwrap_or(usize::MAX)
}

/// Reserves a quarter of the files for runs.
fn limit_for(files: u64) -> u64 {
    (files - files / 4).clamp(1, MAX_CONNECTIONS)
}

/// Returns the number of files that each of `runs` runs may have open.
pub fn per_run(runs: usize) -> u32 {
    let files = getrlimit(Resource::Nofile).current.unwrap_or(UNLIMITED);
    share(files, runs as u64)
}

/// A run needs a file for each function that it calls at the same time, and one
/// for its own request. No run needs more than the default limit.
fn share(files: u64, runs: u64) -> u32 {
    let share = (files / 4 / runs.max(1)).clamp(MIN_PER_RUN, MAX_PER_RUN);
    u32::try_from(share).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_of_the_files_is_reserved_for_runs() {
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
