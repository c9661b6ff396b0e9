//! What stands behind a guest's imports during one call: its limits, its
//! connection, its files. Nothing of it outlives the call.

use std::sync::Arc;
use std::time::{Duration, Instant};

use wasmtime::component::ResourceTable;
use wasmtime::{ResourceLimiter, StoreContextMut, UpdateDeadline};

use crate::budget::{Account, Cancellation, Limits, Stopped};
use crate::contract::{Event, Failure, FailureKind, OnEvent};
use crate::egress::{self, Retries, Route, Tape};
use crate::files::{RunFiles, SharedFiles};
use crate::runtime::engine;
use crate::runtime::functions::Granted;
use crate::runtime::json_schema::Validator;

/// A request that ends at the deadline fails with its own words; the guest
/// gets this long to hand them over.
const GRACE: Duration = Duration::from_millis(100);
/// Resources that a guest may hold at the same time.
const MOST_RESOURCES: usize = 1_000;

/// The state of one call.
pub(crate) struct State {
    /// `None` while a connector describes itself: every import is denied.
    pub run: Option<RunState>,
    pub resources: ResourceTable,
    pub memory: MemoryBudget,
    /// When the call ends, or the time in which it may clean up.
    pub deadline: Instant,
    /// What ends it; nothing, while it cleans up.
    pub cancellation: Cancellation,
    /// Why the run had to end that cleans up.
    ended_by: Option<Stopped>,
    /// The connector's last message about an error.
    pub last_error: Option<String>,
}

/// What a run may use.
pub(crate) struct RunState {
    pub connector: String,
    /// Where its requests go; `None` without a connection.
    pub route: Option<Arc<Route>>,
    pub limits: Limits,
    pub files: RunFiles,
    pub validator: Validator,
    pub functions: Granted,
    pub on_event: Option<OnEvent>,
    /// Whether the caller wants text as it arrives.
    pub streaming: bool,
    /// The `traceparent` of its requests.
    pub trace_parent: Option<String>,
    /// Whether its requests are recorded or replayed.
    pub tape: Option<Tape>,
    /// Whether a request of its own may have reached the provider.
    pub request_sent: bool,
    /// Requests made.
    pub attempts: u32,
    pub retries: Retries,
    /// How long the provider asked to wait in its last answer.
    pub asked_pause: Option<Duration>,
    /// What it and the runs of its functions have used.
    pub account: Arc<Account>,
    /// Whether it is a function of another run.
    pub is_function: bool,
}

impl State {
    pub(crate) fn new(
        run: Option<RunState>,
        max_memory: usize,
        deadline: Instant,
        cancellation: Cancellation,
    ) -> Self {
        let mut resources = ResourceTable::new();
        resources.set_max_capacity(MOST_RESOURCES);
        let memory = MemoryBudget { used: 0, most: max_memory, denied: false };
        Self { run, resources, memory, deadline, cancellation, ended_by: None, last_error: None }
    }

    /// The run and the resources of the guest, or a trap while the connector
    /// describes itself and when the run has used more than it may.
    pub(crate) fn run(&mut self) -> wasmtime::Result<(&mut RunState, &mut ResourceTable)> {
        match &mut self.run {
            Some(run) => {
                run.account.check()?;
                Ok((run, &mut self.resources))
            }
            None => Err(wasmtime::Error::msg(
                "a connector may not call the host while it describes itself",
            )),
        }
    }

    /// Why the call must end, if it must. It may still be cleaning up.
    pub(crate) fn must_end(&self) -> Option<Stopped> {
        self.ended_by.or_else(|| self.stopped())
    }

    /// Why the call had to end that then began to clean up.
    pub(crate) fn cleaned_up_after(&self) -> Option<Stopped> {
        self.ended_by
    }

    /// Why the call is ended now, if it is.
    pub(crate) fn stopped(&self) -> Option<Stopped> {
        Stopped::of(&self.cancellation, self.deadline)
    }

    /// Gives a run that must end some time for requests, once.
    pub(crate) fn begin_clean_up(&mut self) -> Duration {
        let (Some(run), None, Some(stopped)) = (&self.run, self.ended_by, self.stopped()) else {
            return Duration::ZERO;
        };
        let time = run.limits.clean_up;
        self.ended_by = Some(stopped);
        self.cancellation = Cancellation::new();
        self.deadline = Instant::now() + time;
        egress::change_cancellation(&self.cancellation);
        time
    }
}

/// Called at every tick while guest code runs.
pub(crate) fn at_tick(store: StoreContextMut<'_, State>) -> wasmtime::Result<UpdateDeadline> {
    let state = store.data();
    Ok(match state.stopped() {
        Some(Stopped::Deadline) if state.deadline.elapsed() < GRACE => UpdateDeadline::Continue(1),
        Some(_) => UpdateDeadline::Interrupt,
        None => UpdateDeadline::Continue(1),
    })
}

impl RunState {
    pub(crate) fn new(
        connector: String,
        route: Option<Arc<Route>>,
        limits: Limits,
        account: Arc<Account>,
        validator: Validator,
    ) -> Self {
        Self {
            connector,
            route,
            limits,
            files: RunFiles::new(None, Vec::new(), SharedFiles::default(), Arc::clone(&account)),
            validator,
            functions: Granted::default(),
            on_event: None,
            streaming: false,
            trace_parent: None,
            tape: None,
            request_sent: false,
            attempts: 0,
            retries: Retries::default(),
            asked_pause: None,
            account,
            is_function: false,
        }
    }

    pub(crate) fn emit(&mut self, event: Event) {
        if let Some(on_event) = &self.on_event {
            if let Event::File { file } = &event {
                self.files.told(file);
            }
            on_event(event);
        }
    }

    pub(crate) fn route(&self) -> Result<Arc<Route>, Failure> {
        self.route
            .clone()
            .ok_or_else(|| Failure::new(FailureKind::Unauthorized, "the run has no connection"))
    }
}

/// One budget for all linear memories of an instance. A guest that asks for
/// more is refused the growth and may cope with it.
pub(crate) struct MemoryBudget {
    used: usize,
    /// What there is at most.
    pub most: usize,
    /// Whether a growth was refused: tells why the guest then gave up.
    pub denied: bool,
}

/// Functions in a table take 16 bytes each; no connector has so many.
const MOST_TABLE_ELEMENTS: usize = 20_000;

impl MemoryBudget {
    /// Bytes of linear memory that the instance has.
    pub(crate) fn used(&self) -> usize {
        self.used
    }
}

impl ResourceLimiter for MemoryBudget {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let after = self.used.saturating_sub(current).saturating_add(desired);
        let allowed = after <= self.most;
        if allowed {
            self.used = after;
        }
        self.denied |= !allowed;
        Ok(allowed)
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.denied = true;
        Ok(())
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= MOST_TABLE_ELEMENTS)
    }

    fn instances(&self) -> usize {
        engine::CORE_INSTANCES as usize
    }

    fn tables(&self) -> usize {
        engine::TABLES as usize
    }

    fn memories(&self) -> usize {
        engine::MEMORIES as usize
    }
}
