//! The description of the service, OpenAPI 3.1. Each action of each connector
//! is an operation of its own, with the input and output of its tables: an
//! engine that imports it has typed actions.

use axum::extract::State;
use axum::response::Json;
use connector_host::{Action, Connector, render};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::{API, Shared, address, asks, connections};

/// `/openapi.json`
pub async fn document(State(app): Shared) -> Json<Value> {
    Json(describe(app.connectors.values()))
}

fn describe<'a>(connectors: impl Iterator<Item = &'a Connector>) -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = "/components/schemas".into();
    settings.meta_schema = None;
    let mut types = Types(settings.into_generator());
    let mut paths = general(&mut types);
    for connector in connectors {
        for action in &connector.descriptor().actions {
            let path =
                format!("{API}/components/{}/actions/{}/run", address(connector), action.name);
            paths.insert(path, json!({ "post": operation(connector, action, &mut types) }));
        }
        for (path, item) in of_connector(connector, &mut types) {
            paths.insert(path, item);
        }
    }
    let mut schemas = types.0.take_definitions(true);
    schemas.insert("FileEntry".to_owned(), file_entry());
    schemas.insert("Problem".to_owned(), problem());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Connectors",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Runs the actions of connectors. Failures are problem details (RFC \
                            9457) with the failure record.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "security": [{}, { "apiKey": [] }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": { "apiKey": {
                "type": "http", "scheme": "bearer",
                "description": "The service's own key. Without one, only this machine is served.",
            }},
        },
    })
}

/// The schemas of the types that the handlers read and write.
struct Types(SchemaGenerator);

impl Types {
    fn of<T: JsonSchema>(&mut self) -> Value {
        self.0.subschema_for::<T>().to_value()
    }
}

/// One run of an action.
fn operation(connector: &Connector, action: &Action, types: &mut Types) -> Value {
    let descriptor = connector.descriptor();
    let output = match &action.output {
        Some(output) => plain(render::output_schema(output).to_value()),
        None => json!({ "description": "Depends on the input: `output-schema` tells." }),
    };
    let outcome = json!({
        "type": "object",
        "required": ["output", "metadata"],
        "properties": {
            "output": output,
            "metadata": { "type": "object", "description": "usage, model, requestId, attempts …" },
        },
    });
    let events = json!({
        "type": "string",
        "description": "Server-sent events: delta, progress, attempt, file, call, called; then \
                        result or failure.",
    });
    json!({
        "operationId": format!("{}.v{}.{}", descriptor.name, descriptor.version, action.name),
        "summary": action.title,
        "description": action.description,
        "tags": [descriptor.title],
        "parameters": [{
            "name": "Idempotency-Key", "in": "header", "required": false,
            "schema": { "type": "string", "minLength": 1, "maxLength": 255 },
            "description": "The same key and body get the first outcome instead of paying twice.",
        }],
        "requestBody": body(json!({
            "type": "object",
            "required": ["input"],
            "properties": {
                "input": plain(render::schema("", "", &action.properties).to_value()),
                "connection": types.of::<connections::Chosen>(),
            },
        })),
        "responses": responses("200", "The outcome.", json!({
            "application/json": { "schema": outcome },
            "text/event-stream": { "schema": events },
        })),
    })
}

/// What else there is of one connector.
fn of_connector(connector: &Connector, types: &mut Types) -> Vec<(String, Value)> {
    let base = format!("{API}/components/{}", address(connector));
    let id = |name: &str| format!("{}.{name}", address(connector).replace('/', "."));
    let tag = &connector.descriptor().title;
    let get = |name: &str, summary: &str, media: &str| {
        json!({ "get": {
            "operationId": id(name), "summary": summary, "tags": [tag],
            "responses": responses("200", summary, json!({ media: { "schema": {} } })),
        }})
    };
    let mut paths = vec![
        (base.clone(), get("describe", "The descriptor.", "application/json")),
        (format!("{base}/docs"), get("docs", "The documentation.", "text/markdown")),
        (
            format!("{base}/connection/schema"),
            get("connection.schema", "The connection's JSON Schema.", "application/json"),
        ),
        (
            format!("{base}/connection/test"),
            json!({ "post": {
                "operationId": id("connection.test"),
                "summary": "Makes the cheapest authorized call.", "tags": [tag],
                "requestBody": body(types.of::<asks::Test>()),
                "responses": responses("200", "What was reached.", json!({
                    "application/json": { "schema": types.of::<asks::Reached>() },
                })),
            }}),
        ),
    ];
    for action in &connector.descriptor().actions {
        let name = &action.name;
        let path = format!("{base}/actions/{name}");
        let schema = get(&format!("{name}.schema"), "The input's JSON Schema.", "application/json");
        paths.push((format!("{path}/schema"), schema));
        let post = |name: String, summary: &str, schema: Value| {
            json!({ "post": {
                "operationId": id(&name), "summary": summary, "tags": [tag],
                "requestBody": body(schema),
                "responses": responses("200", summary, json!({
                    "application/json": { "schema": {} },
                })),
            }})
        };
        let output = post(
            format!("{name}.outputSchema"),
            "The output's JSON Schema for this input.",
            types.of::<asks::SoFar>(),
        );
        paths.push((format!("{path}/output-schema"), output));
        for property in action.properties.iter() {
            if property.choices.as_ref().is_some_and(|choices| choices.dynamic.is_some()) {
                let options = post(
                    format!("{name}.options.{}", property.name),
                    "The current choices.",
                    types.of::<asks::Options>(),
                );
                paths.push((format!("{path}/options/{}", property.name), options));
            }
        }
    }
    paths
}

/// What belongs to no connector.
fn general(types: &mut Types) -> Map<String, Value> {
    let get = |id: &str, summary: &str, media: &str, schema: Value| {
        json!({
            "operationId": id, "summary": summary,
            "responses": responses("200", summary, json!({ media: { "schema": schema } })),
        })
    };
    let file = json!({ "$ref": "#/components/schemas/FileEntry" });
    let connection = types.of::<connections::Shown>();
    let one = json!([{
        "name": "id", "in": "path", "required": true, "schema": { "type": "string" },
    }]);
    let gone = responses("204", "It is gone.", Value::Null);
    let status = json!({ "type": "object", "properties": { "status": { "const": "ok" } } });
    let paths = json!({
        format!("{API}/components"): {
            "get": get("listComponents", "The connectors.", "application/json", json!({})),
        },
        format!("{API}/connections"): {
            "get": get("listConnections", "The stored connections, without secrets.",
                "application/json", types.of::<connections::List>()),
            "post": {
                "operationId": "createConnection", "summary": "Stores a connection.",
                "requestBody": body(types.of::<connections::New>()),
                "responses": responses("201", "It is stored.", json!({
                    "application/json": { "schema": connection },
                })),
            },
        },
        format!("{API}/connections/{{id}}"): {
            "parameters": one,
            "get": get("showConnection", "A stored connection, without secrets.",
                "application/json", connection.clone()),
            "put": {
                "operationId": "replaceConnection",
                "summary": "Replaces a stored connection. A secret that is left out stays.",
                "requestBody": body(types.of::<connections::Replacement>()),
                "responses": responses("200", "It is replaced.", json!({
                    "application/json": { "schema": connection },
                })),
            },
            "delete": { "operationId": "deleteConnection", "summary": "Deletes a connection.",
                "responses": gone },
        },
        format!("{API}/files"): { "post": {
            "operationId": "uploadFile", "summary": "Stores a file.",
            "parameters": [{
                "name": "name", "in": "query", "required": true, "schema": { "type": "string" },
                "description": "The file's name; its extension says what it is.",
            }],
            "requestBody": { "required": true, "content": { "application/octet-stream": {} } },
            "responses": responses("201", "Its handle, for inputs.", json!({
                "application/json": { "schema": file },
            })),
        }},
        format!("{API}/files/{{id}}"): {
            "parameters": one,
            "get": get("fetchFile", "The content; ranges are served.",
                "application/octet-stream", json!({})),
            "delete": { "operationId": "deleteFile", "summary": "Deletes a file.",
                "responses": gone },
        },
        "/health/live": { "get": get("live", "It lives.", "application/json", status.clone()) },
        "/health/ready": { "get": get("ready", "It takes runs.", "application/json", status) },
        "/metrics": { "get": get("metrics", "Figures for Prometheus.", "text/plain", json!({
            "type": "string",
        }))},
    });
    match paths {
        Value::Object(paths) => paths,
        _ => Map::new(),
    }
}

fn body(schema: Value) -> Value {
    json!({ "required": true, "content": { "application/json": { "schema": schema } } })
}

/// What is answered when it goes well, and the problem for when it does not.
fn responses(status: &str, description: &str, content: Value) -> Value {
    let good = match content {
        Value::Null => json!({ "description": description }),
        content => json!({ "description": description, "content": content }),
    };
    json!({
        status: good,
        "default": {
            "description": "A problem.",
            "content": { "application/problem+json": {
                "schema": { "$ref": "#/components/schemas/Problem" },
            }},
        },
    })
}

/// A schema inside the document, which has a dialect already.
fn plain(mut schema: Value) -> Value {
    if let Some(schema) = schema.as_object_mut() {
        schema.remove("$schema");
    }
    schema
}

fn file_entry() -> Value {
    let text = json!({ "type": "string" });
    json!({
        "type": "object",
        "description": "A handle to a file. Its `url` is what inputs carry.",
        "required": ["url"],
        "properties": { "extension": text, "mimeType": text, "name": text, "url": text },
    })
}

fn problem() -> Value {
    let text = json!({ "type": "string" });
    json!({
        "type": "object",
        "description": "Problem details (RFC 9457).",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": text, "title": text, "status": { "type": "integer" }, "detail": text,
            "failure": {
                "type": "object",
                "description": "The failure of a run.",
                "required": ["kind", "message", "requestSent"],
                "properties": {
                    "kind": text,
                    "message": text,
                    "property": { "type": "string", "description": "Such as messages[0].role." },
                    "violations": {
                        "type": "array",
                        "description": "All that is wrong with an input, if it is more than one \
                                        thing.",
                        "items": {
                            "type": "object",
                            "required": ["property", "message"],
                            "properties": { "property": text, "message": text },
                        },
                    },
                    "status": { "type": "integer", "description": "The provider's status." },
                    "code": text,
                    "requestId": text,
                    "retryAfterMs": { "type": "integer" },
                    "requestSent": {
                        "type": "boolean",
                        "description": "Whether the provider may have been reached.",
                    },
                    "detail": text,
                },
            },
        },
    })
}
