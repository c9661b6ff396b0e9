//! A batch, as the API reports it.

use std::collections::BTreeMap;

use connector_sdk::http::Request;
use connector_sdk::{Options, OptionsRequest, Outcome, Properties, Result, errors};
use serde::Serialize;
use serde_json::{Value, json};
use serde_with::skip_serializing_none;

use super::action::Kind;
use crate::lenient::{at, items, text};
use crate::usage::Usage;
use crate::{ids, pages};

/// The key in a batch's metadata that holds the user's key.
pub const KEY: &str = "idempotency_key";
/// The key in a batch's metadata that holds the digest of its inputs.
pub const DIGEST: &str = "inputs_digest";

/// The maximum number of items in a page of a list.
const PAGE: usize = 100;

/// A batch.
#[skip_serializing_none]
#[derive(Serialize, Properties)]
#[serde(rename_all = "camelCase")]
#[property(output)]
pub struct Batch {
    /// The ID of the batch, for the other actions.
    pub id: String,
    /// The status: validating, in_progress, finalizing, completed, failed, expired, cancelling
    /// or cancelled.
    pub status: String,
    /// Whether the batch has ended, successfully or not.
    pub has_ended: bool,
    /// The action that the batch runs.
    action: Option<String>,
    /// The endpoint of its requests.
    pub endpoint: String,
    /// The number of requests by status.
    pub counts: Counts,
    /// Why the batch failed.
    errors: Vec<BatchError>,
    /// The key with which the batch was created.
    pub key: Option<String>,
    /// Your own key-value pairs.
    metadata: BTreeMap<String, String>,
    /// The ID of the file of requests.
    input_file_id: String,
    /// The ID of the file of responses.
    pub output_file_id: Option<String>,
    /// The ID of the file of requests that failed.
    pub error_file_id: Option<String>,
    /// The time at which the batch was created, in seconds since 1970.
    #[property(display = "unix-time")]
    pub created_at: Option<u64>,
    /// The time at which processing began.
    #[property(display = "unix-time")]
    in_progress_at: Option<u64>,
    /// The time at which it expires.
    #[property(display = "unix-time")]
    expires_at: Option<u64>,
    /// The time at which the provider began to write the results.
    #[property(display = "unix-time")]
    finalizing_at: Option<u64>,
    /// The time at which it was completed.
    #[property(display = "unix-time")]
    completed_at: Option<u64>,
    /// The time at which it failed.
    #[property(display = "unix-time")]
    failed_at: Option<u64>,
    /// The time at which it expired.
    #[property(display = "unix-time")]
    expired_at: Option<u64>,
    /// The time at which cancellation was requested.
    #[property(display = "unix-time")]
    cancelling_at: Option<u64>,
    /// The time at which it was cancelled.
    #[property(display = "unix-time")]
    cancelled_at: Option<u64>,
}

#[derive(Serialize, Properties)]
#[property(output)]
pub struct Counts {
    /// All requests.
    pub total: u64,
    /// Those with a response.
    pub completed: u64,
    /// Those that failed.
    pub failed: u64,
}

#[skip_serializing_none]
#[derive(Serialize, Properties)]
#[property(output)]
struct BatchError {
    /// The provider's error code.
    code: Option<String>,
    /// What is wrong.
    message: String,
    /// The parameter at fault.
    parameter: Option<String>,
    /// The line of the file of requests, which contains one input per line.
    line: Option<u64>,
}

impl Batch {
    /// Reads a batch. Members other than the ID and the status may be missing.
    pub fn of(batch: &Value) -> Option<Self> {
        let given = |name: &str| {
            let text = text(at(batch, name));
            (!text.is_empty()).then(|| text.to_owned())
        };
        let number = |path: &str| at(batch, path).as_u64();
        let count = |name: &str| at(at(batch, "request_counts"), name).as_u64().unwrap_or(0);
        let status = given("status")?;
        let endpoint = given("endpoint").unwrap_or_default();
        let mut metadata: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in at(batch, "metadata").as_object().into_iter().flatten() {
            metadata.insert(name.clone(), text(value).to_owned());
        }
        metadata.remove(DIGEST);
        Some(Self {
            id: given("id")?,
            has_ended: ["completed", "failed", "expired", "cancelled"].contains(&&*status),
            status,
            action: Kind::with_endpoint(&endpoint).map(|kind| kind.name.to_owned()),
            endpoint,
            counts: Counts {
                total: count("total"),
                completed: count("completed"),
                failed: count("failed"),
            },
            errors: items(at(batch, "errors.data")).iter().map(BatchError::of).collect(),
            key: metadata.remove(KEY),
            metadata,
            input_file_id: given("input_file_id").unwrap_or_default(),
            output_file_id: given("output_file_id"),
            error_file_id: given("error_file_id"),
            created_at: number("created_at"),
            in_progress_at: number("in_progress_at"),
            expires_at: number("expires_at"),
            finalizing_at: number("finalizing_at"),
            completed_at: number("completed_at"),
            failed_at: number("failed_at"),
            expired_at: number("expired_at"),
            cancelling_at: number("cancelling_at"),
            cancelled_at: number("cancelled_at"),
        })
    }
}

impl BatchError {
    fn of(error: &Value) -> Self {
        let given = |name: &str| {
            let text = text(at(error, name));
            (!text.is_empty()).then(|| text.to_owned())
        };
        Self {
            code: given("code"),
            message: given("message").unwrap_or_else(|| "no explanation".to_owned()),
            parameter: given("param"),
            line: at(error, "line").as_u64(),
        }
    }
}

/// A batch in a response.
pub struct Reported {
    /// The batch.
    pub batch: Batch,
    /// The model that processes it, if the provider reports it.
    pub model: Option<String>,
    usage: Usage,
    request_id: Option<String>,
}

impl Reported {
    /// Sends a request whose response is a batch.
    pub fn by(request: Request) -> Result<Self> {
        let response = request.send()?;
        let sent: Value = response.json()?;
        let reported = Self::of(&sent).ok_or_else(|| {
            let failure = errors::instead("the provider returned no batch", &sent.to_string());
            failure.answered_by(&response)
        })?;
        Ok(Self { request_id: response.request_id(), ..reported })
    }

    /// Reads a batch in a list.
    pub fn of(sent: &Value) -> Option<Self> {
        let mut usage = Usage::default();
        usage.add(at(sent, "usage"));
        let model = text(at(sent, "model"));
        Some(Self {
            batch: Batch::of(sent)?,
            model: (!model.is_empty()).then(|| model.to_owned()),
            usage,
            request_id: None,
        })
    }

    /// The outcome of a run. `output` converts the batch to the output.
    pub fn outcome<T>(self, output: impl FnOnce(Batch) -> T) -> Result<Outcome<T>> {
        let Self { batch, model, usage, request_id } = self;
        let usage = (!usage.is_empty()).then_some(usage);
        let metadata = json!({ "model": model, "usage": usage, "requestId": request_id });
        Outcome::new(output(batch)).with_metadata(&metadata)
    }
}

/// The path of the batch that an input names.
pub fn path_of(id: &str) -> Result<String> {
    ids::path("/batches", "batchId", id, "batch_abc123")
}

/// Up to `count` batches, newest first, starting after the batch `after`.
pub fn newest(count: usize, after: Option<&str>) -> Result<Vec<Value>> {
    let query = json!({ "limit": count.clamp(1, PAGE) });
    pages::listed("/batches", query, after.map(str::to_owned)).take(count).collect()
}

/// The newest batches as options of a property.
pub fn options(request: &OptionsRequest) -> Result<Options> {
    let batches = newest(PAGE, None)?;
    let option = |batch: Batch| {
        let Counts { total, completed, failed } = batch.counts;
        let key = batch.key.map(|key| format!(" ({key})")).unwrap_or_default();
        let failed = if failed > 0 { format!(", {failed} failed") } else { String::new() };
        let label = format!("{}{key}: {}, {completed} of {total}{failed}", batch.id, batch.status);
        (label, batch.id)
    };
    let batches = batches.iter().filter_map(Batch::of);
    Ok(Options::from_list(batches.map(option)).matching(request))
}
