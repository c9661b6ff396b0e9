//! Renders property tables: forms for people, schemas for engines, and a reference
//! page for readers.
//!
//! | function          | document                                              |
//! |-------------------|-------------------------------------------------------|
//! | [`schema`]        | JSON Schema of an input                               |
//! | [`output_schema`] | JSON Schema of an output                              |
//! | [`ui_schema`]     | uiSchema of react-jsonschema-form 6 (rjsf)            |
//! | [`json_forms`]    | UI schema of JSON Forms 3                             |
//! | [`docs`]          | the reference page of a connector, in Markdown        |
//! | [`example`]       | the smallest input                                    |
//! | [`parameters`], [`model_output`] | the same schemas for models            |
//! | [`openapi_input`], [`openapi_output`] | the same schemas for OpenAPI documents |
//!
//! All of them follow these rules:
//!
//! * **Only the table matters.** Nothing here is specific to a connector, and
//!   properties are in the order of the table wherever the form library allows it.
//! * **A schema is never stricter than the host.** If a keyword cannot express
//!   exactly what the host checks, the schema is more permissive. (Blank values are
//!   an exception: to the host, `null`, `""`, `{}` and `[]` mean "not given".)
//! * **`default` is only set if the table has a default.** Form libraries send a
//!   default as if the user had entered it, so the *provider's* default is only
//!   shown as a hint (`x-provider-default`, `ui:placeholder`).
//! * **No document contains `{{`.** Ports of rjsf and Markdown site generators
//!   evaluate the text between such braces, and these strings come from a component.
//!   In text for people the braces are separated by a space (`text`). Changing data
//!   would change its meaning, so values that contain `{{` are left out
//!   (`is_template`): such a default, example or hint is omitted, and a closed list,
//!   a pattern or a condition with such a value is left to the host, which always
//!   checks them.
//!
//! The page that uses rjsf should set `experimental_defaultFormStateBehavior` of the
//! form to `{ constAsDefaults: "never", emptyObjectFields: "skipEmptyDefaults" }`.
//! Otherwise, rjsf 6 uses the first `const` of a select as its default and sends
//! choices that nobody made.

mod condition;
mod docs;
mod example;
mod json_forms;
mod plain;
mod schema;
mod ui_schema;

use serde_json::Value;

pub(crate) use condition::ignored;
pub use docs::{action_docs, docs, property_docs};
pub use example::example;
pub use json_forms::json_forms;
pub use plain::{model_output, openapi_input, openapi_output, parameters};
pub use schema::{output_schema, schema};
pub use ui_schema::ui_schema;

use crate::contract::table::{Choice, ControlType, Property, same};

/// The keys and labels of the members of a file handle (`wit/types.wit`, record
/// `file-entry`), in the order of its JSON object.
const FILE_MEMBERS: [(&str, &str); 4] =
    [("extension", "Extension"), ("mimeType", "Media Type"), ("name", "Name"), ("url", "URL")];

/// Text from a component, for people: separates the braces of `{{`.
fn text(text: &str) -> String {
    // Twice, because the first pass turns four braces into `{ {{ {`.
    text.replace("{{", "{ {").replace("{{", "{ {")
}

/// Whether a value contains `{{` anywhere and must not be rendered unchanged.
fn is_template(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains("{{"),
        Value::Array(items) => items.iter().any(is_template),
        Value::Object(members) => {
            members.iter().any(|(key, value)| key.contains("{{") || is_template(value))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// A value as people write it: strings without quotes, everything else as JSON.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The choices of a property that allows no other values and can be a select in a
/// form. A dynamic list is not closed.
fn closed_choices(property: &Property) -> Option<&[Choice]> {
    let choices = property.choices.as_ref()?;
    let closed = !choices.open && choices.dynamic.is_none() && !choices.known.is_empty();
    let known = choices.known.as_slice();
    (closed && !known.iter().any(|choice| is_template(&choice.value))).then_some(known)
}

/// The known choices of a property that allows other values too.
fn suggestions(property: &Property) -> Vec<&Choice> {
    match (&property.choices, closed_choices(property)) {
        (Some(choices), None) => {
            choices.known.iter().filter(|choice| !is_template(&choice.value)).collect()
        }
        _ => Vec::new(),
    }
}

/// The hint in an empty field: the placeholder of the table, or the provider's
/// default.
fn placeholder(property: &Property) -> Option<String> {
    if let Some(placeholder) = &property.placeholder {
        return Some(text(placeholder));
    }
    let value = property.provider_default.as_ref().filter(|value| !is_template(value))?;
    let known = property.choices.as_ref().map_or(&[][..], |choices| &choices.known);
    let label = match known.iter().find(|choice| same(&choice.value, value)) {
        Some(choice) => text(&choice.label),
        None => plain(value),
    };
    Some(format!("default: {label}"))
}

/// Whether a control is for multi-line text.
fn is_multi_line(control: ControlType) -> bool {
    matches!(
        control,
        ControlType::TextArea
            | ControlType::RichText
            | ControlType::CodeEditor
            | ControlType::JsonSchemaBuilder
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::contract::table::{
        Comparison, Condition, Pattern, PropertyLimits, PropertyTable, PropertyType,
    };
    use crate::contract::{Action, Definition, Descriptor, Output, Scheme};
    use crate::fixture::{action, binding, definition};

    #[test]
    fn separates_any_number_of_braces() {
        for count in 2..9 {
            assert!(!text(&"{".repeat(count)).contains("{{"), "{count}");
        }
        assert_eq!(text("a {{b}} c { d"), "a { {b}} c { d");
    }

    #[test]
    fn no_document_contains_double_braces() {
        let hostile = "{{alert(1)}} {{{{";
        let choice = |value: Value| Choice {
            label: hostile.to_owned(),
            value,
            description: Some(hostile.to_owned()),
        };
        let row = |name: &str| Property {
            label: hostile.to_owned(),
            description: hostile.to_owned(),
            placeholder: Some(hostile.to_owned()),
            default: Some(json!({ hostile: [hostile] })),
            provider_default: Some(json!([hostile])),
            limits: PropertyLimits {
                pattern: Some(Pattern::new(r"\{{2}".to_owned()).unwrap()),
                accept: vec![hostile.to_owned()],
                ..PropertyLimits::default()
            },
            required: true,
            ..crate::fixture::row(name, PropertyType::String, ControlType::Text)
        };
        let with_choices = |name: &str, open: bool| Property {
            choices: Some(crate::contract::table::Choices {
                known: vec![choice(json!(hostile)), choice(json!("a"))],
                open,
                dynamic: open.then(|| vec![hostile.to_owned()]),
            }),
            default: None,
            ..row(name)
        };
        let conditional = Property {
            condition: Some(Condition {
                property: "closed".to_owned(),
                matches: Comparison::OneOf,
                values: vec![json!(hostile)],
            }),
            ..row("conditional")
        };
        let file = Property { kind: PropertyType::FileEntry, default: None, ..row("file") };
        let object = Property {
            kind: PropertyType::Object,
            children: vec![row("inner")],
            default: None,
            ..row("object")
        };
        let nested = Property {
            kind: PropertyType::Object,
            children: vec![object],
            default: None,
            ..row("nested")
        };
        let rows = || {
            PropertyTable::from(vec![
                row("plain"),
                with_choices("closed", false),
                with_choices("open", true),
                conditional.clone(),
                file.clone(),
                nested.clone(),
            ])
        };
        let descriptor = Descriptor {
            name: "sample".to_owned(),
            version: 1,
            title: hostile.to_owned(),
            description: hostile.to_owned(),
            icon: None,
            categories: vec![hostile.to_owned()],
            help: hostile.to_owned(),
            actions: vec![Action {
                description: hostile.to_owned(),
                help: hostile.to_owned(),
                ..action("act", hostile, rows(), Output::Fixed(nested.clone()))
            }],
            connection: Definition {
                help: hostile.to_owned(),
                headers: vec![binding("plain", hostile)],
                environment: vec![binding("plain", hostile)],
                ..definition(hostile, Scheme::None, rows())
            },
        };
        for document in [
            schema(hostile, hostile, &rows()).to_value().to_string(),
            output_schema(&nested).to_value().to_string(),
            ui_schema(&rows()).to_string(),
            json_forms(&rows()).to_string(),
            docs(&descriptor),
            parameters(&rows()).to_string(),
            openapi_input(&rows()).to_string(),
            model_output(&nested).to_string(),
        ] {
            assert!(!document.contains("{{"), "{document}");
        }
    }
}
