//! The definition of a connection, and where its secrets go.

use crate::contract::table::{
    Comparison, Condition, Property, PropertyTable, PropertyType, TableError,
};
use crate::contract::{
    AddressPolicy, Authorization, BaseUrl, Binding, Definition, DescriptorErrors, Scheme,
};
use crate::egress;
use crate::runtime::bindings::connection as wit;

use super::host_properties::{self, is_reserved, is_selected};
use super::rows::{Rows, is_name};
use super::{bad_name, has_secret_inside, other};

pub(super) fn parse(
    definition: wit::Definition,
    rows: &mut Rows,
) -> Result<Definition, DescriptorErrors> {
    let mut authorizations: Vec<Authorization> = Vec::new();
    let mut properties = Vec::new();
    let several = definition.authorizations.len() > 1;
    for authorization in definition.authorizations {
        if !is_name(&authorization.name) {
            return other(bad_name("authorization", &authorization.name));
        }
        if authorizations.iter().any(|earlier| earlier.name == authorization.name) {
            return other(format!("duplicate authorization `{}`", authorization.name));
        }
        let mut own = rows.take_rows(&authorization.properties).map_err(of_connection)?;
        let names = own.iter().map(|row| row.name.clone()).collect();
        for row in &mut own {
            if row.condition.is_some() {
                return other(format!(
                    "connection: `{}` is a property of an authorization and cannot have a \
                     condition",
                    row.name
                ));
            }
            row.condition = several.then(|| is_selected(&authorization.name));
        }
        properties.extend(own);
        authorizations.push(Authorization {
            name: authorization.name,
            title: authorization.title,
            help: authorization.help,
            properties: names,
            scheme: authorization.scheme.into(),
        });
    }
    if authorizations.is_empty() {
        return other("connection: no authorization; use the scheme `none`".to_owned());
    }
    properties.extend(rows.take_rows(&definition.properties).map_err(of_connection)?);
    if let Some(Property { name, .. }) = properties.iter().find(|row| is_reserved(&row.name)) {
        return other(format!("connection: a property cannot be named `{name}`"));
    }
    if several {
        properties.insert(0, host_properties::authorization(&authorizations));
    }
    properties.extend(host_properties::network());
    let base_url = match BaseUrl::parse(&definition.base_url.default) {
        Ok(base_url) => base_url,
        Err(error) => return other(format!("connection: the base URL {error}")),
    };
    // Only a user may choose a self-hosted server.
    if let Err(error) = AddressPolicy::Any.check_url(&base_url) {
        return other(format!("connection: the base URL is not allowed: {error}"));
    }
    let titles: Vec<&str> = authorizations.iter().map(|one| one.title.as_str()).collect();
    let parsed = Definition {
        title: titles.join(" or "),
        version: definition.version,
        help: definition.help,
        authorizations,
        properties: rows.table(properties).map_err(of_connection)?,
        base_url,
        base_url_property: definition.base_url.property,
        headers: definition.headers.into_iter().map(Binding::from).collect(),
        query: definition.query.into_iter().map(Binding::from).collect(),
        user_headers: definition.user_headers,
        lasting_errors: definition.lasting_errors,
        environment: definition.environment.into_iter().map(Binding::from).collect(),
    };
    check(&parsed)?;
    Ok(with_secret_headers(parsed))
}

/// Marks the values of the user's own headers as secret, so forms hide them.
fn with_secret_headers(definition: Definition) -> Definition {
    let Some(property) = &definition.user_headers else { return definition };
    let mut rows: Vec<Property> = definition.properties.iter().cloned().collect();
    let values = rows.iter_mut().filter(|row| row.name == *property);
    values.filter_map(|row| row.values.as_deref_mut()).for_each(|value| value.secret = true);
    Definition { properties: PropertyTable::new(rows), ..definition }
}

fn of_connection(errors: Vec<TableError>) -> DescriptorErrors {
    DescriptorErrors::of_table("connection", errors)
}

fn check(definition: &Definition) -> Result<(), DescriptorErrors> {
    let mut errors = DescriptorErrors::default();
    let properties = &definition.properties;
    for outer in properties.iter().filter(|property| has_secret_inside(property)) {
        errors.push(format!(
            "connection: `{}` contains a secret; a secret must be a top-level property",
            outer.name
        ));
    }
    for authorization in &definition.authorizations {
        errors.take(check_scheme(authorization, definition));
    }
    for row in properties.iter() {
        errors.take(check_secrecy(row, definition));
    }
    if let Some(property) = &definition.base_url_property {
        errors.take(known(definition, property, "the base URL").and_then(check_base_url));
    }
    for Binding { property, name } in &definition.headers {
        let row = known(definition, property, "a header");
        errors.take(row.and_then(|row| check_header(name, row.secret)));
    }
    for Binding { property, name } in &definition.query {
        let row = errors.take(known(definition, property, "a query parameter"));
        if row.is_some_and(|row| row.secret || name.is_empty()) {
            errors.push(format!(
                "connection: `{property}` is sent in the query: it must not be secret, and the \
                 parameter must have a name"
            ));
        }
    }
    if let Some(property) = &definition.user_headers {
        let row = errors.take(known(definition, property, "the user's headers"));
        if row.is_some_and(|row| !row.secret || row.kind != PropertyType::Object) {
            errors.push(format!(
                "connection: `{property}` holds the user's headers: it must be a secret map of \
                 strings"
            ));
        }
    }
    errors.take(check_environment(definition));
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

fn known<'a>(
    definition: &'a Definition,
    name: &str,
    what: &str,
) -> Result<&'a Property, DescriptorErrors> {
    match definition.properties.get(name) {
        Some(property) => Ok(property),
        None => other(format!("connection: {what} refers to `{name}`, which is not a property")),
    }
}

/// Checks that a credential consists of secret properties of its authorization, and
/// is sent where the host allows it.
fn check_scheme(
    authorization: &Authorization,
    definition: &Definition,
) -> Result<(), DescriptorErrors> {
    let Authorization { name, scheme, properties, .. } = authorization;
    for property in scheme.properties() {
        let row = known(definition, property, "an authorization")?;
        if !properties.iter().any(|own| own == property) || row.kind != PropertyType::String {
            return other(format!(
                "connection: `{property}` must be a string among the properties of the \
                 authorization `{name}`"
            ));
        }
    }
    let is_secret =
        |property: &&str| definition.properties.get(property).is_some_and(|row| row.secret);
    match scheme {
        Scheme::None => return Ok(()),
        Scheme::Header { header, prefix, .. } => {
            check_header(header, true)?;
            if egress::header_value(prefix).is_none() {
                return other(format!(
                    "connection: the prefix of `{name}` is not a valid header value"
                ));
            }
        }
        Scheme::Query { parameter, .. } if parameter.is_empty() => {
            return other(format!("connection: the parameter of `{name}` has no name"));
        }
        Scheme::Basic { username, password: Some(password) } => {
            if [username.as_str(), password].iter().any(is_secret) {
                return Ok(());
            }
            return other(format!("connection: `{name}` has no secret property"));
        }
        _ => {}
    }
    match scheme.properties().iter().find(|property| !is_secret(property)) {
        Some(property) => other(format!("connection: `{property}` is a credential but not secret")),
        None => Ok(()),
    }
}

/// Checks that no variable provides both a secret and a property that the connector
/// may see.
fn check_environment(definition: &Definition) -> Result<(), DescriptorErrors> {
    for Binding { property, name } in &definition.environment {
        if known(definition, property, "a variable")?.kind == PropertyType::Object {
            return other(format!(
                "connection: the variable `{name}` cannot provide `{property}`, which is an object"
            ));
        }
    }
    let (shown, hidden): (Vec<&Binding>, Vec<&Binding>) =
        definition.environment.iter().partition(|binding| definition.shows(&binding.property));
    let both = hidden.iter().find(|hidden| shown.iter().any(|of| of.name == hidden.name));
    match both {
        None => Ok(()),
        Some(Binding { name, property }) => other(format!(
            "connection: the variable `{name}` provides both `{property}` and a property that \
             the connector may see"
        )),
    }
}

/// Users approve a component for the base URL in its definition. Only a user may
/// replace that URL, so the property must not have a default, choices that map to
/// another value, or a condition that drops what the user entered.
fn check_base_url(row: &Property) -> Result<(), DescriptorErrors> {
    let is_plain = row.default.is_none() && row.choices.is_none() && row.condition.is_none();
    if row.kind == PropertyType::String && is_plain {
        return Ok(());
    }
    other(format!(
        "connection: `{}` is the base URL: it must be a string without a default, choices or a \
         condition",
        row.name
    ))
}

/// What a connector sees may depend on whether a secret is present, but not on its
/// value. Only the choice of an authorization may drop a secret.
fn check_secrecy(row: &Property, definition: &Definition) -> Result<(), DescriptorErrors> {
    let name = &row.name;
    let of_user = definition.user_headers.as_ref() == Some(name);
    if row.secret && row.kind != PropertyType::String && !of_user {
        return other(format!("connection: `{name}` is secret but not a string"));
    }
    let own = |condition: &Condition| condition.property != Definition::AUTHORIZATION;
    if row.secret && (row.choices.is_some() || row.condition.as_ref().is_some_and(own)) {
        return other(format!(
            "connection: `{name}` is secret and cannot have choices or a condition"
        ));
    }
    match &row.condition {
        Some(Condition { property, matches: Comparison::OneOf | Comparison::NoneOf, .. })
            if definition.properties.get(property).is_some_and(|of| of.secret) =>
        {
            other(format!(
                "connection: the condition of `{name}` compares the secret `{property}`; it may \
                 only check whether it is `present` or `absent`"
            ))
        }
        _ => Ok(()),
    }
}

fn check_header(name: &str, is_secret: bool) -> Result<(), DescriptorErrors> {
    if egress::is_header_of_connection(name, is_secret) {
        return Ok(());
    }
    other(format!("connection: the header `{}` is set by the host", name.escape_debug()))
}

impl From<wit::Binding> for Binding {
    fn from(binding: wit::Binding) -> Self {
        Self { property: binding.property, name: binding.name }
    }
}

impl From<wit::Scheme> for Scheme {
    fn from(scheme: wit::Scheme) -> Self {
        match scheme {
            wit::Scheme::None => Self::None,
            wit::Scheme::Bearer(property) => Self::Bearer { property },
            wit::Scheme::Basic(wit::BasicCredential { username, password }) => {
                Self::Basic { username, password }
            }
            wit::Scheme::Header(wit::HeaderCredential { header, prefix, property }) => {
                Self::Header { header, prefix, property }
            }
            wit::Scheme::Query(wit::QueryCredential { parameter, property }) => {
                Self::Query { parameter, property }
            }
        }
    }
}
