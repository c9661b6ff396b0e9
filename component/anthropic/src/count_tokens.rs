//! Count Tokens: counts a conversation's tokens before you pay for it.

use connector_sdk::{
    Effects, Options, OptionsRequest, Outcome, Properties, Result, Run, Settings, http,
};
use serde::{Deserialize, Serialize};

use crate::ask::Conversation;
use crate::models;

/// Counts the input tokens of a conversation, free of charge.
#[derive(Deserialize, Serialize, Properties)]
pub struct CountTokens {
    #[serde(flatten)]
    conversation: Conversation,
}

#[derive(Deserialize, Serialize, Properties)]
#[serde(rename_all(serialize = "camelCase"))]
#[property(output)]
pub struct Count {
    input_tokens: u64,
}

impl Run for CountTokens {
    const EFFECTS: Effects = Effects::READ_ONLY;
    type Output = Count;

    fn run(self, _: &Settings) -> Result<Outcome<Count>> {
        http::post("/v1/messages/count_tokens").json(&self).send()?.outcome()
    }

    fn options(request: &OptionsRequest) -> Result<Options> {
        models::options(request)
    }
}
