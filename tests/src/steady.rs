//! Steady, a mock server that validates requests against OpenAI's own API
//! description. `tests/steady/install.sh` installs both.

use std::fmt;
use std::path::PathBuf;

use crate::proxy::Proxy;
use crate::server::{Server, exchange, installed};

/// A running Steady server. It is stopped when dropped.
pub struct Steady {
    proxy: Proxy,
    _server: Server,
}

/// Its verdict on a request.
#[derive(Debug)]
pub struct Verdict {
    /// The status of its response.
    pub status: u16,
    /// The problems with the request, in Steady's words.
    pub complaints: Vec<String>,
}

impl Steady {
    /// Starts Steady on a free port.
    ///
    /// # Panics
    /// If it is not installed or does not start.
    pub fn start() -> Self {
        let document = installed("steady", "openai.json");
        let server = Server::start(&program(), "/_x-steady/health", |command, address| {
            command.args(["--host", "127.0.0.1", "--quiet", "--no-color"]);
            command.args(["--port", &address.port().to_string()]);
            command.args(FORMATS).arg(&document);
        });
        Self { proxy: Proxy::start(server.address()).unwrap(), _server: server }
    }

    /// The base URL for clients: `http://127.0.0.1:PORT/v1`.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.proxy.address())
    }

    /// Sends a request with a body.
    ///
    /// # Panics
    /// If the connection fails.
    pub fn post(&self, path: &str, content_type: &str, body: &str) {
        let (address, path) = (self.proxy.address(), format!("/v1{path}"));
        exchange(address, "POST", &path, &[("Content-Type", content_type)], body).unwrap();
    }

    /// Sends a request without a body.
    ///
    /// # Panics
    /// If the connection fails.
    pub fn send(&self, method: &str, path: &str, query: Option<&str>) {
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        let path = format!("/v1{path}{query}");
        exchange(self.proxy.address(), method, &path, &[], "").unwrap();
    }

    /// The verdicts since the last call.
    pub fn take_verdicts(&self) -> Vec<Verdict> {
        self.proxy.take_heads().iter().map(|head| Verdict::of(head)).collect()
    }
}

impl Verdict {
    /// Steady rejects wrong types, unknown values and unknown keys with a
    /// status, and reports an out-of-range number in a header of a 200 response.
    fn of(head: &str) -> Self {
        let mut lines = head.lines();
        let status_line = lines.next().unwrap_or_default();
        let status = status_line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let header = |name: String| {
            let headers = lines.clone().filter_map(|line| line.split_once(": "));
            headers.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(&name)).map(|(_, v)| v)
        };
        let count = header("x-steady-error-count".to_owned()).and_then(|count| count.parse().ok());
        let complaints = match count {
            None => vec![format!("no verdict: {status_line}")],
            Some(count) => (1..=count)
                .map(|number: u32| {
                    let part =
                        |part| header(format!("x-steady-error-{number}-{part}")).unwrap_or("?");
                    format!("{} {}: {}", part("code"), part("path"), part("message"))
                })
                .collect(),
        };
        Self { status: status.unwrap_or(0), complaints }
    }

    /// Whether the request is valid.
    pub fn is_good(&self) -> bool {
        (200..300).contains(&self.status) && self.complaints.is_empty()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.complaints.join("; "))
    }
}

/// Lists and objects in queries and forms are written as `name[]` and
/// `name[key]`, as OpenAI's own clients do.
const FORMATS: [&str; 4] = [
    "--validator-query-array-format=brackets",
    "--validator-form-array-format=brackets",
    "--validator-query-object-format=brackets",
    "--validator-form-object-format=brackets",
];

/// The program itself, not `node_modules/.bin/steady`, which starts it as a
/// child that would survive a kill.
fn program() -> PathBuf {
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    let processor = match std::env::consts::ARCH {
        "aarch64" => "arm64",
        _ => "x64",
    };
    let file = format!("node_modules/@stdy/cli-{system}-{processor}/bin/steady");
    installed("steady", &file)
}
