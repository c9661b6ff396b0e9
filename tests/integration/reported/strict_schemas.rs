//! A schema is sent as strict only if OpenAI's strict mode accepts it, and
//! OpenAPI's `nullable` is understood. The sandbox rejects whatever the API
//! rejects.

use connector_host::FailureKind;
use openai_sandbox::Fault;
use serde_json::{Value, json};

use super::{json_body, run};

/// An object schema for strict mode whose property `a` has this schema.
fn with(a: Value) -> Value {
    json!({
        "type": "object", "properties": { "a": a }, "required": ["a"],
        "additionalProperties": false,
    })
}

fn input(format: u64, schema: &str) -> Value {
    json!({
        "messages": [{ "content": "Hi" }], "responseFormat": format, "responseSchema": schema,
        "repairAttempts": 0,
    })
}

fn answer(content: &Value) -> Fault {
    json_body(&json!({ "choices": [{
        "message": { "role": "assistant", "content": content.to_string() },
        "finish_reason": "stop",
    }]}))
}

#[test]
fn only_schemas_that_strict_mode_accepts_are_strict() {
    let string = |name: &str, value: Value| json!({ "type": "string", name: value });
    for (case, part, is_strict) in [
        ("a plain string", json!({ "type": "string" }), true),
        ("a format", string("format", json!("email")), true),
        ("a pattern", string("pattern", json!("^a")), true),
        ("a choice", string("enum", json!(["a", "b"])), true),
        ("bounds", json!({ "type": "number", "minimum": 0, "maximum": 9 }), true),
        ("items", json!({ "type": "array", "items": { "type": "string" }, "minItems": 1 }), true),
        ("j26e", string("default", json!("x")), false),
        ("j33", string("format", json!("uri")), false),
        (
            "j33b: uniqueItems",
            json!({ "type": "array", "items": { "type": "string" }, "uniqueItems": true }),
            false,
        ),
        (
            "j33b: propertyNames",
            json!({ "type": "object", "properties": {}, "required": [], "additionalProperties": false,
                    "propertyNames": { "maxLength": 9 } }),
            false,
        ),
        (
            "j33b: minProperties",
            json!({ "type": "object", "properties": {}, "required": [], "additionalProperties": false,
                    "minProperties": 0 }),
            false,
        ),
        ("j33b: contentMediaType", string("contentMediaType", json!("text/html")), false),
        ("a minimum length", string("minLength", json!(1)), false),
        ("examples", string("examples", json!(["x"])), false),
        ("a member of any type", json!({}), false),
        ("a reference with a description", json!({ "$ref": "#", "description": "x" }), false),
        ("an int32", json!({ "type": "integer", "format": "int32" }), false),
    ] {
        let schema = with(part);
        // Nothing is scripted. The sandbox validates the request and generates
        // an answer, which may not match the schema.
        let ran = run("ask", input(1, &schema.to_string())).start();
        let format = &ran.bodies()[0]["response_format"]["json_schema"];
        assert_eq!(format["strict"], is_strict, "{case}");
        assert_eq!(format["schema"], schema, "{case}");
        assert_eq!(ran.sent[0].status, Some(200), "{case}");
        // The same inside a list.
        let ran = run("ask", input(2, &schema.to_string())).start();
        let format = &ran.bodies()[0]["response_format"]["json_schema"];
        assert_eq!(format["strict"], is_strict, "{case}, in a list");
        assert_eq!(ran.sent[0].status, Some(200), "{case}, in a list");
    }
}

#[test]
fn nullable_is_translated_for_the_provider_and_accepts_null() {
    let null = || json!({ "a": null });
    for (case, part, sent, is_strict) in [
        (
            "a string",
            json!({ "type": "string", "nullable": true }),
            json!({ "type": ["string", "null"] }),
            true,
        ),
        (
            "a choice",
            json!({ "type": "string", "enum": ["x"], "nullable": true }),
            json!({ "type": ["string", "null"], "enum": ["x", null] }),
            true,
        ),
        (
            "anyOf",
            json!({ "anyOf": [{ "type": "string" }, { "type": "integer" }], "nullable": true }),
            json!({ "anyOf": [
                { "anyOf": [{ "type": "string" }, { "type": "integer" }] }, { "type": "null" },
            ]}),
            true,
        ),
        (
            "allOf",
            json!({ "allOf": [{ "type": "string" }], "nullable": true }),
            json!({ "anyOf": [{ "allOf": [{ "type": "string" }] }, { "type": "null" }] }),
            false,
        ),
    ] {
        let schema = with(part).to_string();
        let ran = run("ask", input(1, &schema)).answers([answer(&null())]).start();
        assert_eq!(ran.output(), &null(), "{case}");
        let format = &ran.bodies()[0]["response_format"]["json_schema"];
        assert_eq!(format["schema"], with(sent), "{case}");
        assert_eq!(format["strict"], is_strict, "{case}");
    }
    // `false` changes nothing.
    let schema = with(json!({ "type": "string", "nullable": false })).to_string();
    let ran = run("ask", input(1, &schema)).answers([answer(&null())]).start();
    ran.failure(FailureKind::InvalidOutput);
    let format = &ran.bodies()[0]["response_format"]["json_schema"];
    assert_eq!(format["schema"], with(json!({ "type": "string" })));
}

#[test]
fn an_empty_schema_counts_as_none() {
    for schema in ["", "{}", " ", "\n", "{ }"] {
        let ran = run("ask", input(1, schema)).answers([answer(&json!({ "a": 1 }))]).start();
        assert_eq!(ran.output(), &json!({ "a": 1 }), "j30: {schema:?}");
        let body = ran.bodies()[0];
        assert_eq!(body["response_format"], json!({ "type": "json_object" }), "j30: {schema:?}");
    }
}

#[test]
fn an_unsupported_response_format_is_explained() {
    let refusal = |status: u16, body: Value| Fault::Status {
        status,
        headers: Vec::new(),
        body: body.to_string().into(),
    };
    let schema = with(json!({ "type": "integer" })).to_string();
    for (case, format, schema, answer, property, advice) in [
        (
            "j04",
            1,
            schema.as_str(),
            refusal(
                400,
                json!({ "error": {
                    "message": "This response_format type is unavailable now",
                    "type": "invalid_request_error", "param": null,
                    "code": "invalid_request_error",
                }}),
            ),
            "responseSchema",
            "leave Response Schema empty",
        ),
        (
            "j05",
            1,
            "",
            refusal(
                400,
                json!({ "error": "'response_format.type' must be 'json_schema' or 'text'" }),
            ),
            "responseFormat",
            "set a Response Schema",
        ),
        (
            "json_schema in words",
            2,
            schema.as_str(),
            refusal(422, json!({ "detail": "json_schema is not supported by this model" })),
            "responseSchema",
            "leave Response Schema empty",
        ),
    ] {
        let ran = run("ask", input(format, schema)).answers([answer]).start();
        let failure = ran.failure(FailureKind::Refused);
        assert!(failure.message.contains(advice), "{case}: {}", failure.message);
        assert_eq!(failure.property.as_deref(), Some(property), "{case}");
    }
}
