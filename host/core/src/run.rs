//! Runs of actions, from validating the input to the outcome.

use std::sync::Arc;
use std::time::Instant;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::budget::{Account, Cancellation, Limits};
use crate::connection::Connection;
use crate::connector::Connector;
use crate::contract::{Event, Failure, FailureKind, OnEvent, json};
use crate::egress::{Player, RecordMode, Recorder, Retries};
use crate::files::{self, Files, RunFiles, SharedFiles};
use crate::input;
use crate::render;
use crate::runtime::bindings::actions as wit_actions;
use crate::runtime::call::{Call, Ended};
use crate::runtime::functions::{Context, Functions};
use crate::runtime::state::RunState;

/// The result of a successful run.
#[derive(Clone, Debug, JsonSchema, PartialEq, Serialize)]
pub struct Outcome {
    /// The output.
    pub output: Value,
    /// Metadata of the run: what the connector reports (`usage`, `model`,
    /// `requestId` …), `attempts`, `durationMs` and, if values were ignored,
    /// `warnings`.
    pub metadata: Map<String, Value>,
}

/// A run of an action that has not started yet.
#[must_use = "a run does nothing until it is started"]
pub struct Run<'a> {
    connector: &'a Connector,
    action: String,
    input: Value,
    connection: Option<Connection>,
    limits: Option<Limits>,
    retries: Retries,
    files: Option<Files>,
    functions: Functions,
    on_event: Option<OnEvent>,
    streaming: bool,
    trace_parent: Option<String>,
    record_mode: Option<RecordMode>,
    cancellation: Cancellation,
    /// If another run calls this one as a function: that run's account, and the
    /// files that its functions store.
    caller: Option<(Arc<Account>, SharedFiles)>,
}

impl Connector {
    /// Prepares a run of an action with a JSON object as input.
    pub fn run(&self, action: impl Into<String>, input: Value) -> Run<'_> {
        Run::new(self, action.into(), input)
    }
}

impl<'a> Run<'a> {
    pub(crate) fn new(connector: &'a Connector, action: String, input: Value) -> Self {
        Self {
            connector,
            action,
            input,
            connection: None,
            limits: None,
            retries: Retries::default(),
            files: None,
            functions: Functions::default(),
            on_event: None,
            streaming: false,
            trace_parent: None,
            record_mode: None,
            cancellation: Cancellation::default(),
            caller: None,
        }
    }

    /// Sets the connection.
    pub fn connection(mut self, connection: &Connection) -> Self {
        self.connection = Some(connection.clone());
        self
    }

    /// Sets the limits. Default: [`Limits::of_action`].
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = Some(limits);
        self
    }

    /// Sets how often requests are retried, and how long to wait between attempts.
    pub fn retries(mut self, retries: Retries) -> Self {
        self.retries = retries;
        self
    }

    /// Sets where the run stores files and which files it may read. It may read a
    /// file that is both granted and named in the input. Default: none.
    pub fn files(mut self, files: &Files) -> Self {
        self.files = Some(files.clone());
        self
    }

    /// Sets the functions that a model may call. The run gets only those that its
    /// input names.
    pub fn functions(mut self, functions: &Functions) -> Self {
        self.functions = functions.clone();
        self
    }

    /// Sets the callback that receives events, on the thread of the run.
    pub fn on_event(mut self, on_event: impl Fn(Event) + Send + Sync + 'static) -> Self {
        self.on_event = Some(Arc::new(on_event));
        self
    }

    /// Streams text as [`Event::TextDelta`] while it arrives. The outcome is the
    /// same as without streaming.
    pub fn streaming(mut self, streaming: bool) -> Self {
        self.streaming = streaming;
        self
    }

    /// Sets the `traceparent` (W3C Trace Context) of its requests, which connects
    /// the provider's traces to the caller's.
    pub fn trace_parent(mut self, trace_parent: impl Into<String>) -> Self {
        self.trace_parent = Some(trace_parent.into());
        self
    }

    /// Records the requests of the connector and the provider's responses.
    /// Requests of functions that the run calls are not recorded.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use connector_host::{ConnectionValues, Host, HostOptions, Player, Recorder, Recording};
    /// use serde_json::json;
    ///
    /// let connector = Host::new(HostOptions::default())?.load_file("greeter.wasm")?;
    /// let connection = connector.connection(ConnectionValues::new().set("token", "secret"))?;
    /// let recorder = Recorder::new();
    /// let run = connector.run("greet", json!({ "name": "Ada" })).connection(&connection);
    /// let outcome = run.record(&recorder).start()?;
    /// recorder.recording().save("greet.json".as_ref())?;
    ///
    /// // Later, without the provider:
    /// let player = Player::new(Recording::load("greet.json".as_ref())?);
    /// let run = connector.run("greet", json!({ "name": "Ada" })).connection(&connection);
    /// assert_eq!(run.replay(&player).start()?.output, outcome.output);
    /// # Ok(())
    /// # }
    /// ```
    pub fn record(mut self, recorder: &Recorder) -> Self {
        self.record_mode = Some(RecordMode::Record(recorder.clone()));
        self
    }

    /// Answers its requests from a recording and sends nothing. A request fails
    /// if it is not the next one in the recording.
    pub fn replay(mut self, player: &Player) -> Self {
        self.record_mode = Some(RecordMode::Replay(player.clone()));
        self
    }

    /// Sets the token that cancels the run.
    pub fn cancellation(mut self, cancellation: &Cancellation) -> Self {
        self.cancellation = cancellation.clone();
        self
    }

    /// Makes this a function call of another run, whose account it shares.
    pub(crate) fn within(mut self, context: &Context) -> Self {
        self.caller = Some((Arc::clone(&context.account), context.files.clone()));
        self
    }

    /// Validates the input, runs the action on the calling thread and returns when
    /// it has finished. If the thread has less stack left than the run needs, the
    /// run gets its own stack.
    ///
    /// # Errors
    /// `invalid-input` before anything is sent, or the failure of the run.
    pub fn start(self) -> Result<Outcome, Failure> {
        let start = Instant::now();
        let shared = &self.connector.shared;
        let action = self.connector.action(&self.action)?;
        let address = shared.descriptor.address(action);
        let named = input::listed_strings(action.properties.as_slice(), &self.input);
        let functions = self.functions.granted(named);
        let mut input = input::prepare(&action.properties, self.input, &address)?;
        let files = files::open_files(&action.properties, &mut input.value, self.files.as_ref())
            .map_err(|failure| input.as_given(failure))?;
        let settings = self.connector.settings(self.connection.as_ref())?;
        if let Some(files) = self.files.as_ref().filter(|_| action.makes_files()) {
            files.check_writable()?;
        }
        let warnings = render::ignored(&action.properties, &input.hidden);
        for warning in &warnings {
            tracing::warn!(action = %address, "{warning}");
        }
        if let Some(on_event) = self.on_event.as_ref().filter(|_| !warnings.is_empty()) {
            on_event(Event::Metadata { metadata: serde_json::json!({ WARNINGS: warnings }) });
        }
        let is_function = self.caller.is_some();
        let limits = self.limits.unwrap_or_else(|| Limits::of_action(action));
        let begin = || (Account::new(&limits), SharedFiles::default());
        let (account, of_functions) = self.caller.unwrap_or_else(begin);
        let name = shared.descriptor.name.clone();
        let route = self.connection.map(|connection| connection.route());
        let validator = shared.validator.clone();
        let mut run = RunState::new(name, route, limits.clone(), Arc::clone(&account), validator);
        run.files = RunFiles::new(self.files, files, of_functions, account);
        run.is_function = is_function;
        run.retries = self.retries;
        run.functions = functions;
        run.on_event = self.on_event;
        run.streaming = self.streaming;
        run.trace_parent = self.trace_parent;
        run.record_mode = self.record_mode;
        let name = action.name.as_str();
        let call = Call { run: Some(run), time: None, limits, cancellation: self.cancellation };
        let (outcome, ended) =
            call.make(&shared.pre, &shared.options.engine(), |world, store| {
                let run = world.workflow_connector_actions();
                run.call_run(store, name, &input.value.to_string(), &settings)
            })?;
        let outcome = outcome.map_err(|failure| ended.failure(input.as_given(failure.into())))?;
        let mut outcome = outcome_of(ended, outcome, start)?;
        action.output.remove_nulls(&mut outcome.output);
        if !warnings.is_empty() {
            outcome.metadata.insert(WARNINGS.to_owned(), warnings.into());
        }
        Ok(outcome)
    }
}

/// The member of the metadata that lists which values were ignored, and why.
const WARNINGS: &str = "warnings";

/// The outcome of a run. Keeps the files that it stored.
fn outcome_of(
    ended: Ended,
    outcome: wit_actions::Outcome,
    start: Instant,
) -> Result<Outcome, Failure> {
    let parse = |what: &str, text: &str| {
        json::parse(text).map_err(|error| {
            let message = format!("the connector's {what} is not JSON: {error}");
            Failure::new(FailureKind::Internal, message).after_request(ended.request_sent)
        })
    };
    let output = parse("output", &outcome.output)?;
    let mut metadata = match parse("metadata", &outcome.metadata)? {
        Value::Object(metadata) => metadata,
        _ => Map::new(),
    };
    metadata.retain(|_, value| !value.is_null());
    metadata.insert("attempts".to_owned(), ended.attempts.into());
    let milliseconds = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    metadata.insert("durationMs".to_owned(), milliseconds.into());
    match ended.files {
        Some(files) if ended.is_function => files.keep_with_caller(),
        Some(files) => files.keep_all(),
        None => {}
    }
    Ok(Outcome { output, metadata })
}
