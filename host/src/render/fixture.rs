//! Rows and tables for the tests of the renderings.

use serde_json::Value;

use crate::descriptor::Binding;
use crate::table::{
    Choice, Choices, Comparison, Condition, ControlType, Limits, Property, PropertyType,
};

/// A row that says nothing but its name, label (the name), type and control.
/// Struct update syntax adds the rest.
pub(super) fn row(name: &str, kind: PropertyType, control: ControlType) -> Property {
    Property {
        name: name.to_owned(),
        label: name.to_owned(),
        description: String::new(),
        placeholder: None,
        kind,
        control,
        required: false,
        advanced: false,
        secret: false,
        default: None,
        provider_default: None,
        choices: None,
        condition: None,
        limits: Limits::default(),
        children: Vec::new(),
        values: None,
    }
}

/// A line of text.
pub(super) fn string(name: &str) -> Property {
    row(name, PropertyType::String, ControlType::Text)
}

/// An unnamed shape of items or values.
pub(super) fn shape(kind: PropertyType, control: ControlType) -> Property {
    row("", kind, control)
}

/// A list.
pub(super) fn array(name: &str, item: Property) -> Property {
    Property { children: vec![item], ..row(name, PropertyType::Array, ControlType::ArrayBuilder) }
}

/// An object with named members.
pub(super) fn object(name: &str, members: Vec<Property>) -> Property {
    Property { children: members, ..row(name, PropertyType::Object, ControlType::ObjectBuilder) }
}

/// Choices from labels and values.
pub(super) fn closed(choices: &[(&str, Value)]) -> Option<Choices> {
    let known = choices.iter().map(|(label, value)| Choice {
        label: (*label).to_owned(),
        value: value.clone(),
        description: None,
    });
    Some(Choices { known: known.collect(), open: false, dynamic: None })
}

/// Like [`closed`], with other values allowed.
pub(super) fn open(choices: &[(&str, Value)]) -> Option<Choices> {
    closed(choices).map(|choices| Choices { open: true, ..choices })
}

/// A condition.
pub(super) fn when(property: &str, matches: Comparison, values: &[Value]) -> Option<Condition> {
    Some(Condition { property: property.to_owned(), matches, values: values.to_vec() })
}

/// A binding of a property.
pub(super) fn binding(property: &str, name: &str) -> Binding {
    Binding { property: property.to_owned(), name: name.to_owned() }
}
