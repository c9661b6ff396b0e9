//! The workers' data in NATS: the queue of runs, notes about those in progress,
//! outcomes, files and dead letters.

use std::time::Duration;

use async_nats::Client;
use async_nats::jetstream::consumer::{AckPolicy, Consumer, pull};
use async_nats::jetstream::context::{Context, PublishErrorKind};
use async_nats::jetstream::kv;
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::object_store::{self, ObjectMetadata, ObjectStore};
use async_nats::jetstream::stream::{
    Config, DiscardPolicy, LastRawMessageErrorKind, Republish, RetentionPolicy, Stream,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::message::RunId;
use super::names::Names;

/// How long dead letters are kept, so that someone can inspect them.
const KEEP_DEAD: Duration = Duration::from_secs(30 * 24 * 3600);
/// The maximum number of waiting pulls of all workers.
const MAX_PULLS: i64 = 4096;
/// The part of a message's maximum size that is reserved for headers.
const HEADERS: usize = 4 << 10;
/// The timeout for responses of the server.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The size of a file's chunks.
const CHUNK: usize = 128 << 10;

/// An error from NATS, as a message.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BrokerError(String);

impl BrokerError {
    fn of(what: &str) -> impl Fn(String) -> Self + '_ {
        move |error| Self(format!("{what}: {error}"))
    }
}

/// The settings for creating missing streams, buckets and the consumer.
#[derive(Debug)]
pub struct Provisioning {
    /// How long outcomes and files are kept.
    pub keep: Duration,
    /// The time without a heartbeat after which another worker takes over a run.
    pub ack_wait: Duration,
    /// The number of servers that store each stream.
    pub replicas: usize,
}

/// The streams, buckets and consumer. Cheap to clone.
#[derive(Clone)]
pub struct Broker {
    pub client: Client,
    pub names: Names,
    context: Context,
    pub queue: Consumer<pull::Config>,
    begun: Stream,
    outcomes: kv::Store,
    pub files: ObjectStore,
}

/// A note that a run has begun, written before it sends anything.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Note {
    /// The id of the worker.
    pub worker: String,
    /// The sequence number of the message in the queue.
    pub sequence: u64,
    /// The number of deliveries of the message, including this one.
    pub delivery: i64,
}

/// The result of beginning a run.
#[derive(Debug)]
pub enum Beginning {
    /// This worker has begun the run.
    Here(BegunRun),
    /// Another message with the same id is in progress.
    Elsewhere(Note),
}

/// A run that this worker has begun.
#[derive(Debug)]
pub struct BegunRun {
    /// The sequence number of the note.
    sequence: u64,
    /// The note of an earlier worker that did not finish the run.
    pub before: Option<Note>,
}

impl Broker {
    /// Opens the streams, buckets and consumer, and creates missing ones.
    ///
    /// # Errors
    /// If the server has no JetStream, if the user lacks permissions, or if a
    /// stream with the same name has a different purpose.
    pub async fn open(
        client: Client,
        names: Names,
        provisioning: &Provisioning,
    ) -> Result<Self, BrokerError> {
        let mut context = async_nats::jetstream::new(client.clone());
        context.set_timeout(TIMEOUT);
        let Provisioning { keep, ack_wait, replicas } = *provisioning;
        let stream = |name: String, subjects: String| Config {
            name,
            subjects: vec![subjects],
            num_replicas: replicas,
            ..Config::default()
        };
        let runs = Config {
            retention: RetentionPolicy::WorkQueue,
            ..stream(names.runs_stream(), names.runs())
        };
        let runs = open_stream(&context, runs).await?;
        if runs.cached_info().config.retention != RetentionPolicy::WorkQueue {
            let name = names.runs_stream();
            return Err(BrokerError(format!("the stream `{name}` exists but is not a work queue")));
        }
        let workers = pull::Config {
            durable_name: Some(names.workers()),
            ack_policy: AckPolicy::Explicit,
            ack_wait,
            // The workers limit deliveries, so that they can report a failure.
            max_deliver: -1,
            // The workers limit the number of runs. Here, delayed runs would
            // count too.
            max_ack_pending: -1,
            max_waiting: MAX_PULLS,
            ..pull::Config::default()
        };
        let queue = runs.get_or_create_consumer(&names.workers(), workers).await;
        let queue = queue
            .map_err(|error| BrokerError(format!("cannot open the queue's consumer: {error}")))?;
        let begun = Config {
            max_messages_per_subject: 1,
            max_age: keep,
            ..stream(names.begun_stream(), names.all_begun())
        };
        let dead = Config { max_age: KEEP_DEAD, ..stream(names.dead_stream(), names.all_dead()) };
        open_stream(&context, dead).await?;
        Ok(Self {
            begun: open_stream(&context, begun).await?,
            outcomes: outcomes(&context, &names, provisioning).await?,
            files: files(&context, &names, provisioning).await?,
            queue,
            client,
            context,
            names,
        })
    }

    /// Whether a run has ended, that is, has a stored outcome.
    ///
    /// # Errors
    /// If that cannot be determined.
    pub async fn has_ended(&self, id: &RunId) -> Result<bool, BrokerError> {
        // Asks the stream's leader, because a replica may lag behind.
        let subject = format!("{}{id}", self.outcomes.prefix);
        last(&self.outcomes.stream, &subject).await.map(|found| found.is_some())
    }

    /// Writes the note that a run has begun.
    ///
    /// # Errors
    /// If the note cannot be written. In that case the run must not begin.
    pub async fn begin(&self, id: &RunId, note: &Note) -> Result<Beginning, BrokerError> {
        let subject = self.names.begun(id);
        let text = serde_json::to_vec(note).unwrap_or_default();
        let (mut expected, mut before) = (0, None);
        loop {
            let message = PublishMessage::build()
                .payload(text.clone().into())
                .expected_last_subject_sequence(expected);
            match self.publish(&subject, message).await {
                Ok(sequence) => return Ok(Beginning::Here(BegunRun { sequence, before })),
                Err(error) if error.kind() != PublishErrorKind::WrongLastSequence => {
                    return Err(BrokerError::of("cannot begin a run")(error.to_string()));
                }
                // It was begun before, or has ended in the meantime.
                Err(_) => match last(&self.begun, &subject).await? {
                    None => (expected, before) = (0, None),
                    Some((sequence, payload)) => {
                        let other: Option<Note> = serde_json::from_slice(&payload).ok();
                        match other {
                            Some(other) if other.sequence != note.sequence => {
                                return Ok(Beginning::Elsewhere(other));
                            }
                            other => (expected, before) = (sequence, other),
                        }
                    }
                },
            }
        }
    }

    /// Removes the note of a run that has ended or has done nothing.
    pub async fn forget(&self, begun: &BegunRun) {
        // If this fails, a later delivery treats the run as one that may already
        // have been charged. That is harmless, and the note expires.
        if let Err(error) = self.begun.delete_message(begun.sequence).await {
            tracing::debug!(%error, "cannot remove a note");
        }
    }

    /// Removes the note of a run that has ended elsewhere or will not run.
    pub async fn forget_all(&self, id: &RunId) {
        match last(&self.begun, &self.names.begun(id)).await {
            Ok(Some((sequence, _))) => self.forget(&BegunRun { sequence, before: None }).await,
            Ok(None) => {}
            Err(error) => tracing::debug!(%error, "cannot remove a note"),
        }
    }

    /// Stores a run's outcome unless it already has one. The server publishes it
    /// to the caller. Returns whether this was the first outcome.
    ///
    /// # Errors
    /// If it cannot be stored.
    pub async fn end(&self, id: &RunId, outcome: &Value) -> Result<bool, BrokerError> {
        let text = outcome.to_string();
        match self.outcomes.create(id.as_str(), text.into()).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == kv::CreateErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(BrokerError::of("cannot store an outcome")(error.to_string())),
        }
    }

    /// Stores a dead letter, once for its sequence number in the queue.
    ///
    /// # Errors
    /// If it cannot be stored.
    pub async fn store_dead_letter(
        &self,
        id: Option<&RunId>,
        sequence: u64,
        record: &Value,
    ) -> Result<(), BrokerError> {
        let subject = self.names.dead(id, sequence);
        let message = PublishMessage::build()
            .payload(record.to_string().into())
            .message_id(sequence.to_string());
        let stored = self.publish(&subject, message).await.map(drop);
        stored.map_err(|error| BrokerError::of("cannot store a dead letter")(error.to_string()))
    }

    /// The time without a heartbeat after which another worker takes over a run.
    pub fn ack_wait(&self) -> Duration {
        self.queue.cached_info().config.ack_wait
    }

    /// Returns the metadata of a new object, with chunks that fit in messages.
    pub fn object(&self, name: &str, file_name: &str) -> ObjectMetadata {
        ObjectMetadata {
            name: name.to_owned(),
            description: Some(file_name.to_owned()),
            chunk_size: Some(self.max_text().min(CHUNK)),
            ..ObjectMetadata::default()
        }
    }

    /// The maximum size of text that fits in a message.
    pub fn max_text(&self) -> usize {
        self.client.max_payload().saturating_sub(HEADERS)
    }

    /// Publishes a message and waits until it is stored. Returns its sequence
    /// number.
    async fn publish(
        &self,
        subject: &str,
        message: PublishMessage,
    ) -> Result<u64, async_nats::jetstream::context::PublishError> {
        let ack = self.context.send_publish(subject.to_owned(), message).await?;
        Ok(ack.await?.sequence)
    }
}

/// Returns the sequence number and payload of the last message on a subject.
async fn last(stream: &Stream, subject: &str) -> Result<Option<(u64, Vec<u8>)>, BrokerError> {
    match stream.get_last_raw_message_by_subject(subject).await {
        Ok(message) => Ok(Some((message.sequence, message.payload.to_vec()))),
        Err(error) if matches!(error.kind(), LastRawMessageErrorKind::NoMessageFound) => Ok(None),
        Err(error) => Err(BrokerError::of("cannot read from NATS")(error.to_string())),
    }
}

async fn open_stream(context: &Context, config: Config) -> Result<Stream, BrokerError> {
    let name = config.name.clone();
    let opened = context.get_or_create_stream(config).await;
    opened.map_err(|error| BrokerError(format!("cannot open the stream `{name}`: {error}")))
}

/// Opens the bucket of outcomes. Creates its stream directly, configured like a
/// bucket's, because the client's own function needs information that older
/// servers such as Debian's do not provide.
async fn outcomes(
    context: &Context,
    names: &Names,
    provisioning: &Provisioning,
) -> Result<kv::Store, BrokerError> {
    // The server itself publishes outcomes when it stores them. A second outcome
    // for a run is not stored, and therefore not published.
    let republish = Republish {
        source: names.all_outcomes(),
        destination: names.all_replies(),
        headers_only: false,
    };
    let bucket = names.outcomes();
    let config = Config {
        name: format!("KV_{bucket}"),
        subjects: vec![names.all_outcomes()],
        max_messages_per_subject: 1,
        max_age: provisioning.keep,
        num_replicas: provisioning.replicas,
        republish: Some(republish),
        discard: DiscardPolicy::New,
        allow_rollup: true,
        deny_delete: true,
        allow_direct: true,
        ..Config::default()
    };
    open_stream(context, config).await?;
    let store = context.get_key_value(&bucket).await;
    store.map_err(|error| BrokerError(format!("cannot open the bucket `{bucket}`: {error}")))
}

async fn files(
    context: &Context,
    names: &Names,
    provisioning: &Provisioning,
) -> Result<ObjectStore, BrokerError> {
    if let Ok(store) = context.get_object_store(names.files()).await {
        return Ok(store);
    }
    let config = object_store::Config {
        bucket: names.files(),
        max_age: provisioning.keep,
        num_replicas: provisioning.replicas,
        ..object_store::Config::default()
    };
    let created = context.create_object_store(config).await;
    created.map_err(|error| {
        BrokerError(format!("cannot create the bucket `{}`: {error}", names.files()))
    })
}
