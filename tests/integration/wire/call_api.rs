//! The requests of `callApi`.

use serde_json::{Value, json};

use super::cases::{ANY_TEXT, Case, Smallest};

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
            json!({ "method": "delete", "path": "/files/file-sandbox1" }),
            json!({ "method": "DELETE", "path": "/v1/files/file-sandbox1" }),
        ),
        case("blanks", json!({ "method": "", "query": {}, "body": "" }), json!({})),
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
