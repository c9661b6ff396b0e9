//! The uiSchema of react-jsonschema-form 6: the parts of a form that JSON Schema
//! cannot express.
//!
//! rjsf renders it without custom code. It also contains hints for engines with
//! better controls: `ui:field: "fileEntry"` (rjsf falls back to the members of the
//! handle if no field of this name is registered), and in `ui:options` the keys
//! `group`, `advanced`, `optionsSource`, `accept`, `maxBytes`.

use serde_json::{Map, Value, json};

use super::{closed_choices, is_multi_line, placeholder, text};
use crate::contract::table::{ControlType, Property, PropertyTable, PropertyType};

/// The uiSchema that goes with [`schema`](super::schema()).
pub fn ui_schema(table: &PropertyTable) -> Value {
    Value::Object(members(table.as_slice(), ""))
}

/// rjsf puts members below `then` last and rejects an order that lacks a member of
/// the schema. So `ui:order` contains all names and `*`.
fn members(members: &[Property], path: &str) -> Map<String, Value> {
    let mut ui = Map::new();
    if !members.is_empty() {
        let names = members.iter().map(|member| member.name.as_str());
        ui.insert("ui:order".to_owned(), names.chain(["*"]).collect());
    }
    for member in members {
        let path = match path {
            "" => member.name.clone(),
            _ => format!("{path}.{}", member.name),
        };
        let property = property(member, &path);
        if !property.is_empty() {
            ui.insert(member.name.clone(), Value::Object(property));
        }
    }
    ui
}

fn property(property: &Property, path: &str) -> Map<String, Value> {
    let mut ui = Map::new();
    let mut put = |key: &str, value: Value| ui.insert(key.to_owned(), value);
    if let Some(widget) = widget(property) {
        put("ui:widget", json!(widget));
    }
    if property.kind == PropertyType::FileEntry {
        put("ui:field", json!("fileEntry"));
    }
    // A field with a default is never empty, so it never shows a hint.
    if property.default.is_none()
        && let Some(placeholder) = placeholder(property)
    {
        put("ui:placeholder", json!(placeholder));
    }
    let options = options(property, path);
    if !options.is_empty() {
        put("ui:options", Value::Object(options));
    }
    let below = format!("{path}[]");
    match property.kind {
        PropertyType::Array => {
            if let Some(items) = property.children.first().map(|item| self::property(item, &below))
                && !items.is_empty()
            {
                ui.insert("items".to_owned(), Value::Object(items));
            }
        }
        PropertyType::Object => {
            ui.extend(members(&property.children, path));
            if let Some(shape) = &property.values {
                let shape = self::property(shape, &below);
                if !shape.is_empty() {
                    ui.insert("additionalProperties".to_owned(), Value::Object(shape));
                }
            }
        }
        _ => {}
    }
    ui
}

/// The widget, if rjsf would choose a different one.
fn widget(property: &Property) -> Option<&'static str> {
    if property.control == ControlType::None {
        return Some("hidden");
    }
    // A select can return to "not given"; a checkbox cannot.
    if property.kind == PropertyType::Boolean {
        return property.default.is_none().then_some("select");
    }
    if property.kind == PropertyType::Time {
        return Some("time");
    }
    let is_text = matches!(property.kind, PropertyType::String | PropertyType::Any);
    if !is_text || closed_choices(property).is_some() {
        return None;
    }
    match property.control {
        _ if property.secret => Some("password"),
        ControlType::Password => Some("password"),
        ControlType::Email => Some("email"),
        ControlType::Url => Some("uri"),
        control if is_multi_line(control) => Some("textarea"),
        _ => None,
    }
}

fn options(property: &Property, path: &str) -> Map<String, Value> {
    let mut options = Map::new();
    let mut put = |key: &str, value: Value| options.insert(key.to_owned(), value);
    if let Some(group) = &property.group {
        put("group", json!(text(group)));
    }
    if property.advanced {
        put("advanced", json!(true));
    }
    if property.control == ControlType::Phone {
        put("inputType", json!("tel"));
    }
    if let Some(depends_on) = property.choices.as_ref().and_then(|choices| choices.dynamic.as_ref())
    {
        let depends_on: Vec<String> = depends_on.iter().map(|name| text(name)).collect();
        put("optionsSource", json!({ "property": path, "dependsOn": depends_on }));
    }
    if !property.limits.accept.is_empty() {
        // In the format of the HTML attribute `accept`.
        let accept = property.limits.accept.iter().map(|extension| format!(".{extension}"));
        put("accept", json!(text(&accept.collect::<Vec<_>>().join(","))));
    }
    if let Some(max_bytes) = property.limits.max_bytes {
        put("maxBytes", json!(max_bytes));
    }
    options
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::table::{Choices, PropertyLimits};
    use crate::fixture::{array, closed, object, open, row, shape, string};

    /// Checks the entry of one property.
    fn check(property: Property, expected: Value) {
        let name = property.name.clone();
        let ui = ui_schema(&vec![property].into());
        assert_eq!(ui.get(name).cloned().unwrap_or(json!({})), expected);
    }

    fn text_row(control: ControlType) -> Property {
        row("a", PropertyType::String, control)
    }

    #[test]
    fn keeps_the_order_of_the_table() {
        let table = vec![string("b"), string("a")].into();
        assert_eq!(ui_schema(&table), json!({ "ui:order": ["b", "a", "*"] }));
        assert_eq!(ui_schema(&PropertyTable::default()), json!({}));
    }

    #[test]
    fn controls_become_widgets() {
        check(text_row(ControlType::Text), json!({}));
        check(text_row(ControlType::TextArea), json!({ "ui:widget": "textarea" }));
        check(text_row(ControlType::CodeEditor), json!({ "ui:widget": "textarea" }));
        check(text_row(ControlType::Password), json!({ "ui:widget": "password" }));
        check(text_row(ControlType::Email), json!({ "ui:widget": "email" }));
        check(text_row(ControlType::Url), json!({ "ui:widget": "uri" }));
        check(text_row(ControlType::Phone), json!({ "ui:options": { "inputType": "tel" } }));
        check(text_row(ControlType::None), json!({ "ui:widget": "hidden" }));
        check(row("a", PropertyType::Time, ControlType::Time), json!({ "ui:widget": "time" }));
    }

    #[test]
    fn secrets_are_masked_whatever_their_control() {
        let secret = Property { secret: true, ..text_row(ControlType::Text) };
        check(secret, json!({ "ui:widget": "password" }));
    }

    #[test]
    fn a_boolean_without_a_default_can_be_unset() {
        let switch = row("a", PropertyType::Boolean, ControlType::Select);
        check(switch.clone(), json!({ "ui:widget": "select" }));
        check(Property { default: Some(json!(true)), ..switch }, json!({}));
    }

    #[test]
    fn the_placeholder_shows_the_providers_default() {
        let number = Property {
            provider_default: Some(json!(1)),
            ..row("a", PropertyType::Number, ControlType::Number)
        };
        check(number.clone(), json!({ "ui:placeholder": "default: 1" }));
        check(Property { default: Some(json!(2)), ..number.clone() }, json!({}));
        check(
            Property { placeholder: Some("Try 0.5".to_owned()), ..number },
            json!({ "ui:placeholder": "Try 0.5" }),
        );
        let select = Property {
            provider_default: Some(json!("std")),
            choices: closed(&[("Standard", json!("std"))]),
            ..text_row(ControlType::Select)
        };
        check(select, json!({ "ui:placeholder": "default: Standard" }));
    }

    #[test]
    fn contains_hints_for_engines() {
        let model = Property {
            advanced: true,
            choices: open(&[("m", json!("m"))])
                .map(|choices| Choices { dynamic: Some(vec!["kind".to_owned()]), ..choices }),
            ..text_row(ControlType::Select)
        };
        check(
            model,
            json!({ "ui:options": {
                "advanced": true,
                "optionsSource": { "property": "a", "dependsOn": ["kind"] },
            } }),
        );
        let file = Property {
            limits: PropertyLimits {
                max_bytes: Some(10),
                accept: vec!["mp3".to_owned(), "wav".to_owned()],
                ..PropertyLimits::default()
            },
            ..row("a", PropertyType::FileEntry, ControlType::FileEntry)
        };
        check(
            file,
            json!({
                "ui:field": "fileEntry",
                "ui:options": { "accept": ".mp3,.wav", "maxBytes": 10 },
            }),
        );
    }

    #[test]
    fn nested_properties_have_entries() {
        let area = || row("text", PropertyType::String, ControlType::TextArea);
        check(
            array("list", object("", vec![area(), string("b")])),
            json!({ "items": {
                "ui:order": ["text", "b", "*"],
                "text": { "ui:widget": "textarea" },
            } }),
        );
        let map = Property {
            values: Some(Box::new(shape(PropertyType::String, ControlType::TextArea))),
            ..object("map", Vec::new())
        };
        check(map, json!({ "additionalProperties": { "ui:widget": "textarea" } }));
    }
}
