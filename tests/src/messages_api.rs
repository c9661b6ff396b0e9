//! A stand-in for Anthropic's Messages API, as strict as the documentation: the
//! key and the version must be in their headers and nowhere else, and unknown
//! fields and values that are out of range are rejected. No model is involved:
//! an answer repeats the question.
#![allow(
    clippy::indexing_slicing,
    reason = "test code: a test that cannot continue should panic at once"
)]

mod rules;

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

use rules::Refusal;

/// A running stand-in. It serves until the process ends.
pub struct MessagesApi {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    key: String,
    requests: Mutex<Vec<Request>>,
    script: Mutex<VecDeque<Scripted>>,
}

/// A request as received.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The path with its query.
    pub target: String,
    /// The headers, their names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

/// A scripted response to a request.
pub enum Scripted {
    /// This response.
    Answer {
        /// The status.
        status: u16,
        /// Additional headers.
        headers: Vec<(&'static str, String)>,
        /// The body.
        body: String,
    },
    /// The stream up to its first text, then an error.
    ErrorInStream,
    /// The stream up to its first text, then its end.
    CutStream,
    /// The stream up to its first text, then silence until the client
    /// disconnects.
    SilentStream,
}

impl Scripted {
    /// An error in the API's format.
    pub fn error(status: u16, kind: &str, message: &str) -> Self {
        let body = Refusal::new(status, kind, message).body();
        Self::Answer { status, headers: Vec::new(), body }
    }
}

impl Request {
    /// The values of a header.
    pub fn header(&self, name: &str) -> Vec<&str> {
        let values = self.headers.iter().filter(|(other, _)| other == name);
        values.map(|(_, value)| value.as_str()).collect()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// If it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

impl MessagesApi {
    /// Starts a stand-in that accepts this key.
    ///
    /// # Panics
    /// If it cannot listen.
    pub fn start(key: &str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            key: key.to_owned(),
            requests: Mutex::default(),
            script: Mutex::default(),
        });
        let serving = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let shared = Arc::clone(&serving);
                // The client sees any error here as a broken connection.
                thread::spawn(move || serve(client, &shared));
            }
        });
        Self { address, shared }
    }

    /// Its base URL.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Queues a response. Each request takes one from the queue.
    ///
    /// # Panics
    /// If a thread of the stand-in panicked.
    pub fn script(&self, scripted: Scripted) {
        self.shared.script.lock().unwrap().push_back(scripted);
    }

    /// The requests since the last call.
    ///
    /// # Panics
    /// If a thread of the stand-in panicked.
    pub fn take_requests(&self) -> Vec<Request> {
        std::mem::take(&mut self.shared.requests.lock().unwrap())
    }
}

/// Answers the requests of one connection.
fn serve(client: TcpStream, shared: &Shared) -> io::Result<()> {
    let mut output = client.try_clone()?;
    let mut input = BufReader::new(client);
    while let Some(request) = read(&mut input)? {
        shared.requests.lock().unwrap().push(request.clone());
        let scripted = shared.script.lock().unwrap().pop_front();
        if let Some(Scripted::Answer { status, headers, body }) = scripted {
            answer(&mut output, status, &headers, &body)?;
            continue;
        }
        match rules::checked(&request, &shared.key) {
            Err(refusal) => answer(&mut output, refusal.status, &[], &refusal.body())?,
            Ok(asked) => match asked.events() {
                None => answer(&mut output, 200, &[], &asked.body().to_string())?,
                Some(events) => return stream(output, &mut input, &events, scripted),
            },
        }
    }
    Ok(())
}

/// The next request; `None` if the client has disconnected.
fn read(input: &mut impl BufRead) -> io::Result<Option<Request>> {
    let mut line = String::new();
    if input.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = Vec::new();
    loop {
        line.clear();
        input.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let mut request = Request { method, target, headers, body: String::new() };
    let length = request.header("content-length").first().map_or("0", |length| length);
    let length = length.parse().map_err(io::Error::other)?;
    input.take(length).read_to_string(&mut request.body)?;
    Ok(Some(request))
}

fn answer(
    output: &mut impl Write,
    status: u16,
    headers: &[(&str, String)],
    body: &str,
) -> io::Result<()> {
    let more: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} It\r\ncontent-type: application/json\r\nrequest-id: req_1\r\n\
         {more}content-length: {length}\r\n\r\n"
    );
    output.write_all((head + body).as_bytes())
}

/// Sends events until the last one, or as scripted, and closes the connection.
fn stream(
    mut output: TcpStream,
    input: &mut impl Read,
    events: &[Value],
    scripted: Option<Scripted>,
) -> io::Result<()> {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nrequest-id: req_1\r\n\
                connection: close\r\n\r\n";
    output.write_all(head.as_bytes())?;
    let mut send = |event: &Value| {
        let name = event["type"].as_str().unwrap_or_default();
        output.write_all(format!("event: {name}\ndata: {event}\n\n").as_bytes())
    };
    for event in events {
        send(event)?;
        if scripted.is_some() && event["type"] == "content_block_delta" {
            break;
        }
    }
    match scripted {
        Some(Scripted::ErrorInStream) => {
            let error = json!({ "type": "overloaded_error", "message": "Overloaded" });
            send(&json!({ "type": "error", "error": error }))
        }
        Some(Scripted::SilentStream) => io::copy(input, &mut io::sink()).map(drop),
        _ => Ok(()),
    }
}
