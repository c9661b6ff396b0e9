//! Running actions.
//!
//! The response is the outcome, or a stream of events that ends with the
//! outcome. If the caller disconnects, the run stops, unless the request has an
//! `Idempotency-Key`. Then the run continues, its outcome is stored, and a
//! repeated request gets it instead of being charged again.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Extension, FromRequestParts, Json, Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::sse::{self, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use connector_host::{
    Action, Cancellation, Connector, Event, Failure, FailureKind, FileEntry, Limits, Outcome,
    render,
};
use futures_util::stream;
use schemars::{JsonSchema, SchemaGenerator};
use serde::Serialize;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use super::body::{FromBody, RawBody};
use super::connections::ConnectionChoice;
use super::descriptors;
use super::files::check_space;
use super::openapi::{self, JSON, Operation};
use super::problem::{PROBLEM, Problem, ProblemDetails};
use super::route::{Describe, POST, Route};
use super::{App, Caller, Shared, action, address, blocking, on_thread};
use crate::members::Members;
use connector_store::Begun;

/// The media type of events.
const EVENTS: &str = "text/event-stream";
/// How many events are buffered for a slow reader before the run waits for it.
const MAX_BUFFERED: usize = 32;
const IDEMPOTENCY_KEY: &str = "Idempotency-Key";
/// The maximum length of a key.
const MAX_KEY: usize = 255;
/// The interval at which another request with the same key checks on a run.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

pub fn routes() -> Vec<Route> {
    let path = "/components/{name}/{version}/actions/{action}/run";
    vec![Route::api(path).on(POST, "", "Runs the action.", run).expand(with_tables)]
}

/// Adds the input and output schemas of its action to an operation.
fn with_tables(mut operation: Operation, action: Option<&Action>) -> Vec<Operation> {
    if let Some(action) = action {
        operation.summary.clone_from(&action.title);
        operation.description = Some(action.description.clone());
        let output = match action.output.shapes() {
            [] => openapi::output(),
            shapes => render::openapi_output(shapes),
        };
        operation.returns(StatusCode::OK, JSON, openapi::outcome(output));
        if let Some(body) = operation.body_mut() {
            body.insert("required".to_owned(), json!(["input"]));
            if let Some(properties) = body.get_mut("properties").and_then(Value::as_object_mut) {
                let input = render::openapi_input(&action.properties);
                properties.insert("input".to_owned(), input);
            }
        }
    }
    vec![operation]
}

/// The request for a run.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, inline)]
pub struct RunRequest {
    /// The action's input.
    #[schemars(default)]
    input: Map<String, Value>,
    /// The connection.
    #[schemars(default)]
    connection: ConnectionChoice,
}

impl FromBody for RunRequest {
    const MEMBERS: &'static [&'static str] = &["input", "connection"];

    fn take(members: &mut Members) -> Result<Self, String> {
        Ok(Self { input: members.object("input")?, connection: ConnectionChoice::take(members)? })
    }
}

/// A run that has not started.
struct Job {
    connector: Connector,
    action: String,
    input: Map<String, Value>,
    connection: ConnectionChoice,
    trace_parent: Option<String>,
    caller: Caller,
}

async fn run(
    State(app): Shared,
    Extension(caller): Extension<Caller>,
    Path((name, version, of)): Path<(String, String, String)>,
    key: Result<IdempotencyKey, Problem>,
    headers: HeaderMap,
    body: RawBody<RunRequest>,
) -> Result<Answer, Problem> {
    let connector = app.connector(&name, &version)?.clone();
    action(&connector, &of)?;
    let IdempotencyKey(key) = key?;
    let request = Sha256::new()
        .chain_update(address(&connector))
        .chain_update([0])
        .chain_update(&of)
        .chain_update([0])
        .chain_update(&body.bytes);
    let RunRequest { input, connection } = body.parse()?;
    let trace_parent = trace_parent(&headers);
    let key = key.map(|key| caller.scoped_key(&key));
    let job = Job { connector, action: of, input, connection, trace_parent, caller };
    let streams = wants_events(&headers);
    match key {
        None if streams => Ok(Answer(events(app, job))),
        None => Ok(Answer(Json(start(&app, job, None).await?).into_response())),
        Some(key) => {
            // A separate task, which continues if the caller disconnects.
            let kept = tokio::spawn(keyed(app, job, key, request.finalize().into())).await;
            let kept = kept.unwrap_or_else(|_| Err(Problem::internal("the run failed")))?;
            Ok(Answer(kept.into_response(streams)))
        }
    }
}

/// An outcome, or events if the caller requests them.
struct Answer(Response);

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        self.0
    }
}

impl Describe for Answer {
    fn describe(operation: &mut Operation, types: &mut SchemaGenerator) {
        Json::<Outcome>::describe(operation, types);
        let event = types.subschema_for::<RunEvent<'_>>().to_value();
        operation.returns(StatusCode::OK, EVENTS, event);
    }
}

/// Returns the caller's trace context, if valid.
fn trace_parent(headers: &HeaderMap) -> Option<String> {
    let text = headers.get("traceparent")?.to_str().ok()?;
    is_trace_parent(text).then(|| text.to_owned())
}

/// Whether a string is a `traceparent` (W3C Trace Context, version 00).
pub fn is_trace_parent(text: &str) -> bool {
    let is_hex = |part: &str, digits: usize| {
        part.len() == digits && part.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    match text.split('-').collect::<Vec<_>>()[..] {
        ["00", trace, parent, flags] => is_hex(trace, 32) && is_hex(parent, 16) && is_hex(flags, 2),
        _ => false,
    }
}

/// Whether the caller requests events.
fn wants_events(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|range| {
        let kind = range.split(';').next().unwrap_or_default();
        kind.trim().eq_ignore_ascii_case(EVENTS)
    })
}

/// The key under which repeated requests share a run.
struct IdempotencyKey(Option<String>);

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut keys = parts.headers.get_all(IDEMPOTENCY_KEY).iter();
        let Some(key) = keys.next() else { return Ok(Self(None)) };
        let is_key = |key: &&str| {
            (1..=MAX_KEY).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
        };
        match (key.to_str().ok().filter(is_key), keys.next()) {
            (Some(key), None) => Ok(Self(Some(key.to_owned()))),
            _ => {
                let detail = format!(
                    "expected one Idempotency-Key of 1 to {MAX_KEY} visible ASCII characters"
                );
                Err(Problem::new(StatusCode::BAD_REQUEST, detail))
            }
        }
    }
}

impl Describe for IdempotencyKey {
    fn describe(operation: &mut Operation, _: &mut SchemaGenerator) {
        operation.takes_header(
            IDEMPOTENCY_KEY,
            json!({ "type": "string", "minLength": 1, "maxLength": MAX_KEY }),
            "Repeating a request with the same key and body returns the first outcome, without \
             a second charge.",
        );
    }
}

/// Waits in the queue, runs the action and returns its outcome. Dropping the
/// future stops the run.
async fn start(
    app: &Arc<App>,
    job: Job,
    events: Option<mpsc::Sender<sse::Event>>,
) -> Result<Outcome, Problem> {
    let started = Instant::now();
    let slot = app.gate.enter().await?;
    app.metrics.waited(started.elapsed());
    let cancellation = Cancellation::new();
    let stop = cancellation.clone().cancel_on_drop();
    let label = format!("{}/{}", address(&job.connector), job.action);
    let thread_app = Arc::clone(app);
    let ended = blocking(move || {
        // A cancelled run keeps its slot until it has stopped.
        let _slot = slot;
        perform(&thread_app, job, events, &cancellation)
    })?
    .await;
    drop(stop);
    let ended = ended.unwrap_or_else(|_| {
        // The run panicked, possibly after a request that the user pays for.
        let failure = Failure::new(FailureKind::Internal, "the run failed");
        Err(Failure { request_sent: true, ..failure }.into())
    });
    app.metrics.ended(&label, ended.as_ref().ok(), started.elapsed());
    ended
}

/// Runs the action. Blocks its thread.
fn perform(
    app: &App,
    job: Job,
    events: Option<mpsc::Sender<sse::Event>>,
    cancellation: &Cancellation,
) -> Result<Outcome, Problem> {
    let Job { connector, action, input, connection, trace_parent, caller } = job;
    let connection = app.connections.resolve(&app.store, &connector, connection, &caller)?;
    let files = caller.files(&app.files).files();
    let functions = app.config.functions.clone().with_actions(&connector, &connection, &files);
    let mut run = connector
        .run(action, Value::Object(input))
        .connection(&connection)
        .files(&files)
        .functions(&functions)
        .limits(Limits {
            time: app.config.run_time,
            open: descriptors::per_run(app.config.runs),
            ..Limits::default()
        })
        .cancellation(cancellation);
    if let Some(trace_parent) = trace_parent {
        run = run.trace_parent(trace_parent);
    }
    if let Some(events) = events {
        run = run.streaming(true).on_event(move |event| {
            // Fails if the caller has disconnected, which also cancels the run.
            let _ = events.blocking_send(sse_event(event));
        });
    }
    Ok(run.start()?)
}

/// The state of a stream of events.
enum Stage {
    /// The run is in progress. The future returns its result.
    Running(mpsc::Receiver<sse::Event>, std::pin::Pin<Box<dyn Future<Output = Ended> + Send>>),
    /// The run has ended, but not all of its events have been sent.
    Draining(mpsc::Receiver<sse::Event>, Ended),
    Over,
}

type Ended = Result<Outcome, Problem>;

/// Responds with events as they happen.
fn events(app: Arc<App>, job: Job) -> Response {
    let (sender, receiver) = mpsc::channel(MAX_BUFFERED);
    let ended = Box::pin(async move { start(&app, job, Some(sender)).await });
    let events = stream::unfold(Stage::Running(receiver, ended), |stage| async move {
        match stage {
            Stage::Running(mut receiver, mut ended) => tokio::select! {
                biased;
                Some(event) = receiver.recv() => {
                    Some((event, Stage::Running(receiver, ended)))
                }
                ended = &mut ended => next(receiver, ended),
            },
            Stage::Draining(receiver, ended) => next(receiver, ended),
            Stage::Over => None,
        }
    });
    streamed(events)
}

/// Returns the next event of a run that has ended.
fn next(mut receiver: mpsc::Receiver<sse::Event>, ended: Ended) -> Option<(sse::Event, Stage)> {
    match receiver.try_recv() {
        Ok(event) => Some((event, Stage::Draining(receiver, ended))),
        Err(_) => Some((last(&ended), Stage::Over)),
    }
}

fn streamed(events: impl stream::Stream<Item = sse::Event> + Send + 'static) -> Response {
    use futures_util::StreamExt;
    let mut response =
        Sse::new(events.map(Ok::<_, Infallible>)).keep_alive(KeepAlive::default()).into_response();
    // Otherwise some proxies would buffer the events.
    let unbuffered = axum::http::HeaderValue::from_static("no");
    response.headers_mut().insert("x-accel-buffering", unbuffered);
    response
}

/// A server-sent event of a run, with its name and data. The last event is
/// `result` or `failure`.
#[derive(Serialize, JsonSchema)]
#[serde(tag = "event", content = "data", rename_all = "lowercase")]
enum RunEvent<'a> {
    /// The next piece of text of an answer.
    Delta(DeltaData),
    /// The next piece of text of the reasoning before an answer.
    Reasoning(DeltaData),
    /// What the run is waiting for.
    Status(StatusData),
    /// Members of the outcome's metadata that are known before the run ends.
    Metadata(MetadataData),
    /// The progress of a task.
    Progress(ProgressData),
    /// A request failed and will be retried after a pause.
    Attempt(AttemptData),
    /// A file that is available before the run ends.
    File(FileData),
    /// A function is about to be called.
    Call(CallData),
    /// A function was called.
    Called(CalledData),
    /// The run has succeeded.
    Result(&'a Outcome),
    /// The run has failed.
    Failure(ProblemDetails<'a>),
}

#[derive(Serialize, JsonSchema)]
struct DeltaData {
    /// The index of the answer, from 0, if there are several.
    choice: u32,
    text: String,
}

#[derive(Serialize, JsonSchema)]
struct StatusData {
    /// A text for people, such as `queued`.
    text: String,
}

#[derive(Serialize, JsonSchema)]
struct MetadataData {
    /// An object.
    metadata: Value,
}

#[derive(Serialize, JsonSchema)]
struct ProgressData {
    /// The unit of the numbers, such as `bytes`.
    unit: String,
    done: u64,
    /// The total, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u64>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct AttemptData {
    /// The number of attempts so far.
    attempt: u32,
    pause_ms: u64,
    reason: String,
}

#[derive(Serialize, JsonSchema)]
struct FileData {
    file: FileEntry,
}

#[derive(Serialize, JsonSchema)]
struct CallData {
    id: String,
    name: String,
    arguments: Value,
}

#[derive(Serialize, JsonSchema)]
struct CalledData {
    id: String,
    name: String,
    /// The result of the call.
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<Value>,
    /// The message of its error.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl RunEvent<'_> {
    /// Returns `None` for an event that this service does not support yet.
    fn of(event: Event) -> Option<Self> {
        Some(match event {
            Event::TextDelta { choice, text } => Self::Delta(DeltaData { choice, text }),
            Event::ReasoningDelta { choice, text } => Self::Reasoning(DeltaData { choice, text }),
            Event::Status { text } => Self::Status(StatusData { text }),
            Event::Metadata { metadata } => Self::Metadata(MetadataData { metadata }),
            Event::Progress { unit, done, total } => {
                Self::Progress(ProgressData { unit, done, total })
            }
            Event::Retry { attempt, pause_ms, reason } => {
                Self::Attempt(AttemptData { attempt, pause_ms, reason })
            }
            Event::File { file } => Self::File(FileData { file }),
            Event::FunctionCall { id, name, arguments } => {
                Self::Call(CallData { id, name, arguments })
            }
            Event::FunctionResult { id, name, result } => {
                let (result, error) = match result {
                    Ok(result) => (Some(result), None),
                    Err(error) => (None, Some(error)),
                };
                Self::Called(CalledData { id, name, result, error })
            }
            _ => return None,
        })
    }

    fn to_sse(&self) -> sse::Event {
        let event = json!(self);
        let name = event.get("event").and_then(Value::as_str).unwrap_or_default();
        let data = event.get("data").map(Value::to_string).unwrap_or_default();
        sse::Event::default().event(name).data(data)
    }
}

fn sse_event(event: Event) -> sse::Event {
    // A comment, because skipping it would end the stream.
    let unknown = || sse::Event::default().comment("an event");
    RunEvent::of(event).map_or_else(unknown, |event| event.to_sse())
}

fn last(ended: &Ended) -> sse::Event {
    match ended {
        Ok(outcome) => RunEvent::Result(outcome).to_sse(),
        Err(problem) => RunEvent::Failure(problem.body()).to_sse(),
    }
}

/// The stored result of a run with a key.
struct StoredResult {
    status: StatusCode,
    body: Value,
}

impl StoredResult {
    fn of(ended: Ended) -> Self {
        match ended {
            Ok(outcome) => Self { status: StatusCode::OK, body: json!(outcome) },
            Err(problem) => Self { status: problem.status(), body: problem.json() },
        }
    }

    fn text(&self) -> String {
        json!({ "status": self.status.as_u16(), "body": self.body }).to_string()
    }

    fn parse(text: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(text).ok()?;
        let status = u16::try_from(value.get("status")?.as_u64()?).ok()?;
        let status = StatusCode::from_u16(status).ok()?;
        Some(Self { status, body: value.get("body")?.clone() })
    }

    fn into_response(self, streams: bool) -> Response {
        if streams {
            let name = if self.status.is_success() { "result" } else { "failure" };
            let event = sse::Event::default().event(name).data(self.body.to_string());
            return streamed(stream::iter([event]));
        }
        let kind = if self.status.is_success() { JSON } else { PROBLEM };
        (self.status, [(header::CONTENT_TYPE, kind)], self.body.to_string()).into_response()
    }
}

/// Runs the action once, regardless of how many requests have the key.
async fn keyed(
    app: Arc<App>,
    job: Job,
    key: String,
    request: [u8; 32],
) -> Result<StoredResult, Problem> {
    let conflict = |detail: &str| Problem::new(StatusCode::CONFLICT, detail);
    let deadline = Instant::now() + app.config.run_time;
    loop {
        let (store, asked) = (Arc::clone(&app.store), key.clone());
        match on_thread(move || Ok(store.begin_run(&asked, &request)?)).await? {
            Begun::New => break,
            Begun::OtherRequest => {
                return Err(conflict("the Idempotency-Key was used for a different request"));
            }
            Begun::Interrupted => {
                return Err(conflict(
                    "the service stopped during the run with this Idempotency-Key; the outcome \
                     is unknown, and you may have been charged",
                ));
            }
            Begun::Finished(text) => {
                return StoredResult::parse(&text)
                    .ok_or_else(|| Problem::internal("the outcome is lost"));
            }
            Begun::Running if Instant::now() > deadline => {
                return Err(conflict("the run with this Idempotency-Key is still in progress"));
            }
            Begun::Running => tokio::time::sleep(POLL_INTERVAL).await,
        }
    }
    let ended = match check_space(&app).await {
        Ok(()) => start(&app, job, None).await,
        Err(full) => Err(full),
    };
    let was_sent = ended.as_ref().map_or_else(Problem::was_sent, |_| true);
    let kept = StoredResult::of(ended);
    let text = kept.text();
    let stored = on_thread(move || {
        let stored = if was_sent {
            app.files.add_others(text.len() as u64);
            app.store.finish_run(&key, &text)
        } else {
            // Nothing was sent, so the key can be used again.
            app.store.forget_run(&key)
        };
        stored.map_err(Problem::from)
    });
    // The caller gets the outcome even if it cannot be stored. In that case the
    // key stays taken, so that the action does not run again.
    if let Err(problem) = stored.await {
        tracing::error!(problem = problem.detail(), "cannot store the outcome of a run");
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_must_be_requested_explicitly() {
        let wants = |accept: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.parse().unwrap());
            wants_events(&headers)
        };
        assert!(wants("text/event-stream"));
        assert!(wants("application/json;q=0.5, Text/Event-Stream;q=1"));
        assert!(!wants("*/*"));
        assert!(!wants("application/json"));
        assert!(!wants_events(&HeaderMap::new()));
    }

    #[test]
    fn a_stored_result_is_read_back_unchanged() {
        let failure = Failure { request_sent: true, ..Failure::new(FailureKind::Network, "no") };
        let kept = StoredResult::of(Err(failure.into()));
        let read = StoredResult::parse(&kept.text()).unwrap();
        assert_eq!((read.status, read.body), (StatusCode::BAD_GATEWAY, kept.body));
    }
}
