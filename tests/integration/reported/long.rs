//! Long answers and long conversations fit in a run's memory, 64 MiB by
//! default.

use connector_host::{Functions, Limits};
use serde_json::{Value, json};

use super::{events, json_body, run};

#[test]
fn an_answer_may_have_200_000_events() {
    assert_eq!(Limits::default().memory, 64 << 20);
    let chunk = |delta: Value, reason: Option<&str>| {
        json!({
            "id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "gpt-5.4",
            "choices": [{ "index": 0, "delta": delta, "finish_reason": reason }],
        })
    };
    let mut chunks = vec![chunk(json!({ "content": "word " }), None); 200_000];
    chunks.push(chunk(json!({}), Some("stop")));
    let question = json!({ "messages": [{ "content": "A book, please" }] });
    let ran = run("ask", question).answers([events(&chunks)]).streamed().start();
    assert_eq!(ran.output().as_str().unwrap(), "word ".repeat(200_000));
    assert_eq!(ran.streamed, "word ".repeat(200_000));
}

#[test]
fn a_conversation_may_have_50_rounds_of_large_results() {
    let page = "A page of the archive. ".repeat(1_000);
    let parameters = json!({ "type": "object", "properties": { "page": { "type": "integer" } } });
    let result = page.clone();
    let functions = Functions::new()
        .with("read", "Reads a page.", parameters, move |_| Ok(json!({ "text": result })));
    let call = |round: u64| {
        let function = json!({ "name": "read", "arguments": format!("{{\"page\":{round}}}") });
        let message = json!({
            "role": "assistant", "content": null,
            "tool_calls": [{ "id": format!("call_{round}"), "type": "function", "function": function }],
        });
        json_body(&json!({
            "choices": [{ "index": 0, "message": message, "finish_reason": "tool_calls" }],
        }))
    };
    let input = json!({
        "messages": [{ "content": "What is in the archive?" }], "functions": ["read"],
        "maxFunctionRounds": 50,
    });
    let ran = run("ask", input).answers((0..50).map(call)).functions(functions).start();
    assert!(ran.output().is_string());
    let bodies = ran.bodies();
    assert_eq!(bodies.len(), 51);
    let messages = bodies[50]["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 1 + 2 * 50);
    assert_eq!(messages[100]["content"], json!({ "text": page }).to_string());
}
