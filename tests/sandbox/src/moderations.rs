//! `POST /moderations`.
//!
//! A text belongs to a category if it contains the category's name, and so does
//! an image whose URL contains it.

use std::sync::Arc;

use axum::Extension;
use axum::Json;
use serde::Deserialize;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::call::Call;
use crate::data_url;
use crate::digest;
use crate::error::ApiError;
use crate::models;
use crate::models::Family;

/// A request to classify texts, or parts of one input.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    model: String,
    input: Input,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Input {
    One(String),
    Several(Vec<String>),
    Parts(Vec<Part>),
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Part {
    Text { text: String },
    ImageUrl { image_url: Image },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Image {
    url: String,
}

/// The categories, and whether they apply to images.
const CATEGORIES: &[(&str, bool)] = &[
    ("harassment", false),
    ("harassment/threatening", false),
    ("hate", false),
    ("hate/threatening", false),
    ("illicit", false),
    ("illicit/violent", false),
    ("self-harm", true),
    ("self-harm/intent", true),
    ("self-harm/instructions", true),
    ("sexual", true),
    ("sexual/minors", false),
    ("violence", true),
    ("violence/graphic", true),
];

/// The score of a category that applies, and of one that does not.
const HIGH: f64 = 0.9;
const LOW: f64 = 0.000_1;

/// The types of image that can be read.
const IMAGES: &[&str] = &["image/png", "image/jpeg", "image/webp", "image/gif"];

/// Classifies texts and images.
pub(crate) async fn moderations(
    Extension(call): Extension<Arc<Call>>,
) -> Result<Json<Value>, ApiError> {
    let body = call.json()?;
    let request = Request::deserialize(body)?;
    models::check(&request.model, Family::Moderation)?;
    request.check()?;
    Ok(Json(json!({
        "id": format!("modr-{:016x}", digest(body.to_string().as_bytes())),
        "model": match request.model.as_str() {
            "omni-moderation-latest" => "omni-moderation-2024-09-26",
            "text-moderation-latest" | "text-moderation-stable" => "text-moderation-007",
            other => other,
        },
        "results": request.results(),
    })))
}

impl Request {
    /// Checks rules that the API documents only in prose, or not at all.
    fn check(&self) -> Result<(), ApiError> {
        let parts = match &self.input {
            Input::One(_) => return Ok(()),
            Input::Several(texts) if texts.is_empty() => {
                return Err(ApiError::at("input", "'input' must not be empty."));
            }
            Input::Several(_) => return Ok(()),
            Input::Parts(parts) => parts,
        };
        if self.is_text_only() {
            let message = format!("The model '{}' accepts only strings.", self.model);
            return Err(ApiError::at("input", message));
        }
        let images = parts.iter().filter_map(Part::image);
        let count = images.clone().count();
        if count > 1 && self.model.starts_with("omni-moderation") {
            let message = format!("Number of images ({count}) exceeds maximum of 1");
            return Err(ApiError::at("input", message).code("too_many_images"));
        }
        for url in images {
            let is_link = ["https://", "http://"].iter().any(|scheme| url.starts_with(scheme));
            let is_image = data_url::read(url).is_some_and(|(kind, _)| IMAGES.contains(&kind));
            if !is_link && !is_image {
                return Err(ApiError::at("input", "Invalid image URL."));
            }
        }
        Ok(())
    }

    /// Whether this is one of the models that predate image input.
    fn is_text_only(&self) -> bool {
        self.model.starts_with("text-moderation")
    }

    fn results(&self) -> Vec<Value> {
        match &self.input {
            Input::One(text) => vec![self.result(&[text], &[])],
            Input::Several(texts) => texts.iter().map(|text| self.result(&[text], &[])).collect(),
            Input::Parts(parts) => {
                let texts: Vec<&str> = parts.iter().filter_map(Part::text).collect();
                let images: Vec<&str> = parts.iter().filter_map(Part::image).collect();
                vec![self.result(&texts, &images)]
            }
        }
    }

    /// The result for these texts and images together.
    fn result(&self, texts: &[&str], images: &[&str]) -> Value {
        let (mut categories, mut scores, mut types) = (Map::new(), Map::new(), Map::new());
        let mut flagged = false;
        for (name, applies_to_images) in CATEGORIES {
            let images = if *applies_to_images { images } else { &[] };
            let applies = texts.iter().chain(images).any(|text| text.contains(name));
            flagged |= applies;
            // Categories that older models do not know.
            let is_known = !self.is_text_only() || !name.starts_with("illicit");
            let category = if is_known { applies.into() } else { Value::Null };
            categories.insert((*name).to_owned(), category);
            scores.insert((*name).to_owned(), if applies { HIGH } else { LOW }.into());
            let kinds = [("text", texts), ("image", images)].into_iter();
            let kinds = kinds.filter(|(_, inputs)| !inputs.is_empty()).map(|(kind, _)| kind);
            types.insert((*name).to_owned(), kinds.collect());
        }
        json!({
            "flagged": flagged,
            "categories": categories,
            "category_scores": scores,
            "category_applied_input_types": types,
        })
    }
}

impl Part {
    fn text(&self) -> Option<&str> {
        match self {
            Part::Text { text } => Some(text),
            Part::ImageUrl { .. } => None,
        }
    }

    fn image(&self) -> Option<&str> {
        match self {
            Part::ImageUrl { image_url } => Some(&image_url.url),
            Part::Text { .. } => None,
        }
    }
}
