//! Counts what the tests tried, over all of their processes: each adds lines
//! to one file of the target folder, and `make test` prints the sum.
#![allow(
    clippy::unwrap_used,
    reason = "it is test code, and a test that cannot go on should say so at once"
)]

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;

/// What was tried.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// Something that a connector, a caller or a network does on purpose.
    Attack,
    /// Something that fails: a provider, a disk, the process itself.
    Fault,
    /// A generated input of a parser.
    Fuzz,
}

impl Kind {
    /// All of them, as they are printed.
    pub const ALL: [Self; 3] = [Self::Attack, Self::Fault, Self::Fuzz];

    /// Its name in the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Attack => "attack",
            Self::Fault => "fault",
            Self::Fuzz => "fuzz",
        }
    }
}

/// The folder into which cargo builds, as a program sees it that was built
/// there: the parent of `release/`.
///
/// # Panics
/// If the program does not run from there.
pub fn target_dir() -> PathBuf {
    let program = std::env::current_exe().unwrap();
    let release = program.ancestors().find(|folder| folder.ends_with("release")).unwrap();
    release.parent().unwrap().to_owned()
}

/// Adds to the count. Lines this short are appended whole, whoever else
/// appends at the same time.
///
/// # Panics
/// If the target folder cannot be written to.
pub fn add(kind: Kind, tried: u64) {
    let mut file = File::options().create(true).append(true).open(path()).unwrap();
    file.write_all(format!("{} {tried}\n", kind.name()).as_bytes()).unwrap();
}

/// How much was tried since the last [`clear`].
///
/// # Panics
/// If the file cannot be read.
pub fn total(kind: Kind) -> u64 {
    let lines = fs::read_to_string(path()).unwrap();
    let counts = lines.lines().filter_map(|line| line.split_once(' '));
    counts.filter(|(name, _)| *name == kind.name()).map(|(_, n)| n.parse::<u64>().unwrap()).sum()
}

/// Begins anew.
///
/// # Errors
/// If the file cannot be removed.
pub fn clear() -> io::Result<()> {
    match fs::remove_file(path()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn path() -> PathBuf {
    target_dir().join("tally")
}
