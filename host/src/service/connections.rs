//! Stored connections: made, listed, replaced, deleted, and used by their ids.
//! What is secret in them is written and never read.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Json, Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use connector_host::{Connection, ConnectionValues, Connector};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::problem::Problem;
use super::{App, Shared, address};
use crate::store::{ConnectionRecord, Store, StoreError};

pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/connections", get(list).post(create))
        .route("/connections/{id}", get(show).put(replace).delete(remove))
}

/// The connection of a call: the id of a stored one, or the values of the
/// connection's form for this call only.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Chosen {
    /// None: for connectors that need no credential.
    #[default]
    None,
    /// A stored one.
    Stored(String),
    /// One for this call.
    Inline(Map<String, Value>),
}

/// The connections that were made of stored ones. Each keeps its sockets open
/// from one run to the next.
#[derive(Default)]
pub struct Made(Mutex<HashMap<String, (i64, Connection)>>);

impl Made {
    /// The connection of a call.
    pub fn connection(
        &self,
        store: &Store,
        connector: &Connector,
        chosen: Chosen,
    ) -> Result<Connection, Problem> {
        let values = match chosen {
            Chosen::None => Map::new(),
            Chosen::Inline(values) => values,
            Chosen::Stored(id) => return self.stored(store, connector, &id),
        };
        Ok(connector.connection(values.into())?)
    }

    fn stored(
        &self,
        store: &Store,
        connector: &Connector,
        id: &str,
    ) -> Result<Connection, Problem> {
        let record = store.connection(id)?.ok_or_else(|| no_connection(id))?;
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
        let connection = connector.connection(record.values.clone().into())?;
        made.insert(record.id, (record.updated_at, connection.clone()));
        Ok(connection)
    }

    fn forget(&self, id: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }
}

/// A connection to be stored.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct New {
    /// What people call it.
    name: String,
    /// The connector's address, such as `openai/v1`.
    component: String,
    /// The values of the connection's form.
    values: Map<String, Value>,
}

/// What a stored connection becomes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Replacement {
    /// What people call it.
    name: String,
    /// The values of the connection's form. A secret that is left out stays.
    values: Map<String, Value>,
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
    /// When it was made, in seconds since 1970.
    created_at: i64,
    /// When it was changed.
    updated_at: i64,
}

/// All of them.
#[derive(Serialize, JsonSchema)]
pub struct List {
    connections: Vec<Shown>,
}

/// A record without its secrets. All values of a connector that is not there
/// are taken for secret.
fn shown(app: &App, record: ConnectionRecord) -> Shown {
    let connector = app.connectors.get(&record.component);
    let is_plain = |name: &str| {
        let table = connector.map(|connector| &connector.descriptor().connection.properties);
        let mut rows = table.into_iter().flatten();
        rows.any(|property| property.name == name && !property.secret)
    };
    let (plain, secret): (Map<_, _>, Map<_, _>) =
        record.values.into_iter().partition(|(name, _)| is_plain(name));
    Shown {
        id: record.id,
        name: record.name,
        component: record.component,
        values: plain,
        secrets: secret.into_iter().map(|(name, _)| name).collect(),
        created_at: record.created_at,
        updated_at: record.updated_at,
    }
}

async fn list(State(app): Shared) -> Result<Json<List>, Problem> {
    let records = app.store.connections()?;
    Ok(Json(List { connections: records.into_iter().map(|record| shown(&app, record)).collect() }))
}

async fn create(
    State(app): Shared,
    body: Result<Json<New>, JsonRejection>,
) -> Result<(StatusCode, Json<Shown>), Problem> {
    let Json(New { name, component, values }) = body?;
    check(&app, &component, &values)?;
    let record = app.store.add_connection(&name, &component, &values).map_err(refused)?;
    Ok((StatusCode::CREATED, Json(shown(&app, record))))
}

async fn show(State(app): Shared, Path(id): Path<String>) -> Result<Json<Shown>, Problem> {
    let record = app.store.connection(&id)?.ok_or_else(|| no_connection(&id))?;
    Ok(Json(shown(&app, record)))
}

async fn replace(
    State(app): Shared,
    Path(id): Path<String>,
    body: Result<Json<Replacement>, JsonRejection>,
) -> Result<Json<Shown>, Problem> {
    let Json(Replacement { name, mut values }) = body?;
    let old = app.store.connection(&id)?.ok_or_else(|| no_connection(&id))?;
    let secrets = shown(&app, old.clone()).secrets;
    for (name, value) in old.values {
        if secrets.contains(&name) && !values.contains_key(&name) {
            values.insert(name, value);
        }
    }
    check(&app, &old.component, &values)?;
    let replaced = app.store.replace_connection(&old.id, &name, &values).map_err(refused)?;
    app.made.forget(&old.id);
    Ok(Json(shown(&app, replaced.ok_or_else(|| no_connection(&id))?)))
}

async fn remove(State(app): Shared, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    app.made.forget(&id);
    match app.store.remove_connection(&id)? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(no_connection(&id)),
    }
}

/// Refuses what no connection can be made of.
fn check(app: &App, component: &str, values: &Map<String, Value>) -> Result<(), Problem> {
    let connector = component.split_once('/').map(|(name, version)| app.connector(name, version));
    let connector = connector.unwrap_or_else(|| app.connector(component, ""))?;
    connector.connection(ConnectionValues::from(values.clone()))?;
    Ok(())
}

/// A name that is taken or none at all is the caller's mistake.
fn refused(error: StoreError) -> Problem {
    error.into()
}

fn no_connection(id: &str) -> Problem {
    Problem::not_found(format!("there is no connection `{}`", id.escape_debug()))
}
