//! Ask over the Responses API, compared with Chat Completions; responses in the
//! background; and reasoning that the provider does not store.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use connector_host::{
    Cancellation, Event, Failure, FailureKind, Files, Functions, Limits, Outcome,
};
use connector_tests::{HANG, connection, in_repository, openai, sandbox};
use openai_sandbox::{Fault, Sandbox};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Runs Ask with the minimal input and these additional properties.
fn ask(
    sandbox: &Sandbox,
    folder: &Path,
    more: &Value,
    streaming: bool,
) -> (Result<Outcome, Failure>, Vec<Event>) {
    let connector = openai();
    let mut input = json!({ "messages": [{ "role": "user", "content": "Which city?" }] });
    for (name, value) in more.as_object().unwrap() {
        input[name] = value.clone();
    }
    let events = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&events);
    let files = Files::new(folder);
    let table = &connector.descriptor().action("ask").unwrap().properties;
    files.grant_named_in(table, &input);
    let result = connector
        .run("ask", input)
        .connection(&connection(&connector, sandbox))
        .files(&files)
        .functions(&functions())
        .streaming(streaming)
        .on_event(move |event| keep.lock().unwrap().push(event))
        .start();
    let events = std::mem::take(&mut *events.lock().unwrap());
    (result, events)
}

fn functions() -> Functions {
    let place = json!({
        "type": "object", "properties": { "place": { "type": "string" } }, "required": ["place"],
    });
    let closed = |_| Err(Failure::new(FailureKind::Network, "it is closed"));
    Functions::new()
        .with("weather", "The weather.", place, |_| Ok(json!({ "degrees": 21.5 })))
        .with("closed", "Always fails.", json!({ "type": "object" }), closed)
}

fn text(events: &[Event]) -> String {
    let text = |event: &Event| match event {
        Event::TextDelta { text, .. } => Some(text.clone()),
        _ => None,
    };
    events.iter().filter_map(text).collect()
}

/// A schema that strict mode accepts.
const CITY: &str = r#"{
    "type": "object",
    "properties": { "city": { "type": "string" } },
    "required": ["city"],
    "additionalProperties": false
}"#;

#[test]
fn both_apis_return_the_same() {
    let (sandbox, folder) = (sandbox(), TempDir::new().unwrap());
    let sample = |name: &str| {
        let path = in_repository("tests/sandbox/samples").join(name);
        json!({ "url": format!("file://{}", path.display()) })
    };
    let every_role = json!([
        { "role": "system", "content": "You know cities." },
        { "role": "developer", "content": "Be brief." },
        { "role": "tool", "content": "Graz: 21 °C" },
        { "role": "assistant", "content": "Graz." },
        { "role": "user", "content": "And another?" },
    ]);
    for more in [
        json!({}),
        json!({ "messages": every_role }),
        json!({ "model": "gpt-4o", "temperature": 0.5, "topP": 1 }),
        json!({ "model": "o4-mini", "reasoningEffort": "low" }),
        json!({ "maxTokens": 16 }),
        json!({ "verbosity": "low", "serviceTier": "flex" }),
        json!({ "store": true, "metadata": { "run": "1" } }),
        json!({ "user": "u", "safetyIdentifier": "s", "promptCacheKey": "k" }),
        json!({ "logprobs": true, "topLogprobs": 2 }),
        json!({ "responseFormat": 1 }),
        json!({ "responseFormat": 2 }),
        json!({ "responseFormat": 1, "responseSchema": CITY }),
        json!({ "responseFormat": 2, "responseSchema": CITY }),
        json!({ "responseFormat": 1, "responseSchema": r#"{"type": "object"}"# }),
        json!({ "responseFormat": 1, "maxTokens": 16, "messages": every_role }),
        json!({ "functions": ["weather"] }),
        json!({ "functions": ["weather", "closed"] }),
        json!({ "functions": ["weather", "closed"], "parallelFunctionCalls": false }),
        json!({ "functions": ["closed"], "toolChoice": "required" }),
        json!({
            "functions": ["weather", "closed"],
            "messages": [{ "role": "user", "content": "How warm is it? rounds: 3" }],
        }),
        json!({ "functions": ["weather"], "responseFormat": 1, "responseSchema": CITY }),
        json!({ "attachments": [sample("picture.jpeg")], "imageDetail": "low" }),
    ] {
        for streaming in [false, true] {
            let run = |api: &str| {
                let mut more = more.clone();
                more["api"] = api.into();
                let (result, events) = ask(&sandbox, folder.path(), &more, streaming);
                let result = result.map(|mut outcome| {
                    // What differs from run to run, and what only one API has.
                    outcome.metadata.remove("requestId");
                    outcome.metadata.remove("durationMs");
                    let id = outcome.metadata.remove("responseId");
                    assert_eq!(id.is_some(), api == "responses", "{more}");
                    (outcome.output, outcome.metadata)
                });
                (result.map_err(|failure| (failure.kind, failure.message)), text(&events))
            };
            assert_eq!(run("chat_completions"), run("responses"), "{more}, {streaming}");
        }
    }
}

#[test]
fn encrypted_reasoning_is_sent_back_unchanged() {
    let (sandbox, folder) = (sandbox(), TempDir::new().unwrap());
    for streaming in [false, true] {
        sandbox.clear();
        let more = json!({
            "api": "responses", "store": false, "functions": ["weather", "closed"],
        });
        // The sandbox rejects reasoning that is missing or was changed.
        let (result, _) = ask(&sandbox, folder.path(), &more, streaming);
        assert!(result.unwrap().output.as_str().unwrap().contains("21.5"));
        let requests = sandbox.requests();
        let bodies: Vec<_> = requests.iter().map(|request| request.json().unwrap()).collect();
        assert_eq!(bodies.len(), 2);
        let types: Vec<_> = bodies[1]["input"].as_array().unwrap().iter().collect();
        let types: Vec<_> = types.iter().map(|item| item["type"].as_str()).collect();
        assert_eq!(
            types,
            [
                None,
                Some("reasoning"),
                Some("function_call"),
                Some("function_call"),
                Some("function_call_output"),
                Some("function_call_output"),
            ]
        );
        assert!(bodies.iter().all(|body| body["store"] == false), "{bodies:?}");
    }
}

/// Every request repeats all earlier items, and adds those of the latest response
/// with the results of its calls.
#[test]
fn encrypted_reasoning_of_three_rounds_goes_back() {
    let (sandbox, folder) = (sandbox(), TempDir::new().unwrap());
    let question = "How warm is it? rounds: 3";
    for streaming in [false, true] {
        sandbox.clear();
        let more = json!({
            "api": "responses", "store": false, "functions": ["weather", "closed"],
            "messages": [{ "role": "user", "content": question }],
        });
        let (result, events) = ask(&sandbox, folder.path(), &more, streaming);
        let outcome = result.unwrap();
        let answer = outcome.output.as_str().unwrap();
        assert!(answer.contains("21.5") && answer.contains("it is closed"), "{answer}");
        assert_eq!(text(&events), if streaming { answer } else { "" });
        let bodies: Vec<Value> =
            sandbox.requests().iter().map(|request| request.json().unwrap().clone()).collect();
        let inputs: Vec<_> = bodies.iter().map(|body| body["input"].as_array().unwrap()).collect();
        assert_eq!(inputs.len(), 4);
        assert_eq!(inputs[0].len(), 1);
        for (round, pair) in inputs.windows(2).enumerate() {
            let (earlier, added) = pair[1].split_at(pair[0].len());
            assert_eq!(earlier, pair[0].as_slice(), "{round}");
            let thought = match round {
                0 => format!("sandbox reasoning about: {question}"),
                _ => format!("sandbox reasoning about: round {round}: {question}"),
            };
            let ids = [0, 1].map(|index| match round {
                0 => format!("call_0_{index}"),
                _ => format!("call_0_{round}_{index}"),
            });
            let [reasoning, weather, closed, degrees, error] = added else { panic!("{added:?}") };
            assert_eq!(reasoning["encrypted_content"], STANDARD.encode(thought), "{round}");
            for (call, name, id) in [(weather, "weather", &ids[0]), (closed, "closed", &ids[1])] {
                let expected = ("function_call", name, id.as_str());
                let member = |member: &str| call[member].as_str().unwrap();
                assert_eq!((member("type"), member("name"), member("call_id")), expected);
            }
            for (result, words, id) in
                [(degrees, "21.5", &ids[0]), (error, "it is closed", &ids[1])]
            {
                assert_eq!(
                    (&result["type"], &result["call_id"]),
                    (&json!("function_call_output"), &json!(id))
                );
                assert!(result["output"].as_str().unwrap().contains(words), "{result}");
            }
        }
        for body in &bodies {
            assert_eq!(body["store"], false);
            assert_eq!(body["include"], json!(["reasoning.encrypted_content"]));
        }
    }
}

#[test]
fn waits_for_a_response_in_the_background() {
    let (sandbox, folder) = (sandbox(), TempDir::new().unwrap());
    let more = json!({ "api": "responses", "background": true });
    let (result, events) = ask(&sandbox, folder.path(), &more, false);
    let outcome = result.unwrap();
    assert!(outcome.output.as_str().unwrap().starts_with("Sandbox answer"), "{outcome:?}");
    let reported: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Metadata { metadata } => Some(metadata["responseId"].clone()),
            Event::Status { text } => Some(json!(text)),
            _ => None,
        })
        .collect();
    let id = outcome.metadata["responseId"].clone();
    assert_eq!(reported, [id, json!("queued"), json!("in progress")]);
    let methods: Vec<_> = sandbox.requests().iter().map(|it| it.method.clone()).collect();
    assert_eq!(methods, ["POST", "GET", "GET"]);
}

/// Cancels a run when it reports that the response is queued.
#[test]
fn cancelling_the_run_cancels_the_response() {
    let (sandbox, connector) = (sandbox(), openai());
    let cancellation = Cancellation::new();
    let cancel = cancellation.clone();
    let started = Instant::now();
    let input = json!({
        "api": "responses", "background": true,
        "messages": [{ "role": "user", "content": "Hi" }],
    });
    let failure = connector
        .run("ask", input)
        .connection(&connection(&connector, &sandbox))
        .cancellation(&cancellation)
        .on_event(move |event| {
            if let Event::Status { .. } = event {
                cancel.cancel();
            }
        })
        .start()
        .unwrap_err();
    assert_eq!((failure.kind, failure.request_sent), (FailureKind::Cancelled, true));
    assert!(started.elapsed() < HANG, "{:?}", started.elapsed());
    let requests = sandbox.requests();
    let last = requests.last().unwrap();
    assert_eq!((last.method.as_str(), last.status), ("POST", Some(200)));
    assert!(last.path.ends_with("/cancel"), "{last:?}");
}

/// A run that times out does not cancel the response. Its failure contains the ID to
/// fetch it with.
#[test]
fn a_response_continues_after_its_run_times_out() {
    let (sandbox, connector) = (sandbox(), openai());
    let input = json!({
        "api": "responses", "background": true,
        "messages": [{ "role": "user", "content": "Hi" }],
    });
    let failure = connector
        .run("ask", input)
        .connection(&connection(&connector, &sandbox))
        .limits(Limits { time: Duration::from_millis(500), ..Limits::default() })
        .start()
        .unwrap_err();
    assert_eq!(failure.kind, FailureKind::Timeout);
    assert!(failure.message.contains("with Get Response"), "{failure:?}");
    assert_eq!(sandbox.requests().len(), 1);
    let id = failure.message.split('`').nth(1).unwrap();
    let outcome = connector
        .run("getResponse", json!({ "responseId": id, "wait": true }))
        .connection(&connection(&connector, &sandbox))
        .start()
        .unwrap();
    assert_eq!(outcome.output["status"], "completed");
}

#[test]
fn explains_that_a_server_lacks_the_api() {
    let (sandbox, folder) = (sandbox(), TempDir::new().unwrap());
    sandbox.script(Fault::error(404, "not_found", "Invalid URL (POST /v1/responses)"));
    let (result, _) = ask(&sandbox, folder.path(), &json!({ "api": "responses" }), false);
    let failure = result.unwrap_err();
    assert_eq!(failure.kind, FailureKind::NotFound);
    assert!(failure.message.contains("set `api` to Chat Completions"), "{failure:?}");
}

#[test]
fn generated_images_are_stored_as_files() {
    let (sandbox, folder) = (sandbox(), TempDir::new().unwrap());
    for streaming in [false, true] {
        let more = json!({
            "api": "responses", "imageGeneration": true,
            "imageGenerationOptions": { "size": "64x32", "partialImages": 1 },
        });
        let (result, events) = ask(&sandbox, folder.path(), &more, streaming);
        let outcome = result.unwrap();
        let file = &outcome.metadata["files"][0];
        assert_eq!(file["mimeType"], "image/png", "{outcome:?}");
        let content = std::fs::read(folder.path().join(file["name"].as_str().unwrap())).unwrap();
        assert!(content.starts_with(b"\x89PNG"));
        assert!(outcome.metadata["toolCalls"][0].get("result").is_none(), "{outcome:?}");
        let previews = events.iter().filter(|event| matches!(event, Event::File { .. })).count();
        assert_eq!(previews, usize::from(streaming));
    }
}
