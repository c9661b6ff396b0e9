//! TLS: which servers a connection trusts, and how it fails otherwise.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use connector_host::{Authorities, Connector, FailureKind, Host, HostOptions};
use connector_tests::tls::{Authority, Close, Validity, serve};
use connector_tests::{CANARY, HANG, Ran, command, component, connection_values, ran, target_dir};
use openai_sandbox::{RawServer, Step};

use super::answers::good_with;
use super::calls::{ALL, Call, End};
use super::{PROVIDER, limits};

static OURS: LazyLock<Authority> = LazyLock::new(Authority::new);

/// A connector whose host also trusts these certificates and has a short
/// connect timeout.
fn connector(pem: Option<&str>) -> Connector {
    let authorities: Option<Authorities> = pem.map(|pem| pem.parse().unwrap());
    let options = HostOptions {
        authorities,
        cache_dir: Some(target_dir().join("test-cache")),
        connect_timeout: Duration::from_secs(3),
        // Waiting runs cost nothing, so allow many at the same time.
        concurrent_runs: 256,
        ..HostOptions::default()
    };
    Host::new(options).unwrap().load_file(component()).unwrap()
}

/// Calls the function with every item, all at the same time.
fn at_once<T: Send>(items: impl IntoIterator<Item = T>, call: impl Fn(T) + Sync) {
    let call = &call;
    std::thread::scope(|scope| {
        for item in items {
            scope.spawn(move || call(item));
        }
    });
}

/// Makes every call at the same time, each on a new connection.
fn calls(connector: &Connector, base_url: &str) -> Vec<(Call, End)> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = ALL
            .iter()
            .map(|call| {
                let connection = connector.connection(connection_values(base_url)).unwrap();
                scope.spawn(move || {
                    let folder = tempfile::tempdir().unwrap();
                    let observed = call.make(connector, &connection, folder.path(), limits());
                    (*call, observed.end)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

fn all_work(connector: &Connector, base_url: &str) {
    for (call, end) in calls(connector, base_url) {
        assert!(matches!(end, End::Success(..)), "{call:?}: {end:?}");
    }
}

/// Asserts that no call connects and nothing is sent, and that the message
/// contains these words.
fn all_refused(connector: &Connector, base_url: &str, words: &[&str]) {
    let started = Instant::now();
    for (call, end) in calls(connector, base_url) {
        assert!(!format!("{end:?}").contains(&CANARY[..14]), "{call:?}: {end:?}");
        let message = match end {
            End::NoList(reason) => reason,
            End::Failure(failure) => {
                let kinds = [FailureKind::Network, FailureKind::Timeout];
                assert!(kinds.contains(&failure.kind), "{call:?}: {failure:?}");
                assert!(!failure.request_sent, "{call:?}: {failure:?}");
                failure.message
            }
            End::Success(output, _) => panic!("{call:?}: {output}"),
        };
        for word in words {
            assert!(message.contains(word), "{call:?}: {word:?} is not in {message:?}");
        }
    }
    assert!(started.elapsed() < limits().time + HANG, "{:?}", started.elapsed());
}

fn provider() -> SocketAddr {
    let base_url = PROVIDER.base_url();
    base_url.trim_start_matches("http://").trim_end_matches("/v1").parse().unwrap()
}

fn server(name: &str, validity: Validity) -> u16 {
    serve(OURS.sign(name, validity), provider(), Close::Orderly)
}

#[test]
fn a_private_certificate_authority_must_be_trusted() {
    let port = server("localhost", Validity::Current);
    let base_url = format!("https://localhost:{port}/v1");
    let trusting = connector(Some(OURS.pem()));
    all_work(&trusting, &base_url);
    let unknown = format!("could not establish a secure connection to https://localhost:{port}: ");
    all_refused(&connector(None), &base_url, &[&unknown, "UnknownIssuer"]);
    // Another authority with the same name and a different key.
    all_refused(&connector(Some(Authority::new().pem())), &base_url, &[&unknown]);
    all_work(&trusting, &base_url);
}

#[test]
fn a_certificate_must_be_valid_and_match_the_server() {
    let trusting = connector(Some(OURS.pem()));
    let certificates = [
        ("localhost", Validity::Expired, "localhost", "xpired"),
        ("other.example", Validity::Current, "localhost", "not valid for name"),
        ("localhost", Validity::Current, "127.0.0.1", "not valid for name"),
    ];
    at_once(certificates, |(name, validity, host, word)| {
        let port = server(name, validity);
        let base_url = format!("https://{host}:{port}/v1");
        all_refused(&trusting, &base_url, &["secure connection to", word]);
    });
    let port = server("127.0.0.1", Validity::Current);
    all_work(&trusting, &format!("https://127.0.0.1:{port}/v1"));
}

#[test]
fn a_handshake_that_fails_or_stalls_sends_nothing() {
    let trusting = connector(Some(OURS.pem()));
    let handshakes = [
        vec![Step::Read(1), Step::Write(b"HTTP/1.1 400 Bad\r\n\r\n".to_vec())],
        // An alert, and half of a server hello.
        vec![Step::Read(1), Step::Write(b"\x15\x03\x03\0\x02\x02\x28".to_vec())],
        vec![Step::Read(1), Step::Write(b"\x16\x03\x03\0\x7a\x02".to_vec())],
        vec![Step::Reset],
        vec![Step::Read(1), Step::Reset],
        vec![Step::Read(1)],
        vec![Step::Read(1), Step::Hold],
        vec![Step::Hold],
    ];
    at_once(handshakes, |steps| {
        let server = RawServer::in_front_of(&PROVIDER).unwrap();
        let base_url = format!("https://localhost:{}/v1", server.address().port());
        server.play(steps).unwrap();
        all_refused(&trusting, &base_url, &["to https://localhost:"]);
        // Nothing was sent, so every call is retried.
        let attempts: usize = ALL.iter().map(|call| if call.is_harmless() { 4 } else { 2 }).sum();
        assert_eq!(server.connections(), attempts);
    });
}

/// Without a close notification, an attacker may have cut the connection, and the
/// response could be incomplete.
#[test]
fn a_response_without_a_length_needs_an_orderly_close() {
    let trusting = connector(Some(OURS.pem()));
    for (close, is_whole) in [(Close::Orderly, true), (Close::Abrupt, false)] {
        for call in [Call::Ask, Call::Image, Call::Speech, Call::Transcription] {
            let raw = RawServer::in_front_of(&PROVIDER).unwrap();
            raw.play(vec![Step::ReadRequest, Step::Write(good_with(call, ""))]).unwrap();
            let identity = OURS.sign("localhost", Validity::Current);
            let port = serve(identity, raw.address(), close);
            let base_url = format!("https://localhost:{port}/v1");
            let connection = trusting.connection(connection_values(&base_url)).unwrap();
            let folder = tempfile::tempdir().unwrap();
            match call.make(&trusting, &connection, folder.path(), limits()).end {
                End::Success(..) => assert!(is_whole, "{call:?}, {close:?}"),
                End::Failure(failure) => {
                    let observed = (failure.kind, failure.request_sent, is_whole);
                    assert_eq!(
                        observed,
                        (FailureKind::Network, true, false),
                        "{call:?}: {failure:?}"
                    );
                    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
                }
                End::NoList(reason) => panic!("{call:?}: {reason}"),
            }
        }
    }
    // With a known length, the end needs no notification.
    let identity = OURS.sign("localhost", Validity::Current);
    let port = serve(identity, provider(), Close::Abrupt);
    all_work(&trusting, &format!("https://localhost:{port}/v1"));
}

/// A plain-text request to a TLS server.
#[test]
fn a_plain_request_to_a_tls_server_fails() {
    let port = server("127.0.0.1", Validity::Current);
    for (call, end) in calls(&connector(None), &format!("http://127.0.0.1:{port}/v1")) {
        match end {
            End::Failure(failure) => {
                let observed = (failure.kind, failure.request_sent);
                assert_eq!(observed, (FailureKind::Network, true), "{call:?}: {failure:?}");
            }
            End::NoList(reason) => assert!(!reason.is_empty()),
            End::Success(output, _) => panic!("{call:?}: {output}"),
        }
    }
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
fn the_command_accepts_a_file_of_authorities() {
    let port = server("localhost", Validity::Current);
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
    assert!(untrusting.stderr.contains("secure connection to"), "{untrusting:?}");

    let not_pem = OURS.pem().replace("-----END", "");
    for (path, words) in [
        (folder.path().join("none.pem"), "cannot read the file"),
        (file("empty.pem", ""), "the file contains no PEM certificate"),
        (file("cut.pem", &not_pem), "the file is not valid PEM"),
    ] {
        let ran = test_command(port, Some(&path), None);
        assert_eq!(ran.status, 2, "{ran:?}");
        assert!(ran.stderr.contains(words) && ran.stderr.contains("--ca-file"), "{ran:?}");
    }
}
