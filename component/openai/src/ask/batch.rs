//! Ask in a batch: one request for each input, without functions and repairs.

use connector_sdk::{Failure, Outcome, Result, Settings};
use serde_json::Value;

use super::conversation::Answer;
use super::format::Format;
use super::request::Body;
use super::{Ask, Prepared};
use crate::batch::action::{Batched, Request, Response};

const ENDPOINT: &str = "/v1/chat/completions";

/// The note of a request for an object.
const OBJECT: &str = "object";
/// The note of a request for a list.
const LIST: &str = "list";
/// The note of a request for several answers.
const SEVERAL: &str = "several";

impl Batched for Ask {
    const ENDPOINTS: &[&str] = &[ENDPOINT];

    fn request(&self, settings: &Settings) -> Result<Request> {
        if !self.functions.is_empty() {
            let message = "`functions` cannot be called in a batch: leave them empty";
            return Err(Failure::invalid_input("functions", message));
        }
        if self.repair_attempts > Some(0) {
            let message = "`repairAttempts` must be empty or 0 in a batch, whose answers cannot \
                           be corrected";
            return Err(Failure::invalid_input("repairAttempts", message));
        }
        let Prepared { format, parameters, messages, files, .. } = self.prepare(settings)?;
        let body = Body::whole(&parameters, &messages);
        let mut request = Request::new(ENDPOINT, &body, &files)?;
        match format {
            Format::Text => {}
            Format::Object(_) => request = request.note(OBJECT),
            Format::List(_) => request = request.note(LIST),
        }
        Ok(if self.n > Some(1) { request.note(SEVERAL) } else { request })
    }

    fn outcome(response: Response) -> Result<Outcome<Value>> {
        // The provider has enforced the schema, if there is one.
        let format = if response.has(OBJECT) {
            Format::Object(None)
        } else if response.has(LIST) {
            Format::List(None)
        } else {
            Format::Text
        };
        let answer = Answer::read(&response.body, &format)?;
        let is_several = response.has(SEVERAL);
        let Response { model, request_id, .. } = response;
        Answer { request_id, ..answer }.outcome(is_several, model.map(str::to_owned), false)
    }
}
