//! `connector serve`: the host over HTTP, for engines that are not written in
//! Rust, and a web page with the forms.
//!
//! Requests are handled asynchronously. Each run has its own thread, behind a
//! bounded queue (`gate`). `access` decides which callers are served, `route`
//! connects handlers with their OpenAPI descriptions, and `problem` is the format
//! of errors.

mod access;
mod body;
mod components;
mod connections;
mod descriptors;
mod files;
mod gate;
mod idle;
pub mod listen;
mod members;
mod metrics;
mod openapi;
mod page;
mod problem;
mod queries;
mod range;
mod route;
mod runs;
mod slow_body;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{Request, StatusCode};
use axum::response::{Json, Response};
use connector_host::{Action, Connector, FileStore, Functions};
use schemars::JsonSchema;
use serde::Serialize;
use tokio::task::JoinHandle;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::trace::TraceLayer;

pub use access::{Access, ApiKeyError, ApiKeys, Caller, guard};
pub use connections::{ConnectionCache, ConnectionChoice};
pub use listen::{Listen, Shutdown, shutdown_signal};
pub use members::Members;
pub use problem::Problem;
pub use runs::is_trace_parent;
pub use slow_body::reject_slow_body;

use connector_store::Store;
use gate::Gate;
use metrics::Metrics;
use route::{GET, Route};

/// The root of the API.
const API: &str = "/api/v1";
/// The maximum size of a JSON body. File uploads have their own limit.
const MAX_BODY: usize = 8 << 20;
/// How many form queries run at the same time, and how many wait. They do not
/// count as runs.
const MAX_QUERIES: usize = 16;
const MAX_WAITING_QUERIES: usize = 64;
/// How many documents are rendered at the same time, and how many wait. Each may
/// take a few megabytes and a fraction of a second.
const MAX_RENDERINGS: usize = 4;
const MAX_WAITING_RENDERINGS: usize = 256;
/// The interval for removing expired files and outcomes.
const SWEEP_INTERVAL: Duration = Duration::from_secs(600);

/// The configuration of the service.
pub struct Config {
    /// The address to listen on.
    pub listen: Listen,
    /// The keys of callers, if they need one.
    pub api_keys: Option<ApiKeys>,
    /// The folder for files.
    pub files_dir: PathBuf,
    /// How long files and outcomes are kept.
    pub keep: Duration,
    /// The maximum size of an uploaded file in bytes.
    pub max_file_size: u64,
    /// The maximum total size of files and outcomes in bytes. Once it is reached,
    /// no more are stored.
    pub max_storage: u64,
    /// The maximum number of simultaneous runs.
    pub runs: usize,
    /// The maximum number of waiting runs.
    pub queue: usize,
    /// The maximum duration of a run.
    pub run_time: Duration,
    /// How the service stops.
    pub shutdown: Shutdown,
    /// The functions that a model may call in addition to actions.
    pub functions: Functions,
}

/// Why the service cannot run.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// It would be open to everyone.
    #[error("{0} can be reached from other machines; set --api-key-file")]
    Open(Listen),
    /// It cannot listen on the address.
    #[error("cannot listen on {listen}: {error}")]
    Listen {
        /// The address.
        listen: Listen,
        /// The reason.
        error: std::io::Error,
    },
    /// The operating system lacks resources.
    #[error("cannot start: {0}")]
    Start(std::io::Error),
}

/// The state shared by all requests.
struct App {
    /// By address, such as `openai/v1`.
    connectors: BTreeMap<String, Connector>,
    store: Arc<Store>,
    files: FileStore,
    connections: ConnectionCache,
    gate: Gate,
    /// Limits form queries. Each blocks a thread until the provider responds,
    /// and must leave threads for runs, files and the store.
    queries: Gate,
    /// Limits the rendering of documents.
    renderings: Gate,
    metrics: Metrics,
    access: Arc<Access>,
    config: Config,
}

type Shared = State<Arc<App>>;

impl App {
    /// Returns a connector by name and version, such as `openai` and `v1`.
    fn connector(&self, name: &str, version: &str) -> Result<&Connector, Problem> {
        self.connectors.get(&format!("{name}/{version}")).ok_or_else(|| {
            let known: Vec<&str> = self.connectors.keys().map(String::as_str).collect();
            Problem::not_found(format!(
                "unknown connector `{name}/{version}`; available: {}",
                known.join(", ")
            ))
        })
    }
}

/// Returns an action of a connector.
fn action<'a>(connector: &'a Connector, name: &str) -> Result<&'a Action, Problem> {
    let descriptor = connector.descriptor();
    descriptor.action(name).ok_or_else(|| {
        let known: Vec<&str> = descriptor.actions.iter().map(|a| a.name.as_str()).collect();
        Problem::not_found(format!("unknown action `{name}`; available: {}", known.join(", ")))
    })
}

/// Serves until a signal stops it.
///
/// # Errors
/// See [`ServiceError`].
pub fn serve(connectors: Vec<Connector>, store: Store, config: Config) -> Result<(), ServiceError> {
    if config.api_keys.is_none() && !config.listen.is_local() {
        return Err(ServiceError::Open(config.listen));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        // One thread for each run, and some for files and the store.
        .max_blocking_threads(config.runs + 64)
        .build()
        .map_err(ServiceError::Start)?;
    runtime.block_on(async {
        let app = Arc::new(App {
            connectors: connectors
                .into_iter()
                .map(|connector| (address(&connector), connector))
                .collect(),
            store: Arc::new(store),
            files: FileStore::new(&config.files_dir, format!("{API}/files/"))
                .limited(config.max_storage),
            connections: ConnectionCache::default(),
            gate: Gate::new(config.runs, config.queue),
            queries: Gate::new(MAX_QUERIES, MAX_WAITING_QUERIES),
            renderings: Gate::new(MAX_RENDERINGS, MAX_WAITING_RENDERINGS),
            metrics: Metrics::new(),
            access: Arc::new(Access::new(config.api_keys.clone(), &config.listen)),
            config,
        });
        tokio::spawn(sweep(Arc::clone(&app)));
        let Config { listen, shutdown, .. } = &app.config;
        // Threads of runs that are still active afterwards end with the process.
        listen::serve(listen, *shutdown, router(Arc::clone(&app)), || {}).await
    })
}

fn address(connector: &Connector) -> String {
    connector.descriptor().own_address()
}

/// Runs work that blocks on the store or a provider on a blocking thread.
async fn on_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let failed = |_| Problem::internal("the service failed to handle this request");
    blocking(work)?.await.map_err(failed)?
}

/// Renders a document on a blocking thread, because rendering takes long enough
/// to delay other requests.
async fn rendered<T: Send + 'static>(
    app: Arc<App>,
    render: impl FnOnce(&App) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let slot = app.renderings.enter().await?;
    let rendered = on_thread(move || {
        let _slot = slot;
        render(&app)
    });
    rendered.await
}

/// Starts work on a blocking thread.
///
/// # Errors
/// 503 if no thread can be created, in which case tokio panics.
pub fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, Problem> {
    let begin = AssertUnwindSafe(|| tokio::task::spawn_blocking(work));
    catch_unwind(begin).map_err(|_| Problem::busy("cannot create a thread"))
}

/// Returns all routes except those of the page, which is not part of the API.
fn routes(max_file: u64) -> Vec<Route> {
    let routes = [
        components::routes(),
        queries::routes(),
        runs::routes(),
        connections::routes(),
        files::routes(max_file),
        health(),
        metrics::routes(),
        openapi::routes(),
    ];
    routes.into_iter().flatten().collect()
}

fn health() -> Vec<Route> {
    vec![
        Route::root("/health/live").on(GET, "live", "Whether the service is running.", alive),
        Route::root("/health/ready").on(GET, "ready", "Whether it can accept a run.", ready),
    ]
}

fn router(app: Arc<App>) -> Router {
    let routes = routes(app.config.max_file_size).into_iter();
    routes
        .fold(Router::new(), |router, route| route.add_to(router))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .merge(page::routes())
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&app.access), guard))
        .layer(axum::middleware::map_request(reject_slow_body))
        .layer(axum::middleware::map_response(problem::typed))
        .layer(CatchPanicLayer::custom(|_| {
            use axum::response::IntoResponse;
            Problem::internal("the service failed to handle this request").into_response()
        }))
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(TraceLayer::new_for_http().on_response(log_response).make_span_with(
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

/// Logs a line for each response. The span adds the method, path and ids.
fn log_response(response: &Response, took: Duration, _: &tracing::Span) {
    let status = response.status().as_u16();
    tracing::info!(status, milliseconds = took.as_millis(), "response sent");
}

async fn unknown() -> Problem {
    Problem::not_found("unknown path; see /openapi.json")
}

async fn wrong_method() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "this path does not support this method")
}

#[derive(Serialize, JsonSchema)]
struct Health {
    /// Always `ok`.
    status: &'static str,
}

async fn alive() -> Json<Health> {
    Json(Health { status: "ok" })
}

async fn ready(State(app): Shared) -> Result<Json<Health>, Problem> {
    if app.gate.is_full() {
        return Err(Problem::too_many());
    }
    Ok(Json(Health { status: "ok" }))
}

/// Regularly removes expired files and outcomes.
async fn sweep(app: Arc<App>) {
    loop {
        let app = Arc::clone(&app);
        let swept = tokio::task::spawn_blocking(move || {
            let keep = app.config.keep;
            if let Err(error) = app.files.expire(keep) {
                tracing::warn!(%error, "cannot remove expired files");
            }
            if let Err(error) = app.store.expire_runs(keep) {
                tracing::warn!(%error, "cannot remove expired outcomes");
            }
            match app.store.size_of_outcomes() {
                Ok(size) => app.files.set_others(size),
                Err(error) => tracing::warn!(%error, "cannot determine the size of outcomes"),
            }
        });
        // Errors were logged above.
        let _ = swept.await;
        tokio::time::sleep(SWEEP_INTERVAL).await;
    }
}
