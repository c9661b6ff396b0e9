//! Runs of Create Batch that are killed and started again with the same key.
//!
//! The command is killed while a request waits for its response, which the
//! provider has either processed or not.

use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use connector_tests::{FOREVER, HANG, command, ran, sandbox};
use openai_sandbox::{Fault, Sandbox};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{ask, run};

const QUESTIONS: [&str; 3] = ["Why is the sky blue?", "Why is the sea salty?", "Why is it late?"];

/// The requests of a run with a new key.
const REQUESTS: [(&str, &str); 5] = [
    ("GET", "/v1/batches"),
    ("GET", "/v1/files"),
    ("POST", "/v1/files"),
    ("POST", "/v1/batches"),
    ("GET", "/v1/batches"),
];

/// The position of the request that creates the batch.
const CREATES: usize = 3;

/// A provider, and the input of the runs.
struct Scene {
    sandbox: Sandbox,
    folder: TempDir,
    input: PathBuf,
}

impl Scene {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let input = folder.path().join("input.json");
        let inputs = QUESTIONS.map(ask);
        let content = json!({ "inputs": inputs, "key": "order 4711" });
        std::fs::write(&input, content.to_string()).unwrap();
        Self { sandbox: sandbox(), folder, input }
    }

    fn command(&self) -> Command {
        let mut command = command(Some(&self.sandbox));
        command.args(["run", "openai/v1/createBatch", "--input"]).arg(&self.input);
        command
    }

    /// Starts the command, and kills it while the request with this position waits
    /// for its response.
    fn kill_at(&self, position: usize, is_processed: bool) {
        for _ in 0..position {
            self.sandbox.script(Fault::Delay(Duration::ZERO));
        }
        self.sandbox.script(if is_processed {
            Fault::Stall { after: 0, pause: FOREVER }
        } else {
            Fault::Delay(FOREVER)
        });
        let mark = self.sandbox.requests().len();
        let mut child = self.command().stdout(Stdio::null()).spawn().unwrap();
        self.wait(&mut child, mark + position, is_processed);
        child.kill().unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(9));
    }

    /// Waits until the request with this position waits for its response.
    fn wait(&self, child: &mut Child, position: usize, is_processed: bool) {
        let started = Instant::now();
        loop {
            let requests = self.sandbox.requests();
            if requests.get(position).is_some_and(|one| !is_processed || one.status.is_some()) {
                return;
            }
            assert_eq!(child.try_wait().unwrap(), None, "it has ended: {requests:?}");
            assert!(started.elapsed() < HANG, "{requests:?}");
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Runs the command to the end. Returns the batch.
    fn create(&self) -> Value {
        let ran = ran(&mut self.command());
        assert_eq!(ran.status, 0, "{ran:?}");
        ran.json()
    }

    fn action(&self, action: &str, input: Value) -> Value {
        run(&self.sandbox, &self.folder, action, input).unwrap().output
    }

    /// Asserts that this is the only batch, from the only file of requests, and that
    /// it has the results of all inputs.
    fn assert_only(&self, batch: &Value, place: &str) {
        let id = &batch["id"];
        let list = self.action("listBatches", json!({}));
        let ids: Vec<_> = list.as_array().unwrap().iter().map(|batch| &batch["id"]).collect();
        assert_eq!(ids, [id], "{place}");
        let files = self.action("listFiles", json!({ "purpose": "batch" }));
        let ids: Vec<_> = files.as_array().unwrap().iter().map(|file| &file["id"]).collect();
        assert_eq!(ids, [&batch["inputFileId"]], "{place}");
        for status in ["in_progress", "finalizing"] {
            let batch = self.action("getBatch", json!({ "batchId": id }));
            assert_eq!(batch["status"], status, "{place}");
        }
        let batch = self.action("getBatch", json!({ "batchId": id }));
        assert_eq!((&batch["status"], &batch["key"]), (&json!("completed"), &json!("order 4711")));
        let results = batch["results"].as_array().unwrap();
        assert_eq!(results.len(), QUESTIONS.len(), "{place}");
        for (question, result) in QUESTIONS.iter().zip(results) {
            assert!(result["output"].as_str().unwrap().contains(question), "{place}: {result}");
        }
    }
}

fn requests(sandbox: &Sandbox) -> Vec<(String, String)> {
    sandbox.requests().into_iter().map(|one| (one.method, one.path)).collect()
}

#[test]
fn a_run_killed_at_any_request_creates_one_batch_when_repeated() {
    let expected: Vec<_> =
        REQUESTS.iter().map(|(method, path)| ((*method).into(), (*path).into())).collect();
    let scene = Scene::new();
    let batch = scene.create();
    assert_eq!(requests(&scene.sandbox), expected);
    assert_eq!(batch["isNew"], true);
    scene.assert_only(&batch, "not killed");

    for position in 0..REQUESTS.len() {
        for is_processed in [false, true] {
            let place = format!("request {position}, processed: {is_processed}");
            let scene = Scene::new();
            scene.kill_at(position, is_processed);
            assert_eq!(requests(&scene.sandbox), expected[..=position], "{place}");
            let batch = scene.create();
            let existed = position > CREATES || position == CREATES && is_processed;
            assert_eq!(batch["isNew"], !existed, "{place}");
            scene.assert_only(&batch, &place);
        }
    }
}

/// Each run comes one request further than the one before.
#[test]
fn a_run_that_is_killed_again_and_again_creates_one_batch() {
    for is_processed in [false, true] {
        let (scene, place) = (Scene::new(), format!("processed: {is_processed}"));
        for position in 0..=CREATES {
            scene.kill_at(position, is_processed);
        }
        let batch = scene.create();
        assert_eq!(batch["isNew"], !is_processed, "{place}");
        scene.assert_only(&batch, &place);
    }
}
