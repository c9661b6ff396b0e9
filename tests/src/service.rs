//! The service: `connector serve`, as it is built.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::server::kept;
use crate::target_dir;

/// How long it may take to end when it is told to.
const END: Duration = Duration::from_secs(20);

/// A running service with nothing stored. Dropping it ends it.
pub struct Service {
    keeper: Child,
    url: String,
    args: Vec<String>,
    data: TempDir,
}

impl Service {
    /// Starts the service on a free port, with the built connectors, for
    /// providers on this machine.
    ///
    /// # Panics
    /// If it was not built or does not say where it listens.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same with further arguments.
    ///
    /// # Panics
    /// If it was not built or does not say where it listens.
    pub fn start_with(args: &[&str]) -> Self {
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        let data = TempDir::new().unwrap();
        let (keeper, url) = run(&data, &args);
        Self { keeper, url, args, data }
    }

    /// Where it is: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        self.url.trim_end_matches('/')
    }

    /// Tells it to stop, which it does when its runs have ended.
    ///
    /// # Panics
    /// If it cannot be told.
    pub fn terminate(&self) {
        self.signal("TERM");
    }

    /// Ends it wherever it is.
    ///
    /// # Panics
    /// If it cannot be ended.
    pub fn kill(&self) {
        self.signal("KILL");
    }

    fn signal(&self, name: &str) {
        let mut keeper = self.keeper.stdin.as_ref().unwrap();
        writeln!(keeper, "{name}").unwrap();
    }

    /// Waits for its end, and starts it again with what it has stored.
    ///
    /// # Panics
    /// If it does not end, or not start.
    pub fn restart(&mut self) {
        let deadline = Instant::now() + END;
        while self.keeper.try_wait().unwrap().is_none() {
            assert!(Instant::now() < deadline, "the service does not end");
            thread::sleep(Duration::from_millis(20));
        }
        (self.keeper, self.url) = run(&self.data, &self.args);
    }
}

fn run(data: &TempDir, args: &[String]) -> (Child, String) {
    let program = target_dir().join("release/connector");
    assert!(program.is_file(), "{} is not there; `make build` makes it", program.display());
    let mut command = kept(&program);
    command.args(["serve", "--allow-private-addresses"]);
    if !args.iter().any(|arg| arg == "--listen") {
        command.args(["--listen", "127.0.0.1:0"]);
    }
    // A folder that it makes itself is private.
    command.args(args).arg("--data-dir").arg(data.path().join("data"));
    command.env("CONNECTOR_COMPONENTS", target_dir().join("components"));
    command.env("XDG_CACHE_HOME", target_dir().join("test-cache"));
    let mut keeper = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(keeper.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.trim_end().strip_prefix("listening on ");
    let url = url.unwrap_or_else(|| panic!("`connector serve` said {line:?} first")).to_owned();
    (keeper, url)
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // It may have ended by itself.
        let _ = self.keeper.wait();
    }
}
