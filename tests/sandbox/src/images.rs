//! `POST /images/generations` and `POST /images/edits`.

mod edits;

use std::sync::Arc;

use axum::Extension;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;
use serde_json::json;

use crate::call::Call;
use crate::error::ApiError;
use crate::models;
use crate::models::CREATED;
use crate::models::Family;
use crate::pace;
use crate::picture;
use crate::server::Shared;
use crate::tokens;

pub(crate) use edits::edits;

/// The number of tokens of an image.
const IMAGE_TOKENS: u64 = 1056;

/// A request for images.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "some fields are only checked for their type")]
struct Request {
    prompt: String,
    model: String,
    n: Option<usize>,
    size: Option<String>,
    quality: Option<String>,
    background: Option<String>,
    output_format: Option<String>,
    output_compression: Option<u8>,
    moderation: Option<String>,
    response_format: Option<String>,
    style: Option<String>,
    #[serde(default)]
    stream: bool,
    partial_images: Option<u32>,
    user: Option<String>,
    /// The number of images that are edited.
    #[serde(skip)]
    sources: u64,
}

/// Generates images.
pub(crate) async fn generations(
    State(shared): State<Arc<Shared>>,
    Extension(call): Extension<Arc<Call>>,
) -> Result<Response, ApiError> {
    let request = Request::deserialize(call.json()?)?;
    request.answer("image_generation", &shared)
}

impl Request {
    /// Checks the request and generates the images. The operation is the first
    /// part of the names of events.
    fn answer(&self, operation: &str, shared: &Shared) -> Result<Response, ApiError> {
        models::check(&self.model, Family::Image)?;
        self.check()?;
        if self.stream {
            return Ok(pace::events(self.events(operation)?, shared.chunk_pause));
        }
        let answer = if self.has_urls() { self.dall_e(shared)? } else { self.gpt_image()? };
        Ok(Json(answer).into_response())
    }

    /// Checks rules that depend on the model or on other fields, which the API
    /// documents only in prose.
    fn check(&self) -> Result<(), ApiError> {
        let is_dall_e = self.model.starts_with("dall-e");
        let is_gpt_image = self.model.starts_with("gpt-image");
        let is_png = self.output_format() == "png";
        for (name, is_wrong) in [
            ("response_format", self.response_format.is_some() && is_gpt_image),
            ("style", self.style.is_some() && (is_gpt_image || self.model == "dall-e-2")),
            ("background", self.background.is_some() && is_dall_e),
            ("output_format", self.output_format.is_some() && is_dall_e),
            ("output_compression", self.output_compression.is_some() && (is_dall_e || is_png)),
            ("moderation", self.moderation.is_some() && is_dall_e),
            ("stream", self.stream && is_dall_e),
            ("partial_images", self.partial_images.is_some() && !self.stream),
        ] {
            if is_wrong {
                return Err(ApiError::at(name, format!("Unknown parameter: '{name}'.")));
            }
        }
        Ok(())
    }

    /// Whether the response can contain URLs: only models with
    /// `response_format` allow the choice.
    fn has_urls(&self) -> bool {
        self.model.starts_with("dall-e") || self.response_format.is_some()
    }

    fn output_format(&self) -> &str {
        self.output_format.as_deref().unwrap_or("png")
    }

    /// The dimensions of a size such as `1024x768`; for other sizes, the
    /// sandbox's choice.
    fn size(&self) -> (u32, u32) {
        let sides = self.size.as_deref().and_then(|size| size.split_once('x'));
        let side = |side: &str| side.parse::<u32>().ok().filter(|side| (16..=4096).contains(side));
        sides
            .and_then(|(width, height)| Some((side(width)?, side(height)?)))
            .unwrap_or((1024, 1024))
    }

    /// The requested images. JPEG and WebP images are recorded samples.
    fn draw(&self, count: usize) -> Result<Vec<Bytes>, ApiError> {
        let (width, height) = self.size();
        let one = |index| match self.output_format() {
            "jpeg" => Ok(Bytes::from_static(include_bytes!("../samples/picture.jpeg"))),
            "webp" => Ok(Bytes::from_static(include_bytes!("../samples/picture.webp"))),
            _ => picture::png(&format!("{index} {}", self.prompt), width, height)
                .map_err(|error| ApiError::invalid(error.to_string())),
        };
        (0..count).map(one).collect()
    }

    /// The response of the models before GPT Image: a URL or the bytes.
    fn dall_e(&self, shared: &Shared) -> Result<Value, ApiError> {
        let images = self.draw(self.n.unwrap_or(1))?.into_iter().map(|picture| {
            let mut image = match self.response_format.as_deref() {
                Some("b64_json") => json!({"b64_json": STANDARD.encode(&picture)}),
                _ => json!({"url": shared.publish(picture)}),
            };
            if self.model != "dall-e-2" {
                let revised = format!("A pattern drawn by the sandbox for: {}", self.prompt);
                image["revised_prompt"] = revised.into();
            }
            image
        });
        Ok(json!({"created": CREATED, "data": images.collect::<Value>()}))
    }

    fn gpt_image(&self) -> Result<Value, ApiError> {
        let images = self.draw(self.n.unwrap_or(1))?;
        let mut answer = self.described();
        answer["usage"] = self.usage(images.len());
        answer["created"] = CREATED.into();
        answer["data"] =
            images.iter().map(|image| json!({"b64_json": STANDARD.encode(image)})).collect();
        Ok(answer)
    }

    /// The events of each image: its partial images, then the final one. Each
    /// partial image is a different image.
    fn events(&self, operation: &str) -> Result<Vec<String>, ApiError> {
        let stages = self.partial_images.unwrap_or(0) as usize;
        let images = self.draw(self.n.unwrap_or(1) * (stages + 1))?;
        let events = images.iter().enumerate().map(|(index, image)| {
            let stage = index % (stages + 1);
            let mut event = self.described();
            let name = if stage < stages {
                event["partial_image_index"] = stage.into();
                format!("{operation}.partial_image")
            } else {
                event["usage"] = self.usage(1);
                format!("{operation}.completed")
            };
            event["type"] = name.as_str().into();
            event["created_at"] = CREATED.into();
            event["b64_json"] = STANDARD.encode(image).into();
            pace::named(&name, &event)
        });
        Ok(events.collect())
    }

    /// Members that describe the images.
    fn described(&self) -> Value {
        let chosen = |value: &Option<String>, auto: &str| match value.as_deref() {
            None | Some("auto") => auto.to_owned(),
            Some(value) => value.to_owned(),
        };
        let (width, height) = self.size();
        json!({
            "background": chosen(&self.background, "opaque"),
            "output_format": self.output_format(),
            "quality": chosen(&self.quality, "medium"),
            "size": format!("{width}x{height}"),
        })
    }

    fn usage(&self, images: usize) -> Value {
        let text = tokens::count(&self.prompt);
        let (sources, images) = (self.sources * IMAGE_TOKENS, images as u64 * IMAGE_TOKENS);
        json!({
            "input_tokens": text + sources,
            "input_tokens_details": {"text_tokens": text, "image_tokens": sources},
            "output_tokens": images,
            "output_tokens_details": {"text_tokens": 0, "image_tokens": images},
            "total_tokens": text + sources + images,
        })
    }
}
