//! The calls that the connector can make, and how they end.

use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex};

use connector_host::{Connection, Connector, Event, Failure, Files, Limits};
use connector_tests::in_repository;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::retries;

/// A column of the matrix.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Call {
    Ask,
    AskStreamed,
    Image,
    ImageStreamed,
    Speech,
    Transcription,
    TranscriptionStreamed,
    /// An 8 MB recording: the request is larger than any buffer along the way.
    Upload,
    Test,
    Options,
}

pub use Call::*;

/// Every call except the long upload, which differs from the others only while
/// it is sent.
pub const ALL: &[Call] = &[
    Ask,
    AskStreamed,
    Image,
    ImageStreamed,
    Speech,
    Transcription,
    TranscriptionStreamed,
    Test,
    Options,
];

/// Calls whose response is a stream of events.
pub const STREAMED: &[Call] = &[AskStreamed, ImageStreamed, TranscriptionStreamed];

/// Calls that change nothing at the provider.
pub const HARMLESS: &[Call] = &[Test, Options];

/// Calls whose response is JSON.
pub const IN_JSON: &[Call] = &[Ask, Image, Transcription, Test, Options];

/// The result of a call, with its events.
pub struct Observed {
    pub end: End,
    pub events: Vec<Event>,
}

/// How a call ended.
#[derive(Debug)]
pub enum End {
    /// An output, and the number of attempts if it is reported.
    Success(Value, Option<usize>),
    /// A failure.
    Failure(Box<Failure>),
    /// No list of options, for this reason.
    NoList(String),
}

impl Call {
    /// Makes the call, and stores its files in the folder.
    pub fn make(
        self,
        connector: &Connector,
        connection: &Connection,
        folder: &Path,
        limits: Limits,
    ) -> Observed {
        let events = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&events);
        let end = match self {
            Test => match connector.test(connection) {
                Ok(reached) => End::Success(reached.into(), None),
                Err(failure) => End::Failure(failure.into()),
            },
            Options => match connector.options(connection, "ask", "model", &json!({}), None) {
                Ok(list) if list.disabled => End::NoList(list.placeholder.unwrap_or_default()),
                Ok(list) => End::Success(json!(list), None),
                Err(failure) => End::Failure(failure.into()),
            },
            _ => {
                let (action, input) = self.action();
                let files = Files::new(folder);
                let table = &connector.descriptor().action(action).unwrap().properties;
                files.grant_named_in(table, &input);
                let run = connector.run(action, input).connection(connection).limits(limits);
                let run = run.retries(retries()).streaming(self.is_streamed());
                let run = run.files(&files);
                match run.on_event(move |event| heard.lock().unwrap().push(event)).start() {
                    Ok(outcome) => {
                        let attempts =
                            outcome.metadata["attempts"].as_u64().map(|count| count as usize);
                        End::Success(outcome.output, attempts)
                    }
                    Err(failure) => End::Failure(failure.into()),
                }
            }
        };
        let events = events.lock().unwrap().clone();
        Observed { end, events }
    }

    pub fn is_streamed(self) -> bool {
        STREAMED.contains(&self)
    }

    pub fn is_harmless(self) -> bool {
        HARMLESS.contains(&self)
    }

    fn action(self) -> (&'static str, Value) {
        match self {
            Ask | AskStreamed => ("ask", json!({"messages": [{"role": "user", "content": "Hi"}]})),
            Image => ("createImage", json!({"imageMessages": [{"content": "A tree"}]})),
            ImageStreamed => (
                "createImage",
                json!({"imageMessages": [{"content": "A tree"}], "partialImages": 1}),
            ),
            Speech => ("createSpeech", json!({"input": "Hi", "voice": "alloy"})),
            Transcription => transcription("whisper-1", &sample()),
            TranscriptionStreamed => transcription("gpt-4o-transcribe", &sample()),
            Upload => transcription("whisper-1", &LONG.1),
            Test | Options => ("", Value::Null),
        }
    }

    /// The response of a provider without faults: its media type, and its body
    /// split into meaningful pieces.
    pub fn good(self) -> (&'static str, Vec<String>) {
        let json = |body: Value| ("application/json", vec![body.to_string()]);
        match self {
            Ask => json(json!({"model": "m", "choices": [{
                "index": 0, "finish_reason": "stop",
                "message": {"role": "assistant", "content": "Hello"},
            }]})),
            Image => json(json!({"created": 1, "data": [{"b64_json": IMAGE}]})),
            Transcription | Upload => json(json!({"text": "Hello"})),
            Test | Options => json(json!({"data": [{"id": "m"}]})),
            Speech => ("audio/mpeg", vec!["ID3 a recording".to_owned()]),
            AskStreamed | ImageStreamed | TranscriptionStreamed => {
                ("text/event-stream", self.events().iter().map(|data| event(data)).collect())
            }
        }
    }

    /// The data of the events in such a response.
    pub fn events(self) -> Vec<String> {
        let chunk = |delta: Value, reason: Value| {
            let choice = json!({"index": 0, "delta": delta, "finish_reason": reason});
            json!({"model": "m", "choices": [choice]})
        };
        let events = match self {
            AskStreamed => vec![
                chunk(json!({"role": "assistant", "content": "Hel"}), Value::Null),
                chunk(json!({"content": "lo"}), Value::Null),
                chunk(json!({}), json!("stop")),
            ],
            ImageStreamed => vec![
                json!({"type": "image_generation.partial_image", "b64_json": IMAGE}),
                json!({"type": "image_generation.completed", "b64_json": IMAGE}),
            ],
            TranscriptionStreamed => vec![
                json!({"type": "transcript.text.delta", "delta": "Hello"}),
                json!({"type": "transcript.text.done", "text": "Hello"}),
            ],
            other => panic!("{other:?} has no events"),
        };
        let done = "[DONE]".to_owned();
        events.iter().map(Value::to_string).chain([done]).collect()
    }
}

/// An image in base64, truncated to its signature.
pub const IMAGE: &str = "iVBORw0KGgo=";

/// A server-sent event that consists of data only.
pub fn event(data: &str) -> String {
    format!("data: {data}\n\n")
}

fn sample() -> std::path::PathBuf {
    in_repository("tests/sandbox/samples/speech.mp3")
}

fn transcription(model: &str, file: &Path) -> (&'static str, Value) {
    let file = json!({"url": format!("file://{}", file.display())});
    ("createTranscription", json!({"file": file, "model": model}))
}

/// A thousand seconds of silence.
static LONG: LazyLock<(TempDir, std::path::PathBuf)> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("long.wav");
    let length = 8_000_000_u32;
    let mut file = b"RIFF".to_vec();
    file.extend((36 + length).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0data");
    file.extend(length.to_le_bytes());
    file.resize(44 + length as usize, 0x80);
    std::fs::write(&path, file).unwrap();
    (dir, path)
});
