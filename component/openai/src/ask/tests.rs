//! Tests of Ask with a fake host and API.

mod parity;

use connector_sdk::json_schema::{Invalid, Violation};
use connector_sdk::testing::{self, Answer, Host};
use connector_sdk::{Failure, FailureKind, Result};
use serde_json::{Value, json};

use crate::CONNECTOR;

fn host(answers: impl IntoIterator<Item = Answer>) -> Host {
    let numbered = answers.into_iter().zip(1..);
    numbered.fold(Host::new(&CONNECTOR), |host, (answer, number)| {
        host.answer(answer.header("x-request-id", &format!("req_{number}")))
    })
}

/// Runs Ask with the minimal input and these additional properties.
fn ask(host: &Host, more: Value) -> Result<testing::Outcome> {
    let mut input = json!({ "messages": [{ "role": "user", "content": "Hi" }] });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    host.run("ask", input)
}

/// A completion with this message.
fn message(message: Value, reason: &str) -> Answer {
    Answer::json(
        200,
        json!({
            "model": "gpt-x", "usage": { "total_tokens": 5 },
            "choices": [{ "index": 0, "message": message, "finish_reason": reason }],
        }),
    )
}

/// An answer with this text.
fn text_answer(content: &str) -> Answer {
    message(json!({ "role": "assistant", "content": content }), "stop")
}

/// An answer that calls functions, with the IDs `call_1` and so on.
fn calls(calls: &[(&str, &str)]) -> Answer {
    message(json!({ "content": null, "tool_calls": wire_calls(calls) }), "tool_calls")
}

fn wire_calls(calls: &[(&str, &str)]) -> Value {
    let call = |(number, (name, arguments)): (usize, &(&str, &str))| {
        let function = json!({ "name": name, "arguments": arguments });
        json!({ "id": format!("call_{number}"), "type": "function", "function": function })
    };
    (1..).zip(calls).map(call).collect()
}

#[test]
fn returns_the_answer_and_metadata() {
    let outcome = ask(&host([text_answer("Hello")]), json!({})).unwrap();
    assert_eq!(outcome.output, "Hello");
    let expected = json!({
        "model": "gpt-x", "usage": { "totalTokens": 5 }, "finishReasons": ["stop"],
        "requestId": "req_1",
    });
    assert_eq!(Value::Object(outcome.metadata), expected);
}

#[test]
fn returns_several_answers_as_a_list() {
    let choice = |content: &str, logprobs: Value| {
        json!({
            "message": { "content": content }, "finish_reason": "length", "logprobs": logprobs,
        })
    };
    let logprobs = json!({ "content": [{ "logprob": -0.1 }] });
    let choices = json!([choice("a", json!(null)), choice("b", logprobs.clone())]);
    let answer = || Answer::json(200, json!({ "choices": choices }));
    let outcome = ask(&host([answer()]), json!({ "model": "m", "n": 2 })).unwrap();
    assert_eq!(outcome.output, json!(["a", "b"]));
    let expected = json!({
        "model": "m", "finishReasons": ["length", "length"], "logprobs": [null, logprobs],
        "requestId": "req_1",
    });
    assert_eq!(Value::Object(outcome.metadata), expected);

    let with_functions = json!({ "n": 2, "functions": ["f"] });
    let failure = ask(&host([]), with_functions).unwrap_err();
    assert_eq!(failure.property.as_deref(), Some("n"));
}

#[test]
fn sends_the_older_name_of_the_token_limit_if_configured() {
    let host = host([text_answer("Hello")]).settings(json!({ "maxTokensParameter": "max_tokens" }));
    ask(&host, json!({ "maxTokens": 5 })).unwrap();
    assert_eq!(host.requests()[0].body["max_tokens"], 5);
}

#[test]
fn rejects_stop_for_reasoning_models() {
    let stop = |model: &str| {
        ask(&host([text_answer("Hello")]), json!({ "model": model, "stop": ["END"] })).err()
    };
    assert_eq!(stop("o4-mini").unwrap().property.as_deref(), Some("stop"));
    assert!(stop("gpt-5.4").is_none());
}

#[test]
fn a_reasoning_model_accepts_a_temperature_only_without_an_effort() {
    let refusal = |more: Value| {
        let mut input = json!({ "temperature": 0.2 });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ask(&host([text_answer("Hello")]), input).err().map(|failure| failure.message.clone())
    };
    for accepted in [
        json!({}),
        json!({ "reasoningEffort": "none" }),
        json!({ "model": "gpt-5.5", "reasoningEffort": "none" }),
        json!({ "model": "gpt-4o" }),
        json!({ "model": "qwen3", "reasoningEffort": "high" }),
    ] {
        assert_eq!(refusal(accepted), None);
    }
    let expected = "with `gpt-5.4`, `temperature` must be 1 (got 0.2): leave it empty, or set \
                    `reasoningEffort` to none";
    assert_eq!(refusal(json!({ "reasoningEffort": "low" })).as_deref(), Some(expected));
    let expected = "with `o3`, `temperature` must be 1 (got 0.2): leave it empty";
    assert_eq!(refusal(json!({ "model": "o3" })).as_deref(), Some(expected));
}

#[test]
fn an_unfinished_form_has_an_output_schema() {
    let schema = |input: Value| Host::new(&CONNECTOR).output_schema("ask", input).unwrap();
    assert_eq!(schema(json!({})), json!({ "type": "string" }));
    assert_eq!(
        schema(json!({ "responseFormat": 2, "n": 2 })),
        json!({ "type": "array", "items": { "type": "array" } })
    );
}

#[test]
fn lists_other_kinds_of_models_last() {
    let ids = ["whisper-1", "DALL-E-3", "llama3.2:3b", "text-embedding-3-small", "o4-mini"];
    let models: Vec<_> = ids.iter().map(|id| json!({ "id": id })).collect();
    let host = host([Answer::json(200, json!({ "data": models }))]);
    let options = host.options("ask", "model", json!({}), "").unwrap().options;
    let labels: Vec<_> = options.into_iter().map(|option| option.label).collect();
    let expected = ["llama3.2:3b", "o4-mini", "DALL-E-3", "text-embedding-3-small", "whisper-1"];
    assert_eq!(labels, expected);
}

/// The messages that are sent for the messages of a form.
fn sent(messages: Value, more: Value) -> Result<Value> {
    let host = host([text_answer("{}")]);
    let mut input = more;
    input["messages"] = messages;
    ask(&host, input)?;
    Ok(host.requests()[0].body["messages"].clone())
}

#[test]
fn inserts_the_json_instruction_after_leading_instructions() {
    let place = |roles: &[&str]| {
        let messages = roles.iter().map(|role| json!({ "content": "x", "role": role })).collect();
        let sent = sent(messages, json!({ "responseFormat": 1 })).unwrap();
        sent.as_array().unwrap().iter().position(|message| message["content"] != "x").unwrap()
    };
    assert_eq!(place(&["user"]), 0);
    assert_eq!(place(&["system", "developer", "user", "system"]), 2);
    assert_eq!(place(&["system"]), 1);
}

#[test]
fn only_an_instruction_may_be_empty() {
    let turn = |role: &str, content: &str| json!({ "role": role, "content": content });
    for instruction in [turn("system", ""), turn("developer", " \n")] {
        let sent = sent(json!([instruction, turn("user", "Hi")]), json!({})).unwrap();
        assert_eq!(sent, json!([turn("user", "Hi")]));
    }
    for (place, messages) in [
        (1, json!([turn("user", "Hi"), turn("assistant", "")])),
        (1, json!([turn("system", ""), turn("user", "")])),
        (0, json!([turn("tool", "")])),
        (0, json!([turn("system", "")])),
    ] {
        let failure = sent(messages, json!({})).unwrap_err();
        let property = format!("messages[{place}].content");
        assert_eq!(failure.message, format!("`{property}` is required"));
        assert_eq!(failure.property, Some(property));
        assert!(!failure.request_sent);
    }
}

#[test]
fn files_become_parts_of_the_last_user_message() {
    let host = host([text_answer("Nice")]);
    let files = [
        host.file("a.png", "image/png", b"\x89PNG"),
        host.file("a.pdf", "application/pdf", b"%PDF"),
        host.file("a.mp3", "audio/mpeg", b"ID3"),
        host.file("notes.svg", "image/svg+xml", "Grüße".as_bytes()),
    ];
    let user = |content: Value| json!({ "role": "user", "content": content });
    let model = json!({ "role": "assistant", "content": "So?" });
    let messages = json!([user("a".into()), user("Look!".into()), model]);
    let input = json!({ "messages": messages, "attachments": files, "imageDetail": "low" });
    ask(&host, input).unwrap();
    let parts = json!([
        { "type": "text", "text": "Look!" },
        {
            "type": "image_url",
            "image_url": { "url": "data:image/png;base64,<a.png>", "detail": "low" },
        },
        {
            "type": "file",
            "file": { "filename": "a.pdf", "file_data": "data:application/pdf;base64,<a.pdf>" },
        },
        { "type": "input_audio", "input_audio": { "data": "<a.mp3>", "format": "mp3" } },
        { "type": "text", "text": "notes.svg:\n\nGrüße" },
    ]);
    let expected = json!([user("a".into()), user(parts), model]);
    assert_eq!(host.requests()[0].body["messages"], expected);

    let failure =
        ask(&host, json!({ "messages": [model], "attachments": [files[0]] })).unwrap_err();
    assert_eq!(failure.property.as_deref(), Some("attachments"));
}

#[test]
fn attachments_belong_to_any_user_message() {
    let host = host([text_answer("Nice")]);
    let photo = host.file("a.png", "image/png", b"\x89PNG");
    let pdf = host.file("b.pdf", "application/pdf", b"%PDF");
    let messages = json!([
        {
            "role": "user", "content": "Look!", "attachments": [photo],
            "imageUrls": ["https://a.example/c.png"],
        },
        { "role": "assistant", "content": "I see" },
        { "role": "user", "content": "", "fileIds": ["file-d"] },
    ]);
    let input = json!({
        "messages": messages, "attachments": [pdf], "imageUrls": ["https://a.example/e.png"],
        "fileIds": ["file-f"], "imageDetail": "high",
    });
    ask(&host, input).unwrap();
    let image =
        |url: &str| json!({ "type": "image_url", "image_url": { "url": url, "detail": "high" } });
    let file = |file: Value| json!({ "type": "file", "file": file });
    let expected = json!([
        { "role": "user", "content": [
            { "type": "text", "text": "Look!" },
            image("data:image/png;base64,<a.png>"),
            image("https://a.example/c.png"),
        ]},
        { "role": "assistant", "content": "I see" },
        { "role": "user", "content": [
            file(json!({ "file_id": "file-d" })),
            file(json!({
                "filename": "b.pdf", "file_data": "data:application/pdf;base64,<b.pdf>",
            })),
            image("https://a.example/e.png"),
            file(json!({ "file_id": "file-f" })),
        ]},
    ]);
    assert_eq!(host.requests()[0].body["messages"], expected);
}

#[test]
fn rejects_attachments_that_cannot_be_sent() {
    let in_message = |members: Value| {
        let mut message = json!({ "role": "user", "content": "Hi" });
        message.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        json!({ "messages": [{ "role": "user", "content": "Hi" }, message] })
    };
    let gone = json!({ "extension": "png", "mimeType": "image/png", "name": "a", "url": "gone" });
    let url = "https://a.example";
    for (input, property, message) in [
        (
            json!({ "imageUrls": [url, "data:image/png;base64,AA=="] }),
            "imageUrls[1]",
            "each of `imageUrls` must begin with `https://`",
        ),
        (json!({ "imageUrls": ["photo.png"] }), "imageUrls[0]", "each of `imageUrls` must begin"),
        (
            json!({ "imageUrls": ["https://me:x@a"] }),
            "imageUrls[0]",
            "each of `imageUrls` must not",
        ),
        (json!({ "fileIds": ["../a"] }), "fileIds[0]", "`fileIds` must be an ID such as file-abc"),
        (json!({ "fileIds": [""] }), "fileIds[0]", "`fileIds` must be an ID such as file-abc123"),
        (json!({ "fileUrls": [url] }), "fileUrls[0]", "Chat Completions does not accept URLs"),
        (json!({ "imageFileIds": ["file-a"] }), "imageFileIds[0]", "Chat Completions does not"),
        (
            in_message(json!({ "fileUrls": [url] })),
            "messages[1].fileUrls[0]",
            "Chat Completions does not accept URLs of files: set `api` to Responses, or \
             use `attachments` or `fileIds`",
        ),
        (
            in_message(json!({ "imageFileIds": ["file-a"] })),
            "messages[1].imageFileIds[0]",
            "Chat Completions does not accept the IDs of images: set `api` to Responses, or use \
             `attachments` or `imageUrls`",
        ),
        (
            json!({ "imageDetail": "original" }),
            "imageDetail",
            "`imageDetail` can be original only with the Responses API",
        ),
        (in_message(json!({ "imageUrls": ["x"] })), "messages[1].imageUrls[0]", "each of"),
        (in_message(json!({ "attachments": [gone] })), "messages[1].attachments[0]", ""),
        (
            in_message(json!({ "role": "system", "fileIds": ["file-a"] })),
            "messages[1].fileIds",
            "`messages[1].fileIds` must be empty: only user messages may have files",
        ),
        (
            in_message(json!({ "role": "tool", "attachments": [gone] })),
            "messages[1].attachments",
            "`messages[1].attachments` must be empty",
        ),
        (
            json!({
                "messages": [{ "role": "assistant", "content": "Hi" }], "imageUrls": [url],
            }),
            "imageUrls",
            "attachments are sent with the last user message, but there is none",
        ),
    ] {
        let host = host([]);
        let failure = ask(&host, input).unwrap_err();
        assert_eq!(failure.property.as_deref(), Some(property), "{failure}");
        assert!(failure.message.starts_with(message), "{failure}");
        assert!(!failure.request_sent && host.requests().is_empty());
    }
}

#[test]
fn all_files_of_a_request_together_are_limited() {
    let host = host([]);
    let photo = host.file("a.png", "image/png", &vec![0; 19_000_000]);
    let message = json!({ "role": "user", "content": "Hi", "attachments": [photo] });
    let input = json!({ "messages": [message, message], "attachments": [photo] });
    let failure = ask(&host, input).unwrap_err();
    assert_eq!(failure.property.as_deref(), Some("messages[1].attachments[0]"));
    let expected = "all attachments together must be at most 37500000 bytes";
    assert_eq!(failure.message, expected);
}

#[test]
fn extra_parameters_are_part_of_every_request() {
    let host =
        with_functions(host([calls(&[("a_weather", "{}")]), text_answer("Sunny")])).streaming();
    let extra = json!({
        "top_k": 5, "prediction": { "type": "content", "content": "x" }, "reasoning": {},
        "web_search_options": { "search_context_size": "low" },
    });
    ask(&host, json!({ "functions": ["a/weather"], "extraParameters": extra })).unwrap();
    let requests = host.requests();
    assert_eq!(requests.len(), 2);
    for request in requests {
        for (name, value) in extra.as_object().unwrap() {
            assert_eq!(&request.body[name], value, "{name}");
        }
        assert_eq!(
            (&request.body["stream"], &request.body["model"]),
            (&json!(true), &json!("gpt-5.4"))
        );
    }
}

/// No parameter of a request can be changed by an extra one.
#[test]
fn rejects_extra_parameters_that_the_action_sets() {
    let everything = json!({
        "model": "gpt-4o", "responseFormat": 1, "responseSchema": r#"{"type":"object"}"#,
        "maxTokens": 100, "temperature": 0.5, "topP": 0.5, "functions": ["a/weather"],
        "toolChoice": "auto", "user": "u", "verbosity": "low", "serviceTier": "flex",
        "store": true, "metadata": { "a": "b" }, "logprobs": true, "topLogprobs": 2,
        "parallelFunctionCalls": true, "safetyIdentifier": "s", "promptCacheKey": "k",
        "moderation": { "model": "m" }, "promptCacheRetention": "24h",
    });
    let chat = json!({
        "n": 1, "frequencyPenalty": 1, "presencePenalty": 1, "logitBias": { "7": 1 },
        "stop": ["END"], "seed": 7,
    });
    let responses = json!({
        "api": "responses", "instructions": "I", "previousResponseId": "resp_1",
        "maxToolCalls": 3, "include": ["reasoning.encrypted_content"],
        "compactThreshold": 1000, "truncation": "auto",
    });
    for more in [chat, responses] {
        let mut input = everything.clone();
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let host = with_functions(host([text_answer("{}")])).streaming();
        ask(&host, input.clone()).ok();
        let body = host.requests().remove(0).body;
        let names = body.as_object().unwrap().keys().map(String::as_str);
        let others =
            ["stream_options", "max_tokens", "max_completion_tokens", "input", "maxTokens"];
        for name in names.chain(others) {
            input["extraParameters"] = json!({ "harmless": 1, name: 1 });
            let failure = ask(&host, input.clone()).unwrap_err();
            assert_eq!(failure.property, Some(format!("extraParameters.{name}")), "{failure}");
            let begins = format!("`extraParameters` must not contain `{name}`: ");
            assert!(failure.message.starts_with(&begins), "{failure}");
        }
        assert!(host.requests().is_empty());
    }
    for (name, advice) in [
        ("top_p", "use `topP`"),
        ("max_completion_tokens", "use `maxTokens`"),
        ("tools", "use `functions`"),
        ("input", "use `messages`"),
        ("stream", "the answer is streamed if the caller receives it as it arrives"),
    ] {
        let failure = ask(&host([]), json!({ "extraParameters": { name: 1 } })).unwrap_err();
        let expected = format!("`extraParameters` must not contain `{name}`: {advice}");
        assert_eq!(failure.message, expected);
    }
}

#[test]
fn rejects_unsupported_files() {
    let host = host([]);
    let long_text = "x".repeat((1 << 20) + 1);
    for (name, mime_type, content, message) in [
        ("a.ogg", "audio/ogg", "text", "`a.ogg` must be an image"),
        ("a.avif", "image/avif", "text", "`a.avif` must be an image"),
        ("a.mp4", "video/mp4", "text", "`a.mp4` must be an image"),
        ("a.json", "application/json", "no\0text", "`a.json` must be an image"),
        ("a.txt", "text/plain", &long_text, "a text file must be at most 1048576 bytes"),
    ] {
        let file = host.file(name, mime_type, content.as_bytes());
        let failure = ask(&host, json!({ "attachments": [file] })).unwrap_err();
        assert!(failure.message.starts_with(message), "{failure}");
        assert_eq!(failure.property.as_deref(), Some("attachments[0]"));
    }
    let file = host.file("a.txt", "text/plain", b"good until\xff");
    assert!(ask(&host, json!({ "attachments": [file] })).is_err());
}

#[test]
fn maps_an_error_to_the_property_of_the_form() {
    let schema = json!({ "responseFormat": 1, "responseSchema": "{\"type\":\"object\"}" });
    for (input, param, expected) in [
        (json!({}), "max_completion_tokens", Some("maxTokens")),
        (json!({}), "max_tokens", Some("maxTokens")),
        (json!({}), "top_p", Some("topP")),
        (json!({}), "tools[0].function.parameters", Some("functions[0]")),
        (json!({}), "response_format", Some("responseFormat")),
        (schema, "response_format", Some("responseSchema")),
        (json!({}), "reasoning_effort", Some("reasoningEffort")),
        (json!({}), "parallel_tool_calls", Some("parallelFunctionCalls")),
        (json!({}), "metadata.run", Some("metadata.run")),
        (json!({}), "modalities", None),
        (json!({}), "messages", Some("messages")),
        // The messages that are sent differ from those of the form.
        (json!({ "responseFormat": 1 }), "messages.[2].content", Some("messages[1].content")),
        (json!({ "responseFormat": 1 }), "messages[3].content", Some("messages[1].content")),
        (json!({ "responseFormat": 1 }), "messages[0].content", Some("messages")),
        (json!({}), "messages[9]", Some("messages")),
    ] {
        let error = json!({ "error": { "message": "No", "param": param } });
        let mut input = input;
        let turn = |role: &str| json!({ "role": role, "content": "x" });
        input["messages"] = json!([turn("user"), turn("tool")]);
        let failure = ask(&host([Answer::json(400, error)]), input).unwrap_err();
        assert_eq!(failure.property.as_deref(), expected, "{param}");
    }
}

/// A host with functions.
fn with_functions(host: Host) -> Host {
    let parameters = || json!({ "type": "object" });
    host.function("a/weather", parameters(), |_| Ok(json!({ "sunny": true })))
        .function("a/broken", parameters(), |_| Err(Failure::not_found("there is no such city")))
        .function("a/endless", parameters(), |_| {
            Err(Failure::new(FailureKind::Cancelled, "cancelled"))
        })
}

fn functions() -> Value {
    json!({ "functions": ["a/weather", "a/broken", "a/endless"], "maxFunctionRounds": 3 })
}

/// The function events, one per line.
fn happened(host: &Host) -> Vec<String> {
    let line = |event: &Value| {
        let end = event.get("arguments").or(event.get("result")).unwrap();
        format!("{} {} {end}", event["id"].as_str().unwrap(), event["name"].as_str().unwrap())
    };
    host.events().iter().map(line).collect()
}

#[test]
fn calls_a_function_and_asks_the_model_again() {
    let host =
        with_functions(host([calls(&[("a_weather", r#"{"city":"Rome"}"#)]), text_answer("Sunny")]));
    let outcome = ask(&host, functions()).unwrap();
    assert_eq!(outcome.output, "Sunny");
    assert_eq!(outcome.metadata["requestId"], "req_2");
    assert_eq!(outcome.metadata["usage"], json!({ "totalTokens": 10 }));
    assert_eq!(
        happened(&host),
        [r#"call_1 a/weather {"city":"Rome"}"#, r#"call_1 a/weather {"Ok":{"sunny":true}}"#]
    );
    let requests = host.requests();
    let function = json!({
        "name": "a_weather", "description": "Calls a/weather.", "parameters": { "type": "object" },
    });
    assert_eq!(requests[0].body["tools"][0], json!({ "type": "function", "function": function }));
    assert_eq!(
        requests[1].body["messages"],
        json!([
            { "role": "user", "content": "Hi" },
            {
                "role": "assistant", "content": null,
                "tool_calls": wire_calls(&[("a_weather", r#"{"city":"Rome"}"#)]),
            },
            { "role": "tool", "tool_call_id": "call_1", "content": r#"{"sunny":true}"# },
        ])
    );
}

#[test]
fn the_model_receives_the_result_or_error_of_every_call() {
    let wanted = [
        ("a_weather", "{}", r#"{"sunny":true}"#),
        ("made_up", "{}", r#"{"error":"unknown function `made_up`"}"#),
        ("a_broken", "{}", r#"{"error":"there is no such city"}"#),
        ("a_weather", "", r#"{"sunny":true}"#),
        ("a_weather", "{", r#"{"error":"the arguments are not a JSON object"}"#),
        ("a_weather", "[1]", r#"{"error":"the arguments are not a JSON object"}"#),
        ("", "{}", r#"{"error":"the call has no function name"}"#),
    ];
    let answer = calls(&wanted.map(|(name, arguments, _)| (name, arguments)));
    let host = with_functions(host([answer, text_answer("Well")]));
    ask(&host, functions()).unwrap();
    assert_eq!(
        happened(&host),
        [
            "call_1 a/weather {}",
            "call_3 a/broken {}",
            "call_4 a/weather {}",
            r#"call_1 a/weather {"Ok":{"sunny":true}}"#,
            r#"call_3 a/broken {"Err":"there is no such city"}"#,
            r#"call_4 a/weather {"Ok":{"sunny":true}}"#,
        ]
    );
    let messages = &host.requests()[1].body["messages"];
    for (index, (.., result)) in wanted.iter().enumerate() {
        let message = &messages[index + 2];
        assert_eq!(message["tool_call_id"], format!("call_{}", index + 1));
        assert_eq!(message["content"], *result);
    }
}

#[test]
fn the_model_receives_errors_about_its_arguments() {
    let host = with_functions(host([calls(&[("a_weather", "{}")]), text_answer("Well")]));
    let host = host.invalid(mismatch(&[("", "\"city\" is missing")]));
    ask(&host, functions()).unwrap();
    let expected = r#"{"error":"invalid arguments: \"city\" is missing"}"#;
    assert_eq!(host.requests()[1].body["messages"][2]["content"], expected);
    assert!(host.events().is_empty());
}

#[test]
fn stops_a_model_that_keeps_calling_functions() {
    let host = with_functions(host([(); 4].map(|()| calls(&[("a_weather", "{}")]))));
    let failure = ask(&host, functions()).unwrap_err();
    assert_eq!(failure.kind, FailureKind::InvalidOutput);
    assert_eq!(failure.property.as_deref(), Some("functions"));
    assert_eq!(host.requests().len(), 4);
    assert_eq!(host.events().len(), 6);
}

#[test]
fn a_cancellation_or_network_failure_fails_the_run() {
    for (host, kind) in [
        (host([calls(&[("a_weather", "{}"), ("a_endless", "{}")])]), FailureKind::Cancelled),
        (host([calls(&[("a_weather", "{}")])]).cancelled_after(0), FailureKind::Cancelled),
        // The second request gets no response.
        (host([calls(&[("a_weather", "{}")])]), FailureKind::Network),
    ] {
        let failure = ask(&with_functions(host), functions()).unwrap_err();
        assert_eq!(failure.kind, kind);
        assert!(failure.request_sent);
    }
    let failure = ask(&host([]), json!({})).unwrap_err();
    assert_eq!((failure.kind, failure.request_sent), (FailureKind::Network, false));
}

#[test]
fn converts_function_names_for_the_api() {
    let long = "ü".repeat(70);
    let names = ["a/b", "a_b", "a.b", &long, &format!("{long}.")];
    let host = names.iter().fold(host([text_answer("Hi")]), |host, name| {
        host.function(name, json!({ "type": "object" }), |_| Ok(json!(null)))
    });
    ask(&host, json!({ "functions": names })).unwrap();
    let request = host.requests().remove(0);
    let sent: Vec<_> =
        (0..5).map(|at| request.body["tools"][at]["function"]["name"].clone()).collect();
    let (cut, numbered) = ("_".repeat(64), "_".repeat(62) + "_2");
    assert_eq!(sent, ["a_b", "a_b_2", "a_b_3", &cut, &numbered]);
}

/// The result of validating JSON that does not match its schema.
fn mismatch(violations: &[(&str, &str)]) -> Invalid {
    let violation = |(path, message): &(&str, &str)| Violation {
        path: (*path).to_owned(),
        message: (*message).to_owned(),
    };
    Invalid::Instance(violations.iter().map(violation).collect())
}

/// Asks for an object. `verdicts` are the results of validating the answers.
fn ask_for_object(
    answers: &[&str],
    verdicts: Vec<Invalid>,
    repairs: u64,
) -> (Host, Result<testing::Outcome>) {
    // The schema itself is validated first.
    let good = Invalid::NotJson(String::new());
    let host = host(answers.iter().map(|answer| text_answer(answer))).invalid(good);
    let host = verdicts.into_iter().fold(host, Host::invalid);
    let schema = r#"{"type":"object"}"#;
    let input = json!({ "responseFormat": 1, "responseSchema": schema, "repairAttempts": repairs });
    let outcome = ask(&host, input);
    (host, outcome)
}

#[test]
fn asks_for_a_correction_if_an_answer_does_not_match_the_schema() {
    let verdict = mismatch(&[
        ("/a", "\"x\" is not of type \"integer\""),
        ("", "\"b\" is a required property"),
    ]);
    let answers = [r#"{"a":"x"}"#, r#"{"a":1,"b":2}"#];
    let (host, outcome) = ask_for_object(&answers, vec![verdict], 1);
    let outcome = outcome.unwrap();
    assert_eq!(outcome.output, json!({ "a": 1, "b": 2 }));
    assert_eq!(outcome.metadata["repairs"], 1);
    assert_eq!(outcome.metadata["strict"], false);
    assert_eq!(outcome.metadata["usage"], json!({ "totalTokens": 10 }));
    assert_eq!(
        host.requests()[1].body["messages"],
        json!([
            { "role": "user", "content": "Hi" },
            { "role": "assistant", "content": r#"{"a":"x"}"# },
            {
                "role": "user",
                "content": "the answer does not match the Response Schema: /a: \"x\" is not of \
                            type \"integer\"; \"b\" is a required property. Answer again with the \
                            complete, corrected JSON and nothing else.",
            },
        ])
    );
    // The same holds for an answer that is not JSON.
    let (_, outcome) = ask_for_object(&["Sure!", "{}"], Vec::new(), 1);
    assert_eq!(outcome.unwrap().metadata["repairs"], 1);
}

#[test]
fn fails_if_no_answer_matches_the_schema() {
    let long = "x".repeat(999);
    let many = ["/0", "/1", "/2", "/3", "/4", "/5"].map(|path| (path, long.as_str()));
    let verdicts = vec![mismatch(&[("/a", "no")]), mismatch(&many)];
    let (_, outcome) = ask_for_object(&["{}", "{ }"], verdicts, 1);
    let failure = outcome.unwrap_err();
    assert_eq!(failure.kind, FailureKind::InvalidOutput);
    assert!(failure.message.starts_with("the answer does not match the Response Schema: /0: x"));
    assert!(failure.message.contains("; /4: x") && !failure.message.contains("/5"));
    assert!(failure.message.len() < 1200);
    assert_eq!(failure.detail.as_deref(), Some("{ }"));
    assert_eq!((failure.status, failure.request_id.as_deref()), (Some(200), Some("req_2")));

    let (host, outcome) = ask_for_object(&["[]", "{}"], Vec::new(), 0);
    assert_eq!(outcome.unwrap_err().detail.as_deref(), Some("[]"));
    assert_eq!(host.requests().len(), 1);
}

#[test]
fn does_not_correct_several_answers_or_a_refusal() {
    let schema = json!({ "responseFormat": 1, "responseSchema": "{\"type\":\"object\"}", "n": 2 });
    let choice = json!({ "message": { "content": "no JSON" } });
    let two = Answer::json(200, json!({ "choices": [choice, choice] }));
    let refusal = message(json!({ "content": null, "refusal": "no" }), "stop");
    for (answer, kind) in [(two, FailureKind::InvalidOutput), (refusal, FailureKind::Refused)] {
        let host = host([answer]);
        assert_eq!(ask(&host, schema.clone()).unwrap_err().kind, kind);
        assert_eq!(host.requests().len(), 1);
    }
}

#[test]
fn rejects_an_invalid_schema_before_the_request() {
    let host = host([]).invalid(Invalid::Schema("1 is bad".to_owned()));
    let schema = r#"{"type":"object","properties":1}"#;
    let failure = ask(&host, json!({ "responseFormat": 1, "responseSchema": schema })).unwrap_err();
    assert_eq!(failure.kind, FailureKind::InvalidInput);
    assert_eq!(failure.message, "`responseSchema` is not a valid JSON Schema: 1 is bad");
    assert_eq!(failure.property.as_deref(), Some("responseSchema"));
    assert!(host.requests().is_empty() && !failure.request_sent);
}

#[test]
fn an_answer_without_choices_is_a_failure() {
    for answer in [json!({ "choices": [] }), json!({}), json!("text"), json!(null)] {
        let failure = ask(&host([Answer::json(200, answer.clone())]), json!({})).unwrap_err();
        assert_eq!(failure.kind, FailureKind::InvalidOutput);
        assert_eq!(failure.detail, Some(answer.to_string()));
        assert_eq!((failure.status, failure.request_id.as_deref()), (Some(200), Some("req_1")));
    }
}

/// A chunk of a stream.
fn chunk(index: u64, delta: Value, reason: Option<&str>) -> String {
    let choice = json!({ "index": index, "delta": delta, "finish_reason": reason });
    json!({ "model": "gpt-x", "choices": [choice], "usage": null }).to_string()
}

fn text_chunk(index: u64, text: &str) -> String {
    chunk(index, json!({ "content": text }), None)
}

fn end(index: u64) -> String {
    chunk(index, json!({}), Some("stop"))
}

/// The reported text, with the index of its choice.
fn reported(host: &Host) -> Vec<(u64, String)> {
    let text = |event: Value| {
        (event["choice"].as_u64().unwrap(), event["text"].as_str().unwrap().to_owned())
    };
    host.events().into_iter().map(text).collect()
}

#[test]
fn reports_text_as_it_arrives() {
    let usage = json!({ "choices": [], "usage": { "total_tokens": 5 } }).to_string();
    let events = [
        text_chunk(1, "ja 😀"),
        text_chunk(0, "no"),
        text_chunk(0, ""),
        text_chunk(1, "!"),
        end(0),
        end(1),
        usage,
        "[DONE]".to_owned(),
        "rest".to_owned(),
    ];
    let host = host([Answer::events(events)]).streaming();
    let outcome = ask(&host, json!({ "n": 2 })).unwrap();
    assert_eq!(outcome.output, json!(["no", "ja 😀!"]));
    assert_eq!(outcome.metadata["usage"], json!({ "totalTokens": 5 }));
    let expected = [(1, "ja 😀"), (0, "no"), (1, "!")];
    assert_eq!(reported(&host), expected.map(|(choice, text)| (choice, text.to_owned())));
    let body = &host.requests()[0].body;
    assert_eq!(body["stream"], true);
    assert_eq!(body["stream_options"], json!({ "include_usage": true }));
}

#[test]
fn accepts_a_stream_or_a_whole_response_whichever_was_requested() {
    let stream = Answer::events([text_chunk(0, "Hello"), end(0)]);
    let unasked = host([stream]);
    assert_eq!(ask(&unasked, json!({})).unwrap().output, "Hello");
    assert!(unasked.events().is_empty());
    assert_eq!(ask(&host([text_answer("Hello")]).streaming(), json!({})).unwrap().output, "Hello");
}

#[test]
fn a_stream_that_ends_early_keeps_its_text() {
    let half = || text_chunk(0, "half");
    let blank_end = chunk(0, json!({ "content": "" }), Some(""));
    let error = json!({ "error": { "message": "Gone.", "code": 500 } }).to_string();
    let with_error = json!({ "choices": [{ "error": { "message": "Gone.", "code": 500 } }] });
    use FailureKind::{Cancelled, InvalidOutput, Network, Unavailable};
    for (host, kind, message) in [
        (host([Answer::events([half()])]), InvalidOutput, "the answer ended early"),
        (host([Answer::events([half(), blank_end])]), InvalidOutput, "the answer ended early"),
        (
            host([Answer::events([half(), text_chunk(1, "x"), end(1)])]),
            InvalidOutput,
            "the answer ended early",
        ),
        (
            host([Answer::events([half(), "oops".to_owned()])]),
            InvalidOutput,
            "the provider's response is not JSON",
        ),
        (host([Answer::events([half(), error])]), Unavailable, "Gone"),
        (host([Answer::events([half(), with_error.to_string()])]), Unavailable, "Gone"),
        (host([Answer::events([half()]).breaks_off()]), Network, "the connection broke"),
        (host([Answer::events([half()])]).cancelled_after(0), Cancelled, "the run was cancelled"),
    ] {
        let failure = ask(&host.streaming(), json!({})).unwrap_err();
        assert_eq!((failure.kind, failure.message.as_str()), (kind, message));
        let kept = (kind != Cancelled).then_some("half");
        assert_eq!(failure.detail.as_deref(), kept, "{message}");
        assert!(failure.request_sent);
    }
    let nothing = ask(&host([Answer::events([""; 0])]).streaming(), json!({})).unwrap_err();
    assert_eq!(nothing.message, "the provider's response contains no events");
}

#[test]
fn repeats_a_request_without_rejected_stream_options() {
    let refusal = || Answer::json(422, json!({ "error": "stream_options: unknown" }));
    let stream = Answer::events([text_chunk(0, "Hello"), end(0)]);
    let host = host([refusal(), stream]).streaming();
    assert_eq!(ask(&host, json!({})).unwrap().output, "Hello");
    let requests = host.requests();
    assert_eq!(requests[1].body["stream"], true);
    assert_eq!(requests[1].body.get("stream_options"), None);
    // The request is repeated only once.
    let host = self::host([refusal(), refusal()]).streaming();
    assert_eq!(ask(&host, json!({})).unwrap_err().status, Some(422));
}
