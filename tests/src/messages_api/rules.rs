//! The requests that the API accepts, and its responses.

use serde_json::{Map, Value, json};

use super::Request;

/// The reason why a request is rejected.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: u16,
    kind: String,
    message: String,
}

impl Refusal {
    pub(super) fn new(status: u16, kind: &str, message: impl Into<String>) -> Self {
        Self { status, kind: kind.to_owned(), message: message.into() }
    }

    fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "invalid_request_error", message)
    }

    /// The error in the API's format.
    pub(super) fn body(&self) -> String {
        let error = json!({ "type": self.kind, "message": self.message });
        json!({ "type": "error", "error": error, "request_id": "req_1" }).to_string()
    }
}

/// What a valid request asks for.
pub(super) enum Asked {
    Models,
    Count { tokens: usize },
    Message { model: String, content: Value, stop_reason: &'static str, stream: bool },
}

/// Checks a request, from its head to the last value of its body.
pub(super) fn checked(request: &Request, key: &str) -> Result<Asked, Refusal> {
    let unauthorized = |message: &str| Err(Refusal::new(401, "authentication_error", message));
    match request.header("x-api-key").as_slice() {
        [] => return unauthorized("x-api-key header is required"),
        [given] if *given == key => {}
        _ => return unauthorized("invalid x-api-key"),
    }
    if !request.header("authorization").is_empty() {
        return unauthorized("two credentials");
    }
    if request.header("anthropic-version") != ["2023-06-01"] {
        return Err(Refusal::invalid("anthropic-version: header is required"));
    }
    match (request.method.as_str(), request.target.as_str()) {
        ("GET", "/v1/models?limit=1000") => Ok(Asked::Models),
        ("POST", "/v1/messages/count_tokens") => {
            let fields = fields(request, &["model", "messages", "system"])?;
            let question = question(&fields)?;
            Ok(Asked::Count { tokens: question.len().div_ceil(4) })
        }
        ("POST", "/v1/messages") => message(request),
        _ => Err(Refusal::new(404, "not_found_error", "Not found")),
    }
}

/// The members of the body; all of them must be known.
fn fields(request: &Request, known: &[&str]) -> Result<Map<String, Value>, Refusal> {
    if request.header("content-type") != ["application/json"] {
        return Err(Refusal::invalid("the body must be application/json"));
    }
    let body = serde_json::from_str(&request.body);
    let Ok(Value::Object(fields)) = body else {
        return Err(Refusal::invalid("the body must be a JSON object"));
    };
    match fields.keys().find(|name| !known.contains(&name.as_str())) {
        Some(unknown) => {
            Err(Refusal::invalid(format!("{unknown}: Extra inputs are not permitted")))
        }
        None => Ok(fields),
    }
}

/// Checks the model and all messages, and returns the last message.
fn question(fields: &Map<String, Value>) -> Result<&str, Refusal> {
    let field = |name: &str| fields.get(name).unwrap_or(&Value::Null);
    let Some(model) = field("model").as_str() else {
        return Err(Refusal::invalid("model: Field required"));
    };
    if !model.starts_with("claude-") {
        return Err(Refusal::new(404, "not_found_error", format!("model: {model}")));
    }
    if fields.contains_key("system") && !field("system").is_string() {
        return Err(Refusal::invalid("system: Input should be a valid string"));
    }
    let messages = field("messages").as_array().filter(|messages| !messages.is_empty());
    let messages =
        messages.ok_or_else(|| Refusal::invalid("messages: at least one message is required"))?;
    let mut last = "";
    for (index, message) in messages.iter().enumerate() {
        let role = &message["role"];
        if role != "user" && (role != "assistant" || index == 0) {
            return Err(Refusal::invalid(format!("messages.{index}.role: not allowed here")));
        }
        last = message["content"].as_str().filter(|text| !text.is_empty()).ok_or_else(|| {
            Refusal::invalid(format!("messages.{index}.content: Input should be a valid string"))
        })?;
        if message.as_object().is_none_or(|members| members.len() != 2) {
            return Err(Refusal::invalid(format!("messages.{index}: Extra inputs")));
        }
    }
    Ok(last)
}

const FIELDS: [&str; 9] = [
    "model",
    "messages",
    "system",
    "max_tokens",
    "temperature",
    "stop_sequences",
    "tools",
    "tool_choice",
    "stream",
];

fn message(request: &Request) -> Result<Asked, Refusal> {
    let fields = fields(request, &FIELDS)?;
    let question = question(&fields)?;
    let field = |name: &str| fields.get(name).filter(|value| !value.is_null());
    let max_tokens =
        field("max_tokens").and_then(Value::as_u64).filter(|max_tokens| *max_tokens > 0);
    let Some(max_tokens) = max_tokens else {
        return Err(Refusal::invalid("max_tokens: Field required"));
    };
    let temperature = field("temperature").map_or(Some(1.0), Value::as_f64);
    if temperature.is_none_or(|temperature| !(0.0..=1.0).contains(&temperature)) {
        return Err(Refusal::invalid("temperature: range: 0..1"));
    }
    let mut stop_reason = "end_turn";
    let content = match tool(&fields)? {
        Some(tool) => {
            stop_reason = "tool_use";
            let input = sample(&tool["input_schema"]);
            json!([{ "type": "tool_use", "id": "toolu_1", "name": tool["name"], "input": input }])
        }
        None => {
            let mut text = format!("You said: {question}");
            for stop in field("stop_sequences").and_then(Value::as_array).into_iter().flatten() {
                let stop = stop.as_str().filter(|stop| !stop.trim().is_empty());
                let stop = stop.ok_or_else(|| {
                    Refusal::invalid("stop_sequences: each must contain non-whitespace")
                })?;
                if let Some(at) = text.find(stop) {
                    text.truncate(at);
                    stop_reason = "stop_sequence";
                }
            }
            json!([{ "type": "text", "text": text }])
        }
    };
    if max_tokens == 1 {
        stop_reason = "max_tokens";
    }
    let model = field("model").and_then(Value::as_str).unwrap_or_default().to_owned();
    let stream = field("stream") == Some(&Value::Bool(true));
    Ok(Asked::Message { model, content, stop_reason, stream })
}

/// The tool that the model must call, if there is one.
fn tool(fields: &Map<String, Value>) -> Result<Option<&Value>, Refusal> {
    let (Some(tools), Some(choice)) = (fields.get("tools"), fields.get("tool_choice")) else {
        return if fields.contains_key("tool_choice") {
            Err(Refusal::invalid("tool_choice: no tools"))
        } else {
            Ok(None)
        };
    };
    let Some([tool]) = tools.as_array().map(Vec::as_slice) else {
        return Err(Refusal::invalid("tools: only one tool is supported"));
    };
    if tool["input_schema"]["type"] != "object" {
        return Err(Refusal::invalid("tools.0.custom.input_schema.type: Field required"));
    }
    if choice["type"] == "tool" && choice["name"] == tool["name"] && tool["name"].is_string() {
        Ok(Some(tool))
    } else {
        Err(Refusal::invalid("tool_choice: no such tool"))
    }
}

/// A value that matches a schema. A property named `broken` violates it, as
/// models sometimes do.
fn sample(schema: &Value) -> Value {
    match schema["type"].as_str() {
        Some("object") => {
            let properties = schema["properties"].as_object().into_iter().flatten();
            let member = |(name, schema): (&String, &Value)| match name.as_str() {
                "broken" => (name.clone(), Value::Null),
                _ => (name.clone(), sample(schema)),
            };
            Value::Object(properties.map(member).collect())
        }
        Some("array") => json!([sample(&schema["items"])]),
        Some("integer" | "number") => json!(1),
        Some("boolean") => json!(true),
        _ => json!("text"),
    }
}

impl Asked {
    /// The response in one piece.
    pub(super) fn body(&self) -> Value {
        match self {
            Self::Models => {
                let made = "2025-01-01T00:00:00Z";
                let model = |id: &str, name: &str| json!({ "type": "model", "id": id, "display_name": name, "created_at": made });
                let data = [model("claude-one", "Claude One"), model("claude-two", "Claude Two")];
                json!({ "data": data, "has_more": false, "first_id": null, "last_id": null })
            }
            Self::Count { tokens } => json!({ "input_tokens": tokens }),
            Self::Message { model, content, stop_reason, .. } => json!({
                "id": "msg_1", "type": "message", "role": "assistant", "model": model,
                "content": content, "stop_reason": stop_reason, "stop_sequence": null,
                "usage": { "input_tokens": 3, "output_tokens": 5 },
            }),
        }
    }

    /// The response as a stream, if the request asks for one.
    pub(super) fn events(&self) -> Option<Vec<Value>> {
        let Self::Message { content, stop_reason, stream: true, .. } = self else { return None };
        let mut message = self.body();
        message["content"] = json!([]);
        message["stop_reason"] = Value::Null;
        message["usage"]["output_tokens"] = json!(1);
        let mut events = vec![
            json!({ "type": "message_start", "message": message }),
            json!({ "type": "content_block_start", "index": 0, "content_block": {} }),
            json!({ "type": "ping" }),
        ];
        let text = match content[0]["text"].as_str() {
            Some(text) => text.to_owned(),
            None => content[0]["input"].to_string(),
        };
        let characters: Vec<char> = text.chars().collect();
        for piece in characters.chunks(4) {
            let piece: String = piece.iter().collect();
            let delta = if content[0]["type"] == "text" {
                json!({ "type": "text_delta", "text": piece })
            } else {
                json!({ "type": "input_json_delta", "partial_json": piece })
            };
            events.push(json!({ "type": "content_block_delta", "index": 0, "delta": delta }));
        }
        let end = json!({ "stop_reason": stop_reason, "stop_sequence": null });
        let usage = json!({ "output_tokens": 5 });
        events.push(json!({ "type": "content_block_stop", "index": 0 }));
        events.push(json!({ "type": "message_delta", "delta": end, "usage": usage }));
        events.push(json!({ "type": "message_stop" }));
        Some(events)
    }
}
