//! From what a connector says about itself to a descriptor that does not
//! contradict itself. [`connection`] checks where its secrets go.

mod connection;
mod rows;

use std::time::Duration;

use serde_json::Value;

pub(crate) use rows::Rows;
use rows::is_name;

use crate::contract::table::{Property, PropertyType, TableError, printable};
use crate::contract::{Action, Descriptor, DescriptorError, Effects, Example, Output, json};
use crate::runtime::bindings::describe as wit_describe;

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
        let connection = connection::parse(component.connection, &mut rows)?;
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
        let mut shape = |root: &u32| rows.take_output(*root);
        let output = match &action.output {
            wit_describe::Output::Fixed(root) => shape(root).map(Output::Fixed),
            wit_describe::Output::OneOf(roots) => {
                roots.iter().map(shape).collect::<Result<_, _>>().map(Output::OneOf)
            }
            wit_describe::Output::Dynamic(roots) => {
                roots.iter().map(shape).collect::<Result<_, _>>().map(Output::Dynamic)
            }
        };
        let output = output.map_err(of)?;
        if matches!(&output, Output::OneOf(shapes) if shapes.is_empty()) {
            return other(format!("action `{}`: its output has no shape", action.name));
        }
        let action_is = |why: &str| other(format!("action `{}`: {why}", action.name));
        if let Some(path) = &action.text_property
            && properties.at_path(path).is_none_or(|row| row.kind != PropertyType::String)
        {
            return action_is(&format!("the text property `{path}` is no string of its input"));
        }
        let effects = Effects {
            read_only: action.effects.contains(wit_describe::Effects::READ_ONLY),
            destructive: action.effects.contains(wit_describe::Effects::DESTRUCTIVE),
            idempotent: action.effects.contains(wit_describe::Effects::IDEMPOTENT),
            billed: action.effects.contains(wit_describe::Effects::BILLED),
        };
        if effects.read_only && effects.destructive {
            return action_is("it is both read-only and destructive");
        }
        let mut examples = Vec::with_capacity(action.examples.len());
        for wit_describe::Example { title, input } in action.examples {
            match json::parse(&input) {
                Ok(Value::Object(input)) => examples.push(Example { title, input }),
                _ => return action_is(&format!("the input of the example `{title}` is no object")),
            }
        }
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

impl TableError {
    /// The same error, told with what the table describes.
    fn of(self, of: &str) -> DescriptorError {
        DescriptorError::Table { of: of.to_owned(), error: self }
    }
}

fn other<T>(message: String) -> Result<T, DescriptorError> {
    Err(DescriptorError::Other(printable(&message)))
}
