//! Stored connections: creating, listing, replacing, deleting and using them.
//! Secrets are write-only: they are never returned.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::extract::{Extension, Json, Path, State};
use axum::http::StatusCode;
use axum::response::NoContent;
use connector_host::{
    Connection, ConnectionValues, Connector, Failure, FailureKind, PropertyTable,
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::body::{Body, FromBody};
use super::problem::Problem;
use super::route::{Created, DELETE, GET, POST, PUT, Route};
use super::{App, Caller, Shared, address, on_thread};
use crate::members::Members;
use connector_store::approval::{BindingError, binding, bound_connection, has_same_secrets};
use connector_store::{self as store, ConnectionRecord, Store, StoreError, StoredConnection};

pub fn routes() -> Vec<Route> {
    vec![
        Route::api("/connections")
            .on(GET, "listConnections", "Lists stored connections, without secrets.", list)
            .on(POST, "createConnection", "Stores a connection.", create),
        Route::api("/connections/{id}")
            .on(GET, "showConnection", "Returns a stored connection, without secrets.", show)
            .on(PUT, "replaceConnection", "Replaces a connection.", replace)
            .on(DELETE, "deleteConnection", "Deletes a connection.", remove),
    ]
}

/// The connection for a request: the name or ID of a stored one, or the values of
/// the connection's form for this request only.
#[derive(Default, JsonSchema)]
#[schemars(untagged, rename = "ConnectionChoice")]
pub enum ConnectionChoice {
    /// None, for connectors that need no credential.
    #[default]
    None,
    /// A stored connection.
    Stored(String),
    /// The values of a connection for this request.
    Inline(Map<String, Value>),
}

impl ConnectionChoice {
    /// Takes the `connection` member of a body.
    pub fn take(members: &mut Members) -> Result<Self, String> {
        const EXPECTED: &str = "`connection` must be the name or ID of a stored connection, or an object with connection values";
        match members.take("connection") {
            None => Ok(Self::None),
            Some(Value::String(id)) => Ok(Self::Stored(id)),
            Some(Value::Object(values)) => Ok(Self::Inline(values)),
            Some(_) => Err(EXPECTED.to_owned()),
        }
    }
}

/// The stored connections that were used, kept so that later runs reuse their
/// open sockets.
#[derive(Default)]
pub struct ConnectionCache(Mutex<HashMap<String, (Vec<u8>, Connection)>>);

impl ConnectionCache {
    /// Returns the connection that a request chose.
    pub fn resolve(
        &self,
        store: &Store,
        connector: &Connector,
        choice: ConnectionChoice,
        caller: &Caller,
    ) -> Result<Connection, Problem> {
        match choice {
            ConnectionChoice::None => {
                connector.connection(ConnectionValues::new()).map_err(|failure| {
                    let message = format!("{failure}; choose a connection");
                    Failure { message, ..failure }.into()
                })
            }
            ConnectionChoice::Inline(values) => Ok(connector.connection(values.into())?),
            ConnectionChoice::Stored(id) => self.stored(store, connector, &id, caller),
        }
    }

    fn stored(
        &self,
        store: &Store,
        connector: &Connector,
        id: &str,
        caller: &Caller,
    ) -> Result<Connection, Problem> {
        // Connections of different connectors may have the same name.
        let record = match store.find_connection(Some(&address(connector)), id)? {
            Some(record) => Some(record),
            None => store.find_connection(None, id)?,
        };
        let record = record.filter(|record| caller.may_use(record));
        let found = record.map(|record| store.connection(&record.id)).transpose()?.flatten();
        let stored = found.ok_or_else(|| no_connection(id))?;
        let record = &stored.record;
        if record.component != address(connector) {
            return Err(Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                format!("the connection belongs to {}", record.component),
            ));
        }
        let mut cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, connection)) = cache.get(&record.id)
            && *of == stored.revision
        {
            return Ok(connection.clone());
        }
        let connection = bound_connection(&stored, connector).map_err(|error| match error {
            BindingError::Elsewhere(detail) => {
                Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
            }
            BindingError::Values(failure) => failure.into(),
        })?;
        cache.insert(stored.record.id, (stored.revision, connection.clone()));
        Ok(connection)
    }

    fn forget(&self, id: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }
}

/// A connection to store.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct NewConnection {
    /// A display name.
    name: String,
    /// The connector's address, such as `openai/v1`.
    component: String,
    /// The values of the connection's form.
    values: Map<String, Value>,
}

/// The new content of a stored connection.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ConnectionReplacement {
    /// A display name.
    name: String,
    /// The values of the connection's form. An omitted secret is kept, unless
    /// the base URL, the proxy or the certificate authorities change.
    values: Map<String, Value>,
}

impl FromBody for NewConnection {
    const MEMBERS: &'static [&'static str] = &["name", "component", "values"];

    fn take(members: &mut Members) -> Result<Self, String> {
        Ok(Self {
            name: members.required_text("name")?,
            component: members.required_text("component")?,
            values: members.object("values")?,
        })
    }
}

impl FromBody for ConnectionReplacement {
    const MEMBERS: &'static [&'static str] = &["name", "values"];

    fn take(members: &mut Members) -> Result<Self, String> {
        Ok(Self { name: members.required_text("name")?, values: members.object("values")? })
    }
}

/// A stored connection, without secrets.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Connection")]
#[serde(rename_all = "camelCase")]
pub struct ShownConnection {
    id: String,
    name: String,
    /// The connector's address.
    component: String,
    /// The values that are not secret.
    values: Map<String, Value>,
    /// The secret properties that are set.
    secrets: Vec<String>,
    /// When it was created, RFC 3339.
    created_at: String,
    /// When it was last changed, RFC 3339.
    updated_at: String,
}

/// The stored connections.
#[derive(Serialize, JsonSchema)]
pub struct ConnectionList {
    connections: Vec<ShownConnection>,
}

/// Returns a stored connection without its secrets.
fn shown(app: &App, id: &str) -> Result<ShownConnection, Problem> {
    let StoredConnection { record, values, .. } =
        app.store.connection(id)?.ok_or_else(|| no_connection(id))?;
    let store::ShownValues { values, secrets } = values.shown(table_of(app, &record));
    let ConnectionRecord { id, name, component, created_at, updated_at, .. } = record;
    Ok(ShownConnection { id, name, component, values, secrets, created_at, updated_at })
}

/// Returns the property table for showing a stored connection. Returns `None`
/// if the set of secret values has changed since it was stored.
fn table_of<'a>(app: &'a App, record: &ConnectionRecord) -> Option<&'a PropertyTable> {
    let connector = app.connectors.get(&record.component);
    let connector = connector.filter(|connector| has_same_secrets(record, connector));
    connector.map(|connector| &connector.descriptor().connection.properties)
}

async fn list(
    State(app): Shared,
    Extension(caller): Extension<Caller>,
) -> Result<Json<ConnectionList>, Problem> {
    on_thread(move || {
        let records = app.store.connections()?;
        let connections = records.iter().filter(|record| caller.may_use(record));
        let connections = connections.map(|record| shown(&app, &record.id));
        Ok(Json(ConnectionList { connections: connections.collect::<Result<_, _>>()? }))
    })
    .await
}

async fn create(
    State(app): Shared,
    Extension(caller): Extension<Caller>,
    Body(NewConnection { name, component, values }): Body<NewConnection>,
) -> Result<Created<ShownConnection>, Problem> {
    may_change(&caller)?;
    on_thread(move || {
        let (connector, connection) = check(&app, &component, &values)?;
        let bound = binding(&connector, &connection);
        let added = app.store.add_connection(&name, &component, &values, &bound);
        let record = added.map_err(refused)?;
        Ok(Created(shown(&app, &record.id)?))
    })
    .await
}

async fn show(
    State(app): Shared,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<ShownConnection>, Problem> {
    on_thread(move || {
        let found = app.store.find_connection(None, &id)?;
        if !found.is_some_and(|record| caller.may_use(&record)) {
            return Err(no_connection(&id));
        }
        shown(&app, &id).map(Json)
    })
    .await
}

async fn replace(
    State(app): Shared,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Body(ConnectionReplacement { name, mut values }): Body<ConnectionReplacement>,
) -> Result<Json<ShownConnection>, Problem> {
    may_change(&caller)?;
    on_thread(move || {
        let StoredConnection { record, values: old, .. } =
            app.store.connection(&id)?.ok_or_else(|| no_connection(&id))?;
        let kept = old.keep_secrets(&mut values, table_of(&app, &record));
        let (connector, connection) = check(&app, &record.component, &values)?;
        let bound = binding(&connector, &connection);
        let before = connector.connection(old.connection_values());
        let is_bound = has_same_secrets(&record, &connector);
        for secret in &kept {
            let change = match &before {
                Ok(before) if is_bound => connection.destination_change(secret, before),
                _ => Some("the base URL"),
            };
            if let Some(change) = change {
                let message =
                    format!("`{secret}` must be entered again, because {change} has changed");
                return Err(Failure {
                    property: Some(secret.clone()),
                    ..Failure::new(FailureKind::InvalidInput, message)
                }
                .into());
            }
        }
        app.store.replace_connection(&record.id, &name, &values, &bound).map_err(refused)?;
        app.connections.forget(&record.id);
        shown(&app, &record.id).map(Json)
    })
    .await
}

async fn remove(
    State(app): Shared,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<NoContent, Problem> {
    may_change(&caller)?;
    on_thread(move || {
        app.connections.forget(&id);
        if !app.store.remove_connection(&id)? {
            return Err(no_connection(&id));
        }
        Ok(NoContent)
    })
    .await
}

fn may_change(caller: &Caller) -> Result<(), Problem> {
    if caller.may_change_connections() {
        return Ok(());
    }
    let detail = "this API key cannot change stored connections";
    Err(Problem::new(StatusCode::FORBIDDEN, detail))
}

/// Validates the values of a connection.
fn check(
    app: &App,
    component: &str,
    values: &Map<String, Value>,
) -> Result<(Connector, Connection), Problem> {
    let connector = component.split_once('/').map(|(name, version)| app.connector(name, version));
    let connector = connector.unwrap_or_else(|| app.connector(component, ""))?;
    let connection = connector.connection(ConnectionValues::from(values.clone()))?;
    Ok((connector.clone(), connection))
}

/// Reports a name that is taken or invalid as the caller's mistake.
fn refused(error: StoreError) -> Problem {
    match error {
        StoreError::NameTaken { .. } => Problem::new(StatusCode::CONFLICT, error.to_string()),
        StoreError::Name(_) => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()),
        error => error.into(),
    }
}

fn no_connection(id: &str) -> Problem {
    Problem::not_found(format!("connection `{}` not found", id.escape_debug()))
}
