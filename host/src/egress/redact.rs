//! Removes the credential from everything that comes back.
//!
//! A provider may repeat the credential it was sent ("Incorrect API key
//! provided: …"). Its value is replaced by `****` however servers write it: as
//! it is, escaped ([`spelling`]), or somewhere within base64.
//!
//! This is against carelessness. A provider that means to betray the credential
//! it holds needs no answer to this host for it.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, Read};
use std::ops::Range;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, MatchKind};
use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use super::secret::Secret;
use super::spelling::{self, Spelled};

/// Below this a credential is no secret but a word such as `none` or `test`,
/// as servers without authorization ask for; to replace it would tear holes
/// into ordinary answers.
const SHORTEST: usize = 8;

const REPLACEMENT: &[u8] = b"****";

/// What is to be removed; nothing without a credential.
#[derive(Clone, Default)]
pub(crate) struct Redactor(Option<Arc<Forms>>);

/// The forms of a credential.
struct Forms {
    secret: Vec<u8>,
    /// The texts that are looked for as they are.
    texts: Vec<Vec<u8>>,
    /// Finds them all at once, of several at a place the longest.
    finder: AhoCorasick,
}

/// Prints nothing of it.
impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("****")
    }
}

impl Redactor {
    pub(crate) fn new(secret: Option<&Secret>) -> Self {
        let secret = secret.map(Secret::expose).filter(|text| SHORTEST <= text.len());
        Self(secret.map(|secret| {
            let mut texts = vec![secret.as_bytes().to_vec()];
            for prefix in ["", "Bearer "] {
                let credential = format!("{prefix}{secret}");
                texts.push(STANDARD_NO_PAD.encode(&credential).into_bytes());
                texts.push(URL_SAFE_NO_PAD.encode(&credential).into_bytes());
            }
            for before in 0..3 {
                texts.push(within_base64(&STANDARD_NO_PAD, secret, before));
                texts.push(within_base64(&URL_SAFE_NO_PAD, secret, before));
            }
            texts.sort();
            texts.dedup();
            Arc::new(Forms::new(secret.as_bytes().to_vec(), texts))
        }))
    }

    /// The text without the credential.
    pub(crate) fn text(&self, text: String) -> String {
        let Some(forms) = &self.0 else { return text };
        let mut bytes = text.into_bytes();
        let length = forms.replace(&mut bytes);
        bytes.truncate(length);
        String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    }
}

impl Forms {
    #[allow(clippy::expect_used, reason = "it fails for gigabytes only")]
    fn new(secret: Vec<u8>, texts: Vec<Vec<u8>>) -> Self {
        let finder = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            // A deterministic one takes a hundred times the memory.
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(&texts)
            .expect("a header's value is short");
        Self { secret, texts, finder }
    }

    /// Replaces it in place, which makes the text shorter. How long it is then.
    fn replace(&self, bytes: &mut [u8]) -> usize {
        let length = replace_each(bytes, |bytes, from| self.next_text(bytes, from));
        let bytes = bytes.get_mut(..length).unwrap_or_default();
        replace_each(bytes, |bytes, mut from| {
            loop {
                match self.next_spelled(bytes, from)? {
                    (at, Spelled::Whole(length)) => return Some(at..at + length),
                    (at, _) => from = at + 1,
                }
            }
        })
    }

    /// How many bytes at the end may be the beginning of the credential.
    fn open_end(&self, bytes: &[u8]) -> usize {
        let longest_prefix = |text: &Vec<u8>| {
            let longest = text.len().saturating_sub(1).min(bytes.len());
            let end = bytes.get(bytes.len() - longest..).unwrap_or_default();
            // A prefix begins where its first byte stands.
            let starts = memchr::memchr_iter(*text.first()?, end);
            let mut open = starts.map(|start| end.len() - start);
            open.find(|open| bytes.ends_with(text.get(..*open).unwrap_or_default()))
        };
        let open = self.texts.iter().filter_map(longest_prefix).max().unwrap_or(0);
        // What is spelled and still open cannot be longer.
        let longest = self.secret.len() * spelling::LONGEST;
        let mut from = bytes.len().saturating_sub(longest);
        while let Some((at, spelled)) = self.next_spelled(bytes, from) {
            if spelled == Spelled::Open {
                return open.max(bytes.len() - at);
            }
            from = at + 1;
        }
        open
    }

    /// The next place at which one of the texts stands.
    fn next_text(&self, bytes: &[u8], from: usize) -> Option<Range<usize>> {
        let rest = Input::new(bytes).range(from..);
        self.finder.find(rest).map(|found| found.range())
    }

    /// The next position at which the credential is spelled or begins to be.
    fn next_spelled(&self, bytes: &[u8], from: usize) -> Option<(usize, Spelled)> {
        let rest = bytes.get(from..)?;
        let [a, b, c] = spelling::ESCAPES;
        let mut plain = memchr::memchr_iter(*self.secret.first()?, rest).peekable();
        let mut escaped = memchr::memchr3_iter(a, b, c, rest).peekable();
        loop {
            let at = match (plain.peek(), escaped.peek()) {
                (Some(one), Some(other)) if other < one => escaped.next()?,
                (None, _) => escaped.next()?,
                _ => plain.next()?,
            };
            match spelling::begins_with(rest.get(at..)?, &self.secret) {
                Spelled::No => {}
                spelled => return Some((from + at, spelled)),
            }
        }
    }
}

/// Replaces what `next` finds from a place on, which is longer than what comes
/// in its place.
fn replace_each(bytes: &mut [u8], next: impl Fn(&[u8], usize) -> Option<Range<usize>>) -> usize {
    let (mut kept, mut from) = (0, 0);
    while let Some(found) = next(bytes, from) {
        bytes.copy_within(from..found.start, kept);
        kept += found.start - from;
        for (to, by) in bytes.iter_mut().skip(kept).zip(REPLACEMENT) {
            *to = *by;
        }
        kept += REPLACEMENT.len();
        from = found.end;
    }
    if kept < from {
        bytes.copy_within(from.., kept);
    }
    kept + bytes.len() - from
}

/// What base64 of any text has in it that holds the secret behind so many
/// bytes, by threes: without the characters at its ends, which hold bits of
/// what stands beside it too.
fn within_base64(engine: &GeneralPurpose, secret: &str, before: usize) -> Vec<u8> {
    let mut bytes = vec![0; before];
    bytes.extend(secret.bytes());
    let encoded = engine.encode(&bytes).into_bytes();
    // 8 bits a byte, 6 bits a character.
    let whole = bytes.len() * 8 / 6;
    encoded.get((before * 8).div_ceil(6)..whole).unwrap_or_default().to_vec()
}

/// A reader whose bytes are free of the credential, also where a chunk ends
/// inside it. It holds back only what may be the beginning of the credential,
/// so that streamed text is not delayed.
pub(super) struct Redacting<R> {
    inner: R,
    redactor: Redactor,
    /// What may be the beginning of the credential.
    held: Vec<u8>,
    /// What was read and redacted for a caller with less room.
    ready: VecDeque<u8>,
}

/// Room for reading, beside what is held.
const LEAST: usize = 1024;

impl<R: Read> Redacting<R> {
    pub(super) fn new(inner: R, redactor: Redactor) -> Self {
        Self { inner, redactor, held: Vec::new(), ready: VecDeque::new() }
    }

    /// Reads once, behind what was held. How much of it is redacted; nothing
    /// where all of it may be the beginning of the credential.
    fn fill(&mut self, forms: &Forms, into: &mut [u8]) -> io::Result<Option<usize>> {
        let (held, room) = into.split_at_mut(self.held.len());
        held.copy_from_slice(&self.held);
        let read = self.inner.read(room)?;
        let come = into.get_mut(..self.held.len() + read).unwrap_or_default();
        let length = forms.replace(come);
        let come = come.get(..length).unwrap_or_default();
        let open = if read == 0 { 0 } else { forms.open_end(come) };
        self.held.clear();
        self.held.extend(come.iter().skip(length - open));
        Ok((open < length || read == 0).then_some(length - open))
    }
}

impl<R: Read> Read for Redacting<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let Some(forms) = self.redactor.0.clone() else { return self.inner.read(into) };
        while self.ready.is_empty() {
            let least = self.held.len() + LEAST;
            if least <= into.len() {
                // A large piece is not copied once more.
                match self.fill(&forms, into)? {
                    Some(count) => return Ok(count),
                    None => continue,
                }
            }
            let mut piece = vec![0; least];
            if let Some(count) = self.fill(&forms, &mut piece)? {
                if count == 0 {
                    return Ok(0);
                }
                piece.truncate(count);
                self.ready = piece.into();
            }
        }
        self.ready.read(into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "sk-canary/0123+456=";

    fn redactor() -> Redactor {
        Redactor::new(Some(&Secret::new(TOKEN).unwrap()))
    }

    /// Hands out the text in pieces of the given size.
    struct Pieces<'a>(&'a [u8], usize);

    impl Read for Pieces<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(into.len()).min(self.0.len());
            into[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    fn as_escapes(write: impl Fn(char) -> String) -> String {
        TOKEN.chars().map(write).collect()
    }

    #[test]
    fn removes_every_form() {
        for form in [
            TOKEN.to_owned(),
            as_escapes(|c| format!("%{:02X}", u32::from(c))),
            as_escapes(|c| format!("%25{:02x}", u32::from(c))),
            TOKEN.replace('/', "%2f").replace('+', "%2B"),
            STANDARD_NO_PAD.encode(TOKEN),
            STANDARD_NO_PAD.encode(format!("Bearer {TOKEN}")),
            TOKEN.replace('/', "\\/"),
            as_escapes(|c| format!("\\u{:04x}", u32::from(c))),
            as_escapes(|c| format!("\\\\u{:04X}", u32::from(c))),
            TOKEN.replace('k', "\\u006B").replace('/', "\\/"),
            TOKEN.replace('/', "&#x2F;").replace('+', "&#43;"),
        ] {
            let text = redactor().text(format!("key {form} was refused, twice {form}"));
            assert_eq!(text, "key **** was refused, twice ****", "{form}");
        }
    }

    #[test]
    fn removes_it_from_within_base64() {
        for before in 0..9 {
            let user = "u".repeat(before);
            for text in [format!("{user}{TOKEN}"), format!("{user}{TOKEN}:and more of it")] {
                let redacted = redactor().text(STANDARD_NO_PAD.encode(text));
                assert!(redacted.contains("****"), "{redacted}");
            }
        }
    }

    #[test]
    fn removes_it_across_chunks_of_every_size() {
        let escaped = as_escapes(|c| format!("\\u{:04x}", u32::from(c)));
        let text = format!("{TOKEN} and {TOKEN}{escaped} sk-can sk-canary/012");
        for size in 1..text.len() {
            let mut redacted = String::new();
            Redacting::new(Pieces(text.as_bytes(), size), redactor())
                .read_to_string(&mut redacted)
                .unwrap();
            assert_eq!(redacted, "**** and ******** sk-can sk-canary/012", "chunks of {size}");
        }
    }

    #[test]
    fn does_not_delay_text_that_cannot_be_the_credential() {
        let mut reader = Redacting::new(Pieces(b"data: {}\n\ndata: {}\n\n", 10), redactor());
        let mut chunk = [0; 64];
        assert_eq!(reader.read(&mut chunk).unwrap(), 10);
    }

    #[test]
    fn leaves_words_alone_that_serve_as_a_token() {
        let redactor = Redactor::new(Some(&Secret::new("none").unwrap()));
        assert_eq!(redactor.text("none of it".to_owned()), "none of it");
    }
}
