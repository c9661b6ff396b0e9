//! Stored connections: made, listed, replaced, deleted, and used by their ids.
//! What is secret in them is written and never read.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Json, Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use connector_host::{Connection, ConnectionValues, Connector, Failure, PropertyTable};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::body::{Body, FromBody};
use super::problem::Problem;
use super::{App, Shared, address, on_thread};
use crate::members::Members;
use crate::store::{self, ConnectionRecord, Store, StoreError, StoredConnection};

pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/connections", get(list).post(create))
        .route("/connections/{id}", get(show).put(replace).delete(remove))
}

/// The connection of a call: the id of a stored one, or the values of the
/// connection's form for this call only.
#[derive(Default, JsonSchema)]
#[schemars(untagged)]
pub enum Chosen {
    /// None: for connectors that need no credential.
    #[default]
    None,
    /// A stored one.
    Stored(String),
    /// One for this call.
    Inline(Map<String, Value>),
}

impl Chosen {
    /// The member `connection` of a body.
    pub fn take(members: &mut Members) -> Result<Self, String> {
        const EXPECTED: &str = "`connection` must be the id of a stored connection, or an object with the values of one";
        match members.take("connection") {
            None => Ok(Self::None),
            Some(Value::String(id)) => Ok(Self::Stored(id)),
            Some(Value::Object(values)) => Ok(Self::Inline(values)),
            Some(_) => Err(EXPECTED.to_owned()),
        }
    }
}

/// The connections that were made of stored ones. Each keeps its sockets open
/// from one run to the next.
#[derive(Default)]
pub struct Made(Mutex<HashMap<String, (String, Connection)>>);

impl Made {
    /// The connection of a call.
    pub fn connection(
        &self,
        store: &Store,
        connector: &Connector,
        chosen: Chosen,
    ) -> Result<Connection, Problem> {
        match chosen {
            Chosen::None => connector.connection(ConnectionValues::new()).map_err(|failure| {
                let message = format!("{failure}; choose a connection");
                Failure { message, ..failure }.into()
            }),
            Chosen::Inline(values) => Ok(connector.connection(values.into())?),
            Chosen::Stored(id) => self.stored(store, connector, &id),
        }
    }

    fn stored(
        &self,
        store: &Store,
        connector: &Connector,
        id: &str,
    ) -> Result<Connection, Problem> {
        let StoredConnection { record, values } =
            store.connection(id)?.ok_or_else(|| no_connection(id))?;
        if record.component != address(connector) {
            return Err(Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                format!("the connection is one of {}", record.component),
            ));
        }
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((updated, connection)) = made.get(&record.id)
            && *updated == record.updated_at
        {
            return Ok(connection.clone());
        }
        let connection = connector.connection(values.connection_values())?;
        made.insert(record.id, (record.updated_at, connection.clone()));
        Ok(connection)
    }

    fn forget(&self, id: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }
}

/// A connection to be stored.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct New {
    /// What people call it.
    name: String,
    /// The connector's address, such as `openai/v1`.
    component: String,
    /// The values of the connection's form.
    values: Map<String, Value>,
}

/// What a stored connection becomes.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Replacement {
    /// What people call it.
    name: String,
    /// The values of the connection's form. A secret that is left out stays.
    values: Map<String, Value>,
}

impl FromBody for New {
    const MEMBERS: &'static [&'static str] = &["name", "component", "values"];

    fn take(members: &mut Members) -> Result<Self, String> {
        Ok(Self {
            name: members.required_text("name")?,
            component: members.required_text("component")?,
            values: members.object("values")?,
        })
    }
}

impl FromBody for Replacement {
    const MEMBERS: &'static [&'static str] = &["name", "values"];

    fn take(members: &mut Members) -> Result<Self, String> {
        Ok(Self { name: members.required_text("name")?, values: members.object("values")? })
    }
}

/// A stored connection, without what is secret.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    id: String,
    name: String,
    /// The connector's address.
    component: String,
    /// The values that are not secret.
    values: Map<String, Value>,
    /// The secret properties that are set.
    secrets: Vec<String>,
    /// When it was made, RFC 3339.
    created_at: String,
    /// When it was changed, RFC 3339.
    updated_at: String,
}

/// All of them.
#[derive(Serialize, JsonSchema)]
pub struct List {
    connections: Vec<Shown>,
}

/// What may be shown of a stored connection.
fn shown(app: &App, id: &str) -> Result<Shown, Problem> {
    let StoredConnection { record, values } =
        app.store.connection(id)?.ok_or_else(|| no_connection(id))?;
    let table = app.connectors.get(&record.component).map(table);
    let store::Shown { values, secrets } = values.shown(table);
    let ConnectionRecord { id, name, component, created_at, updated_at } = record;
    Ok(Shown { id, name, component, values, secrets, created_at, updated_at })
}

fn table(connector: &Connector) -> &PropertyTable {
    &connector.descriptor().connection.properties
}

async fn list(State(app): Shared) -> Result<Json<List>, Problem> {
    on_thread(move || {
        let records = app.store.connections()?;
        let connections = records.iter().map(|record| shown(&app, &record.id));
        Ok(Json(List { connections: connections.collect::<Result<_, _>>()? }))
    })
    .await
}

async fn create(
    State(app): Shared,
    Body(New { name, component, values }): Body<New>,
) -> Result<(StatusCode, Json<Shown>), Problem> {
    on_thread(move || {
        check(&app, &component, &values)?;
        let record = app.store.add_connection(&name, &component, &values).map_err(refused)?;
        Ok((StatusCode::CREATED, Json(shown(&app, &record.id)?)))
    })
    .await
}

async fn show(State(app): Shared, Path(id): Path<String>) -> Result<Json<Shown>, Problem> {
    on_thread(move || shown(&app, &id).map(Json)).await
}

async fn replace(
    State(app): Shared,
    Path(id): Path<String>,
    Body(Replacement { name, mut values }): Body<Replacement>,
) -> Result<Json<Shown>, Problem> {
    on_thread(move || {
        let StoredConnection { record, values: old } =
            app.store.connection(&id)?.ok_or_else(|| no_connection(&id))?;
        old.keep_secrets(&mut values, app.connectors.get(&record.component).map(table));
        check(&app, &record.component, &values)?;
        app.store.replace_connection(&record.id, &name, &values).map_err(refused)?;
        app.made.forget(&record.id);
        shown(&app, &record.id).map(Json)
    })
    .await
}

async fn remove(State(app): Shared, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    on_thread(move || {
        app.made.forget(&id);
        match app.store.remove_connection(&id)? {
            true => Ok(StatusCode::NO_CONTENT),
            false => Err(no_connection(&id)),
        }
    })
    .await
}

/// Refuses what no connection can be made of.
fn check(app: &App, component: &str, values: &Map<String, Value>) -> Result<(), Problem> {
    let connector = component.split_once('/').map(|(name, version)| app.connector(name, version));
    let connector = connector.unwrap_or_else(|| app.connector(component, ""))?;
    connector.connection(ConnectionValues::from(values.clone()))?;
    Ok(())
}

/// A name that is taken, or is none, is the caller's mistake.
fn refused(error: StoreError) -> Problem {
    match error {
        StoreError::NameTaken { .. } => Problem::new(StatusCode::CONFLICT, error.to_string()),
        StoreError::Name(_) => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()),
        error => error.into(),
    }
}

fn no_connection(id: &str) -> Problem {
    Problem::not_found(format!("there is no connection `{}`", id.escape_debug()))
}
