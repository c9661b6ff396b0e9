//! A component's request: what it would be allowed to do if it were approved.

use connector_host::{Authorization, Binding, Connector, Definition, Property, Scheme};
use serde::{Deserialize, Serialize};

/// A component's request. Requests are compared to detect changes.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Request {
    /// Its address, such as `openai/v1`.
    pub address: String,
    /// The origin of its provider.
    pub origin: String,
    /// The connection property that overrides the origin.
    pub base_url_property: Option<String>,
    /// The secrets of a connection and their places in requests.
    pub credential: String,
    /// The other headers that a connection adds.
    pub headers: Vec<String>,
    /// The query parameters that it adds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub query: Vec<String>,
    /// The environment variables that its connection is read from, each with
    /// the property that it sets.
    pub environment: Vec<String>,
    /// The interfaces that it imports.
    pub imports: Vec<String>,
}

impl Request {
    /// Returns the request of a component.
    pub fn of(connector: &Connector) -> Self {
        let descriptor = connector.descriptor();
        let definition = &descriptor.connection;
        let is_secret = |name: &str| definition.properties.get(name).is_some_and(|it| it.secret);
        let headers = definition.headers.iter().filter(|header| !is_secret(&header.property));
        let variable = |Binding { name, property }: &Binding| {
            if definition.shows(property) {
                format!("{name} as `{property}`, which it sees")
            } else {
                format!("{name} as `{property}`")
            }
        };
        let mut request = Self {
            address: descriptor.own_address(),
            origin: definition.base_url.origin(),
            base_url_property: definition.base_url_property.clone(),
            credential: place_of_secrets(definition),
            headers: headers.map(|header| header.name.clone()).collect(),
            query: definition.query.iter().map(|parameter| parameter.name.clone()).collect(),
            environment: definition.environment.iter().map(variable).collect(),
            imports: connector.imports().to_vec(),
        };
        for list in [
            &mut request.headers,
            &mut request.query,
            &mut request.environment,
            &mut request.imports,
        ] {
            list.sort();
            list.dedup();
        }
        request
    }

    /// The lines of a summary, as name and value.
    pub fn lines(&self) -> Vec<(&'static str, String)> {
        let list = |items: &[String]| match items {
            [] => "none".to_owned(),
            items => items.join(", "),
        };
        let origin = match &self.base_url_property {
            Some(property) => format!("{}, or a connection's `{property}`", self.origin),
            None => self.origin.clone(),
        };
        vec![
            ("address", self.address.clone()),
            ("sends to", origin),
            ("credential", self.credential.clone()),
            ("headers", list(&self.headers)),
            ("query", list(&self.query)),
            ("environment", list(&self.environment)),
            ("imports", list(&self.imports)),
        ]
    }

    /// The summary lines that differ from an earlier request.
    pub fn changes(&self, before: &Self) -> Vec<(&'static str, String)> {
        let pairs = self.lines().into_iter().zip(before.lines());
        let changed = pairs.filter(|(now, before)| now != before);
        changed.map(|((name, now), (_, before))| (name, format!("{before} → {now}"))).collect()
    }
}

/// Returns the first variable that a component asks for but that is reserved
/// for the host.
pub fn variable_of_host(connector: &Connector) -> Option<&str> {
    let bindings = connector.descriptor().connection.environment.iter();
    bindings.map(|binding| binding.name.as_str()).find(|name| is_of_host(name))
}

/// Whether an environment variable is reserved for the host. No component can
/// read it. Ignores case, because some systems do.
pub fn is_of_host(variable: &str) -> bool {
    let variable = variable.to_ascii_uppercase();
    variable.starts_with("CONNECTOR_") || variable.starts_with("NATS_")
}

/// Returns the secret properties of a connection and their places in requests.
/// The names matter: a property that is no longer secret becomes visible to the
/// component.
///
/// Stored connections and lock files contain this text, so it must not change.
pub fn place_of_secrets(definition: &Definition) -> String {
    let places = places_of_secrets(definition);
    if places.is_empty() { NONE.to_owned() } else { places.join(", ") }
}

/// Whether every secret that a connection was bound with is still secret and still
/// goes to the same place. A definition may add secrets: a stored connection has
/// no values for them.
pub fn keeps_places(bound: &str, definition: &Definition) -> bool {
    let now = places_of_secrets(definition);
    bound == NONE || bound.split(", ").all(|place| now.iter().any(|one| one == place))
}

/// The place of a definition without secrets.
const NONE: &str = "none";

fn places_of_secrets(definition: &Definition) -> Vec<String> {
    let is_own = |property: &&Property| !Definition::HOST_PROPERTIES.contains(&&*property.name);
    let secrets = definition.properties.iter().filter(|property| property.secret).filter(is_own);
    let mut places: Vec<String> = secrets
        .map(|secret| format!("{} ({})", place_of(&secret.name, definition), secret.name))
        .collect();
    places.sort();
    places
}

fn place_of(property: &str, definition: &Definition) -> String {
    let of_credential = |authorization: &Authorization| {
        let scheme = &authorization.scheme;
        let is_part = scheme.properties().contains(&property);
        is_part.then(|| match scheme {
            Scheme::Bearer { .. } => "authorization: Bearer".to_owned(),
            Scheme::Basic { .. } => "authorization: Basic".to_owned(),
            Scheme::Header { header, prefix, .. } => {
                format!("{} {prefix}", header.to_lowercase()).trim_end().to_owned()
            }
            Scheme::Query { parameter, .. } => format!("the parameter {parameter}"),
            _ => "nowhere".to_owned(),
        })
    };
    let headers = definition.headers.iter().filter(|header| header.property == property);
    let of_user = definition.user_headers.as_deref() == Some(property);
    let places: Vec<String> = definition
        .authorizations
        .iter()
        .filter_map(of_credential)
        .chain(headers.map(|header| header.name.to_lowercase()))
        .chain(of_user.then(|| "headers that the user names".to_owned()))
        .collect();
    if places.is_empty() { "nowhere".to_owned() } else { places.join(" and ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_variables_are_recognized_in_any_case() {
        for name in ["CONNECTOR_STORE_KEY", "connector_store_key", "Nats_Password"] {
            assert!(is_of_host(name), "{name}");
        }
        assert!(!is_of_host("OPENAI_API_KEY"));
    }
}
