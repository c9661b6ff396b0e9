//! What both actions send: the prompt, the size, and how to return the images.

use connector_sdk::{Failure, Properties, Result, events};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

use super::rules;
use crate::parameters;

#[derive(Deserialize, Properties)]
pub struct Message {
    /// A part of the description.
    #[property(placeholder = "A lighthouse at dusk")]
    content: String,
    /// The importance of this part: parts with a higher weight come first in the prompt. Must
    /// be greater than 0. Leave empty for 1.
    weight: Option<Number>,
}

/// The properties that both actions have at the end of their tables.
#[serde_with::skip_serializing_none]
#[derive(Deserialize, Serialize, Properties)]
#[serde(rename_all(deserialize = "camelCase", serialize = "snake_case"))]
pub struct Common {
    /// A random or hashed ID for your end user, which helps OpenAI detect abuse. Never use
    /// a name or an email address.
    #[property(advanced, group = "Safety")]
    user: Option<String>,
    /// The background of the image. GPT image models only.
    #[property(advanced, group = "Look", provider_default = "auto", choices(
        "auto",
        "transparent": "Requires the output format png or webp.",
        "opaque",
    ))]
    background: Option<String>,
    /// The file format of the image. GPT image models only.
    #[property(advanced, group = "Output", provider_default = "png")]
    #[property(choices("png", "jpeg", "webp"))]
    output_format: Option<String>,
    /// How much of the image's quality to keep, in percent. Lower values make smaller files.
    #[property(advanced, group = "Output", when(output_format in ["jpeg", "webp"]))]
    #[property(minimum = 0, maximum = 100, provider_default = 100)]
    output_compression: Option<u64>,
    /// How strictly prompts are filtered. GPT image models only.
    #[property(advanced, group = "Safety", provider_default = "auto")]
    #[property(choices("auto", "low": "Less strict."))]
    moderation: Option<String>,
    /// The number of previews to send while the image is generated, if the run is streamed.
    /// Each preview is charged. GPT image models only.
    #[property(advanced, group = "Output", minimum = 0, maximum = 3, provider_default = 0)]
    partial_images: Option<u64>,
}

impl Common {
    /// Requests previews, and returns whether the response will be a stream.
    /// Previews are charged, so they are requested only for a caller that listens.
    pub fn request_previews(&self, parameters: &mut Map<String, Value>) -> bool {
        let Some(count) = self.partial_images.filter(|count| *count > 0 && events::streaming())
        else {
            return false;
        };
        parameters.insert("partial_images".to_owned(), count.into());
        parameters.insert("stream".to_owned(), true.into());
        true
    }
}

/// The parameters of a request whose response is in one piece.
pub fn parameters(
    input: &impl Serialize,
    model: &str,
    messages: &[Message],
    size: Option<&Value>,
) -> Result<Map<String, Value>> {
    let (prompt, size) = (prompt(messages)?, size.map(self::size).transpose()?);
    let mut parameters = parameters::given(input)?;
    parameters.insert("prompt".to_owned(), prompt.into());
    if let Some(size) = size {
        parameters.insert("size".to_owned(), size.into());
    }
    rules::check(model, &parameters)?;
    if !rules::takes_format(model) {
        parameters.shift_remove("response_format");
    }
    // Only a stream has previews.
    parameters.shift_remove("partial_images");
    Ok(parameters)
}

/// Joins the contents, highest weight first, with a blank line between them.
fn prompt(messages: &[Message]) -> Result<String> {
    let mut parts = Vec::new();
    for (index, Message { content, weight }) in messages.iter().enumerate() {
        let weight = weight.as_ref().and_then(Number::as_f64).unwrap_or(1.0);
        if weight <= 0.0 {
            let message = "`weight` must be greater than 0: the API cannot exclude anything, so \
                           describe in words what the image must not show";
            let place = format!("imageMessages[{index}]");
            return Err(Failure::invalid_input("weight", message).inside(&place));
        }
        parts.push((weight, content.as_str()));
    }
    // The sort is stable: parts with the same weight keep their order.
    parts.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let contents: Vec<_> = parts.into_iter().map(|(_, content)| content).collect();
    Ok(contents.join("\n\n"))
}

/// Converts a string or `[width, height]` to the API's notation for sizes.
fn size(size: &Value) -> Result<String> {
    if let Value::String(text) = size {
        return Ok(text.clone());
    }
    if let Some([width, height]) = size.as_array().map(Vec::as_slice)
        && let (Some(width), Some(height)) = (pixels(width), pixels(height))
    {
        return Ok(format!("{width}x{height}"));
    }
    let message =
        "`size` must be a string such as \"1024x1024\", or [width, height] in whole pixels";
    Err(Failure::invalid_input("size", message))
}

/// Reads a whole number, which may have a decimal point, as in `1024.0`.
fn pixels(value: &Value) -> Option<u64> {
    let number = value.as_f64()?;
    (number >= 0.0 && number.fract() == 0.0).then_some(number as u64)
}
