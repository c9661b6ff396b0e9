//! `/v1/responses`.

use serde_json::Value;
use serde_json::json;

use crate::client;

const PATH: &str = "/v1/responses";

fn base() -> Value {
    json!({"model": "gpt-4o", "input": [{"role": "user", "content": "What is up?"}]})
}

fn ask(patch: Value) -> Value {
    let sandbox = client::start();
    let answer = client::post(&sandbox, PATH, &client::patched(&base(), &patch));
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

fn types(response: &Value) -> Vec<&str> {
    let items = response["output"].as_array().unwrap();
    items.iter().map(|item| item["type"].as_str().unwrap()).collect()
}

fn function(parameters: Value, strict: Value) -> Value {
    json!({"type": "function", "name": "f", "parameters": parameters, "strict": strict})
}

fn tool() -> Value {
    let parameters = json!({
        "type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"],
    });
    function(parameters, json!(false))
}

#[test]
fn rejects_unknown_and_invalid_fields() {
    let only = |item: Value| json!({"input": [item]});
    let with = |tool: Value| json!({"tools": [tool]});
    client::check_rules(
        PATH,
        &base(),
        &[
            (json!({"model": null}), "missing field `model`"),
            (json!({"input": null}), "missing field `input`"),
            (json!({"input": 7}), "expected a string or a list"),
            (json!({"input": "Hi"}), ""),
            (json!({"model": "whisper-1"}), "'whisper-1'"),
            (json!({"messages": []}), "unknown field `messages`"),
            (json!({"n": 2}), "unknown field `n`"),
            (json!({"stop": ["x"]}), "unknown field `stop`"),
            (json!({"seed": 1}), "unknown field `seed`"),
            (json!({"response_format": {"type": "text"}}), "unknown field `response_format`"),
            (json!({"max_completion_tokens": 16}), "unknown field `max_completion_tokens`"),
            (json!({"stream_options": {}}), "unknown field `stream_options`"),
            (json!({"text": {"format": {"type": "xml"}}}), "unknown variant `xml`"),
            (json!({"prompt": {"id": "pmpt_1"}}), "unknown field `prompt`"),
            (json!({"moderation": {"policy": {"all": {}}}}), "unknown field `all`"),
            (only(json!({"role": "tool", "content": "x"})), "unknown variant `tool`"),
            (only(json!({"role": "user"})), "missing field `content`"),
            (only(json!({"role": "user", "content": [{"type": "input_audio"}]})), "Content"),
            (only(json!({"role": "user", "content": "x", "name": "y"})), "unknown field `name`"),
            (only(json!({"type": "video"})), "unknown variant `video`"),
            (with(json!({"type": "function", "function": {}})), "unknown field `function`"),
            (with(json!({"type": "web_search", "domains": []})), "unknown field `domains`"),
            (with(json!({"type": "file_search"})), "missing field `vector_store_ids`"),
            (with(json!({"type": "code_interpreter"})), "missing field `container`"),
            (with(json!({"type": "mcp"})), "missing field `server_label`"),
            (with(json!({"type": "computer"})), "unknown variant `computer`"),
        ],
    );
}

#[test]
fn enforces_the_rules() {
    let with = |tool: Value| json!({"tools": [tool]});
    let reasoning = |content: Value| {
        let item = json!({"type": "reasoning", "id": "rs_0", "summary": []});
        let item = client::patched(&item, &json!({"encrypted_content": content}));
        json!({"model": "o3", "store": false, "input": [item, {"role": "user", "content": "x"}]})
    };
    let image = |url: &str| {
        let part = json!({"type": "input_image", "image_url": url, "detail": "auto"});
        json!({"input": [{"role": "user", "content": [part]}]})
    };
    let only = |part: Value| json!({"input": [{"role": "user", "content": [part]}]});
    let part = |role: &str, kind: &str| {
        let part = json!({"type": kind, "text": "x", "annotations": []});
        let part = if kind == "input_text" {
            client::patched(&part, &json!({"annotations": null}))
        } else {
            part
        };
        json!({"input": [{"role": role, "content": [part]}]})
    };
    let search = |patch: Value| {
        let tool = json!({"type": "file_search", "vector_store_ids": ["vs_1"]});
        with(client::patched(&tool, &patch))
    };
    let container =
        |container: Value| with(json!({"type": "code_interpreter", "container": container}));
    let draw = |patch: Value| with(client::patched(&json!({"type": "image_generation"}), &patch));
    let server =
        |patch: Value| with(client::patched(&json!({"type": "mcp", "server_label": "a"}), &patch));
    let format = |format: Value| json!({"text": {"format": format}});
    let open = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    let schema = |strict: bool| {
        format(json!({"type": "json_schema", "name": "x", "strict": strict, "schema": open}))
    };
    client::check_rules(
        PATH,
        &base(),
        &[
            (json!({"previous_response_id": "resp_sandbox"}), ""),
            (json!({"conversation": "conv_sandbox"}), ""),
            (
                json!({"previous_response_id": "resp_sandbox", "conversation": "conv_sandbox"}),
                "Mutually exclusive",
            ),
            (json!({"previous_response_id": "chatcmpl_1"}), "begins with 'resp'"),
            (json!({"previous_response_id": "resp_gone"}), "Previous response"),
            (json!({"conversation": "x"}), "begins with 'conv'"),
            (json!({"background": true}), ""),
            (json!({"background": true, "store": false}), "'store'"),
            (json!({"tool_choice": "required"}), "'tools'"),
            (json!({"reasoning": {"effort": "low"}}), "not supported with this model"),
            (json!({"model": "gpt-5.4", "reasoning": {"effort": "low"}}), ""),
            (json!({"include": ["reasoning.encrypted_content"]}), "Encrypted content"),
            (json!({"prompt_cache_options": {"mode": "explicit"}}), "prompt_cache_options"),
            (json!({"model": "gpt-5.6-sol", "prompt_cache_options": {"ttl": "30m"}}), ""),
            (json!({"prompt_cache_retention": "in_memory"}), ""),
            (json!({"model": "gpt-5.5", "prompt_cache_retention": "in_memory"}), "'24h'"),
            (format(json!({"type": "json_object"})), "the word 'json'"),
            (
                client::patched(
                    &format(json!({"type": "json_object"})),
                    &json!({"input": "Answer in JSON."}),
                ),
                "",
            ),
            (schema(false), ""),
            (schema(true), "Invalid schema for response_format 'x'"),
            (with(function(open.clone(), json!(false))), ""),
            // Functions are strict by default.
            (with(function(open.clone(), json!(null))), "Invalid schema for function 'f'"),
            (search(json!({})), ""),
            (search(json!({"vector_store_ids": ["store"]})), "begins with 'vs'"),
            (search(json!({"max_num_results": 50})), ""),
            (search(json!({"max_num_results": 51})), "between 1 and 50"),
            (container(json!("cntr_1")), ""),
            (container(json!("box")), "begins with 'cntr'"),
            (container(json!({"type": "auto", "file_ids": ["file-1"]})), ""),
            (container(json!({"type": "auto", "file_ids": ["1"]})), "begins with 'file'"),
            (draw(json!({"background": "transparent"})), ""),
            (draw(json!({"background": "transparent", "output_format": "jpeg"})), "jpeg"),
            (draw(json!({"model": "gpt-image-1-mini", "input_fidelity": "high"})), "fidelity"),
            (draw(json!({"partial_images": 1})), "streaming mode"),
            (draw(json!({"input_image_mask": {"image_url": "SGk="}})), "mask"),
            (server(json!({"server_url": "https://a.example"})), ""),
            (server(json!({})), "exactly one"),
            (server(json!({"server_url": "https://a", "tunnel_id": "tunnel_1"})), "exactly one"),
            (image("data:image/png;base64,SGk="), ""),
            (image("SGk="), "base64"),
            (image("https://a.example/b.png"), ""),
            (only(json!({"type": "input_image", "file_id": "file-1", "detail": "low"})), ""),
            (only(json!({"type": "input_image", "file_id": "1", "detail": "low"})), "the ID"),
            (only(json!({"type": "input_image", "detail": "low"})), "exactly one"),
            (only(json!({"type": "input_file", "file_id": "file-1"})), ""),
            (only(json!({"type": "input_file", "file_url": "https://a.example/b.pdf"})), ""),
            (only(json!({"type": "input_file", "file_url": "b.pdf"})), "a URL"),
            (
                only(json!({
                    "type": "input_file", "file_id": "file-1", "file_url": "https://a.example",
                })),
                "exactly one",
            ),
            (json!({"model": "gpt-5.5", "temperature": 0.5}), "'temperature'"),
            (json!({"model": "gpt-5.5", "temperature": 0.5, "reasoning": {"effort": "none"}}), ""),
            (json!({"model": "gpt-5.4", "top_p": 0.5}), ""),
            (
                json!({
                    "model": "gpt-5.4", "include": ["message.output_text.logprobs"],
                    "reasoning": {"effort": "low"},
                }),
                "'logprobs'",
            ),
            (part("user", "input_text"), ""),
            (part("user", "output_text"), "input parts"),
            (part("assistant", "output_text"), ""),
            (part("assistant", "input_text"), "input parts"),
            (reasoning(json!("c2FuZGJveCByZWFzb25pbmc=")), ""),
            (reasoning(json!("c2FuZGJveA==")), "could not be verified"),
            (reasoning(json!(null)), "not persisted"),
        ],
    );
}

#[test]
fn calls_and_their_outputs_belong_together() {
    let call =
        |id: &str| json!({"type": "function_call", "call_id": id, "name": "f", "arguments": "{}"});
    let output = |id: &str| json!({"type": "function_call_output", "call_id": id, "output": "1"});
    let user = || json!({"role": "user", "content": "go"});
    let talk = |input: Vec<Value>| json!({"input": input});
    let (unasked, unanswered) = ("No tool call found", "No tool output found");
    client::check_rules(
        PATH,
        &base(),
        &[
            (talk(vec![user(), call("a"), output("a")]), ""),
            (talk(vec![user(), call("a"), call("b"), output("b"), output("a")]), ""),
            (talk(vec![user(), output("a")]), unasked),
            (talk(vec![user(), output("a"), call("a")]), unasked),
            (talk(vec![user(), call("a")]), unanswered),
            (talk(vec![user(), call("a"), call("b"), output("a")]), unanswered),
        ],
    );
}

#[test]
fn an_answer_quotes_the_question() {
    let answer = ask(json!({}));
    let part = &answer["output"][0]["content"][0];
    assert!(part["text"].as_str().unwrap().starts_with("Sandbox answer to \"What is up?\": "));
    assert_eq!(
        (&answer["status"], &answer["usage"]["input_tokens"]),
        (&json!("completed"), &json!(3))
    );
    assert_eq!(answer, ask(json!({})), "the same request gets the same answer");

    let cut = ask(json!({"max_output_tokens": 2}));
    assert_eq!(cut["output"][0]["content"][0]["text"], "Sandbox ");
    assert_eq!(cut["status"], "incomplete");
    assert_eq!(cut["incomplete_details"], json!({"reason": "max_output_tokens"}));
}

#[test]
fn both_apis_give_the_same_answer() {
    let sandbox = client::start();
    let url = "data:image/png;base64,SGk=";
    let chat_image = json!({"type": "image_url", "image_url": {"url": url}});
    let image = json!({"type": "input_image", "image_url": url, "detail": "auto"});
    for (chat, input) in [
        (json!("Hi"), json!("Hi")),
        (
            json!([{"type": "text", "text": "Look"}, chat_image]),
            json!([{"type": "input_text", "text": "Look"}, image]),
        ),
    ] {
        let message = |content: &Value| json!([{"role": "user", "content": content}]);
        let body = json!({"model": "gpt-5.4", "messages": message(&chat)});
        let chat = client::post(&sandbox, "/v1/chat/completions", &body).json();
        let body = json!({"model": "gpt-5.4", "input": message(&input)});
        let response = client::post(&sandbox, PATH, &body).json();
        assert_eq!(
            chat["choices"][0]["message"]["content"],
            response["output"][1]["content"][0]["text"]
        );
        assert_eq!(chat["usage"]["total_tokens"], response["usage"]["total_tokens"]);
    }
}

#[test]
fn calls_functions_and_then_answers() {
    let calls = ask(json!({"tools": [tool()]}));
    assert_eq!(types(&calls), ["function_call"]);
    let call = calls["output"][0].clone();
    assert_eq!((&call["call_id"], &call["arguments"]), (&json!("call_0_0"), &json!("{\"a\":1}")));
    let output = json!({"type": "function_call_output", "call_id": "call_0_0", "output": "21"});
    let input = json!([{"role": "user", "content": "Hi"}, call, output]);
    let answer = ask(json!({"tools": [tool()], "input": input}));
    assert_eq!(
        answer["output"][0]["content"][0]["text"],
        "Sandbox answer from tool results: \"21\"."
    );
    let again = ask(json!({"tools": [tool()], "tool_choice": "required", "input": input}));
    assert_eq!(types(&again), ["function_call"]);
    let none = ask(json!({"tools": [tool()], "tool_choice": "none"}));
    assert_eq!(types(&none), ["message"]);
    let built_in = json!({"tools": [tool(), {"type": "web_search"}]});
    assert_eq!(types(&ask(built_in)), ["web_search_call", "function_call"]);
}

#[test]
fn calls_functions_as_often_as_the_question_says() {
    let mut input = vec![json!({"role": "user", "content": "Hi, rounds: 3"})];
    let mut ids = Vec::new();
    let answer = loop {
        let response = ask(json!({"tools": [tool()], "input": input}));
        let item = response["output"][0].clone();
        if item["type"] == "message" {
            break item["content"][0]["text"].clone();
        }
        let id = item["call_id"].clone();
        let result = format!("result {}", ids.len());
        ids.push(id.clone());
        input.extend([
            item,
            json!({"type": "function_call_output", "call_id": id, "output": result}),
        ]);
    };
    assert_eq!(ids, ["call_0_0", "call_0_1_0", "call_0_2_0"]);
    assert_eq!(answer, "Sandbox answer from tool results: \"result 2\".");
}

#[test]
fn a_conversation_remembers_its_calls() {
    let sandbox = client::start();
    let body = json!({"conversation": "conv_sandbox", "tools": [tool()]});
    client::post(&sandbox, PATH, &client::patched(&base(), &body));
    let output = json!({"type": "function_call_output", "call_id": "call_0_0", "output": "21"});
    let body = client::patched(&base(), &client::patched(&body, &json!({"input": [output]})));
    assert_eq!(client::post(&sandbox, PATH, &body).status, 200);
    let other = client::patched(&body, &json!({"conversation": null}));
    assert_eq!(client::post(&sandbox, PATH, &other).status, 400);
    let gone = client::patched(&body, &json!({"conversation": "conv_gone"}));
    assert_eq!(client::post(&sandbox, PATH, &gone).status, 404);
}

#[test]
fn calls_the_providers_tools() {
    let all = [
        "web_search_call.action.sources",
        "file_search_call.results",
        "code_interpreter_call.outputs",
        "reasoning.encrypted_content",
    ];
    let body = json!({
        "model": "gpt-5.4", "include": all, "reasoning": {"summary": "auto"},
        "tools": [
            {"type": "web_search", "filters": {"allowed_domains": ["example.com"]}},
            {"type": "file_search", "vector_store_ids": ["vs_1"]},
            {"type": "code_interpreter", "container": {"type": "auto"}},
            {"type": "image_generation", "size": "32x16"},
            {"type": "mcp", "server_label": "a", "server_url": "https://a.example",
             "allowed_tools": ["search"], "require_approval": "never"},
        ],
    });
    let answer = ask(body);
    assert_eq!(
        types(&answer),
        [
            "reasoning",
            "web_search_call",
            "file_search_call",
            "code_interpreter_call",
            "image_generation_call",
            "mcp_list_tools",
            "mcp_call",
            "message",
        ]
    );
    let output = &answer["output"];
    assert!(output[0]["encrypted_content"].is_string() && output[0]["summary"][0].is_object());
    assert_eq!(output[1]["action"]["sources"][0]["url"], "https://example.com/page");
    assert!(output[2]["results"][0].is_object() && output[3]["outputs"][0].is_object());
    assert!(output[4]["result"].as_str().unwrap().starts_with("iVBORw0KGgo"));
    assert_eq!(output[6]["name"], "search");
    let annotations = &output[7]["content"][0]["annotations"];
    assert_eq!(annotations[0]["url"], "https://example.com/page");
    assert_eq!(annotations[1]["type"], "file_citation");
}

#[test]
fn a_server_may_ask_for_approval() {
    let tools = json!([{"type": "mcp", "server_label": "a", "server_url": "https://a.example"}]);
    let asked = ask(json!({"tools": tools}));
    assert_eq!(types(&asked), ["mcp_list_tools", "mcp_approval_request"]);
    for (approve, expected) in [
        (true, &["mcp_list_tools", "mcp_call", "message"][..]),
        (false, &["mcp_list_tools", "message"]),
    ] {
        let decision = json!({
            "type": "mcp_approval_response", "approval_request_id": "mcpr_1", "approve": approve,
        });
        let input = json!([decision, {"role": "user", "content": "Go on"}]);
        assert_eq!(types(&ask(json!({"tools": tools, "input": input}))), expected);
    }
}

#[test]
fn a_stream_contains_the_same_response() {
    let sandbox = client::start();
    let body = json!({
        "model": "gpt-5.4", "reasoning": {"summary": "auto"},
        "include": ["message.output_text.logprobs"],
        "tools": [
            {"type": "web_search"}, {"type": "image_generation", "size": "16x16"},
        ],
    });
    let whole = ask(body.clone());
    let mut streamed = client::patched(&base(), &client::patched(&body, &json!({"stream": true})));
    streamed["tools"][1]["partial_images"] = json!(2);
    let events = client::post(&sandbox, PATH, &streamed).events();
    for (number, event) in events.iter().enumerate() {
        assert_eq!(event["sequence_number"], number);
    }
    let of = |kind: &str| events.iter().filter(|event| event["type"] == kind).collect::<Vec<_>>();
    let text =
        |kind: &str| of(kind).iter().map(|it| it["delta"].as_str().unwrap()).collect::<String>();
    let output = &whole["output"];
    assert_eq!(text("response.output_text.delta"), output[3]["content"][0]["text"]);
    assert_eq!(text("response.reasoning_summary_text.delta"), output[0]["summary"][0]["text"]);
    assert_eq!(of("response.image_generation_call.partial_image").len(), 2);
    let items: Vec<_> = of("response.output_item.done").iter().map(|it| &it["item"]).collect();
    assert_eq!(json!(items), *output);
    let last = &events.last().unwrap()["response"];
    assert_eq!((&last["output"], &last["status"]), (output, &json!("completed")));
    assert_eq!(events[0]["response"]["status"], "in_progress");

    let cut = client::patched(&base(), &json!({"stream": true, "max_output_tokens": 1}));
    let events = client::post(&sandbox, PATH, &cut).events();
    assert_eq!(events.last().unwrap()["type"], "response.incomplete");
}

#[test]
fn a_response_in_the_background_makes_progress() {
    let sandbox = client::start();
    let body = client::patched(&base(), &json!({"background": true}));
    let queued = client::post(&sandbox, PATH, &body).json();
    assert_eq!((&queued["status"], &queued["output"]), (&json!("queued"), &json!([])));
    let path = format!("{PATH}/{}", queued["id"].as_str().unwrap());
    let states: Vec<_> =
        (0..3).map(|_| client::get(&sandbox, &path).json()["status"].clone()).collect();
    assert_eq!(states, ["in_progress", "completed", "completed"]);
    // A complete response is not cancelled.
    let cancelled = client::post(&sandbox, &format!("{path}/cancel"), &json!({})).json();
    assert_eq!(cancelled["status"], "completed");

    client::post(&sandbox, PATH, &body);
    let cancel = client::request(&sandbox, &format!("POST {path}/cancel"), &[], b"");
    assert_eq!(cancel.json()["status"], "cancelled");
    assert_eq!(client::get(&sandbox, &path).json()["status"], "cancelled");
}

#[test]
fn stored_responses_can_be_fetched_and_deleted() {
    let sandbox = client::start();
    let stored = client::post(&sandbox, PATH, &base()).json();
    let path = format!("{PATH}/{}", stored["id"].as_str().unwrap());
    let include = "?include[]=file_search_call.results&include[]=code_interpreter_call.outputs";
    assert_eq!(client::get(&sandbox, &format!("{path}{include}")).json(), stored);
    assert_eq!(client::get(&sandbox, &format!("{path}?include[]=all")).status, 400);
    assert_eq!(client::get(&sandbox, &format!("{path}?stream=true")).status, 400);
    let cancel = client::request(&sandbox, &format!("POST {path}/cancel"), &[], b"");
    assert_eq!(cancel.status_and_param(), (400, None));
    let deleted = client::request(&sandbox, &format!("DELETE {path}"), &[], b"").json();
    assert_eq!(deleted["deleted"], true);
    for line in [format!("GET {path}"), format!("DELETE {path}"), format!("POST {path}/cancel")] {
        assert_eq!(client::request(&sandbox, &line, &[], b"").status, 404, "{line}");
    }
    let unstored = client::patched(&base(), &json!({"store": false}));
    let unstored = client::post(&sandbox, PATH, &unstored).json();
    let path = format!("{PATH}/{}", unstored["id"].as_str().unwrap());
    assert_eq!(client::get(&sandbox, &path).status, 404);
}

#[test]
fn samples_always_exist() {
    let sandbox = client::start();
    for _ in 0..2 {
        let sample = client::get(&sandbox, &format!("{PATH}/resp_sandbox")).json();
        assert_eq!(sample["status"], "completed");
        let line = format!("DELETE {PATH}/resp_sandbox");
        assert_eq!(client::request(&sandbox, &line, &[], b"").status, 200);
        let path = format!("{PATH}/resp_sandbox_background");
        let states: Vec<_> =
            (0..2).map(|_| client::get(&sandbox, &path).json()["status"].clone()).collect();
        assert_eq!(states, ["in_progress", "completed"]);
        let cancel = client::request(&sandbox, &format!("POST {path}/cancel"), &[], b"").json();
        assert_eq!(cancel["status"], "cancelled");
    }
}
