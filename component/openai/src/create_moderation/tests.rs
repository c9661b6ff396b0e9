//! Requests, outputs and failures of `createModeration`.

use connector_sdk::testing::{self, Answer, Host};
use connector_sdk::{FailureKind, Result};
use serde_json::{Value, json};

use crate::CONNECTOR;

/// A result for a text in which these categories were flagged.
fn result(flagged: &[&str]) -> Value {
    let categories = ["hate", "violence", "violence/graphic"];
    let members = |value: &dyn Fn(&str) -> Value| -> Value {
        categories.iter().map(|name| ((*name).to_owned(), value(name))).collect()
    };
    json!({
        "flagged": !flagged.is_empty(),
        "categories": members(&|name| flagged.contains(&name).into()),
        "category_scores": members(&|name| if flagged.contains(&name) { 0.75 } else { 0.0 }.into()),
        "category_applied_input_types": members(&|_| json!(["text"])),
    })
}

fn answer(results: Vec<Value>) -> Answer {
    let model = "omni-moderation-2024-09-26";
    Answer::json(200, json!({ "id": "modr-1", "model": model, "results": results }))
}

fn run(host: &Host, input: Value) -> Result<testing::Outcome> {
    host.run("createModeration", input)
}

/// A part of an input.
fn image(url: &str) -> Value {
    json!({ "type": "image_url", "image_url": { "url": url } })
}

#[test]
fn returns_a_result_for_each_text() {
    let answer = answer(vec![result(&[]), result(&["violence", "violence/graphic"])]);
    let host = Host::new(&CONNECTOR).answer(answer.header("x-request-id", "req_1"));
    let outcome = run(&host, json!({ "input": ["Hello", "Die"] })).unwrap();
    let types = json!({ "hate": ["text"], "violence": ["text"], "violence/graphic": ["text"] });
    assert_eq!(
        outcome.output,
        json!({
            "flagged": true,
            "results": [
                {
                    "source": "input[0]", "flagged": false, "categories": [],
                    "scores": { "hate": 0.0, "violence": 0.0, "violence/graphic": 0.0 },
                    "appliedInputTypes": types,
                },
                {
                    "source": "input[1]", "flagged": true,
                    "categories": ["violence", "violence/graphic"],
                    "scores": { "hate": 0.0, "violence": 0.75, "violence/graphic": 0.75 },
                    "appliedInputTypes": types,
                },
            ],
        })
    );
    assert_eq!(
        json!(outcome.metadata),
        json!({ "model": "omni-moderation-2024-09-26", "requestIds": ["req_1"] })
    );
    let request = host.requests().remove(0);
    assert_eq!(request.to_string(), "POST /moderations");
    let expected = json!({ "model": "omni-moderation-latest", "input": ["Hello", "Die"] });
    assert_eq!(request.body, expected);
}

#[test]
fn each_image_has_its_own_request() {
    let host = Host::new(&CONNECTOR)
        .answer(answer(vec![result(&[])]).header("x-request-id", "req_1"))
        .answer(answer(vec![result(&["violence"])]).header("x-request-id", "req_2"))
        .answer(answer(vec![result(&[])]))
        .answer(answer(vec![result(&["hate"])]).header("x-request-id", "req_4"));
    let images = [host.file("a.png", "image/png", b"a"), host.file("b.jpg", "image/jpeg", b"b")];
    let url = "https://images.example/c.webp";
    let members = json!({ "input": ["Hi"], "images": images, "imageUrls": [url] });
    let outcome = run(&host, members).unwrap();
    let found = |result: &Value| json!([result["source"], result["categories"]]);
    let found: Vec<_> = outcome.output["results"].as_array().unwrap().iter().map(found).collect();
    assert_eq!(
        found,
        [
            json!(["input[0]", []]),
            json!(["images[0]", ["violence"]]),
            json!(["images[1]", []]),
            json!(["imageUrls[0]", ["hate"]]),
        ]
    );
    assert_eq!(outcome.metadata["requestIds"], json!(["req_1", "req_2", "req_4"]));
    let requests = host.requests().into_iter();
    let inputs: Vec<_> = requests.map(|request| request.body["input"].clone()).collect();
    assert_eq!(
        inputs,
        [
            json!(["Hi"]),
            json!([image("data:image/png;base64,<a.png>")]),
            json!([image("data:image/jpeg;base64,<b.jpg>")]),
            json!([image(url)]),
        ]
    );
    let progress =
        |done| json!({ "event": "progress", "unit": "requests", "done": done, "total": 4 });
    assert_eq!(host.events(), [progress(1), progress(2), progress(3)]);
}

#[test]
fn combined_inputs_have_one_result() {
    let host = Host::new(&CONNECTOR).answer(answer(vec![result(&["hate"])]));
    let file = host.file("a.png", "image/png", b"a");
    let members = json!({ "input": ["One", "Two"], "images": [file], "combine": true });
    let output = run(&host, members).unwrap().output;
    assert_eq!(output["results"].as_array().unwrap().len(), 1);
    assert_eq!(output["results"][0].get("source"), None);
    assert_eq!(
        host.requests().remove(0).body["input"],
        json!([
            { "type": "text", "text": "One" },
            { "type": "text", "text": "Two" },
            image("data:image/png;base64,<a.png>"),
        ])
    );
}

#[test]
fn rejects_invalid_input_before_the_request() {
    let (text, url) = ("text-moderation-stable", "https://images.example/a.png");
    for (members, property) in [
        (json!({}), Some("input")),
        (json!({ "combine": true }), Some("input")),
        (json!({ "input": ["a", ""] }), Some("input[1]")),
        (json!({ "imageUrls": [url, "images.example/b.png"] }), Some("imageUrls[1]")),
        (json!({ "imageUrls": ["file:///etc/passwd"] }), Some("imageUrls[0]")),
        (json!({ "imageUrls": ["data:text/html,x"] }), Some("imageUrls[0]")),
        (json!({ "imageUrls": ["HTTPS://images.example/a.png"] }), None),
        (json!({ "imageUrls": ["data:image/png;base64,AA=="] }), None),
        (json!({ "imageUrls": [url, url], "combine": true }), Some("imageUrls")),
        (json!({ "imageUrls": [url, url], "combine": true, "model": "guard" }), None),
        (json!({ "model": text, "imageUrls": [url] }), Some("imageUrls")),
        (json!({ "model": text, "input": ["a"], "combine": true }), Some("combine")),
        (json!({ "model": text, "input": ["a"], "combine": false }), None),
        (json!({ "model": "text-moderation-007", "imageUrls": [url] }), Some("imageUrls")),
        (json!({ "model": "guard", "imageUrls": [url] }), None),
    ] {
        // Some inputs take two requests.
        let host = Host::new(&CONNECTOR);
        let host = host.answer(answer(vec![result(&[])])).answer(answer(vec![result(&[])]));
        let failure = run(&host, members.clone()).err();
        assert_eq!(
            failure.as_ref().and_then(|failure| failure.property.as_deref()),
            property,
            "{members}"
        );
        assert_eq!(host.requests().is_empty(), property.is_some(), "{members}");
        if let Some(failure) = failure {
            assert_eq!(failure.kind, FailureKind::InvalidInput);
            assert!(failure.message.contains(&format!("`{}`", property.unwrap())), "{failure}");
        }
    }
    let host = Host::new(&CONNECTOR);
    let file = host.file("a.png", "image/png", b"a");
    let failure = run(&host, json!({ "model": text, "images": [file] })).unwrap_err();
    assert_eq!(failure.property.as_deref(), Some("images"));
}

#[test]
fn reads_results_of_older_models_and_other_servers() {
    for (sent, expected) in [
        (
            json!({
                "flagged": true,
                "categories": { "hate": true, "illicit": null, "violence": false },
                "category_scores": { "hate": 1, "illicit": null, "violence": "high" },
                "category_applied_input_types": null,
            }),
            Some(json!({
                "source": "input[0]", "flagged": true, "categories": ["hate"],
                "scores": { "hate": 1 }, "appliedInputTypes": {},
            })),
        ),
        (
            json!({ "categories": { "hate": true }, "category_applied_input_types": { "hate": 1 } }),
            Some(json!({
                "source": "input[0]", "flagged": true, "categories": ["hate"], "scores": {},
                "appliedInputTypes": {},
            })),
        ),
        (
            json!({ "flagged": false, "categories": { "hate": true } }),
            Some(json!({
                "source": "input[0]", "flagged": true, "categories": ["hate"], "scores": {},
                "appliedInputTypes": {},
            })),
        ),
        (
            json!({ "flagged": false }),
            Some(json!({
                "source": "input[0]", "flagged": false, "categories": [], "scores": {},
                "appliedInputTypes": {},
            })),
        ),
        // The response does not indicate whether the text was flagged.
        (json!({}), None),
        (json!({ "flagged": null, "categories": {} }), None),
        (json!({ "flagged": "no", "categories": [] }), None),
    ] {
        let host = Host::new(&CONNECTOR).answer(answer(vec![sent.clone()]));
        let outcome = run(&host, json!({ "input": ["a"] }));
        if let Err(failure) = &outcome {
            assert_eq!(failure.kind, FailureKind::InvalidOutput, "{sent}");
        }
        let output = outcome.ok().map(|outcome| outcome.output["results"][0].clone());
        assert_eq!(output, expected, "{sent}");
    }
    let host = Host::new(&CONNECTOR).answer(Answer::json(200, json!({ "results": [result(&[])] })));
    let outcome = run(&host, json!({ "input": ["a"], "model": "guard" })).unwrap();
    assert_eq!(json!(outcome.metadata), json!({ "model": "guard" }));
}

#[test]
fn an_answer_without_the_results_is_a_failure() {
    for (content, message) in [
        (r#"{"results":[]}"#, "the provider returned 0 results instead of 1"),
        (r#"{"results":[{},{}]}"#, "the provider returned 2 results instead of 1"),
        (r#"{"results":null}"#, "unexpected response from the provider"),
        (r#"{"results":[null]}"#, "unexpected response from the provider"),
        (r#"{"model":"m"}"#, "missing field `results`"),
        ("[]", "unexpected response from the provider"),
        ("", "the provider's response is not JSON"),
    ] {
        let answer = Answer::content(200, "application/json", content).header("x-request-id", "r");
        let failure =
            run(&Host::new(&CONNECTOR).answer(answer), json!({ "input": ["a"] })).unwrap_err();
        assert_eq!(failure.kind, FailureKind::InvalidOutput, "{content}");
        assert!(failure.message.contains(message), "{content}: {failure}");
        assert_eq!(failure.request_id.as_deref(), Some("r"), "{content}");
    }
    let error = json!({ "error": { "message": "Slow down", "code": 429 } });
    let host = Host::new(&CONNECTOR).answer(Answer::json(200, error));
    let failure = run(&host, json!({ "input": ["a"] })).unwrap_err();
    assert_eq!(failure.kind, FailureKind::RateLimited);
}

#[test]
fn an_error_names_the_input_at_fault() {
    let error = |param: &str| {
        Answer::json(400, json!({ "error": { "message": "Cannot read it.", "param": param } }))
    };
    let url = "https://images.example/a.png";
    for (members, param, expected) in [
        (json!({ "input": ["a", "b"] }), "input[1]", "input[1]"),
        (json!({ "input": ["a", "b"] }), "input", "input"),
        (json!({ "input": ["a"] }), "model", "model"),
        (json!({ "imageUrls": [url] }), "input", "imageUrls[0]"),
        (json!({ "imageUrls": [url] }), "input[0].image_url.url", "imageUrls[0]"),
        (json!({ "imageUrls": [url], "combine": true }), "input", "input"),
    ] {
        let host = Host::new(&CONNECTOR).answer(error(param));
        let failure = run(&host, members.clone()).unwrap_err();
        assert_eq!(failure.property.as_deref(), Some(expected), "{members}");
    }
}

#[test]
fn a_cancelled_run_ends_between_requests() {
    let host = Host::new(&CONNECTOR).answer(answer(vec![result(&[])])).cancelled_after(0);
    let url = "https://images.example/a.png";
    let failure = run(&host, json!({ "input": ["a"], "imageUrls": [url] })).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Cancelled);
    assert_eq!(host.requests().len(), 1);
}
