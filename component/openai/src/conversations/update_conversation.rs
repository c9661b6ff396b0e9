//! Update Conversation: `POST /conversations/{conversation_id}`.

use std::collections::BTreeMap;

use connector_sdk::{Effects, Example, Outcome, Properties, Result, Run, Settings, http};
use serde::Deserialize;
use serde_json::json;

use super::Conversation;
use crate::metadata;

/// Replaces the key-value pairs that are stored with a conversation.
#[derive(Deserialize, Properties)]
#[serde(rename_all = "camelCase")]
pub struct UpdateConversation {
    /// The ID of the conversation, from Create Conversation.
    #[property(label = "Conversation ID", placeholder = "conv_…")]
    conversation_id: String,
    /// The new key-value pairs. Leave empty to remove all pairs.
    #[serde(default)]
    #[property(max_items = 16, item(max_length = 512))]
    metadata: BTreeMap<String, String>,
}

impl Run for UpdateConversation {
    const HELP: &str = include_str!("update_conversation.md");
    const GROUP: &str = "Text";
    const EFFECTS: Effects = Effects { destructive: true, idempotent: true, ..Effects::NONE };
    const EXAMPLES: &[Example] = &[
        Example {
            title: "Record which ticket a conversation belongs to",
            input: r#"{
                "conversationId": "conv_689667905b048191b4740501625afd940c7533ace33a2dab",
                "metadata": {"ticket": "4711"}
            }"#,
        },
        Example {
            title: "Mark a conversation as closed",
            input: r#"{
                "conversationId": "conv_689667905b048191b4740501625afd940c7533ace33a2dab",
                "metadata": {"ticket": "4711", "state": "closed"}
            }"#,
        },
        Example {
            title: "Remove all key-value pairs",
            input: r#"{"conversationId": "conv_689667905b048191b4740501625afd940c7533ace33a2dab"}"#,
        },
    ];

    type Output = Conversation;

    fn run(self, _: &Settings) -> Result<Outcome<Conversation>> {
        metadata::check_keys(&self.metadata)?;
        let body = json!({ "metadata": self.metadata });
        super::send(http::post(super::path(&self.conversation_id)?).json(&body))
    }
}
