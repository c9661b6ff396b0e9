//! Delete File: `DELETE /files/{file_id}`.

use connector_sdk::{
    Effects, Example, Options, OptionsRequest, Outcome, Properties, Result, Run, Settings, errors,
    http,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::options;
use crate::ids;
use crate::lenient::at;

/// Deletes a file, and removes it from all vector stores.
#[derive(Deserialize, Properties)]
#[serde(rename_all = "camelCase")]
pub struct DeleteFile {
    /// The ID of the file.
    #[property(label = "File", live, placeholder = "file-…")]
    file_id: String,
}

#[derive(Serialize, Properties)]
#[property(output)]
pub struct Deleted {
    /// The ID of the deleted file.
    #[property(label = "ID")]
    id: String,
    /// Whether the file was deleted. Always true: anything else is a failure.
    deleted: bool,
}

impl Run for DeleteFile {
    const HELP: &str = include_str!("delete_file.md");
    const GROUP: &str = "Files";
    const TEXT_PROPERTY: &str = "fileId";
    const EFFECTS: Effects = Effects { destructive: true, idempotent: true, ..Effects::NONE };
    const EXAMPLES: &[Example] = &[
        Example { title: "A document", input: r#"{"fileId": "file-abc123"}"# },
        Example {
            title: "The results of a batch",
            input: r#"{"fileId": "file-9f8e7d6c5b4a39281706f5e4d3c2b1a0"}"#,
        },
        Example {
            title: "Examples for fine-tuning",
            input: r#"{"fileId": "file-6F2ksmvXxt4VdoqmHRw6kL"}"#,
        },
    ];

    type Output = Deleted;

    fn run(self, _: &Settings) -> Result<Outcome<Deleted>> {
        let id = ids::checked("fileId", &self.file_id, "file-abc123")?;
        let response = http::delete(format!("/files/{id}")).send()?;
        let sent: Value = response.json()?;
        if *at(&sent, "deleted") != true {
            let message = "the provider did not delete the file";
            return Err(errors::instead(message, &sent.to_string()).answered_by(&response));
        }
        Outcome::new(Deleted { id: id.to_owned(), deleted: true })
            .with_metadata(&json!({ "requestId": response.request_id() }))
    }

    fn options(request: &OptionsRequest) -> Result<Options> {
        options(request)
    }
}
