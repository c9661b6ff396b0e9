//! Converts values from engines, environment variables, forms and models to the
//! type of a property: numbers in strings, JSON in a string, the label of a choice.
//! `wit/types.wit`, `property-type`, lists the conversions.
//!
//! A value is only converted if that is unambiguous and lossless. Everything else
//! stays unchanged, so that a message can show what the caller wrote.

use std::borrow::Cow;

use serde_json::{Number, Value, json};

use crate::contract::json::{self, CALLER_BUDGET, MEMBER};
use crate::contract::table::{Choice, Choices, Property, PropertyType, plain_number, same};

/// Numbers below this limit are exact even with a fraction or an exponent.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Converts the values of one input.
pub(super) struct Reader {
    /// The memory that JSON in strings and defaults may still take. Without this
    /// limit, a short input could become gigabytes of values.
    left: usize,
    /// How many more comparisons with choices are allowed. Both a list and its
    /// choices may be long.
    comparisons: usize,
}

/// Enough for a list of 100,000 items with 200 choices.
const MAX_COMPARISONS: usize = 20_000_000;

impl Reader {
    pub fn new() -> Self {
        Self { left: CALLER_BUDGET, comparisons: MAX_COMPARISONS }
    }

    /// Converts a value, or returns it unchanged.
    pub fn read(&mut self, property: &Property, given: Value) -> Value {
        if let Some(choices) = &property.choices {
            return match property.kind {
                PropertyType::Array => self.several(property, choices, given),
                _ => self.chosen(property, choices, given),
            };
        }
        self.typed(property, given)
    }

    /// Whether a value may still be compared with all these choices.
    pub fn may_compare(&mut self, choices: &Choices) -> bool {
        let left = self.comparisons.checked_sub(choices.known.len());
        self.comparisons = left.unwrap_or_default();
        left.is_some()
    }

    /// Whether a default may still be filled in. Each object in a long list gets the
    /// defaults of its members.
    pub fn may_fill_in(&mut self, default: &Value) -> bool {
        let left = self.left.checked_sub(MEMBER + default.to_string().len());
        self.left = left.unwrap_or_default();
        left.is_some()
    }

    /// Converts an input, which some models send as a JSON string that contains JSON.
    pub fn object(&mut self, given: Value) -> Value {
        match given {
            Value::String(text) => self.of_text(PropertyType::Object, text),
            given => given,
        }
    }

    fn chosen(&mut self, property: &Property, choices: &Choices, given: Value) -> Value {
        let given = trimmed(given);
        let choice = self.may_compare(choices).then(|| choice(choices, &given)).flatten();
        match choice {
            Some(choice) => choice.value.clone(),
            None => self.typed(property, given),
        }
    }

    fn several(&mut self, property: &Property, choices: &Choices, given: Value) -> Value {
        let items = match self.typed(property, given) {
            Value::Array(items) => items,
            other => return other,
        };
        let item = |item| {
            let item = trimmed(item);
            let choice = self.may_compare(choices).then(|| choice(choices, &item)).flatten();
            choice.map_or(item, |choice| choice.value.clone())
        };
        items.into_iter().map(item).collect()
    }

    fn typed(&mut self, property: &Property, given: Value) -> Value {
        match (property.kind, given) {
            (PropertyType::String, given) => text(property, given),
            (PropertyType::Any, Value::String(text)) => self.one_of_several_types(property, text),
            (PropertyType::Any, given) => given,
            (PropertyType::Array, Value::String(text)) => self.list(property, text),
            (PropertyType::Array, given) => list_of_one(property, given),
            (PropertyType::Boolean, Value::Number(number)) => flag(number),
            (kind, Value::String(text)) => self.of_text(kind, text),
            (_, given) => given,
        }
    }

    /// Converts a string for a property of another type.
    fn of_text(&mut self, kind: PropertyType, text: String) -> Value {
        let plain = text.trim();
        if plain.is_empty() || plain == "null" {
            return Value::Null;
        }
        let read = match kind {
            PropertyType::Integer => whole(plain),
            PropertyType::Number => number(plain),
            PropertyType::Boolean => boolean(plain),
            PropertyType::Object => self.json(plain).filter(Value::is_object),
            // A file only needs its URL.
            PropertyType::FileEntry => {
                self.json(plain).or_else(|| Some(json!({ "url": plain }))).filter(Value::is_object)
            }
            // Dates and times.
            _ => Some(plain.into()),
        };
        read.unwrap_or(Value::String(text))
    }

    /// Parses a string for a property of any type with choices, if it contains a list
    /// or an object. Other strings are values themselves.
    fn one_of_several_types(&mut self, property: &Property, text: String) -> Value {
        let json = property.choices.as_ref().and_then(|_| self.json(&text));
        json.filter(|json| json.is_object() || json.is_array()).unwrap_or(Value::String(text))
    }

    fn list(&mut self, property: &Property, text: String) -> Value {
        match self.json(&text).filter(|json| json.is_array() || json.is_null()) {
            Some(list) => list,
            None if text.trim().is_empty() && !holds_text(property) => Value::Null,
            None => list_of_one(property, text.into()),
        }
    }

    fn json(&mut self, text: &str) -> Option<Value> {
        // Only a list, an object or null is worth parsing.
        let begins = |text: &str| text.starts_with(['[', '{']) || text == "null";
        begins(text.trim()).then(|| json::parse_within(text, &mut self.left).ok()).flatten()
    }
}

/// Converts a value for a string property. Whitespace around a secret is left over
/// from copying, and around JSON it is insignificant.
fn text(property: &Property, given: Value) -> Value {
    match given {
        given if property.secret => plain_text(trimmed(given)),
        given if property.holds_json() => match trimmed(given) {
            Value::String(text) => text.into(),
            other => other.to_string().into(),
        },
        given => plain_text(given),
    }
}

fn plain_text(given: Value) -> Value {
    match given {
        // Its digits may differ from those that were given.
        Value::Number(number) if !is_exact(&number) => number.into(),
        Value::Number(number) => number.to_string().into(),
        Value::Bool(flag) => flag.to_string().into(),
        given => given,
    }
}

fn trimmed(given: Value) -> Value {
    match given {
        Value::String(text) => text.trim().into(),
        given => given,
    }
}

/// Whether the items of a list are strings, which may consist of whitespace.
fn holds_text(list: &Property) -> bool {
    list.children.first().is_some_and(|shape| shape.kind == PropertyType::String)
}

/// Puts a single value in a list, unless the value could be meant as the list itself
/// or as a part of an item.
fn list_of_one(property: &Property, given: Value) -> Value {
    let shape = property.children.first().map(|shape| shape.kind);
    let is_item = match shape {
        None | Some(PropertyType::Array | PropertyType::Object) => false,
        Some(PropertyType::FileEntry) => given.is_string() || given.is_object(),
        Some(_) => given.is_string() || given.is_number() || given.is_boolean(),
    };
    if is_item { Value::Array(vec![given]) } else { given }
}

/// Converts `1` and `0`, which databases and forms use for booleans.
fn flag(number: Number) -> Value {
    match number.as_f64() {
        Some(1.0) => true.into(),
        Some(0.0) => false.into(),
        _ => number.into(),
    }
}

fn boolean(text: &str) -> Option<Value> {
    let is = |words: [&str; 4]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    match () {
        () if is(["true", "yes", "on", "1"]) => Some(true.into()),
        () if is(["false", "no", "off", "0"]) => Some(false.into()),
        () => None,
    }
}

/// Parses a decimal number, with or without a point and an exponent. `+1`, `.5` and
/// `007` are not JSON, but they are unambiguous.
fn number(text: &str) -> Option<Value> {
    let integer = text.parse::<i64>().map(Value::from);
    if let Ok(integer) = integer.or_else(|_| text.parse::<u64>().map(Value::from)) {
        return Some(integer);
    }
    // Rust also parses `inf` and `nan`.
    let is_decimal = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    let number = text.parse::<f64>().ok().filter(|number| is_decimal && number.is_finite())?;
    Some(if number.abs() < EXACT { plain_number(number) } else { number.into() })
}

/// Parses a whole number in any notation, if it is exact.
fn whole(text: &str) -> Option<Value> {
    number(text).filter(|number| !number.is_f64())
}

/// Whether a number has exactly the digits that were given.
fn is_exact(number: &Number) -> bool {
    !number.is_f64() || number.as_f64().is_some_and(|number| number.abs() < EXACT)
}

/// Finds a choice by its value, by the text of its value, or by its label. The case
/// of a label is ignored if only one choice matches.
fn choice<'a>(choices: &'a Choices, given: &Value) -> Option<&'a Choice> {
    let known = &choices.known;
    if let Some(choice) = known.iter().find(|choice| same(&choice.value, given)) {
        return Some(choice);
    }
    let text = written(given).filter(|text| !text.is_empty())?;
    let is_written = |choice: &&Choice| written(&choice.value).is_some_and(|own| own == text);
    let alike = || {
        let other_word = |choice: &&Choice| !choices.open || label_differs(choice);
        let is_called = |choice: &&Choice| are_alike(&choice.label, &text);
        let mut called = known.iter().filter(other_word).filter(is_called);
        called.next().filter(|_| called.next().is_none())
    };
    let exactly = || known.iter().find(|choice| choice.label == *text);
    known.iter().find(is_written).or_else(exactly).or_else(alike)
}

/// Whether the label of a choice differs from its value by more than case. An open
/// list allows other values: `GPT` may be a different model from `gpt`, so the case
/// of a label is only ignored if the label could not be a value.
fn label_differs(choice: &Choice) -> bool {
    written(&choice.value).is_none_or(|own| !are_alike(&choice.label, &own))
}

fn are_alike(left: &str, right: &str) -> bool {
    left.trim().to_lowercase() == right.to_lowercase()
}

/// A scalar as people write it.
fn written(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Bool(flag) => Some(Cow::Borrowed(if *flag { "true" } else { "false" })),
        _ => None,
    }
}
