//! What the integration tests share: where the built parts are, and how they
//! are started.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "it is test code, and a test that cannot go on should say so at once"
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

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use connector_host::{Connection, ConnectionValues, Connector, Files, Host, HostOptions};
use openai_sandbox::{Options, Sandbox};
use serde_json::Value;

/// A credential that must not turn up anywhere but in the requests that the
/// sandbox sees.
pub const CANARY: &str = "sk-canary-4f9a17c2/e5+d81b03=6a7c";

/// What takes longer than this hangs: even a slow machine that does other work
/// needs a fraction of it. Half of the time that a run may take by default.
pub const HANG: Duration = Duration::from_secs(300);

/// How long a provider is silent where nothing may wait for its answer: longer
/// than a run may take.
pub const FOREVER: Duration = Duration::from_secs(3600);

/// The folder into which cargo builds, as a program sees it that was built
/// there: the parent of `release/`.
///
/// # Panics
/// If the program does not run from there.
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
    assert!(path.is_file(), "{} is not there; `make build` makes it", path.display());
    path
}

/// A connector that is built for the tests alone, `tests/connectors/`.
///
/// # Panics
/// If it was not built.
pub fn test_component(name: &str) -> PathBuf {
    let path = test_components().join(name).with_extension("wasm");
    assert!(path.is_file(), "{} is not there; `make connectors` makes it", path.display());
    path
}

/// The folder of those.
pub fn test_components() -> PathBuf {
    target_dir().join("test-components")
}

/// A host that keeps nothing between tests.
///
/// # Panics
/// If it cannot be made.
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

/// A sandbox that accepts the canary only.
///
/// # Panics
/// If it cannot listen.
pub fn sandbox() -> Sandbox {
    let token = Some(CANARY.to_owned());
    Sandbox::start(Options { token, ..Options::default() }).unwrap()
}

/// The same for so many requests that none can be remembered.
///
/// # Panics
/// If it cannot listen.
pub fn sandbox_that_forgets() -> Sandbox {
    let token = Some(CANARY.to_owned());
    Sandbox::start(Options { token, remembered: 0, ..Options::default() }).unwrap()
}

/// A connection to a sandbox.
///
/// # Panics
/// If the connector refuses it.
pub fn connection(connector: &Connector, sandbox: &Sandbox) -> Connection {
    connector.connection(connection_values(sandbox.base_url().as_str())).unwrap()
}

/// The values of a connection to a server that accepts the canary.
pub fn connection_values(base_url: &str) -> ConnectionValues {
    ConnectionValues::new().set("token", CANARY).set("baseUrl", base_url)
}

/// Puts handles in place of the names of files in an input: each `url` names a
/// file of the folder.
///
/// # Panics
/// If one is not there.
pub fn put_files(input: &mut Value, files: &Files, folder: &Path) {
    match input {
        Value::Object(members) => {
            if let Some(url) = members.get_mut("url") {
                let path = folder.join(url.as_str().unwrap());
                *url = files.grant(path).unwrap().url.into();
            }
            members.values_mut().for_each(|member| put_files(member, files, folder));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| put_files(item, files, folder)),
        _ => {}
    }
}

/// The built `connector` command in an empty environment, with the connection
/// to a sandbox.
///
/// # Panics
/// If it was not built.
pub fn command(sandbox: Option<&Sandbox>) -> Command {
    let program = target_dir().join("release/connector");
    assert!(program.is_file(), "{} is not there; `make build` makes it", program.display());
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

/// What a command printed and how it ended.
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
    /// If it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Runs a command to its end.
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

/// A file of the repository.
pub fn in_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}
