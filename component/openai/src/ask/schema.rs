//! The schema of an answer: how it is read, and whether the API takes it in its
//! strict mode.
//!
//! The mode guarantees the shape of the answer, and takes only the part of JSON
//! Schema that is listed in
//! <https://platform.openai.com/docs/guides/structured-outputs#supported-schemas>.
//! With anything else the API refuses the whole request.

use std::mem;

use connector_sdk::{Failure, Result, json};
use serde_json::{Map, Value, json};

use crate::lenient::{at, items};

/// Reads the user's schema of an object, or else of a list or of its items;
/// none if it says nothing.
pub fn parse(text: &str, is_of_object: bool) -> Result<Option<Value>> {
    let invalid = |message| Err(Failure::invalid_input("responseSchema", message));
    if text.trim().is_empty() {
        return Ok(None);
    }
    match json::from_str(text) {
        Ok(Value::Null) => Ok(None),
        Ok(Value::Object(members)) if members.is_empty() => Ok(None),
        Ok(mut schema @ Value::Object(_)) => {
            if let Value::Object(members) = &mut schema
                && (is_of_object || is_array(members))
            {
                // An answer as a whole is never null.
                members.shift_remove("nullable");
            }
            rewrite_nullable(&mut schema);
            Ok(Some(schema))
        }
        Ok(_) => invalid("the schema is not a JSON object such as {\"type\": \"object\"}"),
        Err(_) => invalid("the schema is not JSON: look for a missing quote, comma or bracket"),
    }
}

fn is_array(schema: &Map<String, Value>) -> bool {
    schema.get("type").is_some_and(|kind| kind == "array")
}

/// The schema, if it is one of an object.
pub fn require_object(schema: Value) -> Result<Value> {
    match at(&schema, "type").as_str() {
        None | Some("object") => Ok(schema),
        Some(other) => Err(Failure::invalid_input(
            "responseSchema",
            format!(
                "the response format is Object, but the schema's type is `{other}`: make it \
                 `object`, or choose List"
            ),
        )),
    }
}

/// Keywords whose value is a schema or a list of schemas.
const PARTS: &[&str] = &[
    "additionalProperties",
    "allOf",
    "anyOf",
    "contains",
    "else",
    "if",
    "items",
    "not",
    "oneOf",
    "prefixItems",
    "propertyNames",
    "then",
];

/// Keywords whose value is an object of schemas.
const NAMED_PARTS: &[&str] =
    &["$defs", "definitions", "dependentSchemas", "patternProperties", "properties"];

/// Rewrites OpenAPI's `nullable` to what JSON Schema has for it, in all parts
/// of a schema.
fn rewrite_nullable(schema: &mut Value) {
    let members = match schema {
        Value::Object(members) => members,
        Value::Array(parts) => return parts.iter_mut().for_each(rewrite_nullable),
        _ => return,
    };
    let nullable = members.shift_remove("nullable");
    for (name, part) in members.iter_mut() {
        match part {
            part if PARTS.contains(&name.as_str()) => rewrite_nullable(part),
            Value::Object(parts) if NAMED_PARTS.contains(&name.as_str()) => {
                parts.values_mut().for_each(rewrite_nullable);
            }
            _ => {}
        }
    }
    if nullable == Some(Value::Bool(true)) {
        *schema = or_null(mem::take(members));
    }
}

/// The schema of what fits these members, or is null.
fn or_null(mut members: Map<String, Value>) -> Value {
    const COMBINING: &[&str] = &["$ref", "allOf", "anyOf", "const", "if", "not", "oneOf"];
    if members.keys().any(|name| COMBINING.contains(&name.as_str())) {
        return json!({ "anyOf": [members, { "type": "null" }] });
    }
    // Without a type and values it admits null already.
    match members.get_mut("type") {
        Some(Value::Array(types)) if !types.contains(&json!("null")) => types.push(json!("null")),
        Some(name @ Value::String(_)) => *name = json!([name, "null"]),
        _ => {}
    }
    if let Some(Value::Array(values)) = members.get_mut("enum")
        && !values.contains(&Value::Null)
    {
        values.push(Value::Null);
    }
    Value::Object(members)
}

/// Whether the API takes a schema in its strict mode. Its root is an object.
pub fn is_strict(schema: &Value) -> bool {
    at(schema, "type") == "object" && schema.get("anyOf").is_none() && is_strict_at(schema, 0)
}

/// Whether strict mode takes a schema of items, or of a list, inside the object
/// with which lists travel.
pub fn is_strict_inside(schema: &Value) -> bool {
    is_strict_at(schema, 2)
}

/// The same `depth` levels down.
fn is_strict_at(schema: &Value, depth: usize) -> bool {
    let mut size = Size::default();
    size.add(schema, depth) && size.fits()
}

/// Keywords that go with every type.
const COMMON: &[&str] =
    &["$defs", "$schema", "anyOf", "const", "definitions", "description", "enum", "title", "type"];

/// The types, each with the keywords that go with it.
const TYPES: &[(&str, &[&str])] = &[
    ("array", &["items", "maxItems", "minItems"]),
    ("boolean", &[]),
    ("integer", NUMBERS),
    ("null", &[]),
    ("number", NUMBERS),
    ("object", &["additionalProperties", "properties", "required"]),
    ("string", &["format", "pattern"]),
];

const NUMBERS: &[&str] =
    &["exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum", "multipleOf"];

const FORMATS: &[&str] =
    &["date", "date-time", "duration", "email", "hostname", "ipv4", "ipv6", "time", "uuid"];

/// The deepest that objects and lists may be nested.
const MAX_DEPTH: usize = 10;
/// The most properties of all objects together.
const MAX_PROPERTIES: usize = 5_000;
/// The most values of all enums together.
const MAX_VALUES: usize = 1_000;
/// The most characters of all names and values together.
const MAX_CHARACTERS: usize = 120_000;
/// The most values of one enum whose characters are not counted.
const MAX_UNCOUNTED_VALUES: usize = 250;
/// The most characters of the values of a larger one.
const MAX_CHARACTERS_OF_VALUES: usize = 15_000;

/// How large a schema is.
#[derive(Default)]
struct Size {
    properties: usize,
    values: usize,
    characters: usize,
}

impl Size {
    fn fits(&self) -> bool {
        self.properties <= MAX_PROPERTIES
            && self.values <= MAX_VALUES
            && self.characters <= MAX_CHARACTERS
    }

    /// Counts a schema `depth` levels down. `false` if strict mode does not
    /// take it.
    fn add(&mut self, schema: &Value, depth: usize) -> bool {
        let Some(members) = schema.as_object() else { return false };
        if depth > MAX_DEPTH {
            return false;
        }
        if at(schema, "$ref").as_str().is_some_and(|target| target.starts_with('#')) {
            // Beside it there must be nothing.
            return members.len() == 1;
        }
        let types = types(schema);
        let is_known = |name: &str| {
            COMMON.contains(&name)
                || types.iter().any(|type_| {
                    TYPES.iter().any(|(known, names)| known == type_ && names.contains(&name))
                })
        };
        let is_typed = !types.is_empty() || schema.get("anyOf").is_some();
        let are_types_known =
            types.iter().all(|type_| TYPES.iter().any(|(known, _)| known == type_));
        let has_known_format = schema
            .get("format")
            .is_none_or(|it| it.as_str().is_some_and(|it| FORMATS.contains(&it)));
        is_typed
            && are_types_known
            && has_known_format
            && members.keys().all(|name| is_known(name))
            && (!types.contains(&"object") || self.add_object(schema))
            && (!types.contains(&"array") || schema.get("items").is_some())
            && self.add_values(schema)
            && self.add_parts(schema, depth)
    }

    /// Counts the members of an object, which must be closed and require all
    /// of them.
    fn add_object(&mut self, schema: &Value) -> bool {
        let properties = members(at(schema, "properties"));
        let required = items(at(schema, "required"));
        self.properties += properties.clone().count();
        *at(schema, "additionalProperties") == false
            && required.len() == properties.clone().count()
            && properties.into_iter().all(|(name, _)| required.iter().any(|it| it == name))
    }

    fn add_values(&mut self, schema: &Value) -> bool {
        let values = items(at(schema, "enum"));
        let characters = values.iter().chain(schema.get("const")).filter_map(Value::as_str);
        let characters: usize = characters.map(|text| text.chars().count()).sum();
        self.values += values.len();
        self.characters += characters;
        values.len() <= MAX_UNCOUNTED_VALUES || characters <= MAX_CHARACTERS_OF_VALUES
    }

    fn add_parts(&mut self, schema: &Value, depth: usize) -> bool {
        // Definitions are beside the tree, not in it.
        for (keyword, depth) in [("properties", depth + 1), ("$defs", 0), ("definitions", 0)] {
            for (name, part) in members(at(schema, keyword)) {
                self.characters += name.chars().count();
                if !self.add(part, depth) {
                    return false;
                }
            }
        }
        items(at(schema, "anyOf")).iter().all(|part| self.add(part, depth))
            && schema.get("items").is_none_or(|part| self.add(part, depth + 1))
    }
}

/// The types that a schema names.
fn types(schema: &Value) -> Vec<&str> {
    match at(schema, "type") {
        Value::String(name) => vec![name],
        Value::Array(names) => names.iter().map(|name| name.as_str().unwrap_or("")).collect(),
        _ => Vec::new(),
    }
}

/// The members of an object; none if it is no object.
fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> + Clone {
    value.as_object().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closed(properties: Value) -> Value {
        let required: Vec<_> = properties.as_object().unwrap().keys().cloned().collect();
        json!({
            "type": "object", "properties": properties, "required": required,
            "additionalProperties": false,
        })
    }

    fn nested(levels: usize) -> Value {
        (0..levels).fold(closed(json!({})), |inner, _| closed(json!({ "a": inner })))
    }

    #[test]
    fn what_strict_mode_takes_is_strict() {
        for part in [
            json!({ "type": "string" }),
            json!({ "type": ["string", "null"] }),
            json!({ "type": "string", "description": "Why.", "title": "Why" }),
            json!({ "type": "string", "pattern": "^a+$" }),
            json!({ "type": "string", "format": "date-time" }),
            json!({ "type": "string", "format": "uuid" }),
            json!({ "type": "integer", "minimum": 0, "exclusiveMaximum": 9, "multipleOf": 3 }),
            json!({ "type": "string", "enum": ["a", "b"] }),
            json!({ "type": "string", "const": "a" }),
            json!({ "type": "array", "items": { "type": "string" }, "minItems": 1, "maxItems": 2 }),
            json!({ "type": "array", "items": closed(json!({})) }),
            json!({ "anyOf": [{ "type": "string" }, closed(json!({}))] }),
            json!({ "type": ["object", "null"], "properties": {}, "required": [],
                    "additionalProperties": false }),
            json!({ "$ref": "#" }),
            closed(json!({ "default": { "type": "string" }, "format": { "type": "null" } })),
        ] {
            let schema = closed(json!({ "a": part }));
            assert!(is_strict(&schema), "{schema}");
        }
        assert!(is_strict(&nested(10)));
        let mut recursive = closed(json!({ "next": { "$ref": "#/$defs/node" } }));
        recursive["$defs"] =
            json!({ "node": closed(json!({ "next": { "$ref": "#/$defs/node" } })) });
        assert!(is_strict(&recursive));
    }

    #[test]
    fn what_strict_mode_refuses_is_not_strict() {
        for part in [
            json!({}),
            json!(true),
            json!({ "enum": [1, 2] }),
            json!({ "const": 1 }),
            json!({ "type": "any" }),
            json!({ "type": "string", "default": "x" }),
            json!({ "type": "string", "examples": ["x"] }),
            json!({ "type": "string", "format": "uri" }),
            json!({ "type": "string", "format": 7 }),
            json!({ "type": "string", "minLength": 1 }),
            json!({ "type": "string", "contentMediaType": "text/html" }),
            json!({ "type": "string", "minimum": 1 }),
            json!({ "type": "integer", "format": "int32" }),
            json!({ "type": "object", "properties": {}, "required": [] }),
            json!({ "type": ["object", "null"] }),
            json!({ "type": "object", "properties": { "a": { "type": "string" } },
                    "additionalProperties": false }),
            json!({ "type": "object", "properties": {}, "required": ["a"],
                    "additionalProperties": false }),
            json!({ "type": "object", "minProperties": 1, "properties": {}, "required": [],
                    "additionalProperties": false }),
            json!({ "type": "object", "propertyNames": {}, "properties": {}, "required": [],
                    "additionalProperties": false }),
            json!({ "type": "array" }),
            json!({ "type": "array", "items": { "type": "string" }, "uniqueItems": true }),
            json!({ "type": "array", "items": [{ "type": "string" }] }),
            json!({ "type": "array", "items": { "type": "object" } }),
            json!({ "anyOf": [{ "type": "object" }] }),
            json!({ "oneOf": [{ "type": "string" }] }),
            json!({ "type": "string", "not": { "const": "a" } }),
            json!({ "$ref": "#", "description": "the same again" }),
            json!({ "$ref": "https://example.com/schema" }),
        ] {
            let schema = closed(json!({ "a": part }));
            assert!(!is_strict(&schema), "{schema}");
        }
        for root in [
            json!({ "type": "object" }),
            json!({ "anyOf": [closed(json!({}))] }),
            json!({ "type": "array", "items": { "type": "string" } }),
            nested(11),
        ] {
            assert!(!is_strict(&root), "{root}");
        }
    }

    #[test]
    fn what_is_too_large_for_strict_mode_is_not_strict() {
        let properties = |count: usize| {
            let members = (0..count).map(|at| (at.to_string(), json!({ "type": "null" })));
            closed(Value::Object(members.collect()))
        };
        let one_of = |count: usize, length: usize| {
            let values: Vec<_> = (0..count).map(|at| format!("{at:0length$}")).collect();
            closed(json!({ "a": { "type": "string", "enum": values } }))
        };
        for (schema, expected) in [
            (properties(5_000), true),
            (properties(5_001), false),
            (one_of(1_000, 5), true),
            (one_of(1_001, 5), false),
            (one_of(250, 100), true),
            (one_of(251, 100), false),
            (closed(json!({ "a".repeat(120_001): { "type": "null" } })), false),
        ] {
            assert_eq!(is_strict(&schema), expected);
        }
    }

    #[test]
    fn nullable_is_understood_wherever_it_is() {
        let string = || json!({ "type": "string", "nullable": true });
        let or_null = || json!({ "type": ["string", "null"] });
        for (given, expected) in [
            (json!({ "a": string() }), json!({ "a": or_null() })),
            (
                json!({ "a": { "type": "string", "nullable": false } }),
                json!({ "a": { "type": "string" } }),
            ),
            (
                json!({ "a": { "type": "array", "items": string() } }),
                json!({ "a": { "type": "array", "items": or_null() } }),
            ),
            (
                json!({ "a": { "anyOf": [string(), { "type": "integer" }] } }),
                json!({ "a": { "anyOf": [or_null(), { "type": "integer" }] } }),
            ),
            (
                json!({ "a": { "type": "string", "enum": ["x"], "nullable": true } }),
                json!({ "a": { "type": ["string", "null"], "enum": ["x", null] } }),
            ),
            (
                json!({ "a": { "$ref": "#/$defs/b", "nullable": true } }),
                json!({ "a": { "anyOf": [{ "$ref": "#/$defs/b" }, { "type": "null" }] } }),
            ),
            (
                json!({ "a": { "type": ["string", "null"], "nullable": true } }),
                json!({ "a": or_null() }),
            ),
            (json!({ "a": { "nullable": true } }), json!({ "a": {} })),
            // A property may have the name.
            (
                json!({ "nullable": string(), "b": { "enum": [{ "nullable": true }] } }),
                json!({ "nullable": or_null(), "b": { "enum": [{ "nullable": true }] } }),
            ),
        ] {
            let schema = |properties| json!({ "type": "object", "properties": properties });
            let understood = parse(&schema(given).to_string(), true).unwrap().unwrap();
            assert_eq!(understood, schema(expected));
        }
        for (is_of_object, given, expected) in [
            (true, json!({ "type": "object", "nullable": true }), json!({ "type": "object" })),
            (false, string(), or_null()),
            (
                false,
                json!({ "type": "array", "nullable": true, "items": string() }),
                json!({ "type": "array", "items": or_null() }),
            ),
            (
                true,
                json!({ "type": "object", "$defs": { "a": string() } }),
                json!({ "type": "object", "$defs": { "a": or_null() } }),
            ),
        ] {
            let understood = parse(&given.to_string(), is_of_object).unwrap().unwrap();
            assert_eq!(understood, expected);
        }
    }

    #[test]
    fn a_schema_that_says_nothing_is_none() {
        for text in ["", " \n", "{}", "{ }", "null"] {
            assert_eq!(parse(text, true).unwrap(), None, "{text:?}");
        }
    }
}
