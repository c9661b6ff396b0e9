//! JSON is extracted from the text that models put around it, without the cost of
//! a repair request.

use connector_host::FailureKind;
use serde_json::{Value, json};

use super::{json_body, run};

fn answer(text: &str) -> openai_sandbox::Fault {
    json_body(&json!({ "choices": [{
        "message": { "role": "assistant", "content": text }, "finish_reason": "stop",
    }]}))
}

fn object() -> Value {
    json!({ "messages": [{ "content": "Hi" }], "responseFormat": 1 })
}

fn object_with_schema() -> Value {
    let schema = json!({
        "type": "object", "properties": { "a": { "type": "integer" } }, "required": ["a"],
        "additionalProperties": false,
    });
    let mut input = object();
    input["responseSchema"] = schema.to_string().into();
    input
}

#[test]
fn an_object_is_extracted_with_a_single_request() {
    for (case, text) in [
        ("j02c", "<think> let me see </think>\n\n{\"a\": 1}"),
        ("j03b", "Here is the JSON:\n```json\n{\"a\": 1}\n```\nHope it helps!"),
        ("thinking", "<thinking>{\"a\": 0}?</thinking>{\"a\": 1}"),
        ("reasoning without an opening tag", "let me see {\"a\": 0}</think>\n{\"a\": 1}"),
        ("reasoning and a fence", "<think>hm</think>```json\n{\"a\": 1}\n```"),
        ("another language on the fence", "```JSON5 title=x\n{\"a\": 1}\n```"),
        ("no language on the fence", "```\n{\"a\": 1}\n```"),
        ("an unclosed fence", "```json\n{\"a\": 1}"),
        ("text before", "Sure! {\"a\": 1}"),
        ("text after", "{\"a\": 1}\n\nHope it helps [1]!"),
        ("a byte order mark", "\u{feff}{\"a\": 1}"),
        ("quoted", "\"{\\\"a\\\": 1}\""),
    ] {
        for input in [object(), object_with_schema()] {
            let ran = run("ask", input).answers([answer(text)]).start();
            assert_eq!(ran.output(), &json!({ "a": 1 }), "{case}");
            assert_eq!(ran.sent.len(), 1, "{case}");
        }
    }
}

#[test]
fn a_list_is_extracted_too() {
    for text in [
        "<think>{\"items\": []}</think>{\"items\": [1, 2]}",
        "Here: ```json\n[1, 2]\n```",
        "Here: [1, 2]",
    ] {
        let input = json!({ "messages": [{ "content": "Hi" }], "responseFormat": 2 });
        let ran = run("ask", input).answers([answer(text)]).start();
        assert_eq!(ran.output(), &json!([1, 2]), "{text}");
    }
}

#[test]
fn ambiguous_json_is_not_extracted() {
    for text in [
        "{\"a\": 1} or {\"a\": 2}",
        "{\"b\": {\"a\": 1}",
        "<think>{\"a\": 1}",
        "```json\n{\"a\": 1}\n```\n```json\n{\"a\": 2}\n```",
        "Sure!",
    ] {
        let ran = run("ask", object()).answers([answer(text)]).start();
        let failure = ran.failure(FailureKind::InvalidOutput);
        assert_eq!(failure.detail.as_deref(), Some(text));
        // With a schema, the model is asked again.
        let answers = [answer(text), answer("{\"a\": 3}")];
        let ran = run("ask", object_with_schema()).answers(answers).start();
        assert_eq!(ran.output(), &json!({ "a": 3 }), "{text}");
        assert_eq!(ran.sent.len(), 2, "{text}");
    }
}

#[test]
fn text_output_is_unchanged() {
    let text = "<think> let me see </think>\n\nHello";
    let input = json!({ "messages": [{ "content": "Hi" }] });
    assert_eq!(run("ask", input).answers([answer(text)]).start().output(), text);
}
