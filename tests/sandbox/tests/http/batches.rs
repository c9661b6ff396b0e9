//! `/v1/batches`.

use openai_sandbox::Sandbox;
use serde_json::Value;
use serde_json::json;

use crate::client;
use crate::client::Answer;

const PATH: &str = "/v1/batches";
const CHAT: &str = "/v1/chat/completions";

/// Uploads a file of requests and returns its ID.
fn upload(sandbox: &Sandbox, content: &str) -> String {
    let file = ("file", Some(("a.jsonl", "application/jsonl")), content.as_bytes());
    let (body, content_type) = client::form(&[file, ("purpose", None, b"batch")]);
    let headers = [("content-type", content_type.as_str())];
    let answer = client::request(sandbox, "POST /v1/files", &headers, &body);
    answer.json()["id"].as_str().unwrap().to_owned()
}

/// A line with a question.
fn ask(id: &str, text: &str) -> String {
    let message = json!({"role": "user", "content": text});
    let body = json!({"model": "gpt-5.4", "messages": [message]});
    line(id, CHAT, &body)
}

fn line(id: &str, url: &str, body: &Value) -> String {
    format!("{}\n", json!({"custom_id": id, "method": "POST", "url": url, "body": body}))
}

fn request(file: &str) -> Value {
    json!({"input_file_id": file, "endpoint": CHAT, "completion_window": "24h"})
}

/// Creates a batch and returns its path.
fn create(sandbox: &Sandbox, content: &str, patch: &Value) -> String {
    let file = upload(sandbox, content);
    let answer = client::post(sandbox, PATH, &client::patched(&request(&file), patch));
    assert_eq!((answer.status, &answer.json()["status"]), (200, &json!("validating")));
    format!("{PATH}/{}", answer.json()["id"].as_str().unwrap())
}

/// The batch after this many more `GET`s.
fn advanced(sandbox: &Sandbox, path: &str, steps: usize) -> Value {
    let mut batch = Value::Null;
    for _ in 0..steps {
        batch = client::get(sandbox, path).json();
    }
    batch
}

fn cancel(sandbox: &Sandbox, path: &str) -> Answer {
    client::request(sandbox, &format!("POST {path}/cancel"), &[], b"")
}

/// The results in one of a batch's files, in the order of the requests.
fn results(sandbox: &Sandbox, batch: &Value, file: &str) -> Vec<Value> {
    let Some(id) = batch[file].as_str() else { return Vec::new() };
    let answer = client::get(sandbox, &format!("/v1/files/{id}/content"));
    let mut lines: Vec<Value> =
        answer.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    lines.reverse();
    lines
}

fn ids(results: &[Value]) -> Vec<&str> {
    results.iter().map(|result| result["custom_id"].as_str().unwrap()).collect()
}

#[test]
fn enforces_the_rules() {
    let sandbox = client::start();
    let file = upload(&sandbox, &ask("a", "Hi"));
    let pairs = |count: usize| -> Value {
        (0..count).map(|index| (format!("k{index}"), json!("v"))).collect()
    };
    let expiry = |anchor: &str, seconds: u64| json!({"output_expires_after": {"anchor": anchor, "seconds": seconds}});
    for (patch, words) in [
        (json!({}), ""),
        (json!({"metadata": pairs(16)}), ""),
        (json!({"metadata": null}), ""),
        (expiry("created_at", 3_600), ""),
        (expiry("created_at", 2_592_000), ""),
        (json!({"endpoint": "/v1/embeddings"}), ""),
        (json!({"endpoint": "/v1/audio/speech"}), "'/v1/audio/speech'"),
        (json!({"endpoint": "/chat/completions"}), "'/chat/completions'"),
        (json!({"completion_window": "1h"}), "24h"),
        (json!({"completion_window": null}), "completion_window"),
        (json!({"input_file_id": "file-none"}), "no such file"),
        // A file with another purpose.
        (json!({"input_file_id": "file-sandbox1"}), "no such file"),
        (json!({"metadata": pairs(17)}), "at most 16"),
        (json!({"metadata": {"a": "x".repeat(513)}}), "512"),
        (json!({"metadata": {"x".repeat(65): "a"}}), "64"),
        (json!({"metadata": {"a": 1}}), "expected a string"),
        (expiry("now", 3_600), "created_at"),
        (expiry("created_at", 3_599), "3600"),
        (expiry("created_at", 2_592_001), "2592000"),
        (json!({"name": "a"}), "unknown field"),
    ] {
        let answer = client::post(&sandbox, PATH, &client::patched(&request(&file), &patch));
        assert_eq!(answer.status, if words.is_empty() { 200 } else { 400 }, "{patch}");
        assert!(answer.text().contains(words), "{patch}: {}", answer.text());
    }
}

#[test]
fn a_batch_advances_with_each_request() {
    let sandbox = client::start();
    let content = [
        ask("a", "Hi"),
        line("b", CHAT, &json!({"model": "tts-1", "messages": []})),
        ask("c", "Ho"),
    ];
    let path = create(&sandbox, &content.concat(), &json!({"metadata": {"k": "v"}}));
    for status in ["in_progress", "finalizing"] {
        let batch = advanced(&sandbox, &path, 1);
        assert_eq!((&batch["status"], &batch["output_file_id"]), (&json!(status), &Value::Null));
    }
    let batch = advanced(&sandbox, &path, 1);
    assert_eq!(batch["status"], "completed");
    assert_eq!(batch["metadata"], json!({"k": "v"}));
    assert_eq!(batch["request_counts"], json!({"total": 3, "completed": 2, "failed": 1}));
    let output = results(&sandbox, &batch, "output_file_id");
    assert_eq!(ids(&output), ["a", "c"]);
    for (result, text) in output.iter().zip(["Hi", "Ho"]) {
        let message = json!({"role": "user", "content": text});
        let body = json!({"model": "gpt-5.4", "messages": [message]});
        let answer = client::post(&sandbox, CHAT, &body).json();
        let content = |answer: &Value| answer["choices"][0]["message"]["content"].clone();
        assert_eq!(content(&result["response"]["body"]), content(&answer));
        assert_eq!(
            (&result["response"]["status_code"], &result["error"]),
            (&json!(200), &Value::Null)
        );
    }
    let errors = results(&sandbox, &batch, "error_file_id");
    assert_eq!(ids(&errors), ["b"]);
    assert_eq!(errors[0]["response"]["status_code"], 400);
    assert_eq!(advanced(&sandbox, &path, 2), batch);
}

#[test]
fn requests_are_processed_by_their_endpoints() {
    let sandbox = client::start();
    let picture = "data:image/png;base64,iVBORw0KGgo=";
    for (endpoint, body) in [
        ("/v1/responses", json!({"model": "gpt-5.4", "input": "Hi", "store": false})),
        ("/v1/embeddings", json!({"model": "text-embedding-3-small", "input": ["a"]})),
        ("/v1/moderations", json!({"model": "omni-moderation-latest", "input": ["a"]})),
        ("/v1/images/generations", json!({"model": "gpt-image-1.5", "prompt": "A cat"})),
        (
            "/v1/images/edits",
            json!({"model": "gpt-image-1.5", "prompt": "A cat", "images": [{"image_url": picture}]}),
        ),
    ] {
        let content = line("a", endpoint, &body);
        let path = create(&sandbox, &content, &json!({"endpoint": endpoint}));
        let batch = advanced(&sandbox, &path, 3);
        let output = results(&sandbox, &batch, "output_file_id");
        let answer = client::post(&sandbox, endpoint, &body).json();
        assert_eq!(output[0]["response"]["body"], answer, "{endpoint}");
    }
}

#[test]
fn an_invalid_line_fails_the_batch() {
    let sandbox = client::start();
    let body = json!({"model": "gpt-5.4", "messages": []});
    let streamed = client::patched(&body, &json!({"stream": true}));
    for (content, code) in [
        (String::new(), "empty_file"),
        ("no JSON\n".to_owned(), "invalid_json_line"),
        (
            r#"{"custom_id": "b", "method": "POST", "url": "/v1/chat/completions"}"#.to_owned(),
            "invalid_json_line",
        ),
        (line("b", CHAT, &body).replace("POST", "GET"), "invalid_method"),
        (line("b", "/v1/embeddings", &body), "mismatched_endpoint"),
        (line("b", CHAT, &json!([])), "invalid_request"),
        (line("b", CHAT, &streamed), "invalid_request"),
        (ask("a", "again"), "duplicate_custom_id"),
    ] {
        let before = if content.is_empty() { String::new() } else { ask("a", "Hi") };
        let path = create(&sandbox, &format!("{before}{content}"), &json!({}));
        let batch = advanced(&sandbox, &path, 1);
        assert_eq!(batch["status"], "failed", "{content}");
        assert_eq!(batch["errors"]["data"][0]["code"], code, "{batch}");
        let line = if content.is_empty() { Value::Null } else { json!(2) };
        assert_eq!(batch["errors"]["data"][0]["line"], line, "{batch}");
        assert_eq!(advanced(&sandbox, &path, 1), batch);
    }
}

#[test]
fn a_batch_may_expire_or_be_cancelled() {
    let sandbox = client::start();
    let content: String = ["a", "b", "c", "d"].map(|id| ask(id, "Hi")).concat();
    let path = create(&sandbox, &content, &json!({"metadata": {"sandbox": "expire"}}));
    let batch = advanced(&sandbox, &path, 2);
    assert_eq!(batch["status"], "expired");
    assert_eq!(ids(&results(&sandbox, &batch, "output_file_id")), ["a", "b"]);
    let errors = results(&sandbox, &batch, "error_file_id");
    assert_eq!(ids(&errors), ["c", "d"]);
    assert_eq!(
        (&errors[0]["response"], &errors[0]["error"]["code"]),
        (&Value::Null, &json!("batch_expired"))
    );
    assert_eq!(cancel(&sandbox, &path).status, 409);

    let path = create(&sandbox, &content, &json!({}));
    for _ in 0..2 {
        let answer = cancel(&sandbox, &path);
        assert_eq!((answer.status, &answer.json()["status"]), (200, &json!("cancelling")));
    }
    let batch = advanced(&sandbox, &path, 1);
    assert_eq!((&batch["status"], &batch["error_file_id"]), (&json!("cancelled"), &Value::Null));
    assert_eq!(ids(&results(&sandbox, &batch, "output_file_id")), ["a", "b"]);
    assert_eq!(cancel(&sandbox, &path).status, 409);
}

#[test]
fn lists_the_newest_batches_first() {
    let sandbox = client::start();
    let paths: Vec<String> =
        (0..3).map(|_| create(&sandbox, &ask("a", "Hi"), &json!({}))).collect();
    let id = |path: &str| path.rsplit('/').next().unwrap().to_owned();
    let ids: Vec<String> = paths.iter().rev().map(|path| id(path)).collect();
    for (query, expected, has_more) in [
        (String::new(), &ids[..], false),
        ("?limit=2".to_owned(), &ids[..2], true),
        (format!("?limit=2&after={}", ids[1]), &ids[2..], false),
        (format!("?after={}", ids[2]), &[], false),
        ("?after=batch_sandbox_completed".to_owned(), &[], false),
    ] {
        let list = client::get(&sandbox, &format!("{PATH}{query}")).json();
        let listed: Vec<_> =
            list["data"].as_array().unwrap().iter().map(|batch| batch["id"].clone()).collect();
        assert_eq!(listed, expected, "{query}");
        assert_eq!(list["has_more"], has_more, "{query}");
        assert_eq!(list["last_id"], json!(expected.last()), "{query}");
    }
    for query in ["limit=0", "limit=101", "limit=many", "order=asc"] {
        assert_eq!(client::get(&sandbox, &format!("{PATH}?{query}")).status, 400, "{query}");
    }
    sandbox.clear();
    for query in ["", "?after=batch_sandbox_completed"] {
        let list = client::get(&sandbox, &format!("{PATH}{query}")).json();
        assert_eq!(list["data"], json!([]), "{query}");
    }
}

#[test]
fn some_batches_keep_their_status() {
    let sandbox = client::start();
    for (status, answered) in [
        ("validating", 200),
        ("in_progress", 200),
        ("finalizing", 200),
        ("cancelling", 200),
        ("cancelled", 409),
        ("completed", 409),
        ("expired", 409),
        ("failed", 409),
    ] {
        let path = format!("{PATH}/batch_sandbox_{status}");
        assert_eq!(cancel(&sandbox, &path).status, answered, "{status}");
        assert_eq!(advanced(&sandbox, &path, 2)["status"], status);
    }
    for path in ["batch_none", "batch_sandbox_none"] {
        let path = format!("{PATH}/{path}");
        assert_eq!(client::get(&sandbox, &path).status, 404, "{path}");
        assert_eq!(cancel(&sandbox, &path).status, 404, "{path}");
    }
}
