//! Validation against a JSON Schema, for the host's import `json-schema`.
//!
//! A schema of a few lines can take forever or exhaust memory or the stack, and
//! the `jsonschema` crate has no limits. So it is not part of the host: it runs
//! in a sandbox, as connectors do, with limits on memory and time.

mod bindings;
#[cfg(target_family = "wasm")]
mod random;

use bindings::exports::workflow::connector::json_schema::{Guest, Invalid, Violation};
use jsonschema::{PatternOptions, ValidationError};

/// The maximum number of violations: as many as a person or a model would fix
/// at once.
const MAX_VIOLATIONS: usize = 20;
/// The maximum length of a text, in bytes: a violation repeats the value.
const MAX_TEXT: usize = 1024;

/// The component.
struct Validator;

impl Guest for Validator {
    fn validate(schema: String, instance: String) -> Result<(), Invalid> {
        let schema = serde_json::from_str(&schema).map_err(|error| schema_error(&error))?;
        // Patterns of the `regex` crate: no look-around, but linear time. The
        // crate is built without resolvers: a reference to another document is
        // an error.
        let options = jsonschema::options().with_pattern_options(PatternOptions::regex());
        let validator = options.build(&schema).map_err(|error| schema_error(&error))?;
        let instance =
            serde_json::from_str(&instance).map_err(|error| Invalid::NotJson(error.to_string()))?;
        // Most instances are valid, and checking that takes half the time.
        if validator.is_valid(&instance) {
            return Ok(());
        }
        let violations = validator.iter_errors(&instance).take(MAX_VIOLATIONS).map(violation);
        Err(Invalid::Instance(violations.collect()))
    }
}

fn violation(error: ValidationError<'_>) -> Violation {
    Violation { path: cut(&error.instance_path()), message: cut(&error) }
}

fn schema_error(error: &impl ToString) -> Invalid {
    Invalid::Schema(cut(error))
}

fn cut(text: &impl ToString) -> String {
    let mut text = text.to_string();
    text.truncate(text.floor_char_boundary(MAX_TEXT));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn validate(schema: &str, instance: &str) -> Result<(), Invalid> {
        Validator::validate(schema.to_owned(), instance.to_owned())
    }

    #[test]
    fn names_each_violation_by_its_pointer() {
        let schema = r#"{"type":"object","properties":{"a":{"type":"array","items":{"type":"integer"}}},"required":["b"]}"#;
        let Err(Invalid::Instance(violations)) = validate(schema, r#"{"a":[1,"x"]}"#) else {
            panic!("the instance is valid");
        };
        let paths: Vec<&str> = violations.iter().map(|violation| violation.path.as_str()).collect();
        assert!(paths.contains(&"/a/1") && paths.contains(&""), "{violations:?}");
        assert!(validate(schema, r#"{"b":0}"#).is_ok());
    }

    #[test]
    fn distinguishes_invalid_schemas_from_invalid_instances() {
        assert!(matches!(validate("{", "{}"), Err(Invalid::Schema(_))));
        assert!(matches!(validate(r#"{"type":"nothing"}"#, "{}"), Err(Invalid::Schema(_))));
        assert!(matches!(validate("{}", "{"), Err(Invalid::NotJson(_))));
    }

    #[test]
    fn does_not_follow_references_to_other_documents() {
        for uri in ["http://127.0.0.1:9/schema.json", "file:///etc/passwd", "//evil.test/s"] {
            let schema = format!(r#"{{"$ref":"{uri}"}}"#);
            assert!(matches!(validate(&schema, "{}"), Err(Invalid::Schema(_))), "{uri}");
        }
    }

    #[test]
    fn limits_the_number_and_length_of_violations() {
        let long = format!("\"{}\"", "x".repeat(1 << 20));
        let many = format!("[{long}{}]", ",0".repeat(1000));
        let Err(Invalid::Instance(violations)) = validate(r#"{"items":{"type":"null"}}"#, &many)
        else {
            panic!("the instance is valid");
        };
        assert_eq!(violations.len(), MAX_VIOLATIONS);
        assert!(violations.iter().all(|violation| violation.message.len() <= MAX_TEXT));
    }
}
