//! Cases reported by users of similar connectors. Each file covers one kind of
//! report. Each row of its tables is a case: an input or a provider's response,
//! and the expected result. IDs such as `p09b` identify the reports.

mod answers;
mod audio;
mod base_urls;
mod compressed_responses;
mod connections;
mod errors;
mod finishes;
mod idle_connections;
mod images;
mod languages;
mod long;
mod mcp_results;
mod messages;
mod model_schemas;
mod reasoning;
mod recordings;
mod self_hosted;
mod streams;
mod strict_schemas;
mod text;
mod transcripts;
mod values;

use std::sync::{Arc, LazyLock, Mutex};

use connector_host::{
    ConnectionValues, Connector, Event, Failure, FailureKind, Files, Functions, Outcome,
};
use connector_tests::service::Service;
use connector_tests::{connection_values, openai, put_files, sandbox};
use openai_sandbox::{Fault, Recorded};
use serde_json::Value;
use tempfile::TempDir;

static OPENAI: LazyLock<Connector> = LazyLock::new(openai);

/// A run of an action against a provider with scripted responses.
struct Case {
    action: &'static str,
    input: Value,
    answers: Vec<Fault>,
    streaming: bool,
    files: Vec<(&'static str, Vec<u8>)>,
    functions: Functions,
    connection: Vec<(&'static str, Value)>,
}

/// The result of a case.
struct Ran {
    result: Result<Outcome, Failure>,
    /// The requests that reached the provider.
    sent: Vec<Recorded>,
    /// The text that was streamed.
    streamed: String,
    /// The folder with the files of the run, in `out`.
    dir: TempDir,
}

/// A run without streaming, against a provider that responds normally.
fn run(action: &'static str, input: Value) -> Case {
    Case {
        action,
        input,
        answers: Vec::new(),
        streaming: false,
        files: Vec::new(),
        functions: Functions::default(),
        connection: Vec::new(),
    }
}

impl Case {
    /// Scripts the provider's responses, one for each request; after them it
    /// responds normally again.
    fn answers(mut self, answers: impl IntoIterator<Item = Fault>) -> Self {
        self.answers = answers.into_iter().collect();
        self
    }

    fn streamed(mut self) -> Self {
        self.streaming = true;
        self
    }

    /// Adds a file, which the input refers to as `{"url": NAME}`.
    fn file(mut self, name: &'static str, content: impl Into<Vec<u8>>) -> Self {
        self.files.push((name, content.into()));
        self
    }

    /// Sets the functions that the model may call.
    fn functions(mut self, functions: Functions) -> Self {
        self.functions = functions;
        self
    }

    /// Sets another value of the connection.
    fn connection(mut self, property: &'static str, value: impl Into<Value>) -> Self {
        self.connection.push((property, value.into()));
        self
    }

    fn start(self) -> Ran {
        let dir = TempDir::new().unwrap();
        let files = Files::new(dir.path().join("out"));
        for (name, content) in &self.files {
            std::fs::write(dir.path().join(name), content).unwrap();
        }
        let mut input = self.input;
        if !self.files.is_empty() {
            put_files(&mut input, &files, dir.path());
        }
        let sandbox = sandbox();
        self.answers.into_iter().for_each(|answer| sandbox.script(answer));
        let values = connection_values(&sandbox.base_url());
        let values = self
            .connection
            .into_iter()
            .fold(values, |values: ConnectionValues, (name, value)| values.set(name, value));
        let streamed = Arc::new(Mutex::new(String::new()));
        let listener = Arc::clone(&streamed);
        let result = OPENAI.connection(values).and_then(|connection| {
            OPENAI
                .run(self.action, input)
                .connection(&connection)
                .files(&files)
                .functions(&self.functions)
                .streaming(self.streaming)
                .on_event(move |event| {
                    if let Event::TextDelta { text, .. } = event {
                        listener.lock().unwrap().push_str(&text);
                    }
                })
                .start()
        });
        let streamed = streamed.lock().unwrap().clone();
        Ran { result, sent: sandbox.requests(), streamed, dir }
    }
}

impl Ran {
    /// The output of a run that succeeded.
    fn output(&self) -> &Value {
        match &self.result {
            Ok(outcome) => &outcome.output,
            Err(failure) => panic!("the run failed: {failure:?}"),
        }
    }

    /// The failure of a run; it must be of this kind.
    fn failure(&self, kind: FailureKind) -> &Failure {
        match &self.result {
            Err(failure) if failure.kind == kind => failure,
            other => panic!("expected a {kind:?} failure, got {other:?}"),
        }
    }

    /// The JSON bodies of the requests.
    fn bodies(&self) -> Vec<&Value> {
        self.sent.iter().map(|request| request.json().unwrap()).collect()
    }
}

/// The service's response to a run of an action, with the body sent as it is.
fn served(service: &Service, action: &str, body: impl Into<Vec<u8>>) -> (u16, Value) {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let url = format!("{}/api/v1/components/openai/v1/actions/{action}/run", service.url());
    let request = agent.post(url).header("content-type", "application/json");
    let mut answer = request.send(body.into()).unwrap();
    let text = answer.body_mut().read_to_string().unwrap();
    (answer.status().as_u16(), serde_json::from_str(&text).unwrap())
}

/// A response with this body and content type.
fn body(content_type: &str, body: impl Into<Vec<u8>>) -> Fault {
    let headers = vec![("content-type".to_owned(), content_type.to_owned())];
    Fault::Status { status: 200, headers, body: body.into() }
}

/// A JSON response.
fn json_body(value: &Value) -> Fault {
    body("application/json", value.to_string())
}

/// A stream of these events that ends with `[DONE]`.
fn events(events: &[Value]) -> Fault {
    let events: String = events.iter().map(|event| format!("data: {event}\n\n")).collect();
    body("text/event-stream", events + "data: [DONE]\n\n")
}
