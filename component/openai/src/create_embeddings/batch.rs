//! Embed in a batch: one request for all texts of an input.

use connector_sdk::{Failure, Outcome, Result, Settings, http};
use serde_json::json;

use super::answer::Answer;
use super::vectors::{Embeddings, Vectors};
use super::{Body, CreateEmbeddings};
use crate::batch::action::{Batched, Request, Response};
use crate::lenient::{at, text};
use crate::parameters;
use crate::usage::Usage;

const ENDPOINT: &str = "/v1/embeddings";

/// The note of a request whose vectors are stored in a file.
const FILES: &str = "files";

impl Batched for CreateEmbeddings {
    const ENDPOINTS: &[&str] = &[ENDPOINT];

    fn request(&self, _: &Settings) -> Result<Request> {
        let parameters = parameters::given(self)?;
        self.check(&parameters)?;
        let (size, max) = (self.input.len(), self.max_texts(None));
        if size > max {
            let message = format!(
                "`input` must have at most {max} items in a batch (it has {size}): use several \
                 inputs"
            );
            return Err(Failure::invalid_input("input", message));
        }
        let body = Body { parameters: &parameters, input: &self.input };
        let body = http::json_text_with_files(&body, [])?;
        let files = (self.as_files == Some(true)).then(|| FILES.to_owned());
        let notes = [size.to_string()].into_iter().chain(files).collect();
        Ok(Request { endpoint: ENDPOINT, body, size, notes })
    }

    fn outcome(response: Response) -> Result<Outcome<Embeddings>> {
        let as_files = response.has(FILES);
        let Response { body, notes, model, request_id, .. } = response;
        let model = Some(text(at(&body, "model"))).filter(|name| !name.is_empty()).or(model);
        let model = model.map(str::to_owned);
        let count = notes.first().and_then(|count| count.parse().ok());
        let answer = Answer::of(body, count)?;
        let mut vectors = Vectors::new(answer.vectors.len(), as_files);
        vectors.add(answer.vectors)?;
        let mut usage = Usage::default();
        usage.add(&answer.usage);
        let metadata = json!({
            "model": model,
            "usage": (!usage.is_empty()).then_some(usage),
            "requestIds": request_id.map(|id| [id]),
        });
        Outcome::new(vectors.output()?).with_metadata(&metadata)
    }
}
