//! A minimal HTTP client that exposes every detail of a response.

use std::io::Read;
use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use openai_sandbox::Options;
use openai_sandbox::Sandbox;
use serde_json::Value;

/// A response, complete or not.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Whether the body ended where its length or its last chunk indicated.
    pub is_whole: bool,
    /// The lengths of its chunks, if it was chunked.
    pub chunks: Vec<usize>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("a UTF-8 body")
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("expected JSON, got {}", self.text()))
    }

    /// The status, and the parameter that the error names.
    pub fn status_and_param(&self) -> (u16, Option<String>) {
        if self.status == 200 {
            return (200, None);
        }
        let error = self.json()["error"].clone();
        assert!(error["message"].is_string() && error["type"].is_string(), "{error}");
        assert_eq!(error.as_object().unwrap().len(), 4, "{error}");
        (self.status, error["param"].as_str().map(str::to_owned))
    }

    /// The data of every event; `[DONE]` is a string.
    pub fn events(&self) -> Vec<Value> {
        assert_eq!(self.status, 200, "{}", self.text());
        assert_eq!(self.header("content-type"), Some("text/event-stream; charset=utf-8"));
        let events = self.text().split("\n\n").filter(|event| !event.is_empty());
        let data = events.map(|event| {
            let data = event.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
            serde_json::from_str(data).unwrap_or_else(|_| data.into())
        });
        data.collect()
    }
}

pub fn start() -> Sandbox {
    Sandbox::start(Options::default()).unwrap()
}

/// The host and port of a sandbox.
pub fn authority(sandbox: &Sandbox) -> String {
    let url = sandbox.base_url();
    url.strip_prefix("http://").and_then(|url| url.strip_suffix("/v1")).unwrap().to_owned()
}

/// Sends a request, and reads until the connection ends. Returns `None` if no
/// byte arrived.
pub fn exchange(authority: &str, request: &[u8]) -> Option<Answer> {
    let mut stream = TcpStream::connect(authority).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    // The sandbox may respond and close before it has read everything.
    let _ = stream.write_all(request);
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    (!bytes.is_empty()).then(|| parse(&bytes))
}

/// Sends a request with a key.
pub fn request(sandbox: &Sandbox, line: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let mut all = vec![("authorization", "Bearer sk-test")];
    all.extend_from_slice(headers);
    let authority = authority(sandbox);
    exchange(&authority, &write(line, &all, body)).expect("an answer")
}

/// The bytes of a request.
pub fn write(line: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut head = format!("{line} HTTP/1.1\r\nhost: sandbox\r\nconnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let mut bytes = format!("{head}content-length: {}\r\n\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

pub fn get(sandbox: &Sandbox, path: &str) -> Answer {
    request(sandbox, &format!("GET {path}"), &[], b"")
}

pub fn post(sandbox: &Sandbox, path: &str, body: &Value) -> Answer {
    let headers = [("content-type", "application/json")];
    request(sandbox, &format!("POST {path}"), &headers, body.to_string().as_bytes())
}

/// The fields of `base` overridden by those of `patch`; null removes a field.
pub fn patched(base: &Value, patch: &Value) -> Value {
    let mut body = base.clone();
    let fields = body.as_object_mut().unwrap();
    for (key, value) in patch.as_object().unwrap() {
        match value {
            Value::Null => drop(fields.remove(key)),
            value => drop(fields.insert(key.clone(), value.clone())),
        }
    }
    body
}

/// Checks the rows of a table: a change to a valid request, and part of the
/// error message, or an empty string if the request stays valid.
pub fn check_rules(path: &str, base: &Value, rows: &[(Value, &str)]) {
    let sandbox = start();
    assert_eq!(post(&sandbox, path, base).status, 200);
    for (patch, words) in rows {
        let answer = post(&sandbox, path, &patched(base, patch));
        let body = String::from_utf8_lossy(&answer.body);
        assert_eq!(answer.status, if words.is_empty() { 200 } else { 400 }, "{patch}\n{body}");
        assert!(body.contains(words), "{patch}\n{body}");
    }
}

fn parse(bytes: &[u8]) -> Answer {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("a whole head");
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers: Vec<(String, String)> = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let mut answer =
        Answer { status, headers, body: Vec::new(), is_whole: false, chunks: Vec::new() };
    let rest = &bytes[end + 4..];
    if answer.header("transfer-encoding") == Some("chunked") {
        unchunk(&mut answer, rest);
    } else {
        let length: usize = answer.header("content-length").unwrap_or("0").parse().unwrap();
        (answer.body, answer.is_whole) = (rest.to_vec(), rest.len() == length);
    }
    answer
}

/// Adds the content of chunks to a response.
fn unchunk(answer: &mut Answer, mut rest: &[u8]) {
    while let Some(end) = rest.windows(2).position(|window| window == b"\r\n") {
        let length = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        if length == 0 {
            answer.is_whole = true;
            return;
        }
        let chunk = &rest[end + 2..];
        answer.body.extend_from_slice(&chunk[..length.min(chunk.len())]);
        answer.chunks.push(length);
        rest = chunk.get(length + 2..).unwrap_or(&[]);
    }
}

/// A part of a form: its name, its file information, its content.
pub type Field<'a> = (&'a str, Option<File<'a>>, &'a [u8]);

/// The name and content type of a file; an empty type sends none.
pub type File<'a> = (&'a str, &'a str);

/// Uncompressed audio as a file.
pub const WAV: Option<File> = Some(("a.wav", "audio/wav"));

/// The body and content type of a form.
pub fn form(fields: &[Field]) -> (Vec<u8>, String) {
    let mut body = Vec::new();
    for (name, file, content) in fields {
        let (filename, media_type) = file.unwrap_or_default();
        let mut head = format!("--frontier\r\ncontent-disposition: form-data; name=\"{name}\"");
        if file.is_some() {
            head.push_str(&format!("; filename=\"{filename}\""));
        }
        if !media_type.is_empty() {
            head.push_str(&format!("\r\ncontent-type: {media_type}"));
        }
        head.push_str("\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--frontier--\r\n");
    (body, "multipart/form-data; boundary=frontier".to_owned())
}

/// Uncompressed silence of this many seconds, 8000 bytes each.
pub fn silence(seconds: f64) -> Vec<u8> {
    let length = (seconds * 8000.0) as u32;
    let mut file = b"RIFF".to_vec();
    file.extend((36 + length).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0data");
    file.extend(length.to_le_bytes());
    file.resize(44 + length as usize, 0x80);
    file
}
