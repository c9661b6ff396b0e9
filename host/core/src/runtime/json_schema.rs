//! The import `json-schema`: validation by the `jsonschema` crate, bounded.
//!
//! A schema of some lines can take forever, all memory or all of the stack:
//! sixty definitions of which each refers to the next one twice are more steps
//! than anyone waits for. The crate has no limits for that; [`counted`] has.

mod counted;
mod marks;

use std::thread;

use jsonschema::{PatternOptions, Validator};

use crate::budget::Stopped;
use crate::contract::json;
use crate::runtime::bindings::workflow::connector::json_schema::{Invalid, Violation};

use counted::{Counted, End, Look};

/// Schemas of providers' structured outputs are a tenth of it.
const LONGEST_SCHEMA: usize = 1 << 20;
/// More patterns than any schema has; each is compiled.
const MOST_PATTERNS: usize = 200;
/// The compiled size of a pattern, and of what it keeps while it matches.
const MAX_PATTERN_BYTES: usize = 256 * 1024;
/// More violations tell nobody more.
const MOST_VIOLATIONS: usize = 20;
/// Longer texts are cut, in bytes: a violation repeats the value.
const LONGEST_TEXT: usize = 1024;
/// Steps for which violations are collected, each of which takes memory.
const MOST_STEPS_OF_VIOLATIONS: u64 = 200_000;
/// The stack, of which only what is used takes memory. The last of it is for
/// what takes no steps.
const STACK: usize = 64 << 20;
const MOST_STACK: usize = 48 << 20;

/// Validates JSON text against a JSON Schema.
///
/// Patterns run in linear time (the `regex` crate, no look-around), and
/// references to other documents are not followed: the crate is built without
/// its resolvers.
///
/// # Errors
/// Why it was stopped, asked of `stopped` now and then.
pub(crate) fn validate(
    schema: &str,
    instance: &str,
    stopped: impl Fn() -> Option<Stopped> + Clone + Send + 'static,
) -> Result<Result<(), Invalid>, Stopped> {
    let unusable = |reason: &str| Ok(Err(Invalid::Schema(reason.to_owned())));
    let checked = thread::scope(|scope| {
        let thread = thread::Builder::new().name("connector-schema".to_owned()).stack_size(STACK);
        let check = || check(schema, instance, stopped);
        thread.spawn_scoped(scope, check).map(|thread| thread.join())
    });
    match checked {
        Ok(Ok(Ok(()))) => Ok(Ok(())),
        Ok(Ok(Err(Unchecked::Invalid(invalid)))) => Ok(Err(invalid)),
        Ok(Ok(Err(Unchecked::End(End::Stopped(stopped))))) => Err(stopped),
        Ok(Ok(Err(Unchecked::End(End::Beyond)))) => unusable("it takes too many steps"),
        Ok(Err(_)) => unusable("it cannot be used"),
        Err(error) => unusable(&format!("there is no thread to check it: {error}")),
    }
}

/// Why a value is not known to be valid.
enum Unchecked {
    Invalid(Invalid),
    End(End),
}

impl From<Invalid> for Unchecked {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

fn check(
    schema: &str,
    instance: &str,
    stopped: impl Fn() -> Option<Stopped> + Clone + 'static,
) -> Result<(), Unchecked> {
    let validator = compile(schema).map_err(Invalid::Schema)?;
    let instance = json::parse(instance).map_err(|error| Invalid::NotJson(error.to_string()))?;
    let is_valid = || validator.is_valid(Look(&instance));
    match counted::within(u64::MAX, MOST_STACK, stopped.clone(), is_valid) {
        Ok(true) => return Ok(()),
        Ok(false) => {}
        Err(end) => return Err(Unchecked::End(end)),
    }
    let violations = || violations(&validator, Look(&instance));
    match counted::within(MOST_STEPS_OF_VIOLATIONS, MOST_STACK, stopped, violations) {
        Ok(violations) => Err(Invalid::Instance(violations).into()),
        Err(End::Beyond) => {
            let message = "is not as the schema says, in more ways than can be told".to_owned();
            Err(Invalid::Instance(vec![Violation { path: String::new(), message }]).into())
        }
        Err(end) => Err(Unchecked::End(end)),
    }
}

fn compile(schema: &str) -> Result<Validator<Counted>, String> {
    if LONGEST_SCHEMA < schema.len() {
        return Err(format!("it is longer than {LONGEST_SCHEMA} bytes"));
    }
    let mut schema = json::parse(schema).map_err(|error| error.to_string())?;
    if MOST_PATTERNS < marks::mark(&mut schema)? {
        return Err(format!("it has more than {MOST_PATTERNS} patterns"));
    }
    let patterns =
        PatternOptions::regex().size_limit(MAX_PATTERN_BYTES).dfa_size_limit(MAX_PATTERN_BYTES);
    let options = jsonschema::options_for::<Counted>().with_pattern_options(patterns);
    options.build(&schema).map_err(|error| text(&error))
}

fn violations(validator: &Validator<Counted>, instance: Look<'_>) -> Vec<Violation> {
    let violations = validator.iter_errors(instance).take(MOST_VIOLATIONS);
    let violation = |error: jsonschema::ValidationError<'_>| Violation {
        path: text(&error.instance_path()),
        message: text(&error),
    };
    violations.map(violation).collect()
}

fn text(told: &impl ToString) -> String {
    let mut text = told.to_string();
    text.truncate(text.floor_char_boundary(LONGEST_TEXT));
    text
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use serde_json::{Value, json};

    use super::*;

    /// Far more than anything here takes.
    const HANG: Duration = Duration::from_secs(300);

    fn validate(schema: &str, instance: &str) -> Result<(), Invalid> {
        super::validate(schema, instance, || None).unwrap()
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
    fn a_catastrophic_pattern_takes_no_time() {
        let schema = r#"{"pattern":"^(a+)+$"}"#;
        let instance = format!("\"{}b\"", "a".repeat(10_000));
        assert!(matches!(validate(schema, &instance), Err(Invalid::Instance(_))));
    }

    #[test]
    fn patterns_are_neither_huge_nor_many() {
        let huge = r#"{"pattern":"a{1000000}"}"#.to_owned();
        let many = json!({ "allOf": (0..500).map(|n| json!({ "pattern": format!("a{{{n}}}") })).collect::<Vec<_>>() });
        let keys: serde_json::Map<_, _> =
            (0..500).map(|n| (format!("a{{{n}}}"), json!({}))).collect();
        let keys = json!({ "patternProperties": keys });
        for schema in [huge, many.to_string(), keys.to_string()] {
            assert!(matches!(validate(&schema, "\"a\""), Err(Invalid::Schema(_))));
        }
    }

    /// `count` definitions, each of which is made of the next one.
    fn chain(count: usize, made: impl Fn(Value) -> Value) -> String {
        let reference = |n: usize| json!({ "$ref": format!("#/$defs/d{n}") });
        let defs = (0..count).map(|n| (format!("d{n}"), made(reference(n + 1))));
        let last = (format!("d{count}"), json!({ "type": "string" }));
        let defs: serde_json::Map<_, _> = defs.chain([last]).collect();
        json!({ "$ref": "#/$defs/d0", "$defs": defs }).to_string()
    }

    #[test]
    fn references_that_double_end_with_the_run() {
        let twice = json!({ "allOf": [
            { "properties": { "c": { "$ref": "#" } } },
            { "properties": { "c": { "$ref": "#" } } },
        ], "type": "object" });
        let nested = format!("{}1{}", "{\"c\":".repeat(60), "}".repeat(60));
        let of_names = chain(60, |next| json!({ "allOf": [next, next] })).replacen(
            "{\"$ref\":\"#/$defs/d0\",",
            "{\"propertyNames\":{\"$ref\":\"#/$defs/d0\"},",
            1,
        );
        for (schema, instance) in [
            (chain(60, |next| json!({ "allOf": [next, next] })), "\"right\""),
            (chain(60, |next| json!({ "anyOf": [next, next] })), "1"),
            (chain(60, |next| json!({ "oneOf": [{ "not": next }, { "not": next }] })), "1"),
            (chain(60, |next| json!({ "anyOf": [next, next, true], "not": true })), "1"),
            (of_names, "{\"a\":1}"),
            (twice.to_string(), nested.as_str()),
        ] {
            let begun = Instant::now();
            let soon = begun + Duration::from_millis(200);
            let stopped = move || (soon < Instant::now()).then_some(Stopped::Deadline);
            let checked = super::validate(&schema, instance, stopped);
            // One that is wrong at every end is found out early, and told in
            // fewer words than there are reasons.
            match checked {
                Err(Stopped::Deadline) | Ok(Err(Invalid::Instance(_))) => {}
                other => panic!("{}: {other:?}", text(&schema)),
            }
            assert!(begun.elapsed() < HANG);
        }
    }

    #[test]
    fn definitions_hide_nowhere() {
        let hidden = chain(60, |next| json!({ "allOf": [next, next] }));
        for place in ["const", "enum"] {
            let hidden = hidden.replace("$defs", place);
            let Err(Invalid::Schema(reason)) = validate(&hidden, "1") else { panic!("{place}") };
            assert!(reason.contains(place), "{reason}");
        }
        // As names they are like any other.
        let named = json!({
            "properties": { "const": { "type": "string" }, "enum": { "$ref": "#/properties/const" } },
        });
        assert!(validate(&named.to_string(), r#"{"enum":"x"}"#).is_ok());
        assert!(validate(&named.to_string(), r#"{"enum":1}"#).is_err());
    }

    #[test]
    fn a_chain_of_references_ends_before_the_stack_does() {
        let kinds: [fn(Value) -> Value; 5] = [
            |next| next,
            |next| json!({ "allOf": [next] }),
            |next| json!({ "anyOf": [next, { "type": "null" }] }),
            |next| json!({ "oneOf": [{ "type": "null" }, next] }),
            |next| json!({ "if": true, "then": next }),
        ];
        for made in kinds {
            assert!(validate(&chain(1_000, made), "\"x\"").is_ok());
            assert!(matches!(validate(&chain(1_000, made), "1"), Err(Invalid::Instance(_))));
            for draft in ["2020-12/schema", "draft-07/schema"] {
                let draft = format!("{{\"$schema\":\"https://json-schema.org/{draft}\",");
                let long = chain(10_000, made).replacen('{', &draft, 1);
                // Whichever it is: the process goes on.
                let checked = validate(&long, "1");
                assert!(matches!(checked, Err(Invalid::Instance(_) | Invalid::Schema(_))));
            }
        }
        let nested = format!("{}1{}", "[".repeat(120), "]".repeat(120));
        let deep = chain(500, |next| json!({ "allOf": [next], "items": { "$ref": "#" } }));
        assert!(matches!(validate(&deep, &nested), Err(Invalid::Instance(_) | Invalid::Schema(_))));
    }

    #[test]
    fn a_schema_that_is_itself_ends() {
        for draft in [
            "https://json-schema.org/draft/2020-12/schema",
            "http://json-schema.org/draft-07/schema#",
        ] {
            for itself in [
                json!({ "$ref": "#" }),
                json!({ "allOf": [{ "$ref": "#" }] }),
                json!({ "anyOf": [{ "$ref": "#" }, { "$ref": "#" }] }),
            ] {
                let mut schema = itself.clone();
                schema["$schema"] = draft.into();
                assert!(validate(&schema.to_string(), "1").is_ok(), "{schema}");
            }
        }
    }

    #[test]
    fn what_is_told_is_short() {
        let long = format!("\"{}\"", "x".repeat(1 << 20));
        let Err(Invalid::Instance(told)) = validate(r#"{"type":"integer"}"#, &long) else {
            panic!("it is not valid");
        };
        assert!(told.iter().all(|violation| violation.message.len() <= LONGEST_TEXT));
        let long = format!("{{\"description\":{long}}}");
        assert!(matches!(validate(&long, "1"), Err(Invalid::Schema(_))));
    }
}
