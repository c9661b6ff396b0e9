//! The same calls through the library, and through ureq alone, as a Rust
//! program would make them without the library.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use connector_host::{Connection, ConnectionValues, Connector, Event, Files, Host, HostOptions};
use connector_tests::{component, target_dir};
use serde_json::{Value, json};
use ureq::config::Config;
use ureq::{Agent, SendBody};

const TOKEN: &str = "sk-bench";
const MODEL: &str = "gpt-5.4";

/// A client that calls the provider.
pub trait Client: Send + Sync {
    /// Sends this many messages, and returns the answer.
    fn ask(&self, messages: usize) -> String;

    /// Asks a question, and passes the answer on token by token.
    fn ask_streamed(&self, on_token: Arc<dyn Fn(&str) + Send + Sync>) -> String;

    /// Uploads an audio file, and returns its transcript.
    fn transcribe(&self, recording: &Path) -> String;

    /// Stores generated speech, and returns its path.
    fn speak(&self, folder: &Path) -> PathBuf;
}

/// Creates a client by name, for this many concurrent calls.
///
/// # Panics
/// If there is no client of this name.
pub fn client(name: &str, base_url: &str, at_once: u32) -> Box<dyn Client> {
    match name {
        "library" => Box::new(Library::new(base_url, at_once)),
        "ureq" => Box::new(Ureq::new(base_url, at_once)),
        _ => panic!("unknown client {name}"),
    }
}

fn messages(count: usize) -> Value {
    json!(vec![json!({ "role": "user", "content": "What is 2 + 2?" }); count])
}

struct Library {
    connector: Connector,
    connection: Connection,
    files: Files,
}

impl Library {
    fn new(base_url: &str, at_once: u32) -> Self {
        let cache_dir = Some(target_dir().join("test-cache"));
        let options = HostOptions { concurrent_runs: at_once, cache_dir, ..HostOptions::default() };
        let connector = Host::new(options).unwrap().load_file(component()).unwrap();
        let values = ConnectionValues::new().set("token", TOKEN).set("baseUrl", base_url);
        let connection = connector.connection(values).unwrap();
        Self { connector, connection, files: Files::new(std::env::temp_dir()) }
    }

    fn input(messages: Value) -> Value {
        json!({ "model": MODEL, "messages": messages })
    }
}

impl Client for Library {
    fn ask(&self, count: usize) -> String {
        let run = self.connector.run("ask", Self::input(messages(count)));
        let outcome = run.connection(&self.connection).start().unwrap();
        outcome.output.as_str().unwrap().to_owned()
    }

    fn ask_streamed(&self, on_token: Arc<dyn Fn(&str) + Send + Sync>) -> String {
        let run = self.connector.run("ask", Self::input(messages(1)));
        let run = run.connection(&self.connection).streaming(true).on_event(move |event| {
            if let Event::TextDelta { text, .. } = event {
                on_token(&text);
            }
        });
        run.start().unwrap().output.as_str().unwrap().to_owned()
    }

    fn transcribe(&self, recording: &Path) -> String {
        let file = self.files.grant(recording).unwrap();
        let run = self.connector.run("createTranscription", json!({ "file": file }));
        let run = run.connection(&self.connection).files(&self.files);
        run.start().unwrap().output["text"].as_str().unwrap().to_owned()
    }

    fn speak(&self, folder: &Path) -> PathBuf {
        let input = json!({ "input": "Good morning", "voice": "alloy" });
        let run = self.connector.run("createSpeech", input).connection(&self.connection);
        let outcome = run.files(&Files::new(folder)).start().unwrap();
        folder.join(outcome.output["name"].as_str().unwrap())
    }
}

struct Ureq {
    agent: Agent,
    base_url: String,
}

impl Ureq {
    fn new(base_url: &str, at_once: u32) -> Self {
        let at_once = at_once as usize;
        let config = Config::builder()
            .max_idle_connections(at_once)
            .max_idle_connections_per_host(at_once)
            .build();
        Self { agent: config.into(), base_url: base_url.to_owned() }
    }

    fn post(&self, path: &str) -> ureq::RequestBuilder<ureq::typestate::WithBody> {
        let request = self.agent.post(format!("{}/{path}", self.base_url));
        request.header("authorization", format!("Bearer {TOKEN}"))
    }

    fn chat(&self, body: &Value) -> ureq::Body {
        let request = self.post("chat/completions").header("content-type", "application/json");
        request.send(body.to_string()).unwrap().into_body()
    }
}

impl Client for Ureq {
    fn ask(&self, count: usize) -> String {
        let mut answer = self.chat(&json!({ "model": MODEL, "messages": messages(count) }));
        let answer: Value = serde_json::from_str(&answer.read_to_string().unwrap()).unwrap();
        answer["choices"][0]["message"]["content"].as_str().unwrap().to_owned()
    }

    fn ask_streamed(&self, on_token: Arc<dyn Fn(&str) + Send + Sync>) -> String {
        let answer = self.chat(&json!({ "model": MODEL, "messages": messages(1), "stream": true }));
        let mut text = String::new();
        for line in BufReader::new(answer.into_reader()).lines() {
            let line = line.unwrap();
            let Some(data) = line.strip_prefix("data: ") else { continue };
            if data == "[DONE]" {
                break;
            }
            let chunk: Value = serde_json::from_str(data).unwrap();
            if let Some(token) = chunk["choices"][0]["delta"]["content"].as_str() {
                on_token(token);
                text.push_str(token);
            }
        }
        text
    }

    fn transcribe(&self, recording: &Path) -> String {
        let boundary = "a-boundary-that-no-recording-has";
        let head = format!(
            "--{boundary}\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\nwhisper-1\r\n\
             --{boundary}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"talk.wav\"\r\n\
             content-type: audio/wav\r\n\r\n"
        );
        let foot = format!("\r\n--{boundary}--\r\n");
        let file = File::open(recording).unwrap();
        let length = head.len() as u64 + file.metadata().unwrap().len() + foot.len() as u64;
        let mut body = Cursor::new(head).chain(file).chain(Cursor::new(foot));
        let request = self.post("audio/transcriptions").header("content-length", length);
        let request =
            request.header("content-type", format!("multipart/form-data; boundary={boundary}"));
        let mut answer = request.send(SendBody::from_reader(&mut body)).unwrap();
        let answer = answer.body_mut().read_to_string().unwrap();
        let answer: Value = serde_json::from_str(&answer).unwrap();
        answer["text"].as_str().unwrap().to_owned()
    }

    fn speak(&self, folder: &Path) -> PathBuf {
        let body = json!({ "model": "gpt-4o-mini-tts", "input": "Good morning", "voice": "alloy" });
        let request = self.post("audio/speech").header("content-type", "application/json");
        let answer = request.send(body.to_string()).unwrap();
        let (file, path) = tempfile::Builder::new().tempfile_in(folder).unwrap().keep().unwrap();
        let mut file = io::BufWriter::new(file);
        io::copy(&mut answer.into_body().into_reader(), &mut file).unwrap();
        file.flush().unwrap();
        path
    }
}
