//! The routes of the service. The router and the OpenAPI description are built
//! from the same list of routes, and the types that a handler takes and returns
//! describe its operation, so the two cannot diverge.
//!
//! This is implemented here because no library fits: aide's stable release uses
//! a different major version of schemars than connector-host's types, and utoipa
//! requires bodies and responses to be repeated in attributes and has its own
//! schema trait.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Extension, Path, Query, Request, State};
use axum::handler::Handler;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Json, NoContent, Response};
use axum::routing::{MethodFilter, MethodRouter};
use connector_host::{Action, Connector};
use schemars::{JsonSchema, SchemaGenerator};
use serde::Serialize;

use super::openapi::{JSON, OCTETS, Operation, bytes};
use super::{API, App};

/// A path and the handlers of its methods.
pub struct Route {
    path: String,
    methods: MethodRouter<Arc<App>>,
    operations: Vec<NewOperation>,
    expand: Expand,
}

/// A method for the router and for the description.
type Method = (MethodFilter, &'static str);
pub const GET: Method = (MethodFilter::GET, "get");
pub const POST: Method = (MethodFilter::POST, "post");
pub const PUT: Method = (MethodFilter::PUT, "put");
pub const DELETE: Method = (MethodFilter::DELETE, "delete");

/// The method, id and summary of an operation, and a function that
/// describes it from its handler's types.
type NewOperation = (&'static str, &'static str, &'static str, Description);
type Description = fn(&mut Operation, &mut SchemaGenerator);

/// Expands an operation, which may belong to an action, into the operations to
/// describe. A path parameter with few values becomes an operation for each value.
type Expand = fn(Operation, Option<&Action>) -> Vec<Operation>;

impl Route {
    /// Creates a route below the root of the API. Parameters are names in braces:
    /// `{name}/{version}` is a connector, and `{action}` one of its actions.
    pub fn api(path: &str) -> Self {
        Self::root(&format!("{API}{path}"))
    }

    /// Creates a route outside the API.
    pub fn root(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            methods: MethodRouter::new(),
            operations: Vec::new(),
            expand: |operation, _| vec![operation],
        }
    }

    /// Adds a method and its handler.
    pub fn on<T: 'static, H: Endpoint<T>>(
        mut self,
        (filter, method): Method,
        id: &'static str,
        summary: &'static str,
        handler: H,
    ) -> Self {
        self.methods = self.methods.on(filter, handler);
        self.operations.push((method, id, summary, H::describe));
        self
    }

    /// Sets the function that expands each operation.
    pub fn expand(self, expand: Expand) -> Self {
        Self { expand, ..self }
    }

    /// Sets the maximum size of a body in bytes.
    pub fn max_body(self, max: usize) -> Self {
        Self { methods: self.methods.layer(DefaultBodyLimit::max(max)), ..self }
    }

    /// Adds the path and its handlers to a router.
    pub fn add_to(self, router: Router<Arc<App>>) -> Router<Arc<App>> {
        router.route(&self.path, self.methods)
    }

    /// Describes its operations, for each connector or action if the path has
    /// such parameters.
    pub fn describe(
        &self,
        connectors: &BTreeMap<String, Connector>,
        types: &mut SchemaGenerator,
    ) -> Vec<Operation> {
        let mut described = Vec::new();
        for (method, id, summary, describe) in &self.operations {
            let mut operation = Operation::new(&self.path, method, id, summary);
            describe(&mut operation, types);
            if self.path.contains("{action}") {
                for connector in connectors.values() {
                    for action in &connector.descriptor().actions {
                        let operation = operation.of(connector, Some(action));
                        described.extend((self.expand)(operation, Some(action)));
                    }
                }
            } else if self.path.contains("{name}/{version}") {
                for connector in connectors.values() {
                    described.extend((self.expand)(operation.of(connector, None), None));
                }
            } else {
                described.extend((self.expand)(operation, None));
            }
        }
        described
    }
}

/// A handler whose types describe it.
pub trait Endpoint<T>: Handler<T, Arc<App>> {
    fn describe(operation: &mut Operation, types: &mut SchemaGenerator);
}

/// A type that a handler takes or returns, which adds to the description.
pub trait Describe {
    fn describe(_operation: &mut Operation, _types: &mut SchemaGenerator) {}
}

macro_rules! impl_endpoint {
    ($($argument:ident),*) => {
        impl<H, R, M, $($argument),*> Endpoint<(M, $($argument,)*)> for H
        where
            H: Fn($($argument),*) -> R + Handler<(M, $($argument,)*), Arc<App>>,
            R: Future<Output: Describe>,
            $($argument: Describe,)*
        {
            fn describe(operation: &mut Operation, types: &mut SchemaGenerator) {
                $($argument::describe(operation, types);)*
                R::Output::describe(operation, types);
            }
        }
    };
}

impl_endpoint!();
impl_endpoint!(A);
impl_endpoint!(A, B);
impl_endpoint!(A, B, C);
impl_endpoint!(A, B, C, D);
impl_endpoint!(A, B, C, D, E);
impl_endpoint!(A, B, C, D, E, F);

impl<T> Describe for State<T> {}
impl<T> Describe for Extension<T> {}
/// The names of path parameters are in the path itself.
impl<T> Describe for Path<T> {}
impl Describe for HeaderMap {}
impl Describe for Request {}

impl<T: JsonSchema> Describe for Query<T> {
    fn describe(operation: &mut Operation, types: &mut SchemaGenerator) {
        operation.takes_query(&T::json_schema(types).to_value());
    }
}

impl Describe for Body {
    fn describe(operation: &mut Operation, _: &mut SchemaGenerator) {
        operation.takes(OCTETS, bytes());
    }
}

/// Adds nothing for the error: any operation may return a problem.
impl<T: Describe, E> Describe for Result<T, E> {
    fn describe(operation: &mut Operation, types: &mut SchemaGenerator) {
        T::describe(operation, types);
    }
}

impl<T: JsonSchema> Describe for Json<T> {
    fn describe(operation: &mut Operation, types: &mut SchemaGenerator) {
        let schema = types.subschema_for::<T>().to_value();
        operation.returns(StatusCode::OK, JSON, schema);
    }
}

impl Describe for NoContent {
    fn describe(operation: &mut Operation, _: &mut SchemaGenerator) {
        operation.returns_nothing(StatusCode::NO_CONTENT);
    }
}

/// A new resource, as JSON.
pub struct Created<T>(pub T);

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, Json(self.0)).into_response()
    }
}

impl<T: JsonSchema> Describe for Created<T> {
    fn describe(operation: &mut Operation, types: &mut SchemaGenerator) {
        let schema = types.subschema_for::<T>().to_value();
        operation.returns(StatusCode::CREATED, JSON, schema);
    }
}

/// An object whose members depend on a connector.
#[derive(Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct AnyObject(
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")] pub serde_json::Value,
);

#[cfg(test)]
mod tests {
    use schemars::generate::SchemaSettings;
    use serde::Deserialize;
    use serde_json::{Value, json};

    use super::*;
    use crate::problem::Problem;

    #[derive(Deserialize, JsonSchema)]
    struct Search {
        #[expect(dead_code, reason = "only its schema is used")]
        words: String,
    }

    #[derive(Serialize, JsonSchema)]
    struct Found {
        count: u32,
    }

    async fn search(_: Query<Search>) -> Result<Json<Found>, Problem> {
        Ok(Json(Found { count: 0 }))
    }

    async fn store(_: Body) -> Created<Found> {
        Created(Found { count: 1 })
    }

    async fn clear() -> NoContent {
        NoContent
    }

    #[test]
    fn a_handler_is_described_by_its_types() {
        let route = Route::root("/")
            .on(GET, "search", "Searches.", search)
            .on(PUT, "store", "Stores.", store)
            .on(DELETE, "clear", "Clears.", clear);
        let mut types = SchemaSettings::draft2020_12().into_generator();
        let described = json!(route.describe(&BTreeMap::new(), &mut types));
        let parameter = json!({
            "name": "words", "in": "query", "required": true, "schema": { "type": "string" },
            "description": "",
        });
        let json = json!({ "application/json": { "schema": { "$ref": "#/$defs/Found" } } });
        let bytes = json!({ "application/octet-stream": { "schema": bytes() } });
        for (place, expected) in [
            ("/0/parameters", json!([parameter])),
            ("/0/requestBody", Value::Null),
            ("/0/responses/200/content", json.clone()),
            ("/1/parameters", Value::Null),
            ("/1/requestBody/content", bytes),
            ("/1/responses/201/content", json),
            ("/2/responses", json!({ "204": { "description": "Success." } })),
        ] {
            let found = described.pointer(place).cloned().unwrap_or_default();
            assert_eq!(found, expected, "{place}");
        }
    }
}
