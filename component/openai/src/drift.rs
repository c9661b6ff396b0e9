//! Holds a table and its input type together: both say what an action takes,
//! and a change to one alone fails here.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value;

use crate::json;
use crate::json::input::Members;
use crate::table::{Property, PropertyType};

/// Fails when the names, the required members or the JSON types of `table`
/// are not those of `T`, at any depth. What is sent as it was given need not
/// be in the type.
#[track_caller]
pub fn check<T: JsonSchema>(table: &[Property]) {
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    let schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    check_members(&schema, table, std::any::type_name::<T>());
}

#[track_caller]
fn check_members(schema: &Value, table: &[Property], place: &str) {
    let members = schema["properties"].as_object().expect(place);
    let in_type: BTreeSet<_> = members.keys().map(String::as_str).collect();
    let made = table.iter().filter(|row| !row.sent || in_type.contains(row.name));
    let in_table: BTreeSet<_> = made.clone().map(|row| row.name).collect();
    assert_eq!(in_type, in_table, "the members of {place}");

    for row in made {
        let place = format!("{place}.{}", row.name);
        let required = schema["required"].as_array();
        let is_required = required.is_some_and(|names| names.contains(&row.name.into()));
        assert_eq!(is_required, row.required, "whether {place} is required");
        check_value(&members[row.name], row, &place);
    }
}

#[track_caller]
fn check_value(schema: &Value, row: &Property, place: &str) {
    let schema = without_null(schema);
    let expected = match row.kind {
        PropertyType::Any => return,
        PropertyType::Integer => "integer",
        PropertyType::Number => "number",
        PropertyType::Boolean => "boolean",
        PropertyType::Array => "array",
        PropertyType::Object | PropertyType::FileEntry => "object",
        PropertyType::String | PropertyType::Date | PropertyType::DateTime | PropertyType::Time => {
            "string"
        }
    };
    let type_ = match &schema["type"] {
        Value::Array(types) => &types[0],
        type_ => type_,
    };
    assert_eq!(type_, expected, "the type of {place}");

    match (row.kind, row.children, row.values) {
        (PropertyType::Array, [item], None) => {
            check_value(&schema["items"], item, &format!("{place}[]"));
        }
        (PropertyType::Object, [], Some(values)) => {
            check_value(&schema["additionalProperties"], values, &format!("{place}.*"));
        }
        (PropertyType::Object, members, None) => check_members(schema, members, place),
        (_, [], None) => {}
        _ => panic!("{place} has a shape that no input has"),
    }
}

impl JsonSchema for json::Number {
    fn schema_name() -> Cow<'static, str> {
        "Number".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        f64::json_schema(generator)
    }
}

impl JsonSchema for json::Value {
    fn schema_name() -> Cow<'static, str> {
        "Value".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Value::json_schema(generator)
    }
}

impl<T: JsonSchema> JsonSchema for Members<'_, T> {
    fn schema_name() -> Cow<'static, str> {
        "Members".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        BTreeMap::<String, T>::json_schema(generator)
    }
}

/// What an optional member is when it is there.
fn without_null(schema: &Value) -> &Value {
    match schema["anyOf"].as_array() {
        Some(variants) => variants.iter().find(|variant| variant["type"] != "null").unwrap(),
        None => schema,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only the shape is looked at")]
    struct Input {
        name: String,
        sizes: Option<Vec<Item>>,
    }

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only the shape is looked at")]
    struct Item {
        width: u32,
    }

    const TEXT: Property = Property::string("", "", "");
    const NAME: Property = Property { required: true, ..Property::string("name", "", "") };
    const WIDTH: Property = Property { required: true, ..Property::integer("width", "", "") };
    const SIZES: Property =
        Property::array("sizes", "", "", &[Property::object("", "", "", &[WIDTH])]);

    /// The same property with other items.
    const fn of(items: &'static [Property]) -> Property {
        Property::array("sizes", "", "", items)
    }

    #[test]
    fn equal_shapes_pass() {
        check::<Input>(&[NAME, SIZES]);
    }

    #[test]
    fn what_is_sent_as_it_was_given_is_in_the_table_alone() {
        let sent = Property { sent: true, ..Property::number("topP", "", "") };
        check_members(&json!({ "properties": {} }), &[sent], "");
    }

    #[test]
    fn every_difference_is_found() {
        const TABLES: &[&[Property]] = &[
            &[NAME],
            &[Property::string("name", "", ""), SIZES],
            &[NAME, Property { required: true, ..SIZES }],
            &[NAME, Property::string("sizes", "", "")],
            &[NAME, of(&[TEXT])],
            &[NAME, of(&[Property::object("", "", "", &[])])],
            &[NAME, of(&[Property::object("", "", "", &[Property::string("width", "", "")])])],
        ];
        for table in TABLES {
            assert!(std::panic::catch_unwind(|| check::<Input>(table)).is_err());
        }
    }
}
