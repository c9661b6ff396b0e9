//! `connector mcp`, and the official MCP client.

use std::fmt::Display;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use openai_sandbox::Sandbox;
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::server::{installed, kept};
use crate::{CANARY, HANG, command, in_repository, target_dir};

/// The official client, connected to a server. When dropped, it exits, along with
/// any server that it started.
pub struct Client {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    /// How the server describes itself.
    pub server: Value,
    _data: TempDir,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    Result(Value),
    Error(String),
}

impl Client {
    /// Starts `connector mcp` with additional arguments, as programs that embed
    /// language models do.
    ///
    /// # Panics
    /// If the client is not installed, or cannot connect to the server.
    pub fn start(sandbox: Option<&Sandbox>, args: &[&str]) -> Self {
        let data = TempDir::new().unwrap();
        let mut client = node(command(sandbox), |node| {
            node.arg("stdio").arg(target_dir().join("release/connector")).arg("mcp");
            node.args(args).arg("--data-dir").arg(data.path().join("data"));
        });
        Self::connected(&mut client, data)
    }

    /// Connects to a server over HTTP.
    ///
    /// # Panics
    /// If the client is not installed, or cannot connect to the server.
    pub fn of(server: &Server, key: Option<&str>) -> Self {
        let mut client = node(command(None), |node| {
            node.arg("http").arg(&server.url).args(key);
        });
        Self::connected(&mut client, TempDir::new().unwrap())
    }

    fn connected(command: &mut Command, data: TempDir) -> Self {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let input = process.stdin.take().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let mut client = Self { process, input, output, server: Value::Null, _data: data };
        client.server = client.ask(json!(["connect"])).unwrap_or_else(|error| panic!("{error}"));
        client
    }

    /// Makes a request, given as its name in `tests/mcp/client.mjs` and its arguments.
    ///
    /// # Errors
    /// The client's error message.
    ///
    /// # Panics
    /// If the client has exited.
    pub fn ask(&mut self, request: Value) -> Result<Value, String> {
        writeln!(self.input, "{request}").unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        let answer: Answer = serde_json::from_str(&line)
            .unwrap_or_else(|error| panic!("invalid output of the client: {line:?}: {error}"));
        match answer {
            Answer::Result(result) => Ok(result),
            Answer::Error(error) => Err(error),
        }
    }

    /// Calls a tool.
    ///
    /// # Panics
    /// If the call itself fails; a tool's failure is a result.
    pub fn call(&mut self, tool: &str, arguments: Value) -> Value {
        self.ask(json!(["call", tool, arguments])).unwrap_or_else(|error| panic!("{error}"))
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // It may have exited on its own.
        let _ = writeln!(self.input, r#"["close"]"#);
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The same environment, with node instead of the command.
fn node(environment: Command, arguments: impl FnOnce(&mut Command)) -> Command {
    let mut node = Command::new("node");
    node.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    for (name, value) in environment.get_envs() {
        node.env(name, value.unwrap_or_default());
    }
    node.arg(in_repository("tests/mcp/client.mjs"))
        .arg(installed("mcp", "installed").with_file_name(""));
    arguments(&mut node);
    node
}

/// The messages that a server sends on standard output until it has answered
/// these messages; the last one has the id `last`.
///
/// # Panics
/// If it exits before that.
pub fn exchanged(sandbox: &Sandbox, messages: &[impl Display], last: u64) -> Vec<Value> {
    let lines: Vec<String> = messages.iter().map(|message| format!("{message}\n")).collect();
    answered(command(Some(sandbox)), lines.concat().as_bytes(), &[last])
}

/// Like [`exchanged`], for any command and input, until all of these ids are answered.
///
/// # Panics
/// If it exits before that.
pub fn answered(mut command: Command, input: &[u8], ids: &[u64]) -> Vec<Value> {
    let data = TempDir::new().unwrap();
    command.arg("mcp").arg("--data-dir").arg(data.path().join("data"));
    let mut server = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut server_input = server.stdin.take().unwrap();
    server_input.write_all(input).unwrap();
    let mut answered = Vec::new();
    let mut unanswered = ids.to_vec();
    for line in BufReader::new(server.stdout.take().unwrap()).lines() {
        let message: Value = serde_json::from_str(&line.unwrap()).unwrap();
        unanswered.retain(|id| message.get("id").is_none_or(|answered| answered != id));
        answered.push(message);
        if unanswered.is_empty() {
            break;
        }
    }
    drop(server_input);
    assert!(server.wait().unwrap().success());
    assert!(unanswered.is_empty(), "{answered:?}");
    answered
}

/// The output of the Inspector's command line for `connector mcp`.
///
/// # Panics
/// If it is not installed or fails.
pub fn inspected(sandbox: &Sandbox, data: &Path, arguments: &[&str]) -> Value {
    let inspector = installed("mcp", "node_modules/@modelcontextprotocol/inspector/package.json");
    let mut node = Command::new("node");
    node.arg(inspector.with_file_name("clients/launcher/build/index.js")).arg("--cli");
    for (name, value) in command(Some(sandbox)).get_envs() {
        let value = value.unwrap_or_default().to_string_lossy();
        node.arg("-e").arg(format!("{}={value}", name.to_string_lossy()));
    }
    node.arg(target_dir().join("release/connector")).arg("mcp");
    node.arg("--data-dir").arg(data).args(arguments).stdin(Stdio::null());
    let output = node.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// `connector mcp` over HTTP. It is stopped when dropped.
pub struct Server {
    keeper: Child,
    /// Its URL.
    pub url: String,
    _data: TempDir,
}

impl Server {
    /// Starts it on a free port with a connection to the sandbox.
    ///
    /// # Panics
    /// If it does not report where it listens.
    pub fn start(sandbox: &Sandbox, args: &[&str]) -> Self {
        let data = TempDir::new().unwrap();
        let mut command = kept(&target_dir().join("release/connector"));
        command.env("CONNECTOR_COMPONENTS", target_dir().join("components"));
        command.env("XDG_CACHE_HOME", target_dir().join("test-cache"));
        command.env("OPENAI_API_KEY", CANARY).env("OPENAI_BASE_URL", sandbox.base_url());
        command.args(["mcp", "--listen", "127.0.0.1:0"]).args(args);
        command.arg("--data-dir").arg(data.path().join("data"));
        let mut keeper = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(keeper.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim_end().strip_prefix("listening on ");
        let url =
            url.unwrap_or_else(|| panic!("unexpected first line of `connector mcp`: {line:?}"));
        Self { url: format!("{url}/mcp"), keeper, _data: data }
    }

    /// Asks the server to stop, and returns whether it does.
    ///
    /// # Panics
    /// If it cannot be signalled.
    pub fn stops(mut self) -> bool {
        writeln!(self.keeper.stdin.as_mut().unwrap(), "TERM").unwrap();
        let deadline = Instant::now() + HANG;
        while Instant::now() < deadline {
            if self.keeper.try_wait().unwrap().is_some() {
                return true;
            }
            thread::sleep(Duration::from_millis(20));
        }
        false
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // It may have exited on its own.
        let _ = self.keeper.wait();
    }
}
