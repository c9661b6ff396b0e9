//! The JSON Schemas that the API accepts, for answers and for functions.
//!
//! Every schema must describe an object and define the items of its arrays. A
//! strict schema must also close every object, require every property, and
//! avoid the keywords that constrained sampling does not support.

use serde_json::Map;
use serde_json::Value;

/// The maximum depth of objects and arrays in a strict schema.
const MAX_DEPTH: usize = 10;

/// The maximum number of properties in a strict schema.
const MAX_PROPERTIES: usize = 5000;

/// Keywords that strict schemas must not use.
const FORBIDDEN: &[&str] = &[
    "allOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "dependentRequired",
    "dependentSchemas",
    "patternProperties",
    "propertyNames",
    "unevaluatedProperties",
    "unevaluatedItems",
    "minProperties",
    "maxProperties",
    "contains",
    "minContains",
    "maxContains",
    "uniqueItems",
    "default",
];

/// The string formats that strict schemas may use.
const FORMATS: &[&str] =
    &["date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"];

/// Checks a schema and describes what is wrong with it.
pub(crate) fn check(schema: &Value, is_strict: bool) -> Result<(), String> {
    let root_type = schema.get("type");
    if root_type.and_then(Value::as_str) != Some("object") {
        let got = root_type.map_or("\"None\"".to_owned(), Value::to_string);
        return Err(format!(
            "schema must be a JSON Schema of 'type: \"object\"', got 'type: {got}'."
        ));
    }
    let mut walk = Walk { root: schema, is_strict, context: Vec::new(), properties: 0 };
    if is_strict && schema.get("anyOf").is_some() {
        return walk.wrong("schema must not have 'anyOf' at the top level.");
    }
    walk.schema(schema, 0)
}

struct Walk<'a> {
    root: &'a Value,
    is_strict: bool,
    /// The keys on the path to the current schema.
    context: Vec<String>,
    properties: usize,
}

impl Walk<'_> {
    fn schema(&mut self, schema: &Value, depth: usize) -> Result<(), String> {
        let Value::Object(schema) = schema else { return Ok(()) };
        if self.is_strict {
            self.keywords(schema)?;
            self.object(schema)?;
            if depth > MAX_DEPTH {
                return self.wrong(&format!("nesting exceeds the limit of {MAX_DEPTH} levels."));
            }
        }
        if has_type(schema, "array") && !schema.contains_key("items") {
            return self.wrong("array schema missing items.");
        }
        self.children(schema, depth)
    }

    fn keywords(&self, schema: &Map<String, Value>) -> Result<(), String> {
        if let Some(name) = FORBIDDEN.iter().find(|name| schema.contains_key(**name)) {
            return self.wrong(&format!("'{name}' is not permitted."));
        }
        if let Some(reference) = schema.get("$ref") {
            return self.reference(schema, reference);
        }
        let format = schema.get("format").and_then(Value::as_str);
        if let Some(format) = format.filter(|format| !FORMATS.contains(format)) {
            return self.wrong(&format!("'{format}' is not a valid format."));
        }
        if !["type", "anyOf", "enum", "const"].iter().any(|name| schema.contains_key(*name)) {
            return self.wrong("schema must have a 'type' key.");
        }
        Ok(())
    }

    fn reference(&self, schema: &Map<String, Value>, reference: &Value) -> Result<(), String> {
        if let Some(name) = schema.keys().find(|name| *name != "$ref") {
            return self.wrong(&format!("$ref cannot have keywords {{'{name}'}}."));
        }
        let pointer = reference.as_str().and_then(|reference| reference.strip_prefix('#'));
        match pointer.and_then(|pointer| self.root.pointer(pointer)) {
            Some(_) => Ok(()),
            None => self.wrong(
                "reference can only point to definitions defined at the top level of the schema.",
            ),
        }
    }

    fn object(&mut self, schema: &Map<String, Value>) -> Result<(), String> {
        let properties = schema.get("properties").and_then(Value::as_object);
        if !has_type(schema, "object") && properties.is_none() {
            return Ok(());
        }
        if schema.get("additionalProperties") != Some(&Value::Bool(false)) {
            return self
                .wrong("'additionalProperties' is required to be supplied and to be false.");
        }
        let required = schema.get("required").and_then(Value::as_array);
        let is_required =
            |name: &str| required.is_some_and(|required| required.iter().any(|key| key == name));
        let names = properties.into_iter().flat_map(Map::keys);
        if let Some(name) = names.clone().find(|name| !is_required(name)) {
            return self.wrong(&format!(
                "'required' is required to be supplied and to be an array including every key in \
                 properties. Missing '{name}'."
            ));
        }
        let is_property = |name: &str| properties.is_some_and(|all| all.contains_key(name));
        let extra = required.into_iter().flatten().filter_map(Value::as_str);
        if let Some(name) = extra.into_iter().find(|name| !is_property(name)) {
            return self.wrong(&format!("Extra required key '{name}' supplied."));
        }
        self.properties += names.count();
        if self.properties > MAX_PROPERTIES {
            return self
                .wrong(&format!("schema exceeds the limit of {MAX_PROPERTIES} properties."));
        }
        Ok(())
    }

    fn children(&mut self, schema: &Map<String, Value>, depth: usize) -> Result<(), String> {
        for name in ["properties", "$defs", "definitions"] {
            let children = schema.get(name).and_then(Value::as_object).into_iter().flatten();
            // Definitions are not part of the tree.
            let depth = if name == "properties" { depth + 1 } else { 0 };
            for (key, child) in children {
                self.child(&[name, key], child, depth)?;
            }
        }
        let branches = schema.get("anyOf").and_then(Value::as_array).into_iter().flatten();
        for (index, branch) in branches.enumerate() {
            self.child(&["anyOf", &index.to_string()], branch, depth)?;
        }
        match schema.get("items") {
            Some(items) => self.child(&["items"], items, depth + 1),
            None => Ok(()),
        }
    }

    fn child(&mut self, keys: &[&str], schema: &Value, depth: usize) -> Result<(), String> {
        let length = self.context.len();
        self.context.extend(keys.iter().map(|key| (*key).to_owned()));
        self.schema(schema, depth)?;
        self.context.truncate(length);
        Ok(())
    }

    fn wrong(&self, problem: &str) -> Result<(), String> {
        let keys: Vec<String> = self.context.iter().map(|key| format!("'{key}'")).collect();
        let comma = if keys.len() == 1 { "," } else { "" };
        Err(format!("In context=({}{comma}), {problem}", keys.join(", ")))
    }
}

/// Whether `type` is this name, or a list that contains it.
fn has_type(schema: &Map<String, Value>, name: &str) -> bool {
    match schema.get("type") {
        Some(Value::String(kind)) => kind == name,
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == name),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(properties: Value) -> Value {
        let required: Vec<_> = properties.as_object().unwrap().keys().cloned().collect();
        json!({
            "type": "object", "properties": properties, "required": required,
            "additionalProperties": false,
        })
    }

    fn nested(levels: usize) -> Value {
        (0..levels).fold(object(json!({})), |inner, _| object(json!({"inner": inner})))
    }

    #[test]
    fn checks_the_rules_for_every_schema() {
        for is_strict in [false, true] {
            assert_eq!(check(&object(json!({"a": {"type": "string"}})), is_strict), Ok(()));
            for (schema, problem) in [
                (json!({}), "got 'type: \"None\"'"),
                (json!({"type": "array", "items": {}}), "got 'type: \"array\"'"),
                (object(json!({"a": {"type": "array"}})), "('properties', 'a'), array schema"),
            ] {
                let refusal = check(&schema, is_strict).unwrap_err();
                assert!(refusal.contains(problem), "{refusal}");
            }
        }
        assert_eq!(check(&json!({"type": "object", "properties": {"a": {}}}), false), Ok(()));
    }

    #[test]
    fn checks_the_rules_for_strict_schemas() {
        let with = |extra: Value| object(json!({"a": extra}));
        for (schema, problem) in [
            (json!({"type": "object"}), "context=(), 'additionalProperties' is required"),
            (
                json!({"type": "object", "properties": {"a": {"type": "string"}},
                       "additionalProperties": false, "required": []}),
                "Missing 'a'",
            ),
            (
                json!({"type": "object", "additionalProperties": false, "required": ["a"]}),
                "Extra required key 'a'",
            ),
            (
                json!({"type": "object", "additionalProperties": false, "anyOf": []}),
                "'anyOf' at the top",
            ),
            (with(json!({})), "must have a 'type' key"),
            (with(json!({"type": "string", "default": "x"})), "'default' is not permitted"),
            (with(json!({"oneOf": []})), "'oneOf' is not permitted"),
            (with(json!({"type": "string", "format": "uri"})), "'uri' is not a valid format"),
            (with(json!({"$ref": "#/$defs/none"})), "reference can only point"),
            (with(json!({"$ref": "#", "title": "x"})), "$ref cannot have keywords {'title'}"),
            (with(json!({"type": ["object", "null"]})), "('properties', 'a'), 'additional"),
            (
                with(json!({"type": "array", "items": {"type": "object"}})),
                "('properties', 'a', 'items'), 'additional",
            ),
            (with(json!({"anyOf": [{"type": "object"}]})), "'anyOf', '0'), 'additional"),
            (nested(11), "nesting exceeds"),
        ] {
            let refusal = check(&schema, true).unwrap_err();
            assert!(refusal.contains(problem), "{refusal}");
        }
        assert_eq!(check(&with(json!({"$ref": "#"})), true), Ok(()));
        assert_eq!(check(&nested(10), true), Ok(()));
    }
}
