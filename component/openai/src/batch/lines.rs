//! Reads text of any length line by line.

use connector_sdk::Result;

/// The number of bytes to read at a time.
const PIECE: u32 = 1 << 20;

/// A line without its line feed.
pub struct Line<'a> {
    /// Where it begins.
    pub offset: u64,
    /// Its length.
    pub length: u64,
    /// Its content, unless it is longer than the maximum.
    pub content: Option<&'a [u8]>,
}

/// Passes each line that is not blank to `each`. `read` returns up to a number of
/// bytes from an offset, and none at the end. A line longer than `max` is passed
/// without its content.
pub fn read(
    read: impl Fn(u64, u32) -> Result<Vec<u8>>,
    max: usize,
    mut each: impl FnMut(Line) -> Result<()>,
) -> Result<()> {
    let mut line = Vec::new();
    let (mut offset, mut length) = (0, 0);
    let mut end = |line: &mut Vec<u8>, offset: u64, length: u64| {
        let is_whole = length == line.len() as u64;
        let is_blank = is_whole && line.trim_ascii().is_empty();
        let content = is_whole.then_some(line.as_slice());
        let result = if is_blank { Ok(()) } else { each(Line { offset, length, content }) };
        line.clear();
        result
    };
    loop {
        let piece = read(offset + length, PIECE)?;
        if piece.is_empty() {
            return end(&mut line, offset, length);
        }
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            let (text, is_end) = match part.split_last() {
                Some((b'\n', text)) => (text, true),
                _ => (part, false),
            };
            length += text.len() as u64;
            if line.len() + text.len() <= max {
                line.extend_from_slice(text);
            }
            if is_end {
                end(&mut line, offset, length)?;
                offset += length + 1;
                length = 0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The offsets and contents of the lines, read in pieces of this size.
    fn lines(text: &str, piece: usize, max: usize) -> Vec<(u64, Option<String>)> {
        let mut lines = Vec::new();
        let content = |offset: u64, _| {
            let rest = text.as_bytes().iter().skip(offset as usize);
            Ok(rest.take(piece).copied().collect())
        };
        read(content, max, |line| {
            let content = line.content.map(|content| String::from_utf8_lossy(content).into_owned());
            assert!(content.as_ref().is_none_or(|content| content.len() as u64 == line.length));
            lines.push((line.offset, content));
            Ok(())
        })
        .unwrap();
        lines
    }

    #[test]
    fn pieces_may_end_anywhere() {
        let some = |offset, text: &str| (offset, Some(text.to_owned()));
        for piece in 1..20 {
            assert_eq!(
                lines("a\nbc\n\n \r\ndef", piece, 9),
                [some(0, "a"), some(2, "bc"), some(9, "def"),]
            );
            assert_eq!(lines("", piece, 9), []);
            assert_eq!(lines("\n", piece, 9), []);
            assert_eq!(lines("a\nlong\nbc\n", piece, 3), [some(0, "a"), (2, None), some(7, "bc")]);
        }
    }

    #[test]
    fn stops_at_the_first_error() {
        let content = |offset, _| Ok(if offset == 0 { b"a\nb\n".to_vec() } else { Vec::new() });
        let mut count = 0;
        let failure = read(content, 9, |_| {
            count += 1;
            Err(connector_sdk::Failure::internal("no"))
        });
        assert_eq!((failure.unwrap_err().message.as_str(), count), ("no", 1));
    }
}
