//! Removes the credential from everything that comes back.
//!
//! A provider may repeat the credential it was sent ("Incorrect API key
//! provided: …"). Its value is replaced by `****` in the forms in which
//! servers write it: as it is, percent-encoded, in base64 and JSON-escaped.

use std::io::{self, Read};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::secret::Secret;

/// Below this a credential is no secret but a word such as `none` or `test`,
/// as servers without authorization ask for; to replace it would tear holes
/// into ordinary answers.
const SHORTEST: usize = 8;

const REPLACEMENT: &[u8] = b"****";

/// The texts to remove, longest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Redactor {
    needles: Arc<Vec<Needle>>,
}

/// Does not print: it is a credential.
struct Needle(Vec<u8>);

impl std::fmt::Debug for Needle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("****")
    }
}

impl Redactor {
    pub(crate) fn new(secret: Option<&Secret>) -> Self {
        let Some(secret) = secret.map(Secret::expose).filter(|text| SHORTEST <= text.len()) else {
            return Self::default();
        };
        let percent = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
        // Servers leave different characters unencoded.
        const UNRESERVED: &AsciiSet =
            &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
        let percent_unreserved = utf8_percent_encode(secret, UNRESERVED).to_string();
        let json = serde_json::Value::from(secret).to_string();
        let json = json.trim_matches('"');
        let mut texts = vec![
            secret.to_owned(),
            percent.to_lowercase(),
            percent,
            percent_unreserved.replace('%', "%25"),
            percent_unreserved,
            json.replace('/', "\\/"),
            json.to_owned(),
        ];
        for prefix in ["", "Bearer "] {
            let credential = format!("{prefix}{secret}");
            texts.push(STANDARD_NO_PAD.encode(&credential));
            texts.push(URL_SAFE_NO_PAD.encode(&credential));
        }
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        texts.dedup();
        let needles = texts.into_iter().map(|text| Needle(text.into_bytes())).collect();
        Self { needles: Arc::new(needles) }
    }

    /// The text without the credential.
    pub(crate) fn text(&self, text: String) -> String {
        if self.needles.iter().all(|needle| find(text.as_bytes(), &needle.0).is_none()) {
            return text;
        }
        let mut bytes = text.into_bytes();
        self.replace(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn replace(&self, bytes: &mut Vec<u8>) {
        for needle in self.needles.iter() {
            let mut from = 0;
            while let Some(at) = bytes.get(from..).and_then(|rest| find(rest, &needle.0)) {
                let start = from + at;
                bytes.splice(start..start + needle.0.len(), REPLACEMENT.iter().copied());
                from = start + REPLACEMENT.len();
            }
        }
    }

    /// How many bytes at the end may be the beginning of a needle.
    fn open_end(&self, bytes: &[u8]) -> usize {
        let longest_prefix = |needle: &Needle| {
            let longest = needle.0.len().saturating_sub(1).min(bytes.len());
            (1..=longest)
                .rev()
                .find(|&length| bytes.ends_with(needle.0.get(..length).unwrap_or_default()))
                .unwrap_or(0)
        };
        self.needles.iter().map(longest_prefix).max().unwrap_or(0)
    }
}

/// The first position of `needle` in `bytes`.
fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, needle)
}

/// A reader whose bytes are free of the credential, also where a chunk ends
/// inside it. It holds back only what may be the beginning of the credential,
/// so that streamed text is not delayed.
pub(super) struct Redacting<R> {
    inner: R,
    redactor: Redactor,
    /// Bytes read from `inner`; those before `ready` are redacted.
    buffer: Vec<u8>,
    ready: usize,
    taken: usize,
    ended: bool,
}

const CHUNK: usize = 16 * 1024;

impl<R: Read> Redacting<R> {
    pub(super) fn new(inner: R, redactor: Redactor) -> Self {
        Self { inner, redactor, buffer: Vec::new(), ready: 0, taken: 0, ended: false }
    }

    fn fill(&mut self) -> io::Result<()> {
        self.buffer.drain(..self.taken);
        self.taken = 0;
        self.ready = 0;
        while self.ready == 0 && !self.ended {
            let held = self.buffer.len();
            self.buffer.resize(held + CHUNK, 0);
            let read = self.inner.read(self.buffer.get_mut(held..).unwrap_or_default());
            self.buffer.truncate(held + *read.as_ref().unwrap_or(&0));
            self.ended = read? == 0;
            self.redactor.replace(&mut self.buffer);
            let open = if self.ended { 0 } else { self.redactor.open_end(&self.buffer) };
            self.ready = self.buffer.len() - open;
        }
        Ok(())
    }
}

impl<R: Read> Read for Redacting<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.redactor.needles.is_empty() {
            return self.inner.read(into);
        }
        if self.taken == self.ready {
            self.fill()?;
        }
        let available = self.buffer.get(self.taken..self.ready).unwrap_or_default();
        let count = available.len().min(into.len());
        for (to, from) in into.iter_mut().zip(available) {
            *to = *from;
        }
        self.taken += count;
        Ok(count)
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

    #[test]
    fn removes_every_form() {
        let percent = utf8_percent_encode(TOKEN, NON_ALPHANUMERIC).to_string();
        for form in [
            TOKEN.to_owned(),
            percent.clone(),
            percent.to_lowercase(),
            STANDARD_NO_PAD.encode(TOKEN),
            STANDARD_NO_PAD.encode(format!("Bearer {TOKEN}")),
            TOKEN.replace('/', "\\/"),
        ] {
            let text = redactor().text(format!("key {form} was refused, twice {form}"));
            assert_eq!(text, "key **** was refused, twice ****", "{form}");
        }
    }

    #[test]
    fn removes_it_across_chunks_of_every_size() {
        let text = format!("{TOKEN} and {TOKEN}{TOKEN} sk-can sk-canary/012");
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
