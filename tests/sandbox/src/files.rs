//! `/files`: upload, list, retrieve, download and delete.

use std::sync::Arc;
use std::sync::Mutex;

use axum::Extension;
use axum::Json;
use axum::body::Bytes;
use axum::extract::Path;
use axum::extract::Query;
use axum::extract::State;
use axum::extract::rejection::QueryRejection;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;
use serde_json::json;

use crate::call::Call;
use crate::error::ApiError;
use crate::locked;
use crate::models::CREATED;
use crate::record::Part;
use crate::server::Shared;

/// The fields of an upload.
const FIELDS: &[&str] = &["file", "purpose", "expires_after[anchor]", "expires_after[seconds]"];

/// The purposes for which a file must be JSONL.
const JSONL: &[&str] = &["batch", "fine-tune"];

/// The time after which the requests of a batch are deleted: 30 days.
const BATCH_SECONDS: i64 = 2_592_000;

/// The maximum number of files in a page.
const MAX_PAGE: usize = 10_000;

/// The files of one sandbox. IDs and creation times increase by one from file to
/// file.
#[derive(Debug)]
pub(crate) struct Files(Mutex<Stored>);

#[derive(Debug)]
struct Stored {
    created: i64,
    files: Vec<File>,
}

#[derive(Debug, Clone)]
struct File {
    id: String,
    name: String,
    purpose: String,
    created_at: i64,
    expires_at: Option<i64>,
    content: Bytes,
}

impl Default for Files {
    fn default() -> Files {
        Files(Mutex::new(Stored::first()))
    }
}

impl Files {
    /// Restores the initial files.
    pub(crate) fn clear(&self) {
        *locked(&self.0) = Stored::first();
    }

    /// Stores a file and returns its ID.
    pub(crate) fn add(&self, name: &str, purpose: &str, content: impl Into<Bytes>) -> String {
        locked(&self.0).add(name, purpose, None, content.into()).id
    }

    /// The content of a file with this purpose.
    pub(crate) fn content_of(&self, id: &str, purpose: &str) -> Option<Bytes> {
        let file = self.file(id).ok()?;
        (file.purpose == purpose).then_some(file.content)
    }

    fn file(&self, id: &str) -> Result<File, ApiError> {
        let stored = locked(&self.0);
        stored.files.iter().find(|file| file.id == id).cloned().ok_or_else(|| no_such(id))
    }
}

impl Stored {
    /// Two files, so that there is something to list and delete.
    fn first() -> Stored {
        let mut stored = Stored { created: 0, files: Vec::new() };
        stored.add("notes.txt", "user_data", None, Bytes::from_static(b"Notes of the sandbox.\n"));
        let example = br#"{"messages": [{"role": "user", "content": "Hi"}]}"#;
        stored.add("examples.jsonl", "fine-tune", None, Bytes::from_static(example));
        stored
    }

    fn add(&mut self, name: &str, purpose: &str, seconds: Option<i64>, content: Bytes) -> File {
        self.created += 1;
        let created_at = CREATED + self.created;
        let seconds = seconds.or((purpose == "batch").then_some(BATCH_SECONDS));
        let file = File {
            id: format!("file-sandbox{}", self.created),
            name: name.to_owned(),
            purpose: purpose.to_owned(),
            created_at,
            expires_at: seconds.map(|seconds| created_at + seconds),
            content,
        };
        self.files.push(file.clone());
        file
    }
}

impl File {
    fn json(&self) -> Value {
        json!({
            "id": self.id,
            "object": "file",
            "bytes": self.content.len(),
            "created_at": self.created_at,
            "expires_at": self.expires_at,
            "filename": self.name,
            "purpose": self.purpose,
            "status": "processed",
        })
    }
}

/// The parameters of a list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    purpose: Option<String>,
    limit: Option<usize>,
    order: Option<Order>,
    after: Option<String>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Order {
    Asc,
    Desc,
}

/// Lists files.
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Json<Value>, ApiError> {
    let Query(query) = query.map_err(|error| ApiError::invalid(error.body_text()))?;
    let limit = query.limit.unwrap_or(MAX_PAGE);
    if !(1..=MAX_PAGE).contains(&limit) {
        return Err(ApiError::at("limit", "Invalid 'limit': it must be between 1 and 10000."));
    }
    let mut files = locked(&shared.files.0).files.clone();
    if query.order != Some(Order::Asc) {
        files.reverse();
    }
    if let Some(after) = &query.after {
        let position = files.iter().position(|file| file.id == *after);
        files.drain(..=position.ok_or_else(|| no_such(after))?);
    }
    files.retain(|file| query.purpose.as_ref().is_none_or(|purpose| file.purpose == *purpose));
    let has_more = files.len() > limit;
    files.truncate(limit);
    Ok(Json(json!({
        "object": "list",
        "data": files.iter().map(File::json).collect::<Value>(),
        "first_id": files.first().map(|file| &file.id),
        "last_id": files.last().map(|file| &file.id),
        "has_more": has_more,
    })))
}

/// Stores a file.
pub(crate) async fn upload(
    State(shared): State<Arc<Shared>>,
    Extension(call): Extension<Arc<Call>>,
) -> Result<Json<Value>, ApiError> {
    let parts = call.form()?;
    for (index, part) in parts.iter().enumerate() {
        let name = part.name.as_str();
        let is_again = parts.iter().take(index).any(|earlier| earlier.name == name);
        if !FIELDS.contains(&name) || is_again {
            let message = format!("Unrecognized request argument supplied: {name}");
            return Err(ApiError::invalid(message));
        }
    }
    let part = |name: &str| parts.iter().find(|part| part.name == name);
    let text = |name: &str| part(name).and_then(Part::text);
    let file = part("file");
    let Some((file, name)) = file.and_then(|file| Some((file, file.filename.as_deref()?))) else {
        return Err(ApiError::at("file", "Missing required parameter: 'file'."));
    };
    let purpose = text("purpose")
        .ok_or_else(|| ApiError::at("purpose", "Missing required parameter: 'purpose'."))?;
    if JSONL.contains(&purpose) && !name.ends_with(".jsonl") {
        let message = format!("Invalid file format for {purpose}: expected .jsonl, got {name}.");
        return Err(ApiError::at("file", message));
    }
    let expiry = (text("expires_after[anchor]"), text("expires_after[seconds]"));
    let seconds = match expiry {
        (None, None) => None,
        (Some("created_at"), Some(seconds)) => seconds.parse().ok(),
        _ => return Err(ApiError::at("expires_after", "Invalid 'expires_after'.")),
    };
    let content = Bytes::copy_from_slice(&file.bytes);
    Ok(Json(locked(&shared.files.0).add(name, purpose, seconds, content).json()))
}

/// Describes a file.
pub(crate) async fn retrieve(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(shared.files.file(&id)?.json()))
}

/// The content of a file.
pub(crate) async fn content(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let content = shared.files.file(&id)?.content;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], content).into_response())
}

/// Deletes a file.
pub(crate) async fn delete(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    shared.files.file(&id)?;
    locked(&shared.files.0).files.retain(|file| file.id != id);
    Ok(Json(json!({"id": id, "object": "file", "deleted": true})))
}

fn no_such(id: &str) -> ApiError {
    ApiError::at("id", format!("No such File object: {id}")).status(StatusCode::NOT_FOUND)
}
