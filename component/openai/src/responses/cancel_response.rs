//! Cancel Response: `POST /responses/{response_id}/cancel`.

use connector_sdk::{Effects, Example, Outcome, Properties, Result, Run, Settings};
use serde::Deserialize;

use super::background;
use super::reply::Reply;
use super::stored::StoredResponse;

/// Cancels a response that is generated in the background.
#[derive(Deserialize, Properties)]
#[serde(rename_all = "camelCase")]
pub struct CancelResponse {
    /// The ID of the response, which Ask returns in its metadata as responseId.
    #[property(label = "Response ID", placeholder = "resp_…")]
    response_id: String,
}

impl Run for CancelResponse {
    const HELP: &str = include_str!("cancel_response.md");
    const GROUP: &str = "Text";
    const EFFECTS: Effects = Effects { destructive: true, idempotent: true, ..Effects::NONE };
    const EXAMPLES: &[Example] = &[
        Example {
            title: "Cancel a response",
            input: r#"{"responseId": "resp_685c4be0f3f88191a1e4ee3d1d3c7e2b0f6a9d8c7b6a5948"}"#,
        },
        Example {
            title: "Cancel research that is no longer needed",
            input: r#"{"responseId": "resp_68d1f0a4c0b88190a2f4b1c3d5e7f9a1b3c5d7e9f1a3b5c7"}"#,
        },
        Example {
            title: "Cancel a response on a compatible server",
            input: r#"{"responseId": "resp-0b7e6c0a8d6f4b1e"}"#,
        },
    ];

    type Output = StoredResponse;

    fn run(self, _: &Settings) -> Result<Outcome<StoredResponse>> {
        let path = super::path("responseId", &self.response_id)?;
        let response = background::cancel(&path)?;
        let reply = super::read(&response).and_then(Reply::of);
        StoredResponse::outcome(
            &reply.map_err(|failure| failure.answered_by(&response))?,
            &response,
        )
    }
}
