//! Schemas for models. OpenAI and Anthropic reject the whole request with
//! status 400 if a single tool's schema has a keyword such as `allOf` at its
//! root, a property without a type, or a property name that is not a plain
//! word.

use std::fs;
use std::sync::LazyLock;

use connector_host::{Connector, Files, Functions, render};
use connector_tests::mcp::answered;
use connector_tests::puppet::lock;
use connector_tests::{
    command, connection_values, host, openai, sandbox, target_dir, test_component,
};
use serde_json::{Value, json};

use super::run;

/// The keywords allowed at the root of a schema.
const AT_ROOT: [&str; 5] =
    ["type", "description", "properties", "required", "additionalProperties"];
/// The keywords that are not allowed anywhere.
const NOWHERE: [&str; 11] = [
    "$ref",
    "$schema",
    "allOf",
    "anyOf",
    "const",
    "else",
    "if",
    "not",
    "oneOf",
    "propertyNames",
    "then",
];
const TYPES: [&str; 6] = ["array", "boolean", "integer", "number", "object", "string"];

static CONNECTORS: LazyLock<[Connector; 3]> = LazyLock::new(|| {
    let test = |name| host().load_file(test_component(name)).unwrap();
    [openai(), test("anthropic"), test("greeter")]
});

/// `^[a-zA-Z0-9_-]{1,64}$`
fn is_name(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    (1..=64).contains(&text.len()) && text.chars().all(is_plain)
}

/// The problems that a provider would find in the schema of a tool.
fn complaints(schema: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let Some(members) = schema.as_object() else { return vec!["not an object".to_owned()] };
    found.extend(
        members
            .keys()
            .filter(|keyword| !AT_ROOT.contains(&keyword.as_str()))
            .map(|keyword| format!("`{keyword}` at the root")),
    );
    if schema["type"] != "object" || !schema["properties"].is_object() {
        found.push("the root is not an object with properties".to_owned());
    }
    below(schema, "root", &mut found);
    found
}

fn below(schema: &Value, path: &str, found: &mut Vec<String>) {
    let Some(members) = schema.as_object() else {
        found.push(format!("{path} is not a schema"));
        return;
    };
    for keyword in NOWHERE.iter().filter(|keyword| members.contains_key(**keyword)) {
        found.push(format!("`{keyword}` in {path}"));
    }
    if !schema["type"].as_str().is_some_and(|kind| TYPES.contains(&kind)) {
        found.push(format!("{path} has no type"));
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        if !is_name(name) {
            found.push(format!("`{name}` in {path} is not a valid name"));
        }
        below(property, &format!("{path}.{name}"), found);
    }
    for name in schema["required"].as_array().into_iter().flatten() {
        if schema["properties"].get(name.as_str().unwrap_or_default()).is_none() {
            found.push(format!("{path} requires {name}, which is not a property"));
        }
    }
    if schema["type"] == "array" {
        below(&schema["items"], &format!("{path}[]"), found);
    }
    if schema["additionalProperties"].is_object() {
        below(&schema["additionalProperties"], &format!("{path}.*"), found);
    }
}

#[track_caller]
fn assert_plain(schema: &Value, of: &str) {
    assert_eq!(complaints(schema), [""; 0], "{of}: {schema}");
    jsonschema::draft202012::meta::validate(schema).unwrap();
}

/// The rules above detect the problems that users reported.
#[test]
fn a_form_schema_of_the_same_table_breaks_the_rules() {
    let descriptor = CONNECTORS[0].descriptor();
    let form = |name: &str| {
        let action = descriptor.action(name).unwrap();
        complaints(&render::schema("", "", &action.properties).to_value()).join(", ")
    };
    let found = form("createImage");
    for expected in ["`allOf` at the root", "`oneOf` in root.", "root.size has no type"] {
        assert!(found.contains(expected), "{found}");
    }
    assert!(form("createSpeech").contains("root.voice has no type"));
    assert!(form("createTranscription").contains("root.chunkingStrategy has no type"));
    let odd = json!({ "type": "object", "properties": { "a b": { "type": "array" } } });
    assert_eq!(
        complaints(&odd),
        ["`a b` in root is not a valid name", "root.a b[] is not a schema"]
    );
}

/// p02c, p14
#[test]
fn every_action_has_plain_parameters() {
    let mut count = 0;
    for connector in CONNECTORS.iter() {
        let descriptor = connector.descriptor();
        for action in &descriptor.actions {
            let of = descriptor.address(action);
            let schema = render::parameters(&action.properties);
            assert_plain(&schema, &of);
            // A property is required exactly where the form requires it, and no
            // property is lost.
            let form = render::schema("", "", &action.properties).to_value();
            assert_eq!(schema["required"], form["required"], "{of}");
            let named = schema["properties"].as_object().unwrap().keys();
            assert!(named.eq(action.properties.iter().map(|row| &row.name)), "{of}");
            count += 1;
        }
    }
    assert!(count >= 6, "{count} actions");
}

/// p02c, p14: the tools as clients see them on standard output.
#[test]
fn every_tool_has_plain_schemas() {
    let folder = tempfile::tempdir().unwrap();
    for file in [
        target_dir().join("components/openai.wasm"),
        test_component("anthropic"),
        test_component("greeter"),
    ] {
        fs::copy(&file, folder.path().join(file.file_name().unwrap())).unwrap();
    }
    lock(folder.path());
    let mut command = command(None);
    command.env("CONNECTOR_COMPONENTS", folder.path());
    let hello = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "capabilities": {},
        "clientInfo": { "name": "tests", "version": "1" },
    }});
    let begin = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    let list = json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/list" });
    let answered = answered(command, format!("{hello}\n{begin}\n{list}\n").as_bytes(), &[2]);
    let tools = answered.last().unwrap()["result"]["tools"].as_array().unwrap().clone();
    assert!(tools.len() >= 6, "{tools:?}");
    for tool in &tools {
        let name = tool["name"].as_str().unwrap();
        assert!(is_name(name), "{name}");
        assert_plain(&tool["inputSchema"], name);
        assert_plain(&tool["outputSchema"], name);
    }
}

/// p14: the functions that Ask offers to its model.
#[test]
fn every_function_has_plain_parameters() {
    let mut functions = Functions::new();
    let mut names = Vec::new();
    let files = Files::new(tempfile::tempdir().unwrap().path());
    for connector in CONNECTORS.iter() {
        let descriptor = connector.descriptor();
        names.extend(descriptor.actions.iter().map(|action| descriptor.address(action)));
        let secret = descriptor.connection.properties.iter().find(|row| row.secret).unwrap();
        let values = connection_values("http://127.0.0.1:9");
        let values = match secret.name.as_str() {
            "token" => values,
            name => connector_host::ConnectionValues::new().set(name, "canary-canary"),
        };
        let connection = connector.connection(values).unwrap();
        functions = functions.with_actions(connector, &connection, &files);
    }
    let long = "a".repeat(70);
    for name in [format!("{long}1"), format!("{long}2")] {
        functions =
            functions.with(&name, "Does.", json!({ "type": "object", "properties": {} }), Ok);
        names.push(name);
    }
    let input = json!({
        "messages": [{ "role": "user", "content": "Hello!" }], "functions": names,
    });
    let ran = run("ask", input).functions(functions).start();
    ran.output();
    let tools = ran.bodies()[0]["tools"].as_array().unwrap().clone();
    assert_eq!(tools.len(), names.len());
    let mut sent: Vec<&str> = Vec::new();
    for tool in &tools {
        let function = &tool["function"];
        let name = function["name"].as_str().unwrap();
        assert!(is_name(name), "{name}");
        assert_plain(&function["parameters"], name);
        assert!(!sent.contains(&name), "{name} twice");
        sent.push(name);
    }
}

/// Descriptions in words replace the keywords.
#[test]
fn conditions_and_choices_are_described_in_words() {
    let descriptor = CONNECTORS[0].descriptor();
    let of = |action: &str, property: &str| {
        let table = &descriptor.action(action).unwrap().properties;
        render::parameters(table)["properties"][property].clone()
    };
    let schema = of("ask", "responseSchema");
    let words = schema["description"].as_str().unwrap();
    assert!(words.contains("Only if `responseFormat` is 1 (Object) or 2 (List)."), "{words}");
    let format = of("ask", "responseFormat");
    assert_eq!(format["enum"], json!([0, 1, 2]));
    assert!(format["description"].as_str().unwrap().contains("- 1: Object. "), "{format}");
    let size = of("createImage", "size");
    assert_eq!((&size["type"], &size["default"]), (&json!("string"), &json!("1024x1024")));
    assert!(size["description"].as_str().unwrap().contains("Any other JSON value"), "{size}");
}

/// Functions declared in a file are checked when the file is read, because a
/// single bad one would make the whole request fail.
#[test]
fn a_declared_function_has_plain_parameters() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("functions.json");
    for (parameters, answered) in [
        (json!({ "type": "object", "properties": { "a": { "type": "string" } } }), None),
        (json!({ "type": "object" }), None),
        (json!({}), Some("needs `parameters` with a schema of type `object`")),
        (json!("object"), Some("needs `parameters` with a schema of type `object`")),
        (
            json!({ "type": "object", "properties": {}, "anyOf": [] }),
            Some("has `anyOf` at the root of its `parameters`, which providers reject"),
        ),
    ] {
        let declared = json!([{
            "name": "weather", "description": "Returns the weather.", "parameters": parameters,
            "method": "GET", "url": "http://127.0.0.1:9/weather",
        }]);
        fs::write(&file, declared.to_string()).unwrap();
        let sandbox = sandbox();
        let mut command = command(Some(&sandbox));
        command.args(["run", "openai/v1/ask", "--functions"]).arg(&file);
        command.args(["--set", "messages[0].role=user", "--set", "messages[0].content=Hi"]);
        command.args(["--set", "functions[0]=weather"]);
        let ran = connector_tests::ran(&mut command);
        match answered {
            None => {
                assert_eq!(ran.status, 0, "{parameters}: {ran:?}");
                let requests = sandbox.requests();
                let tool = &requests[0].json().unwrap()["tools"][0]["function"];
                assert_plain(&tool["parameters"], "weather");
            }
            Some(answered) => {
                assert!(ran.stderr.contains(answered), "{parameters}: {ran:?}");
                assert!(sandbox.requests().is_empty());
            }
        }
    }
}
