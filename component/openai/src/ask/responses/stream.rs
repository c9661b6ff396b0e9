//! An answer that arrives in pieces.
//!
//! The last event contains the whole response. If a server leaves out the items
//! there, those of earlier events are used.

use std::collections::BTreeMap;
use std::mem;

use connector_sdk::http::{EmbeddedFiles, Response};
use connector_sdk::{Failure, Result, events};
use serde_json::{Value, json};

use super::Announced;
use crate::lenient::{at, items, text};
use crate::responses::reply;
use crate::stream::{self, Next};

/// Where the last event contains generated images. The host stores them.
const IMAGES: EmbeddedFiles =
    EmbeddedFiles { path: &["response", "output", "*", "result"], ..crate::responses::IMAGES };

/// Collects a stream into a response, and reports its text and the summary of the
/// reasoning as they arrive.
pub fn collect(response: &Response, announced: &mut Announced) -> Result<Value> {
    let mut pieces = Pieces { is_reported: events::streaming(), ..Pieces::default() };
    let collected = pieces.collect(response, announced);
    collected.map_err(|failure| failure.answered_by(response))
}

/// What has arrived so far.
#[derive(Default)]
struct Pieces {
    /// Whether the caller wants text as it arrives.
    is_reported: bool,
    /// Whether there was any event.
    has_begun: bool,
    /// The complete items by their position.
    items: BTreeMap<u64, Value>,
    /// The text of the answer.
    text: String,
}

impl Pieces {
    fn collect(&mut self, response: &Response, announced: &mut Announced) -> Result<Value> {
        for next in stream::read(response.events_with_files(&IMAGES)) {
            let Next::Object(event) = next.map_err(|failure| self.with_text(failure))? else {
                break;
            };
            self.has_begun = true;
            announced.announce(at(&event, "response.id"))?;
            if let Some(whole) = self.add(event)? {
                return Ok(whole);
            }
        }
        let message = if self.has_begun {
            "the answer ended early"
        } else {
            "the provider's response contains no events"
        };
        Err(self.with_text(Failure::invalid_output(message)))
    }

    /// Adds the text so far to a failure. It is more useful than the event that
    /// contained the error.
    fn with_text(&self, failure: Failure) -> Failure {
        if self.text.is_empty() { failure } else { failure.with_detail(&self.text) }
    }

    /// Adds an event. Returns the whole response if it was the last one.
    fn add(&mut self, mut event: Value) -> Result<Option<Value>> {
        match text(at(&event, "type")) {
            "response.output_text.delta" => {
                let delta = text(at(&event, "delta"));
                self.text.push_str(delta);
                if self.is_reported && !delta.is_empty() {
                    events::text(delta)?;
                }
            }
            "response.reasoning_summary_part.added" => {
                let is_next = at(&event, "summary_index").as_u64() > Some(0);
                if self.is_reported && is_next {
                    events::reasoning("\n\n")?;
                }
            }
            "response.reasoning_summary_text.delta" => {
                let delta = text(at(&event, "delta"));
                if self.is_reported && !delta.is_empty() {
                    events::reasoning(delta)?;
                }
            }
            "response.image_generation_call.partial_image" => {
                let preview = reply::store("preview.png", text(at(&event, "partial_image_b64")))?;
                if let Some(preview) = preview {
                    events::file(preview)?;
                }
            }
            "response.output_item.done" => {
                let index = at(&event, "output_index").as_u64();
                let item = event.get_mut("item").map(Value::take).unwrap_or_default();
                self.items.insert(index.unwrap_or(self.items.len() as u64), item);
            }
            "response.completed"
            | "response.incomplete"
            | "response.failed"
            | "response.cancelled" => {
                let response = event.get_mut("response").map(Value::take).unwrap_or_default();
                return Ok(Some(self.completed(response)));
            }
            _ => {}
        }
        Ok(None)
    }

    /// The response of the last event with all its items.
    fn completed(&mut self, mut response: Value) -> Value {
        let has_items = !items(at(&response, "output")).is_empty();
        if let Some(members) = response.as_object_mut().filter(|_| !has_items) {
            let mut items: Vec<_> = mem::take(&mut self.items).into_values().collect();
            let has_message = items.iter().any(|item| at(item, "type") == "message");
            if !has_message && !self.text.is_empty() {
                let part = json!({ "type": "output_text", "text": self.text, "annotations": [] });
                items.push(json!({ "type": "message", "role": "assistant", "content": [part] }));
            }
            members.insert("output".to_owned(), items.into());
        }
        response
    }
}
