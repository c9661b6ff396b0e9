//! Delete Conversation: `DELETE /conversations/{conversation_id}`.

use connector_sdk::{Effects, Example, Outcome, Properties, Result, Run, Settings, http};
use serde::Deserialize;
use serde_json::json;

use crate::responses::{Deleted, failure};

/// Deletes a conversation, but not its messages.
#[derive(Deserialize, Properties)]
#[serde(rename_all = "camelCase")]
pub struct DeleteConversation {
    /// The ID of the conversation, from Create Conversation.
    #[property(label = "Conversation ID", placeholder = "conv_…")]
    conversation_id: String,
}

impl Run for DeleteConversation {
    const HELP: &str = include_str!("delete_conversation.md");
    const GROUP: &str = "Text";
    const EFFECTS: Effects = Effects { destructive: true, ..Effects::NONE };
    const EXAMPLES: &[Example] = &[
        Example {
            title: "Delete a conversation",
            input: r#"{"conversationId": "conv_689667905b048191b4740501625afd940c7533ace33a2dab"}"#,
        },
        Example {
            title: "Delete the conversation of a closed ticket",
            input: r#"{"conversationId": "conv_6f0e2a7c3b0c8190a9b2c1d3e4f5a6b7c8d9"}"#,
        },
        Example { title: "Clean up after a test", input: r#"{"conversationId": "conv_123"}"# },
    ];

    type Output = Deleted;

    fn run(self, _: &Settings) -> Result<Outcome<Deleted>> {
        let response = http::delete(super::path(&self.conversation_id)?).errors(&failure).send()?;
        Outcome::new(Deleted::new(self.conversation_id))
            .with_metadata(&json!({ "requestId": response.request_id() }))
    }
}
