//! Validation against a JSON Schema, for the host's import `json-schema`.
//!
//! A schema of some lines can take forever, all memory or all of the stack, and
//! the `jsonschema` crate has no limits. So it is no part of the host: it runs
//! in a sandbox, as connectors do, within limits of memory and time.

mod bindings;
#[cfg(target_family = "wasm")]
mod random;

use bindings::exports::workflow::connector::json_schema::{Guest, Invalid, Violation};
use jsonschema::{PatternOptions, ValidationError};

/// As many violations as a person or a model would fix at once.
const MAX_VIOLATIONS: usize = 20;
/// Longer texts are cut, in bytes: a violation repeats the value.
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
        // Most are valid, and finding that out takes half the time.
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
        for uri in ["http://127.0.0.1:9/schema.json", "file:///etc/passwd", "//evil.test/s"] {
            let schema = format!(r#"{{"$ref":"{uri}"}}"#);
            assert!(matches!(validate(&schema, "{}"), Err(Invalid::Schema(_))), "{uri}");
        }
    }

    #[test]
    fn violations_are_few_and_short() {
        let long = format!("\"{}\"", "x".repeat(1 << 20));
        let many = format!("[{long}{}]", ",0".repeat(1000));
        let Err(Invalid::Instance(violations)) = validate(r#"{"items":{"type":"null"}}"#, &many)
        else {
            panic!("it is not valid");
        };
        assert_eq!(violations.len(), MAX_VIOLATIONS);
        assert!(violations.iter().all(|violation| violation.message.len() <= MAX_TEXT));
    }
}
