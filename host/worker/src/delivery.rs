//! One delivery of a message, from the queue to its acknowledgement.
//!
//! If a worker dies, the next one decides based on what is stored about the run:
//!
//! | stored | the next worker |
//! |---|---|
//! | an outcome | acknowledges the message |
//! | a note that the run has begun | repeats the run and marks the outcome, because it may be charged twice, or fails if the caller forbids repeating |
//! | neither | runs it for the first time: nothing was sent |

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
use super::broker::{Beginning, BegunRun, BrokerError, Note};
use super::files::RunFiles;
use super::message::{ID, RunId, RunMessage, TRACE_PARENT};
use connector_serve::{Caller, ConnectionChoice, blocking, is_trace_parent};

/// The number of heartbeats per `ack_wait`.
const BEATS: u32 = 3;
/// The first pause before a run is repeated, if the provider requests none. Each
/// further pause is twice as long.
const PAUSE: Duration = Duration::from_secs(1);
/// The maximum pause.
const MAX_PAUSE: Duration = Duration::from_secs(60);
/// The maximum pause that a provider may request. If it requests more, the run
/// fails.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(3600);
/// How long the upload of a run's files is retried, since the run has been
/// charged.
const MAX_UPLOAD: Duration = Duration::from_secs(60);
/// How many characters of a connection's name a failure repeats.
const MAX_NAME: usize = 100;
/// The maximum length of a string in a stored failure, in bytes.
const MAX_TEXT: usize = 8 << 10;

/// The result of a delivery.
enum End {
    /// The message has been processed.
    Done,
    /// The message must be delivered again after a pause.
    Again(Duration),
    /// This worker is still processing an earlier delivery of the message.
    UnderWay,
}

#[derive(Clone, Debug)]
struct Delivery {
    /// The sequence number of the message in the queue.
    sequence: u64,
    /// The number of deliveries, including this one.
    count: i64,
}

/// Processes a message and acknowledges it.
pub async fn process(worker: &Arc<Worker>, message: &Message) {
    let (sequence, count) = match message.info() {
        Ok(info) => (info.stream_sequence, info.delivered),
        Err(error) => {
            return tracing::warn!(%error, "received a message that is not from the queue");
        }
    };
    let delivery = Delivery { sequence, count };
    let heartbeat = Heartbeat::start(worker, message);
    let end = match UnderWay::begin(worker, sequence) {
        Some(under_way) => {
            let end = decide(worker, message, &delivery).await;
            drop(under_way);
            end
        }
        None => Ok(End::UnderWay),
    };
    drop(heartbeat);
    let acknowledged = match end {
        Ok(End::Done) => message.ack().await,
        Ok(End::Again(pause)) => message.ack_with(AckKind::Nak(Some(pause))).await,
        Ok(End::UnderWay) => return,
        // Without heartbeats, the queue delivers the message again.
        Err(error) => return tracing::warn!(sequence, %error, "abandoning a run"),
    };
    // If this fails, the next delivery finds the outcome.
    if let Err(error) = acknowledged {
        tracing::warn!(sequence, %error, "cannot acknowledge a message");
    }
}

/// Regularly reports to the queue that a run is in progress, until dropped.
struct Heartbeat(AbortHandle);

impl Heartbeat {
    fn start(worker: &Worker, message: &Message) -> Self {
        let message = message.clone();
        let pause = worker.broker.ack_wait() / BEATS;
        let task = tokio::spawn(async move {
            loop {
                tokio::time::sleep(pause).await;
                if let Err(error) = message.ack_with(AckKind::Progress).await {
                    tracing::debug!(%error, "cannot send a heartbeat");
                }
            }
        });
        Self(task.abort_handle())
    }
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A message that this worker is processing. The queue may deliver it again if
/// the connection was down for a long time.
struct UnderWay<'a>(&'a Worker, u64);

impl<'a> UnderWay<'a> {
    fn begin(worker: &'a Worker, sequence: u64) -> Option<Self> {
        let is_new = {
            let mut all = worker.under_way.lock().unwrap_or_else(PoisonError::into_inner);
            all.insert(sequence)
        };
        // Created only for a new message: dropping a second value would remove the
        // message while it is still being processed.
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
             in parts separated by dots",
        );
        store_dead_letter(worker, message, delivery, None, &failure, false).await?;
        return Ok(End::Done);
    };
    if worker.broker.has_ended(&id).await? {
        if delivery.count > 1 {
            worker.broker.forget_all(&id).await;
        }
        return Ok(End::Done);
    }
    let dead = async |failure: Failure, is_run: bool| {
        store_dead_letter(worker, message, delivery, Some(&id), &failure, is_run).await?;
        end(worker, &id, delivery, false, Err(failure)).await;
        worker.broker.forget_all(&id).await;
        Ok(End::Done)
    };
    let run = match RunMessage::parse(&message.payload) {
        Ok(run) => run,
        Err(failure) => return dead(failure, false).await,
    };
    let connector = match worker.action(&run.component, &run.action) {
        Ok(connector) => connector.clone(),
        Err(failure) => return dead(failure, true).await,
    };
    if delivery.count > i64::from(worker.config.deliveries) {
        return dead(never_ended(delivery.count - 1), true).await;
    }
    let trace_parent = header(TRACE_PARENT).filter(|text| is_trace_parent(text));
    let job = Job { id: id.clone(), delivery: delivery.clone(), run, connector, trace_parent };
    perform(worker, job).await
}

/// A run that has not started.
struct Job {
    id: RunId,
    delivery: Delivery,
    run: RunMessage,
    connector: Connector,
    trace_parent: Option<String>,
}

/// The result of a run's thread.
enum Performed {
    /// The run did not begin, and nothing was sent.
    NotStarted(Failure),
    /// Another message with the same id is in progress, so this one can be
    /// dropped.
    Elsewhere(Note),
    /// The note that the run has begun could not be written.
    NoteFailed(BrokerError),
    /// The run was begun and has ended.
    Ended(BegunRun, Result<Outcome, Failure>),
}

async fn perform(worker: &Arc<Worker>, job: Job) -> Result<End, BrokerError> {
    let (id, delivery, began) = (job.id.clone(), job.delivery.clone(), Instant::now());
    let label = format!("{}/{}", job.run.component, job.run.action);
    let on_thread = Arc::clone(worker);
    let Ok(thread) = blocking(move || run_on_thread(&on_thread, job)) else {
        tracing::warn!(%id, "cannot create a thread for a run");
        return Ok(End::Again(PAUSE));
    };
    let (begun, ended) = match thread.await {
        Ok(Performed::NotStarted(failure)) => (None, Err(failure)),
        Ok(Performed::Ended(begun, ended)) => (Some(begun), ended),
        Ok(Performed::NoteFailed(error)) => return Err(error),
        Ok(Performed::Elsewhere(other)) => {
            tracing::info!(%id, worker = other.worker, "another message with this id is in progress");
            return Ok(End::Done);
        }
        Err(_) => {
            // The run panicked, possibly after a request.
            let failure = Failure::new(FailureKind::Internal, "the run failed");
            (None, Err(Failure { request_sent: true, ..failure }))
        }
    };
    let again = ended.as_ref().err().and_then(|failure| pause_before(worker, &delivery, failure));
    let repeated = begun.as_ref().is_some_and(|begun| begun.before.is_some());
    let milliseconds = began.elapsed().as_millis();
    if let Some(pause) = again {
        tracing::info!(%id, action = label, milliseconds, ?pause, "delaying a run");
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

/// Returns the pause before a run is repeated, or `None` if its failure is final.
fn pause_before(worker: &Worker, delivery: &Delivery, failure: &Failure) -> Option<Duration> {
    if !failure.repeatable || delivery.count >= i64::from(worker.config.deliveries) {
        return None;
    }
    let doublings = u32::try_from(delivery.count - 1).unwrap_or_default().min(16);
    let own = PAUSE.saturating_mul(1 << doublings).min(MAX_PAUSE);
    let pause = failure.retry_after_ms.map_or(own, Duration::from_millis);
    (pause <= MAX_RETRY_AFTER).then_some(pause)
}

fn run_on_thread(worker: &Arc<Worker>, job: Job) -> Performed {
    let runtime = Handle::current();
    let prepared = match prepare(worker, &job, &runtime) {
        Ok(prepared) => prepared,
        Err(failure) => return Performed::NotStarted(failure),
    };
    let note = Note {
        worker: worker.id.clone(),
        sequence: job.delivery.sequence,
        delivery: job.delivery.count,
    };
    let begun = match runtime.block_on(worker.broker.begin(&job.id, &note)) {
        Ok(Beginning::Here(begun)) => begun,
        Ok(Beginning::Elsewhere(other)) => return Performed::Elsewhere(other),
        Err(error) => return Performed::NoteFailed(error),
    };
    if begun.before.is_some() && !job.run.repeat {
        return Performed::Ended(begun, Err(interrupted()));
    }
    let ended = start(worker, job, prepared, runtime);
    Performed::Ended(begun, ended)
}

/// What a run needs in addition to its message.
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
                Failure::new(FailureKind::Internal, format!("the worker's store failed: {error}"))
            })?;
            let record = found.ok_or_else(|| {
                let name =
                    name.chars().take(MAX_NAME).collect::<String>().escape_debug().to_string();
                let message = format!("the workers have no connection `{name}` for {component}");
                Failure::new(FailureKind::NotFound, message)
            })?;
            ConnectionChoice::Stored(record.id)
        }
    };
    let connection =
        worker.connections.resolve(&worker.store, &job.connector, choice, &Caller::default());
    let connection = connection.map_err(connector_serve::Problem::into_failure)?;
    let files = RunFiles::new(&worker.config.files_dir, &worker.broker)?;
    let mut input = job.run.input.clone();
    let fetching = files.fetch(&mut input, worker.config.max_file_size);
    let fetched =
        runtime.block_on(async { tokio::time::timeout(worker.config.run_time, fetching).await });
    fetched.unwrap_or_else(|_| {
        Err(Failure::new(FailureKind::Timeout, "timed out downloading the input's files"))
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
    let functions = worker.config.functions.clone().with_actions(connector, &connection, &store);
    let mut run = connector
        .run(&job.run.action, Value::Object(input))
        .connection(&connection)
        .files(&store)
        .functions(&functions)
        .limits(Limits { time: worker.config.run_time, ..Limits::default() })
        .retries(Retries { hand_back: true, ..Retries::default() });
    if let Some(trace_parent) = job.trace_parent {
        run = run.trace_parent(trace_parent);
    }
    if job.run.events {
        let (worker, files, runtime) = (Arc::clone(worker), Arc::clone(&files), runtime.clone());
        let subject = worker.broker.names.events(&job.id);
        run = run.streaming(true).on_event(move |event| {
            runtime.block_on(publish_event(&worker, &files, &subject, &event));
        });
    }
    let outcome = run.start()?;
    put(&files, &runtime).map_err(|failure| Failure { request_sent: true, ..failure })?;
    Ok(outcome)
}

/// Publishes an event. Delivery is not guaranteed, because the outcome contains
/// everything that matters.
async fn publish_event(worker: &Worker, files: &RunFiles, subject: &str, event: &Event) {
    if let Event::File { file } = event
        && let Err(failure) = files.put_url(&file.url).await
    {
        return tracing::warn!(%failure, "cannot publish a file of a run");
    }
    let client = &worker.broker.client;
    let published = client.publish(subject.to_owned(), json!(event).to_string().into());
    if let Err(error) = published.await {
        tracing::debug!(%error, "cannot publish an event");
    }
}

/// Uploads a run's files. Retries for a while, because the run was charged.
fn put(files: &RunFiles, runtime: &Handle) -> Result<(), Failure> {
    let deadline = Instant::now() + MAX_UPLOAD;
    loop {
        match runtime.block_on(files.put_all()) {
            Err(failure) if Instant::now() < deadline => {
                tracing::warn!(%failure, "retrying in {PAUSE:?}");
                std::thread::sleep(PAUSE);
            }
            put => return put,
        }
    }
}

/// Stores the result of a run. Retries indefinitely, because the run may have been
/// charged. Returns whether it was the first to end.
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
            Err(error) => tracing::warn!(%id, %error, "retrying in {pause:?}"),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(MAX_PAUSE);
    }
}

/// Stores a record. If its outcome is too large for a message, stores that as a
/// file and refers to it.
async fn keep(
    worker: &Worker,
    id: &RunId,
    record: &mut Map<String, Value>,
) -> Result<bool, String> {
    let broker = &worker.broker;
    if let Some(outcome) = record.get("outcome") {
        let text = outcome.to_string();
        if text.len() > broker.max_text() {
            let name = format!("outcome-{id}-{}", worker.id);
            let object = broker.object(&name, "outcome.json");
            let put = broker.files.put(object, &mut text.as_bytes()).await;
            put.map_err(|error| format!("cannot store an outcome: {error}"))?;
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

/// Truncates long strings in a failure, which may repeat parts of the run's message.
/// The failure must fit in a NATS message, or the caller would never get it.
fn shorten(value: &mut Value) {
    match value {
        Value::String(text) => text.truncate(text.floor_char_boundary(MAX_TEXT)),
        Value::Array(items) => items.iter_mut().for_each(shorten),
        Value::Object(members) => members.values_mut().for_each(shorten),
        _ => {}
    }
}

/// Stores a message as a dead letter. If it is not a run, stores only its hash, because it may
/// contain a secret.
async fn store_dead_letter(
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
    // Escaped as a JSON string, it is at most twice as long.
    if is_run
        && payload.len() < worker.broker.max_text() / 2
        && let (Ok(text), Some(members)) = (std::str::from_utf8(payload), record.as_object_mut())
    {
        members.insert("message".to_owned(), text.into());
    }
    tracing::warn!(sequence = delivery.sequence, %failure, "storing a dead letter");
    worker.broker.store_dead_letter(id, delivery.sequence, &record).await
}

fn never_ended(deliveries: i64) -> Failure {
    let message = format!(
        "the run was delivered {deliveries} times and never finished; it may be killing its workers"
    );
    Failure { request_sent: true, ..Failure::new(FailureKind::Internal, message) }
}

fn interrupted() -> Failure {
    let message = "the run's worker died during the run; the outcome is unknown, and you may have \
                   been charged";
    Failure { request_sent: true, ..Failure::new(FailureKind::Internal, message) }
}
