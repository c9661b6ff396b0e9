//! Moderate in a batch: each input is one request.

use connector_sdk::{Failure, Outcome, Result, Settings};
use serde_json::json;

use super::answer::{Answer, Moderation};
use super::request::noted_sources;
use super::{CreateModeration, RULES};
use crate::batch::action::{Batched, Request, Response};
use crate::{parameters, rules};

const ENDPOINT: &str = "/v1/moderations";

impl Batched for CreateModeration {
    const ENDPOINTS: &[&str] = &[ENDPOINT];

    fn request(&self, _: &Settings) -> Result<Request> {
        rules::check(RULES, &self.model, &parameters::given(self)?)?;
        let requests = self.requests()?;
        let [request] = requests.as_slice() else {
            let message = "in a batch, an input must contain only texts, or a single image, or set \
                           `combine`";
            return Err(Failure::invalid_input("combine", message));
        };
        let files = request.open()?;
        let body = request.body(&self.model, &files);
        Ok(Request::new(ENDPOINT, &body, &files)?.note(request.note()))
    }

    fn outcome(response: Response) -> Result<Outcome<Moderation>> {
        let Response { body, notes, model, request_id, .. } = response;
        let answer = Answer::in_batch(body, noted_sources(&notes))?;
        let metadata = json!({
            "model": answer.model.as_deref().or(model),
            "requestIds": request_id.map(|id| [id]),
        });
        Outcome::new(Moderation::of(answer.results)).with_metadata(&metadata)
    }
}
