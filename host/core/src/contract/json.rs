//! JSON from connectors and callers, parsed within a memory budget.
//!
//! A short document can become a large value: `[0,0,…` has two bytes per number,
//! but its value takes forty times as much. serde_json only limits the nesting
//! depth.

use std::fmt;
use std::io::Read;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::contract::text::{TextError, read_text, replace_lone_surrogates};

/// The memory budget for values from connectors, in bytes.
pub(crate) const CONNECTOR_BUDGET: usize = 128 << 20;
/// The memory budget for an input. Lower, because many may arrive at once.
pub(crate) const CALLER_BUDGET: usize = 16 << 20;
/// The overhead of an object, and of a member without its name and its value.
const OBJECT: usize = 512;
pub(crate) const MEMBER: usize = 128;
const VALUE: usize = size_of::<Value>();

/// Parses JSON from a connector.
///
/// # Errors
/// If it is not JSON, is nested deeper than 128 levels, or has more values than
/// fit in 128 MiB.
pub(crate) fn parse(text: &str) -> serde_json::Result<Value> {
    parse_within(text, &mut { CONNECTOR_BUDGET })
}

/// Like [`parse`], but within what is left of a budget, which it reduces.
pub(crate) fn parse_within(text: &str, left: &mut usize) -> serde_json::Result<Value> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Bounded { left, replacement: None }.deserialize(&mut deserializer)?;
    deserializer.end().map(|()| value)
}

/// Like [`parse`], but reads from a reader and replaces strings. `replace` receives
/// each string and whether it is at `path`, in which `*` matches every item of a
/// list.
///
/// # Errors
/// Also if a string has no replacement, or an object on the path has a duplicate
/// member.
pub(crate) fn parse_replacing(
    reader: impl Read,
    path: &[String],
    replace: &mut dyn FnMut(&str, bool) -> Option<Value>,
) -> serde_json::Result<Value> {
    let mut deserializer = serde_json::Deserializer::from_reader(reader);
    let replacement = Some(Replacement { path: Some(path), replace });
    let value =
        Bounded { left: &mut { CONNECTOR_BUDGET }, replacement }.deserialize(&mut deserializer)?;
    deserializer.end().map(|()| value)
}

/// Why bytes are not the expected JSON. The message completes a sentence whose
/// subject is the document. It includes the position but none of the content.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// They are not text.
    #[error("{0}")]
    Text(#[from] TextError),
    /// They are not JSON.
    #[error("is not JSON: {}", reason(.0))]
    Syntax(#[from] serde_json::Error),
    /// They are a JSON value other than an object.
    #[error("must be a JSON object")]
    NoObject,
}

/// Why a document is not JSON, with the position.
fn reason(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let reason = message.rsplit_once(" at line ").map_or(message.as_str(), |(reason, _)| reason);
    match (error.line(), error.column()) {
        (0, _) => reason.to_owned(),
        (line, column) => format!("{reason} (line {line}, column {column})"),
    }
}

/// Parses a JSON file: UTF-8, with or without a byte order mark. Replaces unpaired
/// surrogates with U+FFFD.
///
/// # Errors
/// See [`JsonError`]; also if it is nested deeper than 128 levels, or has more
/// values than fit in 128 MiB.
pub fn read_json(bytes: &[u8]) -> Result<Value, JsonError> {
    Ok(parse(&replace_lone_surrogates(read_text(bytes)?))?)
}

/// Parses an object from a caller. Like [`read_json`], but with a smaller budget,
/// because many may arrive at the same time, and a few megabytes of JSON must not
/// become gigabytes of values.
///
/// # Errors
/// See [`JsonError`]; also if it has more values than fit in 16 MiB.
pub fn read_object(bytes: &[u8]) -> Result<Map<String, Value>, JsonError> {
    let text = replace_lone_surrogates(read_text(bytes)?);
    match parse_within(&text, &mut { CALLER_BUDGET })? {
        Value::Object(object) => Ok(object),
        _ => Err(JsonError::NoObject),
    }
}

/// Deserializes a value within a budget of memory in bytes. Strings do not count,
/// because they are no longer than the JSON they are parsed from.
struct Bounded<'a> {
    left: &'a mut usize,
    replacement: Option<Replacement<'a>>,
}

/// The replacement of the strings below a value.
struct Replacement<'a> {
    /// The rest of the path, or `None` if this value is not on it.
    path: Option<&'a [String]>,
    replace: &'a mut dyn FnMut(&str, bool) -> Option<Value>,
}

impl Replacement<'_> {
    /// The replacement for a member, or for each item.
    fn below(&mut self, step: &str) -> Replacement<'_> {
        let path = self.path.and_then(<[String]>::split_first);
        let path = path.filter(|(first, _)| *first == step).map(|(_, rest)| rest);
        Replacement { path, replace: &mut *self.replace }
    }

    fn is_on_path(&self) -> bool {
        self.path.is_some_and(|path| !path.is_empty())
    }
}

impl Bounded<'_> {
    fn take<E: Error>(&mut self, bytes: usize) -> Result<(), E> {
        *self.left = self.left.checked_sub(bytes).ok_or_else(|| E::custom("too many values"))?;
        Ok(())
    }

    /// The deserializer of a member or item of this value.
    fn below(&mut self, step: &str) -> Bounded<'_> {
        let replacement = self.replacement.as_mut().map(|replacement| replacement.below(step));
        Bounded { left: &mut *self.left, replacement }
    }
}

impl<'de> DeserializeSeed<'de> for Bounded<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(mut self, deserializer: D) -> Result<Value, D::Error> {
        self.take(VALUE)?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Bounded<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        match self.replacement {
            Some(Replacement { path, replace }) => replace(text, path.is_some_and(<[_]>::is_empty))
                .ok_or_else(|| E::custom("it contains a string that cannot be used")),
            None => Ok(text.into()),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self.below("*"))? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<Value, A::Error> {
        self.take(OBJECT)?;
        let mut object = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            self.take(MEMBER + key.len())?;
            let value = members.next_value_seed(self.below(&key))?;
            // Both may have been replaced, so neither can be ignored.
            if object.insert(key, value).is_some()
                && self.replacement.as_ref().is_some_and(Replacement::is_on_path)
            {
                return Err(A::Error::custom("duplicate member"));
            }
        }
        Ok(Value::Object(object))
    }
}

/// Removes a member and returns it if it is a string.
pub(crate) fn take_text(members: &mut Map<String, Value>, name: &str) -> Option<String> {
    match members.remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_like_serde_json() {
        for text in [
            "null",
            "[true,-1,18446744073709551615,1.5e3,\"grün \\ud83d\\ude00\",{}]",
            "{\"b\":{\"a\":[[]]},\"a\":1,\"b\":2}",
            " 1e400",
            "01",
            "[1,]",
            "{} {}",
            "\"\\ud800\"",
            "",
        ] {
            match (parse(text), serde_json::from_str::<Value>(text)) {
                (Ok(ours), Ok(theirs)) => assert_eq!(ours.to_string(), theirs.to_string()),
                (ours, theirs) => assert!(ours.is_err() && theirs.is_err(), "{text}"),
            }
        }
        assert!(parse(&"[".repeat(100_000)).is_err());
    }

    #[test]
    fn reads_an_object_from_a_caller_or_reports_the_position() {
        let read = |bytes: &[u8]| read_object(bytes).map_err(|error| error.to_string());
        let cut = read(b"\xef\xbb\xbf{\"a\":\"\\ud83d\"}").unwrap();
        assert_eq!(Value::from(cut), serde_json::json!({"a": "\u{fffd}"}));
        for (bytes, message) in [
            (&b"[]"[..], "must be a JSON object"),
            (b"", "is not JSON: EOF while parsing a value (line 1, column 0)"),
            (b"{\n\"a\": 1,}", "is not JSON: trailing comma (line 2, column 8)"),
            (b"{} x", "is not JSON: trailing characters (line 1, column 4)"),
            (b"{\0}\0", "is UTF-16; save it as UTF-8"),
        ] {
            assert_eq!(read(bytes).unwrap_err(), message);
        }
        assert!(read_json(b"7").is_ok());
    }

    #[test]
    fn rejects_too_many_small_values() {
        let list = |item: &str, count| format!("[{}]", vec![item; count].join(","));
        assert!(parse(&list("0", 1_000_000)).is_ok());
        for item in ["0", "[]", "{}", "{\"a\":{}}"] {
            let error = parse(&list(item, 10_000_000)).unwrap_err();
            assert!(error.to_string().contains("too many values"), "{error}");
        }
    }
}
