//! Count Tokens: how long a conversation is, before it is paid for.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::api;
use crate::ask::{self, Message};
use crate::bindings::exports::workflow::connector::actions::Outcome;
use crate::bindings::exports::workflow::connector::describe::{Action, Effects, Output};
use crate::bindings::workflow::connector::types::{ControlType, Failure, PropertyType};
use crate::rows::{Row, Rows};

/// Its name.
pub const NAME: &str = "countTokens";

/// Its tables.
pub fn describe(rows: &mut Rows) -> Action {
    let count = Row::new("inputTokens", PropertyType::Integer, ControlType::Integer)
        .says("Input Tokens", "")
        .required();
    let output = Row::new("", PropertyType::Object, ControlType::ObjectBuilder).of([count]);
    Action {
        name: NAME.into(),
        title: "Count Tokens".into(),
        description: "Says how many tokens a question has. It costs nothing.".into(),
        help: String::new(),
        properties: rows.add([ask::model(), ask::messages(), ask::system()]),
        output: Output::Fixed(rows.add_one(output)),
        group: None,
        deprecated: false,
        text_property: None,
        effects: Effects::empty(),
        duration_ms: None,
        examples: Vec::new(),
    }
}

/// The input, which is also the request.
#[derive(Deserialize, Serialize)]
struct Question {
    model: String,
    messages: Vec<Message>,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    input_tokens: u64,
}

/// Runs it.
pub fn run(input: &str) -> Result<Outcome, Failure> {
    let question: Question = api::parse(input)?;
    let response = api::send(api::post("/v1/messages/count_tokens", &question)?)?;
    let answer: Answer = api::read(&response)?;
    Ok(Outcome {
        output: json!({ "inputTokens": answer.input_tokens }).to_string(),
        metadata: json!({ "requestId": api::request_id(&response) }).to_string(),
    })
}
