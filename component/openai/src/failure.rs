//! Making failures.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::result;

use crate::bindings::workflow::connector::lifecycle::StopReason;
pub use crate::bindings::workflow::connector::types::{Failure, FailureKind};
use crate::json::decimal;

/// What may fail. A failure is large and rare, so it is kept apart.
pub type Result<T> = result::Result<T, Box<Failure>>;

/// The most of a provider's answer that a failure carries, in bytes.
const DETAIL: usize = 4096;

impl Failure {
    /// A failure before anything was sent.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Box<Self> {
        Box::new(Self {
            kind,
            message: message.into(),
            property: None,
            violations: Vec::new(),
            status: None,
            code: None,
            request_id: None,
            retry_after_ms: None,
            request_sent: false,
            detail: None,
        })
    }

    /// The property at the path `property` is missing or not allowed; the
    /// input itself if the path is empty.
    pub fn invalid_input(property: impl Into<String>, message: impl Into<String>) -> Box<Self> {
        let property = property.into();
        let failure = Self::new(FailureKind::InvalidInput, message);
        if property.is_empty() { failure } else { failure.at(property) }
    }

    /// The provider's `answer` is not what was asked for.
    pub fn invalid_output(message: impl Into<String>, answer: &str) -> Box<Self> {
        Self::new(FailureKind::InvalidOutput, message).with_detail(answer).sent()
    }

    /// The provider declined to answer.
    pub fn refused(message: impl Into<String>) -> Box<Self> {
        Self::new(FailureKind::Refused, message).sent()
    }

    /// The end of a run that its caller or its deadline wants.
    pub fn stopped(reason: StopReason) -> Box<Self> {
        match reason {
            StopReason::Cancelled => Self::new(FailureKind::Cancelled, "the run was cancelled"),
            StopReason::Deadline => Self::new(FailureKind::Timeout, "the run's deadline passed"),
        }
    }

    /// The same failure, with the property at fault.
    pub fn at(mut self: Box<Self>, property: impl Into<String>) -> Box<Self> {
        self.property = Some(property.into());
        self
    }

    /// The same failure, its property being part of the member or item
    /// `place` of something larger.
    pub fn inside(self: Box<Self>, place: &str) -> Box<Self> {
        let path = match &self.property {
            None => place.into(),
            Some(rest) if rest.starts_with('[') => format!("{place}{rest}"),
            Some(rest) => format!("{place}.{rest}"),
        };
        self.at(path)
    }

    /// The same failure, with as much of the provider's answer as fits.
    pub fn with_detail(mut self: Box<Self>, answer: &str) -> Box<Self> {
        self.detail = (!answer.is_empty()).then(|| shortened(answer, DETAIL));
        self
    }

    /// The same failure, after a request was sent.
    pub fn sent(mut self: Box<Self>) -> Box<Self> {
        self.request_sent = true;
        self
    }

    /// The same failure, after an answer with a 2xx status, unless it tells of
    /// another one.
    pub fn answered(mut self: Box<Self>, status: u16, request_id: Option<&str>) -> Box<Self> {
        self.status = self.status.or(Some(status));
        self.request_id = self.request_id.take().or_else(|| request_id.map(Into::into));
        self.sent()
    }
}

/// The place of an item of a list, such as `messages[0]`.
pub fn item(list: &str, index: usize) -> String {
    format!("{list}[{}]", decimal(index as u64))
}

/// At most `max` bytes of a text, cut between characters.
pub fn shortened(text: &str, max: usize) -> String {
    let mut end = max.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    // Not `split_at`: the message of its panic is 4 KB of code.
    match text.split_at_checked(end) {
        Some((start, rest)) if !rest.is_empty() => format!("{start}…"),
        _ => text.into(),
    }
}

/// Failures are compared in tests by what they say.
#[cfg(test)]
impl PartialEq for Failure {
    fn eq(&self, other: &Self) -> bool {
        format!("{self:?}") == format!("{other:?}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_answer_is_cut_between_characters() {
        assert_eq!(shortened("grün", 4), "grü…");
        assert_eq!(shortened("grün", 3), "gr…");
        assert_eq!(shortened("grün", 5), "grün");
        assert_eq!(shortened("", 5), "");
    }

    #[test]
    fn an_input_failure_is_certain_that_nothing_was_sent() {
        let failure = Failure::invalid_input("size", "too small");
        assert!(!failure.request_sent);
        assert_eq!(failure.property.as_deref(), Some("size"));
        assert!(Failure::invalid_output("no JSON", "x").request_sent);
    }
}
