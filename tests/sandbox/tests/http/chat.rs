//! `POST /v1/chat/completions`.

mod answers;
mod attachments;
mod streams;
mod tools;

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
