//! Sending requests and reading responses, as both APIs need it.

use connector_sdk::http::{Request, Response};
use connector_sdk::{Failure, FailureKind, Result, events};
use serde_json::{Map, Value};

use super::answer::{Answer, FunctionCall};
use super::format::Format;

/// An API, with the conversation that is sent to it.
pub trait Api {
    /// Sends the conversation so far. The answer is complete, however it arrives.
    fn send(&mut self) -> Result<(Answer, Response)>;

    /// Adds an answer that calls functions, and the result of each call.
    fn add_results(&mut self, answer: &Answer, results: &[(&FunctionCall, String)]);

    /// Adds an answer, and the user's message that it must be corrected.
    fn add_correction(&mut self, answer: &Answer, correction: &str);
}

/// What all requests of a run share.
pub struct Exchange<'a> {
    /// The parameters besides the conversation.
    pub parameters: Map<String, Value>,
    pub format: &'a Format,
    /// For the first messages, the position of the form's message that each one
    /// comes from.
    pub origins: Vec<Option<usize>>,
    pub is_streamed: bool,
}

impl<'a> Exchange<'a> {
    /// Requests with these parameters, streamed if the caller is listening.
    pub fn new(
        parameters: Map<String, Value>,
        format: &'a Format,
        origins: Vec<Option<usize>>,
    ) -> Self {
        Self { parameters, format, origins, is_streamed: events::streaming() }
    }

    /// Sends a request.
    pub fn send(&self, request: Request) -> Result<Response> {
        request.send().map_err(|failure| self.format.advise(self.blame(failure)))
    }

    /// Reads a response with one of two functions, `whole` or `stream`, even if
    /// the server does not stream although it was requested, or streams although
    /// it was not.
    pub fn read(
        &self,
        response: &Response,
        whole: impl Fn(&Response) -> Result<Value>,
        stream: impl Fn(&Response) -> Result<Value>,
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
    /// message becomes that of the form's message, if it comes from one, and the
    /// response format becomes the schema, if there is one.
    fn blame(&self, mut failure: Failure) -> Failure {
        let Some(property) = failure.property.take() else { return failure };
        let message = property.strip_prefix("messages[").and_then(|rest| rest.split_once(']'));
        failure.property = Some(match message {
            Some((index, rest)) => {
                let origin =
                    index.parse().ok().and_then(|index: usize| *self.origins.get(index)?);
                origin.map_or("messages".to_owned(), |index| format!("messages[{index}]{rest}"))
            }
            None if property == "responseFormat" => self.format.property().to_owned(),
            None => property,
        });
        failure
    }
}
