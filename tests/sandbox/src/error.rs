//! Errors in the format of the OpenAI API.

use axum::Json;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Response;
use serde_json::json;

/// A rejected request: `{"error": {message, type, param, code}}` with a status.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ApiError {
    status: StatusCode,
    message: String,
    param: Option<&'static str>,
    code: Option<&'static str>,
}

impl ApiError {
    /// An error with status 400, like most.
    pub(crate) fn invalid(message: impl Into<String>) -> ApiError {
        let status = StatusCode::BAD_REQUEST;
        ApiError { status, message: message.into(), param: None, code: None }
    }

    /// A parameter that is invalid or not allowed in this request.
    pub(crate) fn at(param: &'static str, message: impl Into<String>) -> ApiError {
        ApiError { param: Some(param), ..ApiError::invalid(message) }
    }

    /// A missing or wrong key. The message never repeats the key.
    pub(crate) fn unauthorized(message: &str) -> ApiError {
        let code = Some("invalid_api_key");
        ApiError { status: StatusCode::UNAUTHORIZED, code, ..ApiError::invalid(message) }
    }

    pub(crate) fn code(self, code: &'static str) -> ApiError {
        ApiError { code: Some(code), ..self }
    }

    pub(crate) fn status(self, status: StatusCode) -> ApiError {
        ApiError { status, ..self }
    }
}

/// The body has unknown or missing fields, or fields of the wrong type.
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
