//! How a connection affects requests, and the requests of its queries.

use serde_json::{Value, json};

use super::ask;
use super::cases::{Call, Case};

pub fn all() -> Vec<Case> {
    [lists(), settings()].concat()
}

/// The smallest request for the list of models.
fn models() -> Value {
    json!({
        "method": "GET",
        "path": "/v1/models",
        "headers": { "accept": "*/*", "authorization": "Bearer ****" },
    })
}

/// The connection test, and the options of each action's `model`.
fn lists() -> Vec<Case> {
    let case = |name: &str, call| Case {
        name: format!("connection-{name}"),
        call,
        connection: json!({}),
        streaming: false,
        smallest: models(),
        differences: vec![json!({})],
    };
    let options = |action, search| Call::Options { action, property: "model", search };
    let models = |action| options(action, None);
    let account = json!({ "organization": "org-1234", "project": "proj_5678" });
    let headers = json!({
        "headers": { "openai-organization": "org-1234", "openai-project": "proj_5678" },
    });
    vec![
        case("test", Call::Test),
        case("models-ask", models("ask")),
        case("models-create-image", models("createImage")),
        case("models-create-speech", models("createSpeech")),
        case("models-create-transcription", models("createTranscription")),
        case("models-edit-image", models("editImage")),
        case("models-create-translation", models("createTranslation")),
        case("models-create-embeddings", models("createEmbeddings")),
        case("models-create-moderation", models("createModeration")),
        case("models-search", options("ask", Some("gpt"))),
        Case {
            connection: account,
            differences: vec![headers],
            ..case("account-test", Call::Test)
        },
    ]
}

/// `ask` with each setting of a connection.
fn settings() -> Vec<Case> {
    let smallest = ask::smallest();
    let case = |name: &str, connection, set: Value, difference| Case {
        name: format!("connection-{name}"),
        connection,
        differences: vec![difference],
        ..smallest.case(name, &set, Vec::new())
    };
    let limit = || json!({ "model": "gpt-4o", "maxTokens": 200 });
    vec![
        case(
            "organization",
            json!({ "organization": "org-1234" }),
            json!({}),
            json!({ "headers": { "openai-organization": "org-1234" } }),
        ),
        case(
            "project",
            json!({ "project": "proj_5678" }),
            json!({}),
            json!({ "headers": { "openai-project": "proj_5678" } }),
        ),
        case(
            "account",
            json!({ "organization": "org-1234", "project": "proj_5678" }),
            json!({}),
            json!({
                "headers": { "openai-organization": "org-1234", "openai-project": "proj_5678" },
            }),
        ),
        case(
            "azure",
            json!({ "authorization": "apiKey" }),
            json!({}),
            json!({
                "path": "/openai/v1/chat/completions",
                "headers": { "authorization": null, "api-key": "****" },
            }),
        ),
        case(
            "azure-preview",
            json!({ "authorization": "apiKey", "apiVersion": "preview" }),
            json!({}),
            json!({
                "path": "/openai/v1/chat/completions",
                "query": "api-version=preview",
                "headers": { "authorization": null, "api-key": "****" },
            }),
        ),
        case("bearer", json!({ "authorization": "bearer" }), json!({}), json!({})),
        case(
            "headers",
            json!({ "headers": { "X-Gateway-Key": "blue sky", "X-Team": "7" } }),
            json!({}),
            json!({ "headers": { "x-gateway-key": "blue sky", "x-team": "7" } }),
        ),
        case(
            "headers-as-text",
            json!({ "headers": "{\"X-Team\": \"7\"}" }),
            json!({}),
            json!({ "headers": { "x-team": "7" } }),
        ),
        case(
            "max-completion-tokens",
            json!({ "maxTokensParameter": "max_completion_tokens" }),
            limit(),
            json!({ "body": { "model": "gpt-4o", "max_completion_tokens": 200 } }),
        ),
        case(
            "max-tokens",
            json!({ "maxTokensParameter": "max_tokens" }),
            limit(),
            json!({ "body": { "model": "gpt-4o", "max_tokens": 200 } }),
        ),
        case(
            "blanks",
            json!({ "organization": "", "project": null, "maxTokensParameter": "" }),
            limit(),
            json!({ "body": { "model": "gpt-4o", "max_completion_tokens": 200 } }),
        ),
    ]
}
