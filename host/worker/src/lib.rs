//! `connector worker`: runs from a queue in NATS JetStream, for any number of
//! machines.
//!
//! A message is one run (`message`). Workers pull as many messages as they have
//! free slots, and `delivery` processes each. `broker` defines the data in NATS,
//! and `names` its names.

mod access;
mod broker;
mod delivery;
mod files;
mod message;
mod names;

use std::collections::{BTreeMap, HashSet};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_nats::jetstream::AckKind;
use connector_host::{Connector, Failure, FailureKind, Functions};
use futures_util::{FutureExt, StreamExt};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

pub use access::{NatsAccess, NatsAccessError, Servers, User};
pub use broker::{BrokerError, Provisioning};
pub use names::Names;

use broker::Broker;
use connector_serve::{ConnectionCache, shutdown_signal};
use connector_store::Store;

/// How long a pull waits for messages. Must be short, because a restarted server
/// does not know about the pulls that were waiting.
const PULL: Duration = Duration::from_secs(5);
/// The maximum number of messages in one pull.
const MAX_PULL: usize = 256;
/// How long a stopping worker tries to send its last acknowledgements.
const FLUSH_TIME: Duration = Duration::from_secs(5);
/// The pause after a failed pull.
const PAUSE: Duration = Duration::from_millis(500);

/// The configuration of a worker.
pub struct Config {
    /// The connection to NATS.
    pub access: NatsAccess,
    /// The names of streams, buckets and subjects.
    pub names: Names,
    /// The settings for creating missing streams and buckets.
    pub provisioning: Provisioning,
    /// The maximum number of simultaneous runs.
    pub runs: usize,
    /// The maximum number of deliveries of a run.
    pub deliveries: u32,
    /// The maximum duration of a run.
    pub run_time: Duration,
    /// How long runs may continue after a signal to stop.
    pub drain: Duration,
    /// The folder for files that runs need.
    pub files_dir: PathBuf,
    /// The maximum size of an input file in bytes.
    pub max_file_size: u64,
    /// The functions that a model may call in addition to actions.
    pub functions: Functions,
}

/// Why a worker cannot run.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// It cannot connect to the server.
    #[error(transparent)]
    Access(#[from] NatsAccessError),
    /// The streams, buckets or consumer cannot be used.
    #[error(transparent)]
    Broker(#[from] BrokerError),
    /// The operating system lacks resources.
    #[error("cannot start: {0}")]
    Start(#[from] io::Error),
}

/// The state shared by all runs.
struct Worker {
    /// Identifies this worker in notes and outcomes.
    id: String,
    /// By address, such as `openai/v1`.
    connectors: BTreeMap<String, Connector>,
    store: Store,
    connections: ConnectionCache,
    broker: Broker,
    /// The sequence numbers of the messages that are being processed.
    under_way: Mutex<HashSet<u64>>,
    config: Config,
}

impl Worker {
    /// Returns the connector with an action.
    fn action(&self, component: &str, action: &str) -> Result<&Connector, Failure> {
        let unknown = |what: String, known: Vec<&str>| {
            let message = format!("unknown {what}; available: {}", known.join(", "));
            Failure::new(FailureKind::NotFound, message)
        };
        let connector = self.connectors.get(component).ok_or_else(|| {
            let known = self.connectors.keys().map(String::as_str).collect();
            unknown(format!("connector `{}`", component.escape_debug()), known)
        })?;
        let descriptor = connector.descriptor();
        match descriptor.action(action) {
            Some(_) => Ok(connector),
            None => {
                let known = descriptor.actions.iter().map(|action| action.name.as_str()).collect();
                Err(unknown(format!("action `{}`", action.escape_debug()), known))
            }
        }
    }
}

/// Processes runs until a signal stops the process.
///
/// # Errors
/// See [`WorkerError`].
pub fn work(connectors: Vec<Connector>, store: Store, config: Config) -> Result<(), WorkerError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        // One thread for each run, and some for files.
        .max_blocking_threads(config.runs + 64)
        .build()?;
    let worked = runtime.block_on(async {
        let stop = shutdown_signal(false)?;
        let id = new_id()?;
        let client = config.access.connect(&format!("connector worker {id}")).await?;
        let broker = Broker::open(client, config.names.clone(), &config.provisioning).await?;
        if let Err(error) = files::sweep(&config.files_dir, config.provisioning.keep) {
            tracing::warn!(%error, "cannot remove expired files");
        }
        let address = |connector: &Connector| connector.descriptor().own_address();
        let connectors = connectors.into_iter().map(|connector| (address(&connector), connector));
        let worker = Arc::new(Worker {
            id,
            connectors: connectors.collect(),
            store,
            connections: ConnectionCache::default(),
            broker,
            under_way: Mutex::default(),
            config,
        });
        announce(&worker);
        run_until(&worker, stop).await;
        Ok(())
    });
    // Threads of runs that are still active end with the process.
    runtime.shutdown_background();
    worked
}

/// Reports that the worker has started, for people and for programs that start
/// it. Ignores errors, because such a program may have closed standard output.
fn announce(worker: &Worker) {
    let servers = &worker.config.access.servers;
    let _ = writeln!(io::stdout(), "{} connected to {servers}", worker.id);
}

/// Takes runs until `stop` is ready, and then waits for active runs.
async fn run_until(worker: &Arc<Worker>, stop: impl Future<Output = ()>) {
    let slots = Arc::new(Semaphore::new(worker.config.runs));
    let (stopping, stopped) = watch::channel(false);
    let pulling = tokio::spawn(pull(Arc::clone(worker), Arc::clone(&slots), stopped));
    stop.await;
    // Cannot fail while `pull` has the receiver.
    let _ = stopping.send(true);
    tracing::info!("stopping: taking no more runs");
    let drained = async {
        let _ = pulling.await;
        let all = u32::try_from(worker.config.runs).unwrap_or(u32::MAX);
        drop(slots.acquire_many(all).await);
    };
    let drain = worker.config.drain;
    if tokio::time::timeout(drain, drained).await.is_err() {
        tracing::warn!("runs were still active after {drain:?}; other workers take them over");
    }
    // The last acknowledgements may not have been sent yet. Without a server, they
    // would wait for one.
    match tokio::time::timeout(FLUSH_TIME, worker.broker.client.flush()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "cannot send the last acknowledgements"),
        Err(_) => tracing::warn!("cannot send the last acknowledgements: no connection to NATS"),
    }
}

/// Pulls as many runs as there are free slots.
async fn pull(worker: Arc<Worker>, slots: Arc<Semaphore>, mut stopped: watch::Receiver<bool>) {
    loop {
        let first = tokio::select! {
            biased;
            _ = stopped.changed() => return,
            first = Arc::clone(&slots).acquire_owned() => first,
        };
        let Ok(mut free) = first else { return };
        let more = slots.available_permits().min(MAX_PULL - 1);
        let more = u32::try_from(more).unwrap_or_default();
        if let Ok(more) = Arc::clone(&slots).try_acquire_many_owned(more) {
            free.merge(more);
        }
        tokio::spawn(take(Arc::clone(&worker), free, stopped.clone()));
    }
}

/// Fills slots with runs. A slot is free again when its run has ended, or if no
/// run arrived before the pull expired.
async fn take(
    worker: Arc<Worker>,
    mut free: OwnedSemaphorePermit,
    mut stopped: watch::Receiver<bool>,
) {
    let pull = worker.broker.queue.batch().max_messages(free.num_permits()).expires(PULL);
    let mut messages = match pull.messages().await {
        Ok(messages) => messages,
        Err(error) => {
            tracing::warn!(%error, "cannot pull from the queue");
            return tokio::time::sleep(PAUSE).await;
        }
    };
    loop {
        let next = tokio::select! {
            biased;
            _ = stopped.wait_for(|stopped| *stopped) => break,
            next = messages.next() => next,
        };
        match next {
            Some(Ok(message)) => {
                let Some(slot) = free.split(1) else { return };
                let worker = Arc::clone(&worker);
                tokio::spawn(async move {
                    delivery::process(&worker, &message).await;
                    drop(slot);
                });
            }
            Some(Err(error)) => {
                tracing::warn!(%error, "cannot pull from the queue");
                return tokio::time::sleep(PAUSE).await;
            }
            None => return,
        }
    }
    // Immediately returns messages to the queue if their runs have not begun.
    while let Some(Some(Ok(message))) = messages.next().now_or_never() {
        if let Err(error) = message.ack_with(AckKind::Nak(None)).await {
            tracing::debug!(%error, "cannot return a run to the queue");
        }
    }
}

fn new_id() -> io::Result<String> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(format!("worker_{:016x}", u64::from_be_bytes(bytes)))
}
