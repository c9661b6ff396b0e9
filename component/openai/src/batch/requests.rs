//! The file of requests: JSON Lines, one request for each input.

use connector_sdk::{Failure, FailureKind, Result, Settings, Violation, json};
use serde_json::Value;

use super::MAX_REQUESTS;
use super::action::{Kind, Request};
use super::once::Digest;

/// The maximum size of the file, in bytes. The API accepts 200 MB, but the file
/// has to fit into the connector's memory twice: with and without the form.
pub const MAX_BYTES: usize = 16_000_000;
/// The maximum number of violations in a failure.
const MAX_VIOLATIONS: usize = 20;

/// A file of requests under construction.
pub struct Requests<'a> {
    kind: &'a Kind,
    settings: &'a Settings<'a>,
    endpoint: Option<&'static str>,
    content: Vec<u8>,
    /// The number of inputs so far.
    position: usize,
    /// The number of inputs, as the API counts them.
    count: usize,
    digest: Digest,
    violations: Vec<Violation>,
}

/// A complete file of requests.
pub struct RequestFile {
    /// The endpoint of all requests.
    pub endpoint: &'static str,
    /// The content.
    pub content: Vec<u8>,
    /// The digest of the inputs.
    pub digest: String,
}

impl<'a> Requests<'a> {
    /// A file for inputs of this action, which have this size together. The file may
    /// become larger.
    pub fn new(kind: &'a Kind, settings: &'a Settings<'a>, size: usize) -> Self {
        // While a large file grows, its old and its new content take memory.
        let content = Vec::with_capacity(size.min(MAX_BYTES));
        Self {
            kind,
            settings,
            endpoint: None,
            content,
            position: 0,
            count: 0,
            digest: Digest::of(kind.name),
            violations: Vec::new(),
        }
    }

    /// Adds the request for an input, given as JSON. [`complete`](Self::complete)
    /// reports invalid inputs, so that one run reports several of them. `locate` adds the place of the input to a failure.
    pub fn add(&mut self, input: &str, locate: impl Fn(Failure) -> Failure) -> Result<()> {
        let added = self.line(input);
        self.position += 1;
        match added.map_err(locate) {
            Ok(()) => Ok(()),
            Err(failure) if failure.kind != FailureKind::InvalidInput => Err(failure),
            Err(failure) => {
                let property = failure.property.clone().unwrap_or_default();
                let own = Violation { property, message: failure.message.clone() };
                let all = if failure.violations.is_empty() {
                    vec![own]
                } else {
                    failure.violations.clone()
                };
                self.violations.extend(all);
                if self.violations.len() < MAX_VIOLATIONS { Ok(()) } else { Err(self.refusal()) }
            }
        }
    }

    fn line(&mut self, input: &str) -> Result<()> {
        let given: Value = json::from_str(input).map_err(|error| {
            Failure::invalid_input("", format!("the input is not JSON: {error}"))
        })?;
        self.digest.add(&given.to_string());
        let Request { endpoint, body, notes, count } = self.kind.request(given, self.settings)?;
        match self.endpoint {
            Some(first) if first != endpoint => {
                let message = format!(
                    "all inputs of a batch must use the same API: this one uses `{endpoint}`, the \
                     first one `{first}`"
                );
                return Err(Failure::invalid_input("", message));
            }
            _ => self.endpoint = Some(endpoint),
        }
        self.count += count;
        let id = Value::from(custom_id(self.position, &notes));
        let url = Value::from(endpoint);
        let line = format!(r#"{{"custom_id":{id},"method":"POST","url":{url},"body":{body}}}"#);
        if self.content.len() + line.len() >= MAX_BYTES {
            let message = format!(
                "the requests must be at most {MAX_BYTES} bytes long in total: create several \
                 batches"
            );
            return Err(Failure::new(FailureKind::TooLarge, message));
        }
        self.content.extend_from_slice(line.as_bytes());
        self.content.push(b'\n');
        Ok(())
    }

    fn refusal(&mut self) -> Failure {
        let mut violations = std::mem::take(&mut self.violations);
        violations.truncate(MAX_VIOLATIONS);
        Failure::invalid_properties(violations)
    }

    /// The complete file. Fails if an input is invalid. `property` is the property
    /// that contains the inputs.
    pub fn complete(mut self, property: &str) -> Result<RequestFile> {
        if !self.violations.is_empty() {
            return Err(self.refusal());
        }
        if self.count > MAX_REQUESTS {
            let message = format!(
                "`{property}` must have at most {MAX_REQUESTS} inputs (it has {})",
                self.count
            );
            return Err(Failure::invalid_input(property, message));
        }
        let Some(endpoint) = self.endpoint else {
            let message = format!("`{property}` must have at least one input");
            return Err(Failure::invalid_input(property, message));
        };
        Ok(RequestFile { endpoint, content: self.content, digest: self.digest.to_string() })
    }
}

/// Adds the place of an input to a failure: to the paths of its properties, and to
/// the paths in its messages.
pub fn inside(place: &str, failure: Failure) -> Failure {
    let longer = |message: &str, property: &str| {
        message.replace(&format!("`{property}`"), &format!("`{place}.{property}`"))
    };
    let mut failure = failure;
    if let Some(property) = failure.property.clone() {
        failure.message = longer(&failure.message, &property);
    }
    for violation in &mut failure.violations {
        violation.message = longer(&violation.message, &violation.property);
    }
    failure.inside(place)
}

/// The ID of a request, which its response repeats: the position of its input, and
/// the notes.
fn custom_id(position: usize, notes: &[String]) -> String {
    let notes: String = notes.iter().map(|note| format!("-{note}")).collect();
    format!("{PREFIX}{position}{notes}")
}

/// Reads the position and the notes from the ID of a request, unless the request
/// was created elsewhere.
pub fn read_custom_id(id: &str) -> Option<(usize, Vec<&str>)> {
    let mut parts = id.strip_prefix(PREFIX)?.split('-');
    let position = parts.next()?.parse().ok().filter(|position| *position < MAX_REQUESTS)?;
    Some((position, parts.collect()))
}

const PREFIX: &str = "input-";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_contains_the_position_and_the_notes() {
        for (position, notes) in [(0, vec![]), (6, vec!["list"]), (49_999, vec!["a", "b"])] {
            let owned: Vec<_> = notes.iter().map(|note: &&str| (*note).to_owned()).collect();
            let id = custom_id(position, &owned);
            assert_eq!(read_custom_id(&id), Some((position, notes)), "{id}");
        }
        for other in ["", "6", "request-6", "input-", "input-x", "input--1", "input-50000"] {
            assert_eq!(read_custom_id(other), None, "{other}");
        }
    }
}
