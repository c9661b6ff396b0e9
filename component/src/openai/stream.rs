//! Streams of events whose data is JSON.

use alloc::string::String;

use super::error;
use crate::allocator::free_text;
use crate::bindings::workflow::connector::events::Event;
use crate::failure::{Failure, Result};
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
    /// Waits for the next event. One that tells of an error is that failure.
    pub fn next_event(&mut self) -> Result<Next> {
        let Some(data) = (self.data)()? else { return Ok(Next::End) };
        if data.trim_ascii() == "[DONE]" {
            return Ok(Next::Done);
        }
        let Some(object @ Value::Object(_)) = Value::parse(&data) else {
            let message = "the provider's stream holds something else than JSON objects";
            return Err(Failure::invalid_output(message, &data));
        };
        if object.get("error").is_some_and(|error| *error != Value::Null) {
            return Err(error::inside(&data, self.blame));
        }
        free_text(data);
        Ok(Next::Object(object))
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
    fn something_else_is_a_failure() {
        for data in ["<html>", "", "[1]", "{"] {
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
        assert!(next(r#"{"error":null}"#).is_ok());
    }
}
