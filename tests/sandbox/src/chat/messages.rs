//! Messages: what each role may contain, and their text.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::data_url;

/// A message of a chat.
#[derive(Debug, Deserialize)]
#[serde(tag = "role", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum Message {
    Developer {
        content: Content,
    },
    System {
        content: Content,
    },
    User {
        content: Content,
    },
    Assistant {
        content: Option<Content>,
        #[serde(default)]
        tool_calls: Vec<ToolCall>,
    },
    Tool {
        content: Content,
        tool_call_id: String,
    },
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Content {
    Text(String),
    Parts(Vec<Part>),
}

/// A part of a message: text or a file.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Part {
    Text { text: String },
    ImageUrl { image_url: Image },
    InputAudio { input_audio: Recording },
    File { file: Document },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "the detail is only checked for its type")]
pub(crate) struct Image {
    url: String,
    detail: Option<Detail>,
}

/// How closely the model examines an image.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Detail {
    Auto,
    Low,
    High,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Recording {
    data: String,
    format: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Document {
    filename: Option<String>,
    file_data: Option<String>,
    file_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[allow(dead_code, reason = "only the call's id is used")]
pub(crate) enum ToolCall {
    Function { id: String, function: Called },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only the call's id is used")]
pub(crate) struct Called {
    name: String,
    arguments: String,
}

impl Message {
    pub(crate) fn is_from_user(&self) -> bool {
        matches!(self, Message::User { .. })
    }

    pub(crate) fn has_calls(&self) -> bool {
        matches!(self, Message::Assistant { tool_calls, .. } if !tool_calls.is_empty())
    }

    fn content(&self) -> Option<&Content> {
        match self {
            Message::Developer { content }
            | Message::System { content }
            | Message::User { content }
            | Message::Tool { content, .. } => Some(content),
            Message::Assistant { content, .. } => content.as_ref(),
        }
    }

    /// The parts of the message that are not text.
    pub(crate) fn attachments(&self) -> impl Iterator<Item = &Part> {
        let parts = match self.content() {
            Some(Content::Parts(parts)) => parts.as_slice(),
            _ => &[],
        };
        parts.iter().filter(|part| !matches!(part, Part::Text { .. }))
    }

    /// The text of a message, with its attachments described in brackets.
    pub(crate) fn text(&self) -> String {
        match self.content() {
            None => String::new(),
            Some(Content::Text(text)) => text.clone(),
            Some(Content::Parts(parts)) => {
                let parts: Vec<String> = parts.iter().filter_map(Part::text).collect();
                parts.join("\n")
            }
        }
    }
}

impl Part {
    /// The text of a part, or a description of a file. None if it cannot be
    /// read.
    pub(crate) fn text(&self) -> Option<String> {
        Some(match self {
            Part::Text { text } => text.clone(),
            Part::ImageUrl { image_url } => {
                format!("[image_url: {}]", data_url::described(&image_url.url)?)
            }
            Part::InputAudio { input_audio: Recording { data, format } } => {
                format!("[input_audio: {format}, {} bytes]", STANDARD.decode(data).ok()?.len())
            }
            Part::File { file } => format!("[file: {}]", file.described()?),
        })
    }
}

impl Document {
    /// A file is embedded with its name, or it was uploaded.
    fn described(&self) -> Option<String> {
        match (&self.filename, &self.file_data, &self.file_id) {
            (Some(name), Some(data), None) => {
                let (_, length) = data_url::read(data)?;
                Some(format!("{name}, {length} bytes"))
            }
            (None, None, Some(id)) => id.starts_with("file-").then(|| id.clone()),
            _ => None,
        }
    }
}
