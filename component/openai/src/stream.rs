//! Streams of events whose data is JSON.

use connector_sdk::http::Events;
use connector_sdk::{Result, errors, json};
use serde_json::Value;

/// The next item of a stream.
#[derive(Debug, PartialEq)]
pub enum Next {
    /// A JSON object.
    Object(Value),
    /// The provider's end-of-stream marker.
    Done,
}

/// Reads the events of a response.
pub fn read(events: Events) -> impl Iterator<Item = Result<Next>> {
    events.filter_map(|event| match event {
        Ok(event) if event.name == "error" => Some(Err(event.failure())),
        Ok(event) => next(&event.data).transpose(),
        Err(failure) => Some(Err(failure)),
    })
}

/// Reads the data of an event. An error in it becomes the failure.
pub fn next(data: &str) -> Result<Option<Next>> {
    match data.trim_ascii() {
        // Some servers send empty data to keep a connection alive.
        "" => return Ok(None),
        "[DONE]" => return Ok(Some(Next::Done)),
        _ => {}
    }
    let value = json::from_str(data).unwrap_or(Value::Null);
    if errors::is_error(&value) {
        Err(errors::inside(data))
    } else if value.is_object() {
        Ok(Some(Next::Object(value)))
    } else {
        Err(errors::not_json(data))
    }
}

#[cfg(test)]
mod tests {
    use connector_sdk::FailureKind;
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_objects_until_the_end() {
        for (data, expected) in [
            (r#"{"a":null}"#, Some(Next::Object(json!({ "a": null })))),
            (r#"{"error":null}"#, Some(Next::Object(json!({ "error": null })))),
            (" [DONE]\n", Some(Next::Done)),
            ("", None),
            (" \n", None),
        ] {
            assert_eq!(next(data).unwrap(), expected);
        }
    }

    #[test]
    fn rejects_data_that_is_not_an_object() {
        for data in ["<html>", "oops", "[1]", "{"] {
            assert_eq!(next(data).unwrap_err().kind, FailureKind::InvalidOutput, "{data}");
        }
    }

    #[test]
    fn an_error_in_the_stream_becomes_the_failure() {
        for error in [
            r#"{"error":{"message":"slow down","code":"rate_limit_exceeded"}}"#,
            r#"{"errors":[{"message":"slow down","code":429}]}"#,
            r#"[{"error":{"message":"slow down","status":"RESOURCE_EXHAUSTED"}}]"#,
            r#"{"object":"error","message":"slow down","code":429}"#,
            r#"{"type":"error","error":{"message":"slow down","type":"rate_limit_error"}}"#,
            r#"{"code":429,"message":"slow down"}"#,
        ] {
            let failure = next(error).unwrap_err();
            assert_eq!(failure.kind, FailureKind::RateLimited, "{error}");
            assert_eq!(failure.message, "slow down", "{error}");
        }
    }
}
