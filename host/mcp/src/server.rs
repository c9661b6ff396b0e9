//! Handles client requests.

use std::sync::Arc;
use std::time::Duration;

use connector_host::{Cancellation, Event, Limits, render};
use rmcp::ErrorData;
use rmcp::ServerHandler;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, CustomRequest, CustomResult,
    ErrorCode, Implementation, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult,
    PaginatedRequestParams, ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult,
    Resource, ResourceContents, ResourceTemplate, ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::{RequestContext, RoleServer};
use serde_json::Value;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{Instant, interval_at};

use super::files::{PREFIX, ServerFiles};
use super::progress::Progress;
use super::results::{of_failure, of_message, of_outcome};
use super::tools::{ActionTool, tools};
use super::{Config, FunctionsOf, Offer};

/// The prefix of the URIs of reference pages. An address such as `openai/v1`
/// follows.
const DOCS: &str = "connector://docs/";
/// How many events are buffered for a slow reader before the run waits for it.
const MAX_BUFFERED: usize = 32;
/// The methods with required parameters, and a description of the parameters.
const PARAMETERS: [(&str, &str); 2] =
    [("resources/read", "a `uri`"), ("tools/call", "a `name` and an `arguments` object")];
/// The interval between notifications that a run is still active. Clients give up
/// after a minute.
const ALIVE: Duration = Duration::from_secs(10);

/// The server. Clones share its state.
#[derive(Clone)]
pub struct Server(Arc<Shared>);

struct Shared {
    tools: Vec<ActionTool>,
    pages: Vec<Page>,
    server_files: ServerFiles,
    functions: FunctionsOf,
    slots: Arc<Semaphore>,
    run_time: Duration,
    instructions: String,
}

/// A connector's reference page.
struct Page {
    uri: String,
    title: String,
    text: String,
}

impl Server {
    pub fn new(config: Config) -> Self {
        let Config { offers, functions, store, files, input_dirs, runs, run_time, .. } = config;
        let instructions = instructions(!input_dirs.is_empty());
        Self(Arc::new(Shared {
            pages: offers.iter().map(page).collect(),
            tools: tools(offers),
            server_files: ServerFiles::new(store, files, input_dirs),
            functions,
            slots: Arc::new(Semaphore::new(runs)),
            run_time,
            instructions,
        }))
    }

    fn tool(&self, name: &str) -> Option<usize> {
        self.0.tools.iter().position(|known| known.tool.name == name)
    }
}

impl Shared {
    /// Runs a tool's action. Blocks its thread.
    fn perform(&self, at: usize, call: ToolCall) -> CallToolResult {
        let ToolCall { mut input, events, cancellation } = call;
        let Some(known) = self.tools.get(at) else { return of_message("no such tool".to_owned()) };
        let connection = match &known.connection {
            Ok(connection) => connection,
            Err(missing) => return of_message(missing.clone()),
        };
        // Other calls must not read the files of this one.
        let files = self.server_files.files().for_call();
        if let Err(failure) =
            self.server_files.resolve(known.table().as_slice(), &mut input, &files)
        {
            return of_failure(&failure);
        }
        let functions = (self.functions)(&known.connector, connection, &files);
        let mut run = known
            .connector
            .run(known.action.clone(), input)
            .connection(connection)
            .files(&files)
            .functions(&functions)
            .limits(Limits { time: self.run_time, ..Limits::default() })
            .cancellation(&cancellation);
        if let Some(events) = events {
            run = run.streaming(true).on_event(move |event| {
                // Fails if the request was dropped, which also cancels the run.
                let _ = events.blocking_send(event);
            });
        }
        match run.start() {
            Ok(outcome) => of_outcome(&outcome, &self.server_files),
            Err(failure) => of_failure(&failure),
        }
    }
}

/// A tool call.
struct ToolCall {
    input: Value,
    events: Option<mpsc::Sender<Event>>,
    cancellation: Cancellation,
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_tools().enable_resources().build();
        let implementation = Implementation::new("connector", env!("CARGO_PKG_VERSION"))
            .with_title("Workflow connectors");
        ServerConfig::new(capabilities)
            .with_server_info(implementation)
            .with_instructions(self.0.instructions.clone())
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let tools = self.0.tools.iter().map(|known| known.tool.clone());
        Ok(ListToolsResult::with_all_items(tools.collect()))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        let known = self.0.tools.iter().find(|known| known.tool.name == name)?;
        Some(known.tool.clone())
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let at = self.tool(&request.name).ok_or_else(|| self.no_tool(&request.name))?;
        let cancellation = Cancellation::new();
        // Dropping the request cancels its run.
        let _stop = cancellation.clone().cancel_on_drop();
        let slot = tokio::select! {
            slot = Arc::clone(&self.0.slots).acquire_owned() => slot,
            () = context.ct.cancelled() => return Err(cancelled()),
        };
        let mut progress = context.meta.get_progress_token().map(Progress::new);
        let (sender, mut events) = mpsc::channel(MAX_BUFFERED);
        let input =
            request.arguments.map_or_else(|| Value::Object(Default::default()), Value::Object);
        let call = ToolCall { input, events: progress.as_ref().map(|_| sender), cancellation };
        let shared = Arc::clone(&self.0);
        let mut ended = tokio::task::spawn_blocking(move || {
            // A cancelled run keeps its slot until it has stopped.
            let _slot = slot;
            shared.perform(at, call)
        });
        let mut alive = interval_at(Instant::now() + ALIVE, ALIVE);
        loop {
            let notification = tokio::select! {
                biased;
                () = context.ct.cancelled() => return Err(cancelled()),
                Some(event) = events.recv() => {
                    progress.as_mut().map(|progress| progress.event(&event))
                }
                ended = &mut ended => {
                    let failed = |_| ErrorData::internal_error("the run failed", None);
                    return ended.map(CallToolResponse::from).map_err(failed);
                }
                _ = alive.tick() => progress.as_mut().map(Progress::alive),
            };
            if let Some(notification) = notification {
                // The transport notices if the client has disconnected.
                let _ = context.peer.notify_progress(notification).await;
            }
        }
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let shared = Arc::clone(&self.0);
        let files = on_thread(move || shared.server_files.list()).await?;
        let pages = self.0.pages.iter().map(|page| {
            Resource::new(page.uri.clone(), page.title.clone()).with_mime_type("text/markdown")
        });
        Ok(ListResourcesResult::with_all_items(pages.chain(files).collect()))
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let files = ResourceTemplate::new(format!("{PREFIX}{{id}}"), "file")
            .with_description("A file that a tool created, by the `url` of its handle.");
        Ok(ListResourceTemplatesResult::with_all_items(vec![files]))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let uri = request.uri;
        if let Some(page) = self.0.pages.iter().find(|page| page.uri == uri) {
            let page = ResourceContents::text(page.text.clone(), uri);
            return Ok(ReadResourceResult::new(vec![page.with_mime_type("text/markdown")]).into());
        }
        let (shared, asked) = (Arc::clone(&self.0), uri.clone());
        match on_thread(move || shared.server_files.read(&asked)).await? {
            Ok(Some(contents)) => Ok(ReadResourceResult::new(vec![contents]).into()),
            Ok(None) => {
                Err(ErrorData::resource_not_found(format!("resource `{uri}` not found"), None))
            }
            Err(message) => Err(ErrorData::invalid_params(message, None)),
        }
    }

    /// Called for an unknown method, and for invalid parameters.
    async fn on_custom_request(
        &self,
        request: CustomRequest,
        _: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        let method = request.method;
        Err(match PARAMETERS.iter().find(|(name, _)| *name == method) {
            Some((_, parameters)) => {
                ErrorData::invalid_params(format!("`{method}` requires {parameters}"), None)
            }
            None => {
                let message = format!("unknown method `{}`", method.escape_debug());
                ErrorData::new(ErrorCode::METHOD_NOT_FOUND, message, None)
            }
        })
    }
}

impl Server {
    fn no_tool(&self, name: &str) -> ErrorData {
        let known: Vec<&str> = self.0.tools.iter().map(|known| known.tool.name.as_ref()).collect();
        let message = format!("unknown tool `{name}`; available: {}", known.join(", "));
        ErrorData::invalid_params(message, None)
    }
}

async fn on_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ErrorData> {
    let failed = |_| ErrorData::internal_error("the server failed to handle this request", None);
    tokio::task::spawn_blocking(work).await.map_err(failed)
}

/// The result of a cancelled call, which the client ignores.
fn cancelled() -> ErrorData {
    ErrorData::internal_error("the call was cancelled", None)
}

fn page(offer: &Offer) -> Page {
    let descriptor = offer.connector.descriptor();
    Page {
        uri: format!("{DOCS}{}", descriptor.own_address()),
        title: descriptor.title.clone(),
        text: render::docs(descriptor),
    }
}

/// Returns the instructions for the model, mainly about files.
fn instructions(has_folders: bool) -> String {
    let urls = if has_folders {
        format!(
            "a {PREFIX}… URL from an earlier result, a data: URL or a file: URL in a folder that \
             this server may read"
        )
    } else {
        format!("a {PREFIX}… URL from an earlier result or a data: URL")
    };
    format!(
        "To pass a file to a tool, use {{\"url\": …}} with {urls}. Files that tools create are \
         resources with such URLs. Providers may charge for calls. Each connector's reference \
         page is a resource under {DOCS}."
    )
}
