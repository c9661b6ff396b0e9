//! Connectors' tables: each is either rejected with the row at fault, or all its
//! documents are sound.

use fuzzing::try_all;
use proptest::collection::vec;
use proptest::prelude::any;
use proptest::sample::Index;
use serde_json::Value;

use super::rows::{Flat, mistakes, plausible};
use super::values::values;
use crate::contract::table::{PropertyTable, TableError};
use crate::contract::{Descriptor, Output, Scheme};
use crate::describe::Rows;
use crate::fixture::{action, definition};
use crate::input::prepare;
use crate::render;

fn parse(flat: &Flat) -> Result<PropertyTable, Vec<TableError>> {
    let mut rows = Rows::new(flat.rows.clone());
    let table = rows.take_table(&flat.roots)?;
    rows.end().map_err(|error| vec![error])?;
    Ok(table)
}

/// All documents rendered from a table.
struct Documents {
    schema: Value,
    ui_schema: Value,
    json_forms: Value,
    parameters: Value,
    page: String,
    example: Value,
}

impl Documents {
    fn of(table: &PropertyTable) -> Self {
        Self {
            schema: render::schema("Title", "", table).to_value(),
            ui_schema: render::ui_schema(table),
            json_forms: render::json_forms(table),
            parameters: render::parameters(table),
            page: render::docs(&descriptor(table)),
            example: render::example(table),
        }
    }

    /// All documents as one string.
    fn text(&self) -> String {
        let Self { schema, ui_schema, json_forms, parameters, page, example } = self;
        format!("{schema}\n{ui_schema}\n{json_forms}\n{parameters}\n{page}\n{example}")
    }
}

fn descriptor(table: &PropertyTable) -> Descriptor {
    Descriptor {
        name: "sample".to_owned(),
        version: 1,
        title: "Sample".to_owned(),
        description: String::new(),
        icon: None,
        categories: Vec::new(),
        help: String::new(),
        actions: vec![action(
            "act",
            "Act",
            table.clone(),
            Output::OneOf(table.iter().cloned().collect()),
        )],
        connection: definition("Connection", Scheme::None, table.clone()),
    }
}

/// Schemas for models have exactly one type for each property, and no keywords that
/// providers reject.
#[track_caller]
fn assert_typed(schema: &Value) {
    assert!(schema["type"].is_string(), "{schema}");
    for keyword in ["allOf", "anyOf", "oneOf", "not", "if", "$ref"] {
        assert_eq!(schema.get(keyword), None);
    }
    schema["properties"].as_object().into_iter().flatten().for_each(|(_, row)| assert_typed(row));
    if schema["type"] == "array" {
        assert_typed(&schema["items"]);
    }
    if schema["additionalProperties"].is_object() {
        assert_typed(&schema["additionalProperties"]);
    }
}

#[track_caller]
fn assert_sound(table: &PropertyTable) -> Documents {
    let documents = Documents::of(table);
    let Documents { schema, parameters, .. } = &documents;
    for schema in [schema, parameters] {
        assert!(jsonschema::draft7::meta::is_valid(schema), "{schema}");
        jsonschema::draft7::new(schema).unwrap_or_else(|error| panic!("{error}: {schema}"));
    }
    assert_typed(parameters);
    for property in table {
        let output = render::output_schema(property).to_value();
        jsonschema::draft7::new(&output).unwrap_or_else(|error| panic!("{error}: {output}"));
    }
    let text = documents.text();
    assert_eq!(Documents::of(table).text(), text, "rendering is not deterministic");
    assert!(!documents.page.contains("{{") && !schema.to_string().contains("{{"), "double braces");
    documents
}

#[test]
fn a_plausible_table_is_accepted_and_its_example_is_valid() {
    try_all(file!(), 3_000, &plausible(), |trees| {
        let flat = Flat::of(&trees);
        let table = parse(&flat).unwrap_or_else(|errors| panic!("{errors:?}"));
        let documents = assert_sound(&table);
        let Documents { schema, example, .. } = documents;
        let errors: Vec<String> = jsonschema::draft7::new(&schema)
            .unwrap()
            .iter_errors(&example)
            .map(|e| e.to_string())
            .collect();
        assert_eq!(errors, [""; 0], "{example} is not valid for {schema}");
        prepare(&table, example.clone(), "it")
            .unwrap_or_else(|failure| panic!("{example}: {failure:?}"));
    });
}

#[test]
fn a_hostile_table_is_rejected_or_renders_sound_documents() {
    let mistakes = vec((any::<Index>(), mistakes()), 1..5);
    let inputs = (plausible(), mistakes, vec(0..20_u32, 0..2), values());
    try_all(file!(), 12_000, &inputs, |(trees, mistakes, roots, input)| {
        let mut flat = Flat::of(&trees);
        if !flat.rows.is_empty() {
            let count = flat.rows.len();
            for (at, mistake) in &mistakes {
                mistake.to(&mut flat.rows[at.index(count)]);
            }
        }
        flat.roots.extend(roots);
        match parse(&flat) {
            Ok(table) => {
                assert_sound(&table);
                // Any input must be accepted or rejected without a panic.
                drop(prepare(&table, input, "it"));
            }
            Err(errors) => {
                assert!(!errors.is_empty());
                for error in errors {
                    assert!(!error.row.is_empty() && !error.reason.is_empty(), "{error:?}");
                    assert!(is_row(&error.row, &flat), "{error:?} does not name a row");
                    let text = error.to_string();
                    assert!(!text.chars().any(char::is_control), "{text:?}");
                    assert!(text.len() < 4_000, "{} bytes", text.len());
                }
            }
        }
    });
}

/// Whether the row in a message is the table, a position, or a path of names.
fn is_row(row: &str, flat: &Flat) -> bool {
    let is_known = |step: &str| {
        let name = step.trim_end_matches("[]");
        name.is_empty() || flat.rows.iter().any(|row| row.name == name)
    };
    row == "table"
        || row
            .strip_prefix("position ")
            .and_then(|at| at.split(' ').next())
            .is_some_and(|at| at.parse::<usize>().is_ok_and(|at| at < flat.rows.len()))
        || row.split('.').all(is_known)
}
