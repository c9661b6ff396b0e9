//! The connectors, their forms and their documentation.

use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use connector_host::{Action, Connector, PropertyTable, render};
use schemars::{JsonSchema, SchemaGenerator};
use serde::Serialize;
use serde_json::{Value, json};

use super::openapi::{Operation, text};
use super::problem::Problem;
use super::route::{AnyObject, Describe, GET, Route};
use super::{App, Shared, action, address, rendered};

pub fn routes() -> Vec<Route> {
    let connector = "/components/{name}/{version}";
    vec![
        Route::api("/components").on(GET, "listComponents", "Lists the connectors.", list),
        Route::api(connector).on(
            GET,
            "describe",
            "Returns the descriptor of a connector.",
            describe,
        ),
        Route::api(&format!("{connector}/docs")).on(
            GET,
            "docs",
            "Returns the documentation of a connector.",
            docs,
        ),
        Route::api(&format!("{connector}/connection/{{form}}"))
            .on(GET, "connection", "Returns the connection's {form}.", connection_form)
            .expand(each_form),
        Route::api(&format!("{connector}/actions/{{action}}/{{form}}"))
            .on(GET, "", "Returns the input's {form}.", action_form)
            .expand(each_form),
    ]
}

/// Expands an operation into one for each kind of form document.
fn each_form(operation: Operation, _: Option<&Action>) -> Vec<Operation> {
    let operations = FORMS.iter().map(|form| {
        let mut operation = operation.with_parameter("{form}", form.kind, form.name);
        operation.summary = operation.summary.replace("{form}", form.title);
        operation
    });
    operations.collect()
}

/// A document that describes a form.
struct Form {
    /// The last segment of its path.
    kind: &'static str,
    /// Its name in an operation id.
    name: &'static str,
    title: &'static str,
    render: fn(title: &str, description: &str, &PropertyTable) -> Value,
}

const FORMS: [Form; 3] = [
    Form {
        kind: "schema",
        name: "schema",
        title: "JSON Schema",
        render: |title, description, table| render::schema(title, description, table).to_value(),
    },
    Form {
        kind: "ui-schema",
        name: "uiSchema",
        title: "uiSchema for react-jsonschema-form",
        render: |_, _, table| render::ui_schema(table),
    },
    Form {
        kind: "json-forms",
        name: "jsonForms",
        title: "UI schema for JSON Forms",
        render: |_, _, table| render::json_forms(table),
    },
];

/// The connectors.
#[derive(Serialize, JsonSchema)]
struct ComponentList {
    components: Vec<Component>,
}

/// A connector.
#[derive(Serialize, JsonSchema)]
struct Component {
    /// The address, such as `openai/v1`.
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
    /// The address, such as `openai/v1/ask`.
    address: String,
}

async fn list(State(app): Shared) -> Json<ComponentList> {
    Json(ComponentList { components: app.connectors.values().map(summary).collect() })
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
) -> Result<Json<AnyObject>, Problem> {
    let describe = move |app: &App| Ok(json!(app.connector(&name, &version)?.descriptor()));
    rendered(app, describe).await.map(AnyObject).map(Json)
}

async fn docs(
    State(app): Shared,
    Path((name, version)): Path<(String, String)>,
) -> Result<Markdown, Problem> {
    let docs = move |app: &App| Ok(render::docs(app.connector(&name, &version)?.descriptor()));
    rendered(app, docs).await.map(Markdown)
}

struct Markdown(String);

impl IntoResponse for Markdown {
    fn into_response(self) -> Response {
        const MARKDOWN: HeaderValue = HeaderValue::from_static("text/markdown; charset=utf-8");
        ([(header::CONTENT_TYPE, MARKDOWN)], self.0).into_response()
    }
}

impl Describe for Markdown {
    fn describe(operation: &mut Operation, _: &mut SchemaGenerator) {
        operation.returns(StatusCode::OK, "text/markdown", text());
    }
}

async fn connection_form(
    State(app): Shared,
    Path((name, version, of)): Path<(String, String, String)>,
) -> Result<Json<AnyObject>, Problem> {
    let form = move |app: &App| {
        let definition = &app.connector(&name, &version)?.descriptor().connection;
        form(&of, &definition.title, "", &definition.properties)
    };
    rendered(app, form).await.map(AnyObject).map(Json)
}

async fn action_form(
    State(app): Shared,
    Path((name, version, of, kind)): Path<(String, String, String, String)>,
) -> Result<Json<AnyObject>, Problem> {
    let form = move |app: &App| {
        let action = action(app.connector(&name, &version)?, &of)?;
        form(&kind, &action.title, &action.description, &action.properties)
    };
    rendered(app, form).await.map(AnyObject).map(Json)
}

/// Renders a document that describes a form.
fn form(
    kind: &str,
    title: &str,
    description: &str,
    table: &PropertyTable,
) -> Result<Value, Problem> {
    match FORMS.iter().find(|form| form.kind == kind) {
        Some(form) => Ok((form.render)(title, description, table)),
        None => Err(Problem::not_found(format!(
            "unknown form `{kind}`; available: {}",
            FORMS.map(|form| form.kind).join(", ")
        ))),
    }
}
