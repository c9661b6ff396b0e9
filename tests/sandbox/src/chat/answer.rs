//! What the sandbox says in a chat.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use serde_json::json;

use crate::audio;
use crate::chat::messages;
use crate::chat::request::Audio;
use crate::chat::request::Function;
use crate::chat::request::Request;
use crate::chat::request::Tool;
use crate::chat::rules;
use crate::digest;
use crate::models::CREATED;
use crate::schema;
use crate::tokens;

/// A whole answer, however it is sent.
pub(crate) struct Completion {
    pub(crate) choices: Vec<Choice>,
    id: String,
    model: String,
    service_tier: String,
    metadata: Option<Value>,
    pub(crate) usage: Value,
}

/// One of the answers asked for.
pub(crate) struct Choice {
    pub(crate) said: Said,
    pub(crate) finish_reason: &'static str,
    /// Present if asked for.
    pub(crate) logprobs: Option<Logprobs>,
}

/// What a choice's message holds.
pub(crate) enum Said {
    Text(String),
    Audio(Spoken),
    ToolCalls(Vec<Value>),
    FunctionCall { name: String, arguments: String },
}

/// A spoken message.
pub(crate) struct Spoken {
    pub(crate) id: String,
    pub(crate) transcript: String,
    pub(crate) data: String,
}

impl Completion {
    /// Answers a request. The same body gets the same answer.
    pub(crate) fn new(request: &Request, body: &Value) -> Completion {
        let seed = digest(body.to_string().as_bytes());
        let count = request.n.unwrap_or(1);
        let choices: Vec<Choice> =
            (0..count).map(|index| Choice::new(request, seed, index)).collect();
        let service_tier = match request.service_tier.as_deref() {
            None | Some("auto") => "default",
            Some(tier) => tier,
        };
        Completion {
            usage: usage(request, &choices),
            choices,
            id: format!("chatcmpl-sandbox{seed:016x}"),
            model: request.model.clone(),
            service_tier: service_tier.to_owned(),
            metadata: request.metadata.clone().map(Value::Object),
        }
    }

    /// The answer in one piece.
    pub(crate) fn plain(&self) -> Value {
        let choices: Vec<Value> = self
            .choices
            .iter()
            .enumerate()
            .map(|(index, choice)| {
                json!({
                    "index": index,
                    "message": choice.said.message(),
                    "logprobs": choice.logprobs.as_ref().map(|logprobs| logprobs.of(&choice.said)),
                    "finish_reason": choice.finish_reason,
                })
            })
            .collect();
        let mut answer = self.envelope("chat.completion", choices.into());
        if let Value::Object(fields) = &mut answer {
            fields.insert("usage".to_owned(), self.usage.clone());
            if let Some(metadata) = &self.metadata {
                fields.insert("metadata".to_owned(), metadata.clone());
            }
        }
        answer
    }

    /// What an answer and each chunk of a stream have in common.
    pub(crate) fn envelope(&self, object: &str, choices: Value) -> Value {
        json!({
            "id": self.id,
            "object": object,
            "created": CREATED,
            "model": self.model,
            "service_tier": self.service_tier,
            "system_fingerprint": "fp_sandbox",
            "choices": choices,
        })
    }
}

impl Choice {
    fn new(request: &Request, seed: u64, index: usize) -> Choice {
        let logprobs = request.logprobs.then(|| Logprobs(request.top_logprobs.unwrap_or(0)));
        let calls = tool_calls(request, index);
        if !calls.is_empty() {
            let said = Said::ToolCalls(calls);
            return Choice { said, finish_reason: "tool_calls", logprobs };
        }
        if let Some(function) = called_function(request) {
            let said =
                Said::FunctionCall { name: function.name.clone(), arguments: arguments(function) };
            return Choice { said, finish_reason: "function_call", logprobs };
        }
        let (text, finish_reason) = cut(request, text(request, index));
        let said = match &request.audio {
            Some(audio) => Said::Audio(Spoken::new(audio, text, seed)),
            None => Said::Text(text),
        };
        Choice { said, finish_reason, logprobs }
    }
}

impl Said {
    fn message(&self) -> Value {
        let mut message = json!({
            "role": "assistant",
            "content": null,
            "refusal": null,
            "annotations": [],
        });
        let (name, value) = match self {
            Said::Text(text) => ("content", json!(text)),
            Said::Audio(spoken) => ("audio", spoken.whole()),
            Said::ToolCalls(calls) => ("tool_calls", json!(calls)),
            Said::FunctionCall { name, arguments } => {
                ("function_call", json!({"name": name, "arguments": arguments}))
            }
        };
        if let Value::Object(fields) = &mut message {
            fields.insert(name.to_owned(), value);
        }
        message
    }

    /// The part of a message that costs tokens.
    fn billed(&self) -> u64 {
        match self {
            Said::Text(text) => tokens::count(text),
            Said::Audio(spoken) => tokens::count(&spoken.transcript),
            Said::ToolCalls(calls) => calls.iter().map(|call| tokens::count(call_text(call))).sum(),
            Said::FunctionCall { arguments, .. } => tokens::count(arguments),
        }
    }
}

impl Spoken {
    fn new(audio: &Audio, transcript: String, seed: u64) -> Spoken {
        // The chat endpoint has a name of its own for this one format.
        let name = if audio.format == "pcm16" { "pcm" } else { audio.format.as_str() };
        let format = audio::Format::from_name(name);
        Spoken {
            id: format!("audio_sandbox{seed:016x}"),
            data: STANDARD.encode(audio::speak(&transcript, 1.0, format)),
            transcript,
        }
    }

    fn whole(&self) -> Value {
        json!({
            "id": self.id,
            "data": self.data,
            "expires_at": CREATED + 3600,
            "transcript": self.transcript,
        })
    }
}

/// The log probabilities of an answer: it was never in doubt.
pub(crate) struct Logprobs(usize);

impl Logprobs {
    pub(crate) fn of(&self, said: &Said) -> Value {
        match said {
            Said::Text(text) => self.of_tokens(tokens::split(text)),
            _ => json!({"content": null, "refusal": null}),
        }
    }

    pub(crate) fn of_tokens<'a>(&self, tokens: impl Iterator<Item = &'a str>) -> Value {
        let content: Vec<Value> = tokens.map(|token| self.of_token(token)).collect();
        json!({"content": content, "refusal": null})
    }

    /// The token, and for company some that nobody would have chosen.
    fn of_token(&self, token: &str) -> Value {
        let others = (1..self.0).map(|rank| logprob(&format!("other{rank}"), -9999.0));
        let chosen = logprob(token, 0.0);
        let top: Vec<Value> = std::iter::once(chosen).chain(others).take(self.0).collect();
        json!({"token": token, "logprob": 0.0, "bytes": token.as_bytes(), "top_logprobs": top})
    }
}

fn logprob(token: &str, logprob: f64) -> Value {
    json!({"token": token, "logprob": logprob, "bytes": token.as_bytes()})
}

/// The text of the choice with this index, before any limit.
fn text(request: &Request, index: usize) -> String {
    let sentence = sentence(request, index);
    match request.format() {
        "json_object" => json_object(request, sentence).to_string(),
        "json_schema" => {
            let schema = request.json_schema().and_then(|format| format.get("schema"));
            schema::example(schema.unwrap_or(&Value::Null)).to_string()
        }
        _ => sentence,
    }
}

fn sentence(request: &Request, index: usize) -> String {
    let number =
        if request.n.unwrap_or(1) == 1 { String::new() } else { format!(" {}", index + 1) };
    let results = tool_results(request);
    if !results.is_empty() {
        let quoted: Vec<String> = results.iter().map(|result| format!("\"{result}\"")).collect();
        return format!("Sandbox answer{number} from tool results: {}.", quoted.join(", "));
    }
    let is_user = |message: &&Value| messages::role(message) == "user";
    let question = request.messages.iter().rev().find(is_user).or(request.messages.last());
    let question = question.map(messages::quoted).unwrap_or_default();
    format!(
        "Sandbox answer{number} to \"{question}\": no model was asked, this text comes from the \
         sandbox."
    )
}

/// An object with the answer, and with a list if the messages speak of
/// `items`, which is how a list is usually asked for.
fn json_object(request: &Request, sentence: String) -> Value {
    let wants_items =
        request.messages.iter().any(|message| messages::text(message).contains("items"));
    if wants_items {
        json!({"items": ["first sandbox item", "second sandbox item"], "answer": sentence})
    } else {
        json!({"answer": sentence})
    }
}

/// The results of the tools called last, in order of the conversation.
fn tool_results(request: &Request) -> Vec<String> {
    let is_result = |message: &&Value| matches!(messages::role(message), "tool" | "function");
    let mut results: Vec<String> =
        request.messages.iter().rev().take_while(is_result).map(messages::text).collect();
    results.reverse();
    results
}

/// Applies stop sequences and the token limit.
fn cut(request: &Request, mut text: String) -> (String, &'static str) {
    let stops = request.stop_sequences();
    let stop =
        stops.iter().filter(|stop| !stop.is_empty()).filter_map(|stop| text.find(stop)).min();
    if let Some(stop) = stop {
        text.truncate(stop);
    }
    match request.max_completion_tokens.or(request.max_tokens) {
        Some(limit) if limit < tokens::count(&text) => {
            (tokens::head(&text, limit).to_owned(), "length")
        }
        _ => (text, "stop"),
    }
}

/// The calls of the tools that the request lets the model call, in the choice
/// with this index.
fn tool_calls(request: &Request, choice: usize) -> Vec<Value> {
    let parallel = request.parallel_tool_calls.unwrap_or(true);
    let calls = tools_to_call(request)
        .into_iter()
        .take(if parallel { usize::MAX } else { 1 })
        .enumerate()
        .map(|(index, tool)| tool_call(format!("call_{choice}_{index}"), tool));
    calls.collect()
}

fn tools_to_call(request: &Request) -> Vec<&Tool> {
    // In a real conversation a model asked by its user may call a tool, and
    // answers once it has the results.
    let is_asked = request.messages.last().is_some_and(|last| messages::role(last) == "user");
    let choice = request.tool_choice.as_ref();
    let word = choice.and_then(Value::as_str);
    let mode = choice.and_then(|choice| choice.pointer("/allowed_tools/mode")?.as_str());
    let calls = match (word.or(mode), choice) {
        (Some("none"), _) => false,
        (Some("auto"), _) | (None, None) => is_asked,
        _ => true,
    };
    if !calls {
        return Vec::new();
    }
    let names = choice.map(rules::chosen_names).unwrap_or_default();
    let allowed = |tool: &&Tool| names.is_empty() || names.contains(&tool.name());
    request.tools.iter().filter(allowed).collect()
}

fn tool_call(id: String, tool: &Tool) -> Value {
    match tool {
        Tool::Function { function } => json!({
            "id": id,
            "type": "function",
            "function": {"name": function.name, "arguments": arguments(function)},
        }),
        Tool::Custom { custom } => json!({
            "id": id,
            "type": "custom",
            "custom": {"name": custom.name, "input": "sandbox input"},
        }),
    }
}

/// The arguments or the input of a tool call.
pub(crate) fn call_text(call: &Value) -> &str {
    let text = call.pointer("/function/arguments").or(call.pointer("/custom/input"));
    text.and_then(Value::as_str).unwrap_or("")
}

fn arguments(function: &Function) -> String {
    match &function.parameters {
        Some(parameters) => schema::smallest(parameters).to_string(),
        None => "{}".to_owned(),
    }
}

/// The function that the request lets the model call the old way.
fn called_function(request: &Request) -> Option<&Function> {
    let choice = request.function_call.as_ref();
    if let Some(name) = choice.and_then(|choice| choice.get("name")) {
        return request.functions.iter().find(|function| *name == function.name);
    }
    let is_asked = request.messages.last().is_some_and(|last| messages::role(last) == "user");
    let refused = choice.is_some_and(|choice| choice == "none");
    request.functions.first().filter(|_| is_asked && !refused)
}

fn usage(request: &Request, choices: &[Choice]) -> Value {
    let prompt: u64 =
        request.messages.iter().map(|message| tokens::count(&messages::text(message))).sum();
    let completion: u64 = choices.iter().map(|choice| choice.said.billed()).sum();
    json!({
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    })
}
