//! The documents that the service provides about connectors and about itself.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use connector_tests::service::Service;
use connector_tests::{in_repository, openai, sandbox, target_dir};
use serde_json::{Value, json};

use super::{API, JSON, OPENAI, answer, events as events_of, get, post, question, send};

/// A document in `schemas/`.
fn document(name: &str) -> Value {
    let path = in_repository("schemas/openai/v1").join(name);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn connectors_and_their_actions_are_listed() {
    let service = Service::start();
    let list = get(&service, &format!("{API}/components")).expect(200).json();
    let listed = &list["components"][0];
    assert_eq!(listed["address"], "openai/v1");
    let addresses: Vec<_> = listed["actions"].as_array().unwrap().iter().collect();
    assert_eq!(addresses.len(), openai().descriptor().actions.len());
    assert_eq!(addresses[0]["address"], "openai/v1/ask");
}

#[test]
fn forms_match_the_schemas_folder() {
    let service = Service::start();
    for (path, name) in [
        ("", "describe.json"),
        ("/actions/ask/schema", "ask.input.json"),
        ("/actions/ask/ui-schema", "ask.ui.json"),
        ("/actions/ask/json-forms", "ask.json-forms.json"),
        ("/actions/createImage/schema", "createImage.input.json"),
        ("/connection/schema", "connection.json"),
    ] {
        let served = get(&service, &format!("{OPENAI}{path}")).expect(200).json();
        assert_eq!(served, document(name), "{path}");
    }
    let docs = get(&service, &format!("{OPENAI}/docs")).expect(200);
    assert_eq!(docs.header("content-type"), Some("text/markdown; charset=utf-8"));
    let written = fs::read_to_string(in_repository("schemas/openai/v1/reference.md")).unwrap();
    assert_eq!(docs.text.trim(), written.trim());
}

#[test]
fn the_output_schema_depends_on_the_input() {
    let service = Service::start();
    let path = format!("{OPENAI}/actions/ask/output-schema");
    let messages = json!([{ "role": "user", "content": "Hi" }]);
    let input = json!({ "messages": messages, "responseFormat": 2 });
    let schema = post(&service, &path, &json!({ "input": input }));
    assert_eq!(schema.expect(200).json()["type"], "array");
}

#[test]
fn unknown_name_errors_list_the_available_names() {
    let service = Service::start();
    for path in [
        "/nothing",
        "/api/v1/nothing",
        "/api/v1/components/nobody/v1",
        "/api/v1/components/openai/v2",
        "/api/v1/components/openai/v1/actions/nothing/schema",
        "/api/v1/components/openai/v1/actions/ask/nothing",
        "/api/v1/connections/conn_nothing",
        "/api/v1/files/file_nothing",
        "/api/v1/files/..%2f..%2fstore.sqlite",
    ] {
        assert_eq!(get(&service, path).problem(404), "not-found", "{path}");
    }
    let wrong = answer(send(&service, "DELETE", &format!("{API}/components"), &[], ""));
    assert_eq!(wrong.problem(405), "method-not-allowed");
}

#[test]
fn reports_that_it_is_live_and_ready() {
    let service = Service::start();
    for path in ["/health/live", "/health/ready"] {
        assert_eq!(get(&service, path).expect(200).json()["status"], "ok");
    }
}

#[test]
fn every_action_is_a_typed_operation() {
    let service = Service::start();
    let document = get(&service, "/openapi.json").expect(200).json();
    assert_eq!(document["openapi"], "3.1.0");
    for name in ["ask", "createImage", "createSpeech", "createTranscription"] {
        let path = format!("{OPENAI}/actions/{name}/run");
        let operation = &document["paths"][&path]["post"];
        assert_eq!(operation["operationId"], format!("openai.v1.{name}"));
        let input = &operation["requestBody"]["content"]["application/json"]["schema"]["properties"]
            ["input"];
        // Generators ignore conditions, so every property is declared
        // unconditionally.
        let form = self::document(&format!("{name}.input.json"));
        let conditional = form["allOf"].as_array().into_iter().flatten();
        let conditional = conditional.flat_map(|rule| rule["then"]["properties"].as_object());
        let mut expected: Vec<&String> = form["properties"].as_object().unwrap().keys().collect();
        expected.extend(conditional.flatten().map(|(name, _)| name));
        expected.sort();
        let mut named: Vec<&String> = input["properties"].as_object().unwrap().keys().collect();
        named.sort();
        assert_eq!(named, expected, "{name}");
        assert_eq!(input["required"], form["required"], "{name}");
        let content = &operation["responses"]["200"]["content"];
        let output = &content["application/json"]["schema"]["properties"]["output"];
        let is_typed =
            ["type", "anyOf", "$ref"].iter().any(|keyword| output.get(keyword).is_some());
        assert!(is_typed, "{name}: {output}");
        let event = &content["text/event-stream"]["schema"]["$ref"];
        assert_eq!(event, "#/components/schemas/RunEvent");
    }
    let ask = &document["paths"][format!("{OPENAI}/actions/ask/run")]["post"];
    let input = &ask["requestBody"]["content"]["application/json"]["schema"]["properties"]["input"];
    let role = &input["properties"]["messages"]["items"]["properties"]["role"];
    assert_eq!(role["enum"], json!(["system", "user", "assistant", "tool", "developer"]));
    let schema = input["properties"]["responseSchema"]["description"].as_str().unwrap();
    assert!(schema.contains("Only if `responseFormat` is 1 (Object) or 2 (List)."), "{schema}");
}

#[test]
fn events_are_named_and_typed() {
    let service = Service::start();
    let document = get(&service, "/openapi.json").expect(200).json();
    let schemas = &document["components"]["schemas"];
    let events = schemas["RunEvent"]["oneOf"].as_array().unwrap();
    let names: Vec<&Value> =
        events.iter().map(|event| &event["properties"]["event"]["const"]).collect();
    assert_eq!(
        names,
        [
            "delta",
            "reasoning",
            "status",
            "metadata",
            "progress",
            "attempt",
            "file",
            "call",
            "called",
            "result",
            "failure"
        ]
    );
    // Streamed events match the schema.
    let sandbox = sandbox();
    let streamed = send(
        &service,
        "POST",
        &format!("{OPENAI}/actions/ask/run"),
        &[JSON, ("accept", "text/event-stream")],
        question(&sandbox).to_string(),
    );
    let streamed = events_of(streamed);
    let mut schema = schemas["RunEvent"].clone();
    schema["components"] = json!({ "schemas": schemas });
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    assert!(streamed.len() > 1);
    for (name, data) in streamed {
        let event = json!({ "event": name, "data": data });
        assert!(validator.is_valid(&event), "{event}");
        assert!(!validator.is_valid(&json!({ "event": "other", "data": data })));
    }
}

#[test]
fn a_problem_matches_its_schema() {
    let service = Service::start();
    let schemas = get(&service, "/openapi.json").expect(200).json()["components"]["schemas"].take();
    let mut schema = schemas["Problem"].clone();
    schema["components"] = json!({ "schemas": schemas });
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let mut body = question(&sandbox());
    body["input"]["maxTokens"] = json!(0);
    let wrong = post(&service, &format!("{OPENAI}/actions/ask/run"), &body);
    assert_eq!(wrong.problem(422), "invalid-input");
    let problem = wrong.json();
    assert!(validator.is_valid(&problem), "{problem}");
    let failure = &schemas["Failure"]["properties"];
    for member in problem["failure"].as_object().unwrap().keys() {
        assert!(failure.get(member).is_some(), "`{member}` is not described");
    }
    assert!(validator.is_valid(&get(&service, "/nothing").json()));
}

/// Each described path is served with exactly the described methods.
#[test]
fn every_described_path_is_served() {
    let service = Service::start();
    let document = get(&service, "/openapi.json").expect(200).json();
    for (path, item) in document["paths"].as_object().unwrap() {
        let served = path.replace("{id}", "some");
        let methods: Vec<String> = item
            .as_object()
            .unwrap()
            .keys()
            .filter(|key| *key != "parameters")
            .map(|method| method.to_uppercase())
            .collect();
        for method in &methods {
            let answer = answer(send(&service, method, &served, &[], ""));
            assert_ne!(answer.status, 405, "{method} {path}");
            let is_unknown = answer.text.contains("unknown path");
            assert!(!is_unknown, "{method} {path}");
        }
        let refused = answer(send(&service, "PATCH", &served, &[], ""));
        assert_eq!(refused.problem(405), "method-not-allowed", "{path}");
        let allowed = refused.header("allow").unwrap().split(',').map(str::trim);
        let allowed: BTreeSet<&str> = allowed.filter(|method| *method != "HEAD").collect();
        assert_eq!(allowed, methods.iter().map(String::as_str).collect(), "{path}");
    }
    // Conversely, every route is described, because the router is built from the
    // description. These routes have a parameter that the description expands
    // into separate paths.
    for path in [
        "/actions/ask/ui-schema",
        "/actions/ask/json-forms",
        "/connection/ui-schema",
        "/connection/json-forms",
    ] {
        assert!(document["paths"].get(format!("{OPENAI}{path}")).is_some(), "{path}");
    }
    for path in ["/health/live", "/health/ready", "/metrics", "/openapi.json"] {
        assert!(document["paths"].get(path).is_some(), "{path}");
    }
}

/// Checks the description with a public validator.
#[test]
fn the_description_is_valid_openapi() {
    let service = Service::start();
    let mut document = get(&service, "/openapi.json").expect(200).json();
    assert_eq!(complaints(&document), "");
    // The validator detects an error.
    document["paths"]["/metrics"]["get"]["responses"] = Value::Null;
    assert_ne!(complaints(&document), "");
}

fn complaints(document: &Value) -> String {
    let script = target_dir().join("openapi/validate.mjs");
    assert!(script.is_file(), "{} is missing; `make test` installs it", script.display());
    let mut node = Command::new("node")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    write!(node.stdin.take().unwrap(), "{document}").unwrap();
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}
