//! Cancel Batch: `POST /batches/{batch_id}/cancel`.

use connector_sdk::{
    Effects, Example, Failure, Options, OptionsRequest, Outcome, Properties, Result, Run, Settings,
    http,
};
use serde::Deserialize;

use super::state::{self, Batch, Reported, path_of};

/// Stops a batch. What it has already processed is charged and can still be fetched.
#[derive(Deserialize, Properties)]
#[serde(rename_all = "camelCase")]
pub struct CancelBatch {
    /// The ID of the batch.
    #[property(label = "Batch ID", live, placeholder = "batch_…")]
    batch_id: String,
}

impl Run for CancelBatch {
    const HELP: &str = include_str!("cancel.md");
    const GROUP: &str = "Batches";
    const EFFECTS: Effects = Effects { destructive: true, idempotent: true, ..Effects::NONE };
    const EXAMPLES: &[Example] = &[
        Example { title: "Stop a batch", input: r#"{"batchId": "batch_abc123"}"# },
        Example {
            title: "Stop a batch that has a mistake in its instructions",
            input: r#"{"batchId": "batch_68b1f0a2c3d48190a7e6f5d4c3b2a190"}"#,
        },
        Example {
            title: "Stop a batch on a compatible server",
            input: r#"{"batchId": "batch_3f2b7c9e-5d41-4a8e-9b60-1c2d3e4f5a6b"}"#,
        },
    ];

    type Output = Batch;

    fn run(self, _: &Settings) -> Result<Outcome<Batch>> {
        let path = path_of(&self.batch_id)?;
        let before = Reported::by(http::get(&path))?;
        let reported = match before.batch.status.as_str() {
            "cancelling" | "cancelled" => before,
            status if before.batch.has_ended => {
                let message = format!("the batch cannot be cancelled: it is already {status}");
                return Err(Failure::refused(message).at("batchId"));
            }
            _ => Reported::by(http::post(format!("{path}/cancel")))?,
        };
        reported.outcome(|batch| batch)
    }

    fn options(request: &OptionsRequest) -> Result<Options> {
        state::options(request)
    }
}
