//! `connector mcp`: actions as Model Context Protocol tools, for language models
//! and the programs that use them.
//!
//! | connector | MCP |
//! |---|---|
//! | action | tool with its JSON Schema (`tools`) |
//! | outcome or failure | tool result, with `isError` for failures (`results`) |
//! | files that runs create, reference pages | resources (`files`, `server`) |
//! | events | progress notifications (`progress`) |
//!
//! The `rmcp` crate implements the protocol, over standard input and output or
//! over streamable HTTP at `/mcp`. Over HTTP, the access control of
//! `connector-serve` applies.

mod files;
mod http;
mod lines;
mod message;
mod progress;
mod results;
mod server;
mod sessions;
mod tools;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state, map_request};
use connector_host::{Connection, Connector, FileStore, Files, Functions};
use rmcp::ServiceExt;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};

use connector_serve::{
    Access, ApiKeys, Listen, ServiceError, Shutdown, guard, listen, reject_slow_body,
};
pub use files::{InputDir, PREFIX};
use lines::Lines;
use server::Server;
use sessions::Sessions;

/// The path of streamable HTTP.
const PATH: &str = "/mcp";
/// The maximum size of a client's message in bytes. It may contain files as
/// base64.
const MAX_MESSAGE: usize = 64 << 20;
/// The interval for removing expired files.
const SWEEP_INTERVAL: Duration = Duration::from_secs(600);

/// The configuration of the server.
pub struct Config {
    /// The connectors and connections behind the tools.
    pub offers: Vec<Offer>,
    /// The functions that a model may call within an action.
    pub functions: FunctionsOf,
    /// The store for files that runs create.
    pub store: FileStore,
    /// The same files, as runs see them.
    pub files: Files,
    /// The folders with files that inputs may refer to.
    pub input_dirs: Vec<InputDir>,
    /// How long files are kept.
    pub keep: Duration,
    /// The maximum number of simultaneous runs.
    pub runs: usize,
    /// The maximum duration of a run.
    pub run_time: Duration,
}

/// Creates the functions of a run with this connector, connection and files.
pub type FunctionsOf = Box<dyn Fn(&Connector, &Connection, &Files) -> Functions + Send + Sync>;

/// A connector and the connection that its tools use.
pub struct Offer {
    /// The connector.
    pub connector: Connector,
    /// The connection, or the error that a tool returns because it has none.
    pub connection: Result<Connection, String>,
}

/// The configuration for HTTP.
pub struct Http {
    /// The address to listen on.
    pub listen: Listen,
    /// The keys of callers, if they need one.
    pub api_keys: Option<ApiKeys>,
    /// How the server stops.
    pub shutdown: Shutdown,
}

/// Serves on standard input and output until the input ends, or over HTTP until
/// a signal stops it.
///
/// # Errors
/// See [`ServiceError`].
pub fn serve(config: Config, http: Option<Http>) -> Result<(), ServiceError> {
    if let Some(Http { listen, api_keys: None, .. }) = &http
        && !listen.is_local()
    {
        return Err(ServiceError::Open(listen.clone()));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        // One thread for each run, and some for files.
        .max_blocking_threads(config.runs + 64)
        .build()
        .map_err(ServiceError::Start)?;
    let served = runtime.block_on(async {
        tokio::spawn(sweep(config.store.clone(), config.keep));
        let server = Server::new(config);
        match http {
            Some(http) => over_http(server, http).await,
            None => on_stdio(server).await,
        }
    });
    // Does not wait for the thread that reads standard input.
    runtime.shutdown_background();
    served
}

async fn on_stdio(server: Server) -> Result<(), ServiceError> {
    let failed = |error: String| ServiceError::Start(std::io::Error::other(error));
    // A client may disconnect before it sends anything.
    let running = match server.serve(Lines::start()).await {
        Ok(running) => running,
        Err(rmcp::service::ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
        Err(error) => return Err(failed(error.to_string())),
    };
    running.waiting().await.map(drop).map_err(|error| failed(error.to_string()))
}

async fn over_http(server: Server, http: Http) -> Result<(), ServiceError> {
    let config = StreamableHttpServerConfig::default()
        // `guard` checks the host.
        .disable_allowed_hosts()
        .with_max_request_body_bytes(MAX_MESSAGE);
    let stop = config.cancellation_token.clone();
    let sessions = Sessions::default();
    tokio::spawn(sessions.clone().expire());
    let manager = Arc::clone(&sessions.manager);
    let service = StreamableHttpService::new(move || Ok(server.clone()), manager, config);
    let access = Arc::new(Access::new(http.api_keys, &http.listen));
    let router = Router::new()
        .route_service(PATH, service)
        .layer(from_fn_with_state(sessions, sessions::count))
        .layer(from_fn(http::lenient))
        .layer(map_request(reject_slow_body))
        .layer(from_fn_with_state(access, guard));
    // Sessions wait for messages indefinitely.
    listen::serve(&http.listen, http.shutdown, router, || stop.cancel()).await
}

/// Regularly removes expired files.
async fn sweep(store: FileStore, keep: Duration) {
    loop {
        let store = store.clone();
        let swept = tokio::task::spawn_blocking(move || {
            if let Err(error) = store.expire(keep) {
                tracing::warn!(%error, "cannot remove expired files");
            }
        });
        // Errors were logged above.
        let _ = swept.await;
        tokio::time::sleep(SWEEP_INTERVAL).await;
    }
}
