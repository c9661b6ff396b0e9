//! What the command prints: results on standard output, everything else on
//! standard error.
//!
//! A reader may go away at any time (`connector list | head -1`). Printing a
//! result then fails, and `main` ends the command quietly; that nobody reads
//! standard error is no reason to end anything.

use std::fmt::Display;
use std::io::{self, Write};

use serde::Serialize;

use super::error::Error;

/// Prints a result as JSON.
pub fn json(value: &impl Serialize) -> Result<(), Error> {
    let text = serde_json::to_string_pretty(value).map_err(io::Error::from);
    line(&text.map_err(Error::Output)?)
}

/// Prints a result and a line break.
pub fn line(text: &str) -> Result<(), Error> {
    part(&format!("{text}\n")).map_err(Error::Output)
}

/// Prints a part of a result right away.
pub fn part(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Prints a line to standard error.
pub fn note(text: impl Display) {
    note_part(format_args!("{text}\n"));
}

/// Prints to standard error without a line break.
pub fn note_part(text: impl Display) {
    let _ = write!(io::stderr().lock(), "{text}");
}
