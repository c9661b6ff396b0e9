//! Inputs of runs, with the tables that describe them.

use fuzzing::try_all;
use proptest::collection::vec;
use proptest::prelude::{Strategy, any};
use proptest::sample::Index;
use serde_json::Value;

use super::rows::{Flat, mistakes, plausible};
use super::values::values;
use crate::contract::PropertyTable;
use crate::describe::Rows;
use crate::input::prepare;
use crate::render;

/// Tables, some with a few corrupted rows.
fn tables() -> impl Strategy<Value = PropertyTable> {
    let tables = (plausible(), vec((any::<Index>(), mistakes()), 0..3));
    tables.prop_filter_map("the table is rejected", |(trees, mistakes)| {
        let mut flat = Flat::of(&trees);
        let count = flat.rows.len();
        for (at, mistake) in mistakes.iter().filter(|_| count != 0) {
            mistake.to(&mut flat.rows[at.index(count)]);
        }
        let mut rows = Rows::new(flat.rows.clone());
        rows.take_table(&flat.roots).ok()
    })
}

#[test]
fn a_prepared_input_is_valid_and_preparing_it_again_changes_nothing() {
    try_all(file!(), 10_000, &(tables(), values()), |(table, input)| {
        let is_object = input.is_object() || input.is_null();
        let prepared = match prepare(&table, input.clone(), "it") {
            Ok(prepared) => prepared.value,
            Err(failure) => {
                let Some(property) = &failure.property else {
                    return assert!(!is_object, "{failure:?}");
                };
                assert!(failure.message.contains(&format!("`{property}`")), "{failure:?}");
                assert!(is_there(property, &table, &input), "{failure:?}");
                assert!(!failure.request_sent);
                return;
            }
        };
        let again = prepare(&table, prepared.clone(), "it").map(|prepared| prepared.value);
        assert_eq!(again, Ok(prepared.clone()), "of {input}");
        // The schema of the form must not be stricter than the host.
        let schema = render::schema("", "", &table).to_value();
        let errors: Vec<String> = jsonschema::draft7::new(&schema)
            .unwrap()
            .iter_errors(&prepared)
            .map(|error| format!("{error} at {}", error.instance_path()))
            .collect();
        assert_eq!(errors, [""; 0], "{prepared} was prepared, but {schema} rejects it");
    });
}

/// Whether a path begins with a property of the table or a key of the input. In
/// paths, long keys are truncated and odd ones escaped.
fn is_there(path: &str, table: &PropertyTable, input: &Value) -> bool {
    let begins = |name: &str| {
        path.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    let written = |key: &String| {
        let escaped = key.escape_debug().to_string().replace("\\'", "'").replace("\\\"", "\"");
        path.starts_with(&escaped.chars().take(60).collect::<String>())
    };
    table.iter().any(|property| begins(&property.name))
        || input.as_object().is_some_and(|object| object.keys().any(written))
}
