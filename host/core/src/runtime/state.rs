//! The state behind a guest's imports during one call: its limits, its connection,
//! its files. It does not outlive the call.

use std::sync::Arc;
use std::time::{Duration, Instant};

use wasmtime::component::ResourceTable;
use wasmtime::{ResourceLimiter, StoreContextMut, UpdateDeadline};

use crate::budget::{Account, Cancellation, Limits, Stopped};
use crate::contract::{Event, Failure, FailureKind, OnEvent};
use crate::egress::{self, RecordMode, Retries, Route};
use crate::files::{RunFiles, SharedFiles};
use crate::runtime::engine;
use crate::runtime::functions::Granted;
use crate::runtime::json_schema::Validator;

/// A request that is cut short by the deadline fails with its own message. The
/// guest gets this much time to return it.
const GRACE: Duration = Duration::from_millis(100);
/// The maximum number of resources that a guest may hold at the same time.
const MAX_RESOURCES: usize = 1_000;

/// The state of one call.
pub(crate) struct State {
    /// `None` while a connector describes itself: every import is denied.
    pub run: Option<RunState>,
    pub resources: ResourceTable,
    pub memory: MemoryBudget,
    /// When the call ends, or when its clean-up ends.
    pub deadline: Instant,
    /// The token that cancels the call. It is replaced for clean-up, which cannot be
    /// cancelled.
    pub cancellation: Cancellation,
    /// Why the run had to stop, if it is cleaning up.
    ended_by: Option<Stopped>,
    /// The last error that the connector logged.
    pub last_error: Option<String>,
}

/// The state of a run: what it may use and what it has done.
pub(crate) struct RunState {
    pub connector: String,
    /// Where its requests go. `None` without a connection.
    pub route: Option<Arc<Route>>,
    pub limits: Limits,
    pub files: RunFiles,
    pub validator: Validator,
    pub functions: Granted,
    pub on_event: Option<OnEvent>,
    /// Whether the caller requested streamed text.
    pub streaming: bool,
    /// The `traceparent` of its requests.
    pub trace_parent: Option<String>,
    /// Whether its requests are recorded or replayed.
    pub record_mode: Option<RecordMode>,
    /// Whether one of its own requests may have reached the provider.
    pub request_sent: bool,
    /// The number of requests made, retries included.
    pub attempts: u32,
    pub retries: Retries,
    /// How long the provider asked to wait in its last response.
    pub requested_pause: Option<Duration>,
    /// What this run and the runs of its functions have used.
    pub account: Arc<Account>,
    /// Whether another run called it as a function.
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
        resources.set_max_capacity(MAX_RESOURCES);
        let memory = MemoryBudget { used: 0, max: max_memory, denied: false };
        Self { run, resources, memory, deadline, cancellation, ended_by: None, last_error: None }
    }

    /// The run and the guest's resources. Traps while the connector describes
    /// itself, and if the run has exceeded its limits.
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

    /// Why the call must end, if it must, even if it is already cleaning up.
    pub(crate) fn must_end(&self) -> Option<Stopped> {
        self.ended_by.or_else(|| self.stopped())
    }

    /// Why the call had to stop, if it began to clean up.
    pub(crate) fn cleaned_up_after(&self) -> Option<Stopped> {
        self.ended_by
    }

    /// Why the call must end immediately, if it must.
    pub(crate) fn stopped(&self) -> Option<Stopped> {
        Stopped::of(&self.cancellation, self.deadline)
    }

    /// Grants clean-up time to a run that must end, but only once. Returns that
    /// time.
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
            record_mode: None,
            request_sent: false,
            attempts: 0,
            retries: Retries::default(),
            requested_pause: None,
            account,
            is_function: false,
        }
    }

    pub(crate) fn emit(&mut self, event: Event) {
        // Even if nobody listens: the failure of the run may say where the file is.
        if let Event::File { file } = &event {
            self.files.reported(file);
        }
        if let Some(on_event) = &self.on_event {
            on_event(event);
        }
    }

    pub(crate) fn route(&self) -> Result<Arc<Route>, Failure> {
        self.route
            .clone()
            .ok_or_else(|| Failure::new(FailureKind::Unauthorized, "the run has no connection"))
    }
}

/// A budget for all linear memories of an instance. Growth beyond it is denied,
/// and the guest may handle that.
pub(crate) struct MemoryBudget {
    used: usize,
    /// The limit in bytes.
    pub max: usize,
    /// Whether growth was denied, which explains a trap that follows.
    pub denied: bool,
}

/// The maximum number of table elements, more than any connector needs. A function in
/// a table takes 16 bytes.
const MAX_TABLE_ELEMENTS: usize = 20_000;

impl MemoryBudget {
    /// The size of the instance's linear memory in bytes.
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
        let allowed = after <= self.max;
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
        Ok(desired <= MAX_TABLE_ELEMENTS)
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
