//! The schema of an answer: parses it and determines whether the API's strict
//! mode supports it.
//!
//! Strict mode guarantees the shape of the answer but supports only a subset of
//! JSON Schema, which is listed at
//! <https://platform.openai.com/docs/guides/structured-outputs#supported-schemas>.
//! The API rejects requests with any other schema.

use std::mem;

use connector_sdk::{Failure, Result, json};
use serde_json::{Map, Value, json};

use crate::lenient::{at, items};

/// Parses the user's schema, which describes an object or, if `is_of_object` is
/// `false`, a list or its items. Returns `None` if it is empty.
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
                // The answer itself is never null.
                members.shift_remove("nullable");
            }
            rewrite_nullable(&mut schema);
            Ok(Some(schema))
        }
        Ok(_) => invalid("`responseSchema` must be a JSON object such as {\"type\": \"object\"}"),
        Err(_) => {
            invalid("`responseSchema` is not JSON: check for a missing quote, comma or bracket")
        }
    }
}

fn is_array(schema: &Map<String, Value>) -> bool {
    schema.get("type").is_some_and(|kind| kind == "array")
}

/// Returns the schema if it describes an object.
pub fn require_object(schema: Value) -> Result<Value> {
    match at(&schema, "type").as_str() {
        None | Some("object") => Ok(schema),
        Some(other) => Err(Failure::invalid_input(
            "responseSchema",
            format!(
                "the response format is Object, but the schema's type is `{other}`: change it to \
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

/// Rewrites OpenAPI's `nullable` to its JSON Schema equivalent in all parts of a
/// schema.
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

/// The schema of a value that matches these members or is null.
fn or_null(mut members: Map<String, Value>) -> Value {
    const COMBINING: &[&str] = &["$ref", "allOf", "anyOf", "const", "if", "not", "oneOf"];
    if members.keys().any(|name| COMBINING.contains(&name.as_str())) {
        return json!({ "anyOf": [members, { "type": "null" }] });
    }
    // A schema without `type` and `enum` already allows null.
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

/// Whether strict mode supports a schema, whose root must be an object.
pub fn is_strict(schema: &Value) -> bool {
    at(schema, "type") == "object" && schema.get("anyOf").is_none() && is_strict_at(schema, 0)
}

/// Whether strict mode supports a schema of items or of a list inside the object
/// that wraps lists.
pub fn is_strict_inside(schema: &Value) -> bool {
    is_strict_at(schema, 2)
}

/// Whether strict mode supports a schema `depth` levels down.
fn is_strict_at(schema: &Value, depth: usize) -> bool {
    let mut size = Size::default();
    size.add(schema, depth) && size.fits()
}

/// Keywords that every type supports.
const COMMON: &[&str] =
    &["$defs", "$schema", "anyOf", "const", "definitions", "description", "enum", "title", "type"];

/// The types, each with the keywords that it supports.
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

/// The maximum nesting of objects and lists.
const MAX_DEPTH: usize = 10;
/// The maximum number of properties in all objects together.
const MAX_PROPERTIES: usize = 5_000;
/// The maximum number of values in all enums together.
const MAX_VALUES: usize = 1_000;
/// The maximum number of characters in all names and values together.
const MAX_CHARACTERS: usize = 120_000;
/// The maximum number of values in an enum whose characters are not limited.
const MAX_UNCOUNTED_VALUES: usize = 250;
/// The maximum number of characters in the values of a larger enum.
const MAX_CHARACTERS_OF_VALUES: usize = 15_000;

/// The size of a schema.
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

    /// Adds a schema `depth` levels down. Returns `false` if strict mode does not
    /// support it.
    fn add(&mut self, schema: &Value, depth: usize) -> bool {
        let Some(members) = schema.as_object() else { return false };
        if depth > MAX_DEPTH {
            return false;
        }
        if at(schema, "$ref").as_str().is_some_and(|target| target.starts_with('#')) {
            // Strict mode allows no other members next to it.
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

    /// Adds the members of an object, which must require all of them and allow
    /// no others.
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
        // Definitions do not add to the depth.
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

/// The types in a schema.
fn types(schema: &Value) -> Vec<&str> {
    match at(schema, "type") {
        Value::String(name) => vec![name],
        Value::Array(names) => names.iter().map(|name| name.as_str().unwrap_or("")).collect(),
        _ => Vec::new(),
    }
}

/// The members of an object, or none if the value is something else.
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
    fn recognizes_what_strict_mode_supports() {
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
    fn recognizes_what_strict_mode_rejects() {
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
    fn recognizes_what_is_too_large_for_strict_mode() {
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
    fn rewrites_nullable_everywhere() {
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
            // A property may be named `nullable`.
            (
                json!({ "nullable": string(), "b": { "enum": [{ "nullable": true }] } }),
                json!({ "nullable": or_null(), "b": { "enum": [{ "nullable": true }] } }),
            ),
        ] {
            let schema = |properties| json!({ "type": "object", "properties": properties });
            let rewritten = parse(&schema(given).to_string(), true).unwrap().unwrap();
            assert_eq!(rewritten, schema(expected));
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
            let rewritten = parse(&given.to_string(), is_of_object).unwrap().unwrap();
            assert_eq!(rewritten, expected);
        }
    }

    #[test]
    fn an_empty_schema_is_none() {
        for text in ["", " \n", "{}", "{ }", "null"] {
            assert_eq!(parse(text, true).unwrap(), None, "{text:?}");
        }
    }
}
