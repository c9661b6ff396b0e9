//! What a stored connection is bound to: the secret properties, their places in
//! requests and the origin, as they were when it was stored. A component that
//! would send the secrets elsewhere does not get them, whatever its name.

use connector_host::{Connection, Connector, Failure};

use super::request::{keeps_places, place_of_secrets};
use crate::{Bound, ConnectionRecord, StoredConnection};

/// Returns the origin and the places that a component's connection is bound to.
pub fn binding(connector: &Connector, connection: &Connection) -> Bound {
    Bound {
        origin: connection.base_url().origin(),
        secrets_in: place_of_secrets(&connector.descriptor().connection),
    }
}

/// Whether the same values of a stored connection are secret, and go to the same
/// places, as when it was stored. If not, the component gets none of its values,
/// and none of them may be shown.
pub fn has_same_secrets(record: &ConnectionRecord, connector: &Connector) -> bool {
    let definition = &connector.descriptor().connection;
    record.bound.as_ref().is_some_and(|bound| keeps_places(&bound.secrets_in, definition))
}

/// Why a stored connection cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BindingError {
    /// The component would send its secrets elsewhere.
    #[error("{0}")]
    Elsewhere(String),
    /// Its values are invalid.
    #[error(transparent)]
    Values(#[from] Failure),
}

/// Makes a component's connection from a stored one.
///
/// # Errors
/// If its secrets would go elsewhere. This is checked first, so that no other
/// error reveals anything about the values.
pub fn bound_connection(
    stored: &StoredConnection,
    connector: &Connector,
) -> Result<Connection, BindingError> {
    let ConnectionRecord { name, component, .. } = &stored.record;
    let elsewhere = |why: String| BindingError::Elsewhere(format!("{why}; {}", hint(component)));
    let Some(bound) = &stored.record.bound else {
        return Err(elsewhere(format!(
            "the connection `{name}` for {component} was stored by an older version and is not \
             bound to an origin yet"
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
    if bound.origin == now.origin {
        Ok(connection)
    } else {
        Err(moved(&now.origin, &now.secrets_in))
    }
}

fn hint(component: &str) -> String {
    let name = component.split('/').next().unwrap_or(component);
    format!(
        "`connector trust {name}` shows the permissions it asks for and rebinds its connections"
    )
}
