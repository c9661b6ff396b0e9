//! Files that are sent with a message. Each kind has its own type of content part
//! (<https://platform.openai.com/docs/api-reference/chat/create>). The host
//! determines the media type of a file from its content.

use connector_sdk::{Failure, File, FileEntry, Result};
use serde_json::{Value, json};

/// The maximum size of all files together, in bytes: the API accepts 50 MB, and
/// base64 turns three bytes into four.
const MAX_TOTAL: u64 = 37_500_000;
/// The maximum size of a text file, in bytes: about as much as a model can read.
const MAX_TEXT: u64 = 1 << 20;
/// The number of bytes to inspect when deciding whether a file may be text.
const BEGINNING: u32 = 512;

/// Files as parts of a message.
#[derive(Default)]
pub struct Attachments {
    /// The parts.
    pub parts: Vec<Value>,
    /// The files whose content is inserted into a part.
    pub files: Vec<File>,
}

impl Attachments {
    /// Opens files and converts each one to a part. `detail` is the level of
    /// detail for images.
    pub fn open(entries: &[FileEntry], detail: Option<&str>) -> Result<Self> {
        let mut attachments = Self::default();
        let mut total = 0;
        for (index, entry) in entries.iter().enumerate() {
            let inside = |failure: Failure| failure.inside(&format!("attachments[{index}]"));
            let file = entry.open().map_err(inside)?;
            total += file.size();
            if total > MAX_TOTAL {
                let message = format!("`attachments` must be at most {MAX_TOTAL} bytes in total");
                return Err(Failure::invalid_input("attachments", message));
            }
            attachments.add(file, detail).map_err(inside)?;
        }
        Ok(attachments)
    }

    fn add(&mut self, file: File, detail: Option<&str>) -> Result<()> {
        if let Some(part) = part(&file, detail) {
            self.parts.push(part);
            self.files.push(file);
            return Ok(());
        }
        let name = &file.entry().name;
        let part = if may_be_text(&file)? { text_part(&file)? } else { None };
        self.parts.push(part.ok_or_else(|| {
            let kinds = "an image (png, jpeg, webp, gif), audio (wav, mp3), a PDF or text";
            Failure::invalid_input("", format!("`{name}` must be {kinds}"))
        })?);
        Ok(())
    }
}

/// The part for a file, or `None` if the API supports its type only as text or not
/// at all.
fn part(file: &File, detail: Option<&str>) -> Option<Value> {
    let FileEntry { mime_type, name, .. } = file.entry();
    Some(match mime_type.as_str() {
        "image/png" | "image/jpeg" | "image/webp" | "image/gif" => {
            let url = file.data_url();
            let image = match detail {
                Some(detail) => json!({ "url": url, "detail": detail }),
                None => json!({ "url": url }),
            };
            json!({ "type": "image_url", "image_url": image })
        }
        "application/pdf" => {
            json!({ "type": "file", "file": { "filename": name, "file_data": file.data_url() } })
        }
        "audio/wav" | "audio/mpeg" => {
            let format = if mime_type == "audio/wav" { "wav" } else { "mp3" };
            let audio = json!({ "data": file.base64(), "format": format });
            json!({ "type": "input_audio", "input_audio": audio })
        }
        _ => return None,
    })
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

/// The part for a text file, which includes its name so that a question can
/// refer to it. `None` if the file is not valid UTF-8.
fn text_part(file: &File) -> Result<Option<Value>> {
    let name = &file.entry().name;
    if file.size() > MAX_TEXT {
        let message =
            format!("a text file must be at most {MAX_TEXT} bytes long; `{name}` is longer");
        return Err(Failure::invalid_input("", message));
    }
    let text = String::from_utf8(file.read(0, u32::MAX)?).ok();
    Ok(text.map(|text| json!({ "type": "text", "text": format!("{name}:\n\n{text}") })))
}
