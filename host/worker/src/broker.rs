//! What the workers keep in NATS: the queue of runs, which of them were begun,
//! how they ended, files, and the dead.

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

/// How long the dead are kept: until somebody has looked at them.
const KEEP_DEAD: Duration = Duration::from_secs(30 * 24 * 3600);
/// How many pulls may wait at the same time, of all workers.
const PULLS: i64 = 4096;
/// What is left of NATS's largest message for its headers.
const HEADERS: usize = 4 << 10;
/// How long the server may take for an answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How much of a file is one message.
const PIECE: usize = 128 << 10;

/// Something in NATS did not work: one sentence.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BrokerError(String);

impl BrokerError {
    fn of(what: &str) -> impl Fn(String) -> Self + '_ {
        move |error| Self(format!("{what}: {error}"))
    }
}

/// How what is missing is made.
#[derive(Debug)]
pub struct Making {
    /// How long outcomes and files are kept.
    pub keep: Duration,
    /// After which silence of its worker a run is given to another one.
    pub ack_wait: Duration,
    /// On how many servers each thing is kept.
    pub replicas: usize,
}

/// All of it. Cheap to clone.
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

/// What is noted of a run before anything is sent for it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Note {
    /// By whom it was begun.
    pub worker: String,
    /// The message's place in the queue.
    pub sequence: u64,
    /// How often the message was delivered until then.
    pub delivery: i64,
}

/// What became of a beginning.
#[derive(Debug)]
pub enum Beginning {
    /// The run is this worker's.
    Here(Begun),
    /// Another message with the same id is under way.
    Elsewhere(Note),
}

/// A run that was begun here.
#[derive(Debug)]
pub struct Begun {
    /// Where that is noted.
    place: u64,
    /// Who had begun it before and has not ended it.
    pub before: Option<Note>,
}

impl Broker {
    /// Finds what is there, and makes what is missing.
    ///
    /// # Errors
    /// If the server has no JetStream, if it does not let this user, or if
    /// something of the same name is there for another purpose.
    pub async fn open(client: Client, names: Names, making: &Making) -> Result<Self, BrokerError> {
        let mut context = async_nats::jetstream::new(client.clone());
        context.set_timeout(TIMEOUT);
        let Making { keep, ack_wait, replicas } = *making;
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
        let runs = make(&context, runs).await?;
        if runs.cached_info().config.retention != RetentionPolicy::WorkQueue {
            let name = names.runs_stream();
            return Err(BrokerError(format!("the stream `{name}` is there, and is no work queue")));
        }
        let workers = pull::Config {
            durable_name: Some(names.workers()),
            ack_policy: AckPolicy::Explicit,
            ack_wait,
            // Counted by the workers, who say what became of the run.
            max_deliver: -1,
            // Bounded by the workers' places; runs that wait count too.
            max_ack_pending: -1,
            max_waiting: PULLS,
            ..pull::Config::default()
        };
        let queue = runs.get_or_create_consumer(&names.workers(), workers).await;
        let queue =
            queue.map_err(|error| BrokerError(format!("no consumer of the queue: {error}")))?;
        let begun = Config {
            max_messages_per_subject: 1,
            max_age: keep,
            ..stream(names.begun_stream(), names.all_begun())
        };
        let dead = Config { max_age: KEEP_DEAD, ..stream(names.dead_stream(), names.all_dead()) };
        make(&context, dead).await?;
        Ok(Self {
            begun: make(&context, begun).await?,
            outcomes: outcomes(&context, &names, making).await?,
            files: files(&context, &names, making).await?,
            queue,
            client,
            context,
            names,
        })
    }

    /// The outcome that is kept of a run, if there is one.
    ///
    /// # Errors
    /// If it cannot be found out.
    pub async fn is_ended(&self, id: &RunId) -> Result<bool, BrokerError> {
        // Asked of the leader: another server may not have heard of it yet.
        let subject = format!("{}{id}", self.outcomes.prefix);
        last(&self.outcomes.stream, &subject).await.map(|found| found.is_some())
    }

    /// Notes that a run is begun.
    ///
    /// # Errors
    /// If that cannot be noted. Then it must not be begun.
    pub async fn begin(&self, id: &RunId, note: &Note) -> Result<Beginning, BrokerError> {
        let subject = self.names.begun(id);
        let text = serde_json::to_vec(note).unwrap_or_default();
        let (mut expected, mut before) = (0, None);
        loop {
            let message = PublishMessage::build()
                .payload(text.clone().into())
                .expected_last_subject_sequence(expected);
            match self.publish(&subject, message).await {
                Ok(place) => return Ok(Beginning::Here(Begun { place, before })),
                Err(error) if error.kind() != PublishErrorKind::WrongLastSequence => {
                    return Err(BrokerError::of("a run cannot be begun")(error.to_string()));
                }
                // It was begun before, or ended meanwhile.
                Err(_) => match last(&self.begun, &subject).await? {
                    None => (expected, before) = (0, None),
                    Some((place, payload)) => {
                        let other: Option<Note> = serde_json::from_slice(&payload).ok();
                        match other {
                            Some(other) if other.sequence != note.sequence => {
                                return Ok(Beginning::Elsewhere(other));
                            }
                            other => (expected, before) = (place, other),
                        }
                    }
                },
            }
        }
    }

    /// Takes the note of a run's beginning back: it has ended, or nothing of
    /// it was done.
    pub async fn forget(&self, begun: &Begun) {
        // Without it the run would be taken for one that may have been paid.
        // That is no harm, and the note does not stay forever.
        if let Err(error) = self.begun.delete_message(begun.place).await {
            tracing::debug!(%error, "a note was not removed");
        }
    }

    /// The same where the run has ended elsewhere, or is not made at all.
    pub async fn forget_all(&self, id: &RunId) {
        match last(&self.begun, &self.names.begun(id)).await {
            Ok(Some((place, _))) => self.forget(&Begun { place, before: None }).await,
            Ok(None) => {}
            Err(error) => tracing::debug!(%error, "a note was not removed"),
        }
    }

    /// Keeps a run's outcome and has it told to the caller, both once: says
    /// whether this was the first.
    ///
    /// # Errors
    /// If it cannot be kept.
    pub async fn end(&self, id: &RunId, outcome: &Value) -> Result<bool, BrokerError> {
        let text = outcome.to_string();
        match self.outcomes.create(id.as_str(), text.into()).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == kv::CreateErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(BrokerError::of("an outcome cannot be kept")(error.to_string())),
        }
    }

    /// Puts a message among the dead, once for its place in the queue.
    ///
    /// # Errors
    /// If that does not work.
    pub async fn bury(
        &self,
        id: Option<&RunId>,
        sequence: u64,
        record: &Value,
    ) -> Result<(), BrokerError> {
        let subject = self.names.dead(id, sequence);
        let message = PublishMessage::build()
            .payload(record.to_string().into())
            .message_id(sequence.to_string());
        let buried = self.publish(&subject, message).await.map(drop);
        buried.map_err(|error| BrokerError::of("a message cannot be buried")(error.to_string()))
    }

    /// After which silence of its worker a run is given to another one.
    pub fn ack_wait(&self) -> Duration {
        self.queue.cached_info().config.ack_wait
    }

    /// An object to be put, of pieces that fit into messages.
    pub fn object(&self, name: &str, file_name: &str) -> ObjectMetadata {
        ObjectMetadata {
            name: name.to_owned(),
            description: Some(file_name.to_owned()),
            chunk_size: Some(self.longest().min(PIECE)),
            ..ObjectMetadata::default()
        }
    }

    /// The longest text that fits into a message.
    pub fn longest(&self) -> usize {
        self.client.max_payload().saturating_sub(HEADERS)
    }

    /// Publishes and waits until it is kept; says at which place.
    async fn publish(
        &self,
        subject: &str,
        message: PublishMessage,
    ) -> Result<u64, async_nats::jetstream::context::PublishError> {
        let ack = self.context.send_publish(subject.to_owned(), message).await?;
        Ok(ack.await?.sequence)
    }
}

/// The last message on a subject: its place and its payload.
async fn last(stream: &Stream, subject: &str) -> Result<Option<(u64, Vec<u8>)>, BrokerError> {
    match stream.get_last_raw_message_by_subject(subject).await {
        Ok(message) => Ok(Some((message.sequence, message.payload.to_vec()))),
        Err(error) if matches!(error.kind(), LastRawMessageErrorKind::NoMessageFound) => Ok(None),
        Err(error) => Err(BrokerError::of("the queue cannot be asked")(error.to_string())),
    }
}

async fn make(context: &Context, config: Config) -> Result<Stream, BrokerError> {
    let name = config.name.clone();
    let made = context.get_or_create_stream(config).await;
    made.map_err(|error| BrokerError(format!("no stream `{name}`: {error}")))
}

/// The bucket of outcomes. Its stream is made here as buckets' streams are: the
/// client asks for things that servers such as Debian's do not tell.
async fn outcomes(
    context: &Context,
    names: &Names,
    making: &Making,
) -> Result<kv::Store, BrokerError> {
    // The server itself publishes what it keeps, and nothing else: whoever
    // ends a run twice is heard once.
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
        max_age: making.keep,
        num_replicas: making.replicas,
        republish: Some(republish),
        discard: DiscardPolicy::New,
        allow_rollup: true,
        deny_delete: true,
        allow_direct: true,
        ..Config::default()
    };
    make(context, config).await?;
    let store = context.get_key_value(&bucket).await;
    store.map_err(|error| BrokerError(format!("no bucket `{bucket}`: {error}")))
}

async fn files(
    context: &Context,
    names: &Names,
    making: &Making,
) -> Result<ObjectStore, BrokerError> {
    if let Ok(store) = context.get_object_store(names.files()).await {
        return Ok(store);
    }
    let config = object_store::Config {
        bucket: names.files(),
        max_age: making.keep,
        num_replicas: making.replicas,
        ..object_store::Config::default()
    };
    let made = context.create_object_store(config).await;
    made.map_err(|error| BrokerError(format!("no bucket `{}`: {error}", names.files())))
}
