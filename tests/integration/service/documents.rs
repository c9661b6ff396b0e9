//! What the service says about connectors and about itself.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use connector_tests::service::Service;
use connector_tests::{in_repository, target_dir};
use serde_json::Value;

use super::{API, OPENAI, answer, get, post, send};

/// A document of `schemas/`.
fn document(name: &str) -> Value {
    let path = in_repository("schemas/openai/v1").join(name);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn connectors_and_their_actions_are_listed() {
    let service = Service::start();
    let list = get(&service, &format!("{API}/components")).expect(200).json();
    let openai = &list["components"][0];
    assert_eq!(openai["address"], "openai/v1");
    let addresses: Vec<_> = openai["actions"].as_array().unwrap().iter().collect();
    assert_eq!(addresses.len(), 4);
    assert_eq!(addresses[0]["address"], "openai/v1/ask");
}

#[test]
fn forms_are_those_of_the_schemas_folder() {
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
fn the_output_depends_on_the_input() {
    let service = Service::start();
    let path = format!("{OPENAI}/actions/ask/output-schema");
    let messages = serde_json::json!([{ "role": "user", "content": "Hi" }]);
    let input = serde_json::json!({ "messages": messages, "responseFormat": 2 });
    let schema = post(&service, &path, &serde_json::json!({ "input": input }));
    assert_eq!(schema.expect(200).json()["type"], "array");
}

#[test]
fn what_is_not_there_is_told_with_what_is() {
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
fn it_lives_and_is_ready() {
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
        let mut expected = self::document(&format!("{name}.input.json"));
        for key in ["$schema", "title", "description"] {
            expected.as_object_mut().unwrap().remove(key);
        }
        assert_eq!(input["properties"], expected["properties"], "{name}");
        let output = &operation["responses"]["200"]["content"]["application/json"]["schema"];
        assert!(output["properties"]["output"].is_object(), "{name}");
    }
}

/// Each path of the description is served: with the right method it is not
/// unknown.
#[test]
fn what_is_described_is_there() {
    let service = Service::start();
    let document = get(&service, "/openapi.json").expect(200).json();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in ["get", "post", "put", "delete"] {
            if item.get(method).is_some() {
                let path = path.replace("{id}", "some");
                let answer = answer(send(&service, &method.to_uppercase(), &path, &[], ""));
                assert_ne!(answer.status, 405, "{method} {path}");
                let is_unknown = answer.text.contains("there is nothing at this path");
                assert!(!is_unknown, "{method} {path}");
            }
        }
    }
}

/// What a public validator says of it.
#[test]
fn the_description_is_valid_openapi() {
    let service = Service::start();
    let mut document = get(&service, "/openapi.json").expect(200).json();
    assert_eq!(complaints(&document), "");
    // It would see a mistake.
    document["paths"]["/metrics"]["get"]["responses"] = Value::Null;
    assert_ne!(complaints(&document), "");
}

fn complaints(document: &Value) -> String {
    let script = target_dir().join("openapi/validate.mjs");
    assert!(script.is_file(), "{} is not there; `make test` installs it", script.display());
    let mut node = Command::new("node")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    write!(node.stdin.take().unwrap(), "{document}").unwrap();
    let told = node.wait_with_output().unwrap();
    assert!(told.status.success());
    String::from_utf8(told.stdout).unwrap()
}
