//! An answer that arrives in pieces.
//!
//! The pieces are assembled into a completion as if it had arrived in one piece, so
//! that both are processed alike. Provider-specific members are assembled, too,
//! because messages are sent back unchanged.

use connector_sdk::http::Response;
use connector_sdk::{Failure, Result, errors, events};
use serde_json::{Map, Value, json};

use super::answer::content;
use super::calls;
use crate::lenient::{at, text};
use crate::stream::{self, Next};

/// The members of an object.
type Members = Map<String, Value>;

/// Collects a stream into a completion and reports its text as it arrives.
pub fn collect(response: &Response) -> Result<Value> {
    let mut completion = Completion { is_reported: events::streaming(), ..Completion::default() };
    let collected = completion.collect(response);
    collected.map_err(|failure| failure.answered_by(response))?;
    Ok(completion.whole())
}

/// The part of a completion that has arrived so far.
#[derive(Default)]
struct Completion {
    /// Whether the caller wants text as it arrives.
    is_reported: bool,
    /// Its members except `choices`.
    members: Members,
    /// Its choices by their index.
    choices: Vec<(u32, Members)>,
}

impl Completion {
    fn collect(&mut self, response: &Response) -> Result<()> {
        for next in stream::read(response.events()) {
            match next.map_err(|failure| with_text(failure, self.text()))? {
                Next::Object(chunk) => self.add(chunk)?,
                Next::Done => return Ok(()),
            }
        }
        if self.members.is_empty() && self.choices.is_empty() {
            return Err(Failure::invalid_output("the provider's response contains no events"));
        }
        if !self.choices.iter().all(|(_, choice)| has_ended(choice)) {
            return Err(with_text(Failure::invalid_output("the answer ended early"), self.text()));
        }
        Ok(())
    }

    /// The text of the first choice.
    fn text(&self) -> Option<String> {
        self.choices.first().and_then(|(_, choice)| text_of(choice))
    }

    /// Adds a chunk.
    fn add(&mut self, chunk: Value) -> Result<()> {
        let Value::Object(members) = chunk else { return Ok(()) };
        for (name, value) in members {
            match value {
                Value::Array(choices) if name == "choices" => {
                    choices.into_iter().try_for_each(|choice| self.add_choice(choice))?;
                }
                value => set(&mut self.members, name, value),
            }
        }
        Ok(())
    }

    /// Adds a piece of a choice. There is usually only one choice, which some
    /// servers send without an index.
    fn add_choice(&mut self, choice: Value) -> Result<()> {
        let place = index(&choice).unwrap_or(0);
        let position = self.choices.partition_point(|(other, _)| *other < place);
        if self.choices.get(position).is_none_or(|(other, _)| *other != place) {
            self.choices.insert(position, (place, Members::new()));
        }
        let Some((_, known)) = self.choices.get_mut(position) else { return Ok(()) };
        if errors::is_error(&choice) {
            return Err(with_text(errors::inside(&choice.to_string()), text_of(known)));
        }
        let Value::Object(mut members) = choice else { return Ok(()) };
        let is_last = has_ended(&members);
        // Some servers send the whole message so far, in addition to the delta
        // or instead of it.
        let update = match (members.shift_remove("delta"), members.shift_remove("message")) {
            (Some(delta), message) if message.is_none() || has_more_than_role(&delta) => delta,
            (_, Some(message)) => new_part(known, message, is_last),
            _ => Value::Null,
        };
        for (name, value) in members {
            if name == "logprobs" {
                grow_member(known, name, value);
            } else {
                set(known, name, value);
            }
        }
        if self.is_reported
            && let Some(text) = content(at(&update, "content"))
            && !text.is_empty()
        {
            events::text_of_choice(place, text)?;
        }
        // Deltas are merged into the `message` that a complete choice has.
        if !update.is_null() {
            grow_member(known, "message".to_owned(), update);
        }
        Ok(())
    }

    /// The completion, as if it had arrived in one piece.
    fn whole(self) -> Value {
        let choices = self.choices.into_iter().map(|(_, mut choice)| {
            let calls = choice.get_mut("message").and_then(|it| it.get_mut("tool_calls"));
            // The index in the stream is not part of a call.
            for call in calls.and_then(Value::as_array_mut).into_iter().flatten() {
                if let Value::Object(call) = call {
                    call.shift_remove("index");
                }
            }
            Value::Object(choice)
        });
        let choices: Vec<_> = choices.collect();
        let mut members = self.members;
        members.insert("choices".to_owned(), choices.into());
        Value::Object(members)
    }
}

/// Adds the text so far to a failure. It is more useful than the event that
/// contained the error.
fn with_text(failure: Failure, text: Option<String>) -> Failure {
    match text.filter(|text| !text.is_empty()) {
        Some(text) => failure.with_detail(&text),
        None => failure,
    }
}

fn text_of(choice: &Members) -> Option<String> {
    content(choice.get("message")?.get("content")?)
}

fn has_ended(choice: &Members) -> bool {
    choice.get("finish_reason").is_some_and(|reason| !is_blank(reason))
}

/// Whether a delta contains more than a role.
fn has_more_than_role(delta: &Value) -> bool {
    let mut members = delta.as_object().into_iter().flatten();
    members.any(|(name, value)| name != "role" && !is_blank(value))
}

/// The new part of a `message`, which some servers send in place of a `delta`. It
/// contains either everything so far or only a piece. A string contains everything
/// if it extends the text received so far, or if it repeats that text in the last
/// chunk.
fn new_part(known: &Members, mut message: Value, is_last: bool) -> Value {
    for (name, value) in message.as_object_mut().into_iter().flatten() {
        let before = known.get("message").and_then(|message| message.get(name)?.as_str());
        let before = before.unwrap_or_default();
        if let Value::String(text) = value
            && !before.is_empty()
            && let Some(rest) = text.strip_prefix(before)
            && (is_last || !rest.is_empty())
        {
            *text = rest.to_owned();
        }
    }
    message
}

/// Adds the next piece to a value in a message: appends to strings and lists, and
/// merges objects member by member.
pub fn grow(known: &mut Value, name: &str, update: Value) {
    match (&mut *known, update) {
        (_, Value::Null) => {}
        (Value::String(known), Value::String(update)) => grow_text(known, name, update),
        (Value::Object(known), Value::Object(update)) if name != "arguments" => {
            for (name, value) in update {
                grow_member(known, name, value);
            }
        }
        (Value::Null, update @ Value::Object(_)) if name != "arguments" => {
            *known = json!({});
            grow(known, name, update);
        }
        (Value::Array(known), Value::String(update)) => {
            for part in into_items(Value::String(update)) {
                add_item(known, name, part);
            }
        }
        (_, Value::Array(update)) => {
            let mut items = into_items(known.take());
            for item in update {
                add_item(&mut items, name, item);
            }
            *known = Value::Array(items);
        }
        (_, update) => *known = update,
    }
}

fn grow_member(known: &mut Members, name: String, update: Value) {
    match known.get_mut(&name) {
        Some(known) => grow(known, &name, update),
        None => {
            let mut value = Value::Null;
            grow(&mut value, &name, update);
            known.insert(name, value);
        }
    }
}

fn grow_text(known: &mut String, name: &str, update: String) {
    // Labels are sent once or repeated, but never in pieces.
    let is_label = matches!(name, "format" | "id" | "name" | "object" | "role" | "status" | "type")
        || name.ends_with("_id")
        || name.ends_with("_type");
    // A signature is sent in one piece, and some servers repeat it.
    let is_repeated = name.ends_with("signature") && *known == update;
    if is_label && !update.is_empty() {
        *known = update;
    } else if !is_label && !is_repeated {
        known.push_str(&update);
    }
}

/// Converts a value to the items of a list: content may change from a string to
/// a list of parts.
fn into_items(value: Value) -> Vec<Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items,
        Value::String(text) if text.is_empty() => Vec::new(),
        Value::String(text) => vec![json!({ "type": "text", "text": text })],
        other => vec![other],
    }
}

/// Adds an item to a list. It continues the item with the same index or the last
/// item, or is a new one.
fn add_item(known: &mut Vec<Value>, name: &str, item: Value) {
    if name == "tool_calls" {
        return calls::add(known, item);
    }
    let same = match index(&item) {
        Some(place) => known.iter_mut().find(|other| index(other) == Some(place)),
        None => known.last_mut().filter(|last| is_continued_by(last, &item)),
    };
    match same {
        Some(same) => grow(same, "", item),
        None => {
            let mut value = Value::Null;
            grow(&mut value, "", item);
            known.push(value);
        }
    }
}

/// Whether a part without an index continues the last one. Only text and
/// thinking do, if they have the same type and no signature has closed the last
/// part.
fn is_continued_by(last: &Value, part: &Value) -> bool {
    let is_running = matches!(at(part, "type").as_str(), Some("text" | "thinking"));
    let is_closed = !text(at(last, "signature")).is_empty();
    is_running && !is_closed && at(last, "type") == at(part, "type")
}

/// The index that an item declares.
pub fn index(item: &Value) -> Option<u32> {
    at(item, "index").as_u64()?.try_into().ok()
}

/// Whether a value is null or an empty string.
pub fn is_blank(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(str::is_empty)
}

/// Sets a member that is sent in one piece. A blank value does not overwrite it.
fn set(members: &mut Members, name: String, value: Value) {
    if !(is_blank(&value) && members.contains_key(&name)) {
        members.insert(name, value);
    }
}

#[cfg(test)]
mod fuzz;

#[cfg(test)]
mod tests {
    use super::*;

    /// The completion assembled from these chunks.
    pub fn whole(chunks: &[Value]) -> Value {
        let mut completion = Completion::default();
        for chunk in chunks {
            completion.add(chunk.clone()).unwrap();
        }
        completion.whole()
    }

    /// A chunk of one choice.
    fn chunk(delta: Value) -> Value {
        json!({ "model": "m", "choices": [{ "index": 0, "delta": delta, "finish_reason": null }] })
    }

    #[test]
    fn assembles_a_message_with_all_its_members() {
        let call = |name: &str| {
            let function = json!({ "name": name, "arguments": { "a": [{ "index": 0 }] } });
            json!({ "function": function })
        };
        let detail = |index: u64, text: &str, signature: Value| {
            json!({ "reasoning_details": [{
                "type": "reasoning.text", "index": index, "format": "v1", "text": text,
                "signature": signature,
            }]})
        };
        let thought = |text: &str| {
            let text = json!({ "type": "text", "text": text });
            json!([{ "type": "thinking", "thinking": [text] }])
        };
        for (case, deltas, expected) in [
            (
                "calls without an index",
                vec![
                    json!({ "content": "a" }),
                    json!({ "content": "b", "tool_calls": [call("f")] }),
                    json!({ "tool_calls": [call("g")] }),
                ],
                json!({ "content": "ab", "tool_calls": [call("f"), call("g")] }),
            ),
            (
                "unknown members",
                vec![
                    json!({ "role": "assistant", "reasoning_content": "let ", "content": null }),
                    json!({ "role": "assistant", "reasoning_content": "me", "score": 1 }),
                    json!({ "content": "Hi", "score": 2, "more": { "note": "a", "x_type": "y" } }),
                    json!({ "more": { "note": "b", "x_type": "y" }, "list": [{ "at": 1 }] }),
                    json!({ "list": [{ "at": 2 }], "reasoning_content": null }),
                ],
                json!({
                    "role": "assistant", "reasoning_content": "let me", "content": "Hi",
                    "score": 2, "more": { "note": "ab", "x_type": "y" },
                    "list": [{ "at": 1 }, { "at": 2 }],
                }),
            ),
            (
                "signatures",
                vec![
                    detail(0, "a", json!(null)),
                    detail(0, "b", json!("s1")),
                    detail(1, "c", json!("s2")),
                    detail(1, "", json!("s2")),
                ],
                json!({ "reasoning_details": [
                    detail(0, "ab", json!("s1"))["reasoning_details"][0],
                    detail(1, "c", json!("s2"))["reasoning_details"][0],
                ]}),
            ),
            (
                "content that changes from a string to a list of parts",
                vec![
                    json!({ "content": thought("let ") }),
                    json!({ "content": thought("me") }),
                    json!({ "content": "He" }),
                    json!({ "content": [{ "type": "text", "text": "l" }] }),
                    json!({ "content": "" }),
                    json!({ "content": null }),
                    json!({ "content": "lo" }),
                ],
                json!({ "content": [
                    thought("let me")[0],
                    { "type": "text", "text": "Hello" },
                ]}),
            ),
        ] {
            let chunks: Vec<_> = deltas.into_iter().map(chunk).collect();
            assert_eq!(whole(&chunks)["choices"][0]["message"], expected, "{case}");
        }
    }

    #[test]
    fn a_message_in_place_of_a_delta_may_repeat_everything_so_far() {
        let chunk = |delta: Option<&str>, message: Option<&str>, reason: Option<&str>| {
            let mut choice = json!({ "index": 0, "finish_reason": reason });
            for (name, text) in [("delta", delta), ("message", message)] {
                if let Some(text) = text {
                    choice[name] = json!({ "role": "assistant", "content": text });
                }
            }
            json!({ "choices": [choice] })
        };
        for (case, chunks) in [
            ("one whole", vec![chunk(None, Some("Hello"), Some("stop"))]),
            ("pieces", vec![chunk(None, Some("Hel"), None), chunk(None, Some("lo"), Some("stop"))]),
            (
                "the whole so far",
                vec![
                    chunk(None, Some("Hel"), None),
                    chunk(None, Some("Hello"), None),
                    chunk(None, Some("Hello"), Some("stop")),
                ],
            ),
            (
                "both at once",
                vec![
                    chunk(Some("Hel"), Some("Hel"), None),
                    chunk(Some("lo"), Some("Hello"), None),
                    chunk(Some(""), Some("Hello"), Some("stop")),
                ],
            ),
            (
                "the whole at the end",
                vec![
                    chunk(Some("Hel"), None, None),
                    chunk(Some("lo"), None, None),
                    chunk(None, Some("Hello"), Some("stop")),
                ],
            ),
        ] {
            assert_eq!(whole(&chunks)["choices"][0]["message"]["content"], "Hello", "{case}");
        }
    }
}
