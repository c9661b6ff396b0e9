//! Finds faults in a declaration that the compiler cannot detect.

use serde_json::{Map, Value, json};

use super::host;
use crate::action::{OptionsRequest, no_options};
use crate::property::{Limits, Property, Type};
use crate::{Action, Connection, Connector, FailureKind, Output, Scheme, Settings};

/// Returns the faults in a connector's declaration that the compiler cannot
/// detect. Assert in a test that there are none:
///
/// ```
/// # use connector_sdk::prelude::*;
/// # static CONNECTOR: Connector = Connector {
/// #     connection: Connection::new("https://greeter.example"),
/// #     ..Connector::new("greeter", "Greeter", "Greets people.")
/// # };
/// assert_eq!(connector_sdk::testing::faults(&CONNECTOR), [""; 0]);
/// ```
pub fn faults(connector: &Connector) -> Vec<String> {
    let mut faults = Faults::default();
    let Connector { name, title, description, version, .. } = connector;
    faults.check(is_name(name), || format!("invalid connector name `{name}`: expected {NAME}"));
    faults.check(*version > 0, || "the version must be at least 1".to_owned());
    faults.check(!title.is_empty(), || "the connector has no title".to_owned());
    faults.check(!description.is_empty(), || "the connector has no description".to_owned());
    for (header, _) in connector.request_headers {
        faults.check_header(header);
    }
    faults.check_connection(&connector.connection);
    let names = connector.actions.iter().map(|action| action.name);
    faults.check_distinct("action", names);
    for action in connector.actions {
        faults.check_action(action);
    }
    faults.0
}

/// What a name must consist of; see [`is_name`].
const NAME: &str = "a letter, then letters, digits, `_` or `-`";

/// The faults found so far.
#[derive(Default)]
struct Faults(Vec<String>);

impl Faults {
    fn check(&mut self, is_valid: bool, fault: impl FnOnce() -> String) {
        if !is_valid {
            self.0.push(fault());
        }
    }

    fn check_distinct(&mut self, what: &str, names: impl Iterator<Item = &'static str>) {
        let mut known = Vec::new();
        for name in names {
            self.check(!known.contains(&name), || format!("duplicate {what} `{name}`"));
            known.push(name);
        }
    }

    fn check_header(&mut self, name: &str) {
        let is_token =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        let is_valid = !name.is_empty() && name.bytes().all(is_token);
        self.check(is_valid, || format!("invalid header name `{name}`"));
    }

    fn check_connection(&mut self, connection: &Connection) {
        let Connection { base_url, authorizations, properties, .. } = *connection;
        self.check(is_base_url(base_url), || {
            format!("invalid base URL `{base_url}`: expected `https://` or `http://`, and no query")
        });
        self.check_distinct("authorization", authorizations.iter().map(|one| one.name));
        for authorization in authorizations {
            let rows = || authorization.properties.iter().chain(properties);
            self.check_distinct("connection property", rows().map(|row| row.name));
            for (property, is_secret) in credentials(&authorization.scheme) {
                match rows().find(|row| row.name == property) {
                    None => self.0.push(format!(
                        "authorization `{}` has no property `{property}`",
                        authorization.name
                    )),
                    Some(row) => self.check(row.secret || !is_secret, || {
                        format!("`{property}` is a credential but not marked `secret`")
                    }),
                }
            }
            if let Scheme::Header { header, .. } = authorization.scheme {
                self.check_header(header);
            }
            self.check_table("connection", authorization.properties);
        }
        for (_, header) in connection.headers {
            self.check_header(header);
        }
        let bound = connection.headers.iter().chain(connection.query).chain(connection.environment);
        let named = bound
            .map(|(property, _)| *property)
            .chain(connection.base_url_property)
            .chain(connection.user_headers);
        let tables = authorizations.iter().map(|one| one.properties).chain([properties]);
        let rows: Vec<_> = tables.flatten().collect();
        for name in named {
            self.check(rows.iter().any(|row| row.name == name), || {
                format!("the connection has no property `{name}`")
            });
        }
        self.check_table("connection", properties);
    }

    fn check_action(&mut self, action: &Action) {
        let Action { name, properties, .. } = *action;
        self.check(is_name(name), || format!("invalid action name `{name}`: expected {NAME}"));
        self.check(!action.description.is_empty(), || format!("`{name}` has no description"));
        self.check_distinct(&format!("`{name}` property"), properties.iter().map(|row| row.name));
        self.check_table(name, properties);
        self.check_options(action, "", properties);
        let path = action.text_property;
        let is_text =
            path.is_empty() || row_at(properties, path).is_some_and(|row| row.kind == Type::String);
        self.check(is_text, || {
            format!("{name}: text property `{path}` is not a string property of the input")
        });
        for example in action.examples {
            let place = format!("{name}: example `{}`", example.title);
            match serde_json::from_str(example.input) {
                Ok(Value::Object(members)) => self.check_members(&place, "", properties, &members),
                Ok(_) => self.0.push(format!("{place} is not an object")),
                Err(error) => self.0.push(format!("{place} is not JSON: {error}")),
            }
        }
        match action.output {
            Output::Fixed(shape) => self.check_output(name, shape),
            Output::OneOf(shapes) | Output::Dynamic(shapes) => {
                shapes.iter().for_each(|shape| self.check_output(name, shape));
            }
        }
    }

    fn check_output(&mut self, action: &str, shape: &Property) {
        self.check(shape.name.is_empty(), || {
            format!("{action}: output `{}` must not have a name", shape.name)
        });
        self.check_written(action, shape);
    }

    /// Checks that the members of an output have the names that serde writes.
    fn check_written(&mut self, action: &str, shape: &Property) {
        for row in shape.children.iter().chain(shape.values) {
            if let Some(written) = row.written {
                self.0.push(format!(
                    "{action}: the output's member `{}` is written as `{written}`: mark its \
                     struct `#[property(output)]`",
                    row.name
                ));
            }
            self.check_written(action, row);
        }
    }

    /// Checks that an action returns the choices of its `live` properties. There is no
    /// provider, so a request fails.
    fn check_options(&mut self, action: &Action, path: &str, table: &[Property]) {
        for row in table {
            let path =
                if path.is_empty() { row.name.to_owned() } else { format!("{path}.{}", row.name) };
            if row.choices.is_some_and(|choices| choices.live.is_some()) {
                let request = OptionsRequest {
                    property: &path,
                    input: json!({}),
                    search: None,
                    settings: &Settings("{}"),
                };
                let before = host::STATE.take();
                let options = (action.options)(&request);
                host::STATE.set(before);
                let is_missing = options.is_err_and(|failure| {
                    failure.kind == FailureKind::InvalidInput
                        && failure.message == no_options(&path).message
                });
                self.check(!is_missing, || {
                    format!("{}: `options` does not handle the live property `{path}`", action.name)
                });
            }
            if row.kind == Type::Object {
                self.check_options(action, &path, row.children);
            }
        }
    }

    fn check_table(&mut self, place: &str, table: &[Property]) {
        for row in table {
            self.check_row(&format!("{place}.{}", row.name), row, table);
        }
    }

    /// Checks a row of an input or connection, and its descendants.
    fn check_row(&mut self, place: &str, row: &Property, siblings: &[Property]) {
        let has = |name: &str| siblings.iter().any(|row| row.name == name);
        let is_described = row.name.is_empty() || !row.description.is_empty();
        self.check(is_described, || format!("{place} has no description"));
        if let Some(condition) = row.condition {
            let other = condition.property;
            self.check(has(other), || {
                format!("{place} depends on `{other}`, which is not in the same object")
            });
        }
        for other in row.choices.iter().flat_map(|choices| choices.live).flatten() {
            self.check(has(other), || {
                format!(
                    "the choices of {place} depend on `{other}`, which is not in the same object"
                )
            });
        }
        if let Some(default) = row.default {
            self.check_value(&format!("the default of {place}"), "", row, &default.into());
        }
        match (row.values, row.kind) {
            (Some(values), _) => self.check_row(&format!("{place}.*"), values, &[]),
            (None, Type::Array) => {
                row.children
                    .iter()
                    .for_each(|item| self.check_row(&format!("{place}[]"), item, &[]));
            }
            _ => self.check_table(place, row.children),
        }
    }

    /// Checks the members of an object. A required file may be absent, because
    /// examples cannot contain files.
    fn check_members(
        &mut self,
        place: &str,
        path: &str,
        table: &[Property],
        members: &Map<String, Value>,
    ) {
        let path =
            |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        for (name, value) in members {
            let path = path(name);
            match table.iter().find(|row| row.name == name) {
                Some(row) => self.check_value(place, &path, row, value),
                None => self.0.push(format!("{place} sets unknown property `{path}`")),
            }
        }
        for row in table.iter().filter(|row| row.required && row.condition.is_none()) {
            let is_set = row.default.is_some() || members.contains_key(row.name);
            self.check(is_set || row.kind == Type::FileEntry, || {
                format!("{place} does not set required property `{}`", path(row.name))
            });
        }
    }

    fn check_value(&mut self, place: &str, path: &str, row: &Property, value: &Value) {
        let subject =
            || if path.is_empty() { place.to_owned() } else { format!("{place}: `{path}`") };
        let is_of_type = match row.kind {
            Type::Boolean => value.is_boolean(),
            Type::Integer => value.is_i64() || value.is_u64(),
            Type::Number => value.is_number(),
            Type::String | Type::Date | Type::DateTime | Type::Time => value.is_string(),
            Type::Array => value.is_array(),
            Type::Object | Type::FileEntry => value.is_object(),
            Type::Any => true,
        };
        if !is_of_type {
            return self.0.push(format!("{} has the wrong type: {value}", subject()));
        }
        let choices = row.choices.filter(|choices| !choices.open && row.kind != Type::Array);
        let is_offered = choices.is_none_or(|choices| {
            choices.known.iter().any(|choice| Value::from(choice.value) == *value)
        });
        self.check(is_offered, || format!("{} is not one of the choices: {value}", subject()));
        self.check(is_within(&row.limits, value), || {
            format!("{} is outside the limits: {value}", subject())
        });
        match (value, row.values, row.kind) {
            (Value::Array(items), ..) => {
                for (index, value) in items.iter().enumerate() {
                    for item in row.children {
                        self.check_value(place, &format!("{path}[{index}]"), item, value);
                    }
                }
            }
            (Value::Object(members), Some(values), _) => {
                for (name, value) in members {
                    self.check_value(place, &format!("{path}.{name}"), values, value);
                }
            }
            (Value::Object(members), None, Type::Object) if !row.children.is_empty() => {
                self.check_members(place, path, row.children, members);
            }
            _ => {}
        }
    }
}

/// Returns whether a string is a letter, then letters, digits, `_` or `-`.
fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|one| one.is_ascii_alphanumeric() || matches!(one, '_' | '-'))
}

fn is_base_url(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let is_plain = |rest: &str| !rest.contains(['?', '#', ' ', '@']) && !rest.starts_with('/');
    rest.is_some_and(|rest| !rest.is_empty() && is_plain(rest))
}

/// Returns the properties of a scheme, and whether each must be secret.
fn credentials(scheme: &Scheme) -> Vec<(&'static str, bool)> {
    match *scheme {
        Scheme::None => Vec::new(),
        Scheme::Basic { username, password } => {
            let password = password.map(|password| (password, true));
            std::iter::once((username, password.is_none())).chain(password).collect()
        }
        Scheme::Bearer(property)
        | Scheme::Header { property, .. }
        | Scheme::Query { property, .. } => vec![(property, true)],
    }
}

/// Returns the row at a path such as `messages[0].content`.
fn row_at<'a>(table: &'a [Property], path: &str) -> Option<&'a Property> {
    let mut steps = path.split(['.', '[', ']']).filter(|step| !step.is_empty());
    let first = steps.next()?;
    let row = table.iter().find(|row| row.name == first)?;
    steps.try_fold(row, |row, step| match (row.kind, row.children) {
        (Type::Array, [item]) => step.parse::<usize>().is_ok().then_some(item),
        (_, members) => members.iter().find(|row| row.name == step),
    })
}

fn is_within(limits: &Limits, value: &Value) -> bool {
    let (least, most) = match value {
        Value::Number(_) => (limits.minimum, limits.maximum),
        Value::String(_) => (limits.min_length.map(f64::from), limits.max_length.map(f64::from)),
        _ => (limits.min_items.map(f64::from), limits.max_items.map(f64::from)),
    };
    let size = match value {
        Value::Number(number) => number.as_f64().unwrap_or_default(),
        Value::String(text) => text.chars().count() as f64,
        Value::Array(items) => items.len() as f64,
        Value::Object(members) => members.len() as f64,
        Value::Null | Value::Bool(_) => return true,
    };
    least.is_none_or(|least| size >= least) && most.is_none_or(|most| size <= most)
}
