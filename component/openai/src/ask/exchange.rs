//! Sends requests and reads responses, for both APIs.

use connector_sdk::http::{Request, Response};
use connector_sdk::{Failure, FailureKind, Result, events};
use serde_json::{Map, Value};

use super::answer::{Answer, FunctionCall};
use super::format::Format;
use crate::batch::action as batch;

/// An API, with the conversation that is sent to it.
pub trait Api {
    /// Sends the conversation so far. The answer is complete, however it arrives.
    fn send(&mut self) -> Result<(Answer, Response)>;

    /// The first request, for a batch.
    fn in_batch(&self) -> Result<batch::Request>;

    /// Adds an answer that calls functions, and the result of each call.
    fn add_results(&mut self, answer: &Answer, results: &[(&FunctionCall, String)]) -> Result<()>;

    /// Adds an answer, and the user's message that it must be corrected.
    fn add_correction(&mut self, answer: &Answer, correction: &str) -> Result<()>;
}

/// Rejects a choice that requires a call if there is nothing to call.
pub fn check_without_tools(choice: Option<&str>) -> Result<()> {
    match choice {
        None | Some("auto" | "none") => Ok(()),
        Some(_) => {
            let message =
                "`toolChoice` must be empty, auto or none if the model has no functions or tools";
            Err(Failure::invalid_input("toolChoice", message))
        }
    }
}

/// The failure for a choice of something that the model cannot call.
pub fn unknown_tool(choice: &str, others: &str) -> Failure {
    let message = format!(
        "`toolChoice` must be auto, none, required or one of `functions`{others} (got `{choice}`)"
    );
    Failure::invalid_input("toolChoice", message)
}

/// What all requests of a run share.
pub struct Exchange<'a> {
    /// The parameters besides the conversation.
    pub parameters: Map<String, Value>,
    pub format: &'a Format,
    /// For the first messages that are sent, the position of the form's message that
    /// each one comes from.
    pub origins: Vec<Option<usize>>,
    /// The property that each tool comes from. If empty, all are `functions`.
    pub tools: Vec<String>,
    pub is_streamed: bool,
}

impl<'a> Exchange<'a> {
    /// Requests with these parameters, streamed if the caller is listening.
    pub fn new(
        parameters: Map<String, Value>,
        format: &'a Format,
        origins: Vec<Option<usize>>,
    ) -> Self {
        Self { parameters, format, origins, tools: Vec::new(), is_streamed: events::streaming() }
    }

    /// Lets the model answer freely, once it has made the required call.
    pub fn release_tool_choice(&mut self) {
        self.parameters.shift_remove("tool_choice");
    }

    /// Sends a request.
    pub fn send(&self, request: Request) -> Result<Response> {
        request.send().map_err(|failure| self.format.advise(self.blame(failure)))
    }

    /// Reads a response with one of two functions, `whole` or `stream`. Servers may
    /// not stream although it was requested, or stream although it was not.
    pub fn read(
        &self,
        response: &Response,
        whole: impl FnOnce(&Response) -> Result<Value>,
        stream: impl FnOnce(&Response) -> Result<Value>,
    ) -> Result<Value> {
        let read = || {
            if self.is_streamed && !response.has_type("application/json") {
                return stream(response);
            }
            whole(response).or_else(|failure| match failure.kind {
                FailureKind::InvalidOutput => stream(response).map_err(|other| {
                    // Without a detail, there was no event.
                    let is_no_stream =
                        other.kind == FailureKind::InvalidOutput && other.detail.is_none();
                    if is_no_stream { failure } else { other }
                }),
                _ => Err(failure),
            })
        };
        read().map_err(|failure| self.blame(failure))
    }

    /// Maps the property in a failure to the one that users see: the index of a
    /// message becomes that of the form's message, if it comes from one, the
    /// response format becomes the schema, if there is one, and the index of a tool
    /// becomes the property that it comes from.
    fn blame(&self, mut failure: Failure) -> Failure {
        let Some(property) = failure.property.take() else { return failure };
        let indexed = |list: &str| {
            let (index, rest) = property.strip_prefix(list)?.split_once(']')?;
            Some((index.parse::<usize>().ok()?, rest))
        };
        failure.property = Some(if let Some((index, rest)) = indexed("messages[") {
            let origin = self.origins.get(index).copied().flatten();
            origin.map_or("messages".to_owned(), |index| format!("messages[{index}]{rest}"))
        } else if let Some((index, _)) = indexed("functions[")
            && let Some(origin) = self.tools.get(index)
        {
            origin.clone()
        } else if property == "responseFormat" {
            self.format.property().to_owned()
        } else {
            property
        });
        failure
    }
}
