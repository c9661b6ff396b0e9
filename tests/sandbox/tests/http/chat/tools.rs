//! Tools: rules and calls.

use serde_json::Value;
use serde_json::json;

use crate::chat::PATH;
use crate::chat::ask;
use crate::chat::base;
use crate::chat::content;
use crate::chat::function;
use crate::chat::stream;
use crate::chat::tool;
use crate::client;

#[test]
fn tool_results_follow_their_calls() {
    let call = |id: &str| json!({"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let calls = |ids: &[&str]| {
        let calls: Vec<Value> = ids.iter().map(|id| call(id)).collect();
        json!({"role": "assistant", "content": null, "tool_calls": calls})
    };
    let result = |id: &str| json!({"role": "tool", "tool_call_id": id, "content": "1"});
    let user = || json!({"role": "user", "content": "go"});
    let talk = |messages: Vec<Value>| json!({"messages": messages});
    client::check_rules(
        PATH,
        &base(),
        &[
            (talk(vec![user(), calls(&["a"]), result("a")]), None),
            (talk(vec![user(), calls(&["a", "b"]), result("b"), result("a"), user()]), None),
            (talk(vec![user(), result("a")]), Some("messages[1].role")),
            (talk(vec![user(), calls(&["a"])]), Some("messages[2].role")),
            (talk(vec![user(), calls(&["a"]), user()]), Some("messages[2].role")),
            (talk(vec![user(), calls(&["a", "b"]), result("a")]), Some("messages[3].role")),
            (talk(vec![user(), calls(&["a"]), result("b")]), Some("messages[2].role")),
            (talk(vec![user(), calls(&["a"]), result("a"), result("a")]), Some("messages[3].role")),
            (talk(vec![user(), calls(&[])]), Some("messages[1].tool_calls")),
            (talk(vec![json!({"role": "tool", "content": "1"})]), Some("messages[0].tool_call_id")),
            (
                talk(vec![json!({"role": "assistant", "tool_calls": [
                    {"id": "a", "type": "function", "function": {"name": "f", "arguments": {}}},
                ]})]),
                Some("messages[0].tool_calls[0].function.arguments"),
            ),
        ],
    );
}

#[test]
fn tools() {
    let with = |extra: Value| client::patched(&json!({"tools": [tool()]}), &extra);
    let custom =
        |format: Value| json!([{"type": "custom", "custom": {"name": "c", "format": format}}]);
    let named = |name: &str| json!({"type": "function", "function": {"name": name}});
    let strict = json!([{"type": "function", "function": {
        "name": "f", "strict": true, "parameters": {"type": "object", "properties": {}},
    }}]);
    let allowed = |mode: &str, name: &str| json!({"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": [named(name)]}});
    client::check_rules(
        PATH,
        &base(),
        &[
            (with(json!({})), None),
            (json!({"tools": []}), None),
            (json!({"tools": vec![tool(); 129]}), Some("tools")),
            (json!({"tools": [{"type": "web_search"}]}), Some("tools[0].type")),
            (json!({"tools": [{"type": "function"}]}), Some("tools[0].function")),
            (
                json!({"tools": [function("a b", json!({"type": "object"}))]}),
                Some("tools[0].function.name"),
            ),
            (
                json!({"tools": [function(&"a".repeat(65), json!({"type": "object"}))]}),
                Some("tools[0].function.name"),
            ),
            (
                json!({"tools": [function("f", json!({"type": "array", "items": {}}))]}),
                Some("tools[0].function.parameters"),
            ),
            (json!({"tools": strict}), Some("tools[0].function.parameters")),
            (json!({"tools": [{"type": "function", "function": {"name": "f"}}]}), None),
            (json!({"tools": custom(json!({"type": "text"}))}), None),
            (
                json!({"tools": custom(json!({"type": "grammar", "grammar":
                {"definition": "x", "syntax": "regex"}}))}),
                None,
            ),
            (
                json!({"tools": custom(json!({"type": "grammar", "grammar":
                {"definition": "x", "syntax": "bnf"}}))}),
                Some("tools[0].custom.format.grammar.syntax"),
            ),
            (json!({"tool_choice": "auto"}), Some("tool_choice")),
            (json!({"parallel_tool_calls": true}), Some("parallel_tool_calls")),
            (with(json!({"parallel_tool_calls": false})), None),
            (with(json!({"tool_choice": "none"})), None),
            (with(json!({"tool_choice": "required"})), None),
            (with(json!({"tool_choice": "maybe"})), Some("tool_choice")),
            (with(json!({"tool_choice": named("f")})), None),
            (with(json!({"tool_choice": named("g")})), Some("tool_choice")),
            (with(json!({"tool_choice": {"type": "function"}})), Some("tool_choice.function")),
            (with(json!({"tool_choice": allowed("auto", "f")})), None),
            (with(json!({"tool_choice": allowed("auto", "g")})), Some("tool_choice")),
            (
                with(json!({"tool_choice": allowed("none", "f")})),
                Some("tool_choice.allowed_tools.mode"),
            ),
            (json!({"functions": [{"name": "f"}]}), None),
            (json!({"functions": []}), Some("functions")),
            (json!({"functions": vec![json!({"name": "f"}); 129]}), Some("functions")),
            (
                json!({"functions": [{"name": "f", "parameters": {}}]}),
                Some("functions[0].parameters"),
            ),
            (json!({"function_call": "auto"}), Some("function_call")),
            (
                json!({"functions": [{"name": "f"}], "function_call": {"name": "g"}}),
                Some("function_call"),
            ),
            (json!({"functions": [{"name": "f"}], "function_call": {"name": "f"}}), None),
        ],
    );
}

#[test]
fn tools_are_called_and_their_results_quoted() {
    let tools = json!([tool(), function("g", json!({"type": "object"}))]);
    let answer = ask(json!({"tools": tools}));
    let message = &answer["choices"][0]["message"];
    assert_eq!(answer["choices"][0]["finish_reason"], "tool_calls");
    assert_eq!(message["content"], json!(null));
    let calls = message["tool_calls"].as_array().unwrap();
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[0]["function"], json!({"name": "f", "arguments": "{\"a\":1}"}));
    assert_ne!(calls[0]["id"], calls[1]["id"]);

    let mut messages = vec![json!({"role": "user", "content": "go"}), message.clone()];
    messages.extend(calls.iter().map(|call| {
        let text = format!("result of {}", call["function"]["name"].as_str().unwrap());
        json!({"role": "tool", "tool_call_id": call["id"], "content": text})
    }));
    let answer = ask(json!({"tools": tools, "messages": messages}));
    assert_eq!(
        content(&answer),
        "Sandbox answer from tool results: \"result of f\", \"result of g\"."
    );
}

#[test]
fn choices_of_tools_are_obeyed() {
    let tools = json!([tool(), {"type": "custom", "custom": {"name": "c"}}]);
    let names = |extra: Value| -> Vec<String> {
        let answer = ask(client::patched(&json!({"tools": tools}), &extra));
        let calls = answer["choices"][0]["message"]["tool_calls"].clone();
        let name = |call: &Value| call[call["type"].as_str().unwrap()]["name"].clone();
        calls
            .as_array()
            .into_iter()
            .flatten()
            .map(|call| name(call).as_str().unwrap().to_owned())
            .collect()
    };
    let system = json!([{"role": "system", "content": "x"}]);
    let custom = json!({"type": "custom", "custom": {"name": "c"}});
    let allowed = json!({"type": "allowed_tools",
                         "allowed_tools": {"mode": "auto", "tools": [custom]}});
    assert_eq!(names(json!({})), ["f", "c"]);
    assert_eq!(names(json!({"parallel_tool_calls": false})), ["f"]);
    assert_eq!(names(json!({"tool_choice": "none"})), [""; 0]);
    assert_eq!(names(json!({"tool_choice": custom})), ["c"]);
    assert_eq!(names(json!({"tool_choice": allowed})), ["c"]);
    assert_eq!(names(json!({"messages": system})), [""; 0]);
    assert_eq!(names(json!({"messages": system, "tool_choice": "required"})), ["f", "c"]);
}

#[test]
fn functions_are_called_the_old_way() {
    let answer = ask(json!({"functions": [{"name": "f"}]}));
    assert_eq!(answer["choices"][0]["finish_reason"], "function_call");
    assert_eq!(
        answer["choices"][0]["message"]["function_call"],
        json!({"name": "f", "arguments": "{}"})
    );
}

#[test]
fn streamed_tool_calls_add_up() {
    let chunks = stream(json!({"tools": [tool(), {"type": "custom", "custom": {"name": "c"}}]}));
    let deltas: Vec<&Value> = chunks
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["delta"]["tool_calls"].get(0))
        .collect();
    let joined = |index: usize, pointer: &str| -> String {
        let own = deltas.iter().filter(|delta| delta["index"] == index);
        own.filter_map(|delta| delta.pointer(pointer)?.as_str()).collect()
    };
    assert_eq!(joined(0, "/function/name"), "f");
    assert_eq!(joined(0, "/function/arguments"), "{\"a\":1}");
    assert_eq!(joined(1, "/custom/name"), "c");
    assert_eq!(joined(1, "/custom/input"), "sandbox input");
    assert_eq!(chunks.last().unwrap()["choices"][0]["finish_reason"], "tool_calls");
}
