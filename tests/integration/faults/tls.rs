//! TLS: whom a connection trusts, and what becomes of it when it cannot.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use connector_host::{Authorities, Connector, Failure, FailureKind, Host, HostOptions, Outcome};
use connector_tests::tls::{Authority, Validity, serve};
use connector_tests::{CANARY, Ran, command, component, connection_values, ran, target_dir};
use openai_sandbox::{RawServer, Step};
use serde_json::json;

use super::{MARGIN, PROVIDER, retries};

static OURS: LazyLock<Authority> = LazyLock::new(Authority::new);

/// A connector whose host trusts these too.
fn connector(pem: Option<&str>) -> Connector {
    let authorities: Option<Authorities> = pem.map(|pem| pem.parse().unwrap());
    let options = HostOptions {
        authorities,
        cache_dir: Some(target_dir().join("test-cache")),
        connect_timeout: Duration::from_secs(2),
        ..HostOptions::default()
    };
    Host::new(options).unwrap().load_file(component()).unwrap()
}

fn ask(connector: &Connector, base_url: &str) -> Result<Outcome, Failure> {
    let connection = connector.connection(connection_values(base_url)).unwrap();
    let input = json!({"messages": [{"role": "user", "content": "Hi"}]});
    connector.run("ask", input).connection(&connection).retries(retries()).start()
}

fn provider() -> SocketAddr {
    let base_url = PROVIDER.base_url();
    base_url.trim_start_matches("http://").trim_end_matches("/v1").parse().unwrap()
}

/// Why there is no connection: nothing was sent, whatever the reason.
#[track_caller]
fn refused(connector: &Connector, base_url: &str) -> String {
    let begun = Instant::now();
    let failure = ask(connector, base_url).unwrap_err();
    assert_eq!((failure.request_sent, begun.elapsed() < MARGIN), (false, true), "{failure:?}");
    assert!(!format!("{failure:?}").contains(&CANARY[..14]), "{failure:?}");
    tally::add(tally::Kind::Fault, 1);
    assert!(matches!(failure.kind, FailureKind::Network | FailureKind::Timeout), "{failure:?}");
    failure.message
}

#[test]
fn a_server_of_ones_own_is_reached_by_whoever_trusts_its_authority() {
    let port = serve(OURS.sign("localhost", Validity::Current), provider());
    let base_url = format!("https://localhost:{port}/v1");
    let trusting = connector(Some(OURS.pem()));
    let outcome = ask(&trusting, &base_url).unwrap();
    assert_eq!(outcome.metadata["attempts"], 1);
    let connection = trusting.connection(connection_values(&base_url)).unwrap();
    trusting.test(&connection).unwrap();

    let message = refused(&connector(None), &base_url);
    let expected = format!("no secure connection to https://localhost:{port}: ");
    assert!(message.starts_with(&expected) && message.contains("UnknownIssuer"), "{message}");
    // The other's authority is of the same name and has another key.
    let message = refused(&connector(Some(Authority::new().pem())), &base_url);
    assert!(message.starts_with(&expected), "{message}");
    // It recovers.
    ask(&trusting, &base_url).unwrap();
}

#[test]
fn a_certificate_must_be_valid_and_for_this_server() {
    let trusting = connector(Some(OURS.pem()));
    for (name, validity, host, word) in [
        ("localhost", Validity::Expired, "localhost", "xpired"),
        ("other.example", Validity::Current, "localhost", "not valid for name"),
        ("localhost", Validity::Current, "127.0.0.1", "not valid for name"),
    ] {
        let port = serve(OURS.sign(name, validity), provider());
        let message = refused(&trusting, &format!("https://{host}:{port}/v1"));
        assert!(message.starts_with("no secure connection to"), "{message}");
        assert!(message.contains(word), "{name} for {host}, {validity:?}: {message}");
    }
    let port = serve(OURS.sign("127.0.0.1", Validity::Current), provider());
    ask(&trusting, &format!("https://127.0.0.1:{port}/v1")).unwrap();
}

#[test]
fn a_handshake_that_fails_or_stalls_sends_nothing() {
    let trusting = connector(Some(OURS.pem()));
    for (what, steps) in [
        ("plain text", vec![Step::Read(1), Step::Write(b"HTTP/1.1 400 Bad\r\n\r\n".to_vec())]),
        ("an alert", vec![Step::Read(1), Step::Write(b"\x15\x03\x03\0\x02\x02\x28".to_vec())]),
        ("half a hello", vec![Step::Read(1), Step::Write(b"\x16\x03\x03\0\x7a\x02".to_vec())]),
        ("a reset at accept", vec![Step::Reset]),
        ("a reset behind the hello", vec![Step::Read(1), Step::Reset]),
        ("an end behind the hello", vec![Step::Read(1)]),
        ("nothing behind the hello", vec![Step::Read(1), Step::Hold]),
        ("nothing at all", vec![Step::Hold]),
    ] {
        let server = RawServer::in_front_of(&PROVIDER).unwrap();
        let base_url = format!("https://localhost:{}/v1", server.address().port());
        server.play(steps).unwrap();
        let message = refused(&trusting, &base_url);
        assert!(message.contains("connection to https://localhost:"), "{what}: {message}");
        assert_eq!(server.connections(), 2, "{what}");
    }
}

/// A server that speaks TLS and is spoken to without it.
#[test]
fn a_plain_request_to_a_server_of_tls_is_answered_by_nothing() {
    let port = serve(OURS.sign("127.0.0.1", Validity::Current), provider());
    let failure = ask(&connector(None), &format!("http://127.0.0.1:{port}/v1")).unwrap_err();
    assert_eq!((failure.kind, failure.request_sent), (FailureKind::Network, true), "{failure:?}");
    tally::add(tally::Kind::Fault, 1);
}

fn test_command(port: u16, file: Option<&Path>, variable: Option<&Path>) -> Ran {
    let mut command = command(None);
    command.env("OPENAI_API_KEY", CANARY);
    command.env("OPENAI_BASE_URL", format!("https://localhost:{port}/v1"));
    command.args(["test", "openai"]);
    if let Some(file) = file {
        command.arg("--ca-file").arg(file);
    }
    if let Some(variable) = variable {
        command.env("CONNECTOR_CA_FILE", variable);
    }
    ran(&mut command)
}

#[test]
fn the_command_takes_a_file_of_authorities() {
    let port = serve(OURS.sign("localhost", Validity::Current), provider());
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let ours = file("ours.pem", OURS.pem());
    for (argument, variable) in [(Some(&*ours), None), (None, Some(&*ours))] {
        let ran = test_command(port, argument, variable);
        assert_eq!(ran.status, 0, "{ran:?}");
    }
    let untrusting = test_command(port, None, None);
    assert_eq!(untrusting.status, 6, "{untrusting:?}");
    assert!(untrusting.stderr.contains("no secure connection to"), "{untrusting:?}");

    let not_pem = OURS.pem().replace("-----END", "");
    for (path, words) in [
        (folder.path().join("none.pem"), "it cannot be read"),
        (file("empty.pem", ""), "it holds no certificate in PEM"),
        (file("cut.pem", &not_pem), "it is not valid PEM"),
    ] {
        let ran = test_command(port, Some(&path), None);
        assert_eq!(ran.status, 2, "{ran:?}");
        assert!(ran.stderr.contains(words) && ran.stderr.contains("--ca-file"), "{ran:?}");
    }
}
