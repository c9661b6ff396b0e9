//! Inputs of runs beside the tables they are for.

use fuzzing::try_all;
use proptest::collection::vec;
use proptest::prelude::{Strategy, any};
use proptest::sample::Index;
use serde_json::Value;

use super::rows::{Flat, harms, plausible};
use super::values::values;
use crate::contract::PropertyTable;
use crate::describe::Rows;
use crate::input::prepare;
use crate::render;

/// Tables, some of them with a row that is not as sensible as the others.
fn tables() -> impl Strategy<Value = PropertyTable> {
    let tables = (plausible(), vec((any::<Index>(), harms()), 0..3));
    tables.prop_filter_map("the table is refused", |(trees, harms)| {
        let mut flat = Flat::of(&trees);
        let count = flat.rows.len();
        for (at, harm) in harms.iter().filter(|_| count != 0) {
            harm.to(&mut flat.rows[at.index(count)]);
        }
        let mut rows = Rows::new(flat.rows.clone());
        rows.take_table(&flat.roots).ok()
    })
}

#[test]
fn what_is_prepared_stays_as_it_is_and_is_valid() {
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
        // The schema of a form is not stricter than the host.
        let schema = render::schema("", "", &table).to_value();
        let errors: Vec<String> = jsonschema::draft7::new(&schema)
            .unwrap()
            .iter_errors(&prepared)
            .map(|error| format!("{error} at {}", error.instance_path()))
            .collect();
        assert_eq!(errors, [""; 0], "{prepared} was prepared, and {schema} refuses it");
    });
}

/// Whether a path begins with a property of the table or a key of the input.
/// Long keys are cut, odd ones are escaped.
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
