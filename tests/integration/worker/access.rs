//! How a worker connects to NATS and authenticates.

use std::fs;

use async_nats::ConnectOptions;
use async_nats::jetstream::stream::Config;
use connector_tests::nats::Caller;
use connector_tests::{Ran, command, ran};

use super::*;

/// Runs a worker that must fail to start.
fn refused(arguments: &[&str], environment: &[(&str, &str)]) -> Ran {
    let data = tempfile::TempDir::new().unwrap();
    let mut command = command(None);
    command.arg("worker").args(arguments).arg("--data-dir").arg(data.path().join("data"));
    ran(command.envs(environment.iter().copied()))
}

#[test]
fn an_unreachable_server_is_reported() {
    let refused = refused(&["--nats", "nats://127.0.0.1:1"], &[]);
    assert_eq!(refused.status, 1);
    let printed = &refused.stderr;
    assert!(
        printed.starts_with("error: could not connect to NATS at nats://127.0.0.1:1: "),
        "{printed}"
    );
}

#[test]
fn the_password_comes_from_a_file_or_the_environment() {
    const USER: &str = "authorization { user: fleet, password: \"sk-nats-secret\" }";
    let fleet = Fleet::new(Nats::with(USER), sandbox());
    let url = fleet.nats.url();
    let file = fleet.nats.folder().join("password");
    fs::write(&file, "sk-nats-secret\n").unwrap();
    let with_file = ["--user", "fleet", "--password-file", file.to_str().unwrap()];
    let worker = fleet.worker(&with_file);
    let login = ConnectOptions::with_user_and_password("fleet".into(), "sk-nats-secret".into());
    let caller = Caller::new(&url, login);
    assert_answers(&caller.run("a", &ask("Hello!")), "Hello!");
    worker.kill();
    let environment = [("NATS_USER", "fleet"), ("NATS_PASSWORD", "sk-nats-secret")];
    let _worker = fleet.worker_with(&[], &environment);
    assert_answers(&caller.run("b", &ask("Hello!")), "Hello!");

    let nobody = refused(&["--nats", &url], &[]);
    assert!(nobody.stderr.contains("authorization violation"), "{}", nobody.stderr);
    let wrong = refused(&["--nats", &url, "--user", "fleet"], &[("NATS_PASSWORD", "sk-wrong")]);
    assert!(wrong.stderr.contains("authorization violation"), "{}", wrong.stderr);
    assert!(!wrong.stderr.contains("sk-wrong"), "{}", wrong.stderr);
    let without = refused(&["--nats", &url, "--user", "fleet"], &[]);
    assert_eq!(without.status, 2);
    assert!(without.stderr.contains("the NATS user `fleet` has no password"), "{without:?}");
    let inside = refused(&["--nats", "nats://fleet:sk-nats-secret@127.0.0.1:4222"], &[]);
    assert_eq!(inside.status, 2);
    assert!(
        inside.stderr.contains("the address must not contain a user name or password"),
        "{}",
        inside.stderr
    );
}

#[test]
fn an_existing_stream_of_another_kind_is_reported() {
    let fleet = fleet();
    let caller = fleet.caller();
    let config = Config {
        name: "connector-runs".to_owned(),
        subjects: vec!["connector.runs".to_owned()],
        ..Config::default()
    };
    caller.wait_for(caller.jetstream().create_stream(config)).unwrap();
    let url = fleet.nats.url();
    let printed = refused(&["--nats", &url], &[]).stderr;
    assert!(
        printed.contains("the stream `connector-runs` exists but is not a work queue"),
        "{printed}"
    );
    // Another fleet can share the server.
    let other = fleet.worker(&["--prefix", "other"]);
    assert!(other.id().starts_with("worker_"));
    let odd = refused(&["--nats", &url, "--prefix", "a.b"], &[]);
    assert_eq!(odd.status, 2);
    assert!(odd.stderr.contains("letters, digits"), "{}", odd.stderr);
}
