//! One request and its complete response.

use connector_sdk::http::{self, Response};
use connector_sdk::{Failure, FailureKind, File, Result, events};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::format::Format;
use super::stream;

/// What all requests of a run share.
pub struct Requests<'a> {
    /// The parameters besides the messages.
    parameters: Map<String, Value>,
    format: &'a Format,
    /// The files that the messages contain.
    files: Vec<File>,
    /// For the first messages, the position of the form's message that each one
    /// comes from.
    origins: Vec<Option<usize>>,
    is_streamed: bool,
    /// Whether to request token counts at the end of a stream.
    counts_tokens: bool,
}

/// The body of a request.
#[derive(Serialize)]
pub struct Body<'a> {
    #[serde(flatten)]
    parameters: &'a Map<String, Value>,
    messages: &'a [Value],
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<Value>,
}

impl<'a> Body<'a> {
    /// The body of a request for an answer in one piece.
    pub fn whole(parameters: &'a Map<String, Value>, messages: &'a [Value]) -> Self {
        Self { parameters, messages, stream: None, stream_options: None }
    }
}

impl<'a> Requests<'a> {
    /// Requests with these parameters, streamed if the caller is listening.
    pub fn new(
        parameters: Map<String, Value>,
        format: &'a Format,
        files: Vec<File>,
        origins: Vec<Option<usize>>,
    ) -> Self {
        let is_streamed = events::streaming();
        Self { parameters, format, files, origins, is_streamed, counts_tokens: is_streamed }
    }

    /// Sends messages and returns the completion in one piece, however it arrives.
    pub fn send(&mut self, messages: &[Value]) -> Result<(Value, Response)> {
        let response = match self.post(messages) {
            Err(failure) if self.counts_tokens && refuses_counts(&failure) => {
                self.counts_tokens = false;
                self.post(messages)
            }
            response => response,
        }?;
        let completion = self.read(&response).map_err(|failure| self.blame(failure))?;
        Ok((completion, response))
    }

    fn post(&self, messages: &[Value]) -> Result<Response> {
        let body = Body {
            stream: self.is_streamed.then_some(true),
            stream_options: self.counts_tokens.then(|| json!({ "include_usage": true })),
            ..Body::whole(&self.parameters, messages)
        };
        let request = http::post("/chat/completions").json_with_files(&body, &self.files);
        request.send().map_err(|failure| self.format.advise(self.blame(failure)))
    }

    /// Reads the completion, even if the server does not stream although it was
    /// requested, or streams although it was not.
    fn read(&self, response: &Response) -> Result<Value> {
        if self.is_streamed && !response.has_type("application/json") {
            return stream::collect(response);
        }
        response.json().or_else(|failure| match failure.kind {
            FailureKind::InvalidOutput => stream::collect(response).map_err(|other| {
                // Without a detail, there was no event.
                let is_no_stream =
                    other.kind == FailureKind::InvalidOutput && other.detail.is_none();
                if is_no_stream { failure } else { other }
            }),
            _ => Err(failure),
        })
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

/// Whether a server rejected a request because it does not support
/// `stream_options`. Mistral's does not. Such a request was not processed.
fn refuses_counts(failure: &Failure) -> bool {
    let texts = [Some(&failure.message), failure.detail.as_ref()];
    matches!(failure.status, Some(400..=499))
        && texts.into_iter().flatten().any(|text| text.contains("stream_options"))
}
