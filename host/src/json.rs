//! JSON from connectors and callers, parsed within a budget.
//!
//! A short text can make a large value: `[0,0,…` takes two bytes for each
//! number, and its value forty times as much.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// What the values of connectors may take.
const OF_CONNECTORS: usize = 128 << 20;
/// What an input may take, many of which may arrive at the same time.
const OF_CALLERS: usize = 16 << 20;
/// What an object takes beside its members.
const OBJECT: usize = 512;
const VALUE: usize = size_of::<Value>();

/// Parses a connector's JSON text.
///
/// # Errors
/// If it is none, nested deeper than 128 levels, or of more values than fit
/// into 128 MiB.
pub(crate) fn parse(text: &str) -> serde_json::Result<Value> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Bounded(&mut Budget::of_connector()).deserialize(&mut deserializer)?;
    deserializer.end().map(|()| value)
}

/// The input of a run out of what a caller sends, for serde's
/// `deserialize_with`: a text of some megabytes does not become a value of
/// gigabytes.
///
/// # Errors
/// If it is no object, or of more values than fit into 16 MiB.
pub fn deserialize_input<'de, D>(deserializer: D) -> Result<Map<String, Value>, D::Error>
where
    D: Deserializer<'de>,
{
    match Bounded(&mut Budget(OF_CALLERS)).deserialize(deserializer)? {
        Value::Object(object) => Ok(object),
        _ => Err(D::Error::custom("expected an object")),
    }
}

/// What is left for the values of one text, in bytes of memory, its texts
/// aside: those are no longer than the text that it is parsed from.
pub(crate) struct Budget(usize);

impl Budget {
    pub(crate) fn of_connector() -> Self {
        Self(OF_CONNECTORS)
    }

    pub(crate) fn take_value<E: Error>(&mut self) -> Result<(), E> {
        self.take(VALUE)
    }

    pub(crate) fn take_object<E: Error>(&mut self) -> Result<(), E> {
        self.take(OBJECT)
    }

    fn take<E: Error>(&mut self, bytes: usize) -> Result<(), E> {
        let left = self.0.checked_sub(bytes).ok_or_else(|| E::custom("it has too many values"))?;
        self.0 = left;
        Ok(())
    }
}

/// Makes a value within a budget.
pub(crate) struct Bounded<'a>(pub &'a mut Budget);

impl<'de> DeserializeSeed<'de> for Bounded<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.0.take_value()?;
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

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Bounded(&mut *self.0))? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        self.0.take_object()?;
        let mut object = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            object.insert(key, members.next_value_seed(Bounded(&mut *self.0))?);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_that_of_serde_json() {
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
    fn many_small_values_are_too_many() {
        let list = |item: &str, count| format!("[{}]", vec![item; count].join(","));
        assert!(parse(&list("0", 1_000_000)).is_ok());
        for item in ["0", "[]", "{}", "{\"a\":{}}"] {
            let error = parse(&list(item, 10_000_000)).unwrap_err();
            assert!(error.to_string().contains("too many values"), "{error}");
        }
    }
}
