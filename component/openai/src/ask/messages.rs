//! Converts the form's messages to the API's.

use connector_sdk::{Failure, Properties, Result};
use serde::Deserialize;
use serde_json::{Value, json};

use super::choice::ToolCall;

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

/// Converts messages to the API's format. Returns them with the position of the
/// form's message that each one comes from.
///
/// Our own `instruction` is inserted after the leading instructions, because many
/// servers reject one anywhere else. A message with the role `tool` is preceded
/// by a generated call: the API accepts a result only after the call it belongs
/// to, and the form has no calls. Attachments are added to the last user message,
/// which may then have no text. Instructions without text are left out.
pub fn for_api(
    messages: &[Message],
    instruction: Option<&str>,
    mut attachments: Vec<Value>,
) -> Result<(Vec<Value>, Vec<Option<usize>>)> {
    let last_of_user = messages.iter().rposition(|message| message.role == "user");
    if last_of_user.is_none() && !attachments.is_empty() {
        let message = "attachments are sent with the last user message, but there is none";
        return Err(Failure::invalid_input("attachments", message));
    }
    let mut sent = Vec::new();
    let (mut leading, mut results) = (0, 0);
    for (index, message) in messages.iter().enumerate() {
        let Message { content, role } = message;
        let origin = Some(index);
        if message.instructs() && content.trim().is_empty() {
            // The form's field for instructions was left empty.
            continue;
        }
        let attached =
            if origin == last_of_user { std::mem::take(&mut attachments) } else { vec![] };
        if content.is_empty() && attached.is_empty() {
            return Err(without_content(index));
        }
        if message.instructs() && leading == sent.len() {
            leading += 1;
        }
        if role == "tool" {
            let call = ToolCall::new(&format!("call_{results}"), "tool");
            results += 1;
            sent.push((
                json!({ "role": "assistant", "content": null, "tool_calls": [call.sent_back()] }),
                origin,
            ));
            sent.push((call.result(content), origin));
        } else if attached.is_empty() {
            sent.push((json!({ "role": role, "content": content }), origin));
        } else {
            let text = (!content.is_empty()).then(|| json!({ "type": "text", "text": content }));
            let parts: Vec<_> = text.into_iter().chain(attached).collect();
            sent.push((json!({ "role": role, "content": parts }), origin));
        }
    }
    if sent.is_empty() {
        return Err(without_content(0));
    }
    if let Some(instruction) = instruction {
        sent.insert(leading, (json!({ "role": "system", "content": instruction }), None));
    }
    Ok(sent.into_iter().unzip())
}

fn without_content(index: usize) -> Failure {
    let property = format!("messages[{index}].content");
    let message = format!("`{property}` is required");
    Failure::invalid_input(property, message)
}
