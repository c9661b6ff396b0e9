//! The conversation with the model until it answers. Functions that it calls are
//! run and their results sent back. An answer that does not match the schema is
//! sent back for correction.

use std::fmt::Display;
use std::mem;

use connector_sdk::functions::{self, Function, Invocation};
use connector_sdk::json_schema::{self, Invalid, Violation};
use connector_sdk::{Failure, FailureKind, Result, events, json};
use serde_json::{Value, json};

use super::answer::{Answer, FunctionCall, Report};
use super::exchange::Api;
use super::format::{self, Format};
use super::functions::Functions;
use crate::usage::Usage;

/// The maximum number of violations in a message.
const MAX_VIOLATIONS: usize = 5;
/// The maximum length of a violation, in characters: it may contain the whole
/// value.
const MAX_VIOLATION: usize = 200;

/// A conversation with a model.
pub struct Conversation<'a> {
    /// The API that the model answers through.
    pub api: &'a mut dyn Api,
    /// The shape of the answer.
    pub format: &'a Format,
    /// The functions that the model may call.
    pub functions: &'a Functions,
    /// The maximum number of rounds of function calls. A model that requests
    /// more is probably in a loop.
    pub max_rounds: u64,
    /// The maximum number of times that the model is asked to correct an answer
    /// that does not match the format's schema.
    pub max_repairs: u64,
}

/// The end of a conversation.
#[derive(Debug)]
pub struct Ending {
    /// The last answer.
    pub answer: Answer,
    /// The output of each of its choices.
    pub outputs: Vec<Value>,
    /// How many times the model was asked to correct its answer.
    pub repairs: u64,
    /// The token counts of all requests together.
    pub usage: Usage,
    /// What the provider did in all requests together.
    pub report: Report,
    /// The provider's ID of the last request.
    pub request_id: Option<String>,
}

impl Ending {
    /// The result of a single request that is not part of a conversation.
    pub fn of(mut answer: Answer, format: &Format, request_id: Option<String>) -> Result<Self> {
        let report = mem::take(&mut answer.report);
        let mut usage = Usage::default();
        usage.add(&answer.usage);
        let outputs = if waits_for_approval(&answer, &report) {
            vec![Value::Null]
        } else {
            let contents = format.contents(&answer.choices)?;
            contents.into_iter().map(|content| format.output(content)).collect::<Result<_>>()?
        };
        Ok(Self { answer, outputs, repairs: 0, usage, report, request_id })
    }
}

/// Whether the model waits for the user's approval instead of answering.
fn waits_for_approval(answer: &Answer, report: &Report) -> bool {
    let has_text = answer.choices.iter().any(|choice| choice.content.is_some());
    !report.approval_requests.is_empty() && !has_text
}

impl Conversation<'_> {
    /// Sends requests until there is an answer.
    pub fn hold(&mut self) -> Result<Ending> {
        let schema = self.format.schema();
        let (mut usage, mut report) = (Usage::default(), Report::default());
        let (mut rounds, mut repairs) = (0, 0);
        loop {
            let (mut answer, response) = self.api.send().map_err(|mut failure| {
                // Even if this request was not sent, an earlier one was.
                failure.request_sent |= rounds + repairs > 0;
                failure
            })?;
            let answered = |failure: Failure| failure.answered_by(&response);
            usage.add(&answer.usage);
            report.add(mem::take(&mut answer.report));

            if let Some(first) = answer.choices.first()
                && !self.functions.is_empty()
                && !first.calls.is_empty()
            {
                if rounds == self.max_rounds {
                    let message =
                        format!("the model still requested function calls after {rounds} rounds");
                    return Err(Failure::invalid_output(message).at("functions"));
                }
                rounds += 1;
                format::require_end(first).map_err(answered)?;
                let results = self.call(&first.calls).map_err(|mut failure| {
                    failure.request_sent = true;
                    failure
                })?;
                let results: Vec<_> = first.calls.iter().zip(results).collect();
                self.api.add_results(&answer, &results)?;
                continue;
            }

            if waits_for_approval(&answer, &report) {
                let (outputs, request_id) = (vec![Value::Null], response.request_id());
                return Ok(Ending { answer, outputs, repairs, usage, report, request_id });
            }
            let contents = self.format.contents(&answer.choices).map_err(answered)?;
            match self.outputs(schema.as_ref(), &contents) {
                Ok(outputs) => {
                    let request_id = response.request_id();
                    return Ok(Ending { answer, outputs, repairs, usage, report, request_id });
                }
                Err(mismatch)
                    if schema.is_some() && contents.len() == 1 && repairs < self.max_repairs =>
                {
                    repairs += 1;
                    self.api.add_correction(&answer, &correction(&mismatch))?;
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

    /// Calls functions concurrently and returns their results for the model. The
    /// model receives a call's error, from which it often recovers. Only a failure
    /// that ends the run is returned.
    fn call(&self, calls: &[FunctionCall]) -> Result<Vec<String>> {
        let checked: Vec<_> = calls.iter().map(|call| self.check(call)).collect();
        let mut invocations = Vec::new();
        for (call, checked) in calls.iter().zip(&checked) {
            if let Ok(invocation) = checked {
                events::function_call(&call.id, invocation)?;
                invocations.push(invocation.clone());
            }
        }
        let mut results = functions::call(&invocations).into_iter();
        let mut texts = Vec::new();
        for (call, checked) in calls.iter().zip(checked) {
            texts.push(match checked {
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
            });
        }
        Ok(texts)
    }

    /// The invocation for a call, or what is wrong with the call.
    fn check(&self, call: &FunctionCall) -> Result<Invocation, String> {
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
