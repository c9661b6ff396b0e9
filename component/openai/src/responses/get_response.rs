//! Get Response: `GET /responses/{response_id}`.

use connector_sdk::{Effects, Example, Outcome, Properties, Result, Run, Settings};
use serde::Deserialize;

use super::background;
use super::stored::StoredResponse;

/// Gets a stored response of the Responses API by its ID, and can wait for its completion.
#[derive(Deserialize, Properties)]
#[serde(rename_all = "camelCase")]
pub struct GetResponse {
    /// The ID of the response, which Ask returns in its metadata as responseId.
    #[property(label = "Response ID", placeholder = "resp_…")]
    response_id: String,
    /// Whether to wait until a response that is generated in the background has ended.
    #[serde(default)]
    #[property(default = false)]
    wait: bool,
    /// Additional data to return in toolCalls, such as the results of a file search.
    #[serde(default)]
    #[property(
        advanced,
        open_choices(
            "file_search_call.results",
            "web_search_call.results",
            "web_search_call.action.sources",
            "code_interpreter_call.outputs",
        )
    )]
    include: Vec<String>,
}

impl Run for GetResponse {
    const HELP: &str = include_str!("get_response.md");
    const GROUP: &str = "Text";
    const EFFECTS: Effects = Effects::READ_ONLY;
    // Research in the background takes up to half an hour.
    const DURATION_MS: Option<u64> = Some(60 * 60 * 1000);
    const EXAMPLES: &[Example] = &[
        Example {
            title: "The status of a response, and its text if it is complete",
            input: r#"{"responseId": "resp_67ccd2bed1ec8190b14f964abc0542670bb6a6b452d3795b"}"#,
        },
        Example {
            title: "Wait for an answer that Ask requested in the background",
            input: r#"{
                "responseId": "resp_685c4be0f3f88191a1e4ee3d1d3c7e2b0f6a9d8c7b6a5948",
                "wait": true
            }"#,
        },
        Example {
            title: "An answer with the passages that a file search found",
            input: r#"{
                "responseId": "resp_67ccd2bed1ec8190b14f964abc0542670bb6a6b452d3795b",
                "include": ["file_search_call.results"]
            }"#,
        },
    ];

    type Output = StoredResponse;

    fn run(self, _: &Settings) -> Result<Outcome<StoredResponse>> {
        let path = super::path("responseId", &self.response_id)?;
        let (reply, response) = background::get(&path, &self.include)?;
        let (reply, response) = if self.wait && reply.is_running() {
            background::wait(&path, &self.include, reply)?
        } else {
            (reply, response)
        };
        StoredResponse::outcome(&reply, &response)
    }
}
