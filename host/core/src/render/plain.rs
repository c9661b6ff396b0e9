//! Renders tables as simple JSON Schema, for readers that only support its basics:
//! models and client generators.
//!
//! Providers reject a whole request if the schema of one tool has `allOf`, `anyOf`,
//! `oneOf`, `enum`, `not` or `if` at its root, or a property without a type.
//! Generators skip what is declared below `then`, and the whole operation with it.
//! So every member is in `properties`, and its description contains its condition
//! and everything else that simple keywords cannot express.

use serde_json::{Map, Value, json};

use super::schema::{put, put_scalar, put_some, put_text};
use super::{FILE_MEMBERS, closed_choices, condition, is_template, plain, suggestions};
use crate::contract::table::{
    Choice, Property, PropertyLimits, PropertyTable, PropertyType, plain_number, same,
};

/// The maximum number of choices listed in a description.
const MAX_LISTED: usize = 40;

/// The schema of an input for a model: the parameters of a function.
pub fn parameters(table: &PropertyTable) -> Value {
    root(Reader::Model, table)
}

/// The schema of an output for a model.
pub fn model_output(output: &Property) -> Value {
    Value::Object(Plain { reader: Reader::Model, side: Side::Output }.property(output, &[]))
}

/// The schema of an input in an OpenAPI document, which must contain a schema
/// `FileEntry`.
pub fn openapi_input(table: &PropertyTable) -> Value {
    root(Reader::Generator, table)
}

/// The schema of an output in an OpenAPI document: one of these shapes.
pub fn openapi_output(shapes: &[Property]) -> Value {
    let plain = Plain { reader: Reader::Generator, side: Side::Output };
    match shapes {
        [shape] => Value::Object(plain.property(shape, &[])),
        shapes => {
            let shapes: Vec<Value> =
                shapes.iter().map(|shape| Value::Object(plain.property(shape, &[]))).collect();
            json!({ "anyOf": shapes })
        }
    }
}

fn root(reader: Reader, table: &PropertyTable) -> Value {
    let mut schema = Map::new();
    put(&mut schema, "type", "object");
    Plain { reader, side: Side::Input }.members(&mut schema, table.as_slice());
    Value::Object(schema)
}

#[derive(Clone, Copy, PartialEq)]
enum Reader {
    /// A model. Its provider requires exactly one type for each property.
    Model,
    /// A client generator. A type that is too narrow would make the client reject
    /// valid values.
    Generator,
}

/// What a schema describes.
#[derive(Clone, Copy, PartialEq)]
enum Side {
    /// An input. Members that are not in the table are mistakes.
    Input,
    /// An output. The provider may add members that are not in the table.
    Output,
}

#[derive(Clone, Copy)]
struct Plain {
    reader: Reader,
    side: Side,
}

impl Plain {
    /// The schema of a property, one of the `members` of an object.
    fn property(self, property: &Property, members: &[Property]) -> Map<String, Value> {
        let mut rules = Map::new();
        self.value(&mut rules, property);
        if property.kind != PropertyType::Array {
            self.choices(&mut rules, property);
        }
        self.limits(&mut rules, property);
        if let Some(default) = property.default.as_ref().filter(|value| fits(&rules, value)) {
            put(&mut rules, "default", default.clone());
        }
        let mut schema = Map::new();
        put_text(&mut schema, "title", &property.label);
        put_text(&mut schema, "description", &self.description(property, members, &rules));
        schema.extend(rules);
        schema
    }

    fn value(self, schema: &mut Map<String, Value>, property: &Property) {
        match property.kind {
            PropertyType::Any if self.reader == Reader::Model => {
                put(schema, "type", type_of_any(property));
            }
            PropertyType::Any => {}
            PropertyType::Array => {
                put(schema, "type", "array");
                put(schema, "items", self.items(property));
            }
            PropertyType::Object => {
                put(schema, "type", "object");
                if property.children.is_empty() {
                    self.map(schema, property);
                } else {
                    self.members(schema, &property.children);
                }
            }
            PropertyType::FileEntry => self.file(schema),
            scalar => put_scalar(schema, scalar),
        }
    }

    /// The schema of an array's items, which includes the choices of the array.
    fn items(self, property: &Property) -> Map<String, Value> {
        let mut items = match property.children.first() {
            Some(item) => self.property(item, &[]),
            None if self.reader == Reader::Model => {
                let mut items = Map::new();
                put(&mut items, "type", type_of_any(property));
                items
            }
            None => Map::new(),
        };
        self.choices(&mut items, property);
        items
    }

    /// Adds the schema of a map's values.
    fn map(self, schema: &mut Map<String, Value>, property: &Property) {
        match property.values.as_deref() {
            Some(shape) => put(schema, "additionalProperties", self.property(shape, &[])),
            None => put(schema, "additionalProperties", true),
        }
    }

    fn members(self, schema: &mut Map<String, Value>, members: &[Property]) {
        let properties: Map<String, Value> = members
            .iter()
            .map(|member| (member.name.clone(), Value::Object(self.property(member, members))))
            .collect();
        put(schema, "properties", properties);
        // The host fills in defaults before it checks for missing members.
        let required: Vec<&str> = members
            .iter()
            .filter(|member| member.required && member.default.is_none())
            .filter(|member| member.condition.is_none())
            .map(|member| member.name.as_str())
            .collect();
        if !required.is_empty() {
            put(schema, "required", required);
        }
        if self.side == Side::Input {
            put(schema, "additionalProperties", false);
        }
    }

    /// Adds the schema of a file handle. For an input, only the URL is required; the
    /// host derives the rest from it.
    fn file(self, schema: &mut Map<String, Value>) {
        if self.reader == Reader::Generator {
            put(schema, "$ref", "#/components/schemas/FileEntry");
            return;
        }
        let members = FILE_MEMBERS
            .iter()
            .map(|(name, label)| ((*name).to_owned(), json!({ "title": label, "type": "string" })));
        put(schema, "type", "object");
        put(schema, "properties", members.collect::<Map<_, _>>());
        let required = match self.side {
            Side::Input => json!(["url"]),
            Side::Output => json!(FILE_MEMBERS.map(|(name, _)| name)),
        };
        put(schema, "required", required);
    }

    /// Adds the choices of a closed list that have the property's type.
    fn choices(self, schema: &mut Map<String, Value>, property: &Property) {
        let Some(choices) = closed_choices(property) else { return };
        let values: Vec<&Value> = choices
            .iter()
            .map(|choice| &choice.value)
            .filter(|value| has_type(schema, value))
            .collect();
        // Generators derive names from the values of an enumeration, which must be of
        // one type.
        let can_be_named = |values: &[&Value]| {
            values.iter().all(|value| value.is_string())
                || values.iter().all(|value| value.is_i64())
        };
        let is_known = !values.is_empty()
            && match self.reader {
                Reader::Model => true,
                Reader::Generator => can_be_named(&values),
            };
        // An enumeration of both booleans adds nothing.
        if is_known && schema.get("type") != Some(&json!("boolean")) {
            put(schema, "enum", json!(values));
        }
    }

    fn limits(self, schema: &mut Map<String, Value>, property: &Property) {
        let PropertyLimits {
            minimum,
            maximum,
            min_length,
            max_length,
            min_items,
            max_items,
            pattern,
            ..
        } = &property.limits;
        put_some(schema, "minimum", minimum.map(plain_number));
        put_some(schema, "maximum", maximum.map(plain_number));
        put_some(schema, "minLength", *min_length);
        put_some(schema, "maxLength", *max_length);
        // For an object, the description contains these limits.
        if property.kind == PropertyType::Object {
            return;
        }
        // An empty list that is not required counts as not given.
        let must_be_given = property.required || property.name.is_empty();
        let min_items = min_items.filter(|_| must_be_given || self.side == Side::Output);
        put_some(schema, "minItems", min_items);
        put_some(schema, "maxItems", *max_items);
        let pattern = pattern.as_ref().map(|pattern| pattern.anchored());
        put_some(schema, "pattern", pattern.filter(|pattern| !pattern.contains("{{")));
    }

    /// The description, with everything that the keywords do not express.
    fn description(
        self,
        property: &Property,
        members: &[Property],
        rules: &Map<String, Value>,
    ) -> String {
        let mut sentences = vec![property.description.clone()];
        if let Some(condition) = &property.condition {
            let must_be_given = property.required && property.default.is_none();
            let then = if must_be_given { ", in which case it is required" } else { "" };
            sentences.push(format!("Only if {}{then}.", condition::by_name(condition, members)));
        }
        if property.kind == PropertyType::Any
            && self.reader == Reader::Model
            && closed_choices(property).is_none()
        {
            sentences.push("Any other JSON value is also accepted.".to_owned());
        }
        sentences.extend(bounds(property));
        if let Some(value) = property.provider_default.as_ref().filter(|value| !is_template(value))
        {
            sentences.push(format!("Provider default: {}.", plain(value)));
        }
        sentences.retain(|sentence| !sentence.is_empty());
        let rules = rules.get("items").and_then(Value::as_object).unwrap_or(rules);
        let enumerated = rules.get("enum").and_then(Value::as_array).map_or(0, Vec::len);
        let is_enumerated =
            closed_choices(property).is_some_and(|choices| choices.len() == enumerated);
        let paragraphs = [sentences.join(" "), listed(property, is_enumerated)];
        let paragraphs = paragraphs.into_iter().filter(|paragraph| !paragraph.is_empty());
        paragraphs.collect::<Vec<_>>().join("\n")
    }
}

/// The type to use for a property that allows any value: the type of its choices if
/// it is simple, or a string, from which the host parses JSON.
fn type_of_any(property: &Property) -> &'static str {
    let choices = property.choices.as_ref().map_or(&[][..], |choices| &choices.known);
    let types: Vec<&str> = choices.iter().map(|choice| type_name(&choice.value)).collect();
    match types.first() {
        Some(first @ &("boolean" | "number")) if types.iter().all(|other| other == first) => first,
        _ => "string",
    }
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Whether a value has the type that a schema requires, if it requires one.
fn has_type(schema: &Map<String, Value>, value: &Value) -> bool {
    match schema.get("type").and_then(Value::as_str) {
        None => true,
        Some("integer") => value.is_number(),
        Some(name) => type_name(value) == name,
    }
}

/// The limits of files and maps, in words.
fn bounds(property: &Property) -> Vec<String> {
    let PropertyLimits { min_items, max_items, pattern, max_bytes, accept, .. } = &property.limits;
    let mut sentences = Vec::new();
    if !accept.is_empty() {
        sentences.push(format!("File types: {}.", accept.join(", ")));
    }
    if let Some(most) = max_bytes {
        sentences.push(format!("At most {most} bytes."));
    }
    if property.kind == PropertyType::Object {
        let pattern = pattern.as_ref().map(|pattern| pattern.source());
        sentences.extend(pattern.map(|pattern| format!("Keys match `{pattern}`.")));
        sentences.extend(min_items.map(|fewest| format!("Number of entries: at least {fewest}.")));
        sentences.extend(max_items.map(|most| format!("Number of entries: at most {most}.")));
    }
    sentences
}

/// The choices, unless an enumeration already contains everything about them.
fn listed(property: &Property, is_enumerated: bool) -> String {
    let is_closed = closed_choices(property).is_some();
    let title = if is_closed { "Values" } else { "Examples" };
    let choices: Vec<&Choice> = match closed_choices(property) {
        Some(choices) => choices.iter().collect(),
        None => suggestions(property),
    };
    let choices = choices.get(..choices.len().min(MAX_LISTED)).unwrap_or_default();
    let adds_information =
        |choice: &&Choice| choice.description.is_some() || choice.label != plain(&choice.value);
    if !choices.iter().any(adds_information) {
        let values: Vec<String> = choices.iter().map(|choice| plain(&choice.value)).collect();
        if values.is_empty() || is_enumerated {
            return String::new();
        }
        return format!("{title}: {}.", values.join(", "));
    }
    let lines = choices.iter().map(|choice| {
        let value = plain(&choice.value);
        let label = Some(choice.label.as_str()).filter(|label| *label != value);
        let about: Vec<&str> = label.into_iter().chain(choice.description.as_deref()).collect();
        match about.as_slice() {
            [] => format!("- {value}"),
            about => format!("- {value}: {}", about.join(". ")),
        }
    });
    format!("{title}:\n{}", lines.collect::<Vec<_>>().join("\n"))
}

/// Whether a value is a valid `default` alongside these keywords.
fn fits(rules: &Map<String, Value>, value: &Value) -> bool {
    let enumerated = rules.get("enum").and_then(Value::as_array);
    let is_listed = enumerated.is_none_or(|values| values.iter().any(|other| same(other, value)));
    is_listed && has_type(rules, value) && !is_template(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::table::{Comparison, ControlType};
    use crate::fixture::{array, closed, object, open, row, string, when};

    fn format() -> Property {
        Property {
            default: Some(json!(0)),
            choices: closed(&[("Text", json!(0)), ("Object", json!(1)), ("List", json!(2))]),
            ..row("format", PropertyType::Integer, ControlType::Select)
        }
    }

    /// The schemas of the property `a` for both readers, without the title.
    fn both(property: Property) -> [Value; 2] {
        let table = PropertyTable::from(vec![format(), property]);
        [parameters(&table), openapi_input(&table)].map(|mut schema| {
            assert!(jsonschema::draft202012::meta::is_valid(&schema), "{schema}");
            let mut property = schema["properties"]["a"].take();
            property.as_object_mut().unwrap().shift_remove("title");
            property
        })
    }

    #[track_caller]
    fn same_for_both(property: Property, expected: Value) {
        let [model, generator] = both(property);
        assert_eq!(model, expected);
        assert_eq!(generator, expected);
    }

    #[test]
    fn describes_a_condition_in_words() {
        let of = |matches, values: &[Value]| Property {
            condition: when("format", matches, values),
            description: "What.".to_owned(),
            required: true,
            ..string("a")
        };
        let words = |row: Property| both(row)[0]["description"].as_str().unwrap().to_owned();
        let none_of = of(Comparison::NoneOf, &[json!(0)]);
        assert_eq!(
            words(none_of.clone()),
            "What. Only if `format` is 1 (Object) or 2 (List), in which case it is required."
        );
        let optional = Property { required: false, ..none_of.clone() };
        assert_eq!(words(optional), "What. Only if `format` is 1 (Object) or 2 (List).");
        let present = of(Comparison::Present, &[]);
        assert_eq!(
            words(present),
            "What. Only if `format` is given, in which case it is required."
        );
        let schema = parameters(&vec![format(), none_of, required(string("b"))].into());
        assert_eq!(schema["required"], json!(["b"]));
        let keywords: Vec<&String> = schema.as_object().unwrap().keys().collect();
        assert_eq!(keywords, ["type", "properties", "required", "additionalProperties"]);
    }

    fn required(property: Property) -> Property {
        Property { required: true, ..property }
    }

    #[test]
    fn a_closed_list_is_an_enumeration() {
        let schema = parameters(&vec![format()].into());
        assert_eq!(
            schema["properties"]["format"],
            json!({
                "title": "format",
                "description": "Values:\n- 0: Text\n- 1: Object\n- 2: List",
                "type": "integer",
                "enum": [0, 1, 2],
                "default": 0,
            })
        );
        let plain = Property {
            choices: closed(&[("x", json!("x")), ("y", json!("y"))]),
            ..row("a", PropertyType::String, ControlType::Select)
        };
        same_for_both(plain, json!({ "type": "string", "enum": ["x", "y"] }));
        let mixed = Property {
            choices: closed(&[("1", json!(1)), ("x", json!("x"))]),
            ..row("a", PropertyType::Any, ControlType::Select)
        };
        let [model, generator] = both(mixed);
        assert_eq!(
            model,
            json!({ "description": "Values: 1, x.", "type": "string", "enum": ["x"] })
        );
        assert_eq!(generator, json!({ "description": "Values: 1, x." }));
        let flag = Property {
            choices: closed(&[("Yes", json!(true)), ("No", json!(false))]),
            ..row("a", PropertyType::Boolean, ControlType::Select)
        };
        same_for_both(
            flag,
            json!({ "description": "Values:\n- true: Yes\n- false: No", "type": "boolean" }),
        );
    }

    #[test]
    fn any_value_has_one_type_for_models_and_none_for_generators() {
        let any = || row("a", PropertyType::Any, ControlType::Text);
        let [model, generator] = both(any());
        let description = "Any other JSON value is also accepted.";
        assert_eq!(model, json!({ "description": description, "type": "string" }));
        assert_eq!(generator, json!({}));
        let [model, generator] = both(Property { choices: open(&[("1", json!(1))]), ..any() });
        let description = format!("{description}\nExamples: 1.");
        assert_eq!(model, json!({ "description": description, "type": "number" }));
        assert_eq!(generator, json!({ "description": "Examples: 1." }));
        let list = Property { children: Vec::new(), ..array("a", any()) };
        let [model, generator] = both(list);
        assert_eq!(model, json!({ "type": "array", "items": { "type": "string" } }));
        assert_eq!(generator, json!({ "type": "array", "items": {} }));
    }

    #[test]
    fn a_list_has_the_choices_of_its_items() {
        let list = Property {
            choices: closed(&[("x", json!("x")), ("y", json!("y"))]),
            ..array("a", row("", PropertyType::String, ControlType::Text))
        };
        let [model, _] = both(list);
        assert_eq!(model["items"]["enum"], json!(["x", "y"]));
    }

    #[test]
    fn maps_keep_the_shape_of_their_values() {
        let pattern = crate::contract::table::Pattern::new("[0-9]+".to_owned()).unwrap();
        let limits = PropertyLimits {
            pattern: Some(pattern),
            max_items: Some(2),
            ..PropertyLimits::default()
        };
        let values = row("", PropertyType::Integer, ControlType::Integer);
        let map = Property { limits, values: Some(Box::new(values)), ..object("a", Vec::new()) };
        same_for_both(
            map,
            json!({
                "description": "Keys match `[0-9]+`. Number of entries: at most 2.",
                "type": "object",
                "additionalProperties": { "type": "integer" },
            }),
        );
    }

    #[test]
    fn describes_the_accepted_files() {
        let limits = PropertyLimits {
            max_bytes: Some(10),
            accept: vec!["mp3".to_owned()],
            ..PropertyLimits::default()
        };
        let file = Property { limits, ..row("a", PropertyType::FileEntry, ControlType::FileEntry) };
        let [model, generator] = both(file);
        assert_eq!(model["description"], "File types: mp3. At most 10 bytes.");
        assert_eq!(model["required"], json!(["url"]));
        assert_eq!(generator["$ref"], "#/components/schemas/FileEntry");
    }

    #[test]
    fn an_output_may_contain_other_members() {
        let output = object("", vec![required(string("a"))]);
        assert_eq!(model_output(&output).get("additionalProperties"), None);
        let file = row("", PropertyType::FileEntry, ControlType::FileEntry);
        assert_eq!(
            model_output(&file)["required"],
            json!(["extension", "mimeType", "name", "url"])
        );
    }
}
