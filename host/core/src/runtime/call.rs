//! Calls into a connector: each uses a fresh instance, stays within limits, and
//! ends in a value or a failure.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use wasmtime::component::Instance;
use wasmtime::{Store, Trap};

use crate::budget::{Account, Cancellation, Limits, Stopped};
use crate::contract::{Failure, FailureKind};
use crate::egress::{self, Route};
use crate::files::RunFiles;

use super::backtrace;
use super::bindings::{Connector as World, ConnectorPre as WorldPre};
use super::engine::EngineOptions;
use super::stack::with_stack;
use super::state::{RunState, State, at_tick};

/// The state of a call after it has ended.
#[derive(Default)]
pub(crate) struct Ended {
    pub request_sent: bool,
    pub account: Option<Arc<Account>>,
    pub attempts: u32,
    pub requested_pause: Option<Duration>,
    pub stopped: Option<Stopped>,
    pub route: Option<Arc<Route>>,
    pub files: Option<RunFiles>,
    pub is_function: bool,
}

impl Ended {
    /// The limit that ended the run, if one did.
    fn exceeded(&self) -> Option<&Failure> {
        self.account.as_ref()?.exceeded()
    }

    /// Completes a connector's failure with information that only the host has.
    pub(crate) fn failure(&self, mut failure: Failure) -> Failure {
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
            let pause =
                self.requested_pause.and_then(|pause| u64::try_from(pause.as_millis()).ok());
            failure.retry_after_ms = pause.or(failure.retry_after_ms);
        }
        failure
    }
}

/// A call into a connector.
pub(crate) struct Call {
    /// `None` for a call that may not use any import.
    pub run: Option<RunState>,
    /// A shorter time limit than that of `limits`.
    pub time: Option<Duration>,
    pub limits: Limits,
    pub cancellation: Cancellation,
}

impl Call {
    /// Creates a store and an instance, and makes the call.
    pub(crate) fn make<T>(
        self,
        pre: &WorldPre<State>,
        options: &EngineOptions,
        call: impl FnOnce(&World, &mut Store<State>) -> wasmtime::Result<T>,
    ) -> Result<(T, Ended), Failure> {
        self.make_on_instance(pre, options, |instance, store| {
            let world = pre.exports(&mut *store, instance)?;
            call(&world, store)
        })
    }

    /// Like [`make`](Self::make), but without looking up the exports.
    pub(crate) fn make_on_instance<T>(
        self,
        pre: &WorldPre<State>,
        options: &EngineOptions,
        call: impl FnOnce(&Instance, &mut Store<State>) -> wasmtime::Result<T>,
    ) -> Result<(T, Ended), Failure> {
        with_stack(options.max_stack, || self.make_on_stack(pre, options, call)).unwrap_or_else(
            || Err(Failure::new(FailureKind::Internal, "the host failed during the run")),
        )
    }

    fn make_on_stack<T>(
        self,
        pre: &WorldPre<State>,
        options: &EngineOptions,
        call: impl FnOnce(&Instance, &mut Store<State>) -> wasmtime::Result<T>,
    ) -> Result<(T, Ended), Failure> {
        let limits = self.limits;
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
        // A panic in a host function must not unwind into the caller's thread.
        let result = catch_unwind(AssertUnwindSafe(|| {
            let instance = pre.instance_pre().instantiate(&mut store)?;
            call(&instance, &mut store)
        }));
        // Logged while the instance still exists, so a subscriber can inspect it.
        tracing::trace!(memory = store.data().memory.used(), "the call has ended");
        let mut state = store.into_data();
        let ended = Ended::new(&mut state);
        match result {
            // A value that is returned after a clean-up does not count.
            Ok(Ok(value)) => match state.cleaned_up_after() {
                Some(stopped) => Err(ended.failure(stopped.into())),
                None => Ok((value, ended)),
            },
            Ok(Err(error)) => Err(ended.trapped(&error, &state, &limits)),
            Err(_) => Err(ended
                .failure(Failure::new(FailureKind::Internal, "the host failed during the run"))),
        }
    }
}

impl Ended {
    fn new(state: &mut State) -> Self {
        let stopped = state.must_end();
        let Some(run) = state.run.take() else {
            return Self { stopped, ..Self::default() };
        };
        // The failure of a function covers its own requests. The failure of the
        // outermost run covers all of them.
        let request_sent = run.request_sent || !run.is_function && run.account.request_sent();
        Self {
            request_sent,
            attempts: run.attempts,
            account: Some(run.account),
            requested_pause: run.requested_pause,
            stopped,
            is_function: run.is_function,
            route: run.route,
            files: Some(run.files),
        }
    }

    /// Translates a trap into a failure.
    fn trapped(&self, error: &wasmtime::Error, state: &State, limits: &Limits) -> Failure {
        let internal = |message: String| Failure::new(FailureKind::Internal, message);
        if let Some(exceeded) = self.exceeded() {
            return exceeded.clone().after_request(self.request_sent);
        }
        let failure = match error.downcast_ref::<Trap>() {
            Some(Trap::Interrupt) => Failure::from(self.stopped.unwrap_or(Stopped::Deadline)),
            Some(Trap::StackOverflow) => {
                internal("the connector failed: it exceeded its stack limit".to_owned())
            }
            _ if state.memory.denied => {
                let memory = state.memory.max >> 20;
                let message = format!("the connector needs more than {memory} MiB of memory");
                Failure::new(FailureKind::TooLarge, message)
            }
            // A panic compiles to `unreachable`. The SDK's panic hook logs the message
            // and the location.
            Some(trap @ Trap::UnreachableCodeReached) => match &state.last_error {
                Some(logged) if logged.starts_with("panicked at ") => {
                    internal(format!("the connector {logged}"))
                }
                _ => internal(format!("the connector failed: it panicked or aborted ({trap})")),
            },
            Some(trap) => internal(format!("the connector failed: {trap}")),
            None if is_too_much_data(error) => {
                let message = format!(
                    "the connector passed more than {} bytes to the host at once",
                    limits.output_bytes
                );
                Failure::new(FailureKind::TooLarge, message)
            }
            None => {
                let mut text = format!("the connector failed: {}", error.root_cause());
                if let Some(route) = &self.route {
                    route.redactor().redact(&mut text);
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

/// The instant after `time`. A time that an `Instant` cannot represent is treated
/// as a year.
fn deadline_after(time: Duration) -> Instant {
    const FAR: Duration = Duration::from_hours(24 * 365);
    let now = Instant::now();
    now.checked_add(time).unwrap_or(now + FAR)
}

/// wasmtime has no public type for this error. If its message changes, the test
/// `contract::results::an_output_above_the_limit_is_too_large` fails.
fn is_too_much_data(error: &wasmtime::Error) -> bool {
    error.root_cause().to_string().contains("too much data")
}
