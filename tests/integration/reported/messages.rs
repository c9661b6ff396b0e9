//! A message from the model is sent back to its provider unchanged, in function
//! rounds and in repairs, streamed or not.

use connector_host::Functions;
use serde_json::{Value, json};

use super::{events, json_body, run};

/// A message with a call and additional members.
fn message(more: Value) -> Value {
    let mut message = json!({
        "role": "assistant",
        "content": null,
        "tool_calls": [{
            "id": "call_1", "type": "function",
            "function": { "name": "weather", "arguments": "{\"city\":\"Bern\"}" },
        }],
    });
    for (name, value) in more.as_object().unwrap() {
        message[name] = value.clone();
    }
    message
}

fn completion(message: &Value, reason: &str) -> Value {
    json!({ "choices": [{ "index": 0, "message": message, "finish_reason": reason }] })
}

fn chunk(delta: &Value, reason: Option<&str>) -> Value {
    json!({ "choices": [{ "index": 0, "delta": delta, "finish_reason": reason }] })
}

fn weather() -> Functions {
    let parameters = json!({ "type": "object", "properties": { "city": { "type": "string" } } });
    Functions::new().with("weather", "Returns the weather.", parameters, |arguments| {
        Ok(json!({ "sunny": arguments["city"] }))
    })
}

fn question() -> Value {
    json!({ "messages": [{ "content": "The weather?" }], "functions": ["weather"] })
}

/// Members that providers add to a message, with the id of the report.
fn additions() -> Vec<(&'static str, Value)> {
    let mut signed = message(json!({}))["tool_calls"].clone();
    signed[0]["extra_content"] = json!({ "google": { "thought_signature": "c2ln" } });
    signed[0]["function"]["thought_signature"] = json!("c2ln");
    vec![
        ("f10b", json!({ "reasoning_content": "They want to know." })),
        (
            "f10c",
            json!({ "reasoning_details": [
                { "type": "reasoning.encrypted", "data": "ZW5j", "id": "rs_1", "index": 0 },
            ]}),
        ),
        ("reasoning", json!({ "reasoning": "Hm." })),
        ("a signature in the call", json!({ "tool_calls": signed })),
        ("text next to the call", json!({ "content": "I'll look it up." })),
        ("empty text", json!({ "content": "" })),
        ("parts", json!({ "content": [{ "type": "text", "text": "I'll look it up." }] })),
        ("unknown members", json!({ "x_y": { "z": [1, { "a": "b" }] }, "w": 1.50 })),
    ]
}

#[test]
fn a_message_is_sent_back_unchanged() {
    for (case, more) in additions() {
        let message = message(more);
        let answer = json_body(&completion(&message, "tool_calls"));
        let ran = run("ask", question()).answers([answer]).functions(weather()).start();
        let bodies = ran.bodies();
        assert_eq!(bodies[1]["messages"][1], message, "{case}");
        assert_eq!(bodies[1]["messages"][2]["content"], r#"{"sunny":"Bern"}"#, "{case}");
    }
}

/// OpenAI's own request schema does not have `annotations`, which are in every
/// response.
#[test]
fn empty_members_are_omitted() {
    let blank = json!({ "refusal": null, "audio": null, "annotations": [], "note": "" });
    let answer = json_body(&completion(&message(blank), "tool_calls"));
    let ran = run("ask", question()).answers([answer]).functions(weather()).start();
    assert_eq!(ran.bodies()[1]["messages"][1], message(json!({ "note": "" })));
}

#[test]
fn a_streamed_message_is_sent_back_unchanged() {
    for (case, more) in additions() {
        let message = message(more);
        // As a whole, and member by member.
        let mut deltas = vec![vec![message.clone()]];
        deltas.push(
            message
                .as_object()
                .unwrap()
                .iter()
                .map(|(name, value)| json!({ "role": "assistant", name: value }))
                .collect(),
        );
        for deltas in deltas {
            let mut chunks: Vec<_> = deltas.iter().map(|delta| chunk(delta, None)).collect();
            chunks.push(chunk(&json!({}), Some("tool_calls")));
            let ran = run("ask", question())
                .answers([
                    events(&chunks),
                    events(&[chunk(&json!({ "content": "Sunny." }), Some("stop"))]),
                ])
                .functions(weather())
                .streamed()
                .start();
            assert_eq!(ran.output(), "Sunny.", "{case}");
            assert_eq!(ran.bodies()[1]["messages"][1], message, "{case}");
        }
    }
}

#[test]
fn streamed_pieces_are_sent_back_assembled() {
    let call = |call: Value| json!({ "tool_calls": [call] });
    let deltas = [
        json!({ "role": "assistant", "content": null, "reasoning_content": "They " }),
        json!({ "reasoning_content": "want it." }),
        json!({ "reasoning_details": [{ "type": "reasoning.text", "index": 0, "text": "a" }] }),
        json!({ "reasoning_details": [{ "type": "reasoning.text", "index": 0, "text": "b" }] }),
        json!({ "reasoning_details": [
            { "type": "reasoning.text", "index": 0, "text": "", "signature": "c2ln" },
        ]}),
        call(json!({
            "index": 0, "id": "call_1", "type": "function",
            "function": { "name": "weather", "arguments": "" },
            "extra_content": { "google": { "thought_signature": "c2ln" } },
        })),
        call(json!({ "index": 0, "function": { "arguments": "{\"city\":" } })),
        call(json!({ "index": 0, "function": { "arguments": "\"Bern\"}" } })),
    ];
    let mut chunks: Vec<_> = deltas.iter().map(|delta| chunk(delta, None)).collect();
    chunks.push(chunk(&json!({}), Some("tool_calls")));
    let ran =
        run("ask", question()).answers([events(&chunks)]).functions(weather()).streamed().start();
    let mut expected = message(json!({
        "reasoning_content": "They want it.",
        "reasoning_details": [
            { "type": "reasoning.text", "index": 0, "text": "ab", "signature": "c2ln" },
        ],
    }));
    expected["tool_calls"][0]["extra_content"] =
        json!({ "google": { "thought_signature": "c2ln" } });
    assert_eq!(ran.bodies()[1]["messages"][1], expected);
}

#[test]
fn a_repaired_answer_is_sent_back_unchanged() {
    let schema = json!({
        "type": "object", "properties": { "a": { "type": "integer" } }, "required": ["a"],
        "additionalProperties": false,
    });
    let input = json!({
        "messages": [{ "content": "A number?" }],
        "responseFormat": 1, "responseSchema": schema.to_string(),
    });
    let wrong = json!({
        "role": "assistant", "content": "{\"a\":\"x\"}", "reasoning_content": "Hm.",
        "tool_calls": [],
    });
    let right = json!({ "role": "assistant", "content": "{\"a\":1}" });
    let answers = [wrong.clone(), right].map(|message| json_body(&completion(&message, "stop")));
    let ran = run("ask", input).answers(answers).start();
    assert_eq!(ran.output(), &json!({ "a": 1 }));
    let mut expected = wrong;
    // The API rejects an empty list of calls.
    expected.as_object_mut().unwrap().remove("tool_calls");
    assert_eq!(ran.bodies()[1]["messages"][1], expected);
}

#[test]
fn function_results_have_distinct_ids() {
    let call = |id: Value, city: &str| {
        let arguments = json!({ "city": city }).to_string();
        let mut call = json!({ "type": "function", "function": { "name": "weather", "arguments": arguments } });
        if !id.is_null() {
            call["id"] = id;
        }
        call
    };
    for (case, ids, expected) in [
        ("f05b", [json!("call_0"), json!("call_0")], ["call_0", "call_1"]),
        ("no id", [json!(null), json!("")], ["call_1", "call_2"]),
        (
            "a generated id that is already taken",
            [json!(""), json!("call_1")],
            ["call_2", "call_1"],
        ),
    ] {
        let [first, second] = ids;
        let calls = [call(first, "Bern"), call(second, "Rome")];
        let whole = json!({ "role": "assistant", "content": null, "tool_calls": calls });
        let mut deltas = whole.clone();
        for (index, call) in deltas["tool_calls"].as_array_mut().unwrap().iter_mut().enumerate() {
            call["index"] = index.into();
        }
        for (answer, is_streamed) in [
            (json_body(&completion(&whole, "tool_calls")), false),
            (events(&[chunk(&deltas, Some("tool_calls"))]), true),
        ] {
            let ran = run("ask", question()).answers([answer]).functions(weather());
            let ran = if is_streamed { ran.streamed() } else { ran }.start();
            let bodies = ran.bodies();
            let messages = bodies[1]["messages"].as_array().unwrap();
            let called = messages[1]["tool_calls"].as_array().unwrap();
            let ids: Vec<_> = called.iter().map(|call| call["id"].as_str().unwrap()).collect();
            assert_eq!(ids, expected, "{case}");
            for (result, (id, city)) in messages[2..].iter().zip(ids.iter().zip(["Bern", "Rome"])) {
                assert_eq!(result["tool_call_id"], *id, "{case}");
                assert_eq!(result["content"], json!({ "sunny": city }).to_string(), "{case}");
            }
            assert_eq!(messages.len(), 4, "{case}");
        }
    }
}
