//! Node-RED with the nodes package, controlled by
//! `tests/node-red/runtime.cjs`. `tests/node-red/install.sh` installs it.

use std::collections::VecDeque;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Instant;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::process::Process;
use crate::server::{free_address, installed, kept};
use crate::{HANG, in_repository, target_dir};

/// How to start Node-RED.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// Whether to start the editor.
    pub editor: bool,
    /// Members of `settings.js`.
    pub settings: Value,
    /// Additional environment variables.
    pub environment: Vec<(&'static str, String)>,
}

/// A running Node-RED. It is stopped when dropped.
pub struct NodeRed {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<Value>,
    /// Messages from Node-RED that no test has taken yet.
    pending: VecDeque<Value>,
    /// All output as text.
    all: String,
    url: String,
    types: Value,
    folder: TempDir,
}

impl NodeRed {
    /// Starts it with a host that permits connections to this machine.
    ///
    /// # Panics
    /// If it is not installed or does not start.
    pub fn start() -> Self {
        Self::set_up(Setup::default())
    }

    /// Like [`NodeRed::start`], with other settings.
    ///
    /// # Panics
    /// If it is not installed or does not start.
    pub fn set_up(setup: Setup) -> Self {
        let marker = installed("node-red", "installed");
        let folder = TempDir::new().unwrap();
        let mut settings = json!({
            "wasmConnectors": {
                "program": target_dir().join("release/connector"),
                "components": target_dir().join("components"),
                "allowPrivateAddresses": true,
            },
        });
        merge(&mut settings, setup.settings);
        let mut command = Command::new("node");
        command
            .arg(in_repository("tests/node-red/runtime.cjs"))
            .arg(marker.parent().unwrap())
            .arg(fs::canonicalize(in_repository("host/node/node-red")).unwrap())
            .arg(folder.path())
            .args(setup.editor.then_some("--editor"))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("XDG_CACHE_HOME", target_dir().join("test-cache"))
            .env("NODE_RED_SETTINGS", settings.to_string())
            .envs(setup.environment)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("cannot run node: {error}; `make test` installs it"));
        let lines = read_lines(&mut child);
        let stdin = child.stdin.take();
        let (pending, all) = (VecDeque::new(), String::new());
        let (url, types) = (String::new(), Value::Null);
        let mut started = Self { child, stdin, lines, pending, all, url, types, folder };
        let ready = started.next("ready", |_| true);
        started.url = format!("http://127.0.0.1:{}", ready.get("port").unwrap());
        started.types = ready.get("types").unwrap().clone();
        started
    }

    /// The URL of its editor.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The node types of the package, as Node-RED lists them.
    ///
    /// # Panics
    /// If there are none.
    pub fn types(&self) -> &Value {
        self.types.get(0).unwrap()
    }

    /// The folder with its flows, credentials and settings.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Deploys flows and starts them.
    ///
    /// # Panics
    /// If they do not start.
    pub fn deploy(&mut self, flows: &Value, credentials: &Value) {
        self.pending.retain(|message| message.get("what") != Some(&json!("started")));
        self.command(json!({ "command": "deploy", "flows": flows, "credentials": credentials }));
        self.next("started", |_| true);
    }

    /// Sends a message to a node.
    ///
    /// # Panics
    /// If Node-RED has exited.
    pub fn inject(&mut self, node: &str, message: Value) {
        self.command(json!({ "command": "inject", "node": node, "msg": message }));
    }

    /// Sets a variable in the context of a node's flow.
    ///
    /// # Panics
    /// If Node-RED has exited.
    pub fn set_flow_variable(&mut self, node: &str, name: &str, value: Value) {
        self.command(json!({ "command": "set", "node": node, "name": name, "value": value }));
    }

    /// The next message that a node receives.
    ///
    /// # Panics
    /// If none arrives.
    pub fn message(&mut self, to: &str) -> Value {
        self.first_message(&[to])
    }

    /// The next message that one of these nodes receives.
    ///
    /// # Panics
    /// If none arrives.
    pub fn first_message(&mut self, to: &[&str]) -> Value {
        let matches =
            |message: &Value| message["to"].as_str().is_some_and(|node| to.contains(&node));
        taken(self.next("message", matches), "msg")
    }

    /// The messages that a node has received so far.
    pub fn messages(&mut self, to: &str) -> Vec<Value> {
        let matches = |message: &Value| message["what"] == "message" && message["to"] == to;
        let (meant, others): (VecDeque<_>, _) = self.pending.drain(..).partition(matches);
        self.pending = others;
        meant.into_iter().map(|message| taken(message, "msg")).collect()
    }

    /// A node's next status that contains `text`.
    ///
    /// # Panics
    /// If none arrives.
    pub fn status(&mut self, of: &str, text: &str) -> Value {
        let matches = |message: &Value| {
            let shown = message.pointer("/status/text").and_then(Value::as_str).unwrap_or_default();
            message["of"] == of && shown.contains(text)
        };
        taken(self.next("status", matches), "status")
    }

    /// Waits until a node has no status.
    ///
    /// # Panics
    /// If it keeps one.
    pub fn wait_for_no_status(&mut self, node: &str) {
        self.next("status", |message| message["of"] == node && message["status"] == json!({}));
    }

    /// The flows as exported, and as stored in the file.
    ///
    /// # Panics
    /// If Node-RED does not respond.
    pub fn exported(&mut self) -> Value {
        self.command(json!({ "command": "exported" }));
        self.next("exported", |_| true)
    }

    /// Everything it has reported: messages, statuses, its log.
    pub fn output(&self) -> &str {
        &self.all
    }

    /// The host's process.
    ///
    /// # Panics
    /// If it is not running.
    pub fn host(&self) -> Process {
        Process::child_of(self.child.id(), &target_dir().join("release/connector"))
    }

    /// Kills it in a way that prevents it from notifying the host.
    ///
    /// # Panics
    /// If it cannot be killed.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn command(&mut self, command: Value) {
        writeln!(self.stdin.as_mut().unwrap(), "{command}").unwrap();
    }

    /// Takes a message, or waits for it.
    fn next(&mut self, what: &str, matches: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + HANG;
        let mut looked_at = 0;
        loop {
            while let Some(message) = self.pending.get(looked_at) {
                if message["what"] == what && matches(message) {
                    return self.pending.remove(looked_at).unwrap();
                }
                assert!(message["what"] != "failed", "{message}");
                looked_at += 1;
            }
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    self.all += &format!("{line}\n");
                    self.pending.push_back(line);
                }
                Err(RecvTimeoutError::Timeout) => {
                    panic!("no matching {what} within {HANG:?}; output:\n{}", self.all)
                }
                Err(RecvTimeoutError::Disconnected) => {
                    panic!("Node-RED exited; output:\n{}", self.all)
                }
            }
        }
    }
}

impl Drop for NodeRed {
    fn drop(&mut self) {
        drop(self.stdin.take());
        // It may have exited on its own.
        let _ = self.child.wait();
    }
}

fn taken(mut message: Value, member: &str) -> Value {
    message.get_mut(member).map(Value::take).unwrap_or_default()
}

fn read_lines(child: &mut Child) -> Receiver<Value> {
    let stdout = BufReader::new(child.stdout.take().unwrap());
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in stdout.lines().map_while(Result::ok) {
            let message = serde_json::from_str(&line).unwrap_or_else(|_| json!({ "what": line }));
            if sender.send(message).is_err() {
                return;
            }
        }
    });
    receiver
}

/// Merges the members of objects.
fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (_, Value::Null) => {}
        (into, from) => *into = from,
    }
}

/// Runs the `node-red` command in a new folder with the package installed, and
/// returns its output up to the point where it has started its flows or exited.
///
/// # Panics
/// If it is not installed.
pub fn output_of_node_red_command() -> String {
    let marker = installed("node-red", "installed");
    let folder = TempDir::new().unwrap();
    let modules = folder.path().join("node_modules");
    fs::create_dir(&modules).unwrap();
    let package = fs::canonicalize(in_repository("host/node/node-red")).unwrap();
    symlink(package, modules.join("node-red-contrib-wasm-connectors")).unwrap();
    let port = free_address().port();
    let settings = json!({
        "uiHost": "127.0.0.1",
        "uiPort": port,
        "telemetry": { "enabled": false, "updateNotification": false },
    });
    fs::write(folder.path().join("settings.js"), format!("module.exports = {settings}")).unwrap();
    let mut command = kept(Path::new("node"));
    command
        .arg(marker.with_file_name("node_modules/node-red/red.js"))
        .arg("--userDir")
        .arg(folder.path())
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("CONNECTOR_BIN", target_dir().join("release/connector"))
        .env("CONNECTOR_COMPONENTS", target_dir().join("components"))
        .env("XDG_CACHE_HOME", folder.path().join("cache"))
        .stdout(Stdio::piped());
    let mut keeper = command.spawn().unwrap();
    let (sender, lines) = channel();
    let output = BufReader::new(keeper.stdout.take().unwrap());
    // The reader is gone once it has read enough.
    thread::spawn(move || {
        output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
    });
    let deadline = Instant::now() + HANG;
    let mut output = String::new();
    while let Ok(line) = lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        output.push_str(&line);
        output.push('\n');
        if line.ends_with("Started flows") {
            break;
        }
    }
    drop(keeper.stdin.take());
    // It may have exited on its own.
    let _ = keeper.wait();
    output
}
