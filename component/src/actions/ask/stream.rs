//! An answer that arrives in pieces.
//!
//! The pieces are put together to the completion that would have come in one,
//! so that whatever happens to an answer afterwards is the same for both.

use alloc::string::String;
use alloc::vec::Vec;
use core::mem;

use crate::allocator::{free, free_text};
use crate::bindings::workflow::connector::events::{Event, TextDelta};
use crate::failure::{Failure, Result};
use crate::json::{Json, Number, Value};
use crate::openai::stream::{Next, Stream};

/// Texts that come bit by bit. Others come once, or again and again.
const GROWING: &[&str] = &["content", "refusal", "arguments"];

/// Collects a stream to the JSON text of a completion.
pub fn collect(stream: &mut Stream) -> Result<String> {
    let mut completion = Value::Object(Vec::new());
    loop {
        let next = stream.next_event().map_err(|failure| match failure.detail {
            None => failure.with_detail(said(&completion)),
            Some(_) => failure,
        })?;
        match next {
            Next::Object(chunk) => {
                tell(stream, &chunk)?;
                merge("", &mut completion, chunk);
            }
            Next::End if !is_finished(&completion) => {
                return Err(Failure::invalid_output("the answer broke off", said(&completion)));
            }
            Next::Done | Next::End => return Ok(Json::of(&completion).text()),
        }
    }
}

/// Tells of the text in a chunk.
fn tell(stream: &mut Stream, chunk: &Value) -> Result<()> {
    for choice in choices(chunk) {
        let text = choice.text("delta/content").unwrap_or_default();
        if !text.is_empty() {
            let choice = index(choice).unwrap_or_default() as u32;
            (stream.tell)(Event::TextDelta(TextDelta { choice, text: text.into() }))?;
        }
    }
    Ok(())
}

fn choices(completion: &Value) -> &[Value] {
    completion.items("choices")
}

/// The text of the first answer.
fn said(completion: &Value) -> &str {
    let first = choices(completion).first();
    first.and_then(|choice| choice.text("message/content")).unwrap_or_default()
}

/// Whether every answer says why it ends.
fn is_finished(completion: &Value) -> bool {
    let choices = choices(completion);
    let has_reason =
        |choice: &Value| choice.get("finish_reason").is_some_and(|reason| *reason != Value::Null);
    !choices.is_empty() && choices.iter().all(has_reason)
}

fn index(item: &Value) -> Option<u64> {
    item.number("index").and_then(Number::as_u64)
}

/// Merges the member `name` of a chunk into what is known of it.
fn merge(name: &str, known: &mut Value, new: Value) {
    match new {
        Value::Null => {}
        Value::Object(mut members) if name != "arguments" => {
            if known.as_object().is_none() {
                *known = Value::Object(Vec::new());
            }
            if let Value::Object(known) = known {
                for (name, value) in members.drain(..) {
                    merge_member(known, name, value);
                }
            }
            free(members);
        }
        Value::List(mut items) => {
            if known.as_array().is_none() {
                *known = Value::List(Vec::new());
            }
            if let Value::List(known) = known {
                for item in items.drain(..) {
                    merge_item(name, known, item);
                }
            }
            free(items);
        }
        Value::Text(new) => match known {
            Value::Text(known) if GROWING.contains(&name) => {
                known.push_str(&new);
                free_text(new);
            }
            Value::Text(_) if new.is_empty() => {}
            known => mem::replace(known, Value::Text(new)).free(),
        },
        new => mem::replace(known, new).free(),
    }
}

fn merge_member(known: &mut Vec<(String, Value)>, name: String, value: Value) {
    // Whole answers have messages, chunks have their deltas.
    let name = if name == "delta" {
        free_text(name);
        "message".into()
    } else {
        name
    };
    match known.iter_mut().find(|(other, _)| *other == name) {
        Some((same, known)) => {
            merge(same, known, value);
            free_text(name);
        }
        None => {
            let mut fresh = Value::Null;
            merge(&name, &mut fresh, value);
            known.push((name, fresh));
        }
    }
}

/// Merges an item into the one with its index; items without one are further
/// items. There is mostly one choice, and some servers do not count it.
fn merge_item(name: &str, known: &mut Vec<Value>, item: Value) {
    let place = |item: &Value| index(item).or((name == "choices").then_some(0));
    let index = place(&item);
    let same = match index {
        Some(_) => known.iter_mut().find(|other| place(other) == index),
        None => None,
    };
    if let Some(known) = same {
        return merge("", known, item);
    }
    let mut fresh = Value::Null;
    merge("", &mut fresh, item);
    let behind = match index {
        Some(_) => known.iter().position(|other| index < place(other)),
        None => None,
    };
    known.insert(behind.unwrap_or(known.len()), fresh);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::failure::FailureKind;
    use crate::openai::stream;

    /// Collects a stream of events with this data, and what is told.
    fn collect(events: &[impl ToString]) -> (Result<Json>, Vec<(u32, String)>) {
        let (text, told) = stream::read(events, super::collect);
        let told = told.into_iter().map(|event| match event {
            Event::TextDelta(delta) => (delta.choice, delta.text),
            other => panic!("{other:?}"),
        });
        (text.map(Json::raw), told.collect())
    }

    /// A chunk of one choice.
    fn chunk(index: u64, delta: serde_json::Value) -> serde_json::Value {
        let choice = json!({ "index": index, "delta": delta, "finish_reason": null });
        json!({ "model": "gpt-x", "choices": [choice], "usage": null })
    }

    fn end(index: u64, reason: &str) -> serde_json::Value {
        let choice = json!({ "index": index, "delta": {}, "finish_reason": reason });
        json!({ "model": "gpt-x", "choices": [choice], "usage": null })
    }

    #[track_caller]
    fn check(chunks: &[serde_json::Value], expected: serde_json::Value) {
        let done = "[DONE]".to_owned();
        let events: Vec<_> = chunks.iter().map(ToString::to_string).chain([done]).collect();
        assert_eq!(collect(&events).0.unwrap(), expected);
    }

    #[test]
    fn the_pieces_are_the_whole() {
        let role = json!({ "role": "assistant", "content": "", "refusal": null });
        check(
            &[
                chunk(0, role),
                chunk(0, json!({ "content": "Grü" })),
                chunk(0, json!({ "content": "ße" })),
                end(0, "stop"),
                json!({ "model": "gpt-x", "choices": [], "usage": { "total_tokens": 3 } }),
            ],
            json!({
                "model": "gpt-x",
                "choices": [{
                    "index": 0,
                    "message": { "role": "assistant", "content": "Grüße", "refusal": null },
                    "finish_reason": "stop",
                }],
                "usage": { "total_tokens": 3 },
            }),
        );
    }

    #[test]
    fn text_is_told_as_it_arrives() {
        let (whole, told) = collect(&[
            chunk(1, json!({ "content": "ja 😀" })),
            chunk(0, json!({ "content": "no" })),
            chunk(0, json!({ "content": "" })),
            chunk(1, json!({ "refusal": "I won't" })),
            chunk(1, json!({ "content": "!" })),
            end(0, "stop"),
            end(1, "length"),
        ]);
        assert_eq!(told, [(1, "ja 😀".to_owned()), (0, "no".to_owned()), (1, "!".to_owned())]);
        let choices = json!([
            { "index": 0, "message": { "content": "no" }, "finish_reason": "stop" },
            {
                "index": 1, "message": { "content": "ja 😀!", "refusal": "I won't" },
                "finish_reason": "length",
            },
        ]);
        assert_eq!(whole.unwrap(), json!({ "model": "gpt-x", "choices": choices, "usage": null }));
    }

    #[test]
    fn calls_are_put_together_by_their_index() {
        let call = |index: u64, call: serde_json::Value| {
            let mut call = call;
            call["index"] = index.into();
            chunk(0, json!({ "tool_calls": [call] }))
        };
        let function = |arguments: &str| json!({ "function": { "arguments": arguments } });
        let start = |id: &str, name: &str| {
            json!({
                "id": id, "type": "function", "function": { "name": name, "arguments": "" },
            })
        };
        let whole = |index: u64, id: &str, name: &str, arguments: &str| {
            let function = json!({ "name": name, "arguments": arguments });
            json!({ "index": index, "id": id, "type": "function", "function": function })
        };
        let repeated = json!({
            "id": "", "function": { "name": "", "arguments": "\"Linz\"}" },
        });
        check(
            &[
                chunk(0, json!({ "role": "assistant", "content": null })),
                call(1, start("b", "g")),
                call(0, start("a", "f")),
                call(0, function("{\"city\":")),
                call(1, function("{}")),
                call(0, repeated),
                end(0, "tool_calls"),
            ],
            json!({
                "model": "gpt-x",
                "choices": [{
                    "index": 0,
                    "message": {
                        "role": "assistant",
                        "content": null,
                        "tool_calls": [
                            whole(0, "a", "f", "{\"city\":\"Linz\"}"),
                            whole(1, "b", "g", "{}"),
                        ],
                    },
                    "finish_reason": "tool_calls",
                }],
                "usage": null,
            }),
        );
    }

    #[test]
    fn log_probabilities_are_one_list() {
        let token = |text: &str| {
            let choice = json!({
                "index": 0, "delta": { "content": text },
                "logprobs": { "content": [{ "token": text }], "refusal": null },
            });
            json!({ "choices": [choice] })
        };
        let content = json!([{ "token": "a" }, { "token": "b" }]);
        check(
            &[token("a"), token("b")],
            json!({ "choices": [{
                "index": 0, "message": { "content": "ab" },
                "logprobs": { "content": content, "refusal": null },
            }]}),
        );
    }

    #[test]
    fn servers_may_leave_the_counting_out() {
        let whole_call = |name: &str| {
            let function = json!({ "name": name, "arguments": { "delta": [{ "index": 0 }] } });
            json!({ "function": function })
        };
        let delta = |delta: serde_json::Value| json!({ "choices": [{ "delta": delta }] });
        check(
            &[
                delta(json!({ "content": "a" })),
                delta(json!({ "content": "b", "tool_calls": [whole_call("f")] })),
                delta(json!({ "tool_calls": [whole_call("g")] })),
            ],
            json!({ "choices": [{ "message": {
                "content": "ab", "tool_calls": [whole_call("f"), whole_call("g")],
            }}]}),
        );
    }

    #[test]
    fn an_end_is_a_mark_or_a_reason() {
        let text = chunk(0, json!({ "content": "half" }));
        assert!(collect(&[text.to_string(), "[DONE]".into()]).0.is_ok());
        assert!(collect(&[text.clone(), end(0, "stop")]).0.is_ok());
        assert!(collect(&["[DONE]", "rest"]).0.is_ok());

        let other = vec![text.clone(), chunk(1, json!({ "content": "x" })), end(1, "stop")];
        for broken in [vec![text], other] {
            let failure = collect(&broken).0.unwrap_err();
            assert_eq!(failure.kind, FailureKind::InvalidOutput);
            assert_eq!(failure.message, "the answer broke off");
            assert_eq!(failure.detail.as_deref(), Some("half"));
            assert!(failure.request_sent);
        }
        assert_eq!(collect(&[""; 0]).0.unwrap_err().message, "the answer broke off");
    }

    #[test]
    fn an_error_inside_a_stream_is_the_failure() {
        let error = json!({ "error": {
            "message": "The server had an error.", "type": "server_error", "param": null,
            "code": null,
        }});
        let events = [chunk(0, json!({ "content": "a" })), error.clone()];
        let failure = collect(&events).0.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Unavailable);
        assert_eq!(failure.message, "The server had an error");
        assert_eq!(failure.detail, Some(error.to_string()));
        assert!(failure.request_sent);
    }

    #[test]
    fn other_events_are_a_failure() {
        for data in ["oops", "[1]", "{\"cut\":"] {
            let failure = collect(&[data]).0.unwrap_err();
            assert_eq!(failure.kind, FailureKind::InvalidOutput);
            assert_eq!(failure.detail.as_deref(), Some(data));
        }
    }

    #[test]
    fn what_stops_the_reading_or_the_telling_ends_it() {
        let half = chunk(0, json!({ "content": "half" })).to_string();
        let mut events = vec![half.clone()];
        let broken = super::collect(&mut Stream {
            data: &mut || match events.pop() {
                None => Err(Failure::new(FailureKind::Network, "the connection broke")),
                event => Ok(event),
            },
            tell: &mut |_| Ok(()),
            blame: &|_| None,
        });
        assert_eq!(broken.unwrap_err().detail.as_deref(), Some("half"));

        let stopped = super::collect(&mut Stream {
            data: &mut || Ok(Some(half.clone())),
            tell: &mut |_| Err(Failure::new(FailureKind::Cancelled, "the run was cancelled")),
            blame: &|_| None,
        });
        assert_eq!(stopped.unwrap_err().kind, FailureKind::Cancelled);
    }
}
