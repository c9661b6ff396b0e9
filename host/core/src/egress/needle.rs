//! Finds one secret in a response.
//!
//! Only the whole secret is found, in one of the ways in which servers echo what
//! they received: unchanged, with characters percent-encoded (RFC 3986 §2.1) or
//! escaped as in JSON (RFC 8259 §7), or inside base64 or base64url (RFC 4648) at
//! any position. Nothing here depends on a part of a secret: a filter that reacts
//! to a prefix reveals the secret character by character to a connector that
//! observes the filter.

use std::collections::BTreeSet;
use std::ops::Range;

use memchr::memmem::Finder;

/// A secret and its base64 forms.
pub(super) struct Needle {
    secret: Vec<u8>,
    encoded: Vec<Encoded>,
}

/// The secret inside base64, at one of the three positions in which it can begin in
/// a group of three bytes (four characters).
///
/// A character holds six bits, so the first and the last one may also contain
/// bits of the bytes next to the secret. Only the secret's bits are compared.
struct Encoded {
    /// The characters that contain bits of the secret only.
    inner: Finder<'static>,
    first: Option<Bits>,
    last: Option<Bits>,
}

/// Some of the six bits of a base64 character.
#[derive(Clone, Copy)]
struct Bits {
    mask: u8,
    value: u8,
}

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// `\u0073` is the longest way to write a character.
const MAX_ESCAPE: usize = 6;

impl Needle {
    pub(super) fn new(secret: &str) -> Self {
        let mut encoded = Vec::new();
        for offset in 0..3 {
            let standard = Encoded::new(secret.as_bytes(), offset, STANDARD);
            let url_safe = Encoded::new(secret.as_bytes(), offset, URL_SAFE);
            // Some servers escape slashes in JSON, and in URLs they must be escaped.
            for (slash, plus) in [("\\/", "+"), ("%2F", "%2B"), ("%2f", "%2b")] {
                encoded.extend(standard.written_as(slash, plus));
            }
            if standard.inner.needle() != url_safe.inner.needle() {
                encoded.push(url_safe);
            }
            encoded.push(standard);
        }
        Self { secret: secret.as_bytes().to_vec(), encoded }
    }

    /// The maximum length of the secret in any form, in bytes.
    pub(super) fn max_length(&self) -> usize {
        MAX_ESCAPE * self.secret.len()
    }

    /// Adds all ranges that contain the secret, in no particular order. They may
    /// overlap.
    pub(super) fn find(&self, text: &[u8], found: &mut Vec<Range<usize>>) {
        let Some(&first) = self.secret.first() else { return };
        for start in memchr::memchr3_iter(first, b'%', b'\\', text) {
            let length = text.get(start..).and_then(|text| written_length(text, &self.secret));
            found.extend(length.map(|length| start..start + length));
        }
        for encoded in &self.encoded {
            encoded.find(text, found);
        }
    }
}

/// The number of bytes that the secret takes at the start of a text, or `None`
/// if it is not there. Each character may be escaped differently.
fn written_length(text: &[u8], secret: &[u8]) -> Option<usize> {
    let mut length = 0;
    for (index, &byte) in secret.iter().enumerate() {
        let rest = text.get(length..)?;
        length += match (escape_of(rest, byte), rest.first() == Some(&byte)) {
            // `%25` may be an escaped `%` or three characters of the secret.
            (Some(_), true) => {
                let others = secret.get(index..).unwrap_or_default();
                return ambiguous_length(rest, others).map(|others| length + others);
            }
            (Some(escape), false) => escape,
            (None, true) => 1,
            (None, false) => return None,
        };
    }
    Some(length)
}

/// Like [`written_length`], for a text whose characters can be read either way.
/// Returns the largest number of bytes.
fn ambiguous_length(text: &[u8], secret: &[u8]) -> Option<usize> {
    let mut lengths = BTreeSet::from([0]);
    for &byte in secret {
        let mut longer = BTreeSet::new();
        for length in lengths {
            let rest = text.get(length..).unwrap_or_default();
            longer.extend(escape_of(rest, byte).map(|escape| length + escape));
            longer.extend((rest.first() == Some(&byte)).then_some(length + 1));
        }
        lengths = longer;
    }
    lengths.last().copied()
}

/// The number of bytes that the character takes at the start of a text, or
/// `None` if it is not escaped there.
fn escape_of(text: &[u8], byte: u8) -> Option<usize> {
    let (escaped, length) = match text {
        [b'%', high, low, ..] => (hexadecimal(*high, *low)?, 3),
        [b'\\', b'u', b'0', b'0', high, low, ..] => (hexadecimal(*high, *low)?, 6),
        [b'\\', quoted @ (b'"' | b'/' | b'\\'), ..] => (*quoted, 2),
        _ => return None,
    };
    (escaped == byte).then_some(length)
}

fn hexadecimal(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? << 4 | digit(low)?).ok()
}

impl Encoded {
    /// `offset` is the number of bytes before the secret in its group of three.
    fn new(secret: &[u8], offset: usize, alphabet: &[u8; 64]) -> Self {
        let bits = secret.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1));
        let bits: Vec<u8> = bits.collect();
        let number = |bits: &[u8]| bits.iter().fold(0, |number, bit| number << 1 | bit);
        // The bits that still fit into the first character.
        let (first, rest) = bits.split_at(match offset * 8 % 6 {
            0 => 0,
            taken => 6 - taken,
        });
        let characters = rest.chunks_exact(6);
        let last = characters.remainder();
        let character = |bits: &[u8]| alphabet.get(usize::from(number(bits))).copied();
        let inner: Vec<u8> = characters.filter_map(character).collect();
        let partial = |bits: &[u8], shift: usize| {
            let mask = ((1_u8 << bits.len()) - 1) << shift;
            (!bits.is_empty()).then(|| Bits { mask, value: number(bits) << shift })
        };
        Self {
            inner: Finder::new(&inner).into_owned(),
            first: partial(first, 0),
            last: partial(last, 6 - last.len()),
        }
    }

    /// The same form with `/` and `+` written differently, or `None` if it has
    /// neither.
    fn written_as(&self, slash: &str, plus: &str) -> Option<Self> {
        let mut written = Vec::new();
        for byte in self.inner.needle() {
            match byte {
                b'/' => written.extend(slash.as_bytes()),
                b'+' => written.extend(plus.as_bytes()),
                other => written.push(*other),
            }
        }
        let inner = Finder::new(&written).into_owned();
        let is_other = inner.needle() != self.inner.needle();
        is_other.then_some(Self { inner, first: self.first, last: self.last })
    }

    fn find(&self, text: &[u8], found: &mut Vec<Range<usize>>) {
        let length = self.inner.needle().len();
        let mut from = 0;
        while let Some(at) = text.get(from..).and_then(|rest| self.inner.find(rest)) {
            let (start, end) = (from + at, from + at + length);
            from = start + 1;
            let before = start.checked_sub(1).and_then(|before| text.get(before));
            let last = text.get(end..).and_then(one_character);
            let is_whole = self.first.is_none_or(|bits| bits.are_in(before))
                && self.last.is_none_or(|bits| bits.are_in(last.as_ref()));
            if is_whole {
                let start = start - usize::from(self.first.is_some());
                found.push(start..end + usize::from(self.last.is_some()));
            }
        }
    }
}

/// The base64 character at the start of a text, escaped or not.
fn one_character(text: &[u8]) -> Option<u8> {
    match text {
        [b'\\', b'/', ..] => Some(b'/'),
        [b'%', high, low, ..] => hexadecimal(*high, *low),
        [byte, ..] => Some(*byte),
        [] => None,
    }
}

impl Bits {
    fn are_in(self, character: Option<&u8>) -> bool {
        let value = match character {
            Some(byte @ b'A'..=b'Z') => byte - b'A',
            Some(byte @ b'a'..=b'z') => byte - b'a' + 26,
            Some(byte @ b'0'..=b'9') => byte - b'0' + 52,
            Some(b'+' | b'-') => 62,
            Some(b'/' | b'_') => 63,
            _ => return false,
        };
        value & self.mask == self.value
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

    use super::*;

    /// Contains characters that each encoding treats differently.
    const SECRET: &str = "sk-/a+b\"c\\d?e~f>g%h";

    fn found(text: &str) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        Needle::new(SECRET).find(text.as_bytes(), &mut found);
        found
    }

    fn escaped(escape: impl Fn(char) -> String) -> String {
        SECRET.chars().map(escape).collect()
    }

    /// The forms in which a server may echo the secret.
    fn written() -> Vec<String> {
        let percent = |c: char| format!("%{:02X}", u32::from(c));
        let unicode = |c: char| format!("\\u{:04x}", u32::from(c));
        vec![
            SECRET.to_owned(),
            escaped(percent),
            escaped(percent).to_lowercase(),
            escaped(unicode),
            escaped(|c| if c.is_alphanumeric() { c.into() } else { percent(c) }),
            escaped(|c| if c.is_alphanumeric() { c.into() } else { unicode(c) }),
            escaped(|c| if "\"\\/".contains(c) { format!("\\{c}") } else { c.into() }),
            escaped(|c| if u32::from(c) % 2 == 0 { percent(c) } else { unicode(c) }),
        ]
    }

    #[test]
    fn finds_the_whole_secret_in_every_form() {
        for written in written() {
            let inside = format!("a\\%{written}\\%z");
            for (text, start) in [(&written, 0), (&inside, 3)] {
                let [range] = found(text).try_into().unwrap();
                assert_eq!(range, start..start + written.len(), "{text}");
            }
        }
    }

    #[test]
    fn finds_a_secret_that_looks_escaped() {
        for secret in [
            "abcdefgh%25ijklmnop",
            "abcdefgh\\\\ijklmnop",
            "abcdefgh\\u005cijklmnop",
            "abcdefgh\\\"ijklmnop\\\\\\\\",
            "%25%25%25%25%25%25%25",
        ] {
            let percent = secret.bytes().map(|byte| format!("%{byte:02x}")).collect();
            let quoted = secret.replace('\\', "\\\\").replace('"', "\\\"");
            for written in [secret.to_owned(), percent, quoted] {
                let mut found = Vec::new();
                Needle::new(secret).find(format!("x{written}").as_bytes(), &mut found);
                assert!(found.contains(&(1..1 + written.len())), "{written}: {found:?}");
            }
        }
    }

    #[test]
    fn finds_a_secret_of_backslashes_quickly() {
        let mut found = Vec::new();
        Needle::new(&"\\".repeat(60)).find(&b"\\".repeat(20_000), &mut found);
        assert!(!found.is_empty());
    }

    #[test]
    fn finds_the_whole_secret_inside_base64() {
        for (before, after) in [("", ""), ("a", ""), ("ab", "z"), ("abc", "yz"), ("Bearer ", "xyz")]
        {
            let text = format!("{before}{SECRET}{after}");
            for engine in [STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
                let encoded = engine.encode(&text);
                let [range] = found(&encoded).try_into().unwrap();
                // No byte of the secret can be decoded from the rest.
                assert!(range.start * 6 <= before.len() * 8, "{text}");
                assert!((before.len() + SECRET.len()) * 8 <= range.end * 6, "{text}");
            }
        }
    }

    /// JSON may escape the slashes of base64. URLs escape slashes and plus signs.
    #[test]
    fn finds_base64_with_escaped_slashes() {
        // The base64 contains a slash at each of the three offsets.
        let secret = "~~~?sk-???>>>~~~-secret???";
        for before in ["", "a", "ab"] {
            let encoded = STANDARD.encode(format!("{before}{secret}~"));
            assert!(encoded.contains('/'), "{encoded}");
            for (slash, plus) in [("/", "+"), ("\\/", "+"), ("%2F", "%2B"), ("%2f", "%2b")] {
                let written = encoded.replace('/', slash).replace('+', plus);
                let mut found = Vec::new();
                Needle::new(secret).find(written.as_bytes(), &mut found);
                assert_eq!(found.len(), 1, "{written}");
            }
        }
    }

    /// Text that differs from the secret by a single bit does not match in any
    /// encoding.
    #[test]
    fn never_finds_a_part_of_the_secret() {
        let changed = |at: usize, bit: u8| {
            let mut bytes = SECRET.as_bytes().to_vec();
            bytes[at] ^= bit;
            bytes
        };
        let last = SECRET.len() - 1;
        let mut others = vec![SECRET.as_bytes()[1..].to_vec(), SECRET.as_bytes()[..last].to_vec()];
        others.extend([changed(0, 0x80), changed(0, 1), changed(last, 0x80), changed(last, 1)]);
        others.extend((0..SECRET.len()).map(|at| changed(at, 4)));
        for other in &others {
            let mut found = Vec::new();
            Needle::new(SECRET).find(other, &mut found);
            for before in 0..3 {
                let mut text = b"abc"[..before].to_vec();
                text.extend(other);
                Needle::new(SECRET).find(STANDARD.encode(text).as_bytes(), &mut found);
            }
            assert!(found.is_empty(), "{other:?}");
        }
        for written in written() {
            for length in 0..written.len() {
                assert!(found(&written[..length]).is_empty(), "{written} up to {length}");
            }
        }
    }
}
