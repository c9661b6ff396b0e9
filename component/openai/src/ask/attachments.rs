//! Files and images that are sent with a message. The host determines the media
//! type of a file from its content. Each API has its own content part for each
//! type, and takes other kinds of addresses and IDs.

use connector_sdk::{Failure, File, FileEntry, Result};

use crate::{ids, urls};

/// The maximum size of all files together, in bytes: the API accepts 50 MB, and
/// base64 turns three bytes into four.
const MAX_TOTAL: u64 = 37_500_000;
/// The maximum size of a text file, in bytes: about as much as a model can read.
const MAX_TEXT: u64 = 1 << 20;
/// The number of bytes to inspect when deciding whether a file may be text.
const BEGINNING: u32 = 512;

/// What an input attaches to a message.
#[derive(Clone, Copy, Default)]
pub struct Sources<'a> {
    pub attachments: &'a [FileEntry],
    pub image_urls: &'a [String],
    pub image_file_ids: &'a [String],
    pub file_urls: &'a [String],
    pub file_ids: &'a [String],
}

/// Something that models can read.
#[derive(Debug)]
pub struct Attachment {
    /// The path of the property that it comes from.
    pub property: String,
    /// What it is.
    pub content: Content,
}

/// The content of an attachment.
#[derive(Debug)]
pub enum Content {
    /// An image.
    Image(Source),
    /// Audio, in the format `wav` or `mp3`.
    Audio(File, &'static str),
    /// A PDF, or another document that the provider has or fetches.
    Document(Source),
    /// The text of a file, preceded by its name so that a question can refer to
    /// it.
    Text(String),
}

/// Where the provider gets something from.
#[derive(Debug)]
pub enum Source {
    /// The request contains it.
    File(File),
    /// The provider fetches it.
    Url(String),
    /// It was uploaded to the provider.
    Id(String),
}

impl Sources<'_> {
    /// The first property that attaches something.
    pub fn property(&self) -> Option<&'static str> {
        [
            ("attachments", self.attachments.is_empty()),
            ("imageUrls", self.image_urls.is_empty()),
            ("imageFileIds", self.image_file_ids.is_empty()),
            ("fileUrls", self.file_urls.is_empty()),
            ("fileIds", self.file_ids.is_empty()),
        ]
        .into_iter()
        .find_map(|(property, is_empty)| (!is_empty).then_some(property))
    }
}

impl Attachment {
    /// The file whose content is inserted into the request.
    pub fn into_file(self) -> Option<File> {
        match self.content {
            Content::Image(Source::File(file))
            | Content::Document(Source::File(file))
            | Content::Audio(file, _) => Some(file),
            Content::Image(_) | Content::Document(_) | Content::Text(_) => None,
        }
    }

    /// The failure for what an API does not take.
    pub fn refusal(&self, message: impl Into<String>) -> Failure {
        Failure::invalid_input(&self.property, message)
    }
}

impl Content {
    fn of(file: File) -> Result<Self> {
        match file.entry().mime_type.as_str() {
            "image/png" | "image/jpeg" | "image/webp" | "image/gif" => {
                Ok(Self::Image(Source::File(file)))
            }
            "application/pdf" => Ok(Self::Document(Source::File(file))),
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

/// Opens the attachments of a request, whose files have a maximum size together.
#[derive(Default)]
pub struct Opener {
    total: u64,
}

impl Opener {
    /// Opens what is attached to a message. `place` is the path of the object with
    /// the properties, or empty.
    pub fn open(&mut self, sources: &Sources, place: &str) -> Result<Vec<Attachment>> {
        let mut opened = Vec::new();
        let mut add = |name: &str, index: usize, content: Result<Content>| -> Result<()> {
            let property = format!("{name}[{index}]");
            let property = if place.is_empty() { property } else { format!("{place}.{property}") };
            let content = content.map_err(|failure| failure.inside(&property))?;
            opened.push(Attachment { property, content });
            Ok(())
        };
        for (index, entry) in sources.attachments.iter().enumerate() {
            add("attachments", index, self.read(entry))?;
        }
        for (index, address) in sources.image_urls.iter().enumerate() {
            add("imageUrls", index, url("imageUrls", address).map(Content::Image))?;
        }
        for (index, text) in sources.image_file_ids.iter().enumerate() {
            add("imageFileIds", index, id("imageFileIds", text).map(Content::Image))?;
        }
        for (index, address) in sources.file_urls.iter().enumerate() {
            add("fileUrls", index, url("fileUrls", address).map(Content::Document))?;
        }
        for (index, text) in sources.file_ids.iter().enumerate() {
            add("fileIds", index, id("fileIds", text).map(Content::Document))?;
        }
        Ok(opened)
    }

    fn read(&mut self, entry: &FileEntry) -> Result<Content> {
        let file = entry.open()?;
        self.total += file.size();
        if self.total > MAX_TOTAL {
            let message = format!("all attachments together must be at most {MAX_TOTAL} bytes");
            return Err(Failure::invalid_input("", message));
        }
        Content::of(file)
    }
}

/// An address from which the provider fetches something.
fn url(property: &str, url: &str) -> Result<Source> {
    let url = url.trim();
    match urls::fault(url) {
        None => Ok(Source::Url(url.to_owned())),
        Some(fault) => {
            Err(Failure::invalid_input("", format!("each of `{property}` must {fault}")))
        }
    }
}

/// The ID of an uploaded file.
fn id(property: &str, id: &str) -> Result<Source> {
    let id = ids::checked(property, id, "file-abc123").map_err(|failure| failure.at(""))?;
    Ok(Source::Id(id.to_owned()))
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
