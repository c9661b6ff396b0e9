//! What there is: connectors, their forms and their documentation.

use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use connector_host::{Connector, PropertyTable, render};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::openapi::{Operation, Route, object, text};
use super::problem::Problem;
use super::{Shared, action, address};

pub fn routes() -> Vec<Route> {
    vec![
        Route::api("/components", get(list), |document, path| {
            let operation = Operation::new("listComponents", "Lists the connectors.");
            let list = document.schema::<List>();
            document.add(path, "get", operation.gives_json(list));
        }),
        Route::api("/components/{name}/{version}", get(describe), |document, path| {
            for place in document.connectors(path) {
                let operation = place.operation("describe", "The descriptor.");
                document.add(&place.path, "get", operation.gives_json(object()));
            }
        }),
        Route::api("/components/{name}/{version}/docs", get(docs), |document, path| {
            for place in document.connectors(path) {
                let operation = place.operation("docs", "The documentation.");
                document.add(&place.path, "get", operation.gives("text/markdown", text()));
            }
        }),
        Route::api(
            "/components/{name}/{version}/connection/{form}",
            get(connection_form),
            |document, path| {
                for place in document.connectors(path) {
                    for Form { kind, name, what, .. } in FORMS {
                        let name = format!("connection.{name}");
                        let summary = format!("The connection's {what}.");
                        let operation = place.operation(&name, &summary).gives_json(object());
                        document.add(&place.path.replace("{form}", kind), "get", operation);
                    }
                }
            },
        ),
        Route::api(
            "/components/{name}/{version}/actions/{action}/{form}",
            get(action_form),
            |document, path| {
                for (place, _) in document.actions(path) {
                    for Form { kind, name, what, .. } in FORMS {
                        let summary = format!("The input's {what}.");
                        let operation = place.operation(name, &summary).gives_json(object());
                        document.add(&place.path.replace("{form}", kind), "get", operation);
                    }
                }
            },
        ),
    ]
}

/// A document that describes a form.
struct Form {
    /// The last part of its path.
    kind: &'static str,
    /// The same in the id of an operation.
    name: &'static str,
    what: &'static str,
    render: fn(title: &str, description: &str, &PropertyTable) -> Value,
}

const FORMS: [Form; 3] = [
    Form {
        kind: "schema",
        name: "schema",
        what: "JSON Schema",
        render: |title, description, table| render::schema(title, description, table).to_value(),
    },
    Form {
        kind: "ui-schema",
        name: "uiSchema",
        what: "uiSchema for react-jsonschema-form",
        render: |_, _, table| render::ui_schema(table),
    },
    Form {
        kind: "json-forms",
        name: "jsonForms",
        what: "UI schema for JSON Forms",
        render: |_, _, table| render::json_forms(table),
    },
];

/// The connectors.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ComponentList")]
struct List {
    components: Vec<Component>,
}

/// A connector.
#[derive(Serialize, JsonSchema)]
struct Component {
    /// Such as `openai/v1`.
    address: String,
    name: String,
    version: u32,
    title: String,
    description: String,
    /// An SVG image.
    icon: Option<String>,
    categories: Vec<String>,
    actions: Vec<ComponentAction>,
}

/// An action of a connector.
#[derive(Serialize, JsonSchema)]
struct ComponentAction {
    name: String,
    title: String,
    description: String,
    /// Such as `openai/v1/ask`.
    address: String,
}

async fn list(State(app): Shared) -> Json<List> {
    Json(List { components: app.connectors.values().map(summary).collect() })
}

fn summary(connector: &Connector) -> Component {
    let descriptor = connector.descriptor().clone();
    let actions = descriptor.actions.iter().map(|action| ComponentAction {
        name: action.name.clone(),
        title: action.title.clone(),
        description: action.description.clone(),
        address: descriptor.address(action),
    });
    Component {
        address: address(connector),
        actions: actions.collect(),
        name: descriptor.name,
        version: descriptor.version,
        title: descriptor.title,
        description: descriptor.description,
        icon: descriptor.icon,
        categories: descriptor.categories,
    }
}

async fn describe(
    State(app): Shared,
    Path((name, version)): Path<(String, String)>,
) -> Result<Json<Value>, Problem> {
    Ok(Json(json!(app.connector(&name, &version)?.descriptor())))
}

async fn docs(
    State(app): Shared,
    Path((name, version)): Path<(String, String)>,
) -> Result<Response, Problem> {
    const MARKDOWN: HeaderValue = HeaderValue::from_static("text/markdown; charset=utf-8");
    let docs = render::docs(app.connector(&name, &version)?.descriptor());
    Ok(([(header::CONTENT_TYPE, MARKDOWN)], docs).into_response())
}

async fn connection_form(
    State(app): Shared,
    Path((name, version, of)): Path<(String, String, String)>,
) -> Result<Json<Value>, Problem> {
    let definition = &app.connector(&name, &version)?.descriptor().connection;
    form(&of, &definition.title, "", &definition.properties)
}

async fn action_form(
    State(app): Shared,
    Path((name, version, of, kind)): Path<(String, String, String, String)>,
) -> Result<Json<Value>, Problem> {
    let action = action(app.connector(&name, &version)?, &of)?;
    form(&kind, &action.title, &action.description, &action.properties)
}

/// A document that describes a form.
fn form(
    kind: &str,
    title: &str,
    description: &str,
    table: &PropertyTable,
) -> Result<Json<Value>, Problem> {
    match FORMS.iter().find(|form| form.kind == kind) {
        Some(form) => Ok(Json((form.render)(title, description, table))),
        None => Err(Problem::not_found(format!(
            "there is no form `{kind}`; there are: {}",
            FORMS.map(|form| form.kind).join(", ")
        ))),
    }
}
