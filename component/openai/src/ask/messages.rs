//! The form's messages, in the order in which both APIs receive them.

use connector_sdk::{Failure, Properties, Result};
use serde::Deserialize;
use serde_json::Value;

use super::answer::FunctionCall;
use super::attachments::Attachment;

// The content may be empty: if a field for instructions was not filled in, a form
// sends an empty string.
#[derive(Deserialize, Properties)]
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
}

impl Message {
    fn instructs(&self) -> bool {
        matches!(self.role.as_str(), "system" | "developer")
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
/// result of a generated call: the APIs accept a result only after its call, and the
/// form has no calls. Attachments are added to the last user
/// message, which may then have no text. Instructions without text are left out.
pub fn turns<'a>(
    messages: &'a [Message],
    instruction: Option<&'a str>,
    mut attachments: Vec<Attachment>,
) -> Result<Turns<'a>> {
    let last_of_user = messages.iter().rposition(|message| message.role == "user");
    if last_of_user.is_none() && !attachments.is_empty() {
        let message = "`attachments` require a message with the role user";
        return Err(Failure::invalid_input("attachments", message));
    }
    let mut turns = Vec::new();
    let (mut leading, mut results) = (0, 0);
    for (index, message) in messages.iter().enumerate() {
        let (role, text) = (message.role.as_str(), message.content.as_str());
        let origin = Some(index);
        if message.instructs() && text.trim().is_empty() {
            // The form's field for instructions was left empty.
            continue;
        }
        let attachments =
            if origin == last_of_user { std::mem::take(&mut attachments) } else { vec![] };
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
