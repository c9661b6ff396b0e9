//! Steady, a mock server that judges requests by OpenAI's own description of
//! its API. `tests/steady/install.sh` installs both.

use std::fmt;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::proxy::Proxy;
use crate::target_dir;

/// How long it may take to start. It takes a third of a second on its own.
const START: Duration = Duration::from_secs(30);

/// A running judge. Dropping it stops it.
pub struct Steady {
    child: Child,
    proxy: Proxy,
}

/// What it says of a request.
#[derive(Debug)]
pub struct Verdict {
    /// The status it answered with.
    pub status: u16,
    /// What is wrong with the request, in its words.
    pub complaints: Vec<String>,
}

impl Steady {
    /// Starts a judge on a free port.
    ///
    /// # Panics
    /// If it is not installed or does not start.
    pub fn start() -> Self {
        let (program, document) = (program(), folder().join("openai.json"));
        for file in [&program, &document] {
            assert!(
                file.is_file(),
                "{} is not there; `make test` installs it, or `tests/steady/install.sh {}`",
                file.display(),
                target_dir().display()
            );
        }
        // The port can be taken by another process before Steady has it.
        let attempt = || {
            let address = free_address();
            let proxy = Proxy::start(address).unwrap();
            let mut child = Command::new(&program)
                .args(["--host", "127.0.0.1", "--quiet", "--no-color"])
                .args(["--port", &address.port().to_string()])
                .args(FORMATS)
                .arg(&document)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap_or_else(|error| panic!("{} does not run: {error}", program.display()));
            serves(&mut child, address).then_some(Self { child, proxy })
        };
        std::iter::repeat_with(attempt).take(3).flatten().next().unwrap_or_else(|| {
            panic!("{} ended before it served; run it by hand to see why", program.display())
        })
    }

    /// The address clients are given: `http://127.0.0.1:PORT/v1`.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.proxy.address())
    }

    /// Sends a body that the connector would not send.
    ///
    /// # Panics
    /// If it does not get through.
    pub fn post(&self, path: &str, content_type: &str, body: &str) {
        let mut stream = TcpStream::connect(self.proxy.address()).unwrap();
        let length = body.len();
        write!(
            stream,
            "POST /v1{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Content-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        stream.read_to_end(&mut Vec::new()).unwrap();
    }

    /// What it said of the requests since this was last called.
    pub fn take_verdicts(&self) -> Vec<Verdict> {
        self.proxy.take_heads().iter().map(|head| Verdict::of(head)).collect()
    }
}

impl Drop for Steady {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Verdict {
    /// It refuses wrong types, unknown values and unknown keys with a status,
    /// and notes a number out of range in a header of a 200.
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
            None => vec![format!("it was not judged: {status_line}")],
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

    /// Whether there is nothing wrong with the request.
    pub fn is_good(&self) -> bool {
        (200..300).contains(&self.status) && self.complaints.is_empty()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.complaints.join("; "))
    }
}

/// Lists and objects in queries and forms are written `name[]` and
/// `name[key]`, as OpenAI's own clients do.
const FORMATS: [&str; 4] = [
    "--validator-query-array-format=brackets",
    "--validator-form-array-format=brackets",
    "--validator-query-object-format=brackets",
    "--validator-form-object-format=brackets",
];

fn folder() -> PathBuf {
    target_dir().join("steady")
}

/// The program itself rather than `node_modules/.bin/steady`, which starts it
/// as a child that a kill would leave behind.
fn program() -> PathBuf {
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    let processor = match std::env::consts::ARCH {
        "aarch64" => "arm64",
        _ => "x64",
    };
    folder().join(format!("node_modules/@stdy/cli-{system}-{processor}/bin/steady"))
}

fn free_address() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}

/// Waits until the child serves; `false` if it has ended instead.
fn serves(child: &mut Child, address: SocketAddr) -> bool {
    let deadline = Instant::now() + START;
    while !is_healthy(address) {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        if deadline < Instant::now() {
            let _ = child.kill();
            let _ = child.wait();
            panic!("Steady did not serve within {} seconds", START.as_secs());
        }
        thread::sleep(Duration::from_millis(20));
    }
    true
}

fn is_healthy(address: SocketAddr) -> bool {
    let ask = || {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        stream.write_all(
            b"GET /_x-steady/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).map(|_| answer.starts_with("HTTP/1.1 200 "))
    };
    ask().unwrap_or(false)
}
