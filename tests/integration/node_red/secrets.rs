//! The token is a Node-RED credential, and is sent only to the provider.

use std::fs;
use std::path::Path;

use connector_tests::node_red::{NodeRed, Setup};
use connector_tests::{CANARY, sandbox};
use serde_json::{Value, json};
use ureq::Agent;

use super::{credentials, flow, question};

fn agent() -> Agent {
    Agent::config_builder().http_status_as_error(false).build().into()
}

/// The status and body of an editor endpoint.
fn get(node_red: &NodeRed, path: &str) -> (u16, String) {
    let mut answer = agent().get(format!("{}{path}", node_red.url())).call().unwrap();
    (answer.status().into(), answer.body_mut().read_to_string().unwrap())
}

fn post(node_red: &NodeRed, path: &str, body: &Value) -> (u16, String) {
    let request = agent().post(format!("{}{path}", node_red.url()));
    let mut answer = request.content_type("application/json").send(body.to_string()).unwrap();
    (answer.status().into(), answer.body_mut().read_to_string().unwrap())
}

/// The files below a folder, as text.
fn contents(folder: &Path) -> Vec<(String, String)> {
    let mut contents = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            contents.extend(self::contents(&entry.path()));
        } else if kind.is_file() {
            let bytes = fs::read(entry.path()).unwrap();
            let text = String::from_utf8_lossy(&bytes).into_owned();
            contents.push((entry.path().display().to_string(), text));
        }
    }
    contents
}

#[test]
fn the_token_is_only_in_the_request() {
    let sandbox = sandbox();
    let mut node_red = NodeRed::set_up(Setup { editor: true, ..Setup::default() });
    node_red.deploy(&flow(&sandbox, "ask", json!({ "fields": question() })), &credentials());
    node_red.inject("action", json!({ "payload": "Hi" }));
    node_red.message("outcome");
    let authorization = sandbox.requests().pop().unwrap();
    assert_eq!(authorization.header("authorization"), Some(&*format!("Bearer {CANARY}")));

    let mut seen = vec![("exported".to_owned(), node_red.exported().to_string())];
    for path in [
        "/flows",
        "/credentials/openai.v1/connection",
        "/wasm-connectors/connectors",
        "/settings",
        "/nodes",
    ] {
        let (status, body) = get(&node_red, path);
        assert_eq!(status, 200, "{path}: {body}");
        seen.push((path.to_owned(), body));
    }
    seen.extend(contents(node_red.folder()));
    let host = node_red.host().id();
    for file in ["cmdline", "environ"] {
        let bytes = fs::read(format!("/proc/{host}/{file}")).unwrap();
        seen.push((file.to_owned(), String::from_utf8_lossy(&bytes).into_owned()));
    }
    seen.push(("the output".to_owned(), node_red.output().to_owned()));
    for (place, text) in seen {
        assert!(!text.contains(CANARY), "the token is in {place}");
    }
    let (_, known) = get(&node_red, "/credentials/openai.v1/connection");
    let expected = json!({
        "has_token": true, "has_apiKey": false, "has_headers": false, "has_proxyPassword": false,
    });
    assert_eq!(serde_json::from_str::<Value>(&known).unwrap(), expected);
}

#[test]
fn the_editor_tests_typed_and_stored_credentials() {
    let sandbox = sandbox();
    let mut node_red = NodeRed::set_up(Setup {
        editor: true,
        environment: vec![("TOKEN", CANARY.to_owned())],
        ..Setup::default()
    });
    node_red.deploy(&flow(&sandbox, "ask", json!({ "fields": question() })), &credentials());
    let base_url = json!({ "baseUrl": { "type": "str", "value": sandbox.base_url() } });
    let test = |id: &str, token: &str| {
        let connection = json!({ "id": id, "fields": base_url, "secrets": { "token": token } });
        let question = json!({ "connector": "openai/v1", "connection": connection });
        post(&node_red, "/wasm-connectors/test", &question)
    };
    for token in [CANARY, "${TOKEN}"] {
        let (status, body) = test("new", token);
        assert_eq!(status, 200, "{body}");
    }
    // The editor has only a placeholder for the stored token.
    assert_eq!(test("connection", "__PWRD__").0, 200);
    let (status, body) = test("connection", "sk-wrong-token-0123456789");
    assert_eq!(status, 422);
    assert!(body.contains("message") && !body.contains("sk-wrong-token"), "{body}");
    // The credentials of another node are not used.
    let (status, body) = test("action", "__PWRD__");
    assert_eq!(status, 422, "{body}");
}

#[test]
fn models_are_listed_with_the_connection() {
    let sandbox = sandbox();
    let mut node_red = NodeRed::set_up(Setup { editor: true, ..Setup::default() });
    node_red.deploy(&flow(&sandbox, "ask", json!({ "fields": question() })), &credentials());
    let options = |connection: Value| {
        let question = json!({
            "connector": "openai/v1", "action": "ask", "property": "model", "search": "mini",
            "input": {}, "connection": connection,
        });
        let (status, body) = post(&node_red, "/wasm-connectors/options", &question);
        assert_eq!(status, 200, "{body}");
        serde_json::from_str::<Value>(&body).unwrap()
    };
    let base_url = json!({ "baseUrl": { "type": "str", "value": sandbox.base_url() } });
    let list = options(json!({ "id": "connection", "fields": base_url, "secrets": {} }));
    let found = list["options"].as_array().unwrap();
    assert!(!found.is_empty(), "{list}");
    assert!(found.iter().all(|one| one["value"].as_str().unwrap().contains("mini")), "{list}");
    // Without a connection, the reason is shown.
    let none = options(Value::Null);
    assert_eq!(none["disabled"], true);
    assert!(none["placeholder"].is_string(), "{none}");
}

/// The same rules as for Node-RED's own endpoints: reading needs read
/// permission, and using a stored token needs permission to deploy.
#[test]
fn the_endpoints_require_permission() {
    let auth = |default: Value| Setup {
        editor: true,
        settings: json!({ "adminAuth": { "type": "credentials", "users": [], "default": default } }),
        ..Setup::default()
    };
    let asks = [
        ("test", json!({ "connector": "openai/v1", "connection": {} })),
        ("options", json!({ "connector": "openai/v1", "action": "ask", "property": "model" })),
    ];

    let closed = NodeRed::set_up(auth(Value::Null));
    assert_eq!(get(&closed, "/wasm-connectors/connectors").0, 401);
    for (name, question) in &asks {
        assert_eq!(post(&closed, &format!("/wasm-connectors/{name}"), question).0, 401, "{name}");
    }

    let readable = NodeRed::set_up(auth(json!({ "permissions": "read" })));
    assert_eq!(get(&readable, "/wasm-connectors/connectors").0, 200);
    for (name, question) in &asks {
        assert_eq!(post(&readable, &format!("/wasm-connectors/{name}"), question).0, 401, "{name}");
    }
}
