//! Which connection a command uses.

use std::env::VarError;

use connector_host::{
    Connection, ConnectionValues, Connector, Definition, Failure, FailureKind, Property,
    PropertyType,
};
use connector_store::approval::{BindingError, bound_connection};
use connector_store::{ConnectionRecord, Store};

use super::args::Chosen;
use super::components::Approved;
use super::error::Error;

/// The placeholder for secrets in a replayed run.
const NOT_SENT: &str = "not-sent-in-a-replay";

/// The connections of one command: stored ones, if some were chosen, and those
/// that the environment describes.
#[derive(Clone)]
pub struct Connections {
    stored: Vec<(String, Connection)>,
    /// Whether nothing is sent, so that no secret is needed.
    replays: bool,
}

impl Connections {
    /// None of the store.
    pub fn none() -> Self {
        Self { stored: Vec::new(), replays: false }
    }

    /// Those of a run that is replayed: secrets may be missing.
    pub fn replaying(self) -> Self {
        Self { replays: true, ..self }
    }

    /// Takes the chosen connection, which must be one of the connector, out of
    /// the store.
    pub fn new(connector: &Connector, chosen: &Chosen) -> Result<Self, Error> {
        let Some(wanted) = &chosen.connection else { return Ok(Self::none()) };
        let component = component(connector);
        let store = Store::open_for_user(chosen.data_dir.as_deref())?;
        let found = store.find_connection(Some(&component), wanted)?;
        let record = found.ok_or_else(|| unknown(wanted, &format!(" of {component}")))?;
        Ok(Self { stored: vec![taken(&store, connector, &record)?], ..Self::none() })
    }

    /// Takes chosen connections of several connectors out of the store.
    pub fn of_several(
        store: &Store,
        approved: &[Approved],
        chosen: &[String],
    ) -> Result<Self, Error> {
        let stored = chosen.iter().map(|wanted| {
            let record = store.find_connection(None, wanted)?.ok_or_else(|| unknown(wanted, ""))?;
            let of = |approved: &&Approved| component(&approved.connector) == record.component;
            let approved = approved.iter().find(of).ok_or_else(|| {
                Error::usage(
                    format!(
                        "`{wanted}` is a connection of {}, and there is no such connector",
                        record.component
                    ),
                    "`connector list` lists the connectors",
                )
            })?;
            taken(store, &approved.connector, &record)
        });
        Ok(Self { stored: stored.collect::<Result<_, Error>>()?, ..Self::none() })
    }

    /// The connection of a connector: the chosen one, else the one that the
    /// environment describes.
    pub fn of(&self, approved: &Approved) -> Result<Connection, Error> {
        let connector = &approved.connector;
        let component = component(connector);
        if let Some((_, connection)) = self.stored.iter().find(|(of, _)| *of == component) {
            return Ok(connection.clone());
        }
        let definition = &connector.descriptor().connection;
        for variable in &definition.environment {
            if let Some(Err(VarError::NotUnicode(_))) = approved.variable(&variable.name) {
                let message = format!("${} is not valid UTF-8", variable.name);
                return Err(Error::Usage { message, hint: None });
            }
        }
        let lookup = |name: &str| approved.variable(name)?.ok();
        let mut values = ConnectionValues::from_environment(definition, lookup);
        if self.replays {
            let secrets = definition.properties.iter().filter(|row| row.secret);
            for Property { name, .. } in secrets.filter(|row| row.kind == PropertyType::String) {
                values = values.set(name, NOT_SENT);
            }
        }
        connector.connection(values).map_err(|failure| {
            let hints = variable_of(definition, &failure).map(|variable| {
                match approved.variable(variable) {
                    // Without a grant, setting it would not help.
                    None => format!(
                        "--env {variable} lets this component have that variable, or choose a \
                         connection with --connection"
                    ),
                    Some(_) => {
                        format!("set {variable} or choose a connection with --connection")
                    }
                }
            });
            Error::Failure { hints: hints.into_iter().collect(), failure }
        })
    }
}

/// The environment variable of a credential that is missing.
fn variable_of<'a>(definition: &'a Definition, failure: &Failure) -> Option<&'a str> {
    let property =
        failure.property.as_ref().filter(|_| failure.kind == FailureKind::Unauthorized)?;
    let mut bindings = definition.environment.iter();
    bindings.find(|binding| binding.property == *property).map(|binding| binding.name.as_str())
}

/// A stored connection and what it belongs to.
fn taken(
    store: &Store,
    connector: &Connector,
    record: &ConnectionRecord,
) -> Result<(String, Connection), Error> {
    let component = component(connector);
    if record.component != component {
        return Err(Error::usage(
            format!(
                "`{}` is a connection of {}, not of {component}",
                record.name, record.component
            ),
            "`connector connection list` lists them",
        ));
    }
    let stored = store.connection(&record.id)?;
    let stored = stored.ok_or_else(|| unknown(&record.name, &format!(" of {component}")))?;
    let connection = bound_connection(&stored, connector).map_err(|error| match error {
        BindingError::Elsewhere(message) => Error::Usage { message, hint: None },
        BindingError::Values(failure) => failure.into(),
    })?;
    Ok((component, connection))
}

/// What stored connections belong to, such as `openai/v1`.
pub fn component(connector: &Connector) -> String {
    connector.descriptor().own_address()
}

/// There is no such stored connection.
pub fn unknown(wanted: &str, of: &str) -> Error {
    Error::usage(
        format!("there is no stored connection `{wanted}`{of}"),
        "`connector connection list` lists them",
    )
}
