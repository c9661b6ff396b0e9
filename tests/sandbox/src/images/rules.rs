//! What depends on the model, or on more than one field, of an image request.

use serde_json::Map;
use serde_json::Value;

use crate::error::ApiError;
use crate::fields;
use crate::fields::Path;
use crate::fields::Rule;
use crate::images::Request;
use crate::models;
use crate::models::Family;

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

/// The families by how the names of their models begin, the first that fits.
const FAMILIES: &[(&str, &Limits)] = &[
    ("dall-e-2", &DALL_E_2),
    ("dall-e", &DALL_E_3),
    ("gpt-image-1", &GPT_IMAGE),
    ("chatgpt-image", &GPT_IMAGE),
    ("gpt-image", &GPT_IMAGE_2),
    ("", &UNKNOWN),
];

const GPT_IMAGE: Limits = Limits {
    prompt: 32_000,
    pictures: 10,
    sizes: Sizes::Listed(&["auto", "1024x1024", "1536x1024", "1024x1536"]),
    qualities: &["auto", "low", "medium", "high"],
    foreign: &["response_format", "style"],
};

const GPT_IMAGE_2: Limits = Limits { sizes: Sizes::Free, ..GPT_IMAGE };

const DALL_E_3: Limits = Limits {
    prompt: 4_000,
    pictures: 1,
    sizes: Sizes::Listed(&["1024x1024", "1792x1024", "1024x1792"]),
    qualities: &["standard", "hd"],
    foreign: &["background", "output_format", "output_compression", "moderation", "partial_images"],
};

const DALL_E_2: Limits = Limits {
    prompt: 1_000,
    pictures: 10,
    sizes: Sizes::Listed(&["256x256", "512x512", "1024x1024"]),
    qualities: &["standard"],
    foreign: &[
        "background",
        "output_format",
        "output_compression",
        "moderation",
        "partial_images",
        "style",
    ],
};

/// Models of other servers: what they take is not known here.
const UNKNOWN: Limits = Limits {
    qualities: &["standard", "hd", "low", "medium", "high", "auto"],
    foreign: &[],
    ..GPT_IMAGE_2
};

/// The longest side and the largest area of a free size.
const LONGEST_SIDE: u32 = 3840;
const LARGEST_AREA: u32 = 3840 * 2160;

fn limits(model: &str) -> &'static Limits {
    let family = FAMILIES.iter().find(|(prefix, _)| model.starts_with(prefix));
    family.map_or(&UNKNOWN, |(_, limits)| limits)
}

/// Checks what depends on the model and on more than one field.
pub(crate) fn check(request: &Request, body: &Map<String, Value>) -> Result<(), ApiError> {
    let model = request.model();
    models::check(model, Family::Image, "v1/images/generations")?;
    let limits = limits(model);
    let is_there = |name: &&&str| body.get(**name).is_some_and(|value| !value.is_null());
    if let Some(name) = limits.foreign.iter().find(is_there) {
        return Err(ApiError::invalid(format!("Unknown parameter: '{name}'."))
            .param(name)
            .code("unknown_parameter"));
    }
    check_prompt(&request.prompt, limits.prompt)?;
    check_count(request, limits)?;
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
pub(crate) fn parse_size(size: &str) -> Option<(u32, u32)> {
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
    if !streams && request.partial_images.is_some() {
        return Err(ApiError::invalid_value(
            "partial_images",
            "The 'partial_images' parameter is only allowed when 'stream' is enabled.",
        ));
    }
    Ok(())
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
