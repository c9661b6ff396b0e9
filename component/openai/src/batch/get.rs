//! Get Batch: `GET /batches/{batch_id}`, and `GET /files/{file_id}/content` for
//! the results.

use std::time::Duration;

use connector_sdk::{
    Effects, Example, FailureKind, Options, OptionsRequest, Outcome, Properties, Result, Run,
    Settings, events, http, lifecycle,
};
use serde::{Deserialize, Serialize};

use super::results::{self, Results};
use super::state::{self, Batch, Reported, path_of};

/// The first pause before a batch is requested again.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// The maximum pause. It keeps the requests of a day below the host's limit.
const MAX_PAUSE: Duration = Duration::from_secs(120);
/// The number of requests in a row that may fail while the run waits.
const MAX_FAILURES: u32 = 5;

/// Returns the status of a batch and, once it has ended, its results in the order of the inputs.
#[derive(Deserialize, Properties)]
#[serde(rename_all = "camelCase")]
pub struct GetBatch {
    /// The ID of the batch.
    #[property(label = "Batch ID", live, placeholder = "batch_…")]
    batch_id: String,
    /// Whether to wait until the batch has ended.
    #[property(default = false)]
    wait: bool,
    /// The maximum number of minutes to wait. If the batch has not ended by then, its current state
    /// is returned. Leave empty to wait up to a day.
    #[property(when(wait = true), minimum = 1, maximum = 1_440)]
    max_wait: Option<u64>,
}

/// A batch and its results.
#[derive(Serialize, Properties)]
#[property(output)]
pub struct BatchWithResults {
    #[serde(flatten)]
    batch: Batch,
    #[serde(flatten)]
    results: Results,
}

impl Run for GetBatch {
    const HELP: &str = include_str!("get.md");
    const GROUP: &str = "Batches";
    const EFFECTS: Effects = Effects::READ_ONLY;
    const DURATION_MS: Option<u64> = Some(24 * 60 * 60 * 1_000);
    const EXAMPLES: &[Example] = &[
        Example { title: "The current status", input: r#"{"batchId": "batch_abc123"}"# },
        Example {
            title: "Wait for the results",
            input: r#"{"batchId": "batch_abc123", "wait": true}"#,
        },
        Example {
            title: "Wait up to an hour",
            input: r#"{"batchId": "batch_abc123", "wait": true, "maxWait": 60}"#,
        },
    ];

    type Output = BatchWithResults;

    fn run(self, _: &Settings) -> Result<Outcome<BatchWithResults>> {
        let path = path_of(&self.batch_id)?;
        let mut reported = Reported::by(http::get(&path))?;
        if self.wait {
            reported = self.wait_for_end(&path, reported)?;
        }
        let Reported { batch, model, .. } = &reported;
        let has_results = match batch.status.as_str() {
            // Most providers reject the whole file, some process a part of it.
            "failed" => batch.output_file_id.is_some() || batch.error_file_id.is_some(),
            _ => batch.has_ended,
        };
        let results = match has_results {
            true => results::fetch(batch, model.as_deref())?,
            false => Results::default(),
        };
        reported.outcome(|batch| BatchWithResults { batch, results })
    }

    fn options(request: &OptionsRequest) -> Result<Options> {
        state::options(request)
    }
}

impl GetBatch {
    /// Requests the batch repeatedly, with growing pauses, until it has ended or the
    /// time is up.
    fn wait_for_end(&self, path: &str, mut reported: Reported) -> Result<Reported> {
        let mut left = self.max_wait.map(|minutes| Duration::from_secs(60 * minutes));
        let (mut pause, mut failures) = (FIRST_PAUSE, 0);
        let mut status = String::new();
        while !reported.batch.has_ended {
            let Batch { status: current, counts, .. } = &reported.batch;
            if status != *current {
                status.clone_from(current);
                events::status(current)?;
            }
            events::progress("requests", counts.completed + counts.failed, Some(counts.total))?;
            let next = left.map_or(pause, |left| pause.min(left));
            if next.is_zero() {
                break;
            }
            lifecycle::wait(next)?;
            left = left.map(|left| left.saturating_sub(next));
            pause = (pause * 3 / 2).min(MAX_PAUSE);
            match Reported::by(http::get(path)) {
                Ok(current) => (reported, failures) = (current, 0),
                // The host has already repeated the request. A long wait should
                // not end because the provider was down for a minute.
                Err(failure) if is_temporary(failure.kind) && failures < MAX_FAILURES => {
                    failures += 1;
                }
                Err(failure) => return Err(failure),
            }
        }
        Ok(reported)
    }
}

fn is_temporary(kind: FailureKind) -> bool {
    use FailureKind::{Network, RateLimited, Timeout, Unavailable};

    matches!(kind, Network | RateLimited | Timeout | Unavailable)
}
