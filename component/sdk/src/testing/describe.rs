//! Renders the declaration of a connector as JSON, for tests.

use serde_json::{Value, json};

use crate::Connector;
use crate::bindings::workflow::connector::types;

/// Returns the descriptor as JSON, with tables as trees. Like the host's
/// `describe`, omits members that are not set.
pub fn describe(connector: &Connector) -> Value {
    let component = crate::describe::describe(connector);
    let rows = &component.properties;
    let table = |positions: &[u32]| positions.iter().map(|at| row(rows, *at)).collect::<Value>();
    let authorizations = component.connection.authorizations.iter().map(|authorization| {
        json!({
            "name": authorization.name,
            "title": authorization.title,
            "properties": table(&authorization.properties),
        })
    });
    let actions = component.actions.iter().zip(connector.actions).map(|(action, constant)| {
        let output = match &constant.output {
            crate::Output::Fixed(_) => "fixed",
            crate::Output::OneOf(_) => "oneOf",
            crate::Output::Dynamic(_) => "dynamic",
        };
        use crate::bindings::exports::workflow::connector::describe::Output;
        let shapes = match &action.output {
            Output::Fixed(shape) => row(rows, *shape),
            Output::OneOf(shapes) | Output::Dynamic(shapes) => table(shapes),
        };
        json!({
            "name": action.name,
            "title": action.title,
            "description": action.description,
            "properties": table(&action.properties),
            "output": { output: shapes },
        })
    });
    json!({
        "name": component.name,
        "version": component.version,
        "title": component.title,
        "description": component.description,
        "connection": {
            "authorizations": authorizations.collect::<Value>(),
            "properties": table(&component.connection.properties),
            "baseUrl": component.connection.base_url.default,
        },
        "actions": actions.collect::<Value>(),
    })
}

/// Renders a row and its descendants.
fn row(rows: &[types::Property], position: u32) -> Value {
    let Some(row) = rows.get(position as usize) else { return Value::Null };
    let table = |at: &[u32]| at.iter().map(|at| self::row(rows, *at)).collect::<Value>();
    let mut json = json!({
        "name": row.name,
        "label": row.label,
        "description": row.description,
        "placeholder": row.placeholder,
        "type": words(row.type_, '_').to_uppercase(),
        "control": words(row.control, '_').to_uppercase(),
        "required": row.required,
        "group": row.group,
        "advanced": row.advanced,
        "deprecated": row.deprecated,
        "secret": row.secret,
        "mediaType": row.media_type,
        "display": row.display,
        "default": row.default.as_deref().map(parsed),
        "providerDefault": row.provider_default.as_deref().map(parsed),
        "choices": row.choices.as_ref().map(choices),
        "condition": row.condition.as_ref().map(condition),
        "limits": row.limits.as_ref().map(limits),
        "children": table(&row.children),
        "values": row.values.map(|values| self::row(rows, values)),
    });
    if let Some(members) = json.as_object_mut() {
        let is_shape = row.name.is_empty();
        let unset = [Value::Null, Value::Bool(false), json!([])];
        members.retain(|name, value| match name.as_str() {
            "name" => !is_shape,
            "default" | "providerDefault" => !value.is_null(),
            _ => !unset.contains(value),
        });
    }
    json
}

fn choices(choices: &types::Choices) -> Value {
    let known = choices.known.iter().map(|choice| {
        let value = parsed(&choice.value);
        match &choice.description {
            Some(text) => json!({ "label": choice.label, "value": value, "description": text }),
            None => json!({ "label": choice.label, "value": value }),
        }
    });
    let mut json = json!({ "known": known.collect::<Value>(), "open": choices.open });
    if let (Some(members), Some(names)) = (json.as_object_mut(), &choices.dynamic) {
        members.insert("dynamic".to_owned(), json!(names));
    }
    json
}

fn condition(condition: &types::Condition) -> Value {
    json!({
        "property": condition.property,
        "matches": words(condition.matches, '-'),
        "values": condition.values.iter().map(|value| parsed(value)).collect::<Value>(),
    })
}

fn limits(limits: &types::Limits) -> Value {
    let mut json = json!({
        "minimum": limits.minimum.map(plain),
        "maximum": limits.maximum.map(plain),
        "minLength": limits.min_length,
        "maxLength": limits.max_length,
        "minItems": limits.min_items,
        "maxItems": limits.max_items,
        "pattern": limits.pattern,
        "maxBytes": limits.max_bytes,
        "accept": limits.accept,
    });
    if let Some(members) = json.as_object_mut() {
        members.retain(|_, value| !value.is_null() && value != &json!([]));
    }
    json
}

/// Renders a number, as an integer if its fraction is 0.
fn plain(number: f64) -> Value {
    if number.fract() == 0.0 { json!(number as i64) } else { json!(number) }
}

fn parsed(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_default()
}

/// Returns the name of a variant in lower case, with its words joined by `separator`.
fn words(variant: impl std::fmt::Debug, separator: char) -> String {
    let name = format!("{variant:?}");
    let mut words = String::new();
    for character in name.rsplit("::").next().unwrap_or(&name).chars() {
        if character.is_uppercase() && !words.is_empty() {
            words.push(separator);
        }
        words.extend(character.to_lowercase());
    }
    words
}
