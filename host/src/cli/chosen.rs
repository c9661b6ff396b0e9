//! Which connection a command uses.

use connector_host::{Connection, ConnectionValues, Connector};

use super::args::Chosen;
use super::error::Error;
use crate::store::Store;

/// The connections of one command: a stored one, if one was chosen, and those
/// that the environment describes.
#[derive(Clone)]
pub struct Connections {
    stored: Option<(String, Connection)>,
}

impl Connections {
    /// Takes the chosen connection, which must be one of the connector, out of
    /// the store.
    pub fn new(connector: &Connector, chosen: &Chosen) -> Result<Self, Error> {
        let Some(wanted) = &chosen.connection else { return Ok(Self { stored: None }) };
        let component = component(connector);
        let store = Store::open_for_user(chosen.data_dir.as_deref())?;
        let found = store.find_connection(Some(&component), wanted)?;
        let record = found.ok_or_else(|| unknown(wanted, &format!(" of {component}")))?;
        if record.component != component {
            return Err(Error::usage(
                format!("`{wanted}` is a connection of {}, not of {component}", record.component),
                "`connector connection list` shows which there are",
            ));
        }
        let stored = store.connection(&record.id)?;
        let stored = stored.ok_or_else(|| unknown(wanted, &format!(" of {component}")))?;
        let connection = connector.connection(stored.values.connection_values())?;
        Ok(Self { stored: Some((component, connection)) })
    }

    /// The connection of a connector: the chosen one, else the one that the
    /// environment describes.
    pub fn of(&self, connector: &Connector) -> Result<Connection, Error> {
        if let Some((of, connection)) = &self.stored
            && *of == component(connector)
        {
            return Ok(connection.clone());
        }
        let definition = &connector.descriptor().connection;
        let lookup = |name: &str| std::env::var(name).ok();
        Ok(connector.connection(ConnectionValues::from_environment(definition, lookup))?)
    }
}

/// What stored connections belong to, such as `openai/v1`.
pub fn component(connector: &Connector) -> String {
    connector.descriptor().own_address()
}

/// There is no such stored connection.
pub fn unknown(wanted: &str, of: &str) -> Error {
    Error::usage(
        format!("there is no stored connection `{wanted}`{of}"),
        "`connector connection list` shows which there are",
    )
}
