//! Create Conversation: `POST /conversations`.

use std::collections::BTreeMap;

use connector_sdk::{Effects, Example, Outcome, Properties, Result, Run, Settings, http};
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use super::Conversation;
use crate::{metadata, parameters};

/// Creates a conversation that the provider stores. Ask can continue it over the Responses
/// API.
#[skip_serializing_none]
#[derive(Deserialize, Serialize, Properties)]
pub struct CreateConversation {
    /// Messages with which the conversation begins, oldest first.
    #[serde(default)]
    #[property(max_items = 20)]
    items: Vec<Message>,
    /// Your own key-value pairs, which are stored with the conversation.
    #[property(max_items = 16, item(max_length = 512))]
    metadata: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize, Serialize, Properties)]
#[property(label = "Message")]
struct Message {
    /// The text of the message.
    content: String,
    /// The author of the message.
    #[property(default = "user", choices(
        "system": "Instructions for the model.",
        "user": "The end user.",
        "assistant": "An earlier answer from the model.",
        "developer": "Instructions for reasoning models.",
    ))]
    role: String,
}

impl Run for CreateConversation {
    const HELP: &str = include_str!("create_conversation.md");
    const GROUP: &str = "Text";
    const EFFECTS: Effects = Effects::NONE;
    const EXAMPLES: &[Example] = &[
        Example { title: "An empty conversation", input: "{}" },
        Example {
            title: "A conversation with instructions",
            input: r#"{
                "items": [{
                    "role": "developer",
                    "content": "You help customers of a bicycle shop. Answer in two sentences."
                }]
            }"#,
        },
        Example {
            title: "A conversation that belongs to a support ticket",
            input: r#"{
                "items": [
                    {"role": "user", "content": "My order has not arrived."},
                    {"role": "assistant", "content": "I am sorry. What is its number?"}
                ],
                "metadata": {"ticket": "4711"}
            }"#,
        },
    ];

    type Output = Conversation;

    fn run(self, _: &Settings) -> Result<Outcome<Conversation>> {
        if let Some(pairs) = &self.metadata {
            metadata::check_keys(pairs)?;
        }
        let body = parameters::given(&self)?;
        super::send(http::post("/conversations").json(&body))
    }
}
