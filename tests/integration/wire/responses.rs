//! What `ask` sends over Responses, and what the actions on stored responses and
//! conversations send.

use serde_json::{Value, json};

use super::cases::{ANY_TEXT, Call, Case, Smallest, base64_of, cases};

pub fn all() -> Vec<Case> {
    [
        messages(),
        formats(),
        parameters(),
        conversations(),
        tools(),
        servers(),
        functions(),
        attachments(),
        streamed(),
        background(),
        stored(),
        of_conversations(),
    ]
    .concat()
}

/// Ask over Responses, with a model that does not reason: a reasoning model's
/// items would be part of each second request.
fn smallest() -> Smallest {
    Smallest {
        action: "ask",
        input: json!({
            "api": "responses", "model": "gpt-4o",
            "messages": [{ "role": "user", "content": "Hello!" }],
        }),
        request: request(
            "POST",
            "/v1/responses",
            json!({ "model": "gpt-4o", "input": [{ "role": "user", "content": "Hello!" }] }),
        ),
    }
}

/// A request with a body, or without one if it is null.
fn request(method: &str, path: &str, body: Value) -> Value {
    let mut headers = json!({ "accept": "*/*", "authorization": "Bearer ****" });
    if body.is_null() {
        return json!({ "method": method, "path": path, "headers": headers });
    }
    headers["content-type"] = "application/json".into();
    json!({ "method": method, "path": path, "headers": headers, "body": body })
}

/// Renames cases of Ask to show that they use Responses.
fn over_responses(cases: Vec<Case>) -> Vec<Case> {
    let renamed = cases.into_iter().map(|case| {
        let name = case.name.replacen("ask-", "ask-responses-", 1);
        Case { name, ..case }
    });
    renamed.collect()
}

/// The default API, and messages of each role.
fn messages() -> Vec<Case> {
    let chat = cases! { super::ask::smallest();
        "api-chat-completions": { "api": "chat_completions" } => {};
        "moderation":
            { "moderation": {
                "model": "omni-moderation-latest", "input": "block", "output": "score",
            }}
            => { "moderation": {
                "model": "omni-moderation-latest",
                "policy": { "input": { "mode": "block" }, "output": { "mode": "score" } },
            }};
        "moderation-other-modes":
            { "moderation": { "input": "score", "output": "block" } }
            => { "moderation": {
                "model": "omni-moderation-latest",
                "policy": { "input": { "mode": "score" }, "output": { "mode": "block" } },
            }};
        "prompt-cache-options-implicit":
            { "model": "gpt-5.6-sol", "promptCacheOptions": { "ttl": "30m", "mode": "implicit" } }
            => {
                "model": "gpt-5.6-sol",
                "prompt_cache_options": { "ttl": "30m", "mode": "implicit" },
            };
        "prompt-cache-options-explicit":
            { "model": "gpt-5.6-sol", "promptCacheOptions": { "mode": "explicit" } }
            => { "model": "gpt-5.6-sol", "prompt_cache_options": { "mode": "explicit" } };
        "prompt-cache-retention-in-memory":
            { "promptCacheRetention": "in_memory" } => { "prompt_cache_retention": "in_memory" };
        "prompt-cache-retention-24h":
            { "promptCacheRetention": "24h" } => { "prompt_cache_retention": "24h" };
        "tool-choice-without-tools": { "toolChoice": "auto" } => {};
        // Properties of Responses are hidden.
        "drops-properties-of-responses":
            {
                "webSearch": true, "instructions": "Be brief.", "background": true,
                "previousResponseId": "resp_sandbox", "vectorStores": ["vs_1"],
                "imageFileIds": ["file-abc123"], "fileUrls": ["https://example.com/report.pdf"],
            }
            => {};
        "drops-attachments-of-other-roles":
            { "messages": [
                { "role": "system", "content": "Be brief.", "fileIds": ["file-abc123"] },
                turn("user", "Hello!"),
            ]}
            => { "messages": [turn("system", "Be brief."), turn("user", "Hello!")] };
    };
    let responses = cases! { smallest();
        "minimal": {} => {};
        "drops-properties-of-chat-completions":
            {
                "n": 2, "stop": ["END"], "seed": 7, "logitBias": { "7": 1 },
                "frequencyPenalty": 1, "presencePenalty": 1,
            }
            => {};
        "any-text":
            { "messages": [turn("user", ANY_TEXT)] } => { "input": [turn("user", ANY_TEXT)] };
        "every-role":
            { "messages": [
                turn("system", "You know the weather."),
                turn("developer", "Be brief."),
                { "role": "tool", "content": "Graz: 21 °C" },
                turn("assistant", "21 °C."),
                turn("user", "Thanks. And in Linz?"),
            ]}
            => { "input": [
                turn("system", "You know the weather."),
                turn("developer", "Be brief."),
                sent_call("call_0", "tool", "{}"),
                result("call_0", "Graz: 21 °C"),
                answered("21 °C."),
                turn("user", "Thanks. And in Linz?"),
            ]};
    };
    [chat, over_responses(responses)].concat()
}

/// Objects and lists.
fn formats() -> Vec<Case> {
    over_responses(cases! { smallest();
        "object":
            { "responseFormat": 1 }
            => {
                "input": [turn("system", OBJECT), turn("user", "Hello!")],
                "text": { "format": { "type": "json_object" } },
            };
        // Without repair: it would send back the items that Steady made up, which its
        // own description does not accept as input.
        "object-strict":
            { "responseFormat": 1, "responseSchema": CITY, "repairAttempts": 0 }
            => { "text": { "format": schema(true, read(CITY)) } };
        "object-loose":
            { "responseFormat": 1, "responseSchema": OPEN_CITY, "repairAttempts": 0 }
            => { "text": { "format": schema(false, read(OPEN_CITY)) } };
        "list-strict":
            {
                "responseFormat": 2, "responseSchema": CITY, "verbosity": "low",
                "repairAttempts": 0,
            }
            => { "text": { "format": schema(true, list_of(read(CITY))), "verbosity": "low" } };
    })
}

/// Parameters that both APIs have, and those of Responses alone.
fn parameters() -> Vec<Case> {
    over_responses(cases! { smallest();
        "shared":
            {
                "maxTokens": 200, "temperature": 0.5, "topP": 1, "user": "customer-4711",
                "safetyIdentifier": "s-4711", "promptCacheKey": "k-1", "serviceTier": "flex",
                "store": true, "metadata": { "run": "1" }, "verbosity": "high",
                "promptCacheRetention": "in_memory",
            }
            => {
                "max_output_tokens": 200, "temperature": 0.5, "top_p": 1, "user": "customer-4711",
                "safety_identifier": "s-4711", "prompt_cache_key": "k-1", "service_tier": "flex",
                "store": true, "metadata": { "run": "1" }, "text": { "verbosity": "high" },
                "prompt_cache_retention": "in_memory",
            };
        "moderation":
            { "moderation": { "model": "omni-moderation-latest" } }
            => { "moderation": { "model": "omni-moderation-latest" } };
        "logprobs":
            { "logprobs": true, "topLogprobs": 2 }
            => { "top_logprobs": 2, "include": ["message.output_text.logprobs"] };
        "instructions":
            { "instructions": "Be brief." } => { "instructions": "Be brief." };
        "reasoning":
            { "model": "gpt-5.4", "reasoningEffort": "high", "reasoningSummary": "auto" }
            => { "model": "gpt-5.4", "reasoning": { "effort": "high", "summary": "auto" } };
        "reasoning-summary-concise":
            { "model": "o3", "reasoningSummary": "concise" }
            => { "model": "o3", "reasoning": { "summary": "concise" } };
        "reasoning-summary-detailed":
            { "model": "o3", "reasoningSummary": "detailed" }
            => { "model": "o3", "reasoning": { "summary": "detailed" } };
        "reasoning-mode":
            { "model": "gpt-5.4", "reasoningMode": "pro" }
            => { "model": "gpt-5.4", "reasoning": { "mode": "pro" } };
        "reasoning-context-auto":
            { "model": "gpt-5.4", "reasoningContext": "auto" }
            => { "model": "gpt-5.4", "reasoning": { "context": "auto" } };
        "reasoning-context-current-turn":
            { "model": "gpt-5.4", "reasoningContext": "current_turn" }
            => { "model": "gpt-5.4", "reasoning": { "context": "current_turn" } };
        "reasoning-context-all-turns":
            { "model": "gpt-5.4", "reasoningContext": "all_turns" }
            => { "model": "gpt-5.4", "reasoning": { "context": "all_turns" } };
        "include":
            { "include": ["file_search_call.results", "web_search_call.action.sources"] }
            => { "include": ["file_search_call.results", "web_search_call.action.sources"] };
        "max-tool-calls": { "maxToolCalls": 3 } => { "max_tool_calls": 3 };
        "compact-threshold":
            { "compactThreshold": 1000 }
            => { "context_management": [{ "type": "compaction", "compact_threshold": 1000 }] };
        "truncation-auto": { "truncation": "auto" } => { "truncation": "auto" };
        "truncation-disabled": { "truncation": "disabled" } => { "truncation": "disabled" };
        "store-false": { "store": false } => { "store": false };
        "store-false-with-reasoning":
            { "model": "gpt-5.4", "store": false }
            => {
                "model": "gpt-5.4", "store": false, "include": ["reasoning.encrypted_content"],
            };
        "blanks":
            {
                "instructions": "", "previousResponseId": "", "conversation": null,
                "reasoningSummary": "", "reasoningMode": "", "reasoningContext": null,
                "webSearch": null, "webSearchOptions": null, "vectorStores": [],
                "fileSearchOptions": null, "codeInterpreter": "", "imageGeneration": null,
                "mcpServers": [], "mcpApprovals": null, "maxToolCalls": "", "include": [],
                "fileDetail": "", "background": null, "compactThreshold": "", "truncation": "",
                "toolChoice": "", "moderation": null, "promptCacheOptions": null,
                "promptCacheRetention": "",
            }
            => {};
    })
}

/// What a request continues from.
fn conversations() -> Vec<Case> {
    over_responses(cases! { smallest();
        "previous-response-id":
            { "previousResponseId": "resp_sandbox" }
            => { "previous_response_id": "resp_sandbox" };
        "conversation":
            { "conversation": "conv_sandbox" } => { "conversation": "conv_sandbox" };
        // The conversation already contains the question and the call.
        "functions-in-a-conversation":
            { "conversation": "conv_sandbox", "functions": ["weather/v1/today"] }
            => { "conversation": "conv_sandbox", "tools": [weather()] }
            => { "input": [result("call_0_0", DEGREES)] };
    })
}

/// The provider's tools.
fn tools() -> Vec<Case> {
    over_responses(cases! { smallest();
        "web-search":
            { "webSearch": true } => { "tools": [{ "type": "web_search" }] };
        "no-web-search": { "webSearch": false, "webSearchOptions": { "contextSize": "low" } } => {};
        "web-search-options":
            { "webSearch": true, "webSearchOptions": {
                "allowedDomains": ["example.com"], "contextSize": "low",
                "location": {
                    "country": "at", "region": "Styria", "city": "Graz",
                    "timezone": "Europe/Vienna",
                },
            }}
            => { "tools": [{
                "type": "web_search", "filters": { "allowed_domains": ["example.com"] },
                "search_context_size": "low",
                "user_location": {
                    "type": "approximate", "country": "AT", "region": "Styria", "city": "Graz",
                    "timezone": "Europe/Vienna",
                },
            }]};
        "web-search-context-medium":
            { "webSearch": true, "webSearchOptions": { "contextSize": "medium" } }
            => { "tools": [{ "type": "web_search", "search_context_size": "medium" }] };
        "web-search-stored-pages":
            { "webSearch": true, "webSearchOptions": { "liveAccess": false } }
            => { "tools": [{ "type": "web_search", "external_web_access": false }] };
        "web-search-context-high":
            { "webSearch": true, "webSearchOptions": { "contextSize": "high" } }
            => { "tools": [{ "type": "web_search", "search_context_size": "high" }] };
        "file-search":
            { "vectorStores": ["vs_1", "vs_2"] }
            => { "tools": [{ "type": "file_search", "vector_store_ids": ["vs_1", "vs_2"] }] };
        "file-search-options":
            { "vectorStores": ["vs_1"], "fileSearchOptions": {
                "maxResults": 50, "scoreThreshold": 0.5, "ranker": "default-2024-11-15",
                "embeddingWeight": 0.7, "textWeight": 0.3,
                "filters": { "type": "and", "filters": [
                    { "type": "eq", "key": "year", "value": 2026 },
                    { "type": "in", "key": "kind", "value": ["a", "b"] },
                ]},
            }}
            => { "tools": [{
                "type": "file_search", "vector_store_ids": ["vs_1"], "max_num_results": 50,
                "ranking_options": {
                    "ranker": "default-2024-11-15", "score_threshold": 0.5,
                    "hybrid_search": { "embedding_weight": 0.7, "text_weight": 0.3 },
                },
                "filters": { "type": "and", "filters": [
                    { "type": "eq", "key": "year", "value": 2026 },
                    { "type": "in", "key": "kind", "value": ["a", "b"] },
                ]},
            }]};
        "code-interpreter":
            { "codeInterpreter": true }
            => { "tools": [code(json!({ "type": "auto" }))] };
        "code-interpreter-container":
            { "codeInterpreter": true, "codeInterpreterOptions": {
                "container": "cntr_1", "memoryLimit": "1g",
            }}
            => { "tools": [code(json!("cntr_1"))] };
        "code-interpreter-files":
            { "codeInterpreter": true, "codeInterpreterOptions": {
                "fileIds": ["file-1"], "memoryLimit": "1g", "networkAccess": "disabled",
            }}
            => { "tools": [code(json!({
                "type": "auto", "file_ids": ["file-1"], "memory_limit": "1g",
                "network_policy": { "type": "disabled" },
            }))]};
        "code-interpreter-network":
            { "codeInterpreter": true, "codeInterpreterOptions": {
                "memoryLimit": "4g", "networkAccess": "allowlist",
                "allowedDomains": ["example.com"],
            }}
            => { "tools": [code(json!({
                "type": "auto", "memory_limit": "4g",
                "network_policy": { "type": "allowlist", "allowed_domains": ["example.com"] },
            }))]};
        "code-interpreter-16g":
            { "codeInterpreter": true, "codeInterpreterOptions": { "memoryLimit": "16g" } }
            => { "tools": [code(json!({ "type": "auto", "memory_limit": "16g" }))] };
        "code-interpreter-64g":
            { "codeInterpreter": true, "codeInterpreterOptions": { "memoryLimit": "64g" } }
            => { "tools": [code(json!({ "type": "auto", "memory_limit": "64g" }))] };
        "image-generation":
            { "imageGeneration": true } => { "tools": [{ "type": "image_generation" }] };
        "image-generation-options":
            { "imageGeneration": true, "imageGenerationOptions": {
                "model": "gpt-image-2", "quality": "low", "size": "320x160",
                "outputFormat": "png", "background": "transparent", "moderation": "auto",
                "inputFidelity": "high", "action": "edit", "mask": { "url": "picture.png" },
                "partialImages": 2,
            }}
            => { "tools": [{
                "type": "image_generation", "model": "gpt-image-2", "quality": "low",
                "size": "320x160", "output_format": "png", "background": "transparent",
                "moderation": "auto", "input_fidelity": "high", "action": "edit",
                "input_image_mask": { "image_url": png_url() },
            }]};
        "image-generation-webp":
            { "imageGeneration": true, "imageGenerationOptions": {
                "quality": "medium", "outputFormat": "webp", "outputCompression": 50,
                "background": "opaque", "moderation": "low", "inputFidelity": "low",
                "action": "generate",
            }}
            => { "tools": [{
                "type": "image_generation", "quality": "medium", "output_format": "webp",
                "output_compression": 50, "background": "opaque", "moderation": "low",
                "input_fidelity": "low", "action": "generate",
            }]};
        "image-generation-jpeg":
            { "imageGeneration": true, "imageGenerationOptions": {
                "quality": "high", "outputFormat": "jpeg", "background": "auto", "action": "auto",
            }}
            => { "tools": [{
                "type": "image_generation", "quality": "high", "output_format": "jpeg",
                "background": "auto", "action": "auto",
            }]};
        "image-generation-auto":
            { "imageGeneration": true, "imageGenerationOptions": { "quality": "auto" } }
            => { "tools": [{ "type": "image_generation", "quality": "auto" }] };
        "every-tool":
            {
                "webSearch": true, "vectorStores": ["vs_1"], "codeInterpreter": true,
                "imageGeneration": true, "parallelFunctionCalls": true,
                "include": [
                    "file_search_call.results",
                    "web_search_call.action.sources",
                    "code_interpreter_call.outputs",
                ],
            }
            => {
                "tools": [
                    { "type": "web_search" },
                    { "type": "file_search", "vector_store_ids": ["vs_1"] },
                    code(json!({ "type": "auto" })),
                    { "type": "image_generation" },
                ],
                "parallel_tool_calls": true,
                "include": [
                    "file_search_call.results",
                    "web_search_call.action.sources",
                    "code_interpreter_call.outputs",
                ],
            };
        "tool-choice":
            { "codeInterpreter": true, "toolChoice": "code_interpreter" }
            => {
                "tools": [code(json!({ "type": "auto" }))],
                "tool_choice": { "type": "code_interpreter" },
            };
    })
}

/// Remote servers.
fn servers() -> Vec<Case> {
    over_responses(cases! { smallest();
        "mcp-servers":
            { "mcpServers": [
                {
                    "label": "wiki", "url": "https://wiki.example/mcp", "description": "A wiki.",
                    "allowedTools": ["search"], "approval": "never",
                },
                {
                    "label": "files", "url": "http://files.example", "readOnly": true,
                    "allowedTools": ["list"], "approval": "never",
                },
            ]}
            => { "tools": [
                {
                    "type": "mcp", "server_label": "wiki",
                    "server_url": "https://wiki.example/mcp", "server_description": "A wiki.",
                    "allowed_tools": ["search"], "require_approval": "never",
                },
                {
                    "type": "mcp", "server_label": "files", "server_url": "http://files.example",
                    "allowed_tools": { "tool_names": ["list"], "read_only": true },
                    "require_approval": "never",
                },
            ]};
        "mcp-servers-tunnel":
            { "mcpServers": [{ "label": "inside", "tunnelId": TUNNEL, "approval": "never" }] }
            => { "tools": [{
                "type": "mcp", "server_label": "inside", "tunnel_id": TUNNEL,
                "require_approval": "never",
            }]};
        // The run ends with a request for approval.
        "mcp-servers-approval":
            { "mcpServers": [{
                "label": "wiki", "url": "https://wiki.example/mcp", "approval": "always",
            }]}
            => { "tools": [{
                "type": "mcp", "server_label": "wiki", "server_url": "https://wiki.example/mcp",
                "require_approval": "always",
            }]};
        "mcp-approvals":
            {
                "previousResponseId": "resp_sandbox",
                "mcpApprovals": [
                    { "requestId": "mcpr_1", "approve": true },
                    { "requestId": "mcpr_2", "approve": false, "reason": "Too much." },
                ],
            }
            => {
                "previous_response_id": "resp_sandbox",
                "input": [
                    {
                        "type": "mcp_approval_response", "approval_request_id": "mcpr_1",
                        "approve": true,
                    },
                    {
                        "type": "mcp_approval_response", "approval_request_id": "mcpr_2",
                        "approve": false, "reason": "Too much.",
                    },
                    turn("user", "Hello!"),
                ],
            };
    })
}

/// Functions: what the model wrote is sent back with their results.
fn functions() -> Vec<Case> {
    over_responses(cases! { smallest();
        "functions":
            { "functions": ["weather/v1/today"] }
            => { "tools": [weather()] }
            => { "input": [
                turn("user", "Hello!"),
                call(0, "weather_v1_today", PLACE),
                result("call_0_0", DEGREES),
            ]};
        "functions-two":
            { "functions": ["weather/v1/today", "closed"], "parallelFunctionCalls": true }
            => {
                "tools": [weather(), tool("closed", "Always fails.", json!({}))],
                "parallel_tool_calls": true,
            }
            => { "input": [
                turn("user", "Hello!"),
                call(0, "weather_v1_today", PLACE),
                call(1, "closed", "{}"),
                result("call_0_0", DEGREES),
                result("call_0_1", r#"{"error":"it is closed"}"#),
            ]};
        "functions-required":
            { "functions": ["weather/v1/today"], "toolChoice": "required" }
            => { "tools": [weather()], "tool_choice": "required" }
            => {
                "input": [
                    turn("user", "Hello!"),
                    call(0, "weather_v1_today", PLACE),
                    result("call_0_0", DEGREES),
                ],
                "tool_choice": null,
            };
        "functions-by-name":
            { "functions": ["weather/v1/today", "closed"], "toolChoice": "weather/v1/today" }
            => {
                "tools": [weather(), tool("closed", "Always fails.", json!({}))],
                "tool_choice": { "type": "function", "name": "weather_v1_today" },
            }
            => {
                "input": [
                    turn("user", "Hello!"),
                    call(0, "weather_v1_today", PLACE),
                    result("call_0_0", DEGREES),
                ],
                "tool_choice": null,
            };
        "functions-with-encrypted-reasoning":
            { "functions": ["weather/v1/today"], "model": "gpt-5.4", "store": false }
            => {
                "model": "gpt-5.4", "store": false, "tools": [weather()],
                "include": ["reasoning.encrypted_content"],
            }
            => { "input": [
                turn("user", "Hello!"),
                {
                    "id": "rs_0", "type": "reasoning", "summary": [],
                    "encrypted_content": "c2FuZGJveCByZWFzb25pbmcgYWJvdXQ6IEhlbGxvIQ==",
                },
                call_item("fc_1", "call_0_0", "weather_v1_today", PLACE),
                result("call_0_0", DEGREES),
            ]};
    })
}

/// Each type of file that this API accepts.
fn attachments() -> Vec<Case> {
    let image =
        |detail: &str| json!({ "type": "input_image", "image_url": png_url(), "detail": detail });
    over_responses(cases! { smallest();
        "attached-png":
            { "attachments": [{ "url": "picture.png" }] }
            => { "input": [with(&[image("auto")])] };
        "attached-png-low":
            { "attachments": [{ "url": "picture.png" }], "imageDetail": "low" }
            => { "input": [with(&[image("low")])] };
        "attached-pdf":
            { "attachments": [{ "url": "report.pdf" }] }
            => { "input": [with(&[pdf(None)])] };
        "file-detail-auto":
            { "attachments": [{ "url": "report.pdf" }], "fileDetail": "auto" }
            => { "input": [with(&[pdf(Some("auto"))])] };
        "file-detail-low":
            { "attachments": [{ "url": "report.pdf" }], "fileDetail": "low" }
            => { "input": [with(&[pdf(Some("low"))])] };
        "file-detail-high":
            { "attachments": [{ "url": "report.pdf" }], "fileDetail": "high" }
            => { "input": [with(&[pdf(Some("high"))])] };
        "attached-text":
            { "attachments": [{ "url": "Notizen \"1\".md" }] }
            => { "input": [with(&[text("Notizen \"1\".md:\n\n# Grüße\n")])] };
        "image-urls":
            { "imageUrls": ["https://example.com/photo.jpg"], "imageDetail": "high" }
            => { "input": [with(&[input_image("image_url", PHOTO, "high")])] };
        "image-detail-original":
            { "imageUrls": [PHOTO], "imageDetail": "original" }
            => { "input": [with(&[input_image("image_url", PHOTO, "original")])] };
        "image-file-ids":
            { "imageFileIds": ["file-abc123"] }
            => { "input": [with(&[input_image("file_id", "file-abc123", "auto")])] };
        "file-urls":
            { "fileUrls": ["https://example.com/report.pdf"] }
            => { "input": [with(&[input_file("file_url", REPORT)])] };
        "file-ids":
            { "fileIds": ["file-abc123"] }
            => { "input": [with(&[input_file("file_id", "file-abc123")])] };
        "attached-to-an-earlier-message":
            { "messages": [
                {
                    "role": "user", "content": "Hello!", "imageFileIds": ["file-abc123"],
                    "fileUrls": [REPORT],
                },
                turn("assistant", "I see"),
                {
                    "role": "user", "content": "And these?", "imageUrls": [PHOTO],
                    "fileIds": ["file-def456"],
                },
            ]}
            => { "input": [
                with(&[
                    input_image("file_id", "file-abc123", "auto"),
                    input_file("file_url", REPORT),
                ]),
                answered("I see"),
                { "role": "user", "content": [
                    { "type": "input_text", "text": "And these?" },
                    input_image("image_url", PHOTO, "auto"),
                    input_file("file_id", "file-def456"),
                ]},
            ]};
    })
}

const PHOTO: &str = "https://example.com/photo.jpg";
const REPORT: &str = "https://example.com/report.pdf";

/// An image that is not part of the request.
fn input_image(member: &str, value: &str, detail: &str) -> Value {
    json!({ "type": "input_image", member: value, "detail": detail })
}

/// A file that is not part of the request.
fn input_file(member: &str, value: &str) -> Value {
    json!({ "type": "input_file", member: value })
}

/// With streaming.
fn streamed() -> Vec<Case> {
    let cases = over_responses(cases! { smallest();
        "minimal": {} => { "stream": true };
        "functions":
            { "functions": ["weather/v1/today"] }
            => { "tools": [weather()], "stream": true }
            => { "input": [
                turn("user", "Hello!"),
                call(0, "weather_v1_today", PLACE),
                result("call_0_0", DEGREES),
            ]};
        "image-generation":
            { "imageGeneration": true, "imageGenerationOptions": { "partialImages": 3 } }
            => {
                "tools": [{ "type": "image_generation", "partial_images": 3 }],
                "stream": true,
            };
        "no-previews":
            { "imageGeneration": true, "imageGenerationOptions": { "partialImages": 0 } }
            => { "tools": [{ "type": "image_generation" }], "stream": true };
    });
    cases.into_iter().map(Case::streamed).collect()
}

/// In the background: the run polls for the answer until it is complete.
fn background() -> Vec<Case> {
    let in_background = json!({ "body": { "background": true } });
    let poll = json!({
        "method": "GET", "path": "/v1/responses/resp_…", "headers": { "content-type": null },
        "body": null,
    });
    let smallest = smallest();
    let case = |name: &str, streaming: bool| Case {
        name: format!("ask-responses-background{name}"),
        call: Call::Run { action: "ask", input: smallest.with(&json!({ "background": true })) },
        connection: json!({}),
        streaming,
        smallest: smallest.request.clone(),
        differences: vec![in_background.clone(), poll.clone(), json!({})],
    };
    // A response in the background is never streamed.
    vec![case("", false), case("-streamed", true)]
}

/// A case whose requests do not depend on one another.
fn case(
    action: &'static str,
    name: &str,
    input: Value,
    request: Value,
    differences: Vec<Value>,
) -> Case {
    Case {
        name: format!("{action}-{name}"),
        call: Call::Run { action, input },
        connection: json!({}),
        streaming: false,
        smallest: request,
        differences,
    }
}

fn stored() -> Vec<Case> {
    let get = |id: &str| request("GET", &format!("/v1/responses/{id}"), Value::Null);
    let same = || vec![json!({})];
    let by_id = |id: &str| json!({ "responseId": id });
    vec![
        case("getResponse", "minimal", by_id("resp_sandbox"), get("resp_sandbox"), same()),
        case(
            "getResponse",
            "wait",
            json!({ "responseId": "resp_sandbox_background", "wait": true }),
            get("resp_sandbox_background"),
            vec![json!({}), json!({})],
        ),
        case(
            "getResponse",
            "include",
            json!({
                "responseId": "resp_sandbox", "wait": false,
                "include": ["file_search_call.results", "code_interpreter_call.outputs"],
            }),
            get("resp_sandbox"),
            vec![json!({
                "query": "include%5B%5D=file_search_call.results&include%5B%5D=code_interpreter_call.outputs",
            })],
        ),
        case(
            "cancelResponse",
            "minimal",
            by_id("resp_sandbox_background"),
            request("POST", "/v1/responses/resp_sandbox_background/cancel", Value::Null),
            same(),
        ),
        case(
            "deleteResponse",
            "minimal",
            by_id("resp_sandbox"),
            request("DELETE", "/v1/responses/resp_sandbox", Value::Null),
            same(),
        ),
    ]
}

fn of_conversations() -> Vec<Case> {
    let path = "/v1/conversations/conv_sandbox";
    let by_id = || json!({ "conversationId": "conv_sandbox" });
    let with_metadata =
        |metadata: Value| json!({ "conversationId": "conv_sandbox", "metadata": metadata });
    let create = |name: &str, input: Value, body: Value| {
        let request = request("POST", "/v1/conversations", json!({}));
        case("createConversation", name, input, request, vec![body])
    };
    let message = |role: &str| turn(role, "Hello!");
    let messages = ["system", "user", "assistant", "developer"].map(message);
    vec![
        create("minimal", json!({}), json!({})),
        create("items", json!({ "items": messages }), json!({ "body": { "items": messages } })),
        create(
            "metadata",
            json!({ "metadata": { "ticket": "4711" } }),
            json!({ "body": { "metadata": { "ticket": "4711" } } }),
        ),
        case(
            "getConversation",
            "minimal",
            by_id(),
            request("GET", path, Value::Null),
            vec![json!({})],
        ),
        case(
            "updateConversation",
            "minimal",
            by_id(),
            request("POST", path, json!({ "metadata": {} })),
            vec![json!({})],
        ),
        case(
            "updateConversation",
            "metadata",
            with_metadata(json!({ "ticket": "4711" })),
            request("POST", path, json!({ "metadata": {} })),
            vec![json!({ "body": { "metadata": { "ticket": "4711" } } })],
        ),
        case(
            "deleteConversation",
            "minimal",
            by_id(),
            request("DELETE", path, Value::Null),
            vec![json!({})],
        ),
    ]
}

/// The instruction that requests an object.
const OBJECT: &str = "Answer with one JSON object and nothing else.";

/// A schema that strict mode accepts.
const CITY: &str = r#"{
    "type": "object",
    "properties": { "city": { "type": "string" }, "people": { "type": "integer" } },
    "required": ["city", "people"],
    "additionalProperties": false
}"#;

/// A schema that strict mode rejects, because a property is optional.
const OPEN_CITY: &str = r#"{
    "type": "object",
    "properties": { "city": { "type": "string" }, "people": { "type": "integer" } },
    "required": ["city"]
}"#;

const TUNNEL: &str = "tunnel_0123456789abcdef0123456789abcdef";

/// The arguments of the sandbox's call to `weather/v1/today`.
const PLACE: &str = r#"{"place":"sandbox text"}"#;

/// The result of that call.
const DEGREES: &str = r#"{"degrees":21.5}"#;

fn read(schema: &str) -> Value {
    serde_json::from_str(schema).unwrap()
}

fn schema(strict: bool, schema: Value) -> Value {
    json!({ "type": "json_schema", "name": "response", "strict": strict, "schema": schema })
}

fn list_of(items: Value) -> Value {
    json!({
        "type": "object",
        "properties": { "items": { "type": "array", "items": items } },
        "required": ["items"],
        "additionalProperties": false,
    })
}

fn turn(role: &str, content: &str) -> Value {
    json!({ "role": role, "content": content })
}

/// An answer in the input.
fn answered(content: &str) -> Value {
    json!({ "type": "message", "role": "assistant", "content": content })
}

fn weather() -> Value {
    let place = json!({ "properties": { "place": { "type": "string" } }, "required": ["place"] });
    tool("weather_v1_today", "Today's weather.", place)
}

/// A function whose parameters are an object with these additional keywords.
fn tool(name: &str, description: &str, mut parameters: Value) -> Value {
    parameters["type"] = "object".into();
    json!({
        "type": "function", "name": name, "description": description, "parameters": parameters,
        "strict": false,
    })
}

fn code(container: Value) -> Value {
    json!({ "type": "code_interpreter", "container": container })
}

/// A call that the form's messages contain.
fn sent_call(id: &str, name: &str, arguments: &str) -> Value {
    json!({ "type": "function_call", "call_id": id, "name": name, "arguments": arguments })
}

/// The sandbox's call number `index` in its response.
fn call(index: u32, name: &str, arguments: &str) -> Value {
    call_item(&format!("fc_{index}"), &format!("call_0_{index}"), name, arguments)
}

fn call_item(item: &str, id: &str, name: &str, arguments: &str) -> Value {
    json!({
        "id": item, "type": "function_call", "call_id": id, "name": name, "arguments": arguments,
        "status": "completed",
    })
}

fn result(id: &str, output: &str) -> Value {
    json!({ "type": "function_call_output", "call_id": id, "output": output })
}

/// The message of [`smallest`] with these parts after its text.
fn with(parts: &[Value]) -> Value {
    let content = [&[text("Hello!")], parts].concat();
    json!({ "role": "user", "content": content })
}

fn text(text: &str) -> Value {
    json!({ "type": "input_text", "text": text })
}

fn png_url() -> String {
    format!("data:image/png;base64,{}", base64_of("picture.png"))
}

fn pdf(detail: Option<&str>) -> Value {
    let data = format!("data:application/pdf;base64,{}", base64_of("report.pdf"));
    let mut part = json!({ "type": "input_file", "filename": "report.pdf", "file_data": data });
    if let Some(detail) = detail {
        part["detail"] = detail.into();
    }
    part
}
