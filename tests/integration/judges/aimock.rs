//! Files, batches, edits, translations and moderations with aimock.
//!
//! How aimock differs from OpenAI:
//!
//! - It has one moderation result for all texts of a request.
//! - It returns the same image and the same translation for every request.
//! - A batch is in progress when it is retrieved for the first time, and ends with
//!   the second one. It is never finalizing.
//! - The header `X-AIMock-Batch-Outcome` determines how a batch ends. A batch that
//!   fails has a file of errors.
//! - A batch that expired or was cancelled has no results at all.
//! - A file has at most 10 MiB. A batch with more results fails.
//! - It does not return the metadata of files, nor `expires_at`.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use connector_host::{ConnectionValues, Event, Failure, FailureKind, Files, Outcome};
use connector_tests::judges::AiMock;
use connector_tests::{connection_values, in_repository, openai};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::shared;

fn aimock() -> MutexGuard<'static, AiMock> {
    static AIMOCK: OnceLock<Mutex<AiMock>> = OnceLock::new();
    shared(&AIMOCK, AiMock::start)
}

/// A client of aimock with a folder for files.
struct Client<'a> {
    aimock: &'a AiMock,
    folder: TempDir,
    /// How the batches end that it creates.
    outcome: Option<&'static str>,
}

impl<'a> Client<'a> {
    fn new(aimock: &'a AiMock) -> Self {
        Self { aimock, folder: TempDir::new().unwrap(), outcome: None }
    }

    fn connection_values(&self) -> ConnectionValues {
        let values = connection_values(&self.aimock.base_url());
        match self.outcome {
            Some(outcome) => values.set("headers", json!({ "X-AIMock-Batch-Outcome": outcome })),
            None => values,
        }
    }

    /// Runs an action, and returns its events too.
    fn run_with_events(
        &self,
        action: &str,
        input: Value,
    ) -> (Result<Outcome, Failure>, Vec<Event>) {
        let connector = openai();
        let files = Files::new(self.folder.path());
        let table = &connector.descriptor().action(action).unwrap().properties;
        files.grant_named_in(table, &input);
        let events = Arc::new(Mutex::new(Vec::new()));
        let keep = Arc::clone(&events);
        let result = connector
            .run(action, input)
            .connection(&connector.connection(self.connection_values()).unwrap())
            .files(&files)
            .on_event(move |event| keep.lock().unwrap().push(event))
            .start();
        let events = std::mem::take(&mut *events.lock().unwrap());
        (result, events)
    }

    fn try_run(&self, action: &str, input: Value) -> Result<Outcome, Failure> {
        self.run_with_events(action, input).0
    }

    #[track_caller]
    fn run(&self, action: &str, input: Value) -> Value {
        self.try_run(action, input).unwrap().output
    }

    /// Writes a file for an input.
    fn file(&self, name: &str, content: &[u8]) -> Value {
        let path = self.folder.path().join(name);
        fs::write(&path, content).unwrap();
        named(&path)
    }

    /// Creates a batch and returns its ID.
    #[track_caller]
    fn batch(&self, input: Value) -> Value {
        let batch = self.run("createBatch", input);
        assert_eq!((&batch["status"], &batch["isNew"]), (&json!("validating"), &json!(true)));
        batch["id"].clone()
    }

    #[track_caller]
    fn get(&self, id: &Value) -> Value {
        self.run("getBatch", json!({ "batchId": id }))
    }

    /// Retrieves a batch until it has ended.
    #[track_caller]
    fn ended(&self, id: &Value) -> Value {
        let batch = self.get(id);
        assert_eq!((&batch["status"], &batch["hasEnded"]), (&json!("in_progress"), &json!(false)));
        assert_eq!((&batch["results"], &batch["resultFiles"]), (&Value::Null, &json!([])));
        self.get(id)
    }

    /// The content of a file in an output.
    fn content(&self, file: &Value) -> Vec<u8> {
        let url = file["url"].as_str().unwrap();
        let path = Path::new(url.strip_prefix("file://").unwrap());
        assert!(path.starts_with(self.folder.path()), "{url}");
        fs::read(path).unwrap()
    }

    /// The requests with this path that it received since the mark, which is the
    /// number of requests before.
    fn requests_since(&self, mark: usize, path: &str) -> Vec<Value> {
        let requests = self.aimock.requests().split_off(mark);
        requests.into_iter().filter(|request| request["path"] == path).collect()
    }
}

fn named(path: &Path) -> Value {
    json!({ "url": format!("file://{}", path.display()) })
}

fn sample(name: &str) -> Value {
    named(&in_repository("tests/sandbox/samples").join(name))
}

fn ask(text: &str) -> Value {
    json!({ "messages": [{ "role": "user", "content": text }] })
}

fn two_questions() -> Value {
    json!([ask("Why is the sky blue?"), ask("Why is the sea salty?")])
}

fn kinds(batch: &Value) -> Vec<&Value> {
    let results = batch["results"].as_array().unwrap();
    results.iter().map(|result| &result["failure"]["kind"]).collect()
}

#[test]
fn edits_an_image() {
    let aimock = aimock();
    let client = Client::new(&aimock);
    let mark = aimock.requests().len();
    let input = json!({
        "images": [sample("picture.jpeg"), sample("picture.webp")],
        "imageMessages": [
            { "content": "Keep the colours", "weight": 1 }, { "content": "A ring", "weight": 2 },
        ],
        "model": "gpt-image-1.5",
    });
    let output = client.run("editImage", input);
    let content = client.content(&output["files"][0]);
    assert!(content.starts_with(b"\x89PNG\r\n\x1a\n") && content.ends_with(b"IEND\xaeB`\x82"));
    assert_eq!(output["files"].as_array().unwrap().len(), 1);
    // aimock finds the fields between the files.
    let requests = client.requests_since(mark, "/v1/images/edits");
    assert_eq!(requests.len(), 1);
    let body = &requests[0]["body"];
    assert_eq!(body["model"], "gpt-image-1.5");
    assert_eq!(body["messages"][0]["content"], "A ring\n\nKeep the colours");
}

#[test]
fn translates_a_recording() {
    let aimock = aimock();
    let client = Client::new(&aimock);
    let mark = aimock.requests().len();
    for (format, expected) in [
        ("json", json!({ "text": "Good morning." })),
        ("text", json!("Good morning.")),
        (
            "verbose_json",
            json!({
                "task": "translate", "language": "english", "duration": 0,
                "text": "Good morning.",
            }),
        ),
    ] {
        for name in ["speech.mp3", "speech.flac"] {
            let input = json!({ "file": sample(name), "responseFormat": format });
            let mut output = client.run("createTranslation", input);
            if let Some(duration) = output["duration"].as_f64() {
                output["duration"] = json!(duration as u64);
            }
            assert_eq!(output, expected, "{format}");
        }
    }
    let requests = client.requests_since(mark, "/v1/audio/translations");
    assert_eq!(requests.len(), 6);
    assert!(requests.iter().all(|request| request["body"]["model"] == "whisper-1"));
    // aimock has no subtitles: JSON in their place is not passed on as if it were some.
    let input = json!({ "file": sample("speech.mp3"), "responseFormat": "srt" });
    let failure = client.try_run("createTranslation", input).unwrap_err();
    assert_eq!(failure.kind, FailureKind::InvalidOutput);
}

#[test]
fn moderates() {
    let aimock = aimock();
    let client = Client::new(&aimock);
    for input in [
        json!({ "input": "Good morning" }),
        json!({ "images": [sample("picture.jpeg")] }),
        json!({ "input": ["Look", "here"], "images": [sample("picture.webp")], "combine": true }),
    ] {
        let outcome = client.try_run("createModeration", input.clone()).unwrap();
        assert_eq!(outcome.output["flagged"], false, "{input}");
        let results = outcome.output["results"].as_array().unwrap();
        assert_eq!(results.len(), 1, "{input}");
        assert_eq!(results[0]["categories"], json!([]), "{input}");
        let scores = results[0]["scores"].as_object().unwrap();
        assert_eq!(scores.len(), 13, "{input}");
        assert_eq!(scores["self-harm/intent"], 0, "{input}");
        assert_eq!(outcome.metadata["model"], "omni-moderation-latest");
    }
    // One result for two texts would hide what is wrong with one of them.
    let failure = client.try_run("createModeration", json!({ "input": ["a", "b"] })).unwrap_err();
    assert_eq!(failure.kind, FailureKind::InvalidOutput);
    assert!(failure.message.contains("1 results instead of 2"), "{failure:?}");
}

#[test]
fn uploads_lists_and_deletes_files() {
    let aimock = aimock();
    let client = Client::new(&aimock);
    let mark = aimock.requests().len();
    // Line breaks and what looks like the boundary of a form are content.
    let contents: [&[u8]; 3] = [b"x", b"\r\n--boundary--\r\n\x00\xff", &[b'x'; 3 << 20]];
    let mut ids = Vec::new();
    for (index, content) in contents.into_iter().enumerate() {
        let name = format!("Bericht {index} über A; B.txt");
        let file = client.file(&name, content);
        let output = client.run("uploadFile", json!({ "file": file, "purpose": "evals" }));
        assert_eq!(output["filename"], name);
        assert_eq!(output["bytes"], content.len());
        ids.push(output["id"].clone());
        let requests = client.requests_since(mark, "/v1/files");
        let sent = &requests.last().unwrap()["body"];
        let digest: String =
            Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!((&sent["sha256"], &sent["purpose"]), (&json!(digest), &json!("evals")));
    }
    let listed = |input: Value| -> Vec<Value> {
        let list = client.run("listFiles", input);
        list.as_array().unwrap().iter().map(|file| file["id"].clone()).collect()
    };
    let newest = [ids[2].clone(), ids[1].clone(), ids[0].clone()];
    assert_eq!(listed(json!({ "purpose": "evals" })), newest);
    assert_eq!(listed(json!({ "purpose": "evals", "order": "asc" })), ids);
    assert_eq!(listed(json!({ "purpose": "evals", "limit": 1 })), newest[..1]);
    assert_eq!(listed(json!({ "purpose": "evals", "after": ids[2] })), newest[1..]);

    let deleted = client.run("deleteFile", json!({ "fileId": ids[1] }));
    assert_eq!(deleted, json!({ "id": ids[1], "deleted": true }));
    assert_eq!(listed(json!({ "purpose": "evals" })), [newest[0].clone(), newest[2].clone()]);
    let failure = client.try_run("deleteFile", json!({ "fileId": ids[1] })).unwrap_err();
    assert_eq!(failure.kind, FailureKind::NotFound);
    assert!(failure.message.contains("No such file"), "{failure:?}");
}

#[test]
fn a_batch_is_completed() {
    let aimock = aimock();
    let client = Client::new(&aimock);
    let over_responses = |text: &str| {
        let mut input = ask(text);
        input["api"] = "responses".into();
        input
    };
    for (action, inputs, expected) in [
        ("ask", two_questions(), json!("Mock batch completion")),
        (
            "ask",
            json!([over_responses("Why?"), over_responses("Who?")]),
            json!("Mock batch completion"),
        ),
        (
            "createEmbeddings",
            json!([{ "input": "a" }, { "input": "b" }]),
            json!({ "vectors": [[0.0, 0.0, 0.0]], "dimensions": 3, "files": [] }),
        ),
    ] {
        let id = client.batch(json!({ "action": action, "inputs": inputs }));
        let batch = client.ended(&id);
        assert_eq!((&batch["status"], &batch["hasEnded"]), (&json!("completed"), &json!(true)));
        assert_eq!(batch["counts"], json!({ "total": 2, "completed": 2, "failed": 0 }));
        assert_eq!(batch["action"], action);
        let results = batch["results"].as_array().unwrap();
        assert_eq!(results.len(), 2);
        for (index, result) in results.iter().enumerate() {
            assert_eq!(result["index"], index);
            assert_eq!(result["output"], expected, "{result}");
            assert!(result["metadata"]["usage"]["totalTokens"].is_u64(), "{result}");
        }
    }
}

#[test]
fn waits_for_a_batch() {
    let aimock = aimock();
    let client = Client::new(&aimock);
    let id = client.batch(json!({ "inputs": two_questions() }));
    let (result, events) =
        client.run_with_events("getBatch", json!({ "batchId": id, "wait": true }));
    assert_eq!(result.unwrap().output["status"], "completed");
    let states: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Status { text } => Some(text.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(states, ["in_progress"]);
}

#[test]
fn a_batch_fails_expires_or_is_cancelled() {
    let aimock = aimock();
    for (outcome, kind, time) in
        [("expired", "timeout", "expiredAt"), ("cancelled", "cancelled", "cancelledAt")]
    {
        let client = Client { outcome: Some(outcome), ..Client::new(&aimock) };
        let id = client.batch(json!({ "inputs": two_questions() }));
        let batch = client.ended(&id);
        assert_eq!((&batch["status"], &batch["hasEnded"]), (&json!(outcome), &json!(true)));
        assert!(batch[time].is_u64(), "{batch}");
        assert_eq!(kinds(&batch), [kind; 2]);
    }

    let client = Client { outcome: Some("failed"), ..Client::new(&aimock) };
    let id = client.batch(json!({ "inputs": two_questions() }));
    let batch = client.ended(&id);
    assert_eq!((&batch["status"], &batch["hasEnded"]), (&json!("failed"), &json!(true)));
    assert_eq!(batch["counts"], json!({ "total": 2, "completed": 0, "failed": 2 }));
    assert_eq!(batch["errors"][0]["code"], "mock_failure");
    assert!(batch["failedAt"].is_u64(), "{batch}");
    // The file of errors has a line for each input.
    let results = batch["results"].as_array().unwrap();
    assert_eq!(results.len(), 2);
    for (index, result) in results.iter().enumerate() {
        let failure = &result["failure"];
        assert_eq!((&result["index"], &failure["code"]), (&json!(index), &json!("mock_failure")));
        let message = "Mock batch failure (X-AIMock-Batch-Outcome: failed)";
        assert_eq!(failure["message"], message);
    }
}

#[test]
fn cancels_a_batch() {
    let aimock = aimock();
    let client = Client::new(&aimock);
    let id = client.batch(json!({ "inputs": two_questions() }));
    let cancel = || client.run("cancelBatch", json!({ "batchId": id }));
    assert_eq!(cancel()["status"], "cancelling");
    // Retrieving it before it is cancelled again ends it.
    let batch = cancel();
    assert_eq!((&batch["status"], &batch["hasEnded"]), (&json!("cancelled"), &json!(true)));
    assert_eq!(kinds(&client.get(&id)), ["cancelled"; 2]);

    let id = client.batch(json!({ "inputs": two_questions() }));
    client.ended(&id);
    let failure = client.try_run("cancelBatch", json!({ "batchId": id })).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Refused);
    assert!(failure.message.contains("already completed"), "{failure:?}");
    let failure = client.try_run("cancelBatch", json!({ "batchId": "batch_none" })).unwrap_err();
    assert_eq!(failure.kind, FailureKind::NotFound);
    assert!(failure.message.contains("No such batch"), "{failure:?}");
}

#[test]
fn a_key_creates_one_batch() {
    let aimock = aimock();
    let client = Client::new(&aimock);
    let mark = aimock.requests().len();
    let create = |inputs: Value| {
        client.try_run("createBatch", json!({ "inputs": inputs, "key": "order 4711" }))
    };
    let first = create(two_questions()).unwrap().output;
    let second = create(two_questions()).unwrap().output;
    assert_eq!((&first["isNew"], &second["isNew"]), (&json!(true), &json!(false)));
    assert_eq!((&first["id"], &first["key"]), (&second["id"], &json!("order 4711")));
    let posts = |path: &str| {
        let requests = client.requests_since(mark, path);
        requests.iter().filter(|request| request["method"] == "POST").count()
    };
    assert_eq!((posts("/v1/files"), posts("/v1/batches")), (1, 1));
    let failure = create(json!([ask("Another question")])).unwrap_err();
    assert_eq!(
        (failure.kind, failure.property.as_deref()),
        (FailureKind::InvalidInput, Some("key"))
    );
}

/// 8 MB of results, which the connector stores and reads in pieces. aimock does
/// not store larger files; the sandbox does, in `batches`.
#[test]
fn the_results_of_20000_inputs_are_in_order() {
    const COUNT: usize = 20_000;
    let aimock = aimock();
    let client = Client::new(&aimock);
    // Each result has a model name of its own, so the test can check the order.
    let line = |index: usize| json!({ "model": format!("m{index}"), "messages": [{ "role": "user", "content": "Hi" }] });
    let lines =
        |count: usize| -> String { (0..count).map(|index| format!("{}\n", line(index))).collect() };
    let file = client.file("inputs.jsonl", lines(COUNT).as_bytes());
    let id = client.batch(json!({ "inputsFile": file }));
    let batch = client.ended(&id);
    assert_eq!(batch["counts"], json!({ "total": COUNT, "completed": COUNT, "failed": 0 }));
    assert_eq!(batch.get("results"), None);
    assert_eq!(batch["providerFiles"].as_array().unwrap().len(), 1);
    assert!(client.content(&batch["providerFiles"][0]).len() > 5_000_000);
    let files = batch["resultFiles"].as_array().unwrap();
    let content: Vec<u8> = files.iter().flat_map(|file| client.content(file)).collect();
    let mut count = 0;
    for (index, line) in String::from_utf8(content).unwrap().lines().enumerate() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!(
            (&line["index"], &line["output"]),
            (&json!(index), &json!("Mock batch completion"))
        );
        assert_eq!(line["metadata"]["model"], format!("m{index}"));
        count += 1;
    }
    assert_eq!(count, COUNT);

    // With more results than aimock stores, the batch fails as a whole.
    let file = client.file("more.jsonl", lines(30_000).as_bytes());
    let id = client.batch(json!({ "inputsFile": file }));
    let batch = client.ended(&id);
    assert_eq!((&batch["status"], &batch["results"]), (&json!("failed"), &Value::Null));
    assert_eq!(batch["errors"][0]["code"], "output_file_too_large");
}
