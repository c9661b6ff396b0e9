//! Removes a connection's secrets from responses.
//!
//! A provider may repeat the credential that it received ("Incorrect API key
//! provided: …"). It is replaced by `****` before a connector sees the response.
//! Complete values are redacted as a whole. Data that is read in pieces lags
//! behind by a constant length ([`Redactor::lag`]), so the end of a piece depends
//! on lengths only and never on the bytes.
//!
//! This does not protect against a provider that returns parts of a secret.

use std::borrow::Cow;
use std::fmt;
use std::mem;
use std::ops::Range;
use std::sync::Arc;

use super::needle::Needle;
use super::secret::Secret;

const REPLACEMENT: &[u8] = b"****";

/// Removes a set of secrets. Cheap to clone. `Debug` does not print the secrets.
#[derive(Clone, Default)]
pub(crate) struct Redactor(Arc<[Needle]>);

/// A redacted prefix of some bytes.
pub(super) struct Front<'a> {
    pub bytes: Cow<'a, [u8]>,
    /// Its length before redaction.
    pub length: usize,
    pub had_secret: bool,
}

impl Redactor {
    pub(crate) fn new<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Self {
        let secrets = secrets.into_iter().filter(|secret| secret.is_redacted());
        Self(secrets.map(|secret| Needle::new(secret.expose())).collect())
    }

    /// Redacts a complete text. Returns whether it contained a secret.
    pub(crate) fn redact(&self, text: &mut String) -> bool {
        let mut bytes = mem::take(text).into_bytes();
        let had_secret = self.redact_bytes(&mut bytes);
        // Secrets are ASCII in all their forms, so the rest is still UTF-8.
        *text = String::from_utf8(bytes).unwrap_or_default();
        had_secret
    }

    /// Like [`redact`](Self::redact), for bytes.
    pub(super) fn redact_bytes(&self, bytes: &mut Vec<u8>) -> bool {
        let front = self.front(bytes, bytes.len());
        let redacted = front.had_secret.then(|| front.bytes.into_owned());
        let had_secret = redacted.is_some();
        if let Some(redacted) = redacted {
            *bytes = redacted;
        }
        had_secret
    }

    /// The number of bytes that must follow a byte to decide whether a secret
    /// begins there.
    pub(super) fn lag(&self) -> usize {
        self.0.iter().map(Needle::max_length).max().map_or(0, |length| length - 1)
    }

    /// Redacts the first `cutoff` bytes. [`lag`](Self::lag) more bytes must follow,
    /// unless these are the last. A secret that begins before the cutoff is
    /// included as a whole.
    pub(super) fn front<'a>(&self, bytes: &'a [u8], cutoff: usize) -> Front<'a> {
        let cutoff = cutoff.min(bytes.len());
        let window = bytes.get(..cutoff.saturating_add(self.lag())).unwrap_or(bytes);
        let mut redacted = Vec::new();
        let mut length = 0;
        for found in self.find(window).into_iter().take_while(|found| found.start < cutoff) {
            redacted.extend_from_slice(bytes.get(length..found.start).unwrap_or_default());
            redacted.extend_from_slice(REPLACEMENT);
            length = found.end;
        }
        let rest = bytes.get(length..cutoff).unwrap_or_default();
        let had_secret = length != 0;
        if !had_secret {
            return Front { bytes: Cow::Borrowed(rest), length: cutoff, had_secret };
        }
        redacted.extend_from_slice(rest);
        Front { bytes: Cow::Owned(redacted), length: length.max(cutoff), had_secret }
    }

    /// The ranges that contain secrets, in order and without overlaps.
    fn find(&self, text: &[u8]) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        for needle in &*self.0 {
            needle.find(text, &mut found);
        }
        found.sort_unstable_by_key(|range| range.start);
        found.dedup_by(|next, range| {
            let overlaps = next.start < range.end;
            if overlaps {
                range.end = range.end.max(next.end);
            }
            overlaps
        });
        found
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("****")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "sk-0123456789abcdef";

    fn redactor(secrets: &[&str]) -> Redactor {
        let secrets: Vec<Secret> = secrets.iter().map(|text| Secret::new(text).unwrap()).collect();
        Redactor::new(&secrets)
    }

    fn redacted(redactor: &Redactor, text: &str) -> String {
        let mut text = text.to_owned();
        redactor.redact(&mut text);
        text
    }

    /// The pieces in which the text is redacted if `step` bytes arrive at a time.
    fn pieces(redactor: &Redactor, text: &[u8], step: usize) -> Vec<Vec<u8>> {
        let (mut pieces, mut from, mut there) = (Vec::new(), 0, 0);
        while from < text.len() {
            there = text.len().min(there + step);
            let lag = if there == text.len() { 0 } else { redactor.lag() };
            let front = redactor.front(&text[from..there], (there - from).saturating_sub(lag));
            from += front.length;
            pieces.push(front.bytes.into_owned());
        }
        pieces
    }

    #[test]
    fn replaces_every_secret() {
        let both = redactor(&[TOKEN, "another-secret-value"]);
        let text = format!("{TOKEN}, another-secret-value {TOKEN}{TOKEN}");
        assert_eq!(redacted(&both, &text), "****, **** ********");
        assert_eq!(redacted(&both, "grün"), "grün");
        assert_eq!(redacted(&Redactor::default(), TOKEN), TOKEN);
    }

    #[test]
    fn short_words_are_not_secrets() {
        let redactor = redactor(&["none", "fifteen-letters"]);
        assert_eq!(redacted(&redactor, "none of fifteen-letters"), "none of fifteen-letters");
        assert_eq!(redactor.lag(), 0);
    }

    #[test]
    fn replaces_a_secret_that_is_split_into_pieces() {
        let redactor = redactor(&[TOKEN]);
        let text = format!("{}{TOKEN}{}{TOKEN}", "a".repeat(200), "b".repeat(200));
        let expected = format!("{}****{}****", "a".repeat(200), "b".repeat(200));
        for step in 1..=text.len() {
            let whole = pieces(&redactor, text.as_bytes(), step).concat();
            assert_eq!(String::from_utf8(whole).unwrap(), expected, "{step} bytes at a time");
        }
    }

    #[test]
    fn the_length_of_pieces_does_not_reveal_a_part_of_a_secret() {
        let redactor = redactor(&[TOKEN]);
        for cut in 0..TOKEN.len() {
            for part in [&TOKEN[..cut], &TOKEN[TOKEN.len() - cut..]] {
                let text = format!("{}{part}{}", "a".repeat(150), "b".repeat(150));
                let other = text.replace(part, &"#".repeat(part.len()));
                for step in [1, 7, 64, 115, 300] {
                    let lengths = |text: &str| -> Vec<usize> {
                        pieces(&redactor, text.as_bytes(), step).iter().map(Vec::len).collect()
                    };
                    assert_eq!(lengths(&text), lengths(&other), "{part} in steps of {step}");
                }
            }
        }
    }

    #[test]
    fn does_not_print_its_secrets() {
        assert_eq!(format!("{:?}", redactor(&[TOKEN])), "****");
    }
}
