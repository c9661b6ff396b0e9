//! Queries from forms about an action or a connection.

use std::sync::Arc;

use axum::extract::{Extension, Json, Path, State};
use connector_host::{Action, Cancellation, Connector, OptionList};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::body::{Body, FromBody};
use super::connections::ConnectionChoice;
use super::openapi::Operation;
use super::problem::Problem;
use super::route::{AnyObject, POST, Route};
use super::{App, Caller, Shared, action, on_thread};
use crate::members::Members;

pub fn routes() -> Vec<Route> {
    let connection = "/components/{name}/{version}/connection";
    let action = "/components/{name}/{version}/actions/{action}";
    vec![
        Route::api(&format!("{connection}/test")).on(
            POST,
            "connection.test",
            "Tests the connection with a cheap authorized request.",
            test,
        ),
        Route::api(&format!("{action}/output-schema")).on(
            POST,
            "outputSchema",
            "The output's JSON Schema for this input.",
            output_schema,
        ),
        Route::api(&format!("{action}/options/{{property}}"))
            .on(POST, "options", "The current options of a property.", options)
            .expand(each_property),
    ]
}

/// Expands an operation into one for each property with dynamic options.
fn each_property(operation: Operation, action: Option<&Action>) -> Vec<Operation> {
    let properties = action.into_iter().flat_map(|action| action.properties.iter());
    let with_options = properties.filter(|property| {
        property.choices.as_ref().is_some_and(|choices| choices.dynamic.is_some())
    });
    let operations = with_options
        .map(|property| operation.with_parameter("{property}", &property.name, &property.name));
    operations.collect()
}

/// A connection to test.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Test {
    /// The connection.
    #[schemars(default)]
    connection: ConnectionChoice,
}

/// The result of a successful connection test.
#[derive(Serialize, JsonSchema)]
pub struct Reached {
    /// A sentence about what was reached.
    message: String,
}

/// An input.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct SoFar {
    /// The input.
    #[schemars(default)]
    input: Map<String, Value>,
}

/// A query for the current options of a property.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Options {
    /// The properties filled in so far.
    #[schemars(default)]
    input: Map<String, Value>,
    /// The connection.
    #[schemars(default)]
    connection: ConnectionChoice,
    /// The text that the user typed.
    search: Option<String>,
}

impl FromBody for Test {
    const MEMBERS: &'static [&'static str] = &["connection"];

    fn take(members: &mut Members) -> Result<Self, String> {
        Ok(Self { connection: ConnectionChoice::take(members)? })
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
            connection: ConnectionChoice::take(members)?,
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
    let message = query(Arc::clone(&app), connector, move |connector| {
        let connection = app.connections.resolve(&app.store, connector, connection, &caller)?;
        Ok(connector.test(&connection)?)
    });
    Ok(Json(Reached { message: message.await? }))
}

async fn output_schema(
    State(app): Shared,
    Path((name, version, of)): Path<(String, String, String)>,
    Body(SoFar { input }): Body<SoFar>,
) -> Result<Json<AnyObject>, Problem> {
    let connector = app.connector(&name, &version)?.clone();
    action(&connector, &of)?;
    let schema = query(app, connector, move |connector| {
        Ok(connector.output_schema(&of, Value::Object(input))?)
    });
    Ok(Json(AnyObject(schema.await?)))
}

async fn options(
    State(app): Shared,
    Extension(caller): Extension<Caller>,
    Path((name, version, of, property)): Path<(String, String, String, String)>,
    Body(Options { input, connection, search }): Body<Options>,
) -> Result<Json<OptionList>, Problem> {
    let connector = app.connector(&name, &version)?.clone();
    action(&connector, &of)?;
    let list = query(Arc::clone(&app), connector, move |connector| {
        // Without a connection, the form shows why it has no options.
        let connection = match app.connections.resolve(&app.store, connector, connection, &caller) {
            Ok(connection) => connection,
            Err(problem) => return Ok(disabled(problem)),
        };
        let input = Value::Object(input);
        Ok(connector.options(&connection, &of, &property, &input, search.as_deref())?)
    });
    list.await.map(Json)
}

/// Queries a connector. Dropping the future stops the query.
async fn query<T: Send + 'static>(
    app: Arc<App>,
    connector: Connector,
    ask: impl FnOnce(&Connector) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let slot = app.queries.enter().await?;
    let cancellation = Cancellation::default();
    let connector = connector.queries_stopped_by(&cancellation);
    let _stop = cancellation.cancel_on_drop();
    let answer = on_thread(move || {
        let _slot = slot;
        ask(&connector)
    });
    answer.await
}

fn disabled(problem: Problem) -> OptionList {
    OptionList {
        disabled: true,
        placeholder: Some(problem.detail()),
        options: Vec::new(),
        more: false,
    }
}
