//! Files that are embedded in a JSON response as base64.
//!
//! The response is parsed as it arrives. Each base64 string goes straight to a file
//! and is replaced by its handle. So a run that receives ten images holds only one
//! of them in memory at a time, and the connector holds none. Some servers send a
//! `data:` URL instead of a link; it is stored as a file too.

use std::borrow::Cow;
use std::cell::Cell;
use std::io::{Cursor, Read};

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::contract::media::{self, Kind};
use crate::contract::{Failure, FailureKind, json};
use crate::files::RunFiles;

use super::redact::Redactor;

/// Where the base64 strings are and how to name the files: `embedded-files` in
/// `wit/http.wit`.
pub(crate) struct EmbeddedFiles {
    pub path: Vec<String>,
    pub name: String,
    pub mime_type: String,
    pub keep: bool,
}

/// Why a response could not be parsed.
pub(super) enum Error {
    Json(serde_json::Error),
    Failure(Failure),
}

/// The files that were stored from a response.
#[derive(Debug, Default)]
pub(super) struct Stored {
    /// The number of files. File names contain it.
    pub files: Cell<usize>,
    /// Whether one of them contained a secret.
    pub had_secret: Cell<bool>,
    /// The length of the base64 strings that are no longer in memory, in bytes.
    pub text: Cell<u64>,
}

/// Parses one JSON text and stores the files in it.
pub(super) fn parse(
    reader: impl Read,
    embedded: &EmbeddedFiles,
    files: &mut RunFiles,
    stored: &Stored,
    redactor: &Redactor,
) -> Result<Value, Error> {
    let mut sink = Sink { embedded, files, stored, redactor };
    let mut failed = None;
    let mut store = |text: &str, is_file: bool| {
        let is_file = is_file || DataUrl::of(text).is_some_and(|url| url.is_link());
        let value = if is_file { sink.store(text) } else { Ok(text.into()) };
        value.map_err(|failure| failed = Some(failure)).ok()
    };
    let value = json::parse_replacing(reader, &embedded.path, &mut store);
    match (value, failed) {
        (_, Some(failure)) => Err(Error::Failure(failure)),
        (Err(error), None) => Err(Error::Json(error)),
        (Ok(value), None) => Ok(value),
    }
}

struct Sink<'a> {
    embedded: &'a EmbeddedFiles,
    files: &'a mut RunFiles,
    stored: &'a Stored,
    redactor: &'a Redactor,
}

impl Sink<'_> {
    fn store(&mut self, text: &str) -> Result<Value, Failure> {
        let invalid = |message: String| Failure::new(FailureKind::InvalidOutput, message);
        let (bytes, declared) = match DataUrl::of(text) {
            Some(url) => (url.content(), url.mime_type),
            None => (decoded(text), None),
        };
        let mut bytes = bytes.map_err(|error| {
            invalid(format!("a file in the provider's response is not base64: {error}"))
        })?;
        // The text was redacted, but line breaks may have split a secret that is
        // whole after decoding.
        if self.redactor.redact_bytes(&mut bytes) {
            self.stored.had_secret.set(true);
        }
        if bytes.is_empty() {
            return Err(invalid("the provider sent an empty file".to_owned()));
        }
        let count = self.stored.files.get() + 1;
        self.stored.files.set(count);
        let claimed = declared.as_deref().unwrap_or(&self.embedded.mime_type);
        let (mime_type, extension) = kind(&bytes, claimed);
        let name = match count {
            1 => format!("{}.{extension}", self.embedded.name),
            _ => format!("{}-{count}.{extension}", self.embedded.name),
        };
        let mut file = self.files.create(&name, mime_type)?;
        file.write_all(&bytes)?;
        let entry = file.keep(self.files)?;
        if self.embedded.keep {
            return Ok(json!({ "file": entry, "base64": STANDARD.encode(&bytes) }));
        }
        self.stored.text.update(|length| length + text.len() as u64);
        Ok(json!({ "file": entry }))
    }
}

/// A `data:` URL (RFC 2397).
struct DataUrl<'a> {
    mime_type: Option<String>,
    is_base64: bool,
    data: &'a str,
}

impl<'a> DataUrl<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let (scheme, rest) = text.trim_ascii_start().split_at_checked("data:".len())?;
        if !scheme.eq_ignore_ascii_case("data:") {
            return None;
        }
        let (head, data) = rest.split_once(',')?;
        let mut parts = head.split(';').map(|part| part.trim().to_ascii_lowercase());
        let mime_type = parts.next().filter(|mime_type| mime_type.contains('/'));
        Some(Self { mime_type, is_base64: parts.any(|part| part == "base64"), data })
    }

    /// Whether this is definitely a data URL, for a value that may be any text:
    /// prose can begin with `data:` and contain a comma.
    fn is_link(&self) -> bool {
        self.mime_type
            .as_deref()
            .is_some_and(|mime_type| self.is_base64 || media::is_media(mime_type))
    }

    fn content(&self) -> Result<Vec<u8>, base64::DecodeError> {
        let unescaped = percent_decode_str(self.data);
        if self.is_base64 {
            decoded(&unescaped.decode_utf8_lossy())
        } else {
            Ok(unescaped.collect())
        }
    }
}

/// Decodes base64 leniently: accepts line breaks (RFC 2045), the URL-safe alphabet
/// (RFC 4648 §5) and missing padding.
fn decoded(text: &str) -> Result<Vec<u8>, base64::DecodeError> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let is_odd = |byte: u8| byte.is_ascii_whitespace() || byte == b'-' || byte == b'_';
    let mut text = Cow::from(text.as_bytes());
    if text.iter().copied().any(is_odd) {
        text.to_mut().retain(|byte| !byte.is_ascii_whitespace());
        for byte in text.to_mut() {
            *byte = match *byte {
                b'-' => b'+',
                b'_' => b'/',
                other => other,
            };
        }
    }
    LENIENT.decode(text)
}

/// The media type and extension, determined by the content's signature or, if it
/// has none, by the claimed media type.
fn kind<'a>(bytes: &[u8], claimed: &'a str) -> (&'a str, &'static str) {
    // Reading from memory does not fail.
    match Kind::of(Cursor::new(bytes), claimed).ok().flatten() {
        Some(kind) if !kind.is_text() => (kind.mime_type, kind.extension),
        _ => (claimed, media::usual_extension(claimed).unwrap_or("bin")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_every_common_variant_of_base64() {
        let bytes = [0xfb, 0xff, 0xfe, b'x'];
        for text in ["+//+eA==", "-__-eA==", "+//+eA", "-__-eA", "+//\r\n+eA==\n", " +/ /+eA== "] {
            assert_eq!(decoded(text).unwrap(), bytes, "{text:?}");
        }
        for text in ["?", "+//+e", "+//+=eA="] {
            assert!(decoded(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn reads_data_urls() {
        for (text, mime_type, content) in [
            ("data:image/png;base64,aGk=", Some("image/png"), "hi"),
            (" DATA:Image/PNG; charset=x ;BASE64,aG\nk", Some("image/png"), "hi"),
            ("data:;base64,aGk%3D", None, "hi"),
            ("data:image/svg+xml;utf8,<svg%20/>", Some("image/svg+xml"), "<svg />"),
            ("data:,hi", None, "hi"),
        ] {
            let url = DataUrl::of(text).unwrap();
            assert_eq!(url.is_link(), mime_type.is_some(), "{text}");
            assert_eq!(url.mime_type.as_deref(), mime_type, "{text}");
            assert_eq!(url.content().unwrap(), content.as_bytes(), "{text}");
        }
        for text in ["https://a.example/?data:,x", "data:image/png", "dat", "aGk=", "", "däta:,"] {
            assert!(DataUrl::of(text).is_none(), "{text}");
        }
        assert!(!DataUrl::of("Data: a chart, in blue").unwrap().is_link());
    }

    #[test]
    fn recognizes_an_image_by_its_content() {
        let svg = ("image/svg+xml", "svg");
        for text in [
            "<svg/>",
            "<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>",
            "\u{feff}\n <svg\twidth=\"1\"/>",
            "<?xml version=\"1.0\"?>\r\n<!-- <html> --><!DOCTYPE svg>\n<!----><svg></svg>",
        ] {
            assert_eq!(kind(text.as_bytes(), "image/png"), svg, "{text}");
        }
        for text in ["<svgs/>", "<svg", "<g><svg/></g>", "<?xml <svg/>", "<!-- <svg/>", "svg", ""] {
            assert_ne!(kind(text.as_bytes(), "image/png"), svg, "{text}");
        }
        assert_eq!(kind(b"\x89PNG\r\n\x1a\n", "image/webp"), ("image/png", "png"));
        assert_eq!(kind(b"anything else", "image/webp"), ("image/webp", "webp"));
        assert_eq!(kind(b"anything else", "x/unheard-of"), ("x/unheard-of", "bin"));
    }
}
