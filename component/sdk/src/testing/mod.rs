//! A stand-in for the host and the provider, for unit tests of connectors.
//!
//! ```
//! # use connector_sdk::prelude::*;
//! # #[derive(Deserialize, Properties)]
//! # struct Greet { name: String }
//! # #[derive(Deserialize, Serialize, Properties)]
//! # struct Greeting { text: String }
//! # impl Run for Greet {
//! #     type Output = Greeting;
//! #     fn run(self, _: &Settings) -> Result<Outcome<Greeting>> {
//! #         http::get("/greet").query("name", &self.name).send()?.outcome()
//! #     }
//! # }
//! # static CONNECTOR: Connector = Connector {
//! #     actions: &[Action::of::<Greet>()],
//! #     ..Connector::new("greeter", "Greeter", "Greets people.")
//! # };
//! use connector_sdk::testing::{Answer, Host};
//! use serde_json::json;
//!
//! let host = Host::new(&CONNECTOR).answer(Answer::json(200, json!({ "text": "Hello" })));
//! let outcome = host.run("greet", json!({ "name": "Ada" })).unwrap();
//! assert_eq!(outcome.output, json!({ "text": "Hello" }));
//! assert_eq!(host.requests()[0].to_string(), "GET /greet?name=Ada");
//! ```

mod describe;
mod faults;
pub(crate) mod host;
mod recording;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::action::{Options, OptionsRequest};
use crate::property::{Property, Type};
use crate::{Connector, FileEntry, Result, Settings, call};

pub use self::describe::describe;
pub use self::faults::faults;
pub use crate::json_schema::Invalid;

/// A host that runs one connector.
pub struct Host {
    connector: &'static Connector,
    settings: Value,
    state: Rc<RefCell<State>>,
}

/// The configuration of the stand-in, and what it has recorded.
#[derive(Default)]
struct State {
    answers: VecDeque<Answer>,
    provider: Option<Rc<RefCell<Provider>>>,
    requests: Vec<Request>,
    pauses: Vec<Duration>,
    is_streaming: bool,
    /// The number of events to accept before cancelling the run.
    events_left: Option<usize>,
    events: Vec<Value>,
    files: Vec<(FileEntry, Rc<[u8]>)>,
    functions: Vec<Function>,
    invalid: VecDeque<Invalid>,
    log: Vec<String>,
}

/// A stateful provider.
type Provider = dyn FnMut(&Request) -> Answer;

struct Function {
    name: String,
    description: String,
    parameters: Value,
    call: Rc<dyn Fn(Value) -> Result<Value>>,
}

impl Host {
    /// Creates a host. Its provider has no answers yet.
    pub fn new(connector: &'static Connector) -> Self {
        Self { connector, settings: json!({}), state: Rc::default() }
    }

    /// Sets the settings of the connection.
    pub fn settings(self, settings: Value) -> Self {
        Self { settings, ..self }
    }

    /// Adds an answer from the provider. Requests receive the answers in order.
    pub fn answer(self, answer: Answer) -> Self {
        self.state.borrow_mut().answers.push_back(answer);
        self
    }

    /// Answers all requests with this function, for tests of several runs with a
    /// stateful provider.
    pub fn provider(self, answer: impl FnMut(&Request) -> Answer + 'static) -> Self {
        self.state.borrow_mut().provider = Some(Rc::new(RefCell::new(answer)));
        self
    }

    /// Adds the answers of a recording: a file that `connector run --record`
    /// wrote. The path is relative to the package's directory. A request fails
    /// if it differs from the recorded one, apart from its headers. Of a file,
    /// the name in a form and the size are compared, as by `connector run
    /// --replay`.
    ///
    /// # Panics
    /// Panics if the file is not a recording.
    #[allow(clippy::panic, reason = "a test should fail immediately")]
    pub fn recording(self, path: impl AsRef<Path>) -> Self {
        match recording::answers(path.as_ref()) {
            Ok(answers) => answers.into_iter().fold(self, Self::answer),
            Err(error) => panic!("{error}"),
        }
    }

    /// Makes the caller request text as it arrives.
    pub fn streaming(self) -> Self {
        self.state.borrow_mut().is_streaming = true;
        self
    }

    /// Makes the caller cancel the run after this many events.
    pub fn cancelled_after(self, events: usize) -> Self {
        self.state.borrow_mut().events_left = Some(events);
        self
    }

    /// Adds a function that the model may call.
    pub fn function(
        self,
        name: &str,
        parameters: Value,
        call: impl Fn(Value) -> Result<Value> + 'static,
    ) -> Self {
        let (name, call) = (name.to_owned(), Rc::new(call));
        let function = Function { description: format!("Calls {name}."), name, parameters, call };
        self.state.borrow_mut().functions.push(function);
        self
    }

    /// Makes the next validation fail. The stand-in has no validator, so all
    /// other JSON is valid.
    pub fn invalid(self, invalid: Invalid) -> Self {
        self.state.borrow_mut().invalid.push_back(invalid);
        self
    }

    /// Stores a file for use in an input.
    pub fn file(&self, name: &str, mime_type: &str, content: &[u8]) -> FileEntry {
        self.state.borrow_mut().store(name, mime_type, content)
    }

    /// Runs an action. Like the host, fills in the defaults of absent members, and
    /// removes optional members of the output that are `null`. The input is not
    /// validated.
    pub fn run(&self, action: &str, mut input: Value) -> Result<Outcome> {
        let action_named = |one: &&crate::Action| one.name == action;
        if let Some(action) = self.connector.actions.iter().find(action_named) {
            set_defaults(action.properties, &mut input);
        }
        let outcome =
            self.enter(|| call::run(action, &input.to_string(), &self.settings.to_string()))?;
        let mut metadata: Map<String, Value> = serde_json::from_str(&outcome.metadata)?;
        metadata.retain(|_, value| !value.is_null());
        let mut output = serde_json::from_str(&outcome.output)?;
        match self.connector.actions.iter().find(action_named).map(|action| action.output) {
            Some(crate::Output::Fixed(shape)) => remove_nulls(&[shape], &mut output),
            Some(crate::Output::OneOf(shapes)) => {
                remove_nulls(&shapes.iter().collect::<Vec<_>>(), &mut output);
            }
            Some(crate::Output::Dynamic(_)) | None => {}
        }
        Ok(Outcome { output, metadata })
    }

    /// Returns the current choices of a property, for an input that may be
    /// incomplete and the text that the user typed.
    pub fn options(
        &self,
        action: &str,
        property: &str,
        input: Value,
        search: &str,
    ) -> Result<Options> {
        let settings = self.settings.to_string();
        let request = OptionsRequest {
            property,
            input,
            search: Some(search).filter(|search| !search.is_empty()),
            settings: &Settings(&settings),
        };
        self.enter(|| call::options(action, &request))
    }

    /// Returns the JSON Schema of an action's output.
    pub fn output_schema(&self, action: &str, input: Value) -> Result<Value> {
        let schema = self.enter(|| {
            call::output_schema(action, &input.to_string(), &self.settings.to_string())
        })?;
        Ok(serde_json::from_str(&schema)?)
    }

    /// Tests the connection.
    pub fn test(&self) -> Result<String> {
        let settings = self.settings.to_string();
        self.enter(|| (self.connector.connection.test)(&Settings(&settings)))
    }

    /// Returns the requests sent since the last call.
    pub fn requests(&self) -> Vec<Request> {
        std::mem::take(&mut self.state.borrow_mut().requests)
    }

    /// Returns the events reported since the last call, such as
    /// `{"event": "text-delta", "choice": 0, "text": "Hello"}`.
    pub fn events(&self) -> Vec<Value> {
        std::mem::take(&mut self.state.borrow_mut().events)
    }

    /// Returns the pauses since the last call. The stand-in does not wait.
    pub fn pauses(&self) -> Vec<Duration> {
        std::mem::take(&mut self.state.borrow_mut().pauses)
    }

    /// Returns the messages logged since the last call.
    pub fn log(&self) -> Vec<String> {
        std::mem::take(&mut self.state.borrow_mut().log)
    }

    /// Returns the content of a file.
    pub fn content(&self, entry: &FileEntry) -> Option<Vec<u8>> {
        Some(self.state.borrow().content(&entry.url)?.to_vec())
    }

    fn enter<T>(&self, call: impl FnOnce() -> T) -> T {
        let before = host::STATE.replace(Rc::clone(&self.state));
        let result = call::enter(self.connector, call);
        host::STATE.set(before);
        result
    }
}

/// Fills in the defaults of a table in an object and in nested objects.
fn set_defaults(rows: &[Property], value: &mut Value) {
    let Some(members) = value.as_object_mut() else { return };
    for row in rows {
        match (members.get_mut(row.name), row.default, row.children) {
            (None, Some(default), _) => {
                members.insert(row.name.to_owned(), default.into());
            }
            (Some(Value::Array(items)), _, [item]) => {
                for value in items {
                    set_defaults(item.children, value);
                }
            }
            (Some(value), ..) => set_defaults(row.children, value),
            (None, None, _) => {}
        }
    }
}

/// Removes the optional members that are `null` from an output that has one of these
/// shapes.
fn remove_nulls(shapes: &[&Property], value: &mut Value) {
    match value {
        Value::Object(members) => members.retain(|name, value| {
            let objects = shapes.iter().filter(|shape| shape.kind == Type::Object);
            let rows = objects.flat_map(|shape| shape.children.iter().chain(shape.values));
            let rows: Vec<_> = rows.filter(|row| row.name.is_empty() || row.name == name).collect();
            if value.is_null() {
                let is_absent = |row: &&Property| !row.required && row.kind != Type::Any;
                return rows.is_empty() || !rows.iter().all(is_absent);
            }
            remove_nulls(&rows, value);
            true
        }),
        Value::Array(items) => {
            let lists = shapes.iter().filter(|shape| shape.kind == Type::Array);
            let rows: Vec<_> = lists.flat_map(|list| list.children).collect();
            for item in items {
                remove_nulls(&rows, item);
            }
        }
        _ => {}
    }
}

/// What a run returned, as the host passes it to the caller.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The output.
    pub output: Value,
    /// The metadata of the run.
    pub metadata: Map<String, Value>,
}

/// A request that the connector sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The method, such as `GET`.
    pub method: String,
    /// The path.
    pub path: String,
    /// The query.
    pub query: Vec<(String, String)>,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body: JSON, text, a list of `[name, value]` for a form, or `null`. A
    /// file is represented by its name in angle brackets, such as
    /// `<photo.png>`. A form with generated content is text.
    pub body: Value,
}

impl fmt::Display for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&line(&self.method, &self.path, &self.query))
    }
}

/// Returns the first line of a request, such as `GET /greet?name=Ada`.
fn line(method: &str, path: &str, query: &[(String, String)]) -> String {
    let mut line = format!("{method} {path}");
    for (index, (name, value)) in query.iter().enumerate() {
        line.push(if index == 0 { '?' } else { '&' });
        line.extend([name, "=", value]);
    }
    line
}

/// A response from the provider.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    breaks_off: bool,
    /// The recorded request that it belongs to.
    expected: Option<recording::Request>,
}

impl Answer {
    /// Creates a JSON response.
    pub fn json(status: u16, body: Value) -> Self {
        Self::content(status, "application/json", body.to_string())
    }

    /// Creates a stream of events with this data, JSON or text.
    pub fn events<T: fmt::Display>(events: impl IntoIterator<Item = T>) -> Self {
        let event = |data: T| format!("data: {}\n\n", data.to_string().replace('\n', "\ndata: "));
        let body: String = events.into_iter().map(event).collect();
        Self::content(200, "text/event-stream", body)
    }

    /// Creates a response with other content.
    pub fn content(status: u16, mime_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let answer = Self { status, body: body.into(), ..Self::default() };
        answer.header("content-type", mime_type)
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Makes the connection break after the body.
    pub fn breaks_off(self) -> Self {
        Self { breaks_off: true, ..self }
    }
}

impl State {
    fn store(&mut self, name: &str, mime_type: &str, content: &[u8]) -> FileEntry {
        let extension = name.rsplit_once('.').map_or("bin", |(_, extension)| extension);
        let entry = FileEntry {
            extension: extension.to_owned(),
            mime_type: mime_type.to_owned(),
            name: name.to_owned(),
            url: format!("file:{}", self.files.len() + 1),
        };
        self.files.push((entry.clone(), content.into()));
        entry
    }

    fn content(&self, url: &str) -> Option<Rc<[u8]>> {
        let (_, content) = self.files.iter().find(|(entry, _)| entry.url == url)?;
        Some(Rc::clone(content))
    }
}
