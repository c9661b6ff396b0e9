//! `/echo/…`: a path that the API does not have. Its response is the request.

use std::sync::Arc;

use axum::Extension;
use axum::Json;
use axum::extract::OriginalUri;
use axum::http::Method;
use serde_json::Value;
use serde_json::json;

use crate::call::Call;
use crate::error::ApiError;
use crate::record::Body;

/// Describes a request that has no body, or a JSON body.
pub(crate) async fn echo(
    method: Method,
    OriginalUri(uri): OriginalUri,
    Extension(call): Extension<Arc<Call>>,
) -> Result<Json<Value>, ApiError> {
    let body = match &call.body {
        Body::Empty => &Value::Null,
        _ => call.json()?,
    };
    Ok(Json(json!({
        "method": method.as_str(),
        "path": uri.path(),
        "query": uri.query(),
        "body": body,
    })))
}
