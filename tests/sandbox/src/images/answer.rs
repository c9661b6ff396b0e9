//! Pictures as answers.

use axum::body::Bytes;
use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use serde_json::json;

use crate::error::ApiError;
use crate::images::Request;
use crate::models::CREATED;
use crate::pace;
use crate::picture::Picture;
use crate::server::Shared;
use crate::tokens;

impl Request {
    /// A picture in the format asked for; JPEG and WebP are recorded samples.
    fn draw(&self, seed: u64, finished: f64) -> Result<Bytes, ApiError> {
        let (width, height) = self.size();
        match self.output_format() {
            "jpeg" => Ok(Bytes::from_static(include_bytes!("../../samples/picture.jpeg"))),
            "webp" => Ok(Bytes::from_static(include_bytes!("../../samples/picture.webp"))),
            _ => {
                let transparent = self.background() == "transparent";
                let picture = Picture { seed, width, height, transparent, finished };
                picture.png().map_err(|error| {
                    ApiError::invalid(error.to_string()).status(StatusCode::INTERNAL_SERVER_ERROR)
                })
            }
        }
    }

    /// What the models before GPT image answer: a URL or the bytes.
    pub(crate) fn dall_e(&self, shared: &Shared) -> Result<Value, ApiError> {
        let mut data = Vec::new();
        for seed in self.seeds() {
            let picture = self.draw(seed, 1.0)?;
            let mut image = match self.response_format.as_deref() {
                Some("b64_json") => json!({"b64_json": STANDARD.encode(&picture)}),
                _ => json!({"url": shared.publish(picture)}),
            };
            if self.model() != "dall-e-2"
                && let Value::Object(fields) = &mut image
            {
                let revised = format!("A pattern drawn by the sandbox for: {}", self.prompt);
                fields.insert("revised_prompt".to_owned(), revised.into());
            }
            data.push(image);
        }
        Ok(json!({"created": CREATED, "data": data}))
    }

    pub(crate) fn gpt_image(&self) -> Result<Value, ApiError> {
        let mut data = Vec::new();
        for seed in self.seeds() {
            data.push(json!({"b64_json": STANDARD.encode(self.draw(seed, 1.0)?)}));
        }
        let (width, height) = self.size();
        Ok(json!({
            "created": CREATED,
            "background": self.background(),
            "data": data,
            "output_format": self.output_format(),
            "quality": self.quality(),
            "size": format!("{width}x{height}"),
            "usage": self.usage(data.len() as u64),
        }))
    }

    /// Events for each picture: its stages, then the whole.
    pub(crate) fn events(&self) -> Result<Vec<String>, ApiError> {
        let stages = self.partial_images.unwrap_or(0);
        let mut events = Vec::new();
        for seed in self.seeds() {
            for stage in 0..stages {
                let finished = f64::from(stage + 1) / f64::from(stages + 1);
                let name = "image_generation.partial_image";
                let more = json!({"partial_image_index": stage});
                events.push(self.event(name, self.draw(seed, finished)?, more));
            }
            let more = json!({"usage": self.usage(1)});
            let picture = self.draw(seed, 1.0)?;
            events.push(self.event("image_generation.completed", picture, more));
        }
        Ok(events)
    }

    fn event(&self, name: &str, picture: Bytes, more: Value) -> String {
        let (width, height) = self.size();
        let mut event = json!({
            "type": name,
            "b64_json": STANDARD.encode(picture),
            "created_at": CREATED,
            "size": format!("{width}x{height}"),
            "quality": self.quality(),
            "background": self.background(),
            "output_format": self.output_format(),
        });
        if let (Value::Object(event), Value::Object(more)) = (&mut event, more) {
            event.extend(more);
        }
        pace::named(name, &event)
    }

    /// What pictures cost, by their quality alone.
    fn usage(&self, pictures: u64) -> Value {
        let text = tokens::count(&self.prompt);
        let picture = match self.quality() {
            "low" => 272,
            "high" => 4160,
            _ => 1056,
        };
        let images = pictures * picture;
        json!({
            "input_tokens": text,
            "input_tokens_details": {"text_tokens": text, "image_tokens": 0},
            "output_tokens": images,
            "output_tokens_details": {"text_tokens": 0, "image_tokens": images},
            "total_tokens": text + images,
        })
    }
}
