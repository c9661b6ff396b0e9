//! A chat answer in chunks.

use serde_json::Value;
use serde_json::json;

use crate::chat::answer;
use crate::chat::answer::Choice;
use crate::chat::answer::Completion;
use crate::chat::answer::Said;
use crate::chat::answer::Spoken;
use crate::chat::request::Request;
use crate::digest;
use crate::models::CREATED;
use crate::pace;
use crate::tokens;

/// The events of a streamed answer: for each choice its role, its content
/// token by token and its end; then the usage, if asked for, and `[DONE]`.
pub(crate) fn events(completion: &Completion, request: &Request) -> Vec<String> {
    let options = request.stream_options.as_ref();
    let frame = Frame {
        completion,
        with_usage: options.is_some_and(|options| options.include_usage),
        with_obfuscation: options.and_then(|options| options.include_obfuscation).unwrap_or(true),
    };
    let choices = completion.choices.iter().enumerate();
    let mut events: Vec<String> =
        choices.flat_map(|(index, choice)| frame.choice(index, choice)).collect();
    if frame.with_usage {
        events.push(frame.chunk(json!([]), completion.usage.clone()));
    }
    events.push("data: [DONE]\n\n".to_owned());
    events
}

/// What the chunks of one stream have in common.
struct Frame<'a> {
    completion: &'a Completion,
    with_usage: bool,
    with_obfuscation: bool,
}

impl Frame<'_> {
    fn choice(&self, index: usize, choice: &Choice) -> Vec<String> {
        let end = json!({
            "index": index, "delta": {}, "logprobs": null, "finish_reason": choice.finish_reason,
        });
        let pieces = deltas(choice).into_iter().map(|(delta, logprobs)| {
            json!({"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": null})
        });
        pieces.chain([end]).map(|choice| self.chunk(json!([choice]), Value::Null)).collect()
    }

    fn chunk(&self, choices: Value, usage: Value) -> String {
        // Padding hides from onlookers how long the pieces of text are.
        let padding = self.with_obfuscation.then(|| padding(&choices));
        let mut chunk = self.completion.envelope("chat.completion.chunk", choices);
        if let Value::Object(fields) = &mut chunk {
            if self.with_usage {
                fields.insert("usage".to_owned(), usage);
            }
            if let Some(padding) = padding {
                fields.insert("obfuscation".to_owned(), padding.into());
            }
        }
        pace::data(&chunk)
    }
}

/// The deltas of a choice, each with its log probabilities or null.
fn deltas(choice: &Choice) -> Vec<(Value, Value)> {
    match &choice.said {
        Said::Text(text) => {
            let start = json!({"role": "assistant", "content": "", "refusal": null});
            let pieces = tokens::split(text).map(|token| {
                let logprobs = choice.logprobs.as_ref();
                let logprobs = logprobs.map(|all| all.of_tokens(std::iter::once(token)));
                (json!({"content": token}), logprobs.unwrap_or_default())
            });
            std::iter::once((start, Value::Null)).chain(pieces).collect()
        }
        Said::Audio(spoken) => plain(audio(spoken)),
        Said::ToolCalls(calls) => {
            plain(calls.iter().enumerate().flat_map(|(index, call)| tool_call(index, call)))
        }
        Said::FunctionCall { name, arguments } => {
            let pieces = tokens::split(arguments)
                .map(|piece| json!({"function_call": {"arguments": piece}}));
            let start = json!({"function_call": {"name": name, "arguments": ""}});
            plain(std::iter::once(start).chain(pieces))
        }
    }
}

/// Deltas without text, after the one with the role.
fn plain(deltas: impl IntoIterator<Item = Value>) -> Vec<(Value, Value)> {
    let start = json!({"role": "assistant", "content": null, "refusal": null});
    std::iter::once(start).chain(deltas).map(|delta| (delta, Value::Null)).collect()
}

fn audio(spoken: &Spoken) -> Vec<Value> {
    let Spoken { id, transcript, data } = spoken;
    vec![
        json!({"audio": {"id": id, "transcript": transcript}}),
        json!({"audio": {"id": id, "data": data}}),
        json!({"audio": {"id": id, "expires_at": CREATED + 3600}}),
    ]
}

/// A call: its name with empty arguments, then the arguments in pieces.
fn tool_call(index: usize, call: &Value) -> Vec<Value> {
    let (kind, member) = match call.get("custom") {
        Some(_) => ("custom", "input"),
        None => ("function", "arguments"),
    };
    let delta = |call: Value| json!({"tool_calls": [call]});
    let start = delta(json!({
        "index": index,
        "id": call.get("id"),
        "type": kind,
        kind: {"name": call.get(kind).and_then(|called| called.get("name")), member: ""},
    }));
    let pieces = tokens::split(answer::call_text(call))
        .map(|piece| delta(json!({"index": index, kind: {member: piece}})));
    std::iter::once(start).chain(pieces).collect()
}

/// Up to 16 characters that depend on the chunk.
fn padding(choices: &Value) -> String {
    let mut padding = format!("{:016x}", digest(choices.to_string().as_bytes()));
    let length = padding.bytes().next().map_or(1, |byte| usize::from(byte % 16) + 1);
    padding.truncate(length);
    padding
}
