//! Tests of the batch actions, with a provider that stores files and batches.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use connector_sdk::json_schema::Invalid;
use connector_sdk::testing::{Answer, Host, Outcome, Request};
use connector_sdk::{Failure, FailureKind, FileEntry, Result};
use serde_json::{Value, json};

use super::requests::MAX_BYTES;
use crate::CONNECTOR;

/// What the provider stores.
#[derive(Default)]
struct State {
    /// The names and contents of files. Their IDs are their positions.
    files: Vec<(String, String)>,
    /// The batches, oldest first.
    batches: Vec<Value>,
    /// The number of requests so far.
    requests: usize,
    /// The number of the request whose response is lost, and whether the request is
    /// still processed.
    lost: Option<(usize, bool)>,
}

/// A provider that several runs use.
#[derive(Clone, Default)]
struct Provider(Rc<RefCell<State>>);

impl Provider {
    fn host(&self) -> Host {
        let state = Rc::clone(&self.0);
        Host::new(&CONNECTOR).provider(move |request| state.borrow_mut().receive(request))
    }

    fn run(&self, input: Value) -> Result<Outcome> {
        self.host().run("createBatch", input)
    }

    /// Loses the response to the request with this number, counted from now.
    fn lose(&self, number: usize, is_processed: bool) {
        let mut state = self.0.borrow_mut();
        (state.requests, state.lost) = (0, Some((number, is_processed)));
    }

    fn counts(&self) -> (usize, usize) {
        let state = self.0.borrow();
        (state.files.len(), state.batches.len())
    }
}

impl State {
    fn receive(&mut self, request: &Request) -> Answer {
        let number = self.requests;
        self.requests += 1;
        match self.lost {
            Some((lost, false)) if lost == number => Answer::json(200, json!({})).breaks_off(),
            Some((lost, true)) if lost == number => self.answer(request).breaks_off(),
            _ => self.answer(request),
        }
    }

    fn answer(&mut self, request: &Request) -> Answer {
        let list = |items: Vec<Value>| {
            Answer::json(200, json!({ "object": "list", "data": items, "has_more": false }))
        };
        let path: Vec<_> = request.path.split('/').skip(1).collect();
        match (request.method.as_str(), &*path) {
            ("GET", ["batches"]) => list(self.batches.iter().rev().cloned().collect()),
            ("GET", ["files"]) => list(self.listed_files()),
            ("POST", ["files"]) => {
                let (name, content) = uploaded(request);
                self.files.push((name, content));
                Answer::json(200, json!({ "id": format!("file-{}", self.files.len() - 1) }))
            }
            ("POST", ["batches"]) => {
                let number = self.batches.len();
                let mut batch = request.body.clone();
                batch["id"] = format!("batch_{number}").into();
                batch["status"] = "validating".into();
                batch["created_at"] = 7.into();
                self.batches.push(batch.clone());
                Answer::json(200, batch)
            }
            ("POST", ["batches", id, "cancel"]) => {
                let batch = self.batches.iter_mut().find(|batch| batch["id"] == **id).unwrap();
                batch["status"] = "cancelling".into();
                Answer::json(200, batch.clone())
            }
            _ => Answer::json(404, json!({ "error": { "message": "No such path" } })),
        }
    }

    fn listed_files(&self) -> Vec<Value> {
        let file = |(index, (name, content)): (usize, &(String, String))| json!({ "id": format!("file-{index}"), "filename": name, "bytes": content.len() });
        self.files.iter().enumerate().map(file).rev().collect()
    }
}

/// The name and the content of the file in a form.
fn uploaded(request: &Request) -> (String, String) {
    let form = request.body.as_str().unwrap();
    assert!(form.contains("name=\"purpose\"\r\n\r\nbatch\r\n"), "{form}");
    let (_, file) = form.split_once("name=\"file\"; filename=\"").unwrap();
    let (name, rest) = file.split_once('"').unwrap();
    let (_, content) = rest.split_once("\r\n\r\n").unwrap();
    let (content, _) = content.split_once("\r\n--").unwrap();
    (name.to_owned(), content.to_owned())
}

/// The requests in a file.
fn lines(content: &str) -> Vec<Value> {
    content.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn ask(text: &str) -> Value {
    json!({ "messages": [{ "role": "user", "content": text }] })
}

fn two_questions() -> Value {
    json!({ "inputs": [ask("Why is the sky blue?"), ask("Why is the sea salty?")] })
}

fn with(mut input: Value, members: Value) -> Value {
    for (name, value) in members.as_object().unwrap() {
        input[name] = value.clone();
    }
    input
}

#[test]
fn uploads_the_requests_of_runs_and_creates_the_batch() {
    let provider = Provider::default();
    let host = provider.host();
    let input = with(
        two_questions(),
        json!({ "metadata": { "project": "sky" }, "outputExpiresAfter": { "seconds": 3600 } }),
    );
    let outcome = host.run("createBatch", input).unwrap();
    let requests = host.requests();
    let paths: Vec<_> = requests.iter().map(Request::to_string).collect();
    assert_eq!(paths, ["POST /files", "POST /batches"]);
    let (name, content) = uploaded(&requests[0]);
    assert!(name.starts_with("batch-") && name.ends_with(".jsonl"), "{name}");
    let line = |index: usize, text: &str| {
        json!({
            "custom_id": format!("input-{index}"), "method": "POST",
            "url": "/v1/chat/completions",
            "body": { "model": "gpt-5.4", "messages": [{ "role": "user", "content": text }] },
        })
    };
    let expected = [line(0, "Why is the sky blue?"), line(1, "Why is the sea salty?")];
    assert_eq!(lines(&content), expected);
    assert_eq!(
        requests[1].body,
        json!({
            "input_file_id": "file-0", "endpoint": "/v1/chat/completions",
            "completion_window": "24h", "metadata": { "project": "sky" },
            "output_expires_after": { "anchor": "created_at", "seconds": 3600 },
        })
    );
    let Outcome { output, .. } = outcome;
    for (member, expected) in [
        ("id", json!("batch_0")),
        ("status", json!("validating")),
        ("hasEnded", json!(false)),
        ("action", json!("ask")),
        ("endpoint", json!("/v1/chat/completions")),
        ("counts", json!({ "total": 0, "completed": 0, "failed": 0 })),
        ("metadata", json!({ "project": "sky" })),
        ("inputFileId", json!("file-0")),
        ("createdAt", json!(7)),
        ("isNew", json!(true)),
    ] {
        assert_eq!(output[member], expected, "{member}");
    }
    assert_eq!(
        host.events(),
        [
            json!({ "event": "metadata", "metadata": { "inputFileId": "file-0" } }),
            json!({ "event": "metadata", "metadata": { "batchId": "batch_0" } }),
        ]
    );
}

/// A request in a batch has the same body as the request of a run.
#[test]
fn sends_the_same_requests_as_runs() {
    let schema = r#"{"type": "object", "properties": {}, "additionalProperties": false}"#;
    let answer = json!({ "choices": [{ "message": { "content": "{\"items\": []}" } }] });
    let image = json!({ "data": [{ "url": "https://a.example" }] });
    for (action, answer, input, notes) in [
        ("ask", &answer, json!({ "model": "gpt-4o", "n": 2, "temperature": 0.5 }), "-several"),
        ("ask", &answer, json!({ "responseFormat": 1, "responseSchema": schema }), "-object"),
        ("ask", &answer, json!({ "responseFormat": 2, "maxTokens": 9 }), "-list"),
        (
            "ask",
            &answer,
            json!({ "responseFormat": 2, "n": 2, "repairAttempts": 0 }),
            "-list-several",
        ),
        ("ask", &answer, json!({ "api": "responses", "maxTokens": 99 }), ""),
        (
            "ask",
            &answer,
            json!({
                "extraParameters": { "top_k": 5 }, "imageUrls": ["https://a.example/b.png"],
                "fileIds": ["file-a"],
            }),
            "",
        ),
        (
            "ask",
            &answer,
            json!({
                "api": "responses", "extraParameters": { "top_k": 5 },
                "messages": [
                    { "role": "user", "content": "Hi", "fileUrls": ["https://a.example/b.pdf"] },
                    { "role": "user", "content": "Hi", "imageFileIds": ["file-a"] },
                ],
            }),
            "",
        ),
        (
            "ask",
            &answer,
            json!({
                "api": "responses", "responseFormat": 2, "responseSchema": schema,
                "webSearch": true, "instructions": "Be brief.", "store": false,
            }),
            "-list",
        ),
        ("createImage", &image, json!({ "size": [1024, 1536], "n": 2 }), ""),
        ("createImage", &image, json!({ "responseFormat": "b64_json" }), "-base64"),
        ("createImage", &image, json!({ "model": "dall-e-3", "responseFormat": "url" }), ""),
        ("createImage", &image, json!({ "partialImages": 3 }), ""),
        ("createEmbeddings", &image, json!({ "input": ["a", "b"] }), "-texts2"),
        (
            "createEmbeddings",
            &image,
            json!({ "input": "a", "dimensions": 9, "asFiles": true, "encodingFormat": "float" }),
            "-texts1-files",
        ),
        ("createModeration", &image, json!({ "input": ["a", "b", "c"] }), "-texts3"),
        ("createModeration", &image, json!({ "imageUrls": ["https://a.example"] }), "-url"),
        ("createModeration", &image, json!({ "input": ["a", "b"], "combine": true }), "-combined"),
    ] {
        let smallest = match action {
            "ask" => ask("Hi"),
            "createImage" => json!({ "imageMessages": [{ "content": "A cat" }] }),
            _ => json!({}),
        };
        let input = with(smallest, input);
        // Batches are never streamed, even if the caller listens.
        let run = Host::new(&CONNECTOR).answer(Answer::json(200, answer.clone()));
        // Unlike the host, the stand-in does not convert values.
        let list = with(input.clone(), json!({}));
        let list = match list["input"].as_str() {
            Some(text) => with(list.clone(), json!({ "input": [text] })),
            None => list,
        };
        run.run(action, list).ok();
        let provider = Provider::default();
        let host = provider.host().streaming();
        host.run("createBatch", json!({ "action": action, "inputs": [input] })).unwrap();
        let content = provider.0.borrow().files[0].1.clone();
        let request = run.requests().remove(0);
        let line = &lines(&content)[0];
        assert_eq!(line["body"], request.body, "{input}");
        assert_eq!(line["url"], format!("/v1{}", request.path));
        assert_eq!(line["custom_id"], format!("input-0{notes}"));
    }
}

#[test]
fn attachments_become_base64() {
    let provider = Provider::default();
    let host = provider.host();
    let photo = host.file("photo.png", "image/png", b"png");
    let input = with(ask("What is this?"), json!({ "attachments": [photo] }));
    host.run("createBatch", json!({ "inputs": [ask("Hi"), input] })).unwrap();
    let content = provider.0.borrow().files[0].1.clone();
    let image = &lines(&content)[1]["body"]["messages"][0]["content"][1];
    assert_eq!(image["image_url"]["url"], "data:image/png;base64,cG5n");
}

#[test]
fn images_to_edit_become_base64() {
    let provider = Provider::default();
    let host = provider.host();
    let photo = host.file("photo.png", "image/png", b"png");
    let input = |members: Value| {
        let input = json!({ "images": [photo], "imageMessages": [{ "content": "In oil" }] });
        json!({ "action": "editImage", "inputs": [with(input, members)] })
    };
    host.run("createBatch", input(json!({ "n": 2, "partialImages": 1 }))).unwrap();
    let content = provider.0.borrow().files[0].1.clone();
    let line = &lines(&content)[0];
    assert_eq!(line["url"], "/v1/images/edits");
    let expected = json!({
        "model": "gpt-image-2", "n": 2, "prompt": "In oil",
        "images": [{ "image_url": "data:image/png;base64,cG5n" }],
    });
    assert_eq!(line["body"], expected);
    host.requests();
    let wrong = input(json!({ "model": "dall-e-2" }));
    assert_eq!(violations(&host, wrong)[0].0, "inputs[0].model");
    let wrong = input(json!({ "inputFidelity": "high", "model": "gpt-image-1-mini" }));
    assert_eq!(violations(&host, wrong)[0].0, "inputs[0].inputFidelity");
}

/// The violations in a rejected input. Nothing is sent.
fn violations(host: &Host, input: Value) -> Vec<(String, String)> {
    let failure = host.run("createBatch", input.clone()).unwrap_err();
    assert_eq!(failure.kind, FailureKind::InvalidInput, "{failure}: {input}");
    assert!(host.requests().is_empty());
    let pair = |property: &str, message: &str| (property.to_owned(), message.to_owned());
    match failure.violations.as_slice() {
        [] => vec![pair(failure.property.as_deref().unwrap_or_default(), &failure.message)],
        all => all.iter().map(|one| pair(&one.property, &one.message)).collect(),
    }
}

#[test]
fn checks_every_input_before_anything_is_sent() {
    let wrong = |input: Value| {
        let mut inputs = vec![ask("Hi"); 6];
        inputs.push(input);
        json!({ "inputs": inputs })
    };
    let of = |action: &str, input: Value| json!({ "action": action, "inputs": [input] });
    let images = |input: Value| of("createImage", input);
    for (input, property, message) in [
        (
            wrong(ask("")),
            "inputs[6].messages[0].content",
            "`inputs[6].messages[0].content` is required",
        ),
        (wrong(json!({})), "inputs[6].messages", "`inputs[6].messages` is required"),
        (
            wrong(with(ask("Hi"), json!({ "temperature": 3 }))),
            "inputs[6].temperature",
            "`inputs[6].temperature` must be between 0 and 2 (got 3)",
        ),
        (
            wrong(json!({ "messages": [{ "role": "nobody", "content": "Hi" }] })),
            "inputs[6].messages[0].role",
            "`inputs[6].messages[0].role` must be one of: `system`, `user`, `assistant`, `tool`, \
             `developer` (got \"nobody\")",
        ),
        (
            wrong(with(ask("Hi"), json!({ "model": "o3", "stop": ["."] }))),
            "inputs[6].stop",
            "`o3` does not support `inputs[6].stop`: leave it empty for reasoning models",
        ),
        (
            wrong(with(ask("Hi"), json!({ "extraParameters": { "messages": [] } }))),
            "inputs[6].extraParameters.messages",
            "`extraParameters` must not contain `messages`: use `messages`",
        ),
        (
            wrong(json!({
                "messages": [{ "role": "user", "content": "Hi", "imageUrls": ["a.png"] }],
            })),
            "inputs[6].messages[0].imageUrls[0]",
            "each of `imageUrls` must begin with `https://`",
        ),
        (
            wrong(with(ask("Hi"), json!({ "responseFormat": 1, "responseSchema": "{" }))),
            "inputs[6].responseSchema",
            "`inputs[6].responseSchema` is not JSON",
        ),
        (
            wrong(with(ask("Hi"), json!({ "api": "responses" }))),
            "inputs[6]",
            "all inputs of a batch must use the same API: this one uses `/v1/responses`, the first \
             one `/v1/chat/completions`",
        ),
        (
            of("ask", with(ask("Hi"), json!({ "api": "responses", "background": true }))),
            "inputs[0].background",
            "`inputs[0].background` must be empty or false in a batch, which always runs in the \
             background",
        ),
        (
            of(
                "ask",
                with(
                    ask("Hi"),
                    json!({
                        "api": "responses", "imageGeneration": true,
                        "imageGenerationOptions": { "partialImages": 1 },
                    }),
                ),
            ),
            "inputs[0].imageGenerationOptions.partialImages",
            "`partialImages` must be empty or 0 in a batch, which has no previews",
        ),
        (
            of("ask", with(ask("Hi"), json!({ "api": "responses", "maxTokens": 3 }))),
            "inputs[0].maxTokens",
            "with the Responses API, `inputs[0].maxTokens` must be at least 16 (got 3)",
        ),
        (
            wrong(with(ask("Hi"), json!({ "functions": ["openai/v1/createImage"] }))),
            "inputs[6].functions",
            "`inputs[6].functions` must be empty in a batch, which cannot call functions",
        ),
        (
            wrong(with(ask("Hi"), json!({ "responseFormat": 1, "repairAttempts": 1 }))),
            "inputs[6].repairAttempts",
            "`inputs[6].repairAttempts` must be empty or 0 in a batch, whose answers cannot be \
             corrected",
        ),
        (
            images(json!({ "imageMessages": [{ "content": "A cat", "weight": 0 }] })),
            "inputs[0].imageMessages[0].weight",
            "`weight` must be greater than 0",
        ),
        (
            images(json!({ "imageMessages": [{ "content": "A cat" }], "size": "1x1" })),
            "inputs[0].size",
            "with `gpt-image-2`, `inputs[0].size` must be auto, or a width",
        ),
        (
            of("createEmbeddings", json!({ "input": ["a", "b", "c"], "batchSize": 2 })),
            "inputs[0].input",
            "`inputs[0].input` must fit into one request in a batch, which holds 2 of these texts",
        ),
        (
            json!({ "inputs": [ask("Hi")], "metadata": { "": "empty" } }),
            "metadata",
            "each key of `metadata` must have 1 to 64 characters (got ``)",
        ),
        (
            of("createModeration", json!({ "input": ["a"], "imageUrls": ["https://a.example"] })),
            "inputs[0].combine",
            "in a batch, an input must contain only texts, or a single image, or set",
        ),
    ] {
        let host = Host::new(&CONNECTOR);
        let violations = violations(&host, input);
        assert_eq!(violations.len(), 1, "{violations:?}");
        assert_eq!(violations[0].0, property);
        assert!(violations[0].1.starts_with(message), "{violations:?}");
    }
}

#[test]
fn reports_several_wrong_inputs_at_once() {
    let input = json!({ "inputs": [json!({}), ask("Hi"), with(ask("Hi"), json!({ "n": 0 }))] });
    assert_eq!(
        violations(&Host::new(&CONNECTOR), input),
        [
            ("inputs[0].messages".to_owned(), "`inputs[0].messages` is required".to_owned()),
            (
                "inputs[2].n".to_owned(),
                "`inputs[2].n` must be between 1 and 128 (got 0)".to_owned()
            ),
        ]
    );
    let input = json!({ "inputs": vec![json!({}); 100] });
    assert_eq!(violations(&Host::new(&CONNECTOR), input).len(), 20);
}

#[test]
fn rejects_an_invalid_schema() {
    let schema = json!({ "responseFormat": 1, "responseSchema": r#"{"type": "object", "a": 1}"# });
    let host = Host::new(&CONNECTOR).invalid(Invalid::Schema("no".to_owned()));
    let violations = violations(&host, json!({ "inputs": [with(ask("Hi"), schema)] }));
    assert_eq!(violations[0].0, "inputs[0].responseSchema");
}

#[test]
fn rejects_wrong_settings_before_anything_is_sent() {
    let metadata = |count: usize| -> Value {
        (0..count).map(|index| (format!("k{index}"), json!("v"))).collect()
    };
    let host = Host::new(&CONNECTOR);
    let file = host.file("inputs.jsonl", "application/jsonl", b"{}");
    for (members, property) in [
        (json!({ "inputs": [] }), "inputs"),
        (json!({ "action": "createSpeech" }), "action"),
        (json!({ "inputsFile": file }), "inputsFile"),
        (json!({ "key": "a", "metadata": metadata(15) }), "metadata"),
        (json!({ "metadata": { "idempotency_key": "a" } }), "metadata.idempotency_key"),
        (json!({ "metadata": { "inputs_digest": "a" } }), "metadata.inputs_digest"),
    ] {
        let violations = violations(&host, with(two_questions(), members.clone()));
        assert_eq!(violations[0].0, property, "{members}");
        assert!(violations[0].1.contains('`'), "{violations:?}");
    }
    let full = with(two_questions(), json!({ "key": "a", "metadata": metadata(14) }));
    Provider::default().run(full).unwrap();
}

#[test]
fn reads_inputs_from_a_file() {
    let provider = Provider::default();
    let host = provider.host();
    let content = format!("{}\n\n{}\r\n", ask("one"), ask("two"));
    let file = host.file("inputs.jsonl", "application/jsonl", content.as_bytes());
    host.run("createBatch", json!({ "inputsFile": file, "key": "a" })).unwrap();
    // The same inputs in a list belong to the same batch.
    let inputs = json!({ "inputs": [ask("one"), ask("two")], "key": "a" });
    assert_eq!(host.run("createBatch", inputs).unwrap().output["isNew"], false);
    assert_eq!(lines(&provider.0.borrow().files[0].1).len(), 2);
    host.requests();

    for (content, message) in [
        ("\n\n".to_owned(), "`inputsFile` must have at least one input"),
        (format!("{}\n{{}}", ask("one")), "input 2: `messages` is required"),
        (
            format!("{}\nHi", ask("one")),
            "input 2: the input is not JSON: expected value at line 1 column 1",
        ),
        ("[]".to_owned(), "input 1: the input must be a JSON object (got a list)"),
    ] {
        let file = host.file("inputs.jsonl", "application/jsonl", content.as_bytes());
        let violations = violations(&host, json!({ "inputsFile": file }));
        assert_eq!(violations, [("inputsFile".to_owned(), message.to_owned())]);
    }
    let file = host.file("inputs.jsonl", "application/jsonl", b"\"\xff\"");
    let violations = violations(&host, json!({ "inputsFile": file }));
    assert!(violations[0].1.starts_with("input 1: the input must be UTF-8"), "{violations:?}");
}

#[test]
fn limits_the_number_and_size_of_inputs() {
    let host = Host::new(&CONNECTOR);
    let line = format!("{}\n", ask("Hi"));
    let file = host.file("many.jsonl", "application/jsonl", line.repeat(50_001).as_bytes());
    let violations = violations(&host, json!({ "inputsFile": file }));
    assert_eq!(violations[0].1, "`inputsFile` must have at most 50000 inputs (it has 50001)");

    // The API counts the texts of embeddings.
    let texts = json!({ "input": vec!["a"; 300] });
    let inputs = json!({ "action": "createEmbeddings", "inputs": vec![texts; 167] });
    let violations = self::violations(&host, inputs);
    assert_eq!(violations[0].1, "`inputs` must have at most 50000 inputs (it has 50100)");

    let long = "a".repeat(MAX_BYTES / 4);
    let failure = host.run("createBatch", json!({ "inputs": vec![ask(&long); 4] })).unwrap_err();
    assert_eq!(failure.kind, FailureKind::TooLarge);
    assert_eq!(failure.property.as_deref(), Some("inputs[3]"));
    assert!(host.requests().is_empty());
    Provider::default().run(json!({ "inputs": vec![ask(&long); 3] })).unwrap();
}

/// A run that is stopped after any of its requests, and started again with the
/// same key, creates one batch, whether the provider processed the last request
/// or not.
#[test]
fn a_key_creates_one_batch_even_if_a_run_was_stopped() {
    let input = || with(two_questions(), json!({ "key": "order 4711/ä" }));
    let provider = Provider::default();
    let host = provider.host();
    host.run("createBatch", input()).unwrap();
    let steps: Vec<_> = host.requests().iter().map(Request::to_string).collect();
    assert_eq!(
        steps,
        [
            "GET /batches?limit=100",
            "GET /files?purpose=batch&order=desc&limit=1000",
            "POST /files",
            "POST /batches",
            "GET /batches?limit=100",
        ]
    );
    let first = provider.0.borrow().batches[0].clone();

    for (step, line) in steps.iter().enumerate() {
        for is_processed in [false, true] {
            let provider = Provider::default();
            provider.lose(step, is_processed);
            let stopped = provider.run(input());
            // The last request only looks for other batches.
            let is_last = step + 1 == steps.len();
            assert_eq!(stopped.is_ok(), is_last, "{line}");
            let (files, batches) = provider.counts();

            // The batch, or else the file, is found.
            let again = provider.run(input()).unwrap();
            assert_eq!(provider.counts(), (1, 1), "{line}");
            assert_eq!(again.output["isNew"], batches == 0, "{line}");
            assert_eq!(again.output["id"], "batch_0", "{line}");
            assert_eq!(again.output["key"], "order 4711/ä");
            assert_eq!(provider.0.borrow().batches[0], first, "{line}");
            assert!(files >= batches);
            // And once more.
            assert_eq!(provider.run(input()).unwrap().output["isNew"], false, "{line}");
            assert_eq!(provider.counts(), (1, 1), "{line}");
        }
    }
}

#[test]
fn a_key_creates_one_batch_even_if_a_run_was_cancelled() {
    let input = || with(two_questions(), json!({ "key": "a" }));
    for events in 0..2 {
        let provider = Provider::default();
        let host = provider.host().cancelled_after(events);
        let failure = host.run("createBatch", input()).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Cancelled);
        provider.run(input()).unwrap();
        assert_eq!(provider.counts(), (1, 1), "{events}");
    }
}

#[test]
fn keeps_the_oldest_of_batches_created_at_the_same_time() {
    let input = || with(two_questions(), json!({ "key": "a" }));
    let provider = Provider::default();
    provider.run(input()).unwrap();
    // Another run, which looked for a batch before there was one.
    let other = provider.0.borrow().batches[0].clone();
    provider.0.borrow_mut().batches.clear();
    let state = Rc::clone(&provider.0);
    let host = Host::new(&CONNECTOR).provider(move |request| {
        if request.to_string() == "POST /batches" {
            let mut other = other.clone();
            other["id"] = "batch_other".into();
            state.borrow_mut().batches.push(other);
        }
        state.borrow_mut().answer(request)
    });
    let outcome = host.run("createBatch", input()).unwrap();
    assert_eq!(
        (&outcome.output["id"], &outcome.output["isNew"]),
        (&json!("batch_other"), &json!(false))
    );
    let last = host.requests().pop().unwrap();
    assert_eq!(last.to_string(), "POST /batches/batch_1/cancel");
    let states: Vec<_> =
        provider.0.borrow().batches.iter().map(|batch| batch["status"].clone()).collect();
    assert_eq!(states, ["validating", "cancelling"]);
    // A later run also finds the oldest.
    assert_eq!(provider.run(input()).unwrap().output["id"], "batch_other");
}

#[test]
fn a_key_belongs_to_its_inputs() {
    let provider = Provider::default();
    provider.run(with(two_questions(), json!({ "key": "a" }))).unwrap();
    let other = json!({ "inputs": [ask("Hi")], "key": "a" });
    let failure = provider.run(other.clone()).unwrap_err();
    assert_eq!(
        (failure.kind, failure.property.as_deref()),
        (FailureKind::InvalidInput, Some("key"))
    );
    assert!(failure.message.contains("`batch_0`"), "{failure}");
    assert_eq!(provider.counts(), (1, 1));
    // A different key, or none, is a different batch.
    provider.run(with(other.clone(), json!({ "key": "b" }))).unwrap();
    provider.run(with(other, json!({ "key": " " }))).unwrap();
    assert_eq!(provider.counts(), (3, 3));
    let names: BTreeSet<_> =
        provider.0.borrow().files.iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(names.len(), 3, "{names:?}");
}

#[test]
fn searches_several_pages_for_a_key() {
    let page = |from: usize, key: &str, has_more: bool| {
        let batch = |number: usize| json!({ "id": format!("batch_{number}"), "status": "completed", "metadata": null });
        let mut data: Vec<_> = (from..from + 2).map(batch).collect();
        data[1]["metadata"] = json!({ "idempotency_key": key });
        Answer::json(200, json!({ "data": data, "has_more": has_more }))
    };
    let input = with(two_questions(), json!({ "key": "b" }));
    let host = Host::new(&CONNECTOR).answer(page(0, "a", true)).answer(page(2, "b", false));
    let outcome = host.run("createBatch", input.clone()).unwrap();
    assert_eq!(outcome.output["id"], "batch_3");
    let paths: Vec<_> = host.requests().iter().map(Request::to_string).collect();
    assert_eq!(paths, ["GET /batches?limit=100", "GET /batches?limit=100&after=batch_1"]);

    // The search is limited.
    let host = Host::new(&CONNECTOR).provider(move |request| match request.method.as_str() {
        "GET" => page(0, "a", true),
        _ => Answer::json(200, json!({ "id": "x", "status": "validating" })),
    });
    host.run("createBatch", input).unwrap();
    assert!(host.requests().len() < 2_000);
}

#[test]
fn malformed_responses_are_failures() {
    for body in [json!(null), json!({}), json!([]), json!({ "id": 7 }), json!({ "id": "batch_1" })]
    {
        let host = Host::new(&CONNECTOR)
            .answer(Answer::json(200, json!({ "id": "file-1" })))
            .answer(Answer::json(200, body.clone()));
        let failure = host.run("createBatch", two_questions()).unwrap_err();
        assert_eq!(failure.kind, FailureKind::InvalidOutput, "{body}");
        assert_eq!(failure.message, "the provider returned no batch", "{body}");
        assert!(failure.request_sent);
    }
    let no_file = Host::new(&CONNECTOR).answer(Answer::json(200, json!({ "bytes": 1 })));
    let failure = no_file.run("createBatch", two_questions()).unwrap_err();
    assert_eq!(failure.message, "the provider returned no file");
    let no_list = Host::new(&CONNECTOR).answer(Answer::json(200, json!({ "data": "x" })));
    let failure = no_list.run("listBatches", json!({})).unwrap_err();
    assert_eq!(failure.message, "the provider returned no list");
    let error = json!({ "error": { "message": "Slow down", "code": "rate_limit_exceeded" } });
    let limited = Host::new(&CONNECTOR).answer(Answer::json(200, error));
    assert_eq!(
        limited.run("getBatch", json!({ "batchId": "batch_1" })).unwrap_err().kind,
        FailureKind::RateLimited
    );
    let wrong = json!({ "error": { "message": "Bad", "param": "output_expires_after.seconds" } });
    let host = Host::new(&CONNECTOR)
        .answer(Answer::json(200, json!({ "id": "file-1" })))
        .answer(Answer::json(400, wrong));
    let failure = host.run("createBatch", two_questions()).unwrap_err();
    assert_eq!(failure.property.as_deref(), Some("outputExpiresAfter.seconds"));
}

/// A batch with this status and members.
fn batch(status: &str, members: Value) -> Answer {
    let batch = json!({
        "id": "batch_1", "object": "batch", "endpoint": "/v1/chat/completions",
        "input_file_id": "file-in", "status": status, "created_at": 7,
    });
    Answer::json(200, with(batch, members)).header("x-request-id", "req_1")
}

/// Runs `getBatch` for a batch that ended with these files of results.
fn results(status: &str, members: Value, output: Option<&str>, errors: Option<&str>) -> Outcome {
    let host = host_with(status, members, output, errors);
    host.run("getBatch", json!({ "batchId": "batch_1" })).unwrap()
}

fn host_with(status: &str, members: Value, output: Option<&str>, errors: Option<&str>) -> Host {
    let ids = json!({
        "output_file_id": output.map(|_| "file-out"), "error_file_id": errors.map(|_| "file-err"),
    });
    let files = [output, errors].into_iter().flatten();
    let host = Host::new(&CONNECTOR).answer(batch(status, with(members, ids)));
    files.fold(host, |host, file| host.answer(Answer::content(200, "application/jsonl", file)))
}

fn counts(total: usize) -> Value {
    json!({ "request_counts": { "total": total, "completed": total, "failed": 0 } })
}

/// A line with a response.
fn line(custom_id: &str, status: u16, body: Value) -> String {
    let response = json!({ "status_code": status, "request_id": "req_9", "body": body });
    let line = json!({
        "id": "batch_req_1", "custom_id": custom_id, "response": response, "error": null,
    });
    format!("{line}\n")
}

/// A line without a response.
fn unprocessed(custom_id: &str, code: &str) -> String {
    let error = json!({ "code": code, "message": "This request could not be executed." });
    let line = json!({
        "id": "batch_req_1", "custom_id": custom_id, "response": null, "error": error,
    });
    format!("{line}\n")
}

fn answer(text: &str) -> Value {
    json!({
        "model": "gpt-5.4-2026", "usage": { "total_tokens": 9 },
        "choices": [{ "finish_reason": "stop", "message": { "role": "assistant", "content": text } }],
    })
}

#[test]
fn returns_the_status_of_a_batch() {
    let members = json!({
        "status": "failed", "model": "gpt-5.4", "metadata": {
            "idempotency_key": "a", "inputs_digest": "0", "project": "sky",
        },
        "errors": { "object": "list", "data": [
            { "code": "invalid_json_line", "message": "No JSON.", "param": null, "line": 2 }, {},
        ] },
        "request_counts": { "total": 2, "completed": 0, "failed": 2 },
        "usage": { "input_tokens": 3, "total_tokens": 3 },
        "expires_at": 9, "failed_at": 8, "cancelled_at": null,
    });
    let host = Host::new(&CONNECTOR).answer(batch("failed", members));
    let Outcome { output, metadata } =
        host.run("getBatch", json!({ "batchId": "batch_1" })).unwrap();
    assert_eq!(
        output,
        json!({
            "id": "batch_1", "status": "failed", "hasEnded": true, "action": "ask",
            "endpoint": "/v1/chat/completions",
            "counts": { "total": 2, "completed": 0, "failed": 2 },
            "errors": [
                { "code": "invalid_json_line", "message": "No JSON.", "line": 2 },
                { "message": "no explanation" },
            ],
            "key": "a", "metadata": { "project": "sky" }, "inputFileId": "file-in",
            "createdAt": 7, "expiresAt": 9, "failedAt": 8, "resultFiles": [], "providerFiles": [],
        })
    );
    assert_eq!(
        json!(metadata),
        json!({
            "model": "gpt-5.4", "usage": { "inputTokens": 3, "totalTokens": 3 }, "requestId": "req_1",
        })
    );
    assert_eq!(host.requests().len(), 1);
}

#[test]
fn results_are_in_the_order_of_the_inputs() {
    let output = [
        line("input-2-list", 200, answer("{\"items\": [1, 2]}")),
        line("input-0", 200, answer("Because of the air.")),
        line("input-1-object", 200, answer("```json\n{\"a\": 1}\n```")),
        line("input-4-several", 200, answer("One of one")),
    ];
    let error = json!({ "error": { "message": "Too long.", "param": "messages.[0].content" } });
    let errors = [line("input-3", 400, error)];
    let Outcome { output, .. } =
        results("completed", counts(5), Some(&output.concat()), Some(&errors.concat()));
    let metadata = json!({
        "model": "gpt-5.4-2026", "usage": { "totalTokens": 9 }, "finishReasons": ["stop"],
        "requestId": "req_9",
    });
    assert_eq!(
        output["results"],
        json!([
            { "index": 0, "output": "Because of the air.", "metadata": metadata },
            { "index": 1, "output": { "a": 1 }, "metadata": metadata },
            { "index": 2, "output": [1, 2], "metadata": metadata },
            { "index": 3, "failure": {
                "kind": "refused", "message": "Too long", "property": "messages", "status": 400,
                "requestId": "req_9",
            } },
            { "index": 4, "output": ["One of one"], "metadata": metadata },
        ])
    );
    assert_eq!((&output["resultFiles"], &output["providerFiles"]), (&json!([]), &json!([])));
}

#[test]
fn reads_results_over_responses_like_runs() {
    let reply = |text: &str| {
        let part = json!({ "type": "output_text", "text": text, "annotations": [] });
        let image = json!({
            "type": "image_generation_call", "id": "ig_1", "status": "completed",
            "result": "aGk=", "output_format": "webp",
        });
        json!({
            "id": "resp_1", "status": "completed", "model": "gpt-5.4-2026",
            "output": [image, { "type": "message", "role": "assistant", "content": [part] }],
            "usage": { "input_tokens": 4, "output_tokens": 5, "total_tokens": 9 },
        })
    };
    let output = [
        line("input-1-object", 200, reply("{\"a\": 1}")),
        line("input-0", 200, reply("Hi")),
        line("input-2", 200, json!({ "id": "resp_2" })),
    ];
    let members = with(counts(3), json!({ "endpoint": "/v1/responses" }));
    let host = host_with("completed", members, Some(&output.concat()), None);
    let Outcome { output, .. } = host.run("getBatch", json!({ "batchId": "batch_1" })).unwrap();
    assert_eq!(output["action"], "ask");
    let results = &output["results"];
    assert_eq!((&results[0]["output"], &results[1]["output"]), (&json!("Hi"), &json!({ "a": 1 })));
    let metadata = &results[0]["metadata"];
    for (name, expected) in [
        ("responseId", json!("resp_1")),
        ("model", json!("gpt-5.4-2026")),
        ("requestId", json!("req_9")),
        ("finishReasons", json!(["stop"])),
    ] {
        assert_eq!(metadata[name], expected, "{name}");
    }
    assert_eq!(metadata["usage"]["totalTokens"], 9);
    let file: FileEntry = serde_json::from_value(metadata["files"][0].clone()).unwrap();
    assert_eq!(file.mime_type, "image/webp");
    assert_eq!(host.content(&file).as_deref(), Some(&b"hi"[..]));
    assert_eq!(results[2]["failure"]["kind"], "invalid-output");
}

/// The kind and the message of each result's failure.
fn failures(outcome: &Outcome) -> Vec<(u64, &str, &str)> {
    let results = outcome.output["results"].as_array().unwrap();
    let failed = results.iter().filter(|result| result.get("failure").is_some());
    failed
        .map(|result| {
            let text = |name: &str| result["failure"][name].as_str().unwrap();
            (result["index"].as_u64().unwrap(), text("kind"), text("message"))
        })
        .collect()
}

#[test]
fn an_input_without_an_output_is_a_failure() {
    let output = [
        line("input-1", 200, answer("Hi")),
        line("input-2", 200, json!({ "choices": [] })),
        line("input-3", 200, json!(null)),
    ];
    let errors = [
        unprocessed("input-5", "batch_expired"),
        unprocessed("input-6", "batch_cancelled"),
        unprocessed("input-7", "rate_limit_exceeded"),
        "{\"custom_id\": \"input-8\"}\n".to_owned(),
        line("input-9", 500, json!({})),
    ];
    for (status, kind, message) in [
        ("expired", "timeout", "the batch expired before it processed this input"),
        ("cancelled", "cancelled", "the batch was cancelled before it processed this input"),
        ("completed", "invalid-output", "the provider returned no result for this input"),
    ] {
        let outcome = results(status, counts(11), Some(&output.concat()), Some(&errors.concat()));
        let no_answer = "the provider returned no answer";
        let not_executed = "This request could not be executed";
        assert_eq!(
            failures(&outcome),
            [
                (0, kind, message),
                (2, "invalid-output", no_answer),
                (3, "invalid-output", no_answer),
                (4, kind, message),
                (5, "timeout", not_executed),
                (6, "cancelled", not_executed),
                (7, "rate-limited", not_executed),
                (8, "invalid-output", "the provider returned no response for this input"),
                (9, "unavailable", "the provider returned status 500 without an explanation"),
                (10, kind, message),
            ]
        );
        let indexes: Vec<_> = outcome.output["results"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["index"].as_u64().unwrap())
            .collect();
        assert_eq!(indexes, (0..11).collect::<Vec<_>>());
    }
}

#[test]
fn a_batch_that_was_cancelled_immediately_has_no_files() {
    let outcome = results("cancelled", counts(2), None, None);
    let message = "the batch was cancelled before it processed this input";
    assert_eq!(failures(&outcome), [(0, "cancelled", message), (1, "cancelled", message)]);
}

#[test]
fn batches_created_elsewhere_keep_the_order_of_their_files() {
    let output = [line("b", 200, answer("B")), "no JSON\n".to_owned(), line("a", 200, answer("A"))];
    let Outcome { output, .. } = results("completed", counts(9), Some(&output.concat()), None);
    let results = output["results"].as_array().unwrap();
    let shown: Vec<_> =
        results.iter().map(|one| (one["customId"].as_str(), one["output"].as_str())).collect();
    assert_eq!(shown, [(Some("b"), Some("B")), (None, None), (Some("a"), Some("A"))]);
    assert_eq!(results[1]["failure"]["message"], "the provider's result is not JSON");

    // The position is not trusted.
    let hostile = line("input-4000000000", 200, answer("Hi"));
    let Outcome { output, .. } = self::results("completed", counts(9), Some(&hostile), None);
    assert_eq!(output["results"].as_array().unwrap().len(), 1);

    // An endpoint that no action uses.
    let members = json!({ "endpoint": "/v1/completions" });
    let line = line("a", 200, json!({ "choices": [{ "text": "Hi" }] }));
    let Outcome { output, .. } = self::results("completed", members, Some(&line), None);
    assert_eq!(output.get("action"), None);
    assert_eq!(
        output["results"],
        json!([{
            "customId": "a", "output": { "choices": [{ "text": "Hi" }] },
            "metadata": { "requestId": "req_9" },
        }])
    );
}

#[test]
fn images_in_results_are_stored() {
    let image = |count: usize| {
        let data = vec![json!({ "b64_json": "aGk=" }); count];
        json!({ "created": 7, "output_format": "webp", "data": data, "usage": { "total_tokens": 9 } })
    };
    let output = [
        line("input-1-base64", 200, image(2)),
        line("input-0", 200, image(1)),
        line("input-2", 200, json!({})),
    ];
    let members =
        with(counts(3), json!({ "endpoint": "/v1/images/generations", "model": "gpt-image-2" }));
    let host = host_with("completed", members, Some(&output.concat()), None);
    let Outcome { output, .. } = host.run("getBatch", json!({ "batchId": "batch_1" })).unwrap();
    assert_eq!(output["action"], "createImage");
    let results = &output["results"];
    for (index, count, base64) in [(0, 1, None), (1, 2, Some("aGk="))] {
        let output = &results[index]["output"];
        let files = output["files"].as_array().unwrap();
        assert_eq!(files.len(), count);
        for (file, image) in files.iter().zip(output["data"].as_array().unwrap()) {
            let entry: FileEntry = serde_json::from_value(file.clone()).unwrap();
            assert_eq!(
                (entry.name.as_str(), entry.mime_type.as_str()),
                ("image.webp", "image/webp")
            );
            assert_eq!(host.content(&entry).as_deref(), Some(&b"hi"[..]));
            assert_eq!(image["url"], entry.url);
            assert_eq!(image.get("b64Json").and_then(Value::as_str), base64);
        }
        assert_eq!(
            results[index]["metadata"],
            json!({
                "model": "gpt-image-2", "usage": { "totalTokens": 9 }, "requestId": "req_9",
            })
        );
    }
    assert_eq!(results[2]["failure"]["message"], "the provider returned no image");
}

#[test]
fn reads_vectors_and_findings_like_runs() {
    let vectors = |first: f32| {
        let item = |index: usize| json!({ "index": index, "embedding": [first, index] });
        json!({ "data": [item(1), item(0)], "usage": { "prompt_tokens": 9, "total_tokens": 9 } })
    };
    let output = [
        line("input-1-texts2-files", 200, vectors(2.0)),
        line("input-0-texts2", 200, vectors(1.0)),
        line("input-2-texts3", 200, vectors(3.0)),
        line("elsewhere", 200, vectors(4.0)),
    ];
    let members = json!({ "endpoint": "/v1/embeddings", "model": "text-embedding-3-small" });
    let host = host_with("completed", members, Some(&output.concat()), None);
    let Outcome { output, .. } = host.run("getBatch", json!({ "batchId": "batch_1" })).unwrap();
    assert_eq!(output["action"], "createEmbeddings");
    let results = &output["results"];
    let in_output = json!({ "vectors": [[1.0, 0.0], [1.0, 1.0]], "dimensions": 2, "files": [] });
    assert_eq!(results[0]["output"], in_output);
    assert_eq!(
        results[0]["metadata"],
        json!({
            "model": "text-embedding-3-small", "requestIds": ["req_9"],
            "usage": { "promptTokens": 9, "totalTokens": 9 },
        })
    );
    assert_eq!(results[1]["output"]["vectors"], json!([]));
    let stored = stored_lines(&host, &results[1]["output"]["files"]);
    assert_eq!(stored[1], json!({ "index": 1, "vector": [2.0, 1.0] }));
    let message = "the provider returned 2 vectors instead of 3";
    assert_eq!(results[2]["failure"]["message"], message);
    assert_eq!(results[3]["output"]["vectors"][1], json!([4.0, 1.0]));

    let found = |flags: &[bool]| {
        let result = |flagged: &bool| json!({ "flagged": flagged, "categories": {} });
        let results: Vec<_> = flags.iter().map(result).collect();
        json!({ "model": "omni-moderation-2024-09-26", "results": results })
    };
    let output = [
        line("input-0-texts2", 200, found(&[false, true])),
        line("input-1-image", 200, found(&[true])),
        line("input-2-url", 200, found(&[true])),
        line("input-3-combined", 200, found(&[true])),
        line("input-4-texts2", 200, found(&[true])),
        line("elsewhere", 200, found(&[true, false])),
    ];
    let members = json!({ "endpoint": "/v1/moderations" });
    let Outcome { output, .. } = results_of(members, &output.concat());
    let sources = |index: usize| -> Vec<Value> {
        let results = output["results"][index]["output"]["results"].as_array().unwrap();
        results.iter().map(|result| result["source"].clone()).collect()
    };
    assert_eq!(sources(0), ["input[0]", "input[1]"]);
    assert_eq!(output["results"][0]["output"]["flagged"], true);
    assert_eq!(output["results"][0]["metadata"]["model"], "omni-moderation-2024-09-26");
    assert_eq!((sources(1), sources(2)), (vec!["images[0]".into()], vec!["imageUrls[0]".into()]));
    assert_eq!(sources(3), [Value::Null]);
    let message = "the provider returned 1 results instead of 2";
    assert_eq!(output["results"][4]["failure"]["message"], message);
    assert_eq!(sources(5), [Value::Null, Value::Null]);
}

/// Runs `getBatch` for a completed batch with these responses.
fn results_of(members: Value, output: &str) -> Outcome {
    results("completed", members, Some(output), None)
}

/// The lines of stored files.
fn stored_lines(host: &Host, files: &Value) -> Vec<Value> {
    let entries: Vec<FileEntry> = serde_json::from_value(files.clone()).unwrap();
    let content = |entry| String::from_utf8(host.content(entry).unwrap()).unwrap();
    entries.iter().flat_map(|entry| lines(&content(entry))).collect()
}

#[test]
fn results_over_one_mebibyte_are_stored_in_a_file() {
    let text = "a".repeat(100_000);
    for (count, is_file) in [(10, false), (11, true)] {
        let output: String =
            (0..count).rev().map(|at| line(&format!("input-{at}"), 200, answer(&text))).collect();
        let host = host_with("completed", counts(count), Some(&output), None);
        let Outcome { output, .. } = host.run("getBatch", json!({ "batchId": "batch_1" })).unwrap();
        assert_eq!(output.get("results").is_none(), is_file, "{count}");
        let files = output["resultFiles"].as_array().unwrap();
        assert_eq!(files.len(), usize::from(is_file));
        assert_eq!(output["providerFiles"], json!([]));
        if is_file {
            assert_eq!(files[0]["name"], "batch_1-results.jsonl");
            let lines = stored_lines(&host, &output["resultFiles"]);
            let indexes: Vec<_> =
                lines.iter().map(|line| line["index"].as_u64().unwrap()).collect();
            assert_eq!(indexes, (0..11).collect::<Vec<_>>());
            assert!(lines.iter().all(|line| line["output"] == text));
        }
    }
}

#[test]
fn results_of_50_megabytes_are_read_in_pieces() {
    let text = "ä".repeat(5_000);
    let order = (0..5_000).map(|at| (at * 7) % 5_000);
    let output: String =
        order.map(|at| line(&format!("input-{at}"), 200, answer(&format!("{at}{text}")))).collect();
    assert!(output.len() > 50_000_000);
    for length in [Some(output.len().to_string()), None] {
        let members = with(counts(5_000), json!({ "output_file_id": "file-out" }));
        let file = Answer::content(200, "application/jsonl", output.clone());
        let host = Host::new(&CONNECTOR).answer(batch("completed", members));
        let host = match &length {
            Some(length) => host.answer(file.header("content-length", length)),
            // A part is read before the length is known.
            None => host.answer(file.clone()).answer(file),
        };
        let Outcome { output, .. } = host.run("getBatch", json!({ "batchId": "batch_1" })).unwrap();
        assert_eq!(output["providerFiles"].as_array().unwrap().len(), 1);
        let names: Vec<_> = output["resultFiles"]
            .as_array()
            .unwrap()
            .iter()
            .map(|file| file["name"].as_str().unwrap())
            .collect();
        assert_eq!(
            names,
            [1, 2, 3, 4].map(|part| match part {
                1 => "batch_1-results.jsonl".to_owned(),
                part => format!("batch_1-results-{part}.jsonl"),
            })
        );
        let lines = stored_lines(&host, &output["resultFiles"]);
        assert_eq!(lines.len(), 5_000);
        for (at, line) in lines.iter().enumerate() {
            assert_eq!(line["index"], at);
            assert!(line["output"].as_str().unwrap().starts_with(&format!("{at}ä")), "{at}");
        }
    }
}

#[test]
fn a_result_that_is_too_long_is_a_failure() {
    let long = line("input-0", 200, answer(&"a".repeat(17 << 20)));
    let output = [line("input-1", 200, answer("Hi")), long].concat();
    let members = with(counts(2), json!({ "output_file_id": "file-out" }));
    let length = output.len().to_string();
    let file = Answer::content(200, "application/jsonl", output).header("content-length", &length);
    let host = Host::new(&CONNECTOR).answer(batch("completed", members)).answer(file);
    let Outcome { output, .. } = host.run("getBatch", json!({ "batchId": "batch_1" })).unwrap();
    let results = output["results"].as_array().unwrap();
    assert!(results.iter().any(|one| one["output"] == "Hi"));
    assert!(results.iter().any(|one| one["failure"]["kind"] == "too-large"));
}

#[test]
fn waits_until_the_batch_has_ended() {
    let done = |completed: u64| json!({ "request_counts": { "total": 2, "completed": completed, "failed": 0 } });
    let down = || Answer::json(503, json!({ "error": { "message": "Down" } }));
    let host = Host::new(&CONNECTOR)
        .answer(batch("validating", json!({})))
        .answer(batch("in_progress", done(1)))
        .answer(down())
        .answer(batch("in_progress", done(2)))
        .answer(batch("cancelled", done(2)));
    let Outcome { output, .. } =
        host.run("getBatch", json!({ "batchId": "batch_1", "wait": true })).unwrap();
    assert_eq!(output["status"], "cancelled");
    let pauses: Vec<_> = host.pauses().iter().map(Duration::as_millis).collect();
    assert_eq!(pauses, [2_000, 3_000, 4_500, 6_750]);
    let events = host.events();
    let of = |kind: &str| events.iter().filter(|event| event["event"] == kind).collect::<Vec<_>>();
    let states: Vec<_> = of("status").iter().map(|event| event["status"].clone()).collect();
    assert_eq!(states, ["validating", "in_progress"]);
    let last = of("progress").last().cloned().cloned();
    assert_eq!(
        last,
        Some(json!({ "event": "progress", "unit": "requests", "done": 2, "total": 2 }))
    );
}

#[test]
fn waits_no_longer_than_requested() {
    let waiting = || Host::new(&CONNECTOR).provider(|_| batch("in_progress", json!({})));
    let get = |host: &Host, members: Value| {
        host.run("getBatch", with(json!({ "batchId": "batch_1", "wait": true }), members))
    };
    let host = waiting();
    let Outcome { output, .. } = get(&host, json!({ "maxWait": 10 })).unwrap();
    assert_eq!((&output["status"], &output["hasEnded"]), (&json!("in_progress"), &json!(false)));
    assert_eq!(output.get("results"), None);
    let pauses = host.pauses();
    assert_eq!(pauses.iter().sum::<Duration>().as_secs_f64().round(), 600.0);
    assert!(pauses.iter().all(|pause| *pause <= Duration::from_secs(120)));

    let host = waiting();
    get(&host, json!({ "maxWait": 1_440 })).unwrap();
    assert!(host.requests().len() < 900, "the host's limit is 1,000 requests");

    let host = waiting().cancelled_after(2);
    assert_eq!(get(&host, json!({})).unwrap_err().kind, FailureKind::Cancelled);
    let host = waiting();
    host.run("getBatch", json!({ "batchId": "batch_1" })).unwrap();
    assert_eq!((host.pauses().len(), host.requests().len()), (0, 1));
}

#[test]
fn gives_up_if_the_provider_stays_down() {
    let down = |status: u16| Answer::json(status, json!({ "error": { "message": "Down" } }));
    let mut host = Host::new(&CONNECTOR).answer(batch("validating", json!({})));
    for _ in 0..6 {
        host = host.answer(down(503));
    }
    let get = json!({ "batchId": "batch_1", "wait": true });
    assert_eq!(host.run("getBatch", get.clone()).unwrap_err().kind, FailureKind::Unavailable);
    assert_eq!(host.requests().len(), 7);
    // Other failures are not temporary.
    let host = Host::new(&CONNECTOR).answer(batch("validating", json!({}))).answer(down(401));
    assert_eq!(host.run("getBatch", get).unwrap_err().kind, FailureKind::Unauthorized);
}

#[test]
fn cancels_a_batch_once() {
    let cancel = |host: &Host| host.run("cancelBatch", json!({ "batchId": " batch_1 " }));
    let paths =
        |host: &Host| -> Vec<String> { host.requests().iter().map(Request::to_string).collect() };
    let host = Host::new(&CONNECTOR)
        .answer(batch("in_progress", json!({})))
        .answer(batch("cancelling", json!({})));
    assert_eq!(cancel(&host).unwrap().output["status"], "cancelling");
    assert_eq!(paths(&host), ["GET /batches/batch_1", "POST /batches/batch_1/cancel"]);
    for status in ["cancelling", "cancelled"] {
        let host = Host::new(&CONNECTOR).answer(batch(status, json!({})));
        assert_eq!(cancel(&host).unwrap().output["status"], status);
        assert_eq!(paths(&host), ["GET /batches/batch_1"]);
    }
    for status in ["completed", "failed", "expired"] {
        let host = Host::new(&CONNECTOR).answer(batch(status, json!({})));
        let failure = cancel(&host).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Refused);
        assert_eq!(
            failure.message,
            format!("the batch cannot be cancelled: it is already {status}")
        );
    }
}

#[test]
fn an_unknown_batch_does_not_suggest_a_wrong_base_url() {
    let error =
        json!({ "error": { "message": "No batch found with id 'batch_1'.", "code": null } });
    let host = Host::new(&CONNECTOR).answer(Answer::json(404, error));
    let failure = host.run("getBatch", json!({ "batchId": "batch_1" })).unwrap_err();
    assert_eq!(failure.kind, FailureKind::NotFound);
    assert_eq!(failure.message, "No batch found with id 'batch_1'");
}

#[test]
fn an_id_cannot_reach_another_path() {
    for action in ["getBatch", "cancelBatch"] {
        for id in [
            "../files", "a/b", "a?b", "a#b", "a%2fb", "a\\b", "", " ", ".", "..", "a\nb", "a b",
            "ä",
        ] {
            let host = Host::new(&CONNECTOR);
            let failure: Failure = host.run(action, json!({ "batchId": id })).unwrap_err();
            assert_eq!(failure.kind, FailureKind::InvalidInput, "{id:?}");
            assert_eq!(failure.property.as_deref(), Some("batchId"), "{id:?}");
            assert!(host.requests().is_empty(), "{id:?}");
        }
    }
    // Nor do the IDs of files in a response.
    let members = json!({ "output_file_id": "../models?a" });
    let host = Host::new(&CONNECTOR).answer(batch("completed", members)).answer(Answer::content(
        200,
        "application/jsonl",
        "",
    ));
    host.run("getBatch", json!({ "batchId": "batch_1" })).unwrap();
    assert_eq!(host.requests()[1].path, "/files/..%2Fmodels%3Fa/content");
}

#[test]
fn lists_batches() {
    let page = |ids: [&str; 2], has_more: bool| {
        let batch = |id| json!({ "id": id, "status": "completed" });
        Answer::json(200, json!({ "data": ids.map(batch), "has_more": has_more }))
    };
    let host = Host::new(&CONNECTOR).answer(page(["a", "b"], true)).answer(page(["c", "d"], true));
    let input = json!({ "limit": 3, "after": "z" });
    let Outcome { output, .. } = host.run("listBatches", input).unwrap();
    let ids: Vec<_> = output.as_array().unwrap().iter().map(|one| one["id"].clone()).collect();
    assert_eq!(ids, ["a", "b", "c"]);
    let paths: Vec<_> = host.requests().iter().map(Request::to_string).collect();
    assert_eq!(paths, ["GET /batches?limit=3&after=z", "GET /batches?limit=3&after=b"]);
}

#[test]
fn offers_the_newest_batches() {
    let batches = json!([
        {
            "id": "batch_2", "status": "in_progress",
            "request_counts": { "total": 9, "completed": 3, "failed": 1 },
            "metadata": { "idempotency_key": "reviews" },
        },
        { "id": "batch_1", "status": "completed" },
    ]);
    for action in ["getBatch", "cancelBatch"] {
        let list = Answer::json(200, json!({ "data": batches, "has_more": false }));
        let host = Host::new(&CONNECTOR).answer(list.clone()).answer(list);
        let options = host.options(action, "batchId", json!({}), "").unwrap();
        let shown: Vec<_> =
            options.options.iter().map(|item| (item.label.as_str(), &item.value)).collect();
        assert_eq!(
            shown,
            [
                ("batch_2 (reviews): in_progress, 3 of 9, 1 failed", &json!("batch_2")),
                ("batch_1: completed, 0 of 0", &json!("batch_1")),
            ]
        );
        let found = host.options(action, "batchId", json!({}), "REVIEWS").unwrap();
        assert_eq!(found.options.len(), 1);
    }
}
