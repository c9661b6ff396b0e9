//! The requests of `callApi`.

use serde_json::{Value, json};

use super::cases::{ANY_TEXT, Case, Smallest};

/// The content type of a form.
const FORM: &str = "multipart/form-data; boundary=…";

/// Requests to paths of OpenAI's API.
pub fn all() -> Vec<Case> {
    let chat = || json!({ "model": "gpt-4o", "messages": [{ "role": "user", "content": "Hi" }] });
    let completions = |body: Value| {
        json!({
            "method": "POST", "path": "/v1/chat/completions", "body": body,
            "headers": { "content-type": "application/json" },
        })
    };
    let any_text = json!({
        "model": "gpt-4o", "messages": [{ "role": "user", "content": ANY_TEXT }], "temperature": 0.5,
    });
    let post = |body: Value| json!({ "method": "POST", "path": "/chat/completions", "body": body });
    vec![
        case("minimal", json!({}), json!({})),
        case("get", json!({ "method": "GET" }), json!({})),
        case("path-without-slash", json!({ "path": "models" }), json!({})),
        case(
            "query",
            json!({ "path": "/files", "query": { "limit": 1, "order": "asc" } }),
            json!({ "path": "/v1/files", "query": "limit=1&order=asc" }),
        ),
        case("body", post(chat()), completions(chat())),
        case("body-as-text", post(any_text.to_string().into()), completions(any_text)),
        case("body-with-get", json!({ "body": chat() }), json!({})),
        case(
            "delete",
            json!({ "method": "DELETE", "path": "/files/file-sandbox1" }),
            json!({ "method": "DELETE", "path": "/v1/files/file-sandbox1" }),
        ),
        case(
            "headers",
            json!({ "headers": { "OpenAI-Beta": "agents=v1", "X-Trace": "order 4711" } }),
            json!({ "headers": { "openai-beta": "agents=v1", "x-trace": "order 4711" } }),
        ),
        case(
            "form",
            json!({
                "method": "POST", "path": "/files",
                "formFields": {
                    "purpose": "user_data",
                    "expires_after": { "anchor": "created_at", "seconds": 3600 },
                },
                "formFiles": [{ "name": "file", "file": { "url": "report.pdf" } }],
            }),
            json!({
                "method": "POST", "path": "/v1/files", "headers": { "content-type": FORM },
                "body": {
                    "purpose": "user_data",
                    "expires_after[anchor]": "created_at", "expires_after[seconds]": "3600",
                    "file": { "filename": "report.pdf", "type": "application/pdf", "length": 15 },
                },
            }),
        ),
        case("form-with-get", json!({ "formFields": { "a": "b" } }), json!({})),
        case(
            "blanks",
            json!({
                "method": "", "query": {}, "body": "", "formFields": {}, "formFiles": [],
                "headers": {},
            }),
            json!({}),
        ),
    ]
}

/// Requests to paths that only other servers have.
pub fn of_other_servers() -> Vec<Case> {
    let json = || json!({ "content-type": "application/json" });
    vec![
        case(
            "put",
            json!({ "method": "PUT", "path": "/echo/a:b", "body": { "n": 1 } }),
            json!({
                "method": "PUT", "path": "/v1/echo/a:b", "headers": json(), "body": { "n": 1 },
            }),
        ),
        case(
            "patch",
            json!({ "method": "PATCH", "path": "/echo/a", "body": "{\"n\": 1.50}" }),
            json!({
                "method": "PATCH", "path": "/v1/echo/a", "headers": json(), "body": { "n": 1.5 },
            }),
        ),
        case(
            "post-without-body",
            json!({ "method": "POST", "path": "/echo/a/cancel" }),
            json!({ "method": "POST", "path": "/v1/echo/a/cancel" }),
        ),
        case(
            "form-of-fields",
            json!({
                "method": "PUT", "path": "/echo/a",
                "formFields": { "text": ANY_TEXT, "n": 1, "tags": ["a", "b"], "on": true },
            }),
            json!({
                "method": "PUT", "path": "/v1/echo/a", "headers": { "content-type": FORM },
                "body": { "text": ANY_TEXT, "n": "1", "tags[]": ["a", "b"], "on": "true" },
            }),
        ),
        case(
            "form-of-files",
            json!({
                "method": "PATCH", "path": "/echo/a",
                "formFiles": [
                    { "name": "image[]", "file": { "url": "picture.png" } },
                    { "name": "image[]", "file": { "url": "report.pdf" } },
                ],
            }),
            json!({
                "method": "PATCH", "path": "/v1/echo/a", "headers": { "content-type": FORM },
                "body": { "image[]": [
                    { "filename": "picture.png", "type": "image/png", "length": 20 },
                    { "filename": "report.pdf", "type": "application/pdf", "length": 15 },
                ]},
            }),
        ),
        case(
            "query-of-lists-and-objects",
            json!({
                "path": "/echo/a",
                "query": { "include": ["a", "b"], "metadata": { "k": "v w" }, "on": true },
            }),
            json!({
                "path": "/v1/echo/a",
                "query": "include%5B%5D=a&include%5B%5D=b&metadata%5Bk%5D=v+w&on=true",
            }),
        ),
    ]
}

/// A case with additional properties, and how its request differs.
fn case(name: &str, set: Value, difference: Value) -> Case {
    let smallest = Smallest {
        action: "callApi",
        input: json!({ "path": "/models" }),
        request: json!({
            "method": "GET",
            "path": "/v1/models",
            "headers": { "accept": "*/*", "authorization": "Bearer ****" },
        }),
    };
    Case { differences: vec![difference], ..smallest.case(name, &set, Vec::new()) }
}
