//! JSON in the text of a model.
//!
//! Models that were asked for JSON think aloud first, put it into a Markdown
//! fence, and say something in front of it and behind it. To ask them again
//! costs money, so the JSON is taken out where it is clear which it is.

use alloc::string::String;
use alloc::vec::Vec;

use crate::json::Value;

/// What models put around their thoughts. Some templates leave out the
/// beginning.
const THOUGHTS: &[(&str, &str)] = &[
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("[THINK]", "[/THINK]"),
    ("◁think▷", "◁/think▷"),
];

const FENCE: &str = "```";

/// The JSON that a text is, or the only value in it that is wanted. A value in
/// a fence counts more than those outside.
pub fn find(text: &str, is_wanted: &dyn Fn(&Value) -> bool) -> Option<Value> {
    if let Some(value) = whole(text) {
        return Some(value);
    }
    let text = without_thoughts(text);
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
    match found.iter().position(is_wanted) {
        Some(first) => {
            let first = found.swap_remove(first);
            found.iter().all(|other| *other == first || !is_wanted(other)).then_some(first)
        }
        // It is JSON, though not what was asked for.
        None => found.pop(),
    }
}

/// The JSON that a text is; also if it is quoted as a whole.
fn whole(text: &str) -> Option<Value> {
    let value = Value::parse(text.trim())?;
    Some(value.as_str().and_then(|quoted| Value::parse(quoted.trim())).unwrap_or(value))
}

/// The text without what the model says to itself.
fn without_thoughts(text: &str) -> String {
    let mut rest: String = text.into();
    for (begin, end) in THOUGHTS {
        while let Some((before, behind)) = rest.split_once(end) {
            let said = before.split_once(begin).map_or("", |(said, _)| said);
            rest = [said, behind].concat();
        }
        // Thoughts without an end have no answer behind them.
        if let Some((said, _)) = rest.split_once(begin) {
            rest = said.into();
        }
    }
    rest
}

/// The objects and lists in a text; none if something begins like JSON and is
/// not, for then what is in it is a part of something else.
fn values(text: &str) -> Option<Vec<Value>> {
    let mut values = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '[']) {
        let begun = rest.get(at..)?;
        match Value::parse_first(begun) {
            Some((value, behind)) => {
                values.push(value);
                rest = behind;
            }
            None if begins_like_json(begun) => return None,
            None => rest = begun.get(1..)?,
        }
    }
    Some(values)
}

/// Whether a text with a bracket in front is meant as JSON, unlike `{name}`
/// and `[see below]`.
fn begins_like_json(text: &str) -> bool {
    let inside = text.get(1..).unwrap_or_default().trim_ascii_start();
    match text.bytes().next() {
        Some(b'{') => inside.starts_with('"'),
        _ => {
            inside.starts_with(['{', '[', '"', '-'])
                || inside.starts_with(|c: char| c.is_ascii_digit())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::json::Json;

    /// What is found where an object is wanted.
    fn object(text: &str) -> Option<Json> {
        find(text, &|value| value.as_object().is_some()).map(|value| Json::of(&value))
    }

    #[test]
    fn the_object_is_found_wherever_it_is_clear() {
        for text in [
            r#"{"a":1}"#,
            "\u{feff} {\"a\":1}\n",
            "```json\n{\"a\":1}\n```",
            "```JSON5\n{\"a\":1}\n```",
            "```javascript\n{\"a\":1}\n```\n",
            "```{\"a\":1}```",
            "```json\n{\"a\":1}",
            r#""{\"a\":1}""#,
            "Here is the JSON: ```json {\"a\": 1} ``` Hope it helps!",
            "Sure! {\"a\":1}",
            "{\"a\":1} is the answer [1].",
            "For {name}, see [below]: {\"a\":1}.",
            "<think> let me see </think>\n\n{\"a\":1}",
            "<think>{\"a\":0} or {\"a\":2}?</think>{\"a\":1}",
            "<think></think>```json\n{\"a\":1}\n```",
            "let me see {\"a\":0}</think>{\"a\":1}",
            "<thinking>hm</thinking>{\"a\":1}<thinking>done</thinking>",
            "<think>a</think><think>b</think>{\"a\":1}",
            "[THINK]hm[/THINK]{\"a\":1}",
            "It was {\"a\":0}, so: ```json\n{\"a\":1}\n```",
            "```json\n{\"a\":1}\n```\nthat is\n```json\n{\"a\":1}\n```",
            "```json\n[1]\n```\n```json\n{\"a\":1}\n```",
        ] {
            assert_eq!(
                object(text).unwrap_or_else(|| panic!("{text}")),
                json!({ "a": 1 }),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_not_clear_is_not_found() {
        for text in [
            "",
            "Sure!",
            r#"{"cut":"#,
            r#"{"cut":{"a":1}"#,
            r#"[1, {"a":1}"#,
            r#"{"a":1} {"a":2}"#,
            "```json\n{\"a\":1}\n```\n```json\n{\"a\":2}\n```",
            "<think>{\"a\":1}",
            "{'a': 1}",
        ] {
            assert!(object(text).is_none(), "{text}");
        }
    }

    #[test]
    fn other_json_is_told_from_none() {
        assert_eq!(object("[1]").unwrap(), json!([1]));
        assert_eq!(object("```json\n[1]\n```").unwrap(), json!([1]));
        assert_eq!(object("Here: [{\"a\":1}]").unwrap(), json!([{ "a": 1 }]));
    }

    #[test]
    fn a_fence_inside_the_json_is_a_part_of_it() {
        let text = r#"<think>hm</think>{"a":"```json\n{}\n```"}"#;
        assert_eq!(object(text).unwrap(), json!({ "a": "```json\n{}\n```" }));
    }
}
