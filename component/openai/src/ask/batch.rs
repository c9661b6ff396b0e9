//! Ask in a batch: one request for each input, without functions and repairs.

use connector_sdk::{Failure, Outcome, Result, Settings};
use serde_json::Value;

use super::conversation::Ending;
use super::format::Format;
use super::functions::Functions;
use super::{Ask, chat, responses};
use crate::batch::action::{Batched, Request, Response};
use crate::responses::IMAGES;
use crate::responses::reply::Reply;

/// The note of a request for an object.
const OBJECT: &str = "object";
/// The note of a request for a list.
const LIST: &str = "list";
/// The note of a request for several answers.
const SEVERAL: &str = "several";

impl Batched for Ask {
    const ENDPOINTS: &[&str] = &[chat::ENDPOINT, responses::ENDPOINT];

    fn request(&self, settings: &Settings) -> Result<Request> {
        self.check_for_batch()?;
        let format = Format::of(self.response_format, self.response_schema.as_deref())?;
        let functions = Functions::default();
        let api = self.api(settings, &format, &functions)?;
        let (endpoint, body) = (api.endpoint(), api.body()?);
        let shape = match format {
            Format::Text => None,
            Format::Object(_) => Some(OBJECT),
            Format::List(_) => Some(LIST),
        };
        let several = (self.n > Some(1)).then_some(SEVERAL);
        let notes = shape.into_iter().chain(several).map(str::to_owned).collect();
        Ok(Request { endpoint, body, size: 1, notes })
    }

    fn outcome(mut response: Response) -> Result<Outcome<Value>> {
        // The provider has enforced the schema, if there is one.
        let format = if response.has(OBJECT) {
            Format::Object(None)
        } else if response.has(LIST) {
            Format::List(None)
        } else {
            Format::Text
        };
        let is_several = response.has(SEVERAL);
        let answer = if response.endpoint == responses::ENDPOINT {
            IMAGES.store(&mut response.body)?;
            responses::read(Reply::of(response.body)?)?
        } else {
            chat::answer::read(&response.body)?
        };
        let ending = Ending::of(answer, &format, response.request_id)?;
        ending.outcome(is_several, response.model, false)
    }
}

impl Ask {
    /// Rejects what takes more than one request.
    fn check_for_batch(&self) -> Result<()> {
        let (property, message) = if !self.functions.is_empty() {
            ("functions", "`functions` cannot be called in a batch: leave them empty")
        } else if self.repair_attempts > Some(0) {
            let message = "`repairAttempts` must be empty or 0 in a batch, whose answers cannot \
                           be corrected";
            ("repairAttempts", message)
        } else if self.responses.background == Some(true) {
            let message = "`background` must be empty or false in a batch, which is processed in \
                           the background anyway";
            ("background", message)
        } else {
            return Ok(());
        };
        Err(Failure::invalid_input(property, message))
    }
}
