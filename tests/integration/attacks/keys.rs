//! Named keys: which connections and files each may use, and the scope of
//! idempotency keys. Also limits on storage and sessions, and socket permissions.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use connector_tests::service::Service;
use connector_tests::{CANARY, sandbox};
use openai_sandbox::Sandbox;
use serde_json::{Value, json};
use tempfile::TempDir;

const CRM: &str = "key-of-the-crm-0001";
const SHOP: &str = "key-of-the-shop-0001";
const ADMIN: &str = "key-of-the-admin-0001";

struct Bench {
    service: Service,
    sandbox: Sandbox,
    /// The id of a connection that CRM may use, but SHOP may not.
    id: String,
    _folder: TempDir,
}

impl Bench {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("keys.json");
        let keys = json!([
            { "name": "crm", "key": CRM, "connections": ["work"] },
            { "name": "shop", "key": SHOP, "connections": [] },
            { "name": "admin", "key": ADMIN },
        ]);
        fs::write(&file, keys.to_string()).unwrap();
        let service = Service::start_with(&["--api-key-file", file.to_str().unwrap()]);
        let sandbox = sandbox();
        let mut bench = Self { service, sandbox, id: String::new(), _folder: folder };
        let values = json!({ "token": CANARY, "baseUrl": bench.sandbox.base_url().as_str() });
        let body = json!({ "name": "work", "component": "openai/v1", "values": values });
        let (status, made) = bench.send(ADMIN, "POST", "connections", &body, &[]);
        assert_eq!(status, 201, "{made}");
        bench.id = made["id"].as_str().unwrap().to_owned();
        bench
    }

    fn send(
        &self,
        key: &str,
        method: &str,
        path: &str,
        body: &Value,
        headers: &[(&str, &str)],
    ) -> (u16, Value) {
        let uri = format!("{}/api/v1/{path}", self.service.url());
        let mut request = ureq::http::Request::builder().method(method).uri(uri);
        request = request.header("authorization", format!("Bearer {key}"));
        request = request.header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let config = ureq::Agent::config_builder().http_status_as_error(false);
        let agent: ureq::Agent = config.allow_non_standard_methods(true).build().into();
        let mut answer = agent.run(request.body(body.to_string()).unwrap()).unwrap();
        let body = answer.body_mut().read_to_vec().unwrap();
        (answer.status().as_u16(), serde_json::from_slice(&body).unwrap_or_default())
    }

    fn ask(&self, key: &str, idempotency: Option<&str>) -> (u16, Value) {
        let input = json!({ "messages": [{ "role": "user", "content": "Hi" }] });
        let body = json!({ "input": input, "connection": self.id });
        let headers: Vec<_> = idempotency.map(|key| ("idempotency-key", key)).into_iter().collect();
        self.send(key, "POST", "components/openai/v1/actions/ask/run", &body, &headers)
    }
}

#[test]
fn a_key_uses_only_its_connections_and_cannot_change_them() {
    let bench = Bench::new();
    assert_eq!(bench.ask(CRM, None).0, 200);
    assert_eq!(bench.ask(ADMIN, None).0, 200);
    assert_eq!(bench.ask(SHOP, None).0, 404);
    assert_eq!(bench.ask("key-of-nobody-000001", None).0, 401);
    let listed = |key| bench.send(key, "GET", "connections", &Value::Null, &[]).1;
    assert_eq!(listed(CRM)["connections"].as_array().unwrap().len(), 1);
    assert_eq!(listed(SHOP)["connections"].as_array().unwrap().len(), 0);
    let one = format!("connections/{}", bench.id);
    assert_eq!(bench.send(SHOP, "GET", &one, &Value::Null, &[]).0, 404);
    let body = json!({ "name": "mine", "component": "openai/v1", "values": { "token": "t" } });
    let moved = json!({ "name": "mine", "values": { "token": "t" } });
    for (method, path, body) in
        [("POST", "connections", &body), ("PUT", &one, &moved), ("DELETE", &one, &body)]
    {
        assert_eq!(bench.send(CRM, method, path, body, &[]).0, 403, "{method}");
    }
}

#[test]
fn an_idempotency_key_belongs_to_its_caller() {
    let bench = Bench::new();
    for (key, requests) in [(CRM, 1), (CRM, 1), (ADMIN, 2), (ADMIN, 2)] {
        assert_eq!(bench.ask(key, Some("order-1")).0, 200);
        assert_eq!(bench.sandbox.requests().len(), requests, "{key}");
    }
}

#[test]
fn a_file_belongs_to_its_caller() {
    let bench = Bench::new();
    let url =
        |file: Value| file["url"].as_str().unwrap().strip_prefix("/api/v1/").unwrap().to_owned();
    let uploaded = bench.send(CRM, "POST", "files?name=a.txt", &json!("content"), &[]).1;
    let input = json!({ "input": "Good morning", "voice": "alloy" });
    let body = json!({ "input": input, "connection": bench.id });
    let run = "components/openai/v1/actions/createSpeech/run";
    let (status, made) = bench.send(CRM, "POST", run, &body, &[]);
    assert_eq!(status, 200, "{made}");
    let spoken = made["output"].clone();
    for file in [uploaded, spoken.clone()].map(url) {
        for key in [ADMIN, SHOP] {
            assert_eq!(bench.send(key, "GET", &file, &Value::Null, &[]).0, 404);
            assert_eq!(bench.send(key, "DELETE", &file, &Value::Null, &[]).0, 404);
        }
        assert_eq!(bench.send(CRM, "GET", &file, &Value::Null, &[]).0, 200);
    }
    let transcribe = |key| {
        let body = json!({ "input": { "file": spoken }, "connection": bench.id });
        let run = "components/openai/v1/actions/createTranscription/run";
        bench.send(key, "POST", run, &body, &[])
    };
    assert_eq!(transcribe(ADMIN).0, 422);
    assert_eq!(transcribe(CRM).0, 200);
}

/// Posts this body and returns the response's status.
fn post(url: &str, accept: &str, body: &str) -> u16 {
    let request = ureq::http::Request::post(url)
        .header("accept", accept)
        .header("content-type", if accept == "*/*" { "text/plain" } else { "application/json" });
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut answer = agent.run(request.body(body.to_owned()).unwrap()).unwrap();
    let _ = answer.body_mut().read_to_string();
    answer.status().as_u16()
}

#[test]
fn uploads_are_limited() {
    let service = Service::start_with(&["--max-storage", "1"]);
    let upload = |bytes| {
        post(&format!("{}/api/v1/files?name=a.txt", service.url()), "*/*", &"a".repeat(bytes))
    };
    assert_eq!(upload(1_000_000), 201);
    assert_eq!(upload(100_000), 201);
    assert_eq!(upload(1), 507);
}

#[test]
fn a_small_upload_counts_as_at_least_8_kib() {
    let service = Service::start_with(&["--max-storage", "1"]);
    let upload = || post(&format!("{}/api/v1/files?name=a.txt", service.url()), "*/*", "a");
    // A mebibyte is 128 times 8 KiB.
    for number in 0..128 {
        assert_eq!(upload(), 201, "{number}");
    }
    assert_eq!(upload(), 507);
}

#[test]
fn files_and_outcomes_of_runs_count_toward_the_limit() {
    let (service, sandbox) = (Service::start_with(&["--max-storage", "1"]), sandbox());
    let connection = json!({ "token": CANARY, "baseUrl": sandbox.base_url().as_str() });
    let run = |action: &str, input: Value, key: Option<&str>| {
        let uri = format!("{}/api/v1/components/openai/v1/actions/{action}/run", service.url());
        let mut request = ureq::http::Request::post(uri).header("content-type", "application/json");
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let agent: ureq::Agent =
            ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let body = json!({ "input": input, "connection": connection }).to_string();
        let mut answer = agent.run(request.body(body).unwrap()).unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    };
    let speak = || run("createSpeech", json!({ "input": "Hi", "voice": "alloy" }), None);
    let ask = |key| run("ask", json!({ "messages": [{ "role": "user", "content": "Hi" }] }), key);
    assert_eq!(ask(Some("before")).0, 200);
    // Files created by runs count too: a few are enough to reach the limit.
    let made = (0..128).take_while(|_| speak().0 == 200).count();
    assert!((1..128).contains(&made), "{made}");
    assert_eq!(post(&format!("{}/api/v1/files?name=a.txt", service.url()), "*/*", "a"), 507);
    let requests = sandbox.requests().len();
    let (status, failed) = speak();
    assert_eq!(status, 500, "{failed}");
    assert!(failed.contains("cannot write to the file store: no storage space"), "{failed}");
    assert_eq!(ask(Some("after")).0, 507);
    assert_eq!(sandbox.requests().len(), requests);
    // A stored outcome can still be read, and a run that stores nothing still
    // works.
    assert_eq!(ask(Some("before")).0, 200);
    assert_eq!(ask(None).0, 200);
}

#[test]
fn sessions_are_limited() {
    let sandbox = sandbox();
    let server = connector_tests::mcp::Server::start(&sandbox, &[]);
    let hello = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {},
        "clientInfo": { "name": "test", "version": "1" },
    } });
    let open = || post(&server.url, "application/json, text/event-stream", &hello.to_string());
    for number in 0..256 {
        assert_eq!(open(), 200, "session {number}");
    }
    assert_eq!(open(), 503);
}

/// A socket is private to the user and replaces nothing but a socket.
#[test]
fn a_socket_is_private_and_replaces_only_a_socket() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("service.sock");
    fs::write(&path, "not a socket").unwrap();
    let listen = format!("unix:{}", path.display());
    let mut command = connector_tests::command(None);
    command.env("XDG_DATA_HOME", folder.path());
    let refused = connector_tests::ran(command.args(["serve", "--listen", &listen]));
    assert_ne!(refused.status, 0, "{refused:?}");
    assert!(refused.stderr.contains("it is not a socket"), "{refused:?}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "not a socket");
    fs::remove_file(&path).unwrap();
    let _service = Service::start_with(&["--listen", &listen]);
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "{mode:o}");
}
