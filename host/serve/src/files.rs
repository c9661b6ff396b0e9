//! Callers' files: uploaded before a run, downloaded after it.

use std::future::ready;
use std::io::{self, ErrorKind, Write};
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, NoContent, Response};
use connector_host::{FileEntry, NewStoredFile};
use futures_util::StreamExt;
use schemars::{JsonSchema, SchemaGenerator};
use serde::Deserialize;
use tokio::time::timeout;
use tower_http::services::ServeFile;

use super::openapi::{OCTETS, Operation, bytes};
use super::problem::Problem;
use super::range::Part;
use super::route::{Created, DELETE, Describe, GET, POST, Route};
use super::{App, Caller, Shared, blocking};

/// The media types that a browser may display. It downloads all others, because
/// an uploaded HTML page would have this origin.
const INLINE: &[&str] =
    &["image/png", "image/jpeg", "image/webp", "image/gif", "audio/", "video/", "text/plain"];

/// The maximum number of chunks, of at most 64 KiB each, to read from a refused
/// upload, and the maximum time.
const MAX_DISCARDED: usize = 128;
const LINGER: Duration = Duration::from_secs(2);

pub fn routes(max_file: u64) -> Vec<Route> {
    vec![
        Route::api("/files")
            .on(POST, "uploadFile", "Stores a file.", upload)
            .max_body(usize::try_from(max_file).unwrap_or(usize::MAX)),
        Route::api("/files/{id}")
            .on(GET, "fetchFile", "The content. Supports range requests.", fetch)
            .on(DELETE, "deleteFile", "Deletes a file.", remove),
    ]
}

/// The query of an upload.
#[derive(Deserialize, JsonSchema)]
struct Named {
    /// The file's name, with an extension that matches its type.
    #[serde(default)]
    name: String,
}

async fn upload(
    State(app): Shared,
    Extension(caller): Extension<Caller>,
    named: Result<Query<Named>, QueryRejection>,
    headers: HeaderMap,
    body: Body,
) -> Result<Created<FileEntry>, Problem> {
    let Query(Named { name }) = named.map_err(|_| {
        let detail = "the query must contain at most one `name`";
        Problem::new(StatusCode::BAD_REQUEST, detail)
    })?;
    let mut chunks = body.into_data_stream();
    let received = match (check_headers(&app, &headers), check_space(&app).await) {
        (Ok(mime_type), Ok(())) => {
            let files = caller.files(&app.files);
            receive(&app, files.create(&name, mime_type), &mut chunks).await
        }
        (Err(problem), _) | (_, Err(problem)) => Err(problem),
    };
    if received.is_err() {
        // If the connection closed with unread data, the caller might not get
        // the response.
        let rest = chunks.take(MAX_DISCARDED).for_each(|_| ready(()));
        let _ = timeout(LINGER, rest).await;
    }
    let file = received?;
    let stored = on_disk(move || NewStoredFile::keep(file)).await?;
    Ok(Created(stored.entry))
}

/// Returns the media type, or refuses an upload because of its headers.
fn check_headers<'a>(app: &App, headers: &'a HeaderMap) -> Result<&'a str, Problem> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mime_type = text(header::CONTENT_TYPE).split(';').next().unwrap_or_default().trim();
    if mime_type.eq_ignore_ascii_case("multipart/form-data") {
        let detail = "send the file itself as the body, not as form data";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
    }
    let length = text(header::CONTENT_LENGTH).parse::<u64>().unwrap_or_default();
    if length > app.config.max_file_size {
        return Err(too_large(app));
    }
    Ok(mime_type)
}

/// Refuses to store more once files and outcomes have reached their limit.
pub async fn check_space(app: &App) -> Result<(), Problem> {
    let files = app.files.clone();
    let size = on_disk(move || files.size()).await?;
    if size < app.config.max_storage {
        return Ok(());
    }
    let detail = format!(
        "files and outcomes already take up {} MiB; delete files, or wait until they expire",
        size >> 20
    );
    Err(Problem::new(StatusCode::INSUFFICIENT_STORAGE, detail))
}

/// Writes the body to a new file.
async fn receive(
    app: &App,
    file: io::Result<NewStoredFile>,
    chunks: &mut BodyDataStream,
) -> Result<NewStoredFile, Problem> {
    let mut file = file.map_err(unwritable)?;
    let mut size: u64 = 0;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| {
            Problem::new(StatusCode::BAD_REQUEST, format!("the upload was interrupted: {error}"))
        })?;
        size += chunk.len() as u64;
        if size > app.config.max_file_size {
            return Err(too_large(app));
        }
        file = on_disk(move || file.write_all(&chunk).map(|()| file)).await?;
    }
    if size == 0 {
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "the file is empty"));
    }
    Ok(file)
}

fn too_large(app: &App) -> Problem {
    let detail = format!("the file is larger than {} bytes", app.config.max_file_size);
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
}

async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Problem> {
    match blocking(work)?.await {
        Ok(done) => done.map_err(unwritable),
        Err(_) => Err(Problem::internal("cannot write the file")),
    }
}

fn unwritable(error: io::Error) -> Problem {
    tracing::error!(%error, "cannot write a file");
    if matches!(
        error.kind(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge
    ) {
        return Problem::no_space();
    }
    Problem::internal(format!("cannot write the file: {}", error.kind()))
}

async fn fetch(
    State(app): Shared,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    mut request: Request,
) -> Result<Content, Problem> {
    let file = caller.files(&app.files).find(&id).ok_or_else(|| no_file(&id))?;
    match Part::requested(request.method(), request.headers(), file.size) {
        Part::Whole => drop(request.headers_mut().remove(header::RANGE)),
        Part::Bytes(first, last) => {
            let range = HeaderValue::try_from(format!("bytes={first}-{last}"));
            let range = range.map_err(|_| Problem::internal("cannot set the range"))?;
            request.headers_mut().insert(header::RANGE, range);
        }
        Part::Outside => {
            let problem =
                Problem::new(StatusCode::RANGE_NOT_SATISFIABLE, "the range is outside the file");
            let size = [(header::CONTENT_RANGE, format!("bytes */{}", file.size))];
            return Ok(Content((size, problem).into_response()));
        }
    }
    // This opens the same file or none: ids are not reused, and nothing writes to
    // a stored file.
    let served = ServeFile::new(&file.path).try_call(request).await.map_err(unwritable)?;
    let mut response = served.map(Body::new).into_response();
    let headers = response.headers_mut();
    let mime_type = HeaderValue::from_str(&file.entry.mime_type);
    headers.insert(
        header::CONTENT_TYPE,
        mime_type.unwrap_or(HeaderValue::from_static("application/octet-stream")),
    );
    let is_inline = INLINE.iter().any(|kind| file.entry.mime_type.starts_with(kind));
    let disposition = if is_inline { "inline" } else { "attachment" };
    let name =
        percent_encoding::utf8_percent_encode(&file.entry.name, percent_encoding::NON_ALPHANUMERIC);
    // RFC 6266, with the name encoded as in RFC 8187.
    if let Ok(value) = HeaderValue::try_from(format!("{disposition}; filename*=UTF-8''{name}")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    Ok(Content(response))
}

/// The content of a file or part of it.
struct Content(Response);

impl IntoResponse for Content {
    fn into_response(self) -> Response {
        self.0
    }
}

impl Describe for Content {
    fn describe(operation: &mut Operation, _: &mut SchemaGenerator) {
        operation.returns(StatusCode::OK, OCTETS, bytes());
    }
}

async fn remove(
    State(app): Shared,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<NoContent, Problem> {
    if !caller.files(&app.files).remove(&id).map_err(unwritable)? {
        return Err(no_file(&id));
    }
    Ok(NoContent)
}

fn no_file(id: &str) -> Problem {
    Problem::not_found(format!("file `{}` not found", id.escape_debug()))
}
