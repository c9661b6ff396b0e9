//! The shape of the answer: text, an object or a list.
//!
//! The API can enforce a JSON Schema, but only with an object at the root. A list
//! is therefore wrapped in an object, as its member `items`, and unwrapped again.
//! Without a schema, an instruction asks the model for JSON.

use connector_sdk::json_schema::{self, Invalid};
use connector_sdk::{Failure, FailureKind, Result};
use serde_json::{Map, Value, json};

use super::answer::Choice;
use super::{json_in_text, schema};
use crate::models::has_any;

/// The shape of the answer.
#[derive(Debug, PartialEq)]
pub enum Format {
    /// Text.
    Text,
    /// A JSON object that matches the schema, if there is one.
    Object(Option<Value>),
    /// A JSON array. The schema, if there is one, is that of the array or of its
    /// items.
    List(Option<Value>),
}

/// What an API is asked to enforce. Each API writes it differently.
pub enum Wanted {
    /// Any JSON.
    Json,
    /// JSON that matches a schema with this name.
    Schema { name: &'static str, strict: bool, schema: Value },
}

impl Format {
    /// Reads the format's number and schema, as entered in the form.
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
                "`responseFormat` must be 0 (Text), 1 (Object) or 2 (List)",
            )),
        }
    }

    /// What the API is asked to enforce, if anything.
    pub fn wanted(&self) -> Option<Wanted> {
        let schema = match self {
            Self::Text => return None,
            Self::Object(None) | Self::List(None) => return Some(Wanted::Json),
            Self::Object(Some(schema)) => schema.clone(),
            Self::List(Some(schema)) => wrapped(schema),
        };
        Some(Wanted::Schema { name: "response", strict: !self.is_loose(), schema })
    }

    /// Whether there is a schema that the API cannot enforce strictly.
    pub fn is_loose(&self) -> bool {
        match self {
            Self::Object(Some(schema)) => !schema::is_strict(schema),
            Self::List(Some(schema)) => !schema::is_strict_inside(schema),
            _ => false,
        }
    }

    /// The instruction to the model. Without a schema, the API requires that a
    /// message asks for JSON.
    pub fn instruction(&self) -> Option<&'static str> {
        match self {
            Self::Object(None) => Some("Answer with one JSON object and nothing else."),
            Self::List(None) => Some(
                "Answer with one JSON object and nothing else. Its only key is \"items\", which \
                 contains the requested list.",
            ),
            _ => None,
        }
    }

    /// The texts of several answers, if all of them are complete.
    pub fn contents<'a>(&self, choices: &'a [Choice]) -> Result<Vec<&'a str>> {
        choices.iter().map(|choice| self.content(choice)).collect()
    }

    /// The text of an answer, if it is complete.
    fn content<'a>(&self, choice: &'a Choice) -> Result<&'a str> {
        let content = choice.content.as_deref().unwrap_or_default();
        if let Some(refusal) = &choice.refusal {
            let message = format!("the model refused: {}", refusal.trim_ascii());
            return Err(Failure::refused(message).with_detail(content));
        }
        let is_partial_text = *self == Self::Text && !content.is_empty();
        match require_end(choice) {
            Err(failure) if !(is_partial_text && is_cut_off(choice)) => Err(failure),
            _ if choice.content.is_none() => {
                Err(Failure::invalid_output("the provider's response contains no text"))
            }
            _ => Ok(content),
        }
    }

    /// The property that determines the format.
    pub fn property(&self) -> &'static str {
        match self {
            Self::Object(Some(_)) | Self::List(Some(_)) => "responseSchema",
            _ => "responseFormat",
        }
    }

    /// Adds advice to the failure of a request if the server does not support
    /// the format.
    pub fn advise(&self, mut failure: Failure) -> Failure {
        let advice = match self {
            Self::Text => return failure,
            Self::Object(None) | Self::List(None) => {
                "set a Response Schema, or choose the format Text"
            }
            Self::Object(Some(_)) | Self::List(Some(_)) => {
                "leave Response Schema empty and describe the structure in a message, or choose \
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

    /// Rejects an invalid schema before a request is charged.
    pub fn check_schema(&self) -> Result<()> {
        match self.schema().map(|schema| json_schema::validate(schema, "null")) {
            Some(Err(Invalid::Schema(reason))) => {
                let message = format!("`responseSchema` is not a valid JSON Schema: {reason}");
                Err(Failure::invalid_input("responseSchema", message))
            }
            _ => Ok(()),
        }
    }

    /// Reads the output from the text of an answer.
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

    /// The schema that an output must match, if the user set one.
    pub fn schema(&self) -> Option<Value> {
        match self {
            Self::Object(Some(_)) | Self::List(Some(_)) => Some(self.output_schema(false)),
            _ => None,
        }
    }

    /// The schema of the output, or of a list of several outputs.
    pub fn output_schema(&self, has_several: bool) -> Value {
        let levels = usize::from(has_several);
        match self {
            Self::Text => list_of(json!({ "type": "string" }), levels),
            Self::Object(None) => list_of(json!({ "type": "object" }), levels),
            Self::List(None) => list_of(json!({ "type": "array" }), levels),
            Self::List(Some(items)) if !is_array(items) => nested(items, levels + 1),
            Self::Object(Some(schema)) | Self::List(Some(schema)) => nested(schema, levels),
        }
    }
}

/// Words, ignoring case, in the errors of servers that do not support a format.
const FORMATS: &[&str] =
    &["response_format", "response format", "json_schema", "json_object", "structured output"];

/// Finish reasons, ignoring case, of answers that a filter stopped: from OpenAI,
/// Azure, Google, Amazon, Anthropic and Zhipu.
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

/// Finish reasons, ignoring case, of answers that failed at the provider.
const BROKEN: &[&str] = &[
    "abort",
    "cancelled",
    "error",
    "failed",
    "insufficient_system_resource",
    "malformed_function_call",
    "timeout",
];

/// Fails if an answer ended before the model completed it. The failure contains
/// the text so far.
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
        let message = format!("the provider aborted the answer (`{reason}`)");
        let mut failure = Failure::new(FailureKind::Unavailable, message);
        failure.request_sent = true;
        failure
    } else if is_cut_off(choice) {
        let message = "the answer reached the token limit before it was complete: raise Max \
                       Tokens or leave it empty";
        Failure::invalid_output(message).at("maxTokens")
    } else {
        return Ok(());
    };
    Err(failure.with_detail(content))
}

/// Whether the token limit cut off an answer.
fn is_cut_off(choice: &Choice) -> bool {
    choice.error.is_none() && has_any(&choice.finish_reason, &["length", "max_tokens"])
}

/// The schema of an object that contains the list as its member `items`.
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

/// The schema of lists of such values, nested `levels` deep.
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

/// Splits a schema that becomes part of another: into what its references expect
/// at the root, and the rest.
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
    schema.get("type").is_some_and(|kind| kind == "array")
}

/// The list in a value: the member `items` of an object, or a bare array from
/// servers that let the model choose.
fn list_in(value: &Value) -> Option<&Value> {
    Some(value.get("items").unwrap_or(value)).filter(|list| list.is_array())
}

fn json_in(content: &str, is_wanted: impl Fn(&Value) -> bool) -> Result<Value> {
    json_in_text::find(content, is_wanted).ok_or_else(|| {
        let message = "the model did not answer with JSON";
        Failure::invalid_output(message).with_detail(content)
    })
}

fn other_json(wanted: &str, content: &str) -> Failure {
    let message = format!("the model answered with JSON that is not {wanted}");
    Failure::invalid_output(message).with_detail(content)
}

#[cfg(test)]
mod tests {
    use connector_sdk::errors;

    use super::*;
    use crate::ask::chat::response_format;

    /// A schema that strict mode supports.
    fn strict() -> Value {
        json!({
            "type": "object",
            "properties": { "name": { "type": "string" }, "age": { "type": "integer" } },
            "required": ["name", "age"],
            "additionalProperties": false,
        })
    }

    fn of(number: u64, schema: &str) -> Format {
        Format::of(number, Some(schema)).unwrap()
    }

    fn json(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    fn choice(content: &str, finish_reason: &str) -> Choice {
        let (content, finish_reason) = (Some(content.to_owned()), finish_reason.to_owned());
        Choice { content, finish_reason, ..Choice::default() }
    }

    /// The output of an answer.
    fn read(format: &Format, content: &str, finish_reason: &str) -> Result<Value> {
        format.output(format.content(&choice(content, finish_reason))?)
    }

    #[test]
    fn the_format_determines_request_and_output() {
        let strict = strict().to_string();
        let reference = r##"{"$ref":"#/$defs/a","$defs":{"a":{"type":"string"}}}"##;
        let strings = json!({ "type": "array", "items": { "type": "string" } });
        let list = json!({ "type": "array", "items": self::strict() });
        let in_object = |mut root: Value, list: &Value| {
            root["type"] = "object".into();
            root["properties"] = json!({ "items": list });
            root["required"] = json!(["items"]);
            root["additionalProperties"] = false.into();
            Some(root)
        };
        let defs = || json!({ "$defs": json(reference)["$defs"] });
        let references = json!({ "type": "array", "items": { "$ref": "#/$defs/a" } });
        let mut output_of_references = defs();
        output_of_references["type"] = "array".into();
        output_of_references["items"] = references["items"].clone();
        for (number, schema, sent, strict, output) in [
            (0, "", None, true, json!({ "type": "string" })),
            (0, "left over", None, true, json!({ "type": "string" })),
            (1, "", None, true, json!({ "type": "object" })),
            (2, "{}", None, true, json!({ "type": "array" })),
            (1, &strict, Some(self::strict()), true, self::strict()),
            (
                1,
                r#"{"type":"object"}"#,
                Some(json!({ "type": "object" })),
                false,
                json!({ "type": "object" }),
            ),
            (2, &strict, in_object(json!({}), &list), true, list.clone()),
            (2, &list.to_string(), in_object(json!({}), &list), true, list.clone()),
            (2, r#"{"type":"string"}"#, in_object(json!({}), &strings), true, strings.clone()),
            // References still find their targets.
            (2, reference, in_object(defs(), &references), false, output_of_references),
        ] {
            let format = of(number, schema);
            let expected = sent.clone().map(|schema| {
                let schema = json!({ "name": "response", "strict": strict, "schema": schema });
                json!({ "type": "json_schema", "json_schema": schema })
            });
            let json_mode = (number > 0).then(|| json!({ "type": "json_object" }));
            let has_instruction = format.instruction().is_some_and(|it| it.contains("JSON"));
            assert_eq!(response_format(&format), expected.or(json_mode), "{number} {schema}");
            assert_eq!(has_instruction, number > 0 && sent.is_none(), "{number} {schema}");
            assert_eq!(format.is_loose(), !strict, "{number} {schema}");
            assert_eq!(format.schema(), sent.and(Some(output.clone())), "{number} {schema}");
            assert_eq!(format.output_schema(false), output, "{number} {schema}");
        }
        assert_eq!(of(0, "").output_schema(true), strings);
        let several =
            json!({ "$defs": json(reference)["$defs"], "type": "array", "items": references });
        assert_eq!(of(2, reference).output_schema(true), several);
        // Members keep their order.
        assert!(response_format(&of(1, &strict)).unwrap().to_string().contains(&strict));
    }

    #[test]
    fn rejects_a_schema_that_does_not_fit_the_format() {
        for schema in ["{", "[]", "true", "\"object\"", r#"{"type":"array"}"#] {
            let failure = Format::of(1, Some(schema)).unwrap_err();
            assert_eq!(failure.kind, FailureKind::InvalidInput, "{schema}");
            assert_eq!(failure.property.as_deref(), Some("responseSchema"));
        }
        let failure = Format::of(3, None).unwrap_err();
        assert_eq!(failure.property.as_deref(), Some("responseFormat"));
    }

    #[test]
    fn reads_the_output_of_an_answer() {
        let (text, object, list) = (Format::Text, Format::Object(None), Format::List(None));
        let (written, fenced) = (r#"{"z":1.5,"a":2}"#, "```json\n{\"items\": [1, 2]}\n```");
        for (format, content, reason, output) in [
            (&text, " Hi\n", "stop", json!(" Hi\n")),
            (&text, "", "stop", json!("")),
            // Text that was cut off at the token limit is still returned.
            (&text, "cut", "length", json!("cut")),
            (&text, "cut", "max_tokens", json!("cut")),
            (&text, "all", "eos", json!("all")),
            (&text, "all", "", json!("all")),
            (&object, written, "stop", json!({ "z": 1.5, "a": 2 })),
            (&list, r#"{"items":[1, 2]}"#, "stop", json!([1, 2])),
            (&list, "[1, 2]", "stop", json!([1, 2])),
            (&list, fenced, "stop", json!([1, 2])),
        ] {
            assert_eq!(read(format, content, reason).unwrap(), output, "{content}");
        }
        // Members keep their order.
        assert_eq!(read(&object, written, "stop").unwrap().to_string(), written);
    }

    #[test]
    fn rejects_answers_that_are_wrong_or_incomplete() {
        use FailureKind::{InvalidOutput, Refused, Unavailable};
        let (text, object, list) = (Format::Text, Format::Object(None), Format::List(None));
        for (format, content, reason, kind) in [
            (&object, "Sure! Here it is", "stop", InvalidOutput),
            (&object, r#"{"cut":"#, "stop", InvalidOutput),
            (&object, r#"{"a":1} {"b":2}"#, "stop", InvalidOutput),
            (&object, "[1]", "stop", InvalidOutput),
            (&object, "", "stop", InvalidOutput),
            (&list, r#"{"items":1}"#, "stop", InvalidOutput),
            (&list, r#"{"list":[1]}"#, "stop", InvalidOutput),
            (&list, "1, 2, 3", "stop", InvalidOutput),
            // Incomplete answers are rejected.
            (&object, r#"{"a":1}"#, "length", InvalidOutput),
            (&text, "", "length", InvalidOutput),
            (&list, "[1]", "content_filter", Refused),
            (&text, "half", "content_filter", Refused),
            (&text, "half", "content_filter: PROHIBITED_CONTENT", Refused),
            (&text, "half", "SAFETY", Refused),
            (&text, "half", "sensitive", Refused),
            (&text, "", "content_filter", Refused),
            (&text, "half", "error", Unavailable),
            (&text, "half", "network_error", Unavailable),
            (&text, "half", "insufficient_system_resource", Unavailable),
            (&text, "half", "aborted", Unavailable),
        ] {
            let failure = read(format, content, reason).unwrap_err();
            assert_eq!(failure.kind, kind, "{content} {reason}");
            assert_eq!(failure.detail.as_deref().unwrap_or_default(), content, "{content}");
            assert_eq!(failure.property.is_some(), reason == "length");
            assert!(failure.request_sent);
        }
    }

    #[test]
    fn an_error_or_refusal_in_an_answer_becomes_the_failure() {
        let error = errors::inside(r#"{"error":{"message":"Slow down.","code":429}}"#);
        let refusal = Some("I can't help with that.".to_owned());
        for (choice, kind, message, detail) in [
            (
                Choice { error: Some(error), ..choice("half", "error") },
                FailureKind::RateLimited,
                "Slow down",
                Some("half"),
            ),
            (
                Choice { refusal, ..Choice::default() },
                FailureKind::Refused,
                "the model refused: I can't help with that.",
                None,
            ),
            (
                Choice::default(),
                FailureKind::InvalidOutput,
                "the provider's response contains no text",
                None,
            ),
        ] {
            for format in [Format::Text, Format::Object(None)] {
                let failure = format.content(&choice).unwrap_err();
                assert_eq!((failure.kind, failure.message.as_str()), (kind, message));
                assert_eq!(failure.detail.as_deref(), detail);
            }
        }
    }

    #[test]
    fn adds_advice_if_a_format_is_not_supported() {
        let (with_schema, without) = (of(1, &strict().to_string()), of(2, ""));
        let unavailable = "This response_format type is unavailable now";
        let other = "'response_format.type' must be 'json_schema' or 'text'";
        let invalid = "Invalid schema for response_format 'response': In context=()";
        for (format, message, advice) in [
            (&with_schema, unavailable, Some(("; leave Response Schema empty", "responseSchema"))),
            (&without, other, Some(("; set a Response Schema", "responseFormat"))),
            (&Format::Text, "response_format is unknown", None),
            (&with_schema, invalid, None),
            (&with_schema, "max_tokens is too large", None),
        ] {
            let mut failure = Failure::refused(message);
            failure.status = Some(400);
            let advised = format.advise(failure);
            let (words, property) = advice.unzip();
            let begin = format!("{message}{}", words.unwrap_or_default());
            assert!(advised.message.starts_with(&begin), "{advised}");
            assert_eq!(advised.message.len() > begin.len(), words.is_some(), "{advised}");
            assert_eq!(advised.property.as_deref(), property);
        }
    }
}
