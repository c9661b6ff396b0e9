//! The requests of a batch and their results: JSON Lines.

use std::collections::HashSet;
use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;
use serde_json::json;

use crate::call::Call;
use crate::chat;
use crate::embeddings;
use crate::images;
use crate::moderations;
use crate::responses;
use crate::server::Shared;

/// The maximum number of requests in a batch.
const MAX_LINES: usize = 50_000;

/// A request.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Line {
    custom_id: String,
    method: String,
    url: String,
    body: Value,
}

/// Reads the requests in a file, and describes what is wrong with it.
pub(crate) fn read(file: &[u8], endpoint: &str) -> (Vec<Line>, Vec<Value>) {
    let text = String::from_utf8_lossy(file);
    let mut ids = HashSet::new();
    let (mut lines, mut problems) = (Vec::new(), Vec::new());
    for (index, text) in text.lines().enumerate() {
        let line = serde_json::from_str::<Line>(text)
            .map_err(|error| ("invalid_json_line", error.to_string()))
            .and_then(|line| line.check(endpoint).map(|()| line));
        let line = line.and_then(|line| {
            if ids.insert(line.custom_id.clone()) {
                return Ok(line);
            }
            Err(("duplicate_custom_id", format!("Duplicate custom_id '{}'.", line.custom_id)))
        });
        match line {
            Ok(line) => lines.push(line),
            Err((code, message)) => problems.push(json!({
                "code": code, "message": message, "param": null, "line": index + 1,
            })),
        }
    }
    if lines.is_empty() && problems.is_empty() {
        problems.push(problem("empty_file", "The input file is empty."));
    }
    if lines.len() > MAX_LINES {
        problems.push(problem("too_many_tasks", "The file has more than 50000 requests."));
    }
    (lines, problems)
}

fn problem(code: &str, message: &str) -> Value {
    json!({"code": code, "message": message, "param": null, "line": null})
}

impl Line {
    fn check(&self, endpoint: &str) -> Result<(), (&'static str, String)> {
        if self.method != "POST" {
            return Err(("invalid_method", format!("Invalid method '{}'.", self.method)));
        }
        if self.url != endpoint {
            let message =
                format!("The URL '{}' does not match the batch's '{endpoint}'.", self.url);
            return Err(("mismatched_endpoint", message));
        }
        if !self.body.is_object() {
            return Err(("invalid_request", "The body must be an object.".to_owned()));
        }
        if self.body.get("stream").is_some_and(|stream| *stream != false) {
            return Err(("invalid_request", "Requests in a batch cannot be streamed.".to_owned()));
        }
        Ok(())
    }

    /// The status and the body of the endpoint's response.
    pub(crate) async fn process(&self, endpoint: &str, shared: &Arc<Shared>) -> (u16, Value) {
        let call = Extension(Arc::new(Call::of_json(self.body.clone())));
        let shared = State(Arc::clone(shared));
        let response = match endpoint {
            "/v1/chat/completions" => answered(chat::completions(shared, call).await),
            "/v1/responses" => answered(responses::create(shared, call).await),
            "/v1/embeddings" => answered(embeddings::embeddings(call).await),
            "/v1/moderations" => answered(moderations::moderations(call).await),
            "/v1/images/generations" => answered(images::generations(shared, call).await),
            "/v1/images/edits" => answered(images::edits(shared, call).await),
            _ => return (404, json!({"error": {"message": "Not in this sandbox."}})),
        };
        let status = response.status().as_u16();
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await;
        let body = body.ok().and_then(|body| serde_json::from_slice(&body).ok());
        (status, body.unwrap_or_default())
    }
}

fn answered(result: Result<impl IntoResponse, impl IntoResponse>) -> Response {
    match result {
        Ok(response) => response.into_response(),
        Err(error) => error.into_response(),
    }
}

/// The lines of the files of results.
#[derive(Debug, Default)]
pub(crate) struct Results {
    output: Vec<String>,
    errors: Vec<String>,
    pub(crate) completed: usize,
    pub(crate) failed: usize,
}

impl Results {
    /// Adds the response to a request.
    pub(crate) fn add(&mut self, line: &Line, (status, body): (u16, Value)) {
        let response = json!({"status_code": status, "request_id": self.id("req"), "body": body});
        let result = self.line(line, response, Value::Null);
        if status == 200 {
            self.completed += 1;
            self.output.push(result);
        } else {
            self.failed += 1;
            self.errors.push(result);
        }
    }

    /// Adds a request that was not processed in time.
    pub(crate) fn add_expired(&mut self, line: &Line) {
        let error = json!({
            "code": "batch_expired",
            "message": "This request could not be executed before the completion window expired.",
        });
        let result = self.line(line, Value::Null, error);
        self.failed += 1;
        self.errors.push(result);
    }

    /// The file of responses and the file of errors. The newest result comes
    /// first, because the order of the results is not defined.
    pub(crate) fn files(&self) -> [String; 2] {
        [&self.output, &self.errors].map(|lines| lines.iter().rev().cloned().collect())
    }

    fn line(&self, line: &Line, response: Value, error: Value) -> String {
        let result = json!({
            "id": self.id("batch_req"),
            "custom_id": line.custom_id,
            "response": response,
            "error": error,
        });
        format!("{result}\n")
    }

    fn id(&self, prefix: &str) -> String {
        format!("{prefix}_sandbox{:08x}", self.completed + self.failed)
    }
}
