//! Validates a connector's description of itself and turns it into a
//! [`Descriptor`]. [`connection`] checks where secrets go, and [`warnings`] reports
//! likely mistakes.

mod connection;
mod host_properties;
mod rows;
mod warnings;

use std::collections::HashSet;
use std::time::Duration;

use serde_json::Value;

pub(crate) use rows::Rows;
use rows::is_name;

use crate::contract::table::{Property, PropertyType, TableError, printable};
use crate::contract::{
    Action, Descriptor, DescriptorError, DescriptorErrors, Effects, Example, Output, json,
};
use crate::runtime::bindings::describe as wit_describe;

/// The maximum number of reported errors of a descriptor.
const MAX_ERRORS: usize = 100;

impl Descriptor {
    pub(crate) fn parse(component: wit_describe::Component) -> Result<Self, DescriptorErrors> {
        let mut errors = DescriptorErrors::default();
        if !is_name(&component.name) {
            errors.push(bad_name("connector", &component.name));
        }
        let mut rows = Rows::new(component.properties);
        let mut actions: Vec<Action> = Vec::with_capacity(component.actions.len());
        let mut names = HashSet::new();
        for action in component.actions {
            if !names.insert(action.name.clone()) {
                errors.push(format!("duplicate action `{}`", action.name));
                continue;
            }
            actions.extend(errors.take(Action::parse(action, &mut rows)));
        }
        let connection = errors.take(connection::parse(component.connection, &mut rows));
        // An invalid row leaves the rows below it without a table.
        if errors.is_empty() {
            errors.take(rows.end().map_err(|error| error.of("descriptor")));
        }
        let Some(connection) = connection.filter(|_| errors.is_empty()) else { return Err(errors) };
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
    fn parse(action: wit_describe::Action, rows: &mut Rows) -> Result<Self, DescriptorErrors> {
        let mut errors = DescriptorErrors::default();
        if !is_name(&action.name) {
            errors.push(bad_name("action", &action.name));
        }
        let of = format!("action `{}`", action.name.escape_debug());
        let is = |why: &str| format!("{of}: {why}");
        let of_table = |wrong: Vec<TableError>| DescriptorErrors::of_table(&of, wrong);
        let properties = errors.take(rows.take_table(&action.properties).map_err(of_table));
        let mut shape = |root: &u32| rows.take_output(*root).map_err(of_table);
        let output = match &action.output {
            wit_describe::Output::Fixed(root) => shape(root).map(Output::Fixed),
            wit_describe::Output::OneOf(roots) if roots.is_empty() => {
                Err(DescriptorError::other(&is("its output has no shapes")).into())
            }
            wit_describe::Output::OneOf(roots) => {
                roots.iter().map(shape).collect::<Result<_, _>>().map(Output::OneOf)
            }
            wit_describe::Output::Dynamic(roots) => {
                roots.iter().map(shape).collect::<Result<_, _>>().map(Output::Dynamic)
            }
        };
        let output = errors.take(output);
        let table = properties.as_ref();
        if table.is_some_and(|table| table.iter().any(|row| row.secret || has_secret_inside(row))) {
            errors.push(is("an input cannot contain a secret; secrets belong in the connection"));
        }
        if let (Some(path), Some(table)) = (&action.text_property, table)
            && table.at_path(path).is_none_or(|row| row.kind != PropertyType::String)
        {
            errors.push(is(&format!("the text property `{path}` is not a string in its input")));
        }
        let effects = Effects {
            read_only: action.effects.contains(wit_describe::Effects::READ_ONLY),
            destructive: action.effects.contains(wit_describe::Effects::DESTRUCTIVE),
            idempotent: action.effects.contains(wit_describe::Effects::IDEMPOTENT),
            billed: action.effects.contains(wit_describe::Effects::BILLED),
        };
        if effects.read_only && effects.destructive {
            errors.push(is("it is both read-only and destructive"));
        }
        let mut examples = Vec::with_capacity(action.examples.len());
        for wit_describe::Example { title, input } in action.examples {
            match json::parse(&input) {
                Ok(Value::Object(input)) => examples.push(Example { title, input }),
                _ => errors.push(is(&format!("the input of example `{title}` is not an object"))),
            }
        }
        let (Some(properties), Some(output), true) = (properties, output, errors.is_empty()) else {
            return Err(errors);
        };
        Ok(Self {
            name: action.name,
            title: action.title,
            description: action.description,
            help: action.help,
            group: action.group,
            deprecated: action.deprecated,
            properties,
            text_property: action.text_property,
            output,
            effects,
            duration: action.duration_ms.map(Duration::from_millis),
            examples,
        })
    }
}

/// Whether a list, an object or a map contains a secret.
fn has_secret_inside(property: &Property) -> bool {
    let mut inside = property.children.iter().chain(property.values.as_deref());
    inside.any(|inside| inside.secret || has_secret_inside(inside))
}

fn bad_name(of: &str, name: &str) -> String {
    format!(
        "`{}` is not a valid {of} name: it must begin with a letter or `_`, and contain only \
         letters, digits, `_` and `-`",
        name.escape_debug()
    )
}

impl TableError {
    /// Adds the subject of the table, such as `connection`.
    fn of(self, of: &str) -> DescriptorErrors {
        DescriptorErrors::of_table(of, vec![self])
    }
}

impl DescriptorError {
    fn other(message: &str) -> Self {
        Self::Other(printable(message))
    }
}

impl DescriptorErrors {
    fn of_table(of: &str, errors: Vec<TableError>) -> Self {
        let error = |error| DescriptorError::Table { of: of.to_owned(), error };
        Self(errors.into_iter().map(error).collect())
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn push(&mut self, message: String) {
        self.extend([DescriptorError::other(&message)]);
    }

    fn extend(&mut self, errors: impl IntoIterator<Item = DescriptorError>) {
        let room = MAX_ERRORS.saturating_sub(self.0.len());
        self.0.extend(errors.into_iter().take(room));
    }

    /// Returns the value of a result, or keeps its errors and returns `None`.
    fn take<T>(&mut self, result: Result<T, Self>) -> Option<T> {
        result.map_err(|errors| self.extend(errors.0)).ok()
    }
}

fn other<T>(message: String) -> Result<T, DescriptorErrors> {
    Err(DescriptorError::other(&message).into())
}
