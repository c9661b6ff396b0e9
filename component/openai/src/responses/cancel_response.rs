//! Cancel Response: `POST /responses/{response_id}/cancel`.

use connector_sdk::{Effects, Example, Outcome, Properties, Result, Run, Settings};
use serde::Deserialize;

use super::background;
use super::reply::Reply;
use super::stored::StoredResponse;
use crate::ids::ID;

/// Cancels a response that runs in the background.
#[derive(Deserialize, Properties)]
#[serde(rename_all = "camelCase")]
pub struct CancelResponse {
    /// The ID of the response, which Ask reports in its metadata as responseId.
    #[property(label = "Response ID", placeholder = "resp_…", pattern = ID)]
    response_id: String,
}

impl Run for CancelResponse {
    const HELP: &str = include_str!("cancel_response.md");
    const GROUP: &str = "Text";
    const EFFECTS: Effects = Effects { destructive: true, idempotent: true, ..Effects::NONE };
    const EXAMPLES: &[Example] = &[
        Example {
            title: "Cancel a response",
            input: r#"{"responseId": "resp_67ccd2bed1ec8190b14f964abc0542670bb6a6b452d3795b"}"#,
        },
        Example {
            title: "Cancel research that is no longer needed",
            input: r#"{"responseId": "resp_685c4be0f3f88191a1e4ee3d1d3c7e2b0f6a"}"#,
        },
        Example {
            title: "Cancel what another server with this API works on",
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
