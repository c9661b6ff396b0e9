//! Requests, outputs and failures of `createEmbeddings`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use connector_sdk::testing::{self, Answer, Host};
use connector_sdk::{Failure, FailureKind, FileEntry, Result};
use serde_json::{Value, json};

use crate::CONNECTOR;

/// A vector as the API sends it in base64.
fn base64(numbers: &[f32]) -> String {
    let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    STANDARD.encode(bytes)
}

/// The response with these embeddings, each with its index.
fn answer(embeddings: Vec<Value>) -> Answer {
    let count = embeddings.len();
    let item = |(index, embedding)| json!({ "object": "embedding", "index": index, "embedding": embedding });
    let data: Vec<_> = embeddings.into_iter().enumerate().map(item).collect();
    let usage = json!({ "prompt_tokens": count, "total_tokens": count });
    Answer::json(200, json!({ "object": "list", "data": data, "model": "m", "usage": usage }))
}

/// A response with a vector of one number for each text.
fn numbers(numbers: &[f32]) -> Answer {
    answer(numbers.iter().map(|number| base64(&[*number]).into()).collect())
}

fn run(host: &Host, members: Value) -> Result<testing::Outcome> {
    let mut input = json!({ "input": ["a"] });
    for (name, value) in members.as_object().unwrap() {
        input[name] = value.clone();
    }
    host.run("createEmbeddings", input)
}

/// The lines of a file.
fn lines(host: &Host, file: &Value) -> Vec<Value> {
    let file: FileEntry = serde_json::from_value(file.clone()).unwrap();
    let content = String::from_utf8(host.content(&file).unwrap()).unwrap();
    assert!(content.ends_with('\n'));
    content.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn sends_what_is_given() {
    for (members, expected) in [
        (
            json!({}),
            json!({ "model": "text-embedding-3-small", "encoding_format": "base64", "input": ["a"] }),
        ),
        (
            json!({
                "model": "bge-m3", "input": ["Grüße", " "], "dimensions": 1,
                "encodingFormat": "float", "user": "u", "asFiles": false, "batchSize": 7,
            }),
            json!({
                "model": "bge-m3", "dimensions": 1, "encoding_format": "float", "user": "u",
                "input": ["Grüße", " "],
            }),
        ),
    ] {
        let count = expected["input"].as_array().unwrap().len();
        let host = Host::new(&CONNECTOR).answer(numbers(&vec![1.0; count]));
        run(&host, members).unwrap();
        let request = host.requests().remove(0);
        assert_eq!(request.to_string(), "POST /embeddings");
        assert_eq!(request.body, expected);
        assert_eq!(host.events(), [json!(null); 0]);
    }
}

#[test]
fn reads_vectors_in_both_formats() {
    let vector = [0.5_f32, -0.012_345_678, 1e-9, 0.0];
    let expected = json!([[0.5, -0.012_345_678, 1e-9, 0.0]]);
    let unpadded = base64(&vector).trim_end_matches('=').to_owned();
    for embedding in [
        json!(base64(&vector)),
        json!(unpadded),
        json!([0.5, -0.012_345_678, 1e-9, 0]),
        // As written by servers that convert them to 64 bits.
        json!([0.5, f64::from(-0.012_345_678_f32), f64::from(1e-9_f32), 0.0]),
    ] {
        let host = Host::new(&CONNECTOR).answer(answer(vec![embedding.clone()]));
        let outcome = run(&host, json!({})).unwrap();
        assert_eq!(
            outcome.output,
            json!({ "vectors": expected, "dimensions": 4, "files": [] }),
            "{embedding}"
        );
    }
}

#[test]
fn vectors_are_in_the_order_of_the_texts() {
    let one = |index: Value, number: f64| json!({ "index": index, "embedding": [number] });
    for (data, expected) in [
        (json!([one(json!(1), 1.0), one(json!(2), 2.0), one(json!(0), 0.0)]), [0.0, 1.0, 2.0]),
        // Without usable indices, the order of the response counts.
        (
            json!([one(json!(null), 5.0), one(json!("x"), 6.0), one(json!(null), 7.0)]),
            [5.0, 6.0, 7.0],
        ),
        (json!([one(json!(0), 5.0), one(json!(0), 6.0), one(json!(0), 7.0)]), [5.0, 6.0, 7.0]),
    ] {
        let host = Host::new(&CONNECTOR).answer(Answer::json(200, json!({ "data": data })));
        let outcome = run(&host, json!({ "input": ["a", "b", "c"] })).unwrap();
        let vectors: Vec<_> = expected.iter().map(|number| json!([number])).collect();
        assert_eq!(outcome.output["vectors"], json!(vectors));
        assert_eq!(json!(outcome.metadata), json!({ "model": "text-embedding-3-small" }));
    }
}

#[test]
fn several_requests_have_one_output() {
    let host = Host::new(&CONNECTOR)
        .answer(numbers(&[0.0, 1.0]).header("x-request-id", "req_1"))
        .answer(numbers(&[2.0, 3.0]).header("x-request-id", "req_2"))
        .answer(numbers(&[4.0]).header("x-request-id", "req_3"));
    let members = json!({ "input": ["a", "b", "c", "d", "e"], "batchSize": 2 });
    let outcome = run(&host, members).unwrap();
    assert_eq!(outcome.output["vectors"], json!([[0.0], [1.0], [2.0], [3.0], [4.0]]));
    assert_eq!(
        json!(outcome.metadata),
        json!({
            "model": "text-embedding-3-small",
            "usage": { "promptTokens": 5, "totalTokens": 5 },
            "requestIds": ["req_1", "req_2", "req_3"],
        })
    );
    let inputs: Vec<_> =
        host.requests().into_iter().map(|request| request.body["input"].clone()).collect();
    assert_eq!(inputs, [json!(["a", "b"]), json!(["c", "d"]), json!(["e"])]);
    let progress = |done| json!({ "event": "progress", "unit": "texts", "done": done, "total": 5 });
    assert_eq!(host.events(), [progress(2), progress(4)]);
}

#[test]
fn a_request_is_limited_by_the_length_of_its_response() {
    // The dimensions are guessed for the first request only.
    for (model, dimensions, expected) in [
        ("text-embedding-3-large", json!(null), [170, 180]),
        ("text-embedding-3-large", json!(2048), [256, 94]),
        ("text-embedding-3-small", json!(null), [341, 9]),
        ("unknown", json!(null), [128, 222]),
    ] {
        let host = Host::new(&CONNECTOR)
            .answer(numbers(&vec![1.0; expected[0]]))
            .answer(numbers(&vec![1.0; expected[1]]));
        let input = vec!["a"; 350];
        run(&host, json!({ "model": model, "input": input, "dimensions": dimensions })).unwrap();
        let counts = host
            .requests()
            .into_iter()
            .map(|request| request.body["input"].as_array().unwrap().len());
        assert_eq!(counts.collect::<Vec<_>>(), expected, "{model} {dimensions}");
    }
}

#[test]
fn stores_vectors_in_files_if_requested() {
    let host = Host::new(&CONNECTOR).answer(numbers(&[0.5, 1.0])).answer(numbers(&[-1.5]));
    let members = json!({ "input": ["a", "b", "c"], "batchSize": 2, "asFiles": true });
    let output = run(&host, members).unwrap().output;
    assert_eq!((&output["vectors"], &output["dimensions"]), (&json!([]), &json!(1)));
    let [file] = output["files"].as_array().unwrap().as_slice() else { panic!("{output}") };
    assert_eq!(
        (&file["name"], &file["mimeType"]),
        (&json!("vectors.jsonl"), &json!("application/jsonl"))
    );
    assert_eq!(
        lines(&host, file),
        [
            json!({ "index": 0, "vector": [0.5] }),
            json!({ "index": 1, "vector": [1.0] }),
            json!({ "index": 2, "vector": [-1.5] }),
        ]
    );
}

#[test]
fn stores_what_is_too_long_for_an_output() {
    let vector = |number: f32| answer(vec![base64(&vec![number; 1 << 19]).into()]);
    let texts = |count: usize| json!({ "input": vec!["a"; count], "batchSize": 1 });
    let fitting = Host::new(&CONNECTOR).answer(vector(0.0)).answer(vector(1.0));
    let output = run(&fitting, texts(2)).unwrap().output;
    assert_eq!(output["vectors"].as_array().unwrap().len(), 2);
    assert_eq!(output["files"], json!([]));

    let longer = Host::new(&CONNECTOR).answer(vector(0.0)).answer(vector(1.0)).answer(vector(2.0));
    let output = run(&longer, texts(3)).unwrap().output;
    assert_eq!(output["vectors"], json!([]));
    let firsts = |file: &Value| {
        let lines = lines(&longer, file);
        lines.iter().map(|line| json!([line["index"], line["vector"][0]])).collect::<Vec<_>>()
    };
    let files = output["files"].as_array().unwrap();
    let contents: Vec<_> = files.iter().map(firsts).collect();
    assert_eq!(contents, [vec![json!([0, 0.0]), json!([1, 1.0])], vec![json!([2, 2.0])]]);
}

/// The failure of a run in which the third of three requests fails, and the host
/// with its events and stored files.
fn failing_late(last: Answer, as_files: bool) -> (Failure, Host) {
    let host = Host::new(&CONNECTOR).answer(numbers(&[0.0])).answer(numbers(&[1.0])).answer(last);
    let members = json!({ "input": ["a", "b", "c"], "batchSize": 1, "asFiles": as_files });
    (run(&host, members).unwrap_err(), host)
}

#[test]
fn a_failure_keeps_the_vectors_that_were_paid_for() {
    let error = json!({ "error": { "message": "Slow down.", "code": "rate_limit_exceeded" } });
    for as_files in [false, true] {
        let (failure, host) = failing_late(Answer::json(429, error.clone()), as_files);
        assert_eq!(failure.kind, FailureKind::RateLimited);
        let events = host.events();
        let Some((event, _)) = events.split_last() else { panic!("no event") };
        let url = event["file"]["url"].as_str().unwrap();
        let expected = format!("Slow down; the vectors of the first 2 texts are in {url}");
        assert_eq!((&*failure.message, failure.request_sent), (&*expected, true));
        let stored = lines(&host, &event["file"]);
        assert_eq!(
            stored,
            [json!({ "index": 0, "vector": [0.0] }), json!({ "index": 1, "vector": [1.0] })]
        );
    }

    // Nothing was paid for.
    let host = Host::new(&CONNECTOR).answer(Answer::json(429, error));
    let failure = run(&host, json!({})).unwrap_err();
    assert_eq!((&*failure.message, host.events().len()), ("Slow down", 0));
}

#[test]
fn a_cancelled_run_ends_between_requests() {
    let host = Host::new(&CONNECTOR).answer(numbers(&[0.0])).cancelled_after(0);
    let members = json!({ "input": ["a", "b"], "batchSize": 1 });
    let failure = run(&host, members).unwrap_err();
    assert_eq!((failure.kind, failure.request_sent), (FailureKind::Cancelled, true));
    assert_eq!(host.requests().len(), 1);
}

#[test]
fn an_error_names_the_text_at_fault() {
    let error = |param: &str| {
        Answer::json(400, json!({ "error": { "message": "Too long.", "param": param } }))
    };
    for (batch_size, param, expected) in [
        (2, "input[1]", "input[3]"),
        (2, "input.1", "input[3]"),
        (2, "input", "input"),
        (2, "dimensions", "dimensions"),
        (2, "encoding_format", "encodingFormat"),
    ] {
        let host = Host::new(&CONNECTOR).answer(numbers(&[0.0, 1.0])).answer(error(param));
        let members = json!({ "input": ["a", "b", "c", "d"], "batchSize": batch_size });
        let failure = run(&host, members).unwrap_err();
        assert_eq!(failure.property.as_deref(), Some(expected), "{param}");
    }
    let host = Host::new(&CONNECTOR).answer(numbers(&[0.0])).answer(error("input"));
    let failure = run(&host, json!({ "input": ["a", "b"], "batchSize": 1 })).unwrap_err();
    assert_eq!(failure.property.as_deref(), Some("input[1]"));
}

#[test]
fn rejects_invalid_input_before_the_request() {
    let ada = "text-embedding-ada-002";
    let large = "text-embedding-3-large";
    let megabyte = "x".repeat(1 << 20);
    for (members, property) in [
        (json!({ "input": ["a", "b", "", "c"] }), Some("input[2]")),
        (json!({ "input": vec![megabyte.as_str(); 9] }), Some("input")),
        (json!({ "input": vec!["a"; 501], "batchSize": 1 }), Some("input")),
        (json!({ "model": ada, "dimensions": 512 }), Some("dimensions")),
        (json!({ "model": ada }), None),
        (json!({ "dimensions": 1537 }), Some("dimensions")),
        (json!({ "dimensions": 1536 }), None),
        (json!({ "model": large, "dimensions": 3073 }), Some("dimensions")),
        (json!({ "model": large, "dimensions": 3072 }), None),
        (json!({ "model": "qwen3-embedding", "dimensions": 4096 }), None),
    ] {
        let host = Host::new(&CONNECTOR).answer(numbers(&[0.0]));
        let failure = run(&host, members.clone()).err();
        assert_eq!(failure.as_ref().and_then(|failure| failure.property.as_deref()), property);
        assert_eq!(host.requests().is_empty(), property.is_some());
        if let Some(failure) = failure {
            assert_eq!(failure.kind, FailureKind::InvalidInput);
            assert!(failure.message.contains(&format!("`{}`", property.unwrap())), "{failure}");
        }
    }
}

#[test]
fn an_answer_without_the_vectors_is_a_failure() {
    for (content, message) in [
        (r#"{"data":[]}"#, "the provider returned 0 vectors instead of 1"),
        (
            r#"{"data":[{"embedding":[1]},{"embedding":[1]}]}"#,
            "the provider returned 2 vectors instead of 1",
        ),
        (r#"{"data":[{"embedding":[]}]}"#, "the provider returned vectors that are empty"),
        (r#"{"data":[{"embedding":""}]}"#, "the provider returned vectors that are empty"),
        (r#"{"data":[{"embedding":"AAA="}]}"#, "not a multiple of four bytes"),
        (r#"{"data":[{"embedding":"AADAfw=="}]}"#, "a value that is not a number"),
        (r#"{"data":[{"embedding":[1e39]}]}"#, "number out of range"),
        (r#"{"data":[{"embedding":[null]}]}"#, "unexpected response from the provider"),
        (r#"{"data":[{"embedding":"%"}]}"#, "base64"),
        (r#"{"data":[{"embedding":[[1]]}]}"#, "unexpected response from the provider"),
        (r#"{"data":[{"embedding":{}}]}"#, "a list of numbers, or base64"),
        (r#"{"data":[{}]}"#, "missing field `embedding`"),
        (r#"{"data":[null]}"#, "unexpected response from the provider"),
        (r#"{"data":null}"#, "unexpected response from the provider"),
        ("{}", "missing field `data`"),
        ("[]", "unexpected response from the provider"),
        ("", "the provider's response is not JSON"),
        ("<html>", "the provider returned a web page instead of JSON"),
    ] {
        let answer = Answer::content(200, "application/json", content).header("x-request-id", "r");
        let failure = run(&Host::new(&CONNECTOR).answer(answer), json!({})).unwrap_err();
        assert_eq!(failure.kind, FailureKind::InvalidOutput, "{content}");
        assert!(failure.message.contains(message), "{content}: {failure}");
        assert_eq!(failure.request_id.as_deref(), Some("r"), "{content}");
    }
    let different = answer(vec![json!([1]), json!([1, 2])]);
    let host = Host::new(&CONNECTOR).answer(different);
    let failure = run(&host, json!({ "input": ["a", "b"] })).unwrap_err();
    assert_eq!(failure.kind, FailureKind::InvalidOutput);

    let error = json!({ "error": { "message": "Slow down", "code": 429 } });
    let failure =
        run(&Host::new(&CONNECTOR).answer(Answer::json(200, error)), json!({})).unwrap_err();
    assert_eq!(failure.kind, FailureKind::RateLimited);
}
