//! Marks every schema within a schema, so that none is entered without a look
//! at the value: by a `type` that admits every value, where there is none yet.
//! It is the first keyword that the `jsonschema` crate evaluates.

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

/// Keywords whose members are schemas by names of the schema's own.
const NAMED: [&str; 6] =
    ["$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties", "properties"];
/// Keywords whose values are data.
const DATA: [&str; 2] = ["const", "enum"];
const REFERENCES: [&str; 3] = ["$dynamicRef", "$recursiveRef", "$ref"];

/// Marks a schema, and counts the patterns in it.
///
/// # Errors
/// Why it cannot be done: a reference to where no schema belongs.
pub(super) fn mark(schema: &mut Value) -> Result<usize, String> {
    match schema {
        Value::Array(schemas) => schemas.iter_mut().map(mark).sum(),
        Value::Object(keywords) => {
            let patterns =
                keywords.iter_mut().map(|(keyword, value)| mark_keyword(keyword, value)).sum();
            let any = json!(["array", "boolean", "null", "number", "object", "string"]);
            keywords.entry("type").or_insert(any);
            patterns
        }
        _ => Ok(0),
    }
}

fn mark_keyword(keyword: &str, value: &mut Value) -> Result<usize, String> {
    if let Some(reference) = value.as_str().filter(|_| REFERENCES.contains(&keyword)) {
        check_reference(reference)?;
    }
    match (keyword, value) {
        ("pattern", _) => Ok(1),
        (keyword, _) if DATA.contains(&keyword) => Ok(0),
        (keyword, Value::Object(named)) if NAMED.contains(&keyword) => {
            let keys = if keyword == "patternProperties" { named.len() } else { 0 };
            Ok(keys + named.values_mut().map(mark).sum::<Result<usize, _>>()?)
        }
        (_, value) => mark(value),
    }
}

/// A reference does not lead into data, which is not marked.
fn check_reference(reference: &str) -> Result<(), String> {
    let Some((_, pointer)) = reference.split_once('#') else { return Ok(()) };
    let pointer = percent_decode_str(pointer).decode_utf8_lossy();
    let mut is_name = false;
    for step in pointer.split('/').skip(1) {
        if !is_name && DATA.contains(&step) {
            return Err(format!("a reference leads into `{step}`"));
        }
        is_name = !is_name && NAMED.contains(&step);
    }
    Ok(())
}
