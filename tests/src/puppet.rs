//! The puppet (`tests/connectors/puppet`), a connector that executes the steps
//! of its input, and an honest server that echoes what it receives.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connector_host::{Connection, ConnectionValues, Connector, Failure, Outcome, Run};
use serde_json::{Value, json};

use crate::{command, host, ran, target_dir};

/// The text in front of the puppet's configuration.
const MARK: &[u8] = b"PUPPET:";
/// The number of bytes reserved for that text and the configuration.
const ROOM: usize = 4096;

/// The component with this configuration.
///
/// # Panics
/// If the configuration is too large.
pub fn puppet(config: &Value) -> Vec<u8> {
    let path = target_dir().join("attack-components/puppet.wasm");
    assert!(path.is_file(), "{} is missing; run `make connectors`", path.display());
    let mut wasm = fs::read(path).unwrap();
    let json = config.to_string();
    let positions = wasm.windows(MARK.len() + 2).enumerate();
    let positions = positions.filter(|(_, window)| window == b"PUPPET:{}").map(|(at, _)| at);
    let [at] = positions.collect::<Vec<_>>().try_into().unwrap();
    assert!(MARK.len() + json.len() < ROOM);
    let room = &mut wasm[at + MARK.len()..at + ROOM];
    room.fill(b' ');
    room[..json.len()].copy_from_slice(json.as_bytes());
    wasm
}

/// The component, loaded.
///
/// # Panics
/// If it is rejected.
pub fn load(config: &Value) -> Connector {
    host().load(&puppet(config)).unwrap()
}

/// Writes the component to a folder.
///
/// # Panics
/// If it cannot be written.
pub fn put(folder: &Path, name: &str, config: &Value) {
    fs::write(folder.join(name), puppet(config)).unwrap();
}

/// Approves the components in a folder.
///
/// # Panics
/// If a component is rejected.
pub fn lock(folder: &Path) {
    let locked = ran(command(None).arg("lock").arg(folder));
    assert_eq!(locked.status, 0, "{locked:?}");
}

/// A connection from the puppet to a server on this machine.
///
/// # Panics
/// If it is rejected.
pub fn connection(connector: &Connector, base_url: &str, token: &str) -> Connection {
    let values = ConnectionValues::new().set("token", token).set("baseUrl", base_url);
    connector.connection(values).unwrap()
}

/// An input with these steps.
pub fn steps(steps: &Value) -> Value {
    json!({ "steps": steps.to_string() })
}

/// A run of these steps.
pub fn run<'a>(connector: &'a Connector, connection: &Connection, script: &Value) -> Run<'a> {
    connector.run("act", steps(script)).connection(connection)
}

/// Runs the steps, and returns what the puppet saw.
///
/// # Errors
/// If the run fails.
pub fn act(
    connector: &Connector,
    connection: &Connection,
    script: &Value,
) -> Result<Value, Failure> {
    run(connector, connection, script).start().map(|Outcome { output, .. }| output)
}

/// An honest server. It responds with what it received, in a form that the path
/// determines. It is stopped when dropped.
#[derive(Debug)]
pub struct Echo {
    address: std::net::SocketAddr,
    requests: Arc<AtomicUsize>,
}

impl Echo {
    /// Starts the server.
    ///
    /// # Panics
    /// If it cannot listen.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&requests);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (Ok(stream), count) = (stream, Arc::clone(&count)) else { return };
                if count.load(Ordering::Relaxed) == ENDED {
                    return;
                }
                thread::spawn(move || serve(stream, &count));
            }
        });
        Self { address, requests }
    }

    /// Its base URL.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// The number of requests it has answered.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }
}

/// The count of a server that has been stopped.
const ENDED: usize = usize::MAX;

impl Drop for Echo {
    fn drop(&mut self) {
        self.requests.store(ENDED, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(stream: TcpStream, count: &AtomicUsize) {
    stream.set_nodelay(true).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut writer = stream;
    while let Some(request) = Request::read(&mut reader) {
        if count.load(Ordering::Relaxed) != ENDED {
            count.fetch_add(1, Ordering::Relaxed);
        }
        if request.answer(&mut writer).is_err() {
            return;
        }
    }
}

struct Request {
    path: String,
    head: String,
    body: String,
}

impl Request {
    fn read(reader: &mut BufReader<TcpStream>) -> Option<Self> {
        let mut head = String::new();
        loop {
            let before = head.len();
            if reader.read_line(&mut head).ok()? == 0 {
                return None;
            }
            if head[before..].trim().is_empty() {
                break;
            }
        }
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().unwrap())
        });
        let mut body = vec![0; length.unwrap_or(0)];
        reader.read_exact(&mut body).ok()?;
        let path = head.split(' ').nth(1)?.trim_start_matches("/v1/").to_owned();
        Some(Self { path, head, body: String::from_utf8_lossy(&body).into_owned() })
    }

    fn answer(&self, to: &mut TcpStream) -> std::io::Result<()> {
        let Self { path, head, body } = self;
        let path = path.split('?').next().unwrap_or_default();
        match path {
            "half" => return half(to),
            "slow" => return slow(to),
            _ => {}
        }
        let json = |value: Value| ("200 OK", "application/json", value.to_string(), String::new());
        let plain = |body: String| ("200 OK", "text/plain", body, String::new());
        let each = |write: fn(u8) -> String| body.bytes().map(write).collect::<String>();
        let (status, kind, body, header) = match path {
            "head" => plain(head.clone()),
            "error" => (
                "400 Bad Request",
                "application/json",
                json!({ "error": { "message": format!("cannot use {body}") } }).to_string(),
                String::new(),
            ),
            "later" => ("503 Service Unavailable", "text/plain", body.clone(), String::new()),
            "header" => ("200 OK", "text/plain", String::new(), format!("x-echo: {body}\r\n")),
            "event" => {
                let events = format!("event: {body}\ndata: {body}\n\ndata: {{\"t\":{body:?}}}\n\n");
                ("200 OK", "text/event-stream", events, String::new())
            }
            "json" => json(json!({ "t": body })),
            "broken" => ("200 OK", "application/json", format!("{{\"t\": {body}"), String::new()),
            "image" => json(json!({ "data": [{ "b64": STANDARD.encode(body) }] })),
            "base64" => plain(STANDARD.encode(body)),
            "percent" => plain(each(|byte| format!("%{byte:02X}"))),
            "unicode" => json(json!({ "t": each(|byte| format!("\\u{byte:04x}")) })),
            "file" => ("200 OK", "application/octet-stream", body.clone(), String::new()),
            _ => plain(body.clone()),
        };
        let length = body.len();
        let text = format!(
            "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\n{header}content-length: {length}\r\n\r\n{body}"
        );
        to.write_all(text.as_bytes())
    }
}

const EVENTS: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";

/// Most of an event, then the end of the connection.
fn half(to: &mut TcpStream) -> std::io::Result<()> {
    to.write_all(EVENTS)?;
    to.write_all(b"data: ")?;
    let piece = [b'x'; 64 * 1024];
    for _ in 0..256 {
        to.write_all(&piece)?;
    }
    Err(std::io::ErrorKind::BrokenPipe.into())
}

/// The beginning of an event, then nothing until the client gives up.
fn slow(to: &mut TcpStream) -> std::io::Result<()> {
    to.write_all(EVENTS)?;
    to.write_all(b"data: ")?;
    let _ = to.read(&mut [0]);
    Err(std::io::ErrorKind::BrokenPipe.into())
}
