//! Chat Completions: `POST /chat/completions`.
//!
//! [`answer`] reads and writes the model's messages. [`stream`] and [`calls`]
//! assemble an answer that arrives in pieces.

mod answer;
mod calls;
mod stream;

use connector_sdk::functions::Function;
use connector_sdk::http::{self, Response};
use connector_sdk::{Failure, File, Result};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::answer::{Answer, FunctionCall};
use super::attachments::{Attachment, Content, Source};
use super::exchange::{Api, Exchange, check_without_tools, unknown_tool};
use super::format::{Format, Wanted};
use super::functions::{Functions, ToolChoice};
use super::messages::{self, Turn, Turns};
use crate::batch::action as batch;
use crate::parameters;

/// The endpoint in a batch.
pub const ENDPOINT: &str = "/v1/chat/completions";

/// Reads a response in the results of a batch.
pub fn read_in_batch(completion: &Value) -> Result<Answer> {
    answer::read(completion)
}

/// A conversation over Chat Completions.
pub struct Chat<'a> {
    exchange: Exchange<'a>,
    messages: Vec<Value>,
    /// The files that the messages contain.
    files: Vec<File>,
    /// Whether to request token counts at the end of a stream.
    counts_tokens: bool,
}

/// The body of a request.
#[derive(Serialize)]
struct Body<'a> {
    #[serde(flatten)]
    parameters: &'a Map<String, Value>,
    messages: &'a [Value],
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<Value>,
}

impl<'a> Chat<'a> {
    /// A conversation that begins with these turns. `detail` is the level of
    /// detail for images.
    pub fn new(
        parameters: Map<String, Value>,
        format: &'a Format,
        turns: Turns,
        detail: Option<&str>,
    ) -> Result<Self> {
        let mut files = Vec::new();
        let (messages, origins) =
            messages::items(turns, |turn| converted(turn, detail, &mut files))?;
        let exchange = Exchange::new(parameters, format, origins);
        Ok(Self { messages, files, counts_tokens: exchange.is_streamed, exchange })
    }

    /// The body of a request for an answer in one piece.
    fn body(&self) -> Body<'_> {
        let (parameters, messages) = (&self.exchange.parameters, self.messages.as_slice());
        Body { parameters, messages, stream: None, stream_options: None }
    }

    fn post(&self) -> Result<Response> {
        let body = Body {
            stream: self.exchange.is_streamed.then_some(true),
            stream_options: self.counts_tokens.then(|| json!({ "include_usage": true })),
            ..self.body()
        };
        let request = http::post("/chat/completions").json_with_files(&body, &self.files);
        self.exchange.send(request)
    }
}

impl Api for Chat<'_> {
    fn send(&mut self) -> Result<(Answer, Response)> {
        let response = match self.post() {
            Err(failure) if self.counts_tokens && refuses_counts(&failure) => {
                self.counts_tokens = false;
                self.post()
            }
            response => response,
        }?;
        let completion = self.exchange.read(&response, Response::json, stream::collect)?;
        let answer = answer::read(&completion).map_err(|failure| failure.answered_by(&response))?;
        Ok((answer, response))
    }

    fn in_batch(&self) -> Result<batch::Request> {
        batch::Request::new(ENDPOINT, &self.body(), &self.files)
    }

    fn add_results(&mut self, answer: &Answer, results: &[(&FunctionCall, String)]) -> Result<()> {
        self.exchange.release_tool_choice();
        let calls: Vec<_> = results.iter().map(|(call, _)| *call).collect();
        self.messages.push(answer::sent_back(&answer.given, &calls));
        self.messages.extend(results.iter().map(|(call, text)| answer::result(call, text)));
        Ok(())
    }

    fn add_correction(&mut self, answer: &Answer, correction: &str) -> Result<()> {
        self.messages.push(answer::sent_back(&answer.given, &[]));
        self.messages.push(json!({ "role": "user", "content": correction }));
        Ok(())
    }
}

/// The `response_format` of requests.
pub fn response_format(format: &Format) -> Option<Value> {
    Some(match format.wanted()? {
        Wanted::Json => json!({ "type": "json_object" }),
        Wanted::Schema { name, strict, schema } => json!({
            "type": "json_schema",
            "json_schema": { "name": name, "strict": strict, "schema": schema },
        }),
    })
}

/// The parameters for functions that the model may call.
pub fn tools(
    functions: &Functions,
    choice: Option<&str>,
    parallel_calls: Option<bool>,
) -> Result<Map<String, Value>> {
    if functions.is_empty() {
        check_without_tools(choice)?;
        return Ok(Map::new());
    }
    let tool = |(name, function): (&str, &Function)| {
        let function = json!({
            "name": name, "description": function.description, "parameters": function.parameters,
        });
        json!({ "type": "function", "function": function })
    };
    let choice = choice.map(|choice| tool_choice(choice, functions)).transpose()?;
    Ok(parameters::object([
        ("tools", Some(functions.iter().map(tool).collect())),
        ("parallel_tool_calls", parallel_calls.map(Value::from)),
        ("tool_choice", choice),
    ]))
}

/// The `tool_choice` of the first request.
fn tool_choice(choice: &str, functions: &Functions) -> Result<Value> {
    match functions.chosen(choice) {
        Some(ToolChoice::Mode(mode)) => Ok(mode.into()),
        Some(ToolChoice::Function(name)) => {
            Ok(json!({ "type": "function", "function": { "name": name } }))
        }
        None => Err(unknown_tool(choice, "")),
    }
}

/// The messages for a turn. Adds its files to `files`.
fn converted(turn: Turn, detail: Option<&str>, files: &mut Vec<File>) -> Result<Vec<Value>> {
    Ok(match turn {
        Turn::Message { role, text, attachments } if attachments.is_empty() => {
            vec![json!({ "role": role, "content": text })]
        }
        Turn::Message { role, text, attachments } => {
            let text = (!text.is_empty()).then(|| json!({ "type": "text", "text": text }));
            let attached = attachments.iter().map(|attachment| part(attachment, detail));
            let parts: Vec<_> = text.into_iter().map(Ok).chain(attached).collect::<Result<_>>()?;
            files.extend(attachments.into_iter().filter_map(Attachment::into_file));
            vec![json!({ "role": role, "content": parts })]
        }
        Turn::Call { call, result } => {
            let calls = [answer::call_sent_back(&call)];
            vec![
                json!({ "role": "assistant", "content": null, "tool_calls": calls }),
                answer::result(&call, result),
            ]
        }
    })
}

/// The part of a message for an attachment
/// (<https://platform.openai.com/docs/api-reference/chat/create>).
fn part(attachment: &Attachment, detail: Option<&str>) -> Result<Value> {
    Ok(match &attachment.content {
        Content::Image(Source::File(file)) => image(&file.data_url(), detail),
        Content::Image(Source::Url(url)) => image(url, detail),
        Content::Image(Source::Id(_)) => {
            let message = "Chat Completions does not accept the IDs of images: set `api` to \
                           Responses, or use `attachments` or `imageUrls`";
            return Err(attachment.refusal(message));
        }
        Content::Document(Source::File(file)) => {
            let file = json!({ "filename": file.entry().name, "file_data": file.data_url() });
            json!({ "type": "file", "file": file })
        }
        Content::Document(Source::Id(id)) => json!({ "type": "file", "file": { "file_id": id } }),
        Content::Document(Source::Url(_)) => {
            let message = "Chat Completions does not accept URLs of files: set `api` to \
                           Responses, or use `attachments` or `fileIds`";
            return Err(attachment.refusal(message));
        }
        Content::Audio(file, format) => {
            let audio = json!({ "data": file.base64(), "format": format });
            json!({ "type": "input_audio", "input_audio": audio })
        }
        Content::Text(text) => json!({ "type": "text", "text": text }),
    })
}

/// The part of a message for an image.
fn image(url: &str, detail: Option<&str>) -> Value {
    let image =
        parameters::object([("url", Some(url.into())), ("detail", detail.map(Value::from))]);
    json!({ "type": "image_url", "image_url": image })
}

/// Whether a server rejected a request because it does not support
/// `stream_options`. Mistral's does not. Such a request was not processed.
fn refuses_counts(failure: &Failure) -> bool {
    let texts = [Some(&failure.message), failure.detail.as_ref()];
    matches!(failure.status, Some(400..=499))
        && texts.into_iter().flatten().any(|text| text.contains("stream_options"))
}
