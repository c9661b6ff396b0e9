//! `POST /images/generations`.

use std::sync::Arc;

use axum::Extension;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::call::Call;
use crate::error::ApiError;
use crate::fields;
use crate::fields::Field;
use crate::fields::Path;
use crate::fields::Rule;
use crate::models;
use crate::models::CREATED;
use crate::models::Family;
use crate::pace;
use crate::picture;
use crate::picture::Picture;
use crate::server::Shared;
use crate::tokens;

const FIELDS: &[Field] = &[
    Field::required("prompt", Rule::NON_EMPTY),
    Field::nullable("model", Rule::TEXT),
    Field::nullable("n", Rule::Integer { min: 1, max: 10 }),
    Field::nullable("size", Rule::TEXT),
    Field::nullable("quality", Rule::Choice(&["standard", "hd", "low", "medium", "high", "auto"])),
    Field::nullable("background", Rule::Choice(&["transparent", "opaque", "auto"])),
    Field::nullable("output_format", Rule::Choice(&["png", "jpeg", "webp"])),
    Field::nullable("output_compression", Rule::Integer { min: 0, max: 100 }),
    Field::nullable("moderation", Rule::Choice(&["low", "auto"])),
    Field::nullable("response_format", Rule::Choice(&["url", "b64_json"])),
    Field::nullable("style", Rule::Choice(&["vivid", "natural"])),
    Field::nullable("stream", Rule::Boolean),
    Field::nullable("partial_images", Rule::Integer { min: 0, max: 3 }),
    Field::optional("user", Rule::TEXT),
];

/// The parts of a request that shape its answer.
#[derive(Debug, Deserialize)]
struct Request {
    prompt: String,
    model: Option<String>,
    n: Option<usize>,
    size: Option<String>,
    quality: Option<String>,
    background: Option<String>,
    output_format: Option<String>,
    output_compression: Option<u64>,
    response_format: Option<String>,
    stream: Option<bool>,
    partial_images: Option<u32>,
}

/// What one family of models can do that others cannot.
struct Limits {
    prompt: usize,
    pictures: usize,
    sizes: Sizes,
    qualities: &'static [&'static str],
    /// Fields that only other families have.
    foreign: &'static [&'static str],
}

enum Sizes {
    Listed(&'static [&'static str]),
    /// Any size with sides of whole 16s, within limits.
    Free,
}

/// The fields that only GPT image models have.
const GPT_ONLY: &[&str] =
    &["background", "output_format", "output_compression", "moderation", "partial_images"];

const GPT_IMAGE_2: Limits = Limits {
    prompt: 32_000,
    pictures: 10,
    sizes: Sizes::Free,
    qualities: &["low", "medium", "high", "auto"],
    foreign: &["response_format", "style"],
};

/// Models of other servers: what they take is not known here.
const UNKNOWN: Limits = Limits {
    qualities: &["standard", "hd", "low", "medium", "high", "auto"],
    foreign: &[],
    ..GPT_IMAGE_2
};

const GPT_IMAGE: Limits = Limits {
    sizes: Sizes::Listed(&["1024x1024", "1536x1024", "1024x1536", "auto"]),
    ..GPT_IMAGE_2
};

const DALL_E_3: Limits = Limits {
    prompt: 4_000,
    pictures: 1,
    sizes: Sizes::Listed(&["1024x1024", "1792x1024", "1024x1792"]),
    qualities: &["standard", "hd", "auto"],
    foreign: GPT_ONLY,
};

const DALL_E_2: Limits = Limits {
    prompt: 1_000,
    pictures: 10,
    sizes: Sizes::Listed(&["256x256", "512x512", "1024x1024"]),
    qualities: &["standard", "auto"],
    foreign: &[
        "background",
        "output_format",
        "output_compression",
        "moderation",
        "partial_images",
        "style",
    ],
};

/// The longest side and the largest area of a free size.
const LONGEST_SIDE: u32 = 3840;
const LARGEST_AREA: u32 = 3840 * 2160;

/// Draws pictures.
pub(crate) async fn generations(
    State(shared): State<Arc<Shared>>,
    Extension(call): Extension<Arc<Call>>,
) -> Result<Response, ApiError> {
    let body = fields::check_body(call.json()?, FIELDS)?;
    let request =
        Request::deserialize(call.json()?).map_err(|error| ApiError::invalid(error.to_string()))?;
    check(&request, body)?;
    if request.stream.unwrap_or(false) {
        return Ok(pace::events(request.events()?, shared.chunk_pause));
    }
    let answer = if request.has_urls() { request.dall_e(&shared)? } else { request.gpt_image()? };
    Ok(Json(answer).into_response())
}

fn check(request: &Request, body: &Map<String, Value>) -> Result<(), ApiError> {
    let model = request.model();
    models::check(model, Family::Image, "v1/images/generations")?;
    let limits = request.limits();
    let is_there = |name: &&&str| body.get(**name).is_some_and(|value| !value.is_null());
    if let Some(name) = limits.foreign.iter().find(is_there) {
        return Err(ApiError::invalid(format!("Unknown parameter: '{name}'."))
            .param(name)
            .code("unknown_parameter"));
    }
    check_prompt(&request.prompt, limits.prompt)?;
    check_count(request, &limits)?;
    check_size(request, &limits.sizes)?;
    if let Some(quality) = &request.quality
        && !limits.qualities.contains(&quality.as_str())
    {
        return Err(fields::unsupported_choice(
            &Path::Root.key("quality"),
            quality,
            limits.qualities.iter().copied(),
        ));
    }
    check_output(request)?;
    check_stream(request)
}

fn check_prompt(prompt: &str, limit: usize) -> Result<(), ApiError> {
    let rule = Rule::Text { min: 1, max: limit };
    fields::check(&Path::Root.key("prompt"), &Value::from(prompt), &rule)
}

fn check_count(request: &Request, limits: &Limits) -> Result<(), ApiError> {
    if request.n.unwrap_or(1) <= limits.pictures {
        return Ok(());
    }
    Err(ApiError::invalid_value(
        "n",
        format!("You must provide n={} for this model.", limits.pictures),
    ))
}

fn check_size(request: &Request, sizes: &Sizes) -> Result<(), ApiError> {
    let Some(size) = request.size.as_deref() else { return Ok(()) };
    match sizes {
        Sizes::Listed(listed) if listed.contains(&size) => Ok(()),
        Sizes::Listed(listed) => {
            Err(fields::unsupported_choice(&Path::Root.key("size"), size, listed.iter().copied()))
        }
        Sizes::Free if size == "auto" => Ok(()),
        Sizes::Free => check_free_size(size),
    }
}

fn check_free_size(size: &str) -> Result<(), ApiError> {
    let refuse = |problem: &str| {
        Err(ApiError::invalid_value("size", format!("Invalid size '{size}': {problem}")))
    };
    let Some((width, height)) = parse_size(size) else {
        return refuse("expected 'auto' or WIDTHxHEIGHT.");
    };
    if width % 16 != 0 || height % 16 != 0 {
        return refuse("width and height must both be divisible by 16.");
    }
    if width.max(height) > width.min(height) * 3 {
        return refuse("the aspect ratio must be between 1:3 and 3:1.");
    }
    if LONGEST_SIDE < width.max(height) || LARGEST_AREA < width * height {
        return refuse("the longest edge is 3840 and the largest size 3840x2160.");
    }
    Ok(())
}

/// The two numbers of `1024x768`, at most 65535 each.
fn parse_size(size: &str) -> Option<(u32, u32)> {
    let side = |text: &str| -> Option<u32> {
        let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
        text.parse::<u16>().ok().filter(|_| is_plain).map(u32::from)
    };
    let (width, height) = size.split_once('x')?;
    Some((side(width)?, side(height)?))
}

fn check_output(request: &Request) -> Result<(), ApiError> {
    let format = request.output_format();
    if request.background.as_deref() == Some("transparent") && format == "jpeg" {
        return Err(ApiError::invalid_value(
            "background",
            "Transparent background is not supported for the output format 'jpeg'. Use 'png' or \
             'webp'.",
        ));
    }
    if request.output_compression.is_some() && format == "png" {
        return Err(ApiError::invalid_value(
            "output_compression",
            "Compression is not supported for PNG output format.",
        ));
    }
    Ok(())
}

fn check_stream(request: &Request) -> Result<(), ApiError> {
    let streams = request.stream.unwrap_or(false);
    if streams && request.is_dall_e() {
        return Err(ApiError::unsupported(
            "stream",
            format!("Streaming is not supported for the model '{}'.", request.model()),
        ));
    }
    if !streams && request.partial_images.is_some_and(|count| count != 0) {
        return Err(ApiError::invalid_value(
            "partial_images",
            "The 'partial_images' parameter is only allowed when 'stream' is enabled.",
        ));
    }
    Ok(())
}

impl Request {
    /// The model asked for. The default is the one the API documents.
    fn model(&self) -> &str {
        self.model.as_deref().unwrap_or("dall-e-2")
    }

    fn is_dall_e(&self) -> bool {
        self.model().starts_with("dall-e")
    }

    /// Whether the answer can hold URLs: only models that take
    /// `response_format` leave the choice.
    fn has_urls(&self) -> bool {
        self.is_dall_e() || self.response_format.is_some()
    }

    fn limits(&self) -> Limits {
        match self.model() {
            "dall-e-2" => DALL_E_2,
            model if model.starts_with("dall-e") => DALL_E_3,
            model if model.starts_with("gpt-image-1") => GPT_IMAGE,
            model if model.contains("gpt-image") => GPT_IMAGE_2,
            _ => UNKNOWN,
        }
    }

    fn output_format(&self) -> &str {
        self.output_format.as_deref().unwrap_or("png")
    }

    fn size(&self) -> (u32, u32) {
        self.size.as_deref().and_then(parse_size).unwrap_or((1024, 1024))
    }

    fn quality(&self) -> &str {
        self.quality.as_deref().filter(|quality| *quality != "auto").unwrap_or("medium")
    }

    fn background(&self) -> &str {
        self.background.as_deref().filter(|background| *background != "auto").unwrap_or("opaque")
    }

    fn seeds(&self) -> impl Iterator<Item = u64> {
        (0..self.n.unwrap_or(1)).map(|index| picture::seed(&self.prompt, index))
    }

    /// A picture in the format asked for; JPEG and WebP are recorded samples.
    fn draw(&self, seed: u64, finished: f64) -> Result<Bytes, ApiError> {
        let (width, height) = self.size();
        match self.output_format() {
            "jpeg" => Ok(Bytes::from_static(include_bytes!("../samples/picture.jpeg"))),
            "webp" => Ok(Bytes::from_static(include_bytes!("../samples/picture.webp"))),
            _ => {
                let transparent = self.background() == "transparent";
                let picture = Picture { seed, width, height, transparent, finished };
                picture.png().map_err(|error| {
                    ApiError::invalid(error.to_string()).status(StatusCode::INTERNAL_SERVER_ERROR)
                })
            }
        }
    }

    fn dall_e(&self, shared: &Shared) -> Result<Value, ApiError> {
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

    fn gpt_image(&self) -> Result<Value, ApiError> {
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
    fn events(&self) -> Result<Vec<String>, ApiError> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (size, parsed) in [
            ("1024x768", Some((1024, 768))),
            ("auto", None),
            ("1024", None),
            ("+16x16", None),
            ("016x16", None),
            ("0x16", None),
            ("16x16x16", None),
            ("70000x16", None),
        ] {
            assert_eq!(parse_size(size), parsed, "{size}");
        }
        for (size, fits) in [
            ("1024x1024", true),
            ("3840x2160", true),
            ("2160x3840", true),
            ("1536x512", true),
            ("1552x512", false),
            ("3856x2160", false),
            ("3840x2176", false),
            ("1000x1000", false),
            ("large", false),
        ] {
            assert_eq!(check_free_size(size).is_ok(), fits, "{size}");
        }
    }
}
