//! Asking the model until it answers: as long as it wants functions called,
//! they are called and it is asked again, and so it is when its answer does not
//! fit the schema.

use std::fmt::Display;

use connector_sdk::functions::{self, Function, Invocation};
use connector_sdk::json_schema::{self, Invalid, Violation};
use connector_sdk::{Failure, FailureKind, Result, errors, events, json};
use serde_json::{Value, json};

use super::choice::{Call, Choice, sent_back};
use super::format::{self, Format};
use super::functions::Functions;
use super::request::Requests;
use crate::lenient::{at, items, text};
use crate::usage::Usage;

/// As many violations as a message names.
const MAX_VIOLATIONS: usize = 5;
/// The longest description of one, in characters: it may hold the whole value.
const MAX_VIOLATION: usize = 200;

/// How a conversation is held.
pub struct Conversation<'a> {
    pub requests: Requests<'a>,
    /// The shape of the answer.
    pub format: &'a Format,
    /// The functions that the model may call.
    pub functions: &'a Functions,
    /// How often functions are called. A model that still wants more is going
    /// in circles.
    pub max_rounds: u64,
    /// How often the model is asked to correct an answer that does not fit the
    /// format's schema.
    pub max_repairs: u64,
}

/// The model's answer.
#[derive(Debug)]
pub struct Answer {
    /// The model that answered.
    pub model: Option<String>,
    /// The output of each choice.
    pub outputs: Vec<Value>,
    /// Why each choice ends, as far as that is known.
    pub finish_reasons: Vec<String>,
    /// How probable the tokens of each choice were, as the provider has it.
    pub logprobs: Vec<Value>,
    /// How often the model was asked to correct its answer.
    pub repairs: u64,
    /// The counts of all requests together.
    pub usage: Usage,
    /// The provider's id of the last request.
    pub request_id: Option<String>,
}

impl Conversation<'_> {
    /// Asks until there is an answer.
    pub fn hold(&mut self, mut messages: Vec<Value>) -> Result<Answer> {
        let schema = self.format.schema();
        check_schema(schema.as_ref())?;
        let mut usage = Usage::default();
        let (mut rounds, mut repairs) = (0, 0);
        loop {
            let (completion, response) = self.requests.send(&messages).map_err(|mut failure| {
                // An earlier request was sent, whatever became of this one.
                failure.request_sent |= rounds + repairs > 0;
                failure
            })?;
            let answered = |failure: Failure| failure.answered_by(&response);
            let choices = items(at(&completion, "choices"));
            let read: Vec<_> = choices.iter().map(Choice::of).collect();
            let ([choice, ..], [first, ..]) = (choices, &*read) else {
                let answer = completion.to_string();
                return Err(answered(errors::instead("the provider returned no answer", &answer)));
            };
            usage.add(at(&completion, "usage"));

            if self.functions.tools().is_some() && !first.calls.is_empty() {
                if rounds == self.max_rounds {
                    let message = format!(
                        "the model still wanted functions called after {rounds} rounds of them"
                    );
                    return Err(Failure::invalid_output(message).at("functions"));
                }
                rounds += 1;
                format::require_end(first).map_err(answered)?;
                messages.push(sent_back(at(choice, "message"), &first.calls));
                messages.extend(self.call(&first.calls).map_err(|mut failure| {
                    failure.request_sent = true;
                    failure
                })?);
                continue;
            }

            let contents = read.iter().map(|choice| self.format.content(choice));
            let contents: Vec<&str> = contents.collect::<Result<_>>().map_err(answered)?;
            match self.outputs(schema.as_ref(), &contents) {
                Ok(outputs) => {
                    let reasons = read.iter().map(|choice| choice.finish_reason.clone());
                    let model = text(at(&completion, "model"));
                    return Ok(Answer {
                        model: (!model.is_empty()).then(|| model.to_owned()),
                        outputs,
                        finish_reasons: reasons.filter(|reason| !reason.is_empty()).collect(),
                        logprobs: choices.iter().map(|one| at(one, "logprobs").clone()).collect(),
                        repairs,
                        usage,
                        request_id: response.request_id(),
                    });
                }
                Err(unfit) if schema.is_some() && read.len() == 1 && repairs < self.max_repairs => {
                    repairs += 1;
                    messages.push(sent_back(at(choice, "message"), &[]));
                    messages.push(json!({ "role": "user", "content": correction(&unfit) }));
                }
                Err(unfit) => return Err(answered(unfit)),
            }
        }
    }

    /// The output of each text, which fits the schema.
    fn outputs(&self, schema: Option<&Value>, contents: &[&str]) -> Result<Vec<Value>> {
        let output = |content: &&str| {
            let output = self.format.output(content)?;
            match schema.and_then(|schema| violations(schema, &output)) {
                Some(violations) => {
                    let message =
                        format!("the answer does not fit the Response Schema: {violations}");
                    Err(Failure::invalid_output(message).with_detail(content))
                }
                None => Ok(output),
            }
        };
        contents.iter().map(output).collect()
    }

    /// Calls functions at the same time, and returns the messages with their
    /// results for the next request. The model gets a call's error, from
    /// which it often recovers; what ends the run ends it.
    fn call(&self, calls: &[Call]) -> Result<Vec<Value>> {
        let checked: Vec<_> = calls.iter().map(|call| self.check(call)).collect();
        let mut invocations = Vec::new();
        for (call, checked) in calls.iter().zip(&checked) {
            if let Ok(invocation) = checked {
                events::function_call(&call.id, invocation)?;
                invocations.push(invocation.clone());
            }
        }
        let mut results = functions::call(&invocations).into_iter();
        let mut messages = Vec::new();
        for (call, checked) in calls.iter().zip(checked) {
            let content = match checked {
                Err(error) => failed(&error),
                Ok(Invocation { name, .. }) => match results.next() {
                    Some(Ok(result)) => {
                        events::function_result(&call.id, &name, Ok(&result))?;
                        result.to_string()
                    }
                    Some(Err(failure)) if failure.kind == FailureKind::Cancelled => {
                        return Err(failure);
                    }
                    Some(Err(failure)) => {
                        let error = Err::<&Value, _>(failure.message.as_str());
                        events::function_result(&call.id, &name, error)?;
                        failed(&failure.message)
                    }
                    // The host returns as many results as there are calls.
                    None => break,
                },
            };
            messages.push(call.result(&content));
        }
        Ok(messages)
    }

    /// What a call is to the caller, or what is wrong with it.
    fn check(&self, call: &Call) -> Result<Invocation, String> {
        if call.name.is_empty() {
            return Err("the call does not say which function it is for".to_owned());
        }
        let Some(Function { name, parameters, .. }) = self.functions.find(&call.name) else {
            return Err(format!("there is no function `{}`", call.name));
        };
        match json::from_str(&call.arguments) {
            Ok(arguments @ Value::Object(_)) => match violations(parameters, &call.arguments) {
                Some(violations) => Err(format!("the arguments do not fit: {violations}")),
                None => Ok(Invocation { name: name.clone(), arguments }),
            },
            _ => Err("the arguments are not a JSON object".to_owned()),
        }
    }
}

/// Refuses what is no schema, before it costs a request.
fn check_schema(schema: Option<&Value>) -> Result<()> {
    match schema.map(|schema| json_schema::validate(schema, "null")) {
        Some(Err(Invalid::Schema(reason))) => {
            let message = format!("the schema is not a JSON Schema: {reason}");
            Err(Failure::invalid_input("responseSchema", message))
        }
        _ => Ok(()),
    }
}

/// How a value breaks its schema, in words; none if it does not.
fn violations(schema: &Value, value: impl Display) -> Option<String> {
    let Err(Invalid::Instance(violations)) = json_schema::validate(schema, value) else {
        return None;
    };
    let words = |Violation { path, message }: &Violation| {
        let message = match message.char_indices().nth(MAX_VIOLATION) {
            Some((end, _)) => format!("{}…", message.get(..end).unwrap_or_default()),
            None => message.clone(),
        };
        if path.is_empty() { message } else { format!("{path}: {message}") }
    };
    let words: Vec<_> = violations.iter().take(MAX_VIOLATIONS).map(words).collect();
    Some(words.join("; "))
}

/// The message to the model after an answer that does not fit.
fn correction(unfit: &Failure) -> String {
    format!("{unfit}. Answer again with the whole of it, corrected: JSON and nothing else.")
}

/// What the model gets instead of a result.
fn failed(error: &str) -> String {
    json!({ "error": error }).to_string()
}
