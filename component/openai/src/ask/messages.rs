//! The form's messages, as the API takes them.

use connector_sdk::{Failure, Properties, Result};
use serde::Deserialize;
use serde_json::{Value, json};

use super::choice::Call;

// It may be empty, because forms that have a box for instructions send it so.
#[derive(Deserialize, Properties)]
pub struct Message {
    /// What is said. A message of the role system or developer that is empty is left out.
    #[property(min_length = 0, placeholder = "Why is the sky blue?")]
    content: String,
    /// Who says it.
    #[property(default = "user", choices(
        "system": "Instructions for the model.",
        "user": "The person who asks.",
        "assistant": "The model, in an earlier answer.",
        "tool": "The result of a function.",
        "developer": "Instructions for reasoning models.",
    ))]
    role: String,
}

impl Message {
    fn instructs(&self) -> bool {
        matches!(self.role.as_str(), "system" | "developer")
    }
}

/// The messages as the API takes them, and for each the position of the form's
/// message that it comes from.
///
/// An instruction of our own goes behind the leading instructions, because many
/// servers refuse one anywhere else. In front of a message with the role `tool`
/// goes a call for it to answer: the API takes a result only behind the call
/// that it belongs to, and the form has none. Attachments go with the user's
/// last message, which then needs no text. An instruction without a text is
/// left out.
pub fn of_the_api(
    messages: &[Message],
    instruction: Option<&str>,
    mut attachments: Vec<Value>,
) -> Result<(Vec<Value>, Vec<Option<usize>>)> {
    let last_of_user = messages.iter().rposition(|message| message.role == "user");
    if last_of_user.is_none() && !attachments.is_empty() {
        let message = "attachments go with the last message of the role user; there is none";
        return Err(Failure::invalid_input("attachments", message));
    }
    let mut sent = Vec::new();
    let (mut leading, mut results) = (0, 0);
    for (index, message) in messages.iter().enumerate() {
        let Message { content, role } = message;
        let origin = Some(index);
        if message.instructs() && content.trim().is_empty() {
            // A form sends it so when there is nothing to instruct.
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
            let call = Call::new(&format!("call_{results}"), "tool");
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
