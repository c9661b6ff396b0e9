//! Inputs of other actions, for actions that take a list of them, such as a
//! batch. The host checks only the run's own input.
//!
//! The checks are those that the host makes before a run, and the messages have
//! the same wording. Dates and times are only checked to be strings.

use std::ops::RangeInclusive;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::bindings::workflow::connector::types::Comparison;
use crate::property::{ChoiceList, Condition, Property, Type};
use crate::{Failure, FileEntry, Properties, Result, Violation, json_schema};

/// The maximum number of violations in a failure.
const MAX_VIOLATIONS: usize = 20;
/// The maximum length of a value in a message, in characters.
const MAX_EXCERPT: usize = 60;

/// Reads an input of the action `T`. Like the host, drops blank and hidden
/// values, fills in defaults, converts values if nothing is lost, and
/// reports all violations at once.
pub fn read<T: DeserializeOwned + Properties>(input: Value) -> Result<T> {
    let Value::Object(input) = input else {
        let message = format!("the input must be a JSON object (got {})", kind_of(&input));
        return Err(Failure::invalid_input("", message));
    };
    let mut checker = Checker::default();
    let input = checker.members(T::PROPERTIES, None, input, "");
    if !checker.violations.is_empty() {
        return Err(Failure::invalid_properties(checker.violations));
    }
    serde_json::from_value(input.into()).map_err(|error| {
        let message = format!("the input does not match the connector's description: {error}");
        Failure::invalid_input("", message)
    })
}

/// Checks one input.
#[derive(Default)]
struct Checker {
    violations: Vec<Violation>,
}

impl Checker {
    fn refuse(&mut self, path: &str, what: &str) {
        self.report(path, format!("`{path}` {what}"));
    }

    fn report(&mut self, path: &str, message: String) {
        if self.violations.len() < MAX_VIOLATIONS {
            self.violations.push(Violation { property: path.to_owned(), message });
        }
    }

    fn members(
        &mut self,
        table: &[Property],
        others: Option<&Property>,
        mut given: Map<String, Value>,
        path: &str,
    ) -> Map<String, Value> {
        let path_of =
            |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        let find = |name: &str| table.iter().find(|row| row.name == name);
        given.retain(|name, value| !is_blank(value) || find(name).is_some_and(may_be_empty));
        let mut prepared = Map::new();
        for row in by_condition(table) {
            let value = given.shift_remove(row.name);
            if row.condition.is_none_or(|condition| holds(condition, &prepared))
                && let Some(value) = self.member(row, value, &path_of(row.name))
            {
                prepared.insert(row.name.to_owned(), value);
            }
        }
        for (name, value) in given {
            let path = path_of(&name);
            match others {
                Some(shape) => prepared.extend(self.value(shape, value, &path).map(|v| (name, v))),
                None => {
                    let names: Vec<_> = table.iter().map(|row| row.name).collect();
                    let names = names.join(", ");
                    let message = format!("unknown property `{path}`; expected one of: {names}");
                    self.report(&path, message);
                }
            }
        }
        prepared
    }

    fn member(&mut self, row: &Property, given: Option<Value>, path: &str) -> Option<Value> {
        if may_be_empty(row) && given.as_ref().is_some_and(is_blank) {
            return Some("".into());
        }
        let before = self.violations.len();
        let value = given.and_then(|given| self.value(row, given, path));
        let value = value.filter(|value| !is_empty(value));
        match row.default {
            Some(default) => Some(value.unwrap_or_else(|| default.into())),
            None => {
                let is_reported = self.violations.len() > before;
                if value.is_none() && row.required && !is_reported {
                    self.refuse(path, "is required");
                }
                value
            }
        }
    }

    /// Prepares a value, or reports what is wrong with it.
    fn value(&mut self, row: &Property, given: Value, path: &str) -> Option<Value> {
        let given = converted(row, given);
        if is_blank(&given) && !admits_empty_text(row) {
            return None;
        }
        let is_list = matches!(row.kind, Type::Array);
        if let Some(choices) = row.choices.filter(|choices| !choices.open && !is_list)
            && !has_choice(&choices, &given)
        {
            self.refuse_choice(&choices, &given, path);
            return None;
        }
        if !has_type(row.kind, &given) {
            let got = shown(&given);
            self.refuse(path, &format!("must be {} (got {got})", expected(row.kind)));
            return None;
        }
        match given {
            Value::Array(items) if is_list => Some(self.items(row, items, path).into()),
            Value::Object(members) if matches!(row.kind, Type::Object) => {
                Some(self.object(row, members, path).into())
            }
            given => {
                self.check_limits(row, &given, path);
                Some(given)
            }
        }
    }

    fn items(&mut self, row: &Property, items: Vec<Value>, path: &str) -> Vec<Value> {
        let keeps_blanks = row.children.first().is_some_and(admits_empty_text);
        let given = items.into_iter().enumerate().filter_map(|(index, item)| {
            match (is_blank(&item), keeps_blanks) {
                (false, _) => Some((index, item)),
                (true, true) => Some((index, "".into())),
                (true, false) => None,
            }
        });
        let given: Vec<_> = given.collect();
        self.check_count(row, given.len(), "items", path);
        let mut prepared = Vec::with_capacity(given.len());
        for (index, item) in given {
            let path = format!("{path}[{index}]");
            let item = match row.choices {
                Some(choices) => choice(&choices, item),
                None => item,
            };
            if let Some(choices) = row.choices.filter(|choices| !choices.open)
                && !has_choice(&choices, &item)
            {
                self.refuse_choice(&choices, &item, &path);
                continue;
            }
            prepared.extend(match row.children {
                [shape] => self.value(shape, item, &path),
                _ => Some(item),
            });
        }
        prepared
    }

    fn object(
        &mut self,
        row: &Property,
        mut members: Map<String, Value>,
        path: &str,
    ) -> Map<String, Value> {
        if row.values.is_some() {
            members.retain(|_, value| !is_blank(value));
        }
        self.check_count(row, members.len(), "entries", path);
        if let Some(pattern) = row.limits.pattern
            && let Some(key) = members.keys().find(|key| !matches_pattern(pattern, key))
        {
            let key = excerpt(key);
            self.refuse(path, &format!("must have keys that match {pattern} (got \"{key}\")"));
        }
        if row.children.is_empty() && row.values.is_none() {
            return members;
        }
        self.members(row.children, row.values, members, path)
    }

    fn check_limits(&mut self, row: &Property, given: &Value, path: &str) {
        let limits = &row.limits;
        match given {
            Value::Number(number) => {
                let number = number.as_f64().unwrap_or(f64::NAN);
                let min = limits.minimum.unwrap_or(f64::NEG_INFINITY);
                let max = limits.maximum.unwrap_or(f64::INFINITY);
                if !(min..=max).contains(&number) {
                    let range = range(limits.minimum, limits.maximum);
                    self.refuse(path, &format!("must be {range} (got {given})"));
                }
            }
            Value::String(text) => {
                let length = text.chars().count();
                if !within(limits.min_length, limits.max_length).contains(&length) {
                    let range = range(limits.min_length, limits.max_length);
                    self.refuse(
                        path,
                        &format!("must be {range} characters long (it has {length})"),
                    );
                } else if let Some(pattern) = limits.pattern
                    && !matches_pattern(pattern, text)
                {
                    self.refuse(path, &format!("must match {pattern} (got {})", shown(given)));
                }
            }
            _ => {}
        }
    }

    fn check_count(&mut self, row: &Property, count: usize, of: &str, path: &str) {
        let limits = &row.limits;
        if !within(limits.min_items, limits.max_items).contains(&count) {
            let range = range(limits.min_items, limits.max_items);
            self.refuse(path, &format!("must have {range} {of} (it has {count})"));
        }
    }

    fn refuse_choice(&mut self, choices: &ChoiceList, given: &Value, path: &str) {
        let named = |value: Value, label: &str| match value {
            Value::String(text) => format!("`{text}`"),
            value if label.is_empty() => value.to_string(),
            value => format!("{value} ({label})"),
        };
        let known = choices.known.iter().map(|choice| named(choice.value.into(), choice.label));
        let known = known.collect::<Vec<_>>().join(", ");
        self.refuse(path, &format!("must be one of: {known} (got {})", shown(given)));
    }
}

/// The rows in an order in which each one comes after the row that its condition
/// refers to.
fn by_condition(table: &[Property]) -> Vec<&Property> {
    fn depth(table: &[Property], row: &Property) -> usize {
        let referenced = row
            .condition
            .and_then(|condition| table.iter().find(|other| other.name == condition.property));
        referenced.map_or(0, |referenced| 1 + depth(table, referenced))
    }

    let mut rows: Vec<_> = table.iter().collect();
    rows.sort_by_key(|row| depth(table, row));
    rows
}

fn holds(condition: Condition, prepared: &Map<String, Value>) -> bool {
    let value = prepared.get(condition.property);
    let is_listed = || {
        let mut values = condition.values.iter().map(|literal| Value::from(*literal));
        value.is_some_and(|value| values.any(|other| other == *value))
    };
    match condition.matches {
        Comparison::OneOf => is_listed(),
        Comparison::NoneOf => value.is_some() && !is_listed(),
        Comparison::Present => value.is_some(),
        Comparison::Absent => value.is_none(),
    }
}

/// Converts a value to the type of a property, if nothing is lost.
fn converted(row: &Property, given: Value) -> Value {
    let parsed = |text: &str| serde_json::from_str::<Value>(text.trim()).ok();
    let given = match row.choices {
        Some(choices) if !matches!(row.kind, Type::Array) => choice(&choices, given),
        _ => given,
    };
    match (row.kind, given) {
        (Type::Integer, Value::Number(number)) => whole(number),
        (Type::Integer | Type::Number | Type::Boolean, Value::String(text)) => {
            match parsed(&text) {
                Some(Value::Number(number)) if matches!(row.kind, Type::Integer) => whole(number),
                Some(value @ (Value::Number(_) | Value::Bool(_))) => value,
                _ => Value::String(text),
            }
        }
        (Type::String, given @ (Value::Number(_) | Value::Bool(_))) => given.to_string().into(),
        (Type::String, given @ (Value::Array(_) | Value::Object(_)))
            if row.media_type.is_some_and(|media_type| media_type.ends_with("json")) =>
        {
            given.to_string().into()
        }
        (Type::Array, given) if !given.is_array() && !is_blank(&given) => match row.children {
            [Property { kind: Type::Array | Type::Object, .. }] => given,
            [_] if !given.is_object() => Value::Array(vec![given]),
            [Property { kind: Type::FileEntry, .. }] => Value::Array(vec![given]),
            _ => given,
        },
        (_, given) => given,
    }
}

/// Writes `2.0` as `2`: both are the same integer in JSON Schema.
fn whole(number: serde_json::Number) -> Value {
    match number.as_f64() {
        Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < EXACT => {
            (float as i64).into()
        }
        _ => number.into(),
    }
}

/// Every integer below this limit is exact as an `f64`.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The value of the choice with this value or, ignoring case, this label. Other
/// values stay unchanged.
fn choice(choices: &ChoiceList, given: Value) -> Value {
    let Value::String(text) = &given else { return given };
    let text = text.trim();
    let is_written = |value: &Value| match value {
        Value::String(own) => own == text,
        other => other.to_string().as_str() == text,
    };
    let by_value = choices.known.iter().find(|choice| is_written(&choice.value.into()));
    let by_label = || {
        let is_called =
            |label: &str| !label.is_empty() && label.to_lowercase() == text.to_lowercase();
        choices.known.iter().find(|choice| is_called(choice.label))
    };
    by_value.or_else(by_label).map_or_else(|| text.into(), |choice| choice.value.into())
}

fn has_choice(choices: &ChoiceList, given: &Value) -> bool {
    choices.known.iter().any(|choice| Value::from(choice.value) == *given)
}

fn has_type(kind: Type, value: &Value) -> bool {
    match kind {
        Type::String | Type::Date | Type::DateTime | Type::Time => value.is_string(),
        Type::Integer => value.is_i64() || value.is_u64(),
        Type::Number => value.is_number(),
        Type::Boolean => value.is_boolean(),
        Type::Array => value.is_array(),
        Type::Object => value.is_object(),
        Type::FileEntry => serde_json::from_value::<FileEntry>(value.clone()).is_ok(),
        Type::Any => true,
    }
}

/// Whether the pattern matches the whole string. The host evaluates the pattern.
fn matches_pattern(pattern: &str, text: &str) -> bool {
    let schema = serde_json::json!({ "type": "string", "pattern": format!("^(?:{pattern})$") });
    json_schema::validate(schema, Value::from(text)).is_ok()
}

/// Forms send an empty field as `""` or `null`.
fn is_blank(value: &Value) -> bool {
    matches!(value, Value::Null) || value.as_str().is_some_and(str::is_empty)
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().all(is_blank),
        Value::Object(members) => members.is_empty(),
        other => is_blank(other),
    }
}

/// Whether an empty string is a value of the property.
fn may_be_empty(row: &Property) -> bool {
    row.required && admits_empty_text(row)
}

/// Whether a property is a string whose minimum length is 0. A list of such strings
/// keeps blank items.
fn admits_empty_text(row: &Property) -> bool {
    matches!(row.kind, Type::String) && row.limits.min_length == Some(0)
}

fn within(min: Option<u32>, max: Option<u32>) -> RangeInclusive<usize> {
    let size = |limit: u32| usize::try_from(limit).unwrap_or(usize::MAX);
    min.map_or(0, size)..=max.map_or(usize::MAX, size)
}

fn range(min: Option<impl ToString>, max: Option<impl ToString>) -> String {
    match (min.map(|min| min.to_string()), max.map(|max| max.to_string())) {
        (Some(min), Some(max)) => format!("between {min} and {max}"),
        (Some(min), None) => format!("at least {min}"),
        (None, Some(max)) => format!("at most {max}"),
        (None, None) => String::new(),
    }
}

fn expected(kind: Type) -> &'static str {
    match kind {
        Type::String => "a string",
        Type::Integer => "a whole number",
        Type::Number => "a number",
        Type::Boolean => "true or false",
        Type::Date => "a date such as 2026-01-31",
        Type::DateTime => "a date and time such as 2026-01-31T13:30:00Z",
        Type::Time => "a time such as 13:30:00",
        Type::Array => "a list",
        Type::Object => "an object",
        Type::FileEntry => "a file",
        Type::Any => "a value",
    }
}

/// A value, as shown in a message.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => format!("\"{}\"", excerpt(text)),
        Value::Array(_) | Value::Object(_) => kind_of(value).to_owned(),
        other => other.to_string(),
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn excerpt(text: &str) -> String {
    let mut excerpt: String = text.chars().take(MAX_EXCERPT).flat_map(char::escape_debug).collect();
    if text.chars().nth(MAX_EXCERPT).is_some() {
        excerpt.push('…');
    }
    excerpt
}
