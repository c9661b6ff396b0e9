//! Connections: the values of a connection's properties, checked and taken
//! apart into what the egress path needs and what a connector may see.

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};
use ureq::http::header;

use crate::contract::{
    Authorization, BaseUrl, Binding, Definition, Descriptor, Failure, FailureKind,
};
use crate::egress::{Credential, Destination, Header, Route, Secret, header_name};
use crate::input;
use crate::options::HostOptions;

/// The values of a connection's properties, still with the credential among
/// them. Prints no value.
#[derive(Clone, Default)]
pub struct ConnectionValues(Map<String, Value>);

/// A connection: ready to be used by any number of runs at the same time.
/// Cheap to clone.
///
/// Its sockets are its own: two connections never share one. It cannot be
/// printed or turned into JSON.
#[derive(Clone)]
pub struct Connection(Arc<Shared>);

struct Shared {
    connector: String,
    route: Arc<Route>,
    settings: Value,
}

impl ConnectionValues {
    /// No values.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a property.
    pub fn set(mut self, property: impl Into<String>, value: impl Into<Value>) -> Self {
        self.0.insert(property.into(), value.into());
        self
    }

    /// The values that the definition's environment variables hold, as
    /// `lookup` knows them (`|name| std::env::var(name).ok()`). Of several
    /// variables of one property, the first that is set counts.
    pub fn from_environment(
        definition: &Definition,
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Self {
        definition.environment.iter().fold(Self::new(), |values, binding| {
            match lookup(&binding.name).filter(|value| !value.trim().is_empty()) {
                Some(value) if !values.0.contains_key(&binding.property) => {
                    values.set(&binding.property, value)
                }
                _ => values,
            }
        })
    }
}

impl From<Map<String, Value>> for ConnectionValues {
    fn from(values: Map<String, Value>) -> Self {
        Self(values)
    }
}

impl fmt::Debug for ConnectionValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Connection {
    /// Where its requests go.
    pub fn base_url(&self) -> &BaseUrl {
        self.0.route.base()
    }

    /// Whether one of its secrets is too short to be removed from answers that
    /// repeat it: under 16 bytes it could be guessed, and is a word such as
    /// `none`.
    pub fn has_unredacted_secret(&self) -> bool {
        self.0.route.has_unredacted_secret()
    }

    pub(crate) fn new(
        descriptor: &Descriptor,
        values: ConnectionValues,
        options: &HostOptions,
    ) -> Result<Self, Failure> {
        let definition = &descriptor.connection;
        // A member that does not exist is often the credential under another name:
        // then that is what is wrong.
        let all_known = values.0.keys().all(|name| definition.properties.get(name).is_some());
        if let Some(property) = definition.authorization.property()
            && all_known
            && values.0.get(property).is_none_or(is_blank)
        {
            return Err(missing_credential(descriptor, property));
        }
        let mut values = input::prepare_connection(&definition.properties, values.0)?;
        let credential = take_credential(definition, &mut values)?;
        let base_url = take_base_url(definition, &mut values)?;
        check_address(&base_url, definition, options)?;
        check_origin(&base_url, definition, options)?;
        let headers = take_headers(definition, &mut values)?;
        for property in definition.properties.iter().filter(|property| property.secret) {
            values.remove(&property.name);
        }
        let destination = Destination {
            base: base_url,
            credential,
            headers,
            lasting_errors: definition.lasting_errors.clone(),
        };
        Ok(Self(Arc::new(Shared {
            connector: descriptor.name.clone(),
            route: Arc::new(Route::new(destination, &options.route())),
            settings: Value::Object(values),
        })))
    }

    pub(crate) fn route(&self) -> Arc<Route> {
        Arc::clone(&self.0.route)
    }

    /// What the connector may see of it.
    pub(crate) fn settings(&self) -> &Value {
        &self.0.settings
    }

    /// A connection serves the connector whose definition it was made by.
    pub(crate) fn check_belongs_to(&self, descriptor: &Descriptor) -> Result<(), Failure> {
        if self.0.connector == descriptor.name {
            return Ok(());
        }
        let message = format!(
            "the connection is one of `{}`, not of `{}`",
            self.0.connector, descriptor.name
        );
        Err(Failure::new(FailureKind::InvalidInput, message))
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("connector", &self.0.connector)
            .field("route", &self.0.route)
            .finish_non_exhaustive()
    }
}

impl Authorization {
    fn property(&self) -> Option<&str> {
        match self {
            Self::None => None,
            Self::Bearer { property } | Self::Header { property, .. } => Some(property),
        }
    }
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        _ => false,
    }
}

/// How to give it is for those to say who know how they are asked: a command
/// reads the environment, a service does not.
fn missing_credential(descriptor: &Descriptor, property: &str) -> Failure {
    let label = descriptor.connection.properties.get(property).map_or(property, |row| &row.label);
    let message = format!("the {} connection has no `{property}` ({label})", descriptor.title);
    Failure {
        property: Some(property.to_owned()),
        ..Failure::new(FailureKind::Unauthorized, message)
    }
}

/// Refuses as much as is known before the host's name is looked up.
fn check_address(
    base_url: &BaseUrl,
    definition: &Definition,
    options: &HostOptions,
) -> Result<(), Failure> {
    let Err(error) = options.addresses.check_url(base_url) else { return Ok(()) };
    let property = definition.base_url_property.clone();
    let named = property.as_deref().map_or("the base URL".to_owned(), |name| format!("`{name}`"));
    let message = format!("{named} {base_url} is not allowed: {error}");
    Err(Failure { property, ..Failure::new(FailureKind::InvalidInput, message) })
}

/// What the connector declares and what its user asks for is not yet granted.
fn check_origin(
    base_url: &BaseUrl,
    definition: &Definition,
    options: &HostOptions,
) -> Result<(), Failure> {
    let Some(granted) = &options.origins else { return Ok(()) };
    let granted: Vec<String> = granted.iter().map(BaseUrl::origin).collect();
    let origin = base_url.origin();
    if granted.contains(&origin) {
        return Ok(());
    }
    let message =
        format!("connections to {origin} are not allowed here; allowed: {}", granted.join(", "));
    let property = definition.base_url_property.clone();
    Err(Failure { property, ..Failure::new(FailureKind::InvalidInput, message) })
}

fn take_text(values: &mut Map<String, Value>, property: &str) -> Option<String> {
    match values.remove(property) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

fn take_credential(
    definition: &Definition,
    values: &mut Map<String, Value>,
) -> Result<Option<Credential>, Failure> {
    let (header, prefix, property) = match &definition.authorization {
        Authorization::None => return Ok(None),
        Authorization::Bearer { property } => (header::AUTHORIZATION, "Bearer ", property),
        Authorization::Header { header, property } => {
            let header = header_name(header).ok_or_else(|| {
                let message = format!("the connector names `{header}` as its credential's header");
                Failure::new(FailureKind::Internal, message)
            })?;
            (header, "", property)
        }
    };
    let text = take_text(values, property).unwrap_or_default();
    let secret = Secret::new(&text)
        .map_err(|error| Failure::invalid_input(property, format!("`{property}` {error}")))?;
    Ok(Some(Credential { header, prefix, secret }))
}

fn take_base_url(
    definition: &Definition,
    values: &mut Map<String, Value>,
) -> Result<BaseUrl, Failure> {
    let own = definition.base_url_property.as_deref().and_then(|property| {
        take_text(values, property).map(|text| (property, BaseUrl::parse(&text)))
    });
    match own {
        None => Ok(definition.base_url.clone()),
        Some((_, Ok(base_url))) => Ok(base_url),
        Some((property, Err(error))) => {
            Err(Failure::invalid_input(property, format!("`{property}` {error}")))
        }
    }
}

fn take_headers(
    definition: &Definition,
    values: &mut Map<String, Value>,
) -> Result<Vec<Header>, Failure> {
    let mut headers = Vec::new();
    for Binding { property, name } in &definition.headers {
        let is_secret = definition.properties.get(property).is_some_and(|row| row.secret);
        let Some(text) = take_text(values, property) else { continue };
        let header = Header::new(name, text.trim(), is_secret).ok_or_else(|| {
            let message = format!("`{property}` must be visible ASCII characters");
            Failure::invalid_input(property, message)
        })?;
        headers.push(header);
    }
    Ok(headers)
}
