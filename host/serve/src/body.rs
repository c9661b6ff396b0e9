//! The JSON bodies of requests.

use std::marker::PhantomData;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use connector_host::{JsonError, read_object};
use schemars::{JsonSchema, SchemaGenerator};

use super::openapi::{JSON, Operation};
use super::problem::{Problem, refusal};
use super::route::Describe;
use crate::members::Members;

/// A type that a handler reads from a body.
pub trait FromBody: JsonSchema + Sized {
    /// The names of its members.
    const MEMBERS: &'static [&'static str];

    /// # Errors
    /// If a member is missing or invalid.
    fn take(members: &mut Members) -> Result<Self, String>;
}

/// A parsed body.
pub struct Body<T>(pub T);

/// A body that its handler parses.
pub struct RawBody<T> {
    is_json: bool,
    pub bytes: Bytes,
    content: PhantomData<fn() -> T>,
}

impl<S: Send + Sync, T: FromBody> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        RawBody::from_request(request, state).await?.parse().map(Self)
    }
}

impl<S: Send + Sync, T> FromRequest<S> for RawBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let is_json = is_json(request.headers());
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            let status = rejection.status();
            Problem::new(status, refusal(status))
        })?;
        Ok(Self { is_json, bytes, content: PhantomData })
    }
}

impl<T: FromBody> RawBody<T> {
    /// Parses the body.
    ///
    /// # Errors
    /// 415 if its media type is not JSON, 400 if it cannot be parsed, 422 if its
    /// content is invalid.
    pub fn parse(&self) -> Result<T, Problem> {
        if !self.is_json {
            let detail = "the body must be JSON, with `Content-Type: application/json`";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
        }
        let object = read_object(&self.bytes).map_err(|error| match error {
            JsonError::NoObject => invalid(&format!("the body {error}")),
            error => Problem::new(StatusCode::BAD_REQUEST, format!("the body {error}")),
        })?;
        Members::new(object, T::MEMBERS)
            .and_then(|mut members| T::take(&mut members))
            .map_err(|detail| invalid(&detail))
    }
}

impl<T: JsonSchema> Describe for RawBody<T> {
    fn describe(operation: &mut Operation, types: &mut SchemaGenerator) {
        operation.takes(JSON, types.subschema_for::<T>().to_value());
    }
}

impl<T: JsonSchema> Describe for Body<T> {
    fn describe(operation: &mut Operation, types: &mut SchemaGenerator) {
        RawBody::<T>::describe(operation, types);
    }
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

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::{connections, queries, runs};

    fn assert_described<T: FromBody>() {
        let schema = schemars::schema_for!(T).to_value();
        let described = schema.get("properties").and_then(Value::as_object).unwrap();
        let mut described: Vec<&str> = described.keys().map(String::as_str).collect();
        let mut members = T::MEMBERS.to_vec();
        described.sort_unstable();
        members.sort_unstable();
        assert_eq!(described, members, "{}", T::schema_name());
        assert_eq!(schema.get("additionalProperties"), Some(&Value::Bool(false)));
    }

    #[test]
    fn the_schemas_describe_exactly_the_members() {
        assert_described::<connections::NewConnection>();
        assert_described::<connections::ConnectionReplacement>();
        assert_described::<queries::Test>();
        assert_described::<queries::SoFar>();
        assert_described::<queries::Options>();
        assert_described::<runs::RunRequest>();
    }
}
