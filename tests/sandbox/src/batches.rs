//! `/batches`.
//!
//! A batch advances with each `GET` of it: from `validating` to `in_progress`,
//! `finalizing` and `completed`. Its requests are processed by the sandbox's own
//! endpoints. If its metadata contains `"sandbox": "expire"`, it expires after half
//! of its requests have been processed. A cancelled batch ends at the same point.
//!
//! For tests of single requests, there is a batch without requests for each
//! status, such as `batch_sandbox_completed`. Its status never changes.

mod lines;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;

use axum::Extension;
use axum::Json;
use axum::extract::Path;
use axum::extract::Query;
use axum::extract::State;
use axum::extract::rejection::QueryRejection;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use serde_json::json;

use crate::batches::lines::Line;
use crate::batches::lines::Results;
use crate::call::Call;
use crate::error::ApiError;
use crate::locked;
use crate::models::CREATED;
use crate::server::Shared;

/// The endpoints whose requests a batch may contain.
const ENDPOINTS: &[&str] = &[
    "/v1/responses",
    "/v1/chat/completions",
    "/v1/embeddings",
    "/v1/completions",
    "/v1/moderations",
    "/v1/images/generations",
    "/v1/images/edits",
    "/v1/videos",
];

const STATUSES: &[&str] = &[
    "validating",
    "failed",
    "in_progress",
    "finalizing",
    "completed",
    "expired",
    "cancelling",
    "cancelled",
];

/// A request for a batch.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    input_file_id: String,
    endpoint: String,
    completion_window: String,
    metadata: Option<BTreeMap<String, String>>,
    output_expires_after: Option<Expiry>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expiry {
    anchor: String,
    seconds: u64,
}

/// The batches of a sandbox, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Batches(Mutex<Vec<Batch>>);

#[derive(Debug)]
struct Batch {
    id: String,
    status: &'static str,
    request: Request,
    lines: Arc<[Line]>,
    /// Why its file was rejected.
    problems: Vec<Value>,
    completed: usize,
    failed: usize,
    output_file: Option<String>,
    error_file: Option<String>,
}

/// `POST /batches`.
pub(crate) async fn create(
    State(shared): State<Arc<Shared>>,
    Extension(call): Extension<Arc<Call>>,
) -> Result<Json<Value>, ApiError> {
    let request = Request::deserialize(call.json()?)?;
    request.check()?;
    let file = shared.files.content_of(&request.input_file_id, "batch").ok_or_else(|| {
        ApiError::at("input_file_id", "There is no such file with the purpose 'batch'.")
    })?;
    let (lines, problems) = lines::read(&file, &request.endpoint);
    let mut batches = locked(&shared.batches.0);
    let batch = Batch {
        id: format!("batch_{:08x}", batches.len() + 1),
        problems,
        lines: lines.into(),
        ..Batch::new("validating", request)
    };
    let answer = batch.answer();
    batches.push(batch);
    Ok(Json(answer))
}

/// `GET /batches/{batch_id}`.
pub(crate) async fn retrieve(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    if let Some(sample) = Batch::sample(&id) {
        return Ok(Json(sample.answer()));
    }
    let (lines, endpoint, due) = shared.batches.with(&id, |batch| {
        (Arc::clone(&batch.lines), batch.request.endpoint.clone(), batch.due())
    })?;
    let mut results = Results::default();
    for line in lines.iter().take(due) {
        results.add(line, line.process(&endpoint, &shared).await);
    }
    shared.batches.with(&id, |batch| {
        batch.advance(results, &shared);
        Json(batch.answer())
    })
}

/// `POST /batches/{batch_id}/cancel`.
pub(crate) async fn cancel(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    match Batch::sample(&id) {
        Some(mut sample) => sample.cancel(),
        None => shared.batches.with(&id, Batch::cancel)?,
    }
    .map(Json)
}

/// `GET /batches`: newest first.
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    query: Result<Query<Page>, QueryRejection>,
) -> Result<Json<Value>, ApiError> {
    let Query(Page { limit, after }) =
        query.map_err(|error| ApiError::invalid(error.body_text()))?;
    let limit = limit.unwrap_or(20);
    if !(1..=100).contains(&limit) {
        return Err(ApiError::at("limit", "Invalid 'limit': it must be between 1 and 100."));
    }
    let batches = locked(&shared.batches.0);
    let mut newest: Vec<&Batch> = batches.iter().rev().collect();
    if let Some(after) = after {
        let position = newest.iter().position(|batch| batch.id == after);
        // The batches with a fixed status are not in the list.
        newest.drain(..position.map_or(newest.len(), |position| position + 1));
    }
    let has_more = newest.len() > limit;
    newest.truncate(limit);
    Ok(Json(json!({
        "object": "list",
        "data": newest.iter().map(|batch| batch.answer()).collect::<Value>(),
        "first_id": newest.first().map(|batch| &batch.id),
        "last_id": newest.last().map(|batch| &batch.id),
        "has_more": has_more,
    })))
}

/// The query of a list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Page {
    limit: Option<usize>,
    after: Option<String>,
}

impl Batches {
    /// Forgets all batches.
    pub(crate) fn clear(&self) {
        locked(&self.0).clear();
    }

    fn with<T>(&self, id: &str, call: impl FnOnce(&mut Batch) -> T) -> Result<T, ApiError> {
        let mut batches = locked(&self.0);
        let batch = batches.iter_mut().find(|batch| batch.id == id);
        batch.map(call).ok_or_else(|| {
            ApiError::invalid(format!("No batch found with id '{id}'."))
                .status(StatusCode::NOT_FOUND)
        })
    }
}

impl Request {
    fn check(&self) -> Result<(), ApiError> {
        if !ENDPOINTS.contains(&self.endpoint.as_str()) {
            let message = format!("Invalid value: '{}'.", self.endpoint);
            return Err(ApiError::at("endpoint", message));
        }
        if self.completion_window != "24h" {
            return Err(ApiError::at("completion_window", "The only supported value is '24h'."));
        }
        let metadata = self.metadata.iter().flatten();
        if metadata.clone().count() > 16 {
            return Err(ApiError::at("metadata", "Too many properties: at most 16 are allowed."));
        }
        for (name, value) in metadata {
            if name.chars().count() > 64 || value.chars().count() > 512 {
                return Err(ApiError::at(
                    "metadata",
                    "Keys must be at most 64 characters long, and values at most 512.",
                ));
            }
        }
        let is_wrong = |expiry: &Expiry| {
            expiry.anchor != "created_at" || !(3_600..=2_592_000).contains(&expiry.seconds)
        };
        if self.output_expires_after.as_ref().is_some_and(is_wrong) {
            return Err(ApiError::at(
                "output_expires_after",
                "'anchor' must be 'created_at', and 'seconds' between 3600 and 2592000.",
            ));
        }
        Ok(())
    }

    fn expires(&self) -> bool {
        let script = self.metadata.as_ref().and_then(|metadata| metadata.get("sandbox"));
        script.is_some_and(|script| script == "expire")
    }
}

impl Batch {
    fn new(status: &'static str, request: Request) -> Batch {
        Batch {
            id: String::new(),
            status,
            request,
            lines: Arc::default(),
            problems: Vec::new(),
            completed: 0,
            failed: 0,
            output_file: None,
            error_file: None,
        }
    }

    /// The batch with an ID such as `batch_sandbox_completed`.
    fn sample(id: &str) -> Option<Batch> {
        let name = id.strip_prefix("batch_sandbox_")?;
        let status = STATUSES.iter().find(|status| **status == name)?;
        let request = Request {
            input_file_id: "file-sandbox".to_owned(),
            endpoint: "/v1/chat/completions".to_owned(),
            completion_window: "24h".to_owned(),
            metadata: None,
            output_expires_after: None,
        };
        Some(Batch { id: id.to_owned(), ..Batch::new(status, request) })
    }

    /// The number of its requests to process next.
    fn due(&self) -> usize {
        match self.status {
            "in_progress" if self.request.expires() => self.lines.len() / 2,
            "in_progress" => self.lines.len(),
            "cancelling" => self.lines.len() / 2,
            _ => 0,
        }
    }

    /// Moves to the next status, with the results of the processed requests.
    fn advance(&mut self, mut results: Results, shared: &Shared) {
        let next = match self.status {
            "validating" if self.problems.is_empty() => "in_progress",
            "validating" => "failed",
            "in_progress" if self.request.expires() => {
                for line in self.lines.iter().skip(self.due()) {
                    results.add_expired(line);
                }
                self.keep(&results, shared);
                "expired"
            }
            "in_progress" => {
                self.keep(&results, shared);
                "finalizing"
            }
            "finalizing" => "completed",
            "cancelling" => {
                self.keep(&results, shared);
                "cancelled"
            }
            status => status,
        };
        self.status = next;
    }

    fn keep(&mut self, results: &Results, shared: &Shared) {
        (self.completed, self.failed) = (results.completed, results.failed);
        let [output, errors] = results.files();
        let store = |name: &str, content: String| {
            let name = format!("{}_{name}.jsonl", self.id);
            (!content.is_empty()).then(|| shared.files.add(&name, "batch_output", content))
        };
        (self.output_file, self.error_file) = (store("output", output), store("error", errors));
    }

    fn cancel(&mut self) -> Result<Value, ApiError> {
        match self.status {
            "validating" | "in_progress" | "finalizing" => self.status = "cancelling",
            "cancelling" => {}
            status => {
                let message = format!("Cannot cancel a batch with status '{status}'.");
                return Err(ApiError::invalid(message).status(StatusCode::CONFLICT));
            }
        }
        Ok(self.answer())
    }

    fn answer(&self) -> Value {
        let mut answer = json!({
            "id": self.id,
            "object": "batch",
            "endpoint": self.request.endpoint,
            "errors": null,
            "input_file_id": self.request.input_file_id,
            "completion_window": self.request.completion_window,
            "status": self.status,
            "output_file_id": null,
            "error_file_id": null,
            "created_at": CREATED,
            "expires_at": CREATED + 24 * 60 * 60,
            "request_counts": {
                "total": self.lines.len(),
                "completed": self.completed,
                "failed": self.failed,
            },
            "metadata": self.request.metadata,
        });
        let has_ended = matches!(self.status, "completed" | "expired" | "cancelled" | "failed");
        if has_ended {
            answer[format!("{}_at", self.status)] = CREATED.into();
            answer["output_file_id"] = json!(self.output_file);
            answer["error_file_id"] = json!(self.error_file);
        }
        if self.status == "failed" {
            answer["errors"] = json!({"object": "list", "data": self.problems});
        }
        answer
    }
}
