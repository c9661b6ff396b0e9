//! The messages in the queue: a run and its id.

use std::fmt;

use connector_host::{Failure, FailureKind, read_object};
use serde_json::{Map, Value};

use connector_serve::Members;

/// The header with the id. NATS drops a second message with the same id.
pub const ID: &str = "Nats-Msg-Id";
/// The header with the caller's trace (W3C Trace Context).
pub const TRACE_PARENT: &str = "traceparent";

/// The maximum length of an id.
const MAX_ID: usize = 128;
/// The members of a message.
const MEMBERS: [&str; 5] = ["action", "connection", "events", "input", "repeat"];

/// The id of a run, which is part of subjects, such as `orders.4711`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RunId(String);

impl RunId {
    /// Parses an id. Returns `None` if it is invalid.
    pub fn parse(text: &str) -> Option<Self> {
        let is_part = |part: &str| {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
            !part.is_empty() && part.bytes().all(is_plain)
        };
        let is_id = text.len() <= MAX_ID && text.split('.').all(is_part);
        is_id.then(|| Self(text.to_owned()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A message that asks for a run.
#[derive(Debug, PartialEq)]
pub struct RunMessage {
    /// The action's connector, such as `openai/v1`.
    pub component: String,
    /// The action.
    pub action: String,
    /// Its input.
    pub input: Map<String, Value>,
    /// The name or id of a connection in the workers' store.
    pub connection: Option<String>,
    /// Whether the run's events are published.
    pub events: bool,
    /// Whether the run is repeated if a worker died during it.
    pub repeat: bool,
}

impl RunMessage {
    /// Parses a message.
    ///
    /// # Errors
    /// If it is invalid. The error does not repeat values of the message, which
    /// may be misplaced secrets.
    pub fn parse(payload: &[u8]) -> Result<Self, Failure> {
        let object =
            read_object(payload).map_err(|error| refused(format!("the message {error}")))?;
        let mut members = Members::new(object, &MEMBERS).map_err(refused)?;
        let (component, action) = address(members.take("action"))?;
        Ok(Self {
            component,
            action,
            input: members.object("input").map_err(refused)?,
            connection: connection(members.take("connection"))?,
            events: members.flag("events", false).map_err(refused)?,
            repeat: members.flag("repeat", true).map_err(refused)?,
        })
    }
}

fn address(given: Option<Value>) -> Result<(String, String), Failure> {
    let text = match &given {
        Some(Value::String(text)) => text.as_str(),
        _ => "",
    };
    match text.rsplit_once('/') {
        Some((component, action)) if component.contains('/') && !action.is_empty() => {
            Ok((component.to_owned(), action.to_owned()))
        }
        _ => Err(refused("`action` must be an address such as openai/v1/ask")),
    }
}

/// Refuses connection values: a token in a message would be stored in the queue,
/// where all of its readers could see it.
fn connection(given: Option<Value>) -> Result<Option<String>, Failure> {
    match given {
        None => Ok(None),
        Some(Value::String(name)) => Ok(Some(name)),
        Some(Value::Object(_)) => Err(refused(
            "`connection` must name a connection that the workers have stored; connection \
             values, such as a token, are not accepted in messages",
        )),
        Some(_) => Err(refused("`connection` must be the name of a stored connection")),
    }
}

fn refused(message: impl Into<String>) -> Failure {
    Failure::new(FailureKind::InvalidInput, message)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_id_consists_of_subject_tokens() {
        for id in ["1", "run-1", "orders.4711", "a_B.c-D.0"] {
            assert_eq!(RunId::parse(id).unwrap().as_str(), id);
        }
        let long = "a".repeat(MAX_ID + 1);
        for invalid in ["", ".", "a.", ".a", "a..b", "a b", "*", "a.>", "$KV", "ä", "a/b", &long] {
            assert!(RunId::parse(invalid).is_none(), "{invalid:?}");
        }
    }

    #[test]
    fn a_message_is_parsed() {
        let message = json!({
            "action": "openai/v1/ask",
            "input": { "messages": [] },
            "connection": "work",
            "events": true,
            "repeat": false,
        });
        let run = RunMessage::parse(message.to_string().as_bytes()).unwrap();
        assert_eq!((run.component.as_str(), run.action.as_str()), ("openai/v1", "ask"));
        assert_eq!(run.connection.as_deref(), Some("work"));
        assert!(run.input.contains_key("messages") && run.events && !run.repeat);
        let marked = b"\xef\xbb\xbf{\"action\":\"a/v1/b\",\"input\":{\"a\":\"\\ud83d\"}}";
        assert_eq!(RunMessage::parse(marked).unwrap().input["a"], "\u{fffd}");
        let minimal = RunMessage::parse(br#"{"action":"a/v1/b"}"#).unwrap();
        assert!(minimal.connection.is_none() && !minimal.events && minimal.repeat);
    }

    #[test]
    fn refuses_an_invalid_message_without_repeating_its_values() {
        for (message, said) in [
            ("", "the message is not JSON: EOF while parsing a value (line 1"),
            ("sk-secret", "the message is not JSON: expected value (line 1, column 1)"),
            (r#""sk-secret""#, "the message must be a JSON object"),
            ("[1]", "the message must be a JSON object"),
            (r#"{"action":"a/v1/b"} x"#, "trailing characters"),
            (r#"{"input":{}}"#, "`action` must be an address such as openai/v1/ask"),
            (r#"{"action":"ask"}"#, "`action` must be an address"),
            (r#"{"action":"v1/ask"}"#, "`action` must be an address"),
            (r#"{"action":7}"#, "`action` must be an address"),
            (r#"{"action":"a/v1/b","input":"sk-secret"}"#, "`input` must be an object"),
            (r#"{"action":"a/v1/b","events":"sk-secret"}"#, "`events` must be true or false"),
            (
                r#"{"action":"a/v1/b","token":"sk-secret"}"#,
                "unknown member `token`; expected one of: `action`",
            ),
            (r#"{"action":"a/v1/b","connection":["sk-secret"]}"#, "the name of a stored"),
            (
                r#"{"action":"a/v1/b","connection":{"token":"sk-secret"}}"#,
                "values, such as a token, are not accepted in messages",
            ),
        ] {
            let failure = RunMessage::parse(message.as_bytes()).unwrap_err();
            assert!(failure.message.contains(said), "{message}: {failure}");
            assert!(!failure.message.contains("sk-secret"), "{failure}");
            assert_eq!(failure.kind, FailureKind::InvalidInput);
        }
    }
}
