//! JSON in the text of a model.
//!
//! Models that are asked for JSON may reason first, wrap it in a Markdown fence,
//! or add text before and after it. Asking again costs money, so the JSON is
//! extracted if it is clear which value is meant.

use connector_sdk::json;
use serde_json::{Deserializer, Value};

/// The tags that models put around their reasoning. Some chat templates omit the
/// opening tag.
const THOUGHTS: &[(&str, &str)] = &[
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("[THINK]", "[/THINK]"),
    ("◁think▷", "◁/think▷"),
];

const FENCE: &str = "```";

/// The JSON that a text consists of, or the only wanted value in it. Values in a
/// fence take precedence over those outside.
pub fn find(text: &str, is_wanted: impl Fn(&Value) -> bool) -> Option<Value> {
    if let Some(value) = whole(text) {
        return Some(value);
    }
    let text = without_thoughts(&json::replace_lone_surrogates(text));
    if let Some(value) = whole(&text) {
        return Some(value);
    }
    let mut found = Vec::new();
    for block in text.split(FENCE).skip(1).step_by(2) {
        found.extend(values(block)?);
    }
    if found.is_empty() {
        found = values(&text)?;
    }
    match found.iter().position(&is_wanted) {
        Some(first) => {
            let first = found.swap_remove(first);
            found.iter().all(|other| *other == first || !is_wanted(other)).then_some(first)
        }
        // It is JSON, but not what was requested.
        None => found.pop(),
    }
}

/// The JSON that a text consists of, possibly quoted as a whole.
fn whole(text: &str) -> Option<Value> {
    match json::from_str(text).ok()? {
        Value::String(quoted) => json::from_str(&quoted).ok().or(Some(Value::String(quoted))),
        value => Some(value),
    }
}

/// The text without the model's reasoning.
fn without_thoughts(text: &str) -> String {
    let mut rest = text.to_owned();
    for (begin, end) in THOUGHTS {
        while let Some((before, behind)) = rest.split_once(end) {
            let visible = before.split_once(begin).map_or("", |(visible, _)| visible);
            rest = [visible, behind].concat();
        }
        // No answer follows reasoning that does not end.
        if let Some((visible, _)) = rest.split_once(begin) {
            rest = visible.to_owned();
        }
    }
    rest
}

/// The objects and arrays in a text. Returns `None` if something begins like
/// JSON but is not valid: values inside it are only parts of something else.
fn values(text: &str) -> Option<Vec<Value>> {
    let mut values = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '[']) {
        let begun = rest.get(at..)?;
        let mut parsed = Deserializer::from_str(begun).into_iter();
        match parsed.next() {
            Some(Ok(value)) => {
                values.push(value);
                rest = begun.get(parsed.byte_offset()..)?;
            }
            _ if begins_like_json(begun) => return None,
            _ => rest = begun.get(1..)?,
        }
    }
    Some(values)
}

/// Whether a text that begins with a bracket is meant as JSON, unlike `{name}`
/// and `[see below]`.
fn begins_like_json(text: &str) -> bool {
    let inside = text.get(1..).unwrap_or_default().trim_ascii_start();
    if text.starts_with('{') {
        inside.starts_with('"')
    } else {
        inside.starts_with(['{', '[', '"', '-'])
            || inside.starts_with(|character: char| character.is_ascii_digit())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn finds_the_object_if_it_is_unambiguous() {
        let one = || Some(json!({ "a": 1 }));
        for (text, expected) in [
            (r#"{"a":1}"#, one()),
            ("\u{feff} {\"a\":1}\n", one()),
            ("```json\n{\"a\":1}\n```", one()),
            ("```JSON5\n{\"a\":1}\n```", one()),
            ("```javascript\n{\"a\":1}\n```\n", one()),
            ("```{\"a\":1}```", one()),
            ("```json\n{\"a\":1}", one()),
            (r#""{\"a\":1}""#, one()),
            ("Here is the JSON: ```json {\"a\": 1} ``` Hope it helps!", one()),
            ("Sure! {\"a\":1}", one()),
            ("{\"a\":1} is the answer [1].", one()),
            ("For {name}, see [below]: {\"a\":1}.", one()),
            ("<think> let me see </think>\n\n{\"a\":1}", one()),
            ("<think>{\"a\":0} or {\"a\":2}?</think>{\"a\":1}", one()),
            ("<think></think>```json\n{\"a\":1}\n```", one()),
            ("let me see {\"a\":0}</think>{\"a\":1}", one()),
            ("<thinking>hm</thinking>{\"a\":1}<thinking>done</thinking>", one()),
            ("<think>a</think><think>b</think>{\"a\":1}", one()),
            ("[THINK]hm[/THINK]{\"a\":1}", one()),
            ("It was {\"a\":0}, so: ```json\n{\"a\":1}\n```", one()),
            ("```json\n{\"a\":1}\n```\nthat is\n```json\n{\"a\":1}\n```", one()),
            ("```json\n[1]\n```\n```json\n{\"a\":1}\n```", one()),
            // A fence inside the JSON is part of it.
            (
                r#"<think>hm</think>{"a":"```json\n{}\n```"}"#,
                Some(json!({ "a": "```json\n{}\n```" })),
            ),
            (r#"Sure! {"a":"\ud83d"}"#, Some(json!({ "a": "\u{fffd}" }))),
            // JSON of another type is returned, too.
            ("[1]", Some(json!([1]))),
            ("```json\n[1]\n```", Some(json!([1]))),
            ("Here: [{\"a\":1}]", Some(json!([{ "a": 1 }]))),
            ("", None),
            ("Sure!", None),
            (r#"{"cut":"#, None),
            (r#"{"cut":{"a":1}"#, None),
            (r#"[1, {"a":1}"#, None),
            (r#"{"a":1} {"a":2}"#, None),
            ("```json\n{\"a\":1}\n```\n```json\n{\"a\":2}\n```", None),
            ("<think>{\"a\":1}", None),
            ("{'a': 1}", None),
        ] {
            assert_eq!(find(text, Value::is_object), expected, "{text}");
        }
    }
}
