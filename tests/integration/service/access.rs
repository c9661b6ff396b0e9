//! Which requests the service accepts.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;

use connector_tests::service::Service;
use connector_tests::{CANARY, command, ran};

use super::{API, answer, get, send};

const KEY: &str = "0123456789abcdef-service-key";

/// The response to a request with these headers.
fn with(service: &Service, path: &str, headers: &[(&str, &str)]) -> super::Answer {
    answer(send(service, "GET", path, headers, ""))
}

#[test]
fn without_a_key_requests_from_other_sites_are_rejected() {
    let service = Service::start();
    let path = format!("{API}/components");
    let own = service.url().strip_prefix("http://").unwrap().to_owned();
    let port = own.rsplit(':').next().unwrap();
    let localhost = format!("localhost:{port}");
    for headers in [
        vec![],
        vec![("host", own.as_str())],
        vec![("host", localhost.as_str())],
        vec![("origin", service.url())],
    ] {
        assert_eq!(with(&service, &path, &headers).status, 200, "{headers:?}");
    }
    let rebound = format!("evil.example:{port}");
    for headers in [
        vec![("host", rebound.as_str())],
        vec![("host", "evil.example")],
        vec![("origin", "http://evil.example")],
        vec![("origin", "null")],
        vec![("origin", "http://localhost:1")],
    ] {
        assert_eq!(with(&service, &path, &headers).problem(403), "not-from-here", "{headers:?}");
        assert_eq!(with(&service, "/", &headers).status, 403, "{headers:?}");
    }
}

#[test]
fn with_a_key_only_requests_with_that_key_are_served() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    fs::write(&file, format!("{KEY}\n")).unwrap();
    let service = Service::start_with(&["--api-key-file", file.to_str().unwrap()]);
    let path = format!("{API}/components");
    let bearer = |key: &str| format!("Bearer {key}");
    let keyed = |key: &str| with(&service, &path, &[("authorization", &bearer(key))]);
    assert_eq!(keyed(KEY).status, 200);
    for wrong in ["", "x", &KEY[1..], &format!("{KEY}x")] {
        let refused = keyed(wrong);
        assert_eq!(refused.problem(401), "key-required", "{wrong}");
        assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
    }
    assert_eq!(get(&service, &path).status, 401);
    assert_eq!(get(&service, "/metrics").status, 401);
    assert_eq!(get(&service, "/openapi.json").status, 401);
    assert_eq!(get(&service, "/health/live").status, 200);
    // A page on another site does not have the key, so the origin does not
    // matter.
    let elsewhere = [("host", "connectors.example"), ("authorization", &bearer(KEY))];
    assert_eq!(with(&service, &path, &elsewhere).status, 200);
}

#[test]
fn refuses_to_start_open_to_everyone() {
    for (args, expected) in [
        (vec!["--listen", "0.0.0.0:0"], "--api-key-file"),
        (vec!["--listen", "nowhere"], "127.0.0.1:8080"),
        (vec!["--api-key-file", "/nonexistent"], "cannot use the API key in /nonexistent"),
    ] {
        let data = tempfile::tempdir().unwrap();
        let mut command = command(None);
        command.arg("serve").args(&args).arg("--data-dir").arg(data.path().join("data"));
        let run = ran(&mut command);
        assert_ne!(run.status, 0, "{args:?}");
        assert!(run.stderr.contains(expected), "{args:?}: {run:?}");
    }
}

#[test]
fn rejects_a_weak_key() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    fs::write(&file, "short").unwrap();
    let mut command = command(None);
    command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]);
    command.arg(folder.path().join("data"));
    let run = ran(command.arg("--api-key-file").arg(&file));
    assert_ne!(run.status, 0);
    assert!(run.stderr.contains("at least 16"), "{run:?}");
    assert!(!run.stderr.contains(CANARY));
}

#[test]
fn a_unix_socket_serves_anyone_who_may_open_it() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("c.sock");
    let listen = format!("unix:{}", socket.display());
    let _service = Service::start_with(&["--listen", &listen]);
    let mut stream = UnixStream::connect(&socket).unwrap();
    let request =
        format!("GET {API}/components HTTP/1.1\r\nhost: any\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("openai/v1"), "{answer}");
}
