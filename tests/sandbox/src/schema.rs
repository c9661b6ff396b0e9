//! A value that satisfies a JSON schema.
//!
//! This is how the sandbox answers when it is asked for structured output or
//! calls a tool. It follows what schemas of answers use: types, enumerations,
//! bounds, lengths, formats, simple patterns, references, and combinations.
//! `not`, `if` and their kin, which a sampler cannot follow either, are left
//! to luck.

use std::cell::Cell;

use serde_json::Map;
use serde_json::Number;
use serde_json::Value;
use serde_json::json;

use crate::pattern;

/// Below this level only what is required is made, which ends recursion that
/// can end.
const SPARE_BELOW: usize = 4;

/// How deep values are nested, and how long a chain of references is followed,
/// before giving up, which ends recursion that cannot.
const MAX_DEPTH: usize = 64;

/// How many schemas are followed in all, which ends recursion that branches.
const BUDGET: usize = 20_000;

/// How many items or characters are made at most.
const MAX_SIZE: usize = 16 * 1024;

/// How often lengths are tried to suit both a pattern and a minimum.
const PATTERN_TRIES: usize = 256;

/// Makes a value for a schema, with everything that it may hold.
pub(crate) fn example(schema: &Value) -> Value {
    make(schema, 0)
}

/// Makes a value for a schema, with what it must hold: as models do for the
/// arguments of functions.
pub(crate) fn smallest(schema: &Value) -> Value {
    make(schema, SPARE_BELOW + 1)
}

fn make(schema: &Value, depth: usize) -> Value {
    let maker = Maker { root: schema, budget: Cell::new(BUDGET) };
    maker.value(schema, Place { depth, nth: 0 })
}

struct Maker<'a> {
    root: &'a Value,
    budget: Cell<usize>,
}

/// Where a value goes.
#[derive(Clone, Copy)]
struct Place {
    depth: usize,
    /// Which of its siblings in an array the value is, so that they differ.
    nth: usize,
}

impl Place {
    fn inside(self) -> Place {
        Place { depth: self.depth + 1, ..self }
    }

    fn is_spare(self) -> bool {
        SPARE_BELOW < self.depth
    }
}

impl Maker<'_> {
    fn value(&self, schema: &Value, place: Place) -> Value {
        let Value::Object(schema) = schema else { return json!("sandbox value") };
        let schema = self.flatten(schema, place, 0);
        if let Some(value) = given(&schema, place) {
            return value;
        }
        match kind(&schema, place) {
            _ if self.budget.get() == 0 || MAX_DEPTH < place.depth => Value::Null,
            "null" => Value::Null,
            "boolean" => Value::Bool(place.nth.is_multiple_of(2)),
            "integer" => integer(&schema, place),
            "number" => number(&schema, place),
            "array" => self.array(&schema, place),
            "object" => self.object(&schema, place),
            _ => Value::String(string(&schema, place)),
        }
    }

    /// A schema without references and combinations: what they bring in is
    /// merged, and of alternatives one is chosen.
    fn flatten(
        &self,
        schema: &Map<String, Value>,
        place: Place,
        hops: usize,
    ) -> Map<String, Value> {
        let mut flat = Map::new();
        let budget = self.budget.get();
        if budget == 0 || MAX_DEPTH < hops {
            return flat;
        }
        self.budget.set(budget - 1);
        let mut include = |part: &Value| {
            if let Value::Object(part) = part {
                merge(&mut flat, self.flatten(part, place, hops + 1));
            }
        };
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            self.resolve(target).into_iter().for_each(&mut include);
        }
        let all = schema.get("allOf").and_then(Value::as_array);
        all.into_iter().flatten().for_each(&mut include);
        for name in ["anyOf", "oneOf"] {
            let branches = schema.get(name).and_then(Value::as_array);
            branches
                .and_then(|branches| choose(branches, place))
                .into_iter()
                .for_each(&mut include);
        }
        let combinations = ["$ref", "allOf", "anyOf", "oneOf"];
        let own = schema.iter().filter(|(key, _)| !combinations.contains(&key.as_str()));
        merge(&mut flat, own.map(|(key, value)| (key.clone(), value.clone())).collect());
        flat
    }

    fn resolve(&self, target: &str) -> Option<&Value> {
        self.root.pointer(target.strip_prefix('#')?)
    }

    fn array(&self, schema: &Map<String, Value>, place: Place) -> Value {
        let first = schema.get("prefixItems").and_then(Value::as_array);
        let first = first.map_or(&[][..], Vec::as_slice);
        let items = schema.get("items");
        let least = size(schema, "minItems").unwrap_or(0);
        let wanted = match items {
            Some(Value::Bool(false)) => first.len(),
            _ if place.is_spare() => least,
            _ => least.max(first.len()).max(1),
        };
        let length = wanted.min(size(schema, "maxItems").unwrap_or(usize::MAX));
        let anything = Value::Bool(true);
        let item = |nth: usize| {
            let schema = first.get(nth).or(items).unwrap_or(&anything);
            self.value(schema, Place { nth, ..place.inside() })
        };
        (0..length).map(item).collect()
    }

    fn object(&self, schema: &Map<String, Value>, place: Place) -> Value {
        let properties = schema.get("properties").and_then(Value::as_object);
        let required = schema.get("required").and_then(Value::as_array);
        let required: Vec<&str> =
            required.into_iter().flatten().filter_map(Value::as_str).collect();
        let mut object = Map::new();
        for (name, property) in properties.into_iter().flatten() {
            let is_possible = *property != Value::Bool(false);
            if is_possible && (!place.is_spare() || required.contains(&name.as_str())) {
                object.insert(name.clone(), self.value(property, place.inside()));
            }
        }
        let anything = Value::Bool(true);
        let others = schema.get("additionalProperties").unwrap_or(&anything);
        let other = || self.value(others, place.inside());
        for name in required {
            object.entry(name).or_insert_with(other);
        }
        let least = size(schema, "minProperties").unwrap_or(0);
        for number in object.len()..least {
            object.insert(format!("key{number}"), other());
        }
        Value::Object(object)
    }
}

/// Adds the keys of one schema to another. Properties and required names come
/// together, bounds get narrower; of anything else the latest wins.
fn merge(into: &mut Map<String, Value>, from: Map<String, Value>) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(Value::Object(old)), Value::Object(new)) if key == "properties" => {
                old.extend(new);
            }
            (Some(Value::Array(old)), Value::Array(new)) if key == "required" => old.extend(new),
            (Some(Value::Number(old)), Value::Number(new)) => *old = narrower(&key, old, new),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

/// The stricter of two values of a numeric keyword.
fn narrower(key: &str, old: &Number, new: Number) -> Number {
    let is_lower = new.as_f64() < old.as_f64();
    let wants_lower = key.starts_with("max") || key.ends_with("Maximum");
    if is_lower == wants_lower { new } else { old.clone() }
}

/// The branch to follow: the first, or deep down one that cannot recurse.
fn choose(branches: &[Value], place: Place) -> Option<&Value> {
    let is_flat = |branch: &&Value| {
        branch
            .get("type")
            .and_then(Value::as_str)
            .is_some_and(|kind| !matches!(kind, "object" | "array"))
    };
    let flat = branches.iter().find(is_flat).filter(|_| place.is_spare());
    flat.or(branches.first())
}

/// A value that the schema itself states.
fn given(schema: &Map<String, Value>, place: Place) -> Option<Value> {
    if let Some(value) = schema.get("const") {
        return Some(value.clone());
    }
    let choices = schema.get("enum").and_then(Value::as_array)?;
    choices.iter().cycle().nth(place.nth % choices.len().max(1)).cloned()
}

/// The type to make: the one stated, or the one that the keywords suggest.
fn kind(schema: &Map<String, Value>, place: Place) -> &str {
    match schema.get("type") {
        Some(Value::String(kind)) => return kind,
        Some(Value::Array(kinds)) => {
            let mut names = kinds.iter().filter_map(Value::as_str);
            let null = names.clone().find(|name| *name == "null" && place.is_spare());
            return null.or(names.find(|name| *name != "null")).unwrap_or("null");
        }
        _ => {}
    }
    let has = |names: &[&str]| names.iter().any(|name| schema.contains_key(*name));
    if has(&["properties", "required", "additionalProperties", "minProperties"]) {
        "object"
    } else if has(&["items", "prefixItems", "minItems", "maxItems"]) {
        "array"
    } else if has(&["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]) {
        "number"
    } else {
        "string"
    }
}

fn integer(schema: &Map<String, Value>, place: Place) -> Value {
    let step = bound(schema, "multipleOf").map_or(1.0, |step| step.max(1.0));
    let low = bound(schema, "minimum").map(f64::ceil);
    let low =
        tighter(low, bound(schema, "exclusiveMinimum").map(|low| low.floor() + 1.0), f64::max);
    let high = bound(schema, "maximum").map(f64::floor);
    let high =
        tighter(high, bound(schema, "exclusiveMaximum").map(|high| high.ceil() - 1.0), f64::min);
    // Float to integer casts saturate, so that even odd bounds stay in range.
    json!(pick(low, high, step, 1.0, place) as i64)
}

fn number(schema: &Map<String, Value>, place: Place) -> Value {
    let (exclusive_low, exclusive_high) =
        (bound(schema, "exclusiveMinimum"), bound(schema, "exclusiveMaximum"));
    let low = tighter(bound(schema, "minimum"), exclusive_low, f64::max);
    let high = tighter(bound(schema, "maximum"), exclusive_high, f64::min);
    if let Some(step) = bound(schema, "multipleOf").filter(|step| 0.0 < *step) {
        // Off the excluded ends by one step.
        let low = if exclusive_low.is_some() && low == exclusive_low {
            low.map(|low| (low / step).floor() * step + step)
        } else {
            low
        };
        return json!(pick(low, high, step, step, place));
    }
    // Between the bounds, which suits exclusive ones too.
    let value = match (low, high) {
        (Some(low), Some(high)) => low + (high - low) / (2.0 + place.nth as f64),
        (Some(low), None) => low.floor() + 1.5 + place.nth as f64,
        (None, Some(high)) => high.ceil() - 1.5 - place.nth as f64,
        (None, None) => 1.5 + place.nth as f64,
    };
    json!(value)
}

/// A multiple of `step` within bounds: near `preferred`, further for later
/// siblings.
fn pick(low: Option<f64>, high: Option<f64>, step: f64, preferred: f64, place: Place) -> f64 {
    let start = match (low, high) {
        (Some(low), _) if preferred < low => low,
        (_, Some(high)) if high < preferred => {
            let lowest = low.unwrap_or(f64::MIN);
            ((high / step).floor() * step - place.nth as f64 * step).max(lowest)
        }
        _ => preferred,
    };
    let first = (start / step).ceil() * step;
    let value = first + place.nth as f64 * step;
    match high {
        Some(high) if high < value => first.min(high),
        _ => value,
    }
}

fn tighter(a: Option<f64>, b: Option<f64>, choose: fn(f64, f64) -> f64) -> Option<f64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(choose(a, b)),
        _ => a.or(b),
    }
}

fn bound(schema: &Map<String, Value>, name: &str) -> Option<f64> {
    schema.get(name).and_then(Value::as_f64)
}

fn size(schema: &Map<String, Value>, name: &str) -> Option<usize> {
    schema
        .get(name)
        .and_then(Value::as_u64)
        .map(|size| usize::try_from(size).unwrap_or(MAX_SIZE).min(MAX_SIZE))
}

fn string(schema: &Map<String, Value>, place: Place) -> String {
    let least = size(schema, "minLength").unwrap_or(0);
    let most = size(schema, "maxLength").unwrap_or(usize::MAX);
    let text = |name| schema.get(name).and_then(Value::as_str);
    if let Some(made) = text("pattern").and_then(|pattern| matching(pattern, least)) {
        return made;
    }
    if let Some(made) = text("format").and_then(|format| formatted(format, place.nth)) {
        return made;
    }
    let base = match place.nth {
        0 => "sandbox text".to_owned(),
        // The number comes first, so that a short limit does not cut it off.
        nth => format!("{} sandbox text", nth + 1),
    };
    let length = base.len().max(least).min(most);
    base.chars().chain(" sandbox text".chars().cycle()).take(length).collect()
}

/// A string for a pattern, made longer until it is long enough.
fn matching(pattern: &str, least: usize) -> Option<String> {
    let mut lengths = (0..PATTERN_TRIES).map_while(|extra| pattern::sample(pattern, extra));
    lengths.find(|made| least <= made.chars().count())
}

fn formatted(format: &str, nth: usize) -> Option<String> {
    let day = nth % 28 + 1;
    Some(match format {
        "date-time" => format!("2026-01-{day:02}T12:00:00Z"),
        "date" => format!("2026-01-{day:02}"),
        "time" => format!("12:{:02}:00Z", nth % 60),
        "duration" => format!("PT{}H", nth + 1),
        "email" | "idn-email" => format!("sandbox{nth}@example.com"),
        "hostname" | "idn-hostname" => format!("sandbox{nth}.example.com"),
        "ipv4" => format!("192.0.2.{}", nth % 254 + 1),
        "ipv6" => format!("2001:db8::{:x}", nth % 0xffff + 1),
        "uuid" => format!("00000000-0000-4000-8000-{nth:012x}"),
        "uri" | "url" | "iri" => format!("https://example.com/sandbox/{nth}"),
        "uri-reference" | "iri-reference" => format!("/sandbox/{nth}"),
        "json-pointer" => format!("/sandbox/{nth}"),
        "regex" => "^sandbox$".to_owned(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Makes a value and has it checked by a validator of independent origin.
    fn check(schema: Value) -> Value {
        let value = example(&schema);
        let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
        if let Err(error) = validator.validate(&value) {
            panic!("{schema}\n{value}\n{error}");
        }
        value
    }

    #[test]
    fn values_satisfy_their_schemas() {
        for schema in [
            json!({}),
            json!({"type": "null"}),
            json!({"type": ["null", "integer"]}),
            json!({"const": {"a": 1}}),
            json!({"enum": ["a", "b"]}),
            json!({"type": "integer", "minimum": 5}),
            json!({"type": "integer", "minimum": 4.2, "maximum": 5.9}),
            json!({"type": "integer", "exclusiveMinimum": 5, "exclusiveMaximum": 7}),
            json!({"type": "integer", "maximum": -3}),
            json!({"type": "integer", "multipleOf": 7, "minimum": 15}),
            json!({"type": "integer", "multipleOf": 7, "maximum": -1}),
            json!({"type": "number"}),
            json!({"type": "number", "minimum": 0, "maximum": 1}),
            json!({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.5}),
            json!({"type": "number", "exclusiveMaximum": -10}),
            json!({"type": "number", "multipleOf": 0.5, "exclusiveMinimum": 2}),
            json!({"minimum": 100}),
            json!({"type": "string", "minLength": 40}),
            json!({"type": "string", "maxLength": 3}),
            json!({"type": "string", "pattern": "^[A-Z]{3}-\\d{4}$"}),
            json!({"type": "string", "pattern": "^\\w+$", "minLength": 12}),
            json!({"type": "array", "items": {"type": "string"}, "minItems": 3, "uniqueItems": true}),
            json!({"type": "array", "items": {"type": "integer", "minimum": 2}, "minItems": 3,
                   "uniqueItems": true}),
            json!({"type": "array", "items": {"type": "number", "minimum": 0, "maximum": 1},
                   "minItems": 3, "uniqueItems": true}),
            json!({"type": "array", "items": {"enum": [1, 2, 3]}, "minItems": 3,
                   "uniqueItems": true}),
            json!({"type": "array", "items": {"type": "string", "format": "date"}, "minItems": 3,
                   "uniqueItems": true}),
            json!({"type": "array", "maxItems": 0, "items": {}}),
            json!({"type": "array", "prefixItems": [{"type": "integer"}, {"type": "null"}],
                   "items": false}),
            json!({"type": "object", "required": ["other"], "additionalProperties": {"type": "integer"}}),
            json!({"type": "object", "minProperties": 3}),
            json!({"type": "object", "properties": {"no": false, "yes": true}}),
            json!({"allOf": [
                {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
                {"properties": {"b": {"type": "string"}}, "required": ["b"]},
            ]}),
            json!({"allOf": [{"minimum": 5}, {"minimum": 9}, {"maximum": 12}, {"type": "integer"}]}),
            json!({"anyOf": [{"type": "integer"}, {"type": "string"}]}),
            json!({"oneOf": [{"type": "boolean"}, {"type": "string"}]}),
            json!({"$ref": "#/definitions/point", "definitions": {
                "point": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
            }}),
        ] {
            check(schema);
        }
    }

    #[test]
    fn formats_are_kept() {
        for format in [
            "date-time",
            "date",
            "time",
            "duration",
            "email",
            "hostname",
            "ipv4",
            "ipv6",
            "uuid",
            "uri",
            "uri-reference",
            "json-pointer",
            "regex",
            "unheard-of",
        ] {
            check(json!({"type": "string", "format": format}));
        }
    }

    #[test]
    fn recursion_ends() {
        check(json!({"$ref": "#/$defs/tree", "$defs": {"tree": {
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "children": {"type": "array", "items": {"$ref": "#/$defs/tree"}},
            },
            "required": ["name", "children"],
            "additionalProperties": false,
        }}}));
        check(json!({"$ref": "#/$defs/list", "$defs": {"list": {
            "type": "object",
            "properties": {
                "value": {"type": "integer"},
                "next": {"anyOf": [{"$ref": "#/$defs/list"}, {"type": "null"}]},
            },
            "required": ["value", "next"],
        }}}));
        // Nothing satisfies these; that they end is all that can be asked.
        example(&json!({"$ref": "#"}));
        example(&json!({"type": "array", "minItems": 1000000000, "items": {"$ref": "#"}}));
        example(&json!({"allOf": [{"$ref": "#"}, {"$ref": "#"}]}));
    }

    #[test]
    fn an_object_has_all_its_properties() {
        let value = check(json!({
            "type": "object",
            "properties": {
                "title": {"type": "string"},
                "rating": {"type": "integer", "minimum": 1, "maximum": 5},
                "tags": {"type": "array", "items": {"type": "string"}},
            },
            "required": ["title"],
        }));
        assert_eq!(value, json!({"title": "sandbox text", "rating": 1, "tags": ["sandbox text"]}));
    }
}
