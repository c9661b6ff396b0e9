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
    let file = Some(("requests.jsonl", "application/jsonl"));
    let fields = [("file", file, content.as_bytes()), ("purpose", None, b"batch")];
    let (body, content_type) = client::form(&fields);
    let headers = [("content-type", content_type.as_str())];
    let answer = client::request(sandbox, "POST /v1/files", &headers, &body);
    answer.json()["id"].as_str().unwrap().to_owned()
}

/// A line with the request for an answer.
fn line(id: &str, url: &str, body: &Value) -> String {
    let line = json!({"custom_id": id, "method": "POST", "url": url, "body": body});
    format!("{line}\n")
}

fn question(text: &str) -> Value {
    json!({"model": "gpt-5.4", "messages": [{"role": "user", "content": text}]})
}

fn body(file: &str) -> Value {
    json!({"input_file_id": file, "endpoint": CHAT, "completion_window": "24h"})
}

fn create(sandbox: &Sandbox, body: &Value) -> Answer {
    client::post(sandbox, PATH, body)
}

fn get(sandbox: &Sandbox, id: &str) -> Value {
    client::get(sandbox, &format!("{PATH}/{id}")).json()
}

fn cancel(sandbox: &Sandbox, id: &str) -> Answer {
    client::request(sandbox, &format!("POST {PATH}/{id}/cancel"), &[], b"")
}

/// Creates a batch of these lines and returns its ID.
fn created(sandbox: &Sandbox, content: &str, patch: &Value) -> String {
    let body = client::patched(&body(&upload(sandbox, content)), patch);
    let batch = create(sandbox, &body).json();
    assert_eq!(batch["status"], "validating", "{batch}");
    batch["id"].as_str().unwrap().to_owned()
}

/// Retrieves a batch until its status is that of a batch that has ended.
fn ended(sandbox: &Sandbox, id: &str) -> (Vec<String>, Value) {
    let mut statuses = Vec::new();
    loop {
        let batch = get(sandbox, id);
        let status = batch["status"].as_str().unwrap().to_owned();
        statuses.push(status.clone());
        if ["completed", "failed", "expired", "cancelled"].contains(&status.as_str()) {
            return (statuses, batch);
        }
    }
}

/// The lines of a file of results.
fn results(sandbox: &Sandbox, id: &Value) -> Vec<Value> {
    let path = format!("/v1/files/{}/content", id.as_str().unwrap());
    let answer = client::get(sandbox, &path);
    answer.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn enforces_the_rules() {
    let sandbox = client::start();
    let file = upload(&sandbox, &line("a", CHAT, &question("Hi")));
    let many: Value = (0..17).map(|index| (format!("k{index}"), json!("v"))).collect();
    for (patch, param) in [
        (json!({}), None),
        (json!({"metadata": {"a": "b"}}), None),
        (json!({"output_expires_after": {"anchor": "created_at", "seconds": 3600}}), None),
        (json!({"input_file_id": "file-none"}), Some("input_file_id")),
        // Its purpose is another one.
        (json!({"input_file_id": "file-sandbox1"}), Some("input_file_id")),
        (json!({"endpoint": "/v1/audio/speech"}), Some("endpoint")),
        (json!({"completion_window": "1h"}), Some("completion_window")),
        (json!({"metadata": many}), Some("metadata")),
        (json!({"metadata": {"a": "b".repeat(513)}}), Some("metadata")),
        (
            json!({"output_expires_after": {"anchor": "created_at", "seconds": 1}}),
            Some("output_expires_after"),
        ),
    ] {
        let answer = create(&sandbox, &client::patched(&body(&file), &patch));
        let status = if param.is_some() { 400 } else { 200 };
        assert_eq!(answer.status_and_param(), (status, param.map(str::to_owned)), "{patch}");
    }
    let other = client::patched(&body(&file), &json!({"priority": "high"}));
    assert_eq!(create(&sandbox, &other).status, 400);
    for (query, words) in [("limit=0", "'limit'"), ("limit=101", "'limit'"), ("page=2", "page")] {
        let answer = client::get(&sandbox, &format!("{PATH}?{query}"));
        assert_eq!(answer.status, 400, "{query}");
        assert!(answer.text().contains(words), "{query}: {}", answer.text());
    }
}

#[test]
fn rejects_a_file_that_is_not_a_list_of_requests() {
    let sandbox = client::start();
    let good = line("a", CHAT, &question("Hi"));
    let streamed = client::patched(&question("Hi"), &json!({"stream": true}));
    for (content, code) in [
        ("\n".to_owned(), "invalid_json_line"),
        ("{}\n".to_owned(), "invalid_json_line"),
        (good.repeat(2), "duplicate_custom_id"),
        (good.replace("POST", "GET"), "invalid_method"),
        (line("a", "/v1/embeddings", &json!({})), "mismatched_endpoint"),
        (line("a", CHAT, &json!([])), "invalid_request"),
        (line("a", CHAT, &streamed), "invalid_request"),
    ] {
        let id = created(&sandbox, &content, &json!({}));
        let (statuses, batch) = ended(&sandbox, &id);
        assert_eq!(statuses, ["failed"], "{content}");
        assert_eq!(batch["errors"]["data"][0]["code"], code, "{content}");
    }
}

#[test]
fn a_batch_has_the_results_of_its_requests() {
    let sandbox = client::start();
    let bodies = [
        (CHAT, question("Hi")),
        ("/v1/images/generations", json!({"model": "gpt-image-1", "prompt": "A cat"})),
        ("/v1/embeddings", json!({"model": "text-embedding-3-small", "input": ["a"]})),
        ("/v1/moderations", json!({"model": "omni-moderation-latest", "input": ["a"]})),
    ];
    for (url, body) in bodies {
        let content = line("good", url, &body) + &line("bad", url, &json!({"a": 1}));
        let id = created(&sandbox, &content, &json!({"endpoint": url}));
        let (statuses, batch) = ended(&sandbox, &id);
        assert_eq!(statuses, ["in_progress", "finalizing", "completed"], "{url}");
        let counts = json!({"total": 2, "completed": 1, "failed": 1});
        assert_eq!(batch["request_counts"], counts, "{url}");
        let [good] = &results(&sandbox, &batch["output_file_id"])[..] else { panic!("{url}") };
        assert_eq!((&good["custom_id"], &good["error"]), (&json!("good"), &Value::Null));
        let expected = client::post(&sandbox, url, &body).json();
        let ignoring_id = |mut body: Value| {
            body.as_object_mut().unwrap().remove("id");
            body
        };
        assert_eq!(ignoring_id(good["response"]["body"].clone()), ignoring_id(expected), "{url}");
        let [bad] = &results(&sandbox, &batch["error_file_id"])[..] else { panic!("{url}") };
        let status = &bad["response"]["status_code"];
        assert_eq!((&bad["custom_id"], status), (&json!("bad"), &json!(400)), "{url}");
    }
}

#[test]
fn half_of_a_batch_may_expire_or_be_cancelled() {
    let sandbox = client::start();
    let content: String = ["a", "b"].map(|id| line(id, CHAT, &question(id))).concat();
    let id = created(&sandbox, &content, &json!({"metadata": {"sandbox": "expire"}}));
    let (statuses, batch) = ended(&sandbox, &id);
    assert_eq!(statuses, ["in_progress", "expired"]);
    assert_eq!(results(&sandbox, &batch["output_file_id"])[0]["custom_id"], "a");
    let expired = &results(&sandbox, &batch["error_file_id"])[0];
    assert_eq!(expired["custom_id"], "b");
    assert_eq!(expired["error"]["code"], "batch_expired");

    let id = created(&sandbox, &content, &json!({}));
    for _ in 0..2 {
        assert_eq!(cancel(&sandbox, &id).json()["status"], "cancelling");
    }
    let (statuses, batch) = ended(&sandbox, &id);
    assert_eq!(statuses, ["cancelled"]);
    assert_eq!(results(&sandbox, &batch["output_file_id"]).len(), 1);
    assert_eq!(cancel(&sandbox, &id).status, 409);
    assert_eq!(cancel(&sandbox, "batch_none").status, 404);
    assert_eq!(client::get(&sandbox, &format!("{PATH}/batch_none")).status, 404);
}

#[test]
fn some_batches_keep_their_status() {
    let sandbox = client::start();
    for _ in 0..2 {
        assert_eq!(get(&sandbox, "batch_sandbox_in_progress")["status"], "in_progress");
    }
    assert_eq!(cancel(&sandbox, "batch_sandbox_in_progress").json()["status"], "cancelling");
    assert_eq!(cancel(&sandbox, "batch_sandbox_completed").status, 409);
}

#[test]
fn lists_batches_in_pages() {
    let sandbox = client::start();
    let content = line("a", CHAT, &question("Hi"));
    let all: Vec<_> = (0..3).map(|_| created(&sandbox, &content, &json!({}))).collect();
    let list = |query: &str| client::get(&sandbox, &format!("{PATH}?{query}")).json();
    let ids = |list: &Value| -> Vec<String> {
        let batches = list["data"].as_array().unwrap().iter();
        batches.map(|batch| batch["id"].as_str().unwrap().to_owned()).collect()
    };
    let first = list("limit=2");
    assert_eq!(
        (ids(&first), &first["has_more"]),
        (vec![all[2].clone(), all[1].clone()], &json!(true))
    );
    let last = list(&format!("after={}", all[1]));
    assert_eq!((ids(&last), &last["has_more"]), (vec![all[0].clone()], &json!(false)));
    sandbox.clear();
    assert_eq!(ids(&list("limit=2")), [""; 0]);
}
