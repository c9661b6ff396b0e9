//! A chat answer in chunks.

use serde_json::Value;
use serde_json::json;

use crate::chat::answer::Call;
use crate::chat::answer::Choice;
use crate::chat::answer::Completion;
use crate::chat::answer::Reply;
use crate::pace;
use crate::tokens;

/// The events of a streamed answer: for each choice its role, its content token
/// by token and its end; then the usage, if requested, and `[DONE]`.
pub(crate) fn events(completion: &Completion, with_usage: bool) -> Vec<String> {
    let chunk = |choices: Value, usage: Value| {
        let mut chunk = completion.envelope("chat.completion.chunk", choices);
        if with_usage {
            chunk["usage"] = usage;
        }
        // Padding with which the API hides the length of the text.
        chunk["obfuscation"] = "sandbox".into();
        pace::data(&chunk)
    };
    let mut events = Vec::new();
    for (index, choice) in completion.choices.iter().enumerate() {
        for (delta, logprobs) in deltas(choice) {
            let piece = json!({
                "index": index, "delta": delta, "logprobs": logprobs, "finish_reason": null,
            });
            events.push(chunk(json!([piece]), Value::Null));
        }
        let end = json!({
            "index": index, "delta": {}, "logprobs": null, "finish_reason": choice.finish_reason,
        });
        events.push(chunk(json!([end]), Value::Null));
    }
    if with_usage {
        events.push(chunk(json!([]), completion.usage.clone()));
    }
    events.push("data: [DONE]\n\n".to_owned());
    events
}

/// The deltas of a choice, each with its log probabilities or null.
fn deltas(choice: &Choice) -> Vec<(Value, Value)> {
    let start = |content| json!({"role": "assistant", "content": content, "refusal": null});
    match &choice.reply {
        Reply::Text(text) => {
            let pieces = tokens::split(text).map(|token| {
                (json!({"content": token}), choice.logprobs_of(std::iter::once(token)))
            });
            std::iter::once((start(json!("")), Value::Null)).chain(pieces).collect()
        }
        Reply::ToolCalls(calls) => {
            let calls = calls.iter().enumerate().flat_map(|(index, call)| pieces(index, call));
            let deltas = std::iter::once(start(Value::Null)).chain(calls);
            deltas.map(|delta| (delta, Value::Null)).collect()
        }
    }
}

/// A call: its name with empty arguments, then the arguments in pieces.
fn pieces(index: usize, call: &Call) -> Vec<Value> {
    let delta = |call: Value| json!({"tool_calls": [call]});
    let start = json!({
        "index": index,
        "id": call.id,
        "type": "function",
        "function": {"name": call.name, "arguments": ""},
    });
    let pieces = tokens::split(&call.arguments)
        .map(|piece| json!({"index": index, "function": {"arguments": piece}}));
    std::iter::once(start).chain(pieces).map(delta).collect()
}
