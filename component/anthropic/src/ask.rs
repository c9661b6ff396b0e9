//! Ask: a conversation goes to a model, and its answer comes back as text or
//! as an object of a given shape.

mod answer;

use serde::{Deserialize, Serialize};
use serde_json::{Number, Value, json};

use crate::api::{self, failure};
use crate::bindings::exports::workflow::connector::actions::Outcome;
use crate::bindings::exports::workflow::connector::describe::{Action, Effects, Output};
use crate::bindings::workflow::connector::types::{
    Comparison, Condition, ControlType, Failure, FailureKind, PropertyType,
};
use crate::bindings::workflow::connector::{events, json_schema};
use crate::rows::{Row, Rows};
use answer::Answer;

/// Its name.
pub const NAME: &str = "ask";

/// The tool that a model must call to give an answer of a shape.
const TOOL: &str = "answer";

const STRUCTURED: &str = "structured";

/// Its table.
pub fn describe(rows: &mut Rows) -> Action {
    Action {
        name: NAME.into(),
        title: "Ask".into(),
        description: "Asks a model and gives its answer.".into(),
        help: include_str!("ask.md").into(),
        properties: rows.add([
            model(),
            messages(),
            system(),
            max_tokens(),
            response_format(),
            response_schema(),
            temperature(),
            stop_sequences(),
        ]),
        output: Output::Dynamic(Vec::new()),
        group: None,
        deprecated: false,
        text_property: None,
        effects: Effects::empty(),
        duration_ms: None,
        examples: Vec::new(),
    }
}

/// The row of the model.
pub fn model() -> Row {
    Row::new("model", PropertyType::String, ControlType::Select)
        .says("Model", "The model that answers. Any name may be typed.")
        .one_of(&[
            ("Claude Opus 4.5", "claude-opus-4-5"),
            ("Claude Sonnet 4.5", "claude-sonnet-4-5"),
            ("Claude Haiku 4.5", "claude-haiku-4-5"),
        ])
        .or_other()
        .required()
}

/// The row of the conversation.
pub fn messages() -> Row {
    let role = Row::new("role", PropertyType::String, ControlType::Select)
        .says("Role", "Who said it.")
        .one_of(&[("User", "user"), ("Assistant", "assistant")])
        .required();
    let content = Row::new("content", PropertyType::String, ControlType::TextArea)
        .says("Content", "What was said.")
        .required();
    let message =
        Row::new("", PropertyType::Object, ControlType::ObjectBuilder).of([role, content]);
    Row::new("messages", PropertyType::Array, ControlType::ArrayBuilder)
        .says("Messages", "The conversation so far, the question last.")
        .required()
        .within(|limits| limits.min_items = Some(1))
        .of([message])
}

/// The row of the instructions.
pub fn system() -> Row {
    Row::new("system", PropertyType::String, ControlType::TextArea)
        .says("System", "What the model is told before the conversation. Left empty, nothing.")
}

/// The API takes no request without it.
fn max_tokens() -> Row {
    Row::new("maxTokens", PropertyType::Integer, ControlType::Integer)
        .says("Max Tokens", "Where the answer is cut off.")
        .required()
        .with(|row| row.default = Some("4096".to_owned()))
        .within(|limits| limits.minimum = Some(1.0))
}

fn response_format() -> Row {
    Row::new("responseFormat", PropertyType::String, ControlType::Select)
        .says("Response Format", "What the answer is: text, or an object of a shape.")
        .one_of(&[("Text", "text"), ("Structured", STRUCTURED)])
        .with(|row| row.default = Some(r#""text""#.to_owned()))
}

fn response_schema() -> Row {
    Row::new("responseSchema", PropertyType::String, ControlType::JsonSchemaBuilder)
        .says("Response Schema", "The shape of the answer, a JSON Schema of an object.")
        .required()
        .with(|row| {
            row.condition = Some(Condition {
                property: "responseFormat".to_owned(),
                matches: Comparison::OneOf,
                values: vec![format!("\"{STRUCTURED}\"")],
            });
        })
}

fn temperature() -> Row {
    Row::new("temperature", PropertyType::Number, ControlType::Number)
        .says("Temperature", "How freely words are chosen. Left empty, it is the model's own.")
        .advanced()
        .with(|row| row.provider_default = Some("1".to_owned()))
        .within(|limits| (limits.minimum, limits.maximum) = (Some(0.0), Some(1.0)))
}

fn stop_sequences() -> Row {
    Row::new("stopSequences", PropertyType::Array, ControlType::ArrayBuilder)
        .says("Stop Sequences", "Texts before which the answer ends. Left empty, none does.")
        .advanced()
        .of([Row::text("")])
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    model: String,
    messages: Vec<Message>,
    system: Option<String>,
    max_tokens: u64,
    temperature: Option<Number>,
    stop_sequences: Option<Vec<String>>,
    /// Only there if the answer is to be structured.
    response_schema: Option<String>,
}

/// One turn of a conversation, in the input and in the request.
#[derive(Deserialize, Serialize)]
pub struct Message {
    role: String,
    content: String,
}

#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    max_tokens: u64,
    messages: &'a [Message],
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<&'a Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_sequences: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tools: Option<[Tool; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Value>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stream: bool,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    description: &'static str,
    input_schema: Value,
}

impl Input {
    /// The shape of the answer; none for text.
    fn schema(&self) -> Result<Option<Value>, Failure> {
        let Some(text) = &self.response_schema else { return Ok(None) };
        let schema: Option<Value> = serde_json::from_str(text).ok();
        let words = "`responseSchema` must be a JSON Schema with the type `object`";
        match schema.filter(|schema| schema.get("type").is_some_and(|kind| kind == "object")) {
            Some(schema) => Ok(Some(schema)),
            None => Err(schema_failure(words)),
        }
    }

    fn request(&self, stream: bool) -> Result<Request<'_>, Failure> {
        let tool = self.schema()?.map(|input_schema| Tool {
            name: TOOL,
            description: "Gives the answer to the user.",
            input_schema,
        });
        let tool_choice = tool.is_some().then(|| json!({ "type": "tool", "name": TOOL }));
        Ok(Request {
            model: &self.model,
            max_tokens: self.max_tokens,
            messages: &self.messages,
            system: self.system.as_deref(),
            temperature: self.temperature.as_ref(),
            stop_sequences: self.stop_sequences.as_deref(),
            tools: tool.map(|tool| [tool]),
            tool_choice,
            stream,
        })
    }
}

fn schema_failure(message: impl Into<String>) -> Failure {
    let property = Some("responseSchema".to_owned());
    Failure { property, ..failure(FailureKind::InvalidInput, message) }
}

/// Runs it.
pub fn run(input: &str) -> Result<Outcome, Failure> {
    let input: Input = api::parse(input)?;
    let streaming = events::streaming();
    let request = input.request(streaming)?;
    let schema = input.schema()?.map(|schema| schema.to_string());
    if let Some(schema) = &schema
        && let Err(json_schema::Invalid::Schema(reason)) = json_schema::validate(schema, "{}")
    {
        return Err(schema_failure(format!("`responseSchema` is no JSON Schema: {reason}")));
    }
    let response = api::send(api::post("/v1/messages", &request)?)?;
    let answer = match streaming {
        true => answer::streamed(&response)?,
        false => Answer::of(api::read(&response)?),
    };
    let output = match &schema {
        None => Value::from(answer.text()?),
        Some(schema) => checked(schema, answer.object()?)?,
    };
    Ok(Outcome {
        output: output.to_string(),
        metadata: answer.metadata(api::request_id(&response)).to_string(),
    })
}

/// An answer that is of the shape that was asked for.
fn checked(schema: &str, output: Value) -> Result<Value, Failure> {
    match json_schema::validate(schema, &output.to_string()) {
        Ok(()) => Ok(output),
        Err(invalid) => {
            let reason = match invalid {
                json_schema::Invalid::Schema(reason) | json_schema::Invalid::NotJson(reason) => {
                    reason
                }
                json_schema::Invalid::Instance(violations) => {
                    let told = violations.iter().map(|v| format!("{}: {}", v.path, v.message));
                    told.collect::<Vec<_>>().join("; ")
                }
            };
            let message = format!("the answer is not of the shape asked for: {reason}");
            Err(Failure {
                detail: Some(output.to_string()),
                ..failure(FailureKind::InvalidOutput, message)
            })
        }
    }
}

/// The shape of the output.
pub fn output_schema(input: &str) -> Result<String, Failure> {
    let input: Input = api::parse(input)?;
    let schema = input.schema()?.unwrap_or_else(|| json!({ "type": "string" }));
    Ok(schema.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(more: Value) -> Input {
        let mut input = json!({
            "model": "claude-x",
            "messages": [{ "role": "user", "content": "Hi" }],
            "maxTokens": 9,
            "responseFormat": "text",
        });
        for (name, value) in more.as_object().unwrap() {
            input[name] = value.clone();
        }
        api::parse(&input.to_string()).unwrap()
    }

    fn request(more: Value) -> Value {
        json!(input(more).request(false).unwrap())
    }

    #[test]
    fn what_is_not_set_is_not_sent() {
        let expected = json!({
            "model": "claude-x", "max_tokens": 9,
            "messages": [{ "role": "user", "content": "Hi" }],
        });
        assert_eq!(request(json!({})), expected);
    }

    #[test]
    fn everything_set_is_sent() {
        let set = request(json!({
            "system": "Be brief", "temperature": 0.5, "stopSequences": ["."],
            "responseFormat": STRUCTURED, "responseSchema": r#"{"type":"object"}"#,
        }));
        assert_eq!(set["system"], "Be brief");
        assert_eq!(set["temperature"], 0.5);
        assert_eq!(set["stop_sequences"], json!(["."]));
        assert_eq!(set["tools"][0]["input_schema"], json!({ "type": "object" }));
        assert_eq!(set["tool_choice"], json!({ "type": "tool", "name": "answer" }));
        assert_eq!(json!(input(json!({})).request(true).unwrap())["stream"], true);
    }

    #[test]
    fn a_schema_of_something_else_is_refused() {
        for schema in ["", "{", "[]", "true", "{}", r#"{"type":"string"}"#] {
            let input = input(json!({ "responseSchema": schema }));
            let failure = input.schema().unwrap_err();
            assert_eq!(failure.kind, FailureKind::InvalidInput, "{schema}");
            assert_eq!(failure.property.as_deref(), Some("responseSchema"));
        }
    }

    #[test]
    fn the_output_is_text_or_what_the_schema_says() {
        let schema = |more: Value| {
            let mut input = json!({
                "model": "m", "messages": [], "maxTokens": 1, "responseFormat": "text",
            });
            if more.is_string() {
                input["responseSchema"] = more;
            }
            output_schema(&input.to_string()).unwrap()
        };
        assert_eq!(schema(json!(null)), r#"{"type":"string"}"#);
        let object = r#"{"type":"object","properties":{"b":{},"a":{}}}"#;
        assert_eq!(schema(json!(object)), object);
    }
}
