//! `POST /embeddings`.

use std::sync::Arc;

use axum::Extension;
use axum::Json;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;
use serde_json::json;

use crate::call::Call;
use crate::digest;
use crate::error::ApiError;
use crate::models;
use crate::models::Family;
use crate::tokens;

/// A request for vectors.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "some fields are only checked for their type")]
struct Request {
    model: String,
    input: Input,
    dimensions: Option<usize>,
    encoding_format: Option<Encoding>,
    user: Option<String>,
}

/// One text, or several. The connector does not send tokens.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Input {
    One(String),
    Several(Vec<String>),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    Float,
    Base64,
}

/// The maximum number of texts.
const MAX_TEXTS: usize = 2048;

/// The maximum number of tokens in one text, and in all texts together.
const MAX_TOKENS: u64 = 8192;
const MAX_TOKENS_TOGETHER: u64 = 300_000;

/// Converts texts to vectors.
pub(crate) async fn embeddings(
    Extension(call): Extension<Arc<Call>>,
) -> Result<Json<Value>, ApiError> {
    let request = Request::deserialize(call.json()?)?;
    models::check(&request.model, Family::Embedding)?;
    request.check()?;
    Ok(Json(request.answer()))
}

impl Request {
    fn texts(&self) -> &[String] {
        match &self.input {
            Input::One(text) => std::slice::from_ref(text),
            Input::Several(texts) => texts,
        }
    }

    /// Checks rules that the API documents only in prose.
    fn check(&self) -> Result<(), ApiError> {
        let texts = self.texts();
        if texts.is_empty() || texts.len() > MAX_TEXTS {
            let message = format!("'input' must have between 1 and {MAX_TEXTS} items.");
            return Err(ApiError::at("input", message));
        }
        if texts.iter().any(String::is_empty) {
            return Err(ApiError::at("input", "'input' cannot be an empty string."));
        }
        let counts = || texts.iter().map(|text| tokens::count(text));
        if let Some(count) = counts().find(|count| *count > MAX_TOKENS) {
            let message = format!(
                "This model's maximum context length is {MAX_TOKENS} tokens, however you \
                 requested {count} tokens."
            );
            return Err(ApiError::invalid(message));
        }
        if counts().sum::<u64>() > MAX_TOKENS_TOGETHER {
            let message = format!("max {MAX_TOKENS_TOGETHER} tokens per request");
            return Err(ApiError::invalid(message));
        }
        let is_ada = self.model.starts_with("text-embedding-ada");
        let is_known = self.model.starts_with("text-embedding-3");
        match self.dimensions {
            Some(_) if is_ada => {
                let message = "This model does not support specifying dimensions.";
                Err(ApiError::at("dimensions", message))
            }
            Some(0) => Err(ApiError::at("dimensions", "'dimensions' must be at least 1.")),
            Some(count) if is_known && count > self.max_dimensions() => {
                let max = self.max_dimensions();
                Err(ApiError::at("dimensions", format!("'dimensions' must be at most {max}.")))
            }
            _ => Ok(()),
        }
    }

    fn max_dimensions(&self) -> usize {
        if self.model.starts_with("text-embedding-3-large") { 3072 } else { 1536 }
    }

    fn answer(&self) -> Value {
        let dimensions = self.dimensions.unwrap_or(self.max_dimensions());
        let embedding = |text: &String| {
            let vector = vector(&format!("{} {text}", self.model), dimensions);
            match self.encoding_format {
                Some(Encoding::Base64) => {
                    let bytes = vector.iter().flat_map(|number| number.to_le_bytes());
                    STANDARD.encode(bytes.collect::<Vec<u8>>()).into()
                }
                _ => Value::from(vector),
            }
        };
        let item = |(index, text): (usize, &String)| json!({"object": "embedding", "index": index, "embedding": embedding(text)});
        let data: Vec<Value> = self.texts().iter().enumerate().map(item).collect();
        let tokens: u64 = self.texts().iter().map(|text| tokens::count(text)).sum();
        json!({
            "object": "list",
            "data": data,
            "model": self.model,
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        })
    }
}

/// A vector of length 1 whose direction depends on the text.
fn vector(text: &str, dimensions: usize) -> Vec<f32> {
    let number = |index: usize| {
        let hash = digest(format!("{index} {text}").as_bytes());
        (hash % 2001) as f32 / 1000.0 - 1.0
    };
    let numbers: Vec<f32> = (0..dimensions).map(number).collect();
    let length = numbers.iter().map(|number| number * number).sum::<f32>().sqrt();
    // With one dimension, the number may be 0.
    numbers.iter().map(|number| if length > 0.0 { number / length } else { 1.0 }).collect()
}
