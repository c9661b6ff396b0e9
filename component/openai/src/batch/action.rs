//! The actions that a batch can run.

use connector_sdk::property::Choice;
use connector_sdk::{File, Outcome, Result, Run, Settings, errors, http, input};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::ask::Ask;
use crate::create_embeddings::CreateEmbeddings;
use crate::create_moderation::CreateModeration;
use crate::images::{CreateImage, EditImage};

/// The actions that a batch can run.
pub const KINDS: &[Kind] = &[
    Kind::of::<Ask>(),
    Kind::of::<CreateImage>(),
    Kind::of::<EditImage>(),
    Kind::of::<CreateEmbeddings>(),
    Kind::of::<CreateModeration>(),
];

/// An action whose requests the API also accepts in a batch.
pub trait Batched: Run {
    /// The endpoints of its requests, as the API names them in a batch. All
    /// requests of a batch must have the same one.
    const ENDPOINTS: &'static [&'static str];

    /// The request that a run with this input would send, without a stream. Fails
    /// if the input requests something that a batch cannot do.
    fn request(&self, settings: &Settings) -> Result<Request>;

    /// Reads a successful response, as a run does.
    fn outcome(response: Response) -> Result<Outcome<Self::Output>>;
}

/// A request in a batch.
pub struct Request {
    /// One of the action's endpoints.
    pub endpoint: &'static str,
    /// The body as JSON, including the content of files.
    pub body: String,
    /// What is needed to read the response but is not part of it. Notes are sent in
    /// the request's ID, which the response repeats.
    pub notes: Vec<String>,
    /// The number of inputs that the API counts for it.
    pub count: usize,
}

impl Request {
    /// A request whose body contains the placeholders of these files.
    pub fn new<'a>(
        endpoint: &'static str,
        body: &impl Serialize,
        files: impl IntoIterator<Item = &'a File>,
    ) -> Result<Self> {
        let body = http::json_text_with_files(body, files)?;
        Ok(Self { endpoint, body, notes: Vec::new(), count: 1 })
    }

    /// Adds a note of letters and digits.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
}

/// A response in the results of a batch.
pub struct Response<'a> {
    /// The endpoint of all requests.
    pub endpoint: &'a str,
    /// The body.
    pub body: Value,
    /// The notes of the request.
    pub notes: Vec<&'a str>,
    /// The model that processed the batch, if the provider reports it.
    pub model: Option<&'a str>,
    /// The provider's ID of the request.
    pub request_id: Option<String>,
}

impl Response<'_> {
    /// Whether the request had this note.
    pub fn has(&self, note: &str) -> bool {
        self.notes.contains(&note)
    }
}

/// The output and the metadata of a run.
pub type Values = (Value, Map<String, Value>);

/// A type-erased action.
pub struct Kind {
    /// The name of the action.
    pub name: &'static str,
    /// As in [`Batched`].
    pub endpoints: &'static [&'static str],
    choice: Choice,
    request: fn(Value, &Settings) -> Result<Request>,
    outcome: fn(Response) -> Result<Values>,
}

impl Kind {
    /// The action whose input has this type.
    const fn of<T: Batched>() -> Self {
        Self {
            name: <T as Run>::NAME,
            endpoints: T::ENDPOINTS,
            choice: Choice::labelled(<T as Run>::TITLE, <T as Run>::NAME),
            request: request::<T>,
            outcome: outcome::<T>,
        }
    }

    /// The action with this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.name == name)
    }

    /// The action whose requests have this endpoint.
    pub fn with_endpoint(endpoint: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.endpoints.contains(&endpoint))
    }

    /// Checks an input as the host does before a run, and builds its request.
    pub fn request(&self, input: Value, settings: &Settings) -> Result<Request> {
        errors::of_action(self.name, || (self.request)(input, settings))
    }

    /// Reads the output and the metadata of a run from a response.
    pub fn outcome(&self, response: Response) -> Result<Values> {
        errors::of_action(self.name, || (self.outcome)(response))
    }
}

fn request<T: Batched>(input: Value, settings: &Settings) -> Result<Request> {
    input::read::<T>(input)?.request(settings)
}

fn outcome<T: Batched>(response: Response) -> Result<Values> {
    T::outcome(response)?.into_values()
}

/// The choices of a property that names an action.
pub const CHOICES: &[Choice] = &ALL_CHOICES;

const ALL_CHOICES: [Choice; KINDS.len()] = choices();

#[allow(clippy::indexing_slicing, reason = "iterators are not available in a const fn")]
const fn choices() -> [Choice; KINDS.len()] {
    let mut choices = [Choice::text(""); KINDS.len()];
    let mut at = 0;
    while at < KINDS.len() {
        choices[at] = KINDS[at].choice;
        at += 1;
    }
    choices
}
