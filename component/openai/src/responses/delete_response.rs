//! Delete Response: `DELETE /responses/{response_id}`.

use connector_sdk::{Effects, Example, Outcome, Properties, Result, Run, Settings, http};
use serde::Deserialize;
use serde_json::json;

use super::Deleted;

/// Deletes a stored response.
#[derive(Deserialize, Properties)]
#[serde(rename_all = "camelCase")]
pub struct DeleteResponse {
    /// The ID of the response, which Ask returns in its metadata as responseId.
    #[property(label = "Response ID", placeholder = "resp_…")]
    response_id: String,
}

impl Run for DeleteResponse {
    const HELP: &str = include_str!("delete_response.md");
    const GROUP: &str = "Text";
    const EFFECTS: Effects = Effects { destructive: true, ..Effects::NONE };
    const EXAMPLES: &[Example] = &[
        Example {
            title: "Delete a response",
            input: r#"{"responseId": "resp_67ccd2bed1ec8190b14f964abc0542670bb6a6b452d3795b"}"#,
        },
        Example {
            title: "Delete an answer that contains personal data",
            input: r#"{"responseId": "resp_68d1f0a4c0b88190a2f4b1c3d5e7f9a1b3c5d7e9f1a3b5c7"}"#,
        },
        Example {
            title: "Delete a response on a compatible server",
            input: r#"{"responseId": "resp-0b7e6c0a8d6f4b1e"}"#,
        },
    ];

    type Output = Deleted;

    fn run(self, _: &Settings) -> Result<Outcome<Deleted>> {
        let path = super::path("responseId", &self.response_id)?;
        // The API does not document the body of its response.
        let response = http::delete(path).errors(&super::failure).send()?;
        Outcome::new(Deleted::new(self.response_id))
            .with_metadata(&json!({ "requestId": response.request_id() }))
    }
}
