//! Helpers that build properties and tables for tests.

use serde_json::Value;

use crate::contract::table::{
    Choice, Choices, Comparison, Condition, ControlType, Property, PropertyTable, PropertyType,
};
use crate::contract::{
    Action, Authorization, BaseUrl, Binding, Definition, Effects, Output, Scheme,
};
use crate::runtime::bindings::types as wit;

/// A property with only a name, a label (the name), a type and a control. Use
/// struct update syntax to add the rest.
pub(crate) fn row(name: &str, kind: PropertyType, control: ControlType) -> Property {
    Property::new(name, kind, control)
}

/// A line of text.
pub(crate) fn string(name: &str) -> Property {
    row(name, PropertyType::String, ControlType::Text)
}

/// The unnamed shape of items or values.
pub(crate) fn shape(kind: PropertyType, control: ControlType) -> Property {
    row("", kind, control)
}

/// A list.
pub(crate) fn array(name: &str, item: Property) -> Property {
    Property { children: vec![item], ..row(name, PropertyType::Array, ControlType::ArrayBuilder) }
}

/// An object with named members.
pub(crate) fn object(name: &str, members: Vec<Property>) -> Property {
    Property { children: members, ..row(name, PropertyType::Object, ControlType::ObjectBuilder) }
}

/// Choices from labels and values.
pub(crate) fn closed(choices: &[(&str, Value)]) -> Option<Choices> {
    let known = choices.iter().map(|(label, value)| Choice {
        label: (*label).to_owned(),
        value: value.clone(),
        description: None,
    });
    Some(Choices { known: known.collect(), open: false, dynamic: None })
}

/// Like [`closed`], with other values allowed.
pub(crate) fn open(choices: &[(&str, Value)]) -> Option<Choices> {
    closed(choices).map(|choices| Choices { open: true, ..choices })
}

/// A condition.
pub(crate) fn when(property: &str, matches: Comparison, values: &[Value]) -> Option<Condition> {
    Some(Condition { property: property.to_owned(), matches, values: values.to_vec() })
}

/// An action for a test.
pub(crate) fn action(name: &str, title: &str, properties: PropertyTable, output: Output) -> Action {
    Action {
        name: name.to_owned(),
        title: title.to_owned(),
        description: String::new(),
        help: String::new(),
        group: None,
        deprecated: false,
        properties,
        text_property: None,
        output,
        effects: Effects::default(),
        duration: None,
        examples: Vec::new(),
    }
}

/// The definition of a connection with one way to authorize.
pub(crate) fn definition(title: &str, scheme: Scheme, properties: PropertyTable) -> Definition {
    let names = scheme.properties().into_iter().map(str::to_owned).collect();
    Definition {
        title: title.to_owned(),
        version: 1,
        help: String::new(),
        authorizations: vec![Authorization {
            name: "usual".to_owned(),
            title: title.to_owned(),
            help: String::new(),
            properties: names,
            scheme,
        }],
        properties,
        base_url: BaseUrl::parse("https://api.example.com/v1").unwrap(),
        base_url_property: None,
        headers: Vec::new(),
        query: Vec::new(),
        user_headers: None,
        lasting_errors: Vec::new(),
        environment: Vec::new(),
    }
}

/// A binding of a property.
pub(crate) fn binding(property: &str, name: &str) -> Binding {
    Binding { property: property.to_owned(), name: name.to_owned() }
}

/// A connector's row with only a name and a type.
pub(crate) fn wit_row(name: &str, type_: wit::PropertyType) -> wit::Property {
    wit::Property {
        name: name.to_owned(),
        label: name.to_owned(),
        description: String::new(),
        placeholder: None,
        type_,
        control: wit::ControlType::None,
        required: false,
        group: None,
        advanced: false,
        deprecated: false,
        secret: false,
        media_type: None,
        display: None,
        default: None,
        provider_default: None,
        choices: None,
        condition: None,
        limits: None,
        children: Vec::new(),
        values: None,
    }
}

pub(crate) fn no_limits() -> wit::Limits {
    wit::Limits {
        minimum: None,
        maximum: None,
        min_length: None,
        max_length: None,
        min_items: None,
        max_items: None,
        pattern: None,
        max_bytes: None,
        accept: Vec::new(),
    }
}
