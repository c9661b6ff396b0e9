//! Refusals in the shape the OpenAI API gives them.

use axum::Json;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Response;
use serde_json::json;

/// A refused request: `{"error": {message, type, param, code}}` with a status.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ApiError {
    status: StatusCode,
    message: String,
    param: Option<&'static str>,
    code: Option<&'static str>,
}

impl ApiError {
    /// A 400, which most refusals are.
    pub(crate) fn invalid(message: impl Into<String>) -> ApiError {
        let status = StatusCode::BAD_REQUEST;
        ApiError { status, message: message.into(), param: None, code: None }
    }

    /// A parameter that is wrong, or has no place in this request.
    pub(crate) fn at(param: &'static str, message: impl Into<String>) -> ApiError {
        ApiError { param: Some(param), ..ApiError::invalid(message) }
    }

    /// A missing or wrong key. The message never repeats what was sent.
    pub(crate) fn unauthorized(message: &str) -> ApiError {
        let code = Some("invalid_api_key");
        ApiError { status: StatusCode::UNAUTHORIZED, code, ..ApiError::invalid(message) }
    }

    pub(crate) fn status(self, status: StatusCode) -> ApiError {
        ApiError { status, ..self }
    }
}

/// A body that has not the fields of its endpoint, or not their types.
impl From<serde_json::Error> for ApiError {
    fn from(error: serde_json::Error) -> ApiError {
        ApiError::invalid(format!("Invalid request body: {error}."))
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = json!({"error": {
            "message": self.message,
            "type": "invalid_request_error",
            "param": self.param,
            "code": self.code,
        }});
        (self.status, Json(body)).into_response()
    }
}
