//! Printing: results to standard output, everything else to standard error.
//!
//! Text from connectors and providers may contain characters that move a
//! terminal's cursor, change its title or reverse the text direction. All output
//! goes through this file, which escapes such characters ([`visible`]). Only a
//! result that is not printed to a terminal (`--raw`, `--stream` into a pipe) is
//! left unchanged.
//!
//! A reader may close the pipe at any time (`connector list | head -1`). Printing
//! a result then fails, and `main` ends the command quietly. Errors when
//! writing to standard error are ignored.

use std::borrow::Cow;
use std::fmt::{Display, Write as _};
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use connector_host::is_unsafe_for_terminal;
use serde::Serialize;
use serde_json::Value;

use super::error::Error;

/// The maximum length of titles and descriptions in characters.
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

/// Escapes the characters that a terminal would act on, in JSON. Serialization has
/// already escaped those below U+0020, and the others occur only in strings.
fn visible_json(text: &str) -> Cow<'_, str> {
    escaped(text, |c, text| {
        let mut units = [0; 2];
        for unit in c.encode_utf16(&mut units) {
            let _ = write!(text, "\\u{unit:04x}");
        }
    })
}

/// Prints text for people, and a line break.
pub fn line(text: &str) -> Result<(), Error> {
    write(&format!("{}\n", visible(text))).map_err(Error::Output)
}

/// Prints a part of a result immediately. Leaves it unchanged unless standard
/// output is a terminal.
pub fn part(text: &str) -> io::Result<()> {
    if io::stdout().is_terminal() { write(&visible(text)) } else { write(text) }
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

/// Escapes text for use within a line, including line breaks.
pub fn plain(text: &str) -> String {
    visible(text).replace(['\n', '\t'], " ")
}

/// Formats the path of a file for use within a line.
pub fn path(file: &Path) -> String {
    plain(&file.display().to_string())
}

/// Like [`plain`], but truncates long text.
pub fn short(text: &str) -> String {
    match text.char_indices().nth(MAX_SHORT) {
        Some((end, _)) => format!("{}…", plain(text.get(..end).unwrap_or_default())),
        None => plain(text),
    }
}

/// Escapes everything that a terminal would act on, except line breaks.
fn visible(text: &str) -> Cow<'_, str> {
    escaped(text, |c, text| text.extend(c.escape_default()))
}

fn escaped(text: &str, escape: impl Fn(char, &mut String)) -> Cow<'_, str> {
    if !text.contains(is_unsafe_for_terminal) {
        return text.into();
    }
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unsafe_for_terminal(c) {
            escape(c, &mut escaped);
        } else {
            escaped.push(c);
        }
    }
    escaped.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(visible("grün\n\t😀"), "grün\n\t😀");
        assert_eq!(visible("a\u{1b}[2Jb\r\u{9b}c\u{7f}"), "a\\u{1b}[2Jb\\r\\u{9b}c\\u{7f}");
        assert_eq!(visible("\u{202e}txt.exe"), "\\u{202e}txt.exe");
        assert_eq!(visible_json("\"\u{9b}\u{2028}😀\""), "\"\\u009b\\u2028😀\"");
        assert_eq!(plain("a\nSHA-256  0"), "a SHA-256  0");
        assert_eq!(short(&"a".repeat(1 << 20)).chars().count(), MAX_SHORT + 1);
    }
}
