//! Files that go along with a message.
//!
//! The API page is <https://platform.openai.com/docs/api-reference/chat/create>:
//! each kind of file is a content part of its own. What a file is, the host has
//! found out from its content.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::bindings::workflow::connector::files;
use crate::failure::{Failure, Result, item};
use crate::file_entry::FileEntry;
use crate::json::{Json, Object, decimal};
use crate::openai::request::FILE;

/// As many bytes as all files may have: the API takes 50 MB, and base64 makes
/// four of three.
const TOTAL: u64 = 37_500_000;
/// The longest text, in bytes: about as much as a model can read.
const LONGEST_TEXT: u64 = 1 << 20;
/// How much is looked at to tell that a file is no text, in bytes.
const BEGINNING: u32 = 512;

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
        let mut part = part(entry, detail);
        if part.is_none() && may_be_text(entry.mime_type, &file.read(0, BEGINNING)?) {
            part = text(entry.name, &contents(entry.name, &file)?);
        }
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

/// Whether a file of this type that begins so can be text.
fn may_be_text(mime_type: &str, beginning: &[u8]) -> bool {
    let is_control = |byte: &u8| *byte < b' ' && !byte.is_ascii_whitespace();
    let is_media = ["image/", "audio/", "video/"].iter().any(|kind| mime_type.starts_with(kind));
    (!is_media || mime_type == "image/svg+xml") && !beginning.iter().any(is_control)
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

/// A file as a part; none if the API takes no such file, but perhaps its text.
fn part(entry: &FileEntry, detail: Option<&str>) -> Option<Json> {
    let mut content = Object::new();
    let type_ = match entry.mime_type {
        "image/png" | "image/jpeg" | "image/webp" | "image/gif" => {
            content.set("url", data_url(entry.mime_type)).set_some("detail", detail);
            "image_url"
        }
        "application/pdf" => {
            content.set("filename", entry.name).set("file_data", data_url(entry.mime_type));
            "file"
        }
        "audio/wav" | "audio/mpeg" => {
            let format = if entry.mime_type == "audio/wav" { "wav" } else { "mp3" };
            content.set("data", quoted("")).set("format", format);
            "input_audio"
        }
        _ => return None,
    };
    Some(Object::new().set("type", type_).set(type_, content.done()).done())
}

/// Where the text of a `data:` URL (RFC 2397) belongs.
fn data_url(mime_type: &str) -> Json {
    quoted(&format!("data:{mime_type};base64,"))
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

    /// The part of a file of this type, with `<>` in the place of the file.
    fn shown(mime_type: &str, detail: Option<&str>) -> Option<String> {
        let entry = FileEntry { extension: "bin", mime_type, name: "a \"b\"", url: "file:1" };
        Some(part(&entry, detail)?.text().replace(FILE, "<>"))
    }

    #[test]
    fn every_kind_of_file_is_a_part_of_its_own() {
        for (mime_type, expected) in [
            ("image/png", r#"{"type":"image_url","image_url":{"url":"data:image/png;base64,<>"}}"#),
            (
                "image/webp",
                r#"{"type":"image_url","image_url":{"url":"data:image/webp;base64,<>"}}"#,
            ),
            ("audio/wav", r#"{"type":"input_audio","input_audio":{"data":"<>","format":"wav"}}"#),
            ("audio/mpeg", r#"{"type":"input_audio","input_audio":{"data":"<>","format":"mp3"}}"#),
            (
                "application/pdf",
                r#"{"type":"file","file":{"filename":"a \"b\"","file_data":"data:application/pdf;base64,<>"}}"#,
            ),
        ] {
            assert_eq!(shown(mime_type, None).as_deref(), Some(expected));
        }
        let detailed = shown("image/jpeg", Some("low")).unwrap();
        assert!(detailed.contains(r#""url":"data:image/jpeg;base64,<>","detail":"low""#));
    }

    #[test]
    fn other_files_are_none() {
        for mime_type in ["audio/ogg", "audio/flac", "image/avif", "video/mp4"] {
            assert_eq!(shown(mime_type, None), None);
            assert!(!may_be_text(mime_type, b"text"));
        }
        for mime_type in ["text/markdown", "application/json", "image/svg+xml"] {
            assert_eq!(shown(mime_type, None), None);
            assert!(may_be_text(mime_type, "Gruß\r\n".as_bytes()));
            assert!(!may_be_text(mime_type, b"no\0text"));
        }
    }

    #[test]
    fn a_text_says_its_name() {
        let part = text("notes.md", "Grüße".as_bytes()).unwrap();
        assert_eq!(part.text(), r#"{"type":"text","text":"notes.md:\n\nGrüße"}"#);
        assert!(text("notes.md", b"good until\xff").is_none());
    }
}
