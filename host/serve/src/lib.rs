//! `connector serve`: the host over HTTP, for engines that are not written in
//! Rust, and the page on which a person fills the forms.
//!
//! Requests are taken asynchronously; a run has a thread of its own, behind a
//! bounded queue ([`gate`]). [`access`] decides who is served, [`problem`] what
//! a failure looks like.

mod access;
mod asks;
mod body;
mod components;
mod connections;
mod descriptors;
mod files;
mod gate;
pub mod listen;
mod members;
mod metrics;
mod openapi;
mod pace;
mod page;
mod problem;
mod range;
mod runs;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{Request, StatusCode};
use axum::response::{Json, Response};
use axum::routing::get;
use connector_host::{Action, Connector, FileStore, Functions};
use serde_json::json;
use tokio::task::JoinHandle;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::trace::TraceLayer;

pub use access::{Access, ApiKeyError, ApiKeys, Caller, guard};
pub use connections::{Chosen, Made};
pub use listen::{End, Listen, told_to_stop};
pub use members::Members;
pub use pace::paced;
pub use problem::Problem;
pub use runs::is_trace_parent;

use connector_store::Store;
use gate::Gate;
use metrics::Metrics;
use openapi::{Operation, Route};

/// Below this the API stands.
const API: &str = "/api/v1";
/// The largest JSON body. Files have a route of their own.
const LARGEST_BODY: usize = 8 << 20;
/// What forms ask at the same time, and what waits behind it. The host has room
/// for as many besides the runs.
const QUESTIONS: usize = 16;
const WAITING_QUESTIONS: usize = 64;
/// How often what is too old is removed.
const SWEEP: Duration = Duration::from_secs(600);

/// How the service is set up.
pub struct Settings {
    /// Where it listens.
    pub listen: Listen,
    /// What callers must send, if anything.
    pub api_keys: Option<ApiKeys>,
    /// Where files are kept.
    pub files_dir: PathBuf,
    /// How long files and outcomes are kept.
    pub keep: Duration,
    /// The largest file that is uploaded, in bytes.
    pub largest_file: u64,
    /// What all files may take together before no further one is uploaded, in
    /// bytes.
    pub all_files: u64,
    /// The most runs at the same time.
    pub runs: usize,
    /// The most that wait for one to end.
    pub queue: usize,
    /// How long a run may take.
    pub run_time: Duration,
    /// When it ends.
    pub end: End,
    /// The functions that a model may call besides actions.
    pub functions: Functions,
}

/// Why the service does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// It would be open to everybody.
    #[error("{0} can be reached from other machines, and there is no --api-key-file")]
    Open(Listen),
    /// It cannot listen there.
    #[error("cannot listen on {listen}: {error}")]
    Listen {
        /// Where.
        listen: Listen,
        /// Why.
        error: std::io::Error,
    },
    /// The machine does not give it what it needs.
    #[error("cannot start: {0}")]
    Start(std::io::Error),
}

/// What all requests share.
struct App {
    /// By address, such as `openai/v1`.
    connectors: BTreeMap<String, Connector>,
    store: Arc<Store>,
    files: FileStore,
    made: Made,
    gate: Gate,
    /// In front of what forms ask, each on a thread for as long as a provider
    /// takes: however many there are, runs, files and the store have theirs.
    questions: Gate,
    metrics: Metrics,
    access: Arc<Access>,
    settings: Settings,
}

type Shared = State<Arc<App>>;

impl App {
    /// The connector at an address such as `openai` and `v1`.
    fn connector(&self, name: &str, version: &str) -> Result<&Connector, Problem> {
        self.connectors.get(&format!("{name}/{version}")).ok_or_else(|| {
            let known: Vec<&str> = self.connectors.keys().map(String::as_str).collect();
            Problem::not_found(format!(
                "there is no connector `{name}/{version}`; there are: {}",
                known.join(", ")
            ))
        })
    }
}

/// An action of a connector.
fn action<'a>(connector: &'a Connector, name: &str) -> Result<&'a Action, Problem> {
    let descriptor = connector.descriptor();
    descriptor.action(name).ok_or_else(|| {
        let known: Vec<&str> = descriptor.actions.iter().map(|a| a.name.as_str()).collect();
        Problem::not_found(format!("there is no action `{name}`; there are: {}", known.join(", ")))
    })
}

/// Serves until the process is told to stop.
///
/// # Errors
/// See [`ServiceError`].
pub fn serve(
    connectors: Vec<Connector>,
    store: Store,
    settings: Settings,
) -> Result<(), ServiceError> {
    if settings.api_keys.is_none() && !settings.listen.is_local() {
        return Err(ServiceError::Open(settings.listen));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        // A run has a thread; a file is read and written on one.
        .max_blocking_threads(settings.runs + 64)
        .build()
        .map_err(ServiceError::Start)?;
    runtime.block_on(async {
        let app = Arc::new(App {
            connectors: connectors
                .into_iter()
                .map(|connector| (address(&connector), connector))
                .collect(),
            store: Arc::new(store),
            files: FileStore::new(&settings.files_dir, format!("{API}/files/")),
            made: Made::default(),
            gate: Gate::new(settings.runs, settings.queue),
            questions: Gate::new(QUESTIONS, WAITING_QUESTIONS),
            metrics: Metrics::new(),
            access: Arc::new(Access::new(settings.api_keys.clone(), &settings.listen)),
            settings,
        });
        tokio::spawn(sweep(Arc::clone(&app)));
        let Settings { listen, end, .. } = &app.settings;
        // What still runs then has had its time; its threads end with the process.
        listen::serve(listen, *end, router(Arc::clone(&app)), || {}).await
    })
}

fn address(connector: &Connector) -> String {
    connector.descriptor().own_address()
}

/// Does what blocks, as the store and providers do, where it may.
async fn on_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let failed = |_| Problem::internal("the service failed at this request");
    blocking(work)?.await.map_err(failed)?
}

/// Begins what blocks on a thread of its own.
///
/// # Errors
/// 503 if the machine has no thread for it: tokio panics then.
pub fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, Problem> {
    let begin = AssertUnwindSafe(|| tokio::task::spawn_blocking(work));
    catch_unwind(begin).map_err(|_| Problem::busy("the machine has no thread for it"))
}

/// All paths but those of the page, which programs do not ask for.
fn routes(largest_file: u64) -> Vec<Route> {
    let routes = [
        components::routes(),
        asks::routes(),
        runs::routes(),
        connections::routes(),
        files::routes(largest_file),
        health(),
        metrics::routes(),
        openapi::routes(),
    ];
    routes.into_iter().flatten().collect()
}

fn health() -> Vec<Route> {
    vec![
        Route::root("/health/live", get(alive), |document, path| {
            let operation = Operation::new("live", "It lives.").gives_json(health_status());
            document.add(path, "get", operation);
        }),
        Route::root("/health/ready", get(ready), |document, path| {
            let operation = Operation::new("ready", "It takes runs.").gives_json(health_status());
            document.add(path, "get", operation);
        }),
    ]
}

fn health_status() -> serde_json::Value {
    json!({ "type": "object", "properties": { "status": openapi::text() } })
}

fn router(app: Arc<App>) -> Router {
    let routes = routes(app.settings.largest_file).into_iter();
    routes
        .fold(Router::new(), |router, Route { path, serve, .. }| router.route(&path, serve))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .merge(page::routes())
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&app.access), guard))
        .layer(axum::middleware::map_request(paced))
        .layer(axum::middleware::map_response(problem::typed))
        .layer(CatchPanicLayer::custom(|_| {
            use axum::response::IntoResponse;
            Problem::internal("the service failed at this request").into_response()
        }))
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(TraceLayer::new_for_http().on_response(answered).make_span_with(
            |request: &Request<_>| {
                let header = |name: &str| {
                    request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
                };
                tracing::info_span!(
                    "request",
                    method = %request.method(),
                    path = request.uri().path(),
                    id = header("x-request-id"),
                    traceparent = header("traceparent"),
                )
            },
        ))
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
        .with_state(app)
}

/// One line for each request, with the span's method, path and ids.
fn answered(response: &Response, took: Duration, _: &tracing::Span) {
    let status = response.status().as_u16();
    tracing::info!(status, milliseconds = took.as_millis(), "answered");
}

async fn unknown() -> Problem {
    Problem::not_found("there is nothing at this path; /openapi.json lists what there is")
}

async fn wrong_method() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "this path takes other methods")
}

async fn alive() -> Json<serde_json::Value> {
    Json(json!({ "status": "ok" }))
}

async fn ready(State(app): Shared) -> Result<Json<serde_json::Value>, Problem> {
    match app.gate.is_full() {
        true => Err(Problem::too_many()),
        false => Ok(Json(json!({ "status": "ok" }))),
    }
}

/// Removes what is too old, again and again.
async fn sweep(app: Arc<App>) {
    loop {
        let app = Arc::clone(&app);
        let swept = tokio::task::spawn_blocking(move || {
            let keep = app.settings.keep;
            if let Err(error) = app.files.expire(keep) {
                tracing::warn!(%error, "old files cannot be removed");
            }
            if let Err(error) = app.store.expire_runs(keep) {
                tracing::warn!(%error, "old outcomes cannot be removed");
            }
        });
        // It has said itself what went wrong.
        let _ = swept.await;
        tokio::time::sleep(SWEEP).await;
    }
}
