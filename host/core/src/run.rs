//! Calls into a connector: a fresh instance, within limits, and whatever happens
//! in it as an outcome or a failure.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use wasmtime::component::Instance;
use wasmtime::{Store, Trap};

use crate::account::Account;
use crate::backtrace;
use crate::bindings::{
    Connector as World, ConnectorPre as WorldPre, actions as wit_actions, describe as wit_describe,
};
use crate::connection::Connection;
use crate::connector::{Connector, LoadError};
use crate::descriptor::Action;
use crate::egress::{self, Retries};
use crate::events::{Cancellation, Event, OnEvent};
use crate::failure::{Failure, FailureKind};
use crate::files::{Files, RunFiles};
use crate::functions::Functions;
use crate::host::HostOptions;
use crate::input;
use crate::json;
use crate::render;
use crate::state::{RunState, State, Stopped, at_tick};
use crate::table::Property;

/// The stack beyond the guest's: for the host's own functions.
const HOST_STACK: usize = 1 << 20;
/// Longer descriptions come from a connector that loops.
const DESCRIBE_TIME: Duration = Duration::from_secs(5);
/// Larger ones too: the largest known has a hundredth of it.
const DESCRIBE_BYTES: usize = 8 << 20;

/// What a run may use.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// From start to end, waiting included. Default: 10 minutes.
    pub time: Duration,
    /// The longest wait between a request that is sent and the head of its
    /// answer: a model may think for minutes. Default: 10 minutes.
    pub first_byte: Duration,
    /// The longest silence while an answer's body arrives. Default: 2 minutes.
    pub silence: Duration,
    /// Linear memory in bytes, at most the host's `max_memory`. Default: 64 MiB.
    pub memory: usize,
    /// The output's JSON text in bytes. Default: 32 MiB.
    pub output_bytes: usize,
    /// A request's body in bytes. Default: 256 MiB.
    pub request_bytes: u64,
    /// What a connector reads of a response, in bytes. Default: 32 MiB.
    pub response_bytes: u64,
    /// The files that a run stores, in bytes all together, and a response that
    /// goes to files. Default: 1 GiB.
    pub file_bytes: u64,
    /// What the host holds in memory for a run and the runs of its functions
    /// at the same time, in bytes: answers that arrive, events, requests and
    /// results of functions. Default: 192 MiB.
    pub held_bytes: u64,
    /// Responses and files that they have open at the same time. Default: 64.
    pub open: u32,
    /// Requests that they make, repeated ones included. Default: 1,000.
    pub requests: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(600),
            first_byte: Duration::from_secs(600),
            silence: Duration::from_secs(120),
            memory: 64 << 20,
            output_bytes: 32 << 20,
            request_bytes: 256 << 20,
            response_bytes: 32 << 20,
            file_bytes: 1 << 30,
            held_bytes: 192 << 20,
            open: 64,
            requests: 1_000,
        }
    }
}

/// What a run returned.
#[derive(Clone, Debug, JsonSchema, PartialEq, Serialize)]
pub struct Outcome {
    /// The output.
    pub output: Value,
    /// About the run: what the connector tells (`usage`, `model`,
    /// `requestId` …), `attempts` and `durationMs`.
    pub metadata: Map<String, Value>,
}

/// The current choices of a property, `wit/actions.wit` `option-list`.
#[derive(Clone, Debug, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OptionList {
    /// Whether there is no list; the property can be typed all the same.
    pub disabled: bool,
    /// What the empty box shows: if disabled, why.
    pub placeholder: Option<String>,
    /// The choices.
    pub options: Vec<crate::table::Choice>,
}

/// A run of an action that is being prepared.
#[must_use = "a run does nothing until it is started"]
pub struct Run<'a> {
    connector: &'a Connector,
    action: String,
    input: Value,
    connection: Option<Connection>,
    limits: Limits,
    retries: Retries,
    files: Option<Files>,
    functions: Functions,
    on_event: Option<OnEvent>,
    streaming: bool,
    trace_parent: Option<String>,
    cancellation: Cancellation,
    /// That of the run whose function this run is.
    account: Option<Arc<Account>>,
}

impl<'a> Run<'a> {
    pub(crate) fn new(connector: &'a Connector, action: String, input: Value) -> Self {
        Self {
            connector,
            action,
            input,
            connection: None,
            limits: Limits::default(),
            retries: Retries::default(),
            files: None,
            functions: Functions::default(),
            on_event: None,
            streaming: false,
            trace_parent: None,
            cancellation: Cancellation::default(),
            account: None,
        }
    }

    /// The connection to run with.
    pub fn connection(mut self, connection: &Connection) -> Self {
        self.connection = Some(connection.clone());
        self
    }

    /// What it may use.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// How often and how patiently it tries again.
    pub fn retries(mut self, retries: Retries) -> Self {
        self.retries = retries;
        self
    }

    /// Where it puts its files, and which it may read: those that were granted
    /// and that the input names. Default: none.
    pub fn files(mut self, files: &Files) -> Self {
        self.files = Some(files.clone());
        self
    }

    /// The functions that a model may call. The run gets those that its input
    /// names, and no others.
    pub fn functions(mut self, functions: &Functions) -> Self {
        self.functions = functions.clone();
        self
    }

    /// Who is told what happens, on the run's thread.
    pub fn on_event(mut self, on_event: impl Fn(Event) + Send + Sync + 'static) -> Self {
        self.on_event = Some(Arc::new(on_event));
        self
    }

    /// Asks for texts as they arrive: they come as
    /// [`Event::TextDelta`], and the outcome is the same as without.
    pub fn streaming(mut self, streaming: bool) -> Self {
        self.streaming = streaming;
        self
    }

    /// The `traceparent` (W3C Trace Context) that its requests carry, so that a
    /// provider's traces join the caller's.
    pub fn trace_parent(mut self, trace_parent: impl Into<String>) -> Self {
        self.trace_parent = Some(trace_parent.into());
        self
    }

    /// By what it can be stopped.
    pub fn cancellation(mut self, cancellation: &Cancellation) -> Self {
        self.cancellation = cancellation.clone();
        self
    }

    /// As a function of another run, with whose account it runs.
    pub(crate) fn within(mut self, account: &Arc<Account>) -> Self {
        self.account = Some(Arc::clone(account));
        self
    }

    /// Checks the input, runs the action and waits for its end, on the calling
    /// thread. Where that has less stack left than the run needs, the run gets
    /// one of its own.
    ///
    /// # Errors
    /// `invalid-input` before anything is sent; else what happened.
    pub fn start(self) -> Result<Outcome, Failure> {
        let begun = Instant::now();
        let shared = &self.connector.shared;
        let action = action(self.connector, &self.action)?;
        let address = shared.descriptor.address(action);
        let named = input::listed_texts(action.properties.as_slice(), &self.input);
        let functions = self.functions.granted(named);
        let mut input = input::prepare(&action.properties, self.input, &address)?;
        let files = input::open_files(&action.properties, &mut input.value, self.files.as_ref())
            .map_err(|failure| input.as_given(failure))?;
        let settings = settings(self.connector, self.connection.as_ref())?;
        if let Some(files) = self.files.as_ref().filter(|_| action.makes_files()) {
            files.check_writable()?;
        }
        let is_function = self.account.is_some();
        let account = self.account.unwrap_or_else(|| Account::new(&self.limits));
        let name = shared.descriptor.name.clone();
        let mut run = RunState::new(name, self.connection, self.limits, Arc::clone(&account));
        run.files = RunFiles::new(self.files, files, account);
        run.is_function = is_function;
        run.retries = self.retries;
        run.functions = functions;
        run.on_event = self.on_event;
        run.streaming = self.streaming;
        run.trace_parent = self.trace_parent;
        let name = action.name.as_str();
        let call = Call { run: Some(run), time: None, cancellation: self.cancellation };
        let (outcome, ended) = call.make(&shared.pre, &shared.options, |world, store| {
            let run = world.workflow_connector_actions();
            run.call_run(store, name, &input.value.to_string(), &settings)
        })?;
        let outcome = outcome.map_err(|failure| ended.failure(input.as_given(failure.into())))?;
        ended.outcome(outcome, begun)
    }
}

/// The state of a call when it had ended.
#[derive(Default)]
struct Ended {
    request_sent: bool,
    account: Option<Arc<Account>>,
    attempts: u32,
    asked_pause: Option<Duration>,
    stopped: Option<Stopped>,
    connection: Option<Connection>,
    files: Option<RunFiles>,
    is_function: bool,
}

impl Ended {
    /// Why the run was ended for what it used, if it was.
    fn exceeded(&self) -> Option<&Failure> {
        self.account.as_ref()?.exceeded()
    }

    /// A connector's failure, with what only the host knows.
    fn failure(&self, mut failure: Failure) -> Failure {
        let exceeded = self.exceeded();
        if let Some(Stopped::Cancelled) = self.stopped {
            failure = Failure::from(Stopped::Cancelled);
        } else if let Some(exceeded) = exceeded {
            failure = exceeded.clone();
        }
        failure.request_sent |= self.request_sent;
        let processed = self.account.as_ref().is_some_and(|account| account.processed());
        failure.repeatable =
            self.attempts > 0 && !processed && self.stopped.is_none() && exceeded.is_none();
        if matches!(failure.kind, FailureKind::RateLimited | FailureKind::Unavailable) {
            let pause = self.asked_pause.and_then(|pause| u64::try_from(pause.as_millis()).ok());
            failure.retry_after_ms = pause.or(failure.retry_after_ms);
        }
        failure
    }

    fn outcome(self, outcome: wit_actions::Outcome, begun: Instant) -> Result<Outcome, Failure> {
        let parse = |what: &str, text: &str| {
            json::parse(text).map_err(|error| {
                let message = format!("the connector's {what} is not JSON: {error}");
                Failure::new(FailureKind::Internal, message).after_request(self.request_sent)
            })
        };
        let output = parse("output", &outcome.output)?;
        let mut metadata = match parse("metadata", &outcome.metadata)? {
            Value::Object(metadata) => metadata,
            _ => Map::new(),
        };
        metadata.insert("attempts".to_owned(), self.attempts.into());
        let milliseconds = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        metadata.insert("durationMs".to_owned(), milliseconds.into());
        match self.files {
            Some(files) if self.is_function => files.stay_with_caller(),
            Some(files) => files.stay(),
            None => {}
        }
        Ok(Outcome { output, metadata })
    }
}

/// A call into a connector.
struct Call {
    /// `None` for a call that may not do anything.
    run: Option<RunState>,
    /// A shorter time than the run's limits say.
    time: Option<Duration>,
    cancellation: Cancellation,
}

impl Call {
    /// Makes a store and an instance, and calls.
    fn make<T>(
        self,
        pre: &WorldPre<State>,
        options: &HostOptions,
        call: impl FnOnce(&World, &mut Store<State>) -> wasmtime::Result<T>,
    ) -> Result<(T, Ended), Failure> {
        self.make_on_instance(pre, options, |instance, store| {
            let world = pre.exports(&mut *store, instance)?;
            call(&world, store)
        })
    }

    /// Like [`make`](Self::make), before the exports are looked at.
    fn make_on_instance<T>(
        self,
        pre: &WorldPre<State>,
        options: &HostOptions,
        call: impl FnOnce(&Instance, &mut Store<State>) -> wasmtime::Result<T>,
    ) -> Result<(T, Ended), Failure> {
        with_stack(options, || self.make_on_stack(pre, options, call))
    }

    fn make_on_stack<T>(
        self,
        pre: &WorldPre<State>,
        options: &HostOptions,
        call: impl FnOnce(&Instance, &mut Store<State>) -> wasmtime::Result<T>,
    ) -> Result<(T, Ended), Failure> {
        let describing = || Limits { output_bytes: DESCRIBE_BYTES, ..Limits::default() };
        let limits = self.run.as_ref().map_or_else(describing, |run| run.limits.clone());
        let deadline = deadline_after(self.time.unwrap_or(limits.time));
        let memory = limits.memory.min(options.max_memory);
        let state = State::new(self.run, memory, deadline, self.cancellation);
        let _entered = egress::enter(&state.cancellation);
        let place = state.run.as_ref().map(|run| run.account.instance(|| state.stopped()));
        let _place = place.transpose().map_err(Failure::from)?;
        let mut store = Store::new(pre.engine(), state);
        store.limiter(|state| &mut state.memory);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(at_tick);
        store.set_hostcall_fuel(limits.output_bytes);
        // A panic of a host function must not take the caller's thread down.
        let result = catch_unwind(AssertUnwindSafe(|| {
            let instance = pre.instance_pre().instantiate(&mut store)?;
            call(&instance, &mut store)
        }));
        // Said while the instance is still there: whoever listens can look at it.
        tracing::trace!(memory = store.data().memory.used(), "the call has ended");
        let mut state = store.into_data();
        let ended = Ended::new(&mut state);
        match result {
            Ok(Ok(value)) => Ok((value, ended)),
            Ok(Err(error)) => Err(ended.trapped(&error, &state, &limits)),
            Err(_) => Err(ended
                .failure(Failure::new(FailureKind::Internal, "the host failed during the run"))),
        }
    }
}

impl Ended {
    fn new(state: &mut State) -> Self {
        let stopped = state.stopped();
        let Some(run) = state.run.take() else {
            return Self { stopped, ..Self::default() };
        };
        // A function's failure is about its own requests, that of the run which
        // called it about all.
        let request_sent = run.request_sent || !run.is_function && run.account.request_sent();
        Self {
            request_sent,
            attempts: run.attempts,
            account: Some(run.account),
            asked_pause: run.asked_pause,
            stopped,
            is_function: run.is_function,
            connection: run.connection,
            files: Some(run.files),
        }
    }

    /// What a trap means.
    fn trapped(&self, error: &wasmtime::Error, state: &State, limits: &Limits) -> Failure {
        let internal = |message: String| Failure::new(FailureKind::Internal, message);
        if let Some(exceeded) = self.exceeded() {
            return exceeded.clone().after_request(self.request_sent);
        }
        let failure = match error.downcast_ref::<Trap>() {
            Some(Trap::Interrupt) => Failure::from(self.stopped.unwrap_or(Stopped::Deadline)),
            Some(Trap::StackOverflow) => {
                internal("the connector failed: it used more stack than it may".to_owned())
            }
            _ if state.memory.denied => {
                let memory = state.memory.most >> 20;
                let message = format!("the connector needs more memory than {memory} MiB");
                Failure::new(FailureKind::TooLarge, message)
            }
            // What a panic compiles to.
            Some(trap @ Trap::UnreachableCodeReached) => {
                internal(format!("the connector failed: it panicked or aborted ({trap})"))
            }
            Some(trap) => internal(format!("the connector failed: {trap}")),
            None if is_too_much_data(error) => {
                let message = format!(
                    "the connector handed over more than {} bytes at once",
                    limits.output_bytes
                );
                Failure::new(FailureKind::TooLarge, message)
            }
            None => {
                let mut text = format!("the connector failed: {}", error.root_cause());
                if let Some(connection) = &self.connection {
                    connection.route().redactor().redact(&mut text);
                }
                internal(text)
            }
        };
        let detail = match failure.kind {
            FailureKind::Internal => backtrace::functions(error),
            _ => None,
        };
        Failure { detail, ..failure.after_request(self.request_sent) }
    }
}

/// Does something with the stack that a guest and the host need for it.
fn with_stack<T>(
    options: &HostOptions,
    work: impl FnOnce() -> Result<T, Failure>,
) -> Result<T, Failure> {
    let needed = options.max_stack.saturating_add(HOST_STACK);
    // It panics where there is no memory for one.
    catch_unwind(AssertUnwindSafe(|| stacker::maybe_grow(needed, needed, work))).unwrap_or_else(
        |_| Err(Failure::new(FailureKind::Internal, "the host failed during the run")),
    )
}

/// The moment after this time. One that no clock reaches is far away.
fn deadline_after(time: Duration) -> Instant {
    const FAR: Duration = Duration::from_hours(24 * 365);
    let now = Instant::now();
    now.checked_add(time).unwrap_or(now + FAR)
}

/// wasmtime has no type for it that can be named. If its words change,
/// `contract::results::an_output_over_the_limit_is_too_large` fails.
fn is_too_much_data(error: &wasmtime::Error) -> bool {
    error.root_cause().to_string().contains("too much data")
}

fn action<'a>(connector: &'a Connector, name: &str) -> Result<&'a Action, Failure> {
    let descriptor = connector.descriptor();
    descriptor.action(name).ok_or_else(|| {
        let names: Vec<&str> =
            descriptor.actions.iter().map(|action| action.name.as_str()).collect();
        let message = format!(
            "`{}` has no action `{}`; it has: {}",
            descriptor.name,
            name.escape_debug(),
            names.join(", ")
        );
        Failure::new(FailureKind::InvalidInput, message)
    })
}

fn settings(connector: &Connector, connection: Option<&Connection>) -> Result<String, Failure> {
    match connection {
        None => Ok("{}".to_owned()),
        Some(connection) => {
            connection.check_belongs_to(connector.descriptor())?;
            Ok(connection.settings().to_string())
        }
    }
}

/// Calls `describe` with every import denied.
///
/// # Errors
/// `Mismatch` if an export has another type than in `wit/`, which wasmtime
/// tells only of an instance; `Describe` for whatever happens in the guest.
pub(crate) fn describe(
    pre: &WorldPre<State>,
    options: &HostOptions,
) -> Result<wit_describe::Component, LoadError> {
    let call = Call { run: None, time: Some(DESCRIBE_TIME), cancellation: Cancellation::default() };
    let described = call.make_on_instance(pre, options, |instance, store| {
        match pre.exports(&mut *store, instance) {
            Ok(world) => world.workflow_connector_describe().call_describe(store).map(Ok),
            Err(mismatch) => Ok(Err(mismatch)),
        }
    });
    let (component, _) = described.map_err(LoadError::Describe)?;
    component.map_err(LoadError::mismatch)
}

pub(crate) fn test(connector: &Connector, connection: &Connection) -> Result<String, Failure> {
    let settings = settings(connector, Some(connection))?;
    let (reached, ended) = ask(connector, Some(connection), |world, store| {
        world.workflow_connector_connection().call_test(store, &settings)
    })?;
    reached.map_err(|failure| ended.failure(failure.into()))
}

pub(crate) fn options(
    connector: &Connector,
    connection: &Connection,
    action_name: &str,
    property: &str,
    input: &Value,
    search: Option<&str>,
) -> Result<OptionList, Failure> {
    let action = action(connector, action_name)?;
    let found = action.properties.at_path(property);
    let dynamic = found.and_then(|found| found.choices.as_ref()?.dynamic.as_ref());
    if dynamic.is_none() {
        let is_dynamic =
            |of: &&Property| of.choices.as_ref().is_some_and(|choices| choices.dynamic.is_some());
        let others: Vec<String> = action
            .properties
            .iter()
            .filter(is_dynamic)
            .map(|of| format!("`{}`", of.name))
            .collect();
        let mut message = format!("`{}` has no dynamic options", property.escape_debug());
        if !others.is_empty() {
            message.push_str(&format!("; available for: {}", others.join(", ")));
        }
        return Err(Failure::invalid_input(property, message));
    }
    let settings = settings(connector, Some(connection))?;
    let (list, ended) = ask(connector, Some(connection), |world, store| {
        world.workflow_connector_actions().call_options(
            store,
            &action.name,
            property,
            &input.to_string(),
            search,
            &settings,
        )
    })?;
    let list = list.map_err(|failure| ended.failure(failure.into()))?;
    let options = list
        .options
        .into_iter()
        .map(|choice| {
            let value = json::parse(&choice.value).map_err(|error| {
                let message = format!("the connector's choice is not JSON: {error}");
                Failure::new(FailureKind::Internal, message)
            })?;
            let description = choice.description;
            Ok(crate::table::Choice { label: choice.label, value, description })
        })
        .collect::<Result<_, Failure>>()?;
    Ok(OptionList { disabled: list.disabled, placeholder: list.placeholder, options })
}

pub(crate) fn output_schema(
    connector: &Connector,
    action_name: &str,
    input: Value,
) -> Result<Value, Failure> {
    let action = action(connector, action_name)?;
    let address = connector.descriptor().address(action);
    let input = input::prepare(&action.properties, input, &address)?;
    if let Some(output) = &action.output {
        return Ok(render::output_schema(output).to_value());
    }
    let settings = settings(connector, None)?;
    let (schema, ended) = ask(connector, None, |world, store| {
        let actions = world.workflow_connector_actions();
        actions.call_output_schema(store, &action.name, &input.value.to_string(), &settings)
    })?;
    let schema = schema.map_err(|failure| ended.failure(input.as_given(failure.into())))?;
    json::parse(&schema).map_err(|error| {
        let message = format!("the connector's output schema is not JSON: {error}");
        Failure::new(FailureKind::Internal, message)
    })
}

fn ask<T>(
    connector: &Connector,
    connection: Option<&Connection>,
    call: impl FnOnce(&World, &mut Store<State>) -> wasmtime::Result<T> + Send,
) -> Result<(T, Ended), Failure> {
    let shared = &connector.shared;
    let name = shared.descriptor.name.clone();
    let account = Account::new(&Limits::default());
    let run = RunState::new(name, connection.cloned(), Limits::default(), account);
    let time = Some(shared.options.ask_time);
    let prepared = Call { run: Some(run), time, cancellation: Cancellation::default() };
    prepared.make(&shared.pre, &shared.options, call)
}
