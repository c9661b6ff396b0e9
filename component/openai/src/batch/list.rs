//! List Batches: `GET /batches`.

use connector_sdk::{Effects, Example, Outcome, Properties, Result, Run, Settings};
use serde::Deserialize;

use super::state::{Batch, newest};

/// Lists batches, newest first.
#[derive(Deserialize, Properties)]
pub struct ListBatches {
    /// The maximum number of batches to list.
    #[property(minimum = 1, maximum = 1000, default = 20)]
    limit: usize,
    /// The ID of the batch after which the list begins. Leave empty to begin with the newest.
    #[property(advanced, placeholder = "batch_…")]
    after: Option<String>,
}

impl Run for ListBatches {
    const HELP: &str = include_str!("list.md");
    const GROUP: &str = "Batches";
    const EFFECTS: Effects = Effects::READ_ONLY;
    const EXAMPLES: &[Example] = &[
        Example { title: "The newest batches", input: r#"{"limit": 5}"# },
        Example { title: "Up to 500 batches", input: r#"{"limit": 500}"# },
        Example { title: "Batches older than a given one", input: r#"{"after": "batch_abc123"}"# },
    ];

    type Output = Vec<Batch>;

    fn run(self, _: &Settings) -> Result<Outcome<Vec<Batch>>> {
        let batches = newest(self.limit, self.after.as_deref())?;
        Ok(Outcome::new(batches.iter().filter_map(Batch::of).collect()))
    }
}
