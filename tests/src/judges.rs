//! Independent servers that judge the connector. `tests/judges/install.sh`
//! installs them.

use std::path::Path;

use serde_json::{Value, json};

use crate::server::{Server, exchange, installed};
use crate::{CANARY, in_repository};

/// LLMock, which fails on request and judges how the client reacts. It is
/// stopped when dropped.
pub struct LlMock(Server);

/// aimock, which simulates files, batches, edits, translations and moderations. It
/// is stopped when dropped.
pub struct AiMock(Server);

/// llama.cpp's server with SmolLM2, a language model of 135 million parameters.
/// It is small, but a real model. The server is stopped when dropped.
pub struct Llama(Server);

impl LlMock {
    /// Starts a judge on a free port.
    ///
    /// # Panics
    /// If it is not installed or does not start.
    pub fn start() -> Self {
        let program = installed("judges", "venv/bin/llmock");
        Self(Server::start(&program, "/health", |command, address| {
            command.args(["serve", "--host", "127.0.0.1", "--log-level", "warning"]);
            command.args(["--port", &address.port().to_string()]);
        }))
    }

    /// The base URL for clients: `http://127.0.0.1:PORT/v1`.
    pub fn base_url(&self) -> String {
        base_url(&self.0)
    }

    /// Resets the server, and scripts the behaviors that it goes through
    /// before it responds normally.
    pub fn script(&self, behaviors: &Value) {
        self.ask("POST", "/_llmock/reset", &json!({}));
        self.ask("POST", "/_llmock/scenario", &json!({ "behaviors": behaviors }));
    }

    /// Its verdict on the client since [`script`](Self::script).
    pub fn verdict(&self) -> Value {
        self.ask("GET", "/_llmock/verdict", &json!({}))
    }

    /// Sends a request without retries.
    ///
    /// # Panics
    /// If the connection fails.
    pub fn post(&self, path: &str, body: &Value) {
        let headers = [("Content-Type", "application/json")];
        exchange(self.0.address(), "POST", path, &headers, &body.to_string()).unwrap();
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        ask(&self.0, method, path, body)
    }
}

impl AiMock {
    /// Starts a server on a free port. It accepts only the canary as its key.
    ///
    /// # Panics
    /// If it is not installed or does not start.
    pub fn start() -> Self {
        let cli = installed("judges", "node_modules/@copilotkit/aimock/dist/cli.js");
        let fixtures = in_repository("tests/judges/aimock.json");
        Self(Server::start(Path::new("env"), "/health", |command, address| {
            command.arg(format!("AIMOCK_API_KEYS={CANARY}")).arg("node").arg(&cli);
            command.args(["--host", "127.0.0.1", "--port", &address.port().to_string()]);
            command.arg("--fixtures").arg(&fixtures).arg("--validate-on-load");
        }))
    }

    /// The base URL for clients: `http://127.0.0.1:PORT/v1`.
    pub fn base_url(&self) -> String {
        base_url(&self.0)
    }

    /// The requests that it has received, with their method, path, headers and
    /// content as it understood it.
    ///
    /// # Panics
    /// If it does not return them.
    pub fn requests(&self) -> Vec<Value> {
        let requests = ask(&self.0, "GET", "/v1/_requests", &json!({}));
        requests.as_array().unwrap().clone()
    }
}

impl Llama {
    /// The only model name that it lists.
    pub const MODEL: &str = "gpt-4o-mini";
    /// The maximum number of answers to one request.
    pub const CHOICES: u32 = 2;

    /// Starts a server on a free port. It accepts only the canary as its key.
    ///
    /// # Panics
    /// If it is not installed or does not start.
    pub fn start() -> Self {
        let python = installed("judges", "venv/bin/python");
        let [script, model] = ["llama.py", "model.gguf"].map(|file| installed("judges", file));
        Self(Server::start(&python, "/health", |command, address| {
            command.arg(&script).arg(&model).arg(address.port().to_string());
            command.args([CANARY, Self::MODEL, &Self::CHOICES.to_string()]);
        }))
    }

    /// The base URL for clients: `http://127.0.0.1:PORT/v1`.
    pub fn base_url(&self) -> String {
        base_url(&self.0)
    }

    /// The ID of the token for this text.
    ///
    /// # Panics
    /// If the text is not exactly one token.
    pub fn token(&self, text: &str) -> String {
        let answer = ask(&self.0, "POST", "/tokenize", &json!({ "content": text }));
        match answer.get("tokens").and_then(Value::as_array).unwrap().as_slice() {
            [token] => token.to_string(),
            tokens => panic!("{text:?} is {} tokens", tokens.len()),
        }
    }
}

fn base_url(server: &Server) -> String {
    format!("http://{}/v1", server.address())
}

fn ask(server: &Server, method: &str, path: &str, body: &Value) -> Value {
    let authorization = format!("Bearer {CANARY}");
    let headers = [("Authorization", authorization.as_str()), ("Content-Type", "application/json")];
    let answer = exchange(server.address(), method, path, &headers, &body.to_string()).unwrap();
    assert!((200..300).contains(&answer.status), "{method} {path}: {answer:?}");
    serde_json::from_str(&answer.body).unwrap()
}
