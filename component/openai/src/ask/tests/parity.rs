//! Both APIs give the same output and the same metadata for the same input, if the
//! model gives the same answer.

use connector_sdk::testing::{Answer, Host};
use connector_sdk::{Failure, Result};
use serde_json::{Value, json};

use crate::CONNECTOR;

/// The model's answer to one request.
#[derive(Clone, Default)]
struct Said {
    text: Option<&'static str>,
    refusal: Option<&'static str>,
    /// The names and arguments of the functions that it calls.
    calls: Vec<(&'static str, &'static str)>,
    /// The finish reason of Chat Completions.
    reason: &'static str,
    is_cited: bool,
    has_logprobs: bool,
}

fn says(text: &'static str) -> Said {
    Said { text: Some(text), reason: "stop", ..Said::default() }
}

fn calls(calls: &[(&'static str, &'static str)]) -> Said {
    Said { calls: calls.to_vec(), reason: "tool_calls", ..Said::default() }
}

impl Said {
    fn logprobs(&self) -> Value {
        let token = |text: &str| json!({ "token": text, "logprob": -0.5, "bytes": [72] });
        self.has_logprobs.then(|| json!([token("a"), token("b")])).unwrap_or(json!([]))
    }

    fn citation(&self) -> Option<Value> {
        let page = json!({
            "url": "https://a.example", "title": "A", "start_index": 0, "end_index": 1,
        });
        self.is_cited.then_some(page)
    }

    fn over_chat(&self, streaming: bool) -> Answer {
        let call = |(number, (name, arguments)): (usize, &(&str, &str))| {
            let function = json!({ "name": name, "arguments": arguments });
            json!({ "id": format!("call_{number}"), "type": "function", "function": function })
        };
        let calls: Vec<_> = self.calls.iter().enumerate().map(call).collect();
        let citation = |page| json!({ "type": "url_citation", "url_citation": page });
        let citations: Vec<_> = self.citation().into_iter().map(citation).collect();
        let message = json!({
            "role": "assistant", "content": self.text, "refusal": self.refusal,
            "tool_calls": calls, "annotations": citations,
        });
        let logprobs =
            self.has_logprobs.then(|| json!({ "content": self.logprobs(), "refusal": null }));
        let mut choice = json!({ "index": 0, "logprobs": logprobs, "finish_reason": self.reason });
        choice[if streaming { "delta" } else { "message" }] = message;
        let completion = json!({
            "id": "chatcmpl-1", "model": "m-1", "choices": [choice],
            "usage": {
                "prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9,
                "prompt_tokens_details": { "cached_tokens": 1 },
                "completion_tokens_details": { "reasoning_tokens": 1 },
            },
        });
        if streaming {
            Answer::events([completion.to_string(), "[DONE]".to_owned()])
        } else {
            Answer::json(200, completion)
        }
    }

    fn over_responses(&self, streaming: bool) -> Answer {
        let (status, reason) = match self.reason {
            "length" => ("incomplete", Some("max_output_tokens")),
            "content_filter" => ("incomplete", Some("content_filter")),
            _ => ("completed", None),
        };
        let mut citations: Vec<_> = self.citation().into_iter().collect();
        for citation in &mut citations {
            citation["type"] = "url_citation".into();
        }
        let text = self.text.map(|text| {
            json!({
                "type": "output_text", "text": text, "annotations": citations,
                "logprobs": self.logprobs(),
            })
        });
        let refusal = self.refusal.map(|text| json!({ "type": "refusal", "refusal": text }));
        let parts: Vec<_> = text.into_iter().chain(refusal).collect();
        let mut output = vec![json!({ "type": "reasoning", "id": "rs_1", "summary": [] })];
        if !parts.is_empty() {
            output.push(json!({
                "type": "message", "id": "msg_1", "role": "assistant", "content": parts,
            }));
        }
        output.extend(self.calls.iter().enumerate().map(|(number, (name, arguments))| {
            json!({
                "type": "function_call", "id": format!("fc_{number}"), "name": name,
                "call_id": format!("call_{number}"), "arguments": arguments,
            })
        }));
        let response = json!({
            "id": "resp_1", "model": "m-1", "status": status, "error": null,
            "incomplete_details": { "reason": reason }, "output": output,
            "usage": {
                "input_tokens": 7, "output_tokens": 2, "total_tokens": 9,
                "input_tokens_details": { "cached_tokens": 1 },
                "output_tokens_details": { "reasoning_tokens": 1 },
            },
        });
        if !streaming {
            return Answer::json(200, response);
        }
        let deltas = self
            .text
            .filter(|text| !text.is_empty())
            .map(|text| json!({ "type": "response.output_text.delta", "delta": text }));
        let end = json!({ "type": format!("response.{status}"), "response": response });
        Answer::events(deltas.into_iter().chain([end]))
    }
}

/// The result of a run without what only one API returns, and its events except for
/// metadata.
fn run(api: &str, said: &[Said], more: &Value, streaming: bool) -> (Value, Vec<Value>) {
    let parameters = || json!({ "type": "object" });
    let mut host = Host::new(&CONNECTOR)
        .function("weather", parameters(), |_| Ok(json!({ "degrees": 21 })))
        .function("broken", parameters(), |_| Err(Failure::not_found("no such city")));
    for said in said {
        let answer = match api {
            "responses" => said.over_responses(streaming),
            _ => said.over_chat(streaming),
        };
        host = host.answer(answer.header("x-request-id", "req_1"));
    }
    if streaming {
        host = host.streaming();
    }
    let mut input = json!({ "api": api, "messages": [{ "role": "user", "content": "Hi" }] });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    if input.get("attachments").is_some() {
        input["attachments"] = json!([host.file("a.png", "image/png", b"\x89PNG")]);
    }
    let outcome: Result<_> = host.run("ask", input);
    let outcome = match outcome {
        Ok(mut outcome) => {
            let id = outcome.metadata.remove("responseId");
            assert_eq!(id.is_some(), api == "responses");
            json!({ "output": outcome.output, "metadata": outcome.metadata })
        }
        Err(failure) => json!({
            "kind": format!("{:?}", failure.kind), "message": failure.message,
            "property": failure.property, "detail": failure.detail, "status": failure.status,
            "sent": failure.request_sent,
        }),
    };
    let is_common = |event: &Value| event["event"] != "metadata";
    (outcome, host.events().into_iter().filter(is_common).collect())
}

#[test]
fn both_apis_give_the_same_output_and_metadata() {
    let city = r#"{"type":"object","properties":{"city":{"type":"string"}},"required":["city"],"additionalProperties":false}"#;
    let object = json!({ "responseFormat": 1, "responseSchema": city });
    let list = json!({ "responseFormat": 2, "responseSchema": city });
    let functions = json!({ "functions": ["weather", "broken"], "maxFunctionRounds": 2 });
    let graz = says(r#"{"city": "Graz"}"#);
    let weather = || calls(&[("weather", "{}")]);
    for (case, more, said) in [
        ("text", json!({}), vec![says("Hello")]),
        ("empty text", json!({}), vec![says("")]),
        (
            "parameters",
            json!({
                "model": "gpt-4o", "maxTokens": 100, "temperature": 0.5, "topP": 1, "user": "u",
                "serviceTier": "flex", "store": true, "metadata": { "a": "b" }, "verbosity": "low",
                "safetyIdentifier": "s", "promptCacheKey": "k",
            }),
            vec![says("Hello")],
        ),
        (
            "every role",
            json!({ "messages": [
                { "role": "system", "content": "S" }, { "role": "developer", "content": "D" },
                { "role": "tool", "content": "T" }, { "role": "assistant", "content": "A" },
                { "role": "user", "content": "U" },
            ]}),
            vec![says("Hello")],
        ),
        ("an attachment", json!({ "attachments": [] }), vec![says("A picture")]),
        ("an object", json!({ "responseFormat": 1 }), vec![graz.clone()]),
        (
            "images and files by address and ID, and an extra parameter",
            json!({
                "imageUrls": ["https://a.example/b.png"], "fileIds": ["file-a"],
                "extraParameters": { "top_k": 5 },
            }),
            vec![says("A picture")],
        ),
        ("a list", json!({ "responseFormat": 2 }), vec![says(r#"{"items": [1, 2]}"#)]),
        ("an object with a schema", object.clone(), vec![graz.clone()]),
        ("a list with a schema", list, vec![says(r#"{"items": [{"city": "Graz"}]}"#)]),
        (
            "a loose schema",
            json!({
                "responseFormat": 1, "responseSchema": r#"{"type":"object"}"#,
            }),
            vec![graz.clone()],
        ),
        ("a correction", object.clone(), vec![says("Sure!"), graz.clone()]),
        ("no correction", object.clone(), vec![says("Sure!"), says("Here:")]),
        ("a function", functions.clone(), vec![weather(), says("21 °C")]),
        (
            "parallel calls",
            functions.clone(),
            vec![
                calls(&[
                    ("weather", r#"{"a":1}"#),
                    ("broken", ""),
                    ("none", "{}"),
                    ("weather", "["),
                ]),
                says("21 °C"),
            ],
        ),
        ("too many rounds", functions, vec![weather(), weather(), weather()]),
        (
            "a function and an object",
            json!({
                "functions": ["weather"], "responseFormat": 1, "responseSchema": city,
            }),
            vec![weather(), says("no"), weather(), graz],
        ),
        (
            "a refusal",
            object,
            vec![Said { refusal: Some("I can't."), reason: "stop", ..Said::default() }],
        ),
        ("the token limit", json!({}), vec![Said { reason: "length", ..says("half") }]),
        (
            "the token limit in an object",
            json!({ "responseFormat": 1 }),
            vec![Said { reason: "length", ..says("{") }],
        ),
        ("a filter", json!({}), vec![Said { reason: "content_filter", ..says("half") }]),
        ("citations", json!({}), vec![Said { is_cited: true, ..says("Hello") }]),
        (
            "log probabilities",
            json!({ "logprobs": true, "topLogprobs": 1 }),
            vec![Said { has_logprobs: true, ..says("ab") }],
        ),
        ("no text", json!({}), vec![Said { reason: "stop", ..Said::default() }]),
    ] {
        for streaming in [false, true] {
            let chat = run("chat_completions", &said, &more, streaming);
            let responses = run("responses", &said, &more, streaming);
            assert_eq!(chat, responses, "{case}, streaming: {streaming}");
        }
    }
}
