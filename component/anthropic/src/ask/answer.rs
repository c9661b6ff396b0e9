//! An answer, in one piece or from a stream of events.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::api::{explained, failure};
use crate::bindings::workflow::connector::events::{self, Event, TextDelta};
use crate::bindings::workflow::connector::http::Response;
use crate::bindings::workflow::connector::lifecycle::StopReason;
use crate::bindings::workflow::connector::types::{Failure, FailureKind};

/// What a model answered.
#[derive(Debug, Default, PartialEq)]
pub struct Answer {
    model: String,
    text: String,
    /// The arguments of the tool, as JSON text.
    arguments: String,
    stop_reason: Option<String>,
    usage: Usage,
}

/// An answer in one piece, and what a stream begins with.
#[derive(Deserialize)]
pub struct Whole {
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

/// Counts. A stream tells them bit by bit, each time all so far.
#[derive(Debug, Default, Deserialize, PartialEq)]
struct Usage {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
}

/// An event of a stream. What else there is, and may come, says nothing here.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Told {
    MessageStart {
        message: Whole,
    },
    ContentBlockDelta {
        delta: Delta,
    },
    MessageDelta {
        delta: End,
        usage: Usage,
    },
    MessageStop,
    Error {
        error: Value,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
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
    /// Takes what is told later.
    fn update(&mut self, later: Self) {
        self.input_tokens = later.input_tokens.or(self.input_tokens);
        self.output_tokens = later.output_tokens.or(self.output_tokens);
        let cached = later.cache_read_input_tokens;
        self.cache_read_input_tokens = cached.or(self.cache_read_input_tokens);
    }
}

/// The answer that events tell, and whether it is whole.
#[derive(Default)]
struct Stream {
    answer: Answer,
    ended: bool,
}

impl Stream {
    /// Takes an event. Gives the text that it adds.
    fn take(&mut self, event: Told) -> Result<Option<String>, Failure> {
        match event {
            Told::MessageStart { message } => self.answer = Answer::of(message),
            Told::ContentBlockDelta { delta: Delta::Text { text } } => {
                self.answer.text += &text;
                return Ok(Some(text));
            }
            Told::ContentBlockDelta { delta: Delta::Json { partial_json } } => {
                self.answer.arguments += &partial_json;
                return Ok(Some(partial_json));
            }
            Told::MessageDelta { delta, usage } => {
                self.answer.stop_reason = delta.stop_reason;
                self.answer.usage.update(usage);
            }
            Told::MessageStop => self.ended = true,
            Told::Error { error } => return Err(explained(Some(&error), FailureKind::Unavailable)),
            Told::ContentBlockDelta { delta: Delta::Other } | Told::Other => {}
        }
        Ok(None)
    }

    fn end(self) -> Result<Answer, Failure> {
        match self.ended {
            true => Ok(self.answer),
            false => {
                Err(failure(FailureKind::InvalidOutput, "the provider's answer ended too early"))
            }
        }
    }
}

/// Reads the events of an answer, and tells its text as it arrives.
pub fn streamed(response: &Response) -> Result<Answer, Failure> {
    let mut stream = Stream::default();
    while let Some(event) = response.next_event(None)? {
        let event = serde_json::from_str(&event.data).map_err(|error| {
            let message = format!("an event of the answer is not what the API describes: {error}");
            failure(FailureKind::InvalidOutput, message)
        })?;
        if let Some(text) = stream.take(event)?.filter(|text| !text.is_empty()) {
            let delta = Event::TextDelta(TextDelta { choice: 0, text });
            events::emit(&delta).map_err(stopped)?;
        }
    }
    stream.end()
}

fn stopped(reason: StopReason) -> Failure {
    match reason {
        StopReason::Cancelled => failure(FailureKind::Cancelled, "the run was cancelled"),
        StopReason::Deadline => failure(FailureKind::Timeout, "the run took too long"),
    }
}

impl Answer {
    /// An answer in one piece.
    pub fn of(whole: Whole) -> Self {
        let Whole { model, content, stop_reason, usage } = whole;
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

    /// The answer as text.
    pub fn text(&self) -> Result<&str, Failure> {
        self.check_refusal()?;
        Ok(&self.text)
    }

    /// The answer as an object.
    pub fn object(&self) -> Result<Value, Failure> {
        self.check_refusal()?;
        if self.stop_reason.as_deref() == Some("max_tokens") {
            let message = "the answer was cut off before its end; `maxTokens` must be larger";
            let property = Some("maxTokens".to_owned());
            return Err(Failure { property, ..failure(FailureKind::InvalidOutput, message) });
        }
        serde_json::from_str(&self.arguments).map_err(|_| {
            let detail = Some(self.text.clone()).filter(|text| !text.is_empty());
            let message = "the model gave no structured answer";
            Failure { detail, ..failure(FailureKind::InvalidOutput, message) }
        })
    }

    fn check_refusal(&self) -> Result<(), Failure> {
        if self.stop_reason.as_deref() != Some("refusal") {
            return Ok(());
        }
        let detail = Some(self.text.clone()).filter(|text| !text.is_empty());
        Err(Failure { detail, ..failure(FailureKind::Refused, "the model declined to answer") })
    }

    /// What there is to say about it.
    pub fn metadata(&self, request_id: Option<String>) -> Value {
        let mut usage = Map::new();
        let counts = [
            ("inputTokens", self.usage.input_tokens),
            ("outputTokens", self.usage.output_tokens),
            ("cachedTokens", self.usage.cache_read_input_tokens.filter(|count| *count != 0)),
        ];
        for (name, count) in counts {
            usage.extend(count.map(|count| (name.to_owned(), count.into())));
        }
        json!({
            "model": self.model,
            "usage": usage,
            "finishReasons": self.stop_reason.as_slice(),
            "requestId": request_id,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"{"id":"msg_1","type":"message","role":"assistant","model":"claude-x",
        "content":[{"type":"thinking","thinking":"Hm"},{"type":"text","text":"Good "},
        {"type":"text","text":"morning"}],"stop_reason":"end_turn","stop_sequence":null,
        "usage":{"input_tokens":7,"output_tokens":2,"cache_read_input_tokens":5}}"#;

    fn whole(text: &str) -> Answer {
        Answer::of(serde_json::from_str(text).unwrap())
    }

    /// What events tell, and the texts that they add.
    fn told(events: &[&str]) -> (Result<Answer, Failure>, String) {
        let (mut stream, mut texts) = (Stream::default(), String::new());
        for event in events {
            match stream.take(serde_json::from_str(event).unwrap()) {
                Ok(text) => texts.extend(text),
                Err(failure) => return (Err(failure), texts),
            }
        }
        (stream.end(), texts)
    }

    const START: &str = r#"{"type":"message_start","message":{"model":"claude-x","content":[],
        "stop_reason":null,
        "usage":{"input_tokens":7,"output_tokens":1,"cache_read_input_tokens":5}}}"#;
    const GOOD: &str =
        r#"{"type":"content_block_delta","delta":{"type":"text_delta","text":"Good "}}"#;
    const MORNING: &str =
        r#"{"type":"content_block_delta","delta":{"type":"text_delta","text":"morning"}}"#;
    const END: &str = r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},
        "usage":{"output_tokens":2}}"#;
    const STOP: &str = r#"{"type":"message_stop"}"#;

    #[test]
    fn a_streamed_answer_is_the_answer() {
        let (answer, texts) =
            told(&[START, r#"{"type":"ping"}"#, GOOD, r#"{"type":"new"}"#, MORNING, END, STOP]);
        assert_eq!(texts, "Good morning");
        assert_eq!(answer.unwrap(), whole(WHOLE));
    }

    #[test]
    fn a_stream_without_its_end_is_no_answer() {
        for events in [&[][..], &[START, GOOD], &[START, GOOD, END]] {
            let failure = told(events).0.unwrap_err();
            assert_eq!(failure.kind, FailureKind::InvalidOutput);
        }
    }

    #[test]
    fn an_error_in_the_middle_has_its_kind() {
        let error =
            r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
        let (answer, texts) = told(&[START, GOOD, error]);
        let failure = answer.unwrap_err();
        assert_eq!((failure.kind, texts.as_str()), (FailureKind::Unavailable, "Good "));
        assert_eq!(failure.message, "Overloaded");
    }

    #[test]
    fn the_metadata_says_what_it_took() {
        let expected = json!({
            "model": "claude-x", "finishReasons": ["end_turn"], "requestId": "req_1",
            "usage": { "inputTokens": 7, "outputTokens": 2, "cachedTokens": 5 },
        });
        assert_eq!(whole(WHOLE).metadata(Some("req_1".to_owned())), expected);
    }

    fn ended(content: &str, reason: &str) -> Answer {
        whole(&format!(
            r#"{{"model":"m","content":[{content}],"stop_reason":"{reason}","usage":{{}}}}"#
        ))
    }

    #[test]
    fn an_object_comes_from_the_tool() {
        let call = r#"{"type":"tool_use","id":"t","name":"answer","input":{"a":1}}"#;
        assert_eq!(ended(call, "tool_use").object().unwrap(), json!({ "a": 1 }));
        let cut = ended(call, "max_tokens").object().unwrap_err();
        assert_eq!(cut.property.as_deref(), Some("maxTokens"));
        let text = ended(r#"{"type":"text","text":"No"}"#, "end_turn").object().unwrap_err();
        assert_eq!((text.kind, text.detail.as_deref()), (FailureKind::InvalidOutput, Some("No")));
    }

    #[test]
    fn a_refusal_is_a_failure() {
        let refused = ended(r#"{"type":"text","text":"I cannot"}"#, "refusal");
        for failure in [refused.text().unwrap_err(), refused.object().unwrap_err()] {
            assert_eq!(
                (failure.kind, failure.detail.as_deref()),
                (FailureKind::Refused, Some("I cannot"))
            );
        }
    }
}
