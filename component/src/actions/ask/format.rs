//! The shape of the answer: text, an object or a list.
//!
//! The API holds a model to a JSON Schema, but only at the root of an object,
//! so a list travels as the member `items` of an object and is taken out of it
//! again. Without a schema the model is asked in words for JSON.

use super::conversation::Choice;
use crate::failure::{Failure, Result};
use crate::json::{Json, Object, Value};

/// The shape of the answer.
#[derive(Debug)]
#[cfg_attr(test, derive(PartialEq))]
pub enum Format {
    /// Text.
    Text,
    /// A JSON object, held to a schema if there is one.
    Object(Option<Value>),
    /// A JSON array, held to a schema of itself or of its items if there is
    /// one.
    List(Option<Value>),
}

impl Format {
    /// The format of the form's number and schema.
    pub fn of(number: Option<u64>, schema: Option<&str>) -> Result<Self> {
        match number.unwrap_or(0) {
            0 => Ok(Self::Text),
            1 => Ok(Self::Object(schema.map(object_schema).transpose()?)),
            2 => Ok(Self::List(schema.map(parse_schema).transpose()?)),
            _ => Err(Failure::invalid_input(
                "responseFormat",
                "the response format is 0 (Text), 1 (Object) or 2 (List)",
            )),
        }
    }

    /// The request's `response_format`.
    pub fn wire(&self) -> Option<Json> {
        let schema = match self {
            Self::Text => return None,
            Self::Object(None) | Self::List(None) => {
                return Some(Object::new().set("type", "json_object").done());
            }
            Self::Object(Some(schema)) => Json::of(schema),
            Self::List(Some(schema)) => wrapped(schema),
        };
        let json_schema = Object::new()
            .set("name", "response")
            .set("strict", !self.is_loose())
            .set("schema", schema)
            .done();
        Some(Object::new().set("type", "json_schema").set("json_schema", json_schema).done())
    }

    /// Whether the schema is one that the API cannot hold the model to
    /// strictly.
    pub fn is_loose(&self) -> bool {
        match self {
            Self::Object(Some(schema)) => !is_strict(schema),
            Self::List(Some(schema)) => !fits_strict(schema),
            _ => false,
        }
    }

    /// What the model is told in words. The API demands that a message asks
    /// for JSON when there is no schema.
    pub fn instruction(&self) -> Option<&'static str> {
        match self {
            Self::Object(None) => Some("Answer with one JSON object and nothing else."),
            Self::List(None) => Some(
                "Answer with one JSON object and nothing else. Its only key is \"items\", which \
                 holds the list that is asked for.",
            ),
            _ => None,
        }
    }

    /// The text of an answer, if it is whole.
    pub fn content<'a>(&self, choice: &'a Choice) -> Result<&'a str> {
        let content = choice.content.as_deref().unwrap_or_default();
        if let Some(refusal) = &choice.refusal {
            return Err(Failure::refused(format!("the model refused: {}", refusal.trim_ascii())));
        }
        let is_whole_or_text = matches!(self, Self::Text) && !content.is_empty();
        match choice.finish_reason.as_deref() {
            Some("content_filter") if !is_whole_or_text => {
                Err(Failure::refused("the provider's content filter stopped the answer")
                    .with_detail(content))
            }
            Some("length") if !is_whole_or_text => {
                let message = "the answer reached the limit of tokens before it was complete: \
                               raise Max Tokens, or leave it empty";
                Err(Failure::invalid_output(message, content).at("maxTokens"))
            }
            _ if choice.content.is_none() => {
                Err(Failure::invalid_output("the provider's answer holds no text", ""))
            }
            _ => Ok(content),
        }
    }

    /// The output of a text, as JSON text.
    pub fn output(&self, content: &str) -> Result<Json> {
        match self {
            Self::Text => Ok(Json::of(content)),
            Self::Object(_) => object(content),
            Self::List(_) => list(content),
        }
    }

    /// The schema that an output must fit, if the user gave one.
    pub fn schema(&self) -> Option<Json> {
        match self {
            Self::Object(Some(_)) | Self::List(Some(_)) => Some(self.output_schema(false)),
            _ => None,
        }
    }

    /// The shape of the output, or of a list of several outputs.
    pub fn output_schema(&self, is_several: bool) -> Json {
        let of_type = |name| Object::new().set("type", name).done();
        let one = match self {
            Self::Text => of_type("string"),
            Self::Object(None) => of_type("object"),
            Self::List(None) => of_type("array"),
            Self::Object(Some(schema)) | Self::List(Some(schema)) => {
                let is_items = matches!(self, Self::List(_)) && !is_array(schema);
                let levels = usize::from(is_items) + usize::from(is_several);
                return nested(schema, levels);
            }
        };
        list_of(one, usize::from(is_several))
    }
}

/// The schema of an object with the list as its member `items`.
fn wrapped(schema: &Value) -> Json {
    let (mut root, list) = hoisted(schema);
    let list = list_of(list, usize::from(!is_array(schema)));
    root.set("type", "object")
        .set("properties", Object::new().set("items", list).done())
        .set("required", Json::list(&[Json::of("items")]))
        .set("additionalProperties", false)
        .done()
}

/// The schema of a list of such values, `levels` deep.
fn nested(schema: &Value, levels: usize) -> Json {
    if levels == 0 {
        return Json::of(schema);
    }
    let (mut root, items) = hoisted(schema);
    root.set("type", "array").set("items", list_of(items, levels - 1)).done()
}

fn list_of(items: Json, levels: usize) -> Json {
    (0..levels)
        .fold(items, |items, _| Object::new().set("type", "array").set("items", items).done())
}

/// Splits a schema that becomes a part of another: what its references look
/// for at the root, and the rest.
fn hoisted(schema: &Value) -> (Object, Json) {
    let (mut root, mut rest) = (Object::new(), Object::new());
    for (name, value) in schema.as_object().unwrap_or_default() {
        match name.as_str() {
            "$schema" | "$defs" | "definitions" => root.set(name, value),
            _ => rest.set(name, value),
        };
    }
    (root, rest.done())
}

fn is_array(schema: &Value) -> bool {
    schema.text("type") == Some("array")
}

/// The user's schema of an object.
fn object_schema(text: &str) -> Result<Value> {
    let schema = parse_schema(text)?;
    match schema.text("type") {
        None | Some("object") => Ok(schema),
        Some(type_) => Err(Failure::invalid_input(
            "responseSchema",
            format!(
                "the response format is Object, but the schema's type is `{type_}`: make it \
                 `object`, or choose List"
            ),
        )),
    }
}

/// The user's schema.
fn parse_schema(text: &str) -> Result<Value> {
    let invalid = |message| Err(Failure::invalid_input("responseSchema", message));
    match Value::parse(text) {
        Some(schema @ Value::Object(_)) => Ok(schema),
        Some(_) => invalid("the schema is not a JSON object such as {\"type\": \"object\"}"),
        None => invalid("the schema is not JSON: look for a missing quote, comma or bracket"),
    }
}

/// Whether the API takes a schema in its strict mode, in which it guarantees
/// the shape: the root is an object, every object is closed and requires all
/// its members, and no keyword is used that the mode does not know.
fn is_strict(schema: &Value) -> bool {
    schema.text("type") == Some("object") && schema.get("anyOf").is_none() && fits_strict(schema)
}

/// Keywords that strict mode refuses.
const LOOSE: &[&str] = &[
    "allOf",
    "dependentRequired",
    "dependentSchemas",
    "else",
    "if",
    "not",
    "oneOf",
    "patternProperties",
    "prefixItems",
    "then",
];

fn fits_strict(schema: &Value) -> bool {
    let has_any = |names: &[&str]| names.iter().any(|name| schema.get(name).is_some());
    if has_any(LOOSE) || !has_any(&["type", "$ref", "anyOf", "enum", "const"]) {
        return false;
    }
    let is_object = has_type(schema, "object") || has_any(&["properties"]);
    let is_open = is_object && !is_closed(schema);
    let holds_anything = has_type(schema, "array") && !has_any(&["items"]);
    if is_open || holds_anything {
        return false;
    }

    let mut named =
        ["properties", "$defs", "definitions"].iter().flat_map(|name| schema.members(name));
    named.all(|(_, schema)| fits_strict(schema))
        && schema.items("anyOf").iter().all(fits_strict)
        && schema.get("items").is_none_or(fits_strict)
}

fn has_type(schema: &Value, name: &str) -> bool {
    let is_named = |type_: &Value| type_.as_str() == Some(name);
    schema.get("type").is_some_and(is_named) || schema.items("type").iter().any(is_named)
}

/// Whether an object allows no further members and requires all of its own.
fn is_closed(schema: &Value) -> bool {
    let required = schema.items("required");
    let is_required = |name: &str| required.iter().any(|item| item.as_str() == Some(name));
    let members = schema.members("properties");
    matches!(schema.get("additionalProperties"), Some(Value::Bool(false)))
        && members.iter().all(|(name, _)| is_required(name))
}

/// The object in an answer.
fn object(content: &str) -> Result<Json> {
    match json(content)? {
        object @ Value::Object(_) => Ok(Json::of(&object)),
        _ => Err(Failure::invalid_output(
            "the model answered with JSON that is not an object",
            content,
        )),
    }
}

/// The list in an answer: the member `items` of an object, or a bare array
/// from servers that let the model choose.
fn list(content: &str) -> Result<Json> {
    let json = json(content)?;
    match json.get("items").unwrap_or(&json) {
        list @ Value::List(_) => Ok(Json::of(list)),
        _ => {
            Err(Failure::invalid_output("the model answered with JSON that is not a list", content))
        }
    }
}

/// The JSON of an answer, without the white space and the Markdown fence that
/// models like to put around it.
fn json(content: &str) -> Result<Value> {
    let text = content.trim_ascii();
    let text = text
        .strip_prefix("```")
        .and_then(|text| text.strip_suffix("```"))
        .map_or(text, |text| text.strip_prefix("json").unwrap_or(text));
    Value::parse(text).ok_or_else(|| {
        let message = "the model was asked for JSON and did not answer with it";
        Failure::invalid_output(message, content)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::failure::FailureKind;

    const STRICT: &str = r#"{"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer"}},"required":["name","age"],"additionalProperties":false}"#;

    fn schema() -> serde_json::Value {
        serde_json::from_str(STRICT).unwrap()
    }

    fn choice(content: &str, finish_reason: &str) -> Choice {
        let choice = json!({ "message": { "content": content }, "finish_reason": finish_reason });
        Choice::of(&choice.into())
    }

    fn finished(format: &Format, choice: &Choice) -> Result<String> {
        format.output(format.content(choice)?).map(Json::text)
    }

    fn read(format: &Format, content: &str) -> Result<String> {
        finished(format, &choice(content, "stop"))
    }

    /// What goes on the wire.
    fn wire(format: &Format) -> serde_json::Value {
        serde_json::from_str(&format.wire().unwrap().text()).unwrap()
    }

    #[test]
    fn a_text_needs_no_format() {
        assert_eq!(Format::of(None, None).unwrap(), Format::Text);
        assert!(Format::of(Some(0), Some("left over")).unwrap().wire().is_none());
        assert_eq!(Format::Text.instruction(), None);
        assert_eq!(
            Format::of(Some(3), None).unwrap_err().property.as_deref(),
            Some("responseFormat")
        );
    }

    #[test]
    fn without_a_schema_the_model_is_asked_in_words() {
        for number in [1, 2] {
            let format = Format::of(Some(number), None).unwrap();
            assert_eq!(wire(&format), json!({ "type": "json_object" }));
            assert!(format.instruction().unwrap().contains("JSON"));
            assert!(!format.is_loose());
        }
    }

    #[test]
    fn an_object_is_held_to_its_schema() {
        let format = Format::of(Some(1), Some(STRICT)).unwrap();
        assert_eq!(
            wire(&format),
            json!({
                "type": "json_schema",
                "json_schema": { "name": "response", "strict": true, "schema": schema() },
            })
        );
        assert_eq!(format.instruction(), None);
    }

    #[test]
    fn the_order_of_the_members_is_kept() {
        let format = Format::of(Some(1), Some(STRICT)).unwrap();
        assert!(format.wire().unwrap().text().contains(STRICT));
    }

    #[test]
    fn a_list_travels_in_an_object() {
        let expected = json!({
            "type": "object",
            "properties": { "items": { "type": "array", "items": schema() } },
            "required": ["items"],
            "additionalProperties": false,
        });
        let of_items = Format::of(Some(2), Some(STRICT)).unwrap();
        assert_eq!(wire(&of_items)["json_schema"]["schema"], expected);
        assert_eq!(wire(&of_items)["json_schema"]["strict"], true);

        let array = json!({ "type": "array", "items": schema() }).to_string();
        let of_list = Format::of(Some(2), Some(&array)).unwrap();
        assert_eq!(wire(&of_list)["json_schema"]["schema"], expected);
    }

    #[test]
    fn references_still_find_their_target() {
        let schema = json!({ "$ref": "#/$defs/a", "$defs": { "a": { "type": "string" } } });
        let format = Format::of(Some(2), Some(&schema.to_string())).unwrap();
        let wire = &wire(&format)["json_schema"]["schema"];
        assert_eq!(wire["$defs"], schema["$defs"]);
        assert_eq!(wire["properties"]["items"]["items"], json!({ "$ref": "#/$defs/a" }));
        let reference = json!({ "$ref": "#/$defs/a" });
        let list = json!({ "type": "array", "items": reference });
        assert_eq!(
            format.output_schema(true),
            json!({ "$defs": schema["$defs"], "type": "array", "items": list })
        );
    }

    #[test]
    fn only_what_strict_mode_takes_is_strict() {
        let closed = |properties: serde_json::Value| {
            let required: Vec<_> = properties.as_object().unwrap().keys().cloned().collect();
            json!({
                "type": "object", "properties": properties, "required": required,
                "additionalProperties": false,
            })
        };
        let open = json!({ "type": "object", "properties": {} });
        for strict in [
            closed(json!({})),
            closed(json!({ "a": { "type": ["string", "null"] } })),
            closed(json!({ "a": { "enum": [1, 2] }, "b": { "const": 1 } })),
            closed(json!({ "a": { "type": "array", "items": closed(json!({})) } })),
            closed(json!({ "a": { "anyOf": [{ "type": "string" }, closed(json!({}))] } })),
            closed(json!({ "a": { "$ref": "#" } })),
        ] {
            assert!(is_strict(&strict.clone().into()), "{strict}");
        }
        for loose in [
            json!({}),
            open.clone(),
            json!({ "type": "object", "properties": { "a": { "type": "string" } }, "additionalProperties": false }),
            json!({ "type": "array", "items": { "type": "string" } }),
            json!({ "anyOf": [closed(json!({}))] }),
            closed(json!({ "a": open })),
            closed(json!({ "a": { "type": ["object", "null"] } })),
            closed(json!({ "a": { "type": "array", "items": open } })),
            closed(json!({ "a": { "type": "array" } })),
            closed(json!({ "a": { "anyOf": [open] } })),
            closed(json!({ "a": { "oneOf": [{ "type": "string" }] } })),
            closed(json!({ "a": {} })),
            closed(json!({ "a": true })),
        ] {
            assert!(!is_strict(&loose.clone().into()), "{loose}");
        }
    }

    #[test]
    fn a_loose_schema_is_sent_as_it_is() {
        let schema = r#"{"type":"object","properties":{"a":{"type":"string"}}}"#;
        let format = Format::of(Some(1), Some(schema)).unwrap();
        let wire = wire(&format);
        assert_eq!(wire["json_schema"]["strict"], false);
        assert!(format.wire().unwrap().text().contains(schema));
        assert!(format.is_loose());
    }

    #[test]
    fn what_is_no_schema_of_the_format_is_refused() {
        for schema in ["{", "[]", "true", "\"object\"", "", r#"{"type":"array"}"#] {
            let failure = Format::of(Some(1), Some(schema)).unwrap_err();
            assert_eq!(failure.kind, FailureKind::InvalidInput, "{schema}");
            assert_eq!(failure.property.as_deref(), Some("responseSchema"));
        }
    }

    #[test]
    fn the_format_decides_the_output() {
        fn schema(number: u64, schema: Option<&str>, is_several: bool) -> Json {
            Format::of(Some(number), schema).unwrap().output_schema(is_several)
        }
        assert_eq!(schema(0, None, false), json!({ "type": "string" }));
        assert_eq!(schema(1, None, false), json!({ "type": "object" }));
        assert_eq!(schema(2, None, false), json!({ "type": "array" }));
        let texts = json!({ "type": "array", "items": { "type": "string" } });
        assert_eq!(schema(0, None, true), texts);

        let item = r#"{"type":"string"}"#;
        assert_eq!(schema(2, Some(item), false), texts);
        let whole = texts.to_string();
        assert_eq!(schema(2, Some(&whole), false), texts);
        assert_eq!(schema(2, Some(item), true), json!({ "type": "array", "items": texts }));
        assert_eq!(schema(1, Some(STRICT), false), self::schema());
    }

    #[test]
    fn only_a_schema_is_to_be_fitted() {
        let schema = |number, schema| Format::of(Some(number), schema).unwrap().schema();
        assert!(schema(0, Some(STRICT)).is_none());
        assert!(schema(1, None).is_none());
        assert!(schema(2, None).is_none());
        assert_eq!(schema(1, Some(STRICT)).unwrap(), self::schema());
        let list = json!({ "type": "array", "items": self::schema() });
        assert_eq!(schema(2, Some(STRICT)).unwrap(), list);
        assert_eq!(schema(2, Some(&list.to_string())).unwrap(), list);
    }

    #[test]
    fn a_text_is_returned_as_it_is() {
        assert_eq!(read(&Format::Text, " Hi\n").unwrap(), r#"" Hi\n""#);
        assert_eq!(finished(&Format::Text, &choice("cut", "length")).unwrap(), r#""cut""#);
        assert_eq!(finished(&Format::Text, &choice("cut", "content_filter")).unwrap(), r#""cut""#);
    }

    #[test]
    fn an_object_is_returned_as_the_model_wrote_it() {
        let written = r#"{"z":1.10,"a":12345678901234567890123}"#;
        for content in [
            written.to_owned(),
            format!("\n {written} \n"),
            format!("```json\n{written}\n```"),
            format!("```\n{written}\n```\n"),
        ] {
            assert_eq!(read(&Format::Object(None), &content).unwrap(), written);
        }
    }

    #[test]
    fn a_list_is_taken_out_of_its_object() {
        for content in [r#"{"items":[1, 2]}"#, "[1, 2]", "```json\n{\"items\": [1, 2]}\n```"] {
            assert_eq!(read(&Format::List(None), content).unwrap(), "[1,2]");
        }
    }

    #[test]
    fn another_answer_is_never_returned() {
        let object = Format::Object(None);
        let list = Format::List(None);
        for (format, content) in [
            (&object, "Sure! Here it is"),
            (&object, r#"{"cut":"#),
            (&object, r#"{"a":1} {"b":2}"#),
            (&object, "[1]"),
            (&object, ""),
            (&list, r#"{"items":1}"#),
            (&list, r#"{"list":[1]}"#),
            (&list, "1, 2, 3"),
        ] {
            let failure = read(format, content).unwrap_err();
            assert_eq!(failure.kind, FailureKind::InvalidOutput, "{content}");
            assert_eq!(failure.detail.unwrap_or_default(), content);
            assert!(failure.request_sent);
        }
    }

    #[test]
    fn a_refusal_is_told() {
        let choice =
            json!({ "message": { "content": null, "refusal": "I can't help with that." } });
        let choice = Choice::of(&choice.into());
        for format in [Format::Text, Format::Object(None)] {
            let failure = format.content(&choice).unwrap_err();
            assert_eq!(failure.kind, FailureKind::Refused);
            assert_eq!(failure.message, "the model refused: I can't help with that.");
        }
    }

    #[test]
    fn an_answer_that_was_cut_off_is_not_half_an_object() {
        let failure = Format::Object(None).content(&choice(r#"{"a":1}"#, "length")).unwrap_err();
        assert_eq!(failure.kind, FailureKind::InvalidOutput);
        assert_eq!(failure.property.as_deref(), Some("maxTokens"));
        let failure = Format::List(None).content(&choice("[1]", "content_filter")).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Refused);
    }

    #[test]
    fn an_empty_text_says_why() {
        let filtered = Format::Text.content(&choice("", "content_filter")).unwrap_err();
        assert_eq!(filtered.kind, FailureKind::Refused);
        let cut = Format::Text.content(&choice("", "length")).unwrap_err();
        assert_eq!(cut.kind, FailureKind::InvalidOutput);
        assert_eq!(read(&Format::Text, "").unwrap(), r#""""#);
    }
}
