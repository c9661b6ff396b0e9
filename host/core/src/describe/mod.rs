//! From what a connector says about itself to a descriptor that does not
//! contradict itself.

mod rows;

pub(crate) use rows::Rows;
use rows::is_name;

use crate::contract::table::{
    Comparison, Condition, Property, PropertyTable, PropertyType, TableError, printable,
};
use crate::contract::{
    Action, AddressPolicy, Authorization, BaseUrl, Binding, Definition, Descriptor, DescriptorError,
};
use crate::egress;
use crate::runtime::bindings::{connection as wit_connection, describe as wit_describe};

impl Descriptor {
    pub(crate) fn parse(component: wit_describe::Component) -> Result<Self, DescriptorError> {
        if !is_name(&component.name) {
            return other(bad_name("connector", &component.name));
        }
        let mut rows = Rows::new(component.properties);
        let mut actions: Vec<Action> = Vec::with_capacity(component.actions.len());
        for action in component.actions {
            if !is_name(&action.name) {
                return other(bad_name("action", &action.name));
            }
            if actions.iter().any(|earlier| earlier.name == action.name) {
                return other(format!("duplicate action `{}`", action.name));
            }
            actions.push(Action::parse(action, &mut rows)?);
        }
        let connection = Definition::parse(component.connection, &mut rows)?;
        rows.end().map_err(|error| error.of("descriptor"))?;
        Ok(Self {
            name: component.name,
            version: component.version,
            title: component.title,
            description: component.description,
            icon: component.icon,
            categories: component.categories,
            help: component.help,
            actions,
            connection,
        })
    }
}

impl Action {
    fn parse(action: wit_describe::Action, rows: &mut Rows) -> Result<Self, DescriptorError> {
        let of = |error: TableError| error.of(&format!("action `{}`", action.name));
        let properties = rows.take_table(&action.properties).map_err(of)?;
        if properties.iter().any(|property| property.secret || has_secret_inside(property)) {
            return other(format!("action `{}`: a secret belongs in the connection", action.name));
        }
        let output = match action.output {
            wit_describe::Output::Dynamic => None,
            wit_describe::Output::Fixed(root) => Some(rows.take_output(root).map_err(of)?),
        };
        Ok(Self {
            name: action.name,
            title: action.title,
            description: action.description,
            help: action.help,
            properties,
            output,
        })
    }
}

impl Definition {
    fn parse(
        definition: wit_connection::Definition,
        rows: &mut Rows,
    ) -> Result<Self, DescriptorError> {
        let properties =
            rows.take_table(&definition.properties).map_err(|error| error.of("connection"))?;
        if let Some(outer) = properties.iter().find(|property| has_secret_inside(property)) {
            return other(format!(
                "connection: `{}` has a secret inside, and a secret must be a property of its own",
                outer.name
            ));
        }
        let known = |name: &str, what: &str| match properties.get(name) {
            Some(property) => Ok(property),
            None => other(format!("connection: {what} names `{name}`, which is no property")),
        };
        let secret = |name: &str| match known(name, "authorization")?.secret {
            true => Ok(()),
            false => other(format!("connection: `{name}` authorizes but is not secret")),
        };
        let authorization = match definition.authorization {
            wit_connection::Authorization::None => Authorization::None,
            wit_connection::Authorization::Bearer(property) => {
                secret(&property)?;
                Authorization::Bearer { property }
            }
            wit_connection::Authorization::Header(credential) => {
                secret(&credential.property)?;
                Authorization::Header { header: credential.header, property: credential.property }
            }
        };
        let wrong = |why: String| DescriptorError::Other(format!("connection: the base URL {why}"));
        let base_url = BaseUrl::parse(&definition.base_url.default)
            .map_err(|error| wrong(error.to_string()))?;
        // A server of one's own is its user's to name.
        AddressPolicy::Any
            .check_url(&base_url)
            .map_err(|error| wrong(format!("is not allowed: {error}")))?;
        properties.iter().try_for_each(|row| check_secrecy(row, &properties))?;
        if let Some(property) = &definition.base_url.property {
            check_base_url_row(known(property, "base URL")?)?;
        }
        for binding in definition.headers.iter().chain(&definition.environment) {
            known(&binding.property, "a binding")?;
        }
        for Binding { property, name } in definition.headers.iter().cloned().map(Binding::from) {
            let is_secret = properties.get(&property).is_some_and(|row| row.secret);
            check_header(&name, is_secret)?;
        }
        if let Authorization::Header { header, .. } = &authorization {
            check_header(header, true)?;
        }
        let parsed = Self {
            title: definition.title,
            version: definition.version,
            help: definition.help,
            properties,
            authorization,
            base_url,
            base_url_property: definition.base_url.property,
            headers: definition.headers.into_iter().map(Binding::from).collect(),
            lasting_errors: definition.lasting_errors,
            environment: definition.environment.into_iter().map(Binding::from).collect(),
        };
        parsed.check_environment()?;
        Ok(parsed)
    }

    /// A variable that holds a secret fills in nothing besides that the connector
    /// may see.
    fn check_environment(&self) -> Result<(), DescriptorError> {
        let (shown, hidden): (Vec<&Binding>, Vec<&Binding>) =
            self.environment.iter().partition(|binding| self.shows(&binding.property));
        let both = hidden.iter().find(|hidden| shown.iter().any(|of| of.name == hidden.name));
        match both {
            None => Ok(()),
            Some(Binding { name, property }) => other(format!(
                "connection: the variable `{name}` is `{property}` and something besides that the \
                 connector may see"
            )),
        }
    }
}

/// Whoever approves a component is shown the definition's base URL. Another one
/// comes from the person who fills it in, so no default may replace it, no choice
/// may stand for something else than what was typed, and no condition may drop it.
fn check_base_url_row(row: &Property) -> Result<(), DescriptorError> {
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

/// What a connector is shown may not depend on what a secret is, only on whether
/// there is one. A secret is not dropped by other values either.
fn check_secrecy(row: &Property, all: &PropertyTable) -> Result<(), DescriptorError> {
    let name = &row.name;
    if row.secret && (row.choices.is_some() || row.condition.is_some()) {
        return other(format!("connection: `{name}` is secret, and has no choices or condition"));
    }
    match &row.condition {
        Some(Condition { property, matches: Comparison::OneOf | Comparison::NoneOf, .. })
            if all.get(property).is_some_and(|of| of.secret) =>
        {
            other(format!(
                "connection: the condition of `{name}` compares the secret `{property}`; it may \
                 look whether it is `present` or `absent`"
            ))
        }
        _ => Ok(()),
    }
}

fn check_header(name: &str, is_secret: bool) -> Result<(), DescriptorError> {
    if egress::is_header_of_connection(name, is_secret) {
        return Ok(());
    }
    other(format!("connection: the header `{}` is the host's to set", name.escape_debug()))
}

/// Whether a list, an object or a map holds a secret.
fn has_secret_inside(property: &Property) -> bool {
    let mut inside = property.children.iter().chain(property.values.as_deref());
    inside.any(|inside| inside.secret || has_secret_inside(inside))
}

fn bad_name(of: &str, name: &str) -> String {
    format!(
        "`{}` is not a valid {of} name: it must begin with a letter or `_`, and may have letters, \
         digits, `_` and `-` besides",
        name.escape_debug()
    )
}

impl From<wit_connection::Binding> for Binding {
    fn from(binding: wit_connection::Binding) -> Self {
        Self { property: binding.property, name: binding.name }
    }
}

impl TableError {
    /// The same error, told with what the table describes.
    fn of(self, of: &str) -> DescriptorError {
        DescriptorError::Table { of: of.to_owned(), error: self }
    }
}

fn other<T>(message: String) -> Result<T, DescriptorError> {
    Err(DescriptorError::Other(printable(&message)))
}
