//! Converts a connector's constants to the descriptor of the contract. Property
//! trees are flattened into one list, because WIT types cannot be recursive.

use crate::action::{Action, Effects, Output};
use crate::bindings::exports::workflow::connector::{connection, describe as contract};
use crate::bindings::workflow::connector::types;
use crate::connector::{Authorization, Connection, Connector, Scheme};
use crate::property::{Choice, ChoiceList, Condition, Limits, Literal, Property};

/// Returns the descriptor of a connector.
pub(crate) fn describe(connector: &Connector) -> contract::Component {
    let mut rows = Rows(Vec::new());
    let connection = define(&connector.connection, &mut rows);
    let actions = connector.actions.iter().map(|action| describe_action(action, &mut rows));
    let actions = actions.collect();
    contract::Component {
        name: connector.name.to_owned(),
        version: connector.version,
        title: connector.title.to_owned(),
        description: connector.description.to_owned(),
        icon: owned(connector.icon),
        categories: all_owned(connector.categories),
        help: connector.help.to_owned(),
        properties: rows.0,
        connection,
        actions,
    }
}

fn define(connection: &Connection, rows: &mut Rows) -> connection::Definition {
    let bindings = |pairs: &[(&str, &str)]| {
        let binding = |(property, name): &(&str, &str)| connection::Binding {
            property: (*property).to_owned(),
            name: (*name).to_owned(),
        };
        pairs.iter().map(binding).collect::<Vec<_>>()
    };
    let authorizations = connection.authorizations.iter();
    connection::Definition {
        version: connection.version,
        help: connection.help.to_owned(),
        authorizations: authorizations.map(|one| authorization(one, rows)).collect(),
        properties: rows.add_all(connection.properties),
        base_url: connection::BaseUrl {
            default: connection.base_url.to_owned(),
            property: owned(connection.base_url_property),
        },
        headers: bindings(connection.headers),
        query: bindings(connection.query),
        user_headers: owned(connection.user_headers),
        lasting_errors: all_owned(connection.lasting_errors),
        environment: bindings(connection.environment),
    }
}

fn authorization(authorization: &Authorization, rows: &mut Rows) -> connection::Authorization {
    let scheme = match authorization.scheme {
        Scheme::None => connection::Scheme::None,
        Scheme::Bearer(property) => connection::Scheme::Bearer(property.to_owned()),
        Scheme::Basic { username, password } => {
            connection::Scheme::Basic(connection::BasicCredential {
                username: username.to_owned(),
                password: owned(password),
            })
        }
        Scheme::Header { header, prefix, property } => {
            connection::Scheme::Header(connection::HeaderCredential {
                header: header.to_owned(),
                prefix: prefix.to_owned(),
                property: property.to_owned(),
            })
        }
        Scheme::Query { parameter, property } => {
            connection::Scheme::Query(connection::QueryCredential {
                parameter: parameter.to_owned(),
                property: property.to_owned(),
            })
        }
    };
    connection::Authorization {
        name: authorization.name.to_owned(),
        title: authorization.title.to_owned(),
        help: authorization.help.to_owned(),
        properties: rows.add_all(authorization.properties),
        scheme,
    }
}

fn describe_action(action: &Action, rows: &mut Rows) -> contract::Action {
    let example = |example: &crate::Example| contract::Example {
        title: example.title.to_owned(),
        input: example.input.to_owned(),
    };
    contract::Action {
        name: action.name.to_owned(),
        title: action.title.to_owned(),
        description: action.description.to_owned(),
        help: action.help.to_owned(),
        group: given(action.group),
        deprecated: action.deprecated,
        properties: rows.add_all(action.properties),
        text_property: given(action.text_property),
        output: match &action.output {
            Output::Fixed(shape) => contract::Output::Fixed(rows.add(shape)),
            Output::OneOf(shapes) => contract::Output::OneOf(rows.add_all(shapes)),
            Output::Dynamic(shapes) => contract::Output::Dynamic(rows.add_all(shapes)),
        },
        effects: effects(action.effects),
        duration_ms: action.duration_ms,
        examples: action.examples.iter().map(example).collect(),
    }
}

fn effects(effects: Effects) -> contract::Effects {
    use contract::Effects as Flags;

    let flags = [
        (effects.read_only, Flags::READ_ONLY),
        (effects.destructive, Flags::DESTRUCTIVE),
        (effects.idempotent, Flags::IDEMPOTENT),
        (effects.billed, Flags::BILLED),
    ];
    let set = flags.into_iter().filter(|(is_set, _)| *is_set);
    set.fold(Flags::empty(), |all, (_, flag)| all | flag)
}

/// The flattened properties of all tables. Descendants come after their
/// ancestors.
struct Rows(Vec<types::Property>);

impl Rows {
    /// Adds a table. Returns the positions of its top-level rows.
    fn add_all(&mut self, table: &[Property]) -> Vec<u32> {
        table.iter().map(|row| self.add(row)).collect()
    }

    /// Adds a row and its descendants. Returns its position.
    fn add(&mut self, row: &Property) -> u32 {
        let position = self.0.len();
        self.0.push(record(row));
        let children = self.add_all(row.children);
        let values = row.values.map(|values| self.add(values));
        if let Some(row) = self.0.get_mut(position) {
            (row.children, row.values) = (children, values);
        }
        u32::try_from(position).unwrap_or(u32::MAX)
    }
}

fn record(row: &Property) -> types::Property {
    types::Property {
        name: row.name.to_owned(),
        label: row.label.to_owned(),
        description: row.description.to_owned(),
        placeholder: owned(row.placeholder),
        type_: row.kind,
        control: row.control,
        required: row.required,
        group: owned(row.group),
        advanced: row.advanced,
        deprecated: row.deprecated,
        secret: row.secret,
        media_type: owned(row.media_type),
        display: owned(row.display),
        default: row.default.map(json),
        provider_default: row.provider_default.map(json),
        choices: row.choices.map(choices),
        condition: row.condition.map(condition),
        limits: limits(&row.limits),
        children: Vec::new(),
        values: None,
    }
}

fn json(literal: Literal) -> String {
    serde_json::Value::from(literal).to_string()
}

fn choices(choices: ChoiceList) -> types::Choices {
    types::Choices {
        known: choices.known.iter().map(choice).collect(),
        open: choices.open,
        dynamic: choices.live.map(all_owned),
    }
}

fn choice(choice: &Choice) -> types::Choice {
    let label = match (choice.label, choice.value) {
        ("", Literal::String(text)) => text.to_owned(),
        ("", value) => json(value),
        (label, _) => label.to_owned(),
    };
    types::Choice { label, value: json(choice.value), description: given(choice.description) }
}

fn condition(condition: Condition) -> types::Condition {
    types::Condition {
        property: condition.property.to_owned(),
        matches: condition.matches,
        values: condition.values.iter().copied().map(json).collect(),
    }
}

fn limits(limits: &Limits) -> Option<types::Limits> {
    let record = types::Limits {
        minimum: limits.minimum,
        maximum: limits.maximum,
        min_length: limits.min_length,
        max_length: limits.max_length,
        min_items: limits.min_items,
        max_items: limits.max_items,
        pattern: owned(limits.pattern),
        max_bytes: limits.max_bytes,
        accept: all_owned(limits.accept),
    };
    (*limits != Limits::NONE).then_some(record)
}

/// Returns a string, or `None` if it is empty.
fn given(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn owned(text: Option<&str>) -> Option<String> {
    text.map(str::to_owned)
}

fn all_owned(strings: &[&str]) -> Vec<String> {
    strings.iter().map(|text| (*text).to_owned()).collect()
}
