//! Asking the model until it answers: as long as it wants functions called,
//! they are called and it is asked again.

use std::result;

use super::functions::Functions;
pub use crate::bindings::workflow::connector::events::StopReason as Stopped;
use crate::bindings::workflow::connector::events::{Event, FunctionCall, FunctionResult};
use crate::failure::{Failure, FailureKind, Result};
use crate::json::{Json, Object, Value};
use crate::openai::usage::Usage;

/// How often functions are called in a run. A model that still wants more is
/// going in circles.
const ROUNDS: usize = 10;

/// What a conversation needs from outside.
pub trait Outside {
    /// Sends a request body and takes the answer.
    fn complete(&mut self, body: Object) -> Result<Reply>;
    /// Calls a function of the registry with a JSON object.
    fn call(&mut self, name: &str, arguments: &str) -> Result<String>;
    /// Tells the caller what happens.
    fn tell(&mut self, event: &Event) -> result::Result<(), Stopped>;
}

/// The provider's answer to one request.
pub struct Reply {
    /// The body, JSON text.
    pub text: String,
    /// The provider's id of the request.
    pub request_id: Option<String>,
}

/// The model's answer.
#[derive(Debug)]
pub struct Answer {
    /// The model that answered.
    pub model: Option<String>,
    /// What it says; at least one.
    pub choices: Vec<Choice>,
    /// The counts of all requests together.
    pub usage: Usage,
    /// The provider's id of the last request.
    pub request_id: Option<String>,
}

/// One of several answers to the same messages.
#[derive(Debug)]
pub struct Choice {
    /// The text; empty if there is none.
    pub content: String,
    /// Why the model declines.
    pub refusal: Option<String>,
    /// Why the answer ends.
    pub finish_reason: Option<String>,
    /// The functions that the model wants called.
    calls: Vec<Call>,
}

/// A function that the model wants called.
#[derive(Debug)]
pub struct Call {
    id: String,
    name: String,
    arguments: String,
}

impl Choice {
    /// Reads an item of `choices`, as far as servers fill it in.
    pub fn of(choice: &Value) -> Self {
        let text = |pointer| text(choice, pointer);
        Self {
            content: content(choice.pointer("/message/content")),
            refusal: text("/message/refusal"),
            finish_reason: text("/finish_reason"),
            calls: items(choice, "/message/tool_calls").iter().filter_map(Call::of).collect(),
        }
    }
}

impl Call {
    /// A call without arguments.
    pub fn new(id: &str, name: &str) -> Self {
        Self { id: id.into(), name: name.into(), arguments: "{}".into() }
    }

    fn of(call: &Value) -> Option<Self> {
        // The API sends the arguments as a text, which is empty for none; some
        // servers send the object itself.
        let arguments = match call.pointer("/function/arguments") {
            None | Some(Value::Null) => "{}".into(),
            Some(Value::Text(text)) if text.trim().is_empty() => "{}".into(),
            Some(Value::Text(text)) => text.clone(),
            Some(value) => Json::from(value).text(),
        };
        let id = text(call, "/id").unwrap_or_default();
        Some(Self { id, name: text(call, "/function/name")?, arguments })
    }
}

/// The text of a message, which some servers send in parts.
fn content(content: Option<&Value>) -> String {
    match content {
        Some(Value::Text(text)) => text.clone(),
        Some(Value::List(parts)) => {
            parts.iter().filter_map(|part| part.get("text")?.as_str()).collect()
        }
        _ => String::new(),
    }
}

/// A text that is there and not empty.
fn text(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer)?.as_str().filter(|text| !text.is_empty()).map(Into::into)
}

/// The items of an array that may be absent.
fn items<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).unwrap_or_default()
}

/// Asks until there is an answer. `body` makes a request of messages.
pub fn hold(
    outside: &mut dyn Outside,
    functions: &Functions,
    mut messages: Vec<Json>,
    body: &dyn Fn(&[Json]) -> Object,
) -> Result<Answer> {
    let mut usage = Usage::default();
    for round in 0..=ROUNDS {
        let reply = outside.complete(body(&messages)).map_err(|failure| match round {
            0 => failure,
            // An earlier round was sent, whatever became of this one.
            _ => failure.sent(),
        })?;
        let completion = Value::parse(&reply.text).unwrap_or(Value::Null);
        let choices: Vec<_> = items(&completion, "/choices").iter().map(Choice::of).collect();
        let Some(first) = choices.first() else {
            let failure = Failure::invalid_output("the provider returned no answer", &reply.text);
            return Err(failure.answered(200, reply.request_id.as_deref()));
        };
        if let Some(counts) = completion.get("usage") {
            usage.add(counts);
        }
        if functions.is_empty() || first.calls.is_empty() {
            let model = text(&completion, "/model");
            return Ok(Answer { model, choices, usage, request_id: reply.request_id });
        }
        if round < ROUNDS {
            messages.push(calls(&first.content, &first.calls));
            for call in &first.calls {
                messages.push(answered(outside, functions, call).map_err(Failure::sent)?);
            }
        }
    }
    let message = format!("the model still wanted functions called after {ROUNDS} rounds of them");
    Err(Failure::invalid_output(message, "").at("functions"))
}

/// A message of the model with calls.
pub fn calls(content: &str, calls: &[Call]) -> Json {
    let content = match content {
        "" => Json::raw("null"),
        text => text.into(),
    };
    let calls: Vec<_> = calls
        .iter()
        .map(|call| {
            let function = Object::new()
                .set("name", call.name.as_str())
                .set("arguments", call.arguments.as_str());
            Object::new()
                .set("id", call.id.as_str())
                .set("type", "function")
                .set("function", function)
                .into()
        })
        .collect();
    Object::new()
        .set("role", "assistant")
        .set("content", content)
        .set("tool_calls", Json::list(&calls))
        .into()
}

/// A message with the result of a call.
pub fn result(id: &str, content: &str) -> Json {
    Object::new().set("role", "tool").set("tool_call_id", id).set("content", content).into()
}

/// Calls a function, and gives the message with its result for the next
/// request.
fn answered(outside: &mut dyn Outside, functions: &Functions, call: &Call) -> Result<Json> {
    let content = match functions.registered(&call.name) {
        None => Err(format!("there is no function `{}`", call.name)),
        Some(_) if !is_object(&call.arguments) => Err("the arguments are not a JSON object".into()),
        Some(name) => perform(outside, name, call)?,
    };
    let content = content.unwrap_or_else(|error| Object::new().set("error", error).text());
    Ok(result(&call.id, &content))
}

fn is_object(text: &str) -> bool {
    Value::parse(text).is_some_and(|value| value.as_object().is_some())
}

/// Calls a function and tells the caller before and after. The model is
/// handed a function's error, from which it often recovers; what ends the run
/// ends it.
fn perform(
    outside: &mut dyn Outside,
    name: &str,
    call: &Call,
) -> Result<result::Result<String, String>> {
    let Call { id, arguments, .. } = call;
    let told = FunctionCall { id: id.clone(), name: name.into(), arguments: arguments.clone() };
    outside.tell(&Event::FunctionCall(told)).map_err(stopped)?;
    let result = match outside.call(name, arguments) {
        Err(failure) if failure.kind == FailureKind::Cancelled => return Err(failure),
        result => result.map_err(|failure| failure.message),
    };
    let told = FunctionResult { id: id.clone(), name: name.into(), result: result.clone() };
    outside.tell(&Event::FunctionResult(told)).map_err(stopped)?;
    Ok(result)
}

fn stopped(reason: Stopped) -> Box<Failure> {
    match reason {
        Stopped::Cancelled => Failure::new(FailureKind::Cancelled, "the run was cancelled"),
        Stopped::Deadline => Failure::new(FailureKind::Timeout, "the run's deadline passed"),
    }
}
