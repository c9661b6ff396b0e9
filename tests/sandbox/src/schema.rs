//! Sample values for a JSON Schema: the sandbox's answers when it generates
//! structured output or calls a function.
//!
//! It follows types, choices, bounds, lengths, references and the first of
//! several alternatives. If a schema requires more, the value may not match,
//! just as a real model's may not.

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

/// Below this depth only required properties are generated, which ends finite
/// recursion.
const MAX_FULL_DEPTH: usize = 4;

/// Below this depth nothing is generated, which ends infinite recursion.
const MAX_DEPTH: usize = 16;

/// Generates a value with all allowed properties.
pub(crate) fn example(schema: &Value) -> Value {
    value(schema, schema, 0)
}

/// Generates a value with the required properties only, like a model's
/// arguments for a function.
pub(crate) fn smallest(schema: &Value) -> Value {
    value(schema, schema, MAX_FULL_DEPTH + 1)
}

fn value(root: &Value, schema: &Value, depth: usize) -> Value {
    if depth > MAX_DEPTH {
        return Value::Null;
    }
    let text = |name: &str| schema.get(name).and_then(Value::as_str);
    let list = |name: &str| schema.get(name).and_then(Value::as_array);
    let number = |name: &str| schema.get(name).and_then(Value::as_i64);
    if let Some(target) = text("$ref").and_then(|target| root.pointer(target.strip_prefix('#')?)) {
        return value(root, target, depth + 1);
    }
    let alternatives = ["anyOf", "oneOf", "allOf"].into_iter().find_map(list);
    if let Some(alternatives) = alternatives {
        // The last alternative is the one that ends a recursion, if any does.
        let full = depth <= MAX_FULL_DEPTH;
        let chosen = if full { alternatives.first() } else { alternatives.last() };
        return chosen.map_or(Value::Null, |chosen| value(root, chosen, depth + 1));
    }
    let given = schema.get("const").or(list("enum").and_then(|choices| choices.first()));
    if let Some(given) = given {
        return given.clone();
    }
    let kinds = schema.get("type");
    let kind = kinds.and_then(|kinds| kinds.as_str().or_else(|| kinds.get(0)?.as_str()));
    match kind.unwrap_or("string") {
        "object" => object(root, schema, depth),
        "array" => {
            let min = if depth > MAX_FULL_DEPTH { 0 } else { 1 };
            let items = schema.get("items").unwrap_or(&Value::Null);
            let length = number("minItems").unwrap_or(min).max(min);
            (0..length.min(100)).map(|_| value(root, items, depth + 1)).collect()
        }
        "null" => Value::Null,
        "boolean" => Value::Bool(true),
        "integer" | "number" => {
            let min = number("minimum").or(number("exclusiveMinimum").map(|min| min + 1));
            let max = number("maximum").or(number("exclusiveMaximum").map(|max| max - 1));
            json!(1.max(min.unwrap_or(1)).min(max.unwrap_or(i64::MAX)))
        }
        _ => {
            let length = |name| number(name).and_then(|length| usize::try_from(length).ok());
            let text = text("format").map_or("sandbox text", formatted);
            let wanted = text.len().max(length("minLength").unwrap_or(0)).min(10_000);
            let endless = text.chars().chain(" sandbox text".chars().cycle());
            let text = endless.take(wanted.min(length("maxLength").unwrap_or(usize::MAX)));
            text.collect::<String>().into()
        }
    }
}

fn object(root: &Value, schema: &Value, depth: usize) -> Value {
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    let required: Vec<&str> = required.filter_map(Value::as_str).collect();
    let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    let made = properties
        .filter(|(name, _)| depth <= MAX_FULL_DEPTH || required.contains(&name.as_str()))
        .map(|(name, property)| (name.clone(), value(root, property, depth + 1)));
    let mut made: Map<String, Value> = made.collect();
    for name in required {
        made.entry(name).or_insert_with(|| "sandbox text".into());
    }
    made.into()
}

fn formatted(format: &str) -> &str {
    match format {
        "date-time" => "2026-01-01T12:00:00Z",
        "date" => "2026-01-01",
        "time" => "12:00:00Z",
        "duration" => "PT1H",
        "email" => "sandbox@example.com",
        "hostname" => "sandbox.example.com",
        "ipv4" => "192.0.2.1",
        "ipv6" => "2001:db8::1",
        "uuid" => "00000000-0000-4000-8000-000000000000",
        "uri" => "https://example.com/sandbox",
        _ => "sandbox text",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_satisfy_their_schemas() {
        let node = json!({
            "type": "object",
            "properties": {
                "name": {"type": "string", "minLength": 20},
                "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
                "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
            },
            "required": ["name", "children", "next"],
            "additionalProperties": false,
        });
        for schema in [
            json!({}),
            json!({"type": ["integer", "null"], "minimum": 5}),
            json!({"type": "number", "exclusiveMaximum": -10}),
            json!({"enum": ["a", "b"]}),
            json!({"type": "string", "format": "email"}),
            json!({"type": "array", "items": {"type": "boolean"}, "minItems": 3}),
            json!({"type": "object", "required": ["other"]}),
            json!({"$ref": "#/$defs/node", "$defs": {"node": node}}),
        ] {
            for value in [example(&schema), smallest(&schema)] {
                let validator = jsonschema::validator_for(&schema).unwrap();
                if let Err(error) = validator.validate(&value) {
                    panic!("{schema}\n{value}\n{error}");
                }
            }
        }
        // Nothing satisfies this schema; the test only checks that generation
        // ends.
        example(&json!({"$ref": "#"}));
    }

    #[test]
    fn an_example_has_all_its_properties() {
        let schema = json!({
            "type": "object",
            "properties": {"title": {"type": "string"}, "rating": {"type": "integer"}},
            "required": ["title"],
        });
        assert_eq!(example(&schema), json!({"title": "sandbox text", "rating": 1}));
        assert_eq!(smallest(&schema), json!({"title": "sandbox text"}));
    }
}
