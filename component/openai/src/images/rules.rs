//! What each image model supports.
//!
//! As of August 2026. See <https://platform.openai.com/docs/api-reference/images/create>
//! and <https://platform.openai.com/docs/api-reference/images/createEdit>. What
//! the images to edit must be like is in [`sources`](super::sources).

use connector_sdk::{Failure, Result};
use serde_json::{Map, Value};

use crate::rules::{self, Rule, Takes, rule};

/// GPT image models.
pub const GPT: &[&str] =
    &["gpt-image-1", "gpt-image-1-mini", "gpt-image-1.5", "gpt-image-2", "chatgpt-image-latest"];
const GPT_2: &[&str] = &["gpt-image-2"];
const BEFORE_GPT_2: &[&str] =
    &["gpt-image-1", "gpt-image-1-mini", "gpt-image-1.5", "chatgpt-image-latest"];
const WITHOUT_FIDELITY: &[&str] = &["gpt-image-1-mini", "gpt-image-2"];
const DALL_E: &[&str] = &["dall-e-2", "dall-e-3"];
const DALL_E_3: &[&str] = &["dall-e-3"];
pub const DALL_E_2: &[&str] = &["dall-e-2"];

/// What each parameter accepts.
const RULES: &[Rule] = &[
    rule(GPT, "imageMessages", Takes::Characters(32_000)).sent_as("prompt"),
    rule(DALL_E_3, "imageMessages", Takes::Characters(4_000)).sent_as("prompt"),
    rule(DALL_E_2, "imageMessages", Takes::Characters(1_000)).sent_as("prompt"),
    rule(GPT_2, "size", Takes::Matching(is_within_bounds, WITHIN_BOUNDS)),
    rule(BEFORE_GPT_2, "size", Takes::OneOf(&["auto", "1024x1024", "1536x1024", "1024x1536"])),
    rule(DALL_E_3, "size", Takes::OneOf(&["1024x1024", "1792x1024", "1024x1792"])),
    rule(DALL_E_2, "size", Takes::OneOf(&["256x256", "512x512", "1024x1024"])),
    rule(GPT, "quality", Takes::OneOf(&["auto", "low", "medium", "high"])),
    rule(DALL_E_3, "quality", Takes::OneOf(&["auto", "standard", "hd"])),
    rule(DALL_E_2, "quality", Takes::OneOf(&["auto", "standard"])),
    rule(DALL_E_3, "n", Takes::AtMost(1)),
    rule(GPT, "style", NO_STYLE),
    rule(DALL_E_2, "style", NO_STYLE),
    // The API's description does not say so of gpt-image-2, but its server does:
    // HTTP 400.
    rule(WITHOUT_FIDELITY, "inputFidelity", Takes::Nothing("leave it empty")),
    rule(DALL_E, "inputFidelity", NEWER),
    rule(DALL_E, "background", NEWER),
    rule(DALL_E, "outputFormat", NEWER),
    rule(DALL_E, "outputCompression", NEWER),
    rule(DALL_E, "moderation", NEWER),
    rule(DALL_E, "partialImages", NEWER),
];

const NO_STYLE: Takes = Takes::Nothing("describe it in a message instead");
const NEWER: Takes = Takes::Nothing("only GPT image models do; leave it empty");
const WITHIN_BOUNDS: &str = "auto, or a width and height that are multiples of 16, at most 3840 \
                             each, with at most 3840x2160 pixels in total and an aspect ratio of \
                             at most 3:1";

/// Rejects what the model does not support. Unknown models may support
/// anything.
pub fn check(model: &str, body: &Map<String, Value>) -> Result<()> {
    rules::check(RULES, model, body)?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    if text("background") == "transparent" && text("output_format") == "jpeg" {
        let message = "a transparent `background` requires the `outputFormat` png or webp";
        return Err(Failure::invalid_input("background", message));
    }
    Ok(())
}

/// Whether gpt-image-2 accepts a size.
fn is_within_bounds(size: &str) -> bool {
    let side = |text: &str| text.parse::<u32>().ok().filter(|side| (16..=3840).contains(side));
    let sides = size.split_once('x').map(|(width, height)| (side(width), side(height)));
    match sides {
        Some((Some(width), Some(height))) => {
            width % 16 == 0
                && height % 16 == 0
                && width <= 3 * height
                && height <= 3 * width
                && width * height <= 3840 * 2160
        }
        _ => size == "auto",
    }
}

/// Whether a model accepts `response_format`. GPT image models reject it and
/// always return base64.
pub fn takes_format(model: &str) -> bool {
    !["gpt-image-", "chatgpt-image-"].iter().any(|prefix| model.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The property that a model rejects among these parameters.
    fn refused(model: &str, parameters: Value) -> Option<String> {
        let failure = check(model, parameters.as_object().unwrap()).err()?;
        assert!(!failure.request_sent);
        let property = failure.property.clone().unwrap();
        assert!(failure.message.contains(&format!("`{property}`")), "{failure}");
        Some(property)
    }

    #[test]
    fn every_model_accepts_its_own_sizes() {
        let all = ["auto", "256x256", "1024x1024", "1536x1024", "1792x1024"];
        let (y, n) = (true, false);
        for (model, expected) in [
            ("gpt-image-1", [y, n, y, y, n]),
            ("gpt-image-1-mini", [y, n, y, y, n]),
            ("gpt-image-1.5", [y, n, y, y, n]),
            ("chatgpt-image-latest", [y, n, y, y, n]),
            ("dall-e-2", [n, y, y, n, n]),
            ("dall-e-3", [n, n, y, n, y]),
            ("gpt-image-2", [y; 5]),
            ("flux-schnell", [y; 5]),
        ] {
            let taken = all.map(|size| refused(model, json!({ "size": size })).is_none());
            assert_eq!(taken, expected, "{model}");
        }
    }

    #[test]
    fn newer_models_accept_any_size_within_bounds() {
        let refused = |size: &str| refused("gpt-image-2-2026-04-21", json!({ "size": size }));
        for size in ["auto", "3840x2160", "2160x3840", "16x48", "1008x336", "2880x2880"] {
            assert_eq!(refused(size), None, "{size}");
        }
        for size in [
            "",
            "x",
            "1024",
            "1024x",
            "1024x1024x16",
            "1000x1000",
            "0x0",
            "-16x16",
            "16x64",
            "3856x1600",
            "3840x2176",
            "1024X1024",
            "99999999999x16",
            "Auto",
        ] {
            assert_eq!(refused(size).as_deref(), Some("size"), "{size}");
        }
    }

    #[test]
    fn every_model_accepts_its_own_properties() {
        let parameters = [
            json!({ "size": "1024x1024", "quality": "standard" }),
            json!({ "size": "1024x1024", "quality": "hd" }),
            json!({ "size": "1024x1024", "quality": "high" }),
            json!({ "size": "1024x1024", "quality": "auto" }),
            json!({ "size": "1024x1024", "style": "vivid" }),
            json!({ "size": "1024x1024", "n": 10 }),
            json!({ "size": "1024x1024", "background": "transparent" }),
            json!({ "size": "1024x1024", "output_format": "webp" }),
            json!({ "size": "1024x1024", "output_compression": 50 }),
            json!({ "size": "1024x1024", "moderation": "low" }),
            json!({ "size": "1024x1024", "partial_images": 2 }),
            json!({ "size": "1024x1024", "input_fidelity": "high" }),
        ];
        let (y, n) = (true, false);
        for (model, expected) in [
            ("gpt-image-1.5", [n, n, y, y, n, y, y, y, y, y, y, y]),
            ("gpt-image-1-mini", [n, n, y, y, n, y, y, y, y, y, y, n]),
            ("gpt-image-2", [n, n, y, y, n, y, y, y, y, y, y, n]),
            ("dall-e-3", [y, y, n, y, y, n, n, n, n, n, n, n]),
            ("dall-e-2", [y, n, n, y, n, y, n, n, n, n, n, n]),
            ("flux-schnell", [y; 12]),
        ] {
            let taken = parameters.clone().map(|parameters| refused(model, parameters).is_none());
            assert_eq!(taken, expected, "{model}");
        }
    }

    #[test]
    fn a_jpeg_has_no_transparent_background() {
        for (format, expected) in [("jpeg", Some("background")), ("png", None), ("webp", None)] {
            let parameters = json!({ "background": "transparent", "output_format": format });
            assert_eq!(refused("gpt-image-1", parameters).as_deref(), expected);
        }
    }

    #[test]
    fn prompt_limits_are_in_characters() {
        for (model, max) in [("gpt-image-2", 32_000), ("dall-e-3", 4_000), ("dall-e-2", 1_000)] {
            let refused = |length| {
                refused(model, json!({ "size": "1024x1024", "prompt": "ü".repeat(length) }))
            };
            assert_eq!(refused(max), None);
            assert_eq!(refused(max + 1).as_deref(), Some("imageMessages"));
        }
    }
}
