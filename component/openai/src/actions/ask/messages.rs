//! The form's messages, as the API wants them.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::attachments;
use super::conversation::{self, said};
use crate::failure::{Failure, Result, item};
use crate::json::input::{FromJson, members};
use crate::json::{Json, Object, Value, decimal};

members! {
    /// A message of the conversation.
    pub struct Message<'a> {
        content: &'a str = "content",
        role: Role = "role",
    }
}

/// Who says a message.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
enum Role {
    System,
    User,
    Assistant,
    Tool,
    Developer,
}

impl FromJson<'_> for Role {
    fn from_json(value: &Value) -> Result<Self> {
        let roles = [Self::System, Self::User, Self::Assistant, Self::Tool, Self::Developer];
        let named = roles.into_iter().find(|role| value.as_str() == Some(role.name()));
        named.ok_or_else(|| {
            let message = "the role is one of system, user, assistant, tool and developer";
            Failure::invalid_input("", message)
        })
    }
}

impl Role {
    fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Tool => "tool",
            Self::Developer => "developer",
        }
    }

    fn instructs(self) -> bool {
        matches!(self, Self::System | Self::Developer)
    }
}

/// The messages as the API wants them, and for each the position of the
/// form's message that it comes from.
///
/// An instruction of our own stands behind the leading instructions, because
/// many servers refuse one anywhere else. In front of a message with the role
/// `tool` stands a call for it to answer: the API takes a result only behind
/// the call that it belongs to, and the form has none. Attachments go with the
/// user's last message, which then needs no text. An instruction without a text
/// is left out.
pub fn wire_messages(
    messages: &[Message],
    instruction: Option<&str>,
    attachments: &[Json],
) -> Result<(Vec<Json>, Vec<Option<usize>>)> {
    let last = messages.iter().rposition(|message| message.role == Role::User);
    if last.is_none() && !attachments.is_empty() {
        let message = "attachments go with the last message of the role user; there is none";
        return Err(Failure::invalid_input("attachments", message));
    }
    let mut wire = Vec::new();
    let mut results = 0_u64;
    for (index, message) in messages.iter().enumerate() {
        let origin = Some(index);
        let content = message.content;
        let is_attached_to = origin == last && !attachments.is_empty();
        if message.role.instructs() && content.trim().is_empty() {
            // A form sends it so when there is nothing to instruct.
            continue;
        }
        if content.is_empty() && !is_attached_to {
            return Err(without_content(index));
        }
        if message.role == Role::Tool {
            let id = format!("call_{}", decimal(results));
            results += 1;
            wire.push((conversation::called(&id, "tool"), origin));
            wire.push((conversation::result(&id, content), origin));
        } else if is_attached_to {
            wire.push((with_parts(message.role, content, attachments), origin));
        } else {
            wire.push((said(message.role.name(), content), origin));
        }
    }
    if wire.is_empty() {
        return Err(without_content(0));
    }
    if let Some(instruction) = instruction {
        let instructs = |origin: Option<usize>| {
            origin.and_then(|index| messages.get(index)).is_some_and(|it| it.role.instructs())
        };
        let leading = wire.iter().take_while(|(_, origin)| instructs(*origin)).count();
        wire.insert(leading, (said(Role::System.name(), instruction), None));
    }
    Ok(wire.into_iter().unzip())
}

/// A message that says nothing.
fn without_content(index: usize) -> Box<Failure> {
    let property = item("messages", index) + ".content";
    let message = format!("`{property}` is required");
    Failure::invalid_input(property, message)
}

/// A message of several parts, its text first.
fn with_parts(role: Role, content: &str, attachments: &[Json]) -> Json {
    let mut parts = Vec::new();
    if !content.is_empty() {
        parts.push(attachments::said(content));
    }
    parts.extend_from_slice(attachments);
    Object::new().set("role", role.name()).set("content", Json::list(&parts)).done()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::json::leaked;

    /// The messages on the wire, and where they come from.
    fn wire(messages: serde_json::Value, instruction: Option<&str>) -> (Json, Vec<Option<usize>>) {
        let messages = Vec::from_json(leaked(messages)).unwrap();
        let (messages, origins) = wire_messages(&messages, instruction, &[]).unwrap();
        (Json::list(&messages), origins)
    }

    #[test]
    fn every_role_is_sent_by_its_name() {
        for role in ["system", "user", "assistant", "developer"] {
            let (messages, origins) = wire(json!([{ "content": "x", "role": role }]), None);
            assert_eq!(messages, json!([{ "role": role, "content": "x" }]));
            assert_eq!(origins, [Some(0)]);
        }
        let failure = Message::from_json(leaked(json!({ "content": "x", "role": "robot" })));
        assert_eq!(failure.unwrap_err().property.as_deref(), Some("role"));
    }

    #[test]
    fn only_an_instruction_may_say_nothing() {
        let blank = |role: &str, content: &str| json!({ "role": role, "content": content });
        for instruction in [blank("system", ""), blank("developer", " \n")] {
            let messages = json!([instruction, blank("user", "Hi")]);
            let (messages, origins) = wire(messages, Some("JSON"));
            let json = json!({ "role": "system", "content": "JSON" });
            assert_eq!(messages, json!([json, { "role": "user", "content": "Hi" }]));
            assert_eq!(origins, [None, Some(1)]);
        }
        for (place, messages) in [
            (1, json!([blank("user", "Hi"), blank("assistant", "")])),
            (1, json!([blank("system", ""), blank("user", "")])),
            (0, json!([blank("tool", "")])),
            (0, json!([blank("system", "")])),
        ] {
            let messages = Vec::from_json(leaked(messages)).unwrap();
            let failure = wire_messages(&messages, None, &[]).unwrap_err();
            let property = format!("messages[{place}].content");
            assert_eq!(failure.message, format!("`{property}` is required"));
            assert_eq!(failure.property, Some(property));
            assert!(!failure.request_sent);
        }
    }

    #[test]
    fn a_result_stands_behind_a_call_that_it_answers() {
        let call = |id: &str| {
            let function = json!({ "name": "tool", "arguments": "{}" });
            let call = json!({ "id": id, "type": "function", "function": function });
            json!({ "role": "assistant", "content": null, "tool_calls": [call] })
        };
        let messages = json!([
            { "content": "Rome?", "role": "user" },
            { "content": "sunny", "role": "tool" },
            { "content": "warm", "role": "tool" },
        ]);
        let (messages, origins) = wire(messages, None);
        assert_eq!(
            messages,
            json!([
                { "role": "user", "content": "Rome?" },
                call("call_0"),
                { "role": "tool", "tool_call_id": "call_0", "content": "sunny" },
                call("call_1"),
                { "role": "tool", "tool_call_id": "call_1", "content": "warm" },
            ])
        );
        assert_eq!(origins, [Some(0), Some(1), Some(1), Some(2), Some(2)]);
    }

    #[test]
    fn our_instruction_stands_behind_the_leading_ones() {
        let place = |roles: &[&str]| {
            let messages: Vec<_> =
                roles.iter().map(|role| json!({ "content": "x", "role": role })).collect();
            let (_, origins) = wire(messages.into(), Some("JSON"));
            origins.iter().position(Option::is_none)
        };
        assert_eq!(place(&["user"]), Some(0));
        assert_eq!(place(&["system", "developer", "user", "system"]), Some(2));
        assert_eq!(place(&["system"]), Some(1));
    }

    #[test]
    fn attachments_go_with_the_last_message_of_the_user() {
        let messages = |messages: serde_json::Value| {
            let messages: Vec<Message> = Vec::from_json(leaked(messages)).unwrap();
            let wire = wire_messages(&messages, None, &[Json::raw("1"), Json::raw("2")]);
            wire.map(|(messages, _)| Json::list(&messages))
        };
        let user = |content: &str| json!({ "content": content, "role": "user" });
        let model = json!({ "content": "So?", "role": "assistant" });
        assert_eq!(
            messages(json!([user("a"), user("Look!"), model])).unwrap(),
            json!([
                { "role": "user", "content": "a" },
                { "role": "user", "content": [{ "type": "text", "text": "Look!" }, 1, 2] },
                { "role": "assistant", "content": "So?" },
            ])
        );
        assert_eq!(
            messages(json!([user("")])).unwrap(),
            json!([{ "role": "user", "content": [1, 2] }])
        );
        let failure = messages(json!([model])).unwrap_err();
        assert_eq!(failure.property.as_deref(), Some("attachments"));
    }
}
