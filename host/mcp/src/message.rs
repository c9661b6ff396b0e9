//! Bytes as messages of JSON-RPC 2.0, and the answer to those that are none.

use std::borrow::Cow;

use axum::body::Bytes;
use connector_host::{JsonError, read_object, read_text, whole_surrogates};
use rmcp::service::{RoleServer, RxJsonRpcMessage};
use serde::Deserialize;
use serde_json::{Value, json};

use super::MAX_MESSAGE;

const PARSE_ERROR: i32 = -32_700;
const INVALID_REQUEST: i32 = -32_600;

/// What bytes turned out to be.
pub enum Read {
    /// A message.
    Message(Box<RxJsonRpcMessage<RoleServer>>),
    /// No message, and this is the answer.
    Refused(Value),
    /// A notification that is not known here: those have no answer.
    Unknown,
}

/// A message without a byte order mark, and with U+FFFD for half of a surrogate
/// pair, which programs write that cut a text inside an emoji. What is not text
/// stays as it is, to be refused.
pub fn readable(message: Bytes) -> Bytes {
    let Ok(text) = read_text(&message) else { return message };
    match whole_surrogates(text) {
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
            let message = "batches are not supported: send each message by itself";
            return Read::Refused(answer(&Value::Null, INVALID_REQUEST, message));
        }
        Err(JsonError::NoObject) => {
            return Read::Refused(answer(&Value::Null, INVALID_REQUEST, "a message is an object"));
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
            let message = "this is not a JSON-RPC 2.0 message of the Model Context Protocol";
            Read::Refused(answer(id, INVALID_REQUEST, message))
        }
    }
}

/// The answer to a message that is longer than any that is read.
pub fn too_long() -> Value {
    let message = format!("a message has at most {MAX_MESSAGE} bytes");
    answer(&Value::Null, INVALID_REQUEST, &message)
}

fn answer(id: &Value, code: i32, message: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is answered: the code and the id.
    fn refused(bytes: impl AsRef<[u8]>) -> (i64, Value) {
        match read(bytes.as_ref()) {
            Read::Refused(answer) => {
                (answer["error"]["code"].as_i64().unwrap(), answer["id"].clone())
            }
            Read::Message(message) => panic!("{message:?} is a message"),
            Read::Unknown => panic!("there is no answer"),
        }
    }

    #[test]
    fn what_is_no_json_is_a_parse_error() {
        for bytes in [b"".as_slice(), b"{", b"hello", b"{\"id\":1,}", b"\xff\xfe", b"{} {}", b"\0"]
        {
            assert_eq!(refused(bytes), (-32_700, Value::Null), "{bytes:?}");
        }
    }

    #[test]
    fn a_message_of_many_small_values_is_refused() {
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
    fn an_unknown_notification_has_no_answer() {
        assert!(matches!(read(br#"{"method":"window/progress"}"#), Read::Unknown));
    }

    #[test]
    fn a_message_is_a_message_whatever_surrounds_it() {
        let ping = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
        for text in [ping.to_owned(), format!("\u{feff}{ping}\r\n"), format!("  {ping} ")] {
            assert!(matches!(read(&readable(text.clone().into())), Read::Message(_)), "{text:?}");
        }
    }
}
