//! `/v1/files`.

use openai_sandbox::Sandbox;
use serde_json::Value;
use serde_json::json;

use crate::client;
use crate::client::Answer;
use crate::client::Field;

const PATH: &str = "/v1/files";

fn upload(sandbox: &Sandbox, fields: &[Field]) -> Answer {
    let (body, content_type) = client::form(fields);
    client::request(sandbox, &format!("POST {PATH}"), &[("content-type", &content_type)], &body)
}

fn delete(sandbox: &Sandbox, id: &str) -> Answer {
    client::request(sandbox, &format!("DELETE {PATH}/{id}"), &[], b"")
}

/// The IDs in a list.
fn ids(list: &Value) -> Vec<&str> {
    list["data"].as_array().unwrap().iter().map(|file| file["id"].as_str().unwrap()).collect()
}

#[test]
fn enforces_the_rules() {
    let sandbox = client::start();
    let file = ("file", Some(("a.jsonl", "text/plain")), &b"{}"[..]);
    let text = |name, text: &'static str| (name, None, text.as_bytes());
    let anchor = text("expires_after[anchor]", "created_at");
    let seconds = text("expires_after[seconds]", "3600");
    let batch = text("purpose", "batch");
    let other = ("file", Some(("a.json", "text/plain")), &b"{}"[..]);
    let rows: &[(&[Field], &str)] = &[
        (&[file, batch], ""),
        (&[file, batch, anchor, seconds], ""),
        (&[other, text("purpose", "user_data")], ""),
        (&[batch], "'file'"),
        (&[text("file", "a.jsonl"), batch], "'file'"),
        (&[file], "'purpose'"),
        (&[file, batch, batch], "supplied: purpose"),
        (&[file, batch, text("name", "a")], "supplied: name"),
        (&[other, batch], "expected .jsonl"),
        (&[other, text("purpose", "fine-tune")], "expected .jsonl"),
        (&[file, batch, anchor], "expires_after"),
        (&[file, batch, seconds], "expires_after"),
    ];
    for (index, (fields, words)) in rows.iter().enumerate() {
        let answer = upload(&sandbox, fields);
        assert_eq!(answer.status, if words.is_empty() { 200 } else { 400 }, "{index}");
        assert!(answer.text().contains(words), "{index}: {}", answer.text());
    }
    for (query, words) in [
        ("limit=0", "'limit'"),
        ("limit=10001", "'limit'"),
        ("limit=many", "limit"),
        ("order=up", "order"),
        ("page=2", "unknown field `page`"),
    ] {
        let answer = client::get(&sandbox, &format!("{PATH}?{query}"));
        assert_eq!(answer.status, 400, "{query}");
        assert!(answer.text().contains(words), "{query}: {}", answer.text());
    }
}

#[test]
fn stores_files() {
    let sandbox = client::start();
    let fields: &[Field] = &[
        ("file", Some(("a.bin", "application/octet-stream")), b"\0\xff"),
        ("purpose", None, b"user_data"),
        ("expires_after[anchor]", None, b"created_at"),
        ("expires_after[seconds]", None, b"3600"),
    ];
    let stored = upload(&sandbox, fields).json();
    assert_eq!(stored["filename"], "a.bin");
    assert_eq!(stored["bytes"], 2);
    let seconds = |name: &str| stored[name].as_i64().unwrap();
    assert_eq!(seconds("expires_at") - seconds("created_at"), 3600);

    let id = stored["id"].as_str().unwrap();
    assert_eq!(client::get(&sandbox, &format!("{PATH}/{id}")).json(), stored);
    let content = client::get(&sandbox, &format!("{PATH}/{id}/content"));
    assert_eq!(content.body, b"\0\xff");

    let deleted = delete(&sandbox, id);
    assert_eq!(deleted.json(), json!({"id": id, "object": "file", "deleted": true}));
    for answer in [
        delete(&sandbox, id),
        client::get(&sandbox, &format!("{PATH}/{id}")),
        client::get(&sandbox, &format!("{PATH}/{id}/content")),
    ] {
        assert_eq!(answer.status_and_param(), (404, Some("id".to_owned())));
    }
}

#[test]
fn lists_files_in_pages() {
    let sandbox = client::start();
    let get = |query: &str| client::get(&sandbox, &format!("{PATH}{query}")).json();
    assert_eq!(ids(&get("")), ["file-sandbox2", "file-sandbox1"]);
    assert_eq!(ids(&get("?order=asc")), ["file-sandbox1", "file-sandbox2"]);
    assert_eq!(ids(&get("?purpose=fine-tune")), ["file-sandbox2"]);

    let first = get("?limit=1");
    assert_eq!((ids(&first), &first["has_more"]), (vec!["file-sandbox2"], &json!(true)));
    let last = get("?limit=1&after=file-sandbox2");
    assert_eq!((ids(&last), &last["has_more"]), (vec!["file-sandbox1"], &json!(false)));
    assert_eq!(ids(&get("?after=file-sandbox1")), [""; 0]);
    assert_eq!(client::get(&sandbox, &format!("{PATH}?after=none")).status, 404);
}

#[test]
fn clearing_restores_the_first_files() {
    let sandbox = client::start();
    let file = Some(("a.txt", "text/plain"));
    upload(&sandbox, &[("file", file, b"a"), ("purpose", None, b"user_data")]);
    delete(&sandbox, "file-sandbox1");
    let get = || client::get(&sandbox, PATH).json();
    assert_eq!(ids(&get()), ["file-sandbox3", "file-sandbox2"]);
    sandbox.clear();
    assert_eq!(ids(&get()), ["file-sandbox2", "file-sandbox1"]);
}
