//! A request, read completely and parsed according to its content type.

use axum::body::Body as HttpBody;
use axum::body::Bytes;
use axum::extract::FromRequest;
use axum::extract::Multipart;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header;
use axum::http::request::Parts;
use serde_json::Value;

use crate::error::ApiError;
use crate::record::Body;
use crate::record::Part;

/// The maximum length of a body: enough for the largest file and its form.
const BODY_LIMIT: usize = 30 * 1024 * 1024;

/// A request and its parsed body.
#[derive(Debug)]
pub(crate) struct Call {
    media_type: String,
    pub(crate) body: Body,
}

impl Call {
    /// Reads and parses a body. A body that does not parse stays raw, so that
    /// it can be recorded; the endpoint then rejects it.
    pub(crate) async fn read(parts: &Parts, body: HttpBody) -> Result<Call, ApiError> {
        let bytes = axum::body::to_bytes(body, BODY_LIMIT).await.map_err(|_| {
            ApiError::invalid(format!("Maximum content size limit ({BODY_LIMIT}) exceeded"))
                .status(StatusCode::PAYLOAD_TOO_LARGE)
        })?;
        let media_type = media_type(parts);
        let body = match media_type.as_str() {
            _ if bytes.is_empty() => Body::Empty,
            "application/json" => json(&bytes),
            "multipart/form-data" => form(parts, bytes).await,
            _ => Body::Raw(bytes.into()),
        };
        Ok(Call { media_type, body })
    }

    /// A request that was sent as part of another one.
    pub(crate) fn of_json(body: Value) -> Call {
        Call { media_type: "application/json".to_owned(), body: Body::Json(body) }
    }

    /// The body of a request to an endpoint that accepts JSON.
    pub(crate) fn json(&self) -> Result<&Value, ApiError> {
        self.expect_media_type("application/json")?;
        match &self.body {
            Body::Json(value) => Ok(value),
            _ => Err(ApiError::invalid(
                "We could not parse the JSON body of your request. (HINT: The OpenAI API expects \
                 a JSON payload, but what was sent was not valid JSON.)",
            )),
        }
    }

    /// The body of a request to an endpoint that accepts a form.
    pub(crate) fn form(&self) -> Result<&[Part], ApiError> {
        self.expect_media_type("multipart/form-data")?;
        match &self.body {
            Body::Multipart(parts) => Ok(parts),
            _ => Err(ApiError::invalid("Could not parse multipart form")),
        }
    }

    fn expect_media_type(&self, expected: &str) -> Result<(), ApiError> {
        if self.media_type == expected {
            return Ok(());
        }
        Err(ApiError::invalid(format!(
            "Invalid Content-Type header ({}), expected {expected}.",
            self.media_type
        )))
    }
}

/// The request's content type, or an empty string.
fn media_type(parts: &Parts) -> String {
    let value = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    essence(value.unwrap_or(""))
}

/// A content type without its parameters, in lower case.
pub(crate) fn essence(content_type: &str) -> String {
    let end = content_type.find(';').unwrap_or(content_type.len());
    content_type.split_at(end).0.trim().to_ascii_lowercase()
}

fn json(bytes: &Bytes) -> Body {
    match serde_json::from_slice(bytes) {
        Ok(value) => Body::Json(value),
        Err(_) => Body::Raw(bytes.to_vec()),
    }
}

async fn form(parts: &Parts, bytes: Bytes) -> Body {
    let request = Request::from_parts(parts.clone(), HttpBody::from(bytes.clone()));
    read_form(request).await.map_or_else(|| Body::Raw(bytes.into()), Body::Multipart)
}

async fn read_form(request: Request) -> Option<Vec<Part>> {
    let mut form = Multipart::from_request(request, &()).await.ok()?;
    let mut parts = Vec::new();
    while let Some(field) = form.next_field().await.ok()? {
        let name = field.name()?.to_owned();
        let filename = field.file_name().map(str::to_owned);
        let content_type = field.content_type().map(str::to_owned);
        let bytes = Vec::from(field.bytes().await.ok()?);
        parts.push(Part { name, filename, content_type, len: bytes.len(), bytes });
    }
    Some(parts)
}
