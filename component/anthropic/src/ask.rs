//! Ask: sends a conversation to a model and returns its answer as text, or as
//! an object that matches a schema.

use connector_sdk::json_schema::{self, Invalid};
use connector_sdk::property::{Control, Property, Shape, Type};
use connector_sdk::{
    Choices, Effects, Example, Failure, Options, OptionsRequest, Outcome, Output, Properties,
    Result, Run, Settings, events, http,
};
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value, json};

use crate::answer::Answer;
use crate::models;

/// The tool that a model must call to return a structured answer.
const TOOL: &str = "answer";

/// Asks a model and returns its answer.
#[derive(Deserialize, Serialize, Properties)]
#[serde(rename_all(deserialize = "camelCase", serialize = "snake_case"))]
pub struct Ask {
    #[serde(flatten)]
    conversation: Conversation,
    /// The maximum number of tokens in the answer. Longer answers are cut off.
    #[property(default = 4096, minimum = 1)]
    max_tokens: u64,
    /// The form of the answer: text, or an object that matches a schema.
    #[serde(skip_serializing)]
    #[property(default = "text")]
    response_format: Option<Format>,
    /// The JSON Schema of the answer. Its type must be object.
    #[serde(skip_serializing)]
    #[property(required, when(response_format = "structured"), control = json_schema_builder)]
    response_schema: Option<String>,
    /// Controls randomness: 0 is nearly deterministic, higher values are more varied.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[property(advanced, minimum = 0, maximum = 1, provider_default = 1)]
    temperature: Option<Number>,
    /// Sequences that end the answer and are not included in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[property(advanced)]
    stop_sequences: Option<Vec<String>>,
}

/// The properties that all actions share.
#[derive(Deserialize, Serialize, Properties)]
pub struct Conversation {
    /// The model to use. You can enter any model the server supports.
    #[property(live, open_choices(
        "claude-opus-4-5" as "Claude Opus 4.5",
        "claude-sonnet-4-5" as "Claude Sonnet 4.5",
        "claude-haiku-4-5" as "Claude Haiku 4.5",
    ))]
    model: String,
    /// The conversation so far, oldest message first. The model answers the last message.
    #[property(min_items = 1)]
    messages: Vec<Message>,
    /// Instructions for the model, such as its role, tone or task.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[property(control = text_area)]
    system: Option<String>,
}

#[derive(Deserialize, Serialize, Properties)]
pub struct Message {
    /// The author of the message.
    role: Role,
    /// The text of the message.
    #[property(control = text_area)]
    content: String,
}

#[derive(Deserialize, Serialize, Choices)]
#[serde(rename_all = "snake_case")]
enum Role {
    User,
    Assistant,
}

#[derive(Deserialize, Choices, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Format {
    Text,
    Structured,
}

impl Run for Ask {
    const HELP: &str = include_str!("ask.md");
    const TEXT_PROPERTY: &str = "messages[0].content";
    const EFFECTS: Effects = Effects::BILLED;
    const EXAMPLES: &[Example] = &[Example {
        title: "A question",
        input: r#"{"model": "claude-haiku-4-5",
            "messages": [{"role": "user", "content": "Why is the sky blue?"}]}"#,
    }];

    type Output = Value;
    const OUTPUT: Output = Output::Dynamic(&[
        Property { label: "Text", display: Some("markdown"), ..String::SHAPE },
        Property { label: "Structured", ..Property::of(Type::Object, Control::ObjectBuilder) },
    ]);

    fn run(self, _: &Settings) -> Result<Outcome<Value>> {
        let schema = self.schema()?;
        if let Some(schema) = &schema
            && let Err(Invalid::Schema(reason)) = json_schema::validate(schema, "{}")
        {
            let message = format!("`responseSchema` is not a valid JSON Schema: {reason}");
            return Err(Failure::invalid_input("responseSchema", message));
        }
        let streaming = events::streaming();
        let request = http::post("/v1/messages").json(&self.body(schema.as_ref(), streaming));
        let response = request.send()?;
        let answer =
            if streaming { Answer::streamed(&response)? } else { Answer::of(response.json()?) };
        let output = match &schema {
            None => Value::from(answer.text()?),
            Some(schema) => checked(schema, answer.object()?)?,
        };
        Outcome::new(output).with_metadata(&answer.metadata(response.request_id()))
    }

    fn options(request: &OptionsRequest) -> Result<Options> {
        models::options(request)
    }

    fn output_schema(input: Value, _: &Settings) -> Result<Value> {
        let ask: Self = serde_json::from_value(input)
            .map_err(|error| Failure::invalid_input("", format!("invalid input: {error}")))?;
        Ok(ask.schema()?.unwrap_or_else(|| json!({ "type": "string" })))
    }
}

/// The body of a request.
#[derive(Serialize)]
struct Body<'a> {
    #[serde(flatten)]
    ask: &'a Ask,
    #[serde(flatten)]
    tool: Option<Tool>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stream: bool,
}

#[derive(Serialize)]
struct Tool {
    tools: Value,
    tool_choice: Value,
}

impl Ask {
    /// The schema of the answer, or `None` for text.
    fn schema(&self) -> Result<Option<Value>> {
        if self.response_format != Some(Format::Structured) {
            return Ok(None);
        }
        let schema = self.response_schema.as_deref().unwrap_or_default();
        match serde_json::from_str::<Value>(schema) {
            Ok(schema) if schema.get("type").is_some_and(|kind| kind == "object") => {
                Ok(Some(schema))
            }
            _ => {
                let message = "`responseSchema` must be a JSON Schema with the type `object`";
                Err(Failure::invalid_input("responseSchema", message))
            }
        }
    }

    fn body(&self, schema: Option<&Value>, stream: bool) -> Body<'_> {
        let tool = schema.map(|schema| Tool {
            tools: json!([{
                "name": TOOL,
                "description": "Gives the answer to the user.",
                "input_schema": schema,
            }]),
            tool_choice: json!({ "type": "tool", "name": TOOL }),
        });
        Body { ask: self, tool, stream }
    }
}

/// Checks that an answer matches the schema.
fn checked(schema: &Value, output: Value) -> Result<Value> {
    match json_schema::validate(schema, &output) {
        Ok(()) => Ok(output),
        Err(invalid) => {
            let reasons = invalid.reasons();
            let message = format!("the answer does not match the schema: {reasons}");
            Err(Failure::invalid_output(message).with_detail(&output.to_string()))
        }
    }
}
