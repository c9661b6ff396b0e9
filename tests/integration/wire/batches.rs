//! The requests of the actions for batches.

use serde_json::{Value, json};

use super::cases::{ANY_TEXT, Call, Case, base64_of};

pub fn all() -> Vec<Case> {
    [created(), created_with_key(), fetched(), cancelled(), listed()].concat()
}

fn case(
    name: &str,
    (action, input): (&'static str, Value),
    smallest: Value,
    differences: Vec<Value>,
) -> Case {
    Case {
        name: format!("{action}-{name}"),
        call: Call::Run { action, input },
        connection: json!({}),
        streaming: false,
        smallest,
        differences,
    }
}

/// The smallest request without a body.
fn get(path: &str) -> Value {
    json!({
        "method": "GET",
        "path": path,
        "headers": { "accept": "*/*", "authorization": "Bearer ****" },
    })
}

/// The file of requests with these bodies. Its content has one line per request.
fn file(url: &str, requests: &[(&str, Value)]) -> Value {
    let line = |(id, body): &(&str, Value)| {
        json!({ "custom_id": id, "method": "POST", "url": url, "body": body }).to_string()
    };
    let length: usize = requests.iter().map(|request| line(request).len() + 1).sum();
    json!({ "filename": "batch-….jsonl", "type": "application/jsonl", "length": length })
}

/// The upload of a file of requests.
fn upload(file: &Value) -> Value {
    json!({
        "method": "POST",
        "path": "/v1/files",
        "headers": {
            "accept": "*/*",
            "authorization": "Bearer ****",
            "content-type": "multipart/form-data; boundary=…",
        },
        "body": { "purpose": "batch", "file": file },
    })
}

/// The difference between the upload and the request for the batch.
fn batch(url: &str, set: &Value) -> Value {
    let mut body = json!({
        "purpose": null,
        "file": null,
        "input_file_id": "file-sandbox3",
        "endpoint": url,
        "completion_window": "24h",
    });
    for (name, value) in set.as_object().unwrap() {
        body[name] = value.clone();
    }
    json!({
        "path": "/v1/batches",
        "headers": { "content-type": "application/json" },
        "body": body,
    })
}

const CHAT: &str = "/v1/chat/completions";
const RESPONSES: &str = "/v1/responses";
const IMAGES: &str = "/v1/images/generations";
const EDITS: &str = "/v1/images/edits";
const EMBEDDINGS: &str = "/v1/embeddings";
const MODERATIONS: &str = "/v1/moderations";

fn ask(content: &str) -> Value {
    json!({ "messages": [{ "role": "user", "content": content }] })
}

/// The request for an answer to this content.
fn chat(content: &Value) -> Value {
    json!({ "model": "gpt-5.4", "messages": [{ "role": "user", "content": content }] })
}

fn created() -> Vec<Case> {
    let hello = || [("input-0", chat(&json!("Hello!")))];
    let case = |name, url, requests: &[(&str, Value)], input: Value, set: Value| {
        let input = ("createBatch", input);
        case(name, input, upload(&file(url, requests)), vec![json!({}), batch(url, &set)])
    };
    let with = |set: Value| {
        let mut input = json!({ "inputs": [ask("Hello!")] });
        for (name, value) in set.as_object().unwrap() {
            input[name] = value.clone();
        }
        input
    };
    let photo = format!("data:image/png;base64,{}", base64_of("picture.png"));
    let parts = json!([
        { "type": "text", "text": "What is this?" },
        { "type": "image_url", "image_url": { "url": photo } },
    ]);
    let mut parameters = json!({ "model": "gpt-4o", "temperature": 0.5, "messages": [] });
    parameters["messages"] = chat(&json!("Hello!"))["messages"].clone();
    let image = json!({ "model": "gpt-image-2", "size": "1024x1024", "prompt": "A lighthouse" });
    let square = format!("data:image/png;base64,{}", base64_of("square.png"));
    let edit = json!({
        "model": "gpt-image-2", "prompt": "In oil", "images": [{ "image_url": square }],
        "mask": { "image_url": square },
    });
    let tool = json!({
        "type": "image_generation", "quality": "low",
        "input_image_mask": { "image_url": square },
    });
    let mut generation = json!({ "model": "gpt-5.4", "tools": [tool] });
    generation["input"] = chat(&json!("Hello!"))["messages"].clone();
    let embeddings = json!({
        "model": "text-embedding-3-small", "encoding_format": "base64", "input": ["Hello!", " "],
    });
    let moderation = |input: Value| json!({ "model": "omni-moderation-latest", "input": input });
    let checked = json!([{ "type": "image_url", "image_url": { "url": square } }]);
    let checked = moderation(checked);
    vec![
        case("minimal", CHAT, &hello(), with(json!({})), json!({})),
        case("ask", CHAT, &hello(), with(json!({ "action": "ask" })), json!({})),
        case(
            "several",
            CHAT,
            &[
                ("input-0", chat(&json!(ANY_TEXT))),
                ("input-1", parameters),
                ("input-2", chat(&parts)),
            ],
            json!({ "inputs": [
                ask(ANY_TEXT),
                { "messages": ask("Hello!")["messages"], "model": "gpt-4o", "temperature": "0.5" },
                {
                    "messages": ask("What is this?")["messages"],
                    "attachments": [{ "url": "picture.png" }],
                },
            ]}),
            json!({}),
        ),
        case(
            "responses",
            RESPONSES,
            &[(
                "input-0",
                json!({ "model": "gpt-5.4", "input": chat(&json!("Hello!"))["messages"] }),
            )],
            json!({ "inputs": [{ "messages": ask("Hello!")["messages"], "api": "responses" }] }),
            json!({}),
        ),
        case(
            "image-generation",
            RESPONSES,
            &[("input-0", generation)],
            json!({ "inputs": [{
                "messages": ask("Hello!")["messages"], "api": "responses",
                "imageGeneration": true,
                "imageGenerationOptions": { "quality": "low", "mask": { "url": "square.png" } },
            }]}),
            json!({}),
        ),
        case(
            "images",
            IMAGES,
            &[("input-0", image.clone()), ("input-1-base64", image)],
            json!({ "action": "createImage", "inputs": [
                { "imageMessages": [{ "content": "A lighthouse" }] },
                { "imageMessages": [{ "content": "A lighthouse" }], "responseFormat": "b64_json" },
            ]}),
            json!({}),
        ),
        case(
            "edits",
            EDITS,
            &[("input-0", edit)],
            json!({ "action": "editImage", "inputs": [{
                "images": [{ "url": "square.png" }], "mask": { "url": "square.png" },
                "imageMessages": [{ "content": "In oil" }],
            }]}),
            json!({}),
        ),
        case(
            "embeddings",
            EMBEDDINGS,
            &[("input-0-texts2", embeddings)],
            json!({ "action": "createEmbeddings", "inputs": [{ "input": ["Hello!", " "] }] }),
            json!({}),
        ),
        case(
            "moderations",
            MODERATIONS,
            &[("input-0-texts1", moderation(json!(["Hello!"]))), ("input-1-image", checked)],
            json!({ "action": "createModeration", "inputs": [
                { "input": "Hello!" }, { "images": [{ "url": "square.png" }] },
            ]}),
            json!({}),
        ),
        case(
            "file",
            CHAT,
            &[("input-0", chat(&json!("Hello!"))), ("input-1", chat(&json!("Hello again!")))],
            json!({ "inputsFile": { "url": "inputs.jsonl" } }),
            json!({}),
        ),
        case(
            "settings",
            CHAT,
            &hello(),
            with(json!({
                "completionWindow": "24h", "outputExpiresAfter": { "seconds": 3600 },
                "metadata": { "project": "sky" },
            })),
            json!({
                "output_expires_after": { "anchor": "created_at", "seconds": 3600 },
                "metadata": { "project": "sky" },
            }),
        ),
        case(
            "expiry-with-anchor",
            CHAT,
            &hello(),
            with(json!({
                "outputExpiresAfter": { "anchor": "created_at", "seconds": "2592000" },
            })),
            json!({
                "output_expires_after": { "anchor": "created_at", "seconds": 2_592_000 },
            }),
        ),
        case(
            "blanks",
            CHAT,
            &hello(),
            with(json!({
                "action": "", "inputsFile": null, "key": "", "metadata": {},
                "completionWindow": "",
                "outputExpiresAfter": { "anchor": "", "seconds": null },
            })),
            json!({}),
        ),
    ]
}

/// With a key, the run looks for the batch and the file first.
fn created_with_key() -> Vec<Case> {
    let input = json!({ "inputs": [ask("Hello!")], "key": "order-4711" });
    let mut batches = get("/v1/batches");
    batches["query"] = "limit=100".into();
    let body = file(CHAT, &[("input-0", chat(&json!("Hello!")))]);
    let differences = vec![
        json!({}),
        json!({ "path": "/v1/files", "query": "purpose=batch&order=desc&limit=1000" }),
        json!({
            "method": "POST",
            "query": null,
            "headers": { "content-type": "multipart/form-data; boundary=…" },
            "body": { "purpose": "batch", "file": body },
        }),
        batch(
            CHAT,
            &json!({
                "metadata": { "idempotency_key": "order-4711", "inputs_digest": "…" },
            }),
        ),
        json!({
            "method": "GET", "query": "limit=100", "headers": { "content-type": null },
            "body": null,
        }),
    ];
    vec![case("key", ("createBatch", input), batches, differences)]
}

/// The sandbox's batches with a fixed status.
const COMPLETED: &str = "batch_sandbox_completed";
const IN_PROGRESS: &str = "batch_sandbox_in_progress";

fn fetched() -> Vec<Case> {
    let of = |id: &str| get(&format!("/v1/batches/{id}"));
    let case = |name, id: &str, set: Value| {
        let mut input = json!({ "batchId": id });
        for (name, value) in set.as_object().unwrap() {
            input[name] = value.clone();
        }
        case(name, ("getBatch", input), of(id), vec![json!({})])
    };
    vec![
        case("minimal", COMPLETED, json!({})),
        case("in-progress", IN_PROGRESS, json!({ "wait": false })),
        case("wait", COMPLETED, json!({ "wait": true, "maxWait": 1 })),
        case("blanks", COMPLETED, json!({ "wait": "", "maxWait": null })),
    ]
}

fn cancelled() -> Vec<Case> {
    let path = format!("/v1/batches/{IN_PROGRESS}");
    let input = ("cancelBatch", json!({ "batchId": IN_PROGRESS }));
    let cancel = json!({ "method": "POST", "path": format!("{path}/cancel") });
    vec![case("minimal", input, get(&path), vec![json!({}), cancel])]
}

fn listed() -> Vec<Case> {
    let mut smallest = get("/v1/batches");
    smallest["query"] = "limit=20".into();
    let case = |name, input: Value, difference: Value| {
        case(name, ("listBatches", input), smallest.clone(), vec![difference])
    };
    vec![
        case("minimal", json!({}), json!({})),
        case(
            "after",
            json!({ "limit": 5, "after": COMPLETED }),
            json!({ "query": format!("limit=5&after={COMPLETED}") }),
        ),
        case("many", json!({ "limit": 1000 }), json!({ "query": "limit=100" })),
    ]
}
