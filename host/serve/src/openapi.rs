//! The description of the service, OpenAPI 3.1. Each action of each connector
//! is an operation of its own, with the input and output of its tables: an
//! engine that imports it has typed actions.
//!
//! Generators of clients skip operations that they do not understand, so its
//! schemas are plain (`render::openapi_input`).

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Json;
use axum::routing::{MethodRouter, get};
use connector_host::{Action, Connector};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::{API, App, Shared, address, problem};

/// A path: what serves it, and what the description says of it. The router and
/// the description are made of one list of them, so that neither has a path
/// that the other has not.
pub struct Route {
    /// With names in braces.
    pub path: String,
    /// What serves it.
    pub serve: MethodRouter<Arc<App>>,
    describe: Describe,
}

type Describe = fn(&mut Document<'_>, &str);

impl Route {
    /// A path of the API, below its root.
    pub fn api(path: &str, serve: MethodRouter<Arc<App>>, describe: Describe) -> Self {
        Self::root(&format!("{API}{path}"), serve, describe)
    }

    /// Any other path.
    pub fn root(path: &str, serve: MethodRouter<Arc<App>>, describe: Describe) -> Self {
        Self { path: path.to_owned(), serve, describe }
    }
}

pub fn routes() -> Vec<Route> {
    vec![Route::root("/openapi.json", get(document), |document, path| {
        let operation = Operation::new("openapi", "This description.").gives_json(object());
        document.add(path, "get", operation);
    })]
}

async fn document(State(app): Shared) -> Json<Value> {
    let mut document = Document::of(&app.connectors);
    for route in super::routes(app.settings.largest_file) {
        (route.describe)(&mut document, &route.path);
    }
    Json(document.end())
}

/// A description that is being written.
pub struct Document<'a> {
    connectors: &'a BTreeMap<String, Connector>,
    types: SchemaGenerator,
    paths: Map<String, Value>,
}

/// A path of a connector or of one of its actions.
pub struct Place<'a> {
    pub connector: &'a Connector,
    pub path: String,
    id: String,
}

impl<'a> Document<'a> {
    fn of(connectors: &'a BTreeMap<String, Connector>) -> Self {
        let mut settings = SchemaSettings::draft2020_12();
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
        Self { connectors, types: settings.into_generator(), paths: Map::new() }
    }

    /// The schema of a type that a handler reads or writes.
    pub fn schema<T: JsonSchema>(&mut self) -> Value {
        self.types.subschema_for::<T>().to_value()
    }

    /// The path for each connector.
    pub fn connectors(&self, path: &str) -> Vec<Place<'a>> {
        let places = self.connectors.values().map(|connector| {
            let address = address(connector);
            let path = path.replace("{name}/{version}", &address);
            Place { connector, path, id: address.replace('/', ".") }
        });
        places.collect()
    }

    /// The path for each action of each connector.
    pub fn actions(&self, path: &str) -> Vec<(Place<'a>, &'a Action)> {
        let connectors = self.connectors(path).into_iter();
        let places = connectors.flat_map(|Place { connector, path, id }| {
            connector.descriptor().actions.iter().map(move |action| {
                let path = path.replace("{action}", &action.name);
                (Place { connector, path, id: format!("{id}.{}", action.name) }, action)
            })
        });
        places.collect()
    }

    /// Adds an operation.
    pub fn add(&mut self, path: &str, method: &str, operation: Operation) {
        let problem = self.schema::<problem::Body<'_>>();
        let operation = operation.written(path, &problem);
        let item = self.paths.entry(path).or_insert_with(|| json!({}));
        if let Some(item) = item.as_object_mut() {
            item.insert(method.to_owned(), operation);
        }
    }

    fn end(mut self) -> Value {
        let mut schemas = self.types.take_definitions(true);
        // More exact than their types.
        schemas.insert("FileEntry".to_owned(), file_entry());
        schemas.insert("Outcome".to_owned(), outcome(output()));
        schemas.values_mut().for_each(simplify);
        self.paths.values_mut().for_each(simplify);
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
            "paths": self.paths,
            "components": {
                "schemas": schemas,
                "securitySchemes": { "apiKey": {
                    "type": "http", "scheme": "bearer",
                    "description": "The service's own key. Without one, only this machine is \
                                    served.",
                }},
            },
        })
    }
}

impl Place<'_> {
    /// An operation there. `name` is added to the id of the connector or
    /// action; an action's run has none.
    pub fn operation(&self, name: &str, summary: &str) -> Operation {
        let id = match name {
            "" => self.id.clone(),
            name => format!("{}.{name}", self.id),
        };
        let tag = self.connector.descriptor().title.clone();
        Operation { tag: Some(tag), ..Operation::new(&id, summary) }
    }
}

/// What is said of one method of a path.
pub struct Operation {
    id: String,
    summary: String,
    description: Option<String>,
    tag: Option<String>,
    parameters: Vec<Value>,
    body: Option<Value>,
    status: &'static str,
    content: Map<String, Value>,
}

impl Operation {
    /// An operation that answers with 200.
    pub fn new(id: &str, summary: &str) -> Self {
        Self {
            id: id.to_owned(),
            summary: summary.to_owned(),
            description: None,
            tag: None,
            parameters: Vec::new(),
            body: None,
            status: "200",
            content: Map::new(),
        }
    }

    /// More about it.
    pub fn about(self, description: &str) -> Self {
        Self { description: Some(description.to_owned()), ..self }
    }

    /// A query parameter or header.
    pub fn parameter(mut self, parameter: Value) -> Self {
        self.parameters.push(parameter);
        self
    }

    /// The body.
    pub fn takes(self, media: &str, schema: Value) -> Self {
        let content = json!({ media: { "schema": schema } });
        Self { body: Some(json!({ "required": true, "content": content })), ..self }
    }

    /// A JSON body.
    pub fn takes_json(self, schema: Value) -> Self {
        self.takes("application/json", schema)
    }

    /// What is answered when it goes well. Generators read the first kind.
    pub fn gives(mut self, media: &str, schema: Value) -> Self {
        self.content.insert(media.to_owned(), json!({ "schema": schema }));
        self
    }

    /// JSON, when it goes well.
    pub fn gives_json(self, schema: Value) -> Self {
        self.gives("application/json", schema)
    }

    /// Another status than 200, when it goes well.
    pub fn with_status(self, status: &'static str) -> Self {
        Self { status, ..self }
    }

    fn written(self, path: &str, problem: &Value) -> Value {
        let mut operation = Map::new();
        operation.insert("operationId".to_owned(), json!(self.id));
        operation.insert("summary".to_owned(), json!(self.summary));
        if let Some(description) = self.description {
            operation.insert("description".to_owned(), json!(description));
        }
        if let Some(tag) = self.tag {
            operation.insert("tags".to_owned(), json!([tag]));
        }
        let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        let in_path = names.map(|name| {
            json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } })
        });
        let parameters: Vec<Value> = in_path.chain(self.parameters).collect();
        if !parameters.is_empty() {
            operation.insert("parameters".to_owned(), json!(parameters));
        }
        if let Some(body) = self.body {
            operation.insert("requestBody".to_owned(), body);
        }
        let mut good = Map::from_iter([("description".to_owned(), json!("It went well."))]);
        if !self.content.is_empty() {
            good.insert("content".to_owned(), json!(self.content));
        }
        let bad = json!({
            "description": "A problem.",
            "content": { "application/problem+json": { "schema": problem } },
        });
        operation.insert("responses".to_owned(), json!({ self.status: good, "default": bad }));
        Value::Object(operation)
    }
}

/// Any object.
pub fn object() -> Value {
    json!({ "type": "object", "additionalProperties": true })
}

/// Text.
pub fn text() -> Value {
    json!({ "type": "string" })
}

/// The content of a file.
pub fn bytes() -> Value {
    json!({ "type": "string", "format": "binary" })
}

/// What a run returns, with this output.
pub fn outcome(output: Value) -> Value {
    json!({
        "type": "object",
        "required": ["output", "metadata"],
        "properties": {
            "output": output,
            "metadata": {
                "type": "object",
                "additionalProperties": true,
                "description": "`usage`, `model`, `requestId`, `attempts` and the like.",
            },
        },
    })
}

/// An output of which no table tells more.
pub fn output() -> Value {
    json!({
        "description": "What it is depends on the input: `output-schema` tells.",
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
        "description": "A handle to a file. Its `url` is what inputs carry.",
        "required": ["url"],
        "properties": { "extension": text, "mimeType": text, "name": text, "url": text },
    })
}

/// Writes schemas of types as generators understand them: a list of constants
/// as an enumeration, and a schema that admits everything as an object.
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

/// The texts of a list of constants.
fn constants(list: &Value) -> Option<Value> {
    let constants = list.as_array()?.iter().map(|schema| schema.get("const")?.as_str());
    constants.collect::<Option<Vec<&str>>>().map(|texts| json!(texts))
}
