//! The bodies of requests, streamed from where they are.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::PathBuf;
use std::sync::Arc;

use crate::failure::{Failure, FailureKind};

use super::not_allowed;
use super::progress::Progress;

/// A body whose length is known before its first byte is read, and which can
/// be sent several times.
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

/// Its value.
pub(crate) enum FormValue {
    Text(String),
    File { path: PathBuf, size: u64, name: String, mime_type: String },
}

impl Body {
    pub(super) fn none() -> Self {
        Self { content_type: None, length: 0, segments: VecDeque::new() }
    }

    pub(super) fn bytes(content_type: &str, bytes: Vec<u8>) -> Self {
        let segment = Segment::bytes(bytes);
        let length = segment.length();
        let segments = VecDeque::from([segment]);
        Self { content_type: Some(content_type.to_owned()), length, segments }
    }

    /// The content, which tells how much of it was taken.
    pub(super) fn told(&self, progress: Progress) -> Told {
        let reader = Reader { waiting: self.segments.clone(), current: None };
        Told { reader, length: self.length, taken: 0, progress }
    }

    /// A `multipart/form-data` body (RFC 7578), names escaped as the HTML
    /// standard's form submission does.
    pub(super) fn form(parts: Vec<FormPart>) -> Result<Self, Failure> {
        let boundary = boundary()?;
        let mut segments = VecDeque::new();
        for part in parts {
            segments.push_back(Segment::bytes(part.head(&boundary)?));
            segments.push_back(match part.value {
                FormValue::Text(text) => Segment::bytes(text),
                FormValue::File { path, size, .. } => Segment::File(path, size),
            });
            segments.push_back(Segment::bytes("\r\n"));
        }
        segments.push_back(Segment::bytes(format!("--{boundary}--\r\n")));
        let length = segments.iter().map(Segment::length).sum();
        let content_type = format!("multipart/form-data; boundary={boundary}");
        Ok(Self { content_type: Some(content_type), length, segments })
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
                return Err(not_allowed("a file's media type is none"));
            }
            head += &format!("; filename=\"{}\"\r\nContent-Type: {mime_type}", escaped(name));
        }
        Ok(head + "\r\n\r\n")
    }
}

/// The HTML standard's escapes for names in `multipart/form-data`.
fn escaped(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

/// 128 random bits: no file holds it by chance, and nobody can guess it.
fn boundary() -> Result<String, Failure> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| {
        Failure::new(FailureKind::Internal, format!("no random bytes: {error}"))
    })?;
    Ok(format!("form-{:032x}", u128::from_ne_bytes(bytes)))
}

/// A piece of a body.
#[derive(Clone)]
enum Segment {
    Bytes(Arc<[u8]>),
    File(PathBuf, u64),
}

impl Segment {
    fn bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self::Bytes(bytes.into().into())
    }

    fn length(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File(_, size) => *size,
        }
    }
}

/// Reads pieces one after another. A file is opened when its turn comes.
struct Reader {
    waiting: VecDeque<Segment>,
    current: Option<Box<dyn Read + Send>>,
}

/// A body that tells how much of it was taken.
pub(super) struct Told {
    reader: Reader,
    length: u64,
    taken: u64,
    progress: Progress,
}

impl Read for Told {
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
                Some(Segment::Bytes(bytes)) => Some(Box::new(Cursor::new(bytes))),
                // The length was announced; a file that grew is cut there,
                // one that shrank ends the request.
                Some(Segment::File(path, size)) => Some(Box::new(File::open(path)?.take(size))),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_written_as_announced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.wav");
        std::fs::write(&path, b"RIFF").unwrap();
        let body = Body::form(vec![
            FormPart { name: "model".to_owned(), value: FormValue::Text("whisper-1".to_owned()) },
            FormPart {
                name: "file".to_owned(),
                value: FormValue::File {
                    path,
                    size: 4,
                    name: "a\"\r\n.wav".to_owned(),
                    mime_type: "audio/wav".to_owned(),
                },
            },
        ])
        .unwrap();
        let mut text = String::new();
        body.told(Progress::new(None)).read_to_string(&mut text).unwrap();
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
}
