//! Ask in a batch: one request for each input, without functions and repairs.

use connector_sdk::{Failure, Outcome, Result, Settings};
use serde_json::Value;

use super::conversation::Ending;
use super::format::Format;
use super::{Ask, chat, outcome, responses};
use crate::batch::action::{Batched, Request, Response};

/// The note of a request for an object.
const OBJECT: &str = "object";
/// The note of a request for a list.
const LIST: &str = "list";
/// The note of a request for several answers.
const SEVERAL: &str = "several";

impl Batched for Ask {
    const ENDPOINTS: &[&str] = &[chat::ENDPOINT, responses::ENDPOINT];

    fn request(&self, settings: &Settings) -> Result<Request> {
        if !self.functions.is_empty() {
            let message = "`functions` must be empty in a batch, which cannot call functions";
            return Err(Failure::invalid_input("functions", message));
        }
        if self.repair_attempts > Some(0) {
            let message = "`repairAttempts` must be empty or 0 in a batch, whose answers cannot \
                           be corrected";
            return Err(Failure::invalid_input("repairAttempts", message));
        }
        if self.responses.background == Some(true) {
            let message = "`background` must be empty or false in a batch, which always runs in \
                           the background";
            return Err(Failure::invalid_input("background", message));
        }
        let options = self.responses.image_generation_options.as_ref();
        if options.and_then(|options| options.partial_images) > Some(0) {
            let message = "`partialImages` must be empty or 0 in a batch, which has no previews";
            let failure = Failure::invalid_input("partialImages", message);
            return Err(failure.inside("imageGenerationOptions"));
        }
        let format = Format::of(self.response_format, self.response_schema.as_deref())?;
        let (api, _) = self.begin(&format, settings)?;
        let request = api.in_batch()?;
        let request = match format {
            Format::Text => request,
            Format::Object(_) => request.note(OBJECT),
            Format::List(_) => request.note(LIST),
        };
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
        let has_several = response.has(SEVERAL);
        let Response { endpoint, body, model, request_id, .. } = response;
        let answer = match endpoint {
            responses::ENDPOINT => responses::read_in_batch(body)?,
            _ => chat::read_in_batch(&body)?,
        };
        let ending = Ending::of(answer, &format, request_id)?;
        outcome(ending, &format, has_several, model.map(str::to_owned))
    }
}
