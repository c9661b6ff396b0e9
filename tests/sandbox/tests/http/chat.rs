//! `POST /v1/chat/completions`.

use std::time::Duration;
use std::time::Instant;

use openai_sandbox::Options;
use openai_sandbox::Sandbox;
use serde_json::Value;
use serde_json::json;

use crate::client;

const PATH: &str = "/v1/chat/completions";

fn base() -> Value {
    json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "What is up?"}]})
}

fn ask(patch: Value) -> Value {
    let sandbox = client::start();
    let answer = client::post(&sandbox, PATH, &client::patched(&base(), &patch));
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

fn stream(patch: Value) -> Vec<Value> {
    let sandbox = client::start();
    let body = client::patched(&client::patched(&base(), &json!({"stream": true})), &patch);
    let mut events = client::post(&sandbox, PATH, &body).events();
    assert_eq!(events.pop(), Some(json!("[DONE]")));
    events
}

fn content(answer: &Value) -> &str {
    answer["choices"][0]["message"]["content"].as_str().unwrap()
}

fn function(name: &str, parameters: Value) -> Value {
    json!({"type": "function", "function": {"name": name, "parameters": parameters}})
}

fn tool() -> Value {
    let parameters = json!({
        "type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"],
    });
    function("f", parameters)
}

#[test]
fn rejects_unknown_and_invalid_fields() {
    let only = |message: Value| json!({"messages": [message]});
    client::check_rules(
        PATH,
        &base(),
        &[
            (json!({"model": null}), "missing field `model`"),
            (json!({"model": "whisper-1"}), "'whisper-1'"),
            (json!({"n": "2"}), "invalid type"),
            (json!({"max_output_tokens": 5}), "unknown field `max_output_tokens`"),
            (json!({"stream": true, "stream_options": {"usage": true}}), "unknown field `usage`"),
            (only(json!({"role": "robot", "content": "x"})), "unknown variant `robot`"),
            (only(json!({"role": "user"})), "missing field `content`"),
            (only(json!({"role": "user", "content": [{"type": "video"}]})), "Content"),
            (only(json!({"role": "user", "content": "x", "weight": 1})), "unknown field `weight`"),
        ],
    );
}

#[test]
fn enforces_the_rules() {
    let image = |url: &str| {
        let part = json!({"type": "image_url", "image_url": {"url": url}});
        json!({"messages": [{"role": "user", "content": [part]}]})
    };
    let file = |file: Value| json!({"messages": [{"role": "user", "content": [{"type": "file", "file": file}]}]});
    let with_detail = |detail: &str| {
        let mut image = image("https://a.example/b.png");
        image["messages"][0]["content"][0]["image_url"]["detail"] = detail.into();
        image
    };
    let mut of_system = image("https://a.example/b.png");
    of_system["messages"][0]["role"] = "system".into();
    let object = json!({"response_format": {"type": "json_object"}});
    let mentioned = json!([{"role": "system", "content": "Answer in Json."}]);
    client::check_rules(
        PATH,
        &base(),
        &[
            (json!({"max_tokens": 5}), ""),
            (json!({"max_tokens": 5, "max_completion_tokens": 5}), "at the same time"),
            (json!({"max_tokens": 5, "model": "gpt-5.4"}), "max_completion_tokens"),
            (json!({"max_tokens": 5, "model": "o3"}), "max_completion_tokens"),
            (json!({"top_logprobs": 2}), "top_logprobs"),
            (json!({"stream_options": {"include_usage": true}}), "stream_options"),
            (json!({"parallel_tool_calls": true}), "parallel_tool_calls"),
            (json!({"tool_choice": "none"}), "tool_choice"),
            (json!({"tool_choice": "none", "tools": [tool()]}), ""),
            (json!({"prompt_cache_options": {"mode": "implicit"}}), "prompt_cache_options"),
            (json!({"model": "gpt-5.6-sol", "prompt_cache_options": {"ttl": "30m"}}), ""),
            (json!({"model": "gpt-5.5", "prompt_cache_retention": "in_memory"}), "'24h'"),
            (json!({"model": "gpt-5.5", "prompt_cache_retention": "24h"}), ""),
            (json!({"parallel_tool_calls": false, "tools": [tool()]}), ""),
            (object.clone(), "the word 'json'"),
            (client::patched(&object, &json!({"messages": mentioned})), ""),
            (image("data:image/png;base64,SGk="), ""),
            (image("data:image/png;base64,S G k="), "base64"),
            (image("SGk="), "base64"),
            (image("https://a.example/b.png"), ""),
            (with_detail("high"), ""),
            (with_detail("original"), "Content"),
            (image("ftp://a.example/b.png"), "the URL of an image"),
            (file(json!({"file_id": "file-1"})), ""),
            (file(json!({"file_id": "1"})), "the ID of a file"),
            (file(json!({"filename": "a.pdf", "file_data": "data:a/b;base64,SGk="})), ""),
            (file(json!({"filename": "a.pdf", "file_id": "file-1"})), "the ID of a file"),
            (file(json!({"file_data": "data:a/b;base64,SGk="})), "the ID of a file"),
            (file(json!({"file_url": "https://a.example"})), "Content"),
            (of_system, "the role 'user'"),
            (json!({"reasoning_effort": "low"}), "reasoning_effort"),
            (json!({"prediction": {"type": "content", "content": "x"}}), ""),
            (json!({"prediction": {"type": "text"}}), "unknown variant `text`"),
            (json!({"web_search_options": {"search_context_size": "low"}}), ""),
            (json!({"web_search_options": {"domains": []}}), "unknown field `domains`"),
        ],
    );
}

#[test]
fn sampling_parameters_depend_on_reasoning() {
    let with = |model: &str, effort: Value, patch: Value| {
        client::patched(&json!({"model": model, "reasoning_effort": effort}), &patch)
    };
    let half = || json!({"temperature": 0.5});
    client::check_rules(
        PATH,
        &base(),
        &[
            (half(), ""),
            (with("o3", json!(null), half()), "'temperature'"),
            (with("o3", json!(null), json!({"temperature": 1, "presence_penalty": 0})), ""),
            (with("gpt-5-mini", json!("low"), json!({"top_p": 0.5})), "'top_p'"),
            (with("gpt-5", json!(null), json!({"frequency_penalty": 1})), "'frequency_penalty'"),
            (with("o4-mini", json!(null), json!({"logit_bias": {"7": 1}})), "'logit_bias'"),
            (with("gpt-5.4", json!(null), half()), ""),
            (with("gpt-5.4", json!("none"), half()), ""),
            (with("gpt-5.4", json!("low"), half()), "'temperature'"),
            (with("gpt-5.4", json!("low"), json!({"logprobs": true})), "'logprobs'"),
            (with("gpt-5.5", json!(null), half()), "'temperature'"),
            (with("gpt-5.5", json!("none"), half()), ""),
        ],
    );
}

#[test]
fn checks_schemas() {
    let format = |strict: bool, schema: Value| {
        json!({"response_format": {"type": "json_schema", "json_schema":
            {"name": "x", "strict": strict, "schema": schema}}})
    };
    let open = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    let closed = json!({
        "type": "object", "properties": {"a": {"type": "string"}},
        "required": ["a"], "additionalProperties": false,
    });
    let list = json!({"type": "array", "items": {}});
    client::check_rules(
        PATH,
        &base(),
        &[
            (format(true, closed), ""),
            (format(false, open.clone()), ""),
            (format(true, open), "Invalid schema for response_format 'x'"),
            (format(false, list.clone()), "Invalid schema for response_format 'x'"),
            (json!({"tools": [function("f", list)]}), "Invalid schema for function 'f'"),
        ],
    );
}

#[test]
fn tool_results_follow_their_calls() {
    let calls = |ids: &[&str]| {
        let function = json!({"name": "f", "arguments": "{}"});
        let call = |id: &&str| json!({"id": id, "type": "function", "function": function});
        let calls: Vec<Value> = ids.iter().map(call).collect();
        json!({"role": "assistant", "content": null, "tool_calls": calls})
    };
    let result = |id: &str| json!({"role": "tool", "tool_call_id": id, "content": "1"});
    let user = || json!({"role": "user", "content": "go"});
    let talk = |messages: Vec<Value>| json!({"messages": messages});
    let (unasked, unanswered) = ("must be a response", "must be followed");
    client::check_rules(
        PATH,
        &base(),
        &[
            (talk(vec![user(), calls(&["a"]), result("a")]), ""),
            (talk(vec![user(), calls(&["a", "b"]), result("b"), result("a"), user()]), ""),
            (talk(vec![user(), result("a")]), unasked),
            (talk(vec![user(), calls(&["a"])]), unanswered),
            (talk(vec![user(), calls(&["a"]), user()]), unanswered),
            (talk(vec![user(), calls(&["a", "b"]), result("a")]), unanswered),
            (talk(vec![user(), calls(&["a"]), result("b")]), unasked),
            (talk(vec![user(), calls(&["a"]), result("a"), result("a")]), unasked),
        ],
    );
}

#[test]
fn an_answer_quotes_the_question() {
    let answer = ask(json!({}));
    assert!(content(&answer).starts_with("Sandbox answer to \"What is up?\": "));
    assert_eq!(answer, ask(json!({})), "the same request gets the same answer");
    assert_eq!(answer["choices"][0]["finish_reason"], "stop");
    let usage = &answer["usage"];
    assert_eq!(usage["prompt_tokens"], 3);
    assert_eq!(usage["completion_tokens"], content(&answer).len().div_ceil(4));
}

#[test]
fn answers_list_the_attachments() {
    let answer = ask(json!({"messages": [{"role": "user", "content": [
        {"type": "text", "text": "Look:"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,SGk="}},
        {"type": "input_audio", "input_audio": {"data": "SGk=", "format": "mp3"}},
        {"type": "file", "file": {
            "filename": "a.pdf", "file_data": "data:application/pdf;base64,SGk=",
        }},
    ]}]}));
    let quoted = "\"Look:\n[image_url: image/png, 2 bytes]\n[input_audio: mp3, 2 bytes]\n\
        [file: a.pdf, 2 bytes]\"";
    assert!(content(&answer).contains(quoted), "{}", content(&answer));
}

#[test]
fn limits_and_stop_sequences_truncate() {
    let cut = |patch: Value| {
        let answer = ask(patch);
        (content(&answer).to_owned(), answer["choices"][0]["finish_reason"].clone())
    };
    assert_eq!(cut(json!({"max_completion_tokens": 2})), ("Sandbox ".to_owned(), json!("length")));
    assert_eq!(cut(json!({"stop": [" to", "box"]})), ("Sand".to_owned(), json!("stop")));
}

#[test]
fn several_choices_differ() {
    let answer = ask(json!({"n": 3}));
    let choices = answer["choices"].as_array().unwrap();
    let texts: Vec<_> = choices.iter().map(|choice| &choice["message"]).collect();
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
fn tools_are_called_and_their_results_are_quoted() {
    let tools = json!([tool(), function("g", json!({"type": "object"}))]);
    let answer = ask(json!({"tools": tools}));
    assert_eq!(answer["choices"][0]["finish_reason"], "tool_calls");
    let calls = answer["choices"][0]["message"]["tool_calls"].as_array().unwrap();
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[0]["function"], json!({"name": "f", "arguments": "{\"a\":1}"}));
    assert_ne!(calls[0]["id"], calls[1]["id"]);
    let one = ask(json!({"tools": tools, "parallel_tool_calls": false}));
    assert_eq!(one["choices"][0]["message"]["tool_calls"].as_array().unwrap().len(), 1);

    let mut messages = vec![
        json!({"role": "user", "content": "go"}),
        json!({"role": "assistant", "content": null, "tool_calls": calls}),
    ];
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
fn streamed_text_adds_up() {
    let chunks = stream(json!({}));
    let last = chunks.last().unwrap();
    assert_eq!(last["choices"][0]["finish_reason"], "stop");
    let pieces = chunks.iter().map(|chunk| &chunk["choices"][0]["delta"]["content"]);
    let text: String = pieces.filter_map(Value::as_str).collect();
    assert_eq!(text, content(&ask(json!({}))));
    assert!(chunks.iter().all(|chunk| chunk.get("usage").is_none()));

    let chunks = stream(json!({"n": 2, "stream_options": {"include_usage": true}}));
    let (last, others) = chunks.split_last().unwrap();
    assert_eq!((&last["choices"], &last["usage"]), (&json!([]), &ask(json!({"n": 2}))["usage"]));
    let ends = others.iter().filter(|chunk| !chunk["choices"][0]["finish_reason"].is_null());
    let ends: Vec<_> = ends.map(|chunk| &chunk["choices"][0]["index"]).collect();
    assert_eq!(ends, [0, 1]);
}

#[test]
fn streamed_tool_calls_add_up() {
    let chunks = stream(json!({"tools": [tool()]}));
    let deltas = chunks.iter().filter_map(|chunk| chunk.pointer("/choices/0/delta/tool_calls/0"));
    let deltas: Vec<&Value> = deltas.collect();
    let joined = |pointer: &str| -> String {
        deltas.iter().filter_map(|delta| delta.pointer(pointer)?.as_str()).collect()
    };
    assert_eq!(joined("/function/name"), "f");
    assert_eq!(joined("/function/arguments"), "{\"a\":1}");
    assert_eq!(chunks.last().unwrap()["choices"][0]["finish_reason"], "tool_calls");
}

#[test]
fn streams_can_be_slow() {
    let pause = Duration::from_millis(5);
    let options = Options { chunk_pause: pause, ..Options::default() };
    let sandbox = Sandbox::start(options).unwrap();
    let started = Instant::now();
    let body = client::patched(&base(), &json!({"stream": true}));
    let chunks = client::post(&sandbox, PATH, &body).events().len() as u32;
    assert!(pause * chunks <= started.elapsed());
}
