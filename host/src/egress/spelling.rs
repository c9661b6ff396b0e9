//! How servers spell a text when they repeat it: as it is, with escapes of
//! JSON (RFC 8259 §7), percent-encoded (RFC 3986 §2.1) or as character
//! references (HTML), and each character in a way of its own.

/// What bytes that begin like a text turn out to be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Spelled {
    /// The text, in so many bytes.
    Whole(usize),
    /// They end before it is known.
    Open,
    /// Something else.
    No,
}

/// The bytes with which an escape begins.
pub(super) const ESCAPES: [u8; 3] = *b"\\%&";

/// JSON within JSON doubles its backslashes each time, and servers that quote
/// servers are few.
const MOST_BACKSLASHES: usize = 8;
/// `%25252f` is a slash encoded three times.
const MOST_PERCENTS: usize = 4;
/// The most bytes that one takes: `\\\\\\\\\u002f`, `%252525252f`, `&#x00000000;`.
pub(super) const LONGEST: usize = MOST_BACKSLASHES + 6;
/// The digits of a character reference, zeros in front included.
const MOST_DIGITS: usize = 8;

/// Whether the bytes begin with the text. A backslash of the text must be
/// escaped in them, so that each byte has one meaning.
pub(super) fn begins_with(bytes: &[u8], text: &[u8]) -> Spelled {
    let mut length = 0;
    for &wanted in text {
        match character(bytes.get(length..).unwrap_or_default(), wanted) {
            Spelled::Whole(count) => length += count,
            other => return other,
        }
    }
    Spelled::Whole(length)
}

fn character(bytes: &[u8], wanted: u8) -> Spelled {
    let Some((&first, rest)) = bytes.split_first() else { return Spelled::Open };
    let escaped = match first {
        b'\\' => backslash(rest, wanted),
        b'%' => percent(rest, wanted),
        b'&' => reference(rest, wanted),
        _ => Spelled::No,
    };
    match escaped {
        Spelled::Whole(count) => Spelled::Whole(1 + count),
        Spelled::No if first == wanted && wanted != b'\\' => Spelled::Whole(1),
        other => other,
    }
}

/// Behind a backslash: `\/`, `\u002f`, `\\u002f`, …
fn backslash(bytes: &[u8], wanted: u8) -> Spelled {
    if wanted == b'\\' && bytes.first() == Some(&b'\\') {
        return Spelled::Whole(1);
    }
    let more = bytes.iter().take(MOST_BACKSLASHES).take_while(|byte| **byte == b'\\').count();
    match bytes.get(more..).unwrap_or_default() {
        [] => Spelled::Open,
        [b'u', digits @ ..] => match number(digits, 4, 16) {
            Some((4, code)) if code == u32::from(wanted) => Spelled::Whole(more + 5),
            Some((read, _)) if read == digits.len() && read < 4 => Spelled::Open,
            None if digits.is_empty() => Spelled::Open,
            _ => Spelled::No,
        },
        [next, ..] if *next == wanted && matches!(wanted, b'/' | b'"') => Spelled::Whole(more + 1),
        _ => Spelled::No,
    }
}

/// Behind a `%`: `2f`, `252f`, …
fn percent(bytes: &[u8], wanted: u8) -> Spelled {
    let mut at = 0;
    for _ in 0..MOST_PERCENTS {
        let rest = bytes.get(at..).unwrap_or_default();
        match number(rest, 2, 16) {
            Some((2, code)) if code == u32::from(wanted) => return Spelled::Whole(at + 2),
            Some((2, 0x25)) => at += 2,
            Some((read, _)) if read == rest.len() && read < 2 => return Spelled::Open,
            None if rest.is_empty() => return Spelled::Open,
            _ => return Spelled::No,
        }
    }
    Spelled::No
}

/// Behind a `&`: `#47;`, `#x2f;`, `amp;`, …
fn reference(bytes: &[u8], wanted: u8) -> Spelled {
    let numeric = |digits: &[u8], radix: u32, before: usize| {
        let (read, code) = number(digits, MOST_DIGITS, radix).unwrap_or((0, 0));
        match digits.get(read) {
            None if read < MOST_DIGITS => Spelled::Open,
            Some(b';') if code == u32::from(wanted) => Spelled::Whole(before + read + 1),
            _ => Spelled::No,
        }
    };
    match bytes {
        [] | [b'#'] => Spelled::Open,
        [b'#', b'x' | b'X', digits @ ..] => numeric(digits, 16, 2),
        [b'#', digits @ ..] => numeric(digits, 10, 1),
        _ => named(bytes, wanted),
    }
}

fn named(bytes: &[u8], wanted: u8) -> Spelled {
    const NAMES: [(u8, &[u8]); 5] =
        [(b'&', b"amp;"), (b'<', b"lt;"), (b'>', b"gt;"), (b'"', b"quot;"), (b'\'', b"apos;")];
    let Some((_, name)) = NAMES.iter().find(|(character, _)| *character == wanted) else {
        return Spelled::No;
    };
    match () {
        () if bytes.starts_with(name) => Spelled::Whole(name.len()),
        () if name.starts_with(bytes) => Spelled::Open,
        () => Spelled::No,
    }
}

/// The number that at most `most` digits in front make, and how many they are.
fn number(bytes: &[u8], most: usize, radix: u32) -> Option<(usize, u32)> {
    let digit = |byte: &u8| char::from(*byte).to_digit(radix);
    let digits = bytes.iter().take(most).map_while(digit);
    let (count, value) = digits.fold((0, 0_u32), |(count, value), digit| {
        (count + 1, value.saturating_mul(radix).saturating_add(digit))
    });
    (count != 0).then_some((count, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_may_be_spelled_in_its_own_way() {
        for spelled in [
            "a/b&",
            "a\\/b&",
            "\\u0061\\u002f\\u0062\\u0026",
            "\\u0061/b\\u0026amp;",
            "\\\\u0061\\\\/b&",
            "%61%2Fb%26",
            "%61%2f%62%2526",
            "a%25252fb&amp;",
            "&#97;&#x2F;&#X0062;&#038;",
        ] {
            let text = if spelled.ends_with("0026amp;") { &b"a/b&amp;"[..] } else { b"a/b&" };
            assert_eq!(
                begins_with(format!("{spelled} and more").as_bytes(), text),
                Spelled::Whole(spelled.len()),
                "{spelled}"
            );
            // Cut anywhere, it may still become the text.
            for end in 0..spelled.len() {
                let cut = &spelled.as_bytes()[..end];
                let found = begins_with(cut, text);
                assert!(found == Spelled::Open, "{spelled} up to {end}: {found:?}");
            }
        }
    }

    #[test]
    fn characters_of_escapes_have_escapes_too() {
        assert_eq!(begins_with(b"a\\\\b", b"a\\b"), Spelled::Whole(4));
        assert_eq!(begins_with(b"a\\u005cb", b"a\\b"), Spelled::Whole(8));
        assert_eq!(begins_with(b"a%25b", b"a%b"), Spelled::Whole(5));
        assert_eq!(begins_with(b"a%b&", b"a%b&"), Spelled::Open);
        assert_eq!(begins_with(b"a%b&;", b"a%b&"), Spelled::Whole(4));
    }

    #[test]
    fn other_text_is_other_text() {
        for other in [
            "",
            "b",
            "\\u0062",
            "\\u00g1",
            "\\n",
            "%62",
            "%",
            "%zz",
            "&#98;",
            "&#;",
            "&;",
            "&amp;",
            "%2525252561",
            "\\\\\\\\\\\\\\\\\\\\u0061",
            "&#000000097;",
        ] {
            let found = begins_with(format!("{other}!").as_bytes(), b"a");
            assert_eq!(found, Spelled::No, "{other}");
        }
    }
}
