//! Upload File: `POST /files`.

use connector_sdk::http::Form;
use connector_sdk::{
    Effects, Example, Failure, FileEntry, Outcome, Properties, Result, Run, Settings, errors, http,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{ExpiresAfter, StoredFile};
use crate::parameters;

/// Uploads a file, for use in other requests.
#[derive(Deserialize, Properties)]
#[serde(rename_all = "camelCase")]
pub struct UploadFile {
    /// The file to upload. For a batch or for fine-tuning, it must be in JSONL format.
    #[property(max_bytes = 512 << 20)]
    file: FileEntry,
    /// What the file is for.
    #[property(default = "user_data", choices(
        "user_data": "For any purpose, such as asking questions about a document.",
        "batch": "The requests of a batch.",
        "fine-tune": "Examples for fine-tuning a model.",
        "vision": "Images for fine-tuning a model.",
        "evals": "Data for evaluations, which OpenAI shuts down on 2026-11-30.",
        "assistants": "Files for the Assistants API.",
    ))]
    purpose: String,
    /// When the provider deletes the file. Leave empty to keep it until you delete it, or for
    /// 30 days if the purpose is batch.
    #[property(advanced)]
    expires_after: Option<ExpiresAfter>,
}

/// The purposes whose files must be JSONL, and the maximum size of the file, in
/// bytes. See <https://platform.openai.com/docs/api-reference/files/create>, as of
/// August 2026.
const JSONL: &[(&str, u64)] = &[("batch", 200 << 20), ("fine-tune", 512 << 20)];

impl Run for UploadFile {
    const HELP: &str = include_str!("upload_file.md");
    const GROUP: &str = "Files";
    const EFFECTS: Effects = Effects::NONE;
    const EXAMPLES: &[Example] = &[
        Example { title: "A document", input: r#"{"file": {"url": "contract.pdf"}}"# },
        Example {
            title: "A document that is deleted after a day",
            input: r#"{"file": {"url": "report.pdf"}, "expiresAfter": {"seconds": 86400}}"#,
        },
        Example {
            title: "Examples for fine-tuning",
            input: r#"{"file": {"url": "conversations.jsonl"}, "purpose": "fine-tune"}"#,
        },
    ];

    type Output = StoredFile;

    fn run(self, _: &Settings) -> Result<Outcome<StoredFile>> {
        let file = self.file.open().map_err(|failure| failure.inside("file"))?;
        self.check(file.size())?;
        let mut form = Form::new().file("file", &file).text("purpose", &self.purpose);
        if let Some(time) = &self.expires_after {
            for (name, value) in parameters::fields("expires_after", time.parameter()) {
                form = form.text(name, value);
            }
        }
        let response = http::post("/files").multipart(form).send()?;
        let sent: Value = response.json()?;
        let stored = StoredFile::of(&sent).ok_or_else(|| {
            let failure = errors::instead("the provider returned no file", &sent.to_string());
            failure.answered_by(&response)
        })?;
        Outcome::new(stored).with_metadata(&json!({ "requestId": response.request_id() }))
    }
}

impl UploadFile {
    /// Rejects a file that does not suit the purpose.
    fn check(&self, size: u64) -> Result<()> {
        let purpose = self.purpose.as_str();
        let Some((_, max)) = JSONL.iter().find(|(name, _)| *name == purpose) else {
            return Ok(());
        };
        let FileEntry { name, extension, .. } = &self.file;
        let message = if extension != "jsonl" {
            format!("with the `purpose` {purpose}, `file` must be a .jsonl file (got `{name}`)")
        } else if size > *max {
            format!(
                "with the `purpose` {purpose}, `file` must be at most {max} bytes long (got \
                 {size})"
            )
        } else {
            return Ok(());
        };
        Err(Failure::invalid_input("file", message))
    }
}
