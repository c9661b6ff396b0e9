//! The conversation with the model until it answers. Functions that it calls are
//! run and their results sent back. An answer that does not match the schema is
//! sent back for correction.

use std::fmt::Display;

use connector_sdk::functions::{self, Function, Invocation};
use connector_sdk::json_schema::{self, Invalid, Violation};
use connector_sdk::{Failure, FailureKind, Result, errors, events, json};
use serde_json::{Value, json};

use super::choice::{Choice, ToolCall, sent_back};
use super::format::{self, Format};
use super::functions::Functions;
use super::request::Requests;
use crate::lenient::{at, items, text};
use crate::usage::Usage;

/// The maximum number of violations in a message.
const MAX_VIOLATIONS: usize = 5;
/// The maximum length of a violation, in characters: it may contain the whole
/// value.
const MAX_VIOLATION: usize = 200;

/// A conversation with a model.
pub struct Conversation<'a> {
    pub requests: Requests<'a>,
    /// The shape of the answer.
    pub format: &'a Format,
    /// The functions that the model may call.
    pub functions: &'a Functions,
    /// The maximum number of rounds of function calls. A model that requests
    /// more is going in circles.
    pub max_rounds: u64,
    /// The maximum number of times that the model is asked to correct an answer
    /// that does not match the format's schema.
    pub max_repairs: u64,
}

/// The model's answer.
#[derive(Debug)]
pub struct Answer {
    /// The model that answered.
    pub model: Option<String>,
    /// The output of each choice.
    pub outputs: Vec<Value>,
    /// Why each choice ended, if the provider reports it.
    pub finish_reasons: Vec<String>,
    /// The log probabilities of each choice, as sent by the provider.
    pub logprobs: Vec<Value>,
    /// How many times the model was asked to correct its answer.
    pub repairs: u64,
    /// The token counts of all requests together.
    pub usage: Usage,
    /// The provider's ID of the last request.
    pub request_id: Option<String>,
}

impl Answer {
    /// Reads the answer in a completion that is not part of a conversation.
    pub fn read(completion: &Value, format: &Format) -> Result<Self> {
        let read: Vec<_> = items(at(completion, "choices")).iter().map(Choice::of).collect();
        if read.is_empty() {
            return Err(no_answer(completion));
        }
        let contents = format.contents(&read)?;
        let outputs = contents.into_iter().map(|content| format.output(content));
        Ok(Self::of(completion, &read, outputs.collect::<Result<_>>()?))
    }

    /// The answer in one completion, of which `read` are the choices.
    fn of(completion: &Value, read: &[Choice], outputs: Vec<Value>) -> Self {
        let model = text(at(completion, "model"));
        let reasons = read.iter().map(|choice| choice.finish_reason.clone());
        let logprobs = items(at(completion, "choices")).iter().map(|one| at(one, "logprobs"));
        let mut usage = Usage::default();
        usage.add(at(completion, "usage"));
        Self {
            model: (!model.is_empty()).then(|| model.to_owned()),
            outputs,
            finish_reasons: reasons.filter(|reason| !reason.is_empty()).collect(),
            logprobs: logprobs.cloned().collect(),
            repairs: 0,
            usage,
            request_id: None,
        }
    }
}

fn no_answer(completion: &Value) -> Failure {
    errors::instead("the provider returned no answer", &completion.to_string())
}

impl Conversation<'_> {
    /// Sends requests until there is an answer.
    pub fn hold(&mut self, mut messages: Vec<Value>) -> Result<Answer> {
        let schema = self.format.schema();
        let mut usage = Usage::default();
        let (mut rounds, mut repairs) = (0, 0);
        loop {
            let (completion, response) = self.requests.send(&messages).map_err(|mut failure| {
                // Even if this request was not sent, an earlier one was.
                failure.request_sent |= rounds + repairs > 0;
                failure
            })?;
            let answered = |failure: Failure| failure.answered_by(&response);
            let choices = items(at(&completion, "choices"));
            let read: Vec<_> = choices.iter().map(Choice::of).collect();
            let ([choice, ..], [first, ..]) = (choices, &*read) else {
                return Err(answered(no_answer(&completion)));
            };
            usage.add(at(&completion, "usage"));

            if self.functions.tools().is_some() && !first.calls.is_empty() {
                if rounds == self.max_rounds {
                    let message =
                        format!("the model still requested function calls after {rounds} rounds");
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

            let contents = self.format.contents(&read).map_err(answered)?;
            match self.outputs(schema.as_ref(), &contents) {
                Ok(outputs) => {
                    let answer = Answer::of(&completion, &read, outputs);
                    return Ok(Answer {
                        repairs,
                        usage,
                        request_id: response.request_id(),
                        ..answer
                    });
                }
                Err(mismatch)
                    if schema.is_some() && read.len() == 1 && repairs < self.max_repairs =>
                {
                    repairs += 1;
                    messages.push(sent_back(at(choice, "message"), &[]));
                    messages.push(json!({ "role": "user", "content": correction(&mismatch) }));
                }
                Err(mismatch) => return Err(answered(mismatch)),
            }
        }
    }

    /// The output of each text. Fails if one does not match the schema.
    fn outputs(&self, schema: Option<&Value>, contents: &[&str]) -> Result<Vec<Value>> {
        let output = |content: &&str| {
            let output = self.format.output(content)?;
            match schema.and_then(|schema| violations(schema, &output)) {
                Some(violations) => {
                    let message =
                        format!("the answer does not match the Response Schema: {violations}");
                    Err(Failure::invalid_output(message).with_detail(content))
                }
                None => Ok(output),
            }
        };
        contents.iter().map(output).collect()
    }

    /// Calls functions concurrently and returns the messages with their results
    /// for the next request. The model receives a call's error, from which it
    /// often recovers. Only a failure that ends the run is returned.
    fn call(&self, calls: &[ToolCall]) -> Result<Vec<Value>> {
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

    /// The invocation for a call, or what is wrong with the call.
    fn check(&self, call: &ToolCall) -> Result<Invocation, String> {
        if call.name.is_empty() {
            return Err("the call has no function name".to_owned());
        }
        let Some(Function { name, parameters, .. }) = self.functions.find(&call.name) else {
            return Err(format!("unknown function `{}`", call.name));
        };
        match json::from_str(&call.arguments) {
            Ok(arguments @ Value::Object(_)) => match violations(parameters, &call.arguments) {
                Some(violations) => Err(format!("invalid arguments: {violations}")),
                None => Ok(Invocation { name: name.clone(), arguments }),
            },
            _ => Err("the arguments are not a JSON object".to_owned()),
        }
    }
}

/// Describes how a value violates its schema, if it does.
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

/// The message to the model after an answer that does not match the schema.
fn correction(mismatch: &Failure) -> String {
    format!("{mismatch}. Answer again with the complete, corrected JSON and nothing else.")
}

/// What the model receives instead of a result.
fn failed(error: &str) -> String {
    json!({ "error": error }).to_string()
}
