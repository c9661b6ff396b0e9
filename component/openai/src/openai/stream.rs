//! Streams of events whose data is JSON.

use alloc::string::String;

use super::error;
use crate::allocator::free_text;
use crate::bindings::workflow::connector::events::Event;
use crate::failure::Result;
use crate::json::Value;

/// A stream that is being read, and who is told of it.
pub struct Stream<'a> {
    /// Waits for the data of the next event; none at the end.
    pub data: &'a mut dyn FnMut() -> Result<Option<String>>,
    /// Tells the caller.
    pub tell: &'a mut dyn FnMut(Event) -> Result<()>,
    /// Finds the property that an error's `param` means.
    pub blame: &'a dyn Fn(&str) -> Option<String>,
}

/// What a stream goes on with.
#[derive(Debug, PartialEq)]
pub enum Next {
    /// A JSON object.
    Object(Value),
    /// The provider says that it has sent everything.
    Done,
    /// The stream ends.
    End,
}

impl Stream<'_> {
    /// Waits for the next event that says something. One that tells of an
    /// error is that failure.
    pub fn next_event(&mut self) -> Result<Next> {
        let data = loop {
            match (self.data)()? {
                None => return Ok(Next::End),
                // Some servers keep a connection alive with empty data.
                Some(data) if data.trim_ascii().is_empty() => free_text(data),
                Some(data) => break data,
            }
        };
        if data.trim_ascii() == "[DONE]" {
            return Ok(Next::Done);
        }
        let value = Value::parse(&data).unwrap_or(Value::Null);
        if error::is_error(&value) {
            return Err(error::inside(&data, self.blame));
        }
        if value.as_object().is_none() {
            return Err(error::not_json(&data));
        }
        free_text(data);
        Ok(Next::Object(value))
    }
}

/// Reads streams in tests: each event is its data, and what is told is kept.
#[cfg(test)]
pub fn read<T>(
    events: &[impl ToString],
    reader: impl Fn(&mut Stream) -> Result<T>,
) -> (Result<T>, Vec<Event>) {
    let mut events = events.iter();
    let mut told = Vec::new();
    let result = reader(&mut Stream {
        data: &mut || Ok(events.next().map(ToString::to_string)),
        tell: &mut |event| {
            told.push(event);
            Ok(())
        },
        blame: &|param| Some(format!("<{param}>")),
    });
    (result, told)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::FailureKind;

    fn next(data: &str) -> Result<Next> {
        read(&[data], |stream| stream.next_event()).0
    }

    #[test]
    fn events_are_objects_until_the_end() {
        assert_eq!(
            next(r#"{"a":null}"#).unwrap(),
            Next::Object(Value::parse(r#"{"a":null}"#).unwrap())
        );
        assert_eq!(next(" [DONE]\n").unwrap(), Next::Done);
        assert_eq!(read(&[""; 0], |stream| stream.next_event()).0.unwrap(), Next::End);
    }

    #[test]
    fn empty_events_are_skipped() {
        let events = ["", " \n", r#"{"a":1}"#];
        let (next, _) = read(&events, |stream| stream.next_event());
        assert_eq!(next.unwrap(), Next::Object(Value::parse(r#"{"a":1}"#).unwrap()));
    }

    #[test]
    fn something_else_is_a_failure() {
        for data in ["<html>", "oops", "[1]", "{"] {
            let failure = next(data).unwrap_err();
            assert_eq!(failure.kind, FailureKind::InvalidOutput, "{data}");
        }
    }

    #[test]
    fn an_error_in_the_stream_is_the_failure_it_tells_of() {
        let failure = next(r#"{"error":{"message":"slow down","code":"rate_limit_exceeded"}}"#);
        let failure = failure.unwrap_err();
        assert_eq!(failure.kind, FailureKind::RateLimited);
        assert_eq!(failure.message, "slow down");
        for error in [
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
        for none in [r#"{"error":null}"#, r#"{"error":{}}"#, r#"{"error":"","errors":[]}"#] {
            assert!(next(none).is_ok(), "{none}");
        }
    }
}
