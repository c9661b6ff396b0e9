//! Code shared by the integration tests: the paths of the build outputs, and
//! helpers that start them.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code: a test that cannot continue should panic at once"
)]

pub mod browser;
pub mod guest;
pub mod judges;
pub mod mcp;
pub mod messages_api;
pub mod nats;
pub mod node_red;
pub mod prefix;
pub mod process;
mod proxy;
pub mod puppet;
mod server;
pub mod service;
pub mod steady;
pub mod tls;
pub mod tunnel;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use connector_host::{Connection, ConnectionValues, Connector, Files, Host, HostOptions};
use openai_sandbox::{Options, Sandbox};
use serde_json::Value;

/// A credential that must not appear anywhere except in the requests that the
/// sandbox receives.
pub const CANARY: &str = "sk-canary-4f9a17c2/e5+d81b03=6a7c";

/// The time after which something counts as hanging: even a slow, busy machine
/// needs only a fraction of it. It is half the default time limit of a run.
pub const HANG: Duration = Duration::from_secs(300);

/// How long a provider is silent in tests where nothing may wait for its
/// response: longer than a run may take.
pub const FOREVER: Duration = Duration::from_secs(3600);

/// Cargo's target folder, derived from the path of the running program: the
/// parent of `release/`.
///
/// # Panics
/// If the program does not run from such a folder.
pub fn target_dir() -> PathBuf {
    let program = std::env::current_exe().unwrap();
    let release = program.ancestors().find(|folder| folder.ends_with("release")).unwrap();
    release.parent().unwrap().to_owned()
}

/// The built connector.
///
/// # Panics
/// If it was not built.
pub fn component() -> PathBuf {
    let path = target_dir().join("components/openai.wasm");
    assert!(path.is_file(), "{} is missing; run `make build`", path.display());
    path
}

/// A connector that is built only for the tests, in `tests/connectors/`.
///
/// # Panics
/// If it was not built.
pub fn test_component(name: &str) -> PathBuf {
    let path = test_components().join(name).with_extension("wasm");
    assert!(path.is_file(), "{} is missing; run `make connectors`", path.display());
    path
}

/// The folder of the connectors that are built only for the tests.
pub fn test_components() -> PathBuf {
    target_dir().join("test-components")
}

/// A host that keeps nothing between tests.
///
/// # Panics
/// If it cannot be created.
pub fn host() -> Host {
    let cache_dir = Some(target_dir().join("test-cache"));
    Host::new(HostOptions { cache_dir, ..HostOptions::default() }).unwrap()
}

/// The OpenAI connector, loaded.
///
/// # Panics
/// If it cannot be loaded.
pub fn openai() -> Connector {
    host().load_file(component()).unwrap()
}

/// A sandbox that accepts only the canary as its key.
///
/// # Panics
/// If it cannot listen.
pub fn sandbox() -> Sandbox {
    let token = Some(CANARY.to_owned());
    Sandbox::start(Options { token, ..Options::default() }).unwrap()
}

/// A sandbox that remembers no requests, for tests that send very many.
///
/// # Panics
/// If it cannot listen.
pub fn sandbox_without_memory() -> Sandbox {
    let token = Some(CANARY.to_owned());
    Sandbox::start(Options { token, remembered: 0, ..Options::default() }).unwrap()
}

/// A connection to a sandbox.
///
/// # Panics
/// If the connector rejects it.
pub fn connection(connector: &Connector, sandbox: &Sandbox) -> Connection {
    connector.connection(connection_values(sandbox.base_url().as_str())).unwrap()
}

/// The values of a connection to a server that accepts the canary.
pub fn connection_values(base_url: &str) -> ConnectionValues {
    ConnectionValues::new().set("token", CANARY).set("baseUrl", base_url)
}

/// Replaces the names of files in an input with handles: each `url` without a
/// scheme names a file in the folder.
///
/// # Panics
/// If a file does not exist.
pub fn put_files(input: &mut Value, files: &Files, folder: &Path) {
    match input {
        Value::Object(members) => {
            let is_name = |url: &&mut Value| !url.as_str().unwrap().contains(':');
            if let Some(url) = members.get_mut("url").filter(is_name) {
                let path = folder.join(url.as_str().unwrap());
                *url = files.grant(path).unwrap().url.into();
            }
            members.values_mut().for_each(|member| put_files(member, files, folder));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| put_files(item, files, folder)),
        _ => {}
    }
}

/// The built `connector` command, with an environment that is empty except for a
/// connection to the sandbox.
///
/// # Panics
/// If it was not built.
pub fn command(sandbox: Option<&Sandbox>) -> Command {
    let program = target_dir().join("release/connector");
    assert!(program.is_file(), "{} is missing; run `make build`", program.display());
    let mut command = Command::new(program);
    command.env_clear();
    command.env("CONNECTOR_COMPONENTS", target_dir().join("components"));
    command.env("XDG_CACHE_HOME", target_dir().join("test-cache"));
    if let Some(sandbox) = sandbox {
        command.env("OPENAI_API_KEY", CANARY).env("OPENAI_BASE_URL", sandbox.base_url());
    }
    command.stdin(Stdio::null());
    command
}

/// The output and the exit status of a command.
#[derive(Debug)]
pub struct Ran {
    /// The exit status.
    pub status: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Ran {
    /// Standard output as JSON.
    ///
    /// # Panics
    /// If it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Runs a command until it exits.
///
/// # Panics
/// If it cannot be started or was killed.
pub fn ran(command: &mut Command) -> Ran {
    let Output { status, stdout, stderr } = command.output().unwrap();
    Ran {
        status: status.code().unwrap(),
        stdout: String::from_utf8(stdout).unwrap(),
        stderr: String::from_utf8(stderr).unwrap(),
    }
}

/// The path of a file in the repository.
pub fn in_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}
