//! The form's messages, in the order in which both APIs receive them.

use connector_sdk::{Failure, FileEntry, Properties, Result};
use serde::Deserialize;
use serde_json::Value;

use super::answer::FunctionCall;
use super::attachments::{Attachment, Opener, Sources};

// The content may be empty: if a field for instructions was not filled in, a form
// sends an empty string.
#[derive(Deserialize, Properties)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// The text of the message. Empty system and developer messages are left out.
    #[property(min_length = 0, placeholder = "Why is the sky blue?")]
    content: String,
    /// The author of the message.
    #[property(default = "user", choices(
        "system": "Instructions for the model.",
        "user": "The end user.",
        "assistant": "An earlier answer from the model.",
        "tool": "The result of a function call.",
        "developer": "Instructions for reasoning models.",
    ))]
    role: String,
    /// Files to send with this message: images (png, jpeg, webp, gif), audio (wav, mp3), PDFs
    /// and text.
    #[serde(default)]
    #[property(advanced, when(role = "user"), item(max_bytes = 20 << 20))]
    attachments: Vec<FileEntry>,
    /// The URLs of images to send with this message. The provider fetches them.
    #[serde(default)]
    #[property(label = "Image URLs", advanced, when(role = "user"))]
    #[property(item(control = url, placeholder = "https://example.com/photo.jpg"))]
    image_urls: Vec<String>,
    /// The IDs of images that you uploaded to the provider. The API must be Responses.
    #[serde(default)]
    #[property(label = "Image File IDs", advanced, when(role = "user"))]
    #[property(item(placeholder = "file-…"))]
    image_file_ids: Vec<String>,
    /// The URLs of files, such as PDFs, to send with this message. The provider fetches
    /// them. The API must be Responses.
    #[serde(default)]
    #[property(label = "File URLs", advanced, when(role = "user"))]
    #[property(item(control = url, placeholder = "https://example.com/report.pdf"))]
    file_urls: Vec<String>,
    /// The IDs of files, such as PDFs, that you uploaded to the provider.
    #[serde(default)]
    #[property(label = "File IDs", advanced, when(role = "user"))]
    #[property(item(placeholder = "file-…"))]
    file_ids: Vec<String>,
}

impl Message {
    fn instructs(&self) -> bool {
        matches!(self.role.as_str(), "system" | "developer")
    }

    /// What is attached to this message.
    fn sources(&self) -> Sources<'_> {
        Sources {
            attachments: &self.attachments,
            image_urls: &self.image_urls,
            image_file_ids: &self.image_file_ids,
            file_urls: &self.file_urls,
            file_ids: &self.file_ids,
        }
    }
}

/// One turn of a conversation.
#[derive(Debug)]
pub enum Turn<'a> {
    /// A message.
    Message { role: &'a str, text: &'a str, attachments: Vec<Attachment> },
    /// A call, and its result.
    Call { call: FunctionCall, result: &'a str },
}

/// Turns with the position of the form's message that each one comes from.
pub type Turns<'a> = Vec<(Turn<'a>, Option<usize>)>;

/// Converts messages to turns.
///
/// Our own `instruction` is inserted after the leading instructions, because many
/// servers reject one anywhere else. A message with the role `tool` becomes the
/// result of a generated call: the APIs accept a result only after the call it
/// belongs to, and the form has no calls. `sources` are added to what the last user
/// message has of its own. A user message with attachments may have no text.
/// Instructions without text are left out.
pub fn turns<'a>(
    messages: &'a [Message],
    instruction: Option<&'a str>,
    sources: &Sources,
) -> Result<Turns<'a>> {
    let last_of_user = messages.iter().rposition(|message| message.role == "user");
    if let (None, Some(property)) = (last_of_user, sources.property()) {
        let message = "attachments are sent with the last user message, but there is none";
        return Err(Failure::invalid_input(property, message));
    }
    let mut opener = Opener::default();
    let mut turns = Vec::new();
    let (mut leading, mut results) = (0, 0);
    for (index, message) in messages.iter().enumerate() {
        let (role, text) = (message.role.as_str(), message.content.as_str());
        let origin = Some(index);
        let own = message.sources();
        if let Some(property) = own.property().filter(|_| role != "user") {
            let property = format!("messages[{index}].{property}");
            let message = format!("`{property}` must be empty: only user messages may have files");
            return Err(Failure::invalid_input(property, message));
        }
        if message.instructs() && text.trim().is_empty() {
            // The form's field for instructions was left empty.
            continue;
        }
        let mut attachments = opener.open(&own, &format!("messages[{index}]"))?;
        if origin == last_of_user {
            attachments.extend(opener.open(sources, "")?);
        }
        if text.is_empty() && attachments.is_empty() {
            return Err(without_content(index));
        }
        if message.instructs() && leading == turns.len() {
            leading += 1;
        }
        let turn = if role == "tool" {
            let call = FunctionCall::new(&format!("call_{results}"), "tool");
            results += 1;
            Turn::Call { call, result: text }
        } else {
            Turn::Message { role, text, attachments }
        };
        turns.push((turn, origin));
    }
    if turns.is_empty() {
        return Err(without_content(0));
    }
    if let Some(text) = instruction {
        let turn = Turn::Message { role: "system", text, attachments: Vec::new() };
        turns.insert(leading, (turn, None));
    }
    Ok(turns)
}

/// Converts turns to an API's items. Returns them with the position of the form's
/// message that each one comes from.
pub fn items(
    turns: Turns,
    mut convert: impl FnMut(Turn) -> Result<Vec<Value>>,
) -> Result<(Vec<Value>, Vec<Option<usize>>)> {
    let (mut all, mut origins) = (Vec::new(), Vec::new());
    for (turn, origin) in turns {
        all.extend(convert(turn)?);
        origins.resize(all.len(), origin);
    }
    Ok((all, origins))
}

fn without_content(index: usize) -> Failure {
    let property = format!("messages[{index}].content");
    let message = format!("`{property}` is required");
    Failure::invalid_input(property, message)
}
