//! What there is: connectors, their forms and their documentation.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use connector_host::{Connector, PropertyTable, render};
use serde_json::{Value, json};

use super::problem::Problem;
use super::{App, Shared, action, address};

pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/components", get(list))
        .route("/components/{name}/{version}", get(describe))
        .route("/components/{name}/{version}/docs", get(docs))
        .route("/components/{name}/{version}/connection/{form}", get(connection_form))
        .route("/components/{name}/{version}/actions/{action}/{form}", get(action_form))
}

async fn list(State(app): Shared) -> Json<Value> {
    let components: Vec<Value> = app.connectors.values().map(summary).collect();
    Json(json!({ "components": components }))
}

fn summary(connector: &Connector) -> Value {
    let descriptor = connector.descriptor();
    let actions: Vec<Value> = descriptor
        .actions
        .iter()
        .map(|action| {
            json!({
                "name": action.name,
                "title": action.title,
                "description": action.description,
                "address": descriptor.address(action),
            })
        })
        .collect();
    json!({
        "address": address(connector),
        "name": descriptor.name,
        "version": descriptor.version,
        "title": descriptor.title,
        "description": descriptor.description,
        "icon": descriptor.icon,
        "categories": descriptor.categories,
        "actions": actions,
    })
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
    match kind {
        "schema" => Ok(Json(render::schema(title, description, table).to_value())),
        "ui-schema" => Ok(Json(render::ui_schema(table))),
        "json-forms" => Ok(Json(render::json_forms(table))),
        other => Err(Problem::not_found(format!(
            "there is no form `{other}`; there are: schema, ui-schema, json-forms"
        ))),
    }
}
