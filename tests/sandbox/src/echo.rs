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
use crate::record::Part;

/// Describes a request that has no body, a JSON body, or a form.
pub(crate) async fn echo(
    method: Method,
    OriginalUri(uri): OriginalUri,
    Extension(call): Extension<Arc<Call>>,
) -> Result<Json<Value>, ApiError> {
    let body = match &call.body {
        Body::Empty => Value::Null,
        Body::Multipart(parts) => parts.iter().map(part).collect(),
        _ => call.json()?.clone(),
    };
    Ok(Json(json!({
        "method": method.as_str(),
        "path": uri.path(),
        "query": uri.query(),
        "body": body,
    })))
}

/// A field as its name and text, a file without its content.
fn part(part: &Part) -> Value {
    match &part.filename {
        None => json!([part.name, part.text()]),
        Some(filename) => json!({
            "name": part.name,
            "filename": filename,
            "type": part.content_type,
            "length": part.len,
        }),
    }
}
