//! What the sandbox says.

use serde_json::Value;
use serde_json::json;

use crate::chat::ask;
use crate::chat::content;

#[test]
fn an_answer_quotes_the_question() {
    let answer = ask(json!({}));
    assert!(content(&answer).starts_with("Sandbox answer to \"What is up?\": "));
    assert_eq!(answer, ask(json!({})), "the same request gets the same answer");
    assert_eq!(answer["object"], "chat.completion");
    let choice = &answer["choices"][0];
    assert_eq!((&choice["finish_reason"], &choice["logprobs"]), (&json!("stop"), &json!(null)));
    assert_eq!(choice["message"]["refusal"], json!(null));
    let usage = &answer["usage"];
    assert_eq!(usage["prompt_tokens"], 3);
    assert_eq!(usage["completion_tokens"], content(&answer).len().div_ceil(4));
    let total =
        usage["prompt_tokens"].as_u64().unwrap() + usage["completion_tokens"].as_u64().unwrap();
    assert_eq!(usage["total_tokens"], total);
}

#[test]
fn limits_and_stops_cut() {
    let answer = ask(json!({"max_completion_tokens": 2}));
    assert_eq!(
        (content(&answer), &answer["choices"][0]["finish_reason"]),
        ("Sandbox ", &json!("length"))
    );
    assert_eq!(answer["usage"]["completion_tokens"], 2);
    let answer = ask(json!({"stop": [" to", "box"]}));
    assert_eq!(
        (content(&answer), &answer["choices"][0]["finish_reason"]),
        ("Sand", &json!("stop"))
    );
}

#[test]
fn several_choices_differ() {
    let answer = ask(json!({"n": 3}));
    let texts: Vec<_> =
        answer["choices"].as_array().unwrap().iter().map(|choice| &choice["message"]).collect();
    assert!(texts.len() == 3 && texts[0] != texts[1] && texts[1] != texts[2]);
}

#[test]
fn logprobs_cover_the_text() {
    let answer = ask(json!({"logprobs": true, "top_logprobs": 2}));
    let tokens = answer["choices"][0]["logprobs"]["content"].as_array().unwrap();
    let text: String = tokens.iter().map(|token| token["token"].as_str().unwrap()).collect();
    assert_eq!(text, content(&answer));
    assert!(tokens.iter().all(|token| token["top_logprobs"].as_array().unwrap().len() == 2));
}

#[test]
fn structured_answers_satisfy_their_schema() {
    let schema = json!({
        "type": "object",
        "properties": {
            "title": {"type": "string"},
            "rating": {"type": "integer", "minimum": 1, "maximum": 5},
            "tags": {"type": "array", "items": {"$ref": "#/$defs/tag"}, "minItems": 2},
        },
        "required": ["title", "rating", "tags"],
        "additionalProperties": false,
        "$defs": {"tag": {"anyOf": [{"enum": ["a", "b"]}, {"type": "null"}]}},
    });
    let answer = ask(json!({"response_format": {"type": "json_schema", "json_schema":
        {"name": "review", "strict": true, "schema": schema}}}));
    let value = serde_json::from_str(content(&answer)).unwrap();
    assert!(jsonschema::is_valid(&schema, &value), "{value}");
}

#[test]
fn json_answers_are_objects() {
    let ask = |text: &str| {
        let answer = ask(json!({
            "response_format": {"type": "json_object"},
            "messages": [{"role": "user", "content": text}],
        }));
        serde_json::from_str::<Value>(content(&answer)).unwrap()
    };
    assert!(ask("Some JSON please")["answer"].is_string());
    assert!(ask("JSON with a list in the key `items`")["items"].is_array());
}

#[test]
fn spoken_answers_hold_audio() {
    let answer =
        ask(json!({"modalities": ["text", "audio"], "audio": {"voice": "alloy", "format": "wav"}}));
    let audio = &answer["choices"][0]["message"]["audio"];
    assert!(audio["data"].as_str().unwrap().starts_with("UklGR"), "RIFF in base64");
    assert!(audio["transcript"].as_str().unwrap().contains("What is up?"));
}
