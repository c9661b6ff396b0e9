//! How many connections the machine lets the service hold.
//!
//! Each connection is an open file of the process, and so are the sockets and
//! files of runs. If callers could take them all, no run would get its own.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// More would be too much memory: each may hold two buffers.
const MOST: u64 = 16_384;
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
    usize::try_from(of_files(files.unwrap_or(UNLIMITED))).unwrap_or(usize::MAX)
}

/// A quarter of the files is left to runs.
fn of_files(files: u64) -> u64 {
    (files - files / 4).clamp(1, MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_have_files_left() {
        for (files, connections) in
            [(0, 1), (1, 1), (64, 48), (1024, 768), (20_000, 15_000), (UNLIMITED, MOST)]
        {
            assert_eq!(of_files(files), connections, "{files}");
        }
    }
}
