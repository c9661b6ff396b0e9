//! The sandbox's chat answers.

use serde_json::Value;
use serde_json::json;

use crate::chat::messages::Message;
use crate::chat::request::Function;
use crate::chat::request::Request;
use crate::chat::request::ResponseFormat;
use crate::digest;
use crate::models::CREATED;
use crate::parameters;
use crate::reply;
use crate::schema;
use crate::tokens;

/// A complete answer, streamed or not.
pub(crate) struct Completion {
    pub(crate) choices: Vec<Choice>,
    id: String,
    model: String,
    service_tier: String,
    pub(crate) usage: Value,
}

/// One of the requested answers.
pub(crate) struct Choice {
    pub(crate) reply: Reply,
    pub(crate) finish_reason: &'static str,
    /// The number of alternatives per token, if log probabilities were
    /// requested.
    alternatives: Option<usize>,
}

/// The content of a choice's message.
pub(crate) enum Reply {
    Text(String),
    ToolCalls(Vec<Call>),
}

/// A function call.
pub(crate) struct Call {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) arguments: String,
}

impl Completion {
    /// Creates the answer to a request. The same body always gets the same
    /// answer.
    pub(crate) fn new(request: &Request, body: &Value) -> Completion {
        let choices: Vec<Choice> =
            (0..request.n.unwrap_or(1)).map(|index| Choice::new(request, index)).collect();
        Completion {
            usage: usage(request, &choices),
            choices,
            id: format!("chatcmpl-sandbox{:016x}", digest(body.to_string().as_bytes())),
            model: request.model.clone(),
            service_tier: request.service_tier.clone().unwrap_or_else(|| "default".to_owned()),
        }
    }

    /// The answer as a single response.
    pub(crate) fn plain(&self) -> Value {
        let choices: Vec<Value> = self
            .choices
            .iter()
            .enumerate()
            .map(|(index, choice)| {
                json!({
                    "index": index,
                    "message": choice.reply.message(),
                    "logprobs": choice.logprobs(),
                    "finish_reason": choice.finish_reason,
                })
            })
            .collect();
        let mut answer = self.envelope("chat.completion", choices.into());
        answer["usage"] = self.usage.clone();
        answer
    }

    /// The members shared by an answer and each chunk of a stream.
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
    fn new(request: &Request, index: usize) -> Choice {
        let alternatives = request.logprobs.then(|| request.top_logprobs.unwrap_or(0));
        let calls = calls(request, index);
        if !calls.is_empty() {
            return Choice {
                reply: Reply::ToolCalls(calls),
                finish_reason: "tool_calls",
                alternatives,
            };
        }
        let (text, finish_reason) = cut(request, text(request, index));
        Choice { reply: Reply::Text(text), finish_reason, alternatives }
    }

    fn logprobs(&self) -> Value {
        match &self.reply {
            Reply::Text(text) => self.logprobs_of(tokens::split(text)),
            Reply::ToolCalls(_) => Value::Null,
        }
    }

    /// The log probabilities of tokens, each with probability 1; null if they were
    /// not requested.
    pub(crate) fn logprobs_of<'a>(&self, tokens: impl Iterator<Item = &'a str>) -> Value {
        let Some(alternatives) = self.alternatives else { return Value::Null };
        let content = tokens.map(|token| reply::logprob(token, alternatives));
        json!({"content": content.collect::<Value>(), "refusal": null})
    }
}

impl Reply {
    fn message(&self) -> Value {
        let mut message =
            json!({"role": "assistant", "content": null, "refusal": null, "annotations": []});
        match self {
            Reply::Text(text) => message["content"] = text.as_str().into(),
            Reply::ToolCalls(calls) => {
                message["tool_calls"] = calls.iter().map(Call::whole).collect();
            }
        }
        message
    }

    /// The number of tokens in a message.
    fn tokens(&self) -> u64 {
        match self {
            Reply::Text(text) => tokens::count(text),
            Reply::ToolCalls(calls) => {
                calls.iter().map(|call| tokens::count(&call.arguments)).sum()
            }
        }
    }
}

impl Call {
    fn whole(&self) -> Value {
        let Call { id, name, arguments } = self;
        json!({
            "id": id, "type": "function", "function": {"name": name, "arguments": arguments},
        })
    }
}

/// The text of the choice with this index, before any limit.
fn text(request: &Request, index: usize) -> String {
    let sentence = sentence(request, index);
    match &request.response_format {
        ResponseFormat::Text => sentence,
        ResponseFormat::JsonObject => json_object(request, sentence).to_string(),
        ResponseFormat::JsonSchema { json_schema } => {
            schema::example(&json_schema.schema).to_string()
        }
    }
}

fn sentence(request: &Request, index: usize) -> String {
    let number = (request.n.unwrap_or(1) != 1).then_some(index + 1);
    let is_result = |message: &&Message| matches!(message, Message::Tool { .. });
    let results = request.messages.iter().rev().take_while(is_result);
    let mut results: Vec<String> = results.map(Message::text).collect();
    results.reverse();
    reply::sentence(&question(request), &results, number)
}

/// The number of rounds of function calls since the user's last message.
fn round(request: &Request) -> usize {
    let since = request.messages.iter().rev().take_while(|message| !message.is_from_user());
    since.filter(|message| message.has_calls()).count()
}

fn question(request: &Request) -> String {
    let question = request.messages.iter().rev().find(|message| message.is_from_user());
    question.or(request.messages.last()).map(Message::text).unwrap_or_default()
}

fn json_object(request: &Request, sentence: String) -> Value {
    let mentions_items = request.messages.iter().any(|message| message.text().contains("items"));
    reply::json_object(mentions_items, sentence)
}

/// Applies stop sequences and the token limit.
fn cut(request: &Request, mut text: String) -> (String, &'static str) {
    let stops = request.stop.iter().filter_map(|stop| text.find(stop));
    if let Some(stop) = stops.min() {
        text.truncate(stop);
    }
    match request.max_completion_tokens.or(request.max_tokens) {
        Some(limit) if limit < tokens::count(&text) => {
            (tokens::head(&text, limit).to_owned(), "length")
        }
        _ => (text, "stop"),
    }
}

/// The function calls in the choice with this index. If the last message is the
/// user's, the model calls every function; once it has the results, it answers,
/// unless it has to call again.
fn calls(request: &Request, choice: usize) -> Vec<Call> {
    let forced = parameters::forced(request.tool_choice.as_ref());
    let round = round(request);
    let is_asked = match request.messages.last() {
        Some(Message::Tool { .. }) => (1..parameters::rounds(&question(request))).contains(&round),
        last => last.is_some_and(Message::is_from_user),
    };
    let is_forbidden = request.tool_choice.as_ref().is_some_and(|choice| choice == "none");
    if is_forbidden || !is_asked && forced.is_none() {
        return Vec::new();
    }
    let at_once = if request.parallel_tool_calls == Some(false) { 1 } else { usize::MAX };
    let is_chosen =
        |function: &&Function| forced.flatten().is_none_or(|name| name == function.name);
    let functions = request.functions().filter(is_chosen).take(at_once);
    let calls = functions.enumerate().map(|(index, function)| Call {
        id: parameters::call_id(choice, round, index),
        name: function.name.clone(),
        arguments: schema::smallest(&function.parameters).to_string(),
    });
    calls.collect()
}

fn usage(request: &Request, choices: &[Choice]) -> Value {
    let prompt: u64 = request.messages.iter().map(|message| tokens::count(&message.text())).sum();
    let completion: u64 = choices.iter().map(|choice| choice.reply.tokens()).sum();
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
