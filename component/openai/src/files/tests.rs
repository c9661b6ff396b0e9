//! Tests of the actions for files.

use connector_sdk::testing::{self, Answer, Host};
use connector_sdk::{FailureKind, Result};
use serde_json::{Value, json};

use super::size;
use crate::CONNECTOR;

fn sent(id: &str) -> Value {
    json!({
        "id": id, "object": "file", "bytes": 1_234_567, "created_at": 1_700_000_000,
        "filename": "a.jsonl", "purpose": "batch", "status": "processed", "expires_at": null,
    })
}

fn answered(answer: Value) -> Host {
    Host::new(&CONNECTOR).answer(Answer::json(200, answer).header("x-request-id", "req_1"))
}

/// Uploads a file with this name and size.
fn upload(host: &Host, name: &str, size: usize, members: Value) -> Result<testing::Outcome> {
    let file = host.file(name, "text/plain", &vec![b' '; size]);
    let mut input = json!({ "file": file });
    for (name, value) in members.as_object().unwrap() {
        input[name] = value.clone();
    }
    host.run("uploadFile", input)
}

#[test]
fn uploads_a_file() {
    for (members, fields) in [
        (json!({}), json!([["purpose", "user_data"]])),
        (
            json!({ "purpose": "evals", "expiresAfter": { "seconds": 3600 } }),
            json!([
                ["purpose", "evals"],
                ["expires_after[anchor]", "created_at"],
                ["expires_after[seconds]", "3600"],
            ]),
        ),
        (
            json!({ "expiresAfter": { "seconds": 86_400, "anchor": "created_at" } }),
            json!([
                ["purpose", "user_data"],
                ["expires_after[anchor]", "created_at"],
                ["expires_after[seconds]", "86400"],
            ]),
        ),
    ] {
        let host = answered(sent("file-1"));
        let outcome = upload(&host, "a.jsonl", 9, members).unwrap();
        let request = host.requests().remove(0);
        assert_eq!(request.to_string(), "POST /files");
        let (file, rest) = request.body.as_array().unwrap().split_first().unwrap();
        assert_eq!((file, json!(rest)), (&json!(["file", "<a.jsonl>"]), fields));
        let expected = json!({
            "id": "file-1", "filename": "a.jsonl", "bytes": 1_234_567, "purpose": "batch",
            "createdAt": 1_700_000_000,
        });
        assert_eq!(outcome.output, expected);
        assert_eq!(json!(outcome.metadata), json!({ "requestId": "req_1" }));
    }
}

#[test]
fn rejects_files_that_do_not_suit_the_purpose() {
    for (name, size, purpose, words) in [
        ("a.jsonl", 1, "batch", ""),
        ("a.jsonl", 1, "fine-tune", ""),
        ("a.pdf", 1, "user_data", ""),
        ("a.json", 1, "batch", "must be a .jsonl file (got `a.json`)"),
        ("jsonl", 1, "fine-tune", "must be a .jsonl file"),
        ("a.jsonl", (200 << 20) + 1, "batch", "at most 209715200 bytes long (got 209715201)"),
        ("a.jsonl", (200 << 20) + 1, "fine-tune", ""),
    ] {
        let host = answered(sent("file-1"));
        let failure = upload(&host, name, size, json!({ "purpose": purpose })).err();
        assert_eq!(failure.is_some(), !words.is_empty(), "{name} {purpose}: {failure:?}");
        assert_eq!(host.requests().is_empty(), !words.is_empty());
        if let Some(failure) = failure {
            assert_eq!(failure.kind, FailureKind::InvalidInput);
            assert_eq!(failure.property.as_deref(), Some("file"));
            assert!(failure.message.contains(words), "{failure}");
        }
    }
}

#[test]
fn members_of_the_wrong_type_are_absent() {
    let odd = json!({ "id": "file-1", "bytes": "9", "filename": null, "purpose": 1, "x": {} });
    let outcome = upload(&answered(odd), "a.txt", 1, json!({})).unwrap();
    assert_eq!(outcome.output, json!({ "id": "file-1" }));
}

#[test]
fn an_answer_without_a_file_is_a_failure() {
    for answer in [json!({}), json!({ "id": 1 }), json!({ "id": "" }), json!([]), json!(null)] {
        let failure = upload(&answered(answer.clone()), "a.txt", 1, json!({})).unwrap_err();
        assert_eq!(failure.kind, FailureKind::InvalidOutput, "{answer}");
        assert_eq!(failure.message, "the provider returned no file", "{answer}");
        assert_eq!(failure.request_id.as_deref(), Some("req_1"));
    }
    let error = json!({ "error": { "message": "Slow down", "code": 429 } });
    let failure = upload(&answered(error), "a.txt", 1, json!({})).unwrap_err();
    assert_eq!(failure.kind, FailureKind::RateLimited);
    let host = Host::new(&CONNECTOR).answer(Answer::content(200, "application/json", ""));
    let failure = upload(&host, "a.txt", 1, json!({})).unwrap_err();
    assert_eq!(failure.kind, FailureKind::InvalidOutput);
}

#[test]
fn an_error_names_the_property() {
    for (param, property) in [
        ("purpose", Some("purpose")),
        ("expires_after.seconds", Some("expiresAfter.seconds")),
        ("expires_after[seconds]", Some("expiresAfter.seconds")),
        ("file", Some("file")),
        ("other", None),
    ] {
        let error = json!({ "error": { "message": "No", "param": param } });
        let host = Host::new(&CONNECTOR).answer(Answer::json(400, error));
        let failure = upload(&host, "a.txt", 1, json!({})).unwrap_err();
        assert_eq!(failure.property.as_deref(), property, "{param}");
    }
}

fn page(ids: &[&str], has_more: bool) -> Answer {
    let data: Vec<_> = ids.iter().map(|id| sent(id)).collect();
    Answer::json(200, json!({ "object": "list", "data": data, "has_more": has_more }))
}

/// The IDs in a list, and the requests for it.
fn list(answers: Vec<Answer>, input: Value) -> (Vec<String>, Vec<String>) {
    let host = answers.into_iter().fold(Host::new(&CONNECTOR), Host::answer);
    let output = host.run("listFiles", input).unwrap().output;
    let id = |file: &Value| file["id"].as_str().unwrap().to_owned();
    let ids = output.as_array().unwrap().iter().map(id).collect();
    (ids, host.requests().iter().map(ToString::to_string).collect())
}

#[test]
fn lists_files() {
    for (input, request) in [
        (json!({}), "GET /files?limit=100"),
        (
            json!({ "purpose": "batch", "order": "asc", "after": "file-0", "limit": 2 }),
            "GET /files?purpose=batch&limit=2&order=asc&after=file-0",
        ),
        (json!({ "limit": 20_000 }), "GET /files?limit=10000"),
    ] {
        let (ids, requests) = list(vec![page(&["a", "b"], false)], input);
        assert_eq!(ids, ["a", "b"]);
        assert_eq!(requests, [request]);
    }
}

#[test]
fn follows_pages_up_to_the_limit() {
    let pages = || vec![page(&["a", "b"], true), page(&["c", "d"], true), page(&["e"], false)];
    let (ids, requests) = list(pages(), json!({ "limit": 3 }));
    assert_eq!(ids, ["a", "b", "c"]);
    assert_eq!(requests, ["GET /files?limit=3", "GET /files?limit=3&after=b"]);

    let (ids, requests) = list(pages(), json!({ "purpose": "batch", "limit": 9 }));
    assert_eq!(ids, ["a", "b", "c", "d", "e"]);
    assert_eq!(
        requests,
        [
            "GET /files?purpose=batch&limit=9",
            "GET /files?purpose=batch&limit=9&after=b",
            "GET /files?purpose=batch&limit=9&after=d",
        ]
    );
}

#[test]
fn a_list_ends_even_if_the_server_claims_otherwise() {
    let without_ids = json!({ "data": [{ "id": null }, { "filename": "a" }], "has_more": true });
    for (answers, expected) in [
        (vec![page(&[], true)], vec![]),
        (vec![page(&["a"], true), page(&["a"], true)], vec!["a", "a"]),
        (vec![Answer::json(200, without_ids)], vec![]),
        (vec![Answer::json(200, json!([sent("a")]))], vec!["a"]),
        (vec![Answer::json(200, json!({ "data": [sent("a")], "has_more": "yes" }))], vec!["a"]),
    ] {
        assert_eq!(list(answers, json!({})).0, expected);
    }
}

#[test]
fn an_answer_without_a_list_is_a_failure() {
    for answer in [json!({}), json!({ "data": null }), json!("no"), json!({ "data": {} })] {
        let failure = answered(answer.clone()).run("listFiles", json!({})).unwrap_err();
        assert_eq!(failure.message, "the provider returned no list", "{answer}");
        assert_eq!(failure.request_id.as_deref(), Some("req_1"), "{answer}");
    }
    let error = json!({ "error": { "message": "Slow down", "code": 429 } });
    let failure = answered(error).run("listFiles", json!({})).unwrap_err();
    assert_eq!(failure.kind, FailureKind::RateLimited);
    // A later page fails, too.
    let host = Host::new(&CONNECTOR).answer(page(&["a"], true));
    let failure = host.answer(Answer::json(500, json!({}))).run("listFiles", json!({}));
    assert_eq!(failure.unwrap_err().kind, FailureKind::Unavailable);
}

#[test]
fn deletes_a_file() {
    let host = answered(json!({ "id": "file-1", "object": "file", "deleted": true }));
    let outcome = host.run("deleteFile", json!({ "fileId": " file-1 " })).unwrap();
    assert_eq!(host.requests()[0].to_string(), "DELETE /files/file-1");
    assert_eq!(outcome.output, json!({ "id": "file-1", "deleted": true }));
    assert_eq!(json!(outcome.metadata), json!({ "requestId": "req_1" }));
}

#[test]
fn an_id_cannot_lead_to_another_path() {
    for id in ["", "..", "../models", "a/b", "a?b", "a#b", "a%2fb", "a\0", "file-1/content"] {
        let host = answered(json!({ "deleted": true }));
        let failure = host.run("deleteFile", json!({ "fileId": id })).unwrap_err();
        assert_eq!(failure.property.as_deref(), Some("fileId"), "{id:?}");
        assert!(host.requests().is_empty(), "{id:?}");
    }
}

#[test]
fn a_file_that_was_not_deleted_is_a_failure() {
    let delete = |answer| {
        let host = Host::new(&CONNECTOR).answer(answer);
        host.run("deleteFile", json!({ "fileId": "file-1" })).unwrap_err()
    };
    for answer in [json!({ "id": "file-1", "deleted": false }), json!({}), json!(null)] {
        let failure = delete(Answer::json(200, answer.clone()));
        assert_eq!(failure.kind, FailureKind::InvalidOutput, "{answer}");
        assert_eq!(failure.message, "the provider did not delete the file", "{answer}");
    }
    let error = json!({ "message": "No such File object: file-1", "param": "id", "code": null });
    let failure = delete(Answer::json(404, json!({ "error": error })));
    assert_eq!(failure.kind, FailureKind::NotFound);
    assert_eq!(failure.message, "No such File object: file-1");
    assert_eq!(failure.property.as_deref(), Some("fileId"));
}

#[test]
fn the_options_are_the_files() {
    let file = |id: &str, created: u64, more: Value| {
        let mut file = json!({ "id": id, "created_at": created });
        for (name, value) in more.as_object().unwrap() {
            file[name] = value.clone();
        }
        file
    };
    let files = json!({ "data": [
        file("file-old", 1, json!({ "filename": "old.pdf", "purpose": "user_data", "bytes": 12 })),
        file("file-new", 2, json!({ "filename": "new.jsonl", "purpose": "batch" })),
        file("file-bare", 0, json!({})),
        { "no": "id" },
    ] });
    let options = |search| {
        let host = answered(files.clone());
        let options = host.options("deleteFile", "fileId", json!({}), search).unwrap();
        assert_eq!(host.requests()[0].to_string(), "GET /files");
        let options = options.options.into_iter();
        let options = options.map(|item| json!([item.label, item.value, item.description]));
        options.collect::<Vec<_>>()
    };
    let old = json!(["old.pdf", "file-old", "Purpose: user_data. Size: 12 bytes."]);
    let new = json!(["new.jsonl", "file-new", "Purpose: batch."]);
    let bare = json!(["file-bare", "file-bare", null]);
    assert_eq!(options(""), [new, old.clone(), bare]);
    assert_eq!(options("OLD"), [old]);

    let host = Host::new(&CONNECTOR).answer(Answer::json(401, json!("wrong key")));
    let disabled = host.options("deleteFile", "fileId", json!({}), "").unwrap();
    assert_eq!((disabled.disabled, disabled.placeholder.as_deref()), (true, Some("wrong key")));
}

#[test]
fn shows_sizes_for_people() {
    for (bytes, expected) in [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1_000, "1.0 KB"),
        (1_540_000, "1.5 MB"),
        (512 << 20, "536.9 MB"),
        (2_000_000_000, "2.0 GB"),
    ] {
        assert_eq!(size(bytes), expected);
    }
}
