//! What each image model takes.
//!
//! The API page is <https://platform.openai.com/docs/api-reference/images/create>.

use super::Input;
use crate::failure::{Failure, Result};
use crate::json::{Value, decimal};
use crate::openai::rules::{self, Rule, Takes, is_one_of, rule};

const GPT: &[&str] =
    &["gpt-image-1", "gpt-image-1-mini", "gpt-image-1.5", "gpt-image-2", "chatgpt-image-latest"];
/// Those that draw any size within bounds.
const ANY_SIZE: &[&str] = &["gpt-image-2"];
const DALL_E: &[&str] = &["dall-e-2", "dall-e-3"];

const RULES: &[Rule] = &[
    rule(GPT, "quality", Takes::OneOf(&["auto", "low", "medium", "high"])),
    rule(GPT, "style", Takes::Nothing("say in words how the image is to look")),
    rule(
        &["gpt-image-1", "gpt-image-1-mini", "gpt-image-1.5", "chatgpt-image-latest"],
        "size",
        Takes::OneOf(&["auto", "1024x1024", "1536x1024", "1024x1536"]),
    ),
    rule(&["dall-e-3"], "size", Takes::OneOf(&["1024x1024", "1792x1024", "1024x1792"])),
    rule(&["dall-e-3"], "quality", Takes::OneOf(&["auto", "standard", "hd"])),
    rule(&["dall-e-3"], "n", Takes::AtMost(1)),
    rule(&["dall-e-2"], "size", Takes::OneOf(&["256x256", "512x512", "1024x1024"])),
    rule(&["dall-e-2"], "quality", Takes::OneOf(&["auto", "standard"])),
    rule(&["dall-e-2"], "style", Takes::Nothing("say in words how the image is to look")),
    rule(DALL_E, "background", NEWER),
    rule(DALL_E, "outputFormat", NEWER),
    rule(DALL_E, "outputCompression", NEWER),
    rule(DALL_E, "moderation", NEWER),
    rule(DALL_E, "partialImages", NEWER),
];

const NEWER: Takes = Takes::Nothing("only GPT image models do; leave it empty");

/// The longest prompts, in characters.
const PROMPTS: &[(&[&str], usize)] =
    &[(GPT, 32_000), (&["dall-e-3"], 4_000), (&["dall-e-2"], 1_000)];

/// Refuses what the model does not take. A model that is not known here may
/// take anything.
pub fn check(input: &Input, given: &Value, size: &str, prompt: &str) -> Result<()> {
    let Input { model, .. } = input;
    rules::check(RULES, model, given)?;
    rules::check_value(RULES, model, "size", &Value::Text(size.into()))?;
    if is_one_of(model, ANY_SIZE) && !is_drawable(size) {
        let message = format!(
            "with `{model}`, `size` must be auto, or a width and a height that are multiples of \
             16, at most 3840 pixels, 3840x2160 in all, and not more than 3 to 1 (got `{size}`)"
        );
        return Err(Failure::invalid_input("size", message));
    }
    if input.background == Some("transparent") && input.output_format == Some("jpeg") {
        let message = "`background` can be transparent only with the `outputFormat` png or webp";
        return Err(Failure::invalid_input("background", message));
    }
    let length = prompt.chars().count();
    let longest = PROMPTS.iter().find(|(models, _)| is_one_of(model, models));
    if let Some((_, longest)) = longest
        && *longest < length
    {
        let (longest, length) = (decimal(*longest as u64), decimal(length as u64));
        let message = format!(
            "with `{model}`, `imageMessages` must have at most {longest} characters together (got \
             {length})"
        );
        return Err(Failure::invalid_input("imageMessages", message));
    }
    Ok(())
}

/// Whether the models that draw any size draw this one.
fn is_drawable(size: &str) -> bool {
    let side = |text: &str| text.parse().ok().filter(|side| (16..=3840).contains(side));
    let sides = size.split_once('x').map(|(width, height)| (side(width), side(height)));
    match sides {
        Some((Some(width), Some(height))) => {
            let (width, height): (u32, u32) = (width, height);
            width % 16 == 0
                && height % 16 == 0
                && width <= 3 * height
                && height <= 3 * width
                && width * height <= 3840 * 2160
        }
        _ => size == "auto",
    }
}

/// GPT image models always send base64 and refuse `response_format`.
pub fn takes_format(model: &str) -> bool {
    !["gpt-image-", "chatgpt-image-"].iter().any(|prefix| model.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::json::input::FromJson;
    use crate::json::leaked;

    /// The property for which a model does not take an input.
    fn refused(
        model: &str,
        size: &str,
        prompt: &str,
        members: serde_json::Value,
    ) -> Option<String> {
        let mut given = json!({ "model": model, "imageMessages": [], "size": size });
        for (name, value) in members.as_object().unwrap() {
            given[name] = value.clone();
        }
        let given = leaked(given);
        let failure = check(&Input::from_json(given).unwrap(), given, size, prompt).err()?;
        assert!(!failure.request_sent);
        assert!(failure.message.contains(&format!("`{}`", failure.property.as_deref().unwrap())));
        failure.property
    }

    /// The sizes that a model takes.
    fn sizes(model: &str) -> Vec<&'static str> {
        let all = [
            "auto",
            "256x256",
            "512x512",
            "1024x1024",
            "1536x1024",
            "1024x1536",
            "1792x1024",
            "1024x1792",
        ];
        all.into_iter().filter(|size| refused(model, size, "", json!({})).is_none()).collect()
    }

    #[test]
    fn every_model_has_its_sizes() {
        let gpt = ["auto", "1024x1024", "1536x1024", "1024x1536"];
        for model in ["gpt-image-1", "gpt-image-1-mini", "gpt-image-1.5", "chatgpt-image-latest"] {
            assert_eq!(sizes(model), gpt, "{model}");
        }
        assert_eq!(sizes("dall-e-2"), ["256x256", "512x512", "1024x1024"]);
        assert_eq!(sizes("dall-e-3"), ["1024x1024", "1792x1024", "1024x1792"]);
        assert_eq!(sizes("gpt-image-2").len(), 8);
        assert_eq!(sizes("flux-schnell").len(), 8);
    }

    #[test]
    fn newer_models_draw_any_size_within_bounds() {
        let refused = |size: &str| refused("gpt-image-2-2026-04-21", size, "", json!({}));
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
    fn every_model_takes_its_own_properties() {
        let members = [
            json!({ "quality": "standard" }),
            json!({ "quality": "hd" }),
            json!({ "quality": "high" }),
            json!({ "quality": "auto" }),
            json!({ "style": "vivid" }),
            json!({ "n": 10 }),
            json!({ "background": "transparent" }),
            json!({ "outputFormat": "webp" }),
            json!({ "outputFormat": "webp", "outputCompression": 50 }),
            json!({ "moderation": "low" }),
            json!({ "partialImages": 2 }),
        ];
        let taken = |model: &str| -> Vec<bool> {
            let refused =
                |members: &_| refused(model, "1024x1024", "", serde_json::Value::clone(members));
            members.iter().map(|members| refused(members).is_none()).collect()
        };
        let (y, n) = (true, false);
        assert_eq!(taken("gpt-image-1.5"), [n, n, y, y, n, y, y, y, y, y, y]);
        assert_eq!(taken("gpt-image-2"), [n, n, y, y, n, y, y, y, y, y, y]);
        assert_eq!(taken("dall-e-3"), [y, y, n, y, y, n, n, n, n, n, n]);
        assert_eq!(taken("dall-e-2"), [y, n, n, y, n, y, n, n, n, n, n]);
        assert_eq!(taken("flux-schnell"), [true; 11]);
    }

    #[test]
    fn a_photograph_has_no_transparent_background() {
        let refused = |format: &str| {
            let members = json!({ "background": "transparent", "outputFormat": format });
            refused("gpt-image-1", "auto", "", members)
        };
        assert_eq!(refused("jpeg").as_deref(), Some("background"));
        assert_eq!(refused("png"), None);
        assert_eq!(refused("webp"), None);
    }

    #[test]
    fn prompts_are_counted_in_characters() {
        for (model, longest) in [("gpt-image-2", 32_000), ("dall-e-3", 4_000), ("dall-e-2", 1_000)]
        {
            let refused = |length| refused(model, "1024x1024", &"ü".repeat(length), json!({}));
            assert_eq!(refused(longest), None);
            assert_eq!(refused(longest + 1).as_deref(), Some("imageMessages"));
        }
    }
}
