//! What a component asks for.

use connector_host::{Authorization, Binding, Connector, Definition, Scheme};
use serde::{Deserialize, Serialize};

/// What a component asks for. Two that ask for the same have equal requests.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Request {
    /// Its address, such as `openai/v1`.
    pub address: String,
    /// The origin of its provider.
    pub origin: String,
    /// The property in which a connection names another one.
    pub base_url_property: Option<String>,
    /// Where the secrets of a connection go.
    pub credential: String,
    /// The headers that a connection adds besides.
    pub headers: Vec<String>,
    /// The parameters of the query that it adds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub query: Vec<String>,
    /// The environment variables that its connection is read from, each with
    /// the property that it fills in.
    pub environment: Vec<String>,
    /// The interfaces that it imports.
    pub imports: Vec<String>,
}

impl Request {
    /// What a component asks for.
    pub fn of(connector: &Connector) -> Self {
        let descriptor = connector.descriptor();
        let definition = &descriptor.connection;
        let is_secret = |name: &str| definition.properties.get(name).is_some_and(|row| row.secret);
        let headers = definition.headers.iter().filter(|header| !is_secret(&header.property));
        let variable = |Binding { name, property }: &Binding| match definition.shows(property) {
            true => format!("{name} as `{property}`, which it sees"),
            false => format!("{name} as `{property}`"),
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

    /// A line for each thing, as name and value.
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

    /// The lines that are different from another request's.
    pub fn changes(&self, before: &Self) -> Vec<(&'static str, String)> {
        let pairs = self.lines().into_iter().zip(before.lines());
        let changed = pairs.filter(|(now, before)| now != before);
        changed.map(|((name, now), (_, before))| (name, format!("{before} → {now}"))).collect()
    }
}

/// A variable that a component would read and that is the host's own.
pub fn variable_of_host(connector: &Connector) -> Option<&str> {
    let bindings = connector.descriptor().connection.environment.iter();
    bindings.map(|binding| binding.name.as_str()).find(|name| is_of_host(name))
}

/// Whether an environment variable is one of the host's own, which no component
/// is given. On some systems their names have no letter case.
pub fn is_of_host(variable: &str) -> bool {
    let variable = variable.to_ascii_uppercase();
    variable.starts_with("CONNECTOR_") || variable.starts_with("NATS_")
}

/// Which properties of a connection are secret, and where each goes. A property
/// that is none any more would be shown to the component.
pub fn place_of_secrets(definition: &Definition) -> String {
    let secrets = definition.properties.iter().filter(|property| property.secret);
    let mut places: Vec<String> = secrets
        .map(|secret| format!("{} ({})", place_of(&secret.name, definition), secret.name))
        .collect();
    places.sort();
    if places.is_empty() { "none".to_owned() } else { places.join(", ") }
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
    fn a_variable_of_the_host_is_one_in_every_casing() {
        for name in ["CONNECTOR_STORE_KEY", "connector_store_key", "Nats_Password"] {
            assert!(is_of_host(name), "{name}");
        }
        assert!(!is_of_host("OPENAI_API_KEY"));
    }
}
