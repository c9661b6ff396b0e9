//! The shape of the answer: text, an object or a list.
//!
//! The API holds a model to a JSON Schema, but only at the root of an object,
//! so a list travels as the member `items` of an object and is taken out of it
//! again. Without a schema the model is asked in words for JSON.

use connector_sdk::{Failure, FailureKind, Result};
use serde_json::{Map, Value, json};

use super::choice::Choice;
use super::{json_in_text, schema};
use crate::models::has_any;

/// The shape of the answer.
#[derive(Debug, PartialEq)]
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
    pub fn of(number: u64, schema: Option<&str>) -> Result<Self> {
        let text = schema.unwrap_or_default();
        match number {
            0 => Ok(Self::Text),
            1 => {
                let schema = schema::parse(text, true)?;
                Ok(Self::Object(schema.map(schema::require_object).transpose()?))
            }
            2 => Ok(Self::List(schema::parse(text, false)?)),
            _ => Err(Failure::invalid_input(
                "responseFormat",
                "the response format is 0 (Text), 1 (Object) or 2 (List)",
            )),
        }
    }

    /// The request's `response_format`.
    pub fn response_format(&self) -> Option<Value> {
        let schema = match self {
            Self::Text => return None,
            Self::Object(None) | Self::List(None) => return Some(json!({ "type": "json_object" })),
            Self::Object(Some(schema)) => schema.clone(),
            Self::List(Some(schema)) => wrapped(schema),
        };
        Some(json!({
            "type": "json_schema",
            "json_schema": { "name": "response", "strict": !self.is_loose(), "schema": schema },
        }))
    }

    /// Whether the schema is one that the API cannot hold the model to
    /// strictly.
    pub fn is_loose(&self) -> bool {
        match self {
            Self::Object(Some(schema)) => !schema::is_strict(schema),
            Self::List(Some(schema)) => !schema::is_strict_inside(schema),
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
            let message = format!("the model refused: {}", refusal.trim_ascii());
            return Err(Failure::refused(message).with_detail(content));
        }
        let is_half_a_text = *self == Self::Text && !content.is_empty();
        match require_end(choice) {
            Err(failure) if !(is_half_a_text && is_cut_off(choice)) => Err(failure),
            _ if choice.content.is_none() => {
                Err(Failure::invalid_output("the provider's answer holds no text"))
            }
            _ => Ok(content),
        }
    }

    /// The property that a `response_format` is made of.
    pub fn property(&self) -> &'static str {
        match self {
            Self::Object(Some(_)) | Self::List(Some(_)) => "responseSchema",
            _ => "responseFormat",
        }
    }

    /// The failure of a request, with what to do if the server does not take
    /// the format.
    pub fn advise(&self, mut failure: Failure) -> Failure {
        let advice = match self {
            Self::Text => return failure,
            Self::Object(None) | Self::List(None) => {
                "give a Response Schema, or choose the format Text"
            }
            Self::Object(Some(_)) | Self::List(Some(_)) => {
                "leave Response Schema empty and describe the members in a message, or choose \
                 another model"
            }
        };
        let is_declined = matches!(failure.status, Some(400..=499 | 501));
        let is_about_schema = has_any(&failure.message, &["invalid schema", "schema for"]);
        if is_declined && !is_about_schema && has_any(&failure.message, FORMATS) {
            failure.message = format!("{failure}; {advice}");
            failure.property.get_or_insert_with(|| self.property().to_owned());
        }
        failure
    }

    /// The output that is in a text.
    pub fn output(&self, content: &str) -> Result<Value> {
        match self {
            Self::Text => Ok(content.into()),
            Self::Object(_) => match json_in(content, Value::is_object)? {
                object @ Value::Object(_) => Ok(object),
                _ => Err(other_json("an object", content)),
            },
            Self::List(_) => {
                let json = json_in(content, |value| list_in(value).is_some())?;
                list_in(&json).cloned().ok_or_else(|| other_json("a list", content))
            }
        }
    }

    /// The schema that an output must fit, if the user gave one.
    pub fn schema(&self) -> Option<Value> {
        match self {
            Self::Object(Some(_)) | Self::List(Some(_)) => Some(self.output_schema(false)),
            _ => None,
        }
    }

    /// The shape of the output, or of a list of several outputs.
    pub fn output_schema(&self, is_several: bool) -> Value {
        let levels = usize::from(is_several);
        match self {
            Self::Text => list_of(json!({ "type": "string" }), levels),
            Self::Object(None) => list_of(json!({ "type": "object" }), levels),
            Self::List(None) => list_of(json!({ "type": "array" }), levels),
            Self::List(Some(items)) if !is_array(items) => nested(items, levels + 1),
            Self::Object(Some(schema)) | Self::List(Some(schema)) => nested(schema, levels),
        }
    }
}

/// Words in the refusals of servers that do not take a format, in any case.
const FORMATS: &[&str] =
    &["response_format", "response format", "json_schema", "json_object", "structured output"];

/// Why providers end an answer that their filters do not let through, in any
/// case: OpenAI's word, Azure's, Google's, Amazon's, Anthropic's and Zhipu's.
const FILTERED: &[&str] = &[
    "blocklist",
    "content_filter",
    "guardrail_intervened",
    "prohibited_content",
    "recitation",
    "refusal",
    "safety",
    "sensitive",
    "spii",
];

/// Why providers end an answer that went wrong, in any case.
const BROKEN: &[&str] = &[
    "abort",
    "cancelled",
    "error",
    "failed",
    "insufficient_system_resource",
    "malformed_function_call",
    "timeout",
];

/// Fails if an answer ended before the model had ended it. What it wrote until
/// then is in the failure.
pub fn require_end(choice: &Choice) -> Result<()> {
    let content = choice.content.as_deref().unwrap_or_default();
    let reason = &choice.finish_reason;
    let failure = if let Some(error) = &choice.error {
        if content.is_empty() {
            return Err(error.clone());
        }
        error.clone()
    } else if has_any(reason, FILTERED) {
        let message = format!("the provider's content filter stopped the answer (`{reason}`)");
        Failure::refused(message)
    } else if has_any(reason, BROKEN) {
        let message = format!("the provider broke the answer off (`{reason}`)");
        let mut failure = Failure::new(FailureKind::Unavailable, message);
        failure.request_sent = true;
        failure
    } else if is_cut_off(choice) {
        let message = "the answer reached the limit of tokens before it was complete: raise Max \
                       Tokens, or leave it empty";
        Failure::invalid_output(message).at("maxTokens")
    } else {
        return Ok(());
    };
    Err(failure.with_detail(content))
}

/// Whether the limit of tokens cut an answer off.
fn is_cut_off(choice: &Choice) -> bool {
    choice.error.is_none() && has_any(&choice.finish_reason, &["length", "max_tokens"])
}

/// The schema of an object with the list as its member `items`.
fn wrapped(schema: &Value) -> Value {
    let (mut root, list) = hoisted(schema);
    let list = if is_array(schema) { list } else { list_of(list, 1) };
    root.extend(members(json!({
        "type": "object",
        "properties": { "items": list },
        "required": ["items"],
        "additionalProperties": false,
    })));
    Value::Object(root)
}

/// The schema of a list of such values, `levels` deep.
fn nested(schema: &Value, levels: usize) -> Value {
    if levels == 0 {
        return schema.clone();
    }
    let (mut root, items) = hoisted(schema);
    root.extend(members(list_of(items, levels)));
    Value::Object(root)
}

fn list_of(items: Value, levels: usize) -> Value {
    (0..levels).fold(items, |items, _| json!({ "type": "array", "items": items }))
}

/// Splits a schema that becomes a part of another: what its references look
/// for at the root, and the rest.
fn hoisted(schema: &Value) -> (Map<String, Value>, Value) {
    let is_hoisted =
        |(name, _): &(String, Value)| matches!(name.as_str(), "$schema" | "$defs" | "definitions");
    let (root, rest): (Map<_, _>, Map<_, _>) =
        members(schema.clone()).into_iter().partition(is_hoisted);
    (root, Value::Object(rest))
}

fn members(object: Value) -> Map<String, Value> {
    if let Value::Object(members) = object { members } else { Map::new() }
}

fn is_array(schema: &Value) -> bool {
    schema["type"] == "array"
}

/// The list in a value: the member `items` of an object, or a bare array from
/// servers that let the model choose.
fn list_in(value: &Value) -> Option<&Value> {
    Some(value.get("items").unwrap_or(value)).filter(|list| list.is_array())
}

fn json_in(content: &str, is_wanted: impl Fn(&Value) -> bool) -> Result<Value> {
    json_in_text::find(content, is_wanted).ok_or_else(|| {
        let message = "the model was asked for JSON and did not answer with it";
        Failure::invalid_output(message).with_detail(content)
    })
}

fn other_json(wanted: &str, content: &str) -> Failure {
    let message = format!("the model answered with JSON that is not {wanted}");
    Failure::invalid_output(message).with_detail(content)
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
        for schema in ["{", "[]", "true", "\"object\"", r#"{"type":"array"}"#] {
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
    }

    #[test]
    fn a_text_that_the_provider_ended_is_no_answer() {
        for (reason, kind) in [
            ("content_filter", FailureKind::Refused),
            ("content_filter: PROHIBITED_CONTENT", FailureKind::Refused),
            ("SAFETY", FailureKind::Refused),
            ("sensitive", FailureKind::Refused),
            ("error", FailureKind::Unavailable),
            ("network_error", FailureKind::Unavailable),
            ("insufficient_system_resource", FailureKind::Unavailable),
            ("aborted", FailureKind::Unavailable),
        ] {
            let failure = Format::Text.content(&choice("half", reason)).unwrap_err();
            assert_eq!(failure.kind, kind, "{reason}");
            assert!(failure.message.contains(&format!("`{reason}`")), "{}", failure.message);
            assert_eq!(failure.detail.as_deref(), Some("half"));
            assert!(failure.request_sent);
        }
        for reason in ["stop", "length", "max_tokens", "eos", "tool_calls", ""] {
            assert_eq!(Format::Text.content(&choice("all", reason)).unwrap(), "all");
        }
    }

    #[test]
    fn an_error_inside_an_answer_is_the_failure() {
        let failed = json!({
            "message": { "content": "half" }, "finish_reason": "error",
            "error": { "message": "Slow down.", "code": 429 },
        });
        let failure = Format::Text.content(&Choice::of(&failed.into())).unwrap_err();
        assert_eq!(failure.kind, FailureKind::RateLimited);
        assert_eq!(failure.message, "Slow down");
        assert_eq!(failure.detail.as_deref(), Some("half"));
    }

    #[test]
    fn a_server_that_does_not_take_a_format_is_answered_with_advice() {
        let advised = |format: &Format, message: &str| {
            let failure = Failure::refused(message).answered(400, None);
            let failure = format.advised(failure);
            (failure.message, failure.property)
        };
        let with_schema = Format::of(Some(1), Some(STRICT)).unwrap();
        let without = Format::of(Some(2), None).unwrap();
        for (format, message, advice, property) in [
            (
                &with_schema,
                "This response_format type is unavailable now",
                "; leave Response Schema empty",
                "responseSchema",
            ),
            (
                &without,
                "'response_format.type' must be 'json_schema' or 'text'",
                "; give a Response Schema",
                "responseFormat",
            ),
        ] {
            let (advised, at) = advised(format, message);
            assert!(advised.starts_with(&format!("{message}{advice}")), "{advised}");
            assert_eq!(at.as_deref(), Some(property));
        }
        for (format, message) in [
            (&Format::Text, "response_format is unknown"),
            (&with_schema, "Invalid schema for response_format 'response': In context=()"),
            (&with_schema, "max_tokens is too large"),
        ] {
            assert_eq!(advised(format, message), (message.to_owned(), None));
        }
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
