//! List Files: `GET /files`.

use connector_sdk::{Effects, Example, Outcome, Properties, Result, Run, Settings};
use serde::Deserialize;
use serde_json::json;

use super::{PAGE, StoredFile};
use crate::pages;

/// Lists uploaded files and those that the provider created.
#[derive(Deserialize, Properties)]
pub struct ListFiles {
    /// Only files with this purpose. Leave empty for all.
    #[property(open_choices(
        "user_data",
        "batch",
        "batch_output": "The results of a batch.",
        "fine-tune",
        "fine-tune-results": "The results of fine-tuning a model.",
        "vision",
        "evals",
        "assistants",
        "assistants_output",
    ))]
    purpose: Option<String>,
    /// The maximum number of files to list.
    #[property(minimum = 1, default = 100)]
    limit: u32,
    /// The order of the list, by upload time.
    #[property(advanced, provider_default = "desc")]
    #[property(choices("desc" as "Newest first", "asc" as "Oldest first"))]
    order: Option<String>,
    /// The ID of the file after which the list begins. Leave empty for the whole list.
    #[property(advanced, placeholder = "file-…")]
    after: Option<String>,
}

impl Run for ListFiles {
    const HELP: &str = include_str!("list_files.md");
    const GROUP: &str = "Files";
    const EFFECTS: Effects = Effects::READ_ONLY;
    const EXAMPLES: &[Example] = &[
        Example { title: "The newest files", input: r#"{"limit": 20}"# },
        Example { title: "The results of batches", input: r#"{"purpose": "batch_output"}"# },
        Example {
            title: "The oldest files, for deletion",
            input: r#"{"order": "asc", "limit": 1000}"#,
        },
    ];

    type Output = Vec<StoredFile>;

    fn run(self, _: &Settings) -> Result<Outcome<Vec<StoredFile>>> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let query = json!({
            "purpose": self.purpose,
            "limit": limit.min(PAGE),
            "order": self.order,
        });
        let files = pages::listed("/files", query, self.after).take(limit);
        let files = files.filter_map(|file| file.map(|file| StoredFile::of(&file)).transpose());
        Ok(Outcome::new(files.collect::<Result<_>>()?))
    }
}
