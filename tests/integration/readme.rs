//! The README's connector, built with the README's command and run.

use std::fs;
use std::process::Command;

use connector_host::ConnectionValues;
use connector_tests::{CANARY, host, in_repository, ran, sandbox, target_dir};
use openai_sandbox::Fault;
use serde_json::json;
use tempfile::TempDir;

/// The block of the README that begins with this line, without that line.
fn block(first: &str) -> String {
    let readme = fs::read_to_string(in_repository("README.md")).unwrap();
    let (_, behind) = readme.split_once(&format!("{first}\n")).unwrap();
    let (block, _) = behind.split_once("```").unwrap();
    block.to_owned()
}

#[test]
fn the_readme_connector_builds_and_runs() {
    let server = sandbox();
    let folder = TempDir::new().unwrap();
    let package = folder.path().join("greeter");
    fs::create_dir_all(package.join("src")).unwrap();
    let manifest = block("# Cargo.toml");
    let manifest = manifest.replace("../workflow-connector", &in_repository("").to_string_lossy());
    fs::write(package.join("Cargo.toml"), manifest).unwrap();
    let source = block("// src/lib.rs");
    assert!(source.lines().count() <= 30, "{source}");
    let source = source.replace("https://greeter.example", &server.base_url());
    fs::write(package.join("src/lib.rs"), source).unwrap();
    // Use the versions that are already downloaded.
    fs::copy(in_repository("Cargo.lock"), package.join("Cargo.lock")).unwrap();
    let wasm = folder.path().join("greeter.wasm");
    let mut build = Command::new(in_repository("scripts/build-connector.sh"));
    build.env("CARGO_TARGET_DIR", target_dir()).args([&package, &wasm]);
    let built = ran(&mut build);
    assert_eq!(built.status, 0, "{built:?}");
    assert!(!built.stderr.contains("warning"), "{built:?}");

    let connector = host().load_file(&wasm).unwrap();
    let connection = connector.connection(ConnectionValues::new().set("token", CANARY)).unwrap();
    server.script(Fault::text(200, r#"{"text":"Good morning, Ada"}"#));
    let run = connector.run("greet", json!({ "name": "Ada" })).connection(&connection);
    assert_eq!(run.start().unwrap().output, json!({ "text": "Good morning, Ada" }));
    let request = &server.requests()[0];
    assert_eq!((request.path.as_str(), request.query.as_deref()), ("/v1/greet", Some("name=Ada")));
    assert_eq!(request.header("authorization"), Some(format!("Bearer {CANARY}").as_str()));
}

/// The crate that is tested natively.
#[test]
fn the_readme_shows_the_tested_connector() {
    let tested = fs::read_to_string(in_repository("tests/connectors/greeter-rust/src/lib.rs"));
    assert_eq!(block("// src/lib.rs"), tested.unwrap());
}
