//! Batches from the first input to the last result, with the sandbox.

mod killed;
mod memory;

use std::fs;

use connector_host::{FailureKind, Files, Outcome};
use connector_tests::{connection, openai, sandbox};
use openai_sandbox::Sandbox;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Runs an action with the default limits.
fn run(
    sandbox: &Sandbox,
    folder: &TempDir,
    action: &str,
    input: Value,
) -> Result<Outcome, connector_host::Failure> {
    let connector = openai();
    let run = connector.run(action, input).connection(&connection(&connector, sandbox));
    run.files(&Files::new(folder.path())).start()
}

fn ask(text: &str) -> Value {
    json!({ "messages": [{ "role": "user", "content": text }] })
}

/// Creates a batch and waits until it has ended.
fn completed(sandbox: &Sandbox, folder: &TempDir, input: Value) -> Value {
    let id = run(sandbox, folder, "createBatch", input).unwrap().output["id"].clone();
    let wait = json!({ "batchId": id, "wait": true });
    run(sandbox, folder, "getBatch", wait).unwrap().output
}

#[test]
fn a_batch_returns_the_same_outputs_as_runs() {
    let (sandbox, folder) = (sandbox(), TempDir::new().unwrap());
    let schema = r#"{"type": "object", "properties": {"city": {"type": "string"}},
        "required": ["city"], "additionalProperties": false}"#;
    let mut object = ask("Where is the Uhrturm?");
    object["responseFormat"] = 1.into();
    object["responseSchema"] = schema.into();
    let mut list = object.clone();
    list["responseFormat"] = 2.into();
    let mut several = ask("Twice");
    several["n"] = 2.into();
    let inputs = [ask("Why is the sky blue?"), object, list, several];
    let batch = completed(&sandbox, &folder, json!({ "inputs": inputs }));
    assert_eq!(batch["status"], "completed");
    let results = batch["results"].as_array().unwrap();
    assert_eq!(results.len(), inputs.len());
    for (index, (input, result)) in inputs.into_iter().zip(results).enumerate() {
        assert_eq!(result["index"], index);
        let run = run(&sandbox, &folder, "ask", input).unwrap();
        assert_eq!(result["output"], run.output, "{index}");
        assert_eq!(result["metadata"]["model"], run.metadata["model"], "{index}");
        assert_eq!(result["metadata"]["usage"], run.metadata["usage"], "{index}");
    }
}

#[test]
fn a_batch_over_responses_returns_the_same_outputs() {
    let (sandbox, folder) = (sandbox(), TempDir::new().unwrap());
    let over_responses = |text: &str| {
        let mut input = ask(text);
        input["api"] = "responses".into();
        input
    };
    let inputs = [over_responses("Why is the sky blue?"), over_responses("And the sea?")];
    let batch = completed(&sandbox, &folder, json!({ "inputs": inputs }));
    for (input, result) in inputs.into_iter().zip(batch["results"].as_array().unwrap()) {
        let run = run(&sandbox, &folder, "ask", input).unwrap();
        assert_eq!(result["output"], run.output);
        assert_eq!(result["metadata"]["usage"], run.metadata["usage"]);
    }
}

#[test]
fn a_batch_returns_the_same_vectors_and_findings_as_runs() {
    let (sandbox, folder) = (sandbox(), TempDir::new().unwrap());
    for (action, inputs) in [
        ("createEmbeddings", [json!({ "input": ["a", "b"] }), json!({ "input": "c" })]),
        (
            "createModeration",
            [json!({ "input": ["hate", "love"] }), json!({ "input": "violence" })],
        ),
    ] {
        let batch = completed(&sandbox, &folder, json!({ "action": action, "inputs": inputs }));
        for (input, result) in inputs.into_iter().zip(batch["results"].as_array().unwrap()) {
            let run = run(&sandbox, &folder, action, input).unwrap();
            assert_eq!(result["output"], run.output, "{action}");
        }
    }
}

#[test]
fn images_of_a_batch_are_stored_as_files() {
    let (sandbox, folder) = (sandbox(), TempDir::new().unwrap());
    let image = json!({ "imageMessages": [{ "content": "A lighthouse" }], "n": 2 });
    let input = json!({ "action": "createImage", "inputs": [image] });
    let batch = completed(&sandbox, &folder, input);
    let output = &batch["results"][0]["output"];
    let run = run(&sandbox, &folder, "createImage", image).unwrap().output;
    for index in 0..2 {
        let content = |output: &Value| {
            let url = output["files"][index]["url"].as_str().unwrap();
            fs::read(url.strip_prefix("file://").unwrap()).unwrap()
        };
        assert_eq!(content(output), content(&run));
    }
}

/// aimock, in `judges`, has no batches that are finalizing.
#[test]
fn reports_every_state() {
    let (sandbox, folder) = (sandbox(), TempDir::new().unwrap());
    for (status, has_ended) in [
        ("validating", false),
        ("in_progress", false),
        ("finalizing", false),
        ("completed", true),
        ("failed", true),
        ("expired", true),
        ("cancelling", false),
        ("cancelled", true),
    ] {
        let id = format!("batch_sandbox_{status}");
        let batch = run(&sandbox, &folder, "getBatch", json!({ "batchId": id })).unwrap().output;
        assert_eq!((&batch["status"], &batch["hasEnded"]), (&json!(status), &json!(has_ended)));
        assert_eq!(batch["results"].is_array(), has_ended && status != "failed", "{batch}");
        let cancelled = run(&sandbox, &folder, "cancelBatch", json!({ "batchId": id }));
        let expected = match status {
            "completed" | "failed" | "expired" => Err(FailureKind::Refused),
            "cancelled" => Ok("cancelled".into()),
            _ => Ok(json!("cancelling")),
        };
        let cancelled = cancelled.map(|outcome| outcome.output["status"].clone());
        assert_eq!(cancelled.map_err(|failure| failure.kind), expected, "{status}");
    }
}

#[test]
fn expired_and_cancelled_batches_have_results_for_all_inputs() {
    let (sandbox, folder) = (sandbox(), TempDir::new().unwrap());
    let inputs = || json!([ask("a"), ask("b"), ask("c"), ask("d")]);
    let failures = |batch: &Value| -> Vec<Value> {
        let results = batch["results"].as_array().unwrap();
        assert_eq!(results.len(), 4);
        results.iter().map(|result| result["failure"]["kind"].clone()).collect()
    };
    let input = json!({ "inputs": inputs(), "metadata": { "sandbox": "expire" } });
    let batch = completed(&sandbox, &folder, input);
    assert_eq!(batch["status"], "expired");
    assert_eq!(failures(&batch), [Value::Null, Value::Null, "timeout".into(), "timeout".into()]);

    let id = run(&sandbox, &folder, "createBatch", json!({ "inputs": inputs() })).unwrap();
    let id = id.output["id"].clone();
    let cancelling = run(&sandbox, &folder, "cancelBatch", json!({ "batchId": id })).unwrap();
    assert_eq!(cancelling.output["status"], "cancelling");
    let wait = json!({ "batchId": id, "wait": true });
    let batch = run(&sandbox, &folder, "getBatch", wait).unwrap().output;
    assert_eq!(batch["status"], "cancelled");
    assert_eq!(
        failures(&batch),
        [Value::Null, Value::Null, "cancelled".into(), "cancelled".into()]
    );
}

#[test]
fn a_failed_request_is_the_failure_of_its_input() {
    let (sandbox, folder) = (sandbox(), TempDir::new().unwrap());
    let mut wrong = ask("Hello!");
    // The sandbox rejects a chat request for this model, but the connector does not.
    wrong["model"] = "tts-1".into();
    let batch = completed(&sandbox, &folder, json!({ "inputs": [wrong, ask("Hello!")] }));
    assert_eq!(batch["counts"], json!({ "total": 2, "completed": 1, "failed": 1 }));
    let failure = &batch["results"][0]["failure"];
    assert_eq!((&failure["property"], &failure["status"]), (&json!("model"), &json!(400)));
    assert!(batch["results"][1]["output"].is_string(), "{batch}");
}

#[test]
fn an_invalid_input_is_rejected_before_anything_is_sent() {
    let (sandbox, folder) = (sandbox(), TempDir::new().unwrap());
    let mut inputs = vec![ask("Hello!"); 6];
    inputs.push(ask(""));
    let failure = run(&sandbox, &folder, "createBatch", json!({ "inputs": inputs })).unwrap_err();
    assert_eq!(failure.kind, FailureKind::InvalidInput);
    assert_eq!(failure.property.as_deref(), Some("inputs[6].messages[0].content"));
    assert!(sandbox.requests().is_empty());

    let mut odd = ask("Hello!");
    odd["logitBias"] = json!({ "word": 1 });
    let failure = run(&sandbox, &folder, "createBatch", json!({ "inputs": [odd] })).unwrap_err();
    assert_eq!(failure.property.as_deref(), Some("inputs[0].logitBias"));
    assert!(sandbox.requests().is_empty());
}

#[test]
fn a_key_creates_one_batch() {
    let (sandbox, folder) = (sandbox(), TempDir::new().unwrap());
    let input = || json!({ "inputs": [ask("Hello!")], "key": "order 4711" });
    let create = || run(&sandbox, &folder, "createBatch", input()).unwrap().output;
    let (first, second) = (create(), create());
    assert_eq!((&first["isNew"], &second["isNew"]), (&json!(true), &json!(false)));
    assert_eq!(first["id"], second["id"]);
    let list = run(&sandbox, &folder, "listBatches", json!({})).unwrap().output;
    assert_eq!(list.as_array().unwrap().len(), 1, "{list}");
    let uploads = sandbox.requests();
    let uploads = uploads.iter().filter(|one| one.method == "POST" && one.path == "/v1/files");
    assert_eq!(uploads.count(), 1);
}

/// The results are several times the requests: each has many answers that quote a
/// long question. The connector has 64 MiB of memory.
#[test]
fn results_of_50_megabytes_fit_into_the_memory_of_a_connector() {
    let (sandbox, folder) = (sandbox(), TempDir::new().unwrap());
    let mut question = ask(&"a".repeat(4_000));
    question["n"] = 128.into();
    let inputs = vec![question; 100];
    let batch = completed(&sandbox, &folder, json!({ "inputs": inputs }));
    assert_eq!(batch.get("results"), None);
    let mut size = 0;
    let mut lines = Vec::new();
    for file in batch["resultFiles"].as_array().unwrap() {
        let url = file["url"].as_str().unwrap();
        let content = fs::read_to_string(url.strip_prefix("file://").unwrap()).unwrap();
        size += content.len();
        lines.extend(content.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
    }
    assert!(size > 50_000_000, "{size}");
    assert_eq!(lines.len(), 100);
    for (index, line) in lines.iter().enumerate() {
        assert_eq!(line["index"], index);
        assert_eq!(line["output"].as_array().unwrap().len(), 128);
    }
}

/// The largest batch that the connector accepts fits into its memory, too.
#[test]
fn large_inputs_fit_into_the_memory_of_a_connector() {
    let (sandbox, folder) = (sandbox(), TempDir::new().unwrap());
    let inputs = vec![ask(&"a".repeat(100_000)); 150];
    run(&sandbox, &folder, "createBatch", json!({ "inputs": inputs })).unwrap();
    let inputs = vec![ask(&"a".repeat(100_000)); 170];
    let failure = run(&sandbox, &folder, "createBatch", json!({ "inputs": inputs })).unwrap_err();
    assert_eq!(failure.kind, FailureKind::TooLarge, "{failure:?}");
    assert!(failure.message.contains("at most 16000000 bytes"), "{failure:?}");
}
