//! Embed in a batch: all texts of an input are in one request.

use connector_sdk::{Failure, Outcome, Result, Settings};
use serde_json::json;

use super::answer::Answer;
use super::vectors::{Embeddings, Vectors};
use super::{Body, CreateEmbeddings, batches};
use crate::batch::action::{Batched, Request, Response};
use crate::parameters;
use crate::usage::Usage;

const ENDPOINT: &str = "/v1/embeddings";

/// The note of a request whose vectors are stored in files.
const FILES: &str = "files";
/// The beginning of the note with the number of texts.
const TEXTS: &str = "texts";

impl Batched for CreateEmbeddings {
    const ENDPOINTS: &[&str] = &[ENDPOINT];

    fn request(&self, _: &Settings) -> Result<Request> {
        let parameters = parameters::given(self)?;
        self.check(&parameters)?;
        let (input, max) = (&self.input, self.max_texts(None));
        let count = batches::first(input, max);
        if count < input.len() {
            let message = format!(
                "`input` must fit into one request in a batch, which holds {count} of these \
                 texts: move the rest to another input"
            );
            return Err(Failure::invalid_input("input", message));
        }
        let request = Request::new(ENDPOINT, &Body { parameters: &parameters, input }, [])?;
        let request = Request { count, ..request.note(format!("{TEXTS}{count}")) };
        Ok(if self.as_files == Some(true) { request.note(FILES) } else { request })
    }

    fn outcome(response: Response) -> Result<Outcome<Embeddings>> {
        let as_files = response.has(FILES);
        let Response { body, notes, model, request_id, .. } = response;
        let count = notes.iter().find_map(|note| note.strip_prefix(TEXTS)?.parse().ok());
        // A batch that was created elsewhere has no notes.
        let sent = body.get("data").and_then(|data| Some(data.as_array()?.len()));
        let count = count.or(sent).unwrap_or_default();
        let answer = Answer::in_batch(body, count)?;
        let mut vectors = Vectors::new(count, as_files);
        vectors.add(answer.vectors)?;
        let mut usage = Usage::default();
        usage.add(&answer.usage);
        Outcome::new(vectors.output()?).with_metadata(&json!({
            "model": model,
            "usage": (!usage.is_empty()).then_some(usage),
            "requestIds": request_id.map(|id| [id]),
        }))
    }
}
