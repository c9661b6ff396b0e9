//! One delivery of a message: from the queue to its acknowledgement.
//!
//! What is known of a run when a worker dies, and so what the next one does:
//!
//! | there is | the next worker |
//! |---|---|
//! | an outcome | acknowledges |
//! | a note that the run was begun | makes it again, and says that it may be paid twice; or does not, if the caller wants that |
//! | neither | makes it: nothing was sent |

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use async_nats::jetstream::{AckKind, Message};
use connector_host::{
    Connection, Connector, Event, Failure, FailureKind, Limits, Outcome, Retries,
};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use super::Worker;
use super::broker::{Beginning, Begun, BrokerError, Note};
use super::files::RunFiles;
use super::message::{ID, Run, RunId, TRACE_PARENT};
use connector_serve::{Caller, ConnectionChoice, blocking, is_trace_parent};

/// How often the queue hears of a run within the time after which it would
/// give it to another worker.
const BEATS: u32 = 3;
/// The first pause before a run is made again, where the provider asks for
/// none; each further one is twice as long.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest of them.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// A longer wait is the caller's.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);
/// How long files of a run that is paid are tried to be put.
const PUTTING: Duration = Duration::from_secs(60);
/// What a failure repeats of a connection's name, in characters.
const MAX_NAME: usize = 100;
/// The longest text of a failure that is kept, in bytes.
const MAX_TEXT: usize = 8 << 10;

/// How a delivery ends.
enum End {
    /// There is nothing left to do.
    Done,
    /// To be delivered again after a pause.
    Again(Duration),
    /// An earlier delivery of the message is at it here.
    UnderWay,
}

/// What is known of a delivery.
#[derive(Clone, Debug)]
struct Delivery {
    /// The message's place in the queue.
    sequence: u64,
    /// How often it was delivered, this time included.
    count: i64,
}

/// Does what a message asks for, and tells the queue.
pub async fn attend(worker: &Arc<Worker>, message: &Message) {
    let (sequence, count) = match message.info() {
        Ok(info) => (info.stream_sequence, info.delivered),
        Err(error) => return tracing::warn!(%error, "a message is not the queue's"),
    };
    let delivery = Delivery { sequence, count };
    let beating = Beating::begin(worker, message);
    let end = match UnderWay::begin(worker, sequence) {
        Some(under_way) => {
            let end = decide(worker, message, &delivery).await;
            drop(under_way);
            end
        }
        None => Ok(End::UnderWay),
    };
    drop(beating);
    let told = match end {
        Ok(End::Done) => message.ack().await,
        Ok(End::Again(pause)) => message.ack_with(AckKind::Nak(Some(pause))).await,
        Ok(End::UnderWay) => return,
        // It is delivered again when the queue has heard nothing for a while.
        Err(error) => return tracing::warn!(sequence, %error, "a run is left"),
    };
    // The same: the next delivery finds the outcome.
    if let Err(error) = told {
        tracing::warn!(sequence, %error, "the queue was not told");
    }
}

/// Tells the queue again and again that a run goes on, until it is dropped.
struct Beating(AbortHandle);

impl Beating {
    fn begin(worker: &Worker, message: &Message) -> Self {
        let message = message.clone();
        let pause = worker.broker.ack_wait() / BEATS;
        let beating = tokio::spawn(async move {
            loop {
                tokio::time::sleep(pause).await;
                if let Err(error) = message.ack_with(AckKind::Progress).await {
                    tracing::debug!(%error, "a beat was lost");
                }
            }
        });
        Self(beating.abort_handle())
    }
}

impl Drop for Beating {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A message that this worker is at. It may be delivered again meanwhile, when
/// the connection was away for long.
struct UnderWay<'a>(&'a Worker, u64);

impl<'a> UnderWay<'a> {
    fn begin(worker: &'a Worker, sequence: u64) -> Option<Self> {
        let is_new = {
            let mut all = worker.under_way.lock().unwrap_or_else(PoisonError::into_inner);
            all.insert(sequence)
        };
        // Made only if it is: its drop lets go of the message.
        is_new.then(|| Self(worker, sequence))
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let mut all = self.0.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(&self.1);
    }
}

async fn decide(
    worker: &Arc<Worker>,
    message: &Message,
    delivery: &Delivery,
) -> Result<End, BrokerError> {
    let header = |name: &str| {
        let headers = message.headers.as_ref()?;
        Some(headers.get(name)?.as_str().to_owned())
    };
    let Some(id) = header(ID).as_deref().and_then(RunId::parse) else {
        let failure = Failure::new(
            FailureKind::InvalidInput,
            "a run needs an id in the header `Nats-Msg-Id`: 1 to 128 letters, digits, `-` and `_`, \
             in parts with dots between them",
        );
        bury(worker, message, delivery, None, &failure, false).await?;
        return Ok(End::Done);
    };
    if worker.broker.is_ended(&id).await? {
        if 1 < delivery.count {
            worker.broker.forget_all(&id).await;
        }
        return Ok(End::Done);
    }
    let dead = async |failure: Failure, is_run: bool| {
        bury(worker, message, delivery, Some(&id), &failure, is_run).await?;
        end(worker, &id, delivery, false, Err(failure)).await;
        worker.broker.forget_all(&id).await;
        Ok(End::Done)
    };
    let run = match Run::parse(&message.payload) {
        Ok(run) => run,
        Err(failure) => return dead(failure, false).await,
    };
    let connector = match worker.action(&run.component, &run.action) {
        Ok(connector) => connector.clone(),
        Err(failure) => return dead(failure, true).await,
    };
    if i64::from(worker.settings.deliveries) < delivery.count {
        return dead(never_ended(delivery.count - 1), true).await;
    }
    let trace_parent = header(TRACE_PARENT).filter(|text| is_trace_parent(text));
    let job = Job { id: id.clone(), delivery: delivery.clone(), run, connector, trace_parent };
    perform(worker, job).await
}

/// A run that can be made.
struct Job {
    id: RunId,
    delivery: Delivery,
    run: Run,
    connector: Connector,
    trace_parent: Option<String>,
}

/// What became of it on its thread.
enum Performed {
    /// Nothing was sent.
    NotBegun(Failure),
    /// Another message with its id is under way, which will not be lost.
    Elsewhere(Note),
    /// It cannot be noted that it begins.
    Unnoted(BrokerError),
    /// It was begun, and has ended.
    Ended(Begun, Result<Outcome, Failure>),
}

async fn perform(worker: &Arc<Worker>, job: Job) -> Result<End, BrokerError> {
    let (id, delivery, began) = (job.id.clone(), job.delivery.clone(), Instant::now());
    let label = format!("{}/{}", job.run.component, job.run.action);
    let on_thread = Arc::clone(worker);
    let Ok(thread) = blocking(move || on_thread_of_its_own(&on_thread, job)) else {
        tracing::warn!(%id, "the machine has no thread for a run");
        return Ok(End::Again(PAUSE));
    };
    let (begun, ended) = match thread.await {
        Ok(Performed::NotBegun(failure)) => (None, Err(failure)),
        Ok(Performed::Ended(begun, ended)) => (Some(begun), ended),
        Ok(Performed::Unnoted(error)) => return Err(error),
        Ok(Performed::Elsewhere(other)) => {
            tracing::info!(%id, worker = other.worker, "the run is another message's");
            return Ok(End::Done);
        }
        Err(_) => {
            // Nobody knows how far it came.
            let failure = Failure::new(FailureKind::Internal, "the run failed");
            (None, Err(Failure { request_sent: true, ..failure }))
        }
    };
    let again = ended.as_ref().err().and_then(|failure| pause_before(worker, &delivery, failure));
    let repeated = begun.as_ref().is_some_and(|begun| begun.before.is_some());
    let milliseconds = began.elapsed().as_millis();
    if let Some(pause) = again {
        tracing::info!(%id, action = label, milliseconds, ?pause, "a run waits");
        if let Some(begun) = &begun {
            worker.broker.forget(begun).await;
        }
        return Ok(End::Again(pause));
    }
    let done = ended.is_ok();
    let first = end(worker, &id, &delivery, repeated, ended).await;
    tracing::info!(%id, action = label, milliseconds, done, repeated, first, "a run has ended");
    if let Some(begun) = &begun {
        worker.broker.forget(begun).await;
    }
    Ok(End::Done)
}

/// How long a run waits that is to be made again; none if it has failed for
/// good.
fn pause_before(worker: &Worker, delivery: &Delivery, failure: &Failure) -> Option<Duration> {
    if !failure.repeatable || i64::from(worker.settings.deliveries) <= delivery.count {
        return None;
    }
    let doublings = u32::try_from(delivery.count - 1).unwrap_or_default().min(16);
    let own = PAUSE.saturating_mul(1 << doublings).min(LONGEST_PAUSE);
    let pause = failure.retry_after_ms.map_or(own, Duration::from_millis);
    (pause <= LONGEST_WAIT).then_some(pause)
}

fn on_thread_of_its_own(worker: &Arc<Worker>, job: Job) -> Performed {
    let runtime = Handle::current();
    let prepared = match prepare(worker, &job, &runtime) {
        Ok(prepared) => prepared,
        Err(failure) => return Performed::NotBegun(failure),
    };
    let note = Note {
        worker: worker.id.clone(),
        sequence: job.delivery.sequence,
        delivery: job.delivery.count,
    };
    let begun = match runtime.block_on(worker.broker.begin(&job.id, &note)) {
        Ok(Beginning::Here(begun)) => begun,
        Ok(Beginning::Elsewhere(other)) => return Performed::Elsewhere(other),
        Err(error) => return Performed::Unnoted(error),
    };
    if begun.before.is_some() && !job.run.repeat {
        return Performed::Ended(begun, Err(interrupted()));
    }
    let ended = start(worker, job, prepared, runtime);
    Performed::Ended(begun, ended)
}

/// What a run needs besides its message.
struct Prepared {
    connection: Connection,
    files: Arc<RunFiles>,
    input: Map<String, Value>,
}

fn prepare(worker: &Worker, job: &Job, runtime: &Handle) -> Result<Prepared, Failure> {
    let component = &job.run.component;
    let choice = match &job.run.connection {
        None => ConnectionChoice::None,
        Some(name) => {
            let found = worker.store.find_connection(Some(component), name);
            let found = found.map_err(|error| {
                Failure::new(FailureKind::Internal, format!("the worker's store: {error}"))
            })?;
            let record = found.ok_or_else(|| {
                let name =
                    name.chars().take(MAX_NAME).collect::<String>().escape_debug().to_string();
                let message = format!("the workers have no connection `{name}` of {component}");
                Failure::new(FailureKind::NotFound, message)
            })?;
            ConnectionChoice::Stored(record.id)
        }
    };
    let connection =
        worker.connections.resolve(&worker.store, &job.connector, choice, &Caller::default());
    let connection = connection.map_err(connector_serve::Problem::into_failure)?;
    let files = RunFiles::new(&worker.settings.files_dir, &worker.broker)?;
    let mut input = job.run.input.clone();
    let fetching = files.fetch(&mut input, worker.settings.largest_file);
    let fetched =
        runtime.block_on(async { tokio::time::timeout(worker.settings.run_time, fetching).await });
    fetched.unwrap_or_else(|_| {
        Err(Failure::new(FailureKind::Timeout, "the input's files did not arrive in time"))
    })?;
    Ok(Prepared { connection, files: Arc::new(files), input })
}

fn start(
    worker: &Arc<Worker>,
    job: Job,
    prepared: Prepared,
    runtime: Handle,
) -> Result<Outcome, Failure> {
    let Prepared { connection, files, input } = prepared;
    let (connector, store) = (&job.connector, files.files());
    let functions = worker.settings.functions.clone().with_actions(connector, &connection, &store);
    let mut run = connector
        .run(&job.run.action, Value::Object(input))
        .connection(&connection)
        .files(&store)
        .functions(&functions)
        .limits(Limits { time: worker.settings.run_time, ..Limits::default() })
        .retries(Retries { hand_back: true, ..Retries::default() });
    if let Some(trace_parent) = job.trace_parent {
        run = run.trace_parent(trace_parent);
    }
    if job.run.events {
        let (worker, files, runtime) = (Arc::clone(worker), Arc::clone(&files), runtime.clone());
        let subject = worker.broker.names.events(&job.id);
        run = run.streaming(true).on_event(move |event| {
            runtime.block_on(tell(&worker, &files, &subject, &event));
        });
    }
    let outcome = run.start()?;
    put(&files, &runtime).map_err(|failure| Failure { request_sent: true, ..failure })?;
    Ok(outcome)
}

/// Publishes what happens. Whoever is not there to hear it misses nothing that
/// the outcome does not say.
async fn tell(worker: &Worker, files: &RunFiles, subject: &str, event: &Event) {
    if let Event::File { file } = event
        && let Err(failure) = files.put_url(&file.url).await
    {
        return tracing::warn!(%failure, "a file of a run is not told of");
    }
    let told = worker.broker.client.publish(subject.to_owned(), json!(event).to_string().into());
    if let Err(error) = told.await {
        tracing::debug!(%error, "an event was lost");
    }
}

/// What was paid for is tried to be kept for a while.
fn put(files: &RunFiles, runtime: &Handle) -> Result<(), Failure> {
    let deadline = Instant::now() + PUTTING;
    loop {
        match runtime.block_on(files.put_all()) {
            Err(failure) if Instant::now() < deadline => {
                tracing::warn!(%failure, "again in a moment");
                std::thread::sleep(PAUSE);
            }
            put => return put,
        }
    }
}

/// Keeps how a run ended, however long that takes: it may be paid. Says
/// whether it was the first to end.
async fn end(
    worker: &Worker,
    id: &RunId,
    delivery: &Delivery,
    repeated: bool,
    ended: Result<Outcome, Failure>,
) -> bool {
    let mut record = Map::new();
    record.insert("id".to_owned(), id.as_str().into());
    match ended {
        Ok(outcome) => record.insert("outcome".to_owned(), json!(outcome)),
        Err(failure) => record.insert("failure".to_owned(), json!(failure)),
    };
    record.insert("deliveries".to_owned(), delivery.count.into());
    record.insert("repeated".to_owned(), repeated.into());
    record.insert("worker".to_owned(), worker.id.as_str().into());
    let mut pause = PAUSE;
    loop {
        match keep(worker, id, &mut record).await {
            Ok(first) => return first,
            Err(error) => tracing::warn!(%id, %error, "again in {pause:?}"),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// What is too large for a message becomes a file, and the record names it.
async fn keep(
    worker: &Worker,
    id: &RunId,
    record: &mut Map<String, Value>,
) -> Result<bool, String> {
    let broker = &worker.broker;
    if let Some(outcome) = record.get("outcome") {
        let text = outcome.to_string();
        if broker.longest() < text.len() {
            let name = format!("outcome-{id}-{}", worker.id);
            let object = broker.object(&name, "outcome.json");
            let put = broker.files.put(object, &mut text.as_bytes()).await;
            put.map_err(|error| format!("an outcome cannot be kept: {error}"))?;
            record.remove("outcome");
            let url = format!("nats://{}/{name}", broker.names.files());
            record.insert("outcomeUrl".to_owned(), url.into());
        }
    }
    if let Some(failure) = record.get_mut("failure") {
        shorten(failure);
    }
    let kept = broker.end(id, &Value::Object(record.clone())).await;
    kept.map_err(|error| error.to_string())
}

/// Cuts long texts of a failure, which may repeat what the message said: it must
/// fit in a message, or nobody would ever know how the run ended.
fn shorten(value: &mut Value) {
    match value {
        Value::String(text) => text.truncate(text.floor_char_boundary(MAX_TEXT)),
        Value::Array(items) => items.iter_mut().for_each(shorten),
        Value::Object(members) => members.values_mut().for_each(shorten),
        _ => {}
    }
}

/// Puts a message among the dead. What is no run is told by its hash alone:
/// it may hold a secret, and the queue forgets it.
async fn bury(
    worker: &Worker,
    message: &Message,
    delivery: &Delivery,
    id: Option<&RunId>,
    failure: &Failure,
    is_run: bool,
) -> Result<(), BrokerError> {
    let payload = &message.payload;
    let mut record = json!({
        "id": id.map(RunId::as_str),
        "sequence": delivery.sequence,
        "deliveries": delivery.count,
        "failure": failure,
        "bytes": payload.len(),
        "sha256": format!("{:x}", Sha256::digest(payload)),
    });
    // As a text in JSON it is at most twice as long.
    if is_run
        && payload.len() < worker.broker.longest() / 2
        && let (Ok(text), Some(members)) = (std::str::from_utf8(payload), record.as_object_mut())
    {
        members.insert("message".to_owned(), text.into());
    }
    tracing::warn!(sequence = delivery.sequence, %failure, "a message is buried");
    worker.broker.bury(id, delivery.sequence, &record).await
}

fn never_ended(deliveries: i64) -> Failure {
    let message = format!(
        "the run was delivered {deliveries} times and never came to an end: it may be what ends \
         its workers"
    );
    Failure { request_sent: true, ..Failure::new(FailureKind::Internal, message) }
}

fn interrupted() -> Failure {
    let message = "the run's worker ended during it: the provider may have been paid, and the \
                   outcome is not known";
    Failure { request_sent: true, ..Failure::new(FailureKind::Internal, message) }
}
