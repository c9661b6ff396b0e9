//! The `choices` of a completion, which servers fill in differently, and the
//! messages that are sent back.

use connector_sdk::{Result, errors};
use serde_json::{Map, Value, json};

use crate::ask::answer::{Answer, Choice, FunctionCall, Report, with_distinct_ids};
use crate::citations::Citation;
use crate::lenient::{at, items, text};

/// Reads a completion.
pub fn read(completion: &Value) -> Result<Answer> {
    let choices = items(at(completion, "choices"));
    let Some(first) = choices.first() else {
        return Err(errors::instead("the provider returned no answer", &completion.to_string()));
    };
    let model = text(at(completion, "model"));
    let moderation = at(completion, "moderation");
    Ok(Answer {
        model: (!model.is_empty()).then(|| model.to_owned()),
        choices: choices.iter().map(choice).collect(),
        usage: at(completion, "usage").clone(),
        report: Report {
            moderation: (!moderation.is_null()).then(|| moderation.clone()),
            ..Report::default()
        },
        given: at(first, "message").clone(),
    })
}

fn choice(choice: &Value) -> Choice {
    let refusal = text(at(choice, "message.refusal"));
    let calls = items(at(choice, "message.tool_calls"));
    let annotations = items(at(choice, "message.annotations"));
    Choice {
        content: content(at(choice, "message.content")),
        refusal: (!refusal.is_empty()).then(|| refusal.to_owned()),
        finish_reason: text(at(choice, "finish_reason")).to_owned(),
        error: errors::is_error(choice).then(|| errors::inside(&choice.to_string())),
        calls: with_distinct_ids(calls.iter().filter_map(call).collect()),
        logprobs: at(choice, "logprobs").clone(),
        citations: annotations.iter().filter_map(Citation::of).collect(),
    }
}

/// The text of a message, which some servers send in parts. Parts of other types
/// contain reasoning and are skipped.
pub fn content(content: &Value) -> Option<String> {
    let text = |part: &Value| match at(part, "type").as_str() {
        None | Some("text" | "output_text") => {
            Some(part.as_str().or_else(|| at(part, "text").as_str())?.to_owned())
        }
        Some(_) => None,
    };
    match content {
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => {
            let pieces: Vec<_> = parts.iter().filter_map(text).collect();
            (!pieces.is_empty()).then(|| pieces.concat())
        }
        _ => None,
    }
}

/// Reads an item of `tool_calls`, or returns `None` if it is not a call.
fn call(call: &Value) -> Option<FunctionCall> {
    let id = text(at(call, "id"));
    if id.is_empty() && call.get("function").is_none() {
        return None;
    }
    let read = FunctionCall::new(id, text(at(call, "function.name")));
    let read = read.with_arguments(at(call, "function.arguments"));
    Some(FunctionCall { given: call.clone(), ..read })
}

/// The model's message as it is sent back with these calls, including everything
/// that the provider put into it. Calls without a result are left out, because
/// the API rejects them. So are members that are null or an empty list: servers
/// do not accept everything in a request that they put into a response.
pub fn sent_back(message: &Value, calls: &[&FunctionCall]) -> Value {
    let mut message = message.as_object().cloned().unwrap_or_default();
    message.retain(|name, value| match value {
        Value::Null => name == "content",
        Value::Array(items) => !items.is_empty() && name != "tool_calls",
        _ => name != "tool_calls",
    });
    if !message.get("role").is_some_and(Value::is_string) {
        message.insert("role".to_owned(), json!("assistant"));
    }
    message.entry("content").or_insert(Value::Null);
    if !calls.is_empty() {
        let calls = calls.iter().map(|call| call_sent_back(call)).collect();
        message.insert("tool_calls".to_owned(), calls);
    }
    Value::Object(message)
}

/// A call as it is sent back, with all its other members.
pub fn call_sent_back(call: &FunctionCall) -> Value {
    let members = |value: &Value| value.as_object().cloned().unwrap_or_default();
    let mut function: Map<String, Value> = members(at(&call.given, "function"));
    function.insert("name".to_owned(), json!(call.name));
    function.insert("arguments".to_owned(), json!(call.arguments));
    let mut sent = members(&call.given);
    sent.insert("id".to_owned(), json!(call.id));
    sent.insert("type".to_owned(), json!("function"));
    sent.insert("function".to_owned(), Value::Object(function));
    Value::Object(sent)
}

/// The message with a call's result.
pub fn result(call: &FunctionCall, content: &str) -> Value {
    json!({ "role": "tool", "tool_call_id": call.id, "content": content })
}

#[cfg(test)]
mod tests {
    use connector_sdk::FailureKind;

    use super::*;

    #[test]
    fn reads_a_choice() {
        let error = json!({ "message": "Slow down.", "code": 429 });
        let page = json!({ "url": "https://a.example", "title": "A" });
        let annotation = json!({ "type": "url_citation", "url_citation": page });
        let message = json!({
            "content": [{ "type": "thinking", "text": "Hm" }, { "type": "text", "text": "half" }],
            "refusal": "no", "annotations": [annotation, null],
        });
        let read = choice(&json!({
            "message": message, "finish_reason": "error", "error": error, "logprobs": { "a": 1 },
        }));
        assert_eq!(read.content.as_deref(), Some("half"));
        assert_eq!(read.refusal.as_deref(), Some("no"));
        assert_eq!(read.error.map(|failure| failure.kind), Some(FailureKind::RateLimited));
        assert_eq!(read.logprobs, json!({ "a": 1 }));
        assert_eq!(json!(read.citations), json!([page]));

        for odd in [json!({}), json!(null), json!({ "message": null }), json!({ "message": [] })] {
            let read = choice(&odd);
            assert!(read.content.is_none() && read.refusal.is_none() && read.error.is_none());
            assert!(read.calls.is_empty() && read.citations.is_empty());
        }
    }
}
