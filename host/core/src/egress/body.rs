//! Request bodies, streamed from memory and files.

use std::collections::VecDeque;
use std::io::{self, Cursor, Read, Take};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::contract::{Failure, FailureKind};
use crate::files::{Content, ContentReader};

use super::not_allowed;
use super::progress::Progress;

/// A body of known length that can be sent several times.
pub(super) struct Body {
    pub content_type: Option<String>,
    pub length: u64,
    segments: VecDeque<Segment>,
}

/// A part of a form.
pub(crate) struct FormPart {
    pub name: String,
    pub value: FormValue,
}

/// The value of a form part.
pub(crate) enum FormValue {
    Text(String),
    File { content: Content, name: String, mime_type: String },
}

/// A piece of a JSON text.
pub(crate) enum JsonPiece {
    Text(String),
    /// A file as base64 text.
    File(Content),
}

impl Body {
    pub(super) fn none() -> Self {
        Self { content_type: None, length: 0, segments: VecDeque::new() }
    }

    pub(super) fn bytes(content_type: &str, bytes: Vec<u8>) -> Self {
        Self::of(content_type.to_owned(), [Segment::bytes(bytes)].into())
    }

    /// A JSON text, given in pieces.
    pub(super) fn json(pieces: Vec<JsonPiece>) -> Self {
        let segments = pieces.into_iter().map(|piece| match piece {
            JsonPiece::Text(text) => Segment::bytes(text),
            JsonPiece::File(content) => Segment::Base64(content),
        });
        Self::of("application/json".to_owned(), segments.collect())
    }

    /// A file, unchanged.
    pub(super) fn file(content_type: String, content: Content) -> Self {
        Self::of(content_type, [Segment::File(content)].into())
    }

    fn of(content_type: String, segments: VecDeque<Segment>) -> Self {
        let length = segments.iter().map(Segment::length).fold(0, u64::saturating_add);
        Self { content_type: Some(content_type), length, segments }
    }

    /// A reader of the body that reports progress.
    pub(super) fn reader(&self, progress: Progress) -> BodyReader {
        let reader = Reader { waiting: self.segments.clone(), current: None };
        BodyReader { reader, length: self.length, taken: 0, progress }
    }

    /// A `multipart/form-data` body (RFC 7578) whose names are escaped as in the
    /// HTML standard's form submission.
    pub(super) fn form(parts: Vec<FormPart>) -> Result<Self, Failure> {
        let boundary = boundary()?;
        let mut segments = VecDeque::new();
        for part in parts {
            segments.push_back(Segment::bytes(part.head(&boundary)?));
            segments.push_back(match part.value {
                FormValue::Text(text) => Segment::bytes(text),
                FormValue::File { content, .. } => Segment::File(content),
            });
            segments.push_back(Segment::bytes("\r\n"));
        }
        segments.push_back(Segment::bytes(format!("--{boundary}--\r\n")));
        Ok(Self::of(format!("multipart/form-data; boundary={boundary}"), segments))
    }
}

impl FormPart {
    fn head(&self, boundary: &str) -> Result<String, Failure> {
        let mut head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"",
            escaped(&self.name)
        );
        if let FormValue::File { name, mime_type, .. } = &self.value {
            if mime_type.is_empty() || mime_type.chars().any(|c| c.is_control() || !c.is_ascii()) {
                return Err(not_allowed("a file has an invalid media type"));
            }
            head += &format!("; filename=\"{}\"\r\nContent-Type: {mime_type}", escaped(name));
        }
        Ok(head + "\r\n\r\n")
    }
}

/// Escapes a name as the HTML standard does in `multipart/form-data`.
fn escaped(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

/// 128 random bits: no file contains it by chance, and nobody can guess it.
fn boundary() -> Result<String, Failure> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| {
        Failure::new(FailureKind::Internal, format!("cannot get random bytes: {error}"))
    })?;
    Ok(format!("form-{:032x}", u128::from_ne_bytes(bytes)))
}

/// A piece of a body.
#[derive(Clone)]
enum Segment {
    Bytes(Arc<[u8]>),
    File(Content),
    /// A file as base64 text (RFC 4648 §4).
    Base64(Content),
}

impl Segment {
    fn bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self::Bytes(bytes.into().into())
    }

    fn length(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File(content) => content.size(),
            Self::Base64(content) => content.size().div_ceil(3).saturating_mul(4),
        }
    }

    fn reader(self) -> Box<dyn Read + Send> {
        match self {
            Self::Bytes(bytes) => Box::new(Cursor::new(bytes)),
            Self::File(content) => Box::new(DeclaredLength::new(&content)),
            Self::Base64(content) => Box::new(Encoder::new(DeclaredLength::new(&content))),
        }
    }
}

/// Reads the declared number of bytes of a file. If the file has grown, the rest is
/// not sent; if it has shrunk, the request fails.
struct DeclaredLength(Take<ContentReader>);

impl DeclaredLength {
    fn new(content: &Content) -> Self {
        Self(content.reader().take(content.size()))
    }
}

impl Read for DeclaredLength {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.0.read(into)? {
            0 if !into.is_empty() && self.0.limit() != 0 => {
                Err(io::Error::other("a file shrank while it was being sent"))
            }
            count => Ok(count),
        }
    }
}

/// Encodes the bytes of a reader as base64 with padding.
struct Encoder<R> {
    inner: R,
    text: Cursor<Vec<u8>>,
}

impl<R: Read> Encoder<R> {
    /// The number of bytes to encode at once. A multiple of three, so only the end
    /// is padded.
    const PIECE: u64 = 3 * 4096;

    fn new(inner: R) -> Self {
        Self { inner, text: Cursor::default() }
    }
}

impl<R: Read> Read for Encoder<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.text.read(into)?;
        if count != 0 || into.is_empty() {
            return Ok(count);
        }
        let mut bytes = Vec::new();
        self.inner.by_ref().take(Self::PIECE).read_to_end(&mut bytes)?;
        self.text = Cursor::new(STANDARD.encode(bytes).into_bytes());
        self.text.read(into)
    }
}

/// Reads segments one after another.
struct Reader {
    waiting: VecDeque<Segment>,
    current: Option<Box<dyn Read + Send>>,
}

/// Reads a body and reports progress.
pub(super) struct BodyReader {
    reader: Reader,
    length: u64,
    taken: u64,
    progress: Progress,
}

impl Read for BodyReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(into)?;
        self.taken += count as u64;
        self.progress.show(self.taken, Some(self.length));
        Ok(count)
    }
}

impl Read for Reader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(current) = &mut self.current {
                let count = current.read(into)?;
                if count != 0 || into.is_empty() {
                    return Ok(count);
                }
            }
            self.current = match self.waiting.pop_front() {
                None => return Ok(0),
                Some(segment) => Some(segment.reader()),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_has_the_declared_length_and_boundary() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.wav");
        std::fs::write(&path, b"RIFF").unwrap();
        let body = Body::form(vec![
            FormPart { name: "model".to_owned(), value: FormValue::Text("whisper-1".to_owned()) },
            FormPart {
                name: "file".to_owned(),
                value: FormValue::File {
                    content: Content::open(&path).unwrap(),
                    name: "a\"\r\n.wav".to_owned(),
                    mime_type: "audio/wav".to_owned(),
                },
            },
        ])
        .unwrap();
        let mut text = String::new();
        body.reader(Progress::new(None)).read_to_string(&mut text).unwrap();
        assert_eq!(body.length, text.len() as u64);
        let content_type = body.content_type.unwrap();
        let boundary = content_type.split_once("boundary=").unwrap().1;
        let lines = [
            "--BOUNDARY",
            "Content-Disposition: form-data; name=\"model\"",
            "",
            "whisper-1",
            "--BOUNDARY",
            "Content-Disposition: form-data; name=\"file\"; filename=\"a%22%0D%0A.wav\"",
            "Content-Type: audio/wav",
            "",
            "RIFF",
            "--BOUNDARY--",
            "",
        ];
        assert_eq!(text.replace(boundary, "BOUNDARY"), lines.join("\r\n"));
    }

    fn json(pieces: Vec<JsonPiece>) -> (Body, io::Result<Vec<u8>>) {
        let body = Body::json(pieces);
        let mut bytes = Vec::new();
        let read = body.reader(Progress::new(None)).read_to_end(&mut bytes);
        (body, read.map(|_| bytes))
    }

    /// Covers every length near a multiple of the piece that is encoded at once.
    #[test]
    fn a_file_in_json_is_sent_as_base64() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("image.png");
        let piece = Encoder::<Cursor<Vec<u8>>>::PIECE as usize;
        for size in (0..5).chain(piece - 2..piece + 3).chain([5 * piece + 1]) {
            let content: Vec<u8> = (0..size).map(|at| (at * 7 % 251) as u8).collect();
            std::fs::write(&path, &content).unwrap();
            let file = || JsonPiece::File(Content::open(&path).unwrap());
            let text = |text: &str| JsonPiece::Text(text.to_owned());
            let pieces = vec![text("{\"a\":\""), file(), text("\",\"b\":\""), file(), text("\"}")];
            let (body, read) = json(pieces);
            let base64 = STANDARD.encode(&content);
            let expected = format!("{{\"a\":\"{base64}\",\"b\":\"{base64}\"}}");
            assert_eq!(String::from_utf8(read.unwrap()).unwrap(), expected, "{size} bytes");
            assert_eq!(body.length, expected.len() as u64, "{size} bytes");
            assert_eq!(body.content_type.as_deref(), Some("application/json"));
        }
    }

    #[test]
    fn a_file_that_changes_size_does_not_change_the_body_length() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.wav");
        std::fs::write(&path, b"RIFF ").unwrap();
        let content = Content::open(&path).unwrap();
        let pieces = || vec![JsonPiece::File(content.clone())];
        std::fs::write(&path, b"RIFF and more").unwrap();
        assert_eq!(json(pieces()).1.unwrap(), STANDARD.encode(b"RIFF ").into_bytes());
        // The base64 would have the declared length but different content.
        std::fs::write(&path, b"RIFF").unwrap();
        assert!(json(pieces()).1.unwrap_err().to_string().contains("a file shrank"));
    }
}
