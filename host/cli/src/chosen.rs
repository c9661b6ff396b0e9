//! The connection that a command uses.

use std::env::VarError;

use connector_host::{
    Connection, ConnectionValues, Connector, Definition, Failure, FailureKind, Property,
    PropertyType,
};
use connector_store::approval::{BindingError, bound_connection};
use connector_store::{ConnectionRecord, Store};

use super::args::ConnectionArgs;
use super::components::Approved;
use super::error::Error;

/// The placeholder for secrets in a replayed run.
const NOT_SENT: &str = "not-sent-in-a-replay";

/// The connections of a command: the chosen stored ones, and those from the
/// environment.
#[derive(Clone)]
pub struct Connections {
    stored: Vec<(String, Connection)>,
    /// Whether the run is replayed, so that secrets may be missing.
    replays: bool,
}

impl Connections {
    /// Only connections from the environment.
    pub fn none() -> Self {
        Self { stored: Vec::new(), replays: false }
    }

    /// Allows secrets to be missing, because the run is replayed.
    pub fn replaying(self) -> Self {
        Self { replays: true, ..self }
    }

    /// Loads the chosen connection of a connector from the store.
    pub fn new(connector: &Connector, chosen: &ConnectionArgs) -> Result<Self, Error> {
        let Some(wanted) = &chosen.connection else { return Ok(Self::none()) };
        let component = address_of(connector);
        let store = Store::open_for_user(chosen.data_dir.as_deref())?;
        let found = store.find_connection(Some(&component), wanted)?;
        let record = found.ok_or_else(|| unknown(wanted, &format!(" for {component}")))?;
        Ok(Self { stored: vec![loaded(&store, connector, &record)?], ..Self::none() })
    }

    /// Loads the chosen connections of several connectors from the store.
    pub fn for_connectors(
        store: &Store,
        approved: &[Approved],
        chosen: &[String],
    ) -> Result<Self, Error> {
        let stored = chosen.iter().map(|wanted| {
            let record = store.find_connection(None, wanted)?.ok_or_else(|| unknown(wanted, ""))?;
            let of = |approved: &&Approved| address_of(&approved.connector) == record.component;
            let approved = approved.iter().find(of).ok_or_else(|| {
                Error::usage(
                    format!(
                        "`{wanted}` is a connection for {}, but that connector was not found",
                        record.component
                    ),
                    "`connector list` lists the connectors",
                )
            })?;
            loaded(store, &approved.connector, &record)
        });
        Ok(Self { stored: stored.collect::<Result<_, Error>>()?, ..Self::none() })
    }

    /// Returns the connection of a connector: the chosen one, or the one from the
    /// environment.
    pub fn of(&self, approved: &Approved) -> Result<Connection, Error> {
        let connector = &approved.connector;
        let component = address_of(connector);
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
            values = with_placeholders(definition, values);
        }
        connector.connection(values).map_err(|failure| {
            let hint = hint(definition, &failure, |name| approved.variable(name).is_some());
            Error::Failure { hints: hint.into_iter().collect(), failure }
        })
    }
}

/// Sets all secrets to a placeholder.
fn with_placeholders(definition: &Definition, values: ConnectionValues) -> ConnectionValues {
    let secrets = definition.properties.iter().filter(|it| it.secret);
    let texts = secrets.filter(|it| it.kind == PropertyType::String);
    texts.fold(values, |values, Property { name, .. }| values.set(name, NOT_SENT))
}

/// Returns a connection for a replay, with placeholders for secrets, or `None` if the
/// connector requires other values.
pub fn replaying(connector: &Connector) -> Option<Connection> {
    let definition = &connector.descriptor().connection;
    connector.connection(with_placeholders(definition, ConnectionValues::new())).ok()
}

/// Returns the hint for a missing credential. It also names the variable of the base
/// URL: without it, a key for another server would go to the default one.
fn hint(
    definition: &Definition,
    failure: &Failure,
    is_granted: impl Fn(&str) -> bool,
) -> Option<String> {
    let property =
        failure.property.as_ref().filter(|_| failure.kind == FailureKind::Unauthorized)?;
    let variable = |property: &str| {
        let mut bindings = definition.environment.iter();
        bindings.find(|binding| binding.property == property).map(|binding| binding.name.as_str())
    };
    let name = variable(property)?;
    let base_url = definition.base_url_property.as_deref().and_then(variable);
    let default = &definition.base_url;
    let hint = match (is_granted(name), base_url) {
        (true, None) => format!("set {name}"),
        (true, Some(base_url)) => {
            format!("set {name}, and {base_url} if the server is not {default},")
        }
        // Without a grant, setting the variable would not help.
        (false, None) => format!("let this component read the variable with --env {name},"),
        (false, Some(base_url)) => format!(
            "let this component read the variables with --env {name} --env {base_url} (the server \
             is {default} if {base_url} is not set),"
        ),
    };
    Some(format!("{hint} or choose a connection with --connection"))
}

/// Loads a stored connection. Returns it with the address of its connector.
fn loaded(
    store: &Store,
    connector: &Connector,
    record: &ConnectionRecord,
) -> Result<(String, Connection), Error> {
    let component = address_of(connector);
    if record.component != component {
        return Err(Error::usage(
            format!(
                "`{}` is a connection for {}, not for {component}",
                record.name, record.component
            ),
            "`connector connection list` lists the stored connections",
        ));
    }
    let stored = store.connection(&record.id)?;
    let stored = stored.ok_or_else(|| unknown(&record.name, &format!(" for {component}")))?;
    let connection = bound_connection(&stored, connector).map_err(|error| match error {
        BindingError::Elsewhere(message) => Error::Usage { message, hint: None },
        BindingError::Values(failure) => failure.into(),
    })?;
    Ok((component, connection))
}

/// Returns the address that connections are stored under, such as `openai/v1`.
pub fn address_of(connector: &Connector) -> String {
    connector.descriptor().own_address()
}

/// The error for a connection that is not stored.
pub fn unknown(wanted: &str, of: &str) -> Error {
    Error::usage(
        format!("no stored connection `{wanted}`{of}"),
        "`connector connection list` lists the stored connections",
    )
}
