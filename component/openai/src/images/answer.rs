//! The response: images, in one piece or as a stream with previews.

use connector_sdk::http::{EmbeddedFiles, Events, Response};
use connector_sdk::{FileEntry, Outcome, Properties, Result, errors, events};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::batch::action as batch;
use crate::lenient::lenient;
use crate::stream::{self, Next};
use crate::usage::Usage;

#[derive(Serialize, Properties)]
#[property(output)]
pub struct Images {
    /// The time at which the images were created, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[property(display = "unix-time")]
    created: Option<u64>,
    /// The images, in the provider's order.
    data: Vec<Image>,
    /// The stored images.
    files: Vec<FileEntry>,
}

// Members that the provider did not send are absent.
#[derive(Serialize, Properties)]
#[serde(rename_all = "camelCase")]
#[property(output)]
struct Image {
    /// The provider's link, which expires after an hour at OpenAI, or the stored file's URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[property(label = "URL", control = url)]
    url: Option<String>,
    /// The content as base64, if requested by Response format.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[property(label = "Base64")]
    b64_json: Option<String>,
    /// The prompt as revised by the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    revised_prompt: Option<String>,
}

/// A response whose base64 images have been replaced by files.
#[derive(Default, Deserialize)]
pub struct Answer {
    #[serde(default, deserialize_with = "lenient")]
    created: Option<f64>,
    #[serde(default)]
    data: Vec<Sent>,
    #[serde(default)]
    usage: Value,
}

/// An image in a response.
#[derive(Deserialize)]
struct Sent {
    #[serde(default, deserialize_with = "lenient")]
    url: Option<Content>,
    #[serde(default, deserialize_with = "lenient")]
    b64_json: Option<Content>,
    #[serde(default, deserialize_with = "lenient")]
    revised_prompt: Option<String>,
    // In a stream, every event has these two members; a response in one piece
    // has them only at its root.
    #[serde(default, deserialize_with = "lenient")]
    created_at: Option<f64>,
    #[serde(default)]
    usage: Value,
}

/// An image that the host has stored, or a link. A `data:` URL in place of a
/// link is stored, too.
#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Stored { file: FileEntry, base64: Option<String> },
    Text(String),
}

/// The note of a request in a batch whose output includes the base64.
const BASE64: &str = "base64";

/// Adds a note of the response format to a request in a batch.
pub fn noted(request: batch::Request, format: Option<&str>) -> batch::Request {
    if format == Some("b64_json") { request.note(BASE64) } else { request }
}

/// The outcome of a request in a batch. Images are stored, as in a run.
pub fn in_batch(mut response: batch::Response) -> Result<Outcome<Images>> {
    let format = response.body.get("output_format").and_then(Value::as_str).unwrap_or("png");
    let mime_type = format!("image/{format}");
    let (path, keep) = (&["data", "*", "b64_json"], response.has(BASE64));
    let files = EmbeddedFiles { path, name: "image", mime_type: &mime_type, keep };
    files.store(&mut response.body)?;
    let answer = Answer::read(&response.body.to_string())?;
    answer.outcome(response.model, response.request_id)
}

/// An event of a stream.
#[derive(Deserialize)]
#[serde(tag = "type")]
enum Event {
    #[serde(rename = "image_generation.partial_image", alias = "image_edit.partial_image")]
    Preview(Sent),
    #[serde(rename = "image_generation.completed", alias = "image_edit.completed")]
    Completed(Sent),
    #[serde(other)]
    Other,
}

impl Answer {
    /// Reads a response, even if the server ignores the request to stream. Each
    /// base64 image is stored as a file. The base64 itself is kept only if it is the
    /// requested `format`.
    pub fn of(response: &Response, is_streamed: bool, format: Option<&str>) -> Result<Self> {
        let keep = format == Some("b64_json");
        let embedded = |path| EmbeddedFiles { path, name: "image", mime_type: "image/png", keep };
        let answer = if is_streamed && !response.has_type("application/json") {
            Self::streamed(response.events_with_files(&embedded(&["b64_json"])))
        } else {
            let files = embedded(&["data", "*", "b64_json"]);
            response.json_text(Some(&files)).and_then(|json| Self::read(&json))
        };
        answer.map_err(|failure| failure.answered_by(response))
    }

    /// Reads a response in one piece.
    fn read(json: &str) -> Result<Self> {
        let answer: Self = connector_sdk::json::from_str(json).unwrap_or_default();
        if answer.data.iter().any(|image| image.stored().is_some() || image.link().is_some()) {
            Ok(answer)
        } else {
            Err(errors::instead("the provider returned no image", json))
        }
    }

    /// Reads a stream of events and reports previews as they arrive.
    fn streamed(events: Events) -> Result<Self> {
        let mut answer = Self::default();
        for next in stream::read(events) {
            let Next::Object(event) = next? else { break };
            match serde_json::from_value(event).unwrap_or(Event::Other) {
                Event::Preview(preview) => {
                    if let Some((file, _)) = preview.stored() {
                        events::file(file.clone())?;
                    }
                }
                Event::Completed(image) => {
                    answer.created = answer.created.or(image.created_at);
                    answer.data.push(image);
                }
                Event::Other => {}
            }
        }
        if answer.data.is_empty() {
            return Err(errors::instead("the provider returned no image", ""));
        }
        Ok(answer)
    }

    /// The outcome of a run with this model.
    pub fn outcome(
        self,
        model: Option<&str>,
        request_id: Option<String>,
    ) -> Result<Outcome<Images>> {
        // A response in one piece reports token counts once, a stream once per image.
        let mut usage = Usage::default();
        usage.add(&self.usage);
        let (mut data, mut files) = (Vec::new(), Vec::new());
        for sent in &self.data {
            usage.add(&sent.usage);
            data.push(sent.image());
            files.extend(sent.stored().map(|(file, _)| file.clone()));
        }
        // Some servers send fractions of a second.
        let created = self.created.filter(|created| *created >= 0.0).map(|created| created as u64);
        let usage = (!usage.is_empty()).then_some(usage);
        let metadata = json!({ "model": model, "usage": usage, "requestId": request_id });
        Outcome::new(Images { created, data, files }).with_metadata(&metadata)
    }
}

impl Sent {
    /// The stored file, and its content as base64 if that was requested.
    fn stored(&self) -> Option<(&FileEntry, Option<&String>)> {
        [&self.b64_json, &self.url].into_iter().find_map(|content| match content {
            Some(Content::Stored { file, base64 }) => Some((file, base64.as_ref())),
            _ => None,
        })
    }

    /// The provider's link.
    fn link(&self) -> Option<&str> {
        match &self.url {
            Some(Content::Text(url)) if !url.is_empty() => Some(url),
            _ => None,
        }
    }

    fn image(&self) -> Image {
        let (file, base64) = self.stored().unzip();
        let url = self.link().or(file.map(|file| file.url.as_str()));
        Image {
            url: url.map(str::to_owned),
            b64_json: base64.flatten().cloned(),
            revised_prompt: self.revised_prompt.clone().filter(|prompt| !prompt.is_empty()),
        }
    }
}
