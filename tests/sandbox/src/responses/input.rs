//! Input: messages, and items of earlier responses.

use serde::Deserialize;
use serde_json::Value;

use crate::data_url;
use crate::error::ApiError;

/// An item of the input.
#[derive(Debug)]
pub(crate) enum Item {
    Message(Message),
    Other(Other),
}

/// A message.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "some fields are only checked for their type")]
pub(crate) struct Message {
    pub(crate) role: Role,
    content: Content,
    r#type: Option<String>,
    // Fields that the messages of a response also have.
    id: Option<String>,
    status: Option<String>,
    phase: Option<String>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    Developer,
    System,
    User,
    Assistant,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[allow(dead_code, reason = "some fields are only checked for their type")]
enum Part {
    InputText { text: String },
    InputImage { image_url: Option<String>, file_id: Option<String>, detail: String },
    InputFile(File),
    OutputText { text: String, annotations: Vec<Value>, logprobs: Option<Vec<Value>> },
    Refusal { refusal: String },
}

/// A file: embedded with its name, fetched, or uploaded earlier.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "some fields are only checked for their type")]
struct File {
    filename: Option<String>,
    file_data: Option<String>,
    file_url: Option<String>,
    file_id: Option<String>,
    detail: Option<String>,
}

/// An item that is not a message.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[allow(dead_code, reason = "some fields are only checked for their type")]
pub(crate) enum Other {
    FunctionCall {
        id: Option<String>,
        call_id: String,
        name: String,
        arguments: String,
        status: Option<String>,
    },
    FunctionCallOutput {
        call_id: String,
        output: String,
    },
    Reasoning {
        id: String,
        summary: Vec<Value>,
        encrypted_content: Option<String>,
    },
    WebSearchCall {
        id: String,
        status: String,
        action: Value,
    },
    FileSearchCall {
        id: String,
        status: String,
        queries: Vec<String>,
        results: Option<Value>,
    },
    CodeInterpreterCall {
        id: String,
        status: String,
        container_id: String,
        code: Option<String>,
        outputs: Option<Value>,
    },
    ImageGenerationCall {
        id: String,
        status: String,
        result: String,
    },
    McpListTools {
        id: String,
        server_label: String,
        tools: Vec<Value>,
    },
    McpCall {
        id: String,
        status: String,
        server_label: String,
        name: String,
        arguments: String,
        output: Option<String>,
        error: Option<Value>,
        approval_request_id: Option<String>,
    },
    McpApprovalRequest {
        id: String,
        server_label: String,
        name: String,
        arguments: String,
    },
    McpApprovalResponse {
        approval_request_id: String,
        approve: bool,
        reason: Option<String>,
    },
}

/// Reads the input: text, or a list of items.
pub(crate) fn read(input: &Value) -> Result<Vec<Item>, ApiError> {
    match input {
        Value::String(text) => Ok(vec![Item::Message(Message {
            role: Role::User,
            content: Content::Text(text.clone()),
            r#type: None,
            id: None,
            status: None,
            phase: None,
        })]),
        Value::Array(items) => items.iter().map(Item::read).collect(),
        _ => Err(ApiError::at("input", "Invalid type for 'input': expected a string or a list.")),
    }
}

impl Item {
    fn read(item: &Value) -> Result<Item, ApiError> {
        match item.get("type").and_then(Value::as_str) {
            None | Some("message") => Ok(Item::Message(Message::deserialize(item)?)),
            Some(_) => Ok(Item::Other(Other::deserialize(item)?)),
        }
    }

    /// Whether the user wrote it.
    pub(crate) fn is_from_user(&self) -> bool {
        matches!(self, Item::Message(Message { role: Role::User, .. }))
    }

    /// Its text, with attachments described in brackets. Empty if it has none.
    pub(crate) fn text(&self) -> String {
        match self {
            Item::Message(message) => message.text(),
            Item::Other(Other::FunctionCallOutput { output, .. }) => output.clone(),
            Item::Other(_) => String::new(),
        }
    }
}

impl Message {
    /// Whether it has a part that cannot be read.
    pub(crate) fn has_unreadable_part(&self) -> bool {
        self.parts().iter().any(|part| part.text().is_none())
    }

    /// Whether its parts are allowed for its role.
    pub(crate) fn has_parts_of_its_role(&self) -> bool {
        let is_output =
            |part: &Part| matches!(part, Part::OutputText { .. } | Part::Refusal { .. });
        self.parts().iter().all(|part| is_output(part) == (self.role == Role::Assistant))
    }

    fn parts(&self) -> &[Part] {
        match &self.content {
            Content::Text(_) => &[],
            Content::Parts(parts) => parts,
        }
    }

    fn text(&self) -> String {
        match &self.content {
            Content::Text(text) => text.clone(),
            Content::Parts(parts) => {
                let parts: Vec<String> = parts.iter().filter_map(Part::text).collect();
                parts.join("\n")
            }
        }
    }
}

impl Part {
    /// As in a chat: the text of a part, or a description of a file. None if it
    /// cannot be read.
    fn text(&self) -> Option<String> {
        Some(match self {
            Part::InputText { text } | Part::OutputText { text, .. } => text.clone(),
            Part::Refusal { refusal } => refusal.clone(),
            Part::InputImage { image_url: Some(url), file_id: None, .. } => {
                format!("[image_url: {}]", data_url::described(url)?)
            }
            Part::InputImage { image_url: None, file_id: Some(id), .. } => {
                format!("[image_url: {}]", file_id(id)?)
            }
            Part::InputImage { .. } => return None,
            Part::InputFile(file) => format!("[file: {}]", file.described()?),
        })
    }
}

impl File {
    fn described(&self) -> Option<String> {
        match (&self.filename, &self.file_data, &self.file_url, &self.file_id) {
            (Some(name), Some(data), None, None) => {
                let (_, length) = data_url::read(data)?;
                Some(format!("{name}, {length} bytes"))
            }
            (None, None, Some(url), None) => {
                data_url::described(url).filter(|_| !url.starts_with("data:"))
            }
            (None, None, None, Some(id)) => file_id(id).map(str::to_owned),
            _ => None,
        }
    }
}

/// The ID of an uploaded file.
fn file_id(id: &str) -> Option<&str> {
    id.starts_with("file-").then_some(id)
}
