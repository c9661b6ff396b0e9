//! Responses: `POST /responses`.
//!
//! [`options`] are the properties that only this API has, and [`tools`] the tools
//! that the model may call. [`stream`] assembles an answer that arrives in pieces.

mod options;
mod stream;
#[cfg(test)]
mod tests;
mod tools;

use connector_sdk::http::{self, EmbeddedFiles, Response};
use connector_sdk::{ErrorResponse, Failure, File, FileEntry, Result, events};
use serde::Serialize;
use serde_json::{Map, Value, json};

use self::options::McpApproval;
pub use self::options::Options;
use self::tools::Tools;
use super::answer::{Answer, Choice, FunctionCall, Report, with_distinct_ids};
use super::attachments::{Attachment, Content, Source};
use super::exchange::{Api, Exchange, check_without_tools, unknown_tool};
use super::format::{Format, Wanted};
use super::functions::{Functions, ToolChoice};
use super::messages::{self, Turn, Turns};
use super::rules::REASONING;
use crate::batch::action as batch;
use crate::errors::BASE_URL_HINT;
use crate::lenient::{at, items, text};
use crate::responses::reply::Reply;
use crate::responses::{self, background};
use crate::{errors, parameters};

/// The endpoint in a batch.
pub const ENDPOINT: &str = "/v1/responses";

/// Reads a response in the results of a batch. Images are stored, as in a run.
pub fn read_in_batch(mut response: Value) -> Result<Answer> {
    let format = |item: &Value| Some(at(item, "output_format").as_str()?.to_owned());
    let format = items(at(&response, "output")).iter().find_map(format);
    let mime_type = format
        .map_or_else(|| responses::IMAGES.mime_type.to_owned(), |format| format!("image/{format}"));
    let images = EmbeddedFiles { mime_type: &mime_type, ..responses::IMAGES };
    images.store(&mut response)?;
    read(Reply::of(response)?)
}

/// A conversation over the Responses API.
pub struct Responses<'a> {
    exchange: Exchange<'a>,
    input: Vec<Value>,
    /// The files that the input contains.
    input_files: Vec<File>,
    /// The files that the tools contain.
    tool_files: Vec<File>,
    memory: Memory,
    /// What each response must include.
    include: Vec<String>,
    /// Whether a response may contain images, which the host stores. If so, a stream
    /// that was not requested cannot be read.
    has_images: bool,
    announced: Announced,
}

/// What the provider remembers of this run's requests.
#[derive(PartialEq)]
enum Memory {
    /// Everything, in a conversation.
    Conversation,
    /// Each response, but requests do not refer to it.
    Responses,
    /// Nothing.
    Nothing,
}

/// The ID of the response that was last reported to the caller.
#[derive(Default)]
struct Announced(String);

/// How closely the model examines files.
#[derive(Clone, Copy)]
struct Detail<'a> {
    image: Option<&'a str>,
    file: Option<&'a str>,
}

/// The body of a request.
#[derive(Serialize)]
struct Body<'a> {
    #[serde(flatten)]
    parameters: &'a Map<String, Value>,
    input: &'a [Value],
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<bool>,
}

/// What Ask contributes to a request besides the options.
pub struct Asked<'a, 'b> {
    /// The parameters that Chat Completions receives unchanged.
    pub parameters: Map<String, Value>,
    pub format: &'a Format,
    pub functions: &'b Functions,
    pub max_tokens: Option<u64>,
    pub parallel_calls: Option<bool>,
    pub tool_choice: Option<&'b str>,
    pub image_detail: Option<&'b str>,
}

/// The options that are sent unchanged.
const UNCHANGED: &[&str] = &[
    "background",
    "conversation",
    "instructions",
    "max_tool_calls",
    "previous_response_id",
    "truncation",
];

/// The minimum of `max_output_tokens`.
const MIN_TOKENS: u64 = 16;

impl<'a> Responses<'a> {
    /// A conversation that begins with these turns.
    pub fn new(asked: Asked<'a, '_>, options: &Options, turns: Turns) -> Result<Self> {
        let Asked { parameters, format, functions, .. } = asked;
        let store = parameters.get("store").and_then(Value::as_bool);
        check(options, &parameters, asked.max_tokens)?;
        let Tools { tools, origins, files: tool_files } = Tools::of(functions, options)?;

        let detail = Detail { image: asked.image_detail, file: options.file_detail.as_deref() };
        let mut input_files = Vec::new();
        let (mut input, mut places) =
            messages::items(turns, |turn| converted(turn, detail, &mut input_files))?;
        let approvals = options.mcp_approvals.iter().map(approval);
        let approvals: Vec<_> = approvals.collect::<Result<_>>()?;
        places.splice(0..0, approvals.iter().map(|_| None));
        input.splice(0..0, approvals);

        let include = include(options, &parameters, store);
        let mut parameters = rewritten(parameters, options, format)?;
        parameters.extend(parameters::object([
            ("max_output_tokens", asked.max_tokens.map(Value::from)),
            ("include", (!include.is_empty()).then(|| json!(include))),
        ]));
        if tools.is_empty() {
            check_without_tools(asked.tool_choice)?;
        } else {
            let choice = asked.tool_choice;
            let choice = choice.map(|choice| tool_choice(choice, functions, &tools));
            parameters.extend(parameters::object([
                ("tool_choice", choice.transpose()?),
                ("parallel_tool_calls", asked.parallel_calls.map(Value::from)),
                ("tools", Some(tools.into())),
            ]));
        }

        let mut exchange = Exchange::new(parameters, format, places);
        exchange.tools = origins;
        exchange.is_streamed &= options.background != Some(true);
        let memory = match (&options.conversation, store) {
            (Some(_), _) => Memory::Conversation,
            (None, Some(false)) => Memory::Nothing,
            (None, _) => Memory::Responses,
        };
        let (has_images, announced) =
            (options.image_generation == Some(true), Announced::default());
        Ok(Self {
            exchange,
            input,
            input_files,
            tool_files,
            memory,
            include,
            has_images,
            announced,
        })
    }

    /// The body of a request for an answer in one piece.
    fn body(&self) -> Body<'_> {
        Body { parameters: &self.exchange.parameters, input: &self.input, stream: None }
    }

    fn files(&self) -> impl Iterator<Item = &File> {
        self.input_files.iter().chain(&self.tool_files)
    }

    fn post(&self) -> Result<Response> {
        let body = Body { stream: self.exchange.is_streamed.then_some(true), ..self.body() };
        let request = http::post("/responses").json_with_files(&body, self.files());
        self.exchange.send(request.errors(&failure))
    }

    /// Adds items of an answer, unless the provider already knows them.
    fn add_items(&mut self, given: &Value) -> Result<()> {
        if self.memory == Memory::Conversation {
            self.input.clear();
            self.input_files.clear();
            return Ok(());
        }
        for item in items(given) {
            let is_reasoning = at(item, "type") == "reasoning";
            if self.memory == Memory::Nothing
                && is_reasoning
                && !at(item, "encrypted_content").is_string()
            {
                // The API would look for it among the stored items.
                continue;
            }
            let mut item = item.clone();
            if let Ok(entry) = serde_json::from_value::<FileEntry>(at(&item, "result.file").clone())
            {
                let file = entry.open()?;
                set(&mut item, "result", file.base64().into());
                self.input_files.push(file);
            }
            self.input.push(item);
        }
        Ok(())
    }
}

impl Api for Responses<'_> {
    fn send(&mut self) -> Result<(Answer, Response)> {
        let response = self.post()?;
        let announced = &mut self.announced;
        let whole = if self.has_images { responses::read } else { Response::json };
        let stream = |response: &Response| stream::collect(response, announced);
        let value = self.exchange.read(&response, whole, stream)?;
        let answered = |failure: Failure| failure.answered_by(&response);
        let reply = Reply::of(value).map_err(answered)?;
        if !reply.is_running() {
            self.announced.announce(&json!(reply.id()))?;
            return Ok((read(reply).map_err(answered)?, response));
        }
        let path = reply.id().and_then(|id| responses::path("", &id).ok()).ok_or_else(|| {
            let message =
                "the provider is working on the answer, but did not return a valid ID for it";
            answered(Failure::invalid_output(message))
        })?;
        let (reply, response) = background::wait(&path, &self.include, reply)
            .map_err(|failure| background::cancel_with_run(&path, failure))?;
        self.announced.0 = reply.id().unwrap_or_default();
        let answer = read(reply).map_err(|failure| failure.answered_by(&response))?;
        Ok((answer, response))
    }

    fn in_batch(&self) -> Result<batch::Request> {
        batch::Request::new(ENDPOINT, &self.body(), self.files())
    }

    fn add_results(&mut self, answer: &Answer, results: &[(&FunctionCall, String)]) -> Result<()> {
        self.exchange.release_tool_choice();
        let mut given = answer.given.clone();
        let calls = given.as_array_mut().into_iter().flatten();
        let calls = calls.filter(|item| at(item, "type") == "function_call");
        for (item, (call, _)) in calls.zip(results) {
            set(item, "call_id", call.id.as_str().into());
        }
        self.add_items(&given)?;
        self.input.extend(results.iter().map(|(call, text)| result(call, text)));
        Ok(())
    }

    fn add_correction(&mut self, answer: &Answer, correction: &str) -> Result<()> {
        self.add_items(&answer.given)?;
        self.input.push(json!({ "role": "user", "content": correction }));
        Ok(())
    }
}

impl Announced {
    /// Reports the ID of a response, unless it was already reported.
    fn announce(&mut self, id: &Value) -> Result<()> {
        let id = text(id);
        if !id.is_empty() && self.0 != id {
            id.clone_into(&mut self.0);
            events::metadata(&json!({ "responseId": id }))?;
        }
        Ok(())
    }
}

/// Sets a member of an item.
fn set(item: &mut Value, name: &str, value: Value) {
    if let Some(members) = item.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}

/// The failure for an error response.
fn failure(response: &ErrorResponse) -> Failure {
    let hint = format!(
        "if the server does not support the Responses API, set `api` to Chat Completions; \
         otherwise, {BASE_URL_HINT}"
    );
    errors::explained(response, &hint)
}

/// Rejects combinations that the API's documentation rules out.
fn check(
    options: &Options,
    parameters: &Map<String, Value>,
    max_tokens: Option<u64>,
) -> Result<()> {
    if options.previous_response_id.is_some() && options.conversation.is_some() {
        let message = "set `conversation` or `previousResponseId`, not both";
        return Err(Failure::invalid_input("conversation", message));
    }
    if options.background == Some(true) && parameters.get("store") == Some(&json!(false)) {
        let message = "`background` requires `store`: set `store` to true or leave it empty";
        return Err(Failure::invalid_input("background", message));
    }
    match max_tokens {
        Some(tokens) if tokens < MIN_TOKENS => {
            let message = format!(
                "with the Responses API, `maxTokens` must be at least {MIN_TOKENS} (got {tokens})"
            );
            Err(Failure::invalid_input("maxTokens", message))
        }
        _ => Ok(()),
    }
}

/// What each response must include.
fn include(options: &Options, parameters: &Map<String, Value>, store: Option<bool>) -> Vec<String> {
    let mut include = options.include.clone();
    let mut add = |name: &str| {
        if !include.iter().any(|other| other == name) {
            include.push(name.to_owned());
        }
    };
    if parameters.get("logprobs") == Some(&json!(true)) {
        add("message.output_text.logprobs");
    }
    // Reasoning that is not stored must be sent back with the next request.
    let model = parameters.get("model").and_then(Value::as_str).unwrap_or_default();
    if store == Some(false) && REASONING.iter().any(|prefix| model.starts_with(prefix)) {
        add("reasoning.encrypted_content");
    }
    include
}

/// The parameters of Chat Completions in this API's format, and the options.
fn rewritten(
    mut parameters: Map<String, Value>,
    options: &Options,
    format: &Format,
) -> Result<Map<String, Value>> {
    parameters.shift_remove("logprobs");
    let format = format.wanted().map(|wanted| match wanted {
        Wanted::Json => json!({ "type": "json_object" }),
        Wanted::Schema { name, strict, schema } => {
            json!({ "type": "json_schema", "name": name, "strict": strict, "schema": schema })
        }
    });
    let text = parameters::object([
        ("format", format),
        ("verbosity", parameters.shift_remove("verbosity")),
    ]);
    let reasoning = parameters::object([
        ("effort", parameters.shift_remove("reasoning_effort")),
        ("summary", options.reasoning_summary.as_deref().map(Value::from)),
        ("mode", options.reasoning_mode.as_deref().map(Value::from)),
        ("context", options.reasoning_context.as_deref().map(Value::from)),
    ]);
    let compaction = options
        .compact_threshold
        .map(|threshold| json!([{ "type": "compaction", "compact_threshold": threshold }]));
    parameters.extend(parameters::object([
        ("text", (!text.is_empty()).then(|| text.into())),
        ("reasoning", (!reasoning.is_empty()).then(|| reasoning.into())),
        ("context_management", compaction),
    ]));
    let given = parameters::given(options)?;
    parameters.extend(given.into_iter().filter(|(name, _)| UNCHANGED.contains(&name.as_str())));
    Ok(parameters)
}

/// The provider's tools that `toolChoice` can require.
const REQUIRABLE: &[&str] = &["file_search", "code_interpreter", "image_generation"];

/// The `tool_choice` of the first request.
fn tool_choice(choice: &str, functions: &Functions, tools: &[Value]) -> Result<Value> {
    let is_enabled = || tools.iter().any(|tool| at(tool, "type") == choice);
    match functions.chosen(choice) {
        Some(ToolChoice::Mode(mode)) => Ok(mode.into()),
        Some(ToolChoice::Function(name)) => Ok(json!({ "type": "function", "name": name })),
        None if REQUIRABLE.contains(&choice) && is_enabled() => Ok(json!({ "type": choice })),
        None => {
            let others = format!(", or one of {} if it is enabled", REQUIRABLE.join(", "));
            Err(unknown_tool(choice, &others))
        }
    }
}

/// The items for a turn. Adds its files to `files`.
fn converted(turn: Turn, detail: Detail, files: &mut Vec<File>) -> Result<Vec<Value>> {
    match turn {
        // llama.cpp needs the type of an answer.
        Turn::Message { role: "assistant", text, attachments } if attachments.is_empty() => {
            Ok(vec![json!({ "type": "message", "role": "assistant", "content": text })])
        }
        Turn::Message { role, text, attachments } if attachments.is_empty() => {
            Ok(vec![json!({ "role": role, "content": text })])
        }
        Turn::Message { role, text, attachments } => {
            let text = (!text.is_empty()).then(|| json!({ "type": "input_text", "text": text }));
            let attached = attachments.iter().map(|attachment| part(attachment, detail));
            let parts: Vec<_> = text.into_iter().map(Ok).chain(attached).collect::<Result<_>>()?;
            files.extend(attachments.into_iter().filter_map(Attachment::into_file));
            Ok(vec![json!({ "role": role, "content": parts })])
        }
        Turn::Call { call, result } => Ok(vec![
            json!({
                "type": "function_call", "call_id": call.id, "name": call.name,
                "arguments": call.arguments,
            }),
            self::result(&call, result),
        ]),
    }
}

/// The part of a message for an attachment
/// (<https://platform.openai.com/docs/api-reference/responses/create>).
fn part(attachment: &Attachment, detail: Detail) -> Result<Value> {
    let image = |member: &str, value: &str| {
        let detail = detail.image.unwrap_or("auto");
        json!({ "type": "input_image", member: value, "detail": detail })
    };
    let document = |name: Option<&str>, member: &str, value: &str| {
        parameters::object([
            ("type", Some("input_file".into())),
            ("filename", name.map(Value::from)),
            (member, Some(value.into())),
            ("detail", detail.file.map(Value::from)),
        ])
        .into()
    };
    Ok(match &attachment.content {
        Content::Image(Source::File(file)) => image("image_url", &file.data_url()),
        Content::Image(Source::Url(url)) => image("image_url", url),
        Content::Image(Source::Id(id)) => image("file_id", id),
        Content::Document(Source::File(file)) => {
            document(Some(&file.entry().name), "file_data", &file.data_url())
        }
        Content::Document(Source::Url(url)) => document(None, "file_url", url),
        Content::Document(Source::Id(id)) => document(None, "file_id", id),
        Content::Audio(file, _) => {
            let name = &file.entry().name;
            let message = format!(
                "the Responses API does not accept audio such as `{name}`: set `api` to Chat \
                 Completions, or transcribe it first"
            );
            return Err(attachment.refusal(message));
        }
        Content::Text(text) => json!({ "type": "input_text", "text": text }),
    })
}

/// The item with the user's decision about a call.
fn approval(approval: &McpApproval) -> Result<Value> {
    let mut item = parameters::given(approval)?;
    item.insert("type".to_owned(), "mcp_approval_response".into());
    Ok(item.into())
}

/// The item with a call's result.
fn result(call: &FunctionCall, output: &str) -> Value {
    json!({ "type": "function_call_output", "call_id": call.id, "output": output })
}

/// The answer in a response.
fn read(reply: Reply) -> Result<Answer> {
    let calls = reply.items().iter().filter(|item| at(item, "type") == "function_call");
    let calls = calls.map(|item| {
        let call = FunctionCall::new(text(at(item, "call_id")), text(at(item, "name")));
        call.with_arguments(at(item, "arguments"))
    });
    let choice = Choice {
        content: reply.text(),
        refusal: reply.refusal(),
        finish_reason: finish_reason(&reply),
        error: reply.error(),
        calls: with_distinct_ids(calls.collect()),
        logprobs: reply.logprobs(),
        citations: reply.citations(),
    };
    let (tool_calls, files) = reply.tool_calls()?;
    Ok(Answer {
        model: reply.model(),
        choices: vec![choice],
        usage: reply.usage(),
        report: Report {
            response_id: reply.id(),
            tool_calls,
            approval_requests: reply.approval_requests(),
            reasoning: reply.reasoning(),
            files,
            moderation: reply.member("moderation").cloned(),
        },
        given: reply.into_items(),
    })
}

/// Why a response ended, by the reason's name in Chat Completions.
fn finish_reason(reply: &Reply) -> String {
    match (reply.status(), reply.incomplete_reason().as_deref()) {
        ("completed", _) => "stop".to_owned(),
        ("incomplete", Some("max_output_tokens")) => "length".to_owned(),
        ("incomplete", Some(reason)) => reason.to_owned(),
        (status, _) => status.to_owned(),
    }
}
