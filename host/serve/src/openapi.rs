//! The OpenAPI 3.1 description of the service. Each action of each connector is
//! a separate operation with schemas for its input and output, so an engine that
//! imports the description gets typed actions.
//!
//! Client generators skip operations that they do not understand, so the schemas
//! are simple (`render::openapi_input`).

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Json;
use connector_host::{Action, Connector};
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::problem::{PROBLEM, Problem, ProblemDetails};
use super::route::{AnyObject, GET, Route};
use super::{App, Shared, address, rendered};

pub const JSON: &str = "application/json";
pub const OCTETS: &str = "application/octet-stream";

pub fn routes() -> Vec<Route> {
    vec![Route::root("/openapi.json").on(GET, "openapi", "Returns this description.", document)]
}

async fn document(State(app): Shared) -> Result<Json<AnyObject>, Problem> {
    rendered(app, |app| Ok(Json(AnyObject(describe(app))))).await
}

fn describe(app: &App) -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = "/components/schemas".into();
    settings.meta_schema = None;
    let mut types = settings.into_generator();
    let problem = json!({ "schema": types.subschema_for::<ProblemDetails<'_>>() });
    let mut paths = Map::new();
    for route in super::routes(app.config.max_file_size) {
        for mut operation in route.describe(&app.connectors, &mut types) {
            // Applies even to a request that does not reach its handler.
            operation.response("default", "A problem.").insert(PROBLEM.to_owned(), problem.clone());
            operation.takes_path();
            let item = paths.entry(&operation.path).or_insert_with(|| json!({}));
            if let Some(item) = item.as_object_mut() {
                item.insert(operation.method.to_owned(), json!(operation));
            }
        }
    }
    let mut schemas = types.take_definitions(true);
    // More precise than their Rust types.
    schemas.insert("FileEntry".to_owned(), file_entry());
    schemas.insert("Outcome".to_owned(), outcome(output()));
    schemas.values_mut().for_each(simplify);
    paths.values_mut().for_each(simplify);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Connectors",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Runs the actions of connectors. Failures are problem details \
                            (RFC 9457) with the failure record.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "security": [{}, { "apiKey": [] }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": { "apiKey": {
                "type": "http", "scheme": "bearer",
                "description": "The service's own key. If none is set, it accepts only requests from \
                                the machine that it runs on.",
            }},
        },
    })
}

/// One method of a path.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Operation {
    #[serde(skip)]
    path: String,
    #[serde(skip)]
    method: &'static str,
    #[serde(rename = "operationId")]
    id: String,
    pub summary: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parameters: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_body: Option<Value>,
    responses: BTreeMap<String, Response>,
}

#[derive(Clone, Serialize)]
struct Response {
    description: &'static str,
    #[serde(skip_serializing_if = "Map::is_empty")]
    content: Map<String, Value>,
}

impl Operation {
    /// Creates an operation that takes and returns nothing.
    pub fn new(path: &str, method: &'static str, id: &str, summary: &str) -> Self {
        Self {
            path: path.to_owned(),
            method,
            id: id.to_owned(),
            summary: summary.to_owned(),
            description: None,
            tags: Vec::new(),
            parameters: Vec::new(),
            request_body: None,
            responses: BTreeMap::new(),
        }
    }

    /// Returns the operation for a connector or one of its actions. Their address
    /// becomes a prefix of the operation id.
    pub fn of(&self, connector: &Connector, action: Option<&Action>) -> Self {
        let address = address(connector);
        let name = action.map_or("", |action| action.name.as_str());
        let prefix = address.replace('/', ".");
        let id = [prefix.as_str(), name, self.id.as_str()];
        let id = id.into_iter().filter(|part| !part.is_empty());
        Self {
            path: self.path.replace("{name}/{version}", &address).replace("{action}", name),
            id: id.collect::<Vec<&str>>().join("."),
            tags: vec![connector.descriptor().title.clone()],
            ..self.clone()
        }
    }

    /// Returns the operation for one value of a path parameter. The value's name
    /// becomes a suffix of the operation id.
    pub fn with_parameter(&self, parameter: &str, value: &str, name: &str) -> Self {
        Self {
            path: self.path.replace(parameter, value),
            id: format!("{}.{name}", self.id),
            ..self.clone()
        }
    }

    /// Adds the path parameters.
    fn takes_path(&mut self) {
        let names =
            self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        let parameters = names
            .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": text() }));
        self.parameters = parameters.chain(self.parameters.drain(..)).collect();
    }

    /// Adds the members of an object as query parameters.
    pub fn takes_query(&mut self, object: &Value) {
        let required = object.get("required").and_then(Value::as_array);
        let members = object.get("properties").and_then(Value::as_object);
        for (name, schema) in members.into_iter().flatten() {
            let is_required = required.is_some_and(|required| required.contains(&json!(name)));
            let mut schema = schema.clone();
            // A default is redundant: it is what omitting the parameter means.
            let [description, _] =
                ["description", "default"].map(|keyword| schema.as_object_mut()?.remove(keyword));
            self.parameters.push(json!({
                "name": name, "in": "query", "required": is_required, "schema": schema,
                "description": description.unwrap_or(json!("")),
            }));
        }
    }

    /// Adds an optional header.
    pub fn takes_header(&mut self, name: &str, schema: Value, description: &str) {
        self.parameters.push(json!({
            "name": name, "in": "header", "required": false, "schema": schema,
            "description": description,
        }));
    }

    /// Sets the request body.
    pub fn takes(&mut self, media_type: &str, schema: Value) {
        let content = json!({ media_type: { "schema": schema } });
        self.request_body = Some(json!({ "required": true, "content": content }));
    }

    /// Adds a media type to a response. Generators use the first one.
    pub fn returns(&mut self, status: StatusCode, media_type: &str, schema: Value) {
        self.response(status.as_str(), SUCCESS)
            .insert(media_type.to_owned(), json!({ "schema": schema }));
    }

    /// Adds a response without a body.
    pub fn returns_nothing(&mut self, status: StatusCode) {
        self.response(status.as_str(), SUCCESS);
    }

    /// Returns the content of a response, and adds the response if necessary.
    fn response(&mut self, status: &str, description: &'static str) -> &mut Map<String, Value> {
        let response = self.responses.entry(status.to_owned());
        &mut response.or_insert(Response { description, content: Map::new() }).content
    }

    /// The schema of the JSON request body.
    pub fn body_mut(&mut self) -> Option<&mut Map<String, Value>> {
        let schema = self.request_body.as_mut()?.pointer_mut("/content/application~1json/schema");
        schema?.as_object_mut()
    }
}

const SUCCESS: &str = "Success.";

/// The schema of a string.
pub fn text() -> Value {
    json!({ "type": "string" })
}

/// The schema of a file's content.
pub fn bytes() -> Value {
    json!({ "type": "string", "format": "binary" })
}

/// The schema of an outcome with this output.
pub fn outcome(output: Value) -> Value {
    json!({
        "type": "object",
        "required": ["output", "metadata"],
        "properties": {
            "output": output,
            "metadata": {
                "type": "object",
                "additionalProperties": true,
                "description": "Information such as `usage`, `model`, `requestId` and \
                                `attempts`.",
            },
        },
    })
}

/// The schema of an output whose shape depends on the input.
pub fn output() -> Value {
    json!({
        "description": "Depends on the input: `output-schema` returns its schema.",
        "anyOf": [
            { "type": "string" },
            { "type": "number" },
            { "type": "boolean" },
            { "type": "object", "additionalProperties": true },
            { "type": "array", "items": {} },
        ],
    })
}

fn file_entry() -> Value {
    let text = text();
    json!({
        "type": "object",
        "description": "A handle to a file. Use its `url` in inputs.",
        "required": ["url"],
        "properties": { "extension": text, "mimeType": text, "name": text, "url": text },
    })
}

/// Rewrites schemas into forms that generators understand: a list of constants
/// becomes an enumeration, and `true` becomes an empty schema.
fn simplify(schema: &mut Value) {
    if let Value::Array(items) = schema {
        items.iter_mut().for_each(simplify);
    }
    let Value::Object(members) = schema else { return };
    if let Some(values) = members.get("oneOf").and_then(constants) {
        members.remove("oneOf");
        members.insert("type".to_owned(), json!("string"));
        members.insert("enum".to_owned(), values);
    }
    if let Some(Value::Object(properties)) = members.get_mut("properties") {
        properties.values_mut().for_each(as_object);
    }
    if let Some(items) = members.get_mut("items") {
        as_object(items);
    }
    members.values_mut().for_each(simplify);
}

fn as_object(schema: &mut Value) {
    if *schema == Value::Bool(true) {
        *schema = json!({});
    }
}

/// Returns the strings of a list of constants.
fn constants(list: &Value) -> Option<Value> {
    let constants = list.as_array()?.iter().map(|schema| schema.get("const")?.as_str());
    constants.collect::<Option<Vec<&str>>>().map(|strings| json!(strings))
}
