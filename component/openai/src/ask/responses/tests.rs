//! Tests of Ask over Responses with a fake host and API.

use connector_sdk::json_schema::Invalid;
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

/// Runs Ask over Responses with the minimal input and these additional properties.
fn ask(host: &Host, more: Value) -> Result<testing::Outcome> {
    let mut input = json!({
        "api": "responses", "messages": [{ "role": "user", "content": "Hi" }],
    });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    host.run("ask", input)
}

/// A response with these items.
fn response(status: &str, output: Value) -> Value {
    json!({
        "id": "resp_1", "object": "response", "status": status, "model": "gpt-x", "error": null,
        "incomplete_details": null, "output": output,
        "usage": {
            "input_tokens": 3, "input_tokens_details": { "cached_tokens": 1 },
            "output_tokens": 2, "output_tokens_details": { "reasoning_tokens": 0 },
            "total_tokens": 5,
        },
    })
}

fn completed(output: Value) -> Answer {
    Answer::json(200, response("completed", output))
}

fn message(content: Value) -> Value {
    json!({
        "type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
        "content": content,
    })
}

fn text(text: &str) -> Value {
    message(json!([{ "type": "output_text", "text": text, "annotations": [], "logprobs": [] }]))
}

fn text_answer(content: &str) -> Answer {
    completed(json!([text(content)]))
}

fn call(id: &str, name: &str) -> Value {
    json!({
        "type": "function_call", "id": format!("fc_{id}"), "call_id": id, "name": name,
        "arguments": "{\"city\": \"Rome\"}", "status": "completed",
    })
}

fn output(id: &str, text: &str) -> Value {
    json!({ "type": "function_call_output", "call_id": id, "output": text })
}

fn user(content: impl Into<Value>) -> Value {
    json!({ "role": "user", "content": content.into() })
}

/// The body of the only request for these properties.
fn body(host: &Host, more: Value) -> Value {
    ask(host, more).unwrap();
    let [request] = <[_; 1]>::try_from(host.requests()).unwrap();
    assert_eq!(request.to_string(), "POST /responses");
    request.body
}

#[test]
fn the_properties_determine_the_request() {
    let city = r#"{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false}"#;
    let schema: Value = serde_json::from_str(city).unwrap();
    let tool = |tool: Value| json!({ "tools": [tool] });
    for (more, expected) in [
        (json!({}), json!({})),
        (
            json!({ "maxTokens": 16, "temperature": 0, "topP": 1, "user": "u", "store": true,
                    "metadata": { "a": "b" }, "serviceTier": "flex", "safetyIdentifier": "s",
                    "promptCacheKey": "k", "promptCacheRetention": "24h",
                    "model": "gpt-5.6-sol", "reasoningEffort": "none",
                    "promptCacheOptions": { "ttl": "30m", "mode": "explicit" } }),
            json!({ "max_output_tokens": 16, "temperature": 0, "top_p": 1, "user": "u",
                    "store": true, "metadata": { "a": "b" }, "service_tier": "flex",
                    "safety_identifier": "s", "prompt_cache_key": "k",
                    "prompt_cache_retention": "24h", "model": "gpt-5.6-sol",
                    "reasoning": { "effort": "none" },
                    "prompt_cache_options": { "ttl": "30m", "mode": "explicit" } }),
        ),
        (json!({ "extraParameters": { "top_k": 5, "n": 2 } }), json!({ "top_k": 5, "n": 2 })),
        (
            json!({ "responseFormat": 1, "responseSchema": city, "verbosity": "low" }),
            json!({ "text": {
                "format": {
                    "type": "json_schema", "name": "response", "strict": true, "schema": schema,
                },
                "verbosity": "low",
            }}),
        ),
        (
            json!({ "logprobs": true, "topLogprobs": 2 }),
            json!({ "top_logprobs": 2, "include": ["message.output_text.logprobs"] }),
        ),
        (json!({ "logprobs": false }), json!({})),
        (
            json!({ "reasoningEffort": "high", "reasoningSummary": "auto",
                    "reasoningMode": "pro", "reasoningContext": "all_turns" }),
            json!({ "reasoning": {
                "effort": "high", "summary": "auto", "mode": "pro", "context": "all_turns",
            }}),
        ),
        (
            json!({ "instructions": "Be brief.", "previousResponseId": "resp_0",
                    "truncation": "auto", "maxToolCalls": 3, "compactThreshold": 2000,
                    "include": ["web_search_call.action.sources"] }),
            json!({ "instructions": "Be brief.", "previous_response_id": "resp_0",
                    "truncation": "auto", "max_tool_calls": 3,
                    "context_management": [{ "type": "compaction", "compact_threshold": 2000 }],
                    "include": ["web_search_call.action.sources"] }),
        ),
        (json!({ "conversation": "conv_1" }), json!({ "conversation": "conv_1" })),
        (
            json!({ "moderation": { "model": "m", "input": "block", "output": "score" } }),
            json!({ "moderation": {
                "model": "m",
                "policy": { "input": { "mode": "block" }, "output": { "mode": "score" } },
            }}),
        ),
        (json!({ "moderation": { "model": "m" } }), json!({ "moderation": { "model": "m" } })),
        // A reasoning model's reasoning is sent back encrypted.
        (
            json!({ "store": false }),
            json!({ "store": false, "include": ["reasoning.encrypted_content"] }),
        ),
        (
            json!({ "store": false, "model": "gpt-4o" }),
            json!({ "store": false, "model": "gpt-4o" }),
        ),
        (json!({ "webSearch": true }), tool(json!({ "type": "web_search" }))),
        (json!({ "webSearch": false }), json!({})),
        (
            json!({ "webSearch": true, "webSearchOptions": {
                "contextSize": "low", "liveAccess": false, "allowedDomains": ["example.com"],
                "location": { "country": "at", "city": "Graz", "timezone": "Europe/Vienna" },
            }}),
            tool(json!({
                "type": "web_search", "search_context_size": "low", "external_web_access": false,
                "filters": { "allowed_domains": ["example.com"] },
                "user_location": {
                    "type": "approximate", "country": "AT", "city": "Graz",
                    "timezone": "Europe/Vienna",
                },
            })),
        ),
        (
            json!({ "webSearch": true, "webSearchOptions": { "location": {} } }),
            tool(json!({ "type": "web_search" })),
        ),
        (
            json!({ "vectorStores": ["vs_1"], "fileSearchOptions": {
                "maxResults": 5, "scoreThreshold": 0.5, "ranker": "auto", "embeddingWeight": 1,
                "textWeight": 0.5,
                "filters": r#"{"type":"and","filters":[
                    {"type":"gte","key":"year","value":2025},
                    {"type":"in","key":"kind","value":["a","b"]}
                ]}"#,
            }}),
            tool(json!({
                "type": "file_search", "vector_store_ids": ["vs_1"], "max_num_results": 5,
                "ranking_options": {
                    "ranker": "auto", "score_threshold": 0.5,
                    "hybrid_search": { "embedding_weight": 1, "text_weight": 0.5 },
                },
                "filters": { "type": "and", "filters": [
                    { "type": "gte", "key": "year", "value": 2025 },
                    { "type": "in", "key": "kind", "value": ["a", "b"] },
                ]},
            })),
        ),
        (
            json!({ "codeInterpreter": true }),
            tool(json!({ "type": "code_interpreter", "container": { "type": "auto" } })),
        ),
        (
            json!({ "codeInterpreter": true, "codeInterpreterOptions": { "container": "cntr_1" } }),
            tool(json!({ "type": "code_interpreter", "container": "cntr_1" })),
        ),
        (
            json!({ "codeInterpreter": true, "codeInterpreterOptions": {
                "fileIds": ["file-1"], "memoryLimit": "4g", "networkAccess": "allowlist",
                "allowedDomains": ["example.com"],
            }}),
            tool(json!({ "type": "code_interpreter", "container": {
                "type": "auto", "file_ids": ["file-1"], "memory_limit": "4g",
                "network_policy": { "type": "allowlist", "allowed_domains": ["example.com"] },
            }})),
        ),
        (
            json!({ "codeInterpreter": true,
                    "codeInterpreterOptions": { "networkAccess": "disabled" } }),
            tool(json!({ "type": "code_interpreter", "container": {
                "type": "auto", "network_policy": { "type": "disabled" },
            }})),
        ),
        (json!({ "imageGeneration": true }), tool(json!({ "type": "image_generation" }))),
        (
            json!({ "imageGeneration": true, "imageGenerationOptions": {
                "model": "gpt-image-2", "quality": "low", "size": "1536x864",
                "outputFormat": "webp", "outputCompression": 50, "background": "opaque",
                "moderation": "low", "inputFidelity": "high", "action": "edit",
                "partialImages": 2,
            }}),
            tool(json!({
                "type": "image_generation", "model": "gpt-image-2", "quality": "low",
                "size": "1536x864", "output_format": "webp", "output_compression": 50,
                "background": "opaque", "moderation": "low", "input_fidelity": "high",
                "action": "edit",
            })),
        ),
        (
            json!({ "mcpServers": [
                { "label": "wiki", "url": "https://wiki.example/mcp", "description": "A wiki.",
                  "allowedTools": ["search"], "approval": "never" },
                { "label": "t", "tunnelId": "tunnel_0123456789abcdef0123456789abcdef",
                  "readOnly": true, "allowedTools": ["a"] },
                { "label": "r", "url": "http://localhost:1/mcp", "readOnly": true },
                { "label": "all", "url": "https://all.example", "readOnly": false },
            ]}),
            json!({ "tools": [
                { "type": "mcp", "server_label": "wiki", "server_url": "https://wiki.example/mcp",
                  "server_description": "A wiki.", "allowed_tools": ["search"],
                  "require_approval": "never" },
                { "type": "mcp", "server_label": "t",
                  "tunnel_id": "tunnel_0123456789abcdef0123456789abcdef",
                  "allowed_tools": { "tool_names": ["a"], "read_only": true } },
                { "type": "mcp", "server_label": "r", "server_url": "http://localhost:1/mcp",
                  "allowed_tools": { "read_only": true } },
                { "type": "mcp", "server_label": "all", "server_url": "https://all.example" },
            ]}),
        ),
        (
            json!({ "previousResponseId": "resp_0", "mcpApprovals": [
                { "requestId": "mcpr_1", "approve": true },
                { "requestId": "mcpr_2", "approve": false, "reason": "too much" },
            ]}),
            json!({ "previous_response_id": "resp_0", "input": [
                { "type": "mcp_approval_response", "approval_request_id": "mcpr_1",
                  "approve": true },
                { "type": "mcp_approval_response", "approval_request_id": "mcpr_2",
                  "approve": false, "reason": "too much" },
                user("Hi"),
            ]}),
        ),
        (
            json!({ "webSearch": true, "codeInterpreter": true, "toolChoice": "code_interpreter" }),
            json!({
                "tools": [
                    { "type": "web_search" },
                    { "type": "code_interpreter", "container": { "type": "auto" } },
                ],
                "tool_choice": { "type": "code_interpreter" },
            }),
        ),
        (json!({ "toolChoice": "auto" }), json!({})),
    ] {
        let mut whole = json!({ "model": "gpt-5.4", "input": [user("Hi")] });
        whole.as_object_mut().unwrap().extend(expected.as_object().unwrap().clone());
        let body = body(&host([text_answer(r#"{"a":"b"}"#)]), more.clone());
        assert_eq!(body, whole, "{more}");
    }
}

#[test]
fn every_role_and_the_json_instruction_are_items() {
    let turn = |role: &str, content: &str| json!({ "role": role, "content": content });
    let messages = json!([
        turn("system", "S"),
        turn("developer", " "),
        turn("user", "U"),
        turn("tool", "T"),
        turn("assistant", "A"),
        turn("user", "Go on"),
    ]);
    let more = json!({ "messages": messages, "responseFormat": 1 });
    let body = body(&host([text_answer("{}")]), more);
    let called = json!({
        "type": "function_call", "call_id": "call_0", "name": "tool", "arguments": "{}",
    });
    let expected = json!([
        turn("system", "S"),
        turn("system", "Answer with one JSON object and nothing else."),
        turn("user", "U"),
        called,
        output("call_0", "T"),
        json!({ "type": "message", "role": "assistant", "content": "A" }),
        turn("user", "Go on"),
    ]);
    assert_eq!(body["input"], expected);
    assert_eq!(body["text"], json!({ "format": { "type": "json_object" } }));
}

#[test]
fn files_become_parts_of_the_last_user_message() {
    let host = host([text_answer("Nice")]);
    let files = [
        host.file("a.png", "image/png", b"\x89PNG"),
        host.file("a.pdf", "application/pdf", b"%PDF"),
        host.file("a.md", "text/markdown", b"# A"),
    ];
    let mask = host.file("mask.png", "image/png", b"\x89PNG");
    let body = body(
        &host,
        json!({
            "attachments": files, "imageDetail": "low", "fileDetail": "high", "imageGeneration": true,
            "imageGenerationOptions": { "mask": mask },
        }),
    );
    let parts = json!([
        { "type": "input_text", "text": "Hi" },
        { "type": "input_image", "image_url": "data:image/png;base64,<a.png>", "detail": "low" },
        { "type": "input_file", "filename": "a.pdf",
          "file_data": "data:application/pdf;base64,<a.pdf>", "detail": "high" },
        { "type": "input_text", "text": "a.md:\n\n# A" },
    ]);
    assert_eq!(body["input"], json!([user(parts)]));
    let mask = json!({ "image_url": "data:image/png;base64,<mask.png>" });
    assert_eq!(body["tools"], json!([{ "type": "image_generation", "input_image_mask": mask }]));
}

#[test]
fn the_provider_fetches_addresses_and_has_uploaded_files() {
    let host = host([text_answer("Nice")]);
    let page = host.file("a.md", "text/markdown", b"# A");
    let first = json!({
        "role": "user", "content": "", "imageFileIds": ["file-a"], "attachments": [page],
        "fileUrls": ["https://a.example/a.pdf"],
    });
    let body = body(
        &host,
        json!({
            "messages": [
                first,
                { "role": "assistant", "content": "I see" },
                { "role": "user", "content": "And now?", "fileIds": [" file-b "] },
            ],
            "imageUrls": ["http://a.example/b.png"], "imageFileIds": ["file-c"],
            "fileUrls": ["https://a.example/c.pdf?d=e"], "fileIds": ["file-d"],
            "imageDetail": "original", "fileDetail": "low",
        }),
    );
    let expected = json!([
        user(json!([
            { "type": "input_text", "text": "a.md:\n\n# A" },
            { "type": "input_image", "file_id": "file-a", "detail": "original" },
            { "type": "input_file", "file_url": "https://a.example/a.pdf", "detail": "low" },
        ])),
        { "type": "message", "role": "assistant", "content": "I see" },
        user(json!([
            { "type": "input_text", "text": "And now?" },
            { "type": "input_file", "file_id": "file-b", "detail": "low" },
            {
                "type": "input_image", "image_url": "http://a.example/b.png",
                "detail": "original",
            },
            { "type": "input_image", "file_id": "file-c", "detail": "original" },
            { "type": "input_file", "file_url": "https://a.example/c.pdf?d=e", "detail": "low" },
            { "type": "input_file", "file_id": "file-d", "detail": "low" },
        ])),
    ]);
    assert_eq!(body["input"], expected);
}

#[test]
fn audio_cannot_be_attached_to_any_message() {
    let host = host([]);
    let song = host.file("a.mp3", "audio/mpeg", b"ID3");
    let with_song = json!({ "role": "user", "content": "Hi", "attachments": [song] });
    for (more, property) in [
        (json!({ "imageUrls": ["https://a.example"], "attachments": [song] }), "attachments[0]"),
        (json!({ "messages": [user("Hi"), with_song] }), "messages[1].attachments[0]"),
    ] {
        let failure = ask(&host, more).unwrap_err();
        assert_eq!(failure.property.as_deref(), Some(property));
        assert!(failure.message.contains("does not accept audio such as `a.mp3`"), "{failure}");
    }
    assert!(host.requests().is_empty());
}

#[test]
fn rejects_invalid_input_before_the_request() {
    let mask = json!({ "extension": "png", "mimeType": "image/png", "name": "a", "url": "gone" });
    let server = |members: Value| {
        let mut server = json!({ "label": "a" });
        server.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        json!({ "mcpServers": [{ "label": "ok", "url": "https://a.example" }, server] })
    };
    let search = |options: Value| json!({ "vectorStores": ["vs_1"], "fileSearchOptions": options });
    let image =
        |options: Value| json!({ "imageGeneration": true, "imageGenerationOptions": options });
    let filter = |filter: &str| search(json!({ "filters": filter }));
    for (more, property) in [
        (json!({ "previousResponseId": "resp_1", "conversation": "conv_1" }), "conversation"),
        (json!({ "background": true, "store": false }), "background"),
        (json!({ "maxTokens": 15 }), "maxTokens"),
        (
            json!({ "model": "gpt-5.5", "promptCacheRetention": "in_memory" }),
            "promptCacheRetention",
        ),
        (json!({ "promptCacheOptions": { "mode": "implicit" } }), "promptCacheOptions"),
        (json!({ "model": "gpt-4o", "reasoningEffort": "low" }), "reasoningEffort"),
        (json!({ "model": "gpt-4o", "reasoningSummary": "auto" }), "reasoningSummary"),
        (json!({ "model": "gpt-4.1-2025-04-14", "reasoningMode": "pro" }), "reasoningMode"),
        (json!({ "model": "gpt-4o-mini", "reasoningContext": "auto" }), "reasoningContext"),
        (json!({ "model": "gpt-5.5", "topP": 0.5 }), "topP"),
        (json!({ "model": "gpt-5.4", "reasoningEffort": "low", "logprobs": true }), "logprobs"),
        (json!({ "model": "o3", "reasoningEffort": "none" }), "reasoningEffort"),
        (json!({ "extraParameters": { "input": "Hi" } }), "extraParameters.input"),
        (
            json!({ "extraParameters": { "web_search_options": {} } }),
            "extraParameters.web_search_options",
        ),
        (json!({ "extraParameters": { "reasoning": {} } }), "extraParameters.reasoning"),
        (json!({ "toolChoice": "required" }), "toolChoice"),
        (json!({ "webSearch": true, "toolChoice": "file_search" }), "toolChoice"),
        (json!({ "webSearch": true, "toolChoice": "web_search" }), "toolChoice"),
        (server(json!({})), "mcpServers[1].url"),
        (server(json!({ "url": "wiki.example" })), "mcpServers[1].url"),
        (server(json!({ "url": "https://" })), "mcpServers[1].url"),
        (server(json!({ "url": "ftp://a.example" })), "mcpServers[1].url"),
        (server(json!({ "url": "https://me:secret@a.example" })), "mcpServers[1].url"),
        (search(json!({ "embeddingWeight": 1 })), "fileSearchOptions.textWeight"),
        (search(json!({ "textWeight": 1 })), "fileSearchOptions.embeddingWeight"),
        (filter("{"), "fileSearchOptions.filters"),
        (filter("[]"), "fileSearchOptions.filters"),
        (filter(r#"{"type":"is","key":"a","value":1}"#), "fileSearchOptions.filters"),
        (filter(r#"{"type":"eq","key":"a"}"#), "fileSearchOptions.filters"),
        (filter(r#"{"type":"eq","key":"a","value":null}"#), "fileSearchOptions.filters"),
        (filter(r#"{"type":"eq","key":"a","value":1,"more":1}"#), "fileSearchOptions.filters"),
        (filter(r#"{"type":"or","filters":[1]}"#), "fileSearchOptions.filters"),
        (
            image(json!({ "model": "gpt-image-1-mini", "inputFidelity": "high" })),
            "imageGenerationOptions.inputFidelity",
        ),
        (
            image(json!({ "background": "transparent", "outputFormat": "jpeg" })),
            "imageGenerationOptions.background",
        ),
        (image(json!({ "mask": mask })), "imageGenerationOptions.mask"),
        // Properties of Chat Completions.
        (json!({ "n": 2 }), "n"),
        (json!({ "stop": ["x"] }), "stop"),
        (json!({ "seed": 1 }), "seed"),
        (json!({ "logitBias": { "1": 1 } }), "logitBias"),
        (json!({ "frequencyPenalty": 1 }), "frequencyPenalty"),
        (json!({ "presencePenalty": 0 }), "presencePenalty"),
        // Properties of Responses.
        (json!({ "api": "chat_completions", "webSearch": true }), "webSearch"),
        (json!({ "api": "chat_completions", "instructions": "x" }), "instructions"),
        (json!({ "api": "chat_completions", "mcpServers": [{ "label": "a" }] }), "mcpServers"),
    ] {
        let host = host([]);
        let failure = ask(&host, more.clone()).unwrap_err();
        assert_eq!(failure.property.as_deref(), Some(property), "{more}: {failure}");
        assert!(host.requests().is_empty() && !failure.request_sent, "{more}");
    }
    let failure = ask(&host([]), json!({ "seed": 1 })).unwrap_err();
    let expected = "only Chat Completions supports `seed`: leave it empty, or set `api` to Chat \
                    Completions";
    assert_eq!(failure.message, expected);
    // Values without an effect are accepted.
    let nothing = json!({
        "api": "chat_completions", "webSearch": false, "vectorStores": [], "toolChoice": "none",
    });
    assert_eq!(ask(&host([]), nothing).unwrap_err().kind, FailureKind::Network);
}

#[test]
fn rejects_audio() {
    let host = host([]);
    let files =
        [host.file("a.png", "image/png", b"\x89PNG"), host.file("a.mp3", "audio/mpeg", b"ID3")];
    let failure = ask(&host, json!({ "attachments": files })).unwrap_err();
    assert_eq!(failure.property.as_deref(), Some("attachments[1]"));
    assert!(failure.message.contains("set `api` to Chat Completions"), "{failure}");
}

#[test]
fn the_metadata_reports_what_the_provider_did() {
    let cited = json!({
        "type": "url_citation", "url": "https://a.example", "title": "A", "start_index": 0,
        "end_index": 2,
    });
    let logprob = json!({ "token": "Hi", "logprob": -0.5, "bytes": [72, 105], "top_logprobs": [] });
    let search = json!({
        "type": "web_search_call", "id": "ws_1", "status": "completed",
        "action": { "type": "search", "queries": ["a"] },
    });
    let image = json!({
        "type": "image_generation_call", "id": "ig_1", "status": "completed", "result": "aGk=",
    });
    let reasoning = json!({ "type": "reasoning", "id": "rs_1", "summary": [
        { "type": "summary_text", "text": "First." }, { "type": "summary_text", "text": "Then." },
    ]});
    let part = json!({
        "type": "output_text", "text": "Hi", "annotations": [cited], "logprobs": [logprob],
    });
    let answer = json!([reasoning, search, image, message(json!([part]))]);
    let mut answer = response("completed", answer);
    answer["moderation"] = json!({ "input": { "flagged": false } });
    let host = host([Answer::json(200, answer)]);
    let outcome = ask(&host, json!({ "webSearch": true, "logprobs": true })).unwrap();
    assert_eq!(outcome.output, "Hi");
    let file = json!({
        "extension": "png", "mimeType": "image/png", "name": "image.png", "url": "file:1",
    });
    let expected = json!({
        "model": "gpt-x",
        "usage": {
            "promptTokens": 3, "cachedTokens": 1, "completionTokens": 2, "reasoningTokens": 0,
            "totalTokens": 5,
        },
        "finishReasons": ["stop"],
        "logprobs": [{ "content": [logprob], "refusal": null }],
        "citations": [{ "url": "https://a.example", "title": "A", "startIndex": 0, "endIndex": 2 }],
        "responseId": "resp_1",
        "toolCalls": [
            search,
            { "type": "image_generation_call", "id": "ig_1", "status": "completed", "file": file },
        ],
        "reasoningSummary": "First.\n\nThen.",
        "files": [file],
        "moderation": { "input": { "flagged": false } },
        "requestId": "req_1",
    });
    assert_eq!(Value::Object(outcome.metadata), expected);
    let announced = json!({ "event": "metadata", "metadata": { "responseId": "resp_1" } });
    assert_eq!(host.events(), [announced]);
}

#[test]
fn only_the_final_answer_is_the_output() {
    let mut comment = text("I will look it up.");
    comment["phase"] = "commentary".into();
    let mut last = text("42");
    last["phase"] = "final_answer".into();
    let host = host([completed(json!([comment, last]))]);
    assert_eq!(ask(&host, json!({})).unwrap().output, "42");
    // If no message is marked as final, all of them are.
    let host = self::host([completed(json!([text("4"), text("2")]))]);
    assert_eq!(ask(&host, json!({})).unwrap().output, "42");
}

/// A host with functions.
fn with_functions(host: Host) -> Host {
    let parameters = || json!({ "type": "object" });
    host.function("a/weather", parameters(), |_| Ok(json!({ "sunny": true }))).function(
        "a/broken",
        parameters(),
        |_| Err(Failure::not_found("no such city")),
    )
}

fn functions() -> Value {
    json!({ "functions": ["a/weather", "a/broken"] })
}

fn functions_and(more: Value) -> Value {
    let mut all = functions();
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    all
}

/// The bodies of the requests.
fn bodies(host: &Host) -> Vec<Value> {
    host.requests().into_iter().map(|request| request.body).collect()
}

#[test]
fn calls_functions_until_the_model_answers() {
    let calls = json!([call("call_1", "a_weather"), call("call_2", "a_broken"), call("", "none")]);
    let host = with_functions(host([completed(calls.clone()), text_answer("Sunny")]));
    let more = functions_and(json!({ "parallelFunctionCalls": true, "toolChoice": "a/weather" }));
    let outcome = ask(&host, more).unwrap();
    assert_eq!(outcome.output, "Sunny");
    assert_eq!(outcome.metadata["requestId"], "req_2");
    assert_eq!(outcome.metadata["usage"]["totalTokens"], 10);
    let [first, second] = <[_; 2]>::try_from(bodies(&host)).unwrap();
    let tool = |name: &str, description: &str| {
        json!({
            "type": "function", "name": name, "description": description,
            "parameters": { "type": "object" }, "strict": false,
        })
    };
    let tools = json!([tool("a_weather", "Calls a/weather."), tool("a_broken", "Calls a/broken.")]);
    assert_eq!(first["tools"], tools);
    assert_eq!(first["parallel_tool_calls"], true);
    assert_eq!(first["tool_choice"], json!({ "type": "function", "name": "a_weather" }));
    // Otherwise, the model would have to call the function again.
    assert_eq!(second.get("tool_choice"), None);
    // A call without an ID gets one.
    let mut without = call("", "none");
    without["call_id"] = "call_3".into();
    let mut expected = vec![user("Hi"), calls[0].clone(), calls[1].clone(), without];
    expected.extend([
        output("call_1", r#"{"sunny":true}"#),
        output("call_2", r#"{"error":"no such city"}"#),
        output("call_3", r#"{"error":"unknown function `none`"}"#),
    ]);
    assert_eq!(second["input"], Value::from(expected));
    assert_eq!(second["tools"], tools);
}

#[test]
fn items_are_sent_back_unchanged_over_three_rounds() {
    let reasoning = |number: u32| {
        json!({
            "id": format!("rs_{number}"), "type": "reasoning", "summary": [], "content": null,
            "encrypted_content": format!("gAAAA{number}=="), "status": null,
        })
    };
    let round = |number: u32| {
        json!([
            reasoning(number * 10),
            call(&format!("call_{number}a"), "a_weather"),
            reasoning(number * 10 + 1),
            { "type": "web_search_call", "id": format!("ws_{number}"), "status": "completed",
              "action": { "type": "search", "queries": ["weather"] } },
            call(&format!("call_{number}b"), "a_broken"),
            { "type": "new", "id": number, "anything": [null, { "a": 1.50 }] },
        ])
    };
    let rounds = [round(1), round(2), round(3)];
    for streaming in [false, true] {
        let answer = |output: &Value| match streaming {
            false => completed(output.clone()),
            true => stream(output),
        };
        let answers = rounds.iter().map(answer).chain([answer(&json!([text("Sunny")]))]);
        let mut host = with_functions(host(answers.collect::<Vec<_>>()));
        if streaming {
            host = host.streaming();
        }
        let more = functions_and(json!({ "store": false, "webSearch": true }));
        assert_eq!(ask(&host, more).unwrap().output, "Sunny");
        let bodies = bodies(&host);
        let mut input = vec![user("Hi")];
        for (number, (body, round)) in (1..).zip(bodies.iter().zip(&rounds)) {
            assert_eq!(body["input"], Value::from(input.clone()), "{number}");
            input.extend(round.as_array().unwrap().clone());
            input.push(output(&format!("call_{number}a"), r#"{"sunny":true}"#));
            input.push(output(&format!("call_{number}b"), r#"{"error":"no such city"}"#));
        }
        // The serialized text is the same, too.
        assert_eq!(bodies[3]["input"].to_string(), Value::from(input).to_string());
        for body in &bodies {
            assert_eq!(body["include"], json!(["reasoning.encrypted_content"]));
            assert_eq!((&body["store"], body.get("previous_response_id")), (&json!(false), None));
        }
    }
}

#[test]
fn reasoning_that_is_neither_stored_nor_encrypted_is_left_out() {
    let reasoning = json!({ "id": "rs_1", "type": "reasoning", "summary": [] });
    let calls = json!([reasoning, call("call_1", "a_weather")]);
    for (store, is_sent) in [(json!(false), false), (json!(true), true), (json!(null), true)] {
        let host = with_functions(host([completed(calls.clone()), text_answer("Sunny")]));
        ask(&host, functions_and(json!({ "store": store }))).unwrap();
        let input = &bodies(&host)[1]["input"];
        assert_eq!(input[1] == reasoning, is_sent, "{store}");
        assert_eq!(input.as_array().unwrap().len(), if is_sent { 4 } else { 3 });
    }
}

#[test]
fn a_conversation_receives_only_new_items() {
    let calls = completed(json!([call("call_1", "a_weather")]));
    let host = with_functions(host([calls, text_answer("no JSON"), text_answer("{}")]));
    let host = host.invalid(Invalid::NotJson(String::new()));
    let more = json!({
        "conversation": "conv_1", "attachments": [host.file("a.png", "image/png", b"\x89PNG")],
        "responseFormat": 1, "responseSchema": r#"{"type":"object"}"#,
    });
    ask(&host, functions_and(more)).unwrap();
    let bodies = bodies(&host);
    assert_eq!(bodies[1]["input"], json!([output("call_1", r#"{"sunny":true}"#)]));
    let correction = bodies[2]["input"][0]["content"].as_str().unwrap();
    assert!(correction.starts_with("the model did not answer with JSON"), "{correction}");
    assert_eq!(bodies[2]["input"].as_array().unwrap().len(), 1);
    assert!(bodies.iter().all(|body| body["conversation"] == "conv_1"));
}

#[test]
fn asks_for_a_correction_if_an_answer_does_not_match_the_schema() {
    let host = host([text_answer("Sure!"), text_answer("{}")]);
    let more = json!({ "responseFormat": 1, "responseSchema": r#"{"type":"object"}"# });
    let outcome = ask(&host, more).unwrap();
    assert_eq!(outcome.output, json!({}));
    assert_eq!(
        (&outcome.metadata["repairs"], &outcome.metadata["strict"]),
        (&json!(1), &json!(false))
    );
    let input = &bodies(&host)[1]["input"];
    assert_eq!((&input[0], &input[1]), (&user("Hi"), &text("Sure!")));
    assert_eq!(input[2]["role"], "user");
}

#[test]
fn a_generated_image_is_sent_back_as_its_file() {
    let image = json!({
        "type": "image_generation_call", "id": "ig_1", "status": "completed", "result": "aGk=",
    });
    let calls = completed(json!([image, call("call_1", "a_weather")]));
    let host = with_functions(host([calls, text_answer("Nice")]));
    let more = functions_and(json!({ "imageGeneration": true }));
    let outcome = ask(&host, more).unwrap();
    assert_eq!(outcome.metadata["files"].as_array().unwrap().len(), 1);
    // In requests, the fake host represents a file by its name.
    let mut sent = image;
    sent["result"] = "<image.png>".into();
    assert_eq!(bodies(&host)[1]["input"][1], sent);
}

#[test]
fn a_request_for_approval_ends_the_run() {
    let request = json!({
        "type": "mcp_approval_request", "id": "mcpr_1", "server_label": "wiki", "name": "search",
        "arguments": "{}",
    });
    for format in [0, 1] {
        let host = host([completed(json!([request]))]);
        let outcome = ask(&host, json!({ "responseFormat": format })).unwrap();
        assert_eq!(outcome.output, json!(null));
        assert_eq!(outcome.metadata["approvalRequests"], json!([request]));
        assert_eq!(outcome.metadata["responseId"], "resp_1");
    }
    let host = host([completed(json!([text("May I?"), request]))]);
    assert_eq!(ask(&host, json!({})).unwrap().output, "May I?");
}

#[test]
fn an_answer_that_ended_early_is_a_failure_unless_it_has_text() {
    use FailureKind::{InvalidOutput, RateLimited, Refused, Unavailable};
    let ended = |status: &str, reason: Value, error: Value, output: Value| {
        let mut response = response(status, output);
        response["incomplete_details"] = json!({ "reason": reason });
        response["error"] = error;
        Answer::json(200, response)
    };
    let half = || json!([text("half")]);
    let none = || json!(null);
    let error = |code: &str| json!({ "code": code, "message": "No." });
    let refusal = || json!([message(json!([{ "type": "refusal", "refusal": "I can't." }]))]);
    for (answer, kind, message, detail) in [
        (
            ended("incomplete", json!("content_filter"), none(), half()),
            Refused,
            "the provider's content filter stopped the answer (`content_filter`)",
            Some("half"),
        ),
        (
            ended("incomplete", json!("max_output_tokens"), none(), json!([])),
            InvalidOutput,
            "the answer reached the token limit before it was complete: raise Max Tokens or leave it \
          empty",
            None,
        ),
        (ended("failed", none(), error("server_error"), half()), Unavailable, "No", Some("half")),
        (
            ended("failed", none(), error("rate_limit_exceeded"), json!([])),
            RateLimited,
            "No",
            Some(r#"{"error":{"code":"rate_limit_exceeded","message":"No."}}"#),
        ),
        (
            ended("failed", none(), error("invalid_prompt"), json!([])),
            Refused,
            "No",
            Some(r#"{"error":{"code":"invalid_prompt","message":"No."}}"#),
        ),
        (
            ended("failed", none(), none(), json!([])),
            Unavailable,
            "the provider aborted the answer (`failed`)",
            None,
        ),
        (
            ended("cancelled", none(), none(), half()),
            Unavailable,
            "the provider aborted the answer (`cancelled`)",
            Some("half"),
        ),
        (
            ended("completed", none(), none(), refusal()),
            Refused,
            "the model refused: I can't.",
            None,
        ),
        (
            ended("completed", none(), none(), json!([])),
            InvalidOutput,
            "the provider's response contains no text",
            None,
        ),
    ] {
        let failure = ask(&host([answer]), json!({})).unwrap_err();
        assert_eq!((failure.kind, failure.message.as_str()), (kind, message));
        assert_eq!(failure.detail.as_deref(), detail, "{message}");
        assert!(failure.request_sent);
    }
    // Text that reached the limit is returned.
    let cut = ended("incomplete", json!("max_output_tokens"), none(), half());
    let outcome = ask(&host([cut]), json!({})).unwrap();
    assert_eq!(
        (outcome.output, &outcome.metadata["finishReasons"]),
        (json!("half"), &json!(["length"]))
    );
}

#[test]
fn malformed_responses_are_failures() {
    for answer in [
        json!({}),
        json!([]),
        json!(null),
        json!("text"),
        json!({ "output": null }),
        json!({ "id": "resp_1", "status": "completed", "output": "text" }),
        json!({ "choices": [{ "message": { "content": "Hi" } }] }),
    ] {
        let failure = ask(&host([Answer::json(200, answer.clone())]), json!({})).unwrap_err();
        assert_eq!(failure.kind, FailureKind::InvalidOutput, "{answer}");
        assert_eq!(failure.message, "the provider returned no answer", "{answer}");
        assert_eq!((failure.status, failure.request_id.as_deref()), (Some(200), Some("req_1")));
    }
    let empty = Answer::content(200, "application/json", "");
    assert_eq!(ask(&host([empty]), json!({})).unwrap_err().kind, FailureKind::InvalidOutput);
    let error = json!({ "error": { "message": "Slow down", "code": 429 } });
    let failure = ask(&host([Answer::json(200, error)]), json!({})).unwrap_err();
    assert_eq!(failure.kind, FailureKind::RateLimited);

    // Members that are missing, null or of another type are ignored.
    for odd in [json!(null), json!(7), json!([null]), json!({ "type": 1 })] {
        let part = json!({
            "type": "output_text", "text": "Hi", "annotations": odd, "logprobs": odd,
        });
        let reasoning = json!({ "type": "reasoning", "summary": odd });
        let answer = json!({
            "output": [odd, reasoning, message(json!([part, odd])), { "type": "message" }],
            "usage": odd, "status": odd, "id": odd, "model": odd, "error": null,
        });
        let host = host([Answer::json(200, answer)]);
        let outcome = ask(&host, json!({ "model": "m" })).unwrap();
        assert_eq!((outcome.output, &outcome.metadata["model"]), (json!("Hi"), &json!("m")));
    }
}

#[test]
fn maps_an_error_to_the_property_of_the_form() {
    let schema = json!({ "responseFormat": 1, "responseSchema": r#"{"type":"object"}"# });
    let host_with = |answer: Answer| with_functions(host([answer]));
    let tools = || {
        functions_and(json!({
            "webSearch": true, "mcpServers": [{ "label": "a", "url": "https://a.example" }],
        }))
    };
    for (more, param, expected) in [
        (json!({}), "max_output_tokens", Some("maxTokens")),
        (json!({}), "text.format", Some("responseFormat")),
        (schema, "text.format.schema", Some("responseSchema")),
        (json!({}), "text.verbosity", Some("verbosity")),
        (json!({}), "reasoning.effort", Some("reasoningEffort")),
        (json!({}), "reasoning.summary", Some("reasoningSummary")),
        (json!({}), "previous_response_id", Some("previousResponseId")),
        (json!({}), "conversation", Some("conversation")),
        (json!({}), "input", Some("messages")),
        (json!({}), "input[0].content", Some("messages[0].content")),
        (json!({ "responseFormat": 1 }), "input[0]", Some("messages")),
        (json!({ "responseFormat": 1 }), "input[1].content", Some("messages[0].content")),
        (tools(), "tools[0].parameters", Some("functions[0]")),
        (tools(), "tools[1]", Some("functions[1]")),
        (tools(), "tools[2].filters", Some("webSearch")),
        (tools(), "tools[3].server_url", Some("mcpServers[0]")),
        (json!({}), "context_management[0]", Some("compactThreshold")),
        (json!({}), "tool_choice", Some("toolChoice")),
        (json!({}), "stream", None),
    ] {
        let error = json!({ "error": { "message": "No", "param": param } });
        let failure = ask(&host_with(Answer::json(400, error)), more).unwrap_err();
        assert_eq!(failure.property.as_deref(), expected, "{param}");
    }
}

#[test]
fn explains_that_a_server_lacks_this_api() {
    for body in ["404 page not found", r#"{"detail":"Not Found"}"#] {
        let failure =
            ask(&host([Answer::content(404, "text/plain", body)]), json!({})).unwrap_err();
        assert_eq!(failure.kind, FailureKind::NotFound);
        let words =
            "if the server does not support the Responses API, set `api` to Chat Completions";
        assert!(failure.message.contains(words), "{failure}");
    }
    // The path exists, but something else does not.
    for message in [
        "Previous response with id 'resp_0' not found.",
        "Conversation with id 'conv_0' not found.",
        "Vector store with id 'vs_0' not found.",
        "The model 'x' does not exist.",
    ] {
        let error = json!({ "error": { "message": message } });
        let failure = ask(&host([Answer::json(404, error)]), json!({})).unwrap_err();
        assert_eq!(failure.message, message.trim_end_matches('.'));
    }
}

/// The events of a stream with these items.
fn events_of(output: &Value) -> Vec<Value> {
    let response = response("completed", output.clone());
    let mut events = vec![
        json!({ "type": "response.created", "response": { "id": "resp_1", "status": "queued" } }),
        json!({ "type": "response.in_progress", "response": { "id": "resp_1" } }),
    ];
    for (index, item) in output.as_array().unwrap().iter().enumerate() {
        events.push(json!({
            "type": "response.output_item.added", "output_index": index, "item": item,
        }));
        let words = item["content"][0]["text"].as_str().unwrap_or_default();
        for word in words.split_inclusive(' ') {
            events.push(json!({
                "type": "response.output_text.delta", "output_index": index, "delta": word,
            }));
        }
        events.push(json!({
            "type": "response.output_item.done", "output_index": index, "item": item,
        }));
    }
    events.push(json!({ "type": "response.completed", "response": response }));
    events
}

fn stream(output: &Value) -> Answer {
    Answer::events(events_of(output))
}

#[test]
fn reports_text_and_reasoning_as_they_arrive() {
    let mut events = events_of(&json!([text("Hi there 😀")]));
    let delta = |kind: &str, index: u32, delta: &str| {
        json!({
            "type": format!("response.reasoning_summary_{kind}"), "summary_index": index,
            "delta": delta,
        })
    };
    events.splice(
        2..2,
        [
            delta("part.added", 0, ""),
            delta("text.delta", 0, "Hm"),
            delta("part.added", 1, ""),
            delta("text.delta", 1, "m"),
        ],
    );
    let host = host([Answer::events(events)]).streaming();
    let outcome = ask(&host, json!({})).unwrap();
    assert_eq!(outcome.output, "Hi there 😀");
    assert_eq!(outcome.metadata["usage"]["totalTokens"], 5);
    let text = |kind: &str, text: &str| json!({ "event": kind, "choice": 0, "text": text });
    assert_eq!(
        host.events(),
        [
            json!({ "event": "metadata", "metadata": { "responseId": "resp_1" } }),
            text("reasoning-delta", "Hm"),
            text("reasoning-delta", "\n\n"),
            text("reasoning-delta", "m"),
            text("text-delta", "Hi "),
            text("text-delta", "there "),
            text("text-delta", "😀"),
        ]
    );
    let body = &host.requests()[0].body;
    assert_eq!((&body["stream"], body.get("stream_options")), (&json!(true), None));
}

#[test]
fn accepts_a_stream_or_a_whole_response_whichever_was_requested() {
    let output = json!([text("Hello")]);
    let unasked = host([stream(&output)]);
    assert_eq!(ask(&unasked, json!({})).unwrap().output, "Hello");
    let whole = host([text_answer("Hello")]).streaming();
    assert_eq!(ask(&whole, json!({})).unwrap().output, "Hello");

    // Servers leave out different things.
    let events = events_of(&output);
    let [created, progress, added, delta, done, completed] = &events[..] else { panic!() };
    let mut short = completed.clone();
    short["response"]["output"] = json!([]);
    let mut bare = completed.clone();
    bare["response"].as_object_mut().unwrap().remove("output");
    for events in [
        vec![completed],
        vec![delta, &short],
        vec![done, &short],
        vec![created, progress, added, delta, done, &bare],
    ] {
        let host = host([Answer::events(events)]).streaming();
        assert_eq!(ask(&host, json!({})).unwrap().output, "Hello");
    }
}

#[test]
fn a_stream_that_ends_early_keeps_its_text() {
    let half = || json!({ "type": "response.output_text.delta", "delta": "half" });
    let error =
        json!({ "type": "error", "code": "server_error", "message": "Gone.", "param": null });
    let mut failed = response("failed", json!([text("half")]));
    failed["error"] = json!({ "code": "server_error", "message": "Gone." });
    let failed = json!({ "type": "response.failed", "response": failed });
    use FailureKind::{Cancelled, InvalidOutput, Network, Unavailable};
    for (host, kind, message) in [
        (host([Answer::events([half()])]), InvalidOutput, "the answer ended early"),
        (
            host([Answer::events([half(), json!("oops")])]),
            InvalidOutput,
            "the provider's response is not JSON",
        ),
        (host([Answer::events([half(), error])]), Unavailable, "Gone"),
        (host([Answer::events([half(), failed])]), Unavailable, "Gone"),
        (host([Answer::events([half()]).breaks_off()]), Network, "the connection broke"),
        (host([Answer::events([half()])]).cancelled_after(0), Cancelled, "the run was cancelled"),
    ] {
        let failure = ask(&host.streaming(), json!({})).unwrap_err();
        assert_eq!((failure.kind, failure.message.as_str()), (kind, message));
        assert_eq!(failure.detail.as_deref(), (kind != Cancelled).then_some("half"), "{message}");
        assert!(failure.request_sent);
    }
    let nothing = ask(&host([Answer::events([""; 0])]).streaming(), json!({})).unwrap_err();
    assert_eq!(nothing.message, "the provider's response contains no events");
}

#[test]
fn previews_of_images_are_reported_as_files() {
    let image = json!({
        "type": "image_generation_call", "id": "ig_1", "status": "completed", "result": "b25l",
    });
    let mut events = events_of(&json!([image, text("Here")]));
    let preview = |content: Value| {
        json!({
            "type": "response.image_generation_call.partial_image", "partial_image_b64": content,
        })
    };
    events.splice(2..2, [preview(json!("cHJl")), preview(json!("?")), preview(json!(null))]);
    let host = host([Answer::events(events)]).streaming();
    let more = json!({
        "imageGeneration": true, "imageGenerationOptions": { "partialImages": 1 },
    });
    let outcome = ask(&host, more).unwrap();
    let content = |file: &Value| {
        let file = serde_json::from_value(file.clone()).unwrap();
        String::from_utf8(host.content(&file).unwrap()).unwrap()
    };
    let events = host.events();
    let previews: Vec<_> = events.iter().filter(|event| event["event"] == "file").collect();
    assert_eq!(previews.iter().map(|it| content(&it["file"])).collect::<Vec<_>>(), ["pre"]);
    assert_eq!(content(&outcome.metadata["files"][0]), "one");
    assert_eq!(host.requests()[0].body["tools"][0]["partial_images"], 1);
}

/// A response in the background.
fn in_background(status: &str) -> Answer {
    Answer::json(200, response(status, json!([])))
}

#[test]
fn waits_for_an_answer_in_the_background() {
    let answers = [
        in_background("queued"),
        in_background("queued"),
        in_background("in_progress"),
        text_answer("Done"),
    ];
    let host = host(answers).streaming();
    let more = json!({ "background": true, "include": ["file_search_call.results"] });
    let outcome = ask(&host, more).unwrap();
    assert_eq!((outcome.output, &outcome.metadata["requestId"]), (json!("Done"), &json!("req_4")));
    let requests = host.requests();
    assert_eq!(requests[0].body["background"], true);
    assert_eq!(requests[0].body.get("stream"), None);
    for request in &requests[1..] {
        let expected = "GET /responses/resp_1?include[]=file_search_call.results";
        assert_eq!(request.to_string(), expected);
    }
    let status = |status: &str| json!({ "event": "status", "status": status });
    let id = json!({ "event": "metadata", "metadata": { "responseId": "resp_1" } });
    assert_eq!(host.events(), [id, status("queued"), status("in progress")]);
}

#[test]
fn cancelling_the_run_cancels_the_response() {
    let cancelled = || Answer::json(200, response("cancelled", json!([])));
    // The caller cancels when the ID is reported, when the status is reported, and
    // while the run waits.
    for events in 0..3 {
        let answers = [in_background("queued"), cancelled()];
        let host = host(answers).cancelled_after(events);
        let failure = ask(&host, json!({ "background": true })).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Cancelled);
        assert!(failure.request_sent);
        let requests: Vec<_> = host.requests().iter().map(ToString::to_string).collect();
        assert_eq!(requests, ["POST /responses", "POST /responses/resp_1/cancel"]);
        assert!(host.log().is_empty());
    }
}

#[test]
fn a_response_continues_if_the_run_cannot_wait_for_it() {
    let unavailable = Answer::json(503, json!({ "error": { "message": "Down" } }));
    let host = host([in_background("queued"), unavailable]);
    let failure = ask(&host, json!({ "background": true })).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unavailable);
    assert_eq!(failure.message, "Down; the response continues: fetch `resp_1` with Get Response");
    assert_eq!(host.requests().len(), 2);

    let gone = Answer::json(404, json!({ "error": { "message": "Response not found" } }));
    let failure = ask(&self::host([in_background("queued"), gone]), json!({ "background": true }))
        .unwrap_err();
    assert_eq!(
        (failure.kind, failure.message.as_str()),
        (FailureKind::NotFound, "Response not found")
    );
}

#[test]
fn an_id_from_the_provider_cannot_reach_another_path() {
    for id in [json!("../models"), json!("a?b"), json!(""), json!(null)] {
        let mut running = response("in_progress", json!([]));
        running["id"] = id.clone();
        let host = host([Answer::json(200, running)]);
        let failure = ask(&host, json!({ "background": true })).unwrap_err();
        assert_eq!(failure.kind, FailureKind::InvalidOutput, "{id}");
        assert_eq!(host.requests().len(), 1);
    }
}
