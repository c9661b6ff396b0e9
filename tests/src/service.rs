//! The service: `connector serve`, as it is built.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use tempfile::TempDir;

use crate::server::kept;
use crate::target_dir;

/// A running service with nothing stored. Dropping it ends it.
pub struct Service {
    keeper: Child,
    url: String,
    _data: TempDir,
}

impl Service {
    /// Starts the service on a free port, with the built connectors.
    ///
    /// # Panics
    /// If it was not built or does not say where it listens.
    pub fn start() -> Self {
        let program = target_dir().join("release/connector");
        assert!(program.is_file(), "{} is not there; `make build` makes it", program.display());
        let data = TempDir::new().unwrap();
        let mut command = kept(&program);
        command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(data.path());
        command.env("CONNECTOR_COMPONENTS", target_dir().join("components"));
        command.env("XDG_CACHE_HOME", target_dir().join("test-cache"));
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut keeper = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(keeper.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim_end().strip_prefix("listening on ");
        let url = url.unwrap_or_else(|| panic!("`connector serve` said {line:?} first")).to_owned();
        Self { keeper, url, _data: data }
    }

    /// Where it is: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        self.url.trim_end_matches('/')
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // It may have ended by itself.
        let _ = self.keeper.wait();
    }
}
