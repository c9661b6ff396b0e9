//! What a stored connection is bound to: which of its values are secret, and the
//! origin and the place in requests to which they went when it was stored. A component that leads them
//! elsewhere does not get them, whatever it calls itself.

use connector_host::{Connection, Connector, Failure};

use super::request::place_of_secrets;
use crate::{Bound, ConnectionRecord, StoredConnection};

/// What a connection of a component is bound to.
pub fn binding(connector: &Connector, connection: &Connection) -> Bound {
    Bound {
        origin: connection.base_url().origin(),
        secrets_in: place_of_secrets(&connector.descriptor().connection),
    }
}

/// Whether the same values of a stored connection are secret, and go to the same
/// places, as when it was stored. If not, nothing of its values is for the
/// component, and none of them may be shown.
pub fn has_same_secrets(record: &ConnectionRecord, connector: &Connector) -> bool {
    let now = place_of_secrets(&connector.descriptor().connection);
    record.bound.as_ref().is_some_and(|bound| bound.secrets_in == now)
}

/// Why a stored connection is not made.
#[derive(Debug, thiserror::Error)]
pub enum BindingError {
    /// It is not this component's to use.
    #[error("{0}")]
    Elsewhere(String),
    /// Its values make no connection.
    #[error(transparent)]
    Values(#[from] Failure),
}

/// The connection of a component that was stored for it.
///
/// # Errors
/// If its secrets would go elsewhere. That is found before anything is said of
/// its values.
pub fn bound_connection(
    stored: &StoredConnection,
    connector: &Connector,
) -> Result<Connection, BindingError> {
    let ConnectionRecord { name, component, .. } = &stored.record;
    let elsewhere = |why: String| BindingError::Elsewhere(format!("{why}; {}", hint(component)));
    let Some(bound) = &stored.record.bound else {
        return Err(elsewhere(format!(
            "the connection `{name}` of {component} was stored by an older version and is bound \
             to no origin yet"
        )));
    };
    let moved = |origin: &str, secrets_in: &str| {
        elsewhere(format!(
            "the connection `{name}` was stored for {} in `{}`, and {component} would send it to \
             {origin} in `{secrets_in}`",
            bound.origin, bound.secrets_in
        ))
    };
    if !has_same_secrets(&stored.record, connector) {
        let definition = &connector.descriptor().connection;
        return Err(moved(&definition.base_url.origin(), &place_of_secrets(definition)));
    }
    let connection = connector.connection(stored.values.connection_values())?;
    let now = binding(connector, &connection);
    match *bound == now {
        true => Ok(connection),
        false => Err(moved(&now.origin, &now.secrets_in)),
    }
}

/// What to do about it.
fn hint(component: &str) -> String {
    let name = component.split('/').next().unwrap_or(component);
    format!("`connector trust {name}` shows what it asks for, and binds its connections anew")
}
