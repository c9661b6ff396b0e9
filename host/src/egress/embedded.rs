//! Files that stand in a JSON answer as base64 text.
//!
//! The answer is parsed as it arrives. Each such text goes straight to a file
//! and is replaced by its handle, so a run with ten images holds one of them
//! at a time, and the connector none.

use std::cell::Cell;
use std::io::Read;

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Value, json};

use crate::failure::{Failure, FailureKind};
use crate::files::RunFiles;
use crate::json;

/// Where the texts stand and how the files are named, `wit/http.wit`
/// `embedded-files`.
pub(crate) struct EmbeddedFiles {
    pub path: Vec<String>,
    pub name: String,
    pub mime_type: String,
    pub keep: bool,
}

/// Why there is no value.
pub(super) enum Error {
    Json(serde_json::Error),
    Failure(Failure),
}

/// What was stored of an answer.
#[derive(Debug, Default)]
pub(super) struct Stored {
    /// Files, which are numbered for their names.
    pub files: Cell<usize>,
    /// The length of their texts that memory holds no longer, in bytes.
    pub text: Cell<u64>,
}

/// Parses one JSON text and stores the files in it.
pub(super) fn parse(
    reader: impl Read,
    embedded: &EmbeddedFiles,
    files: &mut RunFiles,
    stored: &Stored,
) -> Result<Value, Error> {
    let mut sink = Sink { embedded, files, stored };
    let mut failed = None;
    let mut store = |text: &str| sink.store(text).map_err(|failure| failed = Some(failure)).ok();
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
}

impl Sink<'_> {
    fn store(&mut self, text: &str) -> Result<Value, Failure> {
        // Some servers leave the padding out.
        const LENIENT: GeneralPurpose = GeneralPurpose::new(
            &base64::alphabet::STANDARD,
            GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
        );
        let bytes = LENIENT.decode(text).map_err(|error| {
            let message = format!("a file in the provider's answer is not base64: {error}");
            Failure::new(FailureKind::InvalidOutput, message)
        })?;
        if bytes.is_empty() {
            return Err(Failure::new(
                FailureKind::InvalidOutput,
                "the provider sent an empty file",
            ));
        }
        let count = self.stored.files.get() + 1;
        self.stored.files.set(count);
        let (mime_type, extension) = kind(&bytes, &self.embedded.mime_type);
        let name = match count {
            1 => format!("{}.{extension}", self.embedded.name),
            _ => format!("{}-{count}.{extension}", self.embedded.name),
        };
        let mut file = self.files.create(&name, mime_type)?;
        file.write_all(&bytes)?;
        let entry = file.keep(self.files)?;
        Ok(match self.embedded.keep {
            false => {
                self.stored.text.update(|length| length + text.len() as u64);
                json!({ "file": entry })
            }
            true => json!({ "file": entry, "base64": text }),
        })
    }
}

/// The media type and extension by the content's own signature, else as
/// asked for.
fn kind<'a>(bytes: &[u8], asked: &'a str) -> (&'a str, &'static str) {
    // Before signatures are looked at: to those it is any XML.
    if is_svg(bytes) {
        return ("image/svg+xml", "svg");
    }
    match infer::get(bytes) {
        Some(kind) => (kind.mime_type(), kind.extension()),
        None => {
            let known = mime_guess::get_mime_extensions_str(asked);
            (asked, known.and_then(|all| all.first().copied()).unwrap_or("bin"))
        }
    }
}

/// Whether it is an SVG document: the element `svg`, behind white space,
/// declarations and comments at most.
fn is_svg(bytes: &[u8]) -> bool {
    let mut rest = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    loop {
        rest = rest.trim_ascii_start();
        let end: &[u8] = match rest {
            [b'<', b'?', ..] => b"?>",
            [b'<', b'!', b'-', b'-', ..] => b"-->",
            [b'<', b'!', ..] => b">",
            [b'<', b's', b'v', b'g', next, ..] => {
                return next.is_ascii_whitespace() || matches!(next, b'>' | b'/');
            }
            _ => return false,
        };
        match memchr::memmem::find(rest, end) {
            Some(at) => rest = rest.get(at + end.len()..).unwrap_or_default(),
            None => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_what_its_content_says() {
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
