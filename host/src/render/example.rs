//! The smallest input that a table takes, for documentation and first tries.

use serde_json::{Map, Value, json};

use super::{condition, is_template};
use crate::table::{Limits, Property, PropertyTable, PropertyType, plain_number};

/// Lists of lists that ask for many items each would be larger than memory.
const MOST_VALUES: usize = 1_000;
/// Longer texts show nothing more.
const LONGEST_TEXT: usize = 10_000;

/// The required properties and those with a default that show for them, each
/// with its default, its first choice or else a plain value of its type.
///
/// A pattern is not looked at, of a map only the members that the table names
/// are made, and a length without end is not: such an example shows the shape
/// and may need other values.
pub fn example(table: &PropertyTable) -> Value {
    Value::Object(members(table.as_slice()))
}

fn members(members: &[Property]) -> Map<String, Value> {
    let mut object = Map::new();
    // What a condition looks at can stand behind it and can be conditional
    // itself. Each pass settles at least one more link of such a chain.
    for _ in 0..members.len() {
        let settled = members
            .iter()
            .filter(|member| member.required || usable_default(member).is_some())
            .filter(|member| {
                let holds = condition::schema(member, members);
                holds.is_none_or(|holds| {
                    jsonschema::is_valid(&holds, &Value::Object(object.clone()))
                })
            })
            .map(|member| (member.name.clone(), value(member)))
            .collect();
        if object == settled {
            break;
        }
        object = settled;
    }
    object
}

fn usable_default(property: &Property) -> Option<&Value> {
    property.default.as_ref().filter(|value| !is_template(value))
}

fn value(property: &Property) -> Value {
    if let Some(default) = usable_default(property) {
        return default.clone();
    }
    let known = property.choices.as_ref().map_or(&[][..], |choices| &choices.known);
    let first = known.iter().map(|choice| &choice.value).find(|value| !is_template(value));
    let limits = &property.limits;
    match (property.kind, first) {
        (PropertyType::Array, first) => {
            let item = match (first, property.children.first()) {
                (Some(first), _) => first.clone(),
                (None, Some(item)) => value(item),
                (None, None) => json!("text"),
            };
            let count = limits.min_items.unwrap_or(1).max(1) as usize;
            Value::Array(vec![item.clone(); count.min(MOST_VALUES / size(&item)).max(1)])
        }
        (_, Some(first)) => first.clone(),
        (PropertyType::String | PropertyType::Any, None) => json!(words(property)),
        (PropertyType::Integer, None) => number(limits, f64::ceil),
        (PropertyType::Number, None) => number(limits, std::convert::identity),
        (PropertyType::Boolean, None) => json!(true),
        (PropertyType::Date, None) => json!("2026-01-31"),
        (PropertyType::DateTime, None) => json!("2026-01-31T13:30:00Z"),
        (PropertyType::Time, None) => json!("13:30:00"),
        (PropertyType::Object, None) => Value::Object(members(&property.children)),
        (PropertyType::FileEntry, None) => {
            let extension = limits.accept.first().map_or("bin", String::as_str);
            let name = format!("file.{extension}");
            json!({ "name": name, "url": format!("file:///path/to/{name}") })
        }
    }
}

/// How many values there are in one, itself included.
fn size(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Object(members) => 1 + members.values().map(size).sum::<usize>(),
        _ => 1,
    }
}

/// One within the bounds, as near to them as need be.
fn number(limits: &Limits, round: impl Fn(f64) -> f64) -> Value {
    let number = limits.minimum.map_or(1.0, |minimum| round(minimum).max(1.0));
    plain_number(limits.maximum.map_or(number, |maximum| number.min(maximum)))
}

fn words(property: &Property) -> String {
    let placeholder = property.placeholder.as_deref().filter(|text| !text.contains("{{"));
    let Limits { min_length, max_length, .. } = property.limits;
    let words = placeholder.unwrap_or("text");
    let shortest = (min_length.unwrap_or(0) as usize).min(LONGEST_TEXT);
    let longest = max_length.map_or(usize::MAX, |longest| longest as usize);
    let words = words.chars().chain(std::iter::repeat('.'));
    let length = placeholder.unwrap_or("text").chars().count().max(shortest).min(longest);
    words.take(length).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{array, closed, object, open, row, string, when};
    use crate::render::schema;
    use crate::table::{Comparison, ControlType};

    fn required(property: Property) -> Property {
        Property { required: true, ..property }
    }

    /// The example, which its own schema must accept.
    fn check(table: Vec<Property>, expected: Value) {
        let table = table.into();
        let example = example(&table);
        assert_eq!(example, expected);
        let schema = schema("", "", &table).to_value();
        assert!(jsonschema::is_valid(&schema, &example), "{schema}");
    }

    #[test]
    fn limits_without_end_make_no_example_without_end() {
        let many = |item: Property| {
            let limits = Limits { min_items: Some(u32::MAX), ..Limits::default() };
            Property { limits, ..array("", item) }
        };
        let long = Limits { min_length: Some(u32::MAX), ..Limits::default() };
        let nested = Property { name: "a".to_owned(), ..many(many(many(string("")))) };
        let table = vec![required(nested), required(Property { limits: long, ..string("b") })];
        let example = example(&table.into());
        assert!(size(&example) < 5_000 && example.to_string().len() < 50_000);
    }

    #[test]
    fn only_what_is_required_or_has_a_default() {
        check(
            vec![
                string("a"),
                required(string("b")),
                Property {
                    default: Some(json!(3)),
                    ..row("c", PropertyType::Integer, ControlType::Integer)
                },
            ],
            json!({ "b": "text", "c": 3 }),
        );
    }

    #[test]
    fn the_first_choice() {
        let select = |choices| required(Property { choices, ..string("a") });
        check(vec![select(closed(&[("A", json!("a")), ("B", json!("b"))]))], json!({ "a": "a" }));
        check(vec![select(open(&[("A", json!("x"))]))], json!({ "a": "x" }));
    }

    #[test]
    fn values_are_within_their_limits() {
        let limited =
            |kind, limits| required(Property { limits, ..row("a", kind, ControlType::Text) });
        let at_least = Limits { minimum: Some(2.5), ..Limits::default() };
        check(vec![limited(PropertyType::Integer, at_least.clone())], json!({ "a": 3 }));
        check(vec![limited(PropertyType::Number, at_least)], json!({ "a": 2.5 }));
        let at_most = Limits { maximum: Some(0.5), ..Limits::default() };
        check(vec![limited(PropertyType::Number, at_most)], json!({ "a": 0.5 }));
        let long = Limits { min_length: Some(6), ..Limits::default() };
        check(vec![limited(PropertyType::String, long)], json!({ "a": "text.." }));
        let short = Limits { max_length: Some(2), ..Limits::default() };
        check(vec![limited(PropertyType::String, short)], json!({ "a": "te" }));
        let two = Limits { min_items: Some(2), ..Limits::default() };
        check(
            vec![Property { children: vec![string("")], ..limited(PropertyType::Array, two) }],
            json!({ "a": ["text", "text"] }),
        );
    }

    #[test]
    fn levels_below() {
        let message = object("", vec![required(string("content")), string("name")]);
        check(
            vec![
                required(array("messages", message)),
                required(row("file", PropertyType::FileEntry, ControlType::FileEntry)),
            ],
            json!({
                "messages": [{ "content": "text" }],
                "file": { "name": "file.bin", "url": "file:///path/to/file.bin" },
            }),
        );
    }

    #[test]
    fn hidden_properties_are_left_out() {
        let format = |value: i32| Property {
            default: Some(json!(value)),
            ..row("format", PropertyType::Integer, ControlType::Integer)
        };
        let schema = || {
            required(Property {
                condition: when("format", Comparison::NoneOf, &[json!(0)]),
                ..string("schema")
            })
        };
        check(vec![format(0), schema()], json!({ "format": 0 }));
        check(vec![schema(), format(1)], json!({ "schema": "text", "format": 1 }));
    }
}
