//! Renders tables as JSON Schema.
//!
//! The dialect is draft-07, because form libraries contain a draft-07 validator and
//! fail on any other `$schema`. Only keywords that have the same meaning in 2020-12
//! are used. What JSON Schema cannot express becomes an annotation:
//!
//! | keyword               | meaning                                          |
//! |-----------------------|--------------------------------------------------|
//! | `x-type`              | the type of the property, if JSON has none for it |
//! | `x-control-type`      | the control, such as `TEXT_AREA`                 |
//! | `x-order`             | the position among its siblings                  |
//! | `x-group`             | the heading under which a form shows it          |
//! | `x-advanced`          | hide at first                                    |
//! | `x-display`           | how to display an output, such as `markdown`     |
//! | `x-secret`            | a credential                                     |
//! | `x-provider-default`  | the value the provider uses when none is given   |
//! | `x-choices`           | labels of an open list: `{value, label, description}` |
//! | `x-options-source`    | has dynamic choices: `{property, dependsOn}`     |
//! | `x-condition`         | the condition under which the property applies   |
//! | `x-display-condition` | the same condition as an expression              |
//! | `x-max-bytes`         | the maximum size of a file                       |
//! | `x-accept`            | the accepted file name extensions                |

use std::collections::HashMap;

use schemars::Schema;
use serde_json::{Map, Value, json};

use super::{FILE_MEMBERS, closed_choices, condition, is_template, plain, suggestions, text};
use crate::contract::table::{
    Choice, ControlType, Property, PropertyLimits, PropertyTable, PropertyType, plain_number,
};

const DIALECT: &str = "http://json-schema.org/draft-07/schema#";

/// RFC 3339 `partial-time` with optional seconds. The format `time` of JSON Schema is
/// a `full-time`, which requires an offset that a time of day does not have.
const PARTIAL_TIME: &str = r"^([01][0-9]|2[0-3]):[0-5][0-9](:([0-5][0-9]|60))?(\.[0-9]+)?$";

/// The JSON types. `string` comes first, because form libraries show the control of
/// the first type, and every form can edit text.
const ANY_TYPES: [&str; 6] = ["string", "number", "boolean", "array", "object", "null"];

/// The JSON Schema of an input or of a connection's settings.
pub fn schema(title: &str, description: &str, table: &PropertyTable) -> Schema {
    let mut schema = Map::new();
    put(&mut schema, "$schema", DIALECT);
    put_text(&mut schema, "title", title);
    put_text(&mut schema, "description", description);
    put(&mut schema, "type", "object");
    Scope { side: Side::Input, parent: String::new() }.members(&mut schema, table.as_slice(), None);
    Schema::from(schema)
}

/// The JSON Schema of an output. It allows members that are not in the table,
/// because a provider may add some to its responses.
pub fn output_schema(output: &Property) -> Schema {
    let mut schema = Map::new();
    put(&mut schema, "$schema", DIALECT);
    schema.extend(Scope { side: Side::Output, parent: String::new() }.property(output));
    Schema::from(schema)
}

/// What a schema describes.
#[derive(Clone, Copy, PartialEq)]
enum Side {
    /// An input. Members that are not in the table are mistakes.
    Input,
    /// An output.
    Output,
}

/// The place of a property in a document.
struct Scope {
    side: Side,
    /// The path of the parent object or array, as in `actions.options`.
    parent: String,
}

impl Scope {
    fn below(&self, step: &str) -> Self {
        let parent = match self.parent.as_str() {
            "" => step.to_owned(),
            parent => format!("{parent}{}{step}", if step == "[]" { "" } else { "." }),
        };
        Self { side: self.side, parent }
    }

    fn property(&self, property: &Property) -> Map<String, Value> {
        let mut schema = Map::new();
        put_text(&mut schema, "title", &property.label);
        put_text(&mut schema, "description", &property.description);
        let scope = match property.name.as_str() {
            "" => self.below("[]"),
            name => self.below(name),
        };
        match closed_choices(property) {
            Some(choices) if property.kind != PropertyType::Array => {
                put(&mut schema, "type", select_type(property.kind, choices));
                put(&mut schema, "oneOf", one_of(choices));
            }
            _ => scope.value(&mut schema, property),
        }
        self.limits(&mut schema, property);
        if let Some(default) = property.default.as_ref().filter(|value| !is_template(value)) {
            put(&mut schema, "default", default.clone());
        }
        if property.kind != PropertyType::Array {
            open_choices(&mut schema, property);
        }
        if property.secret {
            if property.kind == PropertyType::String {
                put(&mut schema, "format", "password");
            }
            put(&mut schema, "writeOnly", true);
            put(&mut schema, "x-secret", true);
            put(&mut schema, "airbyte_secret", true);
        }
        put_some(&mut schema, "contentMediaType", property.media_type.as_deref());
        scope.annotations(&mut schema, property);
        schema
    }

    /// Adds the keywords of a value without a closed list of choices.
    fn value(&self, schema: &mut Map<String, Value>, property: &Property) {
        match property.kind {
            // A list of all types is equivalent to no type, but rjsf shows
            // "unsupported field" if there is none, and a select of types for
            // `anyOf`. For a list of types it shows a text field.
            PropertyType::Any => put(schema, "type", json!(ANY_TYPES)),
            PropertyType::Array => {
                put(schema, "type", "array");
                self.items(schema, property);
            }
            PropertyType::Object => {
                put(schema, "type", "object");
                self.members(schema, &property.children, Some(property));
            }
            PropertyType::FileEntry => {
                put(schema, "type", "object");
                self.file(schema);
            }
            scalar => put_scalar(schema, scalar),
        }
    }

    fn items(&self, schema: &mut Map<String, Value>, property: &Property) {
        let mut items = property.children.first().map(|item| self.property(item));
        if property.choices.is_some() {
            let items = items.get_or_insert_default();
            if let Some(choices) = closed_choices(property) {
                let kind = property.children.first().map_or(PropertyType::Any, |item| item.kind);
                put(items, "type", select_type(kind, choices));
                put(items, "oneOf", one_of(choices));
            } else if !items.contains_key("type") {
                put(items, "type", json!(ANY_TYPES));
            }
            open_choices(items, property);
        }
        if let Some(items) = items {
            put(schema, "items", items);
        }
        if property.control == ControlType::MultiSelect {
            put(schema, "uniqueItems", true);
        }
    }

    /// Adds the members of an object. `map` is the property of the object, if it has
    /// one.
    ///
    /// A member with a condition is only declared below `then`, because this makes
    /// rjsf show and hide it.
    fn members(
        &self,
        schema: &mut Map<String, Value>,
        members: &[Property],
        map: Option<&Property>,
    ) {
        let mut always = Members::default();
        let mut conditional: Vec<(Value, Members)> = Vec::new();
        // The position of each condition by its text. Comparing thousands of long
        // conditions would be slow.
        let mut positions: HashMap<String, usize> = HashMap::new();
        for (order, member) in members.iter().enumerate() {
            let mut property = self.property(member);
            put(&mut property, "x-order", order);
            match condition::schema(member, members) {
                None => always.add(member, property),
                Some(holds) => {
                    let at = *positions.entry(holds.to_string()).or_insert(conditional.len());
                    match conditional.get_mut(at) {
                        Some((_, group)) => group.add(member, property),
                        None => {
                            let mut group = Members::default();
                            group.add(member, property);
                            conditional.push((holds, group));
                        }
                    }
                }
            }
        }
        let is_conditional = !conditional.is_empty();
        let is_free = members.is_empty() && map.is_some();
        if !is_free {
            always.put(schema);
        }
        if is_conditional {
            let rules = conditional.into_iter().map(|(holds, members)| {
                let mut then = Map::new();
                members.put(&mut then);
                json!({ "if": holds, "then": then })
            });
            put(schema, "allOf", rules.collect::<Vec<_>>());
        }
        // `additionalProperties` only considers the `properties` next to it and would
        // apply to the members below `then`. So at a level with conditions the schema
        // leaves unknown members to the host.
        if is_conditional {
            return;
        }
        match map.and_then(|map| map.values.as_deref()) {
            Some(shape) => put(schema, "additionalProperties", self.property(shape)),
            None if is_free => put(schema, "additionalProperties", true),
            None if self.side == Side::Input => put(schema, "additionalProperties", false),
            None => {}
        }
    }

    /// Adds the members of a file handle. For an input, only the URL is required; the
    /// host derives the rest from it. An output has all of them.
    fn file(&self, schema: &mut Map<String, Value>) {
        let members = FILE_MEMBERS
            .iter()
            .map(|(name, label)| ((*name).to_owned(), json!({ "title": label, "type": "string" })));
        put(schema, "properties", members.collect::<Map<_, _>>());
        let required = match self.side {
            Side::Input => json!(["url"]),
            Side::Output => json!(FILE_MEMBERS.map(|(name, _)| name)),
        };
        put(schema, "required", required);
    }

    fn limits(&self, schema: &mut Map<String, Value>, property: &Property) {
        let PropertyLimits {
            minimum,
            maximum,
            min_length,
            max_length,
            min_items,
            max_items,
            pattern,
            max_bytes,
            accept,
        } = &property.limits;
        let is_object = property.kind == PropertyType::Object;
        put_some(schema, "minimum", minimum.map(plain_number));
        put_some(schema, "maximum", maximum.map(plain_number));
        put_some(schema, "minLength", *min_length);
        put_some(schema, "maxLength", *max_length);
        // An empty list or map that is not required counts as not given. With a
        // minimum, rjsf would add items, which would be invalid.
        let must_be_given = property.required || property.name.is_empty();
        let min_items = min_items.filter(|_| must_be_given || self.side == Side::Output);
        put_some(schema, if is_object { "minProperties" } else { "minItems" }, min_items);
        put_some(schema, if is_object { "maxProperties" } else { "maxItems" }, *max_items);
        let pattern = pattern.as_ref().map(|pattern| pattern.anchored());
        match pattern.filter(|pattern| !pattern.contains("{{")) {
            Some(pattern) if is_object => {
                put(schema, "propertyNames", json!({ "pattern": pattern }));
            }
            Some(pattern) => put(schema, "pattern", pattern),
            None => {}
        }
        put_some(schema, "x-max-bytes", *max_bytes);
        if !accept.is_empty() {
            let accept: Vec<String> = accept.iter().map(|extension| text(extension)).collect();
            put(schema, "x-accept", accept);
        }
    }

    fn annotations(&self, schema: &mut Map<String, Value>, property: &Property) {
        if !matches!(
            property.kind,
            PropertyType::String
                | PropertyType::Integer
                | PropertyType::Number
                | PropertyType::Boolean
                | PropertyType::Array
                | PropertyType::Object
        ) {
            put(schema, "x-type", property.kind.name());
        }
        put(schema, "x-control-type", property.control.name());
        put_some(schema, "x-group", property.group.as_deref().map(text));
        if property.advanced {
            put(schema, "x-advanced", true);
        }
        if property.deprecated {
            put(schema, "deprecated", true);
        }
        put_some(schema, "x-display", property.display.as_deref());
        if let Some(value) = property.provider_default.as_ref().filter(|value| !is_template(value))
        {
            put(schema, "x-provider-default", value.clone());
        }
        if let Some(depends_on) =
            property.choices.as_ref().and_then(|choices| choices.dynamic.as_ref())
        {
            let depends_on: Vec<String> = depends_on.iter().map(|name| text(name)).collect();
            let source = json!({ "property": text(&self.parent), "dependsOn": depends_on });
            put(schema, "x-options-source", source);
        }
        if let Some(condition) = &property.condition
            && !condition.values.iter().any(is_template)
        {
            put(schema, "x-condition", json!(condition));
            put(schema, "x-display-condition", condition::expression(condition));
        }
    }
}

/// The members of one level with the same condition.
#[derive(Default)]
struct Members {
    properties: Map<String, Value>,
    required: Vec<String>,
}

impl Members {
    fn add(&mut self, member: &Property, schema: Map<String, Value>) {
        self.properties.insert(member.name.clone(), Value::Object(schema));
        // The host fills in defaults before it checks for missing members.
        if member.required && member.default.is_none() {
            self.required.push(member.name.clone());
        }
    }

    fn put(self, schema: &mut Map<String, Value>) {
        put(schema, "properties", self.properties);
        if !self.required.is_empty() {
            put(schema, "required", self.required);
        }
    }
}

/// The `type` of a property with a closed list. The list alone decides what is valid;
/// the type is for form libraries. rjsf finds no control without a type, or for the
/// type `array` or `object` alone. It uses the first of several types, so `string`
/// comes first unless the property is a number or a boolean.
fn select_type(kind: PropertyType, choices: &[Choice]) -> Value {
    match kind {
        PropertyType::Integer => return json!("integer"),
        PropertyType::Number => return json!("number"),
        PropertyType::Boolean => return json!("boolean"),
        _ => {}
    }
    let mut types = vec!["string"];
    for choice in choices {
        let name = match choice.value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        if !types.contains(&name) {
            types.push(name);
        }
    }
    match types.as_slice() {
        [name] => json!(name),
        types => json!(types),
    }
}

fn one_of(choices: &[Choice]) -> Vec<Value> {
    let each = choices.iter().map(|choice| {
        let mut schema = Map::new();
        put(&mut schema, "const", choice.value.clone());
        put_text(&mut schema, "title", &choice.label);
        put_text(&mut schema, "description", choice.description.as_deref().unwrap_or_default());
        Value::Object(schema)
    });
    each.collect()
}

/// Adds the choices of an open list as suggestions. `examples` has no labels, so
/// `x-choices` adds them if they differ from the values.
fn open_choices(schema: &mut Map<String, Value>, property: &Property) {
    let known = suggestions(property);
    if known.is_empty() {
        return;
    }
    let values: Vec<&Value> = known.iter().map(|choice| &choice.value).collect();
    put(schema, "examples", json!(values));
    let says_more =
        |choice: &&Choice| choice.description.is_some() || choice.label != plain(&choice.value);
    if known.iter().any(says_more) {
        let choices = known.iter().map(|choice| {
            let mut entry = Map::new();
            put(&mut entry, "value", choice.value.clone());
            put_text(&mut entry, "label", &choice.label);
            put_text(&mut entry, "description", choice.description.as_deref().unwrap_or_default());
            Value::Object(entry)
        });
        put(schema, "x-choices", choices.collect::<Vec<_>>());
    }
}

/// Adds the keywords of a scalar type.
pub(super) fn put_scalar(schema: &mut Map<String, Value>, kind: PropertyType) {
    let (name, format) = match kind {
        PropertyType::Integer => ("integer", None),
        PropertyType::Number => ("number", None),
        PropertyType::Boolean => ("boolean", None),
        PropertyType::Date => ("string", Some(("format", "date"))),
        PropertyType::DateTime => ("string", Some(("format", "date-time"))),
        PropertyType::Time => ("string", Some(("pattern", PARTIAL_TIME))),
        _ => ("string", None),
    };
    put(schema, "type", name);
    if let Some((keyword, value)) = format {
        put(schema, keyword, value);
    }
}

pub(super) fn put(schema: &mut Map<String, Value>, keyword: &str, value: impl Into<Value>) {
    schema.insert(keyword.to_owned(), value.into());
}

pub(super) fn put_some(
    schema: &mut Map<String, Value>,
    keyword: &str,
    value: Option<impl Into<Value>>,
) {
    if let Some(value) = value {
        put(schema, keyword, value);
    }
}

pub(super) fn put_text(schema: &mut Map<String, Value>, keyword: &str, value: &str) {
    if !value.is_empty() {
        put(schema, keyword, text(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::table::{Choices, Comparison, Pattern};
    use crate::fixture::{array, closed, object, open, row, shape, string, when};

    /// The schema, checked to be valid in both dialects.
    fn rendered(table: Vec<Property>) -> Value {
        let schema = schema("Title", "", &table.into()).to_value();
        assert!(jsonschema::draft7::meta::is_valid(&schema), "{schema}");
        assert!(jsonschema::draft202012::meta::is_valid(&schema), "{schema}");
        schema
    }

    /// The schema of a table's first property.
    fn first(property: Property) -> Value {
        let name = property.name.clone();
        rendered(vec![property])["properties"][name].take()
    }

    /// Checks instances against the schema in both dialects.
    fn check(table: Vec<Property>, accepted: &[Value], refused: &[Value]) {
        let mut schema = rendered(table);
        for (instances, expected) in [(accepted, true), (refused, false)] {
            for instance in instances {
                assert_eq!(
                    jsonschema::draft7::is_valid(&schema, instance),
                    expected,
                    "{instance} {schema}"
                );
            }
        }
        schema.as_object_mut().unwrap().shift_remove("$schema");
        for (instances, expected) in [(accepted, true), (refused, false)] {
            for instance in instances {
                assert_eq!(
                    jsonschema::draft202012::is_valid(&schema, instance),
                    expected,
                    "{instance} {schema}"
                );
            }
        }
    }

    fn required(property: Property) -> Property {
        Property { required: true, ..property }
    }

    fn format(default: Option<Value>) -> Property {
        Property {
            label: "Format".to_owned(),
            default,
            choices: closed(&[("Text", json!(0)), ("Object", json!(1)), ("List", json!(2))]),
            ..row("format", PropertyType::Integer, ControlType::Select)
        }
    }

    fn answer_schema() -> Property {
        Property {
            condition: when("format", Comparison::NoneOf, &[json!(0)]),
            ..required(row("schema", PropertyType::String, ControlType::TextArea))
        }
    }

    #[test]
    fn renders_a_complete_schema() {
        let model = Property {
            label: "Model".to_owned(),
            description: "Which one.".to_owned(),
            choices: open(&[("Big", json!("big-1")), ("small-1", json!("small-1"))])
                .map(|choices| Choices { dynamic: Some(Vec::new()), ..choices }),
            ..required(row("model", PropertyType::String, ControlType::Select))
        };
        let temperature = Property {
            advanced: true,
            provider_default: Some(json!(1)),
            limits: PropertyLimits {
                minimum: Some(0.0),
                maximum: Some(2.0),
                ..PropertyLimits::default()
            },
            ..row("temperature", PropertyType::Number, ControlType::Number)
        };
        let table = vec![model, format(Some(json!(0))), answer_schema(), temperature];
        insta::assert_json_snapshot!(rendered(table), @r###"
        {
          "$schema": "http://json-schema.org/draft-07/schema#",
          "title": "Title",
          "type": "object",
          "properties": {
            "model": {
              "title": "Model",
              "description": "Which one.",
              "type": "string",
              "examples": [
                "big-1",
                "small-1"
              ],
              "x-choices": [
                {
                  "value": "big-1",
                  "label": "Big"
                },
                {
                  "value": "small-1",
                  "label": "small-1"
                }
              ],
              "x-control-type": "SELECT",
              "x-options-source": {
                "property": "model",
                "dependsOn": []
              },
              "x-order": 0
            },
            "format": {
              "title": "Format",
              "type": "integer",
              "oneOf": [
                {
                  "const": 0,
                  "title": "Text"
                },
                {
                  "const": 1,
                  "title": "Object"
                },
                {
                  "const": 2,
                  "title": "List"
                }
              ],
              "default": 0,
              "x-control-type": "SELECT",
              "x-order": 1
            },
            "temperature": {
              "title": "temperature",
              "type": "number",
              "minimum": 0,
              "maximum": 2,
              "x-control-type": "NUMBER",
              "x-advanced": true,
              "x-provider-default": 1,
              "x-order": 3
            }
          },
          "required": [
            "model"
          ],
          "allOf": [
            {
              "if": {
                "properties": {
                  "format": {
                    "not": {
                      "const": 0
                    }
                  }
                },
                "required": [
                  "format"
                ]
              },
              "then": {
                "properties": {
                  "schema": {
                    "title": "schema",
                    "type": "string",
                    "x-control-type": "TEXT_AREA",
                    "x-condition": {
                      "property": "format",
                      "matches": "none-of",
                      "values": [
                        0
                      ]
                    },
                    "x-display-condition": "format != 0",
                    "x-order": 2
                  }
                },
                "required": [
                  "schema"
                ]
              }
            }
          ]
        }
        "###);
    }

    #[test]
    fn members_are_in_the_order_of_the_table() {
        let schema = rendered(vec![string("b"), string("a"), string("c")]);
        let names: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
        assert_eq!(names, ["b", "a", "c"]);
        assert_eq!(schema["properties"]["c"]["x-order"], json!(2));
    }

    #[test]
    fn an_unknown_member_is_a_mistake() {
        check(vec![string("a")], &[json!({}), json!({"a": "x"})], &[json!({"b": "x"})]);
        check(Vec::new(), &[json!({})], &[json!({"b": 1})]);
    }

    #[test]
    fn a_required_member_with_a_default_can_be_absent() {
        let a = required(string("a"));
        check(vec![a.clone()], &[json!({"a": "x"})], &[json!({})]);
        check(vec![Property { default: Some(json!("x")), ..a }], &[json!({})], &[]);
    }

    #[test]
    fn renders_every_type() {
        let each = |kind, accepted: &[Value], refused: &[Value]| {
            let instances = |values: &[Value]| -> Vec<Value> {
                values.iter().map(|value| json!({ "a": value })).collect()
            };
            check(
                vec![row("a", kind, ControlType::Text)],
                &instances(accepted),
                &instances(refused),
            );
        };
        each(PropertyType::String, &[json!("")], &[json!(1)]);
        each(PropertyType::Integer, &[json!(1), json!(1.0)], &[json!(1.5), json!("1")]);
        each(PropertyType::Number, &[json!(1.5)], &[json!("1")]);
        each(PropertyType::Boolean, &[json!(true)], &[json!("true")]);
        each(PropertyType::Date, &[json!("2026-01-31")], &[json!(1)]);
        each(PropertyType::Time, &[json!("13:30:00"), json!("13:30")], &[json!("24:00:00")]);
        each(PropertyType::Array, &[json!([1])], &[json!({})]);
        each(PropertyType::Object, &[json!({}), json!({"x": [1]})], &[json!([])]);
        let any =
            [json!("a"), json!(1), json!(1.5), json!(true), json!([1]), json!({}), json!(null)];
        each(PropertyType::Any, &any, &[]);
    }

    #[test]
    fn a_closed_list_of_strings_is_a_select() {
        let select = Property { choices: closed(&[("A", json!("a"))]), ..string("s") };
        let schema = first(select.clone());
        assert_eq!(schema["type"], json!("string"));
        assert_eq!(schema["oneOf"], json!([{ "const": "a", "title": "A" }]));
        check(vec![select], &[json!({"s": "a"})], &[json!({"s": "b"})]);
    }

    #[test]
    fn a_closed_list_of_any_values_lists_the_type_string_first() {
        let select = Property {
            choices: closed(&[("Square", json!([1, 1])), ("auto", json!("auto"))]),
            ..row("s", PropertyType::Any, ControlType::Select)
        };
        assert_eq!(first(select.clone())["type"], json!(["string", "array"]));
        check(
            vec![select],
            &[json!({"s": [1, 1]}), json!({"s": "auto"})],
            &[json!({"s": [1, 2]}), json!({"s": "x"})],
        );
        let texts = Property {
            choices: closed(&[("mp3", json!("mp3"))]),
            ..row("s", PropertyType::Any, ControlType::Select)
        };
        assert_eq!(first(texts)["type"], json!("string"));
    }

    #[test]
    fn an_open_list_allows_other_values() {
        let voice = Property {
            choices: open(&[("Alloy", json!("alloy"))]),
            ..row("voice", PropertyType::Any, ControlType::Select)
        };
        let schema = first(voice.clone());
        assert_eq!(schema["examples"], json!(["alloy"]));
        assert_eq!(schema["x-choices"], json!([{ "value": "alloy", "label": "Alloy" }]));
        check(
            vec![voice],
            &[json!({"voice": "alloy"}), json!({"voice": "new"}), json!({"voice": {"id": "x"}})],
            &[],
        );
    }

    #[test]
    fn a_list_that_can_grow_is_not_closed() {
        let model = Property {
            choices: closed(&[("a", json!("a"))])
                .map(|choices| Choices { dynamic: Some(vec!["kind".to_owned()]), ..choices }),
            ..string("model")
        };
        let schema = first(array("list", object("", vec![model.clone()])));
        assert_eq!(
            schema["items"]["properties"]["model"]["x-options-source"],
            json!({ "property": "list[].model", "dependsOn": ["kind"] })
        );
        check(vec![model], &[json!({"model": "b"})], &[json!({"model": 1})]);
    }

    #[test]
    fn an_array_holds_several_choices_of_a_closed_list() {
        let several = Property {
            choices: closed(&[("A", json!("a")), ("B", json!("b"))]),
            control: ControlType::MultiSelect,
            ..array("s", shape(PropertyType::String, ControlType::Select))
        };
        assert_eq!(first(several.clone())["items"]["type"], json!("string"));
        check(
            vec![several],
            &[json!({"s": ["a", "b"]}), json!({"s": []})],
            &[json!({"s": ["c"]}), json!({"s": ["a", "a"]}), json!({"s": "a"})],
        );
    }

    #[test]
    fn a_secret_is_marked_for_every_reader() {
        let secret = first(Property { secret: true, ..string("token") });
        assert_eq!(secret["format"], json!("password"));
        for mark in ["writeOnly", "x-secret", "airbyte_secret"] {
            assert_eq!(secret[mark], json!(true), "{mark}");
        }
    }

    #[test]
    fn the_providers_default_is_not_a_default() {
        let schema = first(Property { provider_default: Some(json!(1)), ..string("a") });
        assert_eq!(schema.get("default"), None);
        assert_eq!(schema["x-provider-default"], json!(1));
        let schema = first(Property { default: Some(json!("x")), ..string("a") });
        assert_eq!(schema["default"], json!("x"));
    }

    #[test]
    fn a_conditional_member_is_only_required_while_it_applies() {
        check(
            vec![format(Some(json!(0))), answer_schema()],
            &[
                json!({}),
                json!({"format": 0}),
                json!({"format": 1, "schema": "{}"}),
                // Left over in a form. The host drops it.
                json!({"format": 0, "schema": "{}"}),
            ],
            &[json!({"format": 1}), json!({"format": 2, "schema": 3})],
        );
    }

    #[test]
    fn a_default_that_meets_the_condition_makes_the_member_apply() {
        check(
            vec![format(Some(json!(1))), answer_schema()],
            &[json!({"schema": "{}"}), json!({"format": 0})],
            &[json!({})],
        );
    }

    #[test]
    fn members_with_the_same_condition_share_a_rule() {
        let other = Property { name: "other".to_owned(), required: false, ..answer_schema() };
        let schema = rendered(vec![format(None), answer_schema(), other]);
        assert_eq!(schema["allOf"].as_array().unwrap().len(), 1);
        assert_eq!(schema.get("additionalProperties"), None);
        let other = &schema["allOf"][0]["then"]["properties"]["other"];
        assert_eq!(other["x-display-condition"], json!("format != 0"));
        assert_eq!(
            other["x-condition"],
            json!({ "property": "format", "matches": "none-of", "values": [0] })
        );
    }

    #[test]
    fn conditions_hold_at_every_level() {
        let item = object("", vec![format(None), answer_schema()]);
        check(
            vec![array("list", item)],
            &[json!({"list": [{"format": 0}, {"format": 1, "schema": "{}"}]})],
            &[json!({"list": [{"format": 1}]})],
        );
    }

    #[test]
    fn renders_every_limit() {
        let limited = |kind, limits| Property { limits, ..row("a", kind, ControlType::Text) };
        let range =
            PropertyLimits { minimum: Some(-2.0), maximum: Some(0.5), ..PropertyLimits::default() };
        let number = limited(PropertyType::Number, range);
        assert_eq!(first(number.clone())["minimum"].to_string(), "-2");
        check(
            vec![number],
            &[json!({"a": -2}), json!({"a": 0.5})],
            &[json!({"a": -2.1}), json!({"a": 1})],
        );
        let length = PropertyLimits {
            min_length: Some(1),
            max_length: Some(2),
            ..PropertyLimits::default()
        };
        check(
            vec![limited(PropertyType::String, length)],
            &[json!({"a": "ää"})],
            &[json!({"a": ""}), json!({"a": "abc"})],
        );
        let pattern = Pattern::new("a|b".to_owned()).unwrap();
        let matching = PropertyLimits { pattern: Some(pattern), ..PropertyLimits::default() };
        check(
            vec![limited(PropertyType::String, matching)],
            &[json!({"a": "b"})],
            &[json!({"a": "ab"})],
        );
        let items =
            PropertyLimits { min_items: Some(1), max_items: Some(2), ..PropertyLimits::default() };
        let list = limited(PropertyType::Array, items);
        check(
            vec![required(list.clone())],
            &[json!({"a": [1]})],
            &[json!({"a": []}), json!({"a": [1, 2, 3]})],
        );
        check(vec![list], &[json!({}), json!({"a": []})], &[json!({"a": [1, 2, 3]})]);
    }

    #[test]
    fn a_map_limits_its_keys_and_values() {
        let pattern = Pattern::new("[0-9]+".to_owned()).unwrap();
        let bias = Property {
            limits: PropertyLimits {
                pattern: Some(pattern),
                max_items: Some(2),
                ..PropertyLimits::default()
            },
            values: Some(Box::new(Property {
                limits: PropertyLimits { maximum: Some(100.0), ..PropertyLimits::default() },
                ..shape(PropertyType::Number, ControlType::Number)
            })),
            ..object("bias", Vec::new())
        };
        check(
            vec![bias],
            &[json!({"bias": {"12": 100}}), json!({"bias": {}})],
            &[
                json!({"bias": {"x": 1}}),
                json!({"bias": {"1": 101}}),
                json!({"bias": {"1": 1, "2": 2, "3": 3}}),
            ],
        );
    }

    #[test]
    fn a_file_needs_its_url() {
        let file = Property {
            limits: PropertyLimits {
                max_bytes: Some(10),
                accept: vec!["mp3".to_owned()],
                ..PropertyLimits::default()
            },
            ..row("file", PropertyType::FileEntry, ControlType::FileEntry)
        };
        let schema = first(file.clone());
        assert_eq!(schema["x-type"], json!("FILE_ENTRY"));
        assert_eq!(schema["x-max-bytes"], json!(10));
        assert_eq!(schema["x-accept"], json!(["mp3"]));
        check(
            vec![file],
            &[json!({"file": {"url": "file:///a.mp3"}})],
            &[json!({"file": {"name": "a.mp3"}}), json!({"file": "a.mp3"})],
        );
    }

    #[test]
    fn an_output_may_contain_members_that_are_not_in_its_table() {
        let data = array("data", object("", vec![string("url"), required(string("id"))]));
        let schema = output_schema(&object("", vec![data])).to_value();
        assert!(jsonschema::draft7::meta::is_valid(&schema), "{schema}");
        let is_valid = |instance| jsonschema::is_valid(&schema, &instance);
        assert!(is_valid(json!({ "data": [{ "id": "1", "further": 1 }], "further": 1 })));
        assert!(is_valid(json!({})));
        assert!(!is_valid(json!({ "data": [{ "url": "x" }] })));
    }

    #[test]
    fn a_file_as_output_is_complete() {
        let file = row("", PropertyType::FileEntry, ControlType::FileEntry);
        let schema = output_schema(&file).to_value();
        assert_eq!(schema["required"], json!(["extension", "mimeType", "name", "url"]));
    }
}
