//! `connector mcp`: the actions as tools of the Model Context Protocol, for
//! language models and the programs around them.
//!
//! | here | there |
//! |---|---|
//! | an action | a tool with its JSON Schema (`tools`) |
//! | an outcome, a failure | a tool's result, with `isError` for failures (`results`) |
//! | files that runs make, reference pages | resources (`files`, `server`) |
//! | events | progress notifications (`progress`) |
//!
//! The protocol itself is the `rmcp` crate's. It is spoken on standard input
//! and output, or over streamable HTTP under `/mcp`, where the service's rules
//! say who is served.

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

/// Where streamable HTTP is spoken.
const PATH: &str = "/mcp";
/// The largest message of a client, in bytes: a file within it is base64.
const MAX_MESSAGE: usize = 64 << 20;
/// How often what is too old is removed.
const SWEEP: Duration = Duration::from_secs(600);

/// How the server is set up.
pub struct Settings {
    /// What stands behind the tools.
    pub offers: Vec<Offer>,
    /// The functions that a model may call within an action.
    pub functions: FunctionsOf,
    /// Where files are kept that runs make.
    pub store: FileStore,
    /// The same for runs.
    pub files: Files,
    /// The folders whose files inputs may name.
    pub input_dirs: Vec<InputDir>,
    /// How long files are kept.
    pub keep: Duration,
    /// The most runs at the same time.
    pub runs: usize,
    /// How long a run may take.
    pub run_time: Duration,
}

/// Makes the functions of a run: of this connector, with this connection and
/// these files.
pub type FunctionsOf = Box<dyn Fn(&Connector, &Connection, &Files) -> Functions + Send + Sync>;

/// A connector and the connection that its tools use.
pub struct Offer {
    /// The connector.
    pub connector: Connector,
    /// The connection, or why there is none: a tool says so when it is called.
    pub connection: Result<Connection, String>,
}

/// How the server is reached over HTTP.
pub struct Http {
    /// Where it listens.
    pub listen: Listen,
    /// What callers must send, if anything.
    pub api_keys: Option<ApiKeys>,
    /// How it stops.
    pub shutdown: Shutdown,
}

/// Speaks on standard input and output until the input ends, or over HTTP
/// until the process is told to stop.
///
/// # Errors
/// See [`ServiceError`].
pub fn serve(settings: Settings, http: Option<Http>) -> Result<(), ServiceError> {
    if let Some(Http { listen, api_keys: None, .. }) = &http
        && !listen.is_local()
    {
        return Err(ServiceError::Open(listen.clone()));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        // A run has a thread; a file is read and written on one.
        .max_blocking_threads(settings.runs + 64)
        .build()
        .map_err(ServiceError::Start)?;
    let served = runtime.block_on(async {
        tokio::spawn(sweep(settings.store.clone(), settings.keep));
        let server = Server::new(settings);
        match http {
            Some(http) => over_http(server, http).await,
            None => on_stdio(server).await,
        }
    });
    // Standard input is read on a thread that cannot be stopped.
    runtime.shutdown_background();
    served
}

async fn on_stdio(server: Server) -> Result<(), ServiceError> {
    let failed = |error: String| ServiceError::Start(std::io::Error::other(error));
    // A client that goes away before it has said anything is no failure.
    let running = match server.serve(Lines::start()).await {
        Ok(running) => running,
        Err(rmcp::service::ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
        Err(error) => return Err(failed(error.to_string())),
    };
    running.waiting().await.map(drop).map_err(|error| failed(error.to_string()))
}

async fn over_http(server: Server, http: Http) -> Result<(), ServiceError> {
    let config = StreamableHttpServerConfig::default()
        // Who is served is the guard's to say.
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
    // Sessions wait for messages for ever.
    listen::serve(&http.listen, http.shutdown, router, || stop.cancel()).await
}

/// Removes what is too old, again and again.
async fn sweep(store: FileStore, keep: Duration) {
    loop {
        let store = store.clone();
        let swept = tokio::task::spawn_blocking(move || {
            if let Err(error) = store.expire(keep) {
                tracing::warn!(%error, "old files cannot be removed");
            }
        });
        // It has said itself what went wrong.
        let _ = swept.await;
        tokio::time::sleep(SWEEP).await;
    }
}
