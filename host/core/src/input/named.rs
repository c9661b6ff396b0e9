//! The functions and files that a caller's input names. Naming a function or a file
//! grants access to it, so only properties meant for such names count, and only
//! what the caller wrote: defaults and all other strings are ignored.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::contract::json;
use crate::contract::table::{Property, PropertyType};

/// The strings in lists of strings. Function names are given in such a list.
pub(crate) fn listed_strings(properties: &[Property], input: &Value) -> BTreeSet<String> {
    let mut texts = BTreeSet::new();
    each(properties, input, &mut |property, value| {
        let is_list = property.kind == PropertyType::Array
            && property.children.iter().all(|item| item.kind == PropertyType::String);
        let items = match value {
            Value::Array(items) => items.as_slice(),
            // A single item may be given without the list.
            single => std::slice::from_ref(single),
        };
        if is_list {
            texts.extend(items.iter().filter_map(|item| Some(item.as_str()?.trim().to_owned())));
        }
    });
    texts
}

/// The URLs of the files in an input.
pub(crate) fn file_urls(properties: &[Property], input: &Value) -> Vec<String> {
    let mut urls = Vec::new();
    each(properties, input, &mut |property, value| {
        if property.kind == PropertyType::FileEntry {
            let url = value.as_str().or_else(|| value.get("url")?.as_str());
            urls.extend(url.map(str::to_owned));
        }
    });
    urls
}

/// Visits the values of an object, at all levels.
fn each(properties: &[Property], object: &Value, visit: &mut dyn FnMut(&Property, &Value)) {
    let read = read_container(object);
    let Some(members) = read.as_ref().unwrap_or(object).as_object() else { return };
    for property in properties {
        if let Some(value) = members.get(&property.name) {
            visit_value(property, value, visit);
        }
    }
}

fn visit_value(property: &Property, value: &Value, visit: &mut dyn FnMut(&Property, &Value)) {
    let holds_others = matches!(
        property.kind,
        PropertyType::Array | PropertyType::Object | PropertyType::FileEntry
    );
    let read = read_container(value).filter(|_| holds_others);
    let value = read.as_ref().unwrap_or(value);
    visit(property, value);
    match (property.kind, value) {
        (PropertyType::Array, Value::Array(items)) => {
            let shapes = property.children.iter();
            shapes.for_each(|shape| items.iter().for_each(|item| visit_value(shape, item, visit)));
        }
        (PropertyType::Object, Value::Object(members)) => {
            for (name, member) in members {
                let shape = property.children.iter().find(|child| child.name == *name);
                if let Some(shape) = shape.or(property.values.as_deref()) {
                    visit_value(shape, member, visit);
                }
            }
        }
        _ => {}
    }
}

/// Parses a list or an object that was given as a string.
fn read_container(value: &Value) -> Option<Value> {
    let text = value.as_str().filter(|text| text.trim_start().starts_with(['[', '{']))?;
    json::parse(text).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::contract::table::ControlType;
    use crate::fixture::{array, object, row, string};

    fn file(name: &str) -> Property {
        row(name, PropertyType::FileEntry, ControlType::FileEntry)
    }

    #[test]
    fn only_lists_of_strings_contain_names() {
        let table = [
            string("content"),
            array("functions", string("")),
            object("more", vec![array("tools", string(""))]),
        ];
        let names =
            |input: Value| -> Vec<String> { listed_strings(&table, &input).into_iter().collect() };
        assert_eq!(names(json!({"functions": ["a", " b "], "content": "c"})), ["a", "b"]);
        assert_eq!(names(json!({"functions": "[\"a\"]"})), ["a"]);
        assert_eq!(names(json!({"functions": "a"})), ["a"]);
        assert_eq!(names(json!({"more": "{\"tools\": [\"a\"]}"})), ["a"]);
        assert_eq!(names(json!({"content": "[\"a\"]", "other": ["b"]})), [""; 0]);
    }

    #[test]
    fn only_file_properties_name_files() {
        let open = Property {
            values: Some(Box::new(string(""))),
            ..object("open", vec![file("one"), array("many", file(""))])
        };
        let table = [string("content"), file("one"), array("many", file("")), open];
        let urls = |input: Value| file_urls(&table, &input);
        assert_eq!(urls(json!({"one": "file:///a"})), ["file:///a"]);
        assert_eq!(urls(json!({"one": {"url": "file:///a"}})), ["file:///a"]);
        assert_eq!(urls(json!({"one": "{\"url\": \"file:///a\"}"})), ["file:///a"]);
        assert_eq!(
            urls(json!({"many": [{"url": "file:///a"}, "file:///b"]})),
            ["file:///a", "file:///b"]
        );
        assert_eq!(
            urls(
                json!({"open": {"one": "file:///a", "many": ["file:///b"], "other": "file:///c"}})
            ),
            ["file:///a", "file:///b"]
        );
        assert_eq!(urls(json!({"content": "file:///a", "other": "file:///b"})), [""; 0]);
    }
}
