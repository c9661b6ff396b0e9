//! `POST /v1/moderations`.

use serde_json::Value;
use serde_json::json;

use crate::client;

const PATH: &str = "/v1/moderations";

fn base() -> Value {
    json!({"model": "omni-moderation-latest", "input": ["a cat"]})
}

fn text(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

fn image(url: &str) -> Value {
    json!({"type": "image_url", "image_url": {"url": url}})
}

#[test]
fn enforces_the_rules() {
    let png = image("data:image/png;base64,AAAA");
    let link = || image("https://images.example/a.png");
    client::check_rules(
        PATH,
        &base(),
        &[
            (json!({"model": null}), "missing field `model`"),
            (json!({"model": "gpt-5.4"}), "not supported in this endpoint"),
            (json!({"model": "text-moderation-latest", "input": "a cat"}), ""),
            (json!({"model": "my-own", "input": [link(), link()]}), ""),
            (json!({"input": null}), "missing field `input`"),
            (json!({"input": []}), "must not be empty"),
            (json!({"input": [7]}), "did not match any variant"),
            (json!({"input": [text("a"), png]}), ""),
            (json!({"input": [link()]}), ""),
            (json!({"input": [link(), link()]}), "too_many_images"),
            (json!({"input": [image("a.png")]}), "Invalid image URL"),
            (json!({"input": [image("data:text/plain;base64,AAAA")]}), "Invalid image URL"),
            (json!({"input": [image("data:image/png;base64,%")]}), "Invalid image URL"),
            (
                json!({"input": [{"type": "image_url", "image_url": {"url": "https://a", "x": 1}}]}),
                "did not match any variant",
            ),
            (json!({"input": [text("a")], "model": "text-moderation-stable"}), "only strings"),
            (json!({"threshold": 0.5}), "unknown field `threshold`"),
        ],
    );
}

#[test]
fn each_text_has_its_own_result() {
    let sandbox = client::start();
    let body = client::patched(&base(), &json!({"input": ["a cat", "hate and self-harm/intent"]}));
    let answer = client::post(&sandbox, PATH, &body).json();
    assert!(answer["id"].as_str().unwrap().starts_with("modr-"));
    assert_eq!(answer["model"], "omni-moderation-2024-09-26");
    let [harmless, harmful] = answer["results"].as_array().unwrap().as_slice() else {
        panic!("{answer}")
    };
    assert_eq!((&harmless["flagged"], &harmful["flagged"]), (&json!(false), &json!(true)));
    let categories = harmful["categories"].as_object().unwrap();
    let flagged: Vec<_> = categories.iter().filter(|(_, value)| **value == true).collect();
    let names: Vec<_> = flagged.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["hate", "self-harm", "self-harm/intent"]);
    assert_eq!(harmful["category_scores"]["hate"], 0.9);
    assert_eq!(harmful["category_applied_input_types"]["hate"], json!(["text"]));
    assert_eq!(client::post(&sandbox, PATH, &body).json(), answer);
}

#[test]
fn parts_have_one_result() {
    let sandbox = client::start();
    let parts = json!([text("hate"), image("https://images.example/violence.png")]);
    let body = client::patched(&base(), &json!({"input": parts}));
    let answer = client::post(&sandbox, PATH, &body).json();
    let [result] = answer["results"].as_array().unwrap().as_slice() else { panic!("{answer}") };
    assert_eq!(
        (&result["categories"]["hate"], &result["categories"]["violence"]),
        (&json!(true), &json!(true))
    );
    let types = &result["category_applied_input_types"];
    assert_eq!((&types["hate"], &types["violence"]), (&json!(["text"]), &json!(["text", "image"])));
}

#[test]
fn older_models_do_not_know_all_categories() {
    let sandbox = client::start();
    let body = client::patched(&base(), &json!({"model": "text-moderation-latest"}));
    let answer = client::post(&sandbox, PATH, &body).json();
    assert_eq!(answer["model"], "text-moderation-007");
    let categories = &answer["results"][0]["categories"];
    assert_eq!((&categories["illicit"], &categories["hate"]), (&Value::Null, &json!(false)));
}
