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
    kind: &'static str,
    param: Option<String>,
    code: Option<&'static str>,
}

impl ApiError {
    /// A 400 of type `invalid_request_error`, which most refusals are.
    pub(crate) fn invalid(message: impl Into<String>) -> ApiError {
        ApiError {
            status: StatusCode::BAD_REQUEST,
            message: message.into(),
            kind: "invalid_request_error",
            param: None,
            code: None,
        }
    }

    /// A parameter that has no place in this request.
    pub(crate) fn unsupported(param: &str, message: impl Into<String>) -> ApiError {
        ApiError::invalid(message).param(param).code("unsupported_parameter")
    }

    /// A parameter whose value has no place in this request.
    pub(crate) fn unsupported_value(param: &str, message: impl Into<String>) -> ApiError {
        ApiError::invalid(message).param(param).code("unsupported_value")
    }

    /// A parameter whose value could never be right.
    pub(crate) fn invalid_value(param: impl ToString, message: impl Into<String>) -> ApiError {
        ApiError::invalid(message).param(param).code("invalid_value")
    }

    /// A required parameter that is not there.
    pub(crate) fn missing(param: impl ToString) -> ApiError {
        let param = param.to_string();
        ApiError::invalid(format!("Missing required parameter: '{param}'."))
            .param(param)
            .code("missing_required_parameter")
    }

    /// A model that nobody serves.
    pub(crate) fn model_not_found(model: &str) -> ApiError {
        ApiError::invalid(format!(
            "The model '{model}' does not exist or you do not have access to it."
        ))
        .status(StatusCode::NOT_FOUND)
        .param("model")
        .code("model_not_found")
    }

    /// A missing or wrong key. The message never repeats what was sent.
    pub(crate) fn unauthorized(message: &str) -> ApiError {
        ApiError::invalid(message).status(StatusCode::UNAUTHORIZED).code("invalid_api_key")
    }

    pub(crate) fn status(mut self, status: StatusCode) -> ApiError {
        self.status = status;
        self
    }

    pub(crate) fn param(mut self, param: impl ToString) -> ApiError {
        self.param = Some(param.to_string());
        self
    }

    pub(crate) fn code(mut self, code: &'static str) -> ApiError {
        self.code = Some(code);
        self
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = json!({"error": {
            "message": self.message,
            "type": self.kind,
            "param": self.param,
            "code": self.code,
        }});
        (self.status, Json(body)).into_response()
    }
}
