//! Parses JSON-RPC 2.0 messages, and creates the responses to invalid ones.

use std::borrow::Cow;

use axum::body::Bytes;
use connector_host::{JsonError, read_object, read_text, replace_lone_surrogates};
use rmcp::service::{RoleServer, RxJsonRpcMessage};
use serde::Deserialize;
use serde_json::{Value, json};

use super::MAX_MESSAGE;

const PARSE_ERROR: i32 = -32_700;
const INVALID_REQUEST: i32 = -32_600;

/// The result of parsing.
pub enum Read {
    /// A message.
    Message(Box<RxJsonRpcMessage<RoleServer>>),
    /// An invalid message, with the response to it.
    Refused(Value),
    /// An unknown notification, which has no response.
    Unknown,
}

/// Removes a byte order mark, and replaces lone surrogates with U+FFFD. A program that
/// truncates a string in the middle of an emoji emits a lone surrogate. Leaves invalid
/// UTF-8 unchanged; [`read`] refuses it.
pub fn readable(message: Bytes) -> Bytes {
    let Ok(text) = read_text(&message) else { return message };
    match replace_lone_surrogates(text) {
        Cow::Borrowed(text) if text.len() == message.len() => message,
        text => text.into_owned().into(),
    }
}

/// Reads one message.
pub fn read(bytes: &[u8]) -> Read {
    let text = bytes.trim_ascii();
    let value = match read_object(text) {
        Ok(object) => Value::Object(object),
        Err(JsonError::NoObject) if text.starts_with(b"[") => {
            let message = "batches are not supported; send each message separately";
            return Read::Refused(answer(&Value::Null, INVALID_REQUEST, message));
        }
        Err(JsonError::NoObject) => {
            let message = "the message must be an object";
            return Read::Refused(answer(&Value::Null, INVALID_REQUEST, message));
        }
        Err(error) => {
            let message = format!("the message {error}");
            return Read::Refused(answer(&Value::Null, PARSE_ERROR, &message));
        }
    };
    if let Ok(message) = RxJsonRpcMessage::<RoleServer>::deserialize(&value) {
        return Read::Message(Box::new(message));
    }
    let method = value.get("method").and_then(Value::as_str);
    match (value.get("id"), method) {
        (None, Some(_)) => Read::Unknown,
        (id, _) => {
            let id = id.filter(|id| id.is_string() || id.is_number()).unwrap_or(&Value::Null);
            let message = "not a JSON-RPC 2.0 message of the Model Context Protocol";
            Read::Refused(answer(id, INVALID_REQUEST, message))
        }
    }
}

/// Returns the response to a message that is too long.
pub fn too_long() -> Value {
    let message = format!("the message is larger than {MAX_MESSAGE} bytes");
    answer(&Value::Null, INVALID_REQUEST, &message)
}

fn answer(id: &Value, code: i32, message: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the code and the id of the error response.
    fn refused(bytes: impl AsRef<[u8]>) -> (i64, Value) {
        match read(bytes.as_ref()) {
            Read::Refused(answer) => {
                (answer["error"]["code"].as_i64().unwrap(), answer["id"].clone())
            }
            Read::Message(message) => panic!("{message:?} is a message"),
            Read::Unknown => panic!("no response"),
        }
    }

    #[test]
    fn invalid_json_is_a_parse_error() {
        for bytes in [b"".as_slice(), b"{", b"hello", b"{\"id\":1,}", b"\xff\xfe", b"{} {}", b"\0"]
        {
            assert_eq!(refused(bytes), (-32_700, Value::Null), "{bytes:?}");
        }
    }

    #[test]
    fn a_message_with_many_small_values_is_refused() {
        let text = format!("{{\"a\":[{}0]}}", "0,".repeat(4 << 20));
        assert_eq!(refused(text), (-32_700, Value::Null));
    }

    #[test]
    fn other_json_is_an_invalid_request() {
        for (text, id) in [
            ("1", json!(null)),
            ("null", json!(null)),
            ("{}", json!(null)),
            ("[]", json!(null)),
            (r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, json!(null)),
            (r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, json!(1)),
            (r#"{"id":"a","method":"ping"}"#, json!("a")),
            (r#"{"jsonrpc":"2.0","id":1,"method":5}"#, json!(1)),
            (r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#, json!(null)),
        ] {
            assert_eq!(refused(text), (-32_600, id), "{text}");
        }
    }

    #[test]
    fn an_unknown_notification_has_no_response() {
        assert!(matches!(read(br#"{"method":"window/progress"}"#), Read::Unknown));
    }

    #[test]
    fn a_message_may_be_surrounded_by_whitespace_and_a_byte_order_mark() {
        let ping = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
        for text in [ping.to_owned(), format!("\u{feff}{ping}\r\n"), format!("  {ping} ")] {
            assert!(matches!(read(&readable(text.clone().into())), Read::Message(_)), "{text:?}");
        }
    }
}
