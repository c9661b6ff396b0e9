//! The import `json-schema`: validation by the `jsonschema` crate, bounded.

use jsonschema::PatternOptions;
use serde_json::Value;

use crate::bindings::workflow::connector::json_schema::{Invalid, Violation};

/// More violations tell nobody more.
const MOST_VIOLATIONS: usize = 20;
/// The compiled size of a pattern, which bounds its memory.
const MAX_PATTERN_BYTES: usize = 256 * 1024;

/// Validates JSON text against a JSON Schema.
///
/// Patterns run in linear time (the `regex` crate, no look-around), and
/// references to other documents are not followed: the crate is built without
/// its resolvers.
pub(crate) fn validate(schema: &str, instance: &str) -> Result<(), Invalid> {
    let schema: Value =
        serde_json::from_str(schema).map_err(|error| Invalid::Schema(error.to_string()))?;
    let validator = jsonschema::options()
        .with_pattern_options(PatternOptions::regex().size_limit(MAX_PATTERN_BYTES))
        .build(&schema)
        .map_err(|error| Invalid::Schema(error.to_string()))?;
    let instance: Value =
        serde_json::from_str(instance).map_err(|error| Invalid::NotJson(error.to_string()))?;
    let violations: Vec<Violation> = validator
        .iter_errors(&instance)
        .take(MOST_VIOLATIONS)
        .map(|error| Violation {
            path: error.instance_path().to_string(),
            message: error.to_string(),
        })
        .collect();
    if violations.is_empty() { Ok(()) } else { Err(Invalid::Instance(violations)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_each_violation_by_its_pointer() {
        let schema = r#"{"type":"object","properties":{"a":{"type":"array","items":{"type":"integer"}}},"required":["b"]}"#;
        let Err(Invalid::Instance(violations)) = validate(schema, r#"{"a":[1,"x"]}"#) else {
            panic!("it is not valid");
        };
        let paths: Vec<&str> = violations.iter().map(|violation| violation.path.as_str()).collect();
        assert!(paths.contains(&"/a/1") && paths.contains(&""), "{violations:?}");
        assert!(validate(schema, r#"{"b":0}"#).is_ok());
    }

    #[test]
    fn tells_a_bad_schema_from_a_bad_instance() {
        assert!(matches!(validate("{", "{}"), Err(Invalid::Schema(_))));
        assert!(matches!(validate(r#"{"type":"nothing"}"#, "{}"), Err(Invalid::Schema(_))));
        assert!(matches!(validate("{}", "{"), Err(Invalid::NotJson(_))));
    }

    #[test]
    fn follows_no_reference_to_another_document() {
        for uri in ["http://127.0.0.1:9/schema.json", "file:///etc/passwd"] {
            let schema = format!(r#"{{"$ref":"{uri}"}}"#);
            assert!(matches!(validate(&schema, "{}"), Err(Invalid::Schema(_))), "{uri}");
        }
    }

    #[test]
    fn a_catastrophic_pattern_takes_no_time() {
        let schema = r#"{"pattern":"^(a+)+$"}"#;
        let instance = format!("\"{}b\"", "a".repeat(10_000));
        assert!(matches!(validate(schema, &instance), Err(Invalid::Instance(_))));
    }
}
