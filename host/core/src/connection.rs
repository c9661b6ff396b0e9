//! Connections: the values of a connection's properties, validated and split
//! into what the egress path needs and what a connector may see.

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};
use ureq::http::header;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::contract::json::take_text;
use crate::contract::{
    Authorization, BaseUrl, Binding, Definition, Descriptor, Failure, FailureKind, Scheme,
};
use crate::egress::{
    Credential, Destination, Header, Route, Secret, header_name, is_header_of_connection,
};
use crate::input;
use crate::network::Network;
use crate::options::HostOptions;

/// The values of a connection's properties, including the credential. `Debug`
/// prints only the names.
#[derive(Clone, Default)]
pub struct ConnectionValues(Map<String, Value>);

/// A connection, which any number of runs may use at the same time. Cheap to
/// clone.
///
/// Two connections never share a socket. The credential cannot be printed or
/// serialized.
#[derive(Clone)]
pub struct Connection(Arc<Shared>);

struct Shared {
    connector: String,
    route: Arc<Route>,
    network: Network,
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

    /// Reads the environment variables that the definition names, with `lookup`
    /// (`|name| std::env::var(name).ok()`). If a property has several variables,
    /// the first one that is set is used.
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
    /// The base URL of its requests.
    pub fn base_url(&self) -> &BaseUrl {
        self.0.route.base()
    }

    /// Whether one of its secrets is too short to be redacted from responses
    /// that repeat it. A secret under 16 bytes may be an ordinary word such as
    /// `none`, and redacting it would let a connector guess it.
    pub fn has_unredacted_secret(&self) -> bool {
        self.0.route.has_unredacted_secret()
    }

    /// What has changed since `before` about where a secret would go, such as "the
    /// base URL", or `None` if it still goes to the same place.
    ///
    /// When somebody edits a connection without entering its secrets again, a
    /// secret may only be kept if this returns `None`. Otherwise, anyone who may
    /// edit connections could send their secrets to a server of their own.
    pub fn destination_change(&self, secret: &str, before: &Self) -> Option<&'static str> {
        let (now, before) = (&*self.0, &*before.0);
        if secret == Definition::PROXY_PASSWORD {
            return (!now.network.has_same_proxy(&before.network)).then_some("the proxy");
        }
        if now.route.base() != before.route.base() {
            return Some("the base URL");
        }
        // A server can pass for the provider if its certificate is trusted.
        (now.network.authorities != before.network.authorities)
            .then_some("the list of certificate authorities")
    }

    pub(crate) fn new(
        descriptor: &Descriptor,
        values: ConnectionValues,
        options: &HostOptions,
    ) -> Result<Self, Failure> {
        let definition = &descriptor.connection;
        let mut values = values.0;
        let scheme = pick_scheme(definition, &mut values);
        // An unknown property is often the misspelled credential, so the unknown
        // property is reported rather than the missing credential.
        let all_known = values.keys().all(|name| definition.properties.get(name).is_some());
        let is_missing = |name: &&str| {
            must_be_given(definition, scheme, name) && values.get(*name).is_none_or(is_blank)
        };
        if all_known && let Some(property) = scheme.properties().into_iter().find(is_missing) {
            return Err(missing_credential(descriptor, property));
        }
        let mut values = input::prepare_connection(&definition.properties, values)?;
        let credential = take_credential(definition, scheme, &mut values)?;
        let base_url = take_base_url(definition, &mut values)?;
        check_address(&base_url, definition, options)?;
        check_origin(&base_url, definition, options)?;
        let network = Network::take(&mut values, &base_url, options)?;
        let mut headers = take_headers(definition, &mut values)?;
        headers.extend(take_user_headers(definition, scheme, &mut values)?);
        let query = take_query(definition, &mut values);
        for property in definition.properties.iter().filter(|property| property.secret) {
            values.remove(&property.name);
        }
        let destination = Destination {
            base: base_url,
            credential,
            headers,
            query,
            lasting_errors: definition.lasting_errors.clone(),
        };
        Ok(Self(Arc::new(Shared {
            connector: descriptor.name.clone(),
            route: Arc::new(Route::new(destination, &network.route(options))),
            network,
            settings: Value::Object(values),
        })))
    }

    pub(crate) fn route(&self) -> Arc<Route> {
        Arc::clone(&self.0.route)
    }

    /// The values that the connector may see.
    pub(crate) fn settings(&self) -> &Value {
        &self.0.settings
    }

    /// Checks that the connection was created for this connector.
    pub(crate) fn check_belongs_to(&self, descriptor: &Descriptor) -> Result<(), Failure> {
        if self.0.connector == descriptor.name {
            return Ok(());
        }
        let message = format!(
            "the connection belongs to `{}`, not to `{}`",
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

/// The scheme of the selected authorization. If none is selected, selects the first
/// one whose required properties are given, or simply the first one.
fn pick_scheme<'a>(definition: &'a Definition, values: &mut Map<String, Value>) -> &'a Scheme {
    let named = values.get(Definition::AUTHORIZATION).and_then(Value::as_str);
    let picked = named
        .and_then(|name| definition.authorization(name))
        .or_else(|| {
            let mut all = definition.authorizations.iter();
            all.find(|Authorization { properties, scheme, .. }| {
                properties.iter().all(|name| {
                    !must_be_given(definition, scheme, name)
                        || !values.get(name).is_none_or(is_blank)
                })
            })
        })
        .or(definition.authorizations.first());
    let Some(picked) = picked else { return &Scheme::None };
    if definition.authorizations.len() > 1
        && values.get(Definition::AUTHORIZATION).is_none_or(is_blank)
    {
        values.insert(Definition::AUTHORIZATION.to_owned(), picked.name.as_str().into());
    }
    &picked.scheme
}

/// Whether a property is required, or is the only property of the scheme. Without
/// it, there would be no credential to send.
fn must_be_given(definition: &Definition, scheme: &Scheme, property: &str) -> bool {
    let is_required = definition.properties.get(property).is_some_and(|row| row.required);
    let is_alone = |scheme: &Scheme| matches!(scheme.properties()[..], [of] if of == property);
    is_required || is_alone(scheme)
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        _ => false,
    }
}

/// Does not suggest how to provide the credential; callers do. The command reads
/// the environment, for example, but the service does not.
fn missing_credential(descriptor: &Descriptor, property: &str) -> Failure {
    let label = descriptor.connection.properties.get(property).map_or(property, |row| &row.label);
    let message = format!("the {} connection has no `{property}` ({label})", descriptor.title);
    Failure {
        property: Some(property.to_owned()),
        ..Failure::new(FailureKind::Unauthorized, message)
    }
}

/// Checks what can be checked before the host name is resolved.
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

/// Checks the origin against those granted, if the host limits them.
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

fn take_credential(
    definition: &Definition,
    scheme: &Scheme,
    values: &mut Map<String, Value>,
) -> Result<Option<Credential>, Failure> {
    let mut take = |property: &str| take_text(values, property).unwrap_or_default();
    let secret = |property: &str, text: &str| {
        Secret::new(text)
            .map_err(|error| Failure::invalid_input(property, format!("`{property}` {error}")))
    };
    let in_header = |name, prefix: &str, secret: Secret, parts| Credential::Header {
        name,
        prefix: prefix.to_owned(),
        secret,
        parts,
    };
    Ok(Some(match scheme {
        Scheme::None => return Ok(None),
        Scheme::Bearer { property } => {
            let secret = secret(property, &take(property))?;
            in_header(header::AUTHORIZATION, "Bearer ", secret, Vec::new())
        }
        Scheme::Basic { username, password } => {
            let name = take(username);
            let pass = password.as_deref().map(&mut take).unwrap_or_default();
            if name.contains(':')
                || [&name, &pass].iter().any(|text| text.contains(char::is_control))
            {
                let message = format!(
                    "`{username}` must not contain a colon (RFC 7617), and neither it nor the \
                     password may contain control characters"
                );
                return Err(Failure::invalid_input(username, message));
            }
            let encoded = STANDARD.encode(format!("{name}:{pass}"));
            let is_secret =
                |name: &str| definition.properties.get(name).is_some_and(|row| row.secret);
            let parts = [(Some(username), &name), (password.as_ref(), &pass)];
            let parts = parts
                .into_iter()
                .filter(|(of, part)| of.is_some_and(|of| is_secret(of)) && !part.is_empty());
            let parts = parts.map(|(_, part)| Secret::of_header(part)).collect();
            in_header(header::AUTHORIZATION, "Basic ", Secret::of_header(&encoded), parts)
        }
        Scheme::Header { header, prefix, property } => {
            let name = header_name(header).ok_or_else(|| {
                let message =
                    format!("the connector's credential cannot use the header `{header}`");
                Failure::new(FailureKind::Internal, message)
            })?;
            in_header(name, prefix, secret(property, &take(property))?, Vec::new())
        }
        Scheme::Query { parameter, property } => Credential::Query {
            name: parameter.clone(),
            secret: secret(property, &take(property))?,
        },
    }))
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
            let message = format!("`{property}` must consist of visible ASCII characters");
            Failure::invalid_input(property, message)
        })?;
        headers.push(header);
    }
    Ok(headers)
}

/// The user's own headers. All of them are secret.
fn take_user_headers(
    definition: &Definition,
    scheme: &Scheme,
    values: &mut Map<String, Value>,
) -> Result<Vec<Header>, Failure> {
    let Some(property) = &definition.user_headers else { return Ok(Vec::new()) };
    let Some(Value::Object(named)) = values.remove(property) else { return Ok(Vec::new()) };
    let own = definition.headers.iter().map(|binding| binding.name.as_str());
    let of_credential = match scheme {
        Scheme::Header { header, .. } => Some(header.as_str()),
        Scheme::Bearer { .. } | Scheme::Basic { .. } => Some(header::AUTHORIZATION.as_str()),
        Scheme::None | Scheme::Query { .. } => None,
    };
    let own: Vec<&str> = own.chain(of_credential).collect();
    let mut headers: Vec<Header> = Vec::new();
    for (name, value) in named {
        let path = format!("{property}.{name}");
        let invalid = |why: &str| Failure::invalid_input(&path, format!("`{path}` {why}"));
        let is_own = own.iter().any(|own| own.eq_ignore_ascii_case(&name));
        if is_own || !is_header_of_connection(&name, true) {
            return Err(invalid("is set by the host"));
        }
        let text = value.as_str().unwrap_or_default().trim();
        let header = Header::new(&name, text, true)
            .ok_or_else(|| invalid("must consist of visible ASCII characters"))?;
        if headers.iter().any(|earlier| earlier.has_same_name_as(&header)) {
            return Err(invalid("is a duplicate header"));
        }
        headers.push(header);
    }
    Ok(headers)
}

fn take_query(definition: &Definition, values: &mut Map<String, Value>) -> Vec<(String, String)> {
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    let pair =
        |Binding { property, name }: &Binding| Some((name.clone(), text(values.remove(property)?)));
    definition.query.iter().filter_map(pair).collect()
}
