//! An answer that arrives in pieces.
//!
//! The pieces are put together to the completion that would have come in one,
//! so that whatever happens to an answer afterwards is the same for both. What
//! a provider invents for its messages is put together too, because messages
//! are sent back to it as they came.

use connector_sdk::http::Response;
use connector_sdk::{Failure, Result, errors, events};
use serde_json::{Map, Value, json};

use super::calls;
use super::choice::content;
use crate::lenient::{at, text};
use crate::stream::{self, Next};

/// The members of an object.
type Members = Map<String, Value>;

/// Collects a stream to a completion, and reports its text as it arrives.
pub fn collect(response: &Response) -> Result<Value> {
    let mut completion = Completion { is_heard: events::streaming(), ..Completion::default() };
    let collected = completion.collect(response);
    collected.map_err(|failure| failure.answered_by(response))?;
    Ok(completion.whole())
}

/// What is known of a completion.
#[derive(Default)]
struct Completion {
    /// Whether the caller wants text as it arrives.
    is_heard: bool,
    /// Its members but for `choices`.
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
            return Err(Failure::invalid_output("the provider's answer holds no events"));
        }
        if !self.choices.iter().all(|(_, choice)| has_ended(choice)) {
            return Err(with_text(Failure::invalid_output("the answer broke off"), self.text()));
        }
        Ok(())
    }

    /// The text of the first choice.
    fn text(&self) -> Option<String> {
        self.choices.first().and_then(|(_, choice)| text_of(choice))
    }

    /// Takes a chunk in.
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

    /// Takes a piece of a choice in. There is mostly one, and some servers do
    /// not count it.
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
        // Some servers send the whole message so far, beside what is new in it
        // or in place of that.
        let news = match (members.shift_remove("delta"), members.shift_remove("message")) {
            (Some(delta), message) if message.is_none() || has_news(&delta) => delta,
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
        if self.is_heard
            && let Some(text) = content(at(&news, "content"))
            && !text.is_empty()
        {
            events::text_of_choice(place, text)?;
        }
        // Whole answers have messages, chunks have their deltas.
        if !news.is_null() {
            grow_member(known, "message".to_owned(), news);
        }
        Ok(())
    }

    /// The completion as it would have come in one.
    fn whole(self) -> Value {
        let choices = self.choices.into_iter().map(|(_, mut choice)| {
            let calls = choice.get_mut("message").and_then(|it| it.get_mut("tool_calls"));
            // Its place in the stream is no part of a call.
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

/// The failure with the text that came before it, which is worth more than the
/// event in which the error was.
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

/// Whether a delta has more to it than a role.
fn has_news(delta: &Value) -> bool {
    let mut members = delta.as_object().into_iter().flatten();
    members.any(|(name, value)| name != "role" && !is_blank(value))
}

/// What is new in a `message`, which some servers send in place of a `delta`:
/// the whole so far, or a piece like any other. A text is the whole if it
/// begins with what is known and goes on, or if it is the last.
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

/// Adds more to what is known of a value of a message: texts and lists grow,
/// objects member by member.
pub fn grow(known: &mut Value, name: &str, news: Value) {
    match (&mut *known, news) {
        (_, Value::Null) => {}
        (Value::String(known), Value::String(news)) => grow_text(known, name, news),
        (Value::Object(known), Value::Object(news)) if name != "arguments" => {
            for (name, value) in news {
                grow_member(known, name, value);
            }
        }
        (Value::Null, news @ Value::Object(_)) if name != "arguments" => {
            *known = json!({});
            grow(known, name, news);
        }
        (Value::Array(known), Value::String(news)) => {
            for part in into_items(Value::String(news)) {
                add_item(known, name, part);
            }
        }
        (_, Value::Array(news)) => {
            let mut items = into_items(known.take());
            for item in news {
                add_item(&mut items, name, item);
            }
            *known = Value::Array(items);
        }
        (_, news) => *known = news,
    }
}

fn grow_member(known: &mut Members, name: String, news: Value) {
    match known.get_mut(&name) {
        Some(known) => grow(known, &name, news),
        None => {
            let mut value = Value::Null;
            grow(&mut value, &name, news);
            known.insert(name, value);
        }
    }
}

fn grow_text(known: &mut String, name: &str, news: String) {
    // These come once, or again and again.
    let is_label = matches!(name, "format" | "id" | "name" | "object" | "role" | "status" | "type")
        || name.ends_with("_id")
        || name.ends_with("_type");
    // A signature comes in one, and some servers repeat it.
    let is_repeated = name.ends_with("signature") && *known == news;
    if is_label && !news.is_empty() {
        *known = news;
    } else if !is_label && !is_repeated {
        known.push_str(&news);
    }
}

/// A value as the items of a list. Content is a text now and a list of parts
/// then.
fn into_items(value: Value) -> Vec<Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items,
        Value::String(text) if text.is_empty() => Vec::new(),
        Value::String(text) => vec![json!({ "type": "text", "text": text })],
        other => vec![other],
    }
}

/// Takes an item of a list in: more of the one with its index or of the last
/// one, or else a further one.
fn add_item(known: &mut Vec<Value>, name: &str, item: Value) {
    if name == "tool_calls" {
        return calls::add(known, item);
    }
    let same = match index(&item) {
        Some(place) => known.iter_mut().find(|other| index(other) == Some(place)),
        None => known.last_mut().filter(|last| goes_on(last, &item)),
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

/// Whether a part without an index is more of the last one, as parts of content
/// are: running text of one kind, until a signature closes it.
fn goes_on(last: &Value, part: &Value) -> bool {
    let is_running = matches!(at(part, "type").as_str(), Some("text" | "thinking"));
    let is_closed = !text(at(last, "signature")).is_empty();
    is_running && !is_closed && at(last, "type") == at(part, "type")
}

/// The place of an item among its like.
pub fn index(item: &Value) -> Option<u32> {
    at(item, "index").as_u64()?.try_into().ok()
}

/// Whether a value says nothing.
pub fn is_blank(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(str::is_empty)
}

/// Sets a member that comes in one. What says nothing does not undo it.
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

    /// The completion that these chunks make.
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
    fn a_message_is_put_together_whatever_its_provider_puts_there() {
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
                "members that nobody knows",
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
                "content that is a text now and a list of parts then",
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
    fn a_message_in_place_of_a_delta_is_the_whole_so_far_or_a_piece() {
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
