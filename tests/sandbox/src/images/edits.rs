//! `POST /images/edits`: a form, or JSON in which images are `data:` URLs.

use std::io::Cursor;
use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Map;
use serde_json::Value;

use super::Request;
use crate::call::Call;
use crate::error::ApiError;
use crate::record::Body;
use crate::record::Part;
use crate::server::Shared;

/// The fields of a form besides its files.
const FORM_FIELDS: &[&str] = &[
    "background",
    "input_fidelity",
    "model",
    "n",
    "output_compression",
    "output_format",
    "partial_images",
    "prompt",
    "quality",
    "response_format",
    "size",
    "stream",
    "user",
];

/// The members of JSON besides its images.
const JSON_MEMBERS: &[&str] = &[
    "background",
    "input_fidelity",
    "model",
    "moderation",
    "n",
    "output_compression",
    "output_format",
    "partial_images",
    "prompt",
    "quality",
    "size",
    "stream",
    "user",
];

const MAX_IMAGES: usize = 16;
const MAX_IMAGE: usize = 50 << 20;
/// The maximum size of a mask, and of an image for dall-e-2.
const MAX_SMALL: usize = 4 << 20;

/// A request to edit images.
struct Edit {
    /// The fields that it shares with a request for new images.
    request: Request,
    input_fidelity: Option<String>,
    images: Vec<Vec<u8>>,
    mask: Option<Vec<u8>>,
}

/// An image in JSON.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reference {
    image_url: String,
}

/// Edits images.
pub(crate) async fn edits(
    State(shared): State<Arc<Shared>>,
    Extension(call): Extension<Arc<Call>>,
) -> Result<Response, ApiError> {
    let edit = if let Body::Json(_) = call.body {
        Edit::of_json(call.json()?)
    } else {
        Edit::of_form(call.form()?)
    }?;
    edit.check()?;
    edit.request.answer("image_edit", &shared)
}

impl Edit {
    fn of_form(parts: &[Part]) -> Result<Edit, ApiError> {
        let (mut images, mut masks, mut fields) = (Vec::new(), Vec::new(), Map::new());
        for (index, part) in parts.iter().enumerate() {
            let name = part.name.as_str();
            let is_again = parts.iter().take(index).any(|earlier| earlier.name == name);
            match (name, &part.filename) {
                ("image[]", Some(_)) => images.push(part.bytes.clone()),
                ("image", Some(_)) if images.is_empty() => images.push(part.bytes.clone()),
                ("mask", Some(_)) if !is_again => masks.push(part.bytes.clone()),
                (_, None) if FORM_FIELDS.contains(&name) && !is_again => {
                    fields.insert(name.to_owned(), value(name, part.text().unwrap_or_default()));
                }
                _ => return Err(unrecognized(name)),
            }
        }
        Edit::of(fields, images, masks.pop())
    }

    fn of_json(body: &Value) -> Result<Edit, ApiError> {
        let mut members = Map::deserialize(body)?;
        let images = members.remove("images").unwrap_or_default();
        let images = Vec::<Reference>::deserialize(images)?;
        let images = images.iter().map(|image| image.bytes("images")).collect::<Result<_, _>>()?;
        let mask = members.remove("mask").map(Reference::deserialize).transpose()?;
        let mask = mask.map(|mask| mask.bytes("mask")).transpose()?;
        match members.keys().find(|name| !JSON_MEMBERS.contains(&name.as_str())) {
            Some(name) => Err(unrecognized(name)),
            None => Edit::of(members, images, mask),
        }
    }

    fn of(
        mut fields: Map<String, Value>,
        images: Vec<Vec<u8>>,
        mask: Option<Vec<u8>>,
    ) -> Result<Edit, ApiError> {
        let input_fidelity =
            fields.remove("input_fidelity").map(String::deserialize).transpose()?;
        fields.entry("model").or_insert("gpt-image-1.5".into());
        let mut request = Request::deserialize(Value::from(fields))?;
        request.sources = images.len() as u64;
        Ok(Edit { request, input_fidelity, images, mask })
    }

    /// Checks rules that the API documents only in prose.
    fn check(&self) -> Result<(), ApiError> {
        let Edit { request, images, .. } = self;
        let is_dall_e = request.model == "dall-e-2";
        if request.model == "dall-e-3" {
            return Err(ApiError::at("model", "The model 'dall-e-3' cannot edit images."));
        }
        if images.is_empty() || images.len() > if is_dall_e { 1 } else { MAX_IMAGES } {
            return Err(ApiError::at("image", "Invalid number of images."));
        }
        for image in images {
            let is_good = match kind(image) {
                Some("png") if is_dall_e => {
                    image.len() < MAX_SMALL
                        && header(image).is_some_and(|info| info.width == info.height)
                }
                kind => kind.is_some() && !is_dall_e && image.len() < MAX_IMAGE,
            };
            if !is_good {
                return Err(ApiError::at("image", "Invalid image file or mode for image."));
            }
        }
        let lacks_fidelity =
            is_dall_e || ["gpt-image-1-mini", "gpt-image-2"].contains(&request.model.as_str());
        if self.input_fidelity.is_some() && lacks_fidelity {
            let message = format!(
                "The model '{}' does not support the 'input_fidelity' parameter.",
                request.model
            );
            return Err(ApiError::at("input_fidelity", message));
        }
        if request.background.as_deref() == Some("transparent") && request.output_format() == "jpeg"
        {
            let message = "Transparent background is not supported for JPEG output format.";
            return Err(ApiError::at("background", message));
        }
        self.check_mask()
    }

    fn check_mask(&self) -> Result<(), ApiError> {
        let Some(mask) = &self.mask else { return Ok(()) };
        let refuse = |message: &str| Err(ApiError::at("mask", message));
        let Some(info) = header(mask).filter(|_| mask.len() < MAX_SMALL) else {
            return refuse("Invalid mask image: it must be a PNG of less than 4 MB.");
        };
        if !info.is_transparent {
            return refuse("Invalid mask image format: it must have an alpha channel.");
        }
        match self.images.first().and_then(|image| header(image)) {
            Some(image) if (image.width, image.height) != (info.width, info.height) => {
                refuse("Invalid mask image size: it must match the size of the image.")
            }
            _ => Ok(()),
        }
    }
}

impl Reference {
    /// The image in a `data:` URL.
    fn bytes(&self, param: &'static str) -> Result<Vec<u8>, ApiError> {
        let content = self.image_url.strip_prefix("data:image/");
        let content = content.and_then(|content| content.split_once(";base64,"));
        let bytes = content.and_then(|(_, base64)| STANDARD.decode(base64).ok());
        bytes.ok_or_else(|| ApiError::at(param, "Invalid image data."))
    }
}

/// The value of a form field.
fn value(name: &str, text: &str) -> Value {
    let is_text = !["n", "output_compression", "partial_images", "stream"].contains(&name);
    let parsed = (!is_text).then(|| serde_json::from_str(text).ok()).flatten();
    parsed.unwrap_or_else(|| text.into())
}

fn unrecognized(name: &str) -> ApiError {
    ApiError::invalid(format!("Unrecognized request argument supplied: {name}"))
}

/// The format of an image.
fn kind(image: &[u8]) -> Option<&'static str> {
    let is = |at: usize, signature: &[u8]| {
        image.get(at..).is_some_and(|rest| rest.starts_with(signature))
    };
    let kinds = [
        ("png", is(0, b"\x89PNG\r\n\x1a\n")),
        ("jpeg", is(0, b"\xff\xd8\xff")),
        ("webp", is(0, b"RIFF") && is(8, b"WEBP")),
    ];
    kinds.into_iter().find(|(_, is_it)| *is_it).map(|(name, _)| name)
}

/// What a PNG file says about its image.
struct Header {
    width: u32,
    height: u32,
    is_transparent: bool,
}

fn header(image: &[u8]) -> Option<Header> {
    let reader = png::Decoder::new(Cursor::new(image)).read_info().ok()?;
    let info = reader.info();
    let has_alpha =
        matches!(info.color_type, png::ColorType::Rgba | png::ColorType::GrayscaleAlpha);
    let is_transparent = has_alpha || info.trns.is_some();
    Some(Header { width: info.width, height: info.height, is_transparent })
}
