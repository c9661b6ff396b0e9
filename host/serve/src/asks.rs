//! What forms ask about an action or a connection.

use axum::extract::{Extension, Json, Path, State};
use axum::routing::post;
use connector_host::{OptionList, Property};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::body::{Body, FromBody};
use super::connections::Chosen;
use super::openapi::{Route, object};
use super::problem::Problem;
use super::{Caller, Shared, action, on_thread};
use crate::members::Members;

pub fn routes() -> Vec<Route> {
    vec![
        Route::api("/components/{name}/{version}/connection/test", post(test), |document, path| {
            let (body, reached) = (document.schema::<Test>(), document.schema::<Reached>());
            for place in document.connectors(path) {
                let operation = place
                    .operation("connection.test", "Makes the cheapest authorized call.")
                    .takes_json(body.clone())
                    .gives_json(reached.clone());
                document.add(&place.path, "post", operation);
            }
        }),
        Route::api(
            "/components/{name}/{version}/actions/{action}/output-schema",
            post(output_schema),
            |document, path| {
                let body = document.schema::<SoFar>();
                for (place, _) in document.actions(path) {
                    let operation = place
                        .operation("outputSchema", "The output's JSON Schema for this input.")
                        .takes_json(body.clone())
                        .gives_json(object());
                    document.add(&place.path, "post", operation);
                }
            },
        ),
        Route::api(
            "/components/{name}/{version}/actions/{action}/options/{property}",
            post(options),
            |document, path| {
                let body = document.schema::<Options>();
                let list = document.schema::<OptionList>();
                for (place, action) in document.actions(path) {
                    let has_options = |property: &&Property| {
                        property.choices.as_ref().is_some_and(|choices| choices.dynamic.is_some())
                    };
                    for Property { name, .. } in action.properties.iter().filter(has_options) {
                        let operation = place
                            .operation(&format!("options.{name}"), "The current choices.")
                            .takes_json(body.clone())
                            .gives_json(list.clone());
                        document.add(&place.path.replace("{property}", name), "post", operation);
                    }
                }
            },
        ),
    ]
}

/// A connection to be tested.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Test {
    /// The connection.
    #[schemars(default)]
    connection: Chosen,
}

/// What was reached.
#[derive(Serialize, JsonSchema)]
pub struct Reached {
    /// One sentence.
    message: String,
}

/// The input, as far as it is filled in.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct SoFar {
    #[schemars(default)]
    input: Map<String, Value>,
}

/// Asks for the current choices of a property.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Options {
    /// What is filled in so far.
    #[schemars(default)]
    input: Map<String, Value>,
    /// The connection.
    #[schemars(default)]
    connection: Chosen,
    /// What was typed.
    search: Option<String>,
}

impl FromBody for Test {
    const MEMBERS: &'static [&'static str] = &["connection"];

    fn take(members: &mut Members) -> Result<Self, String> {
        Ok(Self { connection: Chosen::take(members)? })
    }
}

impl FromBody for SoFar {
    const MEMBERS: &'static [&'static str] = &["input"];

    fn take(members: &mut Members) -> Result<Self, String> {
        Ok(Self { input: members.object("input")? })
    }
}

impl FromBody for Options {
    const MEMBERS: &'static [&'static str] = &["input", "connection", "search"];

    fn take(members: &mut Members) -> Result<Self, String> {
        Ok(Self {
            input: members.object("input")?,
            connection: Chosen::take(members)?,
            search: members.text("search")?,
        })
    }
}

async fn test(
    State(app): Shared,
    Extension(caller): Extension<Caller>,
    Path((name, version)): Path<(String, String)>,
    Body(Test { connection }): Body<Test>,
) -> Result<Json<Reached>, Problem> {
    let connector = app.connector(&name, &version)?.clone();
    let place = app.questions.enter().await?;
    let message = on_thread(move || {
        let _place = place;
        let connection = app.made.connection(&app.store, &connector, connection, &caller)?;
        Ok(connector.test(&connection)?)
    });
    Ok(Json(Reached { message: message.await? }))
}

async fn output_schema(
    State(app): Shared,
    Path((name, version, of)): Path<(String, String, String)>,
    Body(SoFar { input }): Body<SoFar>,
) -> Result<Json<Value>, Problem> {
    let connector = app.connector(&name, &version)?.clone();
    action(&connector, &of)?;
    let place = app.questions.enter().await?;
    let schema = on_thread(move || {
        let _place = place;
        Ok(connector.output_schema(&of, Value::Object(input))?)
    });
    schema.await.map(Json)
}

async fn options(
    State(app): Shared,
    Extension(caller): Extension<Caller>,
    Path((name, version, of, property)): Path<(String, String, String, String)>,
    Body(Options { input, connection, search }): Body<Options>,
) -> Result<Json<OptionList>, Problem> {
    let connector = app.connector(&name, &version)?.clone();
    action(&connector, &of)?;
    let place = app.questions.enter().await?;
    let list = on_thread(move || {
        let _place = place;
        // A form without a connection shows why there is no list.
        let connection = match app.made.connection(&app.store, &connector, connection, &caller) {
            Ok(connection) => connection,
            Err(problem) => return Ok(disabled(problem)),
        };
        let input = Value::Object(input);
        Ok(connector.options(&connection, &of, &property, &input, search.as_deref())?)
    });
    list.await.map(Json)
}

fn disabled(problem: Problem) -> OptionList {
    OptionList { disabled: true, placeholder: Some(problem.detail()), options: Vec::new() }
}
