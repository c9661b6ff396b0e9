//! Optional members of an output that are `null`.
//!
//! Connectors serialize an absent member as `null` or leave it out, depending on
//! their language. The caller gets one form: the member is absent, as the schema of
//! the output says.

use serde_json::Value;

use super::Output;
use super::table::{Property, PropertyType};

impl Output {
    /// Removes the optional members that are `null`, unless `null` may be their
    /// value. If the shape depends on the input, only the connector knows what
    /// `null` means, and nothing is removed.
    pub(crate) fn remove_nulls(&self, output: &mut Value) {
        match self {
            Self::Fixed(shape) => remove_nulls(&[shape], output),
            Self::OneOf(shapes) => remove_nulls(&shapes.iter().collect::<Vec<_>>(), output),
            Self::Dynamic(_) => {}
        }
    }
}

/// Removes them from a value that has one of these shapes.
fn remove_nulls(shapes: &[&Property], value: &mut Value) {
    match value {
        Value::Object(members) => members.retain(|name, value| {
            let objects = shapes.iter().filter(|it| it.kind == PropertyType::Object);
            let rows = objects.flat_map(|it| it.children.iter().chain(it.values.as_deref()));
            let rows: Vec<&Property> =
                rows.filter(|row| row.name.is_empty() || row.name == *name).collect();
            if value.is_null() {
                let is_absent = |row: &&Property| !row.required && row.kind != PropertyType::Any;
                return rows.is_empty() || !rows.iter().all(is_absent);
            }
            remove_nulls(&rows, value);
            true
        }),
        Value::Array(items) => {
            let lists = shapes.iter().filter(|it| it.kind == PropertyType::Array);
            let rows: Vec<&Property> = lists.flat_map(|list| &list.children).collect();
            for item in items {
                remove_nulls(&rows, item);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::contract::table::ControlType;
    use crate::fixture::{array, object, row, string};

    fn any(name: &str) -> Property {
        row(name, PropertyType::Any, ControlType::None)
    }

    #[track_caller]
    fn becomes(output: &Output, mut value: Value, expected: Value) {
        output.remove_nulls(&mut value);
        assert_eq!(value, expected);
    }

    #[test]
    fn an_optional_member_that_is_null_is_removed() {
        let id = Property { required: true, ..string("id") };
        let inner = object("", vec![string("name"), any("extra")]);
        let map = Property { values: Some(Box::new(inner.clone())), ..object("by", Vec::new()) };
        let shape = object("", vec![id, string("due"), array("all", inner), map]);
        let fixed = Output::Fixed(shape);
        becomes(
            &fixed,
            json!({
                "id": null, "due": null, "unknown": null,
                "all": [{ "name": null, "extra": null }, null],
                "by": { "a": { "name": null } },
            }),
            json!({
                "id": null, "unknown": null,
                "all": [{ "extra": null }, null],
                "by": { "a": {} },
            }),
        );
        becomes(&fixed, json!(null), json!(null));
    }

    #[test]
    fn a_null_that_may_be_a_value_is_kept() {
        let shapes = vec![object("", vec![string("a"), string("b")]), object("", vec![any("a")])];
        let value = || json!({ "a": null, "b": null });
        becomes(&Output::OneOf(shapes.clone()), value(), json!({ "a": null }));
        becomes(&Output::Dynamic(shapes), value(), value());
    }
}
