//! The JSON bodies of requests.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use connector_host::{JsonError, read_object};

use super::problem::{Problem, refusal};
use crate::members::Members;

/// What a body may say.
pub trait FromBody: Sized {
    /// The names of its members.
    const MEMBERS: &'static [&'static str];

    /// # Errors
    /// What is wrong with a member.
    fn take(members: &mut Members) -> Result<Self, String>;
}

/// A body, read.
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: FromBody> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let headers = request.headers().clone();
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            let status = rejection.status();
            Problem::new(status, refusal(status))
        })?;
        read(&headers, &bytes).map(Self)
    }
}

/// Reads a body that also serves as something else.
///
/// # Errors
/// 415 if it does not claim to be JSON, 400 if it is none, 422 if it says
/// something else than it may.
pub fn read<T: FromBody>(headers: &HeaderMap, body: &Bytes) -> Result<T, Problem> {
    if !is_json(headers) {
        let detail = "the body must be JSON, with `Content-Type: application/json`";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
    }
    let object = read_object(body).map_err(|error| match error {
        JsonError::NoObject => invalid(&format!("the body {error}")),
        error => Problem::new(StatusCode::BAD_REQUEST, format!("the body {error}")),
    })?;
    Members::new(object, T::MEMBERS)
        .and_then(|mut members| T::take(&mut members))
        .map_err(|detail| invalid(&detail))
}

fn invalid(detail: &str) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default();
    let kind = kind.trim().to_ascii_lowercase();
    kind == "application/json" || kind.starts_with("application/") && kind.ends_with("+json")
}
