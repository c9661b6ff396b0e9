//! An answer, in one piece or as a stream of events.

use connector_sdk::http::Response;
use connector_sdk::{Failure, Result, events};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The answer of a model.
#[derive(Default)]
pub struct Answer {
    model: String,
    text: String,
    /// The arguments of the tool, as JSON text.
    arguments: String,
    stop_reason: Option<String>,
    usage: Usage,
}

/// An answer in one piece, or the beginning of a stream.
#[derive(Deserialize)]
pub struct Message {
    model: String,
    content: Vec<Block>,
    stop_reason: Option<String>,
    usage: Usage,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block {
    Text {
        text: String,
    },
    ToolUse {
        input: Value,
    },
    #[serde(other)]
    Other,
}

/// Token counts. A stream reports them several times, each time as running totals.
#[derive(Default, Deserialize, Serialize)]
#[serde(rename_all(serialize = "camelCase"))]
struct Usage {
    #[serde(skip_serializing_if = "Option::is_none")]
    input_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_tokens: Option<u64>,
    #[serde(rename(serialize = "cachedTokens"), skip_serializing_if = "is_nothing")]
    cache_read_input_tokens: Option<u64>,
}

fn is_nothing(count: &Option<u64>) -> bool {
    count.unwrap_or(0) == 0
}

/// An event of a stream. Other kinds of events, including future ones, are
/// ignored.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum StreamEvent {
    MessageStart {
        message: Message,
    },
    ContentBlockDelta {
        delta: Delta,
    },
    MessageDelta {
        delta: End,
        usage: Usage,
    },
    MessageStop,
    Error,
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
#[serde(tag = "type")]
enum Delta {
    #[serde(rename = "text_delta")]
    Text { text: String },
    #[serde(rename = "input_json_delta")]
    Json { partial_json: String },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct End {
    stop_reason: Option<String>,
}

impl Usage {
    /// Updates the counts with later ones.
    fn update(&mut self, later: Self) {
        self.input_tokens = later.input_tokens.or(self.input_tokens);
        self.output_tokens = later.output_tokens.or(self.output_tokens);
        let cached = later.cache_read_input_tokens;
        self.cache_read_input_tokens = cached.or(self.cache_read_input_tokens);
    }
}

impl Answer {
    /// Reads an answer in one piece.
    pub fn of(message: Message) -> Self {
        let Message { model, content, stop_reason, usage } = message;
        let mut answer = Self { model, stop_reason, usage, ..Self::default() };
        for block in content {
            match block {
                Block::Text { text } => answer.text += &text,
                Block::ToolUse { input } => answer.arguments = input.to_string(),
                Block::Other => {}
            }
        }
        answer
    }

    /// Reads a stream of events and reports the text as it arrives.
    pub fn streamed(response: &Response) -> Result<Self> {
        let mut answer = Self::default();
        for event in response.events() {
            let event = event?;
            match event.json()? {
                StreamEvent::MessageStart { message } => answer = Self::of(message),
                StreamEvent::ContentBlockDelta { delta: Delta::Text { text } } => {
                    answer.text += &text;
                    report(text)?;
                }
                StreamEvent::ContentBlockDelta { delta: Delta::Json { partial_json } } => {
                    answer.arguments += &partial_json;
                    report(partial_json)?;
                }
                StreamEvent::MessageDelta { delta, usage } => {
                    answer.stop_reason = delta.stop_reason;
                    answer.usage.update(usage);
                }
                StreamEvent::MessageStop => return Ok(answer),
                StreamEvent::Error => return Err(event.failure()),
                StreamEvent::ContentBlockDelta { delta: Delta::Other } | StreamEvent::Other => {}
            }
        }
        Err(Failure::invalid_output("the answer ended early").answered_by(response))
    }

    /// The answer as text.
    pub fn text(&self) -> Result<&str> {
        self.check_refusal()?;
        Ok(&self.text)
    }

    /// The answer as an object.
    pub fn object(&self) -> Result<Value> {
        self.check_refusal()?;
        if self.stop_reason.as_deref() == Some("max_tokens") {
            let message =
                "the answer reached the token limit before it was complete: raise `maxTokens`";
            return Err(Failure::invalid_output(message).at("maxTokens"));
        }
        serde_json::from_str(&self.arguments).map_err(|_| {
            Failure::invalid_output("the model returned no structured answer")
                .with_detail(&self.text)
        })
    }

    fn check_refusal(&self) -> Result<()> {
        match self.stop_reason.as_deref() {
            Some("refusal") => {
                Err(Failure::refused("the model declined to answer").with_detail(&self.text))
            }
            _ => Ok(()),
        }
    }

    /// The metadata of the run.
    pub fn metadata(&self, request_id: Option<String>) -> Value {
        json!({
            "model": self.model,
            "usage": self.usage,
            "finishReasons": self.stop_reason.as_slice(),
            "requestId": request_id,
        })
    }
}

fn report(text: String) -> Result<()> {
    if text.is_empty() { Ok(()) } else { events::text(text) }
}
