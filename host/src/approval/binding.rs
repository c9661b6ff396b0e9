//! What a stored connection is bound to: which of its values are secret, and the
//! origin and the place in requests to which they went when it was stored. A component that leads them
//! elsewhere does not get them, whatever it calls itself.

use connector_host::{Connection, Connector};

use super::request::place_of_secrets;
use crate::store::{Bound, ConnectionRecord};

/// What a connection of a component is bound to.
pub fn binding(connector: &Connector, connection: &Connection) -> Bound {
    Bound {
        origin: connection.base_url().origin(),
        secrets_in: place_of_secrets(&connector.descriptor().connection),
    }
}

/// # Errors
/// Why a stored connection is not this component's to use, as a sentence.
pub fn check_binding(
    record: &ConnectionRecord,
    connector: &Connector,
    connection: &Connection,
) -> Result<(), String> {
    let ConnectionRecord { name, component, .. } = record;
    let Some(bound) = &record.bound else {
        return Err(format!(
            "the connection `{name}` of {component} was stored by an older version and is bound \
             to no origin yet"
        ));
    };
    let now = binding(connector, connection);
    if *bound == now {
        return Ok(());
    }
    Err(format!(
        "the connection `{name}` was stored for {} in `{}`, and {component} would send it to {} in \
         `{}`",
        bound.origin, bound.secrets_in, now.origin, now.secrets_in
    ))
}

/// What to do about it.
pub fn binding_hint(component: &str) -> String {
    let name = component.split('/').next().unwrap_or(component);
    format!("`connector trust {name}` shows what it asks for, and binds its connections anew")
}
