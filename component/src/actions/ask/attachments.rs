//! Files that go along with a message.
//!
//! The API page is <https://platform.openai.com/docs/api-reference/chat/create>:
//! each kind of file is a content part of its own. What a file is, its content
//! says.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::bindings::workflow::connector::files;
use crate::failure::{Failure, Result, item};
use crate::file_entry::FileEntry;
use crate::json::{Json, Object, decimal};
use crate::media::{self, Kind, MP3, PDF, TEXT, WAV, kind_of};
use crate::openai::request::FILE;

/// As many bytes as all files may have: the API takes 50 MB, and base64 makes
/// four of three.
const TOTAL: u64 = 37_500_000;
/// The longest text, in bytes: about as much as a model can read.
const LONGEST_TEXT: u64 = 1 << 20;

/// Files as parts of a message.
#[derive(Default)]
pub struct Attachments {
    /// The parts. Where a file's content belongs, [`FILE`] stands.
    pub parts: Vec<Json>,
    /// The files, in the order of their places.
    pub files: Vec<files::File>,
}

impl Attachments {
    /// Opens files and looks at what they are. `detail` is how closely the
    /// model looks at images.
    pub fn open(entries: &[FileEntry], detail: Option<&str>) -> Result<Self> {
        let mut attachments = Self::default();
        let mut total = 0;
        for (index, entry) in entries.iter().enumerate() {
            let inside = |failure: Box<Failure>| failure.inside(&item("attachments", index));
            let file = files::open(&entry.handle()).map_err(|failure| inside(failure.into()))?;
            total += file.size();
            if TOTAL < total {
                let message =
                    format!("`attachments` must have at most {} bytes together", decimal(TOTAL));
                return Err(Failure::invalid_input("attachments", message));
            }
            attachments.add(entry, file, detail).map_err(inside)?;
        }
        Ok(attachments)
    }

    fn add(&mut self, entry: &FileEntry, file: files::File, detail: Option<&str>) -> Result<()> {
        let kind = kind_of(&file.read(0, media::BEGINNING)?);
        let part = if kind == Some(TEXT) {
            text(entry.name, &contents(entry.name, &file)?)
        } else {
            part(entry.name, kind, detail)
        };
        let message = || {
            let kinds = "an image (png, jpeg, webp, gif), a recording (wav, mp3), a PDF or a text";
            Failure::invalid_input("", format!("`{}` must be {kinds}", entry.name))
        };
        let part = part.ok_or_else(message)?;
        if part.as_str().contains(FILE) {
            self.files.push(file);
        }
        self.parts.push(part);
        Ok(())
    }
}

/// The bytes of a text.
fn contents(name: &str, file: &files::File) -> Result<Vec<u8>> {
    if LONGEST_TEXT < file.size() {
        let longest = decimal(LONGEST_TEXT);
        let message = format!("a text must have at most {longest} bytes; `{name}` has more");
        return Err(Failure::invalid_input("", message));
    }
    file.read(0, u32::MAX).map_err(Box::new)
}

/// A text as a part, with the name that it may be asked about by. None if it
/// is not UTF-8 to its end.
fn text(name: &str, contents: &[u8]) -> Option<Json> {
    let text = core::str::from_utf8(contents).ok()?;
    Some(said(&format!("{name}:\n\n{text}")))
}

/// Words as a part.
pub fn said(text: &str) -> Json {
    Object::new().set("type", "text").set("text", text).done()
}

/// A file of some kind as a part; none if the API takes no such file.
fn part(name: &str, kind: Option<Kind>, detail: Option<&str>) -> Option<Json> {
    let kind = kind?;
    let mut content = Object::new();
    let type_ = if kind.mime_type.starts_with("image/") {
        content.set("url", data_url(&kind)).set_some("detail", detail);
        "image_url"
    } else if kind == PDF {
        content.set("filename", name).set("file_data", data_url(&kind));
        "file"
    } else if kind == WAV || kind == MP3 {
        content.set("data", quoted("")).set_some("format", kind.extensions.first());
        "input_audio"
    } else {
        return None;
    };
    Some(Object::new().set("type", type_).set(type_, content.done()).done())
}

/// Where the text of a `data:` URL (RFC 2397) belongs.
fn data_url(kind: &Kind) -> Json {
    quoted(&format!("data:{};base64,", kind.mime_type))
}

/// A text that ends in a file.
fn quoted(before: &str) -> Json {
    let mut text = String::from("\"");
    text.push_str(before);
    text.push(FILE);
    text.push('"');
    Json::raw(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The part of a file that begins so, with `<>` in the place of the file.
    fn shown(beginning: &[u8], detail: Option<&str>) -> Option<String> {
        let part = part("a \"b\"", kind_of(beginning), detail)?;
        Some(part.text().replace(FILE, "<>"))
    }

    #[test]
    fn every_kind_of_file_is_a_part_of_its_own() {
        for (beginning, expected) in [
            (
                b"\x89PNG" as &[u8],
                r#"{"type":"image_url","image_url":{"url":"data:image/png;base64,<>"}}"#,
            ),
            (
                b"RIFF\0\0\0\0WEBP",
                r#"{"type":"image_url","image_url":{"url":"data:image/webp;base64,<>"}}"#,
            ),
            (
                b"RIFF\0\0\0\0WAVE",
                r#"{"type":"input_audio","input_audio":{"data":"<>","format":"wav"}}"#,
            ),
            (b"ID3", r#"{"type":"input_audio","input_audio":{"data":"<>","format":"mp3"}}"#),
            (
                b"%PDF-1.4",
                r#"{"type":"file","file":{"filename":"a \"b\"","file_data":"data:application/pdf;base64,<>"}}"#,
            ),
        ] {
            assert_eq!(shown(beginning, None).as_deref(), Some(expected));
        }
        let detailed = shown(b"\xff\xd8\xff", Some("low")).unwrap();
        assert!(detailed.contains(r#""url":"data:image/jpeg;base64,<>","detail":"low""#));
    }

    #[test]
    fn other_files_are_none() {
        for beginning in [b"OggS" as &[u8], b"fLaC", b"PK\x03\x04", b"\0\0\0\x20ftypM4A "] {
            assert_eq!(shown(beginning, None), None);
        }
    }

    #[test]
    fn a_text_says_its_name() {
        let part = text("notes.md", "Grüße".as_bytes()).unwrap();
        assert_eq!(part.text(), r#"{"type":"text","text":"notes.md:\n\nGrüße"}"#);
        assert!(text("notes.md", b"good until\xff").is_none());
    }
}
