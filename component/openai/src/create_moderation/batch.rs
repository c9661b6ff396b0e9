//! Moderate in a batch: one request for the texts or the image of an input.

use connector_sdk::{Failure, Outcome, Result, Settings};
use serde_json::json;

use super::answer::{Answer, Moderation};
use super::{CreateModeration, request};
use crate::batch::action::{Batched, Request, Response};
use crate::lenient::{at, items};

const ENDPOINT: &str = "/v1/moderations";

/// The note of a request for texts, before their number.
const TEXTS: &str = "texts";
/// The note of a request for a file.
const FILE: &str = "file";
/// The note of a request for the address of an image.
const URL: &str = "url";
/// The note of a request for all of these together.
const COMBINED: &str = "combined";

impl Batched for CreateModeration {
    const ENDPOINTS: &[&str] = &[ENDPOINT];

    fn request(&self, _: &Settings) -> Result<Request> {
        self.check_model()?;
        let requests = self.requests()?;
        let [request] = requests.as_slice() else {
            let has_files = self.images.as_ref().is_some_and(|images| !images.is_empty());
            let property = if has_files { "images" } else { "imageUrls" };
            let message = format!(
                "in a batch, an input can check either texts or one image: move the rest of \
                 `{property}` to other inputs, or set `combine`"
            );
            return Err(Failure::invalid_input(property, message));
        };
        let notes = match request {
            request::Request::Texts(texts) => vec![TEXTS.to_owned(), texts.len().to_string()],
            request::Request::File(..) => vec![FILE.to_owned()],
            request::Request::Url(..) => vec![URL.to_owned()],
            request::Request::Combined { .. } => vec![COMBINED.to_owned()],
        };
        Ok(Request { endpoint: ENDPOINT, body: request.json(&self.model)?, size: 1, notes })
    }

    fn outcome(response: Response) -> Result<Outcome<Moderation>> {
        let named = |property: &str, count: usize| -> Vec<_> {
            (0..count).map(|index| Some(format!("{property}[{index}]"))).collect()
        };
        let sources = match *response.notes {
            [TEXTS, count] => named("input", count.parse().unwrap_or(1)),
            [FILE] => named("images", 1),
            [URL] => named("imageUrls", 1),
            [COMBINED] => vec![None],
            // The request was created elsewhere. It has at least one result.
            _ => vec![None; items(at(&response.body, "results")).len().max(1)],
        };
        let Response { body, model, request_id, .. } = response;
        let answer = Answer::of(body, sources)?;
        let metadata = json!({
            "model": answer.model.as_deref().or(model),
            "requestIds": request_id.map(|id| [id]),
        });
        Outcome::new(Moderation::of(answer.results)).with_metadata(&metadata)
    }
}
