//! The service: the built `connector serve`.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Resource, getrlimit};
use tempfile::TempDir;

use crate::process::Process;
use crate::server::kept;
use crate::{HANG, component, target_dir};

/// A user id that owns nothing and runs nothing else.
const NOBODY: u32 = 54_321;

/// How to start a service.
#[derive(Debug, Default)]
pub struct Setup<'a> {
    /// Additional arguments.
    pub args: &'a [&'a str],
    /// Whether to log everything, for [`Service::log`].
    pub logs: bool,
    /// Whether to run as a user to whom system limits apply: for root, the
    /// number of threads is unlimited.
    pub limited: bool,
    /// Connectors to serve instead of the built ones.
    pub components: Option<&'a Path>,
}

/// A running service with an empty store. It is stopped when dropped.
pub struct Service {
    keeper: Child,
    url: String,
    args: Vec<String>,
    logs: bool,
    limited: bool,
    components: Option<PathBuf>,
    data: TempDir,
}

impl Service {
    /// Starts the service on a free port with the built connectors. It may
    /// reach providers on this machine.
    ///
    /// # Panics
    /// If it was not built or does not report where it listens.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Like [`Service::start`], with additional arguments.
    ///
    /// # Panics
    /// If it was not built or does not report where it listens.
    pub fn start_with(args: &[&str]) -> Self {
        Self::set_up(&Setup { args, ..Setup::default() })
    }

    /// Like [`Service::start`], with other settings.
    ///
    /// # Panics
    /// If it was not built or does not report where it listens.
    pub fn set_up(setup: &Setup<'_>) -> Self {
        let args: Vec<String> = setup.args.iter().map(|arg| (*arg).to_owned()).collect();
        let data = TempDir::new().unwrap();
        let (logs, limited) = (setup.logs, setup.limited && is_root());
        if limited {
            chown(data.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        let components = setup.components.map(Path::to_owned);
        let (keeper, url) = run(&data, &args, logs, limited, components.as_deref());
        Self { keeper, url, args, logs, limited, components, data }
    }

    /// Its data folder.
    pub fn data(&self) -> PathBuf {
        self.data.path().join("data")
    }

    /// The ids of the files that callers can fetch, and files still being
    /// written.
    ///
    /// # Panics
    /// If the folder cannot be read.
    pub fn files(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.data().join("files")) else { return Vec::new() };
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    /// Its log.
    ///
    /// # Panics
    /// If it was not set up to log.
    pub fn log(&self) -> String {
        fs::read_to_string(self.data.path().join("log")).unwrap()
    }

    /// Limits its number of threads; without a number, the limit of this
    /// process applies.
    ///
    /// # Panics
    /// If it was not set up with limits.
    pub fn limit_threads(&self, max: Option<u64>) {
        let limit = max.or(getrlimit(Resource::Nproc).maximum);
        let limit = limit.map_or_else(|| "unlimited".to_owned(), |limit| limit.to_string());
        // In a container, only that user may do this.
        let mut command =
            if self.limited { as_nobody(Command::new("setpriv")) } else { Command::new("env") };
        command.args(["prlimit", "--pid", &self.process().id().to_string()]);
        assert!(command.arg(format!("--nproc={limit}:")).status().unwrap().success());
    }

    /// Its process.
    ///
    /// # Panics
    /// If it is not running.
    pub fn process(&self) -> Process {
        Process::child_of(self.keeper.id(), &program())
    }

    /// Its URL: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        self.url.trim_end_matches('/')
    }

    /// Asks it to stop, which it does once its runs have ended.
    ///
    /// # Panics
    /// If it cannot be signalled.
    pub fn terminate(&self) {
        self.signal("TERM");
    }

    /// Kills it, whatever it is doing.
    ///
    /// # Panics
    /// If it cannot be killed.
    pub fn kill(&self) {
        self.signal("KILL");
    }

    fn signal(&self, name: &str) {
        let mut keeper = self.keeper.stdin.as_ref().unwrap();
        writeln!(keeper, "{name}").unwrap();
    }

    /// Waits until it exits, and restarts it with the same data.
    ///
    /// # Panics
    /// If it does not exit, or does not start.
    pub fn restart(&mut self) {
        self.wait();
        (self.keeper, self.url) =
            run(&self.data, &self.args, self.logs, self.limited, self.components.as_deref());
    }

    /// Waits until it exits.
    ///
    /// # Panics
    /// If it does not exit.
    pub fn wait(&mut self) {
        let deadline = Instant::now() + HANG;
        while self.keeper.try_wait().unwrap().is_none() {
            assert!(Instant::now() < deadline, "the service did not exit");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Runs a command as the user without privileges, with `setpriv`.
fn as_nobody(mut command: Command) -> Command {
    command.arg(format!("--reuid={NOBODY}")).arg(format!("--regid={NOBODY}"));
    command.arg("--clear-groups");
    command
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn program() -> PathBuf {
    let program = target_dir().join("release/connector");
    assert!(program.is_file(), "{} is missing; run `make build`", program.display());
    program
}

/// The command, run as another user if it needs limits.
fn command(data: &Path, limited: bool) -> Command {
    let (components, cache) = (target_dir().join("components"), target_dir().join("test-cache"));
    if !limited {
        let mut command = kept(&program());
        command.env("CONNECTOR_COMPONENTS", components).env("XDG_CACHE_HOME", cache);
        return command;
    }
    // Folders on the path to the build may not be accessible to others.
    let copies = data.join("components");
    fs::create_dir_all(&copies).unwrap();
    let openai = copies.join("openai.wasm");
    let program_copy = data.join("connector");
    let (lock, lock_copy) = (components.join("connectors.lock"), copies.join("connectors.lock"));
    let copied = [(program(), &program_copy), (component(), &openai), (lock, &lock_copy)];
    for (from, to) in copied {
        fs::copy(from, to).unwrap();
        fs::set_permissions(to, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let mut command = as_nobody(kept(Path::new("/usr/bin/setpriv")));
    command.arg(program_copy);
    command.env("CONNECTOR_COMPONENTS", copies).env("XDG_CACHE_HOME", data.join("cache"));
    command
}

fn run(
    data: &TempDir,
    args: &[String],
    logs: bool,
    limited: bool,
    components: Option<&Path>,
) -> (Child, String) {
    let mut command = command(data.path(), limited);
    if let Some(components) = components {
        command.env("CONNECTOR_COMPONENTS", components);
    }
    command.args(["serve", "--allow-private-addresses"]);
    if !args.iter().any(|arg| arg == "--listen") {
        command.args(["--listen", "127.0.0.1:0"]);
    }
    // A folder that the service creates itself is private.
    command.args(args).arg("--data-dir").arg(data.path().join("data"));
    // A log line per request would hide the output of the test.
    command.env("RUST_LOG", "connector=error");
    if logs {
        let log = File::options().create(true).append(true).open(data.path().join("log")).unwrap();
        command.env("RUST_LOG", "trace").stderr(log);
    }
    let mut keeper = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(keeper.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.trim_end().strip_prefix("listening on ");
    let url = url
        .unwrap_or_else(|| panic!("unexpected first line of `connector serve`: {line:?}"))
        .to_owned();
    (keeper, url)
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // It may have exited on its own.
        let _ = self.keeper.wait();
    }
}
