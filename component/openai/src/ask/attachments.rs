//! Files that are sent with a message. The host determines the media type of a
//! file from its content. Each API has its own content part for each type.

use connector_sdk::{Failure, File, FileEntry, Result};

/// The maximum size of all files together, in bytes: the API accepts 50 MB, and
/// base64 turns three bytes into four.
const MAX_TOTAL: u64 = 37_500_000;
/// The maximum size of a text file, in bytes: about as much as a model can read.
const MAX_TEXT: u64 = 1 << 20;
/// The number of bytes to inspect when deciding whether a file may be text.
const BEGINNING: u32 = 512;

/// A file of a type that models can read.
#[derive(Debug)]
pub enum Attachment {
    /// An image.
    Image(File),
    /// Audio, in the format `wav` or `mp3`.
    Audio(File, &'static str),
    /// A PDF.
    Pdf(File),
    /// The text of a file, preceded by its name so that a question can refer to
    /// it.
    Text(String),
}

impl Attachment {
    /// The file whose content is inserted into the request.
    pub fn into_file(self) -> Option<File> {
        match self {
            Self::Image(file) | Self::Audio(file, _) | Self::Pdf(file) => Some(file),
            Self::Text(_) => None,
        }
    }

    fn of(file: File) -> Result<Self> {
        match file.entry().mime_type.as_str() {
            "image/png" | "image/jpeg" | "image/webp" | "image/gif" => Ok(Self::Image(file)),
            "application/pdf" => Ok(Self::Pdf(file)),
            "audio/wav" => Ok(Self::Audio(file, "wav")),
            "audio/mpeg" => Ok(Self::Audio(file, "mp3")),
            _ => {
                let text = if may_be_text(&file)? { text(&file)? } else { None };
                text.map(Self::Text).ok_or_else(|| {
                    let name = &file.entry().name;
                    let kinds = "an image (png, jpeg, webp, gif), audio (wav, mp3), a PDF or text";
                    Failure::invalid_input("", format!("`{name}` must be {kinds}"))
                })
            }
        }
    }
}

/// Opens files.
pub fn open(entries: &[FileEntry]) -> Result<Vec<Attachment>> {
    let mut total = 0;
    let open = |(index, entry): (usize, &FileEntry)| {
        let inside = |failure: Failure| failure.inside(&format!("attachments[{index}]"));
        let file = entry.open().map_err(inside)?;
        total += file.size();
        if total > MAX_TOTAL {
            let message = format!("`attachments` must be at most {MAX_TOTAL} bytes in total");
            return Err(Failure::invalid_input("attachments", message));
        }
        Attachment::of(file).map_err(inside)
    };
    entries.iter().enumerate().map(open).collect()
}

/// Whether a file may be text, judging by its type and its beginning.
fn may_be_text(file: &File) -> Result<bool> {
    let mime_type = file.entry().mime_type.as_str();
    let is_media = ["image/", "audio/", "video/"].iter().any(|kind| mime_type.starts_with(kind));
    if is_media && mime_type != "image/svg+xml" {
        return Ok(false);
    }
    let is_control = |byte: &u8| *byte < b' ' && !byte.is_ascii_whitespace();
    Ok(!file.read(0, BEGINNING)?.iter().any(is_control))
}

/// The name and the text of a file, or `None` if it is not valid UTF-8.
fn text(file: &File) -> Result<Option<String>> {
    let name = &file.entry().name;
    if file.size() > MAX_TEXT {
        let message =
            format!("a text file must be at most {MAX_TEXT} bytes long; `{name}` is longer");
        return Err(Failure::invalid_input("", message));
    }
    let text = String::from_utf8(file.read(0, u32::MAX)?).ok();
    Ok(text.map(|text| format!("{name}:\n\n{text}")))
}
