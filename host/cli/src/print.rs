//! What the command prints: results on standard output, everything else on
//! standard error.
//!
//! Texts of connectors and providers may hold what moves a terminal's cursor,
//! changes its title or turns its writing around. This file is the only way
//! out, and escapes such characters ([`visible`]). Only a result that is not
//! printed to a terminal (`--raw`, `--stream` into a pipe) stays as it came.
//!
//! A reader may go away at any time (`connector list | head -1`). Printing a
//! result then fails, and `main` ends the command quietly; that nobody reads
//! standard error is no reason to end anything.

use std::borrow::Cow;
use std::fmt::{Display, Write as _};
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use connector_host::acts_on_terminal;
use serde::Serialize;
use serde_json::Value;

use super::error::Error;

/// Longer titles and descriptions are cut, in characters.
const MAX_SHORT: usize = 300;

/// Prints a result as JSON.
pub fn json(value: &impl Serialize) -> Result<(), Error> {
    let text = serde_json::to_string_pretty(value).map_err(io::Error::from);
    let text = text.map_err(Error::Output)?;
    write(&format!("{}\n", visible_json(&text))).map_err(Error::Output)
}

/// Prints a line of JSON to standard error.
pub fn json_note(value: &Value) {
    let text = value.to_string();
    let _ = io::stderr().lock().write_all(format!("{}\n", visible_json(&text)).as_bytes());
}

/// JSON with escapes of its own. It escapes the characters below U+0020 itself;
/// the others that matter are in its texts only.
fn visible_json(text: &str) -> Cow<'_, str> {
    escaped(text, |c, text| {
        let mut units = [0; 2];
        for unit in c.encode_utf16(&mut units) {
            let _ = write!(text, "\\u{unit:04x}");
        }
    })
}

/// Prints a text for people, and a line break.
pub fn line(text: &str) -> Result<(), Error> {
    write(&format!("{}\n", visible(text))).map_err(Error::Output)
}

/// Prints a part of a result right away, as it came where it goes to no
/// terminal.
pub fn part(text: &str) -> io::Result<()> {
    match io::stdout().is_terminal() {
        true => write(&visible(text)),
        false => write(text),
    }
}

fn write(text: &str) -> io::Result<()> {
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
    let _ = io::stderr().lock().write_all(visible(&text.to_string()).as_bytes());
}

/// A text as a part of one line: it can make no other.
pub fn plain(text: &str) -> String {
    visible(text).replace(['\n', '\t'], " ")
}

/// The path of a file as a part of one line.
pub fn path(file: &Path) -> String {
    plain(&file.display().to_string())
}

/// The same as [`plain`], cut where it is longer than anybody reads.
pub fn short(text: &str) -> String {
    match text.char_indices().nth(MAX_SHORT) {
        Some((end, _)) => format!("{}…", plain(text.get(..end).unwrap_or_default())),
        None => plain(text),
    }
}

/// A text of some lines, with everything else that a terminal would act on
/// escaped.
fn visible(text: &str) -> Cow<'_, str> {
    escaped(text, |c, text| text.extend(c.escape_default()))
}

fn escaped(text: &str, escape: impl Fn(char, &mut String)) -> Cow<'_, str> {
    if !text.contains(acts_on_terminal) {
        return text.into();
    }
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match acts_on_terminal(c) {
            true => escape(c, &mut escaped),
            false => escaped.push(c),
        }
    }
    escaped.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_told_nothing() {
        assert_eq!(visible("grün\n\t😀"), "grün\n\t😀");
        assert_eq!(visible("a\u{1b}[2Jb\r\u{9b}c\u{7f}"), "a\\u{1b}[2Jb\\r\\u{9b}c\\u{7f}");
        assert_eq!(visible("\u{202e}txt.exe"), "\\u{202e}txt.exe");
        assert_eq!(visible_json("\"\u{9b}\u{2028}😀\""), "\"\\u009b\\u2028😀\"");
        assert_eq!(plain("a\nSHA-256  0"), "a SHA-256  0");
        assert_eq!(short(&"a".repeat(1 << 20)).chars().count(), MAX_SHORT + 1);
    }
}
