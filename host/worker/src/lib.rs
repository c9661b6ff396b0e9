//! `connector worker`: runs from a queue in NATS JetStream, for any number of
//! machines.
//!
//! A message is one run (`message`). Workers pull as many as they have places
//! for; `delivery` is what happens to each. What is kept in NATS stands in
//! `broker`, what it is called in `names`.

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

pub use access::{Access, AccessError, Servers, User};
pub use broker::{BrokerError, Making};
pub use names::Names;

use broker::Broker;
use connector_serve::{ConnectionCache, shutdown_signal};
use connector_store::Store;

/// How long a pull waits for messages. A server that is started anew knows of
/// none that waited.
const PULL: Duration = Duration::from_secs(5);
/// The most messages of one pull.
const MOST: usize = 256;
/// After a pull that failed.
const PAUSE: Duration = Duration::from_millis(500);

/// How a worker is set up.
pub struct Settings {
    /// Where the queue is.
    pub access: Access,
    /// What everything in it begins with.
    pub names: Names,
    /// How what is missing there is made.
    pub making: Making,
    /// The most runs at the same time.
    pub runs: usize,
    /// How often a run is delivered at most.
    pub deliveries: u32,
    /// How long a run may take.
    pub run_time: Duration,
    /// How long runs may go on after the worker was told to stop.
    pub drain: Duration,
    /// Where files are while a run needs them.
    pub files_dir: PathBuf,
    /// The largest file of an input, in bytes.
    pub largest_file: u64,
    /// The functions that a model may call besides actions.
    pub functions: Functions,
}

/// Why a worker does not work.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The server is not reached.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// Something in it does not work.
    #[error(transparent)]
    Broker(#[from] BrokerError),
    /// The machine does not give what is needed.
    #[error("cannot start: {0}")]
    Start(#[from] io::Error),
}

/// What all runs share.
struct Worker {
    /// By which others know it.
    id: String,
    /// By address, such as `openai/v1`.
    connectors: BTreeMap<String, Connector>,
    store: Store,
    connections: ConnectionCache,
    broker: Broker,
    /// The places in the queue of the messages that it is at.
    under_way: Mutex<HashSet<u64>>,
    settings: Settings,
}

impl Worker {
    /// The connector that has an action.
    fn action(&self, component: &str, action: &str) -> Result<&Connector, Failure> {
        let unknown = |what: String, known: Vec<&str>| {
            let message = format!("there is no {what}; there are: {}", known.join(", "));
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

/// Takes runs until the process is asked to stop.
///
/// # Errors
/// See [`WorkerError`].
pub fn work(
    connectors: Vec<Connector>,
    store: Store,
    settings: Settings,
) -> Result<(), WorkerError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        // A run has a thread; its files are read on one.
        .max_blocking_threads(settings.runs + 64)
        .build()?;
    let worked = runtime.block_on(async {
        let stop = shutdown_signal(false)?;
        let id = new_id()?;
        let client = settings.access.connect(&format!("connector worker {id}")).await?;
        let broker = Broker::open(client, settings.names.clone(), &settings.making).await?;
        if let Err(error) = files::sweep(&settings.files_dir, settings.making.keep) {
            tracing::warn!(%error, "old files cannot be removed");
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
            settings,
        });
        announce(&worker);
        until(&worker, stop).await;
        Ok(())
    });
    // What still runs has had its time; its threads end with the process.
    runtime.shutdown_background();
    worked
}

/// Tells that it works, for people and for programs that start it; it works
/// also when nobody reads that.
fn announce(worker: &Worker) {
    let servers = &worker.settings.access.servers;
    let _ = writeln!(io::stdout(), "{} works on {servers}", worker.id);
}

/// Takes runs until it is told to stop, and lets those end that it has.
async fn until(worker: &Arc<Worker>, stop: impl Future<Output = ()>) {
    let places = Arc::new(Semaphore::new(worker.settings.runs));
    let (stopping, stopped) = watch::channel(false);
    let pulling = tokio::spawn(pull(Arc::clone(worker), Arc::clone(&places), stopped));
    stop.await;
    // It has a receiver.
    let _ = stopping.send(true);
    tracing::info!("stopping: no more runs are taken");
    let drained = async {
        // Its end is what is waited for.
        let _ = pulling.await;
        let all = u32::try_from(worker.settings.runs).unwrap_or(u32::MAX);
        drop(places.acquire_many(all).await);
    };
    let drain = worker.settings.drain;
    if tokio::time::timeout(drain, drained).await.is_err() {
        tracing::warn!("runs were still going on after {drain:?}; other workers take them over");
    }
    // The last acknowledgements are still on their way.
    if let Err(error) = worker.broker.client.flush().await {
        tracing::warn!(%error, "the queue was not told everything");
    }
}

/// Asks for as many runs as there are places, whenever there are some.
async fn pull(worker: Arc<Worker>, places: Arc<Semaphore>, mut stopped: watch::Receiver<bool>) {
    loop {
        let first = tokio::select! {
            biased;
            _ = stopped.changed() => return,
            first = Arc::clone(&places).acquire_owned() => first,
        };
        let Ok(mut free) = first else { return };
        let more = places.available_permits().min(MOST - 1);
        let more = u32::try_from(more).unwrap_or_default();
        if let Ok(more) = Arc::clone(&places).try_acquire_many_owned(more) {
            free.merge(more);
        }
        tokio::spawn(take(Arc::clone(&worker), free, stopped.clone()));
    }
}

/// Takes what comes into these places; they are free again when a run has
/// ended, or when none came for a while.
async fn take(
    worker: Arc<Worker>,
    mut free: OwnedSemaphorePermit,
    mut stopped: watch::Receiver<bool>,
) {
    let pull = worker.broker.queue.batch().max_messages(free.num_permits()).expires(PULL);
    let mut messages = match pull.messages().await {
        Ok(messages) => messages,
        Err(error) => {
            tracing::warn!(%error, "the queue cannot be asked");
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
                let Some(place) = free.split(1) else { return };
                let worker = Arc::clone(&worker);
                tokio::spawn(async move {
                    delivery::attend(&worker, &message).await;
                    drop(place);
                });
            }
            Some(Err(error)) => {
                tracing::warn!(%error, "the queue cannot be asked");
                return tokio::time::sleep(PAUSE).await;
            }
            None => return,
        }
    }
    // What has come and is not begun is another worker's at once.
    while let Some(Some(Ok(message))) = messages.next().now_or_never() {
        if let Err(error) = message.ack_with(AckKind::Nak(None)).await {
            tracing::debug!(%error, "a run was not given back");
        }
    }
}

fn new_id() -> io::Result<String> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(format!("worker_{:016x}", u64::from_be_bytes(bytes)))
}
