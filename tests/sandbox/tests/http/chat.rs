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
fn fields() {
    let many = |count: usize| vec!["x"; count];
    client::check_rules(
        PATH,
        &base(),
        &[
            (json!({"model": null}), Some("model")),
            (json!({"model": 4}), Some("model")),
            (json!({"messages": null}), Some("messages")),
            (json!({"messages": []}), Some("messages")),
            (json!({"messages": "hi"}), Some("messages")),
            (json!({"max_completion_tokens": 0}), Some("max_completion_tokens")),
            (json!({"max_completion_tokens": 1.5}), Some("max_completion_tokens")),
            (json!({"max_completion_tokens": "null"}), None),
            (json!({"max_tokens": 0}), Some("max_tokens")),
            (json!({"max_tokens": 5}), None),
            (json!({"max_tokens": 5, "max_completion_tokens": 5}), Some("max_tokens")),
            (json!({"temperature": -0.1}), Some("temperature")),
            (json!({"temperature": 2.1}), Some("temperature")),
            (json!({"temperature": "1"}), Some("temperature")),
            (json!({"temperature": 2}), None),
            (json!({"top_p": 1.1}), Some("top_p")),
            (json!({"top_p": -1}), Some("top_p")),
            (json!({"top_p": 0}), None),
            (json!({"n": 0}), Some("n")),
            (json!({"n": 129}), Some("n")),
            (json!({"n": 128}), None),
            (json!({"stop": 1}), Some("stop")),
            (json!({"stop": []}), Some("stop")),
            (json!({"stop": many(5)}), Some("stop")),
            (json!({"stop": [1]}), Some("stop[0]")),
            (json!({"stop": many(4)}), None),
            (json!({"stop": "null"}), None),
            (json!({"presence_penalty": -2.1}), Some("presence_penalty")),
            (json!({"presence_penalty": 2}), None),
            (json!({"frequency_penalty": 2.1}), Some("frequency_penalty")),
            (json!({"frequency_penalty": -2}), None),
            (json!({"logit_bias": {"50256": -100, "1": 100}}), None),
            (json!({"logit_bias": {"50256": 101}}), Some("logit_bias.50256")),
            (json!({"logit_bias": {"50256": -101}}), Some("logit_bias.50256")),
            (json!({"logit_bias": {"50256": 0.5}}), Some("logit_bias.50256")),
            (json!({"logit_bias": {"hello": 1}}), Some("logit_bias")),
            (json!({"logit_bias": {"-1": 1}}), Some("logit_bias")),
            (json!({"logit_bias": {"": 1}}), Some("logit_bias")),
            (json!({"logit_bias": []}), Some("logit_bias")),
            (json!({"logprobs": 1}), Some("logprobs")),
            (json!({"top_logprobs": 2}), Some("top_logprobs")),
            (json!({"top_logprobs": 2, "logprobs": false}), Some("top_logprobs")),
            (json!({"top_logprobs": 21, "logprobs": true}), Some("top_logprobs")),
            (json!({"top_logprobs": 20, "logprobs": true}), None),
            (json!({"seed": 1.5}), Some("seed")),
            (json!({"seed": -9223372036854775808i64}), None),
            (json!({"seed": 9223372036854775808u64}), Some("seed")),
            (json!({"stream": "true"}), Some("stream")),
            (json!({"stream": "null"}), None),
            (json!({"stream_options": {"include_usage": true}}), Some("stream_options")),
            (
                json!({"stream": true, "stream_options": {"usage": true}}),
                Some("stream_options.usage"),
            ),
            (json!({"reasoning_effort": "lots"}), Some("reasoning_effort")),
            (json!({"verbosity": "none"}), Some("verbosity")),
            (json!({"verbosity": "low"}), None),
            (json!({"service_tier": "gold"}), Some("service_tier")),
            (json!({"service_tier": "flex"}), None),
            (json!({"modalities": ["video"]}), Some("modalities[0]")),
            (json!({"modalities": ["text"]}), None),
            (json!({"modalities": ["text", "audio"]}), Some("audio")),
            (json!({"audio": {"voice": "alloy", "format": "wav"}}), Some("audio")),
            (
                json!({"modalities": ["audio"], "audio": {"voice": "alloy", "format": "ogg"}}),
                Some("audio.format"),
            ),
            (json!({"modalities": ["audio"], "audio": {"format": "wav"}}), Some("audio.voice")),
            (
                json!({"modalities": ["audio"], "audio": {"voice": {"id": "v"}, "format": "mp3"}}),
                None,
            ),
            (
                json!({"modalities": ["audio"], "audio": {"voice": "alloy", "format": "wav"},
                       "stream": true}),
                Some("audio.format"),
            ),
            (json!({"prediction": {"type": "content", "content": "x"}}), None),
            (json!({"prediction": {"type": "other", "content": "x"}}), Some("prediction.type")),
            (json!({"prediction": {"type": "content"}}), Some("prediction.content")),
            (json!({"store": true}), None),
            (json!({"store": "yes"}), Some("store")),
            (json!({"web_search_options": {"search_context_size": "low"}}), None),
            (
                json!({"web_search_options": {"search_context_size": "tiny"}}),
                Some("web_search_options.search_context_size"),
            ),
            (
                json!({"web_search_options": {"user_location": {"type": "exact"}}}),
                Some("web_search_options.user_location.type"),
            ),
            (json!({"moderation": {"model": "m"}}), None),
            (json!({"moderation": {}}), Some("moderation.model")),
            (json!({"prompt_cache_key": "k"}), None),
            (json!({"prompt_cache_retention": "1h"}), Some("prompt_cache_retention")),
            (json!({"prompt_cache_retention": "24h"}), None),
            (json!({"safety_identifier": "x".repeat(65)}), Some("safety_identifier")),
            (json!({"safety_identifier": "x".repeat(64)}), None),
            (json!({"user": 1}), Some("user")),
            (json!({"user": "null"}), Some("user")),
            (json!({"max_output_tokens": 5}), Some("max_output_tokens")),
        ],
    );
}

#[test]
fn metadata() {
    let pairs = |count: usize| -> Value {
        (0..count)
            .map(|index| (format!("k{index}"), json!("v")))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    client::check_rules(
        PATH,
        &base(),
        &[
            (json!({"metadata": pairs(16)}), None),
            (json!({"metadata": pairs(17)}), Some("metadata")),
            (json!({"metadata": {"k".repeat(64): "v".repeat(512)}}), None),
            (json!({"metadata": {"k".repeat(65): "v"}}), Some("metadata")),
            (json!({"metadata": {"k": "v".repeat(513)}}), Some("metadata.k")),
            (json!({"metadata": {"k": 1}}), Some("metadata.k")),
        ],
    );
    assert_eq!(ask(json!({"metadata": {"a": "b"}}))["metadata"], json!({"a": "b"}));
}

#[test]
fn models_differ() {
    let tools = json!([tool()]);
    client::check_rules(
        PATH,
        &base(),
        &[
            (json!({"model": "gpt-5.4", "max_tokens": 5}), Some("max_tokens")),
            (json!({"model": "o3", "max_tokens": 5}), Some("max_tokens")),
            (json!({"model": "o3", "max_completion_tokens": 5}), None),
            (json!({"model": "o3", "temperature": 0.5}), Some("temperature")),
            (json!({"model": "o1", "temperature": 1}), None),
            (json!({"model": "gpt-5.4", "temperature": 0.5}), None),
            (json!({"model": "o1", "top_p": 0.5}), Some("top_p")),
            (json!({"model": "o1", "presence_penalty": 1}), Some("presence_penalty")),
            (json!({"model": "o1", "frequency_penalty": 1}), Some("frequency_penalty")),
            (json!({"model": "o1", "frequency_penalty": 0}), None),
            (json!({"model": "o1", "logit_bias": {"1": 1}}), Some("logit_bias")),
            (json!({"model": "o1", "logprobs": true}), Some("logprobs")),
            (json!({"model": "o3", "stop": "x"}), Some("stop")),
            (json!({"model": "o4-mini", "stop": "x"}), Some("stop")),
            (json!({"model": "o1", "stop": "x"}), None),
            (json!({"model": "gpt-4o", "reasoning_effort": "low"}), Some("reasoning_effort")),
            (json!({"model": "gpt-5.4", "reasoning_effort": "xhigh"}), None),
            (json!({"model": "local", "reasoning_effort": "low"}), None),
            (
                json!({"model": "gpt-5.4", "prompt_cache_options": {"ttl": "30m"}}),
                Some("prompt_cache_options"),
            ),
            (json!({"model": "gpt-5.6-sol", "prompt_cache_options": {"mode": "implicit"}}), None),
            (
                json!({"model": "gpt-5.6-sol", "prompt_cache_options": {"ttl": "1h"}}),
                Some("prompt_cache_options.ttl"),
            ),
            (json!({"model": "o3", "tools": tools}), None),
        ],
    );
    // A model that begins with an o is not yet one of the o series.
    let temperature = json!({"model": "ollama", "temperature": 0.5});
    client::check_rules(PATH, &base(), &[(temperature, None)]);
}

#[test]
fn messages() {
    let user = |content: Value| json!({"messages": [{"role": "user", "content": content}]});
    let only = |message: Value| json!({"messages": [message]});
    let part = "messages[0].content[0]";
    let url = format!("{part}.image_url.url");
    let rows = [
        (only(json!({})), Some("messages[0].role")),
        (only(json!({"role": "robot", "content": "x"})), Some("messages[0].role")),
        (only(json!("hi")), Some("messages[0]")),
        (only(json!({"role": "user"})), Some("messages[0].content")),
        (user(json!(null)), Some("messages[0].content")),
        (user(json!(7)), Some("messages[0].content")),
        (user(json!([])), Some("messages[0].content")),
        (user(json!("")), None),
        (user(json!([{"type": "text", "text": "x"}])), None),
        (user(json!([{"type": "text"}])), Some("messages[0].content[0].text")),
        (user(json!([{"type": "video"}])), Some("messages[0].content[0].type")),
        (user(json!([{"type": "text", "text": "x", "y": 1}])), Some("messages[0].content[0].y")),
        (user(json!([{"type": "image_url", "image_url": {"url": "https://x/y.png"}}])), None),
        (
            user(json!([{"type": "image_url", "image_url":
                {"url": "data:image/png;base64,AAAA", "detail": "low"}}])),
            None,
        ),
        (user(json!([{"type": "image_url", "image_url": {"url": "y.png"}}])), Some(url.as_str())),
        (
            user(json!([{"type": "image_url", "image_url": {"url": "data:text/plain,x"}}])),
            Some(url.as_str()),
        ),
        (
            user(
                json!([{"type": "image_url", "image_url": {"url": "https://x", "detail": "max"}}]),
            ),
            Some("messages[0].content[0].image_url.detail"),
        ),
        (
            user(
                json!([{"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}]),
            ),
            None,
        ),
        (
            user(json!([{"type": "input_audio", "input_audio": {"data": "!", "format": "wav"}}])),
            Some("messages[0].content[0].input_audio.data"),
        ),
        (
            user(
                json!([{"type": "input_audio", "input_audio": {"data": "AAAA", "format": "ogg"}}]),
            ),
            Some("messages[0].content[0].input_audio.format"),
        ),
        (user(json!([{"type": "file", "file": {"file_id": "f"}}])), None),
        (user(json!([{"type": "file", "file": {"file_data": "x", "filename": "y"}}])), None),
        (
            user(json!([{"type": "file", "file": {"file_data": "x"}}])),
            Some("messages[0].content[0].file.filename"),
        ),
        (user(json!([{"type": "file", "file": {}}])), Some("messages[0].content[0].file.file_id")),
        (
            user(json!([{"type": "file", "file": {"file_id": "f", "file_data": "x"}}])),
            Some("messages[0].content[0].file"),
        ),
        (only(json!({"role": "user", "content": "x", "name": "Ann_1"})), None),
        (only(json!({"role": "user", "content": "x", "name": "A n"})), Some("messages[0].name")),
        (only(json!({"role": "user", "content": "x", "weight": 1})), Some("messages[0].weight")),
        (only(json!({"role": "system", "content": "x"})), None),
        (only(json!({"role": "developer", "content": [{"type": "text", "text": "x"}]})), None),
        (
            only(json!({"role": "system", "content": [{"type": "image_url"}]})),
            Some("messages[0].content[0].type"),
        ),
        (only(json!({"role": "assistant", "content": "x", "refusal": "null"})), None),
        (only(json!({"role": "assistant", "content": null})), Some("messages[0].content")),
        (only(json!({"role": "assistant"})), Some("messages[0].content")),
        (only(json!({"role": "assistant", "refusal": "no"})), None),
        (only(json!({"role": "assistant", "audio": {"id": "a"}})), None),
        (
            only(json!({"role": "assistant", "function_call": {"name": "f", "arguments": "{}"}})),
            None,
        ),
        (only(json!({"role": "function", "name": "f", "content": "1"})), None),
        (only(json!({"role": "function", "content": "1"})), Some("messages[0].name")),
    ];
    client::check_rules(PATH, &base(), &rows);
}

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
fn response_formats() {
    let schema = |name: &str, strict: bool, schema: Value| {
        json!({"response_format": {"type": "json_schema", "json_schema":
            {"name": name, "strict": strict, "schema": schema}}})
    };
    let open = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    let closed = json!({
        "type": "object", "properties": {"a": {"type": "string"}},
        "required": ["a"], "additionalProperties": false,
    });
    let name = "response_format.json_schema.name";
    client::check_rules(
        PATH,
        &base(),
        &[
            (json!({"response_format": {"type": "text"}}), None),
            (json!({"response_format": {"type": "xml"}}), Some("response_format.type")),
            (json!({"response_format": "json_object"}), Some("response_format")),
            (json!({"response_format": {"type": "json_object"}}), Some("messages")),
            (
                json!({"response_format": {"type": "json_object"},
                       "messages": [{"role": "system", "content": "Answer in Json."}]}),
                None,
            ),
            (
                json!({"response_format": {"type": "json_schema"}}),
                Some("response_format.json_schema"),
            ),
            (
                json!({"response_format": {"type": "json_schema", "json_schema": {"name": "x"}}}),
                Some("response_format.json_schema.schema"),
            ),
            (
                json!({"response_format":
                    {"type": "json_schema", "json_schema": {"schema": {"type": "object"}}}}),
                Some(name),
            ),
            (schema("my-schema_1", true, closed.clone()), None),
            (schema("my schema", true, closed.clone()), Some(name)),
            (schema("", true, closed.clone()), Some(name)),
            (schema(&"x".repeat(65), true, closed), Some(name)),
            (schema("s", false, open.clone()), None),
            (schema("s", true, open), Some("response_format")),
            (schema("s", false, json!({"type": "array", "items": {}})), Some("response_format")),
        ],
    );
}

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
fn parts_are_quoted_too() {
    let answer = ask(json!({"messages": [{"role": "user", "content": [
        {"type": "text", "text": "Look:"},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
    ]}]}));
    assert!(content(&answer).contains("\"Look:\n[image_url]\""));
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
fn spoken_answers_hold_audio() {
    let answer =
        ask(json!({"modalities": ["text", "audio"], "audio": {"voice": "alloy", "format": "wav"}}));
    let audio = &answer["choices"][0]["message"]["audio"];
    assert!(audio["data"].as_str().unwrap().starts_with("UklGR"), "RIFF in base64");
    assert!(audio["transcript"].as_str().unwrap().contains("What is up?"));
}

fn stream(patch: Value) -> Vec<Value> {
    let sandbox = client::start();
    let body = client::patched(&client::patched(&base(), &json!({"stream": true})), &patch);
    let mut events = client::post(&sandbox, PATH, &body).events();
    assert_eq!(events.pop(), Some(json!("[DONE]")));
    events
}

#[test]
fn streamed_text_adds_up() {
    let chunks = stream(json!({}));
    assert_eq!(
        chunks[0]["choices"][0]["delta"],
        json!({"role": "assistant", "content": "", "refusal": null})
    );
    let last = chunks.last().unwrap();
    assert_eq!(last["choices"][0]["finish_reason"], "stop");
    assert_eq!(last["choices"][0]["delta"], json!({}));
    let text: String = chunks
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str())
        .collect();
    assert_eq!(text, content(&ask(json!({}))));
    for chunk in &chunks {
        assert_eq!(chunk["object"], "chat.completion.chunk");
        assert_eq!(chunk["id"], chunks[0]["id"]);
        assert!(chunk["obfuscation"].is_string() && chunk.get("usage").is_none());
    }
}

#[test]
fn streams_have_options() {
    let chunks =
        stream(json!({"stream_options": {"include_usage": true, "include_obfuscation": false}}));
    let (last, others) = chunks.split_last().unwrap();
    assert_eq!(last["choices"], json!([]));
    assert_eq!(last["usage"], ask(json!({}))["usage"]);
    assert!(others.iter().all(|chunk| chunk["usage"] == json!(null)));
    assert!(chunks.iter().all(|chunk| chunk.get("obfuscation").is_none()));
    assert!(others.iter().all(|chunk| chunk.get("usage").is_some()));
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

#[test]
fn streamed_choices_keep_their_index() {
    let chunks = stream(json!({"n": 2}));
    let finished: Vec<_> = chunks
        .iter()
        .filter(|chunk| !chunk["choices"][0]["finish_reason"].is_null())
        .map(|chunk| &chunk["choices"][0]["index"])
        .collect();
    assert_eq!(finished, [0, 1]);
}

#[test]
fn streamed_audio_is_pcm() {
    let chunks =
        stream(json!({"modalities": ["audio"], "audio": {"voice": "alloy", "format": "pcm16"}}));
    let audio = |name: &str| {
        chunks.iter().any(|chunk| chunk["choices"][0]["delta"]["audio"].get(name).is_some())
    };
    assert!(audio("transcript") && audio("data") && audio("expires_at"));
}
