//! The smallest input that a table allows, for documentation and first attempts.

use serde_json::{Map, Value, json};

use super::{condition, is_template};
use crate::contract::table::{Property, PropertyLimits, PropertyTable, PropertyType, plain_number};

/// An input with the required properties and those that have a default, unless they
/// are hidden. The value of each is its default, its first choice or a plain value
/// of its type.
///
/// The example shows the shape of an input and may need other values: patterns are
/// ignored, a map has only one entry, and lists and strings are kept short.
pub fn example(table: &PropertyTable) -> Value {
    Value::Object(members(table.as_slice(), MAX_ITEMS))
}

/// The maximum product of the lengths of nested lists. A connector may require
/// billions of items.
const MAX_ITEMS: usize = 64;
/// The maximum length of a string, whatever minimum a table requires.
const MAX_TEXT: usize = 1_000;

/// `max` is the maximum number of items of a list.
fn members(members: &[Property], max: usize) -> Map<String, Value> {
    let mut object = Map::new();
    // A condition may refer to a later property that is itself conditional. Each
    // pass settles at least one more link of such a chain.
    for _ in 0..members.len() {
        let settled = members
            .iter()
            .filter(|member| member.required || usable_default(member).is_some())
            .filter(|member| condition::holds(member, members, &object))
            .map(|member| (member.name.clone(), value(member, max)))
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

fn value(property: &Property, max: usize) -> Value {
    if let Some(default) = usable_default(property) {
        return default.clone();
    }
    let known = property.choices.as_ref().map_or(&[][..], |choices| &choices.known);
    let mut known = known.iter().map(|choice| &choice.value).filter(|value| !is_template(value));
    let limits = &property.limits;
    match (property.kind, known.next()) {
        (PropertyType::Array, first) => list(property, first.into_iter().chain(known), max),
        (_, Some(first)) => first.clone(),
        (PropertyType::String | PropertyType::Any, None) => json!(words(property)),
        (PropertyType::Integer, None) => number(limits, f64::ceil, f64::floor),
        (PropertyType::Number, None) => {
            number(limits, std::convert::identity, std::convert::identity)
        }
        (PropertyType::Boolean, None) => json!(true),
        (PropertyType::Date, None) => json!("2026-01-31"),
        (PropertyType::DateTime, None) => json!("2026-01-31T13:30:00Z"),
        (PropertyType::Time, None) => json!("13:30:00"),
        (PropertyType::Object, None) => object(property, max),
        (PropertyType::FileEntry, None) => {
            let extension = limits.accept.first().map_or("bin", String::as_str);
            let name = format!("file.{extension}");
            json!({ "name": name, "url": format!("file:///path/to/{name}") })
        }
    }
}

/// An object with at least its first member, which is usually the most important
/// one. An empty object would count as not given.
fn object(property: &Property, max: usize) -> Value {
    let mut children = property.children.clone();
    if let Some(child) = children.iter_mut().find(|child| child.condition.is_none()) {
        child.required = true;
    }
    let object = members(&children, max);
    if !object.is_empty() {
        return Value::Object(object);
    }
    let shape = property.values.as_deref();
    json!({ "key": shape.map_or_else(|| json!("text"), |shape| value(shape, max)) })
}

/// A list with as many choices, or copies of one item, as are required.
fn list<'a>(property: &Property, known: impl Iterator<Item = &'a Value>, max: usize) -> Value {
    let count = (property.limits.min_items.unwrap_or(1).max(1) as usize).min(max);
    let mut items: Vec<Value> = known.take(count).cloned().collect();
    if items.is_empty() {
        let item = property.children.first().map(|item| value(item, (max / count).max(1)));
        items.push(item.unwrap_or_else(|| json!("text")));
    }
    // If there are too few choices, some are repeated.
    items.iter().cycle().take(count).cloned().collect()
}

/// 1, or the number closest to it within the limits.
fn number(limits: &PropertyLimits, up: fn(f64) -> f64, down: fn(f64) -> f64) -> Value {
    let number = limits.minimum.map_or(1.0, |minimum| up(minimum).max(1.0));
    plain_number(limits.maximum.map_or(number, |maximum| number.min(down(maximum))))
}

fn words(property: &Property) -> String {
    let placeholder = property.placeholder.as_deref().filter(|text| !text.contains("{{"));
    let PropertyLimits { min_length, max_length, .. } = property.limits;
    let words = placeholder.unwrap_or("text");
    let shortest = (min_length.unwrap_or(0) as usize).min(MAX_TEXT);
    let longest = max_length.map_or(usize::MAX, |longest| longest as usize);
    let words = words.chars().chain(std::iter::repeat('.'));
    let length = placeholder.unwrap_or("text").chars().count().max(shortest).min(longest);
    words.take(length).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::table::{Comparison, ControlType};
    use crate::fixture::{array, closed, object, open, row, string, when};
    use crate::render::schema;

    fn required(property: Property) -> Property {
        Property { required: true, ..property }
    }

    /// Checks the example, which its own schema must accept.
    fn check(table: Vec<Property>, expected: Value) {
        let table = table.into();
        let example = example(&table);
        assert_eq!(example, expected);
        let schema = schema("", "", &table).to_value();
        assert!(jsonschema::is_valid(&schema, &example), "{schema}");
    }

    #[test]
    fn contains_only_what_is_required_or_has_a_default() {
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
    fn uses_the_first_choice() {
        let select = |choices| required(Property { choices, ..string("a") });
        check(vec![select(closed(&[("A", json!("a")), ("B", json!("b"))]))], json!({ "a": "a" }));
        check(vec![select(open(&[("A", json!("x"))]))], json!({ "a": "x" }));
    }

    #[test]
    fn prefers_the_default_to_the_first_choice() {
        let role = Property {
            default: Some(json!("user")),
            choices: closed(&[("System", json!("system")), ("User", json!("user"))]),
            ..string("role")
        };
        let message = object("", vec![role, required(string("content"))]);
        check(
            vec![required(array("messages", message))],
            json!({ "messages": [{ "role": "user", "content": "text" }] }),
        );
    }

    #[test]
    fn values_are_within_their_limits() {
        let limited =
            |kind, limits| required(Property { limits, ..row("a", kind, ControlType::Text) });
        let at_least = PropertyLimits { minimum: Some(2.5), ..PropertyLimits::default() };
        check(vec![limited(PropertyType::Integer, at_least.clone())], json!({ "a": 3 }));
        check(vec![limited(PropertyType::Number, at_least)], json!({ "a": 2.5 }));
        let at_most = PropertyLimits { maximum: Some(0.5), ..PropertyLimits::default() };
        check(vec![limited(PropertyType::Integer, at_most.clone())], json!({ "a": 0 }));
        check(vec![limited(PropertyType::Number, at_most)], json!({ "a": 0.5 }));
        let long = PropertyLimits { min_length: Some(6), ..PropertyLimits::default() };
        check(vec![limited(PropertyType::String, long)], json!({ "a": "text.." }));
        let short = PropertyLimits { max_length: Some(2), ..PropertyLimits::default() };
        check(vec![limited(PropertyType::String, short)], json!({ "a": "te" }));
        let two = PropertyLimits { min_items: Some(2), ..PropertyLimits::default() };
        check(
            vec![Property { children: vec![string("")], ..limited(PropertyType::Array, two) }],
            json!({ "a": ["text", "text"] }),
        );
    }

    #[test]
    fn a_list_contains_different_choices() {
        let several = Property {
            choices: closed(&[("A", json!("a")), ("B", json!("b"))]),
            control: ControlType::MultiSelect,
            limits: PropertyLimits { min_items: Some(2), ..PropertyLimits::default() },
            ..array("a", string(""))
        };
        check(vec![required(several)], json!({ "a": ["a", "b"] }));
    }

    #[test]
    fn limits_the_size_of_an_example() {
        let many = || PropertyLimits {
            min_items: Some(u32::MAX),
            min_length: Some(u32::MAX),
            ..PropertyLimits::default()
        };
        let limited = |property: Property| required(Property { limits: many(), ..property });
        let deep = (0..16).fold(limited(string("")), |item, _| limited(array("", item)));
        let table = PropertyTable::from(vec![Property { name: "a".to_owned(), ..deep }]);
        assert!(example(&table).to_string().len() < 2 * MAX_ITEMS * MAX_TEXT);
    }

    #[test]
    fn fills_in_nested_properties() {
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
    fn leaves_out_hidden_properties() {
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
