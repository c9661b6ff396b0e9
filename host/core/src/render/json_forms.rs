//! The UI schema of JSON Forms 3.
//!
//! JSON Forms takes labels and most controls from the JSON Schema. It ignores
//! `if`/`then`, so conditions are repeated here as rules. An object with members is
//! a group of controls. JSON Forms' renderer sets have no control for maps; an
//! engine can register one for `x-control-type: OBJECT_BUILDER`.

use serde_json::{Map, Value, json};

use super::{
    FILE_MEMBERS, closed_choices, condition, is_multi_line, placeholder, suggestions, text,
};
use crate::contract::table::{ControlType, Property, PropertyTable, PropertyType};

/// The UI schema that goes with [`schema`](super::schema()).
pub fn json_forms(table: &PropertyTable) -> Value {
    layout(table.as_slice(), "#")
}

/// The layout of the members of the object at `scope`. Advanced ones come last, in a
/// group that a renderer can collapse.
fn layout(members: &[Property], scope: &str) -> Value {
    let shown = members.iter().filter(|member| member.control != ControlType::None);
    let (advanced, plain): (Vec<&Property>, Vec<&Property>) =
        shown.partition(|member| member.advanced);
    let element = |member: &Property| element(member, members, scope);
    let mut elements = in_groups(&plain, element);
    if !advanced.is_empty() {
        elements.push(json!({
            "type": "Group",
            "label": "Advanced",
            "elements": in_groups(&advanced, element),
            "options": { "advanced": true, "collapsed": true },
        }));
    }
    json!({ "type": "VerticalLayout", "elements": elements })
}

/// The members without a group, then the groups.
fn in_groups(members: &[&Property], element: impl Fn(&Property) -> Value) -> Vec<Value> {
    let of = |group: Option<&String>| {
        let of_group = members.iter().filter(move |member| member.group.as_ref() == group);
        of_group.map(|member| element(member)).collect::<Vec<_>>()
    };
    let mut elements = of(None);
    let mut groups: Vec<&String> = Vec::new();
    for group in members.iter().filter_map(|member| member.group.as_ref()) {
        if !groups.contains(&group) {
            groups.push(group);
            let label = text(group);
            elements.push(json!({ "type": "Group", "label": label, "elements": of(Some(group)) }));
        }
    }
    elements
}

fn element(property: &Property, members: &[Property], parent: &str) -> Value {
    let scope = format!("{parent}/properties/{}", property.name);
    let mut element = match property.kind {
        PropertyType::Object if !property.children.is_empty() => {
            group(property, vec![layout(&property.children, &scope)])
        }
        PropertyType::FileEntry => group(property, file(&scope)),
        _ => control(property, scope),
    };
    let options = options(property);
    if !options.is_empty() {
        element.insert("options".to_owned(), Value::Object(options));
    }
    if let Some(rule) = rule(property, members, parent) {
        element.insert("rule".to_owned(), rule);
    }
    Value::Object(element)
}

/// Repeats the label, because JSON Forms would otherwise label a list with its key.
fn control(property: &Property, scope: String) -> Map<String, Value> {
    let mut control = Map::new();
    control.insert("type".to_owned(), json!("Control"));
    control.insert("scope".to_owned(), json!(scope));
    if !property.label.is_empty() {
        control.insert("label".to_owned(), json!(text(&property.label)));
    }
    control
}

fn group(property: &Property, elements: Vec<Value>) -> Map<String, Value> {
    let label = if property.label.is_empty() { &property.name } else { &property.label };
    Map::from_iter([
        ("type".to_owned(), json!("Group")),
        ("label".to_owned(), json!(text(label))),
        ("elements".to_owned(), Value::Array(elements)),
    ])
}

fn file(scope: &str) -> Vec<Value> {
    let members = FILE_MEMBERS.iter().map(
        |(name, _)| json!({ "type": "Control", "scope": format!("{scope}/properties/{name}") }),
    );
    members.collect()
}

/// The rule that shows a property while its parent object matches the schema of the
/// condition. An absent parent counts as empty, but JSON Forms would treat the
/// schema as matched.
fn rule(property: &Property, members: &[Property], parent: &str) -> Option<Value> {
    let holds = condition::schema(property, members)?;
    let fails_when_absent = !condition::holds(property, members, &Map::new());
    Some(json!({
        "effect": "SHOW",
        "condition": { "scope": parent, "schema": holds, "failWhenUndefined": fails_when_absent },
    }))
}

fn options(property: &Property) -> Map<String, Value> {
    let mut options = Map::new();
    let mut put = |key: &str, value: Value| options.insert(key.to_owned(), value);
    let closed = closed_choices(property);
    match property.kind {
        _ if property.secret => {
            put("format", json!("password"));
        }
        // A JSON Forms select returns the text of an HTML option: `"1"` for 1.
        // Radio buttons return the value itself, and take precedence over the
        // number field that JSON Forms uses for an integer.
        _ if closed
            .is_some_and(|choices| choices.iter().any(|choice| !choice.value.is_string())) =>
        {
            put("format", json!("radio"));
        }
        PropertyType::Time => {
            put("format", json!("time"));
        }
        // The only text cell that does not require the type `string`.
        PropertyType::Any if closed.is_none() => {
            put("multi", json!(true));
        }
        PropertyType::String if property.control == ControlType::Password => {
            put("format", json!("password"));
        }
        PropertyType::String if is_multi_line(property.control) => {
            put("multi", json!(true));
        }
        PropertyType::Array => {
            if let Some(detail) = property.children.first().and_then(detail) {
                put("detail", detail);
            }
        }
        _ => {}
    }
    let known: Vec<&Value> = suggestions(property).iter().map(|choice| &choice.value).collect();
    if !known.is_empty() && known.iter().all(|value| value.is_string()) {
        put("suggestion", json!(known));
    }
    if property.default.is_none()
        && let Some(placeholder) = placeholder(property)
    {
        put("placeholder", json!(placeholder));
    }
    options
}

/// The layout of one item of a list. Plain values do not need one.
fn detail(item: &Property) -> Option<Value> {
    match item.kind {
        PropertyType::Object if !item.children.is_empty() => Some(layout(&item.children, "#")),
        PropertyType::FileEntry => Some(json!({ "type": "VerticalLayout", "elements": file("#") })),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::table::Comparison;
    use crate::fixture::{array, closed, object, open, row, string, when};

    /// Checks the options of one property's control.
    fn check(property: Property, expected: Value) {
        let ui = json_forms(&vec![property].into());
        let control = &ui["elements"][0];
        assert_eq!(control.get("options").cloned().unwrap_or(json!({})), expected);
    }

    fn controls() -> PropertyTable {
        let conditional = Property {
            condition: when("format", Comparison::NoneOf, &[json!(0)]),
            ..row("schema", PropertyType::String, ControlType::TextArea)
        };
        let format = Property {
            default: Some(json!(0)),
            choices: closed(&[("Text", json!(0)), ("Object", json!(1))]),
            ..row("format", PropertyType::Integer, ControlType::Select)
        };
        let seed =
            Property { advanced: true, ..row("seed", PropertyType::Integer, ControlType::Integer) };
        vec![seed, format, conditional].into()
    }

    #[test]
    fn renders_a_complete_form() {
        insta::assert_json_snapshot!(json_forms(&controls()), @r###"
        {
          "type": "VerticalLayout",
          "elements": [
            {
              "type": "Control",
              "scope": "#/properties/format",
              "label": "format",
              "options": {
                "format": "radio"
              }
            },
            {
              "type": "Control",
              "scope": "#/properties/schema",
              "label": "schema",
              "options": {
                "multi": true
              },
              "rule": {
                "effect": "SHOW",
                "condition": {
                  "scope": "#",
                  "schema": {
                    "properties": {
                      "format": {
                        "not": {
                          "const": 0
                        }
                      }
                    },
                    "required": [
                      "format"
                    ]
                  },
                  "failWhenUndefined": true
                }
              }
            },
            {
              "type": "Group",
              "label": "Advanced",
              "elements": [
                {
                  "type": "Control",
                  "scope": "#/properties/seed",
                  "label": "seed"
                }
              ],
              "options": {
                "advanced": true,
                "collapsed": true
              }
            }
          ]
        }
        "###);
    }

    #[test]
    fn controls_become_options() {
        let text = |control| row("a", PropertyType::String, control);
        check(text(ControlType::Text), json!({}));
        check(text(ControlType::TextArea), json!({ "multi": true }));
        check(text(ControlType::Password), json!({ "format": "password" }));
        check(
            Property { secret: true, ..text(ControlType::Text) },
            json!({ "format": "password" }),
        );
        check(row("a", PropertyType::Time, ControlType::Time), json!({ "format": "time" }));
        check(row("a", PropertyType::Any, ControlType::Text), json!({ "multi": true }));
    }

    #[test]
    fn a_property_that_is_not_edited_has_no_control() {
        let table = vec![row("a", PropertyType::String, ControlType::None)].into();
        assert_eq!(json_forms(&table)["elements"], json!([]));
    }

    #[test]
    fn choices_that_are_not_strings_are_radio_buttons() {
        let select = |kind, choices| Property { choices, ..row("a", kind, ControlType::Select) };
        check(
            select(PropertyType::Integer, closed(&[("One", json!(1))])),
            json!({ "format": "radio" }),
        );
        check(
            select(PropertyType::Any, closed(&[("Wide", json!([2, 1]))])),
            json!({ "format": "radio" }),
        );
        check(select(PropertyType::String, closed(&[("One", json!("1"))])), json!({}));
    }

    #[test]
    fn an_open_list_becomes_suggestions() {
        let open = Property { choices: open(&[("One", json!("1"))]), ..string("a") };
        check(open, json!({ "suggestion": ["1"] }));
    }

    #[test]
    fn objects_and_files_are_groups() {
        let file = row("file", PropertyType::FileEntry, ControlType::FileEntry);
        let ui = json_forms(&vec![object("outer", vec![string("inner")]), file].into());
        assert_eq!(
            ui["elements"][0],
            json!({
                "type": "Group",
                "label": "outer",
                "elements": [{ "type": "VerticalLayout", "elements": [
                    { "type": "Control", "scope": "#/properties/outer/properties/inner", "label": "inner" },
                ] }],
            })
        );
        assert_eq!(
            ui["elements"][1]["elements"][3],
            json!({ "type": "Control", "scope": "#/properties/file/properties/url" })
        );
    }

    #[test]
    fn items_have_their_own_layout() {
        let list = array("list", object("", controls().iter().cloned().collect()));
        let ui = json_forms(&vec![list, array("texts", string(""))].into());
        assert_eq!(ui["elements"][0]["options"]["detail"], json_forms(&controls()));
        assert_eq!(ui["elements"][1].get("options"), None);
    }

    #[test]
    fn a_rule_applies_to_the_parent_object() {
        let ui = json_forms(&vec![object("outer", controls().iter().cloned().collect())].into());
        let rule = &ui["elements"][0]["elements"][0]["elements"][1]["rule"];
        assert_eq!(rule["condition"]["scope"], json!("#/properties/outer"));
        assert_eq!(rule["condition"]["failWhenUndefined"], json!(true));
    }
}
