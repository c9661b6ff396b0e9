//! `connector serve`: the host over HTTP. The tests start the built command,
//! use the sandbox as the provider, and send requests over real sockets.

mod access;
mod connections;
mod documents;
mod files;
mod generated_clients;
mod guide;
mod hostile;
mod idempotency;
mod machine;
mod runs;

use std::io::{BufRead, BufReader, Read};

use connector_tests::CANARY;
use connector_tests::service::Service;
use openai_sandbox::Sandbox;
use serde_json::{Value, json};
use ureq::http::{Request, Response};
use ureq::{Agent, Body};

pub(crate) const API: &str = "/api/v1";
pub(crate) const OPENAI: &str = "/api/v1/components/openai/v1";

/// A response.
pub(crate) struct Answer {
    status: u16,
    head: ureq::http::HeaderMap,
    text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("{}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.get(name).map(|value| value.to_str().unwrap())
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// The last part of the problem's type, after checks of the whole problem.
    #[track_caller]
    fn problem(&self, status: u16) -> String {
        let problem = self.json();
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{problem}");
        assert_eq!((self.status, problem["status"].as_u64()), (status, Some(status.into())));
        assert!(problem["title"].is_string() && problem["detail"].is_string(), "{problem}");
        let kind = problem["type"].as_str().unwrap().strip_prefix("urn:connector:problem:");
        kind.unwrap().to_owned()
    }
}

fn agent() -> Agent {
    Agent::config_builder().http_status_as_error(false).build().into()
}

/// Sends a request with these headers.
pub(crate) fn send(
    service: &Service,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Vec<u8>>,
) -> Response<Body> {
    let mut request = Request::builder().method(method).uri(format!("{}{path}", service.url()));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    agent().run(request.body(body.into()).unwrap()).unwrap()
}

pub(crate) fn answer(response: Response<Body>) -> Answer {
    let (head, mut body) = response.into_parts();
    let text = body.read_to_string().unwrap();
    Answer { status: head.status.as_u16(), head: head.headers, text }
}

pub(crate) fn get(service: &Service, path: &str) -> Answer {
    answer(send(service, "GET", path, &[], ""))
}

pub(crate) fn post(service: &Service, path: &str, body: &Value) -> Answer {
    post_with(service, path, &[], body)
}

fn post_with(service: &Service, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
    answer(send(service, "POST", path, &[&[JSON], headers].concat(), body.to_string()))
}

const JSON: (&str, &str) = ("content-type", "application/json");

/// The values of a connection to the sandbox.
pub(crate) fn inline(sandbox: &Sandbox) -> Value {
    json!({ "token": CANARY, "baseUrl": sandbox.base_url() })
}

/// A question to the sandbox.
fn question(sandbox: &Sandbox) -> Value {
    json!({
        "input": { "messages": [{ "role": "user", "content": "Hello!" }] },
        "connection": inline(sandbox),
    })
}

/// The events of a stream with their names.
fn events(response: Response<Body>) -> Vec<(String, Value)> {
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let (mut received, mut name) = (Vec::new(), String::new());
    for line in lines(response.into_body().into_reader()) {
        if let Some(given) = line.strip_prefix("event: ") {
            name = given.to_owned();
        } else if let Some(data) = line.strip_prefix("data: ") {
            received.push((name.clone(), serde_json::from_str(data).unwrap()));
        }
    }
    received
}

fn lines(reader: impl Read) -> impl Iterator<Item = String> {
    BufReader::new(reader).lines().map(Result::unwrap)
}
