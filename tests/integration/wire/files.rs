//! The requests of `uploadFile`, `listFiles` and `deleteFile`.

use serde_json::{Value, json};

use super::cases::{Call, Case, Smallest, cases};

pub fn all() -> Vec<Case> {
    [uploads(), lists(), deletions()].concat()
}

fn upload() -> Smallest {
    Smallest {
        action: "uploadFile",
        input: json!({ "file": { "url": "report.pdf" } }),
        request: json!({
            "method": "POST",
            "path": "/v1/files",
            "headers": {
                "accept": "*/*",
                "authorization": "Bearer ****",
                "content-type": "multipart/form-data; boundary=…",
            },
            "body": {
                "file": { "filename": "report.pdf", "type": "application/pdf", "length": 15 },
                "purpose": "user_data",
            },
        }),
    }
}

/// Each purpose, kinds of files, and the time after which they expire.
fn uploads() -> Vec<Case> {
    cases! { upload();
        "minimal": {} => {};
        "user-data": { "purpose": "user_data" } => {};
        "batch":
            { "file": { "url": "requests.jsonl" }, "purpose": "batch" }
            => { "file": jsonl(), "purpose": "batch" };
        "fine-tune":
            { "file": { "url": "requests.jsonl" }, "purpose": "fine-tune" }
            => { "file": jsonl(), "purpose": "fine-tune" };
        "vision":
            { "file": { "url": "picture.png" }, "purpose": "vision" }
            => {
                "file": { "filename": "picture.png", "type": "image/png", "length": 20 },
                "purpose": "vision",
            };
        "evals": { "purpose": "evals" } => { "purpose": "evals" };
        "assistants": { "purpose": "assistants" } => { "purpose": "assistants" };
        "file-with-an-odd-name":
            { "file": { "url": "Notizen \"1\".md" } }
            => { "file": {
                "filename": "Notizen %221%22.md", "type": "text/markdown", "length": 10,
            }};
        "expires-after":
            { "expiresAfter": { "seconds": 3600 } }
            => { "expires_after[anchor]": "created_at", "expires_after[seconds]": "3600" };
        "expires-after-anchor":
            { "expiresAfter": { "anchor": "created_at", "seconds": "2592000" } }
            => { "expires_after[anchor]": "created_at", "expires_after[seconds]": "2592000" };
        "blanks":
            { "purpose": "", "expiresAfter": { "anchor": "", "seconds": null } }
            => {};
    }
}

/// The file of requests in a form.
fn jsonl() -> Value {
    json!({ "filename": "requests.jsonl", "type": "text/plain", "length": 3 })
}

fn list() -> Smallest {
    Smallest {
        action: "listFiles",
        input: json!({}),
        request: json!({
            "method": "GET",
            "path": "/v1/files",
            "query": "limit=100",
            "headers": { "accept": "*/*", "authorization": "Bearer ****" },
        }),
    }
}

/// Each parameter of the query, and the options of a file.
fn lists() -> Vec<Case> {
    let case = |name: &str, set: Value, query: &str| Case {
        differences: vec![if query == "limit=100" { json!({}) } else { json!({ "query": query }) }],
        ..list().case(name, &set, Vec::new())
    };
    let options = json!({ "query": null });
    vec![
        case("minimal", json!({}), "limit=100"),
        case("purpose", json!({ "purpose": "batch" }), "purpose=batch&limit=100"),
        case("limit", json!({ "limit": 1 }), "limit=1"),
        case("limit-of-several-pages", json!({ "limit": 10_001 }), "limit=10000"),
        case("oldest-first", json!({ "order": "asc" }), "limit=100&order=asc"),
        case("newest-first", json!({ "order": "desc" }), "limit=100&order=desc"),
        case("after", json!({ "after": "file-sandbox2" }), "limit=100&after=file-sandbox2"),
        case(
            "blanks",
            json!({ "purpose": "", "limit": null, "order": "", "after": null }),
            "limit=100",
        ),
        case(
            "everything",
            json!({
                "purpose": "user_data", "limit": 5, "order": "asc", "after": "file-sandbox1",
            }),
            "purpose=user_data&limit=5&order=asc&after=file-sandbox1",
        ),
        Case {
            call: Call::Options { action: "deleteFile", property: "fileId", search: Some("notes") },
            differences: vec![options],
            ..case("options", json!({}), "")
        },
    ]
}

fn deletions() -> Vec<Case> {
    let smallest = Smallest {
        action: "deleteFile",
        input: json!({ "fileId": "file-sandbox1" }),
        request: json!({
            "method": "DELETE",
            "path": "/v1/files/file-sandbox1",
            "headers": { "accept": "*/*", "authorization": "Bearer ****" },
        }),
    };
    let other = Case {
        differences: vec![json!({ "path": "/v1/files/file-sandbox2" })],
        ..smallest.case("another", &json!({ "fileId": " file-sandbox2\n" }), Vec::new())
    };
    vec![smallest.case("minimal", &json!({}), vec![json!({})]), other]
}
