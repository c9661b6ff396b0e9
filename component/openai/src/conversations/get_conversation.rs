//! Get Conversation: `GET /conversations/{conversation_id}`.

use connector_sdk::{Effects, Example, Outcome, Properties, Result, Run, Settings, http};
use serde::Deserialize;

use super::Conversation;

/// Gets a conversation by its ID.
#[derive(Deserialize, Properties)]
#[serde(rename_all = "camelCase")]
pub struct GetConversation {
    /// The ID of the conversation, from Create Conversation.
    #[property(label = "Conversation ID", placeholder = "conv_…")]
    conversation_id: String,
}

impl Run for GetConversation {
    const HELP: &str = include_str!("get_conversation.md");
    const GROUP: &str = "Text";
    const EFFECTS: Effects = Effects::READ_ONLY;
    const EXAMPLES: &[Example] = &[
        Example {
            title: "Get a conversation",
            input: r#"{"conversationId": "conv_689667905b048191b4740501625afd940c7533ace33a2dab"}"#,
        },
        Example {
            title: "Look up which ticket a conversation belongs to",
            input: r#"{"conversationId": "conv_6f0e2a7c3b0c8190a9b2c1d3e4f5a6b7c8d9"}"#,
        },
        Example {
            title: "Check that a conversation still exists",
            input: r#"{"conversationId": "conv_123"}"#,
        },
    ];

    type Output = Conversation;

    fn run(self, _: &Settings) -> Result<Outcome<Conversation>> {
        super::send(http::get(super::path(&self.conversation_id)?))
    }
}
